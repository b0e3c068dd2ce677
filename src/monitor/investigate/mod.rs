//! What lies behind an incident: looks, judges by rules, says what it rests on. Owns looking for causes; never changes
//! anything, never decides what is done.
//!
//! ```text
//!  Scene ── gather ──> Findings ── judge ──> Diagnosis
//!           looks,     clues, facts, rules,   grade, cause, evidence,
//!           bounded    gaps           pure    gaps, culprit, remedy
//! ```
//!
//! Invariants: text from outside is quoted and counted, never obeyed (see [`rules`]); a look that cannot be made is a
//! gap and never a guess; the same scene and findings always come to the same diagnosis.

mod asking;
pub mod book;
pub mod commits;
mod cut;
pub mod facts;
pub mod findings;
mod gather;
mod history;
mod instances;
mod markers;
pub mod rules;
pub mod scene;
#[cfg(test)]
mod scenes;
pub mod vocabulary;

pub use findings::Findings;
pub use gather::gather;
pub use rules::{RuleError, Rules, judge, offers};
pub use scene::{Earlier, Means, Newest, Released, Scene};
