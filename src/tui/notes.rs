//! The line that says what happened.

use super::theme::Role;
use crate::domain::time::Millis;

/// How long what went well stays; what did not stays until a key is pressed.
const STAYS: Millis = Millis::secs(20);

/// The line that says what happened.
#[derive(Default)]
pub struct Notes {
    /// The last one: colour and words.
    pub last: Option<(Role, String)>,
    /// Since when it is seen.
    since: Option<Millis>,
}

impl Notes {
    /// All went well.
    pub fn good(&mut self, words: impl Into<String>) {
        self.since = None;
        self.last = Some((Role::Ok, format!("✓ {}", words.into())));
    }
    /// It did not.
    pub fn bad(&mut self, words: impl Into<String>) {
        self.since = None;
        self.last = Some((Role::Bad, format!("✗ {}", words.into())));
    }
    /// Worth knowing.
    pub fn note(&mut self, words: impl Into<String>) {
        self.since = None;
        self.last = Some((Role::Warn, format!("! {}", words.into())));
    }

    /// When it goes by itself, so that it does not stand beside something else that is true by then.
    #[must_use]
    pub fn goes_at(&self) -> Option<Millis> {
        let stays = self.last.as_ref().is_some_and(|(role, _)| *role != Role::Bad);
        self.since.filter(|_| stays).map(|since| Millis(since.0 + STAYS.0))
    }

    /// Time has passed.
    pub fn age(&mut self, now: Millis) {
        if self.goes_at().is_some_and(|at| at <= now) {
            self.last = None;
        }
        if self.last.is_some() {
            self.since.get_or_insert(now);
        }
    }
}
