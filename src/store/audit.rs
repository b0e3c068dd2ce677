//! Auditing a journal from outside: verify all of it, prove one entry, export it.
//!
//! Works on the files of a data directory, read only, without the lock, also while the owner writes: a tail
//! that is not finished is then no fault, it is only mentioned. Streams; memory does not grow with history
//! (a proof holds the lines it consists of).

use super::{
    entry::{BadFrame, Record},
    error::{Damage, StoreError},
    journal::{
        chain::Chain,
        dir_of, never_acknowledged,
        segment::{self, Frames, Next, Segment},
    },
    proof::{Builder, Proof},
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

/// Checks every byte of the journal.
pub fn verify(data: &Path) -> Result<Report, AuditError> {
    stream(data, &mut |_, _, _| Ok(()))
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
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(AuditError::NoJournal(data.to_owned())),
        Err(e) => return Err(AuditError::Store(StoreError::io("listing the journal", &dir, &e))),
    };
    let mut chain = Chain::genesis();
    let mut report = Report {
        entries: 0,
        checkpoints: 0,
        segments: segments.len() as u64,
        bytes: 0,
        head: Digest::default(),
        torn: None,
    };
    for (index, segment) in segments.iter().enumerate() {
        if segment.first != chain.next {
            let reason =
                format!("seq gap: the file begins with #{}, #{} should follow", segment.first, chain.next);
            return Err(bad(&chain, segment, 0, reason));
        }
        let is_last = index + 1 == segments.len();
        report.torn = one_segment(segment, is_last, &mut chain, &mut (&mut report, &mut *visit))?;
    }
    report.head = chain.prev;
    Ok(report)
}

fn bad(chain: &Chain, segment: &Segment, offset: u64, reason: String) -> AuditError {
    let file = segment.path.clone();
    AuditError::Bad(Box::new(Damage { seq: Seq(chain.next), file, offset, reason }))
}

fn one_segment(
    segment: &Segment,
    is_last: bool,
    chain: &mut Chain,
    (report, visit): &mut (&mut Report, Visit<'_>),
) -> Result<Option<Torn>, AuditError> {
    let fail = |e: io::Error| AuditError::Store(StoreError::io("reading the journal", &segment.path, &e));
    let mut frames = Frames::open(&segment.path, 0).map_err(fail)?;
    loop {
        let at = frames.offset;
        let wrong = match frames.read().map_err(fail)? {
            Next::Frame(_, json) => {
                let (record, hash) = chain.accept(json).map_err(|reason| bad(chain, segment, at, reason))?;
                match record {
                    Record::Entry(_) => report.entries += 1,
                    Record::Checkpoint(_) => report.checkpoints += 1,
                }
                visit(&record, json, hash)?;
                continue;
            }
            Next::End => {
                report.bytes += frames.offset;
                return Ok(None);
            }
            Next::Bad(wrong) => wrong,
        };
        report.bytes += at;
        if is_last && never_acknowledged(segment, at, &wrong).map_err(fail)? {
            let len = std::fs::metadata(&segment.path).map_err(fail)?.len();
            let torn = Torn { file: segment.path.clone(), offset: at, bytes: len.saturating_sub(at) };
            return Ok(Some(torn));
        }
        let reason = match wrong {
            BadFrame::Torn => "truncated",
            BadFrame::Wrong(reason) => reason,
        };
        return Err(bad(chain, segment, at, reason.to_owned()));
    }
}
