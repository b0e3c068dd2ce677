//! The proof that one entry stands in the journal, for an outsider: made from the files, also while their owner writes.

use crate::{
    domain::{digest::Digest, ids::Seq},
    store::audit::{self, AuditError},
};
use std::path::Path;

/// A proof that was followed link by link. Records are texts, exactly as they are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Hash of the journal's last record.
    pub head: Digest,
    /// The entry.
    pub entry: String,
    /// The checkpoint that covers it, if one does yet.
    pub checkpoint: Option<String>,
    /// The checkpoints after that one, in order.
    pub later: Vec<String>,
    /// The records after the last checkpoint; without a checkpoint, those after the entry.
    pub tail: Vec<String>,
    /// The same as commands for a POSIX shell, each with what it must print.
    pub commands: String,
}

/// There is no proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unproven {
    /// There is no such entry.
    Missing(String),
    /// The journal cannot be read, or does not verify.
    Damaged(String),
}

/// Proves an entry of this data directory. Reads the whole journal.
///
/// # Errors
/// There is no such entry, or the journal does not verify.
pub fn of(data: &Path, seq: Seq) -> Result<Proven, Unproven> {
    let proof = audit::prove(data, seq).map_err(|error| match error {
        AuditError::Missing { .. } => Unproven::Missing(error.to_string()),
        AuditError::NoJournal(_) => Unproven::Damaged("there is no journal".to_owned()),
        error => Unproven::Damaged(error.to_string()),
    })?;
    proof.check().map_err(|why| Unproven::Damaged(format!("the proof of {seq} does not hold: {why}")))?;
    let commands = proof.explain();
    Ok(Proven {
        head: proof.head,
        entry: proof.entry,
        checkpoint: proof.checkpoint,
        later: proof.later,
        tail: proof.tail,
        commands,
    })
}
