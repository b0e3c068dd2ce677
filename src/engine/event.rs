//! Events: past tense, what has happened. The journal is a list of these; the state is their fold. An event
//! is never rejected. Variants and fields are only ever added: a disk written today must be readable for ever.

use crate::{
    domain::{
        brief::{Answer, Brief, Once, Question},
        candidate::{Candidate, CheckRun, CommitId, Evidence, Verdict},
        digest::Digest,
        grant::Grant,
        ids::{CallId, EffectId, GrantId, IncidentId, MissionId, RequestId, Revision, SilenceId, TeamId},
        incident::{AttemptOutcome, Diagnosis, Mark, Phase, Remedy, Silence},
        mission::{Ending, Rating, Step},
        money::{Cost, Usage},
        plan::{Plan, Survey},
        request::{Actor, Decision, Hold, Request},
        signal::Signal,
        team::ModelRef,
        time::Timestamp,
    },
    engine::{
        effect::{EffectKind, Failure},
        ideas::{IdeaId, IdeaKind, Suggestion},
    },
    policy::{ruling::Ruling, settings::Policy},
};
use serde::{Deserialize, Serialize};

/// An event with who caused it and when: what one journal entry holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// To a mission.
    Mission(MissionId, MissionEvent),
    /// To a team of a mission.
    Team(MissionId, TeamId, TeamEvent),
    /// At the desk.
    Desk(DeskEvent),
    /// To an effect.
    Effect(EffectEvent),
    /// To money.
    Money(MoneyEvent),
    /// To the whole house.
    Control(ControlEvent),
    /// To ideas.
    Idea(IdeaEvent),
    /// To an incident.
    Incident(IncidentId, IncidentEvent),
    /// To what is known of incidents altogether.
    Ward(WardEvent),
}

/// What happens to missions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissionEvent {
    /// A brief was accepted.
    Opened(Box<Brief>),
    /// Left the queue: a place in the pool is free.
    Admitted,
    /// The repository was looked at.
    Surveyed(Box<Survey>),
    /// The orchestrator asked; nothing more is asked if empty.
    QuestionsAsked(Vec<Question>),
    /// The questions are answered.
    Clarified(Vec<Answer>),
    /// There is a plan.
    Planned(Box<Plan>),
    /// A step was entered; results of older revisions are stale from here.
    StepEntered(Step, Revision),
    /// Candidates were judged; the strings say what is missing from a full judgement.
    Judged(Vec<Verdict>, Vec<String>),
    /// The gate ruled on landing this team's candidate.
    Ruled(TeamId, u32, Box<Ruling>),
    /// A winner was chosen; landing is next.
    Chosen(TeamId, u32),
    /// The winner is a commit on this branch.
    Landed(CommitId, String),
    /// An earlier state was brought back as this commit on this branch.
    Restored(CommitId, String),
    /// Worktrees were removed; these were kept, each with its reason.
    Released(Vec<String>),
    /// It ended.
    Ended(Ending),
    /// A failed or rejected mission waits for a place in the pool again, with this in mind.
    Reopened(String),
    /// A model call would exceed a cap and was refused.
    BudgetReached(String),
    /// The end-to-end test of this attempt was seen to fail: it stands, and code is next.
    TestSeen(TeamId, u32),
    /// What a team made is not fit to go on, for this reason: it is asked again.
    Retried(TeamId, String),
    /// This commit runs in the staging environment.
    Staged(CommitId),
    /// The end-to-end test ran there.
    Validated(Box<CheckRun>),
    /// The director said what came of it; an earlier rating no longer counts.
    Rated(Rating),
}

/// What happens to teams.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamEvent {
    /// A draft began.
    DraftStarted {
        /// Candidate number.
        attempt: u32,
        /// Mission revision it is based on.
        based_on: Revision,
    },
    /// A turn is durable.
    TurnFinished {
        /// Turns of this attempt.
        turn: u32,
        /// Transcript blob.
        transcript: Digest,
        /// Snapshot commit, if the worktree changed.
        commit: Option<CommitId>,
    },
    /// There is a candidate.
    CandidateProposed(Box<Candidate>),
    /// There is evidence for a candidate.
    EvidenceGathered(u32, Box<Evidence>),
    /// A result came for an older mission revision and was not used.
    ResultStale(u32),
    /// The team has no candidate and stops.
    Failed(Failure),
    /// The director or the engine said something to the team.
    FeedbackGiven(String),
    /// What it does from now on starts from this commit.
    Rebased(CommitId),
    /// The director works in the worktree.
    TakenOver,
    /// The worktree that the director works in is this directory.
    Lent(String),
    /// The director gave it back.
    HandedBack,
}

/// What happens at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskEvent {
    /// Something waits for a person.
    RequestOpened(Box<Request>),
    /// What a person must see has changed.
    RequestRevised(Box<Request>),
    /// It was answered.
    RequestDecided(RequestId, Revision, Box<Decision>),
    /// From this time on it is approved by itself unless a person said no before. Revising closes the window, and so
    /// does a decision that is held.
    VetoOpened(RequestId, Timestamp),
    /// A person decided, and can still take it back. Exactly one of the next three follows, unless its mission is
    /// forgotten first.
    DecisionHeld(Box<Hold>),
    /// It was taken back.
    DecisionUndone(RequestId),
    /// It does not count any more, for this reason: what it was made on changed, or something else was decided.
    DecisionDropped(RequestId, String),
    /// It takes effect now, as the word of this person.
    HoldEnded(RequestId, Actor),
    /// Commands run from now on by a person's word given beforehand.
    Granted(Box<Grant>),
    /// A request was approved on the strength of it.
    GrantUsed(GrantId, RequestId),
    /// It covers nothing any more, for this reason.
    GrantEnded(GrantId, String),
}

/// What happens to effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectEvent {
    /// It is wanted.
    Wanted(EffectId, MissionId, Box<EffectKind>),
    /// It is about to touch the world. Journaled before it does.
    Started(EffectId),
    /// It ended well.
    Done(EffectId),
    /// It ended badly.
    Failed(EffectId, Failure),
    /// It is not wanted any more.
    Dropped(EffectId),
}

/// What happens to incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentEvent {
    /// A signal of its cause; the first one begins it.
    Seen(Box<Signal>),
    /// It stands elsewhere now.
    PhaseEntered(Phase),
    /// It is back after it was over.
    Reopened,
    /// An investigation came to this.
    Diagnosed(Box<Diagnosis>),
    /// The gate ruled on its remedy.
    Ruled(Box<Ruling>),
    /// A person is asked.
    Asked(RequestId),
    /// Nobody is asked any more.
    Answered,
    /// A remedy was let and begins.
    AttemptBegan {
        /// From 1.
        number: u32,
        /// What is done.
        remedy: Box<Remedy>,
        /// What it acts on: two attempts on one target are never at work together.
        target: String,
    },
    /// A mission does it.
    MissionOpened(u32, MissionId),
    /// What an attempt did and saw, one line each.
    Logged(u32, Vec<String>),
    /// What must be known of an attempt after a crash.
    Marked(u32, Mark),
    /// A remedy ended.
    AttemptEnded {
        /// Which.
        number: u32,
        /// How.
        outcome: AttemptOutcome,
    },
    /// Something worth remembering, in words.
    Noted(String),
    /// Where people are told, this thread is of it.
    Threaded(String),
    /// People are to be told, together with what else there is to tell of its group.
    News {
        /// What, in one line.
        words: String,
        /// Whether that waits for nothing.
        urgent: bool,
    },
    /// A person wants quiet about what was to be told.
    Hushed,
}

/// What happens to what is known of incidents altogether.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WardEvent {
    /// A person wants quiet about something.
    Silenced(SilenceId, Box<Silence>),
    /// The quiet is over.
    SilenceEnded(SilenceId),
    /// Too much at once.
    StormBegan,
    /// Calm again.
    StormEnded,
    /// Something was brought to a service.
    Deployed,
}

/// What happens to money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyEvent {
    /// Set aside before a call.
    Reserved {
        /// The call.
        call: CallId,
        /// Mission.
        mission: MissionId,
        /// Team, or the orchestrator's own account.
        team: Option<TeamId>,
        /// Who is called.
        model: ModelRef,
        /// The most it can cost.
        worst: Cost,
        /// The incident whose investigator calls, of no mission.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<IncidentId>,
    },
    /// Paid.
    Settled {
        /// The call.
        call: CallId,
        /// Used.
        usage: Usage,
        /// Cost.
        cost: Cost,
    },
    /// The process died during the call: its whole reservation counts as spent.
    Forfeited(CallId),
    /// A person raised a mission's cap.
    CapRaised(MissionId, crate::domain::money::Money),
}

/// What happens to ideas. That there are any is told from everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdeaEvent {
    /// A person does not want one.
    Dismissed {
        /// Which.
        id: IdeaId,
        /// How it was found.
        kind: IdeaKind,
        /// How much there was of it.
        weight: u64,
        /// Why.
        why: String,
    },
    /// It has become a mission.
    Taken {
        /// Which.
        id: IdeaId,
        /// How much there was of it.
        weight: u64,
        /// What it has become.
        mission: MissionId,
    },
    /// The ideas agent was asked, for the n-th time.
    Asked(u64),
    /// It answered.
    Suggested {
        /// Which time.
        ask: u64,
        /// What it thought of.
        ideas: Vec<Suggestion>,
    },
    /// It did not.
    Unanswered {
        /// Which time.
        ask: u64,
        /// Why.
        why: String,
    },
}

/// What happens to the whole house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlEvent {
    /// Nothing new starts.
    Paused(String),
    /// It goes on.
    Resumed,
    /// Nothing starts, everything ends.
    Stopped(String),
    /// Another policy rules.
    PolicyLoaded(Box<Policy>),
    /// A person changed a setting in a file.
    SettingChanged {
        /// The key.
        key: String,
        /// Which file.
        file: String,
        /// The value as TOML; `None`: taken out of the file, or it tells where a secret is.
        value: Option<String>,
    },
    /// The process started on this journal.
    Started {
        /// Version of the program.
        version: String,
    },
    /// What was given under this word is done: it is not done again.
    Given(Once),
    /// The journal had a torn tail; this many bytes after the last whole entry were cut.
    Recovered {
        /// Bytes cut.
        bytes: u64,
    },
}
