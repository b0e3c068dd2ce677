//! Reading entries back in order. Each line is checked by CRC, seq and previous hash while it is read, so a
//! reader never gets an entry that is not as it was written.
//!
//! A reader sees the entries that were durable when it was made; what comes later it never touches, so a
//! write in progress cannot disturb it.

use super::{
    super::{
        entry::{Entry, Record, decode_json},
        error::StoreError,
        frame::BadFrame,
    },
    segment::{self, Frames, Next, Segment},
};
use crate::domain::{digest::Digest, ids::Seq};
use std::{collections::VecDeque, io, path::Path};

/// Entries `from..=upto`.
pub struct Entries {
    segments: VecDeque<Segment>,
    open: Option<(Segment, Frames)>,
    from: u64,
    next: u64,
    upto: u64,
    prev: Option<Digest>,
    failed: bool,
    /// Somebody else may be writing: the last whole entry is the end, wherever that is.
    live: bool,
}

/// Where a reader stands: whoever goes on from here reads nothing twice.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    segment: Segment,
    offset: u64,
    next: u64,
    prev: Option<Digest>,
}

impl Mark {
    /// The entry that is read next.
    pub(super) fn next(&self) -> Seq {
        Seq(self.next)
    }
}

impl Entries {
    /// Of these entries, before a file is open.
    fn closed(from: u64, upto: u64) -> Self {
        Self {
            segments: VecDeque::new(),
            open: None,
            from,
            next: from,
            upto,
            prev: None,
            failed: false,
            live: false,
        }
    }

    /// Goes on where another reader of the same journal stood.
    pub(super) fn resume(dir: &Path, mark: Mark, upto: u64) -> Result<Self, StoreError> {
        let all = segment::list(dir).map_err(|e| StoreError::io("listing the journal", dir, &e))?;
        let segments = all.into_iter().filter(|s| s.first > mark.segment.first && s.first <= upto).collect();
        let frames = Frames::open(&mark.segment.path, mark.offset)
            .map_err(|e| StoreError::io("reading the journal", &mark.segment.path, &e))?;
        let open = Some((mark.segment, frames));
        Ok(Self { segments, open, prev: mark.prev, ..Self::closed(mark.next, upto) })
    }

    /// Where it stands; nowhere if it could not read on.
    pub(super) fn mark(&self) -> Option<Mark> {
        let (segment, frames) = self.open.as_ref().filter(|_| !self.failed)?;
        let Self { next, prev, .. } = *self;
        Some(Mark { segment: segment.clone(), offset: frames.offset, next, prev })
    }

    /// Of a journal that another process may be writing to: ends after the last whole entry.
    pub(in crate::store) fn live(dir: &Path, from: Seq) -> Result<Self, StoreError> {
        Ok(Self { live: true, ..Self::new(dir, from, u64::MAX)? })
    }

    /// The last whole entry of such a journal, 0 in an empty one.
    pub(in crate::store) fn end(dir: &Path) -> Result<Seq, StoreError> {
        let mut tail = Self::live(dir, Seq(u64::MAX))?;
        while tail.step()?.is_some() {}
        Ok(Seq(tail.open.map_or(0, |_| tail.next.saturating_sub(1))))
    }

    /// Positions a reader at `from`.
    pub(in crate::store) fn new(dir: &Path, from: Seq, upto: u64) -> Result<Self, StoreError> {
        let all = segment::list(dir).map_err(|e| StoreError::io("listing the journal", dir, &e))?;
        let from = from.0.max(1);
        let skip = all.iter().rposition(|segment| segment.first <= from).unwrap_or(0);
        let mut segments: VecDeque<_> = all.into_iter().skip(skip).filter(|s| s.first <= upto).collect();
        let mut entries = Self::closed(from, upto);
        if from > upto {
            return Ok(entries);
        }
        if let Some(first) = segments.pop_front() {
            entries.next = first.first;
            let mut offset = 0;
            let sealed = segments.front().is_some();
            let places = if sealed { segment::places_indexed(&first)? } else { segment::places(&first)? };
            let near = places.into_iter().rev().find(|place| place.upto < from);
            if let Some(place) = near.filter(|place| segment::stands_at(&first, *place)) {
                (entries.next, offset) = (place.upto + 1, place.offset);
            }
            let frames = Frames::open(&first.path, offset)
                .map_err(|e| StoreError::io("reading the journal", &first.path, &e))?;
            entries.open = Some((first, frames));
        }
        entries.segments = segments;
        Ok(entries)
    }

    /// The next record's line through `take`, `None` at the end of the segment.
    fn line(&mut self) -> Result<Option<Option<Entry>>, StoreError> {
        let Some((segment, frames)) = &mut self.open else { return Ok(None) };
        let at = frames.offset;
        let bad = |reason: &str| StoreError::damaged(self.next, &segment.path, at, reason);
        match frames.read() {
            Err(e) => Err(StoreError::io("reading the journal", &segment.path, &e)),
            Ok(Next::End) => Ok(None),
            // The writer is in the middle of it.
            Ok(Next::Bad(BadFrame::Torn)) if self.live && self.segments.is_empty() => Ok(None),
            Ok(Next::Bad(BadFrame::Torn)) => Err(bad("truncated")),
            Ok(Next::Bad(BadFrame::Wrong(reason))) => Err(bad(reason)),
            Ok(Next::Frame(_, json)) => {
                let record = decode_json(json).map_err(|reason| bad(&reason))?;
                let hash = Digest::of(json.as_bytes());
                let (Record::Entry(parsed), prev) = (record, self.prev.replace(hash)) else {
                    return Ok(Some(None));
                };
                if parsed.seq != self.next {
                    return Err(bad(&format!(
                        "seq gap: #{} stands where #{} belongs",
                        parsed.seq, self.next
                    )));
                }
                if prev.is_some_and(|prev| prev != parsed.prev) {
                    return Err(bad("chain break: its prev is not the hash of the record before it"));
                }
                self.next += 1;
                Ok(Some((parsed.seq >= self.from).then(|| parsed.into_entry(hash))))
            }
        }
    }

    fn step(&mut self) -> Result<Option<Entry>, StoreError> {
        while self.next <= self.upto {
            match self.line()? {
                Some(Some(entry)) => return Ok(Some(entry)),
                Some(None) => {}
                None => {
                    let Some(segment) = self.segments.pop_front() else {
                        if self.live {
                            return Ok(None);
                        }
                        let (path, at) =
                            self.open.as_ref().map(|(s, f)| (s.path.clone(), f.offset)).unwrap_or_default();
                        return Err(StoreError::damaged(self.next, &path, at, "the entry is missing"));
                    };
                    let frames = Frames::open(&segment.path, 0)
                        .map_err(|e: io::Error| StoreError::io("reading the journal", &segment.path, &e))?;
                    self.open = Some((segment, frames));
                }
            }
        }
        Ok(None)
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, StoreError>;
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = step.is_err();
        step.transpose()
    }
}
