//! One typed answer from a model: asked for as the input of a single tool, read leniently (from the tool call,
//! or from JSON anywhere in its words), and asked for once more with the fault named when it does not fit.

use crate::{
    agents::{airing, failure::AgentFailure, office::Office, tools::schema, transcript::words_of},
    domain::{
        feed::FeedItem,
        money::{Cost, Money, Usage},
        team::ModelRef,
        text,
    },
    providers::wire::{Block, CallRequest, Message, Speaker, StopReason, Switchboard, ToolSpec},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Times a model is asked for one answer.
const ASKS_MOST: u32 = 2;
/// Places in a text where JSON may begin that are tried.
const STARTS_MOST: usize = 64;

/// What is asked.
pub struct Question<'a> {
    /// Name of the answer's tool.
    pub name: &'a str,
    /// System prompt.
    pub system: &'a str,
    /// What is said, images included.
    pub blocks: Vec<Block>,
    /// Tokens of the answer.
    pub output: u32,
    /// Tokens of reasoning.
    pub thinking: u32,
}

/// An answer, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered<T> {
    /// The answer.
    pub value: T,
    /// Who answered.
    pub by: ModelRef,
    /// Tokens.
    pub usage: Usage,
    /// Money.
    pub cost: Cost,
}

/// Asks the first of `chain` that answers.
///
/// # Errors
/// When no model answers, or none in the form that was asked for.
pub async fn ask<T: DeserializeOwned + JsonSchema>(
    office: &dyn Office,
    switchboard: &dyn Switchboard,
    chain: &[ModelRef],
    question: Question<'_>,
) -> Result<Answered<T>, AgentFailure> {
    let spec = schema::spec::<T>(question.name, "Gives your answer. Call it exactly once.");
    let mut request = CallRequest {
        system: format!(
            "{}\n\nAnswer only by calling the tool `{}`.",
            question.system.trim_end(),
            question.name
        ),
        messages: vec![Message { speaker: Speaker::User, blocks: question.blocks }],
        tools: vec![spec.clone()],
        max_output: question.output,
        thinking: question.thinking,
    };
    let (mut usage, mut cost) = (Usage::default(), Cost::Known(Money::ZERO));
    let mut fault = String::new();
    for _ in 0..ASKS_MOST {
        let reply = airing::ask(office, switchboard, chain, &request).await?;
        usage += reply.usage;
        cost += reply.cost;
        office.feed(FeedItem::Meter { usage, cost });
        if let StopReason::Refused(word) = &reply.stop {
            let word = text::clean_line(word, 400);
            return Err(AgentFailure::permanent(format!("{} refuses to answer: {word}", reply.by)));
        }
        match read::<T>(&reply.message, question.name) {
            Ok(value) => return Ok(Answered { value, by: reply.by, usage, cost }),
            Err(why) => {
                fault = format!(
                    "{} did not answer in the form asked for: {}",
                    reply.by,
                    text::clean_line(&why, 300)
                );
                again(&mut request, reply.message, &why, &spec);
            }
        }
    }
    Err(AgentFailure::transient(fault))
}

/// Puts the model's answer and what is wrong with it into the conversation.
fn again(request: &mut CallRequest, message: Message, why: &str, spec: &ToolSpec) {
    let told = format!("This does not fit: {why}. Call `{}` with: {}", spec.name, spec.input_schema);
    let blocks = refused(&message, told);
    if !message.blocks.is_empty() {
        request.messages.push(message);
        request.messages.push(Message { speaker: Speaker::User, blocks });
    } else if let Some(last) = request.messages.last_mut() {
        last.blocks.extend(blocks);
    }
}

/// What is said to a message that does not fit: to each of its calls, or in words where it has none.
pub fn refused(message: &Message, told: String) -> Vec<Block> {
    let result = |(id, name, _): (&str, &str, &Value)| Block::ToolResult {
        id: id.to_owned(),
        name: name.to_owned(),
        content: told.clone(),
        is_error: true,
    };
    let blocks: Vec<Block> = calls_of(message).map(result).collect();
    if blocks.is_empty() { vec![Block::Text(told)] } else { blocks }
}

/// The calls in a message: number, tool and input.
pub fn calls_of(message: &Message) -> impl Iterator<Item = (&str, &str, &Value)> {
    message.blocks.iter().filter_map(|block| match block {
        Block::ToolCall { id, name, input, .. } => Some((id.as_str(), name.as_str(), input)),
        _ => None,
    })
}

/// Reads the answer out of a message.
///
/// # Errors
/// Why nothing in it fits.
pub fn read<T: DeserializeOwned>(message: &Message, tool: &str) -> Result<T, String> {
    let mut why = "there was no answer in it".to_owned();
    for (_, name, input) in calls_of(message) {
        match serde_json::from_value(unwrapped(input, tool)) {
            Ok(value) => return Ok(value),
            Err(error) => why = format!("{name}: {error}"),
        }
    }
    let words = words_of(message);
    for candidate in json_in(&words) {
        match serde_json::from_value(unwrapped(&candidate, tool)) {
            Ok(value) => return Ok(value),
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

/// Some models wrap the arguments once more: `{"input": {...}}`, or under the tool's name, or as a string.
fn unwrapped(value: &Value, tool: &str) -> Value {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    let value = parsed.as_ref().unwrap_or(value);
    match value.as_object() {
        Some(fields) if fields.len() == 1 => {
            let inner = [tool, "input", "arguments", "parameters"].iter().find_map(|key| fields.get(*key));
            inner.filter(|inner| inner.is_object()).unwrap_or(value).clone()
        }
        _ => value.clone(),
    }
}

/// Every JSON object that stands in a text, outermost first.
fn json_in(words: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut from = 0;
    for _ in 0..STARTS_MOST {
        let Some(at) = words[from..].find('{').map(|at| from + at) else { break };
        let mut stream = serde_json::Deserializer::from_str(&words[at..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                from = at + stream.byte_offset();
                found.push(value);
            }
            _ => from = at + 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agents::testing::{Desk, Script, calls, model, words},
        domain::team::Vendor,
    };
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Form {
        n: u32,
    }

    fn said(block: Block) -> Message {
        Message { speaker: Speaker::Assistant, blocks: vec![block] }
    }

    #[test]
    fn answers_are_read_leniently() {
        let call = |input| said(crate::agents::testing::call("1", "form", input));
        for message in [
            call(json!({"n": 7})),
            call(json!({"input": {"n": 7}})),
            call(json!("{\"n\": 7}")),
            said(Block::Text("Sure {not json}! ```json\n{\"n\": 7}\n``` done".to_owned())),
            said(Block::Text("{\"form\": {\"n\": 7}}".to_owned())),
        ] {
            assert_eq!(read::<Form>(&message, "form"), Ok(Form { n: 7 }), "{message:?}");
        }
        assert!(read::<Form>(&said(Block::Text("{{{{ n = 7".to_owned())), "form").is_err());
    }

    #[tokio::test]
    async fn a_wrong_answer_is_asked_for_once_more() {
        let desk = Desk::default();
        let chain = [model(Vendor::Google)];
        let question = || Question {
            name: "form",
            system: "s",
            blocks: vec![Block::Text("q".to_owned())],
            output: 100,
            thinking: 0,
        };
        let script = Script::new([calls("1", "form", json!({"n": "many"})), words("{\"n\": 2}")]);
        let answered = ask::<Form>(&desk, &script, &chain, question()).await.unwrap();
        assert_eq!((answered.value, answered.usage.input), (Form { n: 2 }, 200));
        let second = script.asked(1);
        assert!(
            matches!(&second.messages[2].blocks[0], Block::ToolResult { is_error: true, content, .. } if content.contains("does not fit"))
        );
        let script = Script::new([words("no"), words("never")]);
        let failure = ask::<Form>(&desk, &script, &chain, question()).await.unwrap_err();
        assert!(failure.reason.contains("form asked for"), "{failure}");
    }
}
