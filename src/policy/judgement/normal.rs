//! The normal distribution, tests on two shares, and percentiles. Total: every argument has an answer, none panics.

/// Probability that a standard normal is at most `z`.
#[must_use]
pub fn cdf(z: f64) -> f64 {
    if z.is_nan() {
        return 0.5;
    }
    let tail = upper_tail(z.abs());
    if z > 0.0 { 1.0 - tail } else { tail }
}

/// Probability that a standard normal is above `z`, exact far out as well.
#[must_use]
pub fn above(z: f64) -> f64 {
    if z.is_nan() {
        return 0.5;
    }
    if z >= 0.0 { upper_tail(z) } else { 1.0 - upper_tail(-z) }
}

/// The `z` below which a standard normal falls with probability `p`.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    if p.is_nan() {
        return 0.0;
    }
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if cdf(middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Tail above `z` >= 0: a power series near the middle, a continued fraction further out.
fn upper_tail(z: f64) -> f64 {
    if z > 38.0 {
        return 0.0;
    }
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z < 2.5 {
        let (mut term, mut sum) = (z, z);
        for step in 1..60 {
            term *= z * z / f64::from(2 * step + 1);
            sum += term;
        }
        return (0.5 - density * sum).max(0.0);
    }
    let mut fraction = z;
    for step in (1..=60).rev() {
        fraction = z + f64::from(step) / fraction;
    }
    density / fraction
}

/// Bad ones out of so many.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share {
    /// Bad ones.
    pub bad: f64,
    /// All.
    pub all: f64,
}

impl Share {
    /// The rate; nothing out of nothing is none.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.all > 0.0 { (self.bad / self.all).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// How many standard errors the rate of `candidate` is above that of `baseline`, the variance pooled. `None` where one
/// side has nothing or nothing varies.
#[must_use]
pub fn two_shares(baseline: Share, candidate: Share) -> Option<f64> {
    if baseline.all <= 0.0 || candidate.all <= 0.0 {
        return None;
    }
    let pooled = ((baseline.bad + candidate.bad) / (baseline.all + candidate.all)).clamp(0.0, 1.0);
    let variance = pooled * (1.0 - pooled) * (1.0 / baseline.all + 1.0 / candidate.all);
    (variance > 0.0).then(|| (candidate.rate() - baseline.rate()) / variance.sqrt())
}

/// The value below which `percent` of `sorted` lie, with linear interpolation between neighbours.
#[must_use]
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = (percent / 100.0).clamp(0.0, 1.0) * last as f64;
    let low = *sorted.get(place.floor() as usize)?;
    let high = *sorted.get((place.ceil() as usize).min(last))?;
    Some(low + (high - low) * place.fract())
}

/// The mean; none of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tails_agree_with_printed_tables() {
        for (z, tail) in [
            (0.0, 0.5),
            (1.0, 0.158_655_253_931_457),
            (1.644_853_626_951_47, 0.05),
            (2.326_347_874_040_84, 0.01),
            (3.0, 0.001_349_898_031_630),
            (6.0, 9.865_876_450_377e-10),
        ] {
            assert!((above(z) / tail - 1.0).abs() < 1e-9, "{z}: {} {tail}", above(z));
            assert!((quantile(1.0 - tail) - z).abs() < 1e-6, "{z}");
        }
    }

    #[test]
    fn two_shares_follow_the_textbook() {
        let z = two_shares(Share { bad: 60.0, all: 6000.0 }, Share { bad: 90.0, all: 6000.0 });
        assert!((z.unwrap_or_default() - 2.464_96).abs() < 1e-4, "{z:?}");
        assert_eq!(two_shares(Share::default(), Share { bad: 1.0, all: 2.0 }), None);
        assert_eq!(two_shares(Share { bad: 0.0, all: 9.0 }, Share { bad: 0.0, all: 9.0 }), None);
    }

    #[test]
    fn percentiles_interpolate() {
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(percentile(&values, 50.0), Some(4.5));
        assert_eq!(percentile(&values, 100.0), Some(9.0));
        assert_eq!(percentile(&[], 50.0), None);
        assert_eq!(mean(&[1.0, 2.0]), Some(1.5));
    }

    proptest! {
        #[test]
        fn every_number_has_an_answer(z in any::<f64>(), p in any::<f64>()) {
            prop_assert!((0.0..=1.0).contains(&cdf(z)));
            prop_assert!((0.0..=1.0).contains(&above(z)));
            prop_assert!(quantile(p).is_finite());
        }
    }
}
