//! Ids: newtypes shown with a prefix (`M-12`, `R-3`), parsed back from the same form.
//! Numbers are dense and start at 1; they are given by the engine, never by chance or a clock.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An id was written in a form nobody gives: what was expected, what came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not an id of the form {expected}")]
pub struct BadId {
    /// Example of the form, as `M-12`.
    pub expected: &'static str,
    /// What was given.
    pub found: String,
}

/// The most bytes of a name.
pub const NAME_MOST: usize = 64;

/// Whether this is a name that people give a probe, a service, a runbook, a rule: `^[a-z0-9-]{1,64}$`, which is safe as a
/// file's name too.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=NAME_MOST).contains(&text.len()) && text.bytes().all(fits)
}

macro_rules! numbered_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = || BadId { expected: concat!($prefix, "-1"), found: text.to_owned() };
                let digits = text
                    .strip_prefix(concat!($prefix, "-"))
                    .or_else(|| text.strip_prefix(concat!($prefix, "-").to_ascii_lowercase().as_str()))
                    .unwrap_or(text);
                digits.parse().map($name).map_err(|_| bad())
            }
        }
    };
}

numbered_id!(
    /// One job.
    MissionId, "M");
numbered_id!(
    /// One item on the Decision Desk.
    RequestId, "R");
numbered_id!(
    /// One standing word of a person: commands that are not asked for a while.
    GrantId, "G");
numbered_id!(
    /// One model call, for reservation and settlement of its cost.
    CallId, "C");

numbered_id!(
    /// One incident.
    IncidentId, "I");
numbered_id!(
    /// One silence: signals that match it wake nobody for a while.
    SilenceId, "S");

impl MissionId {
    /// Nobody's mission: the account of what the house itself does, such as asking the ideas agent.
    pub const HOUSE: Self = Self(0);
}

/// A team within its mission: 1-based, as the key that approves its candidate. At most [`TeamId::MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TeamId(pub u8);

impl TeamId {
    /// Teams a mission may have.
    pub const MOST: u8 = 8;
}

impl fmt::Display for TeamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "T-{}", self.0)
    }
}

/// Position of an entry in the journal, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Counts every change to a mission that can make older results stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u32);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// Names one effect for ever: derived from mission, what it is, and attempt, so that the same intent has the
/// same id after a crash. Form: `M-1/draft/T-2/1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(pub String);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
