//! Draws the visible rows of a stream into cells.

use super::{
    block::{Block, DONE_BADLY, DONE_WELL, GUTTER, Sort},
    log::{Match, StreamLog},
    wrap::{self, Row, columns},
};
use crate::tui::theme::{Role, Theme};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of a line above which marks in it mean nothing.
const MARKED_LINE_MOST: usize = 4 * 1024;

impl StreamLog {
    /// Draws what is in sight. The log should have been told the size by [`StreamLog::fit`].
    pub fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        let mut last_line: Option<(u64, Marked)> = None;
        for (y, (block, nth)) in (area.top()..area.bottom()).zip(self.visible()) {
            let Some(row) = block.rows().get(nth) else { continue };
            let line = Rect { y, height: 1, ..area };
            if nth == 0 && !block.goes_on {
                let (sign, role) = block.sign();
                buf.set_stringn(line.x, y, sign, usize::from(line.width), theme.style(role));
            }
            let marked = match last_line.take() {
                Some((id, marked)) if id == block.id && marked.line.contains(&(row.start as usize)) => marked,
                _ => Marked::of(block, row),
            };
            self.row(buf, line, (block, row), &Inks { theme, marked: &marked });
            last_line = Some((block.id, marked));
        }
    }

    fn row(&self, buf: &mut Buffer, line: Rect, (block, row): (&Block, &Row), inks: &Inks<'_>) {
        let indent = (GUTTER + usize::from(row.indent)).min(usize::from(line.width)) as u16;
        let area = Rect { x: line.x + indent, width: line.width - indent, ..line };
        if block.is_folded() {
            return folded(buf, area, block, inks.theme);
        }
        let range = row.range();
        let mut cuts = inks.runs(block, row);
        self.found(block, &range, inks.theme, &mut cuts);
        let mut column = 0;
        for (run, style) in cuts {
            column = write(buf, area, column, &block.text[run], style);
        }
    }

    /// Lays what the search found over runs that cover `range`.
    fn found(
        &self,
        block: &Block,
        range: &Range<usize>,
        theme: &Theme,
        runs: &mut Vec<(Range<usize>, Style)>,
    ) {
        let Some(needle) = &self.needle else { return };
        let text = &block.text;
        let near = |at: usize| (at..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        let from = near(range.start.saturating_sub(needle.len()));
        let to = near((range.end + needle.len()).min(text.len()));
        for at in needle.find_in(&text[from..to]).map(|at| from + at) {
            let hit = at.max(range.start)..(at + needle.len()).min(range.end);
            if hit.is_empty() {
                continue;
            }
            let is_current = self.current == Some(Match { id: block.id, at });
            let style = theme.style(if is_current { Role::Attention } else { Role::Match });
            let over = |(run, old): (Range<usize>, Style)| {
                let parts =
                    [run.start..run.end.min(hit.start), run.start.max(hit.start)..run.end.min(hit.end)];
                let [before, inside] = parts;
                let after = run.start.max(hit.end)..run.end;
                [(before, old), (inside, style), (after, old)].into_iter().filter(|(run, _)| !run.is_empty())
            };
            *runs = std::mem::take(runs).into_iter().flat_map(over).collect();
        }
    }
}

/// `read src/cart.rs  ✓ ok: 120 lines`: a tool call in one row; the end of it stays in sight.
fn folded(buf: &mut Buffer, area: Rect, block: &Block, theme: &Theme) {
    let Sort::Tool { name, done, .. } = &block.sort else { return };
    let call = block.text.split('\n').next().unwrap_or_default();
    let (end, role) = match done {
        None => ("…".to_owned(), Role::Busy),
        Some(done) if done.ok => (format!("{DONE_WELL} {}", done.brief), Role::Ok),
        Some(done) => (format!("{DONE_BADLY} {}", done.brief), Role::Bad),
    };
    let width = usize::from(area.width);
    let end_width = unicode_width::UnicodeWidthStr::width(end.as_str()).min(width / 2);
    let head = Rect { width: (width - end_width).saturating_sub(1) as u16, ..area };
    let brief = call.get(name.len()..).unwrap_or_default();
    let at = write(buf, head, 0, call.get(..name.len()).unwrap_or(call), theme.style(Role::Accent));
    let at = write(buf, head, at, brief, theme.style(Role::Text));
    write(buf, area, at + 1, end.trim_end(), theme.style(role));
}

/// Marks of one line of a block.
struct Marked {
    line: Range<usize>,
    marks: Vec<(Range<usize>, Mark)>,
}

#[derive(Clone, Copy)]
enum Mark {
    Code,
    Bold,
}

impl Marked {
    fn of(block: &Block, row: &Row) -> Self {
        let at = row.start as usize;
        let start = block.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let end = block.text[at..].find('\n').map_or(block.text.len(), |len| at + len);
        let is_prose = matches!(row.sort, wrap::Sort::Prose | wrap::Sort::Heading);
        let mut marks = Vec::new();
        if is_prose && block.is_marked_up() && end - start <= MARKED_LINE_MOST {
            marks = find_marks(&block.text[start..end], start);
        }
        Self { line: start..end + 1, marks }
    }
}

/// `code` and **bold** that is closed on the same line, marks included.
fn find_marks(line: &str, base: usize) -> Vec<(Range<usize>, Mark)> {
    let mut marks = Vec::new();
    let mut at = 0;
    while let Some(open) = line[at..].find(['`', '*']).map(|len| at + len) {
        let (sign, mark) = if line[open..].starts_with('`') { ("`", Mark::Code) } else { ("**", Mark::Bold) };
        let inside = open + sign.len();
        let close =
            line.get(inside..).filter(|_| line[open..].starts_with(sign)).and_then(|rest| rest.find(sign));
        match close {
            Some(len) if len > 0 => {
                at = inside + len + sign.len();
                marks.push((base + open..base + at, mark));
            }
            _ => at = open + 1,
        }
    }
    marks
}

struct Inks<'a> {
    theme: &'a Theme,
    marked: &'a Marked,
}

impl Inks<'_> {
    /// The runs of one look that make up a row.
    fn runs(&self, block: &Block, row: &Row) -> Vec<(Range<usize>, Style)> {
        let base = match row.sort {
            wrap::Sort::Code => self.theme.style(Role::Code),
            wrap::Sort::Fence => self.theme.style(Role::Muted),
            wrap::Sort::Heading => self.theme.style(Role::Title),
            wrap::Sort::Prose => self.theme.style(block.role()),
        };
        let range = row.range();
        let mut runs = Vec::new();
        let mut at = range.start;
        for (mark, kind) in &self.marked.marks {
            let (start, end) = (mark.start.max(at), mark.end.min(range.end));
            if start >= end {
                continue;
            }
            runs.push((at..start, base));
            let style = match kind {
                Mark::Code => self.theme.style(Role::Code),
                Mark::Bold => base.add_modifier(Modifier::BOLD),
            };
            runs.push((start..end, style));
            at = end;
        }
        runs.push((at..range.end, base));
        runs.retain(|(run, _)| !run.is_empty());
        runs
    }
}

/// Writes text from `column` on, cut at the end of `area`; gives the next column. ASCII takes a short way: it is
/// most of what streams.
fn write(buf: &mut Buffer, area: Rect, column: usize, text: &str, style: Style) -> usize {
    let width = usize::from(area.width);
    let mut column = column;
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        for byte in text.bytes().take(width.saturating_sub(column)) {
            if let Some(cell) = buf.cell_mut((area.x + column as u16, area.y)) {
                cell.set_char(char::from(byte)).set_style(style);
            }
            column += 1;
        }
        return column;
    }
    for piece in text.graphemes(true) {
        let wide = columns(piece, column);
        if wide == 0 {
            continue;
        }
        if column + wide > width {
            return width;
        }
        let x = area.x + column as u16;
        if piece == "\t" {
            (0..wide as u16).for_each(|nth| buf.set_string(x + nth, area.y, " ", style));
        } else {
            buf.set_string(x, area.y, piece, style);
        }
        column += wide;
    }
    column
}
