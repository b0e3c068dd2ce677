//! One job: its kind, its steps and how it stands.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of job. Briefs are the only kind that is played today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissionKind {
    /// A director's brief.
    Brief,
}

impl MissionKind {
    /// The word in lists and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Brief => "brief",
        }
    }
}

/// The steps of a brief, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Questions before work.
    Clarify,
    /// The orchestrator plans.
    Plan,
    /// Teams race.
    Draft,
    /// Candidates are built and tested.
    Check,
    /// Candidates are judged.
    Judge,
    /// The gate rules; a person decides where it asks.
    Decide,
    /// The winner becomes a commit.
    Land,
}

impl Step {
    /// In order.
    pub const ALL: [Self; 7] =
        [Self::Clarify, Self::Plan, Self::Draft, Self::Check, Self::Judge, Self::Decide, Self::Land];
    /// The word on the anchor desk.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clarify => "clarify",
            Self::Plan => "plan",
            Self::Draft => "draft",
            Self::Check => "check",
            Self::Judge => "judge",
            Self::Decide => "decide",
            Self::Land => "land",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a mission ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The winner is a commit.
    Landed,
    /// No candidate, or landing was impossible: why.
    Failed(String),
    /// A person ended it: why.
    Cancelled(String),
    /// The budget ended it.
    OverBudget(String),
}

impl Ending {
    /// The word of the command line contract.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Failed(_) => "failed",
            Self::Cancelled(_) => "cancelled",
            Self::OverBudget(_) => "over_budget",
        }
    }
}
