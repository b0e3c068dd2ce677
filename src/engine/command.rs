//! Commands: imperative, they may be refused. Everything that reaches the core is one of these, in one order.

use crate::{
    domain::{
        brief::{Answer, Brief, Once, Question},
        candidate::{Candidate, CheckRun, CommitId, Evidence, Verdict},
        digest::Digest,
        ids::{CallId, EffectId, GrantId, IncidentId, MissionId, RequestId, Revision, SilenceId, TeamId},
        incident::{Diagnosis, Mark, Silence},
        mission::Rating,
        money::{Cost, Money, Usage},
        plan::{Plan, Survey},
        request::{Actor, Decision, Subject},
        signal::Signal,
        team::ModelRef,
        time::Timestamp,
    },
    engine::{
        effect::Failure,
        ideas::{IdeaId, Suggestion},
    },
    policy::settings::Policy,
};
use serde::{Deserialize, Serialize};

/// A command with who gave it and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who.
    pub actor: Actor,
    /// When, by the runtime's clock.
    pub at: Timestamp,
    /// What.
    pub command: Command,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Of a mission.
    Mission(MissionCommand),
    /// Of the Decision Desk.
    Desk(DeskCommand),
    /// Of the whole house.
    Control(ControlCommand),
    /// Of money.
    Money(MoneyCommand),
    /// Of ideas.
    Idea(IdeaCommand),
    /// Of incidents.
    Heal(HealCommand),
    /// The driver is about to run this effect; refused when it must not (paused, stopped, no ruling, done).
    Begin(EffectId),
    /// The world answers.
    Report(Report),
    /// Time has passed: expire what is due.
    Tick,
    /// Any of them, under a word: given again under the same it is refused as done already.
    Under(Once, Box<Command>),
}

impl Command {
    /// What is wanted, whatever word it came under.
    #[must_use]
    pub fn bare(&self) -> &Self {
        match self {
            Self::Under(_, command) => command.bare(),
            command => command,
        }
    }
}

/// What a director can do with missions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MissionCommand {
    /// Start one.
    Open(Box<Brief>),
    /// Answer (or skip, with assumed answers) the orchestrator's questions.
    Answer(MissionId, Vec<Answer>),
    /// End it.
    Cancel(MissionId, String),
    /// Say something to one team; its conversation goes on with it.
    Refine(MissionId, TeamId, String),
    /// Try again from the draft with feedback for every team: after a failure or a rejection.
    Retry(MissionId, String),
    /// The director works in this team's worktree now; the team stops.
    TakeOver(MissionId, TeamId),
    /// The worktree as it stands becomes the team's next candidate.
    HandBack(MissionId, TeamId),
    /// Put a landed revision's change back (`chimera restore`); itself undoable by restoring again.
    Restore(MissionId, CommitId),
    /// Say what came of an ended one; the last word counts.
    Rate(MissionId, Rating),
}

/// What can be done at the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeskCommand {
    /// An agent asks.
    Ask(MissionId, Box<Subject>),
    /// A person (or the policy) answers what was seen at this revision; an older revision is refused.
    /// It takes effect at once.
    Decide(RequestId, Revision, Box<Decision>),
    /// The same, but it can be taken back for as long as the policy's undo window. Given again meanwhile it takes
    /// effect at once; another answer takes its place.
    Hold(RequestId, Revision, Box<Decision>),
    /// A person takes back a decision that is held.
    Undo(RequestId),
    /// A person ends a grant.
    Revoke(GrantId),
}

/// What can be done with the whole house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ControlCommand {
    /// Nothing new starts; what runs goes on to its next turn boundary.
    Pause(String),
    /// Go on after a pause or a stop.
    Resume,
    /// Kill switch: nothing starts, everything in flight ends. Nothing resumes by itself.
    Stop(String),
    /// A policy was read.
    Load(Box<Policy>),
    /// A setting was changed in a file: to be remembered.
    Change {
        /// The key.
        key: String,
        /// Which file.
        file: String,
        /// The value as TOML, unless it was taken out or tells where a secret is.
        value: Option<String>,
    },
    /// The process starts on this journal: first command of every run. Calls that were open are forfeited and
    /// effects that were running become unsure.
    Start {
        /// Version of the program.
        version: String,
    },
}

/// What a person can do with ideas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdeaCommand {
    /// It is not wanted.
    Dismiss {
        /// Which.
        id: IdeaId,
        /// Why.
        why: String,
    },
    /// It has become this mission.
    Take {
        /// Which.
        id: IdeaId,
        /// What it has become.
        mission: MissionId,
    },
    /// The ideas agent shall think of more: one model call.
    Ask {
        /// The repository, as the absolute path of its top level.
        repo: String,
    },
}

/// What can be said of incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HealCommand {
    /// The monitor saw these; at most [`HealCommand::SIGNALS_MOST`].
    Observe(Vec<Signal>),
    /// These wake nobody for a while.
    Silence(Silence),
    /// They do again.
    Unsilence(SilenceId),
    /// Look into it (again).
    Investigate(IncidentId),
    /// A person says that it is over.
    Resolve(IncidentId, String),
}

impl HealCommand {
    /// Signals of one order.
    pub const SIGNALS_MOST: usize = 256;
}

/// Money is reserved before a call and settled after it, in the same order as everything else: so caps hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoneyCommand {
    /// Before a call: the worst case must fit under every cap.
    Reserve {
        /// Mission.
        mission: MissionId,
        /// Team, or the orchestrator's and judges' own account.
        team: Option<TeamId>,
        /// Who will be called.
        model: ModelRef,
        /// The most it can cost.
        worst: Cost,
    },
    /// After a call, however it ended.
    Settle {
        /// The reservation.
        call: CallId,
        /// What was used.
        usage: Usage,
        /// What it cost.
        cost: Cost,
    },
}

/// An effect's outcome or progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which effect.
    pub effect: EffectId,
    /// What came of it.
    pub outcome: Outcome,
}

/// What comes of effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Of `Survey` and `Resurvey`.
    Surveyed(Box<Survey>),
    /// Of `Clarify`: the questions, none if the brief is clear.
    Asked(Vec<Question>),
    /// Of `Plan`.
    Planned(Box<Plan>),
    /// Progress of `Draft`: a turn is durable. The effect goes on.
    Turn {
        /// Turns of this attempt so far.
        turn: u32,
        /// The transcript up to and with this turn, in the blob store.
        transcript: Digest,
        /// Snapshot commit of the worktree after it, if it changed.
        commit: Option<CommitId>,
    },
    /// Of `Draft`.
    Drafted(Box<Candidate>),
    /// Of `Lend`: the directory with the team's files.
    Lent(String),
    /// Of `Check`.
    Checked(Box<Evidence>),
    /// Of `Judge`: verdicts, and in words whatever is missing from a full judgement.
    Judged(Vec<Verdict>, Vec<String>),
    /// Of `Land` and `Restore`: the commit and the branch it is on.
    Landed(CommitId, String),
    /// Of `Land`: the target moved and both changed these files.
    Conflicted(Vec<String>, Digest),
    /// Of `Land`: merged onto a moved target, but the checks fail there.
    RecheckFailed(Box<Evidence>),
    /// Of `Stage`: it runs there.
    Staged,
    /// Of `Validate`: what the test said there, whatever that is.
    Validated(Box<CheckRun>),
    /// Of `Release`: worktrees are gone, or kept for a stated reason.
    Released(Vec<String>),
    /// Of `Suggest`: what the ideas agent thought of.
    Suggested(Vec<Suggestion>),
    /// Of `Investigate`.
    Diagnosed(Box<Diagnosis>),
    /// Progress of effects of incidents: what was seen meanwhile. The effect goes on.
    Logged(Vec<String>),
    /// Progress of effects of incidents: what must be known after a crash, before the world is touched any further. The effect
    /// goes on.
    Marked(Mark),
    /// Of `Heal`: every step was done.
    Healed,
    /// Of `Heal` and `Deploy`: it went wrong, or was worse than before, and was taken back: why.
    TakenBack(String),
    /// Of `Heal`: everything ended while it was done, and whether it took effect is not known: what is.
    CutOff(String),
    /// Of `Heal`: nothing was done: what was not so when it was to begin.
    NotDone(String),
    /// Of `Commission`.
    Commissioned(Box<Brief>),
    /// Of `Deploy`: it runs there.
    Deployed,
    /// Of `Verify`.
    Verified(Verification),
    /// Of `Announce`: the thread that it began, where there are threads; and by which ways people were told and by which not,
    /// empty where by all.
    Announced(Option<String>, String),
    /// Of `Halt`: everything that ran has ended.
    Halted,
    /// Of any: it did not work.
    Failed(Failure),
}

/// Whether a remedy helped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verification {
    /// Everything that was to become true is true.
    Helped,
    /// Something is not: what.
    NotHelped(String),
    /// It cannot be told: why. Never counts as helped.
    Unknown(String),
}

/// A command was not accepted: why, in words for the one who gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Decides exit codes and what a caller does.
    pub kind: RefusalKind,
    /// What is wrong and what to do.
    pub reason: String,
    /// The budget with which the call would pass, where its mission has too little for it and no other cap forbids it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enough: Option<Money>,
}

/// Kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// There is no such mission, team, request, call or effect.
    Unknown,
    /// It was decided, done or ended before.
    Already,
    /// What it was based on has changed since.
    Stale,
    /// A cap would be exceeded.
    OverBudget,
    /// The house is paused or stopped.
    Halted,
    /// The policy forbids it.
    Forbidden,
    /// The command itself makes no sense.
    Invalid,
}
