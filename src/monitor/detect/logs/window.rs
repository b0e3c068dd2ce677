//! Findings into signals: many of one cause within a second are one signal with a count; too many causes are one signal
//! for all.
//!
//! Pure: time arrives as an argument. Owns counts, people hit, severity. Invariants: at most one signal a cause and
//! second; at most [`CAUSES_MOST`] causes a minute, the rest counted under one umbrella; every finding is counted in exactly
//! one signal; at most [`KNOWN_MOST`] causes are remembered, each with at most [`PEOPLE_MOST`] people. A clock that goes back
//! delays nothing.

use super::finding::{Details, Finding};
use crate::domain::{
    incident::Severity,
    probe::ProbeSpec,
    signal::{Fingerprint, Signal, SignalState, kind},
    time::{Millis, Timestamp},
};
use std::collections::{BTreeSet, HashMap};

/// Causes a minute that have signals of their own. More than make a storm, so that the storm is seen.
pub const CAUSES_MOST: usize = 50;
/// Causes remembered.
pub const KNOWN_MOST: usize = 1_024;
/// People remembered of one cause; more are not counted.
pub const PEOPLE_MOST: usize = 1_000;
/// Least time between two signals of one cause.
pub const BETWEEN: Millis = Millis(1_000);
/// How long a cause is new.
pub const NEW: Millis = Millis::hours(1);
/// Silence after which a cause is new again.
pub const FORGOTTEN: Millis = Millis::hours(24);
/// Hits of a new cause within a minute from which it is more than a single failure.
const OFTEN: u64 = 2;

const MINUTE: Millis = Millis::mins(1);

/// Whether so much time has passed; always, if the clock went back.
fn passed(at: Timestamp, since: Timestamp, span: Millis) -> bool {
    at < since || at.since(since) >= span
}

/// What is remembered of a cause.
#[derive(Debug)]
struct Known {
    first: Timestamp,
    last: Timestamp,
    /// When its last signal went out.
    said: Option<Timestamp>,
    /// Findings since then.
    waiting: u64,
    /// The minute that is being counted, and the findings in it.
    minute: (Timestamp, u64),
    people: BTreeSet<u64>,
    /// What its next signal says.
    says: Option<(&'static str, Details)>,
}

impl Known {
    fn new(at: Timestamp) -> Self {
        let people = BTreeSet::new();
        Self { first: at, last: at, said: None, waiting: 0, minute: (at, 0), people, says: None }
    }

    fn count(&mut self, person: Option<u64>, at: Timestamp) {
        if passed(at, self.last, FORGOTTEN) && at > self.last {
            self.first = at;
            self.people.clear();
        }
        if passed(at, self.minute.0, MINUTE) {
            self.minute = (at, 0);
        }
        self.minute.1 += 1;
        self.waiting += 1;
        self.last = at;
        if let Some(person) = person.filter(|_| self.people.len() < PEOPLE_MOST) {
            self.people.insert(person);
        }
    }

    fn severity(&self, kind: &str) -> Severity {
        match kind {
            kind::LOG_CRASH | kind::PROCESS_OOM => Severity::P1,
            _ if self.minute.1 >= OFTEN && !passed(self.last, self.first, NEW) => Severity::P2,
            _ => Severity::P3,
        }
    }
}

/// What went under the umbrella.
#[derive(Debug)]
struct Umbrella {
    waiting: u64,
    severity: Severity,
    said: Option<Timestamp>,
    sample: Option<String>,
}

/// Counts the findings of one probe.
#[derive(Debug)]
pub struct Window {
    service: String,
    env: String,
    probe: String,
    known: HashMap<Fingerprint, Known>,
    /// Causes with something to say, in the order of their first finding.
    waiting: Vec<Fingerprint>,
    /// The minute whose causes are counted, and those causes.
    minute: (Timestamp, BTreeSet<Fingerprint>),
    umbrella: Umbrella,
}

impl Window {
    /// For a probe.
    #[must_use]
    pub fn of(spec: &ProbeSpec) -> Self {
        Self {
            service: spec.service.clone(),
            env: spec.env.clone(),
            probe: spec.id.clone(),
            known: HashMap::new(),
            waiting: Vec::new(),
            minute: (Timestamp(0), BTreeSet::new()),
            umbrella: Umbrella { waiting: 0, severity: Severity::P3, said: None, sample: None },
        }
    }

    /// Counts a finding. Details are asked for only where they will be shown.
    pub fn add(&mut self, finding: &Finding, at: Timestamp, details: impl FnOnce() -> Details) {
        if passed(at, self.minute.0, MINUTE) {
            self.minute = (at, BTreeSet::new());
        }
        if !self.minute.1.contains(&finding.fingerprint) {
            if self.minute.1.len() >= CAUSES_MOST {
                self.shelter(finding.kind, details);
                return;
            }
            self.minute.1.insert(finding.fingerprint.clone());
        }
        self.make_room(&finding.fingerprint);
        let known = self.known.entry(finding.fingerprint.clone()).or_insert_with(|| Known::new(at));
        known.count(finding.person, at);
        if known.waiting == 1 {
            self.waiting.push(finding.fingerprint.clone());
            known.says = Some((finding.kind, details()));
        }
    }

    /// Signals that are due.
    pub fn due(&mut self, at: Timestamp, out: &mut Vec<Signal>) {
        let (service, env, probe) = (&self.service, &self.env, &self.probe);
        let known = &mut self.known;
        self.waiting.retain(|fingerprint| {
            let Some(known) = known.get_mut(fingerprint) else { return false };
            if known.said.is_some_and(|said| !passed(at, said, BETWEEN)) {
                return true;
            }
            if let Some((kind, says)) = known.says.take() {
                out.push(Signal {
                    severity: known.severity(kind),
                    fingerprint: fingerprint.clone(),
                    service: service.clone(),
                    env: env.clone(),
                    kind: kind.to_owned(),
                    title: says.title,
                    probe: probe.clone(),
                    state: SignalState::Firing,
                    count: known.waiting,
                    affected: u32::try_from(known.people.len()).unwrap_or(u32::MAX),
                    sample: Some(says.sample),
                    frames: says.frames,
                    labels: says.labels,
                });
            }
            known.waiting = 0;
            known.said = Some(at);
            false
        });
        self.umbrella(at, out);
    }

    /// Causes that are remembered.
    #[must_use]
    pub fn known(&self) -> usize {
        self.known.len()
    }

    /// Forgets the cause that was silent longest, never one that has something to say.
    fn make_room(&mut self, wanted: &Fingerprint) {
        if self.known.len() < KNOWN_MOST || self.known.contains_key(wanted) {
            return;
        }
        let silent = self.known.iter().filter(|(_, known)| known.waiting == 0);
        let oldest = silent
            .min_by_key(|(fingerprint, known)| (known.last, fingerprint.0.clone()))
            .map(|(f, _)| f.clone());
        if let Some(oldest) = oldest {
            self.known.remove(&oldest);
        }
    }

    fn shelter(&mut self, kind: &str, details: impl FnOnce() -> Details) {
        let bad = matches!(kind, kind::LOG_CRASH | kind::PROCESS_OOM);
        let severity = if bad { Severity::P1 } else { Severity::P2 };
        self.umbrella.severity =
            if self.umbrella.waiting == 0 { severity } else { self.umbrella.severity.min(severity) };
        self.umbrella.waiting += 1;
        if self.umbrella.waiting == 1 {
            self.umbrella.sample = Some(details().sample);
        }
    }

    fn umbrella(&mut self, at: Timestamp, out: &mut Vec<Signal>) {
        let umbrella = &mut self.umbrella;
        if umbrella.waiting == 0 || umbrella.said.is_some_and(|said| !passed(at, said, BETWEEN)) {
            return;
        }
        out.push(Signal {
            fingerprint: Fingerprint::of(&["log", &self.service, &self.env, "umbrella"]),
            service: self.service.clone(),
            env: self.env.clone(),
            kind: kind::LOG_ERROR.to_owned(),
            severity: umbrella.severity,
            title: format!("more than {CAUSES_MOST} kinds of errors within a minute; the others together"),
            probe: self.probe.clone(),
            state: SignalState::Firing,
            count: umbrella.waiting,
            affected: 0,
            sample: umbrella.sample.take(),
            frames: vec![],
            labels: std::collections::BTreeMap::new(),
        });
        umbrella.waiting = 0;
        umbrella.said = Some(at);
    }
}
