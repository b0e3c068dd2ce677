//! The frame of a record on disk: a header, the record's JSON, a line end.
//!
//! One line of text per record, so that `grep`, `cut` and `sha256sum` are enough to check it:
//!
//! ```text
//! 000000b7S1c291ca3 {"v":1,"seq":1,"at":1763678000123,"actor":"director","kind":"mission.opened",...}\n
//! |       ||       |`- canonical JSON, `len` bytes; its SHA-256 is the record's hash
//! |       ||       `-- one space (so `cut -c19-` gives the JSON)
//! |       |`---------- CRC-32 over mark and JSON, 8 lower-case hex digits
//! |       `----------- mark: see [`Mark`]
//! `------------------- length of the JSON in bytes, 8 lower-case hex digits
//! ```
//! Invariant: taking a frame apart never panics, whatever the bytes (property test in [`entry`](super::entry)).

use super::entry::{MOST_JSON_BYTES, hex32};

/// Bytes before the JSON of a frame.
pub const HEADER_BYTES: usize = 18;

/// Where a record stands in its write; one character, covered by the CRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// First record of one write to disk: everything before it had been synced.
    pub(super) starts_write: bool,
    /// Last record of one append: up to here nothing is half done.
    pub(super) ends_append: bool,
}

impl Mark {
    const fn byte(self) -> u8 {
        match (self.starts_write, self.ends_append) {
            (true, true) => b'S',
            (true, false) => b's',
            (false, true) => b'C',
            (false, false) => b'c',
        }
    }
    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            b'S' => Self { starts_write: true, ends_append: true },
            b's' => Self { starts_write: true, ends_append: false },
            b'C' => Self { starts_write: false, ends_append: true },
            b'c' => Self { starts_write: false, ends_append: false },
            _ => return None,
        })
    }
}

fn crc(mark: u8, json: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[mark]);
    hasher.update(json);
    hasher.finalize()
}

fn push_hex32(out: &mut Vec<u8>, value: u32) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for shift in (0..8).rev() {
        out.push(DIGITS[(value >> (shift * 4)) as usize & 15]);
    }
}

/// Appends a whole frame to `out`.
pub(super) fn encode_frame(out: &mut Vec<u8>, mark: Mark, json: &str) {
    push_hex32(out, u32::try_from(json.len()).unwrap_or(u32::MAX));
    out.push(mark.byte());
    push_hex32(out, crc(mark.byte(), json.as_bytes()));
    out.push(b' ');
    out.extend_from_slice(json.as_bytes());
    out.push(b'\n');
}

/// Why bytes are no frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BadFrame {
    /// The bytes end before the frame does, and before any line end: a write that was cut.
    Torn,
    /// The bytes are all there, and wrong.
    Wrong(&'static str),
}

/// The fixed part of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) mark: Mark,
    pub(super) json_bytes: usize,
    crc: u32,
}

impl Header {
    /// Bytes of the whole frame with header and line end.
    pub(super) const fn frame_bytes(self) -> usize {
        HEADER_BYTES + self.json_bytes + 1
    }
}

/// Reads the fixed part; `None` when it is none.
fn decode_header(bytes: &[u8]) -> Option<Header> {
    let bytes = bytes.get(..HEADER_BYTES)?;
    let json_bytes = hex32(&bytes[..8])? as usize;
    let mark = Mark::of(bytes[8])?;
    let crc = hex32(&bytes[9..17])?;
    (bytes[17] == b' ' && json_bytes <= MOST_JSON_BYTES).then_some(Header { mark, json_bytes, crc })
}

/// Takes the first frame of `bytes` (which reach to the end of the file, or hold at least one whole frame).
pub(super) fn decode_frame(bytes: &[u8]) -> Result<(Header, &str), BadFrame> {
    let wrong = |reason| if bytes.contains(&b'\n') { BadFrame::Wrong(reason) } else { BadFrame::Torn };
    let Some(header) = decode_header(bytes) else {
        return Err(wrong("the frame's header is not readable"));
    };
    let Some(frame) = bytes.get(..header.frame_bytes()) else {
        return Err(wrong("the entry is shorter than its header says"));
    };
    let json = &frame[HEADER_BYTES..frame.len() - 1];
    if frame.last() != Some(&b'\n') {
        return Err(BadFrame::Wrong("the line does not end where its header says"));
    }
    if crc(header.mark.byte(), json) != header.crc {
        return Err(BadFrame::Wrong("CRC mismatch"));
    }
    match std::str::from_utf8(json) {
        Ok(json) => Ok((header, json)),
        Err(_) => Err(BadFrame::Wrong("the entry is not UTF-8")),
    }
}
