//! The audit screen as it is drawn.

use super::frame::{Focused, Pen};
use crate::tui::{app::App, theme::Role};
use ratatui::layout::{Position, Rect};

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let inner = pen.framed(area, "AUDIT", Focused::Yes);
    let words = format!("row {}", app.screens.audit.at);
    pen.paragraph(inner, &words, Role::Text);
    None
}
