//! Lines into records: the joiner holds every line until it knows that the next one does not go on with it.
//!
//! Owns which lines belong together; reads no trace and judges no level. Pure: time arrives as an argument.
//! Invariants: every stream (a container, a process) is joined for itself, however its lines are mixed with others'; a
//! record holds at most [`LINES_MOST`] lines and [`BYTES_MOST`] bytes, its first and last ones; at most [`STREAMS_MOST`]
//! records are open; a record is closed after [`HOLD`] without a line and [`HOLD_MOST`] after its first; no line of a
//! record holds a control character, so that no line can pass for two.

pub mod prefix;

use super::trace::grammar::{self, Mood};
use crate::domain::{
    text,
    time::{Millis, Timestamp},
};
use prefix::Level;

/// Lines of a record; more are left out of its middle.
pub const LINES_MOST: usize = 256;
/// Bytes of a record; more are left out of its middle.
pub const BYTES_MOST: usize = 64 * 1024;
/// Bytes of a line.
pub const LINE_MOST: usize = 16 * 1024;
/// Streams with an open record.
pub const STREAMS_MOST: usize = 32;
/// How long a record waits for its next line.
pub const HOLD: Millis = Millis(500);
/// How long a record stays open in all.
pub const HOLD_MOST: Millis = Millis(10_000);
/// Lines kept from the start of a record that is too long.
const HEAD: usize = 160;

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose: container, process, host; empty where the lines do not say.
    pub stream: String,
    /// Cleaned lines without the prefixes of their transport; never empty.
    pub lines: Vec<String>,
    /// Lines that were left out of the middle.
    pub left_out: u64,
    /// Whether its lines look like a trace.
    pub traced: bool,
    /// When its first line came.
    pub at: Timestamp,
}

/// A record that may go on.
#[derive(Debug)]
struct Open {
    record: Record,
    mood: Mood,
    /// Whether a logger reported an error or a warning in its first line, so that a trace may follow.
    report: bool,
    /// Whether its first line speaks of an error without the header of a logger: `Exception occurred during ...`.
    speaks: bool,
    /// The level of its first line.
    level: Option<Level>,
    /// Whether lines after the first have a logger's header, too.
    headed: bool,
    /// The last line goes on in the next one.
    partial: bool,
    bytes: usize,
    last: Timestamp,
}

/// Joins the lines of one source.
#[derive(Debug, Default)]
pub struct Joiner {
    open: Vec<Open>,
}

impl Joiner {
    /// Takes one line; adds what is complete by it.
    pub fn push(&mut self, raw: &str, at: Timestamp, done: &mut Vec<Record>) {
        let bare = prefix::bare(raw);
        let text = cleaned(&bare.text);
        match prefix::unfolded(&text).filter(|_| !bare.partial) {
            Some(lines) => lines.iter().for_each(|line| {
                self.put(&bare.key, Line::of((*line).to_owned(), false), at, done);
            }),
            None => self.put(&bare.key, Line::of(text, bare.partial), at, done),
        }
    }

    fn put(&mut self, key: &str, line: Line, at: Timestamp, done: &mut Vec<Record>) {
        if let Some(place) = self.open.iter().position(|open| open.record.stream == key) {
            if !self.open[place].over(at) && self.open[place].take(&line, at) {
                return;
            }
            finish(self.open.swap_remove(place), done);
        }
        self.begin(key, line, at, done);
    }

    /// Closes the records that have waited long enough.
    pub fn tick(&mut self, at: Timestamp, done: &mut Vec<Record>) {
        let mut place = 0;
        while place < self.open.len() {
            if self.open[place].over(at) {
                finish(self.open.remove(place), done);
            } else {
                place += 1;
            }
        }
    }

    /// Closes all of them.
    pub fn finish(&mut self, done: &mut Vec<Record>) {
        self.open.drain(..).for_each(|open| finish(open, done));
    }

    /// Lines and bytes that are held.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        let lines = self.open.iter().map(|open| open.record.lines.len()).sum();
        (lines, self.open.iter().map(|open| open.bytes).sum())
    }

    fn begin(&mut self, key: &str, line: Line, at: Timestamp, done: &mut Vec<Record>) {
        if line.text.trim().is_empty() && !line.partial {
            return;
        }
        if self.open.len() >= STREAMS_MOST {
            let oldest = self.open.iter().enumerate().min_by_key(|(_, open)| open.last);
            let oldest = oldest.map_or(0, |(place, _)| place);
            finish(self.open.remove(oldest), done);
        }
        self.open.push(Open::of(key, line, at));
    }
}

/// One line without the prefix of its transport, looked at once.
#[derive(Debug)]
struct Line {
    text: String,
    /// Where the text behind the header of a logger begins, and the level that is named there; `None` without one.
    header: Option<(usize, Option<Level>)>,
    partial: bool,
}

impl Line {
    fn of(text: String, partial: bool) -> Self {
        let found = prefix::header(text.trim_start());
        let header = found.map(|found| (text.len() - found.rest.len(), found.level));
        Self { text, header, partial }
    }

    /// The text behind the header.
    fn rest(&self) -> &str {
        self.header.map_or(&self.text, |(at, _)| &self.text[at..])
    }

    fn level(&self) -> Option<Level> {
        self.header.and_then(|(_, level)| level)
    }
}

/// A finished record without the blank lines at its end.
fn finish(mut open: Open, done: &mut Vec<Record>) {
    while open.record.lines.len() > 1 && open.record.lines.last().is_some_and(|line| line.trim().is_empty()) {
        open.record.lines.pop();
    }
    open.record.traced = !matches!(open.mood, Mood::Plain) || open.record.lines.len() > 1;
    done.push(open.record);
}

/// One line in which nothing acts on a terminal and nothing passes for another line.
fn cleaned(raw: &str) -> String {
    let end = (0..=LINE_MOST.min(raw.len())).rev().find(|at| raw.is_char_boundary(*at)).unwrap_or(0);
    let raw = &raw[..end];
    if raw.bytes().all(|b| matches!(b, b'\t' | 0x20..=0x7e)) {
        return raw.to_owned();
    }
    text::clean(raw.trim_end_matches(['\r', '\n'])).replace('\n', " ")
}

impl Open {
    /// Whether it has waited long enough; also if the clock went back.
    fn over(&self, at: Timestamp) -> bool {
        at < self.last || at.since(self.last) >= HOLD || at.since(self.record.at) >= HOLD_MOST
    }

    fn of(key: &str, line: Line, at: Timestamp) -> Self {
        let rest = line.rest();
        let mood = grammar::opens(rest).or_else(|| grammar::strong(rest)).unwrap_or_default();
        let level = line.level();
        let report = match (line.header, level) {
            (Some(_), Some(level)) => level >= Level::Warning,
            (Some(_), None) => says_bad(rest),
            (None, _) => false,
        };
        let speaks = line.header.is_none() && says_bad(rest);
        let bytes = line.text.len();
        let record =
            Record { stream: key.to_owned(), lines: vec![line.text], left_out: 0, traced: false, at };
        Self { record, mood, report, speaks, level, headed: false, partial: line.partial, bytes, last: at }
    }

    /// Takes a line if it goes on with the record.
    fn take(&mut self, line: &Line, at: Timestamp) -> bool {
        if self.partial {
            self.complete(line, at);
            return true;
        }
        let Some(mood) = self.after(line) else { return false };
        self.headed |= line.header.is_some();
        self.mood = mood;
        self.partial = line.partial;
        self.last = at;
        self.keep(line.rest().to_owned());
        true
    }

    /// Adds the next piece of a line that was cut.
    fn complete(&mut self, line: &Line, at: Timestamp) {
        let alone = self.record.lines.len() == 1;
        let last = self.record.lines.last_mut().filter(|last| last.len() + line.text.len() <= LINE_MOST);
        if let Some(last) = last {
            last.push_str(&line.text);
            self.bytes += line.text.len();
        }
        self.partial = line.partial;
        self.last = at;
        if let Some(whole) = self.record.lines.first().filter(|_| alone && !line.partial) {
            let key = self.record.stream.clone();
            let begun = self.record.at;
            *self = Self { last: at, ..Self::of(&key, Line::of(whole.clone(), false), begun) };
        }
    }

    /// What is being read after this line, if it goes on with the record.
    fn after(&self, line: &Line) -> Option<Mood> {
        let rest = line.rest();
        if grammar::begins_anew(&self.record.lines, rest) {
            return None;
        }
        let last = self.record.lines.last().map_or("", String::as_str);
        if line.header.is_none() {
            let fresh = self.mood == Mood::Plain && self.report && self.record.lines.len() == 1;
            let on = grammar::goes_on(self.mood, last, rest);
            let on = on.or_else(|| if fresh { grammar::follows_report(rest) } else { None });
            return on.or_else(|| self.announces().then(|| grammar::announced(rest)).flatten());
        }
        // It begins like a record. It goes on only where every line of a trace has a header, and the same level.
        let every = (self.headed || self.record.lines.len() == 1) && line.level() == self.level;
        if !every {
            return None;
        }
        match grammar::strong(rest) {
            Some(next) if self.mood <= Mood::Named => Some(next),
            Some(_) => Some(self.mood),
            None if self.mood > Mood::Named => grammar::goes_on(self.mood, last, rest),
            None => None,
        }
    }

    /// Whether it is one line that tells of an error and has no stack, so that the head of a traceback right below it is of
    /// the same error.
    fn announces(&self) -> bool {
        (self.report || self.speaks) && self.mood <= Mood::Named && self.record.lines.len() == 1
    }

    /// Adds a line within the bounds: the middle goes first.
    fn keep(&mut self, line: String) {
        let lines = &mut self.record.lines;
        while lines.len() >= LINES_MOST || (self.bytes + line.len() > BYTES_MOST && lines.len() > HEAD) {
            self.bytes -= lines.remove(HEAD).len();
            self.record.left_out += 1;
        }
        if self.bytes + line.len() > BYTES_MOST {
            self.record.left_out += 1;
            return;
        }
        self.bytes += line.len();
        lines.push(line);
    }
}

/// Whether a text without a level speaks of an error.
fn says_bad(text: &str) -> bool {
    ["rror", "xception", "ERROR", "panic", "CRITICAL", "FATAL", "failed"]
        .iter()
        .any(|word| text.contains(word))
}
