//! `ask`: a question to the director, on the one desk.

use super::{Output, PermissionClass, Tool, Workplace, input, run, schema};
use crate::{
    domain::{
        request::{Decision, Modification, Subject},
        text,
    },
    providers::wire::ToolSpec,
};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Longest question, in characters.
const QUESTION_MOST: usize = 2_000;

/// Asks the director.
pub struct Ask;

/// What to ask.
#[derive(Debug, Deserialize, JsonSchema)]
struct AskInput {
    /// One question, answerable in a sentence.
    question: String,
}

impl Tool for Ask {
    fn spec(&self) -> ToolSpec {
        schema::spec::<AskInput>(
            "ask",
            "Asks the director one question and waits. Use it only when the brief leaves a choice open that you cannot make.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Ask
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: AskInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let question = String::from(text::clean_line(&wanted.question, QUESTION_MOST));
            if question.trim().is_empty() {
                return Output::failed("the question is empty");
            }
            match at.office.ask(Subject::Ask { team: at.team, question }).await {
                Decision::Modify { change: Modification::Prompt(words), .. } => {
                    Output::done(format!("The director answers: {words}"))
                }
                Decision::Approve { .. } => Output::done("The director answers: yes"),
                Decision::Reject { reason } => Output::done(format!(
                    "The director answers: no{}{reason}",
                    if reason.is_empty() { "" } else { ": " }
                )),
                Decision::Retry { reason } => Output::done(format!("The director answers: {reason}")),
                Decision::Expired | Decision::Withdrawn => Output::failed(
                    "nobody answered. Decide by yourself, and say in `finish` what you assumed.",
                ),
                other @ (Decision::Modify { .. } | Decision::Grant { .. }) => {
                    Output::failed(run::refused(&other))
                }
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn the_answer_comes_back_in_words() {
        let bench = TestBench::repo(&[("a", "")]);
        let desk = Desk::default();
        for decision in [
            Decision::Modify { team: None, change: Modification::Prompt("use 404".to_owned()) },
            Decision::Reject { reason: String::new() },
            Decision::Expired,
        ] {
            desk.decide(decision);
        }
        let at = bench.workplace(&desk);
        let ask = || Ask.call(&at, json!({"question": "404 or 500?\u{1b}[2J"}));
        assert_eq!(ask().await.text, "The director answers: use 404");
        assert_eq!(ask().await.text, "The director answers: no");
        assert!(!ask().await.ok);
        assert!(matches!(&desk.asked()[0], Subject::Ask { question, .. } if question == "404 or 500?"));
        assert!(!Ask.call(&at, json!({"question": " "})).await.ok);
    }
}
