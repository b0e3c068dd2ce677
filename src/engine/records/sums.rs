//! What adds up: the counts and amounts of one span of time, or of all time. Every addition saturates.

use crate::domain::{
    mission::Ending,
    money::{Cost, Money, Usage},
    time::Millis,
};
use serde::{Deserialize, Serialize};

/// Counts and amounts of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Tokens that went in, cached ones included.
    pub input: u64,
    /// Tokens that came out, reasoning included.
    pub output: u64,
    /// Model calls that were paid.
    pub calls: u64,
    /// Calls of unknown price: what they cost is not in `money`.
    pub unknown: u64,
    /// Spent, as far as prices are known. A call that was lost in a crash counts with all that was set aside for it.
    pub money: Money,
    /// Missions opened.
    pub opened: u64,
    /// Missions that ended as a commit.
    pub landed: u64,
    /// Missions that ended without.
    pub failed: u64,
    /// Missions that a person, an expired request or a time limit ended.
    pub cancelled: u64,
    /// Missions that the budget ended.
    pub over_budget: u64,
    /// Ended missions that were opened again; each ends, and counts, once more.
    pub reopened: u64,
    /// Of these, those that had failed or that the budget had ended: what they are tried again for is no failure of theirs yet.
    #[serde(default)]
    pub retried: u64,
    /// Earlier states brought back.
    pub restored: u64,
    /// Missions that ended and in which a person had decided at the desk.
    pub handled: u64,
    /// Candidates that teams proposed.
    pub candidates: u64,
    /// Candidates whose first evidence was green.
    pub passed: u64,
    /// Requests that were put on the desk.
    pub asked: u64,
    /// Requests that a person decided.
    pub by_person: u64,
    /// Requests that the policy approved, by the director's standing word or after a veto window.
    pub by_policy: u64,
    /// Requests that nobody decided in time: denied.
    pub expired: u64,
    /// From the opening of a request to a person's decision, all together.
    pub waited: Millis,
    /// From the opening of a mission to its commit, all landed ones together.
    pub fix: Millis,
}

/// Adds to a count.
pub(in crate::engine) fn more(count: &mut u64, by: u64) {
    *count = count.saturating_add(by);
}

/// Adds to a span.
pub(in crate::engine) fn longer(span: &mut Millis, by: Millis) {
    span.0 = span.0.saturating_add(by.0);
}

/// Tokens of a call that went in, and that came out.
pub(super) fn tokens(usage: &Usage) -> (u64, u64) {
    (usage.input.saturating_add(usage.cache_read).saturating_add(usage.cache_write), usage.output)
}

impl Sums {
    /// Missions that ended, however.
    #[must_use]
    pub fn ended(&self) -> u64 {
        [self.failed, self.cancelled, self.over_budget]
            .iter()
            .fold(self.landed, |sum, n| sum.saturating_add(*n))
    }

    /// Missions that failed or ran out of budget and stand so: each once, and none that was tried again since.
    #[must_use]
    pub fn stand_failed(&self) -> u64 {
        self.failed.saturating_add(self.over_budget).saturating_sub(self.retried)
    }

    /// Tokens both ways.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Requests that were decided, by whomever; those that no longer mattered are in none.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.by_person.saturating_add(self.by_policy).saturating_add(self.expired)
    }

    /// Adds another span to this one.
    pub fn add(&mut self, other: &Self) {
        let Self {
            input,
            output,
            calls,
            unknown,
            money,
            opened,
            landed,
            failed,
            cancelled,
            over_budget,
            reopened,
            retried,
            restored,
            handled,
            candidates,
            passed,
            asked,
            by_person,
            by_policy,
            expired,
            waited,
            fix,
        } = other;
        for (sum, by) in [
            (&mut self.input, input),
            (&mut self.output, output),
            (&mut self.calls, calls),
            (&mut self.unknown, unknown),
            (&mut self.opened, opened),
            (&mut self.landed, landed),
            (&mut self.failed, failed),
            (&mut self.cancelled, cancelled),
            (&mut self.over_budget, over_budget),
            (&mut self.reopened, reopened),
            (&mut self.retried, retried),
            (&mut self.restored, restored),
            (&mut self.handled, handled),
            (&mut self.candidates, candidates),
            (&mut self.passed, passed),
            (&mut self.asked, asked),
            (&mut self.by_person, by_person),
            (&mut self.by_policy, by_policy),
            (&mut self.expired, expired),
        ] {
            more(sum, *by);
        }
        self.money += *money;
        longer(&mut self.waited, *waited);
        longer(&mut self.fix, *fix);
    }

    pub(super) fn pay(&mut self, usage: &Usage, cost: Cost) {
        let (input, output) = tokens(usage);
        more(&mut self.input, input);
        more(&mut self.output, output);
        more(&mut self.calls, 1);
        more(&mut self.unknown, u64::from(cost == Cost::Unknown));
        self.money += cost.known();
    }

    pub(in crate::engine) fn end(&mut self, ending: &Ending) {
        let count = match ending {
            Ending::Landed => &mut self.landed,
            Ending::Failed(_) => &mut self.failed,
            Ending::Cancelled(_) => &mut self.cancelled,
            Ending::OverBudget(_) => &mut self.over_budget,
        };
        more(count, 1);
    }
}

impl<'a> std::iter::Sum<&'a Sums> for Sums {
    fn sum<I: Iterator<Item = &'a Sums>>(spans: I) -> Self {
        spans.fold(Self::default(), |mut sum, span| {
            sum.add(span);
            sum
        })
    }
}
