//! A team's finished patch and the evidence for it.

use super::{
    digest::Digest,
    ids::{Revision, TeamId},
    money::{Cost, Usage},
    team::Vendor,
    time::Millis,
};
use serde::{Deserialize, Serialize};

/// A commit id as git shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub String);

impl CommitId {
    /// Enough of it for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for CommitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A finished patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Whose.
    pub team: TeamId,
    /// The team's n-th candidate, from 1.
    pub attempt: u32,
    /// Mission revision the work was based on; older than the mission's: stale.
    pub based_on: Revision,
    /// Commit the worktree started from.
    pub base: CommitId,
    /// Snapshot commit that holds the result (`refs/chimera/<mission>/<team>/<n>`).
    pub commit: CommitId,
    /// The patch from base to commit, in the blob store.
    pub patch: Digest,
    /// Its size.
    pub stat: DiffStat,
    /// The team's own summary of what it did and why.
    pub summary: String,
    /// Root cause as the team states it; empty if it names none.
    pub root_cause: String,
    /// The team's own confidence, 0 to 100. Recorded and shown; can only make the gate stricter.
    pub confidence: u8,
    /// Who made it, where that is not the team: a person by hand, or out of places of several candidates.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Of the end-to-end test's files as they are in it; `None` where its mission has no such test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Digest>,
}

impl Candidate {
    /// The confidence that its team stated; nobody states any of what was put together by hand.
    #[must_use]
    pub fn stated(&self) -> Option<u8> {
        self.author.is_empty().then_some(self.confidence)
    }
}

/// What a patch touches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffStat {
    /// Every touched path, both sides of renames, repository-relative, `/`-separated.
    pub files: Vec<String>,
    /// Lines added.
    pub additions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// Paths of package manifests or lock files it touches.
    pub manifests: Vec<String>,
}

/// What was found out about a candidate by running things; never by asking a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Counts evidence of this candidate, from 1; a decision names the one it saw.
    pub revision: Revision,
    /// Each check, in the order run.
    pub checks: Vec<CheckResult>,
    /// Names of tests that fail on the base and pass on the candidate.
    pub new_passing: Vec<String>,
    /// True if a test added by the candidate fails on the base and passes with it.
    pub reproduces: bool,
    /// Files, lines.
    pub stat: DiffStat,
    /// What the team has spent.
    pub cost: Cost,
    /// The team's tokens.
    pub usage: Usage,
    /// From the team's start to its candidate.
    pub elapsed: Millis,
}

impl Evidence {
    /// All checks that count ran and passed. No checks is not a pass.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checked() && self.counted().all(|check| check.after.outcome == CheckOutcome::Passed)
    }
    /// Whether any check that counts was run.
    #[must_use]
    pub fn checked(&self) -> bool {
        self.counted().next().is_some()
    }
    fn counted(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|check| check.kind != CheckKind::Lint)
    }
    /// Tests, if any were run.
    #[must_use]
    pub fn tests(&self) -> Option<&CheckResult> {
        self.checks.iter().find(|check| matches!(check.kind, CheckKind::Test | CheckKind::Acceptance))
    }
}

/// What a check is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Compiles.
    Build,
    /// The project's tests.
    Test,
    /// Linter; shown, does not block.
    Lint,
    /// A check the director named.
    Acceptance,
}

/// One check, before and after the patch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// What for.
    pub kind: CheckKind,
    /// The shell command.
    pub command: String,
    /// On the base commit; `None` if it was not run there.
    pub before: Option<CheckRun>,
    /// On the candidate.
    pub after: CheckRun,
}

/// One run of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// How it ended.
    pub outcome: CheckOutcome,
    /// Tests that passed, where the output says so.
    pub passed: Option<u32>,
    /// Tests that failed, where the output says so.
    pub failed: Option<u32>,
    /// Wall-clock time.
    pub elapsed: Millis,
    /// Whole output in the blob store.
    pub output: Digest,
    /// Its last lines, clean, at most 2 KiB.
    pub tail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// Exit status 0.
    Passed,
    /// Another exit status.
    Failed,
    /// Over its time limit, and killed.
    TimedOut,
    /// Could not be run at all.
    Broken,
}

impl CheckOutcome {
    /// How it ended, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Broken => "could not be run",
        }
    }
}

/// A judge's scored opinion on one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Candidate's team.
    pub team: TeamId,
    /// Candidate's attempt.
    pub attempt: u32,
    /// Who judged: another vendor than the author, or said so in `note`.
    pub judge: Vendor,
    /// The judge's model.
    pub model: String,
    /// 0 to 100, mean of both orders.
    pub score: u8,
    /// Scores given in first and in swapped order.
    pub orders: [u8; 2],
    /// The judge's confidence, 0 to 100.
    pub confidence: u8,
    /// Reasons, in words.
    pub reasons: String,
    /// Anything that weakens it: same vendor, only one order answered, the two orders disagree.
    pub note: Option<String>,
}
