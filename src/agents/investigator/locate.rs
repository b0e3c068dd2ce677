//! `locate`: where the code has the words of a message that the investigator may not see. What comes back is code.

use crate::{
    agents::tools::{Output, PermissionClass, Tool, Workplace, input, schema, search::Search},
    providers::wire::ToolSpec,
};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Parts of one message that are looked for.
const PARTS_MOST: usize = 6;
/// Characters of a part that says something.
const PART_LEAST: usize = 8;

/// Looks for messages by the number of their evidence; holds the parts of them that stay the same.
pub(super) struct Locate(pub(super) BTreeMap<u16, Vec<String>>);

/// Which message.
#[derive(Debug, Deserialize, JsonSchema)]
struct LocateInput {
    /// Number of the evidence, such as 3 for E3.
    evidence: u16,
}

impl Tool for Locate {
    fn spec(&self) -> ToolSpec {
        schema::spec::<LocateInput>(
            "locate",
            "Finds the lines of code that hold the words of a message of evidence, which itself is not shown.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: LocateInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let Some(parts) = self.0.get(&wanted.evidence) else {
                return Output::failed(format!("E{} holds no message", wanted.evidence));
            };
            let mut parts: Vec<&String> =
                parts.iter().filter(|part| part.chars().count() >= PART_LEAST).collect();
            parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
            parts.dedup();
            for part in parts.into_iter().take(PARTS_MOST) {
                let found = Search.call(at, json!({"pattern": part, "literal": true})).await;
                if found.ok && found.text != "no hits" {
                    return found;
                }
            }
            Output::done("no line of code holds its words")
        }
        .boxed()
    }
}
