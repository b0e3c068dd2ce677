//! How far a feature has come beside its steps: the test that stands, how often somebody was asked again, what runs in
//! the staging environment and what the test says of it. Plain data; a part of the mission's state.

use crate::domain::{
    candidate::{Candidate, CheckRun, CommitId, Evidence},
    ids::TeamId,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A feature's way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The test that stands, with what showed that it fails on what is there.
    pub test: Option<Standing>,
    /// How often each team was asked again in the phase that goes on.
    pub retries: BTreeMap<TeamId, u8>,
    /// How often anything of it was done once more since it was submitted: somebody asked again, a step that failed made
    /// again, the whole tried again.
    #[serde(default)]
    pub again: u32,
    /// What was put into the staging environment.
    pub staged: Option<CommitId>,
    /// The last run of the test there.
    pub validation: Option<CheckRun>,
}

/// An end-to-end test that was seen to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The test as a patch on what was there.
    pub candidate: Arc<Candidate>,
    /// What was seen.
    pub evidence: Arc<Evidence>,
}

impl Standing {
    /// The first file of the test.
    #[must_use]
    pub fn path(&self) -> &str {
        self.candidate.stat.files.first().map_or("", String::as_str)
    }

    /// The run that failed.
    #[must_use]
    pub fn seen(&self) -> Option<&CheckRun> {
        self.evidence.checks.first().map(|check| &check.after)
    }
}

impl Course {
    /// Somebody was asked again.
    pub fn retried(&mut self, team: TeamId) {
        let count = self.retries.entry(team).or_default();
        *count = count.saturating_add(1);
        self.tried_again();
    }

    /// Something of it is done once more.
    pub fn tried_again(&mut self) {
        self.again = self.again.saturating_add(1);
    }

    /// Once more from what stands: nothing of the last way counts but the test.
    pub fn begin_again(&mut self) {
        self.tried_again();
        self.retries.clear();
        self.staged = None;
        self.validation = None;
    }
}
