//! The body of a streamGenerateContent request. Pure. Roles are `user` and `model`; tool results are parts of the
//! user's content, matched to their calls by id, name and order; reasoning goes back only with its signature.

use super::schema;
use crate::{
    domain::team::Vendor,
    providers::{
        signature, turns,
        wire::{Block, CallRequest, Message, Speaker, ToolSpec},
    },
};
use serde_json::{Value, json};

/// The largest reasoning budget that every thinking model of the vendor takes.
const THINKING_MOST: u32 = 24_576;
/// Models that refuse a thinking configuration, by the start of their name.
const NO_THINKING: [&str; 5] = ["gemini-1", "gemini-2.0", "gemma", "learnlm", "text-"];
/// What the vendor takes in the place of a proof for a call that another vendor's model made: the words
/// `skip_thought_signature_validator` in base64.
const NO_PROOF: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";
/// Marks a proof that belongs to the text part before it.
const ONTO_TEXT: &str = "onto_text";

/// The whole body.
#[must_use]
pub fn body(model: &str, request: &CallRequest) -> Value {
    let thinks = Thinks::of(model);
    let mut body = json!({
        "contents": contents(&request.messages, thinks == Thinks::Level),
        "generationConfig": {"maxOutputTokens": request.max_output.max(1)},
    });
    if !request.system.is_empty() {
        body["systemInstruction"] = json!({"parts": [{"text": request.system}]});
    }
    if !request.tools.is_empty() {
        let tools: Vec<Value> = request.tools.iter().map(declaration).collect();
        body["tools"] = json!([{"functionDeclarations": tools}]);
    }
    if let Some(config) = thinks.config(request) {
        body["generationConfig"]["thinkingConfig"] = config;
    }
    body
}

/// How a model is asked to reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thinks {
    /// Not at all: it refuses the configuration.
    No,
    /// By a number of tokens.
    Budget,
    /// By a level; and it refuses a call of its own without its proof.
    Level,
}

impl Thinks {
    fn of(model: &str) -> Self {
        let name = model.strip_prefix("models/").unwrap_or(model);
        if NO_THINKING.iter().any(|start| name.starts_with(start)) {
            Self::No
        } else if name.starts_with("gemini-2") {
            Self::Budget
        } else {
            Self::Level
        }
    }

    /// The configuration, where reasoning is asked for.
    fn config(self, request: &CallRequest) -> Option<Value> {
        if request.thinking == 0 {
            return None;
        }
        match self {
            Self::No => None,
            Self::Budget => {
                let budget = request.thinking.min(THINKING_MOST).min(request.max_output);
                Some(json!({"thinkingBudget": budget, "includeThoughts": true}))
            }
            Self::Level => {
                // The two that every model with levels knows.
                let level = if request.effort() == "low" { "LOW" } else { "HIGH" };
                Some(json!({"thinkingLevel": level, "includeThoughts": true}))
            }
        }
    }
}

/// The proof of a text part, as a block of its own behind that text.
#[must_use]
pub fn proof_of_text(proof: &str) -> Block {
    Block::Opaque { vendor: Vendor::Google, value: json!({"thoughtSignature": proof, ONTO_TEXT: true}) }
}

fn declaration(tool: &ToolSpec) -> Value {
    let mut declaration = json!({"name": tool.name, "description": tool.description});
    if let Some(parameters) = schema::parameters(&tool.input_schema) {
        declaration["parameters"] = parameters;
    }
    declaration
}

/// Contents with alternating roles, none empty, the first from the user.
fn contents(messages: &[Message], proven: bool) -> Vec<Value> {
    let turns = turns::alternating(messages, json!({"text": "Go on."}), |message| parts(&message.blocks));
    let content = |(speaker, mut parts): (Speaker, Vec<Value>)| {
        parts.sort_by_key(|part| speaker == Speaker::User && part.get("functionResponse").is_none());
        if proven && speaker == Speaker::Assistant {
            prove(&mut parts);
        }
        json!({"role": if speaker == Speaker::User { "user" } else { "model" }, "parts": parts})
    };
    turns.into_iter().map(content).collect()
}

/// The first call of a turn has a proof, or the word that stands for one.
fn prove(parts: &mut [Value]) {
    let first = parts.iter_mut().find(|part| part.get("functionCall").is_some());
    if let Some(call) = first.filter(|call| call.get("thoughtSignature").is_none()) {
        call["thoughtSignature"] = NO_PROOF.into();
    }
}

fn parts(blocks: &[Block]) -> Vec<Value> {
    let mut parts: Vec<Value> = Vec::with_capacity(blocks.len());
    for block in blocks {
        match block {
            Block::Opaque { vendor: Vendor::Google, value } if value.get(ONTO_TEXT).is_some() => {
                let proof = &value["thoughtSignature"];
                match parts.last_mut().filter(|part| part.get("text").is_some()) {
                    Some(text) => text["thoughtSignature"] = proof.clone(),
                    None => parts.push(json!({"text": "", "thoughtSignature": proof})),
                }
            }
            other => parts.extend(part(other)),
        }
    }
    parts
}

fn part(block: &Block) -> Option<Value> {
    Some(match block {
        Block::Text(text) if text.is_empty() => return None,
        Block::Text(text) => json!({"text": text}),
        Block::Thinking { text, signature } => {
            let proof = signature::own(Vendor::Google, signature.as_deref())?;
            json!({"text": text, "thought": true, "thoughtSignature": proof})
        }
        Block::ToolCall { id, name, input, signature } => {
            let args = turns::object(input);
            let mut part = json!({"functionCall": {"id": id, "name": name, "args": args}});
            if let Some(proof) = signature::own(Vendor::Google, signature.as_deref()) {
                part["thoughtSignature"] = proof.into();
            }
            part
        }
        Block::ToolResult { id, name, content, is_error } => {
            let key = if *is_error { "error" } else { "output" };
            json!({"functionResponse": {"id": id, "name": name, "response": {key: content}}})
        }
        Block::Image { media_type, data } => json!({"inlineData": {"mimeType": media_type, "data": data}}),
        Block::Opaque { vendor: Vendor::Google, value } => value.clone(),
        Block::Opaque { .. } => return None,
    })
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
            thinking: 2_000,
        }
    }
    fn says(speaker: Speaker, blocks: Vec<Block>) -> Message {
        Message { speaker, blocks }
    }

    #[test]
    fn a_tool_loop_with_proofs() {
        let call = |name: &str, proof: Option<&str>| Block::ToolCall {
            id: "x".into(),
            name: name.into(),
            input: json!({"path": "a"}),
            signature: proof.map(Into::into),
        };
        let result = |name: &str, is_error| Block::ToolResult {
            id: "x".into(),
            name: name.into(),
            content: "out".into(),
            is_error,
        };
        let body = body(
            "gemini-2.5-flash",
            &request(vec![
                says(Speaker::User, vec![Block::Text("go".into())]),
                says(
                    Speaker::Assistant,
                    vec![
                        Block::Thinking { text: "hm".into(), signature: Some("google:T".into()) },
                        Block::Thinking { text: "hm".into(), signature: Some("anthropic:T".into()) },
                        Block::Text("I read.".into()),
                        proof_of_text("S"),
                        call("read", Some("google:C")),
                        call("list", Some("anthropic:C")),
                    ],
                ),
                says(Speaker::User, vec![Block::Text("hurry".into()), result("read", false)]),
                says(Speaker::User, vec![result("list", true)]),
            ]),
        );
        assert_eq!(
            body["contents"],
            json!([
                {"role": "user", "parts": [{"text": "go"}]},
                {"role": "model", "parts": [
                    {"text": "hm", "thought": true, "thoughtSignature": "T"},
                    {"text": "I read.", "thoughtSignature": "S"},
                    {"functionCall": {"id": "x", "name": "read", "args": {"path": "a"}}, "thoughtSignature": "C"},
                    {"functionCall": {"id": "x", "name": "list", "args": {"path": "a"}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "x", "name": "read", "response": {"output": "out"}}},
                    {"functionResponse": {"id": "x", "name": "list", "response": {"error": "out"}}},
                    {"text": "hurry"},
                ]},
            ])
        );
        assert_eq!(body["systemInstruction"]["parts"][0]["text"], "Be brief.");
        assert_eq!(body["generationConfig"]["thinkingConfig"]["thinkingBudget"], 2_000);
    }

    #[test]
    fn older_models_are_not_asked_to_think() {
        let asked = request(vec![says(
            Speaker::User,
            vec![Block::Image { media_type: "image/png".into(), data: "QUJD".into() }],
        )]);
        for model in ["gemini-2.0-flash-001", "models/gemini-1.5-pro"] {
            assert!(body(model, &asked)["generationConfig"].get("thinkingConfig").is_none(), "{model}");
        }
        assert_eq!(
            body("gemini-3-pro", &asked)["contents"][0]["parts"][0]["inlineData"]["mimeType"],
            "image/png"
        );
    }

    #[test]
    fn newer_models_take_a_level_and_want_a_proof() {
        let call = |signature: Option<&str>| Block::ToolCall {
            id: "toolu_1".into(),
            name: "read".into(),
            input: json!({}),
            signature: signature.map(Into::into),
        };
        let asked = |first| request(vec![says(Speaker::Assistant, vec![first, call(None)])]);
        let proof = |model: &str, first, at: usize| {
            body(model, &asked(first))["contents"][1]["parts"][at]["thoughtSignature"].clone()
        };
        assert_eq!(proof("gemini-3-pro-preview", call(Some("anthropic:A")), 0), NO_PROOF);
        assert_eq!(proof("gemini-3-pro-preview", call(Some("google:G")), 0), "G");
        assert_eq!(proof("gemini-3-pro-preview", call(Some("google:G")), 1), Value::Null);
        assert_eq!(proof("gemini-2.5-flash", call(None), 0), Value::Null);
        let config = |thinking, model: &str| {
            let asked = CallRequest { thinking, ..asked(call(None)) };
            body(model, &asked)["generationConfig"]["thinkingConfig"].clone()
        };
        assert_eq!(config(2_000, "gemini-flash-latest")["thinkingLevel"], "LOW");
        let high = json!({"thinkingLevel": "HIGH", "includeThoughts": true});
        assert_eq!(config(8_000, "models/gemini-3.5-flash"), high);
        assert_eq!(config(8_000, "gemini-2.5-pro")["thinkingBudget"], 8_000);
    }

    #[test]
    fn tools_without_parameters_have_none() {
        let mut asked = request(Vec::new());
        asked.tools = vec![ToolSpec {
            name: "stop".into(),
            description: "Stops.".into(),
            input_schema: json!({"type": "object"}),
        }];
        let declared = &body("gemini-2.5-flash", &asked)["tools"][0]["functionDeclarations"][0];
        assert_eq!(*declared, json!({"name": "stop", "description": "Stops."}));
    }
}
