//! Candidates laid side by side: which places of the base each of them changes, and where they agree. Pure.
//!
//! The unit is the *place*: a stretch of lines of the base that at least one candidate replaces. Changes that overlap
//! or touch belong to one place, as in a three-way merge. A file that is made, deleted, moved or not text is one place.

use crate::tui::shot::{
    DiffDoc,
    doc::{FileDiff, Line},
};
use std::{collections::HashMap, ops::Range, sync::Arc};

/// Candidates compared at once.
pub const SIDES_MOST: usize = 4;

/// Candidates laid side by side.
#[derive(Debug, Default)]
pub struct Alignment {
    /// Their patches, in the order of the columns.
    pub docs: Vec<Arc<DiffDoc>>,
    /// Files that any of them touches: by first appearance, the first candidate's first.
    pub files: Vec<AlignedFile>,
}

/// One file.
#[derive(Debug)]
pub struct AlignedFile {
    /// Path before, or after for a new file.
    pub path: String,
    /// For each candidate, which file of its patch this is.
    pub of: Vec<Option<usize>>,
    /// Its places, top to bottom; at least one.
    pub places: Vec<Place>,
}

impl AlignedFile {
    /// Whether a candidate changes a place of this file.
    #[must_use]
    pub fn is_changed(&self, place: &Place, side: usize) -> bool {
        let whole = place.whole && self.of.get(side).copied().flatten().is_some();
        whole || place.sides.get(side).is_some_and(|changes| !changes.is_empty())
    }
}

/// One place of a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Lines of the base, counted from 1; empty where lines are only added before its start.
    pub base: Range<u32>,
    /// Whether it stands for the whole file: there is no taking it by halves.
    pub whole: bool,
    /// What each candidate makes of it, top to bottom; empty: it leaves the place alone.
    pub sides: Vec<Vec<Change>>,
    /// How they agree.
    pub agreement: Agreement,
}

/// One change of one candidate: lines of the base that go, lines that come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Lines of the base that go.
    pub base: Range<u32>,
    /// Which hunk of the file's patch it is in.
    pub hunk: usize,
    /// Removed lines of that hunk.
    pub removed: Range<usize>,
    /// Added lines of that hunk.
    pub added: Range<usize>,
}

/// How candidates agree on a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// All change it, all alike.
    Same,
    /// One alone changes it.
    Only(usize),
    /// Some change it, and those alike.
    Some,
    /// At least two change it, not alike.
    Conflict,
}

impl Alignment {
    /// Lays patches side by side; of more than [`SIDES_MOST`] the rest is left out.
    #[must_use]
    pub fn new(mut docs: Vec<DiffDoc>) -> Self {
        docs.truncate(SIDES_MOST);
        let docs: Vec<Arc<DiffDoc>> = docs.into_iter().map(Arc::new).collect();
        let mut files: Vec<AlignedFile> = Vec::new();
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (side, doc) in docs.iter().enumerate() {
            for (nth, file) in doc.files.iter().enumerate() {
                let path = if file.old.is_empty() { &file.new } else { &file.old };
                // One path can be named twice: a file that became a link is deleted and made.
                let same = known.entry(path.clone()).or_default();
                let free = same.iter().copied().find(|at| files[*at].of[side].is_none());
                let at = free.unwrap_or_else(|| {
                    let of = vec![None; docs.len()];
                    files.push(AlignedFile { path: path.clone(), of, places: Vec::new() });
                    same.push(files.len() - 1);
                    files.len() - 1
                });
                files[at].of[side] = Some(nth);
            }
        }
        for file in &mut files {
            file.places = places(&docs, &file.of);
        }
        Self { docs, files }
    }

    /// The file of one candidate's patch.
    #[must_use]
    pub fn file(&self, file: &AlignedFile, side: usize) -> Option<&FileDiff> {
        self.docs.get(side)?.files.get((*file.of.get(side)?)?)
    }

    /// Where the n-th of the lines that a candidate makes of a place stands in its patch: hunk and line of the file.
    #[must_use]
    pub fn line(place: &Place, side: usize, nth: usize) -> Option<(usize, usize)> {
        let mut left = nth;
        for change in place.sides.get(side)? {
            for range in [&change.removed, &change.added] {
                if left < range.len() {
                    return Some((change.hunk, range.start + left));
                }
                left -= range.len();
            }
        }
        None
    }

    /// How many lines a candidate makes of a place.
    #[must_use]
    pub fn tall(place: &Place, side: usize) -> usize {
        let changes = place.sides.get(side).into_iter().flatten();
        changes.map(|change| change.removed.len() + change.added.len()).sum()
    }

    /// How many places are the same, one candidate's alone or shared by some, and in conflict.
    #[must_use]
    pub fn tally(&self) -> [usize; 3] {
        let mut tally = [0; 3];
        for place in self.files.iter().flat_map(|file| &file.places) {
            tally[match place.agreement {
                Agreement::Same => 0,
                Agreement::Only(_) | Agreement::Some => 1,
                Agreement::Conflict => 2,
            }] += 1;
        }
        tally
    }
}

/// Whether a file's change can only be taken as a whole.
fn whole(file: &FileDiff) -> bool {
    !file.marks.is_empty() || file.old.is_empty() || file.new.is_empty() || file.old != file.new
}

fn places(docs: &[Arc<DiffDoc>], of: &[Option<usize>]) -> Vec<Place> {
    let file = |side: usize| docs[side].files.get(of[side]?);
    let sides: Vec<Vec<Change>> =
        (0..docs.len()).map(|side| file(side).map(changes).unwrap_or_default()).collect();
    if (0..docs.len()).filter_map(file).any(whole) {
        let alike = |a: usize, b: usize| match (file(a), file(b)) {
            (Some(one), Some(other)) => {
                (&one.old, &one.new, &one.marks) == (&other.old, &other.new, &other.marks)
                    && alike(docs, of, (a, &sides[a]), (b, &sides[b]))
                    // What is not text cannot be held against each other here.
                    && !one.is_binary()
            }
            _ => false,
        };
        let present: Vec<usize> = (0..docs.len()).filter(|side| of[*side].is_some()).collect();
        let agreement = agree(docs.len(), &present, alike);
        return vec![Place { base: 0..0, whole: true, sides, agreement }];
    }
    let mut all: Vec<(usize, &Change)> = sides
        .iter()
        .enumerate()
        .flat_map(|(side, list)| list.iter().map(move |change| (side, change)))
        .collect();
    all.sort_by_key(|(side, change)| (change.base.start, change.base.end, *side));
    let mut places: Vec<(Range<u32>, Vec<Vec<Change>>)> = Vec::new();
    for (side, change) in all {
        let touches = places.last().is_some_and(|(base, _)| change.base.start <= base.end);
        if !touches {
            places.push((change.base.clone(), vec![Vec::new(); docs.len()]));
        }
        let Some((base, sides)) = places.last_mut() else { continue };
        base.end = base.end.max(change.base.end);
        sides[side].push(change.clone());
    }
    let place = |(base, sides): (Range<u32>, Vec<Vec<Change>>)| {
        let present: Vec<usize> = (0..docs.len()).filter(|side| !sides[*side].is_empty()).collect();
        let agreement = agree(docs.len(), &present, |a, b| alike(docs, of, (a, &sides[a]), (b, &sides[b])));
        Place { base, whole: false, sides, agreement }
    };
    places.into_iter().map(place).collect()
}

fn agree(sides: usize, present: &[usize], alike: impl Fn(usize, usize) -> bool) -> Agreement {
    match present {
        [only] => Agreement::Only(*only),
        [first, rest @ ..] if rest.iter().all(|other| alike(*first, *other)) => {
            if present.len() == sides {
                Agreement::Same
            } else {
                Agreement::Some
            }
        }
        _ => Agreement::Conflict,
    }
}

/// Whether two candidates make the same of a place: the same lines go, the same lines come.
fn alike(docs: &[Arc<DiffDoc>], of: &[Option<usize>], a: (usize, &[Change]), b: (usize, &[Change])) -> bool {
    let added = |(side, change): (usize, &Change)| {
        let file = docs[side].files.get(of[side]?)?;
        let lines = file.hunks.get(change.hunk)?.lines.get(change.added.clone())?;
        let text = |line: &Line| (docs[side].text(line).to_owned(), line.crlf, line.no_newline);
        Some(lines.iter().map(text).collect::<Vec<_>>())
    };
    let same = |(x, y): (&Change, &Change)| x.base == y.base && added((a.0, x)) == added((b.0, y));
    a.1.len() == b.1.len() && a.1.iter().zip(b.1).all(same)
}

/// The changes of a file, each with the lines of the base it replaces.
fn changes(file: &FileDiff) -> Vec<Change> {
    let mut found = Vec::new();
    for (nth, hunk) in file.hunks.iter().enumerate() {
        // A hunk without a line of the base names the line before it.
        let begins = hunk.lines.iter().find(|line| line.old > 0).map_or(hunk.old_start + 1, |line| line.old);
        for (removed, added) in hunk.changes() {
            let before = hunk.lines[..removed.start].iter().rev().find(|line| line.old > 0);
            let start = before.map_or(begins, |line| line.old + 1);
            let count = u32::try_from(removed.len()).unwrap_or(u32::MAX);
            found.push(Change { base: start..start.saturating_add(count), hunk: nth, removed, added });
        }
    }
    found
}
