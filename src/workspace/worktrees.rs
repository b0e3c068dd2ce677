//! Trees in which agents work: made, snapshotted, compared, rewound, released.
//!
//! A tree is a plain directory; its slot beside it holds what a command must not write:
//! ```text
//! <data>/worktrees/<repo>/M-1/T-1/  tree/   the files; the only place (with home/ and temp/) commands may change
//!                                   .git/   read-only for agents: HEAD at the base, objects shared with the target
//!                                   index   the host's private index      home/ temp/   private
//! ```
//! git in `tree/` finds `../.git` by itself, so `git log`, `diff` and `blame` work for agents without any variable;
//! the host never opens it, and a `.git` planted inside `tree/` is never opened either: such directories are left
//! out of snapshots and named by [`Workshop::planted`].
//! The target itself only ever sees new objects and refs under `refs/chimera/`.

use super::{
    error::{WorkspaceError, at},
    git::{Place, refusal},
    ledger::Entry,
    patch,
    sandbox::Profile,
    workshop::{Workshop, write},
};
use crate::domain::{
    candidate::CommitId,
    ids::{MissionId, TeamId},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Chain of object stores that lend to each other.
const MOST_ALTERNATES: usize = 5;
/// A tree to work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// The files.
    pub path: PathBuf,
    /// Commit it was made from.
    pub base: CommitId,
    /// As in the ledger: `M-1/T-1` or `scratch/baseline`.
    pub name: String,
}

impl Worktree {
    /// Directory around the files.
    pub(super) fn slot(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }
    pub(super) fn place(&self) -> Place {
        self.with_index("index")
    }
    pub(super) fn with_index(&self, name: &str) -> Place {
        Place::Tree { tree: self.path.clone(), index: self.slot().join(name) }
    }
    pub(super) fn refs(&self) -> String {
        format!("refs/chimera/{}", self.name)
    }
}

impl Workshop {
    /// Makes the team's tree at `base`, or opens it again with everything in it. A tree from another base starts
    /// anew from this one: what it held is snapshotted first, under `refs/chimera/<name>/before-<base>`, and its
    /// ignored files (build caches) stay.
    ///
    /// # Errors
    /// When git or the disk refuse; nothing is lost then.
    pub async fn worktree(
        &self,
        mission: MissionId,
        team: TeamId,
        base: &CommitId,
    ) -> Result<Worktree, WorkspaceError> {
        let _turn = self.turn().await?;
        let tree = self.named(&format!("{mission}/{team}"), base);
        let entry = self.ledger()?.trees.get(&tree.name).cloned();
        match entry {
            Some(entry) if entry.base != *base && entry.ready && tree.path.is_dir() => {
                self.move_base(&tree, &entry.base).await?;
                Ok(tree)
            }
            Some(entry) if entry.base != *base => self.make(tree, base.clone()).await,
            Some(entry) if entry.ready && tree.path.is_dir() => {
                // Left by a power cut; nobody else uses this index.
                let _ = fs::remove_file(tree.slot().join("index.lock"));
                Ok(tree)
            }
            // It vanished, or its making was interrupted: make it again from the last snapshot.
            Some(entry) => self.make(tree, entry.last).await,
            None => self.make(tree, base.clone()).await,
        }
    }

    /// The tree holds its new base and nothing else; what it held is in a snapshot of the former one's line.
    async fn move_base(&self, tree: &Worktree, from: &CommitId) -> Result<(), WorkspaceError> {
        let former = Worktree { base: from.clone(), ..tree.clone() };
        let short: String = tree.base.0.chars().take(12).collect();
        let _ = fs::remove_file(tree.slot().join("index.lock"));
        self.snapshot_as(&former, &format!("before-{short}"), "before starting anew").await?;
        self.fill(tree, &tree.base).await?;
        self.set_ref(&format!("{}/0", tree.refs()), &tree.base).await?;
        self.show_to_agents(tree)?;
        self.note(tree, &tree.base, &tree.base)
    }

    /// A detached tree at `commit`, for checks of the base or of what would land. Made again if it was at another
    /// commit; its ignored files (build caches) stay.
    ///
    /// # Errors
    /// When git or the disk refuse.
    pub async fn scratch(&self, name: &str, commit: &CommitId) -> Result<Worktree, WorkspaceError> {
        patch::check_path(name)?;
        let _turn = self.turn().await?;
        let tree = self.named(&format!("scratch/{name}"), commit);
        let known = self.ledger()?.trees.get(&tree.name).is_some_and(|entry| entry.ready);
        if known && tree.path.is_dir() {
            self.stage(&tree.place()).await?;
            self.fill(&tree, commit).await?;
            self.show_to_agents(&tree)?;
            self.note(&tree, commit, commit)?;
            return Ok(tree);
        }
        self.make(tree, commit.clone()).await
    }

    /// Commits what the tree holds now to `refs/chimera/<name>/<turn>`; `None` if that is what the last one held.
    /// Untracked files are in it, ignored ones are not.
    ///
    /// # Errors
    /// When git or the disk refuse; the tree is as it was.
    pub async fn snapshot(
        &self,
        tree: &Worktree,
        turn: u32,
        message: &str,
    ) -> Result<Option<CommitId>, WorkspaceError> {
        let _turn = self.turn().await?;
        self.snapshot_as(tree, &turn.to_string(), message).await
    }

    pub(super) async fn snapshot_as(
        &self,
        tree: &Worktree,
        name: &str,
        message: &str,
    ) -> Result<Option<CommitId>, WorkspaceError> {
        let last = self.last(tree)?;
        self.stage(&tree.place()).await?;
        let now = self.git.line(&tree.place(), "write a snapshot", &["write-tree"]).await?;
        if now == self.tree_of(&last).await? {
            return Ok(None);
        }
        let commit = self.plain_commit(&now, &[&last], message).await?;
        self.set_ref(&format!("{}/{name}", tree.refs()), &commit).await?;
        self.note(tree, &tree.base, &commit)?;
        Ok(Some(commit))
    }

    /// Makes the tree hold exactly what `commit` does (ignored files stay). What it held before is snapshotted first,
    /// under `refs/chimera/<name>/before-<commit>`, so that this can be undone.
    ///
    /// # Errors
    /// When git or the disk refuse.
    pub async fn rewind(&self, tree: &Worktree, commit: &CommitId) -> Result<(), WorkspaceError> {
        let _turn = self.turn().await?;
        let short: String = commit.0.chars().take(12).collect();
        self.snapshot_as(tree, &format!("before-{short}"), "before rewinding").await?;
        self.fill(tree, commit).await?;
        self.note(tree, &tree.base, commit)
    }

    /// Git repositories that a command has planted in the tree: their files are not part of snapshots.
    ///
    /// # Errors
    /// When git cannot read the tree.
    pub async fn planted(&self, tree: &Worktree) -> Result<Vec<String>, WorkspaceError> {
        let mut found = self.changed(&tree.place(), &["--others"]).await?.planted;
        if fs::symlink_metadata(tree.path.join(".git")).is_ok() {
            found.push(".git".to_owned());
        }
        Ok(found)
    }

    /// The standard walls of a command in this tree.
    #[must_use]
    pub fn profile(&self, tree: &Worktree) -> Profile {
        let slot = tree.slot();
        let mut git_dirs_readonly = vec![slot.join(".git")];
        git_dirs_readonly.extend(object_stores(&self.git.common));
        Profile {
            writable: vec![tree.path.clone()],
            readable: Vec::new(),
            network: self.rules.network,
            git_dirs_readonly,
            home: slot.join("home"),
            temp: slot.join("temp"),
            helper: None,
        }
    }

    pub(super) fn named(&self, name: &str, base: &CommitId) -> Worktree {
        Worktree { path: self.area.join(name).join("tree"), base: base.clone(), name: name.to_owned() }
    }

    pub(super) fn last(&self, tree: &Worktree) -> Result<CommitId, WorkspaceError> {
        Ok(self.ledger()?.trees.get(&tree.name).map_or_else(|| tree.base.clone(), |entry| entry.last.clone()))
    }

    fn note(&self, tree: &Worktree, base: &CommitId, last: &CommitId) -> Result<(), WorkspaceError> {
        self.enter(tree, Entry { base: base.clone(), last: last.clone(), ready: true })
    }

    fn enter(&self, tree: &Worktree, entry: Entry) -> Result<(), WorkspaceError> {
        let mut ledger = self.ledger()?;
        ledger.trees.insert(tree.name.clone(), entry);
        ledger.write(&self.ledger_path())
    }

    async fn make(&self, tree: Worktree, at_commit: CommitId) -> Result<Worktree, WorkspaceError> {
        let unfinished = Entry { base: tree.base.clone(), last: at_commit.clone(), ready: false };
        self.enter(&tree, unfinished)?;
        let slot = tree.slot();
        if slot.exists() {
            fs::remove_dir_all(slot).map_err(at("cannot clear", slot))?;
        }
        for dir in ["tree", "home", "temp", ".git/refs", ".git/info", ".git/objects/info"] {
            let dir = slot.join(dir);
            fs::create_dir_all(&dir).map_err(at("cannot create", &dir))?;
        }
        if !tree.name.starts_with("scratch/") {
            self.set_ref(&format!("{}/0", tree.refs()), &tree.base).await?;
        }
        self.fill(&tree, &at_commit).await?;
        self.show_to_agents(&tree)?;
        self.note(&tree, &tree.base, &at_commit)?;
        Ok(tree)
    }

    /// Index and files become those of the commit.
    async fn fill(&self, tree: &Worktree, commit: &CommitId) -> Result<(), WorkspaceError> {
        let args = ["read-tree", "--reset", "-u", &commit.0];
        self.git.bytes(&tree.place(), "write the worktree's files", &args, &[]).await.map(drop)
    }

    /// The git directory agents read.
    fn show_to_agents(&self, tree: &Worktree) -> Result<(), WorkspaceError> {
        let (slot, dir) = (tree.slot(), tree.slot().join(".git"));
        let lend = format!("{}\n", self.git.common.join("objects").display());
        write(&dir.join("HEAD"), format!("{}\n", tree.base).as_bytes())?;
        write(&dir.join("config"), self.git_config(Some(&tree.path)).as_bytes())?;
        write(&dir.join("info/exclude"), &self.excludes())?;
        write(&dir.join("objects/info/alternates"), lend.as_bytes())?;
        if let Ok(shallow) = fs::read(self.git.common.join("shallow")) {
            write(&dir.join("shallow"), &shallow)?;
        }
        copy_index(&slot.join("index"), &dir.join("index")).map_err(at("cannot copy the index to", &dir))
    }

    /// Brings the private index to what the tree holds.
    async fn stage(&self, place: &Place) -> Result<Vec<String>, WorkspaceError> {
        let Changed { files, planted } =
            self.changed(place, &["--others", "--modified", "--deleted"]).await?;
        if !files.is_empty() {
            let args = ["update-index", "-z", "--add", "--remove", "--replace", "--stdin"];
            self.git.bytes(place, "record the worktree's files", &args, &files).await?;
        }
        Ok(planted)
    }

    pub(super) async fn changed(&self, place: &Place, kinds: &[&str]) -> Result<Changed, WorkspaceError> {
        let mut args = vec!["ls-files", "-z", "--exclude-standard"];
        args.extend_from_slice(kinds);
        let out = self.git.bytes(place, "list the worktree's files", &args, &[]).await?;
        let mut changed = Changed::default();
        for name in out.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            // git shows a directory, not its files, where another repository begins.
            if let Some(dir) = name.strip_suffix(b"/") {
                changed.planted.push(String::from_utf8_lossy(dir).into_owned());
            } else {
                changed.files.extend_from_slice(name);
                changed.files.push(0);
            }
        }
        Ok(changed)
    }

    pub(super) async fn tree_of(&self, commit: &CommitId) -> Result<String, WorkspaceError> {
        let name = format!("{commit}^{{tree}}");
        self.git.line(&Place::Yard, "read a commit", &["rev-parse", "--verify", &name]).await
    }

    /// Points a ref of chimera's own at a commit.
    async fn set_ref(&self, name: &str, commit: &CommitId) -> Result<(), WorkspaceError> {
        let args = ["update-ref", "--no-deref", name, &commit.0];
        self.git.bytes(&Place::Refs, "keep a snapshot", &args, &[]).await.map(drop)
    }

    /// A commit of chimera's own that no person signs.
    pub(super) async fn plain_commit(
        &self,
        tree: &str,
        parents: &[&CommitId],
        message: &str,
    ) -> Result<CommitId, WorkspaceError> {
        let mut args = vec!["commit-tree", "--no-gpg-sign", "-F", "-", tree];
        for parent in parents {
            args.extend(["-p", parent.0.as_str()]);
        }
        let who: Vec<_> = ["AUTHOR", "COMMITTER"]
            .iter()
            .flat_map(|role| {
                [
                    (format!("GIT_{role}_NAME"), "chimera".to_owned()),
                    (format!("GIT_{role}_EMAIL"), "chimera@localhost".to_owned()),
                ]
            })
            .collect();
        let answer = self.git.answer_with(&Place::Yard, &args, message.as_bytes(), &who).await?;
        if answer.code != 0 {
            return Err(refusal("write a snapshot commit", &answer));
        }
        Ok(CommitId(String::from_utf8_lossy(&answer.out).trim().to_owned()))
    }
}

/// What `ls-files` found: NUL-terminated names, and directories that are repositories of their own.
#[derive(Default)]
pub(super) struct Changed {
    pub files: Vec<u8>,
    pub planted: Vec<String>,
}

/// The object store of a git directory and those it borrows from.
fn object_stores(common: &Path) -> Vec<PathBuf> {
    let mut stores = vec![common.join("objects")];
    let mut next = 0;
    while let Some(store) = stores.get(next).filter(|_| next < MOST_ALTERNATES).cloned() {
        let lent = fs::read_to_string(store.join("info/alternates")).unwrap_or_default();
        for line in lent.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            stores.push(store.join(line));
        }
        stores.truncate(MOST_ALTERNATES);
        next += 1;
    }
    stores
}

/// Copies an index, its age with it: git compares a file's content only where the index is not younger than the file, so
/// a younger copy hides an edit of the same moment and length.
pub(super) fn copy_index(from: &Path, to: &Path) -> io::Result<()> {
    let written = fs::metadata(from)?.modified()?;
    fs::copy(from, to)?;
    fs::File::options().write(true).open(to)?.set_modified(written)
}

#[cfg(test)]
mod tests;
