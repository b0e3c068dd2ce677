//! The terminal before there is a screen, and the signals that come meanwhile and after; how a screen ends.

use super::{
    keymap::KeymapError,
    terminal::{self, Guard},
    theme::ThemeError,
};
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How the screen ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The person quit.
    Quit,
    /// The terminal is gone.
    HungUp,
    /// This signal ended it.
    Signal(i32),
}

/// The screen cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// No terminal, or it does not obey.
    #[error("the terminal cannot be used: {0}; `chimera brief --json` works without one")]
    Terminal(#[from] io::Error),
    /// A keymap of the program is wrong.
    #[error("keymap {0}")]
    Keymap(#[from] KeymapError),
    /// A theme of the program is wrong.
    #[error("theme {0}")]
    Theme(#[from] ThemeError),
}

/// The terminal, taken before there is anything to show: what is typed from then on is the screen's and is not
/// echoed into the shell's line. Given back when dropped.
pub struct Held {
    pub(super) signals: Signals,
    pub(super) guard: Guard,
}

impl Held {
    /// Takes it. A panic gives it back and is told, except on a thread of the name `quiet`, where panics are caught
    /// and mended. Wants a runtime around it: signals are heard from now on, and answered by [`run`](super::run).
    ///
    /// # Errors
    /// The terminal cannot be used; it is as it was then.
    pub fn take(quiet: &'static str) -> Result<Self, TuiError> {
        Ok(Self { signals: Signals::new()?, guard: Guard::enter(quiet)? })
    }

    /// What the work gives, unless a signal that ends the program comes before.
    ///
    /// # Errors
    /// How it ends.
    pub async fn or_told<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Exit> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                // Another size is asked for before anything is drawn.
                told = self.signals.next() => match told {
                    Told::End(exit) => return Err(exit),
                    Told::Continued => {
                        terminal::leave();
                        self.guard.retake().map_err(|_| Exit::HungUp)?;
                    }
                    Told::Resized => {}
                },
            }
        }
    }
}

/// The signals a screen hears.
pub(super) struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
    quit: Signal,
    winch: Signal,
    cont: Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            winch: signal(SignalKind::window_change())?,
            cont: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// What was signalled.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.term.recv() => Told::End(Exit::Signal(SignalKind::terminate().as_raw_value())),
            _ = self.int.recv() => Told::End(Exit::Signal(SignalKind::interrupt().as_raw_value())),
            _ = self.quit.recv() => Told::End(Exit::Signal(SignalKind::quit().as_raw_value())),
            _ = self.hup.recv() => Told::End(Exit::HungUp),
            _ = self.winch.recv() => Told::Resized,
            _ = self.cont.recv() => Told::Continued,
        }
    }
}

/// What a signal means.
pub(super) enum Told {
    End(Exit),
    Resized,
    Continued,
}
