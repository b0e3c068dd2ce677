//! Moving in a patch: by rows as they are drawn, by hunks and files, and folding. A move costs the rows it passes, never
//! the length of the patch, but for folding, which makes the index anew.

use super::{
    draw::tall,
    rows::{Place, Row, row_of},
    view::{SIDE_MOST, SIDE_STEP, ShotView},
};
use crate::tui::motion::Motion;

/// Files of a page in the tree.
const TREE_PAGE: u32 = 10;

/// A row, and which of the rows that it is wrapped into.
type At = (usize, u16);

/// What is folded or unfolded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// What one looks at: the hunk, or the file on its heading.
    Here,
    /// The file.
    File,
    /// Unchanged lines, everywhere.
    Unchanged,
    /// All files.
    All,
}

impl ShotView {
    /// Moves. While the tree of files is open, up and down go from file to file.
    pub fn go(&mut self, motion: Motion) {
        let files = self.doc.files.len() as u32;
        if self.tree.is_some() && files > 0 {
            let file = self.top.file;
            let to = match motion {
                Motion::Up => Some(file.saturating_sub(1)),
                Motion::Down => Some(file + 1),
                Motion::PageUp => Some(file.saturating_sub(TREE_PAGE)),
                Motion::PageDown => Some(file + TREE_PAGE),
                Motion::Top => Some(0),
                Motion::Bottom => Some(files),
                Motion::PrevFile => Some(file.saturating_sub(1)),
                _ => None,
            };
            if let Some(to) = to {
                return self.stand_on(self.start_of(to.min(files - 1)));
            }
        }
        match motion {
            Motion::Left => self.room.skip = self.room.skip.saturating_sub(SIDE_STEP),
            Motion::Right if !self.room.wrap => self.room.skip = (self.room.skip + SIDE_STEP).min(SIDE_MOST),
            _ => {}
        }
        let (row, nth) = self.goal(motion);
        self.stand_on(row);
        self.nth = nth;
    }

    fn goal(&self, motion: Motion) -> At {
        let rows = &self.rows;
        let top = row_of(rows, self.top);
        let at = (top, self.nth);
        let page = self.page();
        let find = |wanted: fn(&Row) -> bool| {
            let next = rows.iter().enumerate().skip(top + 1).find(|(_, row)| wanted(row)).map(|(at, _)| at);
            let prev = rows.iter().take(top).rposition(wanted);
            (next.map_or(at, |row| (row, 0)), (prev.unwrap_or(0), 0))
        };
        let file = self.top.file;
        let is_hunk: fn(&Row) -> bool = |row| matches!(row, Row::Hunk { .. });
        match motion {
            Motion::Up => self.up(at, 1),
            Motion::Down => self.down(at, 1).min(self.end().max(at)),
            Motion::PageUp => self.up(at, page),
            Motion::PageDown => self.down(at, page).min(self.end().max(at)),
            Motion::Top => (0, 0),
            Motion::Bottom => self.end(),
            Motion::NextHunk => find(is_hunk).0,
            Motion::PrevHunk => find(is_hunk).1,
            Motion::NextFile if file as usize + 1 < self.doc.files.len() => (self.start_of(file + 1), 0),
            Motion::PrevFile if at > (self.start_of(file), 0) => (self.start_of(file), 0),
            Motion::PrevFile => (self.start_of(file.saturating_sub(1)), 0),
            Motion::NextFile | Motion::Left | Motion::Right => at,
        }
    }

    /// Puts a row on top.
    pub(super) fn stand_on(&mut self, row: usize) {
        self.top = self.rows.get(row).map(|row| row.place()).unwrap_or_default();
        (self.nth, self.moved) = (0, true);
    }

    fn start_of(&self, file: u32) -> usize {
        row_of(&self.rows, Place { file, ..Place::default() })
    }

    /// How many rows a row is drawn as.
    pub(super) fn tall(&self, row: usize) -> u16 {
        match (self.room.wrap, self.rows.get(row)) {
            (true, Some(row)) => tall(&self.doc, *row, self.inner.width, self.split, self.room.tab).max(1),
            _ => 1,
        }
    }

    fn up(&self, (mut row, mut nth): At, by: usize) -> At {
        if !self.room.wrap {
            return (row.saturating_sub(by), 0);
        }
        for _ in 0..by {
            match (row, nth) {
                (0, 0) => break,
                (_, 0) => {
                    row -= 1;
                    nth = self.tall(row) - 1;
                }
                _ => nth -= 1,
            }
        }
        (row, nth)
    }

    fn down(&self, (mut row, mut nth): At, by: usize) -> At {
        let last = self.rows.len().saturating_sub(1);
        if !self.room.wrap {
            return (row.saturating_add(by).min(last), 0);
        }
        for _ in 0..by {
            if nth + 1 < self.tall(row) {
                nth += 1;
            } else if row < last {
                (row, nth) = (row + 1, 0);
            }
        }
        (row, nth)
    }

    /// The row that is on top when the last one is at the bottom.
    fn end(&self) -> At {
        let last = self.rows.len().saturating_sub(1);
        self.up((last, self.tall(last) - 1), self.page() - 1)
    }

    /// No empty rows below the end while nobody moved there on purpose.
    pub(super) fn clamp(&mut self) {
        let at = (row_of(&self.rows, self.top), self.nth);
        let (row, nth) = if self.moved { at } else { at.min(self.end()) };
        self.top = self.rows.get(row).map(|row| row.place()).unwrap_or_default();
        self.nth = nth.min(self.tall(row) - 1);
    }

    /// Rows of the pane below its heading.
    fn page(&self) -> usize {
        usize::from(self.inner.height).max(1)
    }

    /// Folds or unfolds; says what, in words.
    pub fn fold(&mut self, what: Fold) -> &'static str {
        let Some(file) = self.doc.files.get(self.top.file as usize) else {
            return "there is nothing to fold";
        };
        let on_heading = self.top.part == 0;
        let hunk = self.top.part.checked_sub(1).and_then(|part| file.hunks.get(part as usize));
        let said = match (what, hunk) {
            (Fold::Here, Some(hunk)) if !on_heading => {
                self.folds.turn_hunk(file, hunk);
                if self.folds.has_hunk(file, hunk) { "hunk folded" } else { "hunk unfolded" }
            }
            (Fold::Here | Fold::File, _) => {
                self.folds.turn_file(file);
                if self.folds.has_file(file) { "file folded" } else { "file unfolded" }
            }
            (Fold::Unchanged, _) => {
                self.folds.unchanged = !self.folds.unchanged;
                if self.folds.unchanged { "unchanged lines folded" } else { "unchanged lines shown" }
            }
            (Fold::All, _) => {
                self.folds.turn_all(&self.doc);
                if self.folds.has_file(file) { "all files folded" } else { "everything unfolded" }
            }
        };
        self.remake();
        let row = row_of(&self.rows, self.top);
        self.stand_on(row);
        said
    }
}
