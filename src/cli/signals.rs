//! Interrupts: SIGINT, SIGTERM and SIGHUP as one stream of wishes to stop.

use futures::future::BoxFuture;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Where wishes to stop come from.
pub trait Interrupts: Send {
    /// Resolves at the next one.
    fn next(&mut self) -> BoxFuture<'_, ()>;
}

/// Signals of this process.
pub struct Signals {
    all: [Signal; 3],
}

impl Signals {
    /// Takes the signals over; from here on they no longer end the process by themselves.
    ///
    /// # Errors
    /// The system refuses.
    pub fn take() -> io::Result<Self> {
        let on = |kind| signal(kind);
        Ok(Self {
            all: [on(SignalKind::interrupt())?, on(SignalKind::terminate())?, on(SignalKind::hangup())?],
        })
    }
}

impl Interrupts for Signals {
    fn next(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let [interrupt, terminate, hangup] = &mut self.all;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        })
    }
}
