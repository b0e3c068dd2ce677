//! Opening a journal: checks its tail, cuts what a crash left half written, refuses anything else.
//!
//! Only the last [`CHECKED_TAIL_BYTES`] are read, so that start-up does not grow with history; older records
//! are checked by CRC when they are read, and in full by `audit`.
//!
//! What is cut: bytes after the last whole append, when the damage can only be that of a write which was
//! never acknowledged. That is so when no line end follows the damage (a short write), or when the damaged
//! stretch holds a run of zero bytes (pages of an unsynced write that never reached the disk) and no later
//! write begins after it. Everything else is damage to acknowledged data and refuses to open.

use super::{
    super::{
        disk::sync_dir,
        entry::{self, Record},
        error::StoreError,
        frame::{self, BadFrame},
    },
    chain::Chain,
    segment::{self, Frames, Next, Segment},
};
use crate::domain::digest::Digest;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// Bytes at the end of the journal that are checked at every start.
const CHECKED_TAIL_BYTES: u64 = 1 << 20;
/// Zero bytes in a row that make a stretch a page that was never written; JSON has none.
const HOLE_BYTES: usize = 16;
/// Most bytes looked at behind a damaged frame; more than one write can hold.
const MOST_LOOK_AHEAD_BYTES: u64 = 64 << 20;

/// The end of a journal, ready to be appended to.
#[derive(Debug)]
pub(in crate::store) struct Recovered {
    /// Where the chain stands.
    pub(in crate::store) chain: Chain,
    /// The segment to continue, none in an empty journal.
    pub(in crate::store) segment: Option<Segment>,
    /// Its length.
    pub(in crate::store) len: u64,
    /// Bytes that were cut off.
    pub(in crate::store) cut: u64,
}

/// Where a walk ended.
struct Walked {
    chain: Chain,
    /// Length of the last segment up to the last whole append in it.
    whole: u64,
    /// True when nothing stands behind `whole`.
    clean: bool,
}

/// Checks the tail and cuts a torn end.
pub(in crate::store) fn recover(dir: &Path) -> Result<Recovered, StoreError> {
    let segments = segment::list(dir).map_err(|e| StoreError::io("listing the journal", dir, &e))?;
    let Some(last) = segments.last() else {
        return Ok(Recovered { chain: Chain::genesis(), segment: None, len: 0, cut: 0 });
    };
    let fail = |e: io::Error| StoreError::io("reading the journal", &last.path, &e);
    let len = std::fs::metadata(&last.path).map_err(fail)?.len();
    let mut walked = walk(&segments, len)?;
    if !walked.clean {
        cut(last, walked.whole)?;
        walked = walk(&segments, walked.whole)?;
    }
    if walked.whole == 0 && walked.chain.next != last.first {
        let reason = format!("its name says it begins with #{}", last.first);
        return Err(StoreError::damaged(walked.chain.next, &last.path, 0, reason));
    }
    segment::places_indexed(last)?;
    Ok(Recovered {
        chain: walked.chain,
        segment: Some(last.clone()),
        len: walked.whole,
        cut: len - walked.whole,
    })
}

fn cut(segment: &Segment, len: u64) -> Result<(), StoreError> {
    OpenOptions::new()
        .write(true)
        .open(&segment.path)
        .and_then(|file| file.set_len(len).and_then(|()| file.sync_all()))
        .and_then(|()| segment.path.parent().map_or(Ok(()), sync_dir))
        .map_err(|e| StoreError::io("cutting the torn end of the journal", &segment.path, &e))
}

/// The newest checkpoint that is far enough from the end, or the beginning of the journal.
fn start(segments: &[Segment], len: u64) -> Result<(usize, u64, Chain), StoreError> {
    for (index, segment) in segments.iter().enumerate().rev() {
        let is_last = index + 1 == segments.len();
        let most = if is_last { len.saturating_sub(CHECKED_TAIL_BYTES) } else { u64::MAX };
        if most == 0 {
            continue;
        }
        let places = if is_last { segment::places(segment)? } else { segment::places_indexed(segment)? };
        for place in places.into_iter().rev().filter(|place| place.offset <= most) {
            let fail = |e: io::Error| StoreError::io("reading the journal", &segment.path, &e);
            let mut frames = Frames::open(&segment.path, place.offset).map_err(fail)?;
            let found = match frames.read().map_err(fail)? {
                Next::Frame(_, json) => match entry::decode_json(json) {
                    Ok(Record::Checkpoint(point)) if point.upto == place.upto => {
                        Some(Chain::after(&point, Digest::of(json.as_bytes())))
                    }
                    _ => None,
                },
                Next::End | Next::Bad(_) => None,
            };
            if let Some(chain) = found {
                return Ok((index, frames.offset, chain));
            }
        }
    }
    match segments.first() {
        Some(first) if first.first != 1 => {
            let reason = format!("the entries before #{} are missing", first.first);
            Err(StoreError::damaged(1, &first.path, 0, reason))
        }
        _ => Ok((0, 0, Chain::genesis())),
    }
}

fn walk(segments: &[Segment], len: u64) -> Result<Walked, StoreError> {
    let (from, mut offset, mut chain) = start(segments, len)?;
    let (mut whole, mut clean) = (0, true);
    for (index, segment) in segments.iter().enumerate().skip(from) {
        let is_last = index + 1 == segments.len();
        let fail = |e: io::Error| StoreError::io("reading the journal", &segment.path, &e);
        let mut frames = Frames::open(&segment.path, offset).map_err(fail)?;
        (whole, clean) = (offset, true);
        offset = 0;
        loop {
            let at = frames.offset;
            match frames.read().map_err(fail)? {
                Next::Frame(mark, json) => {
                    chain
                        .accept(json)
                        .map_err(|reason| StoreError::damaged(chain.next, &segment.path, at, reason))?;
                    clean = mark.ends_append;
                    if clean {
                        whole = frames.offset;
                    }
                }
                Next::End => break,
                Next::Bad(bad) => {
                    if !is_last || !never_acknowledged(segment, at, &bad).map_err(fail)? {
                        let reason = match bad {
                            BadFrame::Torn => "truncated",
                            BadFrame::Wrong(reason) => reason,
                        };
                        return Err(StoreError::damaged(chain.next, &segment.path, at, reason));
                    }
                    clean = false;
                    break;
                }
            }
        }
    }
    Ok(Walked { chain, whole, clean })
}

/// Whether the damage at `offset` can only be that of the last, unacknowledged write.
pub(in crate::store) fn never_acknowledged(
    segment: &Segment,
    offset: u64,
    bad: &BadFrame,
) -> io::Result<bool> {
    if *bad == BadFrame::Torn {
        return Ok(true);
    }
    let mut file = File::open(&segment.path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut rest = Vec::new();
    file.take(MOST_LOOK_AHEAD_BYTES).read_to_end(&mut rest)?;
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let hole = line.windows(HOLE_BYTES).any(|run| run.iter().all(|byte| *byte == 0));
    let later_write = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').any(
        |(at, _)| matches!(frame::decode_frame(&rest[at + 1..]), Ok((header, _)) if header.mark.starts_write),
    );
    Ok(hole && !later_write)
}
