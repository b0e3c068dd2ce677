//! Runbooks: safe operations laid down beforehand as data, and the plan one becomes once its variables are filled in.
//! Reading and checking files is in `config::runbooks`, carrying a plan out in `operations::runbooks`.

use super::{
    digest::Digest,
    severity::{Grade, Severity},
    time::Millis,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The runbook that nobody has to write: it takes the last release back. One of this id that the director wrote takes its place.
pub const ROLLBACK: &str = "rollback-last-release";

/// A safe operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runbook {
    /// `^[a-z0-9-]{3,64}$`, unique.
    pub id: String,
    /// Grows with every change.
    pub version: u32,
    /// What it does, in one line.
    pub summary: String,
    /// 1 auto, 2 veto window, 3 approval; policy may only raise it.
    pub tier: u8,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// Whether doing it twice is as doing it once.
    pub idempotent: bool,
    /// Who answers for it.
    pub owner: String,
    /// When it is offered.
    pub matches: RunbookMatch,
    /// Variables that a director or a rule must give, with their types; `service.*` come from the service.
    pub variables: BTreeMap<String, VariableKind>,
    /// What must be true now, in order.
    pub prechecks: Vec<Precheck>,
    /// How often and how long.
    pub limits: RunbookLimits,
    /// What is done, in order.
    pub steps: Vec<RunStep>,
    /// How it is known to have helped.
    pub verify: Verify,
    /// Where and when it may act by itself.
    pub autonomy: RunbookAutonomy,
    /// Whether the director wrote it under an id of its own: no rule names it, and its `[match]` alone offers it.
    #[serde(default)]
    pub own: bool,
}

/// When a runbook is offered. An empty list matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookMatch {
    /// Kinds of signals; `*` at the end matches any rest.
    pub kinds: Vec<String>,
    /// Services; `*` at the end matches any rest.
    pub services: Vec<String>,
    /// This bad or worse.
    pub min_severity: Severity,
    /// Founded this well or better.
    pub requires_grade: Grade,
}

/// What a variable may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// `^[A-Za-z0-9][A-Za-z0-9@._:-]{0,127}$`.
    Name,
    /// An absolute path without `..`.
    Path,
    /// A whole number, 0 to 4,294,967,295.
    Number,
    /// A duration.
    Span,
    /// A host name or address with an optional port.
    Host,
    /// A pattern of cache keys: letters, digits, `_:-.` and `*`, never `*` alone.
    KeyPattern,
    /// An http or https address.
    Url,
}

/// One thing that must be true now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Precheck {
    /// Name within the runbook.
    pub id: String,
    /// Expression, see `domain::expr`.
    pub expr: String,
}

/// How often and how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookLimits {
    /// Least time between two runs on a target.
    pub cooldown: Millis,
    /// Runs on one target within a span.
    pub max_per_target: (u32, Millis),
    /// Runs for one fingerprint within a span.
    pub max_per_fingerprint: (u32, Millis),
    /// Runs at once.
    pub max_parallel: u32,
    /// For all steps together.
    pub timeout: Millis,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStep {
    /// Name within the runbook.
    pub id: String,
    /// Program and arguments; `${name}` stands for a variable. Never a shell.
    pub run: Vec<String>,
    /// What would be done without doing it; `None`: unsupported, which makes the runbook tier 2 at least.
    pub dry_run: Option<Vec<String>>,
    /// Exit codes that are well.
    pub expect_exit: Vec<i32>,
    /// What takes it back; `None`: nothing does.
    pub undo: Option<Vec<String>>,
}

/// How a remedy is known to have helped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// How long after the last step the looking begins.
    pub after: Millis,
    /// How long it may take to become true.
    pub window: Millis,
    /// Expressions that must all be true.
    pub all: Vec<String>,
    /// What to do if they are not.
    pub on_fail: OnFail,
}

/// What to do when a remedy did not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    /// Call a person.
    Escalate,
    /// Take it back, then call a person.
    Rollback,
}

/// Where and when a runbook may act by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookAutonomy {
    /// Levels at which it may.
    pub levels: Vec<u8>,
    /// Only within business hours.
    pub business_hours: bool,
    /// Environments in which it may.
    pub environments: Vec<String>,
}

/// A runbook with every variable filled in: exactly what will run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Which.
    pub runbook: String,
    /// Which version of it.
    pub version: u32,
    /// Its summary.
    pub summary: String,
    /// What it acts on, such as `service web`: two plans for one target never run at once.
    pub target: String,
    /// Environment.
    pub env: String,
    /// Tier as written.
    pub tier: u8,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// Whether doing it twice is as doing it once.
    pub idempotent: bool,
    /// Steps, filled in.
    pub steps: Vec<RunStep>,
    /// Prechecks, filled in.
    pub prechecks: Vec<Precheck>,
    /// Limits.
    pub limits: RunbookLimits,
    /// Verification, filled in.
    pub verify: Verify,
    /// Autonomy.
    pub autonomy: RunbookAutonomy,
}

impl RunPlan {
    /// What takes it back, in words: what is laid down for its steps, whatever the runbook says of itself.
    #[must_use]
    pub fn way_back(&self) -> &'static str {
        match (self.steps.iter().filter(|step| step.undo.is_some()).count(), self.idempotent) {
            (0, true) => "nothing takes it back, but twice is as once",
            (0, false) => "nothing takes it back",
            (some, _) if some == self.steps.len() => "can be taken back",
            _ => "can be taken back in part",
        }
    }

    /// Whether something is laid down that takes every step back.
    #[must_use]
    pub fn has_undo(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.undo.is_some())
    }

    /// Hash of exactly this plan: what a ruling names.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // Plain strings and numbers always have a JSON form; were that ever untrue, the plan could never be begun,
        // since no ruling names the digest of nothing.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}
