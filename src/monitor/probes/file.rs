//! A log file, followed. Says its lines as they are written, says now and then that it lives, and says why where there
//! is nothing to read. A line is told at least once: after a restart it goes on behind the last line that arrived,
//! which is written down at most once a second.

mod bell;
mod place;
mod tail;

use super::{
    eyes::Eyes,
    voice::{Unheard, Voice},
};
use crate::domain::{probe::ProbeSpec, signal::Reading, time::Millis};
use bell::Bell;
use place::{Ledger, Place};
use std::path::{Path, PathBuf};
use tail::{State, Step, Tail};
use tokio::time::{Instant, sleep_until};

/// Places are written down at most so often.
const KEEP_EVERY: Millis = Millis::secs(1);

/// A step that takes longer is told: the disk does not answer.
const HANGS: Millis = Millis::secs(10);

/// Follows the file until nobody listens.
pub(super) async fn follow(
    spec: &ProbeSpec,
    path: &str,
    eyes: &Eyes,
    voice: &Voice<'_>,
) -> Result<(), Unheard> {
    let ledger = Ledger::of(spec, path, eyes.positions.as_deref());
    let reader = ledger.clone();
    let Ok(before) = tokio::task::spawn_blocking(move || reader.read()).await else { return Ok(()) };
    let mut kept = Kept { ledger, written: before.clone(), told: before.clone(), at: Instant::now() };
    let mut tail = Tail::new(PathBuf::from(path), before);
    let mut bell = Bell::hang(Path::new(path));
    let every = spec.every.to_std();
    // The first word comes at once.
    let mut beat = Instant::now();
    loop {
        let (step, back) = match step(tail, voice, path, spec.every).await? {
            Some(stepped) => stepped,
            // The runtime ends.
            None => return Ok(()),
        };
        tail = back;
        let spoke = !step.lines.is_empty() || step.lost > 0;
        if step.lost > 0 {
            voice.say(Reading::Lost(step.lost)).await?;
        }
        voice.lines(step.lines).await?;
        kept.told = tail.places();
        kept.write_when_due().await;
        if spoke {
            beat = Instant::now() + every;
        }
        if step.state == State::More {
            continue;
        }
        if beat <= Instant::now() {
            match step.state {
                State::Missing(why) => voice.say(Reading::Blind(why)).await?,
                _ => voice.beat().await?,
            }
            beat = Instant::now() + every;
        }
        bell.watch(&tail.files());
        tokio::select! {
            () = bell.rung() => {}
            () = sleep_until(beat) => {}
            () = sleep_until(kept.due()), if kept.is_behind() => {}
            () = voice.unheard() => {
                kept.write().await;
                return Err(Unheard);
            }
        }
    }
}

/// Whether the file can be followed; its lines are told by [`follow`] only.
pub(super) async fn look(path: &str) -> Result<Vec<Reading>, String> {
    let path = PathBuf::from(path);
    let looked =
        tokio::task::spawn_blocking(move || Tail::new(path, Vec::new()).step(std::time::Instant::now()));
    match looked.await.map_err(|_| "the program ends".to_owned())?.state {
        State::Missing(why) => Err(why),
        State::More | State::Rest => Ok(vec![Reading::Lines(Vec::new())]),
    }
}

/// One step on a thread that may block. A disk that does not answer is told each time its turn comes.
async fn step(
    mut tail: Tail,
    voice: &Voice<'_>,
    path: &str,
    every: Millis,
) -> Result<Option<(Step, Tail)>, Unheard> {
    let mut stepping = tokio::task::spawn_blocking(move || (tail.step(std::time::Instant::now()), tail));
    loop {
        tokio::select! {
            stepped = &mut stepping => return Ok(stepped.ok()),
            () = tokio::time::sleep(every.max(HANGS).to_std()) => {
                voice.say(Reading::Blind(format!("{path} does not answer: its disk hangs"))).await?;
            }
            () = voice.unheard() => return Err(Unheard),
        }
    }
}

/// What has been told and what of it is written down.
struct Kept {
    ledger: Ledger,
    written: Vec<Place>,
    told: Vec<Place>,
    at: Instant,
}

impl Kept {
    fn is_behind(&self) -> bool {
        self.told != self.written
    }

    fn due(&self) -> Instant {
        self.at + KEEP_EVERY.to_std()
    }

    async fn write_when_due(&mut self) {
        if self.is_behind() && self.due() <= Instant::now() {
            self.write().await;
        }
    }

    async fn write(&mut self) {
        if !self.is_behind() {
            return;
        }
        let (ledger, places) = (self.ledger.clone(), self.told.clone());
        // A ledger that cannot be written costs lines told twice after a restart, nothing now.
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || ledger.write(&places)).await {
            tracing::warn!(%error, "the places in followed files cannot be kept");
        }
        self.written.clone_from(&self.told);
        self.at = Instant::now();
    }
}

impl Drop for Kept {
    /// The future is dropped when the program ends: what has arrived by then is not told again.
    fn drop(&mut self) {
        if self.is_behind() {
            let _ = self.ledger.write(&self.told);
        }
    }
}

#[cfg(test)]
mod tests;
