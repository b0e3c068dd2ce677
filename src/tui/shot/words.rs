//! Which words of a changed line changed. Pure; limited by a deadline, so that hostile text cannot hold it.

use super::doc::{DiffDoc, Hunk};
use similar::{ChangeTag, TextDiff};
use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant},
};
use unicode_segmentation::UnicodeSegmentation as _;

/// Changed byte ranges of one line.
pub type Ranges = Vec<Range<u32>>;

/// Lines on each side of a change above which no words are compared: such a change is a rewrite.
pub const LINES_MOST: usize = 64;
/// Bytes of a line above which no words are compared.
pub const LINE_MOST: usize = 1024;
/// Time one change may take, off the drawing path. Ordinary changes take under a millisecond; this stops hostile
/// ones and is long enough that a busy machine does not lose the words of ordinary ones (20 ms did).
pub const TIME_MOST: Duration = Duration::from_millis(500);

/// Thousandths of their words that two lines must share to be one line that changed.
const ALIKE_LEAST: u32 = 500;

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
    for (del, add) in pairs(&old, &new) {
        let diff = TextDiff::configure().deadline(deadline).diff_unicode_words(old[del], new[add]);
        let [mut gone, mut come] = [Side::default(), Side::default()];
        for change in diff.iter_all_changes() {
            let tag = change.tag();
            for (side, marks) in [(&mut gone, ChangeTag::Delete), (&mut come, ChangeTag::Insert)] {
                if tag == ChangeTag::Equal || tag == marks {
                    side.word(change.value(), tag == marks);
                }
            }
        }
        put(dels.start + del, telling(old[del], gone.marked));
        put(adds.start + add, telling(new[add], come.marked));
    }
}

/// One line of a pair while its words are gone through.
#[derive(Default)]
struct Side {
    end: u32,
    marked: Ranges,
}

impl Side {
    fn word(&mut self, text: &str, changed: bool) {
        let start = self.end;
        self.end += text.len() as u32;
        match self.marked.last_mut() {
            Some(last) if changed && last.end == start => last.end = self.end,
            _ if changed => self.marked.push(start..self.end),
            _ => {}
        }
    }
}

/// Which deleted line became which added one: in order, alike in at least half of their words, and together as alike
/// as can be. So one line that became four keeps its words, wherever among the four it stands.
fn pairs(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    let [old, new] = [old, new].map(|lines| lines.iter().map(|line| counted(line)).collect::<Vec<_>>());
    let width = new.len() + 1;
    // How alike the lines from here on can be paired, in thousandths.
    let mut best = vec![0_u32; (old.len() + 1) * width];
    for del in (0..old.len()).rev() {
        for add in (0..new.len()).rev() {
            let paired = match alike(&old[del], &new[add]) {
                0 => 0,
                alike => alike + best[(del + 1) * width + add + 1],
            };
            let unpaired = best[(del + 1) * width + add].max(best[del * width + add + 1]);
            best[del * width + add] = paired.max(unpaired);
        }
    }
    let (mut del, mut add, mut found) = (0, 0, Vec::new());
    while del < old.len() && add < new.len() {
        let here = best[del * width + add];
        if here == best[(del + 1) * width + add] {
            del += 1;
        } else if here == best[del * width + add + 1] {
            add += 1;
        } else {
            found.push((del, add));
            (del, add) = (del + 1, add + 1);
        }
    }
    found
}

/// The words of a line with how often each occurs, and how many there are; blanks are none.
fn counted(line: &str) -> (BTreeMap<&str, u32>, u32) {
    let mut words = BTreeMap::new();
    for word in line.split_word_bounds().filter(|word| !word.trim().is_empty()) {
        *words.entry(word).or_default() += 1;
    }
    let all = words.values().sum();
    (words, all)
}

/// How many of their words two lines share, in thousandths; nothing if it is less than half.
fn alike((old, olds): &(BTreeMap<&str, u32>, u32), (new, news): &(BTreeMap<&str, u32>, u32)) -> u32 {
    let shared: u32 = old.iter().map(|(word, often)| *often.min(new.get(word).unwrap_or(&0))).sum();
    let thousandths = 2_000 * shared / (olds + news).max(1);
    if thousandths >= ALIKE_LEAST { thousandths } else { 0 }
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
