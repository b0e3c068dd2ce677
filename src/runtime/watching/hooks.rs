//! Payloads of other systems on their way in: proven, read, and taken by the watchtower like what a probe reads. Answered
//! only when what they come to is in the journal, so that a sender who hears nothing sends again and nothing is lost; what
//! was signed and comes a second time is refused.
//!
//! Owns what is remembered of each sender, over restarts too. The journal comes first: where this process is struck down or
//! the sender hangs up between the two, the same payload is taken once more, and none is lost.

use super::{Watch, give};
use crate::{
    domain::{
        digest::Digest,
        probe::{ProbeSpec, Source, WebhookFormat},
        signal::{Observation, Reading},
        time::{Millis, Timestamp},
    },
    monitor::webhooks::{
        self,
        signature::{Delivery, Refused, prove},
    },
    runtime::{handle::SendError, orders::Orders},
    store::known::Known,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes of a payload.
pub const BODY_MOST: usize = webhooks::BODY_MOST;
/// Signed payloads of one sender that are remembered; the oldest is forgotten first.
const KNOWN_MOST: usize = 2_048;
/// How long a secret counts before its source is asked again: nobody can make this machine run a command by knocking.
const SECRET_FOR: Millis = Millis::mins(1);

/// What came of a payload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Alarms that were taken in.
    pub signals: usize,
    /// Parts that could not be read, each with its field; the others were taken in all the same.
    pub problems: Vec<String>,
    /// Why there was no alarm in it, where that is as it should be.
    pub passed_over: Option<String>,
    /// What the sender wants to hear back.
    pub challenge: Option<String>,
}

/// A payload that was not taken; nothing of it was.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NotTaken {
    /// No probe of that name waits for payloads.
    #[error("no probe of type webhook is called {0:?}")]
    Nobody(String),
    /// It is not proven who sent it.
    #[error("{0}")]
    Unproven(String),
    /// It came before.
    #[error("this very payload came before")]
    Again,
    /// It cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// The secret of this side cannot be had.
    #[error("the secret of probe {0} cannot be had: {1}")]
    NoSecret(String, String),
    /// The journal did not take it.
    #[error(transparent)]
    Store(#[from] SendError),
}

/// Takes payloads. See the module.
pub struct Hooks {
    watch: Arc<Watch>,
    orders: Orders,
    doors: BTreeMap<String, Door>,
}

/// One probe that waits for payloads.
struct Door {
    probe: ProbeSpec,
    format: WebhookFormat,
    source: String,
    secret: tokio::sync::Mutex<Option<(Timestamp, Result<String, String>)>>,
    known: Arc<tokio::sync::Mutex<Known>>,
    coming: Mutex<BTreeSet<Digest>>,
}

/// A payload that is being taken in: forgotten if that does not come to an end.
struct Claim<'a>(&'a Door, Option<Digest>);

fn lock(of: &Mutex<BTreeSet<Digest>>) -> MutexGuard<'_, BTreeSet<Digest>> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Claim<'a> {
    async fn of(door: &'a Door, once: Option<Digest>) -> Result<Self, NotTaken> {
        if let Some(once) = once {
            let known = door.known.lock().await;
            if known.has(&once) || !lock(&door.coming).insert(once) {
                return Err(NotTaken::Again);
            }
        }
        Ok(Self(door, once))
    }

    /// It is in the journal.
    async fn keep(self) {
        let Some(once) = self.1 else { return };
        let mut known = self.0.known.clone().lock_owned().await;
        let written = tokio::task::spawn_blocking(move || known.add(once)).await;
        if let Err(error) = written.unwrap_or_else(|error| Err(error.into())) {
            tracing::warn!(probe = self.0.probe.id, %error, "that a payload came is not on the disk");
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(once) = self.1 {
            lock(&self.0.coming).remove(&once);
        }
    }
}

impl Hooks {
    /// `data` is the house's directory.
    pub(in crate::runtime) fn new(watch: Arc<Watch>, orders: Orders, data: &Path) -> Self {
        let senders = data.join("senders");
        let door = |probe: &ProbeSpec| {
            let Source::Webhook { format, secret } = &probe.source else { return None };
            let (probe, format, source) = (probe.clone(), *format, secret.clone());
            let known = Known::of(&senders, &probe.id, KNOWN_MOST);
            let (secret, known) = (tokio::sync::Mutex::default(), Arc::new(tokio::sync::Mutex::new(known)));
            Some((probe.id.clone(), Door { probe, format, source, secret, known, coming: Mutex::default() }))
        };
        let doors = watch.probes.iter().filter_map(door).collect();
        Self { watch, orders, doors }
    }

    /// Takes one in; returns when it is durable. `headers` in any case, `body` exactly as it came.
    ///
    /// # Errors
    /// [`NotTaken`]: nothing of it was taken.
    pub async fn take(
        &self,
        name: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Taken, NotTaken> {
        let door = self.doors.get(name).ok_or_else(|| NotTaken::Nobody(name.to_owned()))?;
        let at = (self.watch.eyes.now)();
        let secret = self.secret(door, at).await;
        let secret = secret.map_err(|why| NotTaken::NoSecret(name.to_owned(), why))?;
        let once = prove(door.format, &secret, &Delivery { headers, body, at }).map_err(|refused| {
            tracing::warn!(probe = name, %refused, "a payload is not proven");
            match refused {
                Refused::Weak => NotTaken::NoSecret(name.to_owned(), refused.to_string()),
                other => NotTaken::Unproven(other.to_string()),
            }
        })?;
        let claim = Claim::of(door, once).await?;
        let payload = webhooks::read(door.format, body, &door.probe).map_err(|bad| {
            tracing::warn!(probe = name, %bad, "a payload cannot be read");
            NotTaken::Malformed(bad.to_string())
        })?;
        for problem in &payload.problems {
            tracing::warn!(probe = name, %problem, "a part of a payload cannot be read");
        }
        let taken = Taken {
            signals: payload.signals.len(),
            problems: payload.problems.iter().map(ToString::to_string).collect(),
            passed_over: payload.passed_over,
            challenge: payload.challenge,
        };
        let alarms = payload.signals.into_iter().map(|signal| Reading::Alarm(Box::new(signal)));
        // That the sender is heard of is something to know even if it tells nothing.
        let readings = std::iter::once(Reading::Lines(Vec::new())).chain(alarms);
        let seen = readings.map(|reading| Observation { probe: name.to_owned(), at, reading });
        let signals = seen.flat_map(|seen| self.watch.tower().observe(seen)).collect();
        give(&self.orders, signals).await?;
        claim.keep().await;
        Ok(taken)
    }

    async fn secret(&self, door: &Door, at: Timestamp) -> Result<String, String> {
        let mut kept = door.secret.lock().await;
        if let Some((since, secret)) = &*kept
            && at.since(*since) < SECRET_FOR
            && *since <= at
        {
            return secret.clone();
        }
        let secret = match door.source.as_str() {
            "" => Err("none is set".to_owned()),
            source => (self.watch.eyes.secret)(source).await,
        };
        *kept = Some((at, secret.clone()));
        secret
    }
}

#[cfg(test)]
mod tests;
