//! The state: what all events add up to. Plain data; only `apply` changes it.
//!
//! Missions and requests sit behind `Arc`, so a copy for screens costs pointers, not contents.

pub use super::effect::EffectState;
use crate::{
    domain::{
        brief::{Answer, Brief, Once, Question},
        candidate::{Candidate, CommitId, Evidence, Verdict},
        digest::Digest,
        grant::Grant,
        ids::{CallId, EffectId, GrantId, IncidentId, MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, MissionKind, Rating, Step},
        money::{Cost, Money, Usage},
        plan::{Plan, Survey},
        request::{Actor, Decision, Hold, Request},
        team::{ModelRef, TeamSpec},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::Failure, healing::ward::Ward, ideas::Traces, playbook::feature::course::Course,
        records::Records,
    },
    policy::{ruling::Ruling, settings::Policy},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Everything that is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct State {
    /// Last entry folded in.
    pub seq: Seq,
    /// Time of that entry.
    pub at: Timestamp,
    /// Whether anything may start.
    pub control: Control,
    /// What rules.
    pub policy: Arc<Policy>,
    /// Missions; ended ones beyond [`State::ENDED_MOST`] are only in the history.
    pub missions: BTreeMap<MissionId, Arc<Mission>>,
    /// What waits for a person.
    pub desk: BTreeMap<RequestId, Arc<Request>>,
    /// The last decisions, oldest first, at most [`State::DECIDED_MOST`].
    pub decided: Vec<(Arc<Request>, Decision, Timestamp)>,
    /// Who gave each of them.
    #[serde(default)]
    pub deciders: BTreeMap<RequestId, Actor>,
    /// People's words given beforehand, at most [`State::GRANTS_MOST`].
    #[serde(default)]
    pub grants: BTreeMap<GrantId, Arc<Grant>>,
    /// Money.
    pub ledger: Ledger,
    /// Ids given so far.
    pub counters: Counters,
    /// Words under which something was done once, oldest first, at most [`State::GIVEN_MOST`]; those of missions stand in
    /// their briefs.
    #[serde(default)]
    pub given: Arc<Vec<Once>>,
    /// What ideas are told from.
    #[serde(default)]
    pub traces: Arc<Traces>,
    /// The ideas agent.
    #[serde(default)]
    pub asking: Asking,
    /// What is known of incidents.
    #[serde(default)]
    pub ward: Ward,
    /// What waits for a time, and what a restart left open.
    #[serde(default)]
    pub clockwork: Clockwork,
    /// What all facts add up to in numbers. [`Records::current`] tells whether a saved state has them.
    #[serde(default = "Records::missing")]
    pub records: Arc<Records>,
}

impl State {
    /// Ended missions kept in memory.
    pub const ENDED_MOST: usize = 200;
    /// Decided requests kept in memory.
    pub const DECIDED_MOST: usize = 100;
    /// Grants in force at once.
    pub const GRANTS_MOST: usize = 64;
    /// Words under which something was done, kept in memory.
    pub const GIVEN_MOST: usize = 1_000;
    /// Candidates, and notes not yet taken up, kept in memory per team; restores per mission.
    pub const KEPT_MOST: usize = 32;

    /// The mission that was opened under this word, as long as it is kept in memory.
    #[must_use]
    pub fn opened_under(&self, word: Digest) -> Option<&Mission> {
        let same = |mission: &&Arc<Mission>| mission.brief.once.is_some_and(|once| once.word == word);
        self.missions.values().rev().find(same).map(Arc::as_ref)
    }

    /// What was given when something was done under this word.
    #[must_use]
    pub fn given(&self, word: Digest) -> Option<Digest> {
        self.given.iter().rev().find(|once| once.word == word).map(|once| once.given)
    }

    /// Why nothing may start, in words.
    #[must_use]
    pub fn halted(&self) -> Option<String> {
        match &self.control {
            Control::Running => None,
            Control::Paused(why) => Some(format!("paused: {why}")),
            Control::Stopped(why) => Some(format!("stopped: {why}")),
        }
    }
}

/// How it stands with the ideas agent. It works for no mission: the money it needs is the house's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// How often it was asked.
    pub count: u64,
    /// Which time it is asked now.
    pub open: Option<u64>,
    /// Whether it has begun.
    pub begun: bool,
    /// Spent this time, as far as known.
    pub spent: Money,
    /// What came of the last time, in words.
    pub last: String,
}

/// Times that something waits for. While the house is halted they stand still.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clockwork {
    /// Since when nothing may start, if so.
    pub halted: Option<Timestamp>,
    /// Requests that are approved by themselves at a time.
    pub vetoes: BTreeMap<RequestId, Timestamp>,
    /// Decisions of people that take effect at a time.
    #[serde(default)]
    pub held: BTreeMap<RequestId, Hold>,
    /// Missions whose work must have come to a decision by a time.
    pub deadlines: BTreeMap<MissionId, Timestamp>,
    /// Effects that were running when the process died: the world must be asked before they run again.
    pub unsure: BTreeSet<EffectId>,
}

/// Last ids given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Missions.
    pub mission: u64,
    /// Requests.
    pub request: u64,
    /// Calls.
    pub call: u64,
    /// Grants.
    #[serde(default)]
    pub grant: u64,
}

/// Whether anything may start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Yes.
    #[default]
    Running,
    /// Nothing new, for this reason.
    Paused(String),
    /// Nothing at all, for this reason.
    Stopped(String),
}

/// Money by account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Calls in flight with what is set aside for them.
    pub open: BTreeMap<CallId, Reservation>,
    /// UTC day (days since the epoch) that `today` is of.
    pub day: i64,
    /// Spent on that day.
    pub today: Money,
    /// Calls of unknown price so far.
    pub unknown_calls: u64,
    /// What people added to missions' caps.
    #[serde(default)]
    pub raised: BTreeMap<MissionId, Money>,
}

/// Money set aside for a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Mission.
    pub mission: MissionId,
    /// Team, or the orchestrator's own account.
    pub team: Option<TeamId>,
    /// Who is called.
    pub model: ModelRef,
    /// The most it can cost.
    pub worst: Cost,
    /// The incident whose investigator calls, of no mission.
    #[serde(default)]
    pub incident: Option<IncidentId>,
}

/// One job as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mission {
    /// Its number.
    pub id: MissionId,
    /// What kind.
    pub kind: MissionKind,
    /// What was asked; its budget is the cap in force.
    pub brief: Arc<Brief>,
    /// When.
    pub opened: Timestamp,
    /// Grows with everything that makes older results stale.
    pub revision: Revision,
    /// Where it is; `None` while it waits for a place in the pool.
    pub step: Option<Step>,
    /// What was found out, asked and planned before the work.
    pub preparation: Preparation,
    /// Who works, in order of id.
    pub teams: Vec<Team>,
    /// What judges said in the current round.
    pub judgement: Option<Judgement>,
    /// The gate's last ruling for each candidate that was up for landing.
    pub rulings: BTreeMap<TeamId, (u32, Ruling)>,
    /// What was chosen and where it ended.
    pub result: MissionResult,
    /// How far it has come beside its steps, where it is a feature.
    #[serde(default)]
    pub course: Course,
    /// Effects that are wanted or running.
    pub effects: BTreeMap<EffectId, EffectState>,
    /// Spent by this mission, all accounts.
    pub spent: Money,
    /// Used by this mission, all accounts.
    pub usage: Usage,
}

impl Mission {
    /// A team's name; its number where the mission has none of that number.
    #[must_use]
    pub fn team_name(&self, team: TeamId) -> String {
        let found = self.teams.iter().find(|known| known.id == team);
        found.map_or_else(|| team.to_string(), |team| team.spec.name.clone())
    }
}

/// What comes before the work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// The repository.
    pub survey: Option<Arc<Survey>>,
    /// What the orchestrator asked; `Some(empty)`: nothing.
    pub questions: Option<Vec<Question>>,
    /// What was answered.
    pub answers: Vec<Answer>,
    /// The plan.
    pub plan: Option<Arc<Plan>>,
}

/// What the judges said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Verdicts.
    pub verdicts: Vec<Verdict>,
    /// What is missing from a full judgement, in words. Never shown as green.
    pub missing: Vec<String>,
}

impl MissionResult {
    /// Whether what landed is taken back. Each restore undoes what the commit before it did.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.landed.is_some() && self.restored.len() % 2 == 1
    }
}

/// What became of a mission.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissionResult {
    /// Winner: team and attempt.
    pub chosen: Option<(TeamId, u32)>,
    /// The commit on its branch.
    pub landed: Option<(CommitId, String)>,
    /// Restores since, each a commit on a branch.
    pub restored: Vec<(CommitId, String)>,
    /// How and when it ended.
    pub ending: Option<(Ending, Timestamp)>,
    /// Last word on a cap that stopped a call.
    pub budget_note: Option<String>,
    /// What the director thinks of it.
    #[serde(default)]
    pub rating: Option<Rating>,
}

/// A team as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its number within the mission.
    pub id: TeamId,
    /// Who it is.
    pub spec: TeamSpec,
    /// What it does.
    pub phase: TeamPhase,
    /// Current attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// Finished turns of the current attempt.
    pub turns: u32,
    /// Commit that its work starts from; `None` before its first draft.
    #[serde(default)]
    pub base: Option<CommitId>,
    /// Where its files are, while the director works there.
    #[serde(default)]
    pub place: Option<String>,
    /// Transcript and snapshot of the last finished turn.
    pub checkpoint: Option<(Digest, Option<CommitId>)>,
    /// All candidates, oldest first, with their evidence once there is some.
    pub candidates: Vec<(Arc<Candidate>, Option<Arc<Evidence>>)>,
    /// Feedback not yet taken up by a draft.
    pub feedback: Vec<String>,
    /// Used, spent, since when.
    pub account: TeamAccount,
}

impl Team {
    /// The candidate of an attempt, with its evidence once there is some.
    #[must_use]
    pub fn entry(&self, attempt: u32) -> Option<&(Arc<Candidate>, Option<Arc<Evidence>>)> {
        self.candidates.iter().find(|(candidate, _)| candidate.attempt == attempt)
    }
}

/// What a team has used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamAccount {
    /// When its last turn was finished, or this attempt began: what came after that it may not have taken in.
    #[serde(default)]
    pub turned: Timestamp,
    /// Tokens.
    pub usage: Usage,
    /// Money; the unknown part is not in it.
    pub spent: Money,
    /// True when some call had no known price.
    pub unknown: bool,
    /// When the current draft started.
    pub started: Option<Timestamp>,
    /// How long finished drafts took together.
    pub worked: Millis,
}

/// What a team does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamPhase {
    /// Not started.
    #[default]
    Waiting,
    /// On air.
    Drafting,
    /// Its candidate is being built and tested.
    Checking,
    /// Its candidate has evidence.
    Ready,
    /// A person works in its worktree.
    TakenOver,
    /// It has nothing to show: why.
    Failed(Failure),
}

impl TeamPhase {
    /// Status word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Drafting => "DRAFTING",
            Self::Checking => "TESTING",
            Self::Ready => "READY",
            Self::TakenOver => "TAKEN OVER",
            Self::Failed(_) => "FAILED",
        }
    }
}
