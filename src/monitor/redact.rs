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
    let mut text = Cow::Borrowed(text);
    for _ in 0..ROUNDS_MOST {
        let spans = found(&text);
        if spans.is_empty() {
            break;
        }
        text = Cow::Owned(span::applied(&text, spans));
    }
    text
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
    let mut spans = Vec::new();
    if let Some(search) = &*SEARCH {
        for hit in search.words.find_overlapping_iter(text) {
            let hint = search.hints.get(hit.pattern().as_usize()).copied();
            // A secret that reaches over this hit has it already, unless it lies further on.
            let inside =
                spans.last().is_some_and(|last: &Span| hit.end() <= last.end && hit.start() >= last.start);
            let inside = inside || span::within_marker(text, hit.start(), hit.end());
            if let Some(span) =
                hint.filter(|_| !inside).and_then(|hint| look(text, hint, hit.start(), hit.end()))
            {
                spans.push(span);
            }
            if spans.len() >= SPANS_MOST {
                break;
            }
        }
    }
    if text.bytes().filter(u8::is_ascii_digit).count() >= figures::DIGITS_LEAST {
        figures::cards(text, &mut spans);
        figures::accounts(text, &mut spans);
    }
    if text.len() >= vendor::PEM_LINE {
        vendor::pem_lines(text, &mut spans);
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
