//! Whether a number is out of what was written down, with two limits so that a value around one of them does not make
//! it come and go.

use crate::domain::probe::Bound;

/// Share of the firing limit by which the clearing one differs where none is written down.
const APART: f64 = 0.1;

/// A bound as numbers, and whether it is broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    above: bool,
    fire: f64,
    clear: f64,
    broken: bool,
}

/// The text of a bound is no number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number to compare with; write one such as 0.5")]
pub struct BadBound(pub String);

impl Limit {
    /// Reads a bound.
    ///
    /// # Errors
    /// Where a limit is not a number. A clearing limit on the wrong side counts as the firing one.
    pub fn of(bound: &Bound) -> Result<Self, BadBound> {
        let fire = number(&bound.fire)?;
        let clear = if bound.clear.trim().is_empty() {
            fire - if bound.above { APART } else { -APART } * fire.abs()
        } else {
            number(&bound.clear)?
        };
        let clear = if bound.above { clear.min(fire) } else { clear.max(fire) };
        Ok(Self { above: bound.above, fire, clear, broken: false })
    }

    /// Takes a value in and says whether the bound is broken now.
    pub fn broken_by(&mut self, value: f64) -> bool {
        let limit = if self.broken { self.clear } else { self.fire };
        self.broken = if self.above { value > limit } else { value < limit };
        self.broken
    }

    /// Whether it is broken.
    #[must_use]
    pub fn broken(&self) -> bool {
        self.broken
    }

    /// The limit that fires.
    #[must_use]
    pub fn fire(&self) -> f64 {
        self.fire
    }

    /// In words.
    #[must_use]
    pub fn side(&self) -> &'static str {
        if self.above { "above" } else { "below" }
    }
}

fn number(text: &str) -> Result<f64, BadBound> {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| BadBound(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(above: bool, fire: &str, clear: &str) -> Bound {
        Bound { above, fire: fire.into(), clear: clear.into() }
    }

    #[test]
    fn a_value_that_flaps_around_the_bound_breaks_it_once() {
        let mut limit = Limit::of(&bound(true, "100", "")).expect("a number");
        let mut turns = 0;
        let mut was = false;
        for n in 0..100 {
            let now = limit.broken_by(if n % 2 == 0 { 101.0 } else { 95.0 });
            turns += u32::from(now != was);
            was = now;
        }
        assert_eq!((turns, was), (1, true));
        assert!(limit.broken_by(90.1) && !limit.broken_by(90.0) && !limit.broken_by(100.0));
    }

    #[test]
    fn a_bound_below_mirrors_one_above() {
        let mut limit = Limit::of(&bound(false, "10", "12")).expect("a number");
        assert!(
            !limit.broken_by(10.0) && limit.broken_by(9.0) && limit.broken_by(11.0) && !limit.broken_by(12.0)
        );
        let mut negative = Limit::of(&bound(true, "-10", "")).expect("a number");
        assert!(negative.broken_by(-9.0) && negative.broken_by(-10.5) && !negative.broken_by(-11.0));
    }

    #[test]
    fn what_is_no_number_is_refused_and_the_wrong_side_does_not_stick() {
        for text in ["", "many", "nan", "inf"] {
            assert!(Limit::of(&bound(true, text, "")).is_err(), "{text}");
        }
        let mut limit = Limit::of(&bound(true, "10", "20")).expect("a number");
        assert!(limit.broken_by(11.0) && !limit.broken_by(10.0));
    }
}
