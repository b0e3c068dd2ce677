//! Which row of the screen shows what of a document: one index for one column and one for two, made once per
//! shot, so that scrolling anywhere costs a lookup.

use super::doc::DiffDoc;

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
}

/// No line on that side.
pub(super) const NONE: u32 = u32::MAX;

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
        }
    }
}

/// Both layouts.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub unified: Vec<Row>,
    pub split: Vec<Row>,
}

impl Rows {
    pub fn of(doc: &DiffDoc) -> Self {
        let mut rows = Self::default();
        for (file, diff) in doc.files.iter().enumerate() {
            let file = file as u32;
            // The heading of the pane names the only file already.
            if doc.files.len() > 1 {
                rows.both(Row::File { file });
            }
            for note in 0..diff.marks.len() as u32 {
                rows.both(Row::Note { file, note });
            }
            for (hunk, places) in diff.hunks.iter().enumerate() {
                let hunk = hunk as u32;
                rows.both(Row::Hunk { file, hunk });
                rows.unified.extend((0..places.lines.len() as u32).map(|line| Row::Lines {
                    file,
                    hunk,
                    left: line,
                    right: line,
                }));
                let mut at = 0;
                for (dels, adds) in places.changes() {
                    rows.context((file, hunk), at..dels.start);
                    for nth in 0..dels.len().max(adds.len()) {
                        let of = |range: &std::ops::Range<usize>| {
                            range.clone().nth(nth).map_or(NONE, |line| line as u32)
                        };
                        rows.split.push(Row::Lines { file, hunk, left: of(&dels), right: of(&adds) });
                    }
                    at = adds.end;
                }
                rows.context((file, hunk), at..places.lines.len());
            }
        }
        rows
    }

    fn both(&mut self, row: Row) {
        self.unified.push(row);
        self.split.push(row);
    }

    fn context(&mut self, (file, hunk): (u32, u32), lines: std::ops::Range<usize>) {
        let same = |line| Row::Lines { file, hunk, left: line as u32, right: line as u32 };
        self.split.extend(lines.map(same));
    }
}

/// The last row that is not behind `place`.
pub(super) fn row_of(rows: &[Row], place: Place) -> usize {
    rows.partition_point(|row| row.place() <= place).saturating_sub(1)
}
