//! The watchtower: what all probes read, and what it comes to. Owns the detectors, the newest reading of every check and
//! number, and the silence of probes. Pure: observations and time arrive as arguments.
//!
//! Invariants: a probe that says nothing or cannot look is an incident of its own, never well; a signal that says
//! something new leaves at once, one that says the same again at most every `thin::AGAIN`, in a storm every
//! `thin::AGAIN_IN_STORM`.

mod checks;
mod flood;
mod thin;

use super::{
    detect::{logs::LogDetector, series::SeriesDetector},
    investigate::scene::Newest,
    looking::Course,
};
use crate::domain::{
    incident::Severity,
    probe::{ProbeHealth, ProbeSpec, ProbeState, Source},
    signal::{Fingerprint, Observation, Reading, Signal, SignalState, kind},
    text::clean_line,
    time::{Millis, Timestamp},
};
use checks::Checks;
use flood::Gauge;
use std::collections::{BTreeMap, VecDeque};
use thin::Thinner;

/// Numbers and checks of one probe that are remembered.
const NEWEST_MOST: usize = 256;
/// Metrics of one probe whose course is remembered, and points of each.
const COURSES_MOST: usize = 64;
const POINTS_MOST: usize = 360;
/// Readings of one look come within this of each other.
const AGAIN_MOST: Millis = Millis::secs(1);
/// Between two looks at the silence of probes, as long as the watchtower is not late itself.
const LATE: Millis = Millis::secs(3);
/// Looks that may fail before it is an incident that a probe cannot look.
const BLIND_ROUNDS: u64 = 3;
/// Characters of words for people.
const WORDS_MOST: usize = 200;

/// Everything that is watched.
pub struct Watchtower {
    posts: BTreeMap<String, Post>,
    thinner: Thinner,
    gauge: Gauge,
    ticked: Option<Timestamp>,
}

/// What the house makes of what is told, and the watchtower keeps to.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    /// Log lines that come this many times as fast as usual are too many.
    pub ingest_factor: u32,
    /// Whether a storm goes on.
    pub storm: bool,
}

/// One probe, and what it read.
struct Post {
    spec: ProbeSpec,
    logs: Option<LogDetector>,
    series: SeriesDetector,
    checks: Checks,
    /// Newest reading of each check and number.
    newest: BTreeMap<String, Observation>,
    /// How numbers went, by metric: when and how much, oldest first.
    courses: BTreeMap<String, VecDeque<(i64, f64)>>,
    began: Timestamp,
    heard: Option<Timestamp>,
    /// When it last said what breaks its silence.
    spoke: Option<Timestamp>,
    /// Time since then in which nobody listened: the watchtower itself was late.
    excused: Millis,
    blind: Option<String>,
    /// Since when, if it is.
    blinded: Option<Timestamp>,
    silent: bool,
    /// Whether it is called silent because it cannot look.
    sightless: bool,
    /// Firing signals of logs and numbers, with their titles.
    firing: BTreeMap<Fingerprint, (String, Timestamp)>,
}

impl Watchtower {
    /// Watches with these probes from now on.
    #[must_use]
    pub fn new(probes: &[ProbeSpec], now: Timestamp) -> Self {
        let posts = probes.iter().map(|spec| (spec.id.clone(), Post::new(spec, now))).collect();
        Self { posts, thinner: Thinner::default(), gauge: Gauge::default(), ticked: None }
    }

    /// What was told before the watch began and lasts as far as the house knows. Who looks again says that it is over.
    pub fn recall(&mut self, lasting: &[Signal]) {
        for signal in lasting {
            if let Some(post) = self.posts.get_mut(&signal.probe) {
                post.recall(signal);
            }
        }
    }

    /// Takes what a probe read; what it comes to and is worth telling.
    pub fn observe(&mut self, seen: Observation) -> Vec<Signal> {
        let at = seen.at;
        let Some(post) = self.posts.get_mut(&seen.probe) else { return Vec::new() };
        self.gauge.count(match &seen.reading {
            Reading::Lines(lines) => u64::try_from(lines.len()).unwrap_or(u64::MAX),
            Reading::Lost(lines) => *lines,
            _ => 0,
        });
        let signals = post.take(seen);
        self.thinner.pass(signals, at)
    }

    /// Time has passed: lines that waited for more, probes that fell silent, signals that were held back.
    pub fn tick(&mut self, now: Timestamp, weather: Weather) -> Vec<Signal> {
        // Whoever comes late to listen must not say that nobody spoke.
        let late = self.ticked.map_or(Millis(0), |before| now.since(before));
        let late = if late > LATE { late } else { Millis(0) };
        self.ticked = Some(now);
        self.thinner.slows(weather.storm);
        let flood = self.gauge.tick(now, weather.ingest_factor);
        let flood = flood.map(|words| Signal { sample: Some(words), ..Signal::storm(SignalState::Firing) });
        let posts = self.posts.values_mut().flat_map(|post| post.tick(now, late));
        let signals: Vec<Signal> = flood.into_iter().chain(posts).collect();
        let mut told = self.thinner.pass(signals, now);
        told.extend(self.thinner.due(now));
        told
    }

    /// The newest reading of every check and number.
    #[must_use]
    pub fn newest(&self) -> Vec<Newest> {
        let of = |post: &Post| {
            let (service, every) = (post.spec.service.clone(), post.spec.every);
            let all: Vec<Newest> = post
                .newest
                .values()
                .map(|seen| Newest {
                    service: service.clone(),
                    every,
                    seen: seen.clone(),
                    lapsed: post.lapsed(seen),
                })
                .collect();
            all
        };
        self.posts.values().flat_map(of).collect()
    }

    /// How numbers went.
    #[must_use]
    pub fn courses(&self) -> Vec<Course> {
        let of = |post: &Post| -> Vec<Course> {
            let course = |(metric, points): (&String, &VecDeque<(i64, f64)>)| Course {
                service: post.spec.service.clone(),
                metric: metric.clone(),
                points: points.iter().copied().collect(),
            };
            post.courses.iter().map(course).collect()
        };
        self.posts.values().flat_map(of).collect()
    }

    /// How every probe does.
    #[must_use]
    pub fn health(&self) -> Vec<ProbeHealth> {
        self.posts.values().map(Post::health).collect()
    }
}

impl Post {
    fn new(spec: &ProbeSpec, now: Timestamp) -> Self {
        let speaks = spec.source.speaks();
        Self {
            spec: spec.clone(),
            logs: speaks.then(|| LogDetector::new(spec)),
            series: SeriesDetector::new(spec),
            checks: Checks::default(),
            newest: BTreeMap::new(),
            courses: BTreeMap::new(),
            began: now,
            heard: None,
            spoke: None,
            excused: Millis(0),
            blind: None,
            blinded: None,
            silent: false,
            sightless: false,
            firing: BTreeMap::new(),
        }
    }

    fn recall(&mut self, signal: &Signal) {
        let cause = &signal.fingerprint;
        self.silent |= *cause == self.silence(SignalState::Firing, "").fingerprint;
        self.checks.recall(cause.clone());
        self.series.recall(cause.clone(), signal.severity);
    }

    fn take(&mut self, seen: Observation) -> Vec<Signal> {
        let at = seen.at;
        let mut signals = match &seen.reading {
            Reading::Blind(why) => {
                self.blind = Some(clean_line(why, WORDS_MOST).into());
                self.blinded.get_or_insert(at);
                return Vec::new();
            }
            Reading::Lines(lines) => self.logs.as_mut().map(|logs| logs.feed(lines, at)).unwrap_or_default(),
            Reading::Lost(_) => Vec::new(),
            Reading::Check(check) => self.checks.take(&self.spec, check),
            Reading::Sample { metric, value, labels } => self.series.feed(metric, *value, labels, at),
            Reading::Alarm(signal) => vec![(**signal).clone()],
        };
        (self.blind, self.blinded) = (None, None);
        let sees_again = std::mem::take(&mut self.sightless);
        self.heard = Some(at);
        // That a log can be read is no line of it.
        let empty = matches!(&seen.reading, Reading::Lines(lines) if lines.is_empty());
        if !empty || self.spec.quiet_most.is_none() {
            (self.spoke, self.excused) = (Some(at), Millis(0));
            signals.extend(self.heard_again());
        } else if sees_again && !self.is_overdue(at) {
            signals.extend(self.heard_again());
        }
        self.note(&signals, at);
        self.remember(seen);
        signals
    }

    fn note(&mut self, signals: &[Signal], at: Timestamp) {
        for signal in signals {
            match signal.state {
                SignalState::Firing if self.firing.len() < NEWEST_MOST => {
                    self.firing.insert(signal.fingerprint.clone(), (signal.title.clone(), at));
                }
                SignalState::Firing => {}
                SignalState::Clear => drop(self.firing.remove(&signal.fingerprint)),
            }
        }
    }

    fn remember(&mut self, seen: Observation) {
        let name = match &seen.reading {
            Reading::Check(check) => format!("check {}", check.name),
            Reading::Sample { metric, labels, .. } => {
                let labels: Vec<String> =
                    labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("sample {metric} {}", labels.join(","))
            }
            _ => return,
        };
        if let Reading::Sample { metric, value, .. } = &seen.reading {
            self.course(metric, (seen.at.0, *value));
        }
        if self.newest.len() < NEWEST_MOST || self.newest.contains_key(&name) {
            self.newest.insert(name, seen);
        }
    }

    /// Whether its probe looked again since and could not ask this any more.
    fn lapsed(&self, seen: &Observation) -> bool {
        let again = Millis(self.spec.every.0 / 8).min(AGAIN_MOST);
        let latest = self.newest.values().map(|other| other.at).max().unwrap_or(seen.at);
        self.blind.is_some() || latest.since(seen.at) > again
    }

    fn course(&mut self, metric: &str, point: (i64, f64)) {
        if self.courses.len() >= COURSES_MOST && !self.courses.contains_key(metric) {
            return;
        }
        let points = self.courses.entry(metric.to_owned()).or_default();
        if points.len() >= POINTS_MOST {
            points.pop_front();
        }
        points.push_back(point);
    }

    fn heard_again(&mut self) -> Option<Signal> {
        std::mem::take(&mut self.silent).then(|| self.silence(SignalState::Clear, "it speaks again"))
    }

    fn tick(&mut self, now: Timestamp, late: Millis) -> Vec<Signal> {
        self.excused = Millis(self.excused.0.saturating_add(late.0));
        let mut signals = self.logs.as_mut().map(|logs| logs.tick(now)).unwrap_or_default();
        self.note(&signals, now);
        if self.logs.is_some() {
            self.firing.retain(|_, (_, last)| now.since(*last) < Signal::LINES_QUIET);
        }
        self.blinded = self.blinded.map(|since| since + late);
        // Payloads come when something is wrong: their silence says nothing.
        let speaks = !matches!(self.spec.source, Source::Webhook { .. });
        let sightless = self.blinded.is_some_and(|since| now.since(since) > self.blind_most());
        if speaks && (sightless || self.is_overdue(now)) {
            self.sightless |= sightless;
            let why = self.blind.clone().unwrap_or_else(|| self.no_word());
            self.silent = true;
            signals.push(self.silence(SignalState::Firing, &why));
        }
        signals
    }

    /// Whether it has said nothing for too long.
    fn is_overdue(&self, now: Timestamp) -> bool {
        let last = self.spoke.unwrap_or(self.began);
        now.since(last) > Millis(self.patience().0.saturating_add(self.excused.0))
    }

    /// How long it may be unable to look, however long it may be silent.
    fn blind_most(&self) -> Millis {
        Millis(self.spec.every.0.saturating_mul(BLIND_ROUNDS))
    }

    /// How long it may be silent. A look that may take longer than it is waited for is waited for.
    fn patience(&self) -> Millis {
        match self.spec.source {
            Source::File { .. } | Source::Command { .. } => {
                self.spec.quiet_most.unwrap_or(self.spec.heartbeat)
            }
            _ => self.spec.heartbeat.max(Millis(self.spec.every.0.saturating_add(self.spec.timeout.0))),
        }
    }

    fn no_word(&self) -> String {
        match self.spec.quiet_most {
            Some(most) => format!("no line of it for {} s", most.0 / 1_000),
            None => "no word of it".to_owned(),
        }
    }

    fn silence(&self, state: SignalState, why: &str) -> Signal {
        let spec = &self.spec;
        Signal {
            fingerprint: Fingerprint::of(&[&spec.service, &spec.env, &spec.id, "silent"]),
            service: spec.service.clone(),
            env: spec.env.clone(),
            kind: kind::SILENT.into(),
            severity: Severity::P2,
            title: clean_line(&format!("probe {} sees nothing: {why}", spec.id), Signal::TITLE_MOST).into(),
            probe: spec.id.clone(),
            state,
            count: 1,
            affected: 0,
            sample: None,
            frames: Vec::new(),
            labels: BTreeMap::new(),
        }
    }

    fn health(&self) -> ProbeHealth {
        let failing =
            self.checks.failing().or_else(|| self.firing.values().next().map(|(title, _)| title.clone()));
        let (state, words) = match (&self.blind, self.heard, failing) {
            (Some(why), ..) => (ProbeState::Silent, why.clone()),
            (None, None, _) if self.silent => (ProbeState::Silent, self.no_word()),
            (None, None, _) => (ProbeState::Waiting, String::new()),
            (None, Some(_), _) if self.silent => (ProbeState::Silent, self.no_word()),
            (None, Some(_), Some(what)) => (ProbeState::Failing, what),
            (None, Some(_), None) => (ProbeState::Well, self.checks.words()),
        };
        ProbeHealth {
            id: self.spec.id.clone(),
            service: self.spec.service.clone(),
            source: self.spec.source.word().into(),
            state,
            words: clean_line(&words, WORDS_MOST).into(),
            heard: self.heard,
            only_restarts: self.only_restarts(),
        }
    }

    /// Whether nothing fails but that it began again too often of late.
    fn only_restarts(&self) -> bool {
        let restarts = self.checks.failing_of(kind::PROCESS_FLAPPING);
        !restarts.is_empty()
            && restarts.len() == self.checks.failures()
            && self.firing.keys().all(|cause| restarts.contains(cause))
    }
}

#[cfg(test)]
mod tests;
