//! The journal's record: what an entry is, and its one canonical encoding. `frame` is its line on disk.
//!
//! Two records exist: an entry (has a seq) and a checkpoint (the Merkle root over 256 entries, see `merkle`).
//! Each carries in `prev` the hash of the record before it; the first one carries 64 zeros.
//!
//! Invariants: decoding never panics, whatever the bytes (property test); encode then decode is the identity;
//! version 1 is read for ever (`fixtures/v1.log`).

use crate::domain::{
    digest::Digest,
    ids::{MissionId, Seq},
    time::Timestamp,
};
use std::{borrow::Cow, fmt::Write as _};

/// Version of the records this program writes.
pub const VERSION: u8 = 1;
/// Bytes of a payload; larger things are blobs, named by digest.
pub const MOST_PAYLOAD_BYTES: usize = 1 << 20;
/// Bytes of an actor's name.
pub const MOST_ACTOR_BYTES: usize = 256;
/// Bytes of a kind.
pub const MOST_KIND_BYTES: usize = 64;
/// Bytes of a frame's JSON: payload plus the envelope with every character of the actor escaped.
pub const MOST_JSON_BYTES: usize = MOST_PAYLOAD_BYTES + 4_096;

/// Something to be remembered, before it has a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// What it is, as `mission.opened`: lower-case letters, digits, `.`, `_`, `-`.
    pub kind: String,
    /// The mission it belongs to.
    pub mission: Option<MissionId>,
    /// Canonical JSON on one line, at most [`MOST_PAYLOAD_BYTES`].
    pub payload: String,
}

impl NewEntry {
    /// Why the journal cannot hold it, if so.
    pub(super) fn fault(&self) -> Option<String> {
        if self.payload.len() > MOST_PAYLOAD_BYTES {
            return Some(format!(
                "its payload is {} bytes, the most is {MOST_PAYLOAD_BYTES}; put it into a blob and name its digest",
                self.payload.len()
            ));
        }
        if self.actor.len() > MOST_ACTOR_BYTES {
            return Some(format!("its actor is {} bytes, the most is {MOST_ACTOR_BYTES}", self.actor.len()));
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if self.kind.is_empty() || self.kind.len() > MOST_KIND_BYTES || !self.kind.bytes().all(plain) {
            return Some(format!(
                "a kind is 1 to {MOST_KIND_BYTES} of the characters a-z, 0-9, '.', '_', '-'"
            ));
        }
        if self.payload.bytes().any(|b| b < b' ') {
            return Some("its payload is not on one line (a control character stands in it)".into());
        }
        match serde_json::from_str::<serde::de::IgnoredAny>(&self.payload) {
            Ok(_) => None,
            Err(error) => Some(format!("its payload is not JSON ({error})")),
        }
    }
}

/// Something remembered, with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Position, dense from 1.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// What it is.
    pub kind: String,
    /// The mission it belongs to.
    pub mission: Option<MissionId>,
    /// Canonical JSON.
    pub payload: String,
    /// Hash of the record before this one.
    pub prev: Digest,
    /// SHA-256 of this record's canonical JSON.
    pub hash: Digest,
    /// Version of the record.
    pub version: u8,
}

impl Entry {
    /// Its canonical JSON, as it stands in the journal: the text whose SHA-256 is [`Entry::hash`].
    #[must_use]
    pub fn record(&self) -> String {
        let new = NewEntry {
            at: self.at,
            actor: self.actor.clone(),
            kind: self.kind.clone(),
            mission: self.mission,
            payload: self.payload.clone(),
        };
        let mut json = String::new();
        encode_entry(&mut json, self.seq.0, &new, &self.prev);
        json
    }
}

/// The Merkle root over the 256 entries up to `upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// Seq of the last entry covered, a multiple of 256.
    pub(super) upto: u64,
    /// Merkle root over the hashes of the 256 entries.
    pub(super) root: Digest,
    /// Hash of the checkpoint before this one, zeros for the first.
    pub(super) past: Digest,
    /// Hash of the record before this one.
    pub(super) prev: Digest,
}

/// A decoded record that still borrows its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// An entry.
    Entry(Parsed<'a>),
    /// A checkpoint.
    Checkpoint(Checkpoint),
}

/// The fields of an entry, borrowed from its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed<'a> {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) actor: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) mission: Option<u64>,
    pub(super) prev: Digest,
    pub(super) payload: &'a str,
}

impl Parsed<'_> {
    /// As an owned entry whose line hashes to `hash`.
    pub(super) fn into_entry(self, hash: Digest) -> Entry {
        Entry {
            seq: Seq(self.seq),
            at: Timestamp(self.at),
            actor: self.actor.into_owned(),
            kind: self.kind.into_owned(),
            mission: self.mission.map(MissionId),
            payload: self.payload.to_owned(),
            prev: self.prev,
            hash,
            version: VERSION,
        }
    }
}

/// Appends the hex form to text (the formatter of `Display` is ten times slower).
pub(super) fn push_hex(out: &mut String, digest: &Digest) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in digest.0 {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// A JSON string: `"` and `\` escaped, control characters as `\u00xx`, everything else as it is.
fn push_string(out: &mut String, text: &str) {
    out.push('"');
    if !text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Canonical JSON of an entry, replacing what `out` held.
pub(super) fn encode_entry(out: &mut String, seq: u64, new: &NewEntry, prev: &Digest) {
    out.clear();
    let _ = write!(out, "{{\"v\":{VERSION},\"seq\":{seq},\"at\":{},\"actor\":", new.at.0);
    push_string(out, &new.actor);
    out.push_str(",\"kind\":");
    push_string(out, &new.kind);
    match new.mission {
        Some(mission) => {
            let _ = write!(out, ",\"mission\":{}", mission.0);
        }
        None => out.push_str(",\"mission\":null"),
    }
    out.push_str(",\"prev\":\"");
    push_hex(out, prev);
    out.push_str("\",\"payload\":");
    out.push_str(&new.payload);
    out.push('}');
}

/// Canonical JSON of a checkpoint, replacing what `out` held.
pub(super) fn encode_checkpoint(out: &mut String, point: &Checkpoint) {
    out.clear();
    let _ = write!(out, "{{\"v\":{VERSION},\"checkpoint\":{},\"root\":\"", point.upto);
    push_hex(out, &point.root);
    out.push_str("\",\"past\":\"");
    push_hex(out, &point.past);
    out.push_str("\",\"prev\":\"");
    push_hex(out, &point.prev);
    out.push_str("\"}");
}

/// A number from lower-case hex digits.
pub(super) fn hex32(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0_u32, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u32::from(digit))
    })
}

/// Reads canonical JSON from left to right; every step fails instead of guessing.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn take(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }
    fn integer(&mut self) -> Option<&'a str> {
        let sign = usize::from(self.0.starts_with('-'));
        let digits = self.0.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(sign + digits);
        self.0 = rest;
        Some(number)
    }
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.take("\"")?;
        let plain = self.0.bytes().position(|b| b == b'"' || b == b'\\')?;
        if self.0.as_bytes()[plain] == b'"' {
            let text = &self.0[..plain];
            self.0 = &self.0[plain + 1..];
            return Some(Cow::Borrowed(text));
        }
        let mut escaped = false;
        let end = self.0.bytes().position(|b| {
            let ends = b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            ends
        })?;
        let quoted = format!("\"{}\"", &self.0[..end]);
        self.0 = &self.0[end + 1..];
        serde_json::from_str(&quoted).ok().map(Cow::Owned)
    }
    fn digest(&mut self) -> Option<Digest> {
        self.take("\"")?;
        let hex = self.0.get(..64)?;
        self.0 = self.0.get(64..)?;
        self.take("\"")?;
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            *byte = u8::try_from(hex32(pair)?).ok()?;
        }
        Some(Digest(out))
    }
}

/// Takes a record's JSON apart. `Err` says in words what is wrong.
pub(super) fn decode_json(json: &str) -> Result<Record<'_>, String> {
    let mut cursor = Cursor(json);
    let version = cursor.take("{\"v\":").and_then(|()| cursor.integer()).and_then(|v| v.parse::<u64>().ok());
    match version {
        Some(version) if version == u64::from(VERSION) => {}
        Some(newer) if newer > u64::from(VERSION) => {
            return Err(format!(
                "it has version {newer}, this program reads up to {VERSION}; use a newer chimera"
            ));
        }
        _ => return Err("it has no readable version".into()),
    }
    decode_fields(cursor).ok_or_else(|| "its fields are not in canonical form".into())
}

fn decode_fields(mut cursor: Cursor<'_>) -> Option<Record<'_>> {
    if cursor.take(",\"checkpoint\":").is_some() {
        let upto = cursor.integer()?.parse().ok()?;
        cursor.take(",\"root\":")?;
        let root = cursor.digest()?;
        cursor.take(",\"past\":")?;
        let past = cursor.digest()?;
        cursor.take(",\"prev\":")?;
        let prev = cursor.digest()?;
        cursor.take("}")?;
        return cursor.0.is_empty().then_some(Record::Checkpoint(Checkpoint { upto, root, past, prev }));
    }
    cursor.take(",\"seq\":")?;
    let seq = cursor.integer()?.parse().ok()?;
    cursor.take(",\"at\":")?;
    let at = cursor.integer()?.parse().ok()?;
    cursor.take(",\"actor\":")?;
    let actor = cursor.string()?;
    cursor.take(",\"kind\":")?;
    let kind = cursor.string()?;
    cursor.take(",\"mission\":")?;
    let mission = match cursor.take("null") {
        Some(()) => None,
        None => Some(cursor.integer()?.parse().ok()?),
    };
    cursor.take(",\"prev\":")?;
    let prev = cursor.digest()?;
    cursor.take(",\"payload\":")?;
    let payload = cursor.0.strip_suffix('}').filter(|payload| !payload.is_empty())?;
    Some(Record::Entry(Parsed { seq, at, actor, kind, mission, prev, payload }))
}

/// Only the CRC-checked position of a record, without its text: enough to walk a segment.
pub(super) fn checkpoint_of(json: &str) -> Option<u64> {
    let rest = json.strip_prefix("{\"v\":1,\"checkpoint\":")?;
    rest.split(',').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::frame::{Mark, decode_frame, encode_frame};
    use proptest::prelude::*;

    fn any_entry() -> impl Strategy<Value = NewEntry> {
        let payload = prop::collection::vec(any::<String>(), 0..4)
            .prop_map(|texts| serde_json::to_string(&texts).unwrap_or_default());
        (any::<i64>(), any::<String>(), "[a-z][a-z0-9._-]{0,30}", any::<Option<u64>>(), payload).prop_map(
            |(at, actor, kind, mission, payload)| NewEntry {
                at: Timestamp(at),
                actor,
                kind,
                mission: mission.map(MissionId),
                payload,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(new in any_entry(), seq in any::<u64>(), prev in any::<[u8; 32]>()) {
            let mut json = String::new();
            encode_entry(&mut json, seq, &new, &Digest(prev));
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
            let mut frame = Vec::new();
            encode_frame(&mut frame, Mark { starts_write: false, ends_append: true }, &json);
            let (header, read) = decode_frame(&frame).unwrap();
            prop_assert_eq!(header.frame_bytes(), frame.len());
            let Ok(Record::Entry(parsed)) = decode_json(read) else { panic!("{read}") };
            let entry = parsed.into_entry(Digest::of(read.as_bytes()));
            prop_assert_eq!(Digest::of(entry.record().as_bytes()), entry.hash);
            prop_assert_eq!((entry.seq.0, entry.prev.0), (seq, prev));
            prop_assert_eq!(NewEntry {
                at: entry.at, actor: entry.actor, kind: entry.kind, mission: entry.mission, payload: entry.payload,
            }, new);
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in any::<String>()) {
            let _ = decode_frame(&bytes);
            let _ = decode_json(&text);
            let _ = decode_json(&format!("{{\"v\":1,\"seq\":{text}"));
            let _ = decode_json(&format!("{{\"v\":1,\"seq\":1,\"at\":1,\"actor\":\"{text}"));
        }
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        let good = NewEntry {
            at: Timestamp(1),
            actor: "a".into(),
            kind: "k.x".into(),
            mission: None,
            payload: "{}".into(),
        };
        assert_eq!(good.fault(), None);
        let fault = |change: &dyn Fn(&mut NewEntry)| {
            let mut entry = good.clone();
            change(&mut entry);
            entry.fault().unwrap_or_default()
        };
        assert!(
            fault(&|e| e.payload = format!("\"{}\"", "x".repeat(MOST_PAYLOAD_BYTES))).contains("into a blob")
        );
        assert!(fault(&|e| e.payload = "{\n}".into()).contains("one line"));
        assert!(fault(&|e| e.payload = "{".into()).contains("not JSON"));
        assert!(fault(&|e| e.kind = "No".into()).contains("kind"));
        assert!(fault(&|e| e.actor = "x".repeat(257)).contains("actor"));
    }

    #[test]
    fn a_newer_version_says_so() {
        assert!(decode_json("{\"v\":2,\"seq\":1}").unwrap_err().contains("newer chimera"));
    }
}
