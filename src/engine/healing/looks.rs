//! How an incident looks: whether somebody looks into it, whether it passes by itself, is gone, or was helped.

use super::ward::Incident;
use crate::{
    domain::{
        incident::{Attempt, AttemptOutcome},
        signal::{Signal, kind},
        time::Timestamp,
    },
    engine::effect::EffectKind,
};

impl Incident {
    /// Whether somebody gathers evidence of it, or is about to.
    pub(super) fn is_looked_into(&self) -> bool {
        self.wants(|kind| matches!(kind, EffectKind::Investigate { .. }))
    }

    /// Whether what was found of it passes by itself, or becomes something else.
    pub(super) fn is_passing(&self) -> bool {
        self.diagnosis.as_ref().is_some_and(|diagnosis| diagnosis.passing)
    }

    /// Whether what it is about is not seen any more: of what is told by lines silence is all there is to see.
    #[must_use]
    pub fn is_gone(&self, now: Timestamp) -> bool {
        let seen = &self.sightings;
        let silent = kind::of_lines(&self.kind) && now.since(seen.last) >= Signal::LINES_QUIET;
        !seen.firing || silent
    }

    /// What was done for it last, where that was cut off and nobody knows whether it took effect.
    pub(super) fn cut_off(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|last| matches!(last.outcome, Some(AttemptOutcome::Unclear(_))))
    }

    /// Whether what was done for it last has helped.
    pub(super) fn helped(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.outcome == Some(AttemptOutcome::Helped))
    }
}
