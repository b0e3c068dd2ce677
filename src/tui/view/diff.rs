//! A patch on the whole screen.

use super::frame::{Pen, row};
use crate::{
    domain::text::clean_line,
    tui::{app::App, commands::CommandId, sheets::DiffPage, theme::Role},
};
use ratatui::layout::Rect;

/// Where its rows are.
pub(super) fn place(screen: Rect) -> Rect {
    Rect {
        x: screen.x + 1,
        y: screen.y + 1,
        width: screen.width.saturating_sub(2),
        height: screen.height.saturating_sub(4),
    }
}

/// Draws it and its foot.
pub(super) fn draw(app: &App, page: &DiffPage, pen: &mut Pen<'_>, screen: Rect) {
    let area = Rect { height: screen.height.saturating_sub(1), ..screen };
    let (more, fewer) = page.shot.doc().totals();
    let inner = pen.sheet(area, &format!("{} ─ +{more} -{fewer}", clean_line(&page.title, 120)));
    page.shot.render(place(screen), pen.buf, pen.theme);
    let key = |id| app.look.keymap.keys_of(id).into_iter().next().unwrap_or_default();
    let keys = [
        (CommandId::NextHunk, "next hunk"),
        (CommandId::NextFile, "next file"),
        (CommandId::PatchFiles, "files"),
        (CommandId::PatchSearch, "search"),
        (CommandId::FoldHere, "folds"),
        (CommandId::SideBySide, "columns"),
        (CommandId::Wrap, "wraps"),
        (CommandId::Copy, "copies"),
    ];
    let foot: String = keys.into_iter().map(|(id, word)| format!("{} {word}   ", key(id))).collect();
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &format!("q closes   {foot}"), Role::Muted);
}
