//! The stream of streamGenerateContent as a state machine: every event is a whole response with some more parts.
//! The types of the wire stay in this file. A part that is neither text nor function call goes back unchanged.

use super::request::proof_of_text;
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
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};
use std::fmt;

/// Blocks one message may have; more are left out.
const BLOCKS_MOST: usize = 4_096;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    candidates: Option<Vec<Candidate>>,
    usage_metadata: Option<Counts>,
    prompt_feedback: Option<Feedback>,
    model_version: Option<String>,
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    content: Option<Content>,
    finish_reason: Option<String>,
    finish_message: Option<String>,
}

#[derive(Deserialize)]
struct Content {
    parts: Option<Vec<Part>>,
}

/// Read by hand: what is not known of it is kept, and `flatten` would read everything twice.
#[derive(Default)]
struct Part {
    text: Option<String>,
    thought: Option<bool>,
    thought_signature: Option<String>,
    function_call: Option<FunctionCall>,
    rest: Map<String, Value>,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> de::Visitor<'de> for PartVisitor {
    type Value = Part;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part")
    }
    fn visit_map<A: de::MapAccess<'de>>(self, mut fields: A) -> Result<Part, A::Error> {
        let mut part = Part::default();
        while let Some(key) = fields.next_key::<String>()? {
            match key.as_str() {
                "text" => part.text = fields.next_value()?,
                "thought" => part.thought = fields.next_value()?,
                "thoughtSignature" => part.thought_signature = fields.next_value()?,
                "functionCall" => part.function_call = fields.next_value()?,
                _ => {
                    part.rest.insert(key, fields.next_value()?);
                }
            }
        }
        Ok(part)
    }
}

#[derive(Deserialize)]
struct FunctionCall {
    id: Option<String>,
    #[serde(default)]
    name: String,
    args: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    block_reason: Option<String>,
    block_reason_message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
}

/// One reply.
#[derive(Debug)]
pub struct ContentStream {
    model: String,
    turn: usize,
    calls: usize,
    blocks: Vec<Block>,
    usage: Usage,
    stop: Option<StopReason>,
}

impl ContentStream {
    /// A reply of `model` in a conversation of `turn` messages.
    #[must_use]
    pub fn new(model: &str, turn: usize) -> Self {
        Self {
            model: model.to_owned(),
            turn,
            calls: 0,
            blocks: Vec::new(),
            usage: Usage::default(),
            stop: None,
        }
    }

    fn count(&mut self, counts: &Counts) {
        let cached = counts.cached_content_token_count.unwrap_or(0);
        let thoughts = counts.thoughts_token_count.unwrap_or(0);
        if let Some(prompt) = counts.prompt_token_count {
            let tools = counts.tool_use_prompt_token_count.unwrap_or(0);
            self.usage.input = prompt.saturating_sub(cached).saturating_add(tools);
        }
        self.usage.cache_read = self.usage.cache_read.max(cached);
        let answered = counts.candidates_token_count.unwrap_or(0).saturating_add(thoughts);
        self.usage.output = self.usage.output.max(answered);
        self.usage.reasoning = self.usage.reasoning.max(thoughts);
    }

    fn take(&mut self, part: Part, deltas: &mut Vec<Delta>) {
        if self.blocks.len() >= BLOCKS_MOST {
            return;
        }
        let proof = part.thought_signature;
        match (part.function_call, part.text) {
            (Some(call), _) => self.call(call, proof, deltas),
            (None, Some(text)) if part.thought == Some(true) => self.thought(text, proof, deltas),
            (None, Some(text)) => self.text(text, proof, deltas),
            (None, None) => {
                let mut value = part.rest;
                if let Some(proof) = proof {
                    if value.is_empty() {
                        return self.blocks.push(proof_of_text(&proof));
                    }
                    value.insert("thoughtSignature".to_owned(), proof.into());
                }
                if !value.is_empty() {
                    self.blocks.push(Block::Opaque { vendor: Vendor::Google, value: Value::Object(value) });
                }
            }
        }
    }

    fn call(&mut self, call: FunctionCall, proof: Option<String>, deltas: &mut Vec<Delta>) {
        // Arguments in pieces, which are never asked for, come as calls without a name.
        if call.name.is_empty() {
            return;
        }
        let input = call.args.filter(|args| !args.is_null()).unwrap_or_else(|| Value::Object(Map::new()));
        deltas.push(Delta::ToolCall { name: call.name.clone() });
        deltas.push(Delta::ToolInput(input.to_string()));
        let id = call.id.filter(|id| !id.is_empty());
        self.blocks.push(Block::ToolCall {
            id: id.unwrap_or_else(|| signature::made_up_id(self.turn, self.calls)),
            name: call.name,
            input,
            signature: proof.map(|proof| signature::named(Vendor::Google, &proof)),
        });
        self.calls += 1;
    }

    fn thought(&mut self, text: String, proof: Option<String>, deltas: &mut Vec<Delta>) {
        let proof = proof.map(|proof| signature::named(Vendor::Google, &proof));
        match self.blocks.last_mut() {
            Some(Block::Thinking { text: before, signature: before_proof @ None }) => {
                before.push_str(&text);
                *before_proof = proof;
            }
            _ => self.blocks.push(Block::Thinking { text: text.clone(), signature: proof }),
        }
        if !text.is_empty() {
            deltas.push(Delta::Thinking(text));
        }
    }

    /// Text with a proof stays a part of its own, as it came.
    fn text(&mut self, text: String, proof: Option<String>, deltas: &mut Vec<Delta>) {
        match self.blocks.last_mut() {
            _ if text.is_empty() => {}
            Some(Block::Text(before)) if proof.is_none() => before.push_str(&text),
            _ => self.blocks.push(Block::Text(text.clone())),
        }
        if !text.is_empty() {
            deltas.push(Delta::Text(text));
        }
        if let Some(proof) = proof.filter(|proof| !proof.is_empty()) {
            self.blocks.push(proof_of_text(&proof));
        }
    }
}

fn stop_reason(word: &str, detail: Option<String>) -> Option<StopReason> {
    Some(match word {
        "" | "FINISH_REASON_UNSPECIFIED" => return None,
        "STOP" => StopReason::EndTurn,
        "MAX_TOKENS" => StopReason::MaxTokens,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => StopReason::Refused(word.to_owned()),
        other => {
            StopReason::Other(detail.map_or_else(|| other.to_owned(), |words| format!("{other}: {words}")))
        }
    })
}

impl Decoder for ContentStream {
    fn event(&mut self, _name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<(), CallError> {
        if data.trim() == "[DONE]" {
            return Ok(());
        }
        let event: Event =
            serde_json::from_str(data).map_err(|error| failure::bad_event(Vendor::Google, &error))?;
        if let Some(error) = event.error {
            return Err(failure::in_stream(Vendor::Google, &error));
        }
        if let Some(counts) = event.usage_metadata {
            self.count(&counts);
        }
        if let Some(model) = event.model_version.filter(|model| !model.is_empty()) {
            self.model = model;
        }
        // Only one candidate is ever asked for.
        if let Some(candidate) = event.candidates.and_then(|all| all.into_iter().next()) {
            let parts = candidate.content.and_then(|content| content.parts).unwrap_or_default();
            parts.into_iter().for_each(|part| self.take(part, deltas));
            let stop = candidate.finish_reason.and_then(|word| stop_reason(&word, candidate.finish_message));
            self.stop = stop.or(self.stop.take());
        }
        if let Some(Feedback { block_reason: Some(reason), block_reason_message: said }) =
            event.prompt_feedback
        {
            let said = said.map(|words| format!(": {words}")).unwrap_or_default();
            self.stop = Some(StopReason::Refused(format!("prompt blocked: {reason}{said}")));
        }
        Ok(())
    }

    fn progress(&self) -> Progress {
        if self.stop.is_some() { Progress::Enough } else { Progress::Open }
    }

    fn usage(&self) -> Usage {
        self.usage
    }

    fn finish(self) -> Result<Reply, CallError> {
        let stop = match self.stop {
            None => return Err(failure::cut(Vendor::Google)),
            Some(StopReason::EndTurn) if self.calls > 0 => StopReason::ToolUse,
            Some(stop) => stop,
        };
        Ok(Reply {
            message: Message { speaker: Speaker::Assistant, blocks: self.blocks },
            stop,
            usage: self.usage,
            cost: Cost::Unknown,
            by: ModelRef { vendor: Vendor::Google, model: self.model },
        })
    }
}
