//! What a pattern finds: an idea before it is scored.

use super::{IdeaKind, score::Reason};
use crate::domain::{ids::MissionId, time::Timestamp};

/// An idea before it is scored.
pub(super) struct Found {
    pub kind: IdeaKind,
    /// What it is about, for ever the same.
    pub about: String,
    pub title: String,
    pub weight: u64,
    pub evidence: Vec<String>,
    pub missions: Vec<MissionId>,
    pub brief: String,
    pub seen: (Timestamp, Timestamp),
    pub own: Vec<Reason>,
}
