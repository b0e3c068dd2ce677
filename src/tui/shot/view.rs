//! A patch on screen: the live shot of a channel, a candidate, any text that is a patch. Which patch, where one looks,
//! and how it is drawn. Drawing changes nothing and costs what is visible. A new shot keeps the place one looks at;
//! while nobody moved, it goes where the patch changed last.
//!
//! A patch longer than [`AT_ONCE`] is read on the painting thread: its beginning is shown meanwhile, or the shot before.

use super::{
    anchor::{newest, same_place},
    doc::DiffDoc,
    draw::{Pen, Room, Shown, path_end},
    highlight::{BLOCK_LINES, BlockAt, Highlighter, Later, Paint},
    rows::{Folds, NONE, Place, Row, Split, row_of, rows_of},
    search::Search,
    tree::{TreeRow, render, tree_of},
};
use crate::{
    domain::{digest::Digest, feed::Shot, text::count},
    tui::theme::{Role, Theme},
};
use ratatui::{buffer::Buffer, layout::Rect};
use std::sync::Arc;

/// Width from which before and after stand side by side.
pub const SPLIT_FROM: u16 = 100;
/// Columns of one step sideways.
pub const SIDE_STEP: usize = 8;
/// Columns one can go sideways.
pub const SIDE_MOST: usize = 2 * 1024;
/// Bytes of a patch that are read between two frames.
pub const AT_ONCE: usize = 512 * 1024;
/// Columns between tab stops where nothing else is set.
pub const TAB: u8 = 4;
/// Width from which the tree of files stands beside the patch.
const TREE_FROM: u16 = 70;

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

/// How patches are looked at, alike in every pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// One column or two.
    pub layout: Layout,
    /// Whether long lines go on in the next row.
    pub wrap: bool,
    /// Columns between tab stops, from 1.
    pub tab: u8,
}

impl Default for Manner {
    fn default() -> Self {
        Self { layout: Layout::Auto, wrap: false, tab: TAB }
    }
}

/// State of one pane that shows a patch.
#[derive(Debug)]
pub struct ShotView {
    pub(super) doc: Arc<DiffDoc>,
    pub(super) rows: Arc<Vec<Row>>,
    pub(super) split: Split,
    pub(super) folds: Folds,
    pub(super) search: Search,
    pub(super) tree: Option<Arc<Vec<TreeRow>>>,
    pub(super) room: Room,
    /// Where rows are drawn in the pane.
    pub(super) inner: Rect,
    pub(super) top: Place,
    /// Which of the rows that the top one is wrapped into.
    pub(super) nth: u16,
    pub(super) moved: bool,
    name: &'static str,
    digest: Option<Digest>,
    highlighter: Option<Highlighter>,
    layout: Layout,
    size: (u16, u16),
    later: Option<Later<Read>>,
    /// Whether only the beginning of the patch is shown.
    partial: bool,
}

impl Default for ShotView {
    fn default() -> Self {
        Self::new(None)
    }
}

/// A patch that was read, and where it differs from the one before.
#[derive(Debug)]
struct Read {
    doc: DiffDoc,
    newest: Place,
}

impl Read {
    fn of(before: &DiffDoc, patch: &str) -> Self {
        let doc = DiffDoc::parse(patch);
        Self { newest: newest(before, &doc), doc }
    }
}

impl ShotView {
    /// An empty pane. Without a highlighter everything is drawn plain and read at once.
    #[must_use]
    pub fn new(highlighter: Option<Highlighter>) -> Self {
        let mut view = Self {
            doc: Arc::default(),
            rows: Arc::default(),
            split: Split::One,
            folds: Folds::default(),
            search: Search::default(),
            tree: None,
            room: Room { tab: 1, wrap: false, skip: 0 },
            inner: Rect::default(),
            top: Place::default(),
            nth: 0,
            moved: false,
            name: "LIVE SHOT",
            digest: None,
            highlighter,
            layout: Layout::Auto,
            size: (0, 0),
            later: None,
            partial: false,
        };
        view.set_manner(Manner::default());
        view
    }

    /// A pane with a patch that does not change, shown from its beginning.
    #[must_use]
    pub fn of(name: &'static str, patch: String, highlighter: Option<Highlighter>, manner: Manner) -> Self {
        let mut view = Self { name, ..Self::new(highlighter) };
        view.set_manner(manner);
        view.moved = true;
        view.read(Arc::new(Shot { digest: Digest::default(), patch }));
        view
    }

    /// Takes a new shot; false when it is the one that is shown already.
    pub fn show(&mut self, shot: &Arc<Shot>) -> bool {
        if self.digest.as_ref() == Some(&shot.digest) {
            return false;
        }
        self.digest = Some(shot.digest);
        self.read(shot.clone());
        true
    }

    fn read(&mut self, shot: Arc<Shot>) {
        self.later = None;
        let highlighter = self.highlighter.as_ref().filter(|_| shot.patch.len() > AT_ONCE);
        let Some(highlighter) = highlighter else {
            self.partial = false;
            return self.take(Read::of(&self.doc, &shot.patch));
        };
        let before = self.doc.clone();
        let whole = shot.clone();
        self.later = Some(highlighter.make(move || Read::of(&before, &whole.patch)));
        if self.doc.is_empty() {
            let end = shot.patch.as_bytes().iter().take(AT_ONCE).rposition(|byte| *byte == b'\n');
            let head = shot.patch.get(..end.map_or(0, |end| end + 1)).unwrap_or_default();
            self.take(Read::of(&DiffDoc::default(), head));
            self.partial = true;
        }
    }

    /// Takes a parsed patch.
    pub fn show_doc(&mut self, doc: DiffDoc) {
        let newest = newest(&self.doc, &doc);
        self.take(Read { doc, newest });
    }

    fn take(&mut self, read: Read) {
        let Read { doc, newest } = read;
        let (mut top, mut back) = (newest, 0);
        if self.partial {
            // The beginning of a patch has the places that the whole has.
            top = self.top;
        } else if self.moved {
            (top, back) = same_place((&self.doc, &self.rows, self.top), &doc);
        }
        let wrapped = if self.partial { self.nth } else { 0 };
        self.partial = false;
        self.doc = Arc::new(doc);
        self.search.forget_places();
        self.remake();
        let start = row_of(&self.rows, Place { file: top.file, ..Place::default() });
        let row = row_of(&self.rows, top).saturating_sub(back).max(start);
        self.top = self.rows.get(row).map(|row| row.place()).unwrap_or_default();
        self.nth = wrapped;
        self.clamp();
    }

    /// Makes the index anew: another patch, layout or fold.
    pub(super) fn remake(&mut self) {
        self.rows = Arc::new(rows_of(&self.doc, self.split, &self.folds));
        if self.tree.is_some() {
            self.tree = Some(Arc::new(tree_of(&self.doc)));
        }
    }

    /// The patch that is shown.
    #[must_use]
    pub fn doc(&self) -> &DiffDoc {
        &self.doc
    }

    /// Whether the rest of a long patch is still being read.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.later.is_some()
    }

    /// Tells the size of the pane, before keys are handled, each frame and after each resize. What was read meanwhile
    /// is shown from now on.
    pub fn fit(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.lay_out();
        if let Some(later) = self.later.take() {
            match later.take() {
                Ok(read) => self.take(read),
                Err(later) => self.later = Some(later),
            }
        }
        self.clamp();
    }

    /// How the patch is looked at.
    pub fn set_manner(&mut self, manner: Manner) {
        self.layout = manner.layout;
        self.room.tab = usize::from(manner.tab.max(1));
        self.room.wrap = manner.wrap;
        if manner.wrap {
            self.room.skip = 0;
        }
        self.lay_out();
        self.clamp();
    }

    /// Shows or hides the tree of files; whether it is shown now.
    pub fn turn_tree(&mut self) -> bool {
        self.tree = if self.tree.is_some() { None } else { Some(Arc::new(tree_of(&self.doc))) };
        self.lay_out();
        self.clamp();
        self.tree.is_some()
    }

    /// Whether the tree of files is open.
    #[must_use]
    pub fn has_tree(&self) -> bool {
        self.tree.is_some()
    }

    fn lay_out(&mut self) {
        let (_, inner) = self.parts(Rect::new(0, 0, self.size.0, self.size.1));
        self.inner = inner;
        let two = match self.layout {
            Layout::Auto => inner.width >= SPLIT_FROM,
            Layout::Unified => false,
            Layout::Split => true,
        };
        let split = if two { Split::Two } else { Split::One };
        if split != self.split {
            self.split = split;
            self.remake();
        }
    }

    /// Where the tree and the rows are in an area, below the heading.
    fn parts(&self, area: Rect) -> (Rect, Rect) {
        let under = Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area };
        if self.tree.is_none() {
            return (Rect { width: 0, ..under }, under);
        }
        if area.width >= TREE_FROM {
            let width = (area.width / 3).min(44);
            let tree = Rect { width, ..under };
            return (tree, Rect { x: under.x + width + 1, width: under.width - width - 1, ..under });
        }
        let height = under.height / 2;
        (Rect { height, ..under }, Rect { y: under.y + height, height: under.height - height, ..under })
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
        let (tree, inner) = self.parts(area);
        if let Some(rows) = &self.tree {
            render(rows, self.top.file as usize, tree, buf, theme);
            if tree.height == inner.height && tree.width < area.width {
                let line = Rect { x: tree.right(), width: 1, ..tree };
                (line.y..line.bottom())
                    .for_each(|y| buf.set_string(line.x, y, "│", theme.style(Role::Border)));
            }
        }
        let needle = self.search.needle.as_ref();
        let mut pen = Pen { buf, theme, room: self.room, folds: &self.folds, needle };
        self.heading(Rect { height: 1, ..area }, &mut pen);
        let mut paints = Paints { view: self, last: [None, None] };
        let (mut at, mut nth) = (row_of(&self.rows, self.top), self.nth);
        for y in inner.y..inner.bottom() {
            let Some(row) = self.rows.get(at).copied() else { break };
            let blocks = paints.of(row);
            let paint = [0, 1].map(|side| blocks[side].as_ref().and_then(|(paint, at)| paint.get(*at)));
            pen.row(Rect { y, height: 1, ..inner }, &self.doc, Shown { row, nth, paint }, self.split);
            nth += 1;
            if nth >= self.tall(at) {
                (at, nth) = (at + 1, 0);
            }
        }
    }

    fn heading(&self, area: Rect, pen: &mut Pen<'_>) {
        let muted = pen.theme.style(Role::Muted);
        let at = pen.put(area, 0, self.name, pen.theme.style(Role::Title)) + 2;
        let Some(file) = self.doc.files.get(self.top.file as usize) else {
            let words = if self.is_reading() { "reading…" } else { "no changes yet" };
            pen.put(area, at, words, muted);
            return;
        };
        let (more, fewer) = (file.additions.to_string(), file.deletions.to_string());
        let counts = "  + -  /".len() + more.len() + fewer.len();
        let room = usize::from(area.width).saturating_sub(usize::from(at) + counts);
        let at = pen.put(area, at, &path_end(file.path(), room), pen.theme.style(Role::Accent)) + 2;
        let mut at = pen.counts(area, at, (file.additions, file.deletions));
        let warn = pen.theme.style(Role::Warn);
        let mut say = |text: &str, style| at = pen.put(area, at + 2, text, style);
        if self.doc.files.len() > 1 {
            say(&format!("{}/{}", self.top.file + 1, self.doc.files.len()), muted);
        }
        if let Some(words) = self.search.words() {
            say(&words, warn);
        }
        if self.partial {
            say("reading the rest…", warn);
        }
        if self.doc.cut {
            say("cut: too long to show whole", warn);
        }
        if self.doc.skipped > 0 && !self.partial {
            say(&format!("{} not understood", count(self.doc.skipped, "line")), warn);
        }
    }
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
