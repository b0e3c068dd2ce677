//! Secrets and personal data out of text, before anything of it is kept: each piece becomes `[redacted:kind]`.
//!
//! Pure. Owns the order and the search; the forms are in its parts. Invariants: redacting twice changes nothing more;
//! a text without a secret comes back untouched and uncopied; what surrounds a secret stays as it was; a text without any
//! hint is looked at once and nothing else. Text is cleaned (`domain::text`) before: an invisible character must not hide
//! a key.

mod address;
mod chance;
mod figures;
mod keyed;
mod span;
mod switch;
mod vendor;

#[cfg(test)]
mod tests;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use span::Span;
use std::{borrow::Cow, sync::LazyLock};

/// Rounds until nothing more is found. What is put in can bring a name and a value together only once.
const ROUNDS_MOST: usize = 8;
/// Pieces of one text in one round.
const SPANS_MOST: usize = 4_096;

/// What a hit of the search may be the start of.
#[derive(Debug, Clone, Copy)]
enum Hint {
    Vendor,
    Jwt,
    Pem,
    Bot,
    Address,
    SourceName,
    Mail,
    Named(keyed::Sort),
    Near,
    Bearer,
    Basic,
    Switch,
}

/// The search, and what each of its words hints at.
struct Search {
    words: AhoCorasick,
    hints: Vec<Hint>,
}

static SEARCH: LazyLock<Option<Search>> = LazyLock::new(|| {
    let mut words: Vec<&str> = Vec::new();
    let mut hints = Vec::new();
    let mut add = |word, hint| {
        words.push(word);
        hints.push(hint);
    };
    vendor::starts().for_each(|word| add(word, Hint::Vendor));
    keyed::NAMES.iter().for_each(|(word, sort)| add(word, Hint::Named(*sort)));
    for (word, hint) in [
        ("eyJ", Hint::Jwt),
        ("-----BEGIN ", Hint::Pem),
        (":AA", Hint::Bot),
        ("://", Hint::Address),
        ("@tcp(", Hint::SourceName),
        ("@unix(", Hint::SourceName),
        ("@", Hint::Mail),
        ("%40", Hint::Mail),
        ("Bearer", Hint::Bearer),
        ("Basic", Hint::Basic),
        ("auth key", Hint::Near),
        (" key", Hint::Near),
        ("credential", Hint::Near),
        ("secret", Hint::Near),
        ("token", Hint::Near),
        ("passw", Hint::Near),
        (" -", Hint::Switch),
    ] {
        add(word, hint);
    }
    let words = AhoCorasickBuilder::new()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words)
        .ok()?;
    Some(Search { words, hints })
});

/// The text without secrets and personal data.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    without(text, found)
}

/// The text without the pieces that are found, until none is.
fn without(text: &str, find: fn(&str) -> Vec<Span>) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS_MOST {
        let spans = find(&text);
        if spans.is_empty() {
            break;
        }
        text = Cow::Owned(span::applied(&text, spans));
    }
    text
}

/// What a person wrote without its secrets, and how many there were. People write of code and to people: what merely stands
/// where a secret would, and what is personal, stays; what cannot be anything but a secret does not.
#[must_use]
pub fn secrets(text: &str) -> (Cow<'_, str>, usize) {
    let marks = |text: &str| text.matches(span::MARK).count();
    let clean = without(text, certain);
    let found = marks(&clean).saturating_sub(marks(text));
    (clean, found)
}

/// The value of a label without secrets and personal data: a name that says that its value is secret is believed.
#[must_use]
pub fn labelled<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    match keyed::kind(name, value) {
        Some(kind) => Cow::Owned(format!("{}{kind}]", span::MARK)),
        None => redact(value),
    }
}

/// Every piece that must not be kept.
fn found(text: &str) -> Vec<Span> {
    let mut spans = searched(text, |_, _| true);
    if text.bytes().filter(u8::is_ascii_digit).count() >= figures::DIGITS_LEAST {
        figures::cards(text, &mut spans);
        figures::accounts(text, &mut spans);
    }
    if text.len() >= vendor::PEM_LINE {
        vendor::pem_lines(text, &mut spans);
    }
    spans
}

/// Every piece that is a secret whoever wrote it: by its own form, or beside a name of one and made up.
fn certain(text: &str) -> Vec<Span> {
    let made_up = |found: &str| {
        let has = |test: fn(&u8) -> bool| found.bytes().any(|byte| test(&byte));
        found.len() >= 6
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_alphabetic)
            && !found.contains(['(', '{', '$', '<', '/'])
    };
    let mut spans = searched(text, |hint, found| match hint {
        Hint::Vendor | Hint::Jwt | Hint::Pem | Hint::Bot | Hint::Bearer | Hint::Basic | Hint::Near => true,
        Hint::Mail => false,
        Hint::Address | Hint::SourceName | Hint::Named(_) | Hint::Switch => made_up(found),
    });
    if text.len() >= vendor::PEM_LINE {
        vendor::pem_lines(text, &mut spans);
    }
    spans
}

/// Pieces that the search leads to and that count.
fn searched(text: &str, counts: impl Fn(Hint, &str) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    if let Some(search) = &*SEARCH {
        for hit in search.words.find_overlapping_iter(text) {
            let hint = search.hints.get(hit.pattern().as_usize()).copied();
            // A secret that reaches over this hit has it already, unless it lies further on.
            let inside =
                spans.last().is_some_and(|last: &Span| hit.end() <= last.end && hit.start() >= last.start);
            let inside = inside || span::within_marker(text, hit.start(), hit.end());
            let span = hint.filter(|_| !inside).and_then(|hint| {
                let span = look(text, hint, hit.start(), hit.end())?;
                counts(hint, text.get(span.start..span.end)?).then_some(span)
            });
            spans.extend(span);
            if spans.len() >= SPANS_MOST {
                break;
            }
        }
    }
    spans
}

/// The piece that a hit leads to.
fn look(text: &str, hint: Hint, start: usize, end: usize) -> Option<Span> {
    match hint {
        Hint::Vendor => vendor::form(text, start),
        Hint::Jwt => vendor::jwt(text, start),
        Hint::Pem => vendor::pem(text, start),
        Hint::Bot => vendor::bot(text, start),
        Hint::Address => address::credentials(text, start),
        Hint::SourceName => address::source_name(text, start),
        Hint::Mail => address::mail(text, start, end),
        Hint::Named(sort) => keyed::value(text, start, end, sort),
        Hint::Near => chance::near(text, end),
        Hint::Bearer => keyed::scheme_value(text, end, false),
        Hint::Basic => keyed::scheme_value(text, end, true),
        Hint::Switch => switch::value(text, end),
    }
}
