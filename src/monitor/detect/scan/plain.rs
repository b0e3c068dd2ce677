//! The level of a line of plain text: by what its system wrote as its level, else by words that mean an error wherever
//! they stand. A level that is written wins over every word after it: `INFO retrying after IOException` is no error.

use super::class::Level;
use memchr::memmem::{self, Finder};

/// Where the level of a line may stand: in its first bytes.
const HEADER: usize = 160;

/// Words that mean a crash wherever they stand, unless negated.
const CRASHES: [&str; 22] = [
    "panic: ",
    "panicked at ",
    "Kernel panic",
    "fatal error: ",
    "segfault at ",
    "Segmentation fault",
    "segmentation fault",
    "SIGSEGV",
    "SIGABRT",
    "SIGBUS",
    "core dumped",
    "Out of memory: Kill",
    "out of memory: Kill",
    "invoked oom-killer",
    "oom-kill:",
    "OOMKilled",
    "kernel BUG at",
    "double free or corruption",
    "terminate called after throwing",
    "stack smashing detected",
    "OutOfMemoryError",
    "has overflowed its stack",
];

/// The look at a line of text. Holds its searches, so that they are made once.
#[derive(Debug)]
pub struct Plain {
    crashes: Vec<Finder<'static>>,
}

impl Plain {
    pub fn new() -> Self {
        Self { crashes: CRASHES.iter().map(|word| Finder::new(word.as_bytes())).collect() }
    }

    /// The level of this line.
    pub fn level(&self, line: &str) -> Level {
        let (line, priority) = syslog(line.as_bytes());
        self.told(line, begun(line), priority)
    }

    /// The level of a message that some other line carries: its beginning says nothing.
    pub fn level_of_message(&self, message: &str) -> Level {
        self.told(message.as_bytes(), None, None)
    }

    fn told(&self, line: &[u8], begun: Option<Level>, priority: Option<Level>) -> Level {
        let written = begun.or_else(|| written(line));
        // A line whose level is an error may tell of a crash; one whose level is less tells of one that is handled.
        if written.is_none_or(|level| level >= Level::Error) && self.tells_of_crash(line) {
            return Level::Crash;
        }
        written.or(priority).unwrap_or_else(|| spoken(line))
    }

    fn tells_of_crash(&self, line: &[u8]) -> bool {
        let tells = |at: usize| {
            let java = line[at..].starts_with(b"OutOfMemoryError");
            java || (bounded(line, at) && !negated(line, at))
        };
        self.crashes.iter().any(|word| word.find_iter(line).any(tells))
    }
}

/// Whether a line begins in a way that says a level without a word: `<3>` of syslog, `E0312 ` of klog, `fail: `; also
/// within the wrapping of a container's log driver, and behind colours, which are looked through later.
pub fn opens(line: &[u8]) -> bool {
    match line {
        [b'<', ..] => {
            let (rest, priority) = syslog(line);
            priority.is_some_and(|level| level > Level::Other)
                || begun(rest).is_some_and(|level| level > Level::Other)
        }
        [b'{', ..] => {
            line.strip_prefix(WRAPPED).is_some_and(|inner| !inner.starts_with(WRAPPED) && opens(inner))
        }
        [b'E' | b'W' | b'F' | b'f', ..] => begun(line).is_some(),
        [0x1b, ..] => true,
        _ => false,
    }
}

/// How a container's log driver wraps a line.
pub const WRAPPED: &[u8] = b"{\"log\":\"";

/// The level that the beginning of a line says without a word.
fn begun(line: &[u8]) -> Option<Level> {
    if line.starts_with(b"fail: ") { Some(Level::Error) } else { klog(line) }
}

/// The line without `<34>`, and what that says.
fn syslog(line: &[u8]) -> (&[u8], Option<Level>) {
    let digits = line.iter().skip(1).take(4).take_while(|byte| byte.is_ascii_digit()).count();
    if line.first() != Some(&b'<') || !(1..=3).contains(&digits) || line.get(digits + 1) != Some(&b'>') {
        return (line, None);
    }
    let number = line[1..=digits].iter().fold(0_u64, |number, byte| number * 10 + u64::from(byte - b'0'));
    (&line[digits + 2..], (number < 192).then(|| Level::of_severity(number % 8)))
}

/// `E0312 10:00:00.000000`.
fn klog(line: &[u8]) -> Option<Level> {
    let [letter, a, b, c, d, b' ', h, ..] = line else { return None };
    if ![a, b, c, d, h].iter().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match letter {
        b'I' => Some(Level::Other),
        b'W' => Some(Level::Warn),
        b'E' => Some(Level::Error),
        b'F' => Some(Level::Crash),
        _ => None,
    }
}

/// The first word of the header that is written as a level: in capitals, or in brackets, or before a colon at the start.
fn written(line: &[u8]) -> Option<Level> {
    let header = &line[..line.len().min(HEADER)];
    let mut at = 0;
    while at < header.len() {
        if !header[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let length = header[at..].iter().take_while(|byte| is_word(**byte)).count();
        let end = at + length;
        if (3..=9).contains(&length)
            && let Ok(word) = std::str::from_utf8(&header[at..end])
            && let Some(level) = Level::of_word(word).or_else(|| short(word, line.get(end)))
            && stands_as_level(line, at, end)
        {
            return Some(level);
        }
        at = end.max(at + 1);
    }
    None
}

/// As loggers for terminals write it.
fn short(word: &str, after: Option<&u8>) -> Option<Level> {
    match word {
        _ if after != Some(&b' ') => None,
        "INF" | "DBG" => Some(Level::Other),
        "WRN" => Some(Level::Warn),
        "FTL" => Some(Level::Error),
        _ => None,
    }
}

fn stands_as_level(line: &[u8], at: usize, end: usize) -> bool {
    let before = at.checked_sub(1).map_or(b' ', |before| line[before]);
    let after = line.get(end).copied().unwrap_or(b' ');
    if matches!((before, after), (b'[' | b':', b']') | (b'<', b'>')) {
        return true;
    }
    let framed = matches!(before, b' ' | b'\t' | b'[' | b'|' | b'(' | b':' | b'-');
    let ends = if end - at == 3 {
        matches!(after, b' ' | b']' | b':') && end < line.len()
    } else {
        matches!(after, b' ' | b'\t' | b']' | b'|' | b')' | b':' | b',')
    };
    if !framed || !ends || negated(line, at) || is_counted(line, at, end) {
        return false;
    }
    let capitals = line[at..end].iter().all(u8::is_ascii_uppercase);
    let title =
        end - at > 3 && line[at].is_ascii_uppercase() && line[at + 1..end].iter().all(u8::is_ascii_lowercase);
    capitals || (after == b':' && (at == 0 || title))
}

/// `ERROR: 0`, `Errors = 0`.
fn is_counted(line: &[u8], at: usize, end: usize) -> bool {
    let mut rest = line[end..].iter().copied().filter(|byte| *byte != b' ');
    at > 0 && matches!((rest.next(), rest.next()), (Some(b'=' | b':'), Some(b'0')))
}

/// An error told in words by a line without a level.
fn spoken(line: &[u8]) -> Level {
    if told(line, b"Traceback (most recent call last)") {
        return Level::Error;
    }
    let forms = [&b"error"[..], b"Error", b"ERROR"];
    if forms.iter().any(|word| found(line, word).any(|at| is_error_word(line, at, word))) {
        return Level::Error;
    }
    let strong = [
        &b"fatal: "[..],
        b"FATAL",
        b"CRITICAL",
        b"critical: ",
        b"Exception in thread",
        b"Unhandled exception",
    ];
    if strong.iter().any(|word| told(line, word))
        || found(line, b"Exception").any(|at| is_exception(line, at))
    {
        return Level::Error;
    }
    let warns = [&b"WARN"[..], b"WARNING", b"warning: ", b"Warning: "];
    if warns.iter().any(|word| told(line, word)) { Level::Warn } else { Level::Other }
}

/// Whether this `error` tells of one: a word or the end of a type's name, not a count of none, a field or a part of a name.
fn is_error_word(line: &[u8], start: usize, word: &[u8]) -> bool {
    let before = start.checked_sub(1).map_or(b' ', |before| line[before]);
    let after = line.get(start + 5).copied().unwrap_or(b' ');
    if before.is_ascii_alphanumeric() {
        // `TypeError: x is not a function`, `redis.exceptions.ConnectionError: ...`.
        return word == b"Error" && after == b':' && line.get(start + 6).is_none_or(|byte| *byte == b' ');
    }
    if matches!(before, b'_' | b'-' | b'/' | b'.' | b'$')
        || matches!(after, b'_' | b'-' | b'/' | b'.' | b'(') && !ends(line, start + 5)
    {
        return false;
    }
    let plural = after.eq_ignore_ascii_case(&b's');
    let end = start + 5 + usize::from(plural);
    let next = line.get(end).copied().unwrap_or(b' ');
    if is_word(next) || matches!(next, b'_' | b'-' | b'/') {
        return false;
    }
    !negated(line, start) && !empty_value(&line[end..]) && !names_a_thing(&line[end..])
}

/// A full stop that ends a sentence, not one inside a name.
fn ends(line: &[u8], at: usize) -> bool {
    line.get(at) == Some(&b'.') && line.get(at + 1).is_none_or(|byte| *byte == b' ')
}

/// ` rate`, ` log`, ` handler`: a thing that has to do with errors.
fn names_a_thing(rest: &[u8]) -> bool {
    const THINGS: [&[u8]; 10] = [
        b" rate",
        b" log",
        b" handler",
        b" handling",
        b" page",
        b" count",
        b" budget",
        b" reporting",
        b" correction",
        b" free",
    ];
    THINGS.iter().any(|thing| {
        rest.get(..thing.len()).is_some_and(|start| start.eq_ignore_ascii_case(thing))
            && rest.get(thing.len()).is_none_or(|byte| !byte.is_ascii_alphabetic() || *byte == b's')
    })
}

/// `=0`, `: none`, `=null`, `=""`, `=false`.
fn empty_value(rest: &[u8]) -> bool {
    let mut rest = rest.trim_ascii_start();
    let Some((b'=' | b':', value)) = rest.split_first() else { return false };
    rest = value.trim_ascii_start();
    const NOTHING: [&[u8]; 10] =
        [b"0", b"none", b"null", b"nil", b"<nil>", b"false", b"no", b"\"\"", b"''", b"0.0"];
    let length = rest
        .iter()
        .take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b',' | b';' | b'}' | b')'))
        .count();
    NOTHING.iter().any(|nothing| rest[..length].eq_ignore_ascii_case(nothing))
}

/// `no`, `0`, `without`, `zero` before it.
fn negated(line: &[u8], at: usize) -> bool {
    let head = line[..at].trim_ascii_end();
    if head.len() == at {
        return false;
    }
    let length = head.iter().rev().take_while(|byte| is_word(**byte) || **byte == b'.').count();
    let word = &head[head.len() - length..];
    [&b"no"[..], b"0", b"without", b"zero", b"not", b"non", b"any", b"0.0"]
        .iter()
        .any(|none| word.eq_ignore_ascii_case(none))
}

/// `java.io.IOException: text`, or at the end of the line.
fn is_exception(line: &[u8], at: usize) -> bool {
    let start = at.checked_sub(1).map_or(b' ', |before| line[before]);
    let end = line.get(at + b"Exception".len()).copied().unwrap_or(b' ');
    (start.is_ascii_alphanumeric() || at == 0)
        && matches!(end, b':' | b' ' | b'\n' | b'\r')
        && !negated(line, at)
}

fn told(line: &[u8], word: &[u8]) -> bool {
    found(line, word).any(|at| {
        let after = line.get(at + word.len()).copied().unwrap_or(b' ');
        let open = !word.ends_with(b" ") && (is_word(after) || matches!(after, b'_' | b'-' | b'='));
        bounded(line, at) && !negated(line, at) && !open
    })
}

fn bounded(line: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_none_or(|before| !is_word(line[before]) && line[before] != b'-')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn found<'a>(line: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memmem::find_iter(line, word)
}
