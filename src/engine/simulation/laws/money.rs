//! Laws of money: what is spent and set aside stays under every cap, of missions and of the house itself.

use super::Laws;
use crate::{
    domain::{
        ids::{CallId, MissionId},
        money::{Cost, Money},
        time::Timestamp,
    },
    engine::{event::MoneyEvent, state::State},
};

impl Laws {
    pub(super) fn money(&mut self, after: &State, at: Timestamp, event: &MoneyEvent) {
        match event {
            MoneyEvent::Reserved { call, mission, worst, .. } => {
                assert!(!self.halted, "money is reserved while the house is halted");
                self.open.insert(*call, (*mission, worst.known()));
                let held = |of: Option<MissionId>| -> Money {
                    self.open.values().filter(|(m, _)| of.is_none_or(|of| of == *m)).map(|(_, w)| *w).sum()
                };
                // What the house itself does has no mission: the cap of the day is over it all the same.
                if let Some(found) = after.missions.get(mission) {
                    let spent = self.spent.get(mission).copied().unwrap_or_default();
                    let budget = found.brief.budget;
                    assert!(spent + held(Some(*mission)) <= budget, "{mission} may spend more than {budget}");
                } else {
                    assert_eq!(*mission, MissionId::HOUSE, "{call} is of a mission that is not there");
                    assert!(worst.known() <= after.policy.budget.per_call, "{call} may cost {worst:?}");
                    self.counts.entry("house money").and_modify(|n| *n += 1).or_insert(1);
                }
                let today = if at.utc_day() > self.day { Money::ZERO } else { self.spent_today };
                assert!(today + held(None) <= after.policy.budget.per_day, "more than the day allows");
            }
            MoneyEvent::Settled { call, cost, .. } => self.pay(*call, *cost, at),
            MoneyEvent::Forfeited(call) => {
                self.count("forfeited");
                let worst = self.open[call].1;
                self.pay(*call, Cost::Known(worst), at);
            }
            MoneyEvent::CapRaised(..) => self.count("cap raised"),
        }
        assert_eq!(after.ledger.open.len(), self.open.len());
    }

    fn pay(&mut self, call: CallId, cost: Cost, at: Timestamp) {
        let (mission, _) = self.open.remove(&call).expect("paid, but never reserved");
        *self.spent.entry(mission).or_default() += cost.known();
        if at.utc_day() > self.day {
            self.day = at.utc_day();
            self.spent_today = Money::ZERO;
        }
        self.spent_today += cost.known();
    }
}
