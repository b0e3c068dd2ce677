//! What the gate is asked: a proposal, and how things stand. Plain facts, all of which arrive as arguments, the
//! bounds the rules compare them with, and the reasons as they are found.

use super::{
    ruling::{Reason, RulingOutcome},
    settings::Policy,
};
use crate::domain::{
    candidate::DiffStat,
    digest::Digest,
    grant::Grant,
    incident::{Grade, Instances, Severity},
    money::Money,
    runbook::RunPlan,
    time::{Millis, Timestamp},
};

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// The deed.
    pub action: Action<'a>,
    /// Hash of exactly this plan.
    pub plan: Digest,
    /// What it rests on.
    pub grounds: Grounds,
}

/// Deeds the gate knows.
#[derive(Debug, Clone)]
pub enum Action<'a> {
    /// A patch reaches a place.
    Patch {
        /// What it touches, both sides of renames.
        stat: &'a DiffStat,
        /// Where to.
        target: Target,
    },
    /// A command runs outside of what the sandbox allows.
    Command {
        /// Program and arguments.
        argv: &'a [String],
    },
    /// A mission's cap is raised, or money is paid.
    Money {
        /// How much more than now.
        amount: Money,
    },
    /// A runbook is carried out.
    Runbook(&'a RunPlan),
    /// Teams race for a fix of an incident. What they come to is ruled on by itself.
    Inquiry,
    /// A commit is taken back on its branch, and that is released.
    Revert,
}

/// Where a patch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A branch; nothing is deployed.
    Branch,
    /// The staging environment.
    Staging,
    /// Production.
    Production,
}

/// What a proposal rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    /// Result of its checks; only patches have any.
    pub tests: Tests,
    /// Grade of a diagnosis; `None` where a person asked for the work.
    pub grade: Option<Grade>,
    /// The model's own confidence, 0 to 100, if it stated one.
    pub confidence: Option<u8>,
    /// True when nothing but logs, web pages or tool output speaks for it.
    pub tainted: bool,
    /// Put together by a person, by hand or out of several candidates: it lands only if its checks let it.
    pub composed: bool,
}

/// Result of a patch's checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tests {
    /// All that count passed.
    Green,
    /// Some did not: which.
    Red(String),
    /// None were run.
    Missing,
}

/// How things stand when the gate is asked.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// When.
    pub at: Timestamp,
    /// What rules.
    pub policy: &'a Policy,
    /// Why nothing may start, if the house is paused or stopped.
    pub halted: Option<&'a str>,
    /// Who would answer for it.
    pub approver: Approver,
    /// What was given for it so far.
    pub given: Given,
    /// A person's word given beforehand that covers it; only commands have any.
    pub grant: Option<&'a Grant>,
    /// Everything else that can make it stricter.
    pub surroundings: Surroundings,
}

/// Who answers for a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approver {
    /// A person who looks at it.
    Person,
    /// Nobody at the moment: the policy or a word given beforehand.
    Policy,
}

/// What speaks for a deed beside the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Nothing yet.
    Nothing,
    /// A veto window of this length passed without a no.
    Waited(Millis),
    /// This many people said yes.
    Approved(u8),
}

/// The world around a deed; the default is a calm one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Another mission holds the same target or cause: which.
    pub busy: Option<String>,
    /// Spent plus reserved plus estimate, and the cap it must stay under.
    pub money: Option<(Money, Money)>,
    /// Deployments in the last 24 hours.
    pub deployments: u32,
    /// Rollbacks of the same cause in the last 24 hours.
    pub rollbacks: u32,
    /// Instances of what is acted on, where something counts them: those that are well stay so at best.
    pub instances: Option<Instances>,
    /// What is acted on at once, where it is known what there is.
    pub breadth: Option<Breadth>,
    /// The cause comes and goes, or alarms flood in: in words.
    pub unrest: Option<String>,
    /// Deployments are frozen or people asleep: in words.
    pub closed: Option<String>,
    /// How bad the cause is, where there is one.
    pub severity: Option<Severity>,
    /// People affected by the cause.
    pub affected: u32,
    /// The service that is acted on, where one is named.
    pub service: Option<ServiceRules>,
}

/// How much is acted on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breadth {
    /// Targets, this one among them.
    pub touched: u32,
    /// All that are watched.
    pub of: u32,
}

/// What the director laid down for one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRules {
    /// Its name.
    pub name: String,
    /// Its environment.
    pub env: String,
    /// Its level instead of the house's.
    pub level: Option<u8>,
    /// People that must say yes where one is asked.
    pub approvers: u8,
    /// Least tier of anything done to it.
    pub tier_floor: u8,
}

/// A stated confidence up to this, in percent, asks a person.
pub const CONFIDENCE_LEAST_PCT: u8 = 95;
/// Affected people from which a person is asked.
pub const AFFECTED_MANY: u32 = 10;
/// Affected people above which a P0 code change asks at every level.
pub const AFFECTED_MASS: u32 = 100;

/// Reasons as they are found, each with how strict it is.
pub(super) struct Found {
    pub(super) list: Vec<(RulingOutcome, Reason)>,
}

impl Found {
    pub(super) fn add(&mut self, outcome: RulingOutcome, rule: &str, text: impl Into<String>) {
        self.list.push((outcome, Reason { rule: rule.to_owned(), text: text.into() }));
    }
    pub(super) fn hold(&mut self, rule: &str, text: impl Into<String>) {
        let text = text.into();
        self.add(RulingOutcome::Hold { reason: text.clone() }, rule, text);
    }
}

pub(super) fn urgent(standing: &Standing<'_>) -> bool {
    matches!(standing.surroundings.severity, Some(Severity::P0 | Severity::P1))
}
