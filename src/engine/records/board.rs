//! The leaderboard: the chooser's private record of who was chosen when there was a choice. Only missions that
//! landed with at least two candidates ready count; a team that ran alone has won nothing.

use super::{
    most::{Most, Row},
    sums::{longer, more},
};
use crate::domain::{money::Money, time::Millis};
use serde::{Deserialize, Serialize};

/// Kinds of task with a board of their own.
const KINDS: usize = 12;
/// Contestants with a row of their own on each.
const CONTESTANTS: usize = 12;

/// One team that had a candidate ready when another or it was chosen.
#[derive(Debug, Clone, Copy)]
pub struct Entrant<'a> {
    /// Its name.
    pub team: &'a str,
    /// Its model, as `vendor/model`.
    pub model: &'a str,
    /// Whether it was the one.
    pub chosen: bool,
    /// Whether its candidate's checks were green.
    pub passed: bool,
    /// What it spent on the mission, as far as known.
    pub money: Money,
    /// Whether some of its calls had no known price.
    pub unknown: bool,
    /// How long it drafted.
    pub worked: Millis,
}

/// One contestant's record in one kind of task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Race {
    /// Team name; empty for the rest.
    pub team: String,
    /// Model as `vendor/model`; empty for the rest.
    pub model: String,
    /// Races: landed missions in which its candidate was ready and another's too.
    pub raced: u64,
    /// Races in which its candidate was the one.
    pub chosen: u64,
    /// Races in which its checks were green.
    pub passed: u64,
    /// Spent in all its races, as far as known.
    pub money: Money,
    /// Races in which some price was not known.
    pub unknown: u64,
    /// Drafting time of all its races.
    pub worked: Millis,
}

impl Race {
    fn enter(&mut self, entrant: &Entrant<'_>) {
        if self.raced == 0 {
            self.team = entrant.team.to_owned();
            self.model = entrant.model.to_owned();
        }
        more(&mut self.raced, 1);
        more(&mut self.chosen, u64::from(entrant.chosen));
        more(&mut self.passed, u64::from(entrant.passed));
        more(&mut self.unknown, u64::from(entrant.unknown));
        self.money += entrant.money;
        longer(&mut self.worked, entrant.worked);
    }

    /// Share of its races in which it was chosen, in whole percent; `None` before the first.
    #[must_use]
    pub fn share(&self) -> Option<u64> {
        self.chosen.saturating_mul(100).checked_div(self.raced)
    }

    /// What a win cost with everything that was spent on the races it lost; `None` before the first win.
    #[must_use]
    pub fn money_per_chosen(&self) -> Option<Money> {
        let wins = i64::try_from(self.chosen).ok()?;
        self.money.0.checked_div(wins).map(Money)
    }

    /// Mean drafting time of a race.
    #[must_use]
    pub fn time_each(&self) -> Option<Millis> {
        self.worked.0.checked_div(self.raced).map(Millis)
    }
}

impl Row for Race {
    fn weight(&self) -> u64 {
        self.raced
    }
    fn absorb(&mut self, other: &Self) {
        for (sum, by) in [
            (&mut self.raced, other.raced),
            (&mut self.chosen, other.chosen),
            (&mut self.passed, other.passed),
            (&mut self.unknown, other.unknown),
        ] {
            more(sum, by);
        }
        self.money += other.money;
        longer(&mut self.worked, other.worked);
    }
}

/// All boards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    kinds: Most<Most<Race, CONTESTANTS>, KINDS>,
}

impl Board {
    /// A race was decided. One entrant is no race.
    pub(super) fn race(&mut self, kind: &str, entrants: &[Entrant<'_>]) {
        if entrants.len() < 2 {
            return;
        }
        self.kinds.row(kind, |rows| {
            for entrant in entrants {
                rows.row(&format!("{} · {}", entrant.team, entrant.model), |row| row.enter(entrant));
            }
        });
    }

    /// Kinds of task with their contestants: the kind with most races first; in each the one chosen in the largest
    /// share of its races, then the more often chosen, then by name.
    #[must_use]
    pub fn kinds(&self) -> Vec<(&str, Vec<&Race>)> {
        let ranked = self.kinds.ranked();
        let of = |(kind, rows)| (kind, Self::sorted(rows));
        ranked.into_iter().map(of).collect()
    }

    /// One kind's contestants, as [`Board::kinds`] has them.
    #[must_use]
    pub fn of(&self, kind: &str) -> Vec<&Race> {
        self.kinds.get(kind).map(Self::sorted).unwrap_or_default()
    }

    fn sorted(rows: &Most<Race, CONTESTANTS>) -> Vec<&Race> {
        let mut races: Vec<&Race> = rows.iter().map(|(_, race)| race).collect();
        races.sort_by_key(|race| std::cmp::Reverse((race.share(), race.chosen)));
        races
    }
}
