//! Where one looks when a newer patch comes: at the same line, or at what changed last. Pure.

use super::{
    doc::{DiffDoc, FileDiff, Hunk, Kind},
    rows::{Place, Row, row_of},
};
use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Rows below the top in which a line that both patches know is looked for.
const ANCHOR_MOST: usize = 1_024;
/// Unchanged lines that stay visible above the newest change.
const LEAD: usize = 1;

/// Where the row that is on top now stands in a newer patch, and how many rows above that to begin. Lines are found by
/// their number before the change: the base of a mission stays, the numbers after it move.
pub(super) fn same_place((before, rows, top): (&DiffDoc, &[Row], Place), doc: &DiffDoc) -> (Place, usize) {
    let Some(path) = before.files.get(top.file as usize).map(|file| file.path()) else {
        return Default::default();
    };
    let Some(file) = doc.files.iter().position(|file| file.path() == path) else {
        let file = top.file.min(doc.files.len().saturating_sub(1) as u32);
        return (Place { file, ..Place::default() }, 0);
    };
    let at = row_of(rows, top);
    let file = file as u32;
    let anchor = rows.iter().skip(at).take(ANCHOR_MOST).enumerate().find_map(|(down, row)| {
        let Row::Lines { file, hunk, left, .. } = *row else { return None };
        let line = before.files.get(file as usize)?.hunks.get(hunk as usize)?.lines.get(left as usize)?;
        (file == top.file && line.old > 0).then_some((down, line.old))
    });
    let Some((down, old)) = anchor else { return (Place { file, ..top }, 0) };
    place_of_old(doc, file, old).map_or((Place { file, ..Place::default() }, 0), |place| (place, down))
}

/// The place of the first line whose number before the change is `old` or more.
fn place_of_old(doc: &DiffDoc, file: u32, old: u32) -> Option<Place> {
    let hunks = &doc.files.get(file as usize)?.hunks;
    hunks.iter().enumerate().find_map(|(part, hunk)| {
        let line = hunk.lines.iter().position(|line| line.old >= old)?;
        Some(Place { file, part: part as u32 + 1, line: line as u32 + 1 })
    })
}

/// The first change of the first hunk that the patch before did not have; its top when nothing is new.
pub(super) fn newest(before: &DiffDoc, doc: &DiffDoc) -> Place {
    let known: HashSet<u64> = hunks(before).map(|(hash, ..)| hash).collect();
    let Some((_, file, part)) = hunks(doc).find(|(hash, ..)| !known.contains(hash)) else {
        return Place::default();
    };
    if (file, part) == (0, 0) && doc.files.first().is_some_and(|file| !file.marks.is_empty()) {
        return Place::default();
    }
    let hunk = doc.files.get(file as usize).and_then(|file| file.hunks.get(part as usize));
    let change = hunk.and_then(|hunk| hunk.lines.iter().position(|line| line.kind != Kind::Context));
    let change = change.unwrap_or(0);
    let line = change.saturating_sub(LEAD) as u32 + 1;
    // The heading is worth its row when nothing stands between it and the change.
    Place { file, part: part + 1, line: if change <= LEAD { 0 } else { line } }
}

/// Every hunk: what it changes as a number, file, hunk.
fn hunks(doc: &DiffDoc) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
    let number = |file: &FileDiff, hunk: &Hunk| {
        let mut hasher = DefaultHasher::new();
        file.path().hash(&mut hasher);
        for line in hunk.lines.iter().filter(|line| line.kind != Kind::Context) {
            (line.kind, doc.text(line)).hash(&mut hasher);
        }
        hasher.finish()
    };
    doc.files.iter().enumerate().flat_map(move |(at, file)| {
        let of = move |(part, hunk)| (number(file, hunk), at as u32, part as u32);
        file.hunks.iter().enumerate().map(of)
    })
}
