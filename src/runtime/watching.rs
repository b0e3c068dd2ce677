//! The monitor at work: probes look, the watchtower tells what it comes to, and the engine hears of it as an order. Owns
//! the tasks of the probes; they end when the engine does. Decides nothing.

use super::{orders::Orders, supervisor::beside};
use crate::{
    domain::{
        probe::{ProbeHealth, ProbeSpec},
        request::Actor,
        signal::{Observation, Signal},
        time::{Millis, Timestamp},
    },
    engine::command::{Command, HealCommand},
    monitor::{
        investigate::scene::Newest,
        looking::Course,
        probes::{self, Eyes},
        watchtower::Watchtower,
    },
};
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
    health: watch::Sender<Arc<Vec<ProbeHealth>>>,
}

impl Watch {
    pub fn new(probes: Vec<ProbeSpec>, eyes: Eyes, health: watch::Sender<Arc<Vec<ProbeHealth>>>) -> Self {
        let tower = Mutex::new(Watchtower::new(&probes, (eyes.now)()));
        Self { probes, eyes, tower, health }
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
