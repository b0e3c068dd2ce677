//! Checks of one probe: which hold, and the signals of those that fail. A failing check is told at every look; one that
//! holds again is told once, also where it failed before the watch began.

use crate::domain::{
    probe::ProbeSpec,
    signal::{Check, Fingerprint, Signal, SignalState},
    text::clean_line,
};
use std::collections::{BTreeMap, BTreeSet};

/// A check as it was found last.
#[derive(Debug)]
struct Last {
    ok: bool,
    kind: &'static str,
    words: String,
    cause: Fingerprint,
}

/// Checks of one probe.
const CHECKS_MOST: usize = 64;

/// What the last look found of each check.
#[derive(Debug, Default)]
pub(super) struct Checks {
    last: BTreeMap<String, Last>,
    /// What failed before the watch began.
    recalled: BTreeSet<Fingerprint>,
}

impl Checks {
    /// A check failed before the watch began.
    pub(super) fn recall(&mut self, cause: Fingerprint) {
        self.recalled.insert(cause);
    }

    pub(super) fn take(&mut self, spec: &ProbeSpec, check: &Check) -> Vec<Signal> {
        let words: String = clean_line(&check.words, Signal::TITLE_MOST).into();
        if self.last.len() >= CHECKS_MOST && !self.last.contains_key(&check.name) {
            return Vec::new();
        }
        let fingerprint = Fingerprint::of(&[&spec.service, &spec.env, &spec.id, &check.name]);
        let (ok, kind, cause) = (check.ok, check.kind, fingerprint.clone());
        let before = self.last.insert(check.name.clone(), Last { ok, kind, words: words.clone(), cause });
        let failed = before.map_or(self.recalled.remove(&fingerprint), |before| !before.ok);
        let state = match (check.ok, failed) {
            (false, _) => SignalState::Firing,
            (true, true) => SignalState::Clear,
            (true, false) => return Vec::new(),
        };
        let labels = check.labels.iter().take(Signal::LABELS_MOST);
        vec![Signal {
            fingerprint,
            service: spec.service.clone(),
            env: spec.env.clone(),
            kind: check.kind.to_owned(),
            severity: check.severity,
            title: words,
            probe: spec.id.clone(),
            state,
            count: 1,
            affected: 0,
            sample: None,
            frames: Vec::new(),
            labels: labels.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }]
    }

    /// What fails, in words.
    pub(super) fn failing(&self) -> Option<String> {
        self.last.values().find(|last| !last.ok).map(|last| last.words.clone())
    }

    /// Signals of failing checks of one kind.
    pub(super) fn failing_of(&self, kind: &str) -> BTreeSet<&Fingerprint> {
        self.last.values().filter(|last| !last.ok && last.kind == kind).map(|last| &last.cause).collect()
    }

    /// How many checks fail.
    pub(super) fn failures(&self) -> usize {
        self.last.values().filter(|last| !last.ok).count()
    }

    /// What was found, in words.
    pub(super) fn words(&self) -> String {
        self.last.values().map(|last| last.words.as_str()).next().unwrap_or_default().to_owned()
    }
}
