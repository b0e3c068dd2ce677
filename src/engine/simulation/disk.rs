//! The disk under the journal: what was synced survives a crash, what was only written does not.

use super::Dice;
use crate::engine::event::Fact;

/// Of so many syncs a disk that lies forgets one.
const FORGETS: u64 = 4;

#[derive(Default)]
pub(super) struct Disk {
    written: Vec<Fact>,
    synced: usize,
    /// Says "synced" and is not, now and then.
    pub(super) lies: bool,
}

impl Disk {
    pub(super) fn new(lies: bool) -> Self {
        Self { lies, ..Self::default() }
    }

    /// One order's facts, whole.
    pub(super) fn append(&mut self, facts: &[Fact]) {
        self.written.extend_from_slice(facts);
    }

    pub(super) fn sync(&mut self, dice: &mut Dice) {
        if !(self.lies && dice.below(FORGETS) == 0) {
            self.synced = self.written.len();
        }
    }

    /// The power is gone for a moment.
    pub(super) fn crash(&mut self) {
        self.written.truncate(self.synced);
    }

    /// What whoever comes next reads.
    pub(super) fn journal(&self) -> &[Fact] {
        &self.written
    }
}
