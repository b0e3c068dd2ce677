//! The monitor at work: probes look, the watchtower tells what it comes to, and the engine hears of it as an order. Owns
//! the tasks of the probes; they end when the engine does. Decides nothing.

mod hooks;
mod releases;

pub use hooks::{BODY_MOST, Hooks, NotTaken, Taken};

use super::{handle::SendError, orders::Orders, supervisor::beside};
use crate::{
    domain::{
        probe::{ProbeHealth, ProbeSpec},
        request::Actor,
        service::Service,
        signal::{Observation, Signal},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, HealCommand},
        state::State,
    },
    monitor::{
        investigate::{Released, scene::Newest},
        looking::Course,
        probes::{self, Eyes},
        watchtower::{Watchtower, Weather},
    },
};
use releases::Releases;
use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

/// Observations that may wait; a full lane holds the probes up, never people.
const LANE_MOST: usize = 256;
/// Portions of lines that may wait, on a lane of their own: a log that catches up holds itself up and nobody else.
const LINES_LANE_MOST: usize = 16;
/// How often silence and held signals are looked at, and screens told how probes do.
const BEAT: Millis = Millis::secs(1);

/// What is watched, for whoever looks into an incident.
pub(in crate::runtime) struct Watch {
    probes: Vec<ProbeSpec>,
    eyes: Eyes,
    tower: Mutex<Watchtower>,
    releases: Releases,
    health: watch::Sender<Arc<Vec<ProbeHealth>>>,
}

impl Watch {
    pub fn new(
        (probes, eyes): (Vec<ProbeSpec>, Eyes),
        health: watch::Sender<Arc<Vec<ProbeHealth>>>,
        data: &Path,
    ) -> Self {
        let tower = Mutex::new(Watchtower::new(&probes, (eyes.now)()));
        Self { probes, eyes, tower, releases: Releases::of_data(data), health }
    }

    fn tower(&self) -> MutexGuard<'_, Watchtower> {
        self.tower.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Probes of a service.
    pub fn probes_of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a ProbeSpec> {
        self.probes.iter().filter(move |probe| probe.service == service)
    }

    /// The newest reading of every check and number.
    pub fn newest(&self) -> Vec<Newest> {
        self.tower().newest()
    }

    /// Releases of a service, the newest first.
    pub fn releases_of(&self, service: &str) -> Vec<Released> {
        self.releases.of(service)
    }

    /// Asks what is in place of a service now.
    pub async fn ask_release(&self, service: &Service) {
        self.releases.ask(std::slice::from_ref(service), || (self.eyes.now)()).await;
    }

    /// Asks what is in place, now and then, until the engine closes.
    pub async fn ask_releases(
        self: Arc<Self>,
        state: watch::Receiver<Arc<State>>,
        mut closed: watch::Receiver<bool>,
    ) {
        let mut turn = interval(releases::EVERY.to_std());
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let open = tokio::select! {
                _ = closed.changed() => false,
                _ = turn.tick() => true,
            };
            if !open {
                return;
            }
            let services = state.borrow().policy.healing.services.clone();
            self.releases.ask(&services, || (self.eyes.now)()).await;
        }
    }

    /// How numbers went.
    pub fn courses(&self) -> Vec<Course> {
        self.tower().courses()
    }

    /// How probes do now.
    pub fn health(&self) -> Vec<ProbeHealth> {
        self.tower().health()
    }

    /// Watches until the engine closes.
    pub async fn keep(
        self: Arc<Self>,
        orders: Orders,
        state: watch::Receiver<Arc<State>>,
        mut closed: watch::Receiver<bool>,
    ) {
        let (sinks, mut lanes) = lanes();
        self.tower().recall(&lasting(&state.borrow()));
        for probe in &self.probes {
            beside(probes::watch(probe.clone(), self.eyes.clone(), sinks.of(probe)));
        }
        // Payloads come by another door; without probes there is nothing to wait for but the end.
        let mut beat = interval(BEAT.to_std());
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let signals = tokio::select! {
                biased;
                _ = closed.wait_for(|closed| *closed) => return,
                _ = beat.tick() => {
                    let weather = weather(&state.borrow());
                    self.beat((self.eyes.now)(), weather)
                }
                Some(seen) = lanes.next() => self.tower().observe(seen),
            };
            tell(&orders, signals).await;
        }
    }

    fn beat(&self, now: Timestamp, weather: Weather) -> Vec<Signal> {
        let mut tower = self.tower();
        let signals = tower.tick(now, weather);
        let health = tower.health();
        drop(tower);
        self.health.send_if_modified(|before| {
            let changed = **before != health;
            if changed {
                *before = Arc::new(health);
            }
            changed
        });
        signals
    }
}

/// What was told before and is not over.
fn lasting(state: &State) -> Vec<Signal> {
    let firing = state.ward.live().filter(|incident| incident.sightings.firing);
    firing.map(|incident| incident.signal()).collect()
}

fn weather(state: &State) -> Weather {
    Weather { ingest_factor: state.policy.healing.storm.ingest_factor, storm: state.ward.storm.is_some() }
}

/// Where probes put what they read.
struct Sinks {
    looks: mpsc::Sender<Observation>,
    lines: mpsc::Sender<Observation>,
}

impl Sinks {
    fn of(&self, probe: &ProbeSpec) -> mpsc::Sender<Observation> {
        if probe.source.speaks() { self.lines.clone() } else { self.looks.clone() }
    }
}

/// What they read and nobody has taken in yet.
struct Lanes {
    looks: mpsc::Receiver<Observation>,
    lines: mpsc::Receiver<Observation>,
}

fn lanes() -> (Sinks, Lanes) {
    let (looks, look_lane) = mpsc::channel(LANE_MOST);
    let (lines, line_lane) = mpsc::channel(LINES_LANE_MOST);
    (Sinks { looks, lines }, Lanes { looks: look_lane, lines: line_lane })
}

impl Lanes {
    /// The next one: what was asked before one more portion of lines. `None`: nobody looks any more.
    async fn next(&mut self) -> Option<Observation> {
        tokio::select! {
            biased;
            Some(seen) = self.looks.recv() => Some(seen),
            Some(seen) = self.lines.recv() => Some(seen),
            else => None,
        }
    }
}

async fn tell(orders: &Orders, signals: Vec<Signal>) {
    if let Err(error) = give(orders, signals).await {
        tracing::warn!(%error, "signals were not taken");
    }
}

/// Gives all of them, also behind some that were not taken; the first failure.
async fn give(orders: &Orders, signals: Vec<Signal>) -> Result<(), SendError> {
    let mut all = Ok(());
    for some in signals.chunks(HealCommand::SIGNALS_MOST) {
        let command = Command::Heal(HealCommand::Observe(some.to_vec()));
        let done = orders.give(Actor::Engine, command).await;
        all = all.and(done.map(drop));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{incident::Severity, probe::Source, signal::Reading};

    fn probe(id: &str, source: Source) -> ProbeSpec {
        ProbeSpec {
            id: id.into(),
            service: "web".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(5),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P2,
            source,
        }
    }

    fn seen(probe: &str) -> Observation {
        Observation { probe: probe.into(), at: Timestamp(0), reading: Reading::Lines(vec!["x".into()]) }
    }

    #[tokio::test]
    async fn c2_a_log_that_catches_up_holds_itself_up_and_no_other_probe() {
        let (sinks, mut lanes) = lanes();
        let log = sinks.of(&probe("log", Source::File { path: "/log".into() }));
        let port = sinks.of(&probe("port", Source::Tcp { address: "127.0.0.1:1".into() }));
        while log.try_send(seen("log")).is_ok() {}
        port.try_send(seen("port")).unwrap();
        assert_eq!(lanes.next().await.unwrap().probe, "port", "behind a full lane of lines, and yet next");
        assert_eq!(lanes.next().await.unwrap().probe, "log");
        drop((sinks, log, port));
        while let Some(rest) = lanes.next().await {
            assert_eq!(rest.probe, "log");
        }
    }
}
