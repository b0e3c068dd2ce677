//! Whether something comes and goes: the share of changes among its last states, newer ones weighing more. Pure.

use super::healing::Flap;
use crate::domain::time::Timestamp;

/// Weight of the oldest change and what the newest has more.
const WEIGHTS: (f64, f64) = (0.75, 0.5);

/// Weighted share of changes among the states, oldest first, in percent. States older than the policy's age do not
/// count; with fewer than it wants there is no answer.
#[must_use]
pub fn share(states: &[(Timestamp, bool)], now: Timestamp, flap: &Flap) -> Option<u8> {
    let fresh: Vec<bool> =
        states.iter().filter(|(at, _)| now.since(*at) <= flap.max_age).map(|(_, state)| *state).collect();
    let kept = &fresh[fresh.len().saturating_sub(usize::from(flap.ring.max(2)))..];
    if kept.len() < usize::from(flap.min_states.max(2)) {
        return None;
    }
    let places = f64::from(flap.ring.max(3)) - 1.0;
    // The newest change has the last place, however many states there are.
    let first = places as usize - (kept.len() - 1);
    let sum: f64 = kept
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] != pair[1])
        .map(|(place, _)| WEIGHTS.0 + (first + place) as f64 * WEIGHTS.1 / (places - 1.0))
        .sum();
    Some((100.0 * sum / places).clamp(0.0, 100.0) as u8)
}

/// Whether it flaps now, having flapped before or not: it begins at one share and ends below a lower one.
#[must_use]
pub fn flaps(states: &[(Timestamp, bool)], now: Timestamp, (flap, before): (&Flap, Before)) -> bool {
    match (share(states, now, flap), before) {
        (None, _) => false,
        (Some(share), Before::Calm) => share >= flap.start_pct,
        (Some(share), Before::Flapping) => share >= flap.stop_pct,
    }
}

/// How it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It did not flap.
    Calm,
    /// It flapped.
    Flapping,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(pattern: &str) -> Vec<(Timestamp, bool)> {
        pattern.chars().enumerate().map(|(i, c)| (Timestamp(i as i64 * 1_000), c == '1')).collect()
    }

    #[test]
    fn c1_what_changes_often_flaps_until_it_is_clearly_calm_again() {
        let flap = Flap::default();
        let now = Timestamp(30_000);
        let share = |pattern: &str| share(&states(pattern), now, &flap);
        assert_eq!(share("1111"), None, "too few to tell");
        assert_eq!(share("111111111111111111111"), Some(0));
        assert_eq!(share("101010101010101010101"), Some(100));
        assert!(share("000000000000000000101") > share("101000000000000000000"), "newer changes weigh more");
        let one = states("000000000000101010101");
        assert!(flaps(&one, now, (&flap, Before::Calm)));
        let calming = states("000000000000000010101");
        assert!(!flaps(&calming, now, (&flap, Before::Calm)), "{:?}", super::share(&calming, now, &flap));
        assert!(flaps(&calming, now, (&flap, Before::Flapping)), "it ends below a lower share");
        assert!(!flaps(&one, Timestamp(7_200_000), (&flap, Before::Flapping)), "old states do not count");
    }
}
