//! The feed of the last day, newest first.

use super::{
    super::frame::{Pen, row},
    lines::beside_mark,
};
use crate::{
    engine::records::{Activity, Turn, What},
    tui::{app::App, screens::operations::Section, theme::Role, wrap},
};
use ratatui::layout::Rect;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, focused: bool) {
    let recent = app.state.records.recent();
    let all = recent.newest(app.now.wall).count();
    if all == 0 {
        pen.put(row(area, 0), 0, "Nothing has happened in the last 24 hours.", Role::Muted);
        return;
    }
    let at = app.screens.operations.at(Section::Feed).min(all - 1);
    let top = (at + 1).saturating_sub(usize::from(area.height));
    let seen = recent.newest(app.now.wall).skip(top).take(usize::from(area.height));
    for ((y, item), nth) in (0..).zip(seen).zip(top..) {
        let line = row(area, y);
        one(pen, beside_mark(line), item);
        if focused && nth == at {
            pen.chosen(line);
        }
    }
}

fn one(pen: &mut Pen<'_>, line: Rect, item: &Activity) {
    let at = item.at.to_string();
    let mission = item.mission.map(|id| id.to_string()).unwrap_or_default();
    let actor = item.actor.to_string();
    // An agent's name begins with its mission.
    let who = if mission.is_empty() || !actor.starts_with(&mission) { actor } else { "agent".to_owned() };
    let role = match &item.what {
        What::Landed(..) | What::Checked(_, _, true) => Role::Ok,
        What::Checked(_, _, false) | What::TeamFailed(..) | What::Ended(..) | What::Stopped(_) => Role::Bad,
        What::Asked(..) | What::TakenOver(_) => Role::Attention,
        What::OverCap(_) | What::Paused(_) | What::Recovered(_) | What::Restored(..) => Role::Warn,
        What::Incident(_, turn, _) => match turn {
            Turn::Helped | Turn::Over => Role::Ok,
            Turn::Unhelped | Turn::Failed | Turn::TakenBack => Role::Bad,
            Turn::NeedsHuman => Role::Attention,
            Turn::Open | Turn::Back | Turn::Stopped | Turn::Unclear | Turn::NotDone => Role::Warn,
            Turn::Quiet | Turn::Diagnosed | Turn::Acts => Role::Text,
        },
        What::Storm(true) => Role::Bad,
        _ => Role::Text,
    };
    let runs = [
        (at.get(11..19).unwrap_or_default(), Role::Muted),
        (&*format!("{:12}", wrap::fit(&who, 12)), Role::Muted),
        (&*format!("{mission:5}"), Role::Accent),
    ];
    let x = pen.runs(line, &runs);
    pen.put(line, x, &item.what.words(), role);
}
