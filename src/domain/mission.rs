//! One job: its kind, its steps and how it stands.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissionKind {
    /// A director's brief.
    Brief,
    /// The fix of an incident.
    Heal,
    /// A feature, with its end-to-end test first.
    Feature,
}

impl MissionKind {
    /// The word in lists and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Brief => "brief",
            Self::Heal => "heal",
            Self::Feature => "feature",
        }
    }
}

/// The steps of missions, in order. A brief has no test of its own and ends with its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Questions before work.
    Clarify,
    /// The orchestrator plans.
    Plan,
    /// The end-to-end test of a feature is written, and seen to fail.
    Test,
    /// Teams race.
    Draft,
    /// Candidates are built and tested.
    Check,
    /// Candidates are judged.
    Judge,
    /// The gate rules; a person decides where it asks.
    Decide,
    /// The winner becomes a commit.
    Land,
    /// What landed is put into the staging environment.
    Stage,
    /// The end-to-end test runs there.
    Validate,
}

impl Step {
    /// In order.
    pub const ALL: [Self; 10] = [
        Self::Clarify,
        Self::Plan,
        Self::Test,
        Self::Draft,
        Self::Check,
        Self::Judge,
        Self::Decide,
        Self::Land,
        Self::Stage,
        Self::Validate,
    ];
    /// Those of a brief.
    pub const BRIEF: [Self; 7] =
        [Self::Clarify, Self::Plan, Self::Draft, Self::Check, Self::Judge, Self::Decide, Self::Land];
    /// The word on the anchor desk.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clarify => "clarify",
            Self::Plan => "plan",
            Self::Test => "test",
            Self::Draft => "draft",
            Self::Check => "check",
            Self::Judge => "judge",
            Self::Decide => "decide",
            Self::Land => "land",
            Self::Stage => "stage",
            Self::Validate => "validate",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a mission ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The winner is a commit.
    Landed,
    /// No candidate, landing was impossible, or what landed does not work in the staging environment: why.
    Failed(String),
    /// A person ended it: why.
    Cancelled(String),
    /// The budget ended it.
    OverBudget(String),
}

impl Ending {
    /// The word of the command line contract.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Failed(_) => "failed",
            Self::Cancelled(_) => "cancelled",
            Self::OverBudget(_) => "over_budget",
        }
    }

    /// Why it ended without a landing.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Landed => None,
            Self::Failed(why) | Self::Cancelled(why) | Self::OverBudget(why) => Some(why),
        }
    }
}

/// What the director thinks of what a mission came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// 1 (of no use) to 5 (as it should be).
    pub stars: u8,
    /// Why, in the director's words; may be empty.
    pub words: String,
}

impl Rating {
    /// Longest words, in bytes.
    pub const WORDS_MOST: usize = 4 * 1024;

    /// Stars and words as a person writes them: `4`, `4 the name is odd`.
    ///
    /// # Errors
    /// The first word is no whole number from 1 to 5.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (stars, words) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let number = stars.parse().ok().filter(|stars| (1..=5).contains(stars));
        let stars = number.ok_or_else(|| format!("{stars:?} is not a number from 1 to 5"))?;
        Ok(Self { stars, words: words.trim().to_owned() })
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of 5", self.stars)?;
        if self.words.is_empty() {
            Ok(())
        } else {
            write!(f, ": {}", super::text::clean_line(&self.words, 200))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b21_a_rating_is_a_number_and_words() {
        let parsed = |text| Rating::parse(text).map(|rating| rating.to_string());
        assert_eq!(parsed(" 4 "), Ok("4 of 5".into()));
        assert_eq!(parsed("5  as asked "), Ok("5 of 5: as asked".into()));
        for wrong in ["", "0", "6 stars", "good", "4.5"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }
}
