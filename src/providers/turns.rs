//! The order of speakers that two of the APIs insist on: they alternate, none is empty, and the user begins.

use super::wire::{Message, Speaker};
use serde_json::Value;

/// Messages in that order, each as the parts that `parts` makes of it; neighbours of one speaker become one. Where
/// the conversation does not begin with the user, `opening` is said first.
#[must_use]
pub fn alternating(
    messages: &[Message],
    opening: Value,
    parts: impl Fn(&Message) -> Vec<Value>,
) -> Vec<(Speaker, Vec<Value>)> {
    let mut turns: Vec<(Speaker, Vec<Value>)> = Vec::new();
    for message in messages {
        let parts = parts(message);
        if parts.is_empty() {
            continue;
        }
        match turns.last_mut() {
            Some((speaker, before)) if *speaker == message.speaker => before.extend(parts),
            _ => turns.push((message.speaker, parts)),
        }
    }
    if turns.first().is_none_or(|(speaker, _)| *speaker == Speaker::Assistant) {
        turns.insert(0, (Speaker::User, vec![opening]));
    }
    turns
}

/// Arguments of a call as both APIs want them: an object.
#[must_use]
pub fn object(input: &Value) -> Value {
    if input.is_object() { input.clone() } else { serde_json::json!({"value": input}) }
}
