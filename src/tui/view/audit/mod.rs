//! The audit screen as it is drawn: its parts, and what lies over them.

mod case;
mod entry;
mod incidents;
mod journal;
mod learned;
mod missions;
mod numbers;
mod replay;
mod table;

use super::{
    foot,
    frame::{Focused, Pen, row},
};
use crate::tui::{app::App, commands::CommandId, screens::audit::Section, theme::Role};
use ratatui::layout::{Position, Rect};

pub(super) use replay::stage;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let audit = &app.screens.audit;
    if let (Some(replay), Some(past)) = (&audit.replay, &app.past) {
        replay::draw(app, replay, past, pen, area);
        return None;
    }
    let title = match (&audit.detail, &audit.case) {
        (Some(detail), _) => format!("AUDIT ─ entry {}", detail.seq),
        (None, Some(case)) => format!("AUDIT ─ {}", case.id()),
        (None, None) => "AUDIT".to_owned(),
    };
    let inner = pen.framed(area, &title, Focused::Yes);
    if let Some(detail) = &audit.detail {
        entry::draw(detail, pen, inner);
        return None;
    }
    if let Some(case) = &audit.case {
        case::draw(app, case, pen, inner);
        return None;
    }
    tabs(app, pen, row(inner, 0));
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    match audit.section {
        Section::Missions => missions::draw(app, pen, body),
        Section::Incidents => incidents::draw(app, pen, body),
        Section::Journal => journal::draw(app, pen, body),
        Section::Numbers => numbers::draw(app, pen, body),
    }
    None
}

/// The parts of the screen, the shown one marked.
fn tabs(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let (at, mut x) = (app.screens.audit.section, 0);
    for section in Section::ALL {
        let here = section == at;
        let words = if here { format!("▸ {}", section.word()) } else { format!("  {}", section.word()) };
        x = pen.put(area, x, &words, if here { Role::Accent } else { Role::Muted }) + 2;
    }
    let [Some(left), Some(right)] = [CommandId::Left, CommandId::Right].map(|id| app.key_here(id)) else {
        return;
    };
    let keys = [left, right];
    let turn = foot::fitted(&[format!("{} turn", keys.join("/"))], area.width.saturating_sub(x));
    pen.put(area, x, &turn, Role::Muted);
}

/// Rows of the entry that is open.
pub(super) fn entry_rows(app: &App, area: Rect) -> usize {
    let detail = app.screens.audit.detail.as_ref();
    detail.map_or(0, |detail| entry::rows(detail, usize::from(area.width.saturating_sub(2))).len())
}

/// The last row the numbers can be scrolled to.
pub(super) fn last_row(app: &App) -> usize {
    numbers::count(app)
}
