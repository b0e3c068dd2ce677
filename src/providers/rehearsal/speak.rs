//! A scripted turn in each of the three wire formats, as the frames a vendor would send. Pure. Token counts are
//! plausible, not counted: a word is a token.

use super::{
    ask::{Asked, Format},
    script::Turn,
};
use serde_json::{Value, json};

/// Bytes of a request per token, as vendors show it for English and code.
const BYTES_PER_TOKEN: usize = 4;
/// Tool arguments are sent in pieces of so many characters.
const ARGUMENT_PIECE: usize = 24;

/// What is written at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Event and blank line.
    pub text: String,
    /// Tokens in it, for the pace.
    pub tokens: u32,
}

/// All frames of a reply to a request of `bytes` bytes.
#[must_use]
pub fn frames(turn: &Turn, asked: &Asked, bytes: usize) -> Vec<Frame> {
    let input = bytes.div_ceil(BYTES_PER_TOKEN);
    match asked.format {
        Format::Messages => messages(turn, asked, input),
        Format::Content => content(turn, asked, input),
        Format::Chat => chat(turn, asked, input),
    }
}

/// Words with the white space behind them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '\n']).filter(|word| !word.is_empty())
}

fn pieces(text: &str) -> Vec<String> {
    let all: Vec<char> = text.chars().collect();
    all.chunks(ARGUMENT_PIECE).map(|piece| piece.iter().collect()).collect()
}

fn tokens(turn: &Turn) -> (usize, usize) {
    let reasoning = words(&turn.thinking).count();
    let arguments: usize =
        turn.calls.iter().map(|call| call.input.to_string().len() / BYTES_PER_TOKEN + 4).sum();
    (reasoning, reasoning + words(&turn.text).count() + arguments)
}

/// An id that differs between turns of a conversation and between calls of a turn.
fn id(prefix: &str, asked: &Asked, index: usize) -> String {
    format!("{prefix}_rehearsal_{}_{index}", asked.turns)
}

fn named(data: &Value, tokens: u32) -> Frame {
    let name = data["type"].as_str().unwrap_or("message");
    Frame { text: format!("event: {name}\ndata: {data}\n\n"), tokens }
}

fn bare(data: &Value, tokens: u32) -> Frame {
    Frame { text: format!("data: {data}\n\n"), tokens }
}

fn messages(turn: &Turn, asked: &Asked, input: usize) -> Vec<Frame> {
    let (_, output) = tokens(turn);
    let mut out = vec![
        named(
            &json!({"type": "message_start", "message": {
                "id": id("msg", asked, 0), "type": "message", "role": "assistant", "model": asked.model, "content": [],
                "stop_reason": null, "stop_sequence": null,
                "usage": {"input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1}}}),
            0,
        ),
        named(&json!({"type": "ping"}), 0),
    ];
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Frame>| {
        out.push(named(&json!({"type": "content_block_start", "index": index, "content_block": start}), 0));
        out.extend(deltas);
        out.push(named(&json!({"type": "content_block_stop", "index": index}), 0));
        index += 1;
    };
    let delta = |index: usize, delta: Value, tokens| {
        named(&json!({"type": "content_block_delta", "index": index, "delta": delta}), tokens)
    };
    let mut at = 0;
    if !turn.thinking.is_empty() {
        let mut said: Vec<Frame> = words(&turn.thinking)
            .map(|word| delta(at, json!({"type": "thinking_delta", "thinking": word}), 1))
            .collect();
        said.push(delta(at, json!({"type": "signature_delta", "signature": id("sig", asked, at)}), 0));
        block(json!({"type": "thinking", "thinking": "", "signature": ""}), said);
        at += 1;
    }
    if !turn.text.is_empty() {
        let said =
            words(&turn.text).map(|word| delta(at, json!({"type": "text_delta", "text": word}), 1)).collect();
        block(json!({"type": "text", "text": ""}), said);
        at += 1;
    }
    for call in &turn.calls {
        let arguments = pieces(&call.input.to_string());
        let said = arguments
            .iter()
            .map(|piece| delta(at, json!({"type": "input_json_delta", "partial_json": piece}), 4))
            .collect();
        block(
            json!({"type": "tool_use", "id": id("toolu", asked, at), "name": call.name, "input": {}}),
            said,
        );
        at += 1;
    }
    let stop = if turn.calls.is_empty() { "end_turn" } else { "tool_use" };
    out.push(named(
        &json!({"type": "message_delta", "delta": {"stop_reason": stop, "stop_sequence": null},
                "usage": {"output_tokens": output}}),
        0,
    ));
    out.push(named(&json!({"type": "message_stop"}), 0));
    out
}

fn content(turn: &Turn, asked: &Asked, input: usize) -> Vec<Frame> {
    let (reasoning, output) = tokens(turn);
    let event = |parts: Value, finish: Option<&str>, tokens| {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
        let mut usage = json!({"promptTokenCount": input, "totalTokenCount": input});
        if let Some(reason) = finish {
            candidate["finishReason"] = reason.into();
            usage["candidatesTokenCount"] = (output - reasoning).into();
            usage["thoughtsTokenCount"] = reasoning.into();
            usage["totalTokenCount"] = (input + output).into();
        }
        let data = json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": asked.model,
                          "responseId": id("response", asked, 0)});
        bare(&data, tokens)
    };
    let thought = words(&turn.thinking).map(|word| event(json!([{"text": word, "thought": true}]), None, 1));
    let mut out: Vec<Frame> = thought.collect();
    out.extend(words(&turn.text).map(|word| event(json!([{"text": word}]), None, 1)));
    for (at, call) in turn.calls.iter().enumerate() {
        let mut part = json!({"functionCall": {"name": call.name, "args": call.input}});
        if at == 0 && !turn.thinking.is_empty() {
            part["thoughtSignature"] = id("sig", asked, at).into();
        }
        out.push(event(json!([part]), None, 8));
    }
    out.push(event(json!([{"text": ""}]), Some("STOP"), 0));
    out
}

fn chat(turn: &Turn, asked: &Asked, input: usize) -> Vec<Frame> {
    let (reasoning, output) = tokens(turn);
    let event = |delta: Value, finish: Option<&str>, tokens| {
        let data = json!({"id": id("chatcmpl", asked, 0), "object": "chat.completion.chunk", "created": 0,
                          "model": asked.model, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
        bare(&data, tokens)
    };
    let mut out = vec![
        Frame { text: ": OPENROUTER PROCESSING\n\n".to_owned(), tokens: 0 },
        event(json!({"role": "assistant", "content": ""}), None, 0),
    ];
    out.extend(words(&turn.thinking).map(|word| event(json!({"reasoning": word}), None, 1)));
    out.extend(words(&turn.text).map(|word| event(json!({"content": word}), None, 1)));
    for (at, call) in turn.calls.iter().enumerate() {
        let start = json!({"index": at, "id": id("call", asked, at), "type": "function",
                           "function": {"name": call.name, "arguments": ""}});
        out.push(event(json!({"tool_calls": [start]}), None, 4));
        for piece in pieces(&call.input.to_string()) {
            let more = json!({"index": at, "function": {"arguments": piece}});
            out.push(event(json!({"tool_calls": [more]}), None, 4));
        }
    }
    out.push(event(json!({}), Some(if turn.calls.is_empty() { "stop" } else { "tool_calls" }), 0));
    let usage = json!({"id": id("chatcmpl", asked, 0), "object": "chat.completion.chunk", "created": 0,
        "model": asked.model, "choices": [], "usage": {
            "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
            "completion_tokens_details": {"reasoning_tokens": reasoning}}});
    out.push(bare(&usage, 0));
    out.push(Frame { text: "data: [DONE]\n\n".to_owned(), tokens: 0 });
    out
}

/// The vendor's error event in the middle of a stream.
#[must_use]
pub fn error_event(asked: &Asked) -> String {
    let body = error_body(asked, 503);
    let name = if asked.format == Format::Messages { "event: error\n" } else { "" };
    format!("{name}data: {body}\n\n")
}

/// The vendor's error body for a status.
#[must_use]
pub fn error_body(asked: &Asked, status: u16) -> String {
    let (message, kind) = match status {
        429 => ("Rehearsed rate limit", "rate_limit_error"),
        401 | 403 => ("Rehearsed refusal of the key", "authentication_error"),
        500..=599 => ("Rehearsed overload", "overloaded_error"),
        _ => ("Rehearsed refusal", "invalid_request_error"),
    };
    match asked.format {
        Format::Messages => json!({"type": "error", "error": {"type": kind, "message": message}}),
        Format::Content => json!({"error": {"code": status, "message": message, "status": "UNAVAILABLE"}}),
        Format::Chat => json!({"error": {"code": status, "message": message}}),
    }
    .to_string()
}

/// Nobody wrote a line for this request.
#[must_use]
pub fn no_line(asked: &Asked) -> String {
    let message = format!(
        "the rehearsal script has no line for model {}, turn {}, {} tool results",
        asked.model, asked.turns, asked.results
    );
    json!({"type": "error", "error": {"type": "invalid_request_error", "code": 400, "message": message}})
        .to_string()
}

/// No such address here.
#[must_use]
pub fn no_such_path(path: &str) -> String {
    json!({"error": {"type": "not_found_error", "message": format!("the rehearsal knows no {path}")}})
        .to_string()
}

/// The list of models, in the form of the path it is asked at.
#[must_use]
pub fn models(path: &str, models: &[&str]) -> String {
    if path.contains("/v1beta/") {
        let list: Vec<Value> = models
            .iter()
            .map(|model| json!({"name": format!("models/{model}"), "supportedGenerationMethods": ["generateContent"]}))
            .collect();
        return json!({"models": list}).to_string();
    }
    let list: Vec<Value> = models.iter().map(|model| json!({"id": model, "object": "model"})).collect();
    json!({"data": list}).to_string()
}
