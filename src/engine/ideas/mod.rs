//! What could be done next, told from what has happened. Facts leave [`Traces`] (bounded, folded as they come); patterns
//! in them and in the records become ideas, each with a score, the reasons for it, its evidence and a brief. Pure:
//! the same traces give the same ideas for ever, in whatever order facts of one time came.

mod failing;
mod found;
mod healed;
mod mine;
mod remarks;
mod score;
#[cfg(test)]
mod tests;
mod traces;

pub use mine::mine;
pub use remarks::{Remark, Remarks};
pub use score::Reason;
pub use traces::{Dismissal, Ended, Taken, Trace, Traces};

use crate::domain::{digest::Digest, ids::MissionId, text::clean_line, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest title, in characters.
const TITLE_MOST: usize = 160;
/// Bytes of a brief that an agent may suggest.
const BRIEF_MOST: usize = 4_096;

/// An idea by what it is about, so that the same one is known again: `idea-1f9a03b2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdeaId(pub String);

impl IdeaId {
    /// Of a kind and what it is about.
    #[must_use]
    pub fn of(kind: IdeaKind, about: &str) -> Self {
        let digest = Digest::of(format!("{}\n{about}", kind.word()).as_bytes()).to_string();
        Self(format!("idea-{}", digest.chars().filter(char::is_ascii_hexdigit).take(8).collect::<String>()))
    }
}

impl fmt::Display for IdeaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", clean_line(&self.0, 40))
    }
}

/// Which pattern it was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdeaKind {
    /// The same check or test fails in one candidate after another.
    RepeatedFailure,
    /// The same fault stops work again and again.
    RepeatedFault,
    /// A check that passes and fails on the same commit.
    FlakyCheck,
    /// A check that takes long.
    SlowCheck,
    /// A mission that took much longer than its kind does.
    SlowMission,
    /// A mission that cost much more than its kind does.
    CostlyMission,
    /// Candidates that people send back.
    OftenRejected,
    /// A mission that was begun anew more than once.
    Retried,
    /// Budgets that stop missions.
    BudgetReached,
    /// A command that agents ask for again and again.
    AskedCommand,
    /// A model whose price nobody told.
    UnknownPrice,
    /// People put the same incident right more than once.
    RunbookMissing,
    /// An incident comes back however often it is healed.
    ComesBack,
    /// What the ideas agent thought of.
    Suggested,
}

impl IdeaKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::RepeatedFailure,
        Self::RepeatedFault,
        Self::FlakyCheck,
        Self::SlowCheck,
        Self::SlowMission,
        Self::CostlyMission,
        Self::OftenRejected,
        Self::Retried,
        Self::BudgetReached,
        Self::AskedCommand,
        Self::UnknownPrice,
        Self::RunbookMissing,
        Self::ComesBack,
        Self::Suggested,
    ];

    /// Its words in lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RepeatedFailure => "repeated failure",
            Self::RepeatedFault => "repeated fault",
            Self::FlakyCheck => "flaky check",
            Self::SlowCheck => "slow check",
            Self::SlowMission => "slow mission",
            Self::CostlyMission => "costly mission",
            Self::OftenRejected => "often rejected",
            Self::Retried => "tried again",
            Self::BudgetReached => "budget reached",
            Self::AskedCommand => "asked command",
            Self::UnknownPrice => "unknown price",
            Self::RunbookMissing => "runbook missing",
            Self::ComesBack => "comes back",
            Self::Suggested => "suggestion",
        }
    }

    /// Who had it.
    #[must_use]
    pub fn source(self) -> &'static str {
        if self == Self::Suggested { "ideas agent" } else { "history" }
    }
}

/// What became of an idea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It waits for somebody.
    Open,
    /// A person does not want it.
    Dismissed(Dismissal),
    /// It is this mission.
    Taken(Taken),
}

impl Standing {
    /// In a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Dismissed(_) => "dismissed",
            Self::Taken(_) => "taken",
        }
    }
}

/// One idea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idea {
    /// Known again by it.
    pub id: IdeaId,
    /// How it was found.
    pub kind: IdeaKind,
    /// In a line.
    pub title: String,
    /// 0 to 100.
    pub score: u8,
    /// Why that score: the points add up to it, but for the bounds.
    pub reasons: Vec<Reason>,
    /// How much there is of it: what must double before a dismissed one comes back.
    pub weight: u64,
    /// What speaks for it, in lines.
    pub evidence: Vec<String>,
    /// Missions it was seen in, the newest last; the last sixteen.
    pub missions: Vec<MissionId>,
    /// What a mission would be asked.
    pub brief: String,
    /// When it was first seen, and last.
    pub seen: (Timestamp, Timestamp),
    /// What became of it.
    pub standing: Standing,
}

/// What the ideas agent suggests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// In a line.
    pub title: String,
    /// Why it is worth it.
    pub why: String,
    /// What a mission would be asked.
    pub brief: String,
    /// How much it is worth, 0 to 100, as the agent says.
    pub worth: u8,
}

impl Suggestion {
    /// Suggestions that are kept of one answer.
    pub const MOST: usize = 8;

    /// Clean and within bounds; `None`: nothing is left of it.
    #[must_use]
    pub fn cleaned(&self) -> Option<Self> {
        let title: String = clean_line(&self.title, TITLE_MOST).into();
        let why: String = clean_line(&self.why, 400).into();
        let brief = crate::domain::text::clean(&self.brief);
        let cut = (0..=brief.len().min(BRIEF_MOST)).rev().find(|at| brief.is_char_boundary(*at)).unwrap_or(0);
        let brief = brief.get(..cut).unwrap_or_default().trim().to_owned();
        let whole = !title.trim().is_empty() && !brief.is_empty();
        whole.then(|| Self { title, why, brief, worth: self.worth.min(100) })
    }
}
