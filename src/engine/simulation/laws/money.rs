//! Laws of money: what is spent and set aside stays under every cap, of missions and of the house itself.

use super::{Call, Laws};
use crate::{
    domain::{
        ids::{CallId, MissionId},
        incident::{Phase, Severity},
        money::{Cost, Money},
        time::Timestamp,
    },
    engine::{event::MoneyEvent, state::State},
};

impl Laws {
    pub(super) fn money(&mut self, after: &State, at: Timestamp, event: &MoneyEvent) {
        match event {
            MoneyEvent::Reserved { call, mission, worst, incident, .. } => {
                assert!(!self.halted, "money is reserved while the house is halted");
                let (mission, incident, worst) = (*mission, *incident, worst.known());
                self.open.insert(*call, Call { mission, incident, worst });
                assert!(worst <= after.policy.budget.per_call, "{call} may cost {worst}");
                self.within(after, at, &Call { mission, incident, worst });
            }
            MoneyEvent::Settled { call, cost, .. } => self.pay(*call, *cost, at),
            MoneyEvent::Forfeited(call) => {
                self.count("forfeited");
                let worst = self.open[call].worst;
                self.pay(*call, Cost::Known(worst), at);
            }
            MoneyEvent::CapRaised(..) => self.count("cap raised"),
        }
        assert_eq!(after.ledger.open.len(), self.open.len());
    }

    /// A mission, an incident and the day each stay under their cap. What the house itself does has no mission.
    fn within(&mut self, after: &State, at: Timestamp, call: &Call) {
        let held = |of: &dyn Fn(&Call) -> bool| -> Money {
            self.open.values().filter(|call| of(call)).map(|call| call.worst).sum()
        };
        let today = if at.utc_day() > self.day { Money::ZERO } else { self.spent_today };
        let total = today + held(&|_| true);
        let caps = &after.policy.budget;
        assert!(total <= caps.per_day, "more than the day allows");
        if let Some(found) = after.missions.get(&call.mission) {
            let spent = self.spent.get(&call.mission).copied().unwrap_or_default();
            let budget = found.brief.budget;
            let may = spent + held(&|open| open.mission == call.mission);
            assert!(may <= budget, "{} may spend more than {budget}", call.mission);
            return;
        }
        assert_eq!(call.mission, MissionId::HOUSE, "a call of a mission that is not there");
        let Some(id) = call.incident else { return self.count("house money") };
        let spent = self.inquired.get(&id).copied().unwrap_or_default();
        let cap = after.policy.healing.inquiry.per_incident;
        let may = spent + held(&|open| open.incident == Some(id));
        assert!(may <= cap, "{id} may spend more than {cap}");
        let looked_into = self.healing.cases.get(&id).is_some_and(|case| case.phase == Phase::Investigating);
        assert!(looked_into, "{id} is paid for, and nobody looks into it");
        let urgent = after.ward.incidents.get(&id).is_some_and(|known| known.severity <= Severity::P1);
        let share = caps.per_day.0 * i64::from(caps.soft_pct) / 100;
        assert!(urgent || total <= Money(share), "{id} is paid for out of what is kept for urgent ones");
        self.count("investigator paid");
    }

    fn pay(&mut self, call: CallId, cost: Cost, at: Timestamp) {
        let Call { mission, incident, .. } = self.open.remove(&call).expect("paid, but never reserved");
        *self.spent.entry(mission).or_default() += cost.known();
        if let Some(incident) = incident {
            *self.inquired.entry(incident).or_default() += cost.known();
        }
        if at.utc_day() > self.day {
            self.day = at.utc_day();
            self.spent_today = Money::ZERO;
        }
        self.spent_today += cost.known();
    }
}
