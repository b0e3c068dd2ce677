//! How an incident looks: whether somebody looks into it, whether it passes by itself, is gone, or was helped.

use super::ward::Incident;
use crate::{
    domain::{
        incident::{Attempt, AttemptOutcome, Phase},
        signal::{Signal, kind},
        time::Timestamp,
    },
    engine::effect::EffectKind,
    policy::ruling::RulingOutcome,
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
        let last = self.attempts.iter().rev().find(|attempt| !attempt.was_not_done());
        last.filter(|last| matches!(last.outcome, Some(AttemptOutcome::Unclear(_))))
    }

    /// How often in a row, since it began or came back, what was let was not done after all.
    pub(super) fn not_done_in_a_row(&self) -> usize {
        let since = self.reopened.last().copied().unwrap_or(self.first_seen);
        let last = self.attempts.iter().rev();
        last.take_while(|attempt| attempt.was_not_done() && attempt.began >= since).count()
    }

    /// Whether what was let for it was not done, since it was not seen any more: it is left to become quiet.
    pub(super) fn is_left(&self) -> bool {
        let let_once = self.ruling.as_ref().is_some_and(|ruling| ruling.outcome == RulingOutcome::Auto);
        self.phase == Phase::Diagnosed
            && self.request.is_none()
            && let_once
            && self.attempts.last().is_some_and(Attempt::was_not_done)
    }

    /// Whether what was done for it last has helped.
    pub(super) fn helped(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.outcome == Some(AttemptOutcome::Helped))
    }
}
