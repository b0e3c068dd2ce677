//! How unusual a value is for its series, from 0 to 1. Several views are taken of every value - how far it is outside of
//! all that was seen, from its neighbours, from the level, from what is usual at this time; whether the last ones are
//! livelier or quieter than ever - and each view is ranked against its own past, so that no unit and no shape has to be
//! known and one threshold serves every series. The ranks are joined so that the rarest views weigh most.

use super::{
    level::{Level, Recent},
    rarity::Rarity,
    season::Season,
};
use crate::domain::time::{Millis, Timestamp};

/// A score from which a value is an anomaly.
pub const THRESHOLD: f64 = 0.5;
/// Joint rarity, in powers of ten, at which the score is [`THRESHOLD`].
const RARE: f64 = 4.0;
/// Values before anything is said.
const WARM_VALUES: u32 = 200;
/// Or so long, with at least [`WARM_LEAST`].
const WARM_AFTER: Millis = Millis::hours(1);
/// Values needed in any case.
const WARM_LEAST: u32 = 60;
/// Values before views are ranked.
const RANK_FROM: u32 = 20;
/// Values that the level remembers.
const LEVEL: f64 = 250.0;
/// Values that the spread remembers.
const SPREAD: f64 = 2_000.0;
/// Values after which the extremes of before are forgotten.
const EXTREMES: u32 = 25_000;
/// Share of the spread that is never told from what is usual at a time.
const USUAL_FLOOR: f64 = 0.2;
/// Deviations from what is usual at a time within which a value is as expected.
const EXPECTED: f64 = 3.0;
/// What is left of the rarity of a value that is as expected: however seldom the hour's climb, it was to come.
const EXPECTED_WEIGHT: f64 = 0.8;
/// Spans outside of all that was seen from which that counts in full.
const OUTSIDE_FULL: f64 = 0.03;
/// Views that are ranked.
const VIEWS: usize = 11;

/// What is said of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rated {
    /// From 0, as ever, to 1, never seen.
    pub score: f64,
    /// What it would have been.
    pub expected: f64,
}

/// Lowest and highest, of this span and the one before.
#[derive(Debug, Clone, Copy)]
struct Extremes {
    now: (f64, f64),
    before: (f64, f64),
    seen: u32,
}

const NONE: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

impl Extremes {
    /// How far outside, in spans of what was seen.
    fn outside(&self, value: f64) -> f64 {
        let (low, high) = (self.now.0.min(self.before.0), self.now.1.max(self.before.1));
        let outside = (value - high).max(low - value).max(0.0);
        if outside > 0.0 { outside / (high - low).max(1e-9 * (1.0 + high.abs().max(low.abs()))) } else { 0.0 }
    }

    fn add(&mut self, value: f64) {
        self.now = (self.now.0.min(value), self.now.1.max(value));
        self.seen += 1;
        if self.seen >= EXTREMES {
            (self.before, self.now, self.seen) = (self.now, NONE, 0);
        }
    }
}

/// A series' past, as far as it tells what is unusual.
#[derive(Debug, Clone)]
pub struct Anomaly {
    recent: Recent,
    level: Level,
    spread: Level,
    season: Season,
    ranks: [Rarity; VIEWS],
    extremes: Extremes,
    seen: u32,
    first: Timestamp,
}

impl Default for Anomaly {
    fn default() -> Self {
        Self {
            recent: Recent::default(),
            level: Level::over(LEVEL),
            spread: Level::over(SPREAD),
            season: Season::default(),
            ranks: std::array::from_fn(|_| Rarity::default()),
            extremes: Extremes { now: NONE, before: NONE, seen: 0 },
            seen: 0,
            first: Timestamp(0),
        }
    }
}

impl Anomaly {
    /// Rates a value against what came before it, then learns it. It must be within [`super::level::VALUE_MOST`].
    pub fn rate(&mut self, at: Timestamp, value: f64) -> Rated {
        if self.seen == 0 {
            self.first = at;
        }
        let expected = self.expected(at);
        let outside = self.extremes.outside(value);
        let views = self.views(at, value);
        let rank = self.ranks.first().map_or(0.0, Rarity::seen).max(1.0).log10();
        let far = (outside / OUTSIDE_FULL).min(1.0);
        let mut joint = fourth(far * ((1.0 + 20.0 * outside).log10() + rank));
        let weight = if self.as_expected(at, value) { EXPECTED_WEIGHT } else { 1.0 };
        for (rarity, view) in self.ranks.iter_mut().zip(views) {
            joint += fourth(rarity.of(view));
            if self.seen >= RANK_FROM {
                rarity.add(view);
            }
        }
        self.level.add(value);
        self.spread.add(value);
        self.season.add(at, value);
        self.extremes.add(value);
        self.seen = self.seen.saturating_add(1);
        let joint = if self.warm(at) { weight * joint.sqrt().sqrt() } else { 0.0 };
        Rated { score: joint / (joint + RARE), expected }
    }

    /// A gap: the values before it are no neighbours of those after it.
    pub fn gap(&mut self) {
        self.recent.clear();
    }

    /// What a value at this time would be.
    #[must_use]
    pub fn expected(&self, at: Timestamp) -> f64 {
        self.season.usual(at).map_or(self.level.mean(), |usual| usual.value)
    }

    /// The spread of the series.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.spread.spread()
    }

    /// A value without what the time of day makes of it.
    #[must_use]
    pub fn unseasoned(&self, at: Timestamp, value: f64) -> f64 {
        self.season.usual(at).map_or(value, |usual| value - usual.value + self.spread.mean())
    }

    /// Whether enough was seen to say anything.
    #[must_use]
    pub fn warm(&self, at: Timestamp) -> bool {
        self.seen >= WARM_VALUES || (self.seen >= WARM_LEAST && at.since(self.first) >= WARM_AFTER)
    }

    /// Whether the time of day and of the week has it so.
    fn as_expected(&self, at: Timestamp, value: f64) -> bool {
        self.season.usual(at).is_some_and(|usual| {
            let unit = usual.deviation + USUAL_FLOOR * self.spread.spread();
            (value - usual.value).abs() <= EXPECTED * unit
        })
    }

    /// The views of a value, each from 0, the usual, upwards. Takes the value among the recent ones.
    fn views(&mut self, at: Timestamp, value: f64) -> [f64; VIEWS] {
        let spread = self.spread.spread();
        let (neighbours, last) = (self.recent.median(), self.recent.last());
        self.recent.add(value);
        let Some(last) = last else { return [0.0; VIEWS] };
        let means = self.recent.means();
        let apart = |from: f64| (value - from).abs() / spread;
        let (usual, unusual) = self.season.usual(at).map_or((0.0, 0.0), |usual| {
            (apart(usual.value), (value - usual.value).abs() / (usual.deviation + USUAL_FLOOR * spread))
        });
        let (lively, restless) = (means.lively / spread + 1e-6, means.restless / spread + 1e-6);
        [
            apart(neighbours),
            apart(last),
            usual,
            unusual,
            (means.short - self.level.mean()).abs() / spread,
            (means.middle - self.level.mean()).abs() / spread,
            (means.long - self.spread.mean()).abs() / spread,
            lively,
            1.0 / lively,
            restless,
            1.0 / restless,
        ]
    }
}

fn fourth(value: f64) -> f64 {
    let square = value * value;
    square * square
}
