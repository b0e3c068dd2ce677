//! One word about an incident that people have not been told yet.

use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What there is to tell of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Since when.
    pub at: Timestamp,
    /// What, in one line.
    pub words: String,
    /// Whether a person has to decide, or counts on hearing it: it does not wait for more of the same.
    pub urgent: bool,
}

impl News {
    /// Words of one incident that wait; one more, and all of them are told.
    pub const MOST: usize = 16;
}
