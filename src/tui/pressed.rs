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
    /// When the last key of the sequence was pressed.
    pub(super) since: Millis,
    /// When the terminal got the keys of the desktop last.
    pub(super) focused: Option<Millis>,
}

/// After this time without a further key, what may follow is listed.
pub(super) const HESITATES: Millis = Millis(500);
/// A click this soon after the terminal got the keys was meant to give it them.
pub(super) const FOCUS_CLICK: Millis = Millis(200);

impl Pressed {
    /// When what may follow is listed, if it will be.
    #[must_use]
    pub fn hint_at(&self) -> Option<Millis> {
        (!self.keys.is_empty()).then(|| Millis(self.since.0 + HESITATES.0))
    }
}

/// Ctrl-C twice within this time quits.
pub(super) const TWICE: Millis = Millis(2_000);
