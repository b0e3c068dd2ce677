//! Healing: from signals to incidents, to a diagnosis, to a remedy that the gate let, to the proof that it helped.
//! Owns every transition of an incident; never touches the world.
//!
//! - [`ward`]: what is known of incidents, silences and storms, and how events change it.
//! - `words`: what people say of them; `observe`: signals become incidents, confirmed and counted.
//! - `storm`: too much at once; `opening`: told and looked into, or kept quiet; `steps`: what that takes, one by one.
//! - `around`: how the world stands around an incident when the gate is asked; `blast`: how far a remedy reaches.
//! - `leave`: what the gate says of a remedy, and what people answer.
//! - `keeping`: a release that watching did not decide, and what a person says of it.
//! - `outcomes`: what effects came to; `ending`: how attempts end; [`runs`]: when runbooks ran.
//! - `course`: what time, a policy, a stop and the start of an effect mean for all of them.
//! - [`notices`]: when people are told of them, and of which together; [`news`]: one word of that;
//!   `waiting`: what waits for people.
//! - [`figures`]: what all of it came to, against the targets.
//!
//! Invariants: no remedy is wanted without a ruling `Auto` of the same plan; at most one remedy at work for a
//! fingerprint and for a target; a release of which nothing tells is kept by a person only; a remedy that did not help is never tried again as it was; nothing resumes by itself
//! after a stop.

mod around;
mod blast;
mod course;
pub(super) mod ending;
pub mod figures;
mod keeping;
pub(super) mod leave;
mod looks;
pub mod news;
pub mod notices;
mod observe;
mod opening;
mod outcomes;
mod released;
pub mod runs;
mod steps;
mod storm;
#[cfg(test)]
pub(super) mod tests;
mod waiting;
pub mod ward;
mod words;

pub(super) use course::{begin, next_deadline, reconsider_all, stopped, tick};
pub(super) use keeping::keep_or_not;
pub(super) use leave::{answer, approve_waited, rule_again};
pub(super) use notices::{next_told, tell};
pub(super) use outcomes::report;
pub(super) use words::decide;
