//! Dictation: a configured program listens from one key press to the next; what it prints lands in the brief at the
//! caret as one edit. Esc ends it and nothing lands.

mod deeds;

use super::options::VoicePort;
use crate::domain::time::Millis;
use futures::FutureExt;
use tokio::sync::oneshot;

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

/// Listens until told to stop; none if nothing is wanted of it.
pub(super) async fn listen(
    port: Option<VoicePort>,
    stopped: oneshot::Receiver<Hush>,
) -> Option<Result<String, String>> {
    let Some(port) = port else { return Some(Err("no voice.command is set".into())) };
    let (halt, halted) = oneshot::channel::<()>();
    let mut heard = port(halted.map(drop).boxed());
    tokio::select! {
        heard = &mut heard => Some(heard),
        how = stopped => match how {
            Ok(Hush::Keep) => {
                drop(halt);
                Some(heard.await)
            }
            // Dropping it ends the program.
            Ok(Hush::Discard) | Err(_) => None,
        },
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
        let (hush, stopped) = oneshot::channel();
        hush.send(Hush::Discard).unwrap();
        assert_eq!(listen(Some(port.clone()), stopped).await, None);
        assert!(ended.load(Ordering::Relaxed));
        let (hush, stopped) = oneshot::channel();
        hush.send(Hush::Keep).unwrap();
        assert_eq!(listen(Some(port), stopped).await, Some(Ok("words".into())));
    }
}
