//! Effects: imperative data, what must now be done in the world. The driver in `runtime` runs them; nothing
//! here does. Each has an id derived from its intent, so that an intent is carried out at most once.

use crate::domain::{
    candidate::CommitId,
    digest::Digest,
    ids::{EffectId, IncidentId, MissionId, Revision, TeamId},
    money::Money,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Its name for ever.
    pub id: EffectId,
    /// For which mission.
    pub mission: MissionId,
    /// What.
    pub kind: EffectKind,
    /// True when it was started before a crash and its outcome is unknown, or an earlier run of the same intent
    /// (the id up to `~`) ended badly: ask the world by the intent first.
    pub unsure: bool,
}

/// Why an effect failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Decides what is done about it.
    pub kind: FailureKind,
    /// For people: what happened and what to do.
    pub reason: String,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Trying again may help.
    Transient,
    /// It will not.
    Permanent,
    /// A cap was reached that a higher budget of the mission does not lift.
    OverBudget,
    /// The mission has too little for the next call: with this budget it passes.
    NeedsBudget(Money),
    /// It was told to stop.
    Cancelled,
}

impl FailureKind {
    /// Whether a cap stopped it, whichever.
    #[must_use]
    pub fn over_budget(self) -> bool {
        matches!(self, Self::OverBudget | Self::NeedsBudget(_))
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EffectKind {
    /// Look at the repository: base commit, language, checks, instructions. Changes nothing.
    Survey,
    /// Look at the repository again, because the target moved under a team's candidate: its next one starts from
    /// what is there now.
    Resurvey {
        /// Who starts anew.
        team: TeamId,
        /// Candidate number.
        attempt: u32,
        /// Mission revision that the result will carry.
        based_on: Revision,
        /// What the director or the engine said since the last attempt.
        feedback: Vec<String>,
        /// A person's patch against what is there now; without one the team drafts.
        patch: Option<Digest>,
    },
    /// Let the orchestrator ask up to three questions.
    Clarify,
    /// Let the orchestrator plan.
    Plan,
    /// Let a team work, or go on at its last finished turn.
    Draft {
        /// Who.
        team: TeamId,
        /// Candidate number, from 1.
        attempt: u32,
        /// Mission revision that the result will carry.
        based_on: Revision,
        /// What the director or the engine said since the last attempt.
        feedback: Vec<String>,
    },
    /// The worktree as a person left it becomes a candidate.
    Collect {
        /// Whose worktree.
        team: TeamId,
        /// Candidate number.
        attempt: u32,
        /// Mission revision.
        based_on: Revision,
    },
    /// A patch that a person edited becomes a candidate in its own right.
    Adopt {
        /// Team that is credited.
        team: TeamId,
        /// Candidate number.
        attempt: u32,
        /// Mission revision.
        based_on: Revision,
        /// The patch against the base, in the blob store.
        patch: Digest,
    },
    /// Have a team's worktree ready for the director, and say where it is.
    Lend {
        /// Whose worktree.
        team: TeamId,
    },
    /// Build and test a candidate.
    Check {
        /// Whose.
        team: TeamId,
        /// Which.
        attempt: u32,
    },
    /// Judge all candidates that have evidence.
    Judge {
        /// Candidates: team and attempt.
        candidates: Vec<(TeamId, u32)>,
    },
    /// Make the winner a commit on the target.
    Land {
        /// Whose.
        team: TeamId,
        /// Which.
        attempt: u32,
        /// The plan that was ruled on; the driver refuses any other.
        plan: Digest,
    },
    /// Put what landed into the staging environment.
    Stage {
        /// What landed.
        commit: CommitId,
    },
    /// Run the end-to-end test there. Changes nothing.
    Validate {
        /// What was put there.
        commit: CommitId,
    },
    /// Bring back an earlier state as a new commit.
    Restore {
        /// The revision to restore.
        commit: CommitId,
    },
    /// End whatever runs for this mission or team, and wait for it.
    Halt {
        /// Only this team; all of the mission's work otherwise.
        team: Option<TeamId>,
    },
    /// Remove worktrees that hold nothing unlanded.
    Release,
    /// Let the ideas agent think of what could be done next; of no mission.
    Suggest {
        /// The repository, as the absolute path of its top level.
        repo: String,
    },
    /// Find out what an incident is about. Changes nothing.
    Investigate {
        /// Which.
        incident: IncidentId,
    },
    /// Carry a runbook out.
    Heal {
        /// For which incident.
        incident: IncidentId,
        /// Number of the attempt.
        attempt: u32,
        /// The plan that was ruled on; the driver refuses any other.
        plan: Digest,
    },
    /// Word the brief of a mission that shall heal an incident.
    Commission {
        /// Which.
        incident: IncidentId,
        /// Number of the attempt.
        attempt: u32,
        /// The plan that was ruled on.
        plan: Digest,
    },
    /// Bring what landed to the service, watch it, and take it back if it is worse than before.
    Deploy {
        /// For which incident.
        incident: IncidentId,
        /// Number of the attempt.
        attempt: u32,
        /// What landed.
        commit: CommitId,
    },
    /// Take back what was brought to a service, on a person's word.
    TakeBack {
        /// For which incident.
        incident: IncidentId,
        /// Number of the attempt.
        attempt: u32,
        /// What is in place.
        commit: CommitId,
        /// Why, in words.
        why: String,
    },
    /// See whether a remedy helped. Changes nothing, except that a runbook that says so is taken back when it did not.
    Verify {
        /// For which incident.
        incident: IncidentId,
        /// Number of the attempt.
        attempt: u32,
    },
    /// Tell people of an incident.
    Announce {
        /// Which.
        incident: IncidentId,
        /// What, in one line.
        words: String,
        /// What else is told with it, in a line each, the gravest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<(IncidentId, String)>,
    },
}

/// An effect that is wanted or running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectState {
    /// What.
    pub kind: EffectKind,
    /// Since when it runs; `None`: wanted, not begun.
    pub started: Option<Timestamp>,
    /// Failed tries before this one.
    pub tries: u8,
}

impl EffectKind {
    /// One word for ids and logs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::Resurvey { .. } => "resurvey",
            Self::Clarify => "clarify",
            Self::Plan => "plan",
            Self::Draft { .. } => "draft",
            Self::Collect { .. } => "collect",
            Self::Adopt { .. } => "adopt",
            Self::Lend { .. } => "lend",
            Self::Check { .. } => "check",
            Self::Judge { .. } => "judge",
            Self::Land { .. } => "land",
            Self::Stage { .. } => "stage",
            Self::Validate { .. } => "validate",
            Self::Restore { .. } => "restore",
            Self::Halt { .. } => "halt",
            Self::Release => "release",
            Self::Suggest { .. } => "suggest",
            Self::Investigate { .. } => "investigate",
            Self::Heal { .. } => "heal",
            Self::Commission { .. } => "commission",
            Self::Deploy { .. } => "deploy",
            Self::TakeBack { .. } => "take-back",
            Self::Verify { .. } => "verify",
            Self::Announce { .. } => "announce",
        }
    }
}

/// The mission an effect belongs to: the first part of its id.
pub(in crate::engine) fn mission_of(id: &EffectId) -> Option<MissionId> {
    id.0.split('/').next()?.parse().ok()
}

/// The intent without the number of its run: `M-1/check/T-1/1~2` is run 2 of `M-1/check/T-1/1`.
pub(super) fn intent(id: &EffectId) -> &str {
    id.0.split('~').next().unwrap_or_default()
}

/// Which run of its intent this is, from 1.
pub(in crate::engine) fn run_of(id: &EffectId) -> u32 {
    id.0.split_once('~').and_then(|(_, run)| run.parse().ok()).unwrap_or(1)
}

/// A later run of an intent: the one before may have got further than its report says, so the world is asked
/// here too. What was done is found by the intent, the id up to its `~`, since each run has its own id.
pub(super) fn runs_again(id: &EffectId) -> bool {
    intent(id).len() < id.0.len()
}
