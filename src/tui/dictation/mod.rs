//! Dictation: a configured program listens from one key press to the next; what it prints lands in the brief at the
//! caret as one edit. Esc ends it and nothing lands.

mod deeds;

use super::options::VoicePort;
use crate::domain::time::Millis;
use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dictation {
    /// The program listens, since when.
    Listening(Millis),
    /// It was told to stop and writes down what it heard.
    Writing,
}

/// How a dictation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hush {
    /// What was heard is wanted.
    Keep,
    /// It is not.
    Discard,
}

/// Words that one is told: that what it heard is wanted, and that it is not after all.
pub(super) const WORDS: usize = 2;

/// Listens until told to stop; none if nothing is wanted of it.
pub(super) async fn listen(
    port: Option<VoicePort>,
    mut hushed: mpsc::Receiver<Hush>,
) -> Option<Result<String, String>> {
    let Some(port) = port else { return Some(Err("no voice.command is set".into())) };
    let (halt, halted) = oneshot::channel::<()>();
    let mut heard = port(halted.map(drop).boxed());
    let mut halt = Some(halt);
    loop {
        tokio::select! {
            heard = &mut heard => return Some(heard),
            how = hushed.recv() => match how {
                Some(Hush::Keep) => drop(halt.take()),
                // Also while it writes down what it heard. Dropping it ends the program.
                Some(Hush::Discard) | None => return None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    #[tokio::test]
    async fn what_is_not_wanted_ends_with_its_program() {
        struct Ends(Arc<AtomicBool>);
        impl Drop for Ends {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let ended = Arc::new(AtomicBool::new(false));
        let program = ended.clone();
        let port: VoicePort = Arc::new(move |stop| {
            let ends = Ends(program.clone());
            async move {
                stop.await;
                drop(ends);
                Ok("words".into())
            }
            .boxed()
        });
        let (hush, hushed) = mpsc::channel(WORDS);
        hush.try_send(Hush::Discard).unwrap();
        assert_eq!(listen(Some(port.clone()), hushed).await, None);
        assert!(ended.load(Ordering::Relaxed));
        let (hush, hushed) = mpsc::channel(WORDS);
        hush.try_send(Hush::Keep).unwrap();
        assert_eq!(listen(Some(port), hushed).await, Some(Ok("words".into())));
        // A program that does not stop when it is told to is ended when its words are not wanted after all.
        ended.store(false, Ordering::Relaxed);
        let program = ended.clone();
        let deaf: VoicePort = Arc::new(move |_| {
            let ends = Ends(program.clone());
            async move {
                let _ends = ends;
                std::future::pending().await
            }
            .boxed()
        });
        let (hush, hushed) = mpsc::channel(WORDS);
        hush.try_send(Hush::Keep).unwrap();
        hush.try_send(Hush::Discard).unwrap();
        assert_eq!(listen(Some(deaf), hushed).await, None);
        assert!(ended.load(Ordering::Relaxed));
    }
}
