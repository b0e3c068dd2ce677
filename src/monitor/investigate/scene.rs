//! What an investigation is about and what it may look with. Plain data: everything arrives as an argument, nothing
//! here looks at anything.

use crate::domain::{
    candidate::CommitId,
    incident::{AttemptOutcome, Remedy},
    service::Service,
    signal::{Check, Fingerprint, Observation, Reading, Signal, SignalState, kind},
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// An incident as it is handed to the investigator.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// Its signals, the newest of each cause; the first is the one that opened it.
    pub signals: Vec<Signal>,
    /// The service it is about.
    pub service: Service,
    /// The other watched services.
    pub others: Vec<Service>,
    /// The newest reading of every check and number, of this service and of those it stands on.
    pub readings: Vec<Newest>,
    /// Similar incidents of the past, the newest first.
    pub earlier: Vec<Earlier>,
    /// What was done for it already and did not help.
    pub tried: Vec<Remedy>,
    /// Releases of the service, the newest first.
    pub releases: Vec<Released>,
    /// When the first signal was seen.
    pub first_seen: Timestamp,
    /// When the newest signal was seen.
    pub last_seen: Timestamp,
    /// Now.
    pub now: Timestamp,
}

impl Scene {
    /// Signals looked at.
    pub const SIGNALS_MOST: usize = 32;
    /// Readings looked at.
    pub const READINGS_MOST: usize = 512;
    /// Earlier incidents looked at.
    pub const EARLIER_MOST: usize = 16;
    /// Releases looked at.
    pub const RELEASES_MOST: usize = 32;
    /// Quiet for this long after the newest signal: what only logs told of counts as over if all checks hold.
    pub const QUIET: Millis = Millis::mins(10);

    /// Kind of the signal that opened it; empty where there is none.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.signals.first().map_or("", |signal| signal.kind.as_str())
    }

    /// Whether some signal is of a kind that only text speaks for.
    #[must_use]
    pub fn told(&self) -> bool {
        self.signals.iter().any(|signal| signal.state == SignalState::Firing && kind::of_text(&signal.kind))
    }

    /// Signals whose text may speak for it. An incident of a log is spoken for by its own lines alone: what else the same log
    /// says is another cause. Any other one may find a second witness in every text of its service.
    pub fn telling(&self) -> impl Iterator<Item = &Signal> {
        let most = if kind::of_lines(self.kind()) { 1 } else { Self::SIGNALS_MOST };
        self.signals.iter().take(most).filter(|signal| kind::of_text(&signal.kind))
    }

    /// Checks of one service with their age, stale ones too.
    pub fn checks<'a>(&'a self, service: &'a str) -> impl Iterator<Item = (&'a Newest, &'a Check)> {
        self.readings
            .iter()
            .take(Self::READINGS_MOST)
            .filter(move |newest| newest.service == service)
            .filter_map(|newest| match &newest.seen.reading {
                Reading::Check(check) => Some((newest, check)),
                _ => None,
            })
    }
}

/// The newest reading of one check or number.
#[derive(Debug, Clone)]
pub struct Newest {
    /// The service its probe watches.
    pub service: String,
    /// How often its probe looks.
    pub every: Millis,
    /// What it read, and when.
    pub seen: Observation,
    /// Whether its probe has looked again and could not ask this: it is not so now, however young.
    pub lapsed: bool,
}

impl Newest {
    /// Rounds that may be missed before a reading says nothing about now.
    const ROUNDS: u64 = 3;
    /// A reading younger than this is of now, however often its probe looks.
    const FRESH_LEAST: Millis = Millis::secs(60);

    /// Whether it still says something about now.
    #[must_use]
    pub fn fresh(&self, now: Timestamp) -> bool {
        let most = Millis(self.every.0.saturating_mul(Self::ROUNDS)).max(Self::FRESH_LEAST);
        !self.lapsed && now.since(self.seen.at) <= most
    }
}

/// A similar incident of the past.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its cause's identity.
    pub fingerprint: Fingerprint,
    /// What it was put down to.
    pub cause: String,
    /// What was done.
    pub remedy: Remedy,
    /// What that came to.
    pub outcome: Option<AttemptOutcome>,
    /// When it opened.
    pub at: Timestamp,
}

/// A release of the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Released {
    /// When it took effect.
    pub at: Timestamp,
    /// When it was first seen to be in place.
    pub seen: Timestamp,
    /// The commit it was built from, where known.
    pub commit: Option<CommitId>,
    /// What the service's `current` said once it was in place: a digest, a commit, a version.
    pub said: String,
    /// It was there before, and the house put it back.
    pub put_back: bool,
}

/// What may be used for looking. All of it only reads.
#[derive(Debug, Clone)]
pub struct Means {
    /// Where the kernel tells about processes.
    pub proc: PathBuf,
    /// Where the system keeps its state of this boot.
    pub run: PathBuf,
    /// How long all looking may take.
    pub budget: Millis,
    /// How long a cluster may take, where the service runs in one: it is far, and signs in anew each time.
    pub far: Millis,
    /// Programs that may be asked. A program that is not here is not started.
    pub programs: Vec<String>,
    /// Set for those programs on top of the scrubbed environment: the same as for probes and runbooks.
    pub env: Vec<(String, String)>,
}

impl Means {
    /// For everything together.
    pub const BUDGET: Millis = Millis::secs(2);
    /// For a cluster.
    pub const FAR: Millis = Millis::secs(5);

    /// This machine, with every program that the looking knows.
    #[must_use]
    pub fn host() -> Self {
        let programs = ["systemctl", "timedatectl", "journalctl", "docker", "podman", "kubectl", "git"];
        Self {
            proc: "/proc".into(),
            run: "/run".into(),
            budget: Self::BUDGET,
            far: Self::FAR,
            programs: programs.map(str::to_owned).to_vec(),
            env: Vec::new(),
        }
    }

    /// The same, with these variables for the programs.
    #[must_use]
    pub fn with(self, env: &[(String, String)]) -> Self {
        Self { env: env.to_vec(), ..self }
    }

    /// Whether this program may be asked.
    #[must_use]
    pub fn may(&self, program: &str) -> bool {
        self.programs.iter().any(|known| known == program)
    }
}
