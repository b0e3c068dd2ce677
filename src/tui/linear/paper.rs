//! A screen as lines: drawn by its own view, then read off row by row without frames and bars. For screens and sheets
//! that have no words of their own here.

use super::say;
use crate::tui::{app::App, view};
use ratatui::{buffer::Buffer, layout::Rect};
use unicode_width::UnicodeWidthStr;

/// Cells of the paper: wide enough that little is cut, long enough that little is scrolled.
pub const SIZE: (u16, u16) = (120, 120);

/// What is drawn, row by row.
#[must_use]
pub fn rows(app: &mut App) -> Vec<String> {
    view::fit(app);
    let mut buf = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let _caret = view::draw(app, &mut buf);
    let text = |row: u16| {
        let (mut text, mut column) = (String::new(), 0);
        while column < SIZE.0 {
            let symbol = buf[(column, row)].symbol();
            text.push_str(symbol);
            // Behind a wide sign stands a cell that belongs to it.
            column += u16::try_from(symbol.width()).unwrap_or(1).max(1);
        }
        text
    };
    // The bars at both ends say keys, which are not read here.
    let inner = (1..SIZE.1.saturating_sub(1)).map(text);
    inner.filter_map(|row| plain(&row)).map(|row| say::under(&row)).collect()
}

/// The words of a row; none where it holds a frame only.
fn plain(row: &str) -> Option<String> {
    let drawn = |c: char| matches!(c, '\u{2500}'..='\u{259f}');
    let words: String = row.chars().map(|c| if drawn(c) { ' ' } else { c }).collect();
    let mut text = String::new();
    for piece in words.split("   ").map(str::trim).filter(|piece| !piece.is_empty()) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(piece);
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_no_words() {
        assert_eq!(plain("┌ MISSIONS ──────┐").as_deref(), Some("MISSIONS"));
        assert_eq!(plain("│ M-12 checkout        waits │").as_deref(), Some("M-12 checkout, waits"));
        assert_eq!(plain("└────────┘"), None);
    }
}
