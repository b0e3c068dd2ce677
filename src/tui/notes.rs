//! The line that says what happened.

use super::theme::Role;

/// The line that says what happened.
#[derive(Default)]
pub struct Notes {
    /// The last one: colour and words.
    pub last: Option<(Role, String)>,
}

impl Notes {
    /// All went well.
    pub fn good(&mut self, words: impl Into<String>) {
        self.last = Some((Role::Ok, format!("✓ {}", words.into())));
    }
    /// It did not.
    pub fn bad(&mut self, words: impl Into<String>) {
        self.last = Some((Role::Bad, format!("✗ {}", words.into())));
    }
    /// Worth knowing.
    pub fn note(&mut self, words: impl Into<String>) {
        self.last = Some((Role::Warn, format!("! {}", words.into())));
    }
}
