//! What carrying out came to. Plain data.

use crate::domain::time::Millis;

/// Bytes kept of what one command said.
pub const SAID_MOST: usize = 4 * 1024;

/// A step that was done and ended as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepDone {
    /// Which.
    pub id: String,
    /// Its exit code.
    pub exit: i32,
    /// What it said, cleaned, at most [`SAID_MOST`] bytes; not redacted.
    pub said: String,
    /// How long it took.
    pub elapsed: Millis,
}

/// Every step was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// In order.
    pub steps: Vec<StepDone>,
}

/// A step that was taken back, or was to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Which.
    pub id: String,
    /// How it failed; `None`: it was taken back.
    pub failed: Option<String>,
}

/// It was not carried out to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// What must be true now is not, or is not known. Nothing was done.
    #[error("nothing was done: precheck {precheck} does not hold: {why}")]
    NotNow {
        /// Which.
        precheck: String,
        /// What is so, or what is missing.
        why: String,
    },
    /// Trying it out did not go as expected. Nothing was done.
    #[error("nothing was done: the dry run of step {step} failed: {why}")]
    Rehearsal {
        /// Which.
        step: String,
        /// How.
        why: String,
    },
    /// A step failed.
    #[error("step {step} failed: {why}{}", taken_back(.undone))]
    Step {
        /// Which.
        step: String,
        /// How.
        why: String,
        /// Steps before it.
        done: Vec<StepDone>,
        /// What was taken back, last first; empty where nothing could be.
        undone: Vec<Undone>,
    },
    /// It was stopped. Nothing is taken back after that.
    #[error("stopped {}", .step.as_ref().map_or_else(|| "before a step".to_owned(), |step| format!("in step {step}")))]
    Stopped {
        /// The step that was under way.
        step: Option<String>,
        /// Steps before it.
        done: Vec<StepDone>,
    },
}

impl Broken {
    /// Whether anything may have been changed and not taken back.
    #[must_use]
    pub fn left_something(&self) -> bool {
        match self {
            Self::NotNow { .. } | Self::Rehearsal { .. } => false,
            Self::Stopped { step, done } => step.is_some() || !done.is_empty(),
            // The failed step itself may have done a part.
            Self::Step { .. } => true,
        }
    }
}

fn taken_back(undone: &[Undone]) -> String {
    if undone.is_empty() {
        return String::new();
    }
    let words = undone.iter().map(|step| match &step.failed {
        None => format!("{} was taken back", step.id),
        Some(why) => format!("{} could not be taken back: {why}", step.id),
    });
    format!("; {}", words.collect::<Vec<_>>().join("; "))
}

/// Whether it helped. What is not known never counts as helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that was to become true became true in time.
    Helped,
    /// Something did not: what.
    NotHelped(Vec<String>),
    /// It cannot be told: what is missing.
    Unknown(Vec<String>),
}

/// How one step went when it was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rehearsal {
    /// As expected: what was said.
    Well(String),
    /// Not as expected: how.
    Unexpected(String),
    /// It cannot be tried out.
    Unsupported,
}

/// One step tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// Which.
    pub step: String,
    /// What would run.
    pub run: Vec<String>,
    /// How it went.
    pub outcome: Rehearsal,
}

/// How far a plan had come when everything ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Ids of steps that are known to be done, in order.
    pub done: Vec<String>,
    /// The step that had begun and is not known to be done, in words.
    pub begun: Option<String>,
}

/// What became of a plan that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resumed {
    /// Steps were carried out now.
    Done(Done),
    /// Nothing had to be done: every step is known to be done, or what was to become true is true. To be verified next.
    Already,
    /// It cannot be told whether it was done, and it is not done twice: what is known. A person must look.
    Unclear(Vec<String>),
}
