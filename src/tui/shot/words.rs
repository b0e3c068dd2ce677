//! Which words of a changed line changed. Pure; limited by a deadline, so that hostile text cannot hold it.

use super::doc::{DiffDoc, Hunk};
use similar::{ChangeTag, TextDiff};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// Changed byte ranges of one line.
pub type Ranges = Vec<Range<u32>>;

/// Lines on each side of a change above which no words are compared: such a change is a rewrite.
pub const LINES_MOST: usize = 64;
/// Bytes of a line above which no words are compared.
pub const LINE_MOST: usize = 1024;
/// Time one change may take, off the drawing path. Ordinary changes take under a millisecond; this stops hostile
/// ones and is long enough that a busy machine does not lose the words of ordinary ones (20 ms did).
pub const TIME_MOST: Duration = Duration::from_millis(500);

/// Changed words of the lines `part` of a hunk, by position in `part`. Changes that reach over its ends are
/// compared whole.
#[must_use]
pub fn emphasis(doc: &DiffDoc, hunk: &Hunk, part: Range<usize>) -> Vec<Ranges> {
    let mut found = vec![Ranges::new(); part.len()];
    for (dels, adds) in hunk.changes() {
        if adds.end <= part.start || dels.start >= part.end {
            continue;
        }
        let mut put = |line: usize, ranges: Ranges| {
            if part.contains(&line) {
                found[line - part.start] = ranges;
            }
        };
        change(doc, hunk, (&dels, &adds), &mut put);
    }
    found
}

fn change(
    doc: &DiffDoc,
    hunk: &Hunk,
    (dels, adds): (&Range<usize>, &Range<usize>),
    put: &mut dyn FnMut(usize, Ranges),
) {
    let fits = |lines: &Range<usize>| {
        (1..=LINES_MOST).contains(&lines.len())
            && hunk.lines[lines.clone()].iter().all(|line| (line.end - line.start) as usize <= LINE_MOST)
    };
    if !fits(dels) || !fits(adds) {
        return;
    }
    let side = |lines: &Range<usize>| -> Vec<&str> {
        hunk.lines[lines.clone()].iter().map(|line| doc.text(line)).collect()
    };
    let (old, new) = (side(dels), side(adds));
    let deadline = Instant::now() + TIME_MOST;
    let diff = TextDiff::configure().deadline(deadline).diff_slices(&old, &new);
    for op in diff.ops() {
        for line in diff.iter_inline_changes_deadline(op, Some(deadline)) {
            let at = match line.tag() {
                ChangeTag::Delete => line.old_index().map(|at| dels.start + at),
                ChangeTag::Insert => line.new_index().map(|at| adds.start + at),
                ChangeTag::Equal => None,
            };
            let Some(at) = at else { continue };
            let mut end = 0;
            let mut ranges = Ranges::new();
            for (emphasized, text) in line.iter_strings_lossy() {
                let start = end;
                end += text.len() as u32;
                match ranges.last_mut() {
                    Some(last) if emphasized && last.end == start => last.end = end,
                    _ if emphasized => ranges.push(start..end),
                    _ => {}
                }
            }
            let text = doc.text(&hunk.lines[at]);
            put(at, telling(text, ranges));
        }
    }
}

/// Only ranges that point something out: not the indentation, and nothing when the whole line is new.
fn telling(text: &str, mut ranges: Ranges) -> Ranges {
    let indent = (text.len() - text.trim_start().len()) as u32;
    let end = text.trim_end().len() as u32;
    for range in &mut ranges {
        range.start = range.start.max(indent.min(range.end));
    }
    ranges.retain(|range| !range.is_empty());
    let marked: u32 = ranges.iter().map(|range| range.end.min(end).saturating_sub(range.start)).sum();
    if marked + indent >= end { Ranges::new() } else { ranges }
}
