//! `worktrees.json`: which trees exist, what they were made from, what their last snapshot is. Written whole and
//! atomically (new file, fsync, rename), only under the workshop's lock. A tree that is not `ready` was interrupted
//! while it was made: nothing has run in it and it may be made again.

use super::error::{WorkspaceError, at};
use crate::domain::candidate::CommitId;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::Path,
};

/// Largest ledger that is read, in bytes.
const MOST_BYTES: u64 = 16 << 20;

/// One tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Commit it was made from.
    pub base: CommitId,
    /// Commit that holds what it held when last asked; the base at first.
    pub last: CommitId,
    /// It was made completely.
    pub ready: bool,
}

/// All trees of one repository by name (`M-1/T-1`, `scratch/baseline`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The trees.
    pub trees: BTreeMap<String, Entry>,
}

impl Ledger {
    /// Reads it; no file is an empty ledger, a broken one an error (trees must not be forgotten).
    ///
    /// # Errors
    /// When the file cannot be read or is no ledger.
    pub fn read(path: &Path) -> Result<Self, WorkspaceError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            other => other.map_err(at("cannot read the ledger of worktrees", path))?,
        };
        let bounded = std::io::Read::take(file, MOST_BYTES);
        serde_json::from_reader(bounded).map_err(|e| at("broken ledger of worktrees", path)(e.into()))
    }

    /// Writes it so that either the old or the new one is there after a crash.
    ///
    /// # Errors
    /// When the disk says no; the old one is still in place then.
    pub fn write(&self, path: &Path) -> Result<(), WorkspaceError> {
        let fresh = path.with_extension("json.new");
        let write = || {
            let mut file = File::create(&fresh)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&fresh, path)?;
            path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
        };
        write().map_err(at("cannot write the ledger of worktrees", path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_round_trip_and_refuses_rubbish() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("worktrees.json");
        assert_eq!(Ledger::read(&path).unwrap(), Ledger::default());
        let commit = CommitId("abc".to_owned());
        let entry = Entry { base: commit.clone(), last: commit, ready: true };
        let ledger = Ledger { trees: BTreeMap::from([("M-1/T-1".to_owned(), entry)]) };
        ledger.write(&path).unwrap();
        assert_eq!(Ledger::read(&path).unwrap(), ledger);
        fs::write(&path, "{").unwrap();
        assert!(Ledger::read(&path).unwrap_err().to_string().contains("broken ledger"));
    }
}
