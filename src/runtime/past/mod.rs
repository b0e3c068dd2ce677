//! The past: searched, gathered mission by mission, and written down for others. Reads what the store has, by the
//! owner or beside it; changes nothing.
//!
//! Invariants: every answer has a bound (entries, bytes, hits) and says when it was reached; every text that comes
//! out for people is clean.

pub mod dossier;
pub mod elsewhere;
pub mod export;
pub mod proof;
pub mod reel;
pub mod report;
pub mod search;
pub mod shelf;
pub mod talk;
