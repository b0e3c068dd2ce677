//! What is known before the work starts: the repository as it was found, and the plan.

use super::{
    candidate::{CheckKind, CommitId},
    ids::MissionId,
};
use serde::{Deserialize, Serialize};

/// The repository as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Commit that teams start from.
    pub base: CommitId,
    /// Branch that is checked out; `None`: detached.
    pub branch: Option<String>,
    /// Main language in a word (`rust`, `typescript`, ...).
    pub language: String,
    /// Checks found by itself, or the director's.
    pub checks: Vec<(CheckKind, String)>,
    /// Tracked files.
    pub files: u32,
    /// Instruction files found (CLAUDE.md, AGENTS.md, CHIMERA.md), outermost first.
    pub instructions: Vec<String>,
    /// Uncommitted changes in the director's tree, which teams do not see.
    pub dirty: u32,
    /// Earlier missions that look alike.
    pub similar: Vec<MissionId>,
}

/// What the orchestrator wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The goal in one sentence.
    pub goal: String,
    /// Steps for every team, in order.
    pub steps: Vec<String>,
    /// Files likely to matter.
    pub files: Vec<String>,
    /// Confidence 0 to 100.
    pub confidence: u8,
    /// Who planned, or why nobody did.
    pub by: String,
}
