//! What expressions of runbooks ask of the world, answered by looking now. The list of facts is `domain::expr::FACTS`;
//! what cannot be told is `None` and never a guess. Changes nothing.
//!
//! - [`read`](mod@read) answers from what the probes read last: health, checks, numbers and how they went.
//! - `world` asks by itself: processes, units, containers, deployments, disks, files, ports, pages, keys.

pub mod read;
mod world;

use super::{investigate::scene::Newest, probes::Eyes};
use crate::domain::{
    expr::{Call, Value},
    probe::ProbeHealth,
    service::Service,
};

/// What is looked with, and at what.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Clock, web, programs.
    pub eyes: Eyes,
    /// The service that `service` and bare numbers are about.
    pub service: Service,
    /// Whether that something began again too often of late speaks against its health: where that is what is looked into.
    pub restarts: bool,
}

/// What the probes read.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// Newest reading of every check and number.
    pub newest: &'a [Newest],
    /// How probes do.
    pub health: &'a [ProbeHealth],
    /// How numbers went: by service and metric.
    pub past: &'a [Course],
}

/// How one number went, oldest first, in seconds since some moment and its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Which service.
    pub service: String,
    /// Which metric.
    pub metric: String,
    /// When, in milliseconds of the clock, and how much.
    pub points: Vec<(i64, f64)>,
}

impl Course {
    /// Whether it is of this metric. Names of probes have dashes where metrics have underscores.
    #[must_use]
    pub fn measures(&self, metric: &str) -> bool {
        same_metric(&self.metric, metric)
    }
}

/// Whether two names are of one metric: `request-rate` of a probe is `request_rate`.
fn same_metric(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.replace('-', "_");
    one == other || plain(one) == plain(other)
}

/// A fact as it is now.
pub async fn look(call: &Call, sight: &Sight, read: Read<'_>) -> Option<Value> {
    match read::answer(call, sight, read) {
        read::Answered::Known(value) => value,
        read::Answered::NotHere => world::answer(call, sight)?.await,
    }
}

#[cfg(test)]
mod tests;
