//! A candidate's service as it runs beside its diff: where it answers and what it answered first. Shown while it
//! lasts; no part of the journal.

use super::{text::Clean, time::Millis};
use std::sync::Arc;

/// Bytes of a page's text that are kept.
pub const TEXT_MOST: usize = 64 * 1024;
/// Bytes of the program's last words that are kept.
pub const TAIL_MOST: usize = 8 * 1024;

/// Bytes of a photo that are kept.
pub const PHOTO_MOST: u64 = 4 * 1024 * 1024;
/// Pixels of a viewport, each way: the least and the most.
pub const VIEWPORT: (u16, u16) = (160, 4_096);

/// What a browser shows of a page, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewport {
    /// From left to right.
    pub width: u16,
    /// From top to bottom.
    pub height: u16,
}

impl Viewport {
    /// One within [`VIEWPORT`].
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        let bounded =
            |side: u32| u16::try_from(side.min(u32::from(VIEWPORT.1))).unwrap_or(VIEWPORT.1).max(VIEWPORT.0);
        Self { width: bounded(width), height: bounded(height) }
    }
}

/// The page as a browser shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Photo {
    /// How it was looked at.
    pub viewport: Viewport,
    /// A PNG of exactly that size, or why there is none.
    pub png: Result<Arc<[u8]>, String>,
}

/// One candidate's preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Which of the team's candidates runs.
    pub attempt: u32,
    /// How it stands.
    pub stage: Stage,
    /// Where it answers; empty before there is a port.
    pub url: String,
    /// How that is reached from here, in words, where it is an address of another machine.
    pub reach: Option<Clean>,
    /// What it answered.
    pub answer: Option<Answer>,
    /// How its page looks, once somebody who can see it has asked.
    pub photo: Option<Photo>,
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
