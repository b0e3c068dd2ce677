//! A unified diff as data: files, hunks, lines. Lines point into the patch text, so a 100,000-line diff costs
//! its text once and 24 bytes a line.

use std::{ops::Range, sync::Arc};

/// A parsed patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffDoc {
    pub(super) text: Arc<str>,
    /// Files in the order of the patch.
    pub files: Vec<FileDiff>,
    /// Lines that are no part of any diff we know; they are counted, never guessed at.
    pub skipped: usize,
    /// The patch was longer than we read; what is missing is not shown.
    pub cut: bool,
}

/// What happened to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileDiff {
    /// Path before; empty when the file is new.
    pub old: String,
    /// Path after; empty when the file is deleted.
    pub new: String,
    /// What its header says beyond lines.
    pub marks: Vec<Mark>,
    /// Changed places.
    pub hunks: Vec<Hunk>,
    /// Lines added.
    pub additions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// Bytes of its part of the patch.
    pub bytes: usize,
}

/// What the header of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// Did not exist before.
    New,
    /// Exists no more.
    Deleted,
    /// Moved; percent of it that stayed the same, when said.
    Renamed(Option<u8>),
    /// Copied from another file.
    Copied(Option<u8>),
    /// File mode before and after.
    Mode(String, String),
    /// Not text; bytes before and after, where the patch carries the content and so tells them.
    Binary(Option<u64>, Option<u64>),
    /// A submodule's commit.
    Submodule,
    /// A symbolic link: its line is where it leads.
    Symlink,
    /// Made as a program that can be run.
    Executable,
    /// A merge held against several parents at once: its lines are not read.
    Combined,
}

/// One changed place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunk {
    /// What stands after the second `@@`: usually the function it is in.
    pub section: String,
    /// First line before the change.
    pub old_start: u32,
    /// First line after the change.
    pub new_start: u32,
    /// Lines in order.
    pub lines: Vec<Line>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Unchanged.
    Context,
    /// Only after.
    Add,
    /// Only before.
    Del,
}

/// One line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: Kind,
    /// Number before; 0 for an added line.
    pub old: u32,
    /// Number after; 0 for a removed line.
    pub new: u32,
    /// It ends with CR LF.
    pub crlf: bool,
    /// It is the last of its file and ends with no newline.
    pub no_newline: bool,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl DiffDoc {
    /// The patch as it was read.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.text
    }

    /// The text of a line, without sign and line end.
    #[must_use]
    pub fn text(&self, line: &Line) -> &str {
        self.text.get(line.start as usize..line.end as usize).unwrap_or_default()
    }

    /// Lines added and removed in all files.
    #[must_use]
    pub fn totals(&self) -> (u32, u32) {
        self.files.iter().fold((0, 0), |sum, file| {
            (sum.0.saturating_add(file.additions), sum.1.saturating_add(file.deletions))
        })
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl FileDiff {
    /// The path to show: after the change, or before for a deleted file.
    #[must_use]
    pub fn path(&self) -> &str {
        if self.new.is_empty() { &self.old } else { &self.new }
    }

    /// What tells a syntax: the extension, or the whole name without one.
    #[must_use]
    pub fn language(&self) -> &str {
        let name = self.path().rsplit('/').next().unwrap_or_default();
        match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => extension,
            _ => name,
        }
    }

    /// Whether it is not text.
    #[must_use]
    pub fn is_binary(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Binary(..)))
    }

    /// Header marks in words, one a row.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.marks.iter().map(|mark| self.note(mark)).collect()
    }

    fn note(&self, mark: &Mark) -> String {
        let same = |percent: &Option<u8>| percent.map_or(String::new(), |p| format!(" ({p} % the same)"));
        match mark {
            Mark::New => "new file".into(),
            Mark::Deleted => "deleted file".into(),
            Mark::Renamed(percent) => format!("renamed from {}{}", self.old, same(percent)),
            Mark::Copied(percent) => format!("copied from {}{}", self.old, same(percent)),
            Mark::Mode(before, after) => {
                let word = match (before.as_str(), after.as_str()) {
                    ("100644", "100755") => ": can be run now",
                    ("100755", "100644") => ": can no longer be run",
                    _ => "",
                };
                format!("mode {before} → {after}{word}")
            }
            Mark::Binary(before, after) => format!("binary file{}: no lines to show", sizes(*before, *after)),
            Mark::Submodule => "submodule".into(),
            Mark::Symlink => "symbolic link".into(),
            Mark::Executable => "can be run".into(),
            Mark::Combined => {
                "diff of a merge against several parents: not shown; compare it with one of them".into()
            }
        }
    }
}

/// `, 3 → 2 bytes`.
fn sizes(before: Option<u64>, after: Option<u64>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => format!(", {before} → {after} bytes"),
        (Some(before), None) => format!(", {before} bytes before"),
        (None, Some(after)) => format!(", {after} bytes now"),
        (None, None) => String::new(),
    }
}

impl Hunk {
    /// Runs of removed lines with the added lines that follow them: `(removed, added)` as ranges of `lines`.
    pub fn changes(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
        let mut at = 0;
        let run = |from: usize, kind: Kind| {
            from + self.lines[from..].iter().take_while(|line| line.kind == kind).count()
        };
        std::iter::from_fn(move || {
            at = run(at, Kind::Context);
            let middle = run(at, Kind::Del);
            let end = run(middle, Kind::Add);
            let change = (at..middle, middle..end);
            at = end;
            (!change.0.is_empty() || !change.1.is_empty()).then_some(change)
        })
    }
}
