//! What a click can choose.

use crate::domain::ids::{IncidentId, MissionId, RequestId};

/// What is at a place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// Nothing that can be chosen.
    Nothing,
    /// The Briefing Room.
    Brief,
    /// The list of missions, or one of them.
    Mission(Option<MissionId>),
    /// An incident in that list.
    Incident(IncidentId),
    /// A channel, counted from 0.
    Channel(usize),
    /// The Decision Desk, or one of its requests.
    Desk(Option<RequestId>),
}
