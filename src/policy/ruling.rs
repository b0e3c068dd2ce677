//! What the gate answers.

use crate::domain::{
    digest::Digest,
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};

/// The answer, with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruling {
    /// What may happen.
    pub outcome: RulingOutcome,
    /// 1 to 3, after everything that raises it.
    pub tier: u8,
    /// Every rule that fired, most restrictive first.
    pub reasons: Vec<Reason>,
    /// Hash of exactly the plan that was ruled on; nothing else may happen on its strength.
    pub plan: Digest,
    /// Hash of the policy that ruled.
    pub policy: Digest,
    /// When.
    pub at: Timestamp,
}

/// What may happen. Ordered from loosest to strictest; the strictest of all rules wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulingOutcome {
    /// At once.
    Auto,
    /// After a delay in which a person can stop it.
    After(Millis),
    /// When this many people approve.
    Ask {
        /// How many.
        approvals: u8,
    },
    /// Not now; asked again when the reason ends.
    Hold {
        /// Why, in words.
        reason: String,
    },
    /// Never as it is.
    Deny,
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable id of the rule, such as `protected-path`.
    pub rule: String,
    /// In words, with the fact that fired it.
    pub text: String,
}

impl Reason {
    /// Whether it wants more people than one.
    #[must_use]
    pub fn wants_several(&self) -> bool {
        matches!(self.rule.as_str(), "two-persons" | "approvers")
    }
}
