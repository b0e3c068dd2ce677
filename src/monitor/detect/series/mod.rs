//! Detection on numbers: what a series of one metric usually is, and when it is not. Pure, streaming, in bounded memory:
//! a value comes with its time, what it gives rise to goes out, and nothing looks ahead.
//!
//! ```text
//! reading -> counter (rates, resets) -> bound    out of what was written down      metric.bound
//!                                    -> anomaly  rare for this series              metric.anomaly
//!                                    -> shift    another level, and it stays       metric.shift
//!                                    -> burn     an error budget goes too fast     slo.burn
//! ```
//!
//! - [`detector`] is the door: one for each probe; it keeps the series apart and joins what they say into signals.
//! - [`anomaly`] scores a value from 0 to 1 against the series' own past, the time of day and of the week included.
//! - [`rarity`], [`season`], [`level`] are what it stands on; [`mod@unit`] knows what is too little to speak of,
//!   [`manner`] which metrics have no level or may be idle.
//!
//! What is not a number is a gap for a gauge and nothing for a counter. A clock that goes backwards, resets and gaps
//! change what is known, never what is said about the past.

pub mod anomaly;
pub mod bound;
pub mod burn;
pub mod counter;
pub mod detector;
pub mod episode;
pub mod level;
pub mod manner;
pub mod rarity;
pub mod season;
pub mod shift;
pub mod unit;
pub mod voice;

pub use detector::SeriesDetector;

#[cfg(test)]
mod tests;
