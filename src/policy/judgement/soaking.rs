//! What was seen of a release while it was watched, in bounded memory. A tick is one look; what came before the
//! warm-up was over is kept apart and serves the catastrophic rules only.
//!
//! Numbers that are none: a counter that was not counted stands for 0, a gauge that was not read for nothing.

use super::{normal, normal::Share, reservoir::Reservoir};
use crate::{domain::time::Millis, policy::healing::Soak};
use std::collections::{BTreeSet, VecDeque};

/// New fingerprints remembered.
pub const FRESH_MOST: usize = 256;
/// Places remembered of one new fingerprint.
pub const PLACES_MOST: usize = 16;
/// Resources remembered.
pub const RESOURCES_MOST: usize = 32;
/// Values remembered of one resource.
pub const USES_MOST: usize = 64;
/// Looks in a row without data after which data counts as missing.
pub const BLIND_MOST: u32 = 4;
/// How far back the slope of a resource is taken.
pub const SLOPE_OVER: Millis = Millis::mins(5);
/// Response times of one tick below which its p95 says nothing.
const TICK_LATENCIES_LEAST: usize = 5;

/// One side: the old version or the new.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arm {
    /// Errors out of requests.
    pub errors: Share,
    /// Response times in milliseconds.
    pub latency: Reservoir,
}

impl Arm {
    fn add(&mut self, load: &Load) {
        self.errors.all += counted(load.requests);
        self.errors.bad += counted(load.errors);
        self.latency.extend(&load.latencies_ms);
    }
}

/// A counter's rise: no number and less than nothing are nothing.
fn counted(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

/// Traffic of one tick.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Requests.
    pub requests: f64,
    /// Those of them that failed.
    pub errors: f64,
    /// Response times, all or a sample.
    pub latencies_ms: Vec<f64>,
}

/// Whether the process runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Process {
    /// It runs.
    Running,
    /// It does not.
    Down,
    /// Nobody looked.
    #[default]
    Unknown,
}

/// How bad a new kind of error is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An error like others.
    Plain,
    /// A panic, an abort, a segmentation fault, corrupt data.
    Catastrophic,
}

/// Hits of a fingerprint that the baseline has not had in seven days and that nobody allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct FreshError {
    /// The fingerprint, or its title.
    pub name: String,
    /// Hits in this tick.
    pub hits: u32,
    /// Requests or hosts that had it.
    pub places: Vec<String>,
    /// How bad.
    pub class: Class,
}

/// How much of a resource is used.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// Such as `rss` or `connections`.
    pub name: String,
    /// The candidate's.
    pub candidate: f64,
    /// The baseline's.
    pub baseline: f64,
    /// The most there can be; not a number where nobody knows.
    pub limit: f64,
}

/// One look. `None` where the source could not be asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tick {
    /// Since the release was in place.
    pub since: Millis,
    /// Traffic of the old version, where it runs beside the new one.
    pub baseline: Option<Load>,
    /// Traffic of the new version.
    pub candidate: Option<Load>,
    /// Health checks of this tick, in order; `true` holds.
    pub health: Vec<bool>,
    /// Whether the process runs.
    pub process: Process,
    /// New errors.
    pub fresh: Vec<FreshError>,
    /// Resources.
    pub uses: Vec<Use>,
    /// Processes that the kernel ended for want of memory.
    pub oom_kills: u32,
}

/// What was seen of one new fingerprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Fresh {
    /// The fingerprint, or its title.
    pub name: String,
    /// Hits after the warm-up.
    pub hits: u32,
    /// Hits in all.
    pub ever: u32,
    /// Requests or hosts after the warm-up.
    pub places: BTreeSet<String>,
    /// How bad.
    pub class: Class,
}

/// What was seen of one resource after the warm-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// When and how much, oldest first.
    pub history: VecDeque<(Millis, f64)>,
    /// The baseline's use.
    pub baseline: f64,
    /// The most there can be; not a number where nobody knows.
    pub limit: f64,
}

/// Health checks after the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checks {
    /// All.
    pub all: u32,
    /// Those that failed.
    pub failed: u32,
    /// Most that failed in a row.
    pub row: u32,
    now: u32,
}

/// Everything seen of a release.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Soaking {
    /// The old version.
    pub baseline: Arm,
    /// The new one after the warm-up.
    pub candidate: Arm,
    /// The new one from the beginning.
    pub whole: Share,
    /// Health checks.
    pub checks: Checks,
    /// New errors.
    pub fresh: Vec<Fresh>,
    /// Resources.
    pub resources: Vec<Resource>,
    /// Processes ended for want of memory.
    pub oom_kills: u32,
    /// Longest that the process was down.
    pub down: Millis,
    /// Longest that response times were beyond all bounds.
    pub stalled: Millis,
    /// Time, runs and gaps.
    pub course: Course,
}

/// How the watching went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    /// The last look.
    pub last: Millis,
    /// Looks.
    pub looks: u32,
    /// Looks in a row without the candidate's traffic, up to the last one.
    pub blind: u32,
    /// Looks without it in all.
    pub blind_ever: u32,
    down_since: Option<Millis>,
    stalled_since: Option<Millis>,
}

impl Soaking {
    /// Begins with what is known of the old version from before; traffic that it has beside the new one is added.
    #[must_use]
    pub fn against(baseline: Arm) -> Self {
        Self { baseline, ..Self::default() }
    }

    /// Takes a look in. Looks come in order; one that is older than the last counts as if it came with it.
    pub fn take(&mut self, tick: &Tick, soak: &Soak) {
        let at = tick.since.max(self.course.last);
        let settled = at >= soak.warmup;
        self.course.last = at;
        self.course.looks = self.course.looks.saturating_add(1);
        if let Some(load) = &tick.baseline {
            self.baseline.add(load);
        }
        self.traffic(tick, settled);
        self.stall(tick, at);
        self.process(tick.process, at);
        self.oom_kills = self.oom_kills.saturating_add(tick.oom_kills);
        tick.fresh.iter().for_each(|error| self.new_error(error, settled));
        if settled {
            tick.health.iter().for_each(|held| self.check(*held));
            tick.uses.iter().for_each(|used| self.used(used, at));
        }
    }

    fn traffic(&mut self, tick: &Tick, settled: bool) {
        let Some(load) = &tick.candidate else {
            self.course.blind = self.course.blind.saturating_add(1);
            self.course.blind_ever = self.course.blind_ever.saturating_add(1);
            return;
        };
        self.course.blind = 0;
        self.whole.all += counted(load.requests);
        self.whole.bad += counted(load.errors);
        if settled {
            self.candidate.add(load);
        }
    }

    /// Response times of this tick alone: ten times the baseline's and above a second.
    fn stall(&mut self, tick: &Tick, at: Millis) {
        let Some(load) = &tick.candidate else { return };
        let mut sorted: Vec<f64> = load.latencies_ms.iter().copied().filter(|ms| ms.is_finite()).collect();
        if sorted.len() < TICK_LATENCIES_LEAST {
            return;
        }
        sorted.sort_by(f64::total_cmp);
        let now = normal::percentile(&sorted, 95.0).unwrap_or(0.0);
        let usual = normal::percentile(&self.baseline.latency.sorted(), 95.0);
        let stalled = now > 1_000.0 && usual.is_some_and(|usual| now > 10.0 * usual);
        if !stalled {
            self.course.stalled_since = None;
            return;
        }
        let since = *self.course.stalled_since.get_or_insert(at);
        self.stalled = self.stalled.max(Millis(at.0.saturating_sub(since.0)));
    }

    fn process(&mut self, process: Process, at: Millis) {
        match process {
            Process::Running => self.course.down_since = None,
            Process::Unknown => {}
            Process::Down => {
                let since = *self.course.down_since.get_or_insert(at);
                self.down = self.down.max(Millis(at.0.saturating_sub(since.0)));
            }
        }
    }

    fn check(&mut self, held: bool) {
        let checks = &mut self.checks;
        checks.all = checks.all.saturating_add(1);
        if held {
            checks.now = 0;
            return;
        }
        checks.failed = checks.failed.saturating_add(1);
        checks.now = checks.now.saturating_add(1);
        checks.row = checks.row.max(checks.now);
    }

    fn new_error(&mut self, error: &FreshError, settled: bool) {
        let known = self.fresh.iter().position(|known| known.name == error.name);
        let place = known.unwrap_or(self.fresh.len());
        if known.is_none() {
            // A catastrophic one is never lost for want of room.
            let room = self.fresh.len() < FRESH_MOST;
            if !room {
                let Some(least) = self.fresh.iter().position(|known| known.class == Class::Plain) else {
                    return;
                };
                if error.class == Class::Plain {
                    return;
                }
                self.fresh.remove(least);
            }
            self.fresh.push(Fresh {
                name: error.name.clone(),
                hits: 0,
                ever: 0,
                places: BTreeSet::new(),
                class: error.class,
            });
        }
        let place = place.min(self.fresh.len().saturating_sub(1));
        let Some(fresh) = self.fresh.get_mut(place) else { return };
        if error.class == Class::Catastrophic {
            fresh.class = Class::Catastrophic;
        }
        fresh.ever = fresh.ever.saturating_add(error.hits);
        if settled {
            fresh.hits = fresh.hits.saturating_add(error.hits);
            let room = PLACES_MOST.saturating_sub(fresh.places.len());
            fresh.places.extend(error.places.iter().take(room).cloned());
        }
    }

    fn used(&mut self, used: &Use, at: Millis) {
        if !used.candidate.is_finite() {
            return;
        }
        let place = self.resources.iter().position(|known| known.name == used.name);
        let place = place.unwrap_or_else(|| {
            if self.resources.len() < RESOURCES_MOST {
                self.resources.push(Resource {
                    name: used.name.clone(),
                    history: VecDeque::new(),
                    baseline: f64::NAN,
                    limit: f64::NAN,
                });
            }
            self.resources.len() - 1
        });
        let Some(resource) = self.resources.get_mut(place).filter(|known| known.name == used.name) else {
            return;
        };
        if used.baseline.is_finite() {
            resource.baseline = used.baseline;
        }
        if used.limit.is_finite() {
            resource.limit = used.limit;
        }
        resource.history.push_back((at, used.candidate));
        while resource.history.len() > USES_MOST {
            resource.history.pop_front();
        }
    }
}
