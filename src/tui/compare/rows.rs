//! Which row of the comparison shows what of it: made when patches are laid side by side or both versions of a place
//! are taken, so that a frame costs what is visible. Pure.

use super::align::{Alignment, Place};
use std::collections::BTreeMap;

/// Lines of one candidate's version of a place that are shown.
pub const LINES_MOST: usize = 12;

/// A file and a place of it.
pub type At = (usize, usize);

/// What one row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The path of a file.
    File(usize),
    /// A place; its heading, or the n-th line of it counted from 1.
    Place(At, usize),
    /// Both versions of a place, one after the other; the heading, or the n-th line counted from 1.
    Both(At, usize),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    first: usize,
    file: usize,
    /// None: the heading of the file.
    place: Option<usize>,
    /// Rows of the place; what follows is of both versions.
    tall: usize,
}

/// The index.
#[derive(Debug, Default)]
pub struct Rows {
    entries: Vec<Entry>,
    /// Of each file, which entry is its heading.
    files: Vec<usize>,
    /// Of each place, which entry it is.
    places: Vec<usize>,
    total: usize,
}

/// Rows of a place: its heading and the longest version of it.
fn tall(alignment: &Alignment, place: &Place) -> usize {
    let sides = 0..alignment.docs.len();
    1 + sides.map(|side| Alignment::tall(place, side)).max().unwrap_or(0).min(LINES_MOST)
}

impl Rows {
    /// Of an alignment, with so many lines of both versions where both are taken.
    #[must_use]
    pub fn of(alignment: &Alignment, both: &BTreeMap<At, usize>) -> Self {
        let mut rows = Self::default();
        for (file, aligned) in alignment.files.iter().enumerate() {
            rows.files.push(rows.entries.len());
            rows.entries.push(Entry { first: rows.total, file, place: None, tall: 1 });
            rows.total += 1;
            for (at, place) in aligned.places.iter().enumerate() {
                let tall = tall(alignment, place);
                rows.places.push(rows.entries.len());
                rows.entries.push(Entry { first: rows.total, file, place: Some(at), tall });
                let more = both.get(&(file, at)).map_or(0, |lines| 1 + lines.min(&LINES_MOST));
                rows.total += tall + more;
            }
        }
        rows
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// What a row shows.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Row> {
        let at = self.entries.partition_point(|entry| entry.first <= row).checked_sub(1)?;
        let entry = self.entries.get(at).filter(|_| row < self.total)?;
        let nth = row - entry.first;
        Some(match entry.place {
            None => Row::File(entry.file),
            Some(place) if nth < entry.tall => Row::Place((entry.file, place), nth),
            Some(place) => Row::Both((entry.file, place), nth - entry.tall),
        })
    }

    /// First and last row of a place.
    #[must_use]
    pub fn of_place(&self, (file, place): At) -> Option<(usize, usize)> {
        let at = self.files.get(file)? + 1 + place;
        let entry = self.entries.get(at).filter(|entry| (entry.file, entry.place) == (file, Some(place)))?;
        let end = self.entries.get(at + 1).map_or(self.total, |next| next.first);
        Some((entry.first, end.saturating_sub(1)))
    }

    /// The n-th place from one, at most the first or the last.
    #[must_use]
    pub fn step(&self, (file, place): At, by: isize) -> At {
        let here = self.files.get(file).map_or(0, |head| head + 1 + place);
        let nth = self.places.partition_point(|entry| *entry < here);
        let goal = nth.saturating_add_signed(by).min(self.places.len().saturating_sub(1));
        let entry = self.places.get(goal).and_then(|entry| self.entries.get(*entry));
        entry.map_or((0, 0), |entry| (entry.file, entry.place.unwrap_or(0)))
    }
}
