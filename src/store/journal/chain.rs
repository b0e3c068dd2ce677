//! The chain as one walks along it: which seq and which previous hash the next record must have, and the
//! leaves of the unfinished Merkle block. The writer extends with it; recovery and audit check with it.

use super::super::{
    entry::{self, Checkpoint, Record},
    merkle::{self, BLOCK},
};
use crate::domain::digest::Digest;

/// Position right after some record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Chain {
    /// Seq the next entry must have.
    pub(in crate::store) next: u64,
    /// Hash of the last record.
    pub(in crate::store) prev: Digest,
    /// Hash of the last checkpoint.
    pub(in crate::store) past: Digest,
    /// Hashes of the entries since the last checkpoint, at most 256.
    pub(in crate::store) leaves: Vec<Digest>,
}

impl Chain {
    /// Before the first entry.
    pub(in crate::store) fn genesis() -> Self {
        Self { next: 1, prev: Digest::default(), past: Digest::default(), leaves: Vec::new() }
    }

    /// Right after a checkpoint record whose line hashes to `hash`.
    pub(in crate::store) fn after(point: &Checkpoint, hash: Digest) -> Self {
        Self { next: point.upto.saturating_add(1), prev: hash, past: hash, leaves: Vec::new() }
    }

    /// The checkpoint that must come before the next entry, when the block is full.
    pub(in crate::store) fn due(&self) -> Option<Checkpoint> {
        (self.leaves.len() as u64 >= BLOCK).then(|| Checkpoint {
            upto: self.next - 1,
            root: merkle::root(&self.leaves),
            past: self.past,
            prev: self.prev,
        })
    }

    /// Steps over a checkpoint.
    pub(in crate::store) fn pass_checkpoint(&mut self, hash: Digest) {
        (self.prev, self.past) = (hash, hash);
        self.leaves.clear();
    }

    /// Steps over an entry.
    pub(in crate::store) fn pass_entry(&mut self, hash: Digest) {
        self.prev = hash;
        self.next += 1;
        self.leaves.push(hash);
    }

    /// Checks that this record is the next one and steps over it. `Err` says what does not fit.
    pub(in crate::store) fn accept<'a>(&mut self, json: &'a str) -> Result<(Record<'a>, Digest), String> {
        let record = entry::decode_json(json)?;
        let hash = Digest::of(json.as_bytes());
        match (&record, self.due()) {
            (Record::Entry(_), Some(due)) => {
                return Err(format!("checkpoint mismatch: the checkpoint up to #{} is missing", due.upto));
            }
            (Record::Checkpoint(found), due) => {
                let Some(due) = due else {
                    return Err(format!(
                        "checkpoint mismatch: a checkpoint up to #{} stands where none belongs",
                        found.upto
                    ));
                };
                if found.prev != due.prev {
                    return Err(
                        "chain break: the checkpoint's prev is not the hash of the entry before it".into()
                    );
                }
                if *found != due {
                    return Err(
                        "checkpoint mismatch: its root is not that of the 256 entries before it".into()
                    );
                }
                self.pass_checkpoint(hash);
            }
            (Record::Entry(found), None) => {
                if found.seq != self.next {
                    return Err(format!("seq gap: #{} follows #{}", found.seq, self.next - 1));
                }
                if found.prev != self.prev {
                    return Err("chain break: its prev is not the hash of the record before it".into());
                }
                self.pass_entry(hash);
            }
        }
        Ok((record, hash))
    }
}
