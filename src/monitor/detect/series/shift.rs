//! When a series changes its level and stays there: the last values against those before them. A change must be great
//! against the noise on both sides, hold for nearly all of the last values, and be sudden: a slope is none.

/// Values looked at.
const ALL: usize = 120;
/// The last of them, which must stand apart.
const NEW: usize = 30;
/// A test each so many values.
const EVERY: usize = 5;
/// Values on each side of the change that are left out of the test for suddenness, as tests are not at every value.
const MARGIN: usize = 5;
/// Values on each side that are looked at for it.
const EDGE: usize = 10;
/// Deviations of either side that the change must be.
const DEVIATIONS: f64 = 4.0;
/// From the median of absolute deviations to a standard deviation of normal noise.
const MAD: f64 = 1.482_6;
/// Least change against the level: a disk that fills by a thousandth is unlike ever before, and nobody's business.
pub(super) const RELATIVE: f64 = 0.01;

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jump {
    /// Where it was.
    pub from: f64,
    /// Where it is.
    pub to: f64,
}

/// What is said after a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// The level changed.
    Jumped(Jump),
    /// It did a while ago.
    Settling,
    /// What was new is usual now.
    Settled,
    /// Nothing.
    None,
}

/// The last values of a series.
#[derive(Debug, Clone)]
pub struct Shift {
    values: [f64; ALL],
    held: usize,
    untested: usize,
    settling: usize,
}

impl Default for Shift {
    fn default() -> Self {
        Self { values: [0.0; ALL], held: 0, untested: 0, settling: 0 }
    }
}

impl Shift {
    /// Takes a value in; `spread` is that of the whole series, below which no change is worth a word.
    pub fn add(&mut self, value: f64, spread: f64) -> Change {
        if self.held == ALL {
            self.values.copy_within(1.., 0);
            self.held -= 1;
        }
        if let Some(place) = self.values.get_mut(self.held) {
            *place = value;
        }
        self.held += 1;
        self.untested += 1;
        if self.held == ALL && self.untested >= EVERY {
            self.untested = 0;
            if let Some(jump) = self.jump(spread) {
                // What was before is of no use any more.
                self.values.copy_within(ALL - NEW.., 0);
                self.held = NEW;
                self.settling = ALL;
                return Change::Jumped(jump);
            }
        }
        match self.settling {
            0 => Change::None,
            left => {
                self.settling = left - 1;
                if left == 1 { Change::Settled } else { Change::Settling }
            }
        }
    }

    /// A gap: what comes after it is not held against what was before.
    pub fn gap(&mut self) {
        self.held = 0;
    }

    /// Whether a change has not settled yet.
    #[must_use]
    pub fn on(&self) -> bool {
        self.settling > 0
    }

    fn jump(&self, spread: f64) -> Option<Jump> {
        let (before, new) = self.values.split_at(ALL - NEW);
        let (from, to) = (median(before), median(new));
        let change = to - from;
        let noise = deviation(before, from).max(deviation(new, to));
        let least = (DEVIATIONS * noise).max(spread).max(RELATIVE * from.abs());
        // Zero to zero is no change, whatever the noise.
        if change.abs() <= least.max(f64::MIN_POSITIVE) {
            return None;
        }
        let toward = |value: f64| (value - from) / change;
        let apart = new.iter().filter(|value| toward(**value) > 0.5).count();
        let last_before = median(before.get(before.len() - MARGIN - EDGE..before.len() - MARGIN)?);
        let first_new = median(new.get(MARGIN..MARGIN + EDGE)?);
        let sudden = toward(last_before) < 1.0 / 3.0 && toward(first_new) > 2.0 / 3.0;
        (apart * 10 >= NEW * 9 - MARGIN * 10 && sudden).then_some(Jump { from, to })
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = [0.0; ALL];
    let held = values.len().min(ALL);
    let sorted = &mut sorted[..held];
    sorted.copy_from_slice(&values[..held]);
    if held == 0 {
        return 0.0;
    }
    let (_, middle, _) = sorted.select_nth_unstable_by(held / 2, f64::total_cmp);
    *middle
}

fn deviation(values: &[f64], from: f64) -> f64 {
    let mut apart = [0.0; ALL];
    for (place, value) in apart.iter_mut().zip(values) {
        *place = (value - from).abs();
    }
    MAD * median(&apart[..values.len().min(ALL)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(n: usize) -> f64 {
        ((n * 7_919) % 101) as f64 / 50.0 - 1.0
    }

    fn jumps(series: impl Fn(usize) -> f64, many: usize) -> Vec<(usize, Jump)> {
        let mut shift = Shift::default();
        (0..many)
            .filter_map(|n| match shift.add(series(n), 0.0) {
                Change::Jumped(jump) => Some((n, jump)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_new_level_is_found_soon_and_once() {
        let found = jumps(|n| noise(n) + if n < 300 { 10.0 } else { 25.0 }, 900);
        assert_eq!(found.len(), 1, "{found:?}");
        let (at, jump) = found[0];
        assert!((300..340).contains(&at), "{at}");
        assert!((jump.from - 10.0).abs() < 0.5 && (jump.to - 25.0).abs() < 0.5, "{jump:?}");
    }

    #[test]
    fn noise_slopes_spikes_and_flat_lines_are_no_change_of_level() {
        assert_eq!(jumps(noise, 5_000), []);
        assert_eq!(jumps(|n| noise(n) + n as f64 * 0.5, 5_000), []);
        assert_eq!(jumps(|n| noise(n) + if n % 97 < 6 { 80.0 } else { 0.0 }, 5_000), []);
        assert_eq!(jumps(|_| 0.0, 1_000), []);
    }

    #[test]
    fn a_change_settles() {
        let mut shift = Shift::default();
        (0..200).for_each(|n| assert_eq!(shift.add(noise(n), 0.0), Change::None));
        let said: Vec<Change> = (0..200).map(|n| shift.add(50.0 + noise(n), 0.0)).collect();
        assert_eq!(said.iter().filter(|change| matches!(change, Change::Jumped(_))).count(), 1);
        assert_eq!(said.iter().filter(|change| **change == Change::Settled).count(), 1);
        assert!(!shift.on());
    }
}
