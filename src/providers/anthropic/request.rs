//! The body of a Messages request. Pure. Keeps the API's rules: roles alternate and begin with the user, tool
//! results come first in their message, reasoning goes back only with its signature and only to this vendor,
//! a reasoning budget is below `max_tokens`, and a few cache marks stand where the prompt grows. Newer models refuse
//! a budget: they are told an effort and think as much as they see fit.

use crate::{
    domain::team::Vendor,
    providers::{
        signature, turns,
        wire::{Block, CallRequest, Message, Speaker},
    },
};
use serde_json::{Map, Value, json};

/// The API takes no smaller reasoning budget.
const THINKING_LEAST: u32 = 1_024;
/// Tokens left for the answer beside the reasoning.
const ANSWER_LEAST: u32 = 1_024;
/// Claude's models that take a reasoning budget, by the start of their name; later ones take an effort.
const BUDGETED: [&str; 11] = [
    "claude-2",
    "claude-3",
    "claude-instant",
    "claude-haiku-4",
    "claude-opus-4-0",
    "claude-opus-4-1",
    "claude-opus-4-2",
    "claude-opus-4-5",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2",
    "claude-sonnet-4-5",
];
/// Marked messages, counted from the end; the API allows four marks and one is on the system prompt.
const CACHED_MESSAGES: usize = 2;

/// The whole body.
#[must_use]
pub fn body(model: &str, request: &CallRequest) -> Value {
    let mut messages = conversation(&request.messages);
    let adaptive = request.thinking > 0 && takes_effort(model);
    let thinking = budget(request).filter(|_| !adaptive && may_think(&messages));
    mark_for_cache(&mut messages);
    let mut body = json!({
        "model": model,
        "max_tokens": request.max_output.max(1),
        "stream": true,
        "messages": messages,
    });
    if !request.system.is_empty() {
        body["system"] = json!([{"type": "text", "text": request.system, "cache_control": ephemeral()}]);
    }
    if !request.tools.is_empty() {
        let mut tools: Vec<Value> = request
            .tools
            .iter()
            .map(|tool| json!({"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}))
            .collect();
        if request.system.is_empty()
            && let Some(last) = tools.last_mut()
        {
            last["cache_control"] = ephemeral();
        }
        body["tools"] = Value::Array(tools);
    }
    if let Some(tokens) = thinking {
        body["thinking"] = json!({"type": "enabled", "budget_tokens": tokens});
    }
    if adaptive {
        body["thinking"] = json!({"type": "adaptive", "display": "summarized"});
        body["output_config"] = json!({"effort": request.effort()});
    }
    body
}

fn ephemeral() -> Value {
    json!({"type": "ephemeral"})
}

/// Whether a model reasons by effort. What is not named like Claude is served by an imitation, which may know the
/// older form only.
fn takes_effort(model: &str) -> bool {
    model.starts_with("claude-") && !BUDGETED.iter().any(|start| model.starts_with(start))
}

/// The reasoning budget, where there is room for one.
fn budget(request: &CallRequest) -> Option<u32> {
    let room = request.max_output.checked_sub(ANSWER_LEAST).filter(|room| *room >= THINKING_LEAST)?;
    (request.thinking > 0).then(|| request.thinking.clamp(THINKING_LEAST, room))
}

/// With reasoning on, a message that called tools must begin with its reasoning. One from another vendor, or
/// from a turn without reasoning, does not: then this call goes without.
fn may_think(messages: &[Value]) -> bool {
    let of_assistant = messages.iter().rev().find(|message| message["role"] == "assistant");
    let Some(blocks) = of_assistant.and_then(|message| message["content"].as_array()) else { return true };
    let calls_tools = blocks.iter().any(|block| block["type"] == "tool_use");
    let first = blocks.first().and_then(|block| block["type"].as_str()).unwrap_or_default();
    !calls_tools || matches!(first, "thinking" | "redacted_thinking")
}

/// Messages with alternating roles, none empty, the first from the user.
fn conversation(messages: &[Message]) -> Vec<Value> {
    let opening = json!({"type": "text", "text": "Go on."});
    let mut turns = turns::alternating(messages, opening, |message| {
        message.blocks.iter().filter_map(|block| part(block, message.speaker)).collect()
    });
    if let Some((Speaker::Assistant, blocks)) = turns.last_mut() {
        trim_last(blocks);
    }
    turns.into_iter().map(|(speaker, blocks)| turn(speaker, blocks)).collect()
}

/// A message the model is to go on with may not end in white space.
fn trim_last(blocks: &mut [Value]) {
    let text = blocks.last_mut().and_then(|block| block.get_mut("text"));
    if let Some(Value::String(text)) = text {
        text.truncate(text.trim_end().len());
    }
}

fn turn(speaker: Speaker, mut blocks: Vec<Value>) -> Value {
    if speaker == Speaker::User {
        // Stable: results keep their order, and so does the rest.
        blocks.sort_by_key(|block| block["type"] != "tool_result");
    }
    let role = if speaker == Speaker::User { "user" } else { "assistant" };
    json!({"role": role, "content": blocks})
}

fn part(block: &Block, speaker: Speaker) -> Option<Value> {
    Some(match block {
        Block::Text(text) if text.trim().is_empty() => return None,
        Block::Text(text) => json!({"type": "text", "text": text}),
        Block::Thinking { text, signature } => {
            let proof = signature::own(Vendor::Anthropic, signature.as_deref())?;
            json!({"type": "thinking", "thinking": text, "signature": proof})
        }
        Block::ToolCall { id, name, input, .. } => {
            json!({"type": "tool_use", "id": allowed_id(id), "name": name, "input": turns::object(input)})
        }
        Block::ToolResult { id, content, is_error, .. } => {
            // An error without words is refused by the API.
            let said = if content.is_empty() { "(no output)" } else { content };
            let mut result = json!({"type": "tool_result", "tool_use_id": allowed_id(id), "content": said});
            if *is_error {
                result["is_error"] = Value::Bool(true);
            }
            result
        }
        Block::Image { media_type, data } if speaker == Speaker::User => json!({
            "type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}
        }),
        Block::Opaque { vendor: Vendor::Anthropic, value } => value.clone(),
        Block::Image { .. } | Block::Opaque { .. } => return None,
    })
}

/// Ids of other vendors with characters this API refuses, changed the same way in call and result.
fn allowed_id(id: &str) -> String {
    let id: String = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' })
        .collect();
    if id.is_empty() { "call".to_owned() } else { id }
}

/// Marks the last messages of the user: the prefix up to there is read from the cache by the next turn.
fn mark_for_cache(messages: &mut [Value]) {
    let of_user = messages.iter_mut().rev().filter(|message| message["role"] == "user");
    for message in of_user.take(CACHED_MESSAGES) {
        let last = message["content"].as_array_mut().and_then(|blocks| blocks.last_mut());
        if let Some(block) = last.and_then(Value::as_object_mut) {
            mark(block);
        }
    }
}

fn mark(block: &mut Map<String, Value>) {
    block.insert("cache_control".to_owned(), ephemeral());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::wire::ToolSpec;

    fn user(blocks: Vec<Block>) -> Message {
        Message { speaker: Speaker::User, blocks }
    }
    fn assistant(blocks: Vec<Block>) -> Message {
        Message { speaker: Speaker::Assistant, blocks }
    }
    fn text(words: &str) -> Block {
        Block::Text(words.to_owned())
    }
    fn call(id: &str) -> Block {
        Block::ToolCall { id: id.into(), name: "read".into(), input: json!({"path": "a"}), signature: None }
    }
    fn result(id: &str, content: &str, is_error: bool) -> Block {
        Block::ToolResult { id: id.into(), name: "read".into(), content: content.into(), is_error }
    }
    fn request(messages: Vec<Message>) -> CallRequest {
        CallRequest {
            system: "Be brief.".into(),
            messages,
            tools: Vec::new(),
            max_output: 8_000,
            thinking: 0,
        }
    }

    #[test]
    fn results_come_first_and_speakers_alternate() {
        let body = body(
            "claude",
            &request(vec![
                user(vec![text("fix it")]),
                assistant(vec![call("a:1"), call("b")]),
                user(vec![text("and hurry"), result("a:1", "", true)]),
                user(vec![result("b", "ok", false)]),
            ]),
        );
        assert_eq!(body["messages"].as_array().unwrap().len(), 3);
        assert_eq!(body["messages"][1]["content"][0]["id"], "a_1");
        let last = &body["messages"][2]["content"];
        assert_eq!(
            last[0],
            json!({"type": "tool_result", "tool_use_id": "a_1", "content": "(no output)", "is_error": true})
        );
        assert_eq!(last[1]["tool_use_id"], "b");
        assert_eq!(last[2]["text"], "and hurry");
        assert_eq!(last[2]["cache_control"]["type"], "ephemeral");
        assert_eq!(body["system"][0]["cache_control"]["type"], "ephemeral");
    }

    #[test]
    fn reasoning_goes_back_signed_and_home_only() {
        let thought = |signature: Option<&str>| Block::Thinking {
            text: "hm".into(),
            signature: signature.map(Into::into),
        };
        let own = Block::Opaque {
            vendor: Vendor::Anthropic,
            value: json!({"type": "redacted_thinking", "data": "x"}),
        };
        let foreign = Block::Opaque { vendor: Vendor::Openrouter, value: json!({"reasoning_details": []}) };
        let said = vec![
            thought(Some("anthropic:sig")),
            thought(Some("google:sig")),
            thought(None),
            own,
            foreign,
            text("done"),
        ];
        let body = body("claude", &request(vec![user(vec![text("go")]), assistant(said)]));
        assert_eq!(
            body["messages"][1]["content"],
            json!([
                {"type": "thinking", "thinking": "hm", "signature": "sig"},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "done"},
            ])
        );
    }

    #[test]
    fn the_reasoning_budget_fits_or_is_left_out() {
        let with = |thinking, max_output, messages| {
            let asked = CallRequest { thinking, max_output, ..request(messages) };
            body("claude", &asked)["thinking"]["budget_tokens"].as_u64()
        };
        let plain = || vec![user(vec![text("go")])];
        assert_eq!(with(4_000, 8_000, plain()), Some(4_000));
        assert_eq!(with(100, 8_000, plain()), Some(1_024));
        assert_eq!(with(90_000, 8_000, plain()), Some(6_976));
        assert_eq!(with(4_000, 2_000, plain()), None);
        assert_eq!(with(0, 8_000, plain()), None);
        let foreign_turn =
            vec![user(vec![text("go")]), assistant(vec![call("a")]), user(vec![result("a", "x", false)])];
        assert_eq!(with(4_000, 8_000, foreign_turn), None);
    }

    #[test]
    fn newer_models_are_told_an_effort() {
        let asked = CallRequest { thinking: 4_000, ..request(vec![user(vec![text("go")])]) };
        for model in ["claude-opus-4-6", "claude-opus-4-7", "claude-sonnet-5", "claude-fable-5"] {
            let body = body(model, &asked);
            assert_eq!(body["thinking"], json!({"type": "adaptive", "display": "summarized"}), "{model}");
            assert_eq!(body["output_config"]["effort"], "medium", "{model}");
        }
        for model in [
            "claude-opus-4-5-20251101",
            "claude-sonnet-4-20250514",
            "claude-haiku-4-5-20251001",
            "claude-3-7-sonnet-20250219",
            "kimi-k2",
        ] {
            let body = body(model, &asked);
            assert_eq!(body["thinking"]["budget_tokens"], 4_000, "{model}");
            assert!(body.get("output_config").is_none(), "{model}");
        }
        let quiet = body("claude-opus-5", &CallRequest { thinking: 0, ..asked });
        assert!(quiet.get("thinking").is_none() && quiet.get("output_config").is_none());
    }

    #[test]
    fn a_message_to_go_on_with_does_not_end_in_white_space() {
        let body = body("claude", &request(vec![user(vec![text("go")]), assistant(vec![text("so far \n")])]));
        assert_eq!(body["messages"][1]["content"][0]["text"], "so far");
    }

    #[test]
    fn images_tools_and_odd_beginnings() {
        let mut asked = request(vec![
            assistant(vec![text("hello")]),
            user(vec![Block::Image { media_type: "image/png".into(), data: "QUJD".into() }, text(" ")]),
        ]);
        asked.system.clear();
        asked.tools = vec![ToolSpec {
            name: "read".into(),
            description: "Reads.".into(),
            input_schema: json!({"type": "object"}),
        }];
        let body = body("claude", &asked);
        assert_eq!(body["messages"][0]["role"], "user");
        assert_eq!(body["messages"][2]["content"][0]["source"]["data"], "QUJD");
        assert_eq!(body["messages"][2]["content"].as_array().unwrap().len(), 1);
        assert_eq!(body["tools"][0]["cache_control"]["type"], "ephemeral");
        assert!(body.get("system").is_none());
    }
}
