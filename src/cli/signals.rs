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
        Self::of(&[SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()], None)
    }

    /// The same for a process without a terminal: nobody can hang up on it, so SIGHUP asks for the settings.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take_as_daemon() -> io::Result<Self> {
        Self::of(&[SignalKind::interrupt(), SignalKind::terminate()], Some(SignalKind::hangup()))
    }

    fn of(ends: &[SignalKind], again: Option<SignalKind>) -> io::Result<Self> {
        let ends = ends.iter().copied().map(signal).collect::<io::Result<_>>()?;
        Ok(Self { ends, again: again.map(signal).transpose()? })
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
