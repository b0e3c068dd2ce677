//! Which lines of a log may tell of an error, and how bad they say it is. Two steps: a search for a few byte strings over
//! whole chunks, which throws away nearly everything at the speed of memory and never a line that the second step would
//! call more than [`Level::Other`]; then a precise look at each line that is left. Reads no clock, keeps nothing, never fails on any bytes.
//!
//! The level that a system wrote itself decides; words decide only where no level is written. A crash is told by what
//! runtimes and kernels print (`panic: `, `segfault at`, `Out of memory: Kill`).

mod class;
mod fields;
mod plain;

pub use class::{ID_MOST, Level, Seen};
pub use fields::MESSAGE_MOST;

use crate::domain::text;
use aho_corasick::packed;
use plain::{Plain, WRAPPED, opens};
use std::borrow::Cow;

/// Bytes of a line that are looked at.
pub const LINE_MOST: usize = 16 * 1024;

/// Every line above [`Level::Other`] holds one of these, or begins in one of the ways of [`opens`]. Four bytes or more each:
/// shorter ones would stop the search too often.
const SIGNS: [&str; 64] = [
    "rror",
    "RROR",
    "atal",
    "ATAL",
    "anic",
    "ANIC",
    "xcept",
    "CRIT",
    "crit",
    "Crit",
    "EMERG",
    "emerg",
    "Emerg",
    "ALERT",
    "alert",
    "Alert",
    "EVERE",
    "evere",
    "WARN",
    "warn",
    "Warn",
    "Traceback",
    "egfault",
    "egmentation",
    "SIGSEGV",
    "SIGABRT",
    "SIGBUS",
    "core dumped",
    "of memory",
    "oom-k",
    "OOMKilled",
    "overflowed its",
    "kernel BUG",
    "double free",
    "terminate called",
    "stack smash",
    "short_message",
    "riority",
    "RIORITY",
    "ERR ",
    "ERR]",
    "ERR:",
    "ERR>",
    "ERR\"",
    "WRN ",
    "FTL ",
    "err]",
    "err>",
    "err:",
    "err\"",
    "=err",
    "=ERR",
    "\":40,",
    "\":40}",
    "\": 40,",
    "\": 40}",
    "\":50,",
    "\":50}",
    "\": 50,",
    "\": 50}",
    "\":60,",
    "\":60}",
    "\": 60,",
    "\": 60}",
];

/// The search and the look. Cheap to use, a little work to make: make one and keep it.
#[derive(Debug)]
pub struct Scanner {
    /// None where the machine has no fast search: then every line is looked at.
    search: Option<packed::Searcher>,
    plain: Plain,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new()
    }
}

impl Scanner {
    /// Ready to scan.
    #[must_use]
    pub fn new() -> Self {
        Self { search: packed::Config::new().builder().extend(SIGNS).build(), plain: Plain::new() }
    }

    /// The lines of this chunk that may tell of an error, in their order, without their ends.
    #[must_use]
    pub fn candidates<'a>(&'a self, chunk: &'a [u8]) -> Candidates<'a> {
        Candidates { scanner: self, chunk, at: 0, sign: self.sign(chunk, 0) }
    }

    /// Whether this line may tell of an error.
    #[must_use]
    pub fn may_matter(&self, line: &str) -> bool {
        opens(line.as_bytes()) || self.sign(line.as_bytes(), 0).is_some()
    }

    /// How bad this line says it is, and what it says besides. Right for every line, and quick for one that may not matter.
    #[must_use]
    pub fn look(&self, line: &str) -> Seen {
        if !self.may_matter(line) {
            return Seen::plain(Level::Other);
        }
        let end = line.floor_char_boundary(LINE_MOST);
        let line = line[..end].trim_end();
        let line = if line.bytes().any(|byte| byte < 0x20 && byte != b'\t') {
            Cow::Owned(text::clean_line(line, LINE_MOST).into())
        } else {
            Cow::Borrowed(line)
        };
        self.structured(&line).unwrap_or_else(|| self.told(&line))
    }

    /// A line that is one JSON object.
    fn structured(&self, line: &str) -> Option<Seen> {
        if !line.starts_with('{') {
            return None;
        }
        let fields = fields::json(line)?;
        let spoken = |message: &String| {
            let wrapped = line.as_bytes().starts_with(WRAPPED);
            if wrapped { self.plain.level(message) } else { self.plain.level_of_message(message) }
        };
        let level = match (fields.level, &fields.message) {
            (Some(level), Some(message)) if level >= Level::Error => {
                level.max(self.plain.level_of_message(message))
            }
            (Some(level), _) => level,
            (None, Some(message)) => spoken(message),
            (None, None) => Level::Other,
        };
        Some(Seen { level, message: fields.message, user: fields.user, request: fields.request })
    }

    /// A line of text, with or without `key=value` pairs.
    fn told(&self, line: &str) -> Seen {
        let fields = if line.contains('=') { fields::pairs(line) } else { fields::Fields::default() };
        let level = match fields.level {
            Some(level) if level < Level::Error => level,
            Some(level) => level.max(self.plain.level(line)),
            None => self.plain.level(line),
        };
        Seen { level, message: fields.message, user: fields.user, request: fields.request }
    }

    /// Where the next sign is.
    fn sign(&self, chunk: &[u8], from: usize) -> Option<usize> {
        match &self.search {
            Some(search) => {
                search.find_in(chunk, aho_corasick::Span::from(from..chunk.len())).map(|sign| sign.start())
            }
            None => (from < chunk.len()).then_some(from),
        }
    }
}

/// See [`Scanner::candidates`].
#[derive(Debug)]
pub struct Candidates<'a> {
    scanner: &'a Scanner,
    chunk: &'a [u8],
    /// Where the next line starts.
    at: usize,
    /// Where the next sign at or after that is.
    sign: Option<usize>,
}

impl<'a> Iterator for Candidates<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let sign = self.sign.unwrap_or(self.chunk.len());
        let start = self.opening(sign).or_else(|| {
            let before = self.chunk.get(self.at..self.sign?)?;
            Some(self.at + memchr::memrchr(b'\n', before).map_or(0, |end| end + 1))
        })?;
        let rest = self.chunk.get(start..)?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = start + length + 1;
        if self.sign.is_some_and(|sign| sign < self.at) {
            self.sign = self.scanner.sign(self.chunk, self.at.min(self.chunk.len()));
        }
        let line = rest.get(..length)?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl Candidates<'_> {
    /// The next line before this place that [`opens`].
    fn opening(&self, before: usize) -> Option<usize> {
        let lines = self.chunk.get(self.at..before)?;
        if opens(self.chunk.get(self.at..)?) && !lines.is_empty() {
            return Some(self.at);
        }
        let mut starts = memchr::memchr_iter(b'\n', lines).map(|end| self.at + end + 1);
        starts.find(|start| self.chunk.get(*start..).is_some_and(opens))
    }
}

#[cfg(test)]
mod tests;
