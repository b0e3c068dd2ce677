//! The pen: clean text into cells, cut to its place; frames; rows of runs.

use crate::tui::{
    line::Line,
    theme::{Role, Theme},
    wrap,
};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::{Block, BorderType, Clear, Widget},
};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What draws.
pub(super) struct Pen<'a> {
    pub buf: &'a mut Buffer,
    pub theme: &'a Theme,
}

impl Pen<'_> {
    /// Writes text at a column of a row; returns the column after it.
    pub fn put(&mut self, row: Rect, x: u16, text: &str, role: Role) -> u16 {
        let row = row.intersection(self.buf.area);
        if row.is_empty() || x >= row.width {
            return x;
        }
        let room = usize::from(row.width - x);
        let fitted = wrap::fit(text, room);
        let style = self.theme.style(role);
        let (end, _) = self.buf.set_stringn(row.x + x, row.y, &fitted, room, style);
        end - row.x
    }

    /// Writes runs one after the other, a space between.
    pub fn runs(&mut self, row: Rect, runs: &[(&str, Role)]) -> u16 {
        let mut x = 0;
        for (text, role) in runs.iter().filter(|(text, _)| !text.is_empty()) {
            x = self.put(row, x, text, *role) + 1;
        }
        x
    }

    /// Writes text so that it ends at the row's end.
    pub fn put_right(&mut self, row: Rect, text: &str, role: Role) {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        if width <= row.width {
            self.put(row, row.width - width, text, role);
        }
    }

    /// Writes text over as many rows as it needs and there are; returns the rows used.
    pub fn paragraph(&mut self, area: Rect, text: &str, role: Role) -> u16 {
        let mut y = 0;
        for line in text.split('\n') {
            for range in wrap::rows(line, usize::from(area.width)) {
                if y >= area.height {
                    return y;
                }
                self.put(Rect { y: area.y + y, height: 1, ..area }, 0, line[range].trim_end(), role);
                y += 1;
            }
        }
        y
    }

    /// A frame with a heading; returns what is inside.
    pub fn framed(&mut self, area: Rect, title: &str, focused: Focused) -> Rect {
        let role = match focused {
            Focused::Yes => Role::BorderFocus,
            Focused::No => Role::Border,
        };
        let kind = match focused {
            Focused::Yes => BorderType::Thick,
            Focused::No => BorderType::Plain,
        };
        let block = Block::bordered().border_type(kind).border_style(self.theme.style(role));
        let inner = block.inner(area);
        block.render(area, self.buf);
        let title = format!(" {title} ");
        let role = if focused == Focused::Yes { Role::Accent } else { Role::Title };
        self.put(
            Rect { x: area.x + 1, width: area.width.saturating_sub(2), height: 1, ..area },
            0,
            &title,
            role,
        );
        inner
    }

    /// The same over what was drawn before.
    pub fn sheet(&mut self, area: Rect, title: &str) -> Rect {
        Clear.render(area, self.buf);
        self.buf.set_style(area, self.theme.canvas());
        self.framed(area, title, Focused::Yes)
    }

    /// A line that is written in; returns the caret's place.
    pub fn input(&mut self, line: &Line, at: Rect) -> Position {
        self.put(at, 0, "›", Role::Accent);
        let room = usize::from(at.width.saturating_sub(3));
        // The caret stays in sight: text before it is cut off from the left, a cluster at a time.
        let mut shown = line.text();
        let mut before = line.column();
        while before > room {
            let cut = shown.graphemes(true).next().unwrap_or_default();
            before -= cut.width().min(before);
            shown = &shown[cut.len()..];
        }
        self.put(at, 2, shown, Role::Text);
        let x = at.x + 2 + u16::try_from(before).unwrap_or(0);
        Position::new(x.min(at.right().saturating_sub(1)), at.y)
    }

    /// Marks a row as chosen, whose first column is left free: by colour, and by a sign for those who see none.
    pub fn chosen(&mut self, row: Rect) {
        self.put(row, 0, "▸", Role::Accent);
        self.choose(row);
    }

    /// Lays the colour of what is chosen over a row that says so by other means, too.
    pub fn choose(&mut self, row: Rect) {
        let row = row.intersection(self.buf.area);
        self.buf.set_style(row, self.theme.style(Role::Selection));
    }
}

/// Whether a pane has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focused {
    Yes,
    No,
}

impl From<bool> for Focused {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// The n-th row of an area, if it has one.
pub(super) fn row(area: Rect, nth: u16) -> Rect {
    Rect { y: area.y + nth.min(area.height), height: u16::from(nth < area.height), ..area }
}
