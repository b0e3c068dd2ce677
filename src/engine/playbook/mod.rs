//! Playbooks: what follows from what, one folder per kind of mission. They share effects, desk and ledger.

pub mod brief;
pub mod feature;
