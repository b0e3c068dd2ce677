//! Counters as they stood at the last look, so that a probe can say what came on top since. Servers count from their
//! start; what an operator wants to know is what happened between two looks.
//!
//! A counter that went backwards began anew (a restart, a reset) and says nothing for one look. Never read by anything
//! but the probe that wrote it; bounded in probes and counters; gone with the process.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex, PoisonError},
};

/// Probes remembered.
const PROBES_MOST: usize = 512;
/// Counters of one probe.
const COUNTERS_MOST: usize = 512;

/// What a counter counts from that was not there at the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newcomer {
    /// Nobody knows; it says nothing for one look.
    Unknown,
    /// From zero, if the last look saw fewer counters than this: then it had seen all there were.
    Zero(usize),
}

/// Counters by name.
pub(super) type Counters = BTreeMap<String, f64>;

static LAST: LazyLock<Mutex<BTreeMap<String, Counters>>> = LazyLock::new(Mutex::default);

/// What each counter grew by since the last look of this probe, and remembers these for the next one. One that went
/// backwards is not in the answer, and none is at the first look.
pub(super) fn grown(probe: &str, mut counters: Counters, newcomer: Newcomer) -> Counters {
    while counters.len() > COUNTERS_MOST {
        counters.pop_last();
    }
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let first = !last.contains_key(probe);
    let before = last.remove(probe).unwrap_or_default();
    let new =
        matches!(newcomer, Newcomer::Zero(complete) if !first && before.len() < complete).then_some(&0.0);
    let grew =
        |name: &String, now: f64| before.get(name).or(new).map(|then| now - then).filter(|more| *more >= 0.0);
    let growth = counters.iter().filter_map(|(name, now)| Some((name.clone(), grew(name, *now)?))).collect();
    if last.len() < PROBES_MOST {
        last.insert(probe.to_owned(), counters);
    }
    growth
}

/// Whether something that only grows, such as the age of a server, was more at the last look of this probe, or at one since
/// which it has not grown beyond `most`: then the server began anew not long ago.
pub(super) fn began_anew(probe: &str, age: f64, most: f64) -> bool {
    let key = format!("{probe} age");
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let before = last.remove(&key).unwrap_or_default();
    let fell = before.get("age").is_some_and(|then| age < *then) || before.contains_key("anew");
    let anew = fell && age <= most;
    let mut now = Counters::from([("age".to_owned(), age)]);
    now.extend(anew.then(|| ("anew".to_owned(), 1.0)));
    if last.len() < PROBES_MOST {
        last.insert(key, now);
    }
    anew
}

/// How many of something there were at the last look that saw any, where there are none now. Remembers what there is.
pub(super) fn lost(of: &str, now: usize) -> Option<usize> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if now > 0 && (last.len() < PROBES_MOST || last.contains_key(of)) {
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        last.insert(of.to_owned(), Counters::from([("many".to_owned(), now as f64)]));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was put in as a count")]
    let before = last.get(of).and_then(|before| before.get("many")).map(|many| *many as usize);
    before.filter(|_| now == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(pairs: &[(&str, f64)]) -> Counters {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn only_what_came_on_top_is_said_and_a_restart_says_nothing() {
        let probe = "before-test";
        let grown = |probe: &str, counters: Counters| grown(probe, counters, Newcomer::Unknown);
        assert!(grown(probe, counters(&[("a", 5.0), ("b", 1.0)])).is_empty());
        assert_eq!(grown(probe, counters(&[("a", 7.0), ("b", 1.0)])), counters(&[("a", 2.0), ("b", 0.0)]));
        assert_eq!(grown(probe, counters(&[("a", 1.0), ("c", 3.0)])), counters(&[]));
        assert_eq!(grown(probe, counters(&[("a", 4.0), ("c", 3.0)])), counters(&[("a", 3.0), ("c", 0.0)]));
        assert!(grown("another-before-test", counters(&[("a", 9.0)])).is_empty());
    }

    #[test]
    fn a_newcomer_counts_from_zero_only_where_all_were_seen_before() {
        let look = |number: f64| counters(&[("a", 1.0), ("new", number)]);
        for (probe, complete, want) in [("before-all", 2, Some(4.0)), ("before-some", 1, None)] {
            assert!(grown(probe, counters(&[("a", 1.0)]), Newcomer::Zero(complete)).is_empty());
            assert_eq!(grown(probe, look(4.0), Newcomer::Zero(complete)).get("new").copied(), want);
        }
    }

    #[test]
    fn what_was_there_and_is_not_any_more_is_lost_until_it_is_back() {
        let seen = [0, 2, 1, 0, 0, 1].map(|now| lost("before-lost", now));
        assert_eq!(seen, [None, None, None, Some(1), Some(1), None]);
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let many = |by: f64| (0..COUNTERS_MOST + 50).map(|number| (format!("{number:05}"), by)).collect();
        assert!(grown("before-many", many(1.0), Newcomer::Unknown).is_empty());
        assert_eq!(grown("before-many", many(2.0), Newcomer::Unknown).len(), COUNTERS_MOST);
    }

    #[test]
    fn a_server_that_is_younger_than_before_began_anew_and_stays_so_for_a_while() {
        let seen = [1_000.0, 1_010.0, 3.0, 13.0, 299.0, 301.0, 310.0];
        let anew = seen.map(|age| began_anew("began anew", age, 300.0));
        assert_eq!(anew, [false, false, true, true, true, false, false]);
        assert!(!began_anew("another probe", 1.0, 300.0), "nobody knows what was before the first look");
    }
}
