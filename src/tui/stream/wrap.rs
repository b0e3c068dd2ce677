//! Text into rows of a width: at spaces where there are some, never inside a grapheme; bullets keep their indent,
//! code is cut where the row ends. Grows with its text: only the last line is wrapped again.
//!
//! Invariant: growing piece by piece gives what wrapping the whole gives (a property test holds it).

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns between tab stops.
pub const TAB: usize = 4;
/// Indent that following rows of a bullet keep at most.
const HANG_MOST: usize = 8;

/// What a row is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Ordinary text.
    Prose,
    /// A heading.
    Heading,
    /// Between fences.
    Code,
    /// A fence itself.
    Fence,
}

/// One row: bytes of the text, and how far it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// Columns left free before it.
    pub indent: u8,
    /// What it is part of.
    pub sort: Sort,
}

impl Row {
    /// Its bytes.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The rows of a growing text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wrap {
    width: usize,
    rows: Vec<Row>,
    /// Where the last line begins, how many rows are before it, and whether it is inside fences.
    line: usize,
    line_rows: usize,
    fenced: bool,
    /// Whether the text begins inside fences.
    starts_fenced: bool,
}

impl Wrap {
    /// Rows of `width` columns; at least one. A text that goes on inside fences begins `fenced`.
    #[must_use]
    pub fn new(width: usize, start: Start) -> Self {
        let fenced = start == Start::Fenced;
        Self { width: width.max(1), fenced, starts_fenced: fenced, ..Self::default() }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How a text that follows this one begins.
    #[must_use]
    pub fn end(&self, text: &str) -> Start {
        let last = text.get(self.line..).unwrap_or_default();
        if self.fenced != is_fence(last) { Start::Fenced } else { Start::Plain }
    }

    /// Gives back room that was kept for growing.
    pub fn shrink(&mut self) {
        self.rows.shrink_to_fit();
    }

    /// The same text at another width.
    pub fn resize(&mut self, width: usize, text: &str) {
        if self.width != width.max(1) {
            let start = if self.starts_fenced { Start::Fenced } else { Start::Plain };
            *self = Self::new(width, start);
            self.grow(text);
        }
    }

    /// Takes the whole text again after something was added at its end. Newlines at the end are not shown.
    pub fn grow(&mut self, text: &str) {
        let shown = text.trim_end_matches('\n');
        self.rows.truncate(self.line_rows);
        let (mut at, mut fenced) = (self.line.min(shown.len()), self.fenced);
        if shown.is_empty() {
            return;
        }
        loop {
            let end = shown[at..].find('\n').map_or(shown.len(), |len| at + len);
            let line = &shown[at..end];
            (self.line, self.line_rows, self.fenced) = (at, self.rows.len(), fenced);
            let sort = match (is_fence(line), fenced) {
                (true, _) => Sort::Fence,
                (false, true) => Sort::Code,
                (false, false) if is_heading(line) => Sort::Heading,
                (false, false) => Sort::Prose,
            };
            fenced ^= sort == Sort::Fence;
            self.line(line, at, sort);
            if end == shown.len() {
                return;
            }
            at = end + 1;
        }
    }

    fn line(&mut self, line: &str, base: usize, sort: Sort) {
        let hang = if sort == Sort::Prose { hang(line).min(self.width / 2) } else { 0 };
        let mut cutter = Cutter {
            rows: &mut self.rows,
            base,
            sort,
            hang,
            width: self.width,
            first: true,
            start: 0,
            used: 0,
            break_at: None,
            spaces: None,
        };
        if line.is_ascii() {
            for at in 0..line.len() {
                cutter.piece(at, &line[at..=at]);
            }
        } else {
            for (at, piece) in line.grapheme_indices(true) {
                cutter.piece(at, piece);
            }
        }
        cutter.finish(line.len());
    }
}

/// Where a text begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Start {
    /// Outside fences.
    #[default]
    Plain,
    /// Inside fences.
    Fenced,
}

fn is_fence(line: &str) -> bool {
    line.trim_start().starts_with("```")
}

fn is_heading(line: &str) -> bool {
    let marks = line.bytes().take_while(|&b| b == b'#').count();
    (1..=6).contains(&marks) && line.as_bytes().get(marks) == Some(&b' ')
}

/// Columns of a bullet or number at the start of a line, with its spaces.
fn hang(line: &str) -> usize {
    let spaces = line.bytes().take_while(|&b| b == b' ').count();
    let rest = &line.as_bytes()[spaces..];
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let mark = match rest {
        [b'-' | b'*' | b'+', b' ', ..] => 2,
        _ if digits > 0 && matches!(rest.get(digits..digits + 2), Some([b'.' | b')', b' '])) => digits + 2,
        _ => 0,
    };
    (spaces + mark).min(HANG_MOST)
}

/// Columns of a grapheme that stands at `column`.
#[must_use]
pub fn columns(piece: &str, column: usize) -> usize {
    match piece.as_bytes() {
        [b'\t'] => TAB - column % TAB,
        [b' '..=b'~'] => 1,
        [_] => 0,
        _ if piece.starts_with(char::is_control) => 0,
        _ => piece.width(),
    }
}

/// Cuts one line.
struct Cutter<'a> {
    rows: &'a mut Vec<Row>,
    base: usize,
    sort: Sort,
    hang: usize,
    width: usize,
    /// Whether the open row is the first of the line.
    first: bool,
    /// First byte and columns of the open row.
    start: usize,
    used: usize,
    /// Where the last word ended, and where the next one began with the columns before it.
    break_at: Option<(usize, usize, usize)>,
    /// Where the run of spaces began that ends at the last piece.
    spaces: Option<usize>,
}

impl Cutter<'_> {
    fn room(&self) -> usize {
        if self.first { self.width } else { self.width - self.hang }
    }

    fn piece(&mut self, at: usize, piece: &str) {
        let width = columns(piece, self.used);
        let is_space = piece == " " && self.sort != Sort::Code;
        if is_space {
            // Spaces at the end of a row hang over it; they open no new row.
            self.spaces.get_or_insert(at);
            self.used += width;
            return;
        }
        // A bullet never stands alone in its row.
        if let Some(end) = self.spaces.take()
            && end > self.start
            && !(self.first && at <= self.hang)
        {
            self.break_at = Some((end, at, self.used));
        }
        if self.used + width > self.room() && at > self.start {
            match self.break_at.take() {
                Some((end, next, before)) => {
                    self.close(end, next);
                    self.used -= before;
                }
                None => {
                    self.close(at, at);
                    self.used = 0;
                }
            }
            // A word longer than a row is cut where the row ends.
            if self.used + width > self.room() && at > self.start {
                self.close(at, at);
                self.used = 0;
            }
        }
        self.used += columns(piece, self.used);
    }

    fn close(&mut self, end: usize, next: usize) {
        let indent = if self.first { 0 } else { self.hang as u8 };
        let (start, end) = ((self.base + self.start) as u32, (self.base + end) as u32);
        self.rows.push(Row { start, end, indent, sort: self.sort });
        (self.start, self.first) = (next, false);
    }

    fn finish(&mut self, end: usize) {
        let end = self.spaces.filter(|&spaces| spaces > self.start).unwrap_or(end);
        self.close(end, end);
    }
}
