//! What a request of any of the three formats asks, as far as a script cares.

use serde_json::Value;

/// Which format is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Anthropic's Messages.
    Messages,
    /// Gemini's streamGenerateContent.
    Content,
    /// Chat completions.
    Chat,
}

/// A request, reduced.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its format.
    pub format: Format,
    /// The model it wants.
    pub model: String,
    /// The system prompt.
    pub system: String,
    /// The texts of the last message of the user, tool results included, joined by newlines.
    pub said: String,
    /// Messages of the assistant.
    pub turns: usize,
    /// Tool results in the whole conversation.
    pub results: usize,
    /// The body as it came.
    pub body: Value,
}

impl Asked {
    /// Reads a request; `None` when the path or the body is of none of the formats.
    #[must_use]
    pub fn read(path: &str, body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let path = path.split('?').next()?;
        if let Some(rest) = path.strip_suffix(":streamGenerateContent") {
            let model = rest.rsplit('/').next()?.to_owned();
            return Some(Self::of(
                Format::Content,
                model,
                &body,
                "contents",
                &body["systemInstruction"]["parts"],
            ));
        }
        let model = body["model"].as_str()?.to_owned();
        if path.ends_with("/messages") {
            return Some(Self::of(Format::Messages, model, &body, "messages", &body["system"]));
        }
        let system = body["messages"].as_array()?.iter().find(|message| message["role"] == "system");
        let system = system.map_or(&Value::Null, |message| &message["content"]);
        path.ends_with("/chat/completions").then(|| Self::of(Format::Chat, model, &body, "messages", system))
    }

    fn of(format: Format, model: String, body: &Value, list: &str, system: &Value) -> Self {
        let messages = body[list].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_assistant = |message: &&Value| message["role"] == "assistant" || message["role"] == "model";
        let last = messages.iter().rposition(|message| of_assistant(&message)).map_or(0, |at| at + 1);
        let mut said = String::new();
        messages[last..]
            .iter()
            .filter(|message| message["role"] != "system")
            .for_each(|message| texts(message, &mut said));
        let mut instructions = String::new();
        texts(system, &mut instructions);
        Self {
            format,
            model,
            system: instructions,
            said,
            turns: messages.iter().filter(of_assistant).count(),
            results: messages.iter().map(results).sum(),
            body: body.clone(),
        }
    }
}

/// Every text in a message of any format, joined by newlines.
fn texts(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(text);
        }
        Value::Array(parts) => parts.iter().for_each(|part| texts(part, out)),
        Value::Object(fields) => {
            for key in ["content", "parts", "text", "functionResponse", "response", "output", "error"] {
                if let Some(inner) = fields.get(key) {
                    texts(inner, out);
                }
            }
        }
        _ => {}
    }
}

fn results(message: &Value) -> usize {
    if message["role"] == "tool" {
        return 1;
    }
    let parts = message["content"].as_array().or_else(|| message["parts"].as_array());
    let result = |part: &&Value| part["type"] == "tool_result" || part.get("functionResponse").is_some();
    parts.into_iter().flatten().filter(result).count()
}
