//! What an incident's fix left in place: whether it is on its way, waits for a person's word, or went astray.

use super::ward::Incident;
use crate::{domain::incident::Attempt, engine::effect::EffectKind};

impl Incident {
    /// Whether what was done last left something in place that nobody could take back: only a person ends that.
    pub(super) fn is_astray(&self) -> bool {
        self.attempts.last().is_some_and(Attempt::went_astray)
    }

    /// Whether what was done last left a release in place of which nothing tells whether it is good: a person ends that.
    pub(super) fn is_undecided(&self) -> bool {
        self.attempts.last().is_some_and(Attempt::is_undecided)
    }

    /// Whether a person is asked whether its release is kept.
    pub(super) fn awaits_word(&self) -> bool {
        self.at_work().is_some_and(Attempt::is_undecided)
    }

    /// Whether a fix is brought to its service, or about to be, or taken back from there.
    pub(super) fn deploys(&self) -> bool {
        self.wants(|kind| matches!(kind, EffectKind::Deploy { .. } | EffectKind::TakeBack { .. }))
    }
}
