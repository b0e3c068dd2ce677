//! The smallest harm that a comparison would have seen, in words: what "nothing was found" is worth.

use super::{
    normal::{self, Share},
    rules::percent,
};
use crate::policy::healing::Soak;

/// How often the harm named is seen: four times out of five.
const POWER: f64 = 0.8;
/// Halvings of the span in which it is sought.
const HALVINGS: usize = 60;

/// The least rate of errors that the rule would find with the power named, given the baseline and the candidate's
/// requests. `None` where nothing could be found.
#[must_use]
pub fn least_rate(baseline: Share, requests: f64, soak: &Soak) -> Option<f64> {
    let needed = f64::from(soak.requests_least);
    if baseline.all < needed || requests < needed {
        return None;
    }
    let old = baseline.rate();
    let spread = normal::quantile(POWER);
    let found = |rate: f64| {
        let middle = (old * baseline.all + rate * requests) / (baseline.all + requests);
        let same = (middle * (1.0 - middle) * (1.0 / baseline.all + 1.0 / requests)).sqrt();
        let real = (old * (1.0 - old) / baseline.all + rate * (1.0 - rate) / requests).sqrt();
        let single = (rate * (1.0 - rate) / requests).sqrt();
        // Each clause of the rule by itself, with room for the spread of what is drawn.
        rate - old >= f64::from(soak.error_z_pct) / 100.0 * same + spread * real
            && rate - old * f64::from(soak.error_ratio_pct) / 100.0 >= spread * real
            && rate - old - f64::from(soak.rise_least_mpp) / 100_000.0 >= spread * real
            && rate - spread * single >= f64::from(soak.errors_least) / requests
    };
    if !found(1.0) {
        return None;
    }
    let (mut low, mut high) = (old, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if found(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The same in words, with what no length of watching changes.
#[must_use]
pub fn words(baseline: Share, requests: f64, soak: &Soak) -> String {
    let Some(rate) = least_rate(baseline, requests, soak) else {
        let needed = soak.requests_least;
        return format!(
            "With {:.0} requests before and {requests:.0} since no rise of errors could be told from chance; {needed} are \
             needed on each side.",
            baseline.all
        );
    };
    let old = baseline.rate();
    let times = if old > 0.0 { format!(", {:.1} times as many", rate / old) } else { String::new() };
    format!(
        "With {requests:.0} requests at {} errors a rise to {}{times}, would be found four times out of five; less might \
         pass. A rise of exactly {} % is found half the time at best, however long one looks.",
        percent(old),
        percent(rate),
        soak.error_ratio_pct.saturating_sub(100)
    )
}
