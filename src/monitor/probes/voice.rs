//! How a probe says what it read: with its name and the time, into a bounded queue that may hold it up. Owns no
//! reading of its own.

use super::eyes::Eyes;
use crate::domain::{
    probe::ProbeSpec,
    signal::{Observation, Reading},
};
use tokio::sync::mpsc::Sender;

/// Nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unheard;

/// The voice of one probe.
pub(super) struct Voice<'a> {
    probe: &'a str,
    eyes: &'a Eyes,
    sink: &'a Sender<Observation>,
}

impl<'a> Voice<'a> {
    /// The voice of this probe.
    pub(super) fn of(spec: &'a ProbeSpec, eyes: &'a Eyes, sink: &'a Sender<Observation>) -> Self {
        Self { probe: &spec.id, eyes, sink }
    }

    /// Says it; waits while the listener is behind.
    pub(super) async fn say(&self, reading: Reading) -> Result<(), Unheard> {
        let seen = Observation { probe: self.probe.to_owned(), at: (self.eyes.now)(), reading };
        self.sink.send(seen).await.map_err(|_| Unheard)
    }

    /// Says these lines, in readings of a bounded length; nothing where there are none.
    pub(super) async fn lines(&self, lines: Vec<String>) -> Result<(), Unheard> {
        let mut lines = lines.into_iter();
        loop {
            let batch: Vec<String> = lines.by_ref().take(Reading::LINES_MOST).collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.say(Reading::Lines(batch)).await?;
        }
    }

    /// Says that it lives and has nothing to tell.
    pub(super) async fn beat(&self) -> Result<(), Unheard> {
        self.say(Reading::Lines(Vec::new())).await
    }

    /// Resolves when nobody listens any more.
    pub(super) async fn unheard(&self) {
        self.sink.closed().await;
    }
}
