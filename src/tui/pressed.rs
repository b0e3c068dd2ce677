//! Keys that have no effect yet: half-typed sequences, and how soon a key is too soon or a second one counts.

use super::keymap::Key;
use crate::domain::time::Millis;

/// A key this soon after a change was meant for what stood there before.
pub const GUARD: Millis = Millis(300);

/// Keys that are not a command yet.
#[derive(Default)]
pub struct Pressed {
    /// The sequence so far.
    pub keys: Vec<Key>,
    /// When Ctrl-C was pressed last.
    pub(super) interrupted: Option<Millis>,
}

/// Ctrl-C twice within this time quits.
pub(super) const TWICE: Millis = Millis(2_000);
