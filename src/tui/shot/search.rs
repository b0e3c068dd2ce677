//! What is looked for in a patch, and the lines that hold it. Pure.

use super::{doc::DiffDoc, rows::Place};
use crate::tui::stream::search::Needle;

/// Lines found that are gone through; of more, the first ones.
const FOUND_MOST: usize = 100_000;

/// What is looked for and where it was found.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    pub needle: Option<Needle>,
    /// Lines that hold it, in order; none yet when the patch is newer than the search.
    pub places: Option<Vec<Place>>,
    pub at: usize,
}

impl Search {
    /// The patch is another now.
    pub fn forget_places(&mut self) {
        self.places = None;
    }

    /// `3/12 words`.
    pub fn words(&self) -> Option<String> {
        let needle = self.needle.as_ref()?;
        let words = crate::domain::text::clean_line(needle.text(), 40);
        Some(match &self.places {
            Some(places) if places.is_empty() => format!("not found: {words}"),
            Some(places) => format!("{}/{} {words}", self.at + 1, places.len()),
            None => words.into(),
        })
    }
}

pub(super) fn places(doc: &DiffDoc, needle: &Needle) -> Vec<Place> {
    let mut found = Vec::new();
    for (file, diff) in doc.files.iter().enumerate() {
        for (part, hunk) in diff.hunks.iter().enumerate() {
            let hits = hunk
                .lines
                .iter()
                .enumerate()
                .filter(|(_, line)| needle.find_in(doc.text(line)).next().is_some());
            let place = |(line, _)| Place { file: file as u32, part: part as u32 + 1, line: line as u32 + 1 };
            found.extend(hits.map(place).take(FOUND_MOST - found.len()));
        }
    }
    found
}
