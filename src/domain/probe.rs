//! A probe as the director wrote it down: what is looked at, how often, and what counts as wrong.

use super::{
    severity::Severity,
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};

/// One probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSpec {
    /// `^[a-z0-9-]{1,64}$`, unique.
    pub id: String,
    /// The service it watches.
    pub service: String,
    /// Such as `production`.
    pub env: String,
    /// How often it looks; sources that speak by themselves are read at once.
    pub every: Millis,
    /// How long one look may take.
    pub timeout: Millis,
    /// Silence for longer than this is an incident of its own.
    pub heartbeat: Millis,
    /// Lines of a log that must come within this, where the director set it: a quiet log is well otherwise.
    #[serde(default)]
    pub quiet_most: Option<Millis>,
    /// How bad a failing check is, where the source cannot tell.
    pub severity: Severity,
    /// Where it looks.
    pub source: Source,
}

/// Where a probe looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Source {
    /// A log file, followed over rotation.
    File {
        /// Absolute.
        path: String,
    },
    /// A command that prints lines and goes on: `journalctl -f`, `docker logs -f`, `kubectl logs -f`.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
    },
    /// A web address.
    Http {
        /// Where.
        url: String,
        /// Lowest and highest status that is well.
        status: (u16, u16),
        /// Regular expression that the first 64 KiB of the body must match.
        body: Option<String>,
        /// Slower than this is wrong.
        latency: Millis,
        /// A certificate must be good for this many days.
        tls_days: u32,
    },
    /// A port.
    Tcp {
        /// Host and port.
        address: String,
    },
    /// A process, found by its pid file or by its command line.
    Process {
        /// File with its number.
        pid_file: Option<String>,
        /// Text that its command line contains.
        command: Option<String>,
        /// Restarts within ten minutes from which it is wrong.
        restarts_most: u32,
    },
    /// A systemd unit.
    Unit {
        /// Its name.
        name: String,
        /// Restarts within ten minutes from which it is wrong.
        restarts_most: u32,
    },
    /// A container.
    Container {
        /// Its name.
        name: String,
        /// Program that knows it: `docker` or `podman`.
        program: String,
        /// Restarts within ten minutes from which it is wrong.
        restarts_most: u32,
    },
    /// Space of the file system or size of the directory that a path is on.
    Disk {
        /// Absolute.
        path: String,
        /// Fullness in percent from which it is wrong.
        full_pct: u8,
        /// Bytes that a directory may hold, where it is one that grows.
        size_most: Option<u64>,
    },
    /// A Prometheus query.
    Prometheus {
        /// Address of the server.
        url: String,
        /// In PromQL.
        query: String,
        /// Asked as a range over this span instead of at one instant.
        range: Option<Millis>,
        /// What counts as wrong.
        bound: Bound,
    },
    /// PostgreSQL's own statistics, read-only. Supabase is reached the same way.
    Postgres {
        /// Where the address with its password comes from: `env:NAME` or `cmd:COMMAND`.
        url: String,
        /// A statement that runs longer is slow.
        slow: Millis,
        /// Share of connections, in percent, from which it is wrong.
        connections_pct: u8,
        /// A replica may lag this long.
        lag: Millis,
    },
    /// Redis' own statistics.
    Redis {
        /// Where the address comes from: `redis://host:port`, `env:NAME` or `cmd:COMMAND`.
        url: String,
        /// Share of `maxmemory`, in percent, from which it is wrong.
        memory_pct: u8,
    },
    /// Payloads that other systems send.
    Webhook {
        /// How they are written.
        format: WebhookFormat,
        /// Where the secret comes from that proves who sent one: `env:NAME` or `cmd:COMMAND`; empty: nobody can.
        #[serde(default)]
        secret: String,
    },
}

impl Source {
    /// Restarts within ten minutes from which it is wrong, where nothing else is laid down.
    pub const RESTARTS_MOST: u32 = 3;

    /// Restarts within ten minutes from which it is wrong.
    #[must_use]
    pub fn restarts_most(&self) -> u32 {
        match self {
            Self::Process { restarts_most, .. }
            | Self::Unit { restarts_most, .. }
            | Self::Container { restarts_most, .. } => *restarts_most,
            _ => Self::RESTARTS_MOST,
        }
    }

    /// Whether it speaks by itself, in lines, and is not asked.
    #[must_use]
    pub fn speaks(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Command { .. })
    }

    /// The word in files and lists.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::File { .. } => "file",
            Self::Command { .. } => "command",
            Self::Http { .. } => "http",
            Self::Tcp { .. } => "tcp",
            Self::Process { .. } => "process",
            Self::Unit { .. } => "unit",
            Self::Container { .. } => "container",
            Self::Disk { .. } => "disk",
            Self::Prometheus { .. } => "prometheus",
            Self::Postgres { .. } => "postgres",
            Self::Redis { .. } => "redis",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// What counts as wrong of a number. Kept as text so that it is written back as it was read: `> 0.5`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Whether above or below.
    pub above: bool,
    /// The number that fires, as written.
    pub fire: String,
    /// The number at which it is over, as written; 0.9 of the other one where nothing is said.
    pub clear: String,
}

/// How a payload is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// Prometheus Alertmanager, version 4.
    Alertmanager,
    /// Sentry issue and metric alerts.
    Sentry,
    /// GitHub workflow runs, check suites, deployments.
    Github,
    /// Vercel deployments.
    Vercel,
    /// Messages of Slack's Events API.
    Slack,
    /// Stripe events.
    Stripe,
    /// Anything else: title, severity, status, service.
    Generic,
}

/// How a probe does, for screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeHealth {
    /// Which.
    pub id: String,
    /// The service it watches.
    pub service: String,
    /// What sort of source.
    pub source: String,
    /// What it finds.
    pub state: ProbeState,
    /// In one line: what fails, why it sees nothing, what was read last.
    pub words: String,
    /// When it last read anything.
    pub heard: Option<Timestamp>,
    /// Nothing fails but that it began again too often of late: a count of the past, which a remedy that restarts adds to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_restarts: bool,
}

/// What a probe finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeState {
    /// It has not read anything yet.
    Waiting,
    /// All is well.
    Well,
    /// Something is wrong.
    Failing,
    /// It cannot look, or says nothing. Never to be taken for well.
    Silent,
}

impl ProbeState {
    /// The word in lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Well => "well",
            Self::Failing => "failing",
            Self::Silent => "silent",
        }
    }
}
