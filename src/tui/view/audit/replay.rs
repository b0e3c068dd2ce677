//! A replay: the first screen's own panes over a private state, under a bar that says what is seen and when that was.

use super::{
    super::{
        command, foot,
        frame::{Pen, row},
    },
    table::moment,
};
use crate::{
    engine::account,
    tui::{app::App, commands::CommandId, screens::audit::Replay, theme::Role},
};
use ratatui::layout::Rect;

/// Rows of the bar.
const BAR: u16 = 2;

/// Where the panes are.
pub(in super::super) fn stage(area: Rect) -> Rect {
    Rect { y: area.y + BAR.min(area.height), height: area.height.saturating_sub(BAR), ..area }
}

pub(super) fn draw(app: &App, replay: &Replay, past: &App, pen: &mut Pen<'_>, area: Rect) {
    let reel = &replay.reel;
    let (shown, all) = reel.place();
    let key = |command| app.look.keymap.keys_of(command).into_iter().next().unwrap_or_default();
    let state = match (reel.plays, reel.is_over()) {
        (true, _) => format!("▶ plays {}", reel.speed.word()),
        (false, true) => "■ end".to_owned(),
        (false, false) => format!("Ⅱ stands, {}", reel.speed.word()),
    };
    let head = row(area, 0);
    let x = pen.put(head, 0, &format!(" REPLAY {} ", reel.mission()), Role::Attention) + 1;
    let x = pen.put(head, x, &format!("as it was {} UTC", moment(reel.clock())), Role::Title) + 2;
    let x = pen.put(head, x, &format!("fact {shown} of {all}"), Role::Text) + 2;
    pen.put(head, x, &state, if reel.plays { Role::Busy } else { Role::Warn });
    let line = row(area, 1);
    let keys = [
        format!("{} play", key(CommandId::ReplayPlay)),
        format!("{} now", key(CommandId::Back)),
        format!("{} {} step", key(CommandId::ReplayBack), key(CommandId::ReplayOn)),
        format!("{} {} speed", key(CommandId::ReplaySlower), key(CommandId::ReplayFaster)),
        format!("{} {} ends", key(CommandId::Top), key(CommandId::Bottom)),
    ];
    let x = pen.put(line, 0, &foot::fitted(&keys, line.width), Role::Muted) + 2;
    if let Some(paper) = reel.last() {
        let words = account::line(&paper.fact.event, replay.mission().map(AsRef::as_ref));
        pen.put(line, x, &format!("│ {}: {words}", paper.fact.actor), Role::Text);
    }
    let stage = stage(area);
    if stage.height > 0 {
        // Where its caret would be, nothing can be written.
        let _ = command::draw(past, pen, stage);
    }
}
