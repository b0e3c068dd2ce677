//! Rows of cells: each cut to its column, the last one as long as there is room.

use super::super::frame::{Pen, row};
use crate::tui::{theme::Role, wrap};
use ratatui::layout::Rect;

/// A cell: columns, text, meaning.
pub(super) type Cell<'a> = (u16, &'a str, Role);

/// Draws a row; a last cell of no width takes the rest.
pub(super) fn cells(pen: &mut Pen<'_>, line: Rect, cells: &[Cell<'_>]) {
    let mut x = 0;
    for (width, text, role) in cells {
        let width = if *width == 0 { line.width.saturating_sub(x) } else { *width };
        let cut = wrap::fit(text, usize::from(width));
        pen.put(line, x, &cut, *role);
        x = x.saturating_add(width).saturating_add(1);
    }
}

/// The first of so many rows that is shown, so that the chosen one is in the middle where it can be.
pub(super) fn top(at: usize, rows: usize, height: u16) -> usize {
    let height = usize::from(height);
    at.saturating_sub(height / 2).min(rows.saturating_sub(height))
}

/// Draws the rows around the chosen one.
pub(super) fn list<T>(
    pen: &mut Pen<'_>,
    area: Rect,
    (rows, at): (&[T], usize),
    draw: &dyn Fn(&mut Pen<'_>, Rect, &T),
) {
    let first = top(at, rows.len(), area.height);
    for (y, (nth, item)) in rows.iter().enumerate().skip(first).take(usize::from(area.height)).enumerate() {
        let line = row(area, u16::try_from(y).unwrap_or(u16::MAX));
        draw(pen, beside_mark(line), item);
        if nth == at {
            pen.chosen(line);
        }
    }
}

/// What a row has beside the column of the sign of what is chosen.
pub(super) fn beside_mark(line: Rect) -> Rect {
    Rect { x: line.x + 1.min(line.width), width: line.width.saturating_sub(1), ..line }
}

/// Day and time to the second, in UTC.
pub(super) fn moment(at: crate::domain::time::Timestamp) -> String {
    let text = at.to_string();
    format!("{} {}", text.get(..10).unwrap_or_default(), text.get(11..19).unwrap_or_default())
}

/// A cell that owns its words.
pub(super) type Figure = (u16, String, Role);

/// Headings.
pub(super) fn heads(cut: &[(u16, &str)]) -> Vec<Figure> {
    cut.iter().map(|(width, words)| (*width, (*words).to_owned(), Role::Title)).collect()
}

/// What stands where a list is empty.
pub(super) fn nothing(words: &str) -> Vec<Figure> {
    vec![(0, format!("○ {words}"), Role::Muted)]
}
