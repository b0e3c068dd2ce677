//! A logical piece of the stream: one thought, one answer, one tool call, one notice.

use super::wrap::{Row, Start, Wrap};
use crate::tui::theme::Role;

/// Columns before the text of a block: its sign and a space.
pub(super) const GUTTER: usize = 2;
/// What a block costs beyond its text and rows, in bytes.
const BLOCK_COST: usize = size_of::<Block>();

/// How a tool call that did what was asked is marked.
pub(super) const DONE_WELL: &str = "✓ ok";
/// How one that did not is marked.
pub(super) const DONE_BADLY: &str = "✗ failed";

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sort {
    Thought,
    Text,
    Said,
    Notice,
    /// How many lines are gone from the top.
    Gone,
    Tool {
        name: String,
        /// Result, when it ended.
        done: Option<Done>,
        view: View,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Done {
    pub brief: String,
    pub ok: bool,
}

/// How a tool call is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Folded,
    Open,
}

#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Grows by one; never again the same.
    pub id: u64,
    pub sort: Sort,
    pub text: String,
    /// It goes on where the block before stopped.
    pub goes_on: bool,
    wrap: Wrap,
}

impl Block {
    pub fn new(id: u64, sort: Sort, text: String, width: usize) -> Self {
        Self::starting(id, sort, text, (width, Start::Plain))
    }

    /// A block that may begin inside fences.
    pub fn starting(id: u64, sort: Sort, text: String, (width, start): (usize, Start)) -> Self {
        let wrap = Wrap::new(width.saturating_sub(GUTTER), start);
        let mut block = Self { id, sort, text, goes_on: false, wrap };
        block.wrap.grow(&block.text);
        block
    }

    pub fn append(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.wrap.grow(&self.text);
    }

    /// Nothing will be appended any more: gives back room that was kept for growing.
    pub fn close(&mut self) {
        self.text.shrink_to_fit();
        self.wrap.shrink();
    }

    /// Replaces the text.
    pub fn rewrite(&mut self, text: String, width: usize) {
        self.text = text;
        self.wrap = Wrap::new(width.saturating_sub(GUTTER), Start::Plain);
        self.wrap.grow(&self.text);
    }

    pub fn resize(&mut self, width: usize) {
        self.wrap.resize(width.saturating_sub(GUTTER), &self.text);
    }

    pub fn end(&self) -> Start {
        self.wrap.end(&self.text)
    }

    /// Rows that are shown.
    pub fn rows(&self) -> &[Row] {
        match self.sort {
            Sort::Tool { view: View::Folded, .. } => self.wrap.rows().get(..1).unwrap_or_default(),
            _ => self.wrap.rows(),
        }
    }

    pub fn is_folded(&self) -> bool {
        matches!(self.sort, Sort::Tool { view: View::Folded, .. })
    }

    /// Bytes it keeps.
    pub fn bytes(&self) -> usize {
        BLOCK_COST + self.text.len() + size_of_val(self.wrap.rows())
    }

    /// Lines of text that begin in it.
    pub fn lines(&self) -> u64 {
        let breaks = self.text.trim_end_matches('\n').bytes().filter(|&b| b == b'\n').count() as u64;
        breaks + u64::from(!self.goes_on)
    }

    /// Sign in the gutter and its role.
    pub fn sign(&self) -> (&'static str, Role) {
        match self.sort {
            Sort::Thought | Sort::Tool { .. } => ("›", Role::Muted),
            Sort::Text => (" ", Role::Text),
            Sort::Said => ("»", Role::Accent),
            Sort::Notice => ("!", Role::Warn),
            Sort::Gone => (" ", Role::Muted),
        }
    }

    /// Role of its text.
    pub fn role(&self) -> Role {
        match self.sort {
            Sort::Thought | Sort::Gone => Role::Muted,
            Sort::Text | Sort::Tool { .. } => Role::Text,
            Sort::Said => Role::Accent,
            Sort::Notice => Role::Warn,
        }
    }

    /// Whether marks like `code` mean something in it.
    pub fn is_marked_up(&self) -> bool {
        matches!(self.sort, Sort::Thought | Sort::Text | Sort::Said)
    }
}
