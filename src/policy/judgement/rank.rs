//! The Mann-Whitney test: whether values of one side tend to be above those of the other, and by how much. Exact for
//! small samples without ties, by the normal approximation with corrections for ties and continuity otherwise.

use super::normal;

/// Below this many values on each side, and without ties, the distribution is counted out.
pub const EXACT_MOST: usize = 20;
/// Halvings of the span in which a shift is sought.
const HALVINGS: usize = 64;

/// How the candidate's values rank among the baseline's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Pairs in which the candidate is above, ties counted half.
    pub u: f64,
    /// Values of the candidate.
    pub candidate: f64,
    /// Values of the baseline.
    pub baseline: f64,
    /// Standard deviation of `u` if both sides were the same; nothing where all values are tied.
    pub sigma: f64,
    /// Whether any value occurs twice.
    pub ties: Ties,
}

/// Whether values occur more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// All differ.
    None,
    /// Some do not.
    Some,
}

impl Ranked {
    /// Probability that a value of the candidate is above one of the baseline: the common language effect size.
    #[must_use]
    pub fn effect(&self) -> f64 {
        self.u / (self.candidate * self.baseline)
    }

    /// Standard deviations that `u` is above its middle, corrected for continuity.
    #[must_use]
    pub fn z(&self) -> f64 {
        let above = self.u - self.candidate * self.baseline / 2.0;
        if self.sigma > 0.0 { (above - sign(above) * 0.5) / self.sigma } else { 0.0 }
    }

    /// Probability of a `u` at least as great if both sides were the same.
    #[must_use]
    pub fn p_greater(&self) -> f64 {
        let (n, m) = (self.candidate as usize, self.baseline as usize);
        if self.ties == Ties::None && n <= EXACT_MOST && m <= EXACT_MOST {
            return exact_at_least(self.u.round() as usize, n, m);
        }
        if self.sigma <= 0.0 {
            return 1.0;
        }
        normal::above((self.u - self.candidate * self.baseline / 2.0 - 0.5) / self.sigma)
    }
}

fn sign(value: f64) -> f64 {
    if value > 0.0 {
        1.0
    } else if value < 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// Ranks `candidate` among `baseline`; values that are no numbers are left out. `None` where a side has none.
#[must_use]
pub fn ranked(candidate: &[f64], baseline: &[f64]) -> Option<Ranked> {
    let (candidate, baseline) = (sorted(candidate), sorted(baseline));
    if candidate.is_empty() || baseline.is_empty() {
        return None;
    }
    Some(merge(&candidate, &baseline, 0.0))
}

/// The numbers of `values`, ascending.
#[must_use]
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    kept.sort_by(f64::total_cmp);
    kept
}

/// One pass over two ascending, non-empty lists; `shift` is taken from every value of the candidate.
fn merge(candidate: &[f64], baseline: &[f64], shift: f64) -> Ranked {
    let (n, m) = (candidate.len() as f64, baseline.len() as f64);
    let (mut at, mut other) = (0, 0);
    let (mut ranks, mut before, mut tied) = (0.0, 0.0, 0.0);
    while at < candidate.len() || other < baseline.len() {
        let value = match (candidate.get(at), baseline.get(other)) {
            (Some(mine), Some(theirs)) => (mine - shift).min(*theirs),
            (Some(mine), None) => mine - shift,
            (None, theirs) => theirs.copied().unwrap_or_default(),
        };
        let (from, from_other) = (at, other);
        while candidate.get(at).is_some_and(|mine| mine - shift <= value || value.is_nan()) {
            at += 1;
        }
        while baseline.get(other).is_some_and(|theirs| *theirs <= value || value.is_nan()) {
            other += 1;
        }
        let (mine, run) = ((at - from) as f64, (at - from + other - from_other) as f64);
        ranks += mine * (before + (run + 1.0) / 2.0);
        tied += run * run * run - run;
        before += run;
    }
    let all = n + m;
    let spread = if all > 1.0 { all + 1.0 - tied / (all * (all - 1.0)) } else { 0.0 };
    Ranked {
        u: ranks - n * (n + 1.0) / 2.0,
        candidate: n,
        baseline: m,
        sigma: (n * m / 12.0 * spread).max(0.0).sqrt(),
        ties: if tied > 0.0 { Ties::Some } else { Ties::None },
    }
}

/// Share of all orders of `n` and `m` different values in which `u` is at least this.
fn exact_at_least(u: usize, n: usize, m: usize) -> f64 {
    // ways[k][s]: orders of the smallest values in which k are the candidate's and its pairs above add up to s.
    let most = n * m;
    let mut ways = vec![vec![0.0_f64; most + 1]; n + 1];
    ways[0][0] = 1.0;
    for seen in 1..=n + m {
        for k in (seen.saturating_sub(m).max(1)..=n.min(seen)).rev() {
            let others = seen - k;
            for s in (others..=most).rev() {
                let more = ways[k - 1][s - others];
                ways[k][s] += more;
            }
        }
    }
    let total: f64 = ways[n].iter().sum();
    if total > 0.0 { ways[n].iter().skip(u).sum::<f64>() / total } else { 1.0 }
}

/// By how much the candidate's values are shifted against the baseline's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Lower end of the confidence interval.
    pub low: f64,
    /// The middle: the median of all differences of pairs (Hodges and Lehmann).
    pub estimate: f64,
    /// Upper end.
    pub high: f64,
}

/// The shift at this confidence, such as 0.95. `None` where a side has no number.
#[must_use]
pub fn shift(candidate: &[f64], baseline: &[f64], confidence: f64) -> Option<Shift> {
    let (candidate, baseline) = (sorted(candidate), sorted(baseline));
    let least = candidate.first()? - baseline.last()?;
    let most = candidate.last()? - baseline.first()?;
    if !(least.is_finite() && most.is_finite()) {
        return None;
    }
    if least == most {
        return Some(Shift { low: least, estimate: least, high: least });
    }
    let z = -normal::quantile((1.0 - confidence.clamp(0.0, 1.0)) / 2.0);
    let root = |target: f64| {
        // z falls as more is taken from the candidate; the point where it crosses the target is sought.
        let (mut low, mut high) = (least, most);
        if merge(&candidate, &baseline, low).z() <= target {
            return low;
        }
        if merge(&candidate, &baseline, high).z() >= target {
            return high;
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if merge(&candidate, &baseline, middle).z() > target { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    };
    Some(Shift { low: root(z), estimate: root(0.0), high: root(-z) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts the orders one by one.
    fn counted(u: usize, n: usize, m: usize) -> f64 {
        let (mut all, mut hits) = (0, 0);
        for bits in 0_u32..1 << (n + m) {
            if bits.count_ones() as usize != n {
                continue;
            }
            let (mut below, mut this) = (0, 0);
            for at in 0..n + m {
                if bits >> at & 1 == 1 { this += below } else { below += 1 }
            }
            all += 1;
            hits += usize::from(this >= u);
        }
        hits as f64 / f64::from(all)
    }

    #[test]
    fn small_samples_are_counted_out_exactly() {
        for (n, m) in [(1, 1), (1, 4), (3, 3), (4, 5), (5, 2)] {
            for u in 0..=n * m {
                assert!((exact_at_least(u, n, m) - counted(u, n, m)).abs() < 1e-12, "{u} of {n} and {m}");
            }
        }
        // Five above five others: one order out of 252.
        let p = ranked(&[6.0, 7.0, 8.0, 9.0, 10.0], &[1.0, 2.0, 3.0, 4.0, 5.0]).map(|r| r.p_greater());
        assert!((p.unwrap_or_default() - 1.0 / 252.0).abs() < 1e-12);
    }

    #[test]
    fn ties_are_shared_and_narrow_the_spread() {
        let found = ranked(&[1.0, 2.0, 2.0, 3.0], &[2.0, 2.0, 4.0]).expect("both have values");
        assert_eq!(found.u, 4.0);
        assert_eq!(found.ties, Ties::Some);
        // 4 * 3 / 12 * (8 - (4^3 - 4) / (7 * 6))
        assert!((found.sigma - (8.0 - 60.0 / 42.0_f64).sqrt()).abs() < 1e-12);
        let same = ranked(&[5.0; 9], &[5.0; 9]).expect("both have values");
        assert_eq!((same.sigma, same.z(), same.p_greater(), same.effect()), (0.0, 0.0, 1.0, 0.5));
    }

    #[test]
    fn large_samples_agree_with_the_exact_count() {
        let baseline: Vec<f64> = (0..20).map(|n| f64::from(n) * 1.01).collect();
        let candidate: Vec<f64> = (0..20).map(|n| f64::from(n) * 1.02 + 4.37).collect();
        let found = ranked(&candidate, &baseline).expect("both have values");
        let near = normal::above((found.u - 200.0 - 0.5) / found.sigma);
        assert!((found.p_greater() - near).abs() < 0.002, "{} {near}", found.p_greater());
    }

    #[test]
    fn a_shift_is_the_median_of_the_differences() {
        let baseline = [1.0, 2.0, 3.0, 4.0, 5.0];
        let candidate = [11.0, 12.0, 13.0, 14.0, 15.0];
        let found = shift(&candidate, &baseline, 0.95).expect("both have values");
        assert!((found.estimate - 10.0).abs() < 0.51, "{found:?}");
        assert!(found.low < 10.0 && found.high > 10.0 && found.low > 5.0, "{found:?}");
        assert_eq!(shift(&[], &baseline, 0.95), None);
        assert_eq!(shift(&[f64::INFINITY], &baseline, 0.95), None);
    }

    proptest! {
        #[test]
        fn any_numbers_have_an_answer(
            a in proptest::collection::vec(any::<f64>(), 0..30),
            b in proptest::collection::vec(any::<f64>(), 0..30),
        ) {
            if let Some(found) = ranked(&a, &b) {
                prop_assert!((0.0..=1.0).contains(&found.p_greater()));
                prop_assert!((0.0..=1.0).contains(&found.effect()));
            }
            let _ = shift(&a, &b, 0.95);
        }

        #[test]
        fn exchanging_the_sides_mirrors_the_ranks(
            a in proptest::collection::vec(-9_i8..9, 1..25),
            b in proptest::collection::vec(-9_i8..9, 1..25),
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = (a.into_iter().map(f64::from).collect(), b.into_iter().map(f64::from).collect());
            let (one, other) = (ranked(&a, &b).unwrap(), ranked(&b, &a).unwrap());
            prop_assert!((one.u + other.u - one.candidate * one.baseline).abs() < 1e-9);
            prop_assert!((one.z() + other.z()).abs() < 1e-9);
        }
    }
}
