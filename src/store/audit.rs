//! Auditing a journal from outside: verify all of it, prove one entry, export it.
//!
//! Works on the files of a data directory, read only, without the lock, also while the owner writes: a tail
//! that is not finished is then no fault, it is only mentioned. Streams; memory does not grow with history
//! (a proof holds the lines it consists of).

use super::{
    entry::{self, Record},
    error::{Damage, StoreError},
    frame::BadFrame,
    journal::{
        chain::Chain,
        dir_of, never_acknowledged,
        segment::{self, Frames, Next, Segment},
    },
    proof::{Builder, Proof},
    snapshots,
};
use crate::domain::{digest::Digest, ids::Seq};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Why an audit gave no answer, or not the one hoped for.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The first entry that is not as it was written. Everything before it verifies.
    #[error(
        "{0}. All entries before it verify. Restore that file from a backup, or keep it as evidence and start with an empty directory"
    )]
    Bad(Box<Damage>),
    /// The journal has no such entry.
    #[error("there is no entry {asked}: the journal ends at {last}")]
    Missing {
        /// What was asked for.
        asked: Seq,
        /// The last entry.
        last: Seq,
    },
    /// There is no journal.
    #[error("{} holds no journal; name a data directory with --data", .0.display())]
    NoJournal(PathBuf),
    /// A file could not be read.
    #[error(transparent)]
    Store(StoreError),
    /// The export could not be written.
    #[error("writing the export failed: {0}")]
    Export(io::Error),
}

/// An unfinished end: a write in progress, or one that a crash cut and the next start will remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// Segment file.
    pub file: PathBuf,
    /// Where the last whole entry ends.
    pub offset: u64,
    /// Bytes behind it.
    pub bytes: u64,
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries, all with CRC, hash, seq and link checked.
    pub entries: u64,
    /// Checkpoints, all with their root recomputed.
    pub checkpoints: u64,
    /// Segment files.
    pub segments: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Hash of the last record: who keeps it can later prove that nothing before it was changed.
    pub head: Digest,
    /// An unfinished end, if there is one.
    pub torn: Option<Torn>,
}

/// Checks every byte of the journal, and that it reaches as far as what was saved of it: an end that was cut
/// off at a line leaves a chain that verifies.
pub fn verify(data: &Path) -> Result<Report, AuditError> {
    // First: the owner saves only what the journal holds already.
    let saved = snapshots::reach(&data.join("state"));
    let report = stream(data, &mut |_, _, _| Ok(()))?;
    match saved {
        Some(saved) if saved.0 > report.entries => {
            let reason = format!("the entries up to {saved}, as of which a state was saved, are missing");
            let file = dir_of(data);
            let seq = Seq(report.entries + 1);
            Err(AuditError::Bad(Box::new(Damage { seq, file, offset: report.bytes, reason })))
        }
        _ => Ok(report),
    }
}

/// Everything an outsider needs to check that entry `seq` is in the journal with the head it names.
pub fn prove(data: &Path, seq: Seq) -> Result<Proof, AuditError> {
    let mut builder = Builder::new(seq);
    let report = stream(data, &mut |record, json, hash| {
        builder.add(record, json, hash);
        Ok(())
    })?;
    builder.finish(report.head).ok_or(AuditError::Missing { asked: seq, last: Seq(report.entries) })
}

/// Writes the journal as JSON Lines, one record a line: `{"hash":"<sha256>","record":<canonical JSON>}`.
/// The hash is that of the record's text as it stands in the line. Checkpoints are records too (their key is
/// `checkpoint` instead of `seq`), since the chain goes through them.
pub fn export(data: &Path, out: &mut dyn Write) -> Result<Report, AuditError> {
    let report = stream(data, &mut |_, json, hash| {
        writeln!(out, "{{\"hash\":\"{hash}\",\"record\":{json}}}").map_err(AuditError::Export)
    })?;
    out.flush().map_err(AuditError::Export)?;
    Ok(report)
}

type Visit<'a> = &'a mut dyn FnMut(&Record<'_>, &str, Digest) -> Result<(), AuditError>;

fn stream(data: &Path, visit: Visit<'_>) -> Result<Report, AuditError> {
    let dir = dir_of(data);
    let segments = match segment::list(&dir) {
        Ok(segments) => segments,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(match snapshots::reach(&data.join("state")) {
                Some(seq) => AuditError::Store(StoreError::Lost { dir, seq }),
                None => AuditError::NoJournal(data.to_owned()),
            });
        }
        Err(e) => return Err(AuditError::Store(StoreError::io("listing the journal", &dir, &e))),
    };
    let report = Report {
        entries: 0,
        checkpoints: 0,
        segments: segments.len() as u64,
        bytes: 0,
        head: Chain::genesis().prev,
        torn: None,
    };
    let mut walk = Walk { chain: Chain::genesis(), report, visit, open: Vec::new() };
    for (index, segment) in segments.iter().enumerate() {
        if segment.first != walk.chain.next {
            let follows = walk.chain.next;
            let reason =
                format!("seq gap: the file begins with #{}, #{follows} should follow", segment.first);
            return Err(walk.bad(segment, 0, reason));
        }
        walk.segment(segment, index + 1 == segments.len())?;
    }
    Ok(walk.report)
}

/// A walk through all segments. The report counts whole appends only: what a start would keep.
struct Walk<'a> {
    chain: Chain,
    report: Report,
    visit: Visit<'a>,
    /// Records of an append that has not ended yet.
    open: Vec<(String, Digest)>,
}

impl Walk<'_> {
    fn bad(&self, segment: &Segment, offset: u64, reason: String) -> AuditError {
        let file = segment.path.clone();
        AuditError::Bad(Box::new(Damage { seq: Seq(self.chain.next), file, offset, reason }))
    }

    fn segment(&mut self, segment: &Segment, is_last: bool) -> Result<(), AuditError> {
        let fail = |e: io::Error| AuditError::Store(StoreError::io("reading the journal", &segment.path, &e));
        let mut frames = Frames::open(&segment.path, 0).map_err(fail)?;
        let mut whole = 0;
        let wrong = loop {
            let at = frames.offset;
            match frames.read().map_err(fail)? {
                Next::Frame(mark, json) => {
                    let accepted = self.chain.accept(json).map(|(_, hash)| hash);
                    let hash = accepted.map_err(|reason| self.bad(segment, at, reason))?;
                    self.open.push((json.to_owned(), hash));
                    if mark.ends_append {
                        self.end_append()?;
                        whole = frames.offset;
                    }
                }
                Next::End => break None,
                Next::Bad(wrong) => break Some(wrong),
            }
        };
        let at = frames.offset;
        self.report.bytes += whole;
        match wrong {
            None if self.open.is_empty() || !is_last => return Ok(()),
            Some(wrong) if !(is_last && never_acknowledged(segment, at, &wrong).map_err(fail)?) => {
                let reason = match wrong {
                    BadFrame::Torn => "truncated",
                    BadFrame::Wrong(reason) => reason,
                };
                return Err(self.bad(segment, at, reason.to_owned()));
            }
            None | Some(_) => {}
        }
        let len = std::fs::metadata(&segment.path).map_err(fail)?.len();
        let bytes = len.saturating_sub(whole);
        self.report.torn = Some(Torn { file: segment.path.clone(), offset: whole, bytes });
        Ok(())
    }

    fn end_append(&mut self) -> Result<(), AuditError> {
        for (json, hash) in self.open.drain(..) {
            // It was decoded once already, by the chain.
            let Ok(record) = entry::decode_json(&json) else { continue };
            match record {
                Record::Entry(_) => self.report.entries += 1,
                Record::Checkpoint(_) => self.report.checkpoints += 1,
            }
            (self.visit)(&record, &json, hash)?;
            self.report.head = hash;
        }
        Ok(())
    }
}
