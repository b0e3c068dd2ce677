//! What carrying out stands on: who looks at the world, where commands run, who hears of it, and how time passes.

use crate::domain::{
    expr::{Call, Value},
    time::Millis,
};
use futures::future::{BoxFuture, FutureExt as _, Shared};
use std::path::Path;
use tokio::time::Instant;

/// Looks at the world.
pub trait Looking: Send + Sync {
    /// A fact as it is now; `None` where it cannot be told. `call.back` is always 0 here: "for three checks" is counted
    /// by whoever asks.
    fn look<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Option<Value>>;
}

/// Hears one line at a time; it goes on to people only redacted.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What carrying out stands on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Where commands run.
    pub dir: &'a Path,
    /// Variables let through to them on top of the scrubbed environment.
    pub env: &'a [(String, String)],
    /// Who looks.
    pub look: &'a dyn Looking,
    /// Who hears of every step.
    pub tell: Tell<'a>,
}

/// What is known of an earlier look at the same plan, and who keeps what is seen now.
#[derive(Clone, Copy)]
pub struct Memory<'a> {
    /// Conditions of the proof that were seen to hold.
    pub held: &'a [String],
    /// Hears of each that is.
    pub keep: Tell<'a>,
}

impl Memory<'_> {
    /// Nothing was seen, and nothing is kept.
    pub const NONE: Memory<'static> = Memory { held: &[], keep: &|_| {} };
}

/// How time passes. Only spans are asked for, so no jump of a wall clock matters.
pub trait Pace: Send + Sync {
    /// Time passed since some moment, which stays the same; never goes back.
    fn now(&self) -> Millis;
    /// Waits.
    fn sleep(&self, span: Millis) -> BoxFuture<'_, ()>;
}

/// Time as the runtime keeps it.
#[derive(Debug, Clone, Copy)]
pub struct SteadyPace(Instant);

impl SteadyPace {
    /// From now on.
    #[must_use]
    pub fn begin() -> Self {
        Self(Instant::now())
    }
}

impl Pace for SteadyPace {
    fn now(&self) -> Millis {
        Millis(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
    fn sleep(&self, span: Millis) -> BoxFuture<'_, ()> {
        tokio::time::sleep(span.to_std()).boxed()
    }
}

/// The end, as everything that can be ended hears it.
pub(super) type Stop<'a> = Shared<BoxFuture<'a, ()>>;

/// Whether the end has been asked for.
pub(super) fn stopped(stop: &Stop<'_>) -> bool {
    stop.clone().now_or_never().is_some()
}
