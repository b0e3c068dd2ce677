//! The stream of chat completions as a state machine. The types of the wire stay in this file. Imitations differ:
//! usage, ids and indexes of tool calls may be missing, `finish_reason` may be empty, arguments come whole or in
//! pieces or as an object, reasoning stands under three names, an error may come in the middle.

use crate::{
    domain::{
        money::{Cost, Money, Usage},
        team::{ModelRef, Vendor},
    },
    providers::{
        exchange::{Decoder, Progress},
        failure, signature,
        wire::{Block, CallError, Delta, Message, Reply, Speaker, StopReason},
    },
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use std::fmt;

/// Tool calls and pieces of reasoning one message may have; more are left out.
const PARTS_MOST: usize = 4_096;

#[derive(Deserialize)]
struct Chunk {
    model: Option<String>,
    choices: Option<Vec<Choice>>,
    usage: Option<Counts>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Piece>,
    finish_reason: Option<String>,
    native_finish_reason: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    content: Words,
    #[serde(default)]
    reasoning: Words,
    #[serde(default)]
    reasoning_content: Words,
    #[serde(default)]
    thinking: Words,
    #[serde(default)]
    refusal: Words,
    reasoning_details: Option<Vec<Value>>,
    tool_calls: Option<Vec<CallPiece>>,
}

#[derive(Deserialize)]
struct CallPiece {
    index: Option<usize>,
    id: Option<String>,
    function: Option<FunctionPiece>,
}

#[derive(Deserialize)]
struct FunctionPiece {
    name: Option<String>,
    #[serde(default)]
    arguments: Words,
}

#[derive(Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<AnswerDetails>,
    cost: Option<f64>,
}

#[derive(Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct AnswerDetails {
    reasoning_tokens: Option<u64>,
}

/// Text that an imitation may send as a string, as null, as a list of parts, or (arguments) as an object.
#[derive(Default)]
struct Words(String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl<'de> de::Visitor<'de> for WordsVisitor {
    type Value = Words;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }
    fn visit_str<E>(self, text: &str) -> Result<Words, E> {
        Ok(Words(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Words, E> {
        Ok(Words(text))
    }
    fn visit_unit<E>(self) -> Result<Words, E> {
        Ok(Words::default())
    }
    fn visit_bool<E>(self, value: bool) -> Result<Words, E> {
        Ok(Words(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Words, E> {
        Ok(Words(value.to_string()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Words, E> {
        Ok(Words(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Words, E> {
        Ok(Words(value.to_string()))
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut parts: A) -> Result<Words, A::Error> {
        let mut text = String::new();
        while let Some(part) = parts.next_element::<Value>()? {
            text.push_str(part.as_str().or_else(|| part["text"].as_str()).unwrap_or_default());
        }
        Ok(Words(text))
    }
    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Words, A::Error> {
        Value::deserialize(de::value::MapAccessDeserializer::new(map)).map(|value| Words(value.to_string()))
    }
}

/// A tool call that is being streamed.
#[derive(Debug, Default)]
struct OpenCall {
    index: Option<usize>,
    id: String,
    name: String,
    arguments: String,
}

/// One reply.
#[derive(Debug)]
pub struct ChunkStream {
    vendor: Vendor,
    model: String,
    turn: usize,
    text: String,
    reasoning: String,
    details: Vec<Value>,
    refusal: String,
    calls: Vec<OpenCall>,
    usage: Usage,
    cost: Cost,
    stop: Option<String>,
    done: bool,
}

impl ChunkStream {
    /// A reply of `model` in a conversation of `turn` messages.
    #[must_use]
    pub fn new(vendor: Vendor, model: &str, turn: usize) -> Self {
        Self {
            vendor,
            model: model.to_owned(),
            turn,
            text: String::new(),
            reasoning: String::new(),
            details: Vec::new(),
            refusal: String::new(),
            calls: Vec::new(),
            usage: Usage::default(),
            cost: Cost::Unknown,
            stop: None,
            done: false,
        }
    }

    fn count(&mut self, counts: &Counts) {
        let prompt = counts.prompt_tokens_details.as_ref();
        let read = prompt.and_then(|details| details.cached_tokens).unwrap_or(0);
        let write = prompt.and_then(|details| details.cache_write_tokens).unwrap_or(0);
        let all = counts.prompt_tokens.unwrap_or(0);
        let reasoning =
            counts.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens);
        self.usage = Usage {
            input: all.saturating_sub(read).saturating_sub(write),
            cache_read: read,
            cache_write: write,
            output: counts.completion_tokens.unwrap_or(0),
            reasoning: reasoning.unwrap_or(0),
        };
        if let Some(dollars) = counts.cost.filter(|cost| (0.0..1_000_000.0).contains(cost)) {
            // Rounded up to the micro-dollar, but not for the last bits of a binary fraction; the range above makes
            // the cast exact.
            self.cost = Cost::Known(Money((dollars * 1_000_000.0 - 1e-4).ceil() as i64));
        }
    }

    fn take(&mut self, piece: Piece, deltas: &mut Vec<Delta>) {
        // The same reasoning may stand under several names at once; one of them is enough.
        let details = piece.reasoning_details.unwrap_or_default();
        let thought = [piece.reasoning_content.0, piece.reasoning.0, piece.thinking.0, readable(&details)];
        if let Some(words) = thought.into_iter().find(|words| !words.is_empty()) {
            self.reasoning.push_str(&words);
            deltas.push(Delta::Thinking(words));
        }
        details.into_iter().for_each(|detail| self.detail(detail));
        if !piece.content.0.is_empty() {
            self.text.push_str(&piece.content.0);
            deltas.push(Delta::Text(piece.content.0));
        }
        if !piece.refusal.0.is_empty() {
            self.refusal.push_str(&piece.refusal.0);
            deltas.push(Delta::Text(piece.refusal.0));
        }
        piece.tool_calls.unwrap_or_default().into_iter().for_each(|call| self.call(call, deltas));
    }

    /// Pieces of one reasoning block are joined: same type and index, texts appended, the last proof counts.
    fn detail(&mut self, detail: Value) {
        let same =
            |before: &&mut Value| before["type"] == detail["type"] && before["index"] == detail["index"];
        let Some(before) = self.details.last_mut().filter(same) else {
            if self.details.len() < PARTS_MOST {
                self.details.push(detail);
            }
            return;
        };
        let (Value::Object(before), Value::Object(detail)) = (before, detail) else { return };
        for (key, value) in detail {
            let grows = matches!(key.as_str(), "text" | "summary" | "data");
            match (before.get_mut(&key), value) {
                (Some(Value::String(text)), Value::String(more)) if grows => text.push_str(&more),
                (Some(_), Value::Null) => {}
                (_, value) => {
                    before.insert(key, value);
                }
            }
        }
    }

    fn call(&mut self, piece: CallPiece, deltas: &mut Vec<Delta>) {
        let id = piece.id.filter(|id| !id.is_empty());
        let function = piece.function.unwrap_or(FunctionPiece { name: None, arguments: Words::default() });
        let name = function.name.filter(|name| !name.is_empty());
        let at = self.position(piece.index, id.as_deref(), name.is_some());
        let Some(open) = at.and_then(|at| self.calls.get_mut(at)) else { return };
        if open.id.is_empty() {
            open.id = id.unwrap_or_default();
        }
        if let Some(name) = name.filter(|_| open.name.is_empty()) {
            open.name.clone_from(&name);
            deltas.push(Delta::ToolCall { name });
        }
        if !function.arguments.0.is_empty() {
            open.arguments.push_str(&function.arguments.0);
            deltas.push(Delta::ToolInput(function.arguments.0));
        }
    }

    /// Which call a piece belongs to; a new one where id, index or name say so.
    fn position(&mut self, index: Option<usize>, id: Option<&str>, named: bool) -> Option<usize> {
        let found = match (index, id) {
            // Some imitations give every call the index 0 and tell them apart by id only.
            (Some(_), Some(id)) => self
                .calls
                .iter()
                .rposition(|call| call.index == index && (call.id == id || call.id.is_empty() || !named)),
            (Some(_), None) => self.calls.iter().rposition(|call| call.index == index),
            (None, Some(id)) => self.calls.iter().rposition(|call| call.id == id),
            (None, None) if named => None,
            (None, None) => self.calls.len().checked_sub(1),
        };
        if found.is_some() || self.calls.len() >= PARTS_MOST {
            return found;
        }
        self.calls.push(OpenCall { index, ..OpenCall::default() });
        Some(self.calls.len() - 1)
    }

    fn blocks(&mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        if !self.reasoning.is_empty() {
            blocks.push(Block::Thinking { text: std::mem::take(&mut self.reasoning), signature: None });
        }
        if !self.details.is_empty() {
            let value = json!({"reasoning_details": std::mem::take(&mut self.details)});
            blocks.push(Block::Opaque { vendor: self.vendor, value });
        }
        let text = std::mem::take(&mut self.text) + &self.refusal;
        if !text.is_empty() {
            blocks.push(Block::Text(text));
        }
        for (at, call) in std::mem::take(&mut self.calls).into_iter().enumerate() {
            let id = if call.id.is_empty() { signature::made_up_id(self.turn, at) } else { call.id };
            let input = signature::arguments(&call.arguments);
            blocks.push(Block::ToolCall { id, name: call.name, input, signature: None });
        }
        blocks
    }

    /// An error within the stream. After the reason to stop has been told, the reply stands all the same.
    fn failed(&mut self, error: &Value, deltas: &mut Vec<Delta>) -> Result<(), CallError> {
        let error = failure::in_stream(self.vendor, error);
        if self.stop.is_none() {
            return Err(error);
        }
        deltas.push(Delta::Notice(error.to_string()));
        self.done = true;
        Ok(())
    }

    fn stop_reason(&mut self) -> StopReason {
        let calls_tools = !self.calls.is_empty();
        if !self.refusal.is_empty() {
            return StopReason::Refused(self.refusal.clone());
        }
        match self.stop.take().as_deref() {
            Some("tool_calls" | "function_call") => StopReason::ToolUse,
            None | Some("stop" | "end_turn" | "eos") if calls_tools => StopReason::ToolUse,
            None | Some("stop" | "end_turn" | "eos") => StopReason::EndTurn,
            Some("length" | "max_tokens") => StopReason::MaxTokens,
            Some(word @ "content_filter") => StopReason::Refused(word.to_owned()),
            Some(other) => StopReason::Other(other.to_owned()),
        }
    }
}

/// The words of reasoning that stands in its details only.
fn readable(details: &[Value]) -> String {
    details
        .iter()
        .filter_map(|detail| detail["text"].as_str().or_else(|| detail["summary"].as_str()))
        .collect()
}

impl Decoder for ChunkStream {
    fn event(&mut self, name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<(), CallError> {
        match data.trim() {
            "[DONE]" => {
                self.done = true;
                return Ok(());
            }
            // The end itself was cut.
            part if part.starts_with('[') && "[DONE]".starts_with(part) => {
                return Err(failure::cut(self.vendor));
            }
            _ => {}
        }
        if name == "error" {
            let value: Value = serde_json::from_str(data).unwrap_or_else(|_| data.into());
            return self.failed(value.get("error").unwrap_or(&value), deltas);
        }
        let chunk: Chunk =
            serde_json::from_str(data).map_err(|error| failure::bad_event(self.vendor, &error))?;
        if let Some(model) = chunk.model.filter(|model| !model.is_empty()) {
            self.model = model;
        }
        if let Some(counts) = &chunk.usage {
            self.count(counts);
        }
        let choice = chunk.choices.and_then(|all| all.into_iter().next());
        let (delta, finish, native, in_choice) = choice
            .map(|choice| (choice.delta, choice.finish_reason, choice.native_finish_reason, choice.error))
            .unwrap_or_default();
        if let Some(piece) = delta {
            self.take(piece, deltas);
        }
        if let Some(error) = chunk.error.or(in_choice) {
            return self.failed(&error, deltas);
        }
        match finish.filter(|word| !word.is_empty()) {
            Some(word) if word == "error" => {
                let said = native.unwrap_or_else(|| "the model's own provider failed".to_owned());
                self.failed(&said.into(), deltas)
            }
            finish => {
                self.stop = finish.or(self.stop.take());
                Ok(())
            }
        }
    }

    fn progress(&self) -> Progress {
        match (self.done, &self.stop) {
            (true, _) => Progress::Done,
            (false, Some(_)) => Progress::Enough,
            (false, None) => Progress::Open,
        }
    }

    fn usage(&self) -> Usage {
        self.usage
    }

    fn finish(mut self) -> Result<Reply, CallError> {
        if self.progress() == Progress::Open {
            return Err(failure::cut(self.vendor));
        }
        let stop = self.stop_reason();
        Ok(Reply {
            message: Message { speaker: Speaker::Assistant, blocks: self.blocks() },
            stop,
            usage: self.usage,
            cost: self.cost,
            by: ModelRef { vendor: self.vendor, model: self.model },
        })
    }
}
