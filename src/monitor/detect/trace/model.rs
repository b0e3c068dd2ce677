//! What a stack trace is, whatever language wrote it: faults with their steps.
//!
//! Never decides where one begins or ends in a log (`detect::join`) and reads no text. Invariants: the first fault is
//! the outermost, the one that was reported; its reasons follow in the order in which they led to it, nearest first;
//! the steps of a fault are the failing one first; every list and text is bounded by [`Trace`]'s constants.

use crate::domain::signal::Frame;

/// Who wrote the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rust: panics, backtraces, reports of `anyhow` and its like.
    Rust,
    /// Python.
    Python,
    /// JavaScript and TypeScript, as V8 writes it.
    Node,
    /// Java, Kotlin and whatever else runs there.
    Java,
    /// Go.
    Go,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
}

impl Language {
    /// The word in labels.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::Node => "node",
            Self::Java => "java",
            Self::Go => "go",
            Self::Ruby => "ruby",
            Self::Php => "php",
        }
    }
}

/// How a fault belongs to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Link {
    /// It is the one that was reported.
    First,
    /// It led to the one before.
    Cause,
    /// It was being handled when the one before happened.
    Context,
    /// It happened on the way and was put aside.
    Suppressed,
}

impl Link {
    /// The word that goes into a fingerprint.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Cause => "cause",
            Self::Context => "context",
            Self::Suppressed => "suppressed",
        }
    }
}

/// One step of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub frame: Frame,
    /// Whether it is the program's own code rather than a library's, the language's or the machine's.
    pub own: bool,
}

impl Step {
    /// A step at this place.
    #[must_use]
    pub fn new(file: &str, line: Option<u32>, function: &str, own: bool) -> Self {
        let short = |text: &str| text.chars().take(Trace::NAME_MOST).collect();
        Self { frame: Frame { file: short(file), line, function: short(function) }, own }
    }
}

/// One exception, panic or error with its stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// How it belongs to the one before it.
    pub link: Link,
    /// Its type, such as `java.lang.IllegalStateException` or `panic: index out of bounds`.
    pub kind: String,
    /// What it said, first line only.
    pub message: String,
    /// Its steps, the failing one first.
    pub steps: Vec<Step>,
}

impl Fault {
    /// One without steps yet.
    #[must_use]
    pub fn new(link: Link, kind: &str, message: &str) -> Self {
        let message = message.lines().next().unwrap_or_default().trim();
        Self {
            link,
            kind: kind.trim().chars().take(Trace::NAME_MOST).collect(),
            message: message.chars().take(Trace::MESSAGE_MOST).collect(),
            steps: Vec::new(),
        }
    }

    /// Adds a step unless there are enough.
    pub fn push(&mut self, step: Step) {
        if self.steps.len() < Trace::STEPS_MOST {
            self.steps.push(step);
        }
    }
}

/// A stack trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Who wrote it.
    pub language: Language,
    /// The fault that was reported and what led to it; never empty.
    pub faults: Vec<Fault>,
    /// Whether the process, its thread or its task ended by it: a panic, an abort, a signal.
    pub crash: bool,
}

impl Trace {
    /// Steps kept of one fault.
    pub const STEPS_MOST: usize = 256;
    /// Faults kept of one trace.
    pub const FAULTS_MOST: usize = 8;
    /// Characters of a type, a file or a function.
    pub const NAME_MOST: usize = 256;
    /// Characters of a message.
    pub const MESSAGE_MOST: usize = 512;

    /// A trace of these faults; `None` if there are none.
    #[must_use]
    pub fn of(language: Language, mut faults: Vec<Fault>, crash: bool) -> Option<Self> {
        faults.truncate(Self::FAULTS_MOST);
        if let Some(first) = faults.first_mut() {
            first.link = Link::First;
        }
        (!faults.is_empty()).then_some(Self { language, faults, crash })
    }

    /// Steps of all its faults.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.faults.iter().map(|fault| fault.steps.len()).sum()
    }

    /// The program's own frames: those of the deepest cause first, for that is where it failed, then those on the way
    /// out; none twice.
    #[must_use]
    pub fn own_frames(&self, most: usize) -> Vec<Frame> {
        let causes = self.faults.iter().filter(|fault| fault.link == Link::Cause).rev();
        let rest = self.faults.iter().filter(|fault| fault.link != Link::Cause);
        let mut frames: Vec<Frame> = Vec::new();
        for step in causes.chain(rest).flat_map(|fault| &fault.steps).filter(|step| step.own) {
            if frames.len() >= most {
                break;
            }
            if !frames.contains(&step.frame) {
                frames.push(step.frame.clone());
            }
        }
        frames
    }
}
