//! What a series usually is at this time: half hours of the day, and where it has been seen long enough, half hours of
//! a working day and of a day at the weekend, in UTC. Each visit of a half hour counts once, however many values came,
//! and no visit moves what is usual by more than a few of its usual deviations: one bad day does not teach.

use crate::domain::time::Timestamp;

/// Half hours of a day.
const SLOTS: usize = 48;
/// Slots in all: any day, working days, weekends.
const ALL: usize = 3 * SLOTS;
/// Milliseconds of a slot.
const SLOT_MS: i64 = 30 * 60 * 1_000;
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Visits before a slot says anything.
const VISITS_LEAST: u32 = 2;
/// Visits before the kind of day is told apart.
const VISITS_KIND: u32 = 3;
/// Visits from which strays are cut.
const VISITS_FIRM: u32 = 4;
/// Least share of what is usual that a visit replaces.
const RATE: f64 = 0.25;
/// Usual deviations to which a stray is cut.
const STRAY: f64 = 4.0;

/// What is usual in one slot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Slot {
    usual: f64,
    deviation: f64,
    visits: u32,
}

/// What is usual at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// The value.
    pub value: f64,
    /// How far values are usually from it.
    pub deviation: f64,
}

/// The visit that goes on.
#[derive(Debug, Clone, Copy, Default)]
struct Visit {
    slot: i64,
    sum: f64,
    apart: f64,
    held: f64,
}

/// The times of a series.
#[derive(Debug, Clone)]
pub struct Season {
    slots: [Slot; ALL],
    visit: Visit,
}

impl Default for Season {
    fn default() -> Self {
        Self { slots: [Slot::default(); ALL], visit: Visit::default() }
    }
}

/// Places of a slot: any day, and its kind of day.
fn places(slot: i64) -> (usize, usize) {
    let of_day = usize::try_from(slot.rem_euclid(SLOTS as i64)).unwrap_or(0);
    // Day 0 was a Thursday.
    let weekend = (slot.div_euclid(SLOTS as i64) + 3).rem_euclid(7) >= 5;
    (of_day, of_day + if weekend { 2 * SLOTS } else { SLOTS })
}

impl Season {
    /// What is usual at this time, once it is known.
    #[must_use]
    pub fn usual(&self, at: Timestamp) -> Option<Usual> {
        const { assert!(DAY_MS == SLOT_MS * SLOTS as i64) };
        let (any, kind) = places(at.0.div_euclid(SLOT_MS));
        let slot = self.slots.get(kind).filter(|slot| slot.visits >= VISITS_KIND);
        let slot = slot.or_else(|| self.slots.get(any).filter(|slot| slot.visits >= VISITS_LEAST))?;
        Some(Usual { value: slot.usual, deviation: slot.deviation })
    }

    /// Takes a value in.
    pub fn add(&mut self, at: Timestamp, value: f64) {
        let slot = at.0.div_euclid(SLOT_MS);
        if self.visit.slot != slot {
            self.close();
            self.visit = Visit { slot, ..Visit::default() };
        }
        let usual = self.slots.get(places(slot).0).map_or(0.0, |known| known.usual);
        self.visit.sum += value;
        self.visit.apart += (value - usual).abs();
        self.visit.held += 1.0;
    }

    /// Lets the visit that ended teach.
    fn close(&mut self) {
        if self.visit.held < 1.0 {
            return;
        }
        let (mean, apart) = (self.visit.sum / self.visit.held, self.visit.apart / self.visit.held);
        let (any, kind) = places(self.visit.slot);
        for place in [any, kind] {
            if let Some(slot) = self.slots.get_mut(place) {
                slot.learn(mean, apart);
            }
        }
    }
}

impl Slot {
    fn learn(&mut self, mean: f64, apart: f64) {
        self.visits = self.visits.saturating_add(1);
        let rate = (1.0 / f64::from(self.visits)).max(RATE);
        if self.visits == 1 {
            self.usual = mean;
            return;
        }
        let cut = if self.visits > VISITS_FIRM { STRAY * self.deviation } else { f64::INFINITY };
        let floor = 1e-9 * (1.0 + self.usual.abs());
        self.usual += rate * (mean - self.usual).clamp(-cut - floor, cut + floor);
        let apart = if self.visits > VISITS_FIRM { apart.min(STRAY * self.deviation + floor) } else { apart };
        let rate = (1.0 / f64::from(self.visits - 1)).max(RATE);
        self.deviation += rate * (apart - self.deviation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 by night, 100 by day, at the weekend 50.
    fn value(hour: i64) -> f64 {
        match (hour / 24 % 7, hour % 24) {
            (2 | 3, _) => 50.0,
            (_, 8..20) => 100.0,
            _ => 10.0,
        }
    }

    #[test]
    fn a_day_and_a_week_are_learnt_and_one_bad_day_does_not_teach() {
        let mut season = Season::default();
        for half in 0..48 * 28 {
            season.add(Timestamp(half * SLOT_MS), value(half / 2));
        }
        let at = |hour: i64| season.usual(Timestamp(hour * 2 * SLOT_MS)).map(|usual| usual.value.round());
        assert_eq!(
            (at(28 * 24 + 3), at(28 * 24 + 12), at(30 * 24 + 12)),
            (Some(10.0), Some(100.0), Some(50.0))
        );
        let mut shaken = season.clone();
        for half in 48 * 28..48 * 29 {
            shaken.add(Timestamp(half * SLOT_MS), 5_000.0);
        }
        let noon = shaken.usual(Timestamp((29 * 24 + 12) * 2 * SLOT_MS)).map(|usual| usual.value);
        assert!(noon.is_some_and(|noon| noon < 200.0), "{noon:?}");
    }

    #[test]
    fn nothing_is_usual_before_the_second_day() {
        let mut season = Season::default();
        (0..48).for_each(|half| season.add(Timestamp(half * SLOT_MS), 1.0));
        assert_eq!(season.usual(Timestamp(0)), None);
    }
}
