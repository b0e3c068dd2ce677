//! The body of a chat completion. Pure. Tool results are messages of their own right behind the calls; images
//! travel as data URLs; OpenRouter's `reasoning_details` go back with the message they came with.

use super::Dialect;
use crate::{
    domain::team::Vendor,
    providers::wire::{Block, CallRequest, Message, Speaker, ToolSpec},
};
use serde_json::{Map, Value, json};

/// The largest number of models OpenRouter takes in `models`.
const MODELS_MOST: usize = 3;

/// The whole body.
#[must_use]
pub fn body(dialect: Dialect, model: &str, fallbacks: &[String], request: &CallRequest) -> Value {
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        messages.push(json!({"role": "system", "content": request.system}));
    }
    for message in &request.messages {
        match message.speaker {
            Speaker::User => user(message, &mut messages),
            Speaker::Assistant => messages.extend(assistant(dialect.vendor(), message)),
        }
    }
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    let most = if dialect == Dialect::OpenAi { "max_completion_tokens" } else { "max_tokens" };
    body[most] = request.max_output.max(1).into();
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(function).collect();
    }
    match dialect {
        Dialect::OpenRouter => {
            body["usage"] = json!({"include": true});
            if request.thinking > 0 {
                body["reasoning"] = json!({"max_tokens": request.thinking.min(request.max_output)});
            }
            if !fallbacks.is_empty() {
                let all = std::iter::once(model).chain(fallbacks.iter().map(String::as_str));
                body["models"] = all.take(MODELS_MOST).collect();
            }
        }
        Dialect::OpenAi if request.thinking > 0 && reasons(model) => {
            body["reasoning_effort"] = request.effort().into();
        }
        Dialect::OpenAi | Dialect::Compatible => {}
    }
    body
}

/// OpenAI's models that take an effort; the others refuse it.
fn reasons(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"].iter().any(|start| model.starts_with(start))
}

fn function(tool: &ToolSpec) -> Value {
    json!({"type": "function", "function": {
        "name": tool.name, "description": tool.description, "parameters": tool.input_schema
    }})
}

fn user(message: &Message, out: &mut Vec<Value>) {
    let mut parts = Vec::new();
    for block in &message.blocks {
        match block {
            Block::ToolResult { id, content, is_error, .. } => {
                let said = match (*is_error, content.as_str()) {
                    (true, words) => format!("ERROR: {words}"),
                    (false, "") => "(no output)".to_owned(),
                    (false, words) => words.to_owned(),
                };
                out.push(json!({"role": "tool", "tool_call_id": id, "content": said}));
            }
            Block::Text(text) if !text.is_empty() => parts.push(json!({"type": "text", "text": text})),
            Block::Image { media_type, data } => {
                let url = format!("data:{media_type};base64,{data}");
                parts.push(json!({"type": "image_url", "image_url": {"url": url}}));
            }
            _ => {}
        }
    }
    // Some imitations read only a plain string.
    let only_text = parts.iter().all(|part| part["type"] == "text");
    if only_text && !parts.is_empty() {
        let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
        out.push(json!({"role": "user", "content": texts.join("\n\n")}));
    } else if !parts.is_empty() {
        out.push(json!({"role": "user", "content": parts}));
    }
}

fn assistant(vendor: Vendor, message: &Message) -> Option<Value> {
    let mut fields = Map::new();
    let (mut text, mut calls) = (String::new(), Vec::new());
    for block in &message.blocks {
        match block {
            Block::Text(words) => text.push_str(words),
            Block::ToolCall { id, name, input, .. } => calls.push(json!({
                "id": id, "type": "function", "function": {"name": name, "arguments": input.to_string()}
            })),
            Block::Opaque { vendor: of, value: Value::Object(own) } if *of == vendor => {
                fields.extend(own.clone())
            }
            _ => {}
        }
    }
    if text.is_empty() && calls.is_empty() {
        return None;
    }
    fields.insert("role".to_owned(), "assistant".into());
    fields.insert("content".to_owned(), if text.is_empty() { Value::Null } else { text.into() });
    if !calls.is_empty() {
        fields.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    Some(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(messages: Vec<Message>) -> CallRequest {
        CallRequest {
            system: "Be brief.".into(),
            messages,
            tools: Vec::new(),
            max_output: 8_000,
            thinking: 4_000,
        }
    }

    #[test]
    fn a_tool_loop() {
        let call = Block::ToolCall {
            id: "c1".into(),
            name: "read".into(),
            input: json!({"path": "a"}),
            signature: None,
        };
        let details = json!({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]});
        let messages = vec![
            Message {
                speaker: Speaker::User,
                blocks: vec![Block::Text("go".into()), Block::Text("now".into())],
            },
            Message {
                speaker: Speaker::Assistant,
                blocks: vec![
                    Block::Thinking { text: "hm".into(), signature: None },
                    Block::Opaque { vendor: Vendor::Openrouter, value: details.clone() },
                    Block::Opaque { vendor: Vendor::Google, value: json!({"x": 1}) },
                    call,
                ],
            },
            Message {
                speaker: Speaker::User,
                blocks: vec![
                    Block::Text("hurry".into()),
                    Block::ToolResult {
                        id: "c1".into(),
                        name: "read".into(),
                        content: "out".into(),
                        is_error: true,
                    },
                    Block::Image { media_type: "image/png".into(), data: "QUJD".into() },
                ],
            },
        ];
        let router = body(Dialect::OpenRouter, "a/b", &["c/d".to_owned()], &request(messages.clone()));
        assert_eq!(
            router["messages"],
            json!([
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "go\n\nnow"},
                {"reasoning_details": details["reasoning_details"], "role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{\"path\":\"a\"}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "ERROR: out"},
                {"role": "user", "content": [
                    {"type": "text", "text": "hurry"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}]},
            ])
        );
        assert_eq!(router["models"], json!(["a/b", "c/d"]));
        assert_eq!(router["reasoning"]["max_tokens"], 4_000);
        assert_eq!(router["usage"]["include"], true);
        let plain = body(Dialect::Compatible, "llama", &[], &request(messages));
        assert!(plain["messages"][2].get("reasoning_details").is_none());
    }

    #[test]
    fn each_dialect_gets_only_what_it_knows() {
        let asked = request(Vec::new());
        let official = body(Dialect::OpenAi, "gpt-5-mini", &[], &asked);
        assert_eq!(official["max_completion_tokens"], 8_000);
        assert_eq!(official["reasoning_effort"], "medium");
        assert!(body(Dialect::OpenAi, "gpt-4o", &[], &asked).get("reasoning_effort").is_none());
        let local = body(Dialect::Compatible, "llama", &[], &asked);
        assert_eq!(local["max_tokens"], 8_000);
        assert!(
            local.get("reasoning").is_none() && local.get("usage").is_none() && local.get("models").is_none()
        );
        assert_eq!(local["stream_options"]["include_usage"], true);
    }
}
