//! An alarm of another system as a signal of ours: what tells it from others, which words it carries, how bad it is.
//! All text of a payload comes through here: redacted, cleaned, bounded. Titles lose their parameters.

use crate::{
    domain::{
        incident::Severity,
        probe::ProbeSpec,
        signal::{Fingerprint, Signal, SignalState, kind},
        text,
    },
    monitor::redact,
};
use std::collections::BTreeMap;

/// Characters of a label.
const LABEL_MOST: usize = 200;

/// A signal that fires, of a cause with this identity; severity and the rest as the probe says, to be changed.
pub(super) fn alarm(probe: &ProbeSpec, service: &str, identity: &[&str]) -> Signal {
    let mut parts = vec![kind::ALARM, service, &probe.env];
    parts.extend(identity);
    Signal {
        fingerprint: Fingerprint::of(&parts),
        service: service.to_owned(),
        env: probe.env.clone(),
        kind: kind::ALARM.to_owned(),
        severity: probe.severity,
        title: String::new(),
        probe: probe.id.clone(),
        state: SignalState::Firing,
        count: 1,
        affected: 0,
        sample: None,
        frames: Vec::new(),
        labels: BTreeMap::new(),
    }
}

/// Adds a label, redacted by its name as well; an empty one, and what is over the bound, is none.
pub(super) fn label(signal: &mut Signal, name: &str, value: &str) {
    if signal.labels.len() < Signal::LABELS_MOST && !value.trim().is_empty() {
        let (name, value) = (line(name, 64), text::clean(value));
        let value = text::clean_line(&redact::labelled(&name, &value), LABEL_MOST).into();
        signal.labels.insert(name, value);
    }
}

/// One line of a payload, redacted and cleaned, at most this many characters.
pub(super) fn line(raw: &str, most: usize) -> String {
    text::clean_line(&redacted(raw), most).into()
}

/// A longer text, redacted and cleaned, within the bound of a sample; nothing where there is none.
pub(super) fn sample(raw: &str) -> Option<String> {
    // Room for the line that says how much is missing.
    Some(text::head_tail(redacted(raw).trim(), Signal::SAMPLE_MOST - 64)).filter(|text| !text.is_empty())
}

fn redacted(raw: &str) -> String {
    // Cleaned first: an invisible character must not hide a key.
    redact::redact(&text::clean(raw)).into_owned()
}

/// A title: one line in which numbers, identifiers and what stands in quotes are masked, so that the same alarm has the
/// same title tomorrow.
pub(super) fn title(raw: &str) -> String {
    let plain = line(raw, Signal::TITLE_MOST * 2);
    let words: Vec<String> = plain.split(' ').map(masked).collect();
    text::clean_line(words.join(" ").trim(), Signal::TITLE_MOST).into()
}

/// A word with a digit after other signs keeps those: `5xx` and `v2` become `<*>xx` and `v<*>`. Long words of
/// hexadecimal digits are identifiers.
fn masked(word: &str) -> String {
    let hex = word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if hex && word.bytes().any(|byte| byte.is_ascii_digit()) {
        return "<*>".to_owned();
    }
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_ascii_digit() {
            out.push(c);
            continue;
        }
        while chars.next_if(|next| next.is_ascii_digit() || matches!(next, '.' | ',' | ':')).is_some() {}
        out.push_str("<*>");
    }
    out
}

/// How bad a word of another system is; `None` where it says nothing.
pub(super) fn severity(word: &str) -> Option<Severity> {
    if let Some(own) = Severity::of(word) {
        return Some(own);
    }
    match word.to_ascii_lowercase().as_str() {
        "emergency" | "disaster" => Some(Severity::P0),
        "critical" | "fatal" | "page" | "alert" => Some(Severity::P1),
        "error" | "major" | "high" => Some(Severity::P2),
        "warning" | "warn" | "minor" | "medium" => Some(Severity::P3),
        "info" | "information" | "notice" | "debug" | "low" | "sample" => Some(Severity::P4),
        _ => None,
    }
}
