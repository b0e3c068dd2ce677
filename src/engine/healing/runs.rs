//! When runbooks ran: what their limits count.

use crate::domain::{
    incident::{Attempt, Remedy},
    signal::Fingerprint,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A runbook that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// On what.
    pub target: String,
    /// For which cause.
    pub fingerprint: Fingerprint,
    /// Which runbook; empty where an older version wrote it down.
    #[serde(default)]
    pub runbook: String,
    /// When.
    pub at: Timestamp,
}

impl Run {
    /// Of an attempt that touches the world from now on, if that is a runbook.
    pub(super) fn of(attempt: &Attempt, fingerprint: &Fingerprint, at: Timestamp) -> Option<Self> {
        let Remedy::Runbook(plan) = &attempt.remedy else { return None };
        let (target, runbook) = (plan.target.clone(), plan.runbook.clone());
        Some(Self { target, fingerprint: fingerprint.clone(), runbook, at })
    }

    /// An attempt that was about to run was not done after all: it did not run.
    pub(super) fn forget(runs: &mut Vec<Self>, attempt: &Attempt, fingerprint: &Fingerprint) {
        let Some(began) = Self::of(attempt, fingerprint, attempt.began) else { return };
        let same = |run: &Self| Self { at: began.at, ..run.clone() } == began && run.at >= began.at;
        if let Some(nth) = runs.iter().rposition(same) {
            runs.remove(nth);
        }
    }
}
