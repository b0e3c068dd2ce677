//! A watched service: what it is called, what it is made of, what it stands on, and how it is released.

use super::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A service as the director wrote it down.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// `^[a-z0-9-]{1,64}$`, unique.
    pub name: String,
    /// Such as `production`.
    pub env: String,
    /// Services it stands on: when one of these is down, this one is not the cause.
    pub depends_on: Vec<String>,
    /// Level for this service instead of the house's.
    pub level: Option<u8>,
    /// People that must say yes where one is asked.
    pub approvers: u8,
    /// Least tier of anything done to it.
    pub tier_floor: u8,
    /// What runbooks may fill in as `${service.NAME}`: `unit`, `container`, `pid_file`, `log`, `cache_dir`, `port`, `start` ...
    pub variables: BTreeMap<String, String>,
    /// Where its code is, as an absolute path.
    pub repo: Option<String>,
    /// Address that answers when it is well.
    pub health: Option<String>,
    /// How a change of its code reaches it.
    pub release: Option<Release>,
}

/// How a change reaches a service: by commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Builds it, in the repository; may be empty.
    pub build: Vec<String>,
    /// Puts what was built in place and starts it.
    pub deploy: Vec<String>,
    /// Prints what is deployed now, such as a digest or commit: how a release is asked about after a crash.
    pub current: Vec<String>,
    /// Puts an earlier one in place; `${previous}` stands for what `current` said before.
    pub rollback: Vec<String>,
    /// For each of these.
    pub timeout: Millis,
}
