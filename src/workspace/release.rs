//! The end of trees. Nothing here deletes work: a mission's tree goes only when a snapshot commit that a ref holds has
//! exactly its files; whatever is not understood is kept and named.

use super::{error::WorkspaceError, git::Place, ledger::Entry, workshop::Workshop, worktrees::Worktree};
use crate::domain::ids::MissionId;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Whether a mission has ended and nothing runs for it; asked while nobody else can change the trees.
pub type Ended<'a> = &'a (dyn Fn(MissionId) -> bool + Send + Sync);

impl Workshop {
    /// Removes the mission's trees whose work is safe in a snapshot commit, and its scratch trees, in which nobody
    /// works; says which are kept, and why. The snapshots themselves stay, so that every version can still be shown.
    /// The mission must have ended: nothing may run in them.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn release(&self, mission: MissionId) -> Result<Vec<String>, WorkspaceError> {
        let _turn = self.turn().await?;
        let (under, scratch) = (format!("{mission}/"), format!("scratch/{mission}-"));
        self.remove_where(|name| name.starts_with(&under) || name.starts_with(&scratch)).await
    }

    /// Removes what missions that have ended left behind, as [`Self::release`] does, and scratch trees of none;
    /// forgets trees that are gone, and names directories the ledger does not know (which are kept).
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub async fn gc(&self, ended: Ended<'_>) -> Result<Vec<String>, WorkspaceError> {
        let _turn = self.turn().await?;
        let over = |name: &str| match mission_of(name) {
            Some(mission) => ended(mission),
            None => name.starts_with("scratch/"),
        };
        let mut kept = self.remove_where(over).await?;
        let mut ledger = self.ledger()?;
        let before = ledger.trees.len();
        ledger.trees.retain(|name, entry| !entry.ready || self.area.join(name).is_dir());
        if ledger.trees.len() < before {
            ledger.write(&self.ledger_path())?;
        }
        for mission in directories(&self.area).into_iter().filter(|dir| !dir.ends_with("yard")) {
            for slot in directories(&mission) {
                let name = slot.strip_prefix(&self.area).unwrap_or(&slot).display().to_string();
                if !ledger.trees.contains_key(&name) {
                    kept.push(format!("{}: not in the ledger, so it may hold work", slot.display()));
                }
            }
        }
        Ok(kept)
    }

    async fn remove_where(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, WorkspaceError> {
        let mut kept = Vec::new();
        let names: Vec<_> = self.ledger()?.trees.into_iter().filter(|(name, _)| wanted(name)).collect();
        for (name, entry) in names {
            let tree = self.named(&name, &entry.base);
            match self.is_safe_to_remove(&tree, &entry).await {
                Ok(()) => match fs::remove_dir_all(tree.slot()) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        kept.push(format!("{name}: {error}"))
                    }
                    _ => {
                        let mut ledger = self.ledger()?;
                        ledger.trees.remove(&name);
                        ledger.write(&self.ledger_path())?;
                        // Only if the mission's last tree is gone, else the directory is not empty.
                        let _ = tree.slot().parent().map(fs::remove_dir);
                    }
                },
                Err(why) => kept.push(format!("{name}: {why}")),
            }
        }
        Ok(kept)
    }

    /// Everything in the tree is in a commit that a ref holds, or it is a scratch tree, which nobody works in.
    async fn is_safe_to_remove(&self, tree: &Worktree, entry: &Entry) -> Result<(), String> {
        if !entry.ready || !tree.path.is_dir() || tree.name.starts_with("scratch/") {
            return Ok(());
        }
        let said = |error: WorkspaceError| error.to_string();
        self.snapshot_as(tree, "last", "before removal").await.map_err(said)?;
        let planted = self.planted(tree).await.map_err(said)?;
        if !planted.is_empty() {
            return Err(format!(
                "holds repositories of its own, which no snapshot covers: {}",
                planted.join(", ")
            ));
        }
        let last = self.last(tree).map_err(said)?;
        let now = self.git.line(&tree.place(), "write a snapshot", &["write-tree"]).await.map_err(said)?;
        let held = ["for-each-ref", "--format=%(refname)", "--contains", &last.0, "refs/chimera/"];
        let held = self.git.line(&Place::Refs, "find the snapshot", &held).await.map_err(said)?;
        if held.is_empty() || now != self.tree_of(&last).await.map_err(said)? {
            return Err("no snapshot holds exactly these files".to_owned());
        }
        Ok(())
    }
}

/// The mission whose tree it is: `M-1/T-1`, `scratch/M-1-base-0123`.
fn mission_of(name: &str) -> Option<MissionId> {
    let name = name.strip_prefix("scratch/").unwrap_or(name);
    let digits: String = name.strip_prefix("M-")?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn directories(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
