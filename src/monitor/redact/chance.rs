//! Long words made of chance near a name that speaks of secrets, where no form and no separator tells.
//!
//! Owns how much chance is enough. Hashes of commits, identifiers of requests and UUIDs stay.

use super::span::Span;

/// How far behind the name is looked.
const REACH: usize = 48;
/// Bytes of such a word.
const LONG: usize = 24;
/// Bits of chance a character needs.
const BITS: f64 = 3.6;

/// The word made of chance behind a name that ends here.
#[must_use]
pub fn near(text: &str, end: usize) -> Option<Span> {
    let limit = text.ceil_char_boundary((end + REACH).min(text.len()));
    let mut at = end;
    while at < limit {
        let rest = &text.as_bytes()[at..];
        let long = rest
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'=' | b'-'))
            .count();
        if long == 0 {
            at += 1;
            continue;
        }
        let word = &rest[..long];
        if word.len() >= LONG && (mixed(word) || hex(word) && !hashed(&text[end..at])) {
            return Some(Span { start: at, end: at + long, kind: "secret" });
        }
        at += long;
    }
    None
}

/// Small letters, capitals and several digits, spread as by chance, and no path.
fn mixed(word: &[u8]) -> bool {
    word.iter().filter(|b| **b == b'/').count() <= 2 && chance(word)
}

/// Small letters, capitals and several digits, spread as by chance.
#[must_use]
pub fn chance(word: &[u8]) -> bool {
    let count = |test: fn(&u8) -> bool| word.iter().filter(|b| test(b)).count();
    count(u8::is_ascii_digit) >= 3
        && count(u8::is_ascii_lowercase) >= 3
        && count(u8::is_ascii_uppercase) >= 3
        && bits(word) >= BITS
}

/// Nothing but hexadecimal digits, as many as a key has.
fn hex(word: &[u8]) -> bool {
    word.len() >= 32 && word.iter().all(u8::is_ascii_hexdigit) && bits(word) >= 3.0
}

/// Whether something between the name and the word says that it is a hash or an identifier.
fn hashed(between: &str) -> bool {
    let between = between.to_ascii_lowercase();
    between.len() > 12
        || ["commit", "sha", "digest", "hash", "sum", "etag", "request", "trace", "span", "rev", "id"]
            .iter()
            .any(|word| between.contains(word))
}

/// Bits of chance a character.
fn bits(word: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    word.iter().for_each(|b| counts[usize::from(*b)] += 1);
    let all = f64::from(u32::try_from(word.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}
