//! What one model, team name or kind of task has come to.

use super::{
    most::{Most, Row},
    sums::{longer, more, tokens},
};
use crate::domain::{
    money::{Cost, Money, Usage},
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};

/// Reasons that keep a count of their own.
const REASONS: usize = 8;

/// Counts and amounts of one name. Of a kind of task a mission counts once; of a team name or a model once for each
/// team of it that took part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Missions it took part in.
    pub missions: u64,
    /// Those that ended.
    pub ended: u64,
    /// Those that landed; of a team or model: with its candidate.
    pub landed: u64,
    /// Candidates proposed.
    pub candidates: u64,
    /// Candidates whose first evidence was green.
    pub passed: u64,
    /// Times a team of it stopped with nothing to show, by a fault and not by a person's word.
    pub failed: u64,
    /// Times a person rejected what was to choose from, or sent it back.
    pub rejected: u64,
    /// The person's words for that, cleaned, at most 80 characters, with how often.
    pub reasons: Most<u64, REASONS>,
    /// Missions that the director rated; of a team or model: that landed its candidate.
    #[serde(default)]
    pub rated: u64,
    /// Their stars together, 1 to 5 each; of a mission the last rating.
    #[serde(default)]
    pub stars: u64,
    /// Model calls.
    pub calls: u64,
    /// Those of unknown price.
    pub unknown: u64,
    /// Spent, as far as prices are known.
    pub money: Money,
    /// Tokens in, cached ones included.
    pub input: u64,
    /// Tokens out.
    pub output: u64,
    /// When a call of it was last paid; the epoch: never.
    pub called: Timestamp,
    /// Time that the drafts of its candidates took; of a kind: from opening to end, ended missions together.
    pub worked: Millis,
}

impl Tally {
    pub(super) fn pay(&mut self, at: Timestamp, usage: &Usage, cost: Cost) {
        self.called = self.called.max(at);
        let (input, output) = tokens(usage);
        more(&mut self.calls, 1);
        more(&mut self.unknown, u64::from(cost == Cost::Unknown));
        more(&mut self.input, input);
        more(&mut self.output, output);
        self.money += cost.known();
    }

    pub(in crate::engine) fn reject(&mut self, reason: &str) {
        more(&mut self.rejected, 1);
        self.reasons.row(reason, |times| more(times, 1));
    }

    /// A mission is rated; `before`: its stars so far.
    pub(in crate::engine) fn rate(&mut self, stars: u8, before: Option<u8>) {
        more(&mut self.rated, u64::from(before.is_none()));
        more(&mut self.stars, u64::from(stars));
        self.stars = self.stars.saturating_sub(u64::from(before.unwrap_or(0)));
    }

    /// Mean of the director's ratings in tenths of a star; `None` before the first.
    #[must_use]
    pub fn stars_each(&self) -> Option<u64> {
        self.stars.saturating_mul(10).checked_div(self.rated)
    }

    /// Tokens both ways.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Known money for each mission that ended; `None` before the first.
    #[must_use]
    pub fn money_each(&self) -> Option<Money> {
        let ended = i64::try_from(self.ended).ok().filter(|ended| *ended > 0)?;
        Some(Money(self.money.0 / ended))
    }

    /// Mean time: of a team or model for a candidate, of a kind for a mission (`per`: that count).
    #[must_use]
    pub fn time_each(&self, per: u64) -> Option<Millis> {
        self.worked.0.checked_div(per).map(Millis)
    }
}

impl Row for Tally {
    fn weight(&self) -> u64 {
        self.missions.saturating_add(self.candidates).saturating_add(self.calls)
    }

    fn absorb(&mut self, other: &Self) {
        for (sum, by) in [
            (&mut self.missions, other.missions),
            (&mut self.ended, other.ended),
            (&mut self.landed, other.landed),
            (&mut self.candidates, other.candidates),
            (&mut self.passed, other.passed),
            (&mut self.failed, other.failed),
            (&mut self.rejected, other.rejected),
            (&mut self.rated, other.rated),
            (&mut self.stars, other.stars),
            (&mut self.calls, other.calls),
            (&mut self.unknown, other.unknown),
            (&mut self.input, other.input),
            (&mut self.output, other.output),
        ] {
            more(sum, by);
        }
        self.reasons.absorb(&other.reasons);
        self.money += other.money;
        self.called = self.called.max(other.called);
        longer(&mut self.worked, other.worked);
    }
}
