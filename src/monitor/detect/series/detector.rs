//! The numbers of one probe: its series kept apart, each with its own past, and what they say joined into signals. A
//! bounded number of series; the one not seen for longest makes room, if it is not in trouble.
//!
//! Labels come from outside: they are cleaned and cut once, when a series is first seen.

use super::{
    anomaly::{Anomaly, THRESHOLD},
    bound::Limit,
    burn::Burn,
    counter::{Counter, is_counter},
    episode::{Episode, Turn, Unusual},
    level::reckoned,
    manner::Manner,
    shift::{Change, RELATIVE, Shift},
    unit,
    voice::{Voice, Word},
};
use crate::domain::{
    incident::Severity,
    probe::{ProbeSpec, Source},
    signal::{Fingerprint, Signal, kind},
    text,
    time::{Millis, Timestamp},
};
use std::collections::BTreeMap;

/// Series of one probe.
pub const SERIES_MOST: usize = 256;
/// Labels of a series that are kept; the rest of a signal's labels is ours.
pub const LABELS_MOST: usize = 10;
/// Characters of a label's name, and of a metric's.
const NAME_MOST: usize = 64;
/// Characters of a label's value.
const VALUE_MOST: usize = 128;
/// Bytes of a label that tell series apart.
const KEY_MOST: usize = 256;
/// Labels that say where and not what: they are shown and never part of a cause.
const PLACES: [&str; 12] = [
    "instance",
    "host",
    "hostname",
    "pod",
    "pod_name",
    "node",
    "ip",
    "pid",
    "container_id",
    "replica",
    "task",
    "worker",
];
/// Label that makes a number the share of bad ones against an objective, such as `0.999`.
pub const OBJECTIVE: &str = "objective";
/// A gap is this many intervals without a value,
const GAP_INTERVALS: u64 = 10;
/// and at least this long.
const GAP_LEAST: Millis = Millis::mins(5);
/// How often series that are gone are looked for.
const SWEEP: Millis = Millis::mins(1);

/// Kinds that a series can speak of, in the order of [`Series::causes`].
const KINDS: [&str; 4] = [kind::METRIC_BOUND, kind::METRIC_ANOMALY, kind::METRIC_SHIFT, kind::SLO_BURN];
const BOUND: usize = 0;
const ANOMALY: usize = 1;
const SHIFT: usize = 2;
const BURN: usize = 3;

/// One series.
struct Series {
    id: u64,
    metric: String,
    labels: BTreeMap<String, String>,
    causes: [Fingerprint; 4],
    last: Timestamp,
    counter: Option<Counter>,
    limit: Option<Limit>,
    burn: Option<Burn>,
    shape: Shape,
    /// Least change worth a word, in the metric's unit.
    telling: f64,
    manner: Manner,
}

/// What is usual of a series.
#[derive(Default)]
struct Shape {
    anomaly: Anomaly,
    episode: Episode,
    shift: Shift,
    /// The level that it goes to is not worth a word; until it has settled.
    hushed: bool,
}

/// The numbers of one probe.
pub struct SeriesDetector {
    service: String,
    env: String,
    probe: String,
    severity: Severity,
    gap: Millis,
    limit: Option<Limit>,
    series: BTreeMap<String, Box<Series>>,
    voice: Voice,
    journal: Journal,
}

/// What the detector knows of itself.
#[derive(Default)]
struct Journal {
    key: String,
    made: u64,
    ignored: u64,
    swept: Timestamp,
}

/// What a series has at a moment: how bad, if anything.
#[derive(Clone, Copy)]
struct Had {
    which: usize,
    at: Timestamp,
    severity: Option<Severity>,
}

/// What a signal says besides its cause.
struct Said {
    title: String,
    labels: Vec<(&'static str, String)>,
}

impl SeriesDetector {
    /// For the numbers of this probe. A bound that is not written as numbers is none; the configuration refuses it.
    #[must_use]
    pub fn new(spec: &ProbeSpec) -> Self {
        let limit = match &spec.source {
            Source::Prometheus { bound, .. } => Limit::of(bound).ok(),
            _ => None,
        };
        Self {
            service: spec.service.clone(),
            env: spec.env.clone(),
            probe: spec.id.clone(),
            severity: spec.severity,
            gap: Millis(spec.every.0.saturating_mul(GAP_INTERVALS)).max(GAP_LEAST),
            limit,
            series: BTreeMap::new(),
            voice: Voice::default(),
            journal: Journal::default(),
        }
    }

    /// A cause lasted before the watch began.
    pub fn recall(&mut self, cause: Fingerprint, severity: Severity) {
        self.voice.recall(cause, severity);
    }

    /// Takes a number in, and gives the signals that it makes.
    pub fn feed(
        &mut self,
        metric: &str,
        value: f64,
        labels: &BTreeMap<String, String>,
        at: Timestamp,
    ) -> Vec<Signal> {
        let mut signals = self.sweep(at);
        let mut key = std::mem::take(&mut self.journal.key);
        write_key(&mut key, metric, labels);
        if !self.series.contains_key(key.as_str()) {
            if self.room(at) {
                let made = self.make(metric, labels, at);
                self.series.insert(key.clone(), Box::new(made));
            } else {
                self.journal.ignored = self.journal.ignored.saturating_add(1);
            }
        }
        if let Some(mut series) = self.series.remove_entry(key.as_str()) {
            self.observe(&mut series.1, value, at, &mut signals);
            self.series.insert(series.0, series.1);
        }
        self.journal.key = key;
        signals
    }

    /// Series that are known.
    #[must_use]
    pub fn series(&self) -> usize {
        self.series.len()
    }

    /// Numbers that were left out because there was no room for their series.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.journal.ignored
    }

    /// Causes that last.
    #[must_use]
    pub fn lasting(&self) -> usize {
        self.voice.lasting()
    }

    fn observe(&mut self, series: &mut Series, value: f64, at: Timestamp, signals: &mut Vec<Signal>) {
        let quiet = at.since(series.last) > self.gap;
        if quiet {
            series.shape.anomaly.gap();
            series.shape.shift.gap();
        }
        let value = match &mut series.counter {
            Some(counter) => counter.rate(at, value),
            None => Some(value),
        };
        series.last = at;
        let Some(value) = value.and_then(reckoned) else { return };
        signals.extend(self.bound(series, value, at));
        if series.burn.is_some() {
            signals.extend(self.burn(series, value, at));
        } else if series.manner != Manner::Drift {
            self.shape(series, value, at, signals);
        }
    }

    fn bound(&mut self, series: &mut Series, value: f64, at: Timestamp) -> Option<Signal> {
        let limit = series.limit.as_mut()?;
        let broken = limit.broken_by(value);
        let (side, fire) = (limit.side(), limit.fire());
        let severity = broken.then_some(self.severity);
        self.say(series, Had { which: BOUND, at, severity }, |metric| Said {
            title: format!("{metric} is {side} its bound"),
            labels: vec![("value", shown(value)), ("bound", format!("{side} {}", shown(fire)))],
        })
    }

    fn shape(&mut self, series: &mut Series, value: f64, at: Timestamp, signals: &mut Vec<Signal>) {
        let level = series.shape.anomaly.unseasoned(at, value);
        let rated = series.shape.anomaly.rate(at, value);
        let least = (RELATIVE * rated.expected.abs()).max(series.telling);
        let much = (value - rated.expected).abs() >= least;
        let told = rated.score >= THRESHOLD && much && series.manner.tells(rated.expected, value);
        let unusual = if told { Unusual::Yes } else { Unusual::No };
        let turn = series.shape.episode.observe(unusual);
        let trend = Severity::P4;
        let severity = matches!(turn, Turn::Begins | Turn::GoesOn).then_some(trend);
        // Before it knows what is usual it does not know that nothing is unusual either.
        let warm = series.shape.anomaly.warm(at);
        if warm {
            signals.extend(self.say(series, Had { which: ANOMALY, at, severity }, |metric| Said {
                title: format!("{metric} is not what it usually is"),
                labels: vec![
                    ("value", shown(value)),
                    ("expected", shown(rated.expected)),
                    ("score", format!("{:.2}", rated.score)),
                    ("direction", if value >= rated.expected { "higher" } else { "lower" }.into()),
                ],
            }));
        }
        let spread = series.shape.anomaly.spread().max(series.telling);
        let change = series.shape.shift.add(level, spread);
        // The level that it has had for as long as it takes to know it is its level now.
        let lasted = warm && self.voice.recalls(&series.causes[SHIFT]);
        if change == Change::None && !lasted {
            return;
        }
        if let Change::Jumped(jump) = change {
            series.shape.hushed = !series.manner.tells(jump.from, jump.to);
        }
        let calm = matches!(change, Change::Settled | Change::None) || series.shape.hushed;
        let severity = (!calm).then_some(trend);
        let said = self.say(series, Had { which: SHIFT, at, severity }, |metric| {
            let mut labels = vec![("value", shown(value))];
            if let Change::Jumped(jump) = change {
                labels.push(("from", shown(jump.from)));
                labels.push(("to", shown(jump.to)));
            }
            Said { title: format!("{metric} changed its level"), labels }
        });
        signals.extend(said);
    }

    fn burn(&mut self, series: &mut Series, share: f64, at: Timestamp) -> Option<Signal> {
        let burning = series.burn.as_mut()?.add(at, share, 1.0);
        let severity = burning.map(|burning| burning.severity);
        let knows = series.burn.as_ref().is_some_and(Burn::knows);
        if severity.is_none() && !knows && self.voice.recalls(&series.causes[BURN]) {
            return None;
        }
        self.say(series, Had { which: BURN, at, severity }, |metric| {
            let mut labels = vec![("value", shown(share))];
            if let Some(burning) = burning {
                labels.push(("burn_rate", format!("{:.1}", burning.rate)));
                labels.push(("window", format!("{}h", burning.minutes / 60)));
            }
            Said { title: format!("the error budget of {metric} goes too fast"), labels }
        })
    }

    /// The signal of what a series has or has not, where something is to be said.
    fn say(&mut self, series: &Series, had: Had, words: impl FnOnce(&str) -> Said) -> Option<Signal> {
        let cause = series.causes.get(had.which)?;
        let word = match had.severity {
            Some(severity) => self.voice.fires(cause, series.id, severity, had.at),
            None => self.voice.calms(cause, series.id),
        };
        word.map(|word| self.signal(series, word, (had.which, words(&series.metric))))
    }

    fn signal(&self, series: &Series, word: Word, (which, said): (usize, Said)) -> Signal {
        let mut labels = series.labels.clone();
        labels.extend(said.labels.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Signal {
            fingerprint: series.causes.get(which).cloned().unwrap_or_else(|| Fingerprint::of(&[])),
            service: self.service.clone(),
            env: self.env.clone(),
            kind: KINDS.get(which).copied().unwrap_or(kind::METRIC_ANOMALY).to_owned(),
            severity: word.severity,
            title: text::clean_line(&said.title, Signal::TITLE_MOST).to_string(),
            probe: self.probe.clone(),
            state: word.state,
            count: word.count,
            affected: 0,
            sample: None,
            frames: Vec::new(),
            labels,
        }
    }

    fn make(&mut self, metric: &str, raw: &BTreeMap<String, String>, at: Timestamp) -> Series {
        self.journal.made += 1;
        let metric = text::clean_line(metric, NAME_MOST).to_string();
        let clean = |(name, value): (&String, &String)| {
            (text::clean_line(name, NAME_MOST).to_string(), text::clean_line(value, VALUE_MOST).to_string())
        };
        let labels: BTreeMap<String, String> = raw.iter().take(LABELS_MOST).map(clean).collect();
        let what: Vec<String> = labels
            .iter()
            .filter(|(name, _)| !PLACES.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let causes = KINDS.map(|kind| {
            let mut parts = vec![self.service.as_str(), &self.env, kind, &self.probe, &metric];
            parts.extend(what.iter().map(String::as_str));
            Fingerprint::of(&parts)
        });
        let objective = labels.get(OBJECTIVE).and_then(|text| text.parse::<f64>().ok());
        let share = objective.map(|number| if number > 1.0 { number / 100.0 } else { number });
        Series {
            id: self.journal.made,
            counter: is_counter(&metric).then(Counter::default),
            limit: self.limit,
            burn: share.and_then(Burn::against),
            shape: Shape::default(),
            manner: Manner::of(&metric),
            telling: unit::telling(&metric),
            last: at,
            metric,
            labels,
            causes,
        }
    }

    /// How long a series may be silent before it counts as gone.
    fn stale(&self) -> Millis {
        Millis(self.gap.0.saturating_mul(3))
    }

    fn troubled(&self, series: &Series) -> bool {
        series.causes.iter().any(|cause| self.voice.lasts(cause, series.id))
    }

    /// Whether there is room for another series; makes some if there is none.
    fn room(&mut self, at: Timestamp) -> bool {
        if self.series.len() < SERIES_MOST {
            return true;
        }
        let stale = self.stale();
        let gone =
            self.series.iter().filter(|(_, known)| at.since(known.last) > stale && !self.troubled(known));
        let Some(key) = gone.min_by_key(|(_, known)| known.last).map(|(key, _)| key.clone()) else {
            return false;
        };
        self.series.remove(&key).is_some()
    }

    /// Series that have gone - a host that was taken away - while others of their metric go on have no trouble any
    /// more. Where none goes on, nothing is over: no data is never healthy.
    fn sweep(&mut self, at: Timestamp) -> Vec<Signal> {
        if at >= self.journal.swept && at.since(self.journal.swept) < SWEEP {
            return Vec::new();
        }
        self.journal.swept = at;
        if self.voice.lasting() == 0 {
            return Vec::new();
        }
        let stale = self.stale();
        let fresh = |series: &Series| at.since(series.last) <= stale;
        let gone: Vec<String> = self
            .series
            .iter()
            .filter(|(_, series)| !fresh(series) && self.troubled(series))
            .filter(|(_, series)| {
                self.series.values().any(|other| fresh(other) && other.metric == series.metric)
            })
            .map(|(key, _)| key.clone())
            .collect();
        let mut signals = Vec::new();
        for series in gone.iter().filter_map(|key| self.series.remove(key)).collect::<Vec<_>>() {
            for which in 0..KINDS.len() {
                let said = self.say(&series, Had { which, at, severity: None }, |metric| Said {
                    title: format!("the series of {metric} that had it is gone"),
                    labels: Vec::new(),
                });
                signals.extend(said);
            }
        }
        signals
    }
}

/// What tells a series from others, bounded.
fn write_key(key: &mut String, metric: &str, labels: &BTreeMap<String, String>) {
    key.clear();
    key.push_str(cut(metric));
    for (name, value) in labels.iter().take(LABELS_MOST) {
        key.push('\u{1}');
        key.push_str(cut(name));
        key.push('\u{2}');
        key.push_str(cut(value));
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(KEY_MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// A number for people.
fn shown(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (0.001..1e12).contains(&size) {
        let text = format!("{value:.3}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.to_owned()
    } else {
        format!("{value:.3e}")
    }
}
