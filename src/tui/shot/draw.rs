//! Draws one row of a shot into cells. Never writes a control character, never outside its row.

use super::{
    breaks::{breaks, width_of},
    doc::{DiffDoc, FileDiff, Hunk, Kind, Line},
    rows::{Folds, NONE, Row, Split},
    syntax::LinePaint,
};
use crate::{
    domain::text::count,
    tui::{
        stream::search::Needle,
        theme::{Role, Theme},
    },
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes of a line above which found words in it are not marked.
const MARKED_MOST: usize = 64 * 1024;

/// How text is laid into its room.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Columns between tab stops.
    pub tab: usize,
    /// Whether long lines go on in the next row.
    pub wrap: bool,
    /// Columns of text that are scrolled out on the left; none where lines are wrapped.
    pub skip: usize,
}

/// Where a row is drawn and how.
pub(super) struct Pen<'a> {
    pub buf: &'a mut Buffer,
    pub theme: &'a Theme,
    pub room: Room,
    pub folds: &'a Folds,
    pub needle: Option<&'a Needle>,
}

/// A row of a document to draw.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub row: Row,
    /// Which of the rows that its lines are wrapped into.
    pub nth: u16,
    pub paint: [Option<&'a LinePaint>; 2],
}

/// A code line with what is known about it.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub text: &'a str,
    pub line: &'a Line,
    pub paint: Option<&'a LinePaint>,
}

/// A look for each byte of a line: syntax over the ground, changed words over both, what a search found over all.
struct Looks<'a> {
    theme: &'a Theme,
    ground: Option<Role>,
    word_ground: Option<Role>,
    plain: Style,
    paint: Option<&'a LinePaint>,
    found: Vec<Range<usize>>,
    /// From this byte on there are blanks only, that were added.
    trail: usize,
}

impl<'a> Looks<'a> {
    fn new(theme: &'a Theme, code: Code<'a>, needle: Option<&Needle>) -> Self {
        let Code { text, line: Line { kind, .. }, paint } = code;
        let (ground, word_ground) = match kind {
            Kind::Context => (None, None),
            Kind::Add => (Some(Role::DiffAdd), Some(Role::DiffAddWord)),
            Kind::Del => (Some(Role::DiffDel), Some(Role::DiffDelWord)),
        };
        let plain = match ground {
            // Without a coloured ground the text itself says added or removed.
            Some(ground) if theme.style(ground).bg.is_none() => theme.style(ground),
            Some(ground) => theme.over(Role::DiffContext, ground),
            None => theme.style(Role::DiffContext),
        };
        let found = needle
            .filter(|_| text.len() <= MARKED_MOST)
            .map(|needle| needle.find_in(text).map(|at| at..at + needle.len()).collect());
        let blank = if *kind == Kind::Add { text.trim_end_matches([' ', '\t']).len() } else { text.len() };
        Self { theme, ground, word_ground, plain, paint, found: found.unwrap_or_default(), trail: blank }
    }

    fn over(&self, role: Role) -> Style {
        self.ground.map_or_else(|| self.theme.style(role), |ground| self.theme.over(role, ground))
    }

    fn at(&self, byte: usize) -> Style {
        let after = self.found.partition_point(|range| range.end <= byte);
        if self.found.get(after).is_some_and(|range| range.start <= byte) {
            return self.theme.style(Role::Match);
        }
        if byte >= self.trail {
            return self.over(Role::Warn);
        }
        let Some(paint) = self.paint else { return self.plain };
        let byte = byte as u32;
        let after = paint.syntax.partition_point(|span| span.end <= byte);
        let role = paint.syntax.get(after).filter(|span| span.start <= byte).map(|span| span.role);
        let after = paint.words.partition_point(|range| range.end <= byte);
        let in_word = paint.words.get(after).is_some_and(|range| range.start <= byte);
        match (self.word_ground.filter(|_| in_word), role) {
            (Some(word), Some(role)) => self.theme.over(role, word),
            (Some(word), None) => self.theme.style(word),
            (None, Some(role)) => self.over(role),
            (None, None) => self.plain,
        }
    }
}

impl Pen<'_> {
    /// Writes plain text into a row of `area` from column `from`; gives the next free column.
    pub fn put(&mut self, area: Rect, from: u16, text: &str, style: Style) -> u16 {
        let room = area.width.saturating_sub(from);
        if room == 0 {
            return from;
        }
        self.buf.set_stringn(area.x + from, area.y, text, usize::from(room), style).0 - area.x
    }

    /// One row of a document.
    pub fn row(&mut self, area: Rect, doc: &DiffDoc, shown: Shown<'_>, split: Split) {
        let Some(file) = doc.files.get(shown.row.file() as usize) else { return };
        match shown.row {
            Row::File { .. } => self.file(area, file),
            Row::Note { note, .. } => {
                let text = file.notes().into_iter().nth(note as usize).unwrap_or_default();
                self.put(area, 0, &text, self.theme.style(Role::DiffHunk));
            }
            Row::Hunk { hunk, .. } => {
                let Some(hunk) = file.hunks.get(hunk as usize) else { return };
                let folded = if self.folds.has_hunk(file, hunk) {
                    format!("  ▸ {} folded", count(hunk.lines.len(), "line"))
                } else {
                    String::new()
                };
                let heading =
                    format!("@@ -{} +{} @@ {}{folded}", hunk.old_start, hunk.new_start, hunk.section);
                self.put(area, 0, &heading, self.theme.style(Role::DiffHunk));
            }
            Row::Gap { many, .. } => {
                let words = format!("{:>1$} {2}", "⋯", digits(file), count(many, "unchanged line"));
                self.put(area, 0, &words, self.theme.style(Role::Muted));
            }
            Row::Lines { hunk, .. } => {
                let Some(hunk) = file.hunks.get(hunk as usize) else { return };
                self.lines(area, doc, (file, hunk), shown, split);
            }
        }
    }

    fn lines(
        &mut self,
        area: Rect,
        doc: &DiffDoc,
        (file, hunk): (&FileDiff, &Hunk),
        shown: Shown<'_>,
        split: Split,
    ) {
        let Row::Lines { left, right, .. } = shown.row else { return };
        let digits = digits(file);
        let code = |at: u32, paint| code(doc, hunk, at, paint);
        match split {
            Split::One => {
                if let Some(code) = code(right.min(left), shown.paint[0]) {
                    let number = if code.line.kind == Kind::Del { code.line.old } else { code.line.new };
                    self.code(area, code, (number, digits), shown.nth);
                }
            }
            Split::Two => {
                let [first, second] = halves(area);
                if let Some(code) = code(left, shown.paint[0]) {
                    self.code(first, code, (code.line.old, digits), shown.nth);
                }
                self.put(area, first.width, "│", self.theme.style(Role::Border));
                if let Some(code) = code(right, shown.paint[1]) {
                    self.code(second, code, (code.line.new, digits), shown.nth);
                }
            }
        }
    }

    fn file(&mut self, area: Rect, file: &FileDiff) {
        let folded = self.folds.has_file(file);
        let at = if folded { self.put(area, 0, "▸ ", self.theme.style(Role::Muted)) } else { 0 };
        let at = self.put(area, at, file.path(), self.theme.style(Role::Title));
        let at = self.counts(area, at + 2, (file.additions, file.deletions));
        if folded {
            self.put(area, at + 2, "folded", self.theme.style(Role::Muted));
        }
    }

    /// `+4 -1`.
    pub fn counts(&mut self, area: Rect, from: u16, (additions, deletions): (u32, u32)) -> u16 {
        let at = self.put(area, from, &format!("+{additions}"), self.theme.style(Role::Ok));
        self.put(area, at + 1, &format!("-{deletions}"), self.theme.style(Role::Bad))
    }

    fn code(&mut self, area: Rect, code: Code<'_>, (number, digits): (u32, usize), nth: u16) {
        let room = usize::from(area.width).saturating_sub(digits + BESIDE);
        // A line that is shorter than the one beside it leaves its lower rows empty.
        let piece = match (self.room.wrap, nth) {
            (false, _) => Some((0..code.text.len(), true)),
            (true, _) => {
                let mut rows = breaks(code.text, room, self.room.tab).skip(usize::from(nth)).peekable();
                rows.next().map(|range| (range, rows.peek().is_none()))
            }
        };
        let Some((range, is_last)) = piece else { return };
        let looks = Looks::new(self.theme, code, self.needle);
        let ground = looks.ground.map_or_else(Style::new, |role| self.theme.style(role));
        if let Some(bg) = ground.bg {
            self.buf.set_style(area, Style::new().bg(bg));
        }
        let (sign, sign_style) = match code.line.kind {
            Kind::Context => (" ", looks.plain),
            Kind::Add => ("+", ground),
            Kind::Del => ("-", ground),
        };
        let number_style = looks.over(Role::LineNumber);
        let at = if nth == 0 {
            let at = self.put(area, 0, &format!("{number:>digits$} "), number_style);
            self.put(area, at, sign, sign_style) + 1
        } else {
            self.put(area, 0, &format!("{:>digits$} ", "↪"), number_style) + 2
        };
        let at = self.text(area, at, (code.text, range), &looks);
        if !is_last {
            return;
        }
        let end = match (code.line.crlf, code.line.no_newline) {
            (false, false) => return,
            (true, false) => "␍",
            (false, true) => " (no newline at the end)",
            (true, true) => "␍ (no newline at the end)",
        };
        self.put(area, at, end, looks.over(Role::Muted));
    }

    /// `…` in the last column; a wide character that reaches into it goes.
    fn cut_mark(&mut self, area: Rect, looks: &Looks<'_>) {
        let last = area.right() - 1;
        if let Some(cell) = self.buf.cell_mut((last.saturating_sub(1), area.y))
            && last > area.x
            && cell.symbol().width() > 1
        {
            cell.set_symbol(" ");
        }
        self.buf.set_string(last, area.y, "…", looks.over(Role::Muted));
    }

    fn text(&mut self, area: Rect, from: u16, (text, range): (&str, Range<usize>), looks: &Looks<'_>) -> u16 {
        let room = usize::from(area.width.saturating_sub(from));
        let Room { tab, wrap, skip } = self.room;
        let mut column = 0;
        let first = range.start;
        for (byte, piece) in text.get(range).unwrap_or_default().grapheme_indices(true) {
            let byte = first + byte;
            let width = match width_of(piece, column, tab) {
                0 => continue,
                // A tab at the end of a wrapped row fills it.
                width if wrap && piece == "\t" => width.min(room.saturating_sub(column)),
                width => width,
            };
            let end = column + width;
            if end > skip + room {
                if room > 0 {
                    self.cut_mark(area, looks);
                }
                return area.width;
            }
            let style = looks.at(byte);
            let piece = match piece {
                " " if byte >= looks.trail => "·",
                piece => piece,
            };
            if column >= skip && piece != "\t" {
                let x = area.x + from + (column - skip) as u16;
                match piece.as_bytes() {
                    // Most of what is drawn; `set_string` would split it into graphemes again.
                    [byte] => {
                        if let Some(cell) = self.buf.cell_mut((x, area.y)) {
                            cell.set_char(char::from(*byte)).set_style(style);
                        }
                    }
                    _ => self.buf.set_string(x, area.y, piece, style),
                }
            } else {
                for blank in column.max(skip)..end {
                    let x = area.x + from + (blank - skip) as u16;
                    let sign = if byte >= looks.trail && blank == column { "→" } else { " " };
                    self.buf.set_string(x, area.y, sign, style);
                }
            }
            column = end;
        }
        from + column.saturating_sub(skip) as u16
    }
}

/// Columns of a code line beside its number and its text: blank, sign, blank.
const BESIDE: usize = 3;

/// The two columns of a row, a line between them.
fn halves(area: Rect) -> [Rect; 2] {
    let half = area.width.saturating_sub(1) / 2;
    [
        Rect { width: half, ..area },
        Rect { x: area.x + half + 1, width: area.width.saturating_sub(half + 1), ..area },
    ]
}

/// How many rows a row takes where lines are wrapped into `width` columns.
pub(super) fn tall(doc: &DiffDoc, row: Row, width: u16, split: Split, tab: usize) -> u16 {
    let Row::Lines { file, hunk, left, right } = row else { return 1 };
    let found = doc.files.get(file as usize).and_then(|file| Some((file, file.hunks.get(hunk as usize)?)));
    let Some((file, hunk)) = found else { return 1 };
    let area = Rect::new(0, 0, width, 1);
    let (sides, halves) = match split {
        Split::One => ([left.min(right), NONE], [area, area]),
        Split::Two => ([left, right], halves(area)),
    };
    let of = |(at, area): (u32, Rect)| {
        let line = hunk.lines.get(at as usize)?;
        let room = usize::from(area.width).saturating_sub(digits(file) + BESIDE);
        u16::try_from(breaks(doc.text(line), room, tab).count()).ok()
    };
    sides.into_iter().zip(halves).filter_map(of).max().unwrap_or(1)
}

fn code<'a>(doc: &'a DiffDoc, hunk: &'a Hunk, at: u32, paint: Option<&'a LinePaint>) -> Option<Code<'a>> {
    hunk.lines.get(at as usize).map(|line| Code { text: doc.text(line), line, paint })
}

/// The end of a path that fits into `room` columns, with `…` before it when the beginning is left out.
pub(super) fn path_end(path: &str, room: usize) -> String {
    if path.width() <= room {
        return path.to_owned();
    }
    let mut used = 1;
    let start = path.grapheme_indices(true).rev().take_while(|(_, piece)| {
        used += piece.width();
        used <= room
    });
    start.last().map_or_else(String::new, |(at, _)| format!("…{}", &path[at..]))
}

/// Columns of the line numbers of a file.
fn digits(file: &FileDiff) -> usize {
    let last = file.hunks.last().and_then(|hunk| hunk.lines.last());
    let most = last.map_or(0, |line| line.old.max(line.new));
    (most.checked_ilog10().unwrap_or(0) as usize + 1).max(3)
}
