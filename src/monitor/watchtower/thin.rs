//! Signals that say the same again are held back and added up: the journal grows by what is new, not by what is loud.

use crate::domain::{
    signal::{Fingerprint, Signal, SignalState},
    time::{Millis, Timestamp},
};
use std::collections::BTreeMap;

/// The same again leaves at most this often.
pub(super) const AGAIN: Millis = Millis::secs(10);
/// ... and while too much happens at once at most this often.
pub(super) const AGAIN_IN_STORM: Millis = Millis::mins(1);
/// So many leave at once before: enough to confirm.
const AT_ONCE: u32 = 3;
/// Causes that are remembered; the one that was told longest ago is forgotten.
const CAUSES_MOST: usize = 4_096;

/// What was told of each cause.
#[derive(Debug, Default)]
pub(super) struct Thinner {
    told: BTreeMap<Fingerprint, Told>,
    storm: bool,
}

#[derive(Debug)]
struct Told {
    at: Timestamp,
    state: SignalState,
    severity: crate::domain::incident::Severity,
    times: u32,
    held: Option<Signal>,
}

impl Thinner {
    /// Whether to tell less often: too much happens at once.
    pub(super) fn slows(&mut self, storm: bool) {
        self.storm = storm;
    }

    fn again(&self) -> Millis {
        if self.storm { AGAIN_IN_STORM } else { AGAIN }
    }

    /// What of these is told now.
    pub(super) fn pass(&mut self, signals: Vec<Signal>, now: Timestamp) -> Vec<Signal> {
        signals.into_iter().filter_map(|signal| self.one(signal, now)).collect()
    }

    /// What was held back long enough.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Signal> {
        let again = self.again();
        let due = |told: &mut Told| {
            let ripe = told.held.is_some() && now.since(told.at) >= again;
            if ripe {
                told.at = now;
            }
            ripe.then(|| told.held.take()).flatten()
        };
        self.told.values_mut().filter_map(due).collect()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.told.len()
    }

    fn one(&mut self, signal: Signal, now: Timestamp) -> Option<Signal> {
        if self.told.len() >= CAUSES_MOST && !self.told.contains_key(&signal.fingerprint) {
            let oldest = self.told.iter().min_by_key(|(_, told)| told.at).map(|(of, _)| of.clone());
            oldest.and_then(|of| self.told.remove(&of));
        }
        let again = self.again();
        let Some(told) = self.told.get_mut(&signal.fingerprint) else {
            let (state, severity) = (signal.state, signal.severity);
            let told = Told { at: now, state, severity, times: 1, held: None };
            self.told.insert(signal.fingerprint.clone(), told);
            return Some(signal);
        };
        let news = told.state != signal.state || signal.severity < told.severity;
        if told.state != signal.state {
            told.times = 0;
        }
        let whole = match told.held.take() {
            Some(held) if held.state == signal.state => add(held, signal),
            _ => signal,
        };
        if news || told.times < AT_ONCE || now.since(told.at) >= again {
            told.times = told.times.saturating_add(1);
            (told.at, told.state, told.severity) = (now, whole.state, whole.severity);
            return Some(whole);
        }
        told.held = Some(whole);
        None
    }
}

/// The newer one, standing for both.
fn add(held: Signal, newer: Signal) -> Signal {
    Signal {
        count: held.count.saturating_add(newer.count),
        affected: held.affected.max(newer.affected),
        severity: held.severity.min(newer.severity),
        sample: newer.sample.or(held.sample),
        ..newer
    }
}
