//! Where the monitor looks. One file a source; each says what it found as readings, untrusted, and what kept it from
//! looking as [`Reading::Blind`], which counts as silence: "no data" is never "healthy".
//!
//! Files and commands are followed and speak by themselves; everything else is asked each time its turn comes, and a
//! process once between two turns when it has ended. A look is bounded in time, memory and output. Nothing here changes
//! what it looks at, decides what is an incident, reads settings or keeps a secret; what it looks with is handed in as
//! [`Eyes`].
//!
//! Invariants: a probe ends with its future or when nobody listens; a listener that is behind holds its probe up instead
//! of filling memory; what cannot be told in time is counted as [`Reading::Lost`].

mod before;
mod command;
mod container;
mod disk;
mod eyes;
mod file;
mod found;
mod http;
mod knell;
mod lines;
mod past;
mod postgres;
mod process;
mod program;
mod prometheus;
mod reach;
mod redis;
mod repeats;
#[cfg(test)]
mod stage;
mod tcp;
mod trust;
mod unit;
mod voice;

use crate::domain::{
    digest::Digest,
    probe::{ProbeSpec, Source},
    signal::{Observation, Reading},
    time::Millis,
};
use past::Past;
use tokio::{
    sync::mpsc::Sender,
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use voice::{Unheard, Voice};

pub use eyes::{Begin, Eyes, Now, Resolve, Web};
pub(super) use http::not_after;
pub(super) use redis::keys;

/// No probe looks more often, and no look is shorter.
const LEAST: Millis = Millis(20);
/// The first looks of all probes are spread over at most this time.
const SPREAD: Millis = Millis::secs(5);

/// Watches until nobody listens or the future is dropped.
pub async fn watch(spec: ProbeSpec, eyes: Eyes, sink: Sender<Observation>) {
    let spec = ProbeSpec { every: spec.every.max(LEAST), timeout: spec.timeout.max(LEAST), ..spec };
    let voice = Voice::of(&spec, &eyes, &sink);
    let ended = match &spec.source {
        Source::File { path } => file::follow(&spec, path, &eyes, &voice).await,
        Source::Command { argv } => command::follow(&spec, argv, &eyes, &voice).await,
        // Its payloads come by another door.
        Source::Webhook { .. } => {
            voice.unheard().await;
            Err(Unheard)
        }
        _ => poll(&spec, &eyes, &voice).await,
    };
    tracing::debug!(probe = spec.id, unheard = ended == Err(Unheard), "a probe has ended");
}

/// Looks once. What is followed live tells no lines here, only whether there are some to be read.
pub async fn once(spec: &ProbeSpec, eyes: &Eyes) -> Vec<Reading> {
    look(spec, eyes, &mut Past::default()).await
}

async fn poll(spec: &ProbeSpec, eyes: &Eyes, voice: &Voice<'_>) -> Result<(), Unheard> {
    let mut past = Past::default();
    let mut turns = interval_at(Instant::now() + jitter(&spec.id, spec.every).to_std(), spec.every.to_std());
    // A look that took longer than its turn is followed by the next one, not by all that were missed.
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut early = false;
    loop {
        let looked = async {
            early = tokio::select! {
                _ = turns.tick() => false,
                // Once: what ends again and again is looked at in its turn.
                () = past.rings(spec.every), if !early => true,
            };
            look(spec, eyes, &mut past).await
        };
        let readings = tokio::select! {
            readings = looked => readings,
            () = voice.unheard() => return Err(Unheard),
        };
        for reading in readings {
            voice.say(reading).await?;
        }
    }
}

async fn look(spec: &ProbeSpec, eyes: &Eyes, past: &mut Past) -> Vec<Reading> {
    let looking = async {
        match &spec.source {
            Source::File { path } => file::look(path).await,
            Source::Command { argv } => command::look(spec, argv, eyes).await,
            Source::Http { .. } => http::look(spec, eyes).await,
            Source::Tcp { address } => tcp::look(spec, address).await,
            Source::Process { pid_file, command, .. } => {
                let wanted = process::Wanted { pid_file: pid_file.clone(), command: command.clone() };
                process::look(spec, &wanted, (eyes.now)(), past).await
            }
            Source::Unit { name, .. } => unit::look(spec, name, eyes, past).await,
            Source::Container { name, program, .. } => {
                container::look(spec, (program, name), eyes, past).await
            }
            Source::Disk { path, full_pct, size_most } => {
                let place = disk::Place { path: path.into(), full_pct: *full_pct, size_most: *size_most };
                disk::look(spec, place, past).await
            }
            Source::Prometheus { .. } => prometheus::look(spec, eyes).await,
            Source::Postgres { .. } => postgres::look(spec, eyes).await,
            Source::Redis { .. } => redis::look(spec, eyes).await,
            Source::Webhook { .. } => Ok(Vec::new()),
        }
    };
    match timeout(spec.timeout.to_std(), looking).await {
        Ok(Ok(readings)) => readings,
        Ok(Err(why)) => vec![Reading::Blind(reach::clean(&why))],
        Err(_) => vec![Reading::Blind(format!("the look took longer than {} ms", spec.timeout.0))],
    }
}

/// When a probe looks first: the same each time, another for each probe, so that not all of them look at once.
fn jitter(id: &str, every: Millis) -> Millis {
    let spread = every.min(SPREAD).0.max(1);
    let digest = Digest::of(id.as_bytes());
    let number = digest.0.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    Millis(number % spread)
}

#[cfg(test)]
mod tests;
