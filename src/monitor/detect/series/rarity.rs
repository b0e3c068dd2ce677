//! How rare a value is among those that came before it, without asking what shape they have: values are counted in
//! bins of equal ratio, and the share of those above is the answer. Old counts fade, so that a series may change.

/// Bins; four to a doubling, from 2^-16 to 2^16.
const BINS: usize = 128;
/// Bins to a doubling.
const PER_DOUBLING: f64 = 4.0;
/// Doublings below one that are told apart.
const BELOW_ONE: f64 = 16.0;
/// Counts after which all are halved.
const FADE_AT: f64 = 10_000.0;
/// What is left of the greatest value each time.
const FADE_GREATEST: f64 = 0.8;
/// Values before anything is called rare.
const LEAST: f64 = 50.0;

/// Counts of values >= 0.
#[derive(Debug, Clone)]
pub struct Rarity {
    bins: [u32; BINS],
    seen: f64,
    greatest: f64,
}

impl Default for Rarity {
    fn default() -> Self {
        Self { bins: [0; BINS], seen: 0.0, greatest: 0.0 }
    }
}

fn bin(value: f64) -> usize {
    // What is no number lands in the lowest one, as does nothing.
    if value > 1e-6 {
        ((value.log2() + BELOW_ONE) * PER_DOUBLING).clamp(1.0, BINS as f64 - 1.0) as usize
    } else {
        0
    }
}

impl Rarity {
    /// Powers of ten by which a value as great as this is rare: 3 is one in a thousand. Beyond all that were seen it
    /// grows with the square of the distance.
    #[must_use]
    pub fn of(&self, value: f64) -> f64 {
        if self.seen < LEAST || value.is_nan() {
            return 0.0;
        }
        if value > self.greatest && self.greatest > 0.0 {
            return (self.seen + 1.0).log10() + 2.0 * (value / self.greatest).log10();
        }
        let at = bin(value);
        let same = f64::from(self.bins.get(at).copied().unwrap_or(0)) / 2.0;
        let above: u32 = self.bins.get(at + 1..).unwrap_or_default().iter().sum();
        ((self.seen + 1.0) / (f64::from(above) + same + 1.0)).log10()
    }

    /// Counts a value.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        if let Some(count) = self.bins.get_mut(bin(value)) {
            *count += 1;
        }
        self.seen += 1.0;
        self.greatest = self.greatest.max(value);
        if self.seen > FADE_AT {
            self.bins.iter_mut().for_each(|count| *count /= 2);
            self.seen = f64::from(self.bins.iter().sum::<u32>());
            self.greatest *= FADE_GREATEST;
        }
    }

    /// How many are remembered.
    #[must_use]
    pub fn seen(&self) -> f64 {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seldom_is_rare_and_what_is_usual_is_not() {
        let mut rarity = Rarity::default();
        assert_eq!(rarity.of(5.0), 0.0);
        (0..1_000).for_each(|n| rarity.add(if n % 100 == 0 { 8.0 } else { 1.0 }));
        assert!((rarity.of(8.0) - 2.2).abs() < 0.2, "{}", rarity.of(8.0));
        assert!(rarity.of(1.0) < 0.4);
        assert!((rarity.of(80.0) - 5.0).abs() < 0.1, "{}", rarity.of(80.0));
    }

    #[test]
    fn old_counts_fade() {
        let mut rarity = Rarity::default();
        (0..5_000).for_each(|_| rarity.add(100.0));
        (0..60_000).for_each(|_| rarity.add(1.0));
        assert!(rarity.seen() <= FADE_AT && rarity.of(100.0) > 1.5, "{}", rarity.of(100.0));
    }
}
