//! Who speaks when: many series may share a cause (one metric on many hosts), and a cause speaks once when it starts,
//! at most once a minute while it lasts, at once when it gets worse, and once when the last of its series is calm.

use crate::domain::{
    incident::Severity,
    signal::{Fingerprint, SignalState},
    time::{Millis, Timestamp},
};
use std::collections::{BTreeMap, BTreeSet};

/// A cause that lasts is told again after this long.
pub const REPEAT: Millis = Millis::mins(1);

/// What is known of one cause.
#[derive(Debug, Clone)]
struct Told {
    series: BTreeSet<u64>,
    at: Timestamp,
    severity: Severity,
    untold: u64,
}

/// All causes of a probe that last. As many as its series have kinds of signals at most.
#[derive(Debug, Clone, Default)]
pub struct Voice {
    lasting: BTreeMap<Fingerprint, Told>,
    recalled: BTreeMap<Fingerprint, Recalled>,
}

/// A cause that lasted when the watch began, and of which nothing was seen since.
#[derive(Debug, Clone)]
struct Recalled {
    severity: Severity,
    /// The series that was calm first. Once it is so again all others have been looked at as well.
    calm: Option<u64>,
}

/// What is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Whether it is so or over.
    pub state: SignalState,
    /// Observations that it stands for.
    pub count: u64,
    /// How bad it is, or was.
    pub severity: Severity,
}

impl Voice {
    /// A cause was told before the watch began, and lasts as far as anybody knows.
    pub fn recall(&mut self, cause: Fingerprint, severity: Severity) {
        self.recalled.insert(cause, Recalled { severity, calm: None });
    }

    /// Whether this cause lasted before, and nothing was seen of it since.
    #[must_use]
    pub fn recalls(&self, cause: &Fingerprint) -> bool {
        self.recalled.contains_key(cause)
    }

    /// A series has this cause at this moment.
    pub fn fires(
        &mut self,
        cause: &Fingerprint,
        series: u64,
        severity: Severity,
        at: Timestamp,
    ) -> Option<Word> {
        self.recalled.remove(cause);
        let Some(told) = self.lasting.get_mut(cause) else {
            let told = Told { series: BTreeSet::from([series]), at, severity, untold: 0 };
            self.lasting.insert(cause.clone(), told);
            return Some(Word { state: SignalState::Firing, count: 1, severity });
        };
        told.series.insert(series);
        told.untold = told.untold.saturating_add(1);
        // A clock that went back counts as time that has passed.
        let due = at < told.at || at.since(told.at) >= REPEAT || severity < told.severity;
        if !due {
            return None;
        }
        (told.at, told.severity) = (at, severity);
        Some(Word { state: SignalState::Firing, count: std::mem::take(&mut told.untold), severity })
    }

    /// A series does not have this cause, or not any more.
    pub fn calms(&mut self, cause: &Fingerprint, series: u64) -> Option<Word> {
        let Some(told) = self.lasting.get_mut(cause) else { return self.over(cause, series) };
        if !told.series.remove(&series) || !told.series.is_empty() {
            return None;
        }
        let told = self.lasting.remove(cause)?;
        Some(Word { state: SignalState::Clear, count: told.untold.max(1), severity: told.severity })
    }

    /// A series does not have a cause that lasted before: it is over at its second calm look.
    fn over(&mut self, cause: &Fingerprint, series: u64) -> Option<Word> {
        let recalled = self.recalled.get_mut(cause)?;
        if recalled.calm.replace(recalled.calm.unwrap_or(series)) != Some(series) {
            return None;
        }
        let recalled = self.recalled.remove(cause)?;
        Some(Word { state: SignalState::Clear, count: 1, severity: recalled.severity })
    }

    /// Whether a series has this cause, as far as was said.
    #[must_use]
    pub fn lasts(&self, cause: &Fingerprint, series: u64) -> bool {
        self.lasting.get(cause).is_some_and(|told| told.series.contains(&series))
    }

    /// Causes that last.
    #[must_use]
    pub fn lasting(&self) -> usize {
        self.lasting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_of_two_series_is_over_when_both_are_calm() {
        let (mut voice, cause) = (Voice::default(), Fingerprint::of(&["x"]));
        let at = |seconds: i64| Timestamp(seconds * 1_000);
        assert!(voice.fires(&cause, 1, Severity::P3, at(0)).is_some());
        assert_eq!(voice.fires(&cause, 2, Severity::P3, at(1)), None);
        assert_eq!(voice.fires(&cause, 1, Severity::P3, at(59)), None);
        assert_eq!(voice.fires(&cause, 1, Severity::P3, at(60)).map(|word| word.count), Some(3));
        assert_eq!(
            voice.fires(&cause, 1, Severity::P1, at(61)).map(|word| word.severity),
            Some(Severity::P1)
        );
        assert_eq!(voice.calms(&cause, 1), None);
        assert_eq!(voice.calms(&cause, 1), None);
        assert_eq!(voice.calms(&cause, 2).map(|word| word.state), Some(SignalState::Clear));
        assert_eq!((voice.calms(&cause, 2), voice.lasting()), (None, 0));
    }

    #[test]
    fn a_cause_that_lasted_before_is_over_at_the_second_calm_look_unless_a_series_has_it() {
        let cause = Fingerprint::of(&["x"]);
        let before = || {
            let mut voice = Voice::default();
            voice.recall(cause.clone(), Severity::P2);
            voice
        };
        let mut over = before();
        assert_eq!([1, 2].map(|series| over.calms(&cause, series)), [None, None], "not all were looked at");
        assert_eq!(over.calms(&cause, 1).map(|word| word.state), Some(SignalState::Clear));
        assert_eq!(over.calms(&cause, 1), None, "once");
        let mut lasts = before();
        assert_eq!(lasts.calms(&cause, 1), None);
        assert!(lasts.fires(&cause, 2, Severity::P2, Timestamp(0)).is_some());
        assert_eq!(lasts.calms(&cause, 1), None);
        assert_eq!(lasts.calms(&cause, 2).map(|word| word.state), Some(SignalState::Clear));
    }
}
