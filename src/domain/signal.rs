//! What the monitor sees: readings of probes, and the signals they add up to.
//!
//! Everything textual in a [`Signal`] has been redacted, cleaned and bounded where it was made (`monitor::detect`); it is
//! still tainted: it describes, it never commands.

use super::{
    digest::Digest,
    severity::Severity,
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Identity of one cause, as 24 hexadecimal digits. Made of what stays the same when the same thing breaks again:
/// never of severity, value, time, host or the parameters of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// Version of what goes into one; part of it, so that a change never takes two causes for one.
    pub const VERSION: &'static str = "1";

    /// The fingerprint of these parts, in this order.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut bytes: Vec<&[u8]> = vec![Self::VERSION.as_bytes()];
        bytes.extend(parts.iter().map(|part| part.as_bytes()));
        Self(Digest::of_parts(&bytes).to_string().chars().take(24).collect())
    }

    /// Enough of it for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One observation that something is wrong, or is right again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Of what cause.
    pub fingerprint: Fingerprint,
    /// Which service, as configured.
    pub service: String,
    /// Which environment, such as `production`.
    pub env: String,
    /// Dotted kind, one of [`kind`].
    pub kind: String,
    /// How bad, as far as this observation tells.
    pub severity: Severity,
    /// What it is, in one line of at most [`Signal::TITLE_MOST`] characters: a template, parameters masked.
    pub title: String,
    /// The probe that saw it.
    pub probe: String,
    /// Whether it is so or is over.
    pub state: SignalState,
    /// How many observations this stands for.
    pub count: u64,
    /// People it hit, as far as known.
    pub affected: u32,
    /// One example, at most [`Signal::SAMPLE_MOST`] bytes.
    pub sample: Option<String>,
    /// The program's own frames of a stack trace, the failing one first, at most [`Signal::FRAMES_MOST`].
    pub frames: Vec<Frame>,
    /// Host, pod, value, unit and the like.
    pub labels: BTreeMap<String, String>,
}

impl Signal {
    /// Service of what is said of the whole house.
    pub const HOUSE: &str = "house";
    /// What is told by lines is over when none has come for this long: a log never says that all is well.
    pub const LINES_QUIET: Millis = Millis::secs(30);
    /// Characters of a title.
    pub const TITLE_MOST: usize = 200;
    /// Bytes of a sample.
    pub const SAMPLE_MOST: usize = 4 * 1024;
    /// Frames kept.
    pub const FRAMES_MOST: usize = 5;
    /// Labels kept.
    pub const LABELS_MOST: usize = 16;

    /// That too much happens at once: one cause, whoever notices it.
    #[must_use]
    pub fn storm(state: SignalState) -> Self {
        Self {
            fingerprint: Fingerprint::of(&[Self::HOUSE, kind::STORM]),
            service: Self::HOUSE.into(),
            env: String::new(),
            kind: kind::STORM.into(),
            severity: Severity::P2,
            title: "too much happens at once".into(),
            probe: Self::HOUSE.into(),
            state,
            count: 1,
            affected: 0,
            sample: None,
            frames: Vec::new(),
            labels: BTreeMap::new(),
        }
    }
}

/// Whether what was seen is so or is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalState {
    /// It is so.
    Firing,
    /// It was so and is not any more.
    Clear,
}

/// A place in the program's own code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Frame {
    /// File as the trace names it, below the repository where that is known.
    pub file: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Module and function.
    pub function: String,
}

/// Kinds of signals.
pub mod kind {
    /// A log line of level error or worse.
    pub const LOG_ERROR: &str = "log.error";
    /// An exception with its stack trace.
    pub const LOG_EXCEPTION: &str = "log.exception";
    /// A panic, abort or segmentation fault in a log.
    pub const LOG_CRASH: &str = "log.crash";
    /// An HTTP check fails: no answer, wrong status or body.
    pub const HTTP_DOWN: &str = "http.down";
    /// An HTTP check answers too slowly.
    pub const HTTP_SLOW: &str = "http.slow";
    /// A certificate ends soon or has ended.
    pub const TLS_EXPIRY: &str = "tls.expiry";
    /// A port takes no connection.
    pub const TCP_DOWN: &str = "tcp.down";
    /// A process, unit or container does not run.
    pub const PROCESS_DOWN: &str = "process.down";
    /// It starts again and again.
    pub const PROCESS_FLAPPING: &str = "process.restarts";
    /// The kernel ended a process for want of memory.
    pub const PROCESS_OOM: &str = "process.oom";
    /// A file system is nearly full.
    pub const DISK_FULL: &str = "disk.full";
    /// A number is out of its bounds.
    pub const METRIC_BOUND: &str = "metric.bound";
    /// A number is not what it usually is.
    pub const METRIC_ANOMALY: &str = "metric.anomaly";
    /// A number changed its level.
    pub const METRIC_SHIFT: &str = "metric.shift";
    /// An error budget burns too fast.
    pub const SLO_BURN: &str = "slo.burn";
    /// Statements of a database are slow, locked or too many.
    pub const DB_SLOW: &str = "db.slow";
    /// Sessions wait for each other.
    pub const DB_LOCKS: &str = "db.locks";
    /// Connections are nearly used up.
    pub const DB_CONNECTIONS: &str = "db.connections";
    /// A replica lags.
    pub const DB_REPLICATION: &str = "db.replication";
    /// A cache's memory is nearly used up, or it evicts or refuses.
    pub const CACHE_MEMORY: &str = "cache.memory";
    /// An alarm of another system.
    pub const ALARM: &str = "alarm";
    /// Too much at once: the house says so itself, of all services together.
    pub const STORM: &str = "storm";
    /// A probe says nothing: "no data" is never "healthy".
    pub const SILENT: &str = "probe.silent";
    /// Whether it is read from lines of a log: they say that something went wrong, and never that it is well again.
    #[must_use]
    pub fn of_lines(kind: &str) -> bool {
        kind.starts_with("log.")
    }

    /// Whether it is made of text that others wrote.
    #[must_use]
    pub fn of_text(kind: &str) -> bool {
        of_lines(kind) || kind == ALARM
    }

    /// All of them. Other systems may have kinds of their own.
    pub const ALL: [&str; 23] = [
        LOG_ERROR,
        LOG_EXCEPTION,
        LOG_CRASH,
        HTTP_DOWN,
        HTTP_SLOW,
        TLS_EXPIRY,
        TCP_DOWN,
        PROCESS_DOWN,
        PROCESS_FLAPPING,
        PROCESS_OOM,
        DISK_FULL,
        METRIC_BOUND,
        METRIC_ANOMALY,
        METRIC_SHIFT,
        SLO_BURN,
        DB_SLOW,
        DB_LOCKS,
        DB_CONNECTIONS,
        DB_REPLICATION,
        CACHE_MEMORY,
        ALARM,
        STORM,
        SILENT,
    ];
}

/// What a probe read, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Which probe.
    pub probe: String,
    /// When, by the runtime's clock.
    pub at: Timestamp,
    /// What.
    pub reading: Reading,
}

/// What a probe read.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Log lines, oldest first, without their ends; raw, but valid UTF-8 and at most [`Reading::LINE_MOST`] bytes each.
    Lines(Vec<String>),
    /// Lines that could not be read in time and are gone.
    Lost(u64),
    /// A check, as it is now.
    Check(Check),
    /// A number, as it is now. Not a number: the source has a gap.
    Sample {
        /// Which, such as `http_latency_ms`.
        metric: String,
        /// How much.
        value: f64,
        /// Of what.
        labels: BTreeMap<String, String>,
    },
    /// An alarm of another system, in our words.
    Alarm(Box<Signal>),
    /// The probe itself could not look: why. Counts as silence.
    Blind(String),
}

impl Reading {
    /// Bytes of one line; the rest is cut.
    pub const LINE_MOST: usize = 16 * 1024;
    /// Lines of one reading.
    pub const LINES_MOST: usize = 4_096;
}

/// A check that holds or fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Name within its probe, such as `status`, `latency`, `tls`.
    pub name: String,
    /// Kind of the signal if it fails, one of [`kind`].
    pub kind: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// How bad it is if it fails.
    pub severity: Severity,
    /// What was found, in one line, untrusted.
    pub words: String,
    /// Host, value and the like.
    pub labels: BTreeMap<String, String>,
}
