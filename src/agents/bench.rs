//! The bench an agent works at: one worktree with a sandbox around its commands. Beside two words of the
//! `workspace` room, how a command ended ([`Exit`]) and how much the sandbox holds ([`Strength`]), this is all that
//! an agent knows of it; [`hands`](crate::agents::hands) is a bench at a real worktree, tests have one over plain git.
//!
//! Invariants: a bench is bound to one worktree; nothing here reaches the director's own tree.

use crate::{
    domain::{
        candidate::{CommitId, DiffStat},
        time::Millis,
    },
    workspace::{process::Exit, sandbox::Strength},
};
use futures::future::BoxFuture;
use std::path::Path;

/// A command to be run at the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// It is killed after this.
    pub wall: Millis,
    /// Bytes of output that are kept, head and tail.
    pub output: usize,
    /// Whether the sandbox holds it.
    pub walls: Walls,
}

impl Job {
    /// A shell line in the sandbox.
    #[must_use]
    pub fn shell(line: &str, wall: Millis, output: usize) -> Self {
        let argv = ["sh", "-c", line].map(str::to_owned).to_vec();
        Self { argv, wall, output, walls: Walls::Sandbox }
    }
}

/// Whether the sandbox holds a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walls {
    /// As far as this kernel can.
    Sandbox,
    /// The same, with this port of the machine's own loopback to reach and no other network.
    Reach(u16),
    /// No: a person allowed exactly this command.
    None,
}

/// A command that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How.
    pub exit: Exit,
    /// Both streams in order of arrival, head and tail kept; raw bytes.
    pub output: Vec<u8>,
    /// Bytes that were not kept.
    pub left_out: u64,
    /// Wall-clock time.
    pub elapsed: Millis,
}

/// Something at the bench did not work: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BenchError(pub String);

/// What a bench's calls give back.
pub type Done<'a, T> = BoxFuture<'a, Result<T, BenchError>>;

/// One worktree and what can be done in it.
pub trait Bench: Send + Sync {
    /// Top of the worktree.
    fn root(&self) -> &Path;
    /// How much of the sandbox holds here; with none of it each command must be asked for.
    fn strength(&self) -> Strength;
    /// Runs a command in the worktree. Dropping the future kills its whole process group.
    fn run<'a>(&'a self, job: &'a Job) -> Done<'a, Ran>;
    /// Runs `git` read-only in the worktree, with safe configuration; output bounded.
    fn git<'a>(&'a self, args: &'a [String]) -> Done<'a, Ran>;
    /// Applies a patch whole, or says why not and changes nothing.
    fn apply<'a>(&'a self, patch: &'a [u8]) -> Done<'a, ()>;
    /// Unified diff of the worktree against its base, untracked files included, bounded.
    fn shot(&self) -> Done<'_, Vec<u8>>;
    /// Commits the worktree as it stands outside the director's branches; `None`: nothing changed since last.
    fn snapshot<'a>(&'a self, turn: u32, message: &'a str) -> Done<'a, Option<CommitId>>;
    /// Makes the worktree exactly what a commit holds.
    fn rewind<'a>(&'a self, commit: &'a CommitId) -> Done<'a, ()>;
    /// The patch between two commits.
    fn patch<'a>(&'a self, from: &'a CommitId, to: &'a CommitId) -> Done<'a, Vec<u8>>;
    /// What that patch touches.
    fn stat<'a>(&'a self, from: &'a CommitId, to: &'a CommitId) -> Done<'a, DiffStat>;
}
