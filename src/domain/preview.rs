//! A candidate's service as it runs beside its diff: where it answers and what it answered first. Shown while it
//! lasts; no part of the journal.

use super::{text::Clean, time::Millis};

/// Bytes of a page's text that are kept.
pub const TEXT_MOST: usize = 64 * 1024;
/// Bytes of the program's last words that are kept.
pub const TAIL_MOST: usize = 8 * 1024;

/// One candidate's preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Which of the team's candidates runs.
    pub attempt: u32,
    /// How it stands.
    pub stage: Stage,
    /// Where it answers; empty before there is a port.
    pub url: String,
    /// What it answered.
    pub answer: Option<Answer>,
    /// Its last words.
    pub tail: Clean,
}

/// How a preview stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Built and started, not answering yet.
    Starting,
    /// It answers.
    Up,
    /// It ended or never answered: why.
    Failed(String),
    /// It was ended: why.
    Gone(String),
}

impl Stage {
    /// Status word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Failed(_) => "failed",
            Self::Gone(_) => "gone",
        }
    }

    /// Why, where there is a reason.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Failed(why) | Self::Gone(why) => Some(why),
            Self::Starting | Self::Up => None,
        }
    }

    /// Whether a process may run.
    #[must_use]
    pub fn lives(&self) -> bool {
        matches!(self, Self::Starting | Self::Up)
    }
}

/// One answer to a request for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Bytes of the body that were read.
    pub bytes: u64,
    /// From the connection to the end of the body.
    pub latency: Millis,
    /// Media type as it was sent; empty if none was.
    pub media_type: Clean,
    /// The page's title; empty if it has none.
    pub title: Clean,
    /// The page as text.
    pub text: Clean,
}
