//! What every vendor's API is reduced to: a request, deltas while it streams, one reply, one kind of error.

use crate::domain::{
    ids::CallId,
    money::{Cost, Money, Usage},
    team::{ModelRef, Vendor},
    time::Millis,
};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// One call of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// System prompt.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// Tools it may call.
    pub tools: Vec<ToolSpec>,
    /// Most tokens of the answer, reasoning included.
    pub max_output: u32,
    /// Tokens of reasoning it may use; 0: none asked for.
    pub thinking: u32,
}

impl CallRequest {
    /// The reasoning asked for in the word that some models take instead of a number of tokens.
    #[must_use]
    pub fn effort(&self) -> &'static str {
        match self.thinking {
            0..=2_000 => "low",
            2_001..=10_000 => "medium",
            _ => "high",
        }
    }
}

/// A tool as the model sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Name: `[a-z_]{1,64}`.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON Schema of its input, an object.
    pub input_schema: serde_json::Value,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said, in order.
    pub blocks: Vec<Block>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The program, the director, tool results.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Words.
    Text(String),
    /// Reasoning, with the vendor's signature that must be sent back unchanged.
    Thinking {
        /// Words.
        text: String,
        /// Vendor's proof.
        signature: Option<String>,
    },
    /// The model wants a tool run.
    ToolCall {
        /// Vendor's id, or one made up where the vendor gives none.
        id: String,
        /// Tool.
        name: String,
        /// Arguments; `Err`-like text under the key `__invalid` when they were no JSON.
        input: serde_json::Value,
        /// Vendor's proof (Gemini's thoughtSignature).
        signature: Option<String>,
    },
    /// What a tool said.
    ToolResult {
        /// Id of the call.
        id: String,
        /// Tool.
        name: String,
        /// Its output.
        content: String,
        /// Whether it failed.
        is_error: bool,
    },
    /// An image.
    Image {
        /// `image/png`, `image/jpeg`, `image/gif`, `image/webp`.
        media_type: String,
        /// Base64.
        data: String,
    },
    /// A block this program does not know; sent back to the same vendor unchanged.
    Opaque {
        /// Whose.
        vendor: Vendor,
        /// As it came.
        value: serde_json::Value,
    },
}

/// What arrives while a reply streams.
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// Words.
    Text(String),
    /// Reasoning.
    Thinking(String),
    /// A tool call begins.
    ToolCall {
        /// Tool.
        name: String,
    },
    /// A piece of a tool call's arguments, as text.
    ToolInput(String),
    /// Something about the call: attempt, retry, fallback, rate limit, breaker. For the channel.
    Notice(String),
    /// The attempt failed after words had been streamed: forget what this call has streamed so far.
    Restart,
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What the model said, to be sent back as it is.
    pub message: Message,
    /// Why it stopped.
    pub stop: StopReason,
    /// Tokens.
    pub usage: Usage,
    /// Cost: by the price table, or as the vendor reports it.
    pub cost: Cost,
    /// Who really answered.
    pub by: ModelRef,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It was done.
    EndTurn,
    /// It waits for tool results.
    ToolUse,
    /// Cut by the output limit.
    MaxTokens,
    /// A stop sequence.
    StopSequence,
    /// The vendor pauses a long turn; send the message back to go on.
    Pause,
    /// It refuses, or a filter does: the vendor's word.
    Refused(String),
    /// Anything else: the vendor's word.
    Other(String),
}

/// A call that brought no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{vendor}: {message}")]
pub struct CallError {
    /// Whose API.
    pub vendor: Vendor,
    /// Decides what is done.
    pub kind: CallErrorKind,
    /// What happened and what to do; clean, never holds a key.
    pub message: String,
    /// What the vendor asks us to wait.
    pub retry_after: Option<Millis>,
    /// Tokens that were used all the same, as far as the stream told.
    pub usage: Usage,
}

/// Kinds of failed calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallErrorKind {
    /// 429.
    RateLimited,
    /// 500-599, overloaded.
    Overloaded,
    /// Not reached, cut, silent for too long.
    Connection,
    /// 401, 403: a key is missing or wrong.
    Unauthorized,
    /// 400, 404, 413, 422: the request will never do.
    Rejected,
    /// The vendor speaks another language than documented.
    Protocol,
    /// The conversation is too long for the model.
    ContextTooLong,
    /// A cap forbids the call. With this budget of the mission it would pass; `None`: no budget lifts that cap.
    OverBudget(Option<Money>),
    /// The caller went away.
    Cancelled,
    /// The breaker is open: this vendor failed too often just now.
    BreakerOpen,
}

impl CallErrorKind {
    /// Whether the same request may succeed later at the same vendor.
    #[must_use]
    pub fn may_retry(self) -> bool {
        matches!(self, Self::RateLimited | Self::Overloaded | Self::Connection)
    }
    /// Whether another vendor may do better.
    #[must_use]
    pub fn may_fall_back(self) -> bool {
        !matches!(self, Self::OverBudget(_) | Self::Cancelled)
    }
}

/// Takes deltas as they come. Must not block.
pub type OnDelta<'a> = &'a mut (dyn FnMut(Delta) + Send);

/// One vendor's API. One call is one HTTP exchange: no retries in here.
pub trait Provider: Send + Sync {
    /// Asks and streams. Dropping the future cancels the call and closes the connection.
    fn call<'a>(
        &'a self,
        model: &'a str,
        request: &'a CallRequest,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>>;

    /// Ids of the models the vendor offers.
    fn models(&self) -> BoxFuture<'_, Result<Vec<String>, CallError>>;
}

/// Why nothing was set aside for a call, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// A cap or a rule forbids it: only a person can change that.
    #[error("{why}")]
    Capped {
        /// In words.
        why: String,
        /// The budget of the mission with which the call would pass, if one lifts it.
        enough: Option<Money>,
    },
    /// Whoever calls is not to go on now: the house is halted, the mission or the team has ended, the books are shut.
    #[error("{0}")]
    Stopped(String),
}

/// Who holds the money: asked before each attempt, told after it.
pub trait Purse: Send + Sync {
    /// Sets `worst` aside, or says why not. When the future is dropped before it is ready, nothing stays set aside.
    fn reserve<'a>(&'a self, model: &'a ModelRef, worst: Cost) -> BoxFuture<'a, Result<CallId, Withheld>>;
    /// Pays what was used, and frees the rest. The settlement is taken at the latest by the first poll of the
    /// future (hand it to a queue or a lock there); further polls only wait for it to be durable. A caller that
    /// goes away in the middle of a call can poll no more than once.
    fn settle(&self, call: CallId, usage: Usage, cost: Cost) -> BoxFuture<'_, ()>;
}

/// Calls the first of `chain` that answers, with retries, limits, breaker and money. What agents use; made by
/// `providers::switchboard`, or by a test.
pub trait Switchboard: Send + Sync {
    /// Every attempt is reserved and settled through `purse` and told through [`Delta::Notice`].
    fn call<'a>(
        &'a self,
        chain: &'a [ModelRef],
        request: &'a CallRequest,
        purse: &'a dyn Purse,
        on: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>>;
}
