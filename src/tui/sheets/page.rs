//! Texts and patches on the whole screen.

use super::Sheet;
use crate::{
    domain::{digest::Digest, text::clean_bytes},
    tui::shot::ShotView,
};

/// Bytes of a page that are shown.
const PAGE_MOST: usize = 4 * 1024 * 1024;

/// A text from outside.
pub struct Page {
    /// Heading.
    pub title: String,
    /// Clean, a row each.
    pub lines: Vec<String>,
    /// Scrolled so far.
    pub at: usize,
    /// The row of the versions that it was opened from, to go back there.
    pub from: Option<usize>,
}

impl Page {
    pub(super) fn new(title: String, bytes: &[u8], from: Option<usize>) -> Self {
        let text = clean_bytes(&bytes[..bytes.len().min(PAGE_MOST)]);
        let lines = text.lines().map(|line| line.replace('\t', "    ")).collect();
        Self { title, lines, at: 0, from }
    }
}

/// A patch on the whole screen.
pub struct DiffPage {
    /// Heading.
    pub title: String,
    /// How it is looked at.
    pub shot: ShotView,
    /// Its content.
    pub digest: Digest,
    /// What it was opened from, to go back there.
    pub from: Option<Box<Sheet>>,
}
