//! The Messages event stream as a state machine. The types of the wire stay in this file. Text, reasoning and
//! tool arguments are read into typed structs in one pass; only the start of a block is kept as a JSON value,
//! because whatever block is unknown must go back unchanged.

use crate::{
    domain::{
        money::{Cost, Usage},
        team::{ModelRef, Vendor},
    },
    providers::{
        exchange::{Decoder, Progress},
        failure, signature,
        wire::{Block, CallError, Delta, Message, Reply, Speaker, StopReason},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeMap};

/// Blocks one message may have; more are left out.
const BLOCKS_MOST: usize = 4_096;

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    #[serde(default)]
    index: u64,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    content_block: Option<Value>,
    message: Option<Head>,
    usage: Option<Counts>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
    text: Option<String>,
    thinking: Option<String>,
    partial_json: Option<String>,
    signature: Option<String>,
    stop_reason: Option<String>,
    stop_details: Option<StopDetails>,
}

/// Why a model refuses, where the vendor says it.
#[derive(Deserialize)]
struct StopDetails {
    category: Option<String>,
    explanation: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    model: Option<String>,
    usage: Option<Counts>,
}

#[derive(Deserialize, Default)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

/// A piece of a block this file does not know: every field is kept.
#[derive(Deserialize)]
struct UnknownPiece {
    delta: Option<Map<String, Value>>,
}

/// The kind of an event whose other fields could not be read.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type", default)]
    kind: String,
}

/// A block that is being streamed.
#[derive(Debug)]
enum Open {
    Text(String),
    Thinking { text: String, proof: String },
    Tool { id: String, name: String, input: Value, pieces: String },
    Unknown { value: Value, pieces: String },
}

/// One reply.
#[derive(Debug)]
pub struct MessageStream {
    model: String,
    blocks: BTreeMap<u64, Open>,
    usage: Usage,
    stop: Option<String>,
    refusal: Option<String>,
    complete: bool,
}

impl MessageStream {
    /// A reply of `model`.
    #[must_use]
    pub fn new(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            blocks: BTreeMap::new(),
            usage: Usage::default(),
            stop: None,
            refusal: None,
            complete: false,
        }
    }

    fn count(&mut self, counts: &Counts) {
        let set = |to: &mut u64, from: Option<u64>| *to = from.unwrap_or(*to);
        set(&mut self.usage.input, counts.input_tokens);
        set(&mut self.usage.output, counts.output_tokens);
        set(&mut self.usage.cache_write, counts.cache_creation_input_tokens);
        set(&mut self.usage.cache_read, counts.cache_read_input_tokens);
        let details = counts.output_tokens_details.as_ref();
        set(&mut self.usage.reasoning, details.and_then(|details| details.thinking_tokens));
    }

    /// A message begins. One after another in the same stream takes its place: a server in between began anew.
    fn open(&mut self, head: Head, deltas: &mut Vec<Delta>) {
        if !self.blocks.is_empty() {
            self.blocks.clear();
            deltas.push(Delta::Restart);
        }
        self.model = head.model.unwrap_or(std::mem::take(&mut self.model));
        self.count(&head.usage.unwrap_or_default());
    }

    fn begin(&mut self, index: u64, value: Value, deltas: &mut Vec<Delta>) {
        if self.blocks.len() >= BLOCKS_MOST {
            return;
        }
        let field = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let open = match value["type"].as_str() {
            Some("text") => {
                let text = field("text");
                if !text.is_empty() {
                    deltas.push(Delta::Text(text.clone()));
                }
                Open::Text(text)
            }
            Some("thinking") => {
                let text = field("thinking");
                if !text.is_empty() {
                    deltas.push(Delta::Thinking(text.clone()));
                }
                Open::Thinking { text, proof: field("signature") }
            }
            Some("tool_use") => {
                let name = field("name");
                deltas.push(Delta::ToolCall { name: name.clone() });
                Open::Tool { id: field("id"), name, input: value["input"].clone(), pieces: String::new() }
            }
            _ => Open::Unknown { value, pieces: String::new() },
        };
        self.blocks.insert(index, open);
    }

    fn extend(&mut self, index: u64, piece: Piece<'_>, whole: &str, deltas: &mut Vec<Delta>) {
        // Text without the start of its block is still text.
        if piece.kind == "text_delta" && self.blocks.len() < BLOCKS_MOST {
            self.blocks.entry(index).or_insert_with(|| Open::Text(String::new()));
        }
        let Some(open) = self.blocks.get_mut(&index) else { return };
        match open {
            Open::Text(text) => {
                if let Some(words) = piece.text {
                    text.push_str(&words);
                    deltas.push(Delta::Text(words));
                }
            }
            Open::Thinking { text, proof } => {
                if let Some(words) = piece.thinking {
                    text.push_str(&words);
                    deltas.push(Delta::Thinking(words));
                }
                if let Some(more) = piece.signature {
                    proof.push_str(&more);
                }
            }
            Open::Tool { pieces, .. } => {
                if let Some(json) = piece.partial_json {
                    pieces.push_str(&json);
                    deltas.push(Delta::ToolInput(json));
                }
            }
            Open::Unknown { value, pieces } => match piece.partial_json {
                Some(json) => pieces.push_str(&json),
                None => grow(value, whole),
            },
        }
    }
}

/// Adds to a block this file does not know what came for it: texts are appended, anything else is set.
fn grow(block: &mut Value, event: &str) {
    let piece = serde_json::from_str::<UnknownPiece>(event).ok().and_then(|event| event.delta);
    let (Value::Object(block), Some(piece)) = (block, piece) else { return };
    for (key, more) in piece.into_iter().filter(|(key, more)| key != "type" && !more.is_null()) {
        match (block.get_mut(&key), more) {
            (Some(Value::String(text)), Value::String(more)) => text.push_str(&more),
            (_, more) => {
                block.insert(key, more);
            }
        }
    }
}

/// What a refusal says beyond the word.
fn explained(details: StopDetails) -> Option<String> {
    let said: Vec<String> = [details.category, details.explanation].into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join(": "))
}

/// The finished block; `None` for one without content.
fn closed(index: u64, open: Open) -> Option<Block> {
    Some(match open {
        Open::Text(text) if text.is_empty() => return None,
        Open::Text(text) => Block::Text(text),
        Open::Thinking { text, proof } if text.is_empty() && proof.is_empty() => return None,
        Open::Thinking { text, proof } => Block::Thinking {
            text,
            signature: (!proof.is_empty()).then(|| signature::named(Vendor::Anthropic, &proof)),
        },
        Open::Tool { id, name, input, pieces } => Block::ToolCall {
            id: if id.is_empty() { format!("call_{name}_{index}") } else { id },
            name,
            input: if pieces.is_empty() && input.is_object() { input } else { signature::arguments(&pieces) },
            signature: None,
        },
        Open::Unknown { mut value, pieces } => {
            if !pieces.is_empty() && value.is_object() {
                value["input"] = signature::arguments(&pieces);
            }
            Block::Opaque { vendor: Vendor::Anthropic, value }
        }
    })
}

fn stop_reason(word: Option<String>, refusal: Option<String>, calls_tools: bool) -> StopReason {
    match word.as_deref() {
        Some("end_turn") => StopReason::EndTurn,
        Some("tool_use") => StopReason::ToolUse,
        Some("max_tokens" | "model_context_window_exceeded") => StopReason::MaxTokens,
        Some("stop_sequence") => StopReason::StopSequence,
        Some("pause_turn") => StopReason::Pause,
        Some("refusal") => StopReason::Refused(refusal.unwrap_or_else(|| "refusal".to_owned())),
        Some(other) => StopReason::Other(other.to_owned()),
        None if calls_tools => StopReason::ToolUse,
        None => StopReason::EndTurn,
    }
}

impl Decoder for MessageStream {
    fn event(&mut self, _name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<(), CallError> {
        let event: Event<'_> = match serde_json::from_str(data) {
            Ok(event) => event,
            Err(error) => return unreadable(data, &error),
        };
        match &*event.kind {
            "content_block_delta" => {
                if let Some(piece) = event.delta {
                    self.extend(event.index, piece, data, deltas);
                }
            }
            "content_block_start" => {
                if let Some(value) = event.content_block {
                    self.begin(event.index, value, deltas);
                }
            }
            "message_start" => {
                if let Some(head) = event.message {
                    self.open(head, deltas);
                }
            }
            "message_delta" => {
                if let Some(piece) = event.delta {
                    self.stop = piece.stop_reason.or(self.stop.take());
                    self.refusal = piece.stop_details.and_then(explained).or(self.refusal.take());
                }
                self.count(&event.usage.unwrap_or_default());
            }
            "message_stop" => self.complete = true,
            "error" => {
                return Err(failure::in_stream(Vendor::Anthropic, &event.error.unwrap_or_default()));
            }
            // `ping`, `content_block_stop`, and whatever the vendor adds.
            _ => {}
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        if self.complete { Progress::Done } else { Progress::Open }
    }

    fn usage(&self) -> Usage {
        self.usage
    }

    fn finish(self) -> Result<Reply, CallError> {
        if !self.complete {
            return Err(failure::cut(Vendor::Anthropic));
        }
        let blocks: Vec<Block> =
            self.blocks.into_iter().filter_map(|(index, open)| closed(index, open)).collect();
        let calls_tools = blocks.iter().any(|block| matches!(block, Block::ToolCall { .. }));
        Ok(Reply {
            message: Message { speaker: Speaker::Assistant, blocks },
            stop: stop_reason(self.stop, self.refusal, calls_tools),
            usage: self.usage,
            cost: Cost::Unknown,
            by: ModelRef { vendor: Vendor::Anthropic, model: self.model },
        })
    }
}

/// An event of a kind this file does not know may have fields of any shape; one it knows may not.
fn unreadable(data: &str, error: &serde_json::Error) -> Result<(), CallError> {
    const KNOWN: [&str; 6] = [
        "content_block_delta",
        "content_block_start",
        "message_start",
        "message_delta",
        "message_stop",
        "error",
    ];
    match serde_json::from_str::<Kind>(data) {
        Ok(event) if !KNOWN.contains(&&*event.kind) => Ok(()),
        _ => Err(failure::bad_event(Vendor::Anthropic, error)),
    }
}
