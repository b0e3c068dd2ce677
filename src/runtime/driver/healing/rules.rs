//! What the director has laid down about healing, put together once by whoever starts the engine.

use super::channels::Channels;
use crate::{
    domain::{brief::Brief, probe::ProbeSpec, runbook::Runbook},
    monitor::{investigate::Rules, probes::Eyes},
};

/// What the director has laid down about healing, apart from policy.
#[derive(Debug)]
pub struct HealRules {
    /// What is watched.
    pub probes: Vec<ProbeSpec>,
    /// Safe operations.
    pub runbooks: Vec<Runbook>,
    /// What causes are told by.
    pub rules: Rules,
    /// What is looked with.
    pub eyes: Eyes,
    /// What the brief of a fix starts from; its words and its repository are added.
    pub commission: Brief,
    /// Who is told.
    pub notify: Channels,
}
