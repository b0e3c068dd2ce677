//! Grants: a person's word given beforehand, by which commands run without being asked each time. It covers exactly
//! what it names, element by element, a number of times, until a time, and can be taken back.

use super::{
    ids::{GrantId, MissionId},
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};

/// Which command lines are covered. Elements are compared whole, never as parts of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// This one and no other.
    Exact(Vec<String>),
    /// Every one that begins with these elements.
    Prefix(Vec<String>),
}

impl Pattern {
    /// Whether it covers a command line.
    #[must_use]
    pub fn covers(&self, argv: &[String]) -> bool {
        match self {
            Self::Exact(all) => argv == all.as_slice(),
            Self::Prefix(first) => argv.starts_with(first),
        }
    }

    /// Its elements.
    #[must_use]
    pub fn elements(&self) -> &[String] {
        match self {
            Self::Exact(elements) | Self::Prefix(elements) => elements,
        }
    }
}

/// How far a grant reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The mission that asked; it ends with it.
    Mission,
    /// Every mission in the same repository.
    Project,
}

impl Reach {
    /// The word in lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mission => "mission",
            Self::Project => "project",
        }
    }

    /// How long it lasts where nothing is said.
    #[must_use]
    pub fn usual_span(self) -> Millis {
        match self {
            Self::Mission => Millis::hours(8),
            Self::Project => Millis::hours(24),
        }
    }
}

/// What a person grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Which command lines.
    pub pattern: Pattern,
    /// For whom.
    pub reach: Reach,
    /// How often, from 1 to [`Terms::USES_MOST`].
    pub uses: u32,
    /// How long from when it takes effect, up to [`Terms::SPAN_MOST`].
    pub lasts: Millis,
}

impl Terms {
    /// Uses where nothing is said.
    pub const USES_USUAL: u32 = 10;
    /// The most uses.
    pub const USES_MOST: u32 = 1_000;
    /// The longest life.
    pub const SPAN_MOST: Millis = Millis::hours(24 * 30);
}

/// A grant in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its number.
    pub id: GrantId,
    /// What was granted.
    pub terms: Terms,
    /// The mission whose request it was given for.
    pub mission: MissionId,
    /// The repository of that mission.
    pub repo: String,
    /// Login name of who gave it.
    pub by: String,
    /// When.
    pub given: Timestamp,
    /// From then on it covers nothing.
    pub until: Timestamp,
    /// How often it was used.
    pub used: u32,
}

impl Grant {
    /// How often it can still be used.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.terms.uses.saturating_sub(self.used)
    }

    /// Whether it is for a mission in a repository.
    #[must_use]
    pub fn reaches(&self, mission: MissionId, repo: &str) -> bool {
        match self.terms.reach {
            Reach::Mission => self.mission == mission,
            Reach::Project => self.repo == repo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn elements_are_compared_whole_and_in_their_place() {
        let exact = Pattern::Exact(argv(&["npm", "ci"]));
        assert!(exact.covers(&argv(&["npm", "ci"])));
        for other in
            [&["npm", "ci", "--force"][..], &["npm ci"], &["npm", "c", "i"], &["npm"], &["NPM", "ci"]]
        {
            assert!(!exact.covers(&argv(other)), "{other:?}");
        }
        let prefix = Pattern::Prefix(argv(&["git", "log"]));
        assert!(prefix.covers(&argv(&["git", "log", "-3"])) && prefix.covers(&argv(&["git", "log"])));
        for other in [
            &["git", "logs"][..],
            &["git"],
            &["git", "-c", "x=y", "log"],
            &["git log", "-3"],
            &["env", "git", "log"],
        ] {
            assert!(!prefix.covers(&argv(other)), "{other:?}");
        }
    }
}
