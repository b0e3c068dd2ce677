//! Laws of what people are told: everything that there was to tell, once, and what goes together in one notice; nothing of
//! what is kept quiet.

use super::{
    Laws,
    healing::{Case, Healing},
};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Phase, Suppression},
        time::Timestamp,
    },
    engine::{healing::news::News, state::State},
};

impl Laws {
    pub(super) fn has_news(&mut self, at: Timestamp, (id, words): (IncidentId, &str)) {
        may_be_told(&self.healing, at, (id, words));
        let case = self.healing.cases.get_mut(&id).expect("looked at above");
        assert!(case.told || !case.news.is_empty() || words != "resolved", "{id} is told at its end only");
        case.news.push(words.to_owned());
    }

    pub(super) fn hushed(&mut self, at: Timestamp, id: IncidentId) {
        assert!(
            self.healing.silenced(&self.healing.cases[&id], at),
            "{id} is hushed, and nobody wants quiet"
        );
        let case = self.healing.cases.get_mut(&id).expect("looked at above");
        assert!(!case.news.is_empty(), "{id} is hushed, and there was nothing to tell");
        case.news.clear();
        self.count("hushed");
    }

    /// One notice: nothing of the same group is left for another.
    pub(super) fn told_together(
        &mut self,
        at: Timestamp,
        (id, words): (IncidentId, &str),
        others: &[(IncidentId, String)],
    ) {
        self.told(at, (id, words));
        for (other, words) in others {
            self.told(at, (*other, words));
            self.count("told together");
        }
        let group = |case: &Case| (case.service.clone(), case.env.clone());
        let whole = group(&self.healing.cases[&id]);
        let left = |(_, case): &(&IncidentId, &Case)| group(case) == whole && !case.news.is_empty();
        let left = self.healing.cases.iter().find(left).map(|(left, _)| left);
        assert!(left.is_none(), "{id} is told, and {left:?} of the same group is not");
    }

    fn told(&mut self, at: Timestamp, (id, words): (IncidentId, &str)) {
        may_be_told(&self.healing, at, (id, words));
        let case = self.healing.cases.get_mut(&id).expect("looked at above");
        assert_eq!(
            case.news.join("; "),
            words,
            "{id}: people are told something else than there was to tell"
        );
        case.news.clear();
        case.told = true;
    }
}

/// It was confirmed, and nothing keeps it quiet; what comes and goes is told now and then.
fn may_be_told(healing: &Healing, at: Timestamp, (id, words): (IncidentId, &str)) {
    let case = &healing.cases[&id];
    let quiet = matches!(&case.phase, Phase::Suppressed(why) if *why != Suppression::Flapping);
    assert!(!healing.silenced(case, at), "{id} is silenced, and told: {words}");
    assert!(case.opened, "{id} was never confirmed, and is told: {words}");
    assert!(!quiet, "{id} is kept quiet, and told: {words}");
}

/// After a long time nothing is left that people were to be told, but what is so new that it waits for more.
pub(super) fn nothing_is_left(state: &State) {
    let rules = &state.policy.healing.grouping;
    let old = |news: &News| state.at.since(news.at) > rules.wait.max(rules.interval);
    let left = state.ward.incidents.values().find(|incident| incident.news.iter().any(old));
    let left = left.map(|incident| (incident.id, &incident.news));
    assert!(left.is_none(), "people were never told: {left:?}");
}
