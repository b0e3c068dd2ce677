//! The proof that one entry stands in the journal, checkable with `sha256sum` alone.
//!
//! Three links, each shown by hashing text that is in the proof:
//! 1. entry to checkpoint: the entry's SHA-256, joined with eight siblings (SHA-256 over the two 64-digit hex
//!    forms, left then right), gives the `root` that the checkpoint states;
//! 2. checkpoint to last checkpoint: each later checkpoint states the hash of the one before it in `past`;
//! 3. last checkpoint to head: each record after it states the hash of the one before it in `prev`.
//!
//! An entry that no checkpoint covers yet is linked to the head by step 3 alone. The outsider compares the head
//! with one obtained earlier or elsewhere.

use super::{
    entry::{Record, decode_json},
    merkle::{self, Side},
};
use crate::domain::{digest::Digest, ids::Seq};
use std::fmt::Write as _;

/// See the module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The entry's seq.
    pub seq: Seq,
    /// The entry's canonical JSON.
    pub entry: String,
    /// Siblings up to the checkpoint's root; empty when no checkpoint covers the entry yet.
    pub siblings: Vec<(Side, Digest)>,
    /// The checkpoint that covers the entry.
    pub checkpoint: Option<String>,
    /// The checkpoints after it, in order.
    pub later: Vec<String>,
    /// The records after the last checkpoint; without a checkpoint, those after the entry.
    pub tail: Vec<String>,
    /// Hash of the journal's last record.
    pub head: Digest,
}

/// Collects a proof while the whole journal streams by.
pub(super) struct Builder {
    seq: u64,
    leaves: Vec<Digest>,
    slot: usize,
    proof: Option<Proof>,
}

impl Builder {
    pub(super) fn new(seq: Seq) -> Self {
        Self { seq: seq.0, leaves: Vec::new(), slot: 0, proof: None }
    }

    pub(super) fn add(&mut self, record: &Record<'_>, json: &str, hash: Digest) {
        match (record, &mut self.proof) {
            (Record::Entry(entry), None) if entry.seq == self.seq => {
                self.slot = self.leaves.len();
                self.leaves.push(hash);
                self.proof = Some(Proof {
                    seq: Seq(self.seq),
                    entry: json.to_owned(),
                    siblings: Vec::new(),
                    checkpoint: None,
                    later: Vec::new(),
                    tail: Vec::new(),
                    head: hash,
                });
            }
            (Record::Entry(_), proof) => {
                self.leaves.push(hash);
                if let Some(proof) = proof {
                    proof.tail.push(json.to_owned());
                }
            }
            (Record::Checkpoint(_), None) => self.leaves.clear(),
            (Record::Checkpoint(_), Some(proof)) => {
                proof.tail.clear();
                if proof.checkpoint.is_none() {
                    proof.siblings = merkle::siblings(&self.leaves, self.slot);
                    proof.checkpoint = Some(json.to_owned());
                } else {
                    proof.later.push(json.to_owned());
                }
                self.leaves.clear();
            }
        }
    }

    pub(super) fn finish(self, head: Digest) -> Option<Proof> {
        self.proof.map(|proof| Proof { head, ..proof })
    }
}

impl Proof {
    /// Follows all links. `Err` says which one does not hold.
    pub fn check(&self) -> Result<(), String> {
        let hash = |json: &str| Digest::of(json.as_bytes());
        match decode_json(&self.entry)? {
            Record::Entry(entry) if entry.seq == self.seq.0 => {}
            _ => return Err(format!("the entry is not {}", self.seq)),
        }
        let mut at = hash(&self.entry);
        if let Some(checkpoint) = &self.checkpoint {
            let Record::Checkpoint(point) = decode_json(checkpoint)? else {
                return Err("the checkpoint is none".into());
            };
            if merkle::climb(at, &self.siblings) != point.root {
                return Err("the entry and its siblings do not lead to the checkpoint's root".into());
            }
            at = hash(checkpoint);
        }
        for json in &self.later {
            match decode_json(json)? {
                Record::Checkpoint(point) if point.past == at => at = hash(json),
                _ => return Err("a later checkpoint does not name the one before it".into()),
            }
        }
        for json in &self.tail {
            match decode_json(json)? {
                Record::Entry(entry) if entry.prev == at => at = hash(json),
                _ => return Err("a record of the tail does not name the one before it".into()),
            }
        }
        if at == self.head { Ok(()) } else { Err("the last link does not end at the head".into()) }
    }

    /// The same steps for a person with a POSIX shell: commands and what each must print.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = format!("# Entry {} stands in the journal whose head is {}.\n", self.seq, self.head);
        let mut at = Digest::of(self.entry.as_bytes());
        text.push_str("# Each command must print the hash in the comment below it.\n\n# The entry:\n");
        step(&mut text, &self.entry, &at);
        for (side, sibling) in &self.siblings {
            let pair = match side {
                Side::Left => format!("{sibling}{at}"),
                Side::Right => format!("{at}{sibling}"),
            };
            at = merkle::climb(at, &[(*side, *sibling)]);
            step(&mut text, &pair, &at);
        }
        if let Some(checkpoint) = &self.checkpoint {
            text.push_str("\n# That is the \"root\" stated by this checkpoint:\n");
            at = Digest::of(checkpoint.as_bytes());
            step(&mut text, checkpoint, &at);
        }
        for (title, links) in [
            ("\n# That is the \"past\" stated by the next checkpoint, and so on:\n", &self.later),
            ("\n# That is the \"prev\" stated by the next record, and so on:\n", &self.tail),
        ] {
            if !links.is_empty() {
                text.push_str(title);
            }
            for json in links {
                step(&mut text, json, &Digest::of(json.as_bytes()));
            }
        }
        let _ = writeln!(text, "\n# The last hash is the head: {}", self.head);
        text
    }
}

fn step(text: &mut String, hashed: &str, gives: &Digest) {
    let quoted = hashed.replace('\'', "'\\''");
    let _ = writeln!(text, "printf '%s' '{quoted}' | sha256sum\n#   {gives}");
}
