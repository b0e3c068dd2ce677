//! Which row of the screen shows what of a document: an index for one column or for two, made once per shot, layout
//! and folding, so that scrolling anywhere costs a lookup. What is folded has no rows.

use super::doc::{DiffDoc, FileDiff, Hunk, Kind};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
};

/// What one row shows. Numbers are indexes into the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// The path of a file and its counts.
    File { file: u32 },
    /// The nth note of a file's header.
    Note { file: u32, note: u32 },
    /// The heading of a hunk.
    Hunk { file: u32, hunk: u32 },
    /// A line on the left (before), the right (after), or both; in one column both are the same line.
    Lines { file: u32, hunk: u32, left: u32, right: u32 },
    /// Unchanged lines that are folded away: the first of them, and how many.
    Gap { file: u32, hunk: u32, first: u32, many: u32 },
}

/// No line on that side.
pub(super) const NONE: u32 = u32::MAX;
/// Unchanged lines that are worth a fold.
const GAP_LEAST: usize = 2;

/// A place in a document that means the same in both layouts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub file: u32,
    /// 0: the file's heading and notes; else the hunk counted from 1.
    pub part: u32,
    /// In part 0 the note counted from 1; else the line counted from 1, 0 for the heading.
    pub line: u32,
}

impl Row {
    pub fn place(self) -> Place {
        match self {
            Self::File { file } => Place { file, ..Place::default() },
            Self::Note { file, note } => Place { file, part: 0, line: note + 1 },
            Self::Hunk { file, hunk } => Place { file, part: hunk + 1, line: 0 },
            Self::Lines { file, hunk, left, right } => {
                Place { file, part: hunk + 1, line: left.min(right).saturating_add(1) }
            }
            Self::Gap { file, hunk, first, .. } => Place { file, part: hunk + 1, line: first + 1 },
        }
    }

    pub fn file(self) -> u32 {
        self.place().file
    }
}

/// What is folded away. Keys hold names and numbers before the change, so folds outlive a newer shot.
#[derive(Debug, Clone, Default)]
pub(super) struct Folds {
    files: HashSet<u64>,
    hunks: HashSet<u64>,
    /// Whether unchanged lines are.
    pub unchanged: bool,
}

fn key(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Folds {
    pub fn has_file(&self, file: &FileDiff) -> bool {
        !self.files.is_empty() && self.files.contains(&key(file.path()))
    }

    pub fn has_hunk(&self, file: &FileDiff, hunk: &Hunk) -> bool {
        !self.hunks.is_empty() && self.hunks.contains(&key((file.path(), hunk.old_start)))
    }

    pub fn turn_file(&mut self, file: &FileDiff) {
        turn(&mut self.files, key(file.path()));
    }

    pub fn turn_hunk(&mut self, file: &FileDiff, hunk: &Hunk) {
        turn(&mut self.hunks, key((file.path(), hunk.old_start)));
    }

    /// Folds all files, or unfolds everything if any is folded.
    pub fn turn_all(&mut self, doc: &DiffDoc) {
        if self.files.is_empty() && self.hunks.is_empty() {
            self.files = doc.files.iter().map(|file| key(file.path())).collect();
        } else {
            (self.files, self.hunks) = Default::default();
        }
    }

    /// Unfolds whatever hides a place.
    pub fn reveal(&mut self, doc: &DiffDoc, place: Place) {
        let Some(file) = doc.files.get(place.file as usize) else { return };
        self.files.remove(&key(file.path()));
        let Some(hunk) = place.part.checked_sub(1).and_then(|part| file.hunks.get(part as usize)) else {
            return;
        };
        self.hunks.remove(&key((file.path(), hunk.old_start)));
        let line = place.line.checked_sub(1).and_then(|line| hunk.lines.get(line as usize));
        if line.is_some_and(|line| line.kind == Kind::Context) {
            self.unchanged = false;
        }
    }
}

fn turn(set: &mut HashSet<u64>, key: u64) {
    if !set.remove(&key) {
        set.insert(key);
    }
}

/// One column or two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Split {
    #[default]
    One,
    Two,
}

/// All rows of a document.
pub(super) fn rows_of(doc: &DiffDoc, split: Split, folds: &Folds) -> Vec<Row> {
    let mut maker = Maker { rows: Vec::new(), split, gaps: folds.unchanged };
    for (file, diff) in doc.files.iter().enumerate() {
        maker.file(doc, folds, (file as u32, diff));
    }
    maker.rows
}

struct Maker {
    rows: Vec<Row>,
    split: Split,
    gaps: bool,
}

impl Maker {
    fn file(&mut self, doc: &DiffDoc, folds: &Folds, (file, diff): (u32, &FileDiff)) {
        let folded = folds.has_file(diff);
        // The heading of the pane names the only file already.
        if doc.files.len() > 1 || folded {
            self.rows.push(Row::File { file });
        }
        if folded {
            return;
        }
        self.rows.extend((0..diff.marks.len() as u32).map(|note| Row::Note { file, note }));
        for (hunk, places) in diff.hunks.iter().enumerate() {
            self.rows.push(Row::Hunk { file, hunk: hunk as u32 });
            if !folds.has_hunk(diff, places) {
                self.hunk((file, hunk as u32), places);
            }
        }
    }

    fn hunk(&mut self, (file, hunk): (u32, u32), places: &Hunk) {
        let mut at = 0;
        for (dels, adds) in places.changes() {
            self.context((file, hunk), at..dels.start);
            match self.split {
                Split::One => self.lines((file, hunk), dels.start..adds.end),
                Split::Two => {
                    for nth in 0..dels.len().max(adds.len()) {
                        let of =
                            |range: &Range<usize>| range.clone().nth(nth).map_or(NONE, |line| line as u32);
                        self.rows.push(Row::Lines { file, hunk, left: of(&dels), right: of(&adds) });
                    }
                }
            }
            at = adds.end;
        }
        self.context((file, hunk), at..places.lines.len());
    }

    fn context(&mut self, (file, hunk): (u32, u32), lines: Range<usize>) {
        if self.gaps && lines.len() >= GAP_LEAST {
            let (first, many) = (lines.start as u32, lines.len() as u32);
            self.rows.push(Row::Gap { file, hunk, first, many });
        } else {
            self.lines((file, hunk), lines);
        }
    }

    fn lines(&mut self, (file, hunk): (u32, u32), lines: Range<usize>) {
        let same = |line| Row::Lines { file, hunk, left: line as u32, right: line as u32 };
        self.rows.extend(lines.map(same));
    }
}

/// The last row that is not behind `place`.
pub(super) fn row_of(rows: &[Row], place: Place) -> usize {
    rows.partition_point(|row| row.place() <= place).saturating_sub(1)
}
