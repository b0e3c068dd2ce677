//! A patch on the whole screen.

use super::{
    foot,
    frame::{Pen, row},
};
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
    let offers = App::of_patch(page.shot.doc());
    let copies = [(true, CommandId::Copy, "copy"), (true, CommandId::CopyFile, "to a file")];
    let foot = foot::fitted(&app.hints_of(&[offers.as_slice(), &copies].concat()), inner.width);
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
}
