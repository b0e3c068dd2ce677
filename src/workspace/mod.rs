//! Hands: git worktrees, patches, commits, child processes and the sandbox around them.
//!
//! This is the only room that starts a process. It decides nothing: what may run and what may land is ruled
//! elsewhere, here it is carried out whole or refused with a reason.
//!
//! Invariants, each held by a test in this room or in `tests/workspace.rs`:
//! - A child never outlives its run: its process group is ended on stop, time-out and drop.
//! - An agent's tree contains no `.git`: nothing a command can write is ever read by git on the host side.
//! - Hooks, filters, drivers and monitors that a repository configures never run on the host side.
//! - The director's index, branches and files change only in [`Workshop::advance_branch`], by compare-and-swap.
//! - Work that has not landed is never deleted, unless a snapshot commit holds exactly the tree.

pub mod browser;
pub mod dictation;
mod diffs;
pub mod editor;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod git;
pub mod landing;
mod ledger;
mod limits;
pub mod listeners;
pub mod patch;
pub mod process;
mod release;
pub mod sandbox;
pub mod tunnel;
mod workshop;
pub mod worktrees;

pub use error::WorkspaceError;
pub use git::ready;
pub use landing::Merge;
pub use workshop::{Base, Rules, Signing, Workshop};
pub use worktrees::Worktree;
