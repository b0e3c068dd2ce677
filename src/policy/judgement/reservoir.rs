//! A bounded sample of any number of values, each of them kept with the same chance. Chance is a fixed sequence, so
//! that the same values always leave the same sample.

/// Values kept.
pub const KEPT_MOST: usize = 2_048;

/// A sample of what passed by.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservoir {
    kept: Vec<f64>,
    seen: u64,
    chance: u64,
}

impl Default for Reservoir {
    fn default() -> Self {
        Self { kept: Vec::new(), seen: 0, chance: 0x9e37_79b9_7f4a_7c15 }
    }
}

impl Reservoir {
    /// Takes a value in; what is no finite number is left out.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.seen = self.seen.saturating_add(1);
        if self.kept.len() < KEPT_MOST {
            self.kept.push(value);
            return;
        }
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let place = (self.chance % self.seen) as usize;
        if let Some(old) = self.kept.get_mut(place) {
            *old = value;
        }
    }

    /// Takes all of these in.
    pub fn extend(&mut self, values: &[f64]) {
        for value in values {
            self.add(*value);
        }
    }

    /// What was kept, in no order.
    #[must_use]
    pub fn kept(&self) -> &[f64] {
        &self.kept
    }

    /// What was kept, ascending.
    #[must_use]
    pub fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.kept.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }

    /// How many passed by.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }
}

impl FromIterator<f64> for Reservoir {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut made = Self::default();
        values.into_iter().for_each(|value| made.add(value));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservoir_keeps_a_fair_sample_in_bounded_memory() {
        let all: Reservoir = (0..100_000).map(f64::from).chain([f64::NAN, f64::INFINITY]).collect();
        assert_eq!((all.kept().len(), all.seen()), (KEPT_MOST, 100_000));
        let sorted = all.sorted();
        let middle = sorted[KEPT_MOST / 2];
        assert!((middle - 50_000.0).abs() < 4_000.0, "{middle}");
    }
}
