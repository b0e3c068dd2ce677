//! Laws of releases that watching did not decide: none goes on, helps or is over without a person's word, and none is taken
//! back by itself but for what takes one back at any time.

use super::{
    Laws,
    healing::{Case, Deed, Healing},
};
use crate::{
    domain::{
        ids::{EffectId, IncidentId, MissionId},
        incident::{AttemptOutcome, Mark, Phase},
        request::{Actor, Request, Subject},
    },
    engine::event::Fact,
};

impl Deed {
    /// Watching did not decide it, nobody keeps it, and it is not taken back.
    fn is_open(&self) -> bool {
        let untold = self.marks.iter().any(|mark| matches!(mark, Mark::Undecided(_)));
        let back = matches!(self.ended, Some(AttemptOutcome::RolledBack(_)));
        untold && self.kept != Some(true) && !back && !self.marks.contains(&Mark::TakingBack)
    }

    /// What the world told of it allows for this end.
    pub(super) fn may_end(&self, (id, untold): (IncidentId, bool), outcome: &AttemptOutcome) {
        let helped = *outcome == AttemptOutcome::Helped;
        assert!(!(helped && untold) || self.kept == Some(true), "{id}: nothing decided it, and it helped");
    }
}

impl Case {
    /// What was released for it last is in place, and nobody judged it.
    pub(super) fn is_left_open(&self) -> bool {
        self.attempts.values().next_back().is_some_and(Deed::is_open)
    }

    /// Only a person knows how what was released for it last stands: nobody judged it, or it was to be taken back, and that
    /// was ended.
    pub(super) fn is_a_persons(&self) -> bool {
        let ended = |deed: &Deed| {
            matches!(deed.ended, Some(AttemptOutcome::Stopped(_) | AttemptOutcome::Failed(_)))
                && deed.marks.contains(&Mark::TakingBack)
        };
        self.is_left_open() || self.attempts.values().next_back().is_some_and(ended)
    }

    /// The same, and nobody wanted it looked into since.
    pub(super) fn is_unjudged(&self) -> bool {
        self.is_left_open() && !self.looked_anew
    }

    /// A person keeps what is at work, or does not; the mission that landed it.
    fn said(&mut self, kept: bool) -> Option<MissionId> {
        let deed = self.attempts.values_mut().find(|deed| deed.ended.is_none()).expect("nothing is asked");
        assert!(deed.is_open() && deed.kept.is_none(), "nobody needs to say anything");
        deed.kept = Some(kept);
        deed.mission
    }

    /// Whether it goes on where a person's word, or what got worse, lets it.
    pub(super) fn was_answered(&self, to: &Phase) -> bool {
        let last = self.attempts.values().next_back().filter(|deed| deed.ended.is_none());
        matches!(self.phase, Phase::NeedsHuman(_))
            && last.is_some_and(|deed| match to {
                Phase::Verifying => deed.kept == Some(true),
                Phase::Mitigating => deed.kept == Some(false) || deed.marks.contains(&Mark::TakingBack),
                _ => false,
            })
    }
}

impl Healing {
    /// Whether the world told that watching did not decide the release of this attempt.
    pub(super) fn was_untold(&self, id: IncidentId, number: u32) -> bool {
        self.untold.contains(&EffectId(format!("{id}/deploy/{number}")))
    }

    /// Watching a release decided it, or did not.
    pub(in crate::engine::simulation) fn tells(&mut self, effect: &EffectId, decided: bool) {
        self.untold.remove(effect);
        if !decided {
            self.untold.insert(effect.clone());
        }
    }
}

impl Laws {
    /// A person said what becomes of a release that watching did not decide.
    pub(super) fn kept_or_not(&mut self, fact: &Fact, request: &Request, kept: bool) {
        let Subject::Release { incident, commit, .. } = &request.subject else { return };
        assert!(!self.halted, "{} takes effect while the house is halted", request.id);
        assert!(matches!(fact.actor, Actor::Person(_)), "{} decides {}", fact.actor, request.id);
        let case = self.healing.cases.get_mut(incident).expect("a release of nothing");
        let mission = case.said(kept);
        assert_eq!(mission.and_then(|mission| self.landed.get(&mission)), Some(commit), "{}", request.id);
        self.count(if kept { "release kept" } else { "release not kept" });
    }
}
