//! Segment files: names, order, and where in them the checkpoints stand.
//!
//! `journal/<first seq, 20 digits>.log` holds entries from that seq on. `<same>.idx` beside it holds pairs
//! (seq, byte offset), 16 bytes each, big-endian, one for each checkpoint record. The index is never trusted:
//! a record of it counts only if a checkpoint of that seq decodes at that offset, and it is rebuilt otherwise.

use super::super::{
    entry::{self, MOST_JSON_BYTES},
    error::StoreError,
    frame::{self, BadFrame, HEADER_BYTES},
};
use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

/// Bytes read at once while walking a segment.
const READ_BYTES: usize = 256 << 10;
/// Bytes of one index record.
const INDEX_RECORD_BYTES: usize = 16;
/// Most bytes of an index that are read (a million checkpoints).
const MOST_INDEX_BYTES: u64 = 16 << 20;

/// One segment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Segment {
    /// Seq of its first entry.
    pub(in crate::store) first: u64,
    /// Its file.
    pub(in crate::store) path: PathBuf,
}

impl Segment {
    /// The segment of `dir` whose first entry is `first`.
    pub(in crate::store) fn named(dir: &Path, first: u64) -> Self {
        Self { first, path: dir.join(format!("{first:020}.log")) }
    }
    /// Its index file.
    pub(in crate::store) fn index(&self) -> PathBuf {
        self.path.with_extension("idx")
    }
}

/// All segments in order. Files with other names are not ours and are left alone.
pub(in crate::store) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let name = file?.file_name();
        let first = name.to_str().and_then(|name| name.strip_suffix(".log")).filter(|stem| stem.len() == 20);
        if let Some(first) = first.and_then(|stem| stem.parse().ok()) {
            found.push(Segment::named(dir, first));
        }
    }
    found.sort_by_key(|segment| segment.first);
    Ok(found)
}

/// A checkpoint's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Place {
    /// Last entry the checkpoint covers.
    pub(in crate::store) upto: u64,
    /// Offset of its frame.
    pub(in crate::store) offset: u64,
}

impl Place {
    /// As an index record.
    pub(in crate::store) fn bytes(self) -> [u8; INDEX_RECORD_BYTES] {
        let mut out = [0; INDEX_RECORD_BYTES];
        out[..8].copy_from_slice(&self.upto.to_be_bytes());
        out[8..].copy_from_slice(&self.offset.to_be_bytes());
        out
    }
}

/// Frames of one file from an offset on, each CRC-checked.
pub(in crate::store) struct Frames {
    file: BufReader<File>,
    buffer: Vec<u8>,
    /// Offset of the next frame.
    pub(in crate::store) offset: u64,
}

/// What stands at an offset.
pub(in crate::store) enum Next<'a> {
    /// A whole frame.
    Frame(frame::Mark, &'a str),
    /// The file ends here.
    End,
    /// Something else.
    Bad(BadFrame),
}

impl Frames {
    /// From `offset` of a segment.
    pub(in crate::store) fn open(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file: BufReader::with_capacity(READ_BYTES, file), buffer: Vec::new(), offset })
    }

    /// The next frame; on anything else the offset stays.
    pub(in crate::store) fn read(&mut self) -> io::Result<Next<'_>> {
        self.buffer.clear();
        let most = (HEADER_BYTES + MOST_JSON_BYTES + 1) as u64;
        (&mut self.file).take(most).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(Next::End);
        }
        match frame::decode_frame(&self.buffer) {
            Ok((header, json)) if header.frame_bytes() == self.buffer.len() => {
                self.offset += self.buffer.len() as u64;
                Ok(Next::Frame(header.mark, json))
            }
            Ok(_) => Ok(Next::Bad(BadFrame::Wrong("the line is longer than its header says"))),
            Err(BadFrame::Torn) if self.buffer.len() as u64 == most => {
                Ok(Next::Bad(BadFrame::Wrong("the line is longer than any entry can be")))
            }
            Err(bad) => Ok(Next::Bad(bad)),
        }
    }
}

/// The places of all checkpoints in a segment: from its index when that holds, else by walking the segment,
/// which stops quietly at a bad frame (whoever reads the entries will name it).
pub(in crate::store) fn places(segment: &Segment) -> Result<Vec<Place>, StoreError> {
    index_that_holds(segment).map_or_else(|| walked_places(segment), Ok)
}

/// The same, and writes an index that did not hold anew. Not for a segment that is being written.
pub(in crate::store) fn places_indexed(segment: &Segment) -> Result<Vec<Place>, StoreError> {
    if let Some(places) = index_that_holds(segment) {
        return Ok(places);
    }
    let places = walked_places(segment)?;
    let bytes: Vec<u8> = places.iter().flat_map(|place| place.bytes()).collect();
    // Only a shortcut: when it cannot be written, the next reader walks the segment again.
    let _ = std::fs::write(segment.index(), bytes);
    Ok(places)
}

fn walked_places(segment: &Segment) -> Result<Vec<Place>, StoreError> {
    let fail = |e: io::Error| StoreError::io("reading the journal", &segment.path, &e);
    let mut frames = Frames::open(&segment.path, 0).map_err(fail)?;
    let mut places = Vec::new();
    loop {
        let offset = frames.offset;
        match frames.read().map_err(fail)? {
            Next::Frame(_, json) => {
                places.extend(entry::checkpoint_of(json).map(|upto| Place { upto, offset }));
            }
            Next::End | Next::Bad(_) => break,
        }
    }
    Ok(places)
}

/// An index counts when it is well formed, dense, and its last record really points at that checkpoint.
fn index_that_holds(segment: &Segment) -> Option<Vec<Place>> {
    let file = File::open(segment.index()).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_INDEX_BYTES).read_to_end(&mut bytes).ok()?;
    if bytes.len() % INDEX_RECORD_BYTES != 0 {
        return None;
    }
    let places: Vec<Place> = bytes
        .chunks_exact(INDEX_RECORD_BYTES)
        .filter_map(|record| {
            let (upto, offset) = record.split_at(8);
            Some(Place {
                upto: u64::from_be_bytes(upto.try_into().ok()?),
                offset: u64::from_be_bytes(offset.try_into().ok()?),
            })
        })
        .collect();
    let dense = places
        .windows(2)
        .all(|two| two[1].upto == two[0].upto.wrapping_add(256) && two[0].offset < two[1].offset);
    let last = places.last()?;
    (dense && stands_at(segment, *last)).then_some(places)
}

/// Whether a checkpoint of that seq decodes at that place.
pub(in crate::store) fn stands_at(segment: &Segment, place: Place) -> bool {
    let Ok(mut frames) = Frames::open(&segment.path, place.offset) else { return false };
    matches!(frames.read(), Ok(Next::Frame(_, json)) if entry::checkpoint_of(json) == Some(place.upto))
}
