//! The monitor at work: probes look, the watchtower tells what it comes to, and the engine hears of it as an order. Owns
//! the tasks of the probes; they end when the engine does. Decides nothing.

mod releases;

use super::{orders::Orders, supervisor::beside};
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
        watchtower::Watchtower,
    },
};
use releases::Releases;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

/// Observations that may wait; a full lane holds the probes up, never people.
const LANE_MOST: usize = 256;
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
    pub fn new(probes: Vec<ProbeSpec>, eyes: Eyes, health: watch::Sender<Arc<Vec<ProbeHealth>>>) -> Self {
        let tower = Mutex::new(Watchtower::new(&probes, (eyes.now)()));
        Self { probes, eyes, tower, releases: Releases::default(), health }
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
    pub async fn keep(self: Arc<Self>, orders: Orders, mut closed: watch::Receiver<bool>) {
        let (sink, mut lane) = mpsc::channel::<Observation>(LANE_MOST);
        for probe in &self.probes {
            beside(probes::watch(probe.clone(), self.eyes.clone(), sink.clone()));
        }
        // Payloads come by another door; without probes there is nothing to wait for but the end.
        let mut beat = interval(BEAT.to_std());
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let signals = tokio::select! {
                _ = closed.wait_for(|closed| *closed) => return,
                Some(seen) = lane.recv() => self.tower().observe(seen),
                _ = beat.tick() => self.beat((self.eyes.now)()),
            };
            tell(&orders, signals).await;
        }
    }

    fn beat(&self, now: Timestamp) -> Vec<Signal> {
        let mut tower = self.tower();
        let signals = tower.tick(now);
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

async fn tell(orders: &Orders, signals: Vec<Signal>) {
    for some in signals.chunks(HealCommand::SIGNALS_MOST) {
        let command = Command::Heal(HealCommand::Observe(some.to_vec()));
        if let Err(error) = orders.give(Actor::Engine, command).await {
            tracing::warn!(%error, "signals were not taken");
        }
    }
}
