//! Where a series stands: a slow mean with its spread, and the last values with theirs. Constant memory.

/// Largest magnitude that is reckoned with; beyond it squares would no longer be numbers.
pub const VALUE_MOST: f64 = 1e100;

/// A value as it is reckoned with; `None` where it is no number.
#[must_use]
pub fn reckoned(value: f64) -> Option<f64> {
    (!value.is_nan()).then(|| value.clamp(-VALUE_MOST, VALUE_MOST))
}

/// A mean that forgets, with the standard deviation around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    mean: f64,
    variance: f64,
    seen: f64,
    memory: f64,
}

impl Level {
    /// One that remembers about so many values.
    #[must_use]
    pub fn over(memory: f64) -> Self {
        Self { mean: 0.0, variance: 0.0, seen: 0.0, memory }
    }

    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        self.seen = (self.seen + 1.0).min(self.memory);
        let (rate, step) = (1.0 / self.seen, value - self.mean);
        self.mean += rate * step;
        self.variance = (1.0 - rate) * (self.variance + rate * step * step);
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation; never less than what the magnitude lets one tell apart.
    #[must_use]
    pub fn spread(&self) -> f64 {
        self.variance.max(0.0).sqrt().max(1e-9 * (1.0 + self.mean.abs()))
    }
}

/// Values that [`Recent`] keeps.
pub const RECENT: usize = 72;

/// The last values of a series.
#[derive(Debug, Clone)]
pub struct Recent {
    values: [f64; RECENT],
    next: usize,
    held: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self { values: [0.0; RECENT], next: 0, held: 0 }
    }
}

/// Means over the last values.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Means {
    /// Over the last 6.
    pub short: f64,
    /// Over the last 24.
    pub middle: f64,
    /// Over all that are kept.
    pub long: f64,
    /// Standard deviation of the last 12.
    pub lively: f64,
    /// Standard deviation of the last 48.
    pub restless: f64,
}

impl Recent {
    /// Takes a value in, the oldest one goes.
    pub fn add(&mut self, value: f64) {
        if let Some(place) = self.values.get_mut(self.next) {
            *place = value;
        }
        self.next = (self.next + 1) % RECENT;
        self.held = (self.held + 1).min(RECENT);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<f64> {
        (self.held > 0).then(|| self.values[(self.next + RECENT - 1) % RECENT])
    }

    /// Newest first.
    fn newest(&self) -> impl Iterator<Item = f64> + '_ {
        let (new, old) = self.values.split_at(self.next);
        new.iter().rev().chain(old.iter().rev()).take(self.held).copied()
    }

    /// Median of the last 12; 0 of none.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut last = [0.0; 12];
        let mut held = 0;
        for (place, value) in last.iter_mut().zip(self.newest()) {
            *place = value;
            held += 1;
        }
        let last = &mut last[..held];
        last.sort_unstable_by(f64::total_cmp);
        last.get(held / 2).copied().unwrap_or(0.0)
    }

    /// Means and spreads, each over as many as there are.
    #[must_use]
    pub fn means(&self) -> Means {
        let anchor = self.last().unwrap_or(0.0);
        let mut apart = [0.0; RECENT];
        for (place, value) in apart.iter_mut().zip(self.newest()) {
            // Around the last value, so that a great level does not swallow a small spread.
            *place = value - anchor;
        }
        let last = |many: usize| apart.get(..many.min(self.held)).unwrap_or_default();
        Means {
            short: anchor + mean(last(6)),
            middle: anchor + mean(last(24)),
            long: anchor + mean(last(RECENT)),
            lively: deviation(last(12)),
            restless: deviation(last(48)),
        }
    }
}

/// Four sums side by side, so that none waits for another.
fn sum(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 4];
    let chunks = values.chunks_exact(4);
    let rest: f64 = chunks.remainder().iter().map(|value| of(*value)).sum();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += of(*value);
        }
    }
    rest + sums.iter().sum::<f64>()
}

fn mean(values: &[f64]) -> f64 {
    sum(values, |value| value) / (values.len().max(1) as f64)
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    (sum(values, |value| (value - mean) * (value - mean)) / values.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_follows_mean_and_spread() {
        let mut level = Level::over(1_000.0);
        (0..1_000).for_each(|n| level.add(if n % 2 == 0 { 9.0 } else { 11.0 }));
        assert!((level.mean() - 10.0).abs() < 0.01 && (level.spread() - 1.0).abs() < 0.01, "{level:?}");
        (0..5_000).for_each(|_| level.add(50.0));
        assert!((level.mean() - 50.0).abs() < 0.5);
    }

    #[test]
    fn recent_values_have_their_means() {
        let mut recent = Recent::default();
        (0..200).for_each(|n| recent.add(f64::from(n)));
        let means = recent.means();
        assert_eq!((recent.last(), recent.median()), (Some(199.0), 194.0));
        assert_eq!((means.short, means.middle, means.long), (196.5, 187.5, 163.5));
        assert!((means.lively - 3.452).abs() < 0.001 && (means.restless - 13.853).abs() < 0.001, "{means:?}");
    }

    #[test]
    fn great_values_stay_numbers() {
        let mut level = Level::over(10.0);
        for value in [f64::INFINITY, f64::MAX, -f64::MAX, 0.0] {
            level.add(reckoned(value).unwrap_or_default());
        }
        assert!(level.mean().is_finite() && level.spread().is_finite());
        assert_eq!(reckoned(f64::NAN), None);
    }
}
