//! Draws one row of a shot into cells. Never writes a control character, never outside its row.

use super::{
    doc::{DiffDoc, FileDiff, Hunk, Kind, Line},
    rows::{NONE, Row},
    syntax::LinePaint,
};
use crate::tui::theme::{Role, Theme};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns between tab stops.
pub const TAB: usize = 4;

/// Where a row is drawn and how.
pub(super) struct Pen<'a> {
    pub buf: &'a mut Buffer,
    pub theme: &'a Theme,
    /// Columns of text that are scrolled out on the left.
    pub skip: usize,
}

/// A code line with what is known about it.
#[derive(Clone, Copy)]
pub(super) struct Code<'a> {
    pub text: &'a str,
    pub line: &'a Line,
    pub paint: Option<&'a LinePaint>,
}

/// A look for each byte of a line: syntax over the ground, changed words over both.
struct Looks<'a> {
    theme: &'a Theme,
    ground: Option<Role>,
    word_ground: Option<Role>,
    plain: Style,
    paint: Option<&'a LinePaint>,
}

impl<'a> Looks<'a> {
    fn new(theme: &'a Theme, kind: Kind, paint: Option<&'a LinePaint>) -> Self {
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
        Self { theme, ground, word_ground, plain, paint }
    }

    fn over(&self, role: Role) -> Style {
        self.ground.map_or_else(|| self.theme.style(role), |ground| self.theme.over(role, ground))
    }

    fn at(&self, byte: usize) -> Style {
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
    pub fn row(&mut self, area: Rect, doc: &DiffDoc, row: Row, paint: [Option<&LinePaint>; 2], split: Split) {
        let (file, hunk) = match row {
            Row::File { file } | Row::Note { file, .. } => (file, NONE),
            Row::Hunk { file, hunk } | Row::Lines { file, hunk, .. } => (file, hunk),
        };
        let Some(file) = doc.files.get(file as usize) else { return };
        match row {
            Row::File { .. } => self.file(area, file),
            Row::Note { note, .. } => {
                let text = file.notes().into_iter().nth(note as usize).unwrap_or_default();
                self.put(area, 0, &text, self.theme.style(Role::DiffHunk));
            }
            Row::Hunk { .. } => {
                let Some(hunk) = file.hunks.get(hunk as usize) else { return };
                let heading = format!("@@ -{} +{} @@ {}", hunk.old_start, hunk.new_start, hunk.section);
                self.put(area, 0, &heading, self.theme.style(Role::DiffHunk));
            }
            Row::Lines { left, right, .. } => {
                let Some(hunk) = file.hunks.get(hunk as usize) else { return };
                let digits = digits(file);
                let code = |at: u32, paint| code(doc, hunk, at, paint);
                match split {
                    Split::One => {
                        if let Some(code) = code(right.min(left), paint[0]) {
                            let number =
                                if code.line.kind == Kind::Del { code.line.old } else { code.line.new };
                            self.code(area, code, (number, digits));
                        }
                    }
                    Split::Two => {
                        let half = area.width.saturating_sub(1) / 2;
                        let first = Rect { width: half, ..area };
                        let second =
                            Rect { x: area.x + half + 1, width: area.width.saturating_sub(half + 1), ..area };
                        if let Some(code) = code(left, paint[0]) {
                            self.code(first, code, (code.line.old, digits));
                        }
                        self.put(area, half, "│", self.theme.style(Role::Border));
                        if let Some(code) = code(right, paint[1]) {
                            self.code(second, code, (code.line.new, digits));
                        }
                    }
                }
            }
        }
    }

    fn file(&mut self, area: Rect, file: &FileDiff) {
        let at = self.put(area, 0, file.path(), self.theme.style(Role::Title));
        self.counts(area, at + 2, (file.additions, file.deletions));
    }

    /// `+4 -1`.
    pub fn counts(&mut self, area: Rect, from: u16, (additions, deletions): (u32, u32)) -> u16 {
        let at = self.put(area, from, &format!("+{additions}"), self.theme.style(Role::Ok));
        self.put(area, at + 1, &format!("-{deletions}"), self.theme.style(Role::Bad))
    }

    fn code(&mut self, area: Rect, code: Code<'_>, (number, digits): (u32, usize)) {
        let looks = Looks::new(self.theme, code.line.kind, code.paint);
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
        let at = self.put(area, 0, &format!("{number:>digits$} "), number_style);
        let at = self.put(area, at, sign, sign_style) + 1;
        let at = self.text(area, at, code.text, &looks);
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

    fn text(&mut self, area: Rect, from: u16, text: &str, looks: &Looks<'_>) -> u16 {
        let room = usize::from(area.width.saturating_sub(from));
        let mut column = 0;
        for (byte, piece) in text.grapheme_indices(true) {
            let width = match piece {
                "\t" => TAB - column % TAB,
                _ if piece.chars().any(char::is_control) => continue,
                _ => piece.width(),
            };
            if width == 0 {
                continue;
            }
            let end = column + width;
            if end > self.skip + room {
                if room > 0 {
                    self.cut_mark(area, looks);
                }
                return area.width;
            }
            let style = looks.at(byte);
            if column >= self.skip && piece != "\t" {
                let x = area.x + from + (column - self.skip) as u16;
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
                for blank in column.max(self.skip)..end {
                    let x = area.x + from + (blank - self.skip) as u16;
                    self.buf.set_string(x, area.y, " ", style);
                }
            }
            column = end;
        }
        from + column.saturating_sub(self.skip) as u16
    }
}

/// One column (unified) or two (before and after).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    One,
    Two,
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
