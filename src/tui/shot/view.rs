//! The live shot of a channel: which patch, where one looks, and how it is drawn. Drawing changes nothing and
//! costs what is visible. A new shot keeps the place one looks at; while nobody moved, it goes where the patch
//! changed last.

use super::{
    doc::{DiffDoc, Hunk, Kind},
    draw::{Pen, Split, path_end},
    highlight::{BLOCK_LINES, BlockAt, Highlighter, Paint},
    rows::{NONE, Place, Row, Rows, row_of},
};
use crate::{
    domain::{digest::Digest, feed::Shot},
    tui::{
        motion::Motion,
        theme::{Role, Theme},
    },
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Width from which before and after stand side by side.
pub const SPLIT_FROM: u16 = 100;
/// Columns of one step sideways.
pub const SIDE_STEP: usize = 8;

/// Columns one can go sideways.
pub const SIDE_MOST: usize = 2 * 1024;

/// One column or two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layout {
    /// Two from [`SPLIT_FROM`] columns on.
    #[default]
    Auto,
    /// One.
    Unified,
    /// Two.
    Split,
}

/// State of one live shot pane.
#[derive(Debug, Clone, Default)]
pub struct ShotView {
    doc: Arc<DiffDoc>,
    rows: Arc<Rows>,
    digest: Option<Digest>,
    highlighter: Option<Highlighter>,
    layout: Layout,
    width: u16,
    height: u16,
    top: Place,
    skip: usize,
    moved: bool,
}

impl ShotView {
    /// An empty pane. Without a highlighter everything is drawn plain.
    #[must_use]
    pub fn new(highlighter: Option<Highlighter>) -> Self {
        Self { highlighter, ..Self::default() }
    }

    /// Takes a new shot; false when it is the one that is shown already.
    pub fn show(&mut self, shot: &Shot) -> bool {
        if self.digest.as_ref() == Some(&shot.digest) {
            return false;
        }
        self.digest = Some(shot.digest);
        self.show_doc(DiffDoc::parse(&shot.patch));
        true
    }

    /// Takes a parsed patch.
    pub fn show_doc(&mut self, doc: DiffDoc) {
        let rows = Rows::of(&doc);
        let top = if self.moved { self.same_place(&doc, &rows) } else { newest(&self.doc, &doc) };
        (self.doc, self.rows, self.top) = (Arc::new(doc), Arc::new(rows), top);
        self.clamp();
    }

    /// The patch that is shown.
    #[must_use]
    pub fn doc(&self) -> &DiffDoc {
        &self.doc
    }

    /// Tells the size of the pane, before keys are handled and after each resize.
    pub fn fit(&mut self, width: u16, height: u16) {
        (self.width, self.height) = (width, height);
        self.clamp();
    }

    /// Chooses one column or two.
    pub fn set_layout(&mut self, layout: Layout) {
        self.layout = layout;
        self.clamp();
    }

    /// The chosen layout.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Moves.
    pub fn go(&mut self, motion: Motion) {
        let rows = self.rows_at(self.width);
        let (top, page) = (row_of(rows, self.top), self.page());
        let end = rows.len().saturating_sub(page);
        let find = |wanted: fn(&Row) -> bool| {
            let next = rows.iter().enumerate().skip(top + 1).find(|(_, row)| wanted(row)).map(|(at, _)| at);
            let prev = rows.iter().take(top).rposition(wanted);
            (next.unwrap_or(top), prev.unwrap_or(0))
        };
        let file = self.top.file;
        let start_of = |file: u32| row_of(rows, Place { file, ..Place::default() });
        let is_hunk: fn(&Row) -> bool = |row| matches!(row, Row::Hunk { .. });
        let to = match motion {
            Motion::Up => top.saturating_sub(1),
            Motion::Down => (top + 1).min(end.max(top)),
            Motion::PageUp => top.saturating_sub(page),
            Motion::PageDown => (top + page).min(end.max(top)),
            Motion::Top => 0,
            Motion::Bottom => end,
            Motion::NextHunk => find(is_hunk).0,
            Motion::PrevHunk => find(is_hunk).1,
            Motion::NextFile if file as usize + 1 < self.doc.files.len() => start_of(file + 1),
            Motion::NextFile => top,
            Motion::PrevFile if top > start_of(file) => start_of(file),
            Motion::PrevFile => start_of(file.saturating_sub(1)),
            Motion::Left | Motion::Right => top,
        };
        let place = rows.get(to).map(|row| row.place()).unwrap_or_default();
        match motion {
            Motion::Left => self.skip = self.skip.saturating_sub(SIDE_STEP),
            Motion::Right => self.skip = (self.skip + SIDE_STEP).min(SIDE_MOST),
            _ => {}
        }
        (self.top, self.moved) = (place, true);
    }

    /// Goes back to showing where the patch changes.
    pub fn follow(&mut self) {
        self.moved = false;
    }

    /// The file one looks at: its index, for a list of files.
    #[must_use]
    pub fn current_file(&self) -> Option<usize> {
        (!self.doc.is_empty()).then_some(self.top.file as usize)
    }

    /// Draws heading and rows. Blocks that are not painted yet are drawn plain and wished for.
    pub fn render(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let mut pen = Pen { buf, theme, skip: self.skip };
        self.heading(Rect { height: 1, ..area }, &mut pen);
        let rows = self.rows_at(area.width);
        let split = if self.is_split(area.width) { Split::Two } else { Split::One };
        let mut paints = Paints { view: self, last: [None, None] };
        let visible = rows.iter().skip(row_of(rows, self.top)).take(usize::from(area.height - 1));
        for (y, row) in (area.y + 1..area.bottom()).zip(visible) {
            let blocks = paints.of(*row);
            let lines = [0, 1].map(|side| blocks[side].as_ref().and_then(|(paint, at)| paint.get(*at)));
            pen.row(Rect { y, height: 1, ..area }, &self.doc, *row, lines, split);
        }
    }

    fn heading(&self, area: Rect, pen: &mut Pen<'_>) {
        let muted = pen.theme.style(Role::Muted);
        let at = pen.put(area, 0, "LIVE SHOT", pen.theme.style(Role::Title)) + 2;
        let Some(file) = self.doc.files.get(self.top.file as usize) else {
            pen.put(area, at, "no changes yet", muted);
            return;
        };
        let (more, fewer) = (file.additions.to_string(), file.deletions.to_string());
        let counts = "  + -  /".len() + more.len() + fewer.len();
        let room = usize::from(area.width).saturating_sub(usize::from(at) + counts);
        let at = pen.put(area, at, &path_end(file.path(), room), pen.theme.style(Role::Accent)) + 2;
        let mut at = pen.counts(area, at, (file.additions, file.deletions));
        if self.doc.files.len() > 1 {
            at = pen.put(area, at + 2, &format!("{}/{}", self.top.file + 1, self.doc.files.len()), muted);
        }
        if self.doc.cut {
            at = pen.put(area, at + 2, "cut: too long to show whole", pen.theme.style(Role::Warn));
        }
        if self.doc.skipped > 0 {
            let text = format!("{} not understood", crate::domain::text::count(self.doc.skipped, "line"));
            pen.put(area, at + 2, &text, pen.theme.style(Role::Warn));
        }
    }

    fn is_split(&self, width: u16) -> bool {
        match self.layout {
            Layout::Auto => width >= SPLIT_FROM,
            Layout::Unified => false,
            Layout::Split => true,
        }
    }

    fn rows_at(&self, width: u16) -> &[Row] {
        if self.is_split(width) { &self.rows.split } else { &self.rows.unified }
    }

    /// Rows of the pane below its heading.
    fn page(&self) -> usize {
        usize::from(self.height.saturating_sub(1)).max(1)
    }

    /// No empty rows below the end while nobody moved there on purpose.
    fn clamp(&mut self) {
        let rows = self.rows_at(self.width);
        let most =
            if self.moved { rows.len().saturating_sub(1) } else { rows.len().saturating_sub(self.page()) };
        let at = row_of(rows, self.top).min(most);
        self.top = rows.get(at).map(|row| row.place()).unwrap_or_default();
    }

    /// Where the row that is on top now stands in a newer patch. Lines are found by their number before the
    /// change: the base of a mission stays, the numbers after it move.
    fn same_place(&self, doc: &DiffDoc, rows: &Rows) -> Place {
        let Some(path) = self.doc.files.get(self.top.file as usize).map(|file| file.path()) else {
            return Place::default();
        };
        let Some(file) = doc.files.iter().position(|file| file.path() == path) else {
            return Place {
                file: self.top.file.min(doc.files.len().saturating_sub(1) as u32),
                ..Place::default()
            };
        };
        let old_rows = self.rows_at(self.width);
        let top = row_of(old_rows, self.top);
        let file = file as u32;
        let anchor = old_rows.iter().skip(top).take(ANCHOR_MOST).enumerate().find_map(|(down, row)| {
            let Row::Lines { file, hunk, left, .. } = *row else { return None };
            let line =
                self.doc.files.get(file as usize)?.hunks.get(hunk as usize)?.lines.get(left as usize)?;
            (file == self.top.file && line.old > 0).then_some((down, line.old))
        });
        let Some((down, old)) = anchor else { return Place { file, ..self.top } };
        let Some(place) = place_of_old(doc, file, old) else { return Place { file, ..Place::default() } };
        let rows = if self.is_split(self.width) { &rows.split } else { &rows.unified };
        let at = row_of(rows, place).saturating_sub(down);
        let start = row_of(rows, Place { file, ..Place::default() });
        rows.get(at.max(start)).map(|row| row.place()).unwrap_or_default()
    }
}

/// Rows below the top in which a line that both patches know is looked for.
const ANCHOR_MOST: usize = 1_024;
/// Unchanged lines that stay visible above the newest change.
const LEAD: usize = 1;

/// The place of the first line whose number before the change is `old` or more.
fn place_of_old(doc: &DiffDoc, file: u32, old: u32) -> Option<Place> {
    let hunks = &doc.files.get(file as usize)?.hunks;
    hunks.iter().enumerate().find_map(|(part, hunk)| {
        let line = hunk.lines.iter().position(|line| line.old >= old)?;
        Some(Place { file, part: part as u32 + 1, line: line as u32 + 1 })
    })
}

/// The first change of the first hunk that the patch before did not have; its top when nothing is new.
fn newest(before: &DiffDoc, doc: &DiffDoc) -> Place {
    let hash = |doc: &DiffDoc, path: &str, hunk: &Hunk| {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        for line in hunk.lines.iter().filter(|line| line.kind != Kind::Context) {
            (line.kind, doc.text(line)).hash(&mut hasher);
        }
        hasher.finish()
    };
    let all = |doc: &DiffDoc| -> Vec<(u64, u32, u32)> {
        let of_file = |(file, diff): (usize, &super::doc::FileDiff)| {
            let of_hunk =
                |(part, hunk): (usize, &Hunk)| (hash(doc, diff.path(), hunk), file as u32, part as u32);
            diff.hunks.iter().enumerate().map(of_hunk).collect::<Vec<_>>()
        };
        doc.files.iter().enumerate().flat_map(of_file).collect()
    };
    let known: HashSet<u64> = all(before).into_iter().map(|(hash, ..)| hash).collect();
    let Some((_, file, part)) = all(doc).into_iter().find(|(hash, ..)| !known.contains(hash)) else {
        return Place::default();
    };
    if (file, part) == (0, 0) && doc.files.first().is_some_and(|file| !file.marks.is_empty()) {
        return Place::default();
    }
    let lines = &doc.files[file as usize].hunks[part as usize].lines;
    let change = lines.iter().position(|line| line.kind != Kind::Context).unwrap_or(0);
    let line = change.saturating_sub(LEAD) as u32 + 1;
    // The heading is worth its row when nothing stands between it and the change.
    Place { file, part: part + 1, line: if change <= LEAD { 0 } else { line } }
}

/// Paint of rows that follow each other: mostly of one block.
struct Paints<'a> {
    view: &'a ShotView,
    last: [Option<(BlockAt, Option<Paint>)>; 2],
}

impl Paints<'_> {
    /// Paint of the left and the right line of a row with the position in it.
    fn of(&mut self, row: Row) -> [Option<(Paint, usize)>; 2] {
        let Row::Lines { file, hunk, left, right } = row else { return [None, None] };
        [(0, left), (1, right)].map(|(side, line)| {
            let highlighter = self.view.highlighter.as_ref().filter(|_| line != NONE)?;
            let line = line as usize;
            let at = BlockAt { file: file as usize, hunk: hunk as usize, block: line / BLOCK_LINES };
            let known =
                self.last.iter().flatten().find(|(known, _)| *known == at).map(|(_, paint)| paint.clone());
            let paint = known.unwrap_or_else(|| highlighter.get(&self.view.doc, at));
            self.last[side] = Some((at, paint.clone()));
            paint.map(|paint| (paint, line % BLOCK_LINES))
        })
    }
}
