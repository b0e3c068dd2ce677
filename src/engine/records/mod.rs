//! The numbers of the house: a bounded fold over all facts, held in the state. `recording` says what a fact means
//! here; nothing in this module looks anything up.
//!
//! A copy of the state is made for every order, so what changes often is small or held by value, and the rest is
//! shared: a payment copies the running hour and day and three tables of a few dozen rows, whatever the journal's length.

mod activity;
mod board;
mod calendar;
mod metrics;
mod most;
mod sums;
mod tally;
#[cfg(test)]
mod tests;
mod track;
mod trouble;

pub(super) use activity::short;
pub use activity::{Activity, Recent, Turn, What};
pub use board::{Board, Entrant, Race};
pub use calendar::{Calendar, Spend};
pub use metrics::{Figure, Metric, Standing, metrics};
pub use most::{Most, Row};
pub use sums::Sums;
pub(super) use sums::{longer, more};
pub use tally::Tally;
pub use track::{Track, Tracks};
pub(super) use trouble::fingerprint;
pub use trouble::{Check, Fault, Trouble};

use super::event::MissionEvent;
use crate::domain::{
    candidate::{CommitId, Evidence},
    ids::MissionId,
    money::{Cost, Usage},
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// Rows of the tables by model, by team name and by kind of task.
pub const ROWS: usize = 24;

/// Missions at once of which it is known that a person decided in them; beyond that the oldest are forgotten.
const HANDLED_MOST: usize = 4_096;

/// A table of tallies by name.
pub type Table = Most<Tally, ROWS>;

/// What all facts add up to, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    version: u32,
    total: Sums,
    calendar: Calendar,
    models: Table,
    teams: Table,
    kinds: Table,
    board: Arc<Board>,
    recent: Recent,
    tracks: Tracks,
    trouble: Arc<Trouble>,
    /// Missions that go on and in which a person decided at the desk.
    handled: Arc<BTreeSet<MissionId>>,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            version: Self::VERSION,
            total: Sums::default(),
            calendar: Calendar::default(),
            models: Table::default(),
            teams: Table::default(),
            kinds: Table::default(),
            board: Arc::default(),
            recent: Recent::default(),
            tracks: Tracks::default(),
            trouble: Arc::default(),
            handled: Arc::default(),
        }
    }
}

/// Whose account something is booked on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account<'a> {
    /// As `vendor/model`.
    pub(super) model: &'a str,
    /// Team name; `None`: the orchestrator, judges.
    pub(super) team: Option<&'a str>,
    /// Kind of task.
    pub(super) kind: &'a str,
}

impl Records {
    /// Grows when a fact comes to mean something else here or for ideas: a saved state of another version is not used,
    /// and all numbers and traces are folded from the journal anew.
    pub const VERSION: u32 = 5;

    /// What a saved state from before there were records holds.
    pub(super) fn missing() -> Arc<Self> {
        Arc::new(Self { version: 0, ..Self::default() })
    }

    /// Whether these are all facts' numbers as this version counts them.
    #[must_use]
    pub fn current(&self) -> bool {
        self.version == Self::VERSION
    }

    /// Since the journal began.
    #[must_use]
    pub fn total(&self) -> &Sums {
        &self.total
    }

    /// By hour and by day.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// By model, as `vendor/model`.
    #[must_use]
    pub fn models(&self) -> &Table {
        &self.models
    }

    /// By team name.
    #[must_use]
    pub fn teams(&self) -> &Table {
        &self.teams
    }

    /// By kind of task: the mission's kind and the repository's main language, as `brief · rust`.
    #[must_use]
    pub fn kinds(&self) -> &Table {
        &self.kinds
    }

    /// Who was chosen when there was a choice.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The last day's activities.
    #[must_use]
    pub fn recent(&self) -> &Recent {
        &self.recent
    }

    /// When missions entered their steps.
    #[must_use]
    pub fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    /// Flaky and slow checks, failures that come again.
    #[must_use]
    pub fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    pub(super) fn count(&mut self, at: Timestamp, add: &dyn Fn(&mut Sums)) {
        add(&mut self.total);
        self.calendar.count(at, add);
    }

    pub(super) fn paid(&mut self, at: Timestamp, account: &Account<'_>, (usage, cost): (Usage, Cost)) {
        self.count(at, &|sums| sums.pay(&usage, cost));
        self.on(account, &|tally| tally.pay(at, &usage, cost));
    }

    /// Changes the rows of an account.
    pub(super) fn on(&mut self, account: &Account<'_>, change: &dyn Fn(&mut Tally)) {
        self.models.row(account.model, change);
        self.kinds.row(account.kind, change);
        if let Some(team) = account.team {
            self.teams.row(team, change);
        }
    }

    /// Changes the rows of a team and its model.
    pub(super) fn on_team(&mut self, (team, model): (&str, &str), change: &dyn Fn(&mut Tally)) {
        self.models.row(model, change);
        self.teams.row(team, change);
    }

    pub(super) fn on_kind(&mut self, kind: &str, change: &dyn Fn(&mut Tally)) {
        self.kinds.row(kind, change);
    }

    pub(crate) fn race(&mut self, kind: &str, entrants: &[Entrant<'_>]) {
        if entrants.len() > 1 {
            Arc::make_mut(&mut self.board).race(kind, entrants);
        }
    }

    pub(super) fn happened(&mut self, item: Activity) {
        self.recent.push(item);
    }

    pub(super) fn track(&mut self, id: MissionId, event: &MissionEvent, at: Timestamp) {
        self.tracks.note(id, event, at);
    }

    pub(super) fn evidence(
        &mut self,
        when: (MissionId, Timestamp),
        base: &CommitId,
        found: (&Evidence, Option<&Evidence>),
    ) {
        Arc::make_mut(&mut self.trouble).evidence(when, base, found);
    }

    pub(super) fn fault(&mut self, when: (Option<MissionId>, Timestamp), doing: &str, reason: &str) {
        Arc::make_mut(&mut self.trouble).fault(when, doing, reason);
    }

    /// A person decided a request, after it had waited so long.
    pub(super) fn decided_by_person(&mut self, at: Timestamp, waited: Millis) {
        self.count(at, &|sums| {
            more(&mut sums.by_person, 1);
            longer(&mut sums.waited, waited);
        });
    }

    /// A person has a hand in this mission, which goes on.
    pub(super) fn handle(&mut self, mission: MissionId) {
        if !self.handled.contains(&mission) {
            let handled = Arc::make_mut(&mut self.handled);
            handled.insert(mission);
            if handled.len() > HANDLED_MOST {
                handled.pop_first();
            }
        }
    }

    /// Whether a person had decided in a mission that ends now.
    pub(super) fn was_handled(&mut self, mission: MissionId) -> bool {
        self.handled.contains(&mission) && Arc::make_mut(&mut self.handled).remove(&mission)
    }
}
