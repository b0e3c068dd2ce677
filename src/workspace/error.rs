//! What can go wrong in this room, in words for people: what happened, where, what to do.

use super::process::ProcessError;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Oldest git that can merge without a working tree (`merge-tree --write-tree`).
pub(super) const OLDEST_GIT: (u32, u32) = (2, 38);

/// What can go wrong in this room.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// git is missing or too old.
    #[error("git {} or newer is needed, found: {found}; install it and try again", oldest())]
    OldGit {
        /// What `git --version` said.
        found: String,
    },
    /// The directory is in no repository git is willing to use.
    #[error("{dir} is not in a usable git repository: {detail} (run `git init`, or name one with --repo)", dir = dir.display())]
    NotARepository {
        /// The directory.
        dir: PathBuf,
        /// git's words.
        detail: String,
    },
    /// Nothing has been committed yet.
    #[error(
        "{dir} has no commit yet, and teams start from one: make a first commit, such as \
         git commit --allow-empty -m \"First commit\"",
        dir = dir.display()
    )]
    NoCommit {
        /// Top of the repository.
        dir: PathBuf,
    },
    /// The branch that features land on is not there.
    #[error(
        "there is no branch {branch} in {dir}, and features land on it: make it with `git branch {branch}`, or name another \
         one as feature.branch",
        dir = dir.display()
    )]
    NoBranch {
        /// The repository.
        dir: PathBuf,
        /// As the settings name it.
        branch: String,
    },
    /// git said no.
    #[error("git could not {what}: {detail}")]
    Git {
        /// What was wanted.
        what: String,
        /// git's words.
        detail: String,
    },
    /// The branch is not where it was thought to be.
    #[error("branch {branch} has moved: expected {expected}, it is at {found}; nothing was changed")]
    Moved {
        /// Short name.
        branch: String,
        /// Commit the caller saw.
        expected: String,
        /// Commit it is at.
        found: String,
    },
    /// Local changes of the director are in the way.
    #[error("your working tree has changes in the way: {}; commit or stash them, then approve again; nothing was changed", files.join(", "))]
    Collides {
        /// Repository-relative paths (git's words when it names none).
        files: Vec<String>,
    },
    /// The branch is checked out in a tree that is not the director's.
    #[error("branch {branch} is checked out in {place}; nothing was changed")]
    CheckedOutElsewhere {
        /// Short name.
        branch: String,
        /// The other working tree.
        place: String,
    },
    /// git does not know who commits.
    #[error(
        "git does not know who you are: run `git config --global user.name \"...\"` and `git config --global user.email ...`"
    )]
    NoIdentity,
    /// A patch or path was refused before git saw it.
    #[error(transparent)]
    Patch(#[from] super::patch::PatchError),
    /// Starting git failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file could not be read or written.
    #[error("{what} {path}: {cause}", path = path.display())]
    Io {
        /// What was done.
        what: &'static str,
        /// To which file.
        path: PathBuf,
        /// The system's answer.
        cause: io::Error,
    },
}

fn oldest() -> String {
    format!("{}.{}", OLDEST_GIT.0, OLDEST_GIT.1)
}

/// Ties an I/O error to its file.
pub(super) fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WorkspaceError {
    let path = path.to_owned();
    move |cause| WorkspaceError::Io { what, path, cause }
}
