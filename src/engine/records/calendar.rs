//! Sums by hour and by day, in UTC. The running hour and day are held by value, so that a payment copies one of each
//! and not the past; what is older than the bound is gone.

use super::sums::Sums;
use crate::domain::{money::Money, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Days whose pace is carried on to the end of the month.
const PACE_DAYS: usize = 7;

/// Sums of equal slots of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ring {
    /// Number of the running slot since the epoch.
    at: i64,
    now: Sums,
    /// Slots before it in which something happened, oldest first.
    past: Arc<Vec<(i64, Sums)>>,
}

impl Ring {
    /// The running slot; earlier ones than `most` before it are dropped when a new one begins. A clock that went back
    /// counts into the running slot.
    fn at(&mut self, slot: i64, most: usize) -> &mut Sums {
        if slot > self.at {
            let before = std::mem::take(&mut self.now);
            let oldest = slot.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX));
            if before != Sums::default() || self.past.first().is_some_and(|(at, _)| *at <= oldest) {
                let past = Arc::make_mut(&mut self.past);
                past.push((self.at, before));
                past.retain(|(at, sums)| *at > oldest && *sums != Sums::default());
            }
            self.at = slot;
        }
        &mut self.now
    }

    /// The last slots, oldest first, ending with `slot` or the running one, whichever is later.
    fn last(&self, slot: i64, slots: usize) -> Vec<Sums> {
        let end = slot.max(self.at);
        let mut found = vec![Sums::default(); slots];
        let running = std::iter::once((self.at, &self.now));
        for (at, sums) in self.past.iter().map(|(at, sums)| (*at, sums)).chain(running) {
            let back = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
            let place = slots.checked_sub(1).and_then(|last| last.checked_sub(back));
            if let Some(place) = place.and_then(|place| found.get_mut(place)) {
                *place = *sums;
            }
        }
        found
    }
}

/// Hours and days.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    hours: Ring,
    days: Ring,
}

/// What was used and spent, by the spans that people pay by. All in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spend {
    /// Since midnight.
    pub today: Sums,
    /// The last seven days, today included.
    pub week: Sums,
    /// Since the first of the month.
    pub month: Sums,
    /// What the month will have cost at its end if it goes on as in the last seven days, as far as prices are known;
    /// `None` where nothing was called in them.
    pub projected: Option<Money>,
    /// Days of this month, today's number among them.
    pub day: (u8, u8),
}

impl Calendar {
    /// Hours that are kept.
    pub const HOURS: usize = 48;
    /// Days that are kept.
    pub const DAYS: usize = 90;

    pub(super) fn count(&mut self, at: Timestamp, add: &dyn Fn(&mut Sums)) {
        add(self.hours.at(at.0.div_euclid(HOUR_MS), Self::HOURS));
        add(self.days.at(at.0.div_euclid(DAY_MS), Self::DAYS));
    }

    /// The last hours, oldest first, the running one last; at most [`Calendar::HOURS`] are known.
    #[must_use]
    pub fn hours(&self, now: Timestamp, most: usize) -> Vec<Sums> {
        self.hours.last(now.0.div_euclid(HOUR_MS), most.min(Self::HOURS))
    }

    /// The last days, oldest first, today last; at most [`Calendar::DAYS`] are known.
    #[must_use]
    pub fn days(&self, now: Timestamp, most: usize) -> Vec<Sums> {
        self.days.last(now.0.div_euclid(DAY_MS), most.min(Self::DAYS))
    }

    /// Today, this week, this month.
    #[must_use]
    pub fn spend(&self, now: Timestamp) -> Spend {
        let (year, month, day) = now.civil();
        let length = days_in(year, month);
        let days = self.days(now, usize::from(day).max(PACE_DAYS));
        let last = |most: usize| -> Sums { days.iter().rev().take(most).sum() };
        let (today, week, month) = (last(1), last(PACE_DAYS), last(usize::from(day)));
        let left = i64::from(length.saturating_sub(day));
        let pace = week.money.0 / i64::try_from(PACE_DAYS).unwrap_or(1);
        let projected = month.money + Money(pace.saturating_mul(left));
        Spend { today, week, month, projected: (week.calls > 0).then_some(projected), day: (day, length) }
    }
}

fn days_in(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T10:00Z.
    const NOW: i64 = 1_795_255_200_000;

    fn paid(calendar: &mut Calendar, at: i64, cents: i64) {
        calendar.count(Timestamp(at), &|sums| {
            sums.money += Money::cents(cents);
            sums.calls += 1;
        });
    }

    #[test]
    fn what_was_spent_by_hour_day_week_and_month_and_where_the_month_ends() {
        let mut calendar = Calendar::default();
        // The last of October, the first of November, a week ago, six days ago, yesterday, an hour ago, now.
        for (days, hours, cents) in
            [(21, 0, 1), (20, 0, 2), (7, 0, 4), (6, 0, 70), (1, 0, 140), (0, 1, 32), (0, 0, 64)]
        {
            paid(&mut calendar, NOW - days * DAY_MS - hours * HOUR_MS, cents);
        }
        let spend = calendar.spend(Timestamp(NOW));
        assert_eq!(spend.today.money, Money::cents(96));
        assert_eq!(spend.week.money, Money::cents(306), "seven days with today");
        assert_eq!(spend.month.money, Money::cents(312), "without October's");
        assert_eq!(spend.day, (21, 30));
        let pace = Money(Money::cents(306).0 / 7 * 9);
        assert_eq!(spend.projected, Some(Money::cents(312) + pace));
        let hours = calendar.hours(Timestamp(NOW), 3);
        assert_eq!(hours.iter().map(|sums| sums.money.0 / 10_000).collect::<Vec<_>>(), [0, 32, 64]);
        let later = calendar.hours(Timestamp(NOW + HOUR_MS), 3);
        assert_eq!(later.iter().map(|sums| sums.money.0 / 10_000).collect::<Vec<_>>(), [32, 64, 0]);
        assert_eq!(
            calendar.spend(Timestamp(NOW + 40 * DAY_MS)).projected,
            None,
            "nothing for weeks: no pace"
        );
    }

    #[test]
    fn old_slots_go_and_a_clock_that_went_back_counts_into_the_running_one() {
        let mut calendar = Calendar::default();
        for n in 0..400 {
            paid(&mut calendar, NOW + n * DAY_MS, 1);
        }
        let end = Timestamp(NOW + 399 * DAY_MS);
        assert_eq!(calendar.days(end, 1_000).len(), Calendar::DAYS);
        assert!(calendar.days(end, 1_000).iter().all(|sums| sums.money == Money::cents(1)));
        assert!(calendar.days.past.len() < Calendar::DAYS && calendar.hours.past.len() < Calendar::HOURS);
        paid(&mut calendar, NOW, 1);
        assert_eq!(calendar.days(Timestamp(NOW), 1)[0].money, Money::cents(2));
        calendar.count(Timestamp(i64::MAX), &|sums| sums.calls += 1);
        calendar.count(Timestamp(i64::MIN), &|sums| sums.calls += 1);
        assert_eq!(calendar.days(Timestamp(i64::MIN), 1)[0].calls, 2);
    }

    #[test]
    fn february_knows_leap_years() {
        assert_eq!([1900, 2000, 2026, 2028].map(|year| days_in(year, 2)), [28, 29, 28, 29]);
    }
}
