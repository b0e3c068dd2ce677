//! One entry in full.

use super::{
    super::frame::{Pen, row},
    table::moment,
};
use crate::tui::{screens::audit::Detail, theme::Role, wrap};
use ratatui::layout::Rect;

/// Rows of the head.
const HEAD: u16 = 6;

pub(super) fn draw(detail: &Detail, pen: &mut Pen<'_>, area: Rect) {
    let mission = detail.mission.map(|id| format!("  {id}")).unwrap_or_default();
    let verified = if detail.holds {
        ("✓ its record has this hash; its place in the chain was checked on reading", Role::Ok)
    } else {
        ("✗ its record does not have this hash: `chimera audit verify` names the damage", Role::Bad)
    };
    let prev =
        detail.prev.map_or_else(|| "as the journal's chain states it".to_owned(), |hash| hash.to_string());
    let head = [
        (format!("{}  {}  {}{mission}", detail.seq, detail.kind, moment(detail.at)), Role::Title),
        (format!("by      {}", detail.actor), Role::Text),
        (format!("hash    {}", detail.hash), Role::Text),
        (format!("before  {prev}"), Role::Muted),
        (verified.0.to_owned(), verified.1),
        (format!("`chimera audit prove {}` proves it to an outsider", detail.seq.0), Role::Muted),
    ];
    for (y, (words, role)) in (0..).zip(&head) {
        pen.put(row(area, y), 0, words, *role);
    }
    let body = Rect { y: area.y + HEAD.min(area.height), height: area.height.saturating_sub(HEAD), ..area };
    let most = usize::from(body.height);
    let rows = rows(detail, usize::from(body.width));
    let first = detail.scroll.min(rows.len().saturating_sub(most));
    for (y, line) in (0..).zip(rows.iter().skip(first).take(most)) {
        pen.put(row(body, y), 0, line, Role::Code);
    }
}

/// What it holds, at this width: nothing of it is cut.
pub(super) fn rows(detail: &Detail, width: usize) -> Vec<&str> {
    let rows = |line| wrap::rows(line, width).into_iter().map(move |range| &line[range]);
    detail.rows.iter().map(String::as_str).flat_map(rows).collect()
}
