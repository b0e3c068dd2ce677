//! Carrying out runbooks: a plan whose every variable is filled in becomes deeds, and then an answer to whether it helped.
//!
//! Never decides whether a plan may run: that was ruled before, for exactly this plan. Never fills anything in, and
//! never gives anything to a shell.
//!
//! Invariants, each held by a test here:
//! - Nothing is done unless every precheck is true now. What is not known is not true.
//! - Everything that can be tried out is tried out before the first step.
//! - All steps together end within the plan's time; a command that is ended takes its whole group with it.
//! - After a stop nothing new begins, not even taking back.
//! - What fails is taken back from the last done step to the first, where the plan can be taken back.
//! - After a crash, what had begun is asked about, with patience, and never repeated.
//! - "Helped" is only said of what was seen to be true.

mod asking;
mod carrying;
mod ground;
mod outcome;
mod running;
#[cfg(test)]
mod tests;
mod verifying;

pub use carrying::{carry_out, dry_run, may_begin, resume, take_back};
pub use ground::{Ground, Looking, Memory, Pace, SteadyPace, Tell};
pub use outcome::{
    Broken, Done, Progress, Rehearsal, Rehearsed, Resumed, SAID_MOST, StepDone, Undone, Verdict,
};
pub use verifying::verify;
