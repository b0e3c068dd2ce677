//! The script of a rehearsal as data (TOML): a list of turns, each with what it answers to and what it says. The
//! first turn that fits is spoken.

use super::ask::Asked;
use serde::Deserialize;
use serde_json::Value;

/// A script that cannot be used: the text has line and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct ScriptError {
    /// The file.
    pub file: String,
    /// What is wrong where.
    pub why: String,
}

/// All turns.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// In the order they are tried.
    #[serde(default)]
    pub turn: Vec<Turn>,
}

impl Script {
    /// Reads TOML.
    ///
    /// # Errors
    /// Names the file and the place in it.
    pub fn read(file: &str, text: &str) -> Result<Self, ScriptError> {
        toml_edit::de::from_str(text)
            .map_err(|error| ScriptError { file: file.to_owned(), why: error.to_string() })
    }
}

/// What is answered to which request. A condition that is left out always holds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Turn {
    /// The model's id holds this.
    pub model: Option<String>,
    /// The system prompt holds this: the mark of a role.
    pub system: Option<String>,
    /// The last message of the user holds this, tool results included.
    pub said: Option<String>,
    /// So many messages of the assistant are in the conversation: the step of a tool loop.
    pub turn: Option<usize>,
    /// So many tool results are in the conversation.
    pub results: Option<usize>,
    /// Spoken at most so often; after that the next fitting turn is.
    pub times: Option<u32>,
    /// Tokens per second; 0: at once.
    pub pace: u32,
    /// Reasoning.
    pub thinking: String,
    /// Words.
    pub text: String,
    /// Tool calls, in order.
    pub calls: Vec<ScriptedCall>,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Turn {
    /// Whether it answers this request.
    #[must_use]
    pub fn fits(&self, asked: &Asked) -> bool {
        let holds =
            |part: &Option<String>, text: &str| part.as_ref().is_none_or(|part| text.contains(part.as_str()));
        holds(&self.model, &asked.model)
            && holds(&self.system, &asked.system)
            && holds(&self.said, &asked.said)
            && self.turn.is_none_or(|turn| turn == asked.turns)
            && self.results.is_none_or(|results| results == asked.results)
    }
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// Tool.
    pub name: String,
    /// Arguments.
    pub input: Value,
}

/// What goes wrong; `after` counts events of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Another status than 200, or 200 with a page that is no stream.
    Status {
        /// The status.
        status: u16,
        /// Header `retry-after`.
        #[serde(default)]
        retry_after: Option<String>,
        /// Instead of the vendor's usual error.
        #[serde(default)]
        body: Option<String>,
    },
    /// No answer at all.
    Hang,
    /// The connection closes in the middle.
    Cut {
        /// Events before.
        after: usize,
    },
    /// Nothing more comes, and the connection stays open.
    Stall {
        /// Events before.
        after: usize,
    },
    /// An event that is no JSON.
    Garbage {
        /// Events before.
        after: usize,
    },
    /// The vendor's error event; then the stream ends.
    ErrorEvent {
        /// Events before.
        after: usize,
    },
    /// Every byte in a write of its own.
    Bytewise,
}
