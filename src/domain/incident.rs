//! An incident: one cause, from the first signal to the lesson. Plain data; what may happen to it is decided in
//! `engine::healing`.

pub use super::severity::{Grade, Severity};

use super::{
    candidate::CommitId,
    digest::Digest,
    ids::MissionId,
    runbook::{ROLLBACK, RunPlan},
    signal::{Fingerprint, Frame},
    text::clean_line,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Seen, not confirmed.
    Suspected,
    /// Confirmed.
    Open,
    /// Confirmed, but nobody is woken and nothing is done: why. Signals are counted all the same.
    Suppressed(Suppression),
    /// Evidence is being gathered.
    Investigating,
    /// The cause is known, as far as the diagnosis says; what is to be done waits for leave.
    Diagnosed,
    /// Something is being done about it.
    Mitigating,
    /// It was done; whether it helped is being watched.
    Verifying,
    /// Only a person can go on: why.
    NeedsHuman(String),
    /// Healthy now, and nothing was done.
    NoActionRequired,
    /// Over, and proven so.
    Resolved,
    /// Over for good.
    Closed,
    /// Never confirmed.
    Discarded,
}

impl Phase {
    /// The word in lists and JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Suspected => "suspected",
            Self::Open => "open",
            Self::Suppressed(_) => "suppressed",
            Self::Investigating => "investigating",
            Self::Diagnosed => "diagnosed",
            Self::Mitigating => "mitigating",
            Self::Verifying => "verifying",
            Self::NeedsHuman(_) => "needs human",
            Self::NoActionRequired => "no action required",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Discarded => "discarded",
        }
    }

    /// Whether it is over; a new signal opens it again or begins another.
    #[must_use]
    pub fn over(&self) -> bool {
        matches!(self, Self::NoActionRequired | Self::Resolved | Self::Closed | Self::Discarded)
    }
}

/// Why an incident wakes nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    /// A person silenced it.
    Silenced,
    /// It follows from another incident.
    Inhibited(super::ids::IncidentId),
    /// Maintenance was announced.
    Maintenance,
    /// It comes and goes.
    Flapping,
    /// Too much at once: it is part of a storm.
    Storm,
}

impl Suppression {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Silenced => "silenced".into(),
            Self::Inhibited(by) => format!("follows from {by}"),
            Self::Maintenance => "maintenance".into(),
            Self::Flapping => "comes and goes".into(),
            Self::Storm => "part of a storm".into(),
        }
    }
}

/// One piece of evidence, called `E1`, `E2` ... within its incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clue {
    /// Number within the incident, from 1.
    pub id: u16,
    /// What sort of evidence. Two of different sorts are independent.
    pub sort: ClueSort,
    /// What was found, in one line: redacted, clean, at most [`Clue::WORDS_MOST`] characters.
    pub words: String,
    /// More, at most [`Clue::DETAIL_MOST`] bytes; may be empty.
    pub detail: String,
    /// Whether it was found by our own looking rather than told by text from outside.
    pub trusted: bool,
    /// Whether it is so now; `None` where that cannot be asked again.
    pub still_true: Option<bool>,
    /// When it was found.
    pub at: Timestamp,
}

impl Clue {
    /// Characters of the words.
    pub const WORDS_MOST: usize = 300;
    /// Bytes of the detail.
    pub const DETAIL_MOST: usize = 4 * 1024;
    /// Clues of one incident.
    pub const MOST: usize = 64;
}

/// Sorts of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClueSort {
    /// Templates and traces of logs.
    Log,
    /// A check of a probe, made now.
    Check,
    /// A number and how it went.
    Metric,
    /// State of processes, units, containers, ports.
    Process,
    /// Disks, memory, clock, permissions of the host.
    Host,
    /// Configuration as it stands.
    Config,
    /// Code, blame, commits.
    Code,
    /// Releases and their times.
    Release,
    /// What a database or cache says of itself.
    Store,
    /// Earlier incidents.
    History,
    /// What a model makes of the rest. Never evidence by itself.
    Inquiry,
}

impl ClueSort {
    /// The word in lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Check => "check",
            Self::Metric => "metric",
            Self::Process => "process",
            Self::Host => "host",
            Self::Config => "config",
            Self::Code => "code",
            Self::Release => "release",
            Self::Store => "store",
            Self::History => "history",
            Self::Inquiry => "inquiry",
        }
    }
}

/// What an investigation came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// How well it is founded.
    pub grade: Grade,
    /// 0 to 100 as stated by a model; `None` where rules alone decided.
    pub confidence: Option<u8>,
    /// The rule that matched, if one did.
    pub rule: Option<String>,
    /// The cause in one line; "not known" is an answer.
    pub cause: String,
    /// What is broken: service, unit, path, table.
    pub object: String,
    /// Evidence.
    pub clues: Vec<Clue>,
    /// Numbers of the clues that carry the cause.
    pub carried_by: Vec<u16>,
    /// What could not be looked at, in words.
    pub gaps: Vec<String>,
    /// The commit that brought it, if one did.
    pub culprit: Option<Culprit>,
    /// Where in the code.
    pub frames: Vec<Frame>,
    /// What should be done.
    pub remedy: Remedy,
    /// True where only text from logs, web or tools speaks for it.
    pub tainted: bool,
    /// Healthy controls: nothing is wrong any more.
    pub healthy: bool,
    /// It passes by itself or becomes something else: it is looked at again before a person is called.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passing: bool,
    /// Instances of the service as they were found, where something counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<Instances>,
}

/// Instances of a service that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instances {
    /// All that there shall be.
    pub all: u32,
    /// Those of them that are well.
    pub well: u32,
}

impl Instances {
    /// Percent that are well; 0 of none.
    #[must_use]
    pub fn well_pct(self) -> u32 {
        let pct = u64::from(self.well.min(self.all)) * 100 / u64::from(self.all.max(1));
        u32::try_from(pct).unwrap_or(100)
    }
}

impl Diagnosis {
    /// Gaps kept.
    pub const GAPS_MOST: usize = 32;
}

/// A commit that seems to have brought an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    /// Which.
    pub commit: CommitId,
    /// Its first line, cleaned.
    pub subject: String,
    /// Points out of 100.
    pub score: u8,
    /// Points of the next best candidate; "none of them" is one.
    pub runner_up: u8,
}

/// What should be done about an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// A runbook, with every variable filled in.
    Runbook(Box<RunPlan>),
    /// Take a commit back.
    Revert(CommitId),
    /// Change code: what to say to the teams.
    Code(String),
    /// Nothing.
    Nothing,
}

impl Remedy {
    /// The word in lists and JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Runbook(_) => "runbook",
            Self::Revert(_) => "revert",
            Self::Code(_) => "code",
            Self::Nothing => "nothing",
        }
    }

    /// What is to be done, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Runbook(plan) => format!("{} on {}", plan.runbook, plan.target),
            Self::Revert(commit) => format!("revert {}", commit.short()),
            Self::Code(_) => "teams race for a code fix".into(),
            Self::Nothing => "nothing".into(),
        }
    }

    /// Whether it rests on what was released being bad: code, or the release itself.
    #[must_use]
    pub fn blames_what_runs(&self) -> bool {
        match self {
            Self::Runbook(plan) => plan.runbook == ROLLBACK,
            Self::Revert(_) | Self::Code(_) => true,
            Self::Nothing => false,
        }
    }

    /// Hash of exactly this: what a ruling names.
    #[must_use]
    pub fn plan(&self) -> Digest {
        match self {
            Self::Runbook(plan) => plan.digest(),
            Self::Revert(commit) => Digest::of_parts(&[b"revert", commit.0.as_bytes()]),
            Self::Code(words) => Digest::of_parts(&[b"code", words.as_bytes()]),
            Self::Nothing => Digest::of(b"nothing"),
        }
    }
}

/// What one remedy came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// What was done.
    pub remedy: Remedy,
    /// The mission that did it, where teams were needed.
    pub mission: Option<MissionId>,
    /// When it began.
    pub began: Timestamp,
    /// How it ended; `None` while it goes on.
    pub outcome: Option<AttemptOutcome>,
    /// What was seen meanwhile, one line each, at most [`Attempt::LOG_MOST`].
    pub log: Vec<String>,
    /// What must be known of it after a crash, in order, at most [`Attempt::MARKS_MOST`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

impl Attempt {
    /// Lines of the log.
    pub const LOG_MOST: usize = 32;
    /// Marks.
    pub const MARKS_MOST: usize = 64;

    /// Whether it left a release in place of which nothing tells whether it is good, and nothing was said or done about that
    /// since.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        let decided = |mark: &Mark| matches!(mark, Mark::Kept(_) | Mark::TakingBack);
        let back = matches!(self.outcome, Some(AttemptOutcome::RolledBack(_)));
        self.was_undecided() && !back && !self.marks.iter().any(decided)
    }

    /// Whether nothing told of a release whether it is good.
    #[must_use]
    pub fn was_undecided(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Undecided(_)))
    }

    /// The version that its release took the place of, where that was written down and something said it.
    #[must_use]
    pub fn replaced(&self) -> Option<&str> {
        self.marks.iter().find_map(|mark| match mark {
            Mark::Replaces(version) => version.as_deref(),
            _ => None,
        })
    }

    /// Whether it was done and did not help. Teams that came to nothing, or a release that did not come about, say nothing of
    /// the next ones.
    #[must_use]
    pub fn was_vain(&self) -> bool {
        match &self.outcome {
            Some(AttemptOutcome::Ineffective(_) | AttemptOutcome::RolledBack(_)) => true,
            Some(AttemptOutcome::Failed(_)) => matches!(self.remedy, Remedy::Runbook(_)),
            _ => false,
        }
    }

    /// Whether it ended before anything was done.
    #[must_use]
    pub fn was_not_done(&self) -> bool {
        matches!(self.outcome, Some(AttemptOutcome::NotDone(_)))
    }

    /// Whether it was being taken back.
    #[must_use]
    pub fn was_taken_back(&self) -> bool {
        self.marks.contains(&Mark::TakingBack)
    }

    /// Whether it left a release in place that is bad, or of which nobody knows whether it was taken back.
    #[must_use]
    pub fn went_astray(&self) -> bool {
        let placed = self.was_taken_back() || self.marks.contains(&Mark::InPlace);
        let unknown = self.was_taken_back() && matches!(self.outcome, Some(AttemptOutcome::Stopped(_)));
        unknown || placed && matches!(self.outcome, Some(AttemptOutcome::Failed(_)))
    }
}

/// What is written down of an attempt before the world is touched any further: each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// What a release is about to replace, in the words of its `current`; `None` where nothing says.
    Replaces(Option<String>),
    /// The release is in place, and is watched.
    InPlace,
    /// Nothing tells whether it is good, however long it may be watched: why not, a line each.
    Undecided(Vec<String>),
    /// It stays although nothing told, on the word of this person.
    Kept(String),
    /// This condition of the proof was seen to hold.
    Held(String),
    /// It is being taken back.
    TakingBack,
}

impl Mark {
    /// Characters of its words.
    pub const WORDS_MOST: usize = 300;
    /// Lines of it.
    const LINES_MOST: usize = 8;

    /// As it is written down: one line, and not endless.
    #[must_use]
    pub fn bounded(&self) -> Self {
        let line = |text: &String| clean_line(text, Self::WORDS_MOST).to_string();
        match self {
            Self::Replaces(version) => Self::Replaces(version.as_ref().map(line)),
            Self::Held(condition) => Self::Held(line(condition)),
            Self::Undecided(why) => Self::Undecided(why.iter().take(Self::LINES_MOST).map(line).collect()),
            Self::Kept(by) => Self::Kept(line(by)),
            Self::InPlace | Self::TakingBack => self.clone(),
        }
    }

    /// As a timeline says it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Replaces(Some(version)) => format!("what is in place before it: {version}"),
            Self::Replaces(None) => "nothing says what is in place before it".into(),
            Self::InPlace => "it is in place, and watched".into(),
            Self::Held(condition) => format!("holds: {condition}"),
            Self::Undecided(why) => {
                format!("nothing tells whether it is good: {}", why.join("; "))
            }
            Self::Kept(by) => format!("{by} keeps it"),
            Self::TakingBack => "it is being taken back".into(),
        }
    }
}

/// How a remedy ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It was done and the incident was gone after it.
    Helped,
    /// It was done and did not help: why that is known.
    Ineffective(String),
    /// It could not be done: why.
    Failed(String),
    /// It was taken back: why.
    RolledBack(String),
    /// A person or the kill switch ended it.
    Stopped(String),
    /// Everything ended while it was done, and whether it took effect is not known: what is.
    Unclear(String),
    /// It was let, and then nothing was done: what was not so when it was to begin.
    NotDone(String),
}

impl AttemptOutcome {
    /// Whether it counts as tried: it was not ended from outside, and something was done.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(self, Self::Stopped(_) | Self::NotDone(_))
    }

    /// The word in lists and JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Helped => "helped",
            Self::Ineffective(_) => "ineffective",
            Self::Failed(_) => "failed",
            Self::RolledBack(_) => "rolled back",
            Self::Stopped(_) => "stopped",
            Self::Unclear(_) => "unclear",
            Self::NotDone(_) => "not done",
        }
    }
}

/// Something a person laid down about signals to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// What it is about.
    pub matches: Matcher,
    /// From when; in the future for announced maintenance.
    pub from: Timestamp,
    /// Until when; at most [`Silence::SPAN_MOST_DAYS`] days after.
    pub until: Timestamp,
    /// Why.
    pub why: String,
    /// Maintenance rather than a nuisance.
    pub maintenance: bool,
}

impl Silence {
    /// Days one may last.
    pub const SPAN_MOST_DAYS: u64 = 7;
    /// Silences in force at once.
    pub const MOST: usize = 64;
}

/// Which signals. What is not named matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// This cause only.
    pub fingerprint: Option<Fingerprint>,
    /// This service only; `*` at the end matches any rest.
    pub service: Option<String>,
    /// This kind only; `*` at the end matches any rest.
    pub kind: Option<String>,
}

impl Matcher {
    /// Whether it is about this.
    #[must_use]
    pub fn matches(&self, fingerprint: &Fingerprint, service: &str, kind: &str) -> bool {
        self.fingerprint.as_ref().is_none_or(|wanted| fingerprint.0.starts_with(&wanted.0))
            && self.service.as_ref().is_none_or(|wanted| star(wanted, service))
            && self.kind.as_ref().is_none_or(|wanted| star(wanted, kind))
    }
}

/// Whether a name fits a pattern that may end in `*`.
#[must_use]
pub fn star(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}
