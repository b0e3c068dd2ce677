//! `finish`: the agent says that it is done, what it did and why, and how sure it is.

use super::{Output, PermissionClass, Tool, Workplace, input, schema};
use crate::providers::wire::ToolSpec;
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Ends the work.
pub struct FinishTool;

/// What an agent says when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finish {
    /// What was done and why, in a few sentences.
    pub summary: String,
    /// What caused the problem, in a sentence; empty if the task was no problem.
    #[serde(default)]
    pub root_cause: String,
    /// How sure you are that this is right and complete, 0 to 100.
    #[serde(deserialize_with = "percent")]
    #[schemars(range(min = 0, max = 100))]
    pub confidence: u8,
    /// Changed files, each with what changed in it.
    #[serde(default)]
    pub changes: Vec<String>,
    /// Tests that were added or run, and what they said.
    #[serde(default)]
    pub tests: Vec<String>,
}

impl Tool for FinishTool {
    fn spec(&self) -> ToolSpec {
        schema::spec::<Finish>(
            "finish",
            "Ends the work when everything is done and checked. Call it once, alone, as the last thing.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, _: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            match input::<Finish>(&self.spec(), given) {
                Ok(finish) if finish.summary.trim().is_empty() => Output::failed("the summary is empty"),
                Ok(finish) => {
                    Output { text: "finished".to_owned(), ok: true, finish: Some(Box::new(finish)) }
                }
                Err(output) => output,
            }
        }
        .boxed()
    }
}

/// Reads a percentage as models write it: `85`, `85.0`, `"85"`, `"85%"`, and `0.85` for 85.
///
/// # Errors
/// When it is nothing of the kind.
pub fn percent<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    use serde::de::Error as _;
    let value = Value::deserialize(deserializer)?;
    let number = match &value {
        Value::Number(number) => number.as_f64(),
        Value::String(words) => words.trim().trim_end_matches('%').trim().parse().ok(),
        _ => None,
    };
    let number = number.filter(|n| n.is_finite() && *n >= 0.0 && *n <= 100.0);
    let number = number.ok_or_else(|| D::Error::custom(format!("{value} is not a number from 0 to 100")))?;
    let scaled = if number > 0.0 && number < 1.0 { number * 100.0 } else { number };
    // In range by the check above; a fraction of a percent is dropped.
    Ok(scaled.round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn takes_what_models_write_for_a_percentage() {
        let bench = TestBench::repo(&[("a", "")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        for (written, read) in [
            (json!(85), 85),
            (json!(85.4), 85),
            (json!("90%"), 90),
            (json!(0.85), 85),
            (json!(1), 1),
            (json!(0), 0),
        ] {
            let output = FinishTool.call(&at, json!({"summary": "s", "confidence": written})).await;
            assert_eq!(output.finish.unwrap().confidence, read, "{written}");
        }
        for bad in [
            json!({"summary": "s", "confidence": 101}),
            json!({"summary": "s"}),
            json!({"summary": " ", "confidence": 1}),
        ] {
            let output = FinishTool.call(&at, bad).await;
            assert!(!output.ok && output.finish.is_none());
        }
    }
}
