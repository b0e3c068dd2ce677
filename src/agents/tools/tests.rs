//! `tests`: the project's own test command, in the sandbox; counts and names of failing tests come first.

use super::{Output, PermissionClass, Tool, Workplace, input, run, schema};
use crate::{agents::outputs, domain::time::Millis, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Wall-clock limit.
const WALL: Millis = Millis::mins(10);
/// Failing tests named.
const NAMES_MOST: usize = 30;

/// Runs the project's tests.
pub struct Tests;

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
struct TestsInput {}

impl Tool for Tests {
    fn spec(&self) -> ToolSpec {
        schema::spec::<TestsInput>(
            "tests",
            "Runs the project's own test command and says what passed and failed. To run only some tests use `run`.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Run
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            if let Err(output) = input::<TestsInput>(&self.spec(), given) {
                return output;
            }
            let Some(command) = at.test_command else {
                return Output::failed("no test command is known for this project; use `run`");
            };
            let argv = vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()];
            let mut output = run::command(at, argv, WALL, "run the project's tests".to_owned()).await;
            let parsed = outputs::parse(&output.text);
            let mut head = format!("$ {command}\n");
            if let (Some(passed), Some(failed)) = (parsed.passed, parsed.failed) {
                head.push_str(&format!("{passed} passed, {failed} failed\n"));
            }
            if !parsed.failing.is_empty() {
                let names: Vec<_> = parsed.failing.iter().take(NAMES_MOST).map(String::as_str).collect();
                head.push_str(&format!("failing: {}\n", names.join(", ")));
            }
            output.text.insert_str(0, &head);
            output
        }
        .boxed()
    }
}

#[cfg(test)]
mod checks {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn says_what_failed_first() {
        let report = "test cart::empty ... FAILED\ntest cart::full ... ok\ntest result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let bench = TestBench::repo(&[("out", report)]);
        let desk = Desk::default();
        let at = Workplace { test_command: Some("cat out; exit 101"), ..bench.workplace(&desk) };
        let output = Tests.call(&at, json!({})).await;
        assert!(!output.ok);
        assert!(
            output.text.starts_with(
                "$ cat out; exit 101\n1 passed, 1 failed\nfailing: cart::empty\nexit status 101\n"
            ),
            "{}",
            output.text
        );
        let at = bench.workplace(&desk);
        assert!(Tests.call(&at, Value::Null).await.text.contains("no test command"));
    }
}
