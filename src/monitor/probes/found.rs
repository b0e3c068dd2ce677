//! Words for what probes of databases and caches find: samples, checks with their labels, addresses without their
//! secrets. Decides nothing.

use super::reach;
use crate::domain::{
    incident::Severity,
    signal::{Check, Reading},
    text,
};
use std::collections::BTreeMap;

/// Characters of a label.
pub(super) const LABEL_MOST: usize = 200;

/// A number without labels.
pub(super) fn sample(metric: &str, value: f64) -> Reading {
    Reading::Sample { metric: metric.to_owned(), value, labels: BTreeMap::new() }
}

/// A check that holds, with these words; see [`fails`].
pub(super) fn holds(name: &str, kind: &'static str, severity: Severity, words: String) -> Check {
    Check { name: name.to_owned(), kind, ok: true, severity, words, labels: BTreeMap::new() }
}

/// The same, failing.
pub(super) fn fails(check: Check) -> Check {
    Check { ok: false, ..check }
}

/// The same with these labels as well: cleaned, on one line, empty ones left out.
pub(super) fn with(mut check: Check, labels: &[(&str, &str)]) -> Check {
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        check.labels.insert((*name).to_owned(), text::clean_line(value, LABEL_MOST).into());
    }
    check
}

/// Milliseconds as people say them: `850 ms`, `12 s`, `3 min`, `2 h`.
pub(super) fn span(ms: u64) -> String {
    match ms {
        0..=9_999 => format!("{ms} ms"),
        10_000..=119_999 => format!("{} s", ms / 1_000),
        120_000..=7_199_999 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

/// An error with what caused it, on one line.
pub(super) fn all_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = String::new();
    for cause in reach::causes(error) {
        let more = cause.to_string();
        if !words.contains(&more) {
            words.push_str(if words.is_empty() { "" } else { ": " });
            words.push_str(&more);
        }
    }
    reach::clean(&words)
}

/// Text of an address with `%41` read as what it stands for; wrong escapes stay as they are.
pub(super) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%').then(|| Some(digit(at + 1)? * 16 + digit(at + 2)?)).flatten();
        match escaped.and_then(|value| u8::try_from(value).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_addresses_are_read_and_wrong_ones_kept() {
        for (raw, read) in [
            ("a%20b", "a b"),
            ("%41%4a", "AJ"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("ä%C3%A4", "ää"),
            ("%+1", "%+1"),
        ] {
            assert_eq!(percent_decoded(raw), read);
        }
    }

    #[test]
    fn spans_are_said_in_the_unit_that_fits() {
        let said = [850, 12_000, 200_000, 7_300_000].map(span);
        assert_eq!(said, ["850 ms", "12 s", "3 min", "2 h"]);
    }
}
