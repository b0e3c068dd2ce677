//! From a candidate to a commit on a branch: merge without a working tree, commit as the director, move the branch
//! by compare-and-swap. The only file of this room that changes the director's branches and files.
//!
//! Nothing is half done: the working tree is written before the branch moves and put back if the branch cannot move;
//! doing the same again after a crash in between ends in the same place.

use super::{
    error::WorkspaceError,
    git::{Answer, Place, Settings, overrides, refusal},
    workshop::{Signing, Workshop},
};
use crate::domain::candidate::CommitId;

/// Commits looked at for a trailer.
const MOST_COMMITS: &str = "--max-count=1000";
/// Longest description of a conflict, in bytes.
const MOST_DETAIL: usize = 1 << 20;
/// Signing may talk to an agent of the director; these reach it.
const SIGNING_ENVIRONMENT: &[&str] =
    &["GNUPGHOME", "GPG_TTY", "SSH_AUTH_SOCK", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"];

/// Branches that are looked at.
const BRANCHES_MOST: usize = 500;
/// Outcome of a three-way merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// The tree that holds both.
    Clean(String),
    /// Both sides changed the same place.
    Conflict {
        /// Repository-relative paths.
        files: Vec<String>,
        /// Diff from the target to the merge, with conflict markers that show both sides.
        detail: Vec<u8>,
    },
}

impl Workshop {
    /// Brings what changed from `base` to `candidate` onto `target`.
    ///
    /// # Errors
    /// When a commit is unknown or git fails; a conflict is an outcome, not an error.
    pub async fn merge_onto(
        &self,
        base: &CommitId,
        candidate: &CommitId,
        target: &CommitId,
    ) -> Result<Merge, WorkspaceError> {
        let ours = self.child_of(base, target).await?;
        let theirs = self.child_of(base, candidate).await?;
        let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", &ours.0, &theirs.0];
        let answer = self.git.answer(&Place::Yard, &args, &[]).await?;
        let text = String::from_utf8_lossy(&answer.out).into_owned();
        let mut parts = text.split('\0').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned);
        match (answer.code, parts.next()) {
            (0, Some(tree)) => Ok(Merge::Clean(tree)),
            (1, Some(tree)) => {
                let mut files: Vec<String> = parts.collect();
                files.dedup();
                Ok(Merge::Conflict { files, detail: self.conflict(target, &tree).await? })
            }
            _ => Err(refusal("merge", &answer)),
        }
    }

    /// A commit by the director, signed as the rules say.
    ///
    /// # Errors
    /// When git does not know who the director is, or signing fails.
    pub async fn commit_tree(
        &self,
        tree: &str,
        parent: &CommitId,
        message: &str,
    ) -> Result<CommitId, WorkspaceError> {
        let settings = self.git.settings().await?;
        let mut env = identity(&settings)?;
        let mut args = vec![
            "commit-tree".to_owned(),
            "-p".to_owned(),
            parent.0.clone(),
            "-F".to_owned(),
            "-".to_owned(),
        ];
        let sign = match self.rules.signing {
            Signing::AsGit => settings.is_on("commit.gpgsign"),
            Signing::Always => true,
            Signing::Never => false,
        };
        if sign {
            args.push("-S".to_owned());
            env.extend(signing(&settings));
        }
        args.push(tree.to_owned());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let answer = self.git.answer_with(&Place::Yard, &args, message.as_bytes(), &env).await?;
        if answer.code != 0 {
            return Err(refusal("write the commit", &answer));
        }
        Ok(CommitId(String::from_utf8_lossy(&answer.out).trim().to_owned()))
    }

    /// Commit a branch is at, if it exists.
    ///
    /// # Errors
    /// When the name is none git accepts.
    pub async fn branch_tip(&self, branch: &str) -> Result<Option<CommitId>, WorkspaceError> {
        let name = self.full_name(branch).await?;
        let answer = self.git.answer(&Place::Refs, &["rev-parse", "--verify", "--quiet", &name], &[]).await?;
        Ok((answer.code == 0).then(|| CommitId(String::from_utf8_lossy(&answer.out).trim().to_owned())))
    }

    /// Moves a branch from one commit to another, or makes it (`from` is `None`); refuses if it is elsewhere. If it is
    /// the branch in the director's tree, files and index follow; local changes in the way are named and nothing
    /// happens.
    ///
    /// # Errors
    /// As said; and when the branch is checked out in yet another tree.
    pub async fn advance_branch(
        &self,
        branch: &str,
        from: Option<&CommitId>,
        to: &CommitId,
    ) -> Result<(), WorkspaceError> {
        let _turn = self.turn().await?;
        let name = self.full_name(branch).await?;
        let short = name.trim_start_matches("refs/heads/");
        let found = self.branch_tip(short).await?;
        if found.as_ref() != from {
            let shown = |commit: Option<&CommitId>| {
                commit.map_or_else(|| "no such branch".to_owned(), |c| c.0.clone())
            };
            return Err(WorkspaceError::Moved {
                branch: short.to_owned(),
                expected: shown(from),
                found: shown(found.as_ref()),
            });
        }
        match (from, self.checked_out(&name).await?) {
            (Some(from), CheckedOut::Here) => {
                self.move_files(from, to).await?;
                let moved = self.swap(&name, Some(from), to).await;
                if moved.is_err() {
                    self.move_files(to, from).await?;
                }
                moved
            }
            (_, CheckedOut::Elsewhere(place)) => {
                Err(WorkspaceError::CheckedOutElsewhere { branch: short.to_owned(), place })
            }
            _ => self.swap(&name, from, to).await,
        }
    }

    /// Names of the repository's branches, the one that changed last first; at most `BRANCHES_MOST`.
    ///
    /// # Errors
    /// When git fails.
    pub async fn branches(&self) -> Result<Vec<String>, WorkspaceError> {
        let count = format!("--count={BRANCHES_MOST}");
        let args =
            ["for-each-ref", "--sort=-committerdate", &count, "--format=%(refname:lstrip=2)", "refs/heads/"];
        let out = self.git.bytes(&Place::Repo, "list the branches", &args, &[]).await?;
        Ok(String::from_utf8_lossy(&out).lines().map(str::to_owned).collect())
    }

    /// The newest of the last 1,000 commits of a branch whose message has this trailer.
    ///
    /// # Errors
    /// When git cannot read the branch.
    pub async fn find_trailer(
        &self,
        branch: &str,
        key: &str,
        value: &str,
    ) -> Result<Option<CommitId>, WorkspaceError> {
        let Some(tip) = self.branch_tip(branch).await? else { return Ok(None) };
        let args = ["rev-list", MOST_COMMITS, "--no-commit-header", "--format=%H%x00%B%x00", &tip.0];
        let out = self.git.bytes(&Place::Yard, "read the branch's messages", &args, &[]).await?;
        let text = String::from_utf8_lossy(&out);
        let mut fields = text.split('\0');
        while let (Some(commit), Some(message)) = (fields.next(), fields.next()) {
            if has_trailer(message, key, value) {
                return Ok(Some(CommitId(commit.trim().to_owned())));
            }
        }
        Ok(None)
    }

    async fn conflict(&self, target: &CommitId, tree: &str) -> Result<Vec<u8>, WorkspaceError> {
        let args = ["diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", &target.0, tree];
        let mut detail = self.git.bytes(&Place::Yard, "show the conflict", &args, &[]).await?;
        detail.truncate(MOST_DETAIL);
        Ok(detail)
    }

    /// The content of `commit` as a child of `base`: gives a merge exactly the base it is asked for, with any git
    /// from 2.38 on.
    async fn child_of(&self, base: &CommitId, commit: &CommitId) -> Result<CommitId, WorkspaceError> {
        self.plain_commit(&format!("{commit}^{{tree}}"), &[base], "merge").await
    }

    /// First parent; for a root commit an empty one.
    pub async fn parent_of(&self, commit: &CommitId) -> Result<CommitId, WorkspaceError> {
        let name = format!("{commit}^1");
        let answer = self.git.answer(&Place::Yard, &["rev-parse", "--verify", "--quiet", &name], &[]).await?;
        if answer.code == 0 {
            return Ok(CommitId(String::from_utf8_lossy(&answer.out).trim().to_owned()));
        }
        let empty = self.git.line(&Place::Yard, "write an empty tree", &["mktree"]).await?;
        self.plain_commit(&empty, &[], "nothing").await
    }

    /// Whether what is checked out in the repository holds this commit.
    ///
    /// # Errors
    /// When git refuses.
    pub async fn has_checked_out(&self, commit: &CommitId) -> Result<bool, WorkspaceError> {
        let args = ["merge-base", "--is-ancestor", commit.0.as_str(), "HEAD"];
        Ok(self.git.answer(&Place::Refs, &args, &[]).await?.code == 0)
    }

    async fn full_name(&self, branch: &str) -> Result<String, WorkspaceError> {
        let name = format!("refs/heads/{}", branch.trim_start_matches("refs/heads/"));
        self.git
            .line(
                &Place::Yard,
                &format!("use {branch:?} as a branch name"),
                &["check-ref-format", "--normalize", &name],
            )
            .await
    }

    async fn swap(&self, name: &str, from: Option<&CommitId>, to: &CommitId) -> Result<(), WorkspaceError> {
        let none = "0".repeat(to.0.len());
        let from = from.map_or(none.as_str(), |commit| commit.0.as_str());
        let args = ["update-ref", "-m", "chimera: land", name, &to.0, from];
        self.git.bytes(&Place::Refs, "move the branch", &args, &[]).await.map(drop)
    }

    async fn checked_out(&self, name: &str) -> Result<CheckedOut, WorkspaceError> {
        let list = self
            .git
            .bytes(&Place::Repo, "list working trees", &["worktree", "list", "--porcelain", "-z"], &[])
            .await?;
        let text = String::from_utf8_lossy(&list);
        let mut place = "";
        for field in text.split('\0') {
            if let Some(path) = field.strip_prefix("worktree ") {
                place = path;
            } else if field.strip_prefix("branch ") == Some(name) {
                let here = std::fs::canonicalize(place).ok() == std::fs::canonicalize(&self.git.top).ok();
                return Ok(if here { CheckedOut::Here } else { CheckedOut::Elsewhere(place.to_owned()) });
            }
        }
        Ok(CheckedOut::Nowhere)
    }

    /// Index and files of the director's tree follow from one commit to another; all or nothing.
    async fn move_files(&self, from: &CommitId, to: &CommitId) -> Result<(), WorkspaceError> {
        // Fresh times alone are no local change.
        self.git.answer(&Place::Repo, &["update-index", "-q", "--refresh"], &[]).await?;
        let args = ["read-tree", "-m", "-u", &from.0, &to.0];
        let answer = self.git.answer(&Place::Repo, &args, &[]).await?;
        if answer.code == 0 { Ok(()) } else { Err(WorkspaceError::Collides { files: in_the_way(&answer) }) }
    }
}

enum CheckedOut {
    Here,
    Elsewhere(String),
    Nowhere,
}

/// Names in git's complaint, between quotes; the whole complaint if there are none.
fn in_the_way(answer: &Answer) -> Vec<String> {
    let names: Vec<String> = answer
        .err
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once('\'')?;
            Some(rest.rsplit_once('\'')?.0.to_owned())
        })
        .collect();
    if names.is_empty() { vec![answer.err.clone()] } else { names }
}

/// `Key: value` in the last paragraph of a message.
fn has_trailer(message: &str, key: &str, value: &str) -> bool {
    let last = message.trim_end().rsplit("\n\n").next().unwrap_or_default();
    last.lines().any(|line| {
        line.split_once(':').is_some_and(|(k, v)| k.trim().eq_ignore_ascii_case(key) && v.trim() == value)
    })
}

fn identity(settings: &Settings) -> Result<Vec<(String, String)>, WorkspaceError> {
    let mut env = Vec::new();
    for role in ["AUTHOR", "COMMITTER"] {
        for (part, key) in [("NAME", "name"), ("EMAIL", "email")] {
            let variable = format!("GIT_{role}_{part}");
            let role_key = format!("{}.{key}", role.to_ascii_lowercase());
            let configured = settings.get(&role_key).or_else(|| settings.get(&format!("user.{key}")));
            let value = std::env::var(&variable).ok().or_else(|| configured.map(str::to_owned));
            let value = value.filter(|v| !v.trim().is_empty()).ok_or(WorkspaceError::NoIdentity)?;
            env.push((variable, value));
        }
    }
    Ok(env)
}

/// How to sign: the key may be named anywhere, the program only by the director.
fn signing(settings: &Settings) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut pair = |key: &str, value: &str| pairs.push((key.to_owned(), value.to_owned()));
    for key in ["user.signingkey", "gpg.format"] {
        if let Some(value) = settings.get(key) {
            pair(key, value);
        }
    }
    for key in [
        "gpg.program",
        "gpg.openpgp.program",
        "gpg.x509.program",
        "gpg.ssh.program",
        "gpg.ssh.defaultkeycommand",
    ] {
        if let Some(value) = settings.own(key) {
            pair(key, value);
        }
    }
    let mut env = overrides(&pairs);
    let reach =
        SIGNING_ENVIRONMENT.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    env.extend(reach);
    env
}

#[cfg(test)]
mod tests;
