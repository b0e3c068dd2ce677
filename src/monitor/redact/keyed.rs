//! Values that stand beside a name which says that they are secret: `password=`, `"token": "`, `Authorization:`,
//! `Cookie:`, `--api-key`, `IDENTIFIED BY '`.
//!
//! Owns the names and what is a value beside one. Prose that merely speaks of passwords and tokens is left alone.

use super::span::{Span, is_marker, marker};
use base64::Engine as _;

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Anything may be one.
    Password,
    /// A made-up value.
    Secret,
    /// A scheme and a value.
    Authorization,
    /// All that follows.
    Cookie,
    /// A made-up value, where the name stands in a web address only.
    Query,
}

impl Sort {
    /// As a marker calls it.
    fn kind(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Secret | Self::Query => "secret",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
        }
    }
}

/// Names, as they end: what stands before them in the same word does not matter.
pub const NAMES: &[(&str, Sort)] = &[
    ("password", Sort::Password),
    ("passwd", Sort::Password),
    ("passphrase", Sort::Password),
    ("passcode", Sort::Password),
    ("pwd", Sort::Password),
    ("identified by", Sort::Password),
    ("secret", Sort::Secret),
    ("token", Sort::Secret),
    ("api_key", Sort::Secret),
    ("api-key", Sort::Secret),
    ("apikey", Sort::Secret),
    ("access_key", Sort::Secret),
    ("access-key", Sort::Secret),
    ("accesskey", Sort::Secret),
    ("account_key", Sort::Secret),
    ("accountkey", Sort::Secret),
    ("secret_key", Sort::Secret),
    ("secret-key", Sort::Secret),
    ("secretkey", Sort::Secret),
    ("secret_access_key", Sort::Secret),
    ("private_key", Sort::Secret),
    ("private-key", Sort::Secret),
    ("privatekey", Sort::Secret),
    ("encryption_key", Sort::Secret),
    ("signing_key", Sort::Secret),
    ("master_key", Sort::Secret),
    ("secret_key_base", Sort::Secret),
    ("credential", Sort::Secret),
    ("credentials", Sort::Secret),
    ("sessionid", Sort::Secret),
    ("session_id", Sort::Secret),
    ("sessid", Sort::Secret),
    ("connect.sid", Sort::Secret),
    ("x-amz-signature", Sort::Secret),
    ("authorization", Sort::Authorization),
    ("cookie", Sort::Cookie),
    ("sig", Sort::Query),
    ("code", Sort::Query),
];

/// Words that stand where a value would and are none.
const NO_VALUES: &[&str] = &[
    "null",
    "none",
    "nil",
    "undefined",
    "true",
    "false",
    "yes",
    "no",
    "empty",
    "missing",
    "invalid",
    "required",
    "expired",
    "incorrect",
    "wrong",
    "unknown",
    "denied",
    "revoked",
    "failed",
    "mismatch",
    "set",
    "unset",
    "not",
    "redacted",
    "masked",
    "hidden",
    "filtered",
    "secret",
    "token",
    "password",
    "string",
    "bearer",
    "basic",
    "error",
    "rejected",
    "malformed",
    "unauthorized",
    "forbidden",
    "optional",
    "changed",
    "reset",
    "ok",
    "present",
    "absent",
];

/// What the value of a label is, if its name says that it is secret.
#[must_use]
pub fn kind(name: &str, value: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase().replace([' ', '.'], "_");
    let sort = NAMES.iter().filter(|(end, sort)| name.ends_with(end) && *sort != Sort::Query);
    let (_, sort) = sort.max_by_key(|(end, _)| end.len())?;
    (!no_value(value.trim())).then_some(sort.kind())
}

/// The value beside the name that stands at these bytes.
#[must_use]
pub fn value(text: &str, start: usize, end: usize, sort: Sort) -> Option<Span> {
    let bytes = text.as_bytes();
    if bytes.get(end).is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return None;
    }
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let word = bytes[..start]
        .iter()
        .rev()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        .count();
    // A switch that turns something off has no value: `--no-ask-password restart`.
    if text[start - word..start].starts_with("--no-") {
        return None;
    }
    match sort {
        Sort::Query if !matches!(before, Some(b'?' | b'&')) => return None,
        Sort::Cookie if before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') => return None,
        _ => {}
    }
    let beside = beside(text, start - word, end, sort)?;
    let piece = piece(text, beside.at, sort);
    let (from, to) = piece?;
    let found = &text[from..to];
    let prose = beside.prose && !quoted(text, beside.at);
    let secret = match sort {
        Sort::Password => {
            let spoken = prose && sentence(text, from, to);
            // The variable of the working directory has the name of a password.
            let directory = &text[start..end] == "PWD" && found.starts_with('/');
            // A word of prose behind `is` is said of the password.
            let told =
                !beside.said || quoted(text, beside.at) || found.bytes().any(|b| !b.is_ascii_lowercase());
            !no_value(found) && !spoken && !directory && told
        }
        Sort::Secret => made_up(found, prose, quoted(text, beside.at)),
        Sort::Authorization => !no_value(found) && found.len() >= 8,
        Sort::Cookie => found.contains('='),
        Sort::Query => found.len() >= 16,
    };
    (secret && !is_marker(found)).then_some(Span { start: from, end: to, kind: sort.kind() })
}

/// Where a value begins.
struct Beside {
    at: usize,
    /// After a colon and a blank, as in a sentence.
    prose: bool,
    /// After `is` or `was`.
    said: bool,
}

/// Looks for what separates a name from its value.
fn beside(text: &str, word: usize, end: usize, sort: Sort) -> Option<Beside> {
    let bytes = text.as_bytes();
    let blanks = |mut at: usize| {
        let from = at;
        while at < from + 4 && matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    };
    let mut at = end;
    at += usize::from(bytes.get(at) == Some(&b'\\') && matches!(bytes.get(at + 1), Some(b'"' | b'\'')));
    let closed = matches!(bytes.get(at), Some(b'"' | b'\'' | b'`'));
    at += usize::from(closed);
    at += usize::from(bytes.get(at) == Some(&b']'));
    let gap = blanks(at);
    match bytes.get(gap) {
        Some(b'=') => {
            let mut at = gap + 1;
            at += usize::from(matches!(bytes.get(at), Some(b'>' | b'=')));
            return Some(Beside { at: blanks(at), prose: false, said: false });
        }
        Some(b':') => {
            let assigned = bytes.get(gap + 1) == Some(&b'=');
            let at = blanks(gap + 1 + usize::from(assigned));
            return Some(Beside { at, prose: !closed && !assigned && at > gap + 1, said: false });
        }
        Some(b'>') if word > 0 && bytes[word - 1] == b'<' => {
            return Some(Beside { at: gap + 1, prose: false, said: false });
        }
        _ => {}
    }
    let flag = text[word..end].starts_with("--") || text[..word].ends_with("--");
    let literal = sort == Sort::Password && matches!(bytes.get(gap), Some(b'\''));
    if gap > at && (flag || literal) {
        return Some(Beside { at: gap, prose: false, said: false });
    }
    let said = ["is ", "was "].iter().find(|word| text[gap..].starts_with(**word));
    let said = said.filter(|_| gap > at && sort == Sort::Password)?;
    Some(Beside { at: blanks(gap + said.len()), prose: true, said: true })
}

/// Whether a value stands between quotes.
fn quoted(text: &str, at: usize) -> bool {
    matches!(text.as_bytes().get(at), Some(b'"' | b'\'' | b'`' | b'\\'))
}

/// First and last byte of the value that begins here, without its quotes.
fn piece(text: &str, at: usize, sort: Sort) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
    for quote in ["\\\"", "\\'", "\"", "'", "`"] {
        if let Some(inside) = line.strip_prefix(quote) {
            let from = at + quote.len();
            let end = closing(inside, quote).unwrap_or(inside.len());
            return (end > 0).then_some((from, from + end));
        }
    }
    let end = match sort {
        Sort::Cookie => line.find('"').unwrap_or(line.len()),
        Sort::Authorization => scheme(line),
        _ => plain(line),
    };
    (end > 0).then_some((at, at + end))
}

/// Where a quoted value ends: at the next such quote that is not escaped.
fn closing(inside: &str, quote: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = inside[from..].find(quote) {
        let at = from + found;
        let escaped =
            quote.len() == 1 && inside[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
        if !escaped {
            return Some(at);
        }
        from = at + quote.len();
    }
    None
}

/// Where a bare value ends.
fn plain(line: &str) -> usize {
    let end = line
        .find(|c: char| c.is_whitespace() || matches!(c, '&' | ';' | ',' | '"' | '\'' | '`' | '<' | '\\'))
        .unwrap_or(line.len());
    let found = &line[..end];
    if found.starts_with(['{', '(']) || (found.starts_with('[') && !found.starts_with(super::span::MARK)) {
        return 0;
    }
    let closers = |c: char| matches!(c, ')' | '}' | '.' | '|' | ']');
    found.trim_end_matches(closers).len().max(marker(found))
}

/// Where scheme and value of an authorization end.
fn scheme(line: &str) -> usize {
    let line =
        line.find(['"', '\'']).filter(|_| !line.starts_with("Digest")).map_or(line, |end| &line[..end]);
    let Some((word, rest)) = line.split_once(' ') else { return plain(line) };
    if word.starts_with("AWS4-") || word.eq_ignore_ascii_case("digest") || word.eq_ignore_ascii_case("oauth")
    {
        return line.len();
    }
    let lettered = word.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let second = plain(rest);
    let value = rest[..second].len() >= 8 && rest[..second].bytes().any(|b| !b.is_ascii_lowercase());
    if lettered && (value || is_marker(&rest[..second])) {
        return word.len() + 1 + second;
    }
    if lettered { 0 } else { plain(line) }
}

/// Whether this stands for no value: a word of prose, a placeholder, stars.
fn no_value(found: &str) -> bool {
    let bare = found
        .trim_matches(|c: char| matches!(c, '<' | '>' | '[' | ']' | '{' | '}' | '(' | ')' | '.' | '!' | '?'));
    let held = found.starts_with('<') && found.ends_with('>')
        || found.starts_with("${")
        || found.starts_with("{{")
        || found.starts_with("%s")
        || found.starts_with("%v")
        || found == "{}";
    let stars = !found.is_empty() && found.chars().all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.' | '#'));
    held || stars
        || bare.is_empty()
        || is_marker(found)
        || NO_VALUES.iter().any(|word| word.eq_ignore_ascii_case(bare))
}

/// Whether a value of letters is followed by another word: `password: must be longer`.
fn sentence(text: &str, from: usize, to: usize) -> bool {
    let lettered = text[from..to].bytes().all(|b| b.is_ascii_alphabetic());
    let mut after = text[to..].bytes();
    lettered && after.next() == Some(b' ') && after.next().is_some_and(|b| b.is_ascii_alphabetic())
}

/// Whether a value looks made up rather than said.
fn made_up(found: &str, prose: bool, quoted: bool) -> bool {
    if no_value(found)
        || found.contains(super::span::MARK) && !found.starts_with(super::span::MARK) && found.len() < 16
    {
        return false;
    }
    if found.contains(' ') && !found.starts_with("-----") {
        return false;
    }
    let letters = found.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b'.' | b':'));
    let digits = found.bytes().all(|b| b.is_ascii_digit());
    let least = if prose || quoted { 6 } else { 4 };
    found.len() >= least
        && !(digits && found.len() < 6)
        && !(letters
            && (prose || quoted)
            && found.len() < 20
            && found.bytes().filter(u8::is_ascii_uppercase).count() < 3)
        && found.bytes().any(|b| b.is_ascii_alphanumeric())
}

/// A token behind `Bearer` or a name and password behind `Basic`, wherever they stand.
#[must_use]
pub fn scheme_value(text: &str, end: usize, basic: bool) -> Option<Span> {
    let rest = text[end..].strip_prefix(' ')?;
    let long = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"._~+/=-".contains(b)).count();
    let found = rest[..long].trim_end_matches('.');
    let secret = if basic {
        let decoded = base64::engine::general_purpose::STANDARD.decode(found).ok();
        long >= 4
            && decoded
                .is_some_and(|bytes| bytes.contains(&b':') && bytes.iter().all(|b| (0x20..0x7f).contains(b)))
    } else {
        found.len() >= 16 && found.bytes().any(|b| b.is_ascii_digit())
    };
    let kind = if basic { "basic-auth" } else { "bearer" };
    secret.then_some(Span { start: end + 1, end: end + 1 + found.len(), kind })
}
