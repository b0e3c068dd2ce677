//! One key of the settings: its meaning, its form, and what a repository may do with it.

use super::slot::Slot;

/// What a repository's `chimera.toml` may do with a key. A repository is other people's text: it must not run
/// code outside the sandbox, move money, weaken a rule or change whom keys are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepoMay {
    /// Nothing.
    Nothing,
    /// Set it.
    Set,
    /// Add to the list.
    Add,
    /// Make it stricter: a smaller number.
    Lower,
}

impl RepoMay {
    /// In words, for the reference.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "no",
            Self::Set => "yes",
            Self::Add => "may add",
            Self::Lower => "may lower",
        }
    }
}

/// One key.
pub struct Key<S: 'static> {
    /// Dotted, below its section for vendors and teams.
    pub path: &'static str,
    /// One or two sentences.
    pub doc: &'static str,
    /// Where the value goes.
    pub slot: Slot<S>,
    /// Environment variable that overrides files.
    pub env: Option<&'static str>,
    /// What a repository may do with it.
    pub repo: RepoMay,
}

macro_rules! lens {
    ($($field:ident).+) => { Lens { get: |s| &s.$($field).+, edit: |s| &mut s.$($field).+ } };
}
macro_rules! number {
    ($least:literal ..= $most:literal, $($field:ident).+) => {
        Slot::Number {
            least: $least,
            most: $most,
            get: |s| u64::from(s.$($field).+),
            // Within bounds already; an impossible value changes nothing.
            set: |s, n| s.$($field).+ = n.try_into().unwrap_or(s.$($field).+),
        }
    };
}
macro_rules! word {
    ($words:ty, $($field:ident).+) => {
        Slot::Word {
            words: <$words>::WORDS,
            get: |s| s.$($field).+.word(),
            set: |s, word| s.$($field).+ = <$words>::of(word).unwrap_or(s.$($field).+),
        }
    };
}
macro_rules! severity {
    ($($field:ident).+) => {
        Slot::Word {
            words: &["P0", "P1", "P2", "P3", "P4"],
            get: |s| s.$($field).+.word(),
            set: |s, word| s.$($field).+ = Severity::of(word).unwrap_or(s.$($field).+),
        }
    };
}
macro_rules! key {
    ($path:expr, $doc:literal, $slot:expr, $repo:ident) => {
        Key { path: $path, doc: $doc, slot: $slot, env: None, repo: RepoMay::$repo }
    };
    ($path:expr, $doc:literal, $slot:expr, $repo:ident, $env:literal) => {
        Key { path: $path, doc: $doc, slot: $slot, env: Some($env), repo: RepoMay::$repo }
    };
}

pub(super) use {key, lens, number, severity, word};
