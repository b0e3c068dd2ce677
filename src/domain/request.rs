//! What waits for a person, and what the person says.

use super::{
    candidate::CommitId,
    digest::Digest,
    grant::Terms,
    ids::{IncidentId, MissionId, RequestId, Revision, TeamId},
    incident::Remedy,
    money::Money,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One item on the Decision Desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its number.
    pub id: RequestId,
    /// The mission that waits; [`MissionId::HOUSE`] where an incident does.
    pub mission: MissionId,
    /// What is asked.
    pub subject: Subject,
    /// Counts what the person must have seen: grows with every change of candidates or evidence.
    pub revision: Revision,
    /// Since when.
    pub opened: Timestamp,
    /// When it expires; the default then is to deny.
    pub expires: Timestamp,
    /// Why the gate did not decide by itself: every reason that fired, in words.
    pub reasons: Vec<String>,
    /// What happens if it is denied, in words.
    pub if_denied: String,
    /// Who said yes so far, where several must, and to what exactly. Those of a remedy are in its subject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved: Vec<Consent>,
}

/// One yes of several that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Who.
    pub by: Actor,
    /// To what.
    pub decision: Decision,
}

impl Request {
    /// Who said yes so far, where several must.
    #[must_use]
    pub fn said_yes(&self) -> Vec<&Actor> {
        let all = self.approved.iter().map(|consent| &consent.by);
        match &self.subject {
            Subject::Remedy { approved, .. } => all.chain(approved).collect(),
            _ => all.collect(),
        }
    }

    /// The incident or mission that waits, as it is called: `I-7`, `M-3`.
    #[must_use]
    pub fn about(&self) -> String {
        self.subject.incident().map_or_else(|| self.mission.to_string(), |incident| incident.to_string())
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    /// Choose a candidate of these teams.
    Choose {
        /// Teams with a candidate that may be approved.
        teams: Vec<TeamId>,
    },
    /// Run a command that the sandbox or policy does not allow by itself.
    Command {
        /// Who asks.
        team: TeamId,
        /// Exactly what would run.
        argv: Vec<String>,
        /// Why, in the agent's words.
        reason: String,
    },
    /// Spend beyond the cap.
    Budget {
        /// Who asks, if a single team does.
        team: Option<TeamId>,
        /// The cap as it is.
        cap: Money,
        /// The cap that is asked for.
        wanted: Money,
    },
    /// An agent asks the director in words.
    Ask {
        /// Who asks.
        team: TeamId,
        /// The question.
        question: String,
    },
    /// The target moved and the winner does not apply any more.
    Conflict {
        /// Whose candidate.
        team: TeamId,
        /// Paths in conflict.
        files: Vec<String>,
        /// Both sides with conflict marks, in the blob store.
        detail: Digest,
    },
    /// Something is to be done about an incident.
    Remedy {
        /// Which.
        incident: IncidentId,
        /// What would be done, whole.
        remedy: Box<Remedy>,
        /// People who said yes so far, where several must.
        #[serde(default)]
        approved: Vec<Actor>,
    },
    /// A release is in place, and watching it did not tell whether it is good: keep it, or take it back.
    Release {
        /// For which incident.
        incident: IncidentId,
        /// What is in place.
        commit: CommitId,
        /// What it is taken back to, in words; `None`: nobody laid down how.
        back: Option<String>,
    },
}

impl Subject {
    /// One word for lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Choose { .. } => "choose",
            Self::Command { .. } => "command",
            Self::Budget { .. } => "budget",
            Self::Ask { .. } => "ask",
            Self::Conflict { .. } => "conflict",
            Self::Remedy { .. } => "remedy",
            Self::Release { .. } => "release",
        }
    }

    /// What happens if nobody answers in time.
    #[must_use]
    pub fn if_unanswered(&self) -> &'static str {
        match self {
            Self::Release { .. } => "then it stays as it is",
            _ => "then it is denied",
        }
    }

    /// The incident that it is about, if it is about one.
    #[must_use]
    pub fn incident(&self) -> Option<IncidentId> {
        match self {
            Self::Remedy { incident, .. } | Self::Release { incident, .. } => Some(*incident),
            _ => None,
        }
    }
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Decision {
    /// Yes; for a choice, this team.
    Approve {
        /// The chosen team, where there is a choice.
        team: Option<TeamId>,
    },
    /// Yes, but changed.
    Modify {
        /// The chosen team, where there is a choice.
        team: Option<TeamId>,
        /// What instead.
        change: Modification,
    },
    /// No.
    Reject {
        /// Why.
        reason: String,
    },
    /// No, try again with this in mind.
    Retry {
        /// What to do differently.
        reason: String,
    },
    /// Yes, and the same for what comes after, on these terms. Only of commands.
    Grant {
        /// What is covered, how often and how long.
        terms: Box<Terms>,
    },
    /// Nobody answered in time: denied.
    Expired,
    /// It no longer matters.
    Withdrawn,
}

/// A decision that a person gave and can still take back: it takes effect by itself when its time has come, unless
/// what it was made on changes before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Of what.
    pub request: RequestId,
    /// The revision that was seen.
    pub revision: Revision,
    /// What was answered.
    pub decision: Decision,
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub given: Timestamp,
    /// When it takes effect. Stands still while the house is halted.
    pub until: Timestamp,
}

/// A changed yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modification {
    /// Another patch, in the blob store; it is checked like a candidate before it lands.
    Patch(Digest),
    /// Another command.
    Argv(Vec<String>),
    /// Other words for the agent.
    Prompt(String),
    /// Another amount.
    Amount(Money),
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, by login name.
    Person(String),
    /// The policy, by the director's standing word.
    Policy,
    /// The program itself.
    Engine,
    /// An agent of a mission.
    Agent(MissionId, Option<TeamId>),
    /// The investigator of an incident: an agent of no mission.
    Investigator(IncidentId),
}

impl Actor {
    /// Whether both are one person, by whatever way each came: `ada` at the socket, `token:ada`, `github:ada`. A name that
    /// only looks the same counts as the same, too: where two must say yes, that is the careful side.
    #[must_use]
    pub fn is_same_person(&self, other: &Self) -> bool {
        let bare = |name: &str| name.rsplit(':').next().unwrap_or_default().to_lowercase();
        match (self, other) {
            (Self::Person(one), Self::Person(other)) => bare(one) == bare(other),
            (one, other) => one == other,
        }
    }

    /// Whether it is an agent: it is asked for work and never for a decision.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        matches!(self, Self::Agent(..) | Self::Investigator(_))
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(name) => write!(f, "{}", super::text::clean_line(name, 64)),
            Self::Policy => f.write_str("policy"),
            Self::Engine => f.write_str("engine"),
            Self::Agent(MissionId::HOUSE, _) => f.write_str("ideas agent"),
            Self::Agent(mission, Some(team)) => write!(f, "{mission}/{team}"),
            Self::Agent(mission, None) => write!(f, "{mission}/orchestrator"),
            Self::Investigator(incident) => write!(f, "{incident}/investigator"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_a_person_is_the_same_by_whatever_way_they_came() {
        let person = |name: &str| Actor::Person(name.into());
        for (one, other, same) in [
            ("ada", "ada", true),
            ("ada", "token:ada", true),
            ("token:Ada", "github:ada", true),
            ("ada", "bob", false),
            ("token:ci", "token:ada", false),
        ] {
            assert_eq!(person(one).is_same_person(&person(other)), same, "{one} {other}");
        }
        assert!(!person("policy").is_same_person(&Actor::Policy));
    }
}
