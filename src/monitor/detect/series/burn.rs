//! How fast an error budget goes: 1 uses it up just when its period ends. A long window shows that it matters, a short
//! one that it still goes on. Errors and requests are kept by the minute and by the hour, in bounded memory.

use crate::domain::{incident::Severity, time::Timestamp};
use std::collections::VecDeque;

/// Minutes kept: six hours.
const MINUTES: i64 = 6 * 60;
/// Hours kept: three days.
const HOURS: i64 = 3 * 24;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A clock that goes back by more than this begins anew.
const BACK_MOST_MS: i64 = HOUR_MS;
/// Once it fires, it is over below this share of what fires.
const CLEAR: f64 = 0.9;

/// A rule: how fast, over which minutes, how bad.
struct Rule {
    rate: f64,
    long: i64,
    short: i64,
    severity: Severity,
}

/// Worst first.
const RULES: [Rule; 3] = [
    Rule { rate: 14.4, long: 60, short: 5, severity: Severity::P1 },
    Rule { rate: 6.0, long: 360, short: 30, severity: Severity::P2 },
    Rule { rate: 1.0, long: HOURS * 60, short: 360, severity: Severity::P3 },
];

/// Bad ones and all within a span.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    start: i64,
    bad: f64,
    all: f64,
}

/// Cells of one length, oldest first.
#[derive(Debug, Clone)]
struct Cells {
    cells: VecDeque<Cell>,
    length: i64,
    kept: i64,
}

impl Cells {
    fn of(length: i64, kept: i64) -> Self {
        Self { cells: VecDeque::new(), length, kept }
    }

    fn add(&mut self, at: i64, bad: f64, all: f64) {
        let start = at.div_euclid(self.length);
        let oldest = start.saturating_sub(self.kept);
        while self.cells.front().is_some_and(|cell| cell.start <= oldest) {
            self.cells.pop_front();
        }
        match self.cells.back_mut() {
            Some(cell) if cell.start >= start => {
                cell.bad += bad;
                cell.all += all;
            }
            _ => self.cells.push_back(Cell { start, bad, all }),
        }
    }

    /// Share of bad ones over the last so many cells; `None` without any.
    fn share(&self, at: i64, cells: i64) -> Option<f64> {
        let from = at.div_euclid(self.length).saturating_sub(cells);
        let (mut bad, mut all) = (0.0, 0.0);
        for cell in self.cells.iter().rev().take_while(|cell| cell.start > from) {
            bad += cell.bad;
            all += cell.all;
        }
        (all > 0.0).then(|| (bad / all).clamp(0.0, 1.0))
    }
}

/// What an error budget does.
#[derive(Debug, Clone)]
pub struct Burn {
    allowed: f64,
    minutes: Cells,
    hours: Cells,
    first: i64,
    last: i64,
    firing: Option<Severity>,
}

/// How fast it goes, by the rule that says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burning {
    /// How bad.
    pub severity: Severity,
    /// How fast over the long window; 1 is as planned.
    pub rate: f64,
    /// Minutes of the long window.
    pub minutes: i64,
}

impl Burn {
    /// For an objective such as 0.999, the share that must be good. `None` where it leaves no budget or is none.
    #[must_use]
    pub fn against(objective: f64) -> Option<Self> {
        let allowed = 1.0 - objective;
        (allowed > 1e-9 && allowed < 1.0).then(|| Self {
            allowed,
            minutes: Cells::of(MINUTE_MS, MINUTES),
            hours: Cells::of(HOUR_MS, HOURS),
            first: 0,
            last: i64::MIN,
            firing: None,
        })
    }

    /// Takes bad ones out of so many in, and says how fast the budget goes if that is too fast. Numbers that are none
    /// count as nothing.
    pub fn add(&mut self, at: Timestamp, bad: f64, all: f64) -> Option<Burning> {
        let counted = |value: f64| if value.is_finite() { value.clamp(0.0, 1e15) } else { 0.0 };
        let all = counted(all);
        let bad = counted(bad).min(all);
        let back = self.last.saturating_sub(at.0);
        if self.last == i64::MIN || back > BACK_MOST_MS {
            (self.minutes.cells, self.hours.cells) = (VecDeque::new(), VecDeque::new());
            (self.first, self.last) = (at.0, at.0);
        }
        self.last = self.last.max(at.0);
        self.minutes.add(self.last, bad, all);
        self.hours.add(self.last, bad, all);
        let found = RULES.iter().find_map(|rule| self.asks(rule));
        self.firing = found.map(|found| found.severity);
        found
    }

    /// Whether it has watched for long enough to say that the budget does not go too fast: all of the shortest long window.
    #[must_use]
    pub fn knows(&self) -> bool {
        let needed = RULES.iter().map(|rule| rule.long).min().unwrap_or_default();
        self.last.saturating_sub(self.first) >= needed * MINUTE_MS
    }

    /// How bad it is now, if it is.
    #[must_use]
    pub fn firing(&self) -> Option<Severity> {
        self.firing
    }

    fn asks(&self, rule: &Rule) -> Option<Burning> {
        // A window that has been seen for less than its short companion says nothing yet.
        if self.last.saturating_sub(self.first) < rule.short * MINUTE_MS {
            return None;
        }
        let fires = self.firing.is_some_and(|firing| firing <= rule.severity);
        let least = rule.rate * if fires { CLEAR } else { 1.0 };
        let long = self.rate(rule.long)?;
        (long >= least && self.rate(rule.short)? >= least).then_some(Burning {
            severity: rule.severity,
            rate: long,
            minutes: rule.long,
        })
    }

    /// How fast it went over so many minutes.
    fn rate(&self, minutes: i64) -> Option<f64> {
        let share = if minutes <= MINUTES {
            self.minutes.share(self.last, minutes)
        } else {
            self.hours.share(self.last, minutes / 60)
        };
        share.map(|share| share / self.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a minute each of a thousand requests; says when which severity began.
    fn turns(shares: impl Fn(i64) -> f64, minutes: i64) -> Vec<(i64, Option<Severity>)> {
        let mut burn = Burn::against(0.999).expect("there is a budget");
        let mut was = None;
        let mut turns = Vec::new();
        for minute in 0..minutes {
            let now = burn
                .add(Timestamp(minute * MINUTE_MS), 1_000.0 * shares(minute), 1_000.0)
                .map(|b| b.severity);
            if now != was {
                turns.push((minute, now));
            }
            was = now;
        }
        turns
    }

    #[test]
    fn a_budget_that_goes_as_planned_says_nothing() {
        assert_eq!(turns(|_| 0.000_9, 4 * 24 * 60), []);
    }

    #[test]
    fn an_outage_is_p1_within_minutes_and_over_soon_after() {
        // A tenth fails from minute 600 to 620: the hour reaches 14.4 after nine minutes.
        let found = turns(|minute| if (600..620).contains(&minute) { 0.1 } else { 0.0 }, 1_200);
        let p1 = found.iter().find(|(_, severity)| *severity == Some(Severity::P1)).map(|(at, _)| *at);
        assert_eq!(p1, Some(608), "{found:?}");
        let over = found
            .iter()
            .find(|(at, severity)| *at > 608 && *severity != Some(Severity::P1))
            .map(|(at, _)| *at);
        assert!(over.is_some_and(|at| (620..626).contains(&at)), "{found:?}");
        assert_eq!(found.last().and_then(|(_, severity)| *severity), None);
    }

    #[test]
    fn a_slower_burn_is_p2_and_the_slowest_p3() {
        let six = turns(|minute| if minute < 1_000 { 0.0 } else { 0.008 }, 1_500);
        assert!(six.iter().any(|(_, severity)| *severity == Some(Severity::P2)), "{six:?}");
        assert!(six.iter().all(|(_, severity)| *severity != Some(Severity::P1)), "{six:?}");
        let slow = turns(|_| 0.002, 2_000);
        assert_eq!(slow, [(360, Some(Severity::P3))]);
    }

    #[test]
    fn clocks_and_numbers_of_any_kind_are_borne() {
        assert!(
            Burn::against(1.0).is_none()
                && Burn::against(f64::NAN).is_none()
                && Burn::against(-1.0).is_none()
        );
        let mut burn = Burn::against(0.99).expect("there is a budget");
        for at in [i64::MIN, 0, i64::MAX, 5, -5, i64::MIN, i64::MAX] {
            for value in [f64::NAN, f64::INFINITY, -1.0, 1.0] {
                let _ = burn.add(Timestamp(at), value, value);
            }
        }
        // Set back by a day it begins anew and still sees an outage.
        let mut back = Burn::against(0.999).expect("there is a budget");
        let _ = back.add(Timestamp(HOUR_MS * 48), 0.0, 1.0);
        let last = (0..20).filter_map(|m| back.add(Timestamp(m * MINUTE_MS), 1.0, 1.0)).last();
        assert_eq!(last.map(|burning| burning.severity), Some(Severity::P1));
        assert!(back.minutes.cells.len() <= MINUTES as usize + 1);
    }
}
