//! What streams to whoever looks: thoughts, words, tool calls and the live shot of a channel. Feeds are
//! bounded and lossy by design; what must last is in the journal and the transcripts.

use super::{
    digest::Digest,
    ids::{MissionId, TeamId},
    money::{Cost, Usage},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A pane's source: a team of a mission, or its anchor desk (`team: None`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Channel {
    /// Mission.
    pub mission: MissionId,
    /// Team, or the orchestrator.
    pub team: Option<TeamId>,
}

/// One thing that happened on a channel. Text in it is clean already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedItem {
    /// A piece of reasoning.
    Thought(String),
    /// A piece of the answer.
    Text(String),
    /// A tool call begins: name, one line of arguments.
    Tool {
        /// Tool.
        name: String,
        /// Arguments in one line.
        brief: String,
    },
    /// A tool call ended: one line; more behind it on demand.
    ToolDone {
        /// Tool.
        name: String,
        /// Result in one line.
        brief: String,
        /// Whether it did what was asked.
        ok: bool,
    },
    /// The director or orchestrator said something to this channel.
    Said(String),
    /// Something about the call itself: retry, fallback, rate limit, breaker.
    Notice(String),
    /// The team's patch as it stands: unified diff.
    Shot(Arc<Shot>),
    /// Tokens and money so far.
    Meter {
        /// Tokens.
        usage: Usage,
        /// Money.
        cost: Cost,
    },
}

/// A unified diff at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// Of the patch, so that an unchanged shot is not drawn again.
    pub digest: Digest,
    /// Unified diff as git writes it, clean.
    pub patch: String,
}

impl Shot {
    /// The last line of a diff that goes on. Nothing in a diff begins so but git's own word about a missing newline.
    pub const CUT: &str = "\\ The diff goes on";
}
