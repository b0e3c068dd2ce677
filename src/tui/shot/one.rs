//! One line of a patch, drawn as in a shot, for panes that show lines beside each other.

use super::{
    doc::DiffDoc,
    draw::{Pen, Room, Shown},
    highlight::{BLOCK_LINES, BlockAt, Highlighter},
    rows::{Folds, Row, Split},
};
use crate::tui::theme::Theme;
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::Arc;

/// Which line: file, hunk, line.
pub type LineAt = (usize, usize, usize);

/// Draws lines of patches.
#[derive(Clone, Copy)]
pub struct Lines<'a> {
    /// Colours.
    pub theme: &'a Theme,
    /// What paints; without one lines stay plain.
    pub highlighter: Option<&'a Highlighter>,
    /// Columns between tab stops.
    pub tab: u8,
}

impl Lines<'_> {
    /// Draws a line with its number and sign into one row.
    pub fn render(&self, area: Rect, buf: &mut Buffer, doc: &Arc<DiffDoc>, (file, hunk, line): LineAt) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let at = BlockAt { file, hunk, block: line / BLOCK_LINES };
        let paint = self.highlighter.and_then(|highlighter| highlighter.get(doc, at));
        let own = paint.as_ref().and_then(|paint| paint.get(line % BLOCK_LINES));
        let number = line as u32;
        let row = Row::Lines { file: file as u32, hunk: hunk as u32, left: number, right: number };
        let room = Room { tab: usize::from(self.tab.max(1)), wrap: false, skip: 0 };
        let mut pen = Pen { buf, theme: self.theme, room, folds: &Folds::default(), needle: None };
        pen.row(area, doc, Shown { row, nth: 0, paint: [own, None] }, Split::One);
    }
}
