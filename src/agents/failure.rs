//! Why an agent has nothing to show: a kind that decides what is done, and words for people.

use crate::{
    domain::money::Money,
    providers::wire::{CallError, CallErrorKind},
};

/// An agent's work ended without a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct AgentFailure {
    /// Decides what is done about it.
    pub kind: FailureKind,
    /// What happened and what to do.
    pub reason: String,
}

/// Kinds of failure, as the engine tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Trying again may help.
    Transient,
    /// It will not.
    Permanent,
    /// A cap was reached. With this budget of the mission it would go on; `None`: no budget lifts that cap.
    OverBudget(Option<Money>),
    /// It was told to stop.
    Cancelled,
}

impl AgentFailure {
    /// Trying again may help.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self { kind: FailureKind::Transient, reason: reason.into() }
    }
    /// Trying again will not help.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self { kind: FailureKind::Permanent, reason: reason.into() }
    }
    /// Work was stopped from outside.
    #[must_use]
    pub fn cancelled() -> Self {
        Self { kind: FailureKind::Cancelled, reason: "stopped before it was done".to_owned() }
    }
}

impl From<CallError> for AgentFailure {
    fn from(error: CallError) -> Self {
        let kind = match error.kind {
            CallErrorKind::RateLimited
            | CallErrorKind::Overloaded
            | CallErrorKind::Connection
            | CallErrorKind::BreakerOpen => FailureKind::Transient,
            CallErrorKind::Unauthorized
            | CallErrorKind::Rejected
            | CallErrorKind::Protocol
            | CallErrorKind::ContextTooLong => FailureKind::Permanent,
            CallErrorKind::OverBudget(enough) => FailureKind::OverBudget(enough),
            CallErrorKind::Cancelled => FailureKind::Cancelled,
        };
        Self { kind, reason: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{money::Usage, team::Vendor};

    #[test]
    fn each_kind_of_call_error_has_its_consequence() {
        for (from, to) in [
            (CallErrorKind::RateLimited, FailureKind::Transient),
            (CallErrorKind::BreakerOpen, FailureKind::Transient),
            (CallErrorKind::Unauthorized, FailureKind::Permanent),
            (CallErrorKind::OverBudget(None), FailureKind::OverBudget(None)),
            (CallErrorKind::OverBudget(Some(Money::usd(1))), FailureKind::OverBudget(Some(Money::usd(1)))),
            (CallErrorKind::Cancelled, FailureKind::Cancelled),
        ] {
            let failure = AgentFailure::from(CallError {
                vendor: Vendor::Google,
                kind: from,
                message: "words".to_owned(),
                retry_after: None,
                usage: Usage::default(),
            });
            assert_eq!(failure.kind, to);
            assert_eq!(failure.reason, "google: words");
        }
    }
}
