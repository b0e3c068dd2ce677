//! Signals: SIGINT, SIGTERM and SIGHUP as one stream of wishes, to stop or, without a terminal, to read the settings again.

use futures::future::{BoxFuture, select_all};
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Where wishes to stop come from.
pub trait Interrupts: Send {
    /// Resolves at the next one.
    fn next(&mut self) -> BoxFuture<'_, ()>;
}

/// Signals of this process.
pub struct Signals {
    ends: Vec<Signal>,
    again: Option<Signal>,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To end.
    End,
    /// To read the settings again.
    Reload,
}

impl Signals {
    /// Takes the signals over; from here on they no longer end the process by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take() -> io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        Ok(Self { ends: kinds.into_iter().map(signal).collect::<io::Result<_>>()?, again: None })
    }

    /// The same for a process without a terminal: nobody can hang up on it, so SIGHUP asks for the settings.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take_as_daemon() -> io::Result<Self> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        let again = Some(signal(SignalKind::hangup())?);
        Ok(Self { ends: kinds.into_iter().map(signal).collect::<io::Result<_>>()?, again })
    }

    /// The next one.
    pub async fn wish(&mut self) -> Wish {
        let again = async {
            match &mut self.again {
                Some(again) => again.recv().await,
                None => std::future::pending().await,
            }
        };
        let ends = select_all(self.ends.iter_mut().map(|end| Box::pin(end.recv())));
        tokio::select! {
            _ = ends => Wish::End,
            _ = again => Wish::Reload,
        }
    }
}

impl Interrupts for Signals {
    fn next(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async { while self.wish().await != Wish::End {} })
    }
}
