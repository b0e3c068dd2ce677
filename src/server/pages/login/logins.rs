//! Logins that are under way, in memory: what a vendor gave for each, and when it may be asked again.

use super::vendors::Line;
use crate::{
    domain::time::{Millis, Timestamp},
    server::entrance::Far,
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// By the names that their programs know.
#[derive(Default)]
pub(in crate::server) struct Logins(Mutex<BTreeMap<String, Pending>>);

/// One of them.
pub(in crate::server) struct Pending {
    /// To the vendor.
    pub line: Line,
    /// What the vendor knows it by.
    pub device_code: String,
    /// Where it was begun, if over the network.
    pub from: Option<Far>,
    /// Between two questions.
    pub pause: Millis,
    /// When it may be asked again.
    pub next: Timestamp,
    /// When its program asked last.
    pub asked: Timestamp,
    /// When it is over.
    pub until: Timestamp,
}

/// How long a login stays whose program does not ask: one that was left stands in nobody's way for long.
const LEFT_MOST: Millis = Millis::mins(2);

impl Pending {
    /// When it is over if its program asks no more.
    pub fn free(&self) -> Timestamp {
        self.until.min(self.asked + LEFT_MOST)
    }
}

impl Logins {
    /// Those that are not over.
    pub fn open(&self, now: Timestamp) -> MutexGuard<'_, BTreeMap<String, Pending>> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, pending| pending.free() > now);
        open
    }
}
