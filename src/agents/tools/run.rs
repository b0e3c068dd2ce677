//! `run`: a command in the sandbox: time, output and files bounded. Where this kernel holds nothing, every
//! command is a request on the desk and runs only as the director allows it.

use super::{Output, PermissionClass, Tool, Workplace, input, schema};
use crate::{
    agents::bench::{Job, Ran, Walls},
    domain::{
        request::{Decision, Modification, Subject},
        text,
        time::Millis,
    },
    providers::wire::ToolSpec,
    workspace::{process::Exit, sandbox::Strength},
};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Wall-clock limit where none is asked for.
const WALL: Millis = Millis::mins(2);
/// Longest wall-clock limit.
const WALL_MOST: Millis = Millis::mins(10);
/// Output kept, head and tail, in bytes.
const OUTPUT_MOST: usize = 30 * 1024;
/// Longest command, in bytes.
const COMMAND_MOST: usize = 64 * 1024;

/// Runs commands.
pub struct Run;

/// What to run.
#[derive(Debug, Deserialize, JsonSchema)]
struct RunInput {
    /// A shell line, run by `sh -c` at the top of the repository.
    command: Option<String>,
    /// Or program and arguments, run without a shell.
    argv: Option<Vec<String>>,
    /// Seconds after which it is killed, at most 600; left out: 120.
    seconds: Option<u64>,
    /// Why, in a few words; shown to the director if it must be allowed.
    reason: Option<String>,
}

impl Tool for Run {
    fn spec(&self) -> ToolSpec {
        schema::spec::<RunInput>(
            "run",
            "Runs a command at the top of the repository, in a sandbox: it can write only there and has no network. Gives exit status and output.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Run
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: RunInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let argv = match (wanted.argv, wanted.command) {
                (Some(argv), _) if !argv.is_empty() => argv,
                (_, Some(line)) if !line.trim().is_empty() => vec!["sh".to_owned(), "-c".to_owned(), line],
                _ => {
                    return Output::failed("give `command` (a shell line) or `argv` (program and arguments)");
                }
            };
            let wall = wanted.seconds.map_or(WALL, Millis::secs).clamp(Millis::secs(1), WALL_MOST);
            command(at, argv, wall, wanted.reason.unwrap_or_default()).await
        }
        .boxed()
    }
}

/// Runs a command as far as the sandbox holds it, and asks where it does not.
pub(super) async fn command(at: &Workplace<'_>, argv: Vec<String>, wall: Millis, reason: String) -> Output {
    let long: usize = argv.iter().map(String::len).sum();
    if long > COMMAND_MOST || argv.iter().any(|part| part.contains('\0')) {
        return Output::failed(format!(
            "the command is over {COMMAND_MOST} bytes or holds a NUL; put it in a file"
        ));
    }
    let mut job = Job { argv, wall, output: OUTPUT_MOST, walls: Walls::Sandbox };
    let mut said = String::new();
    if let Strength::None(why) = at.bench.strength() {
        let reason = if reason.is_empty() { why } else { format!("{reason} ({why})") };
        let subject = Subject::Command { team: at.team, argv: job.argv.clone(), reason };
        match at.office.ask(subject).await {
            Decision::Approve { .. } | Decision::Grant { .. } => {}
            Decision::Modify { change: Modification::Argv(argv), .. } => {
                said = format!("The director changed the command to: {}\n", argv.join(" "));
                job.argv = argv;
            }
            other => return Output::failed(refused(&other)),
        }
        job.walls = Walls::None;
    }
    match at.bench.run(&job).await {
        Ok(ran) => {
            let told = told(&ran);
            Output { text: format!("{said}{told}"), ok: ran.exit == Exit::Code(0), finish: None }
        }
        Err(error) => Output::failed(format!("the command could not be run: {error}")),
    }
}

/// Why there is no yes, for the agent.
pub(super) fn refused(decision: &Decision) -> String {
    match decision {
        Decision::Reject { reason } | Decision::Retry { reason } => {
            format!("the director refused: {}. Find another way.", text::clean_line(reason, 1_000))
        }
        Decision::Expired => "nobody answered in time, so it is refused. Go on without it.".to_owned(),
        Decision::Withdrawn => "the request was withdrawn. Go on without it.".to_owned(),
        Decision::Modify { change: Modification::Prompt(words), .. } => {
            format!("the director refused and says: {}", text::clean_line(words, 4_000))
        }
        Decision::Approve { .. } | Decision::Grant { .. } | Decision::Modify { .. } => {
            "the director's answer does not fit a command. Find another way.".to_owned()
        }
    }
}

/// What a command did, in words: status first.
#[must_use]
pub fn told(ran: &Ran) -> String {
    let status = match ran.exit {
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(signal) => format!("killed by signal {signal}"),
        Exit::TimedOut => format!("killed after its time limit of {}", ran.elapsed),
        Exit::Stopped => "stopped".to_owned(),
    };
    let output = text::clean_bytes(&ran.output);
    let output = output.trim_end();
    let cut = if ran.left_out > 0 {
        format!(" ({} of output not kept)", text::count(ran.left_out, "byte"))
    } else {
        String::new()
    };
    if output.is_empty() { format!("{status}, no output{cut}") } else { format!("{status}{cut}\n{output}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use crate::domain::ids::TeamId;
    use serde_json::json;

    #[tokio::test]
    async fn gives_status_and_clean_output() {
        let bench = TestBench::repo(&[("a", "1")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let output = Run.call(&at, json!({"command": "printf 'a\\033]0;t\\007b\\n'; exit 3"})).await;
        assert_eq!((output.ok, output.text.as_str()), (false, "exit status 3\nab"));
        let output = Run.call(&at, json!({"argv": ["cat", "a"]})).await;
        assert_eq!((output.ok, output.text.as_str()), (true, "exit status 0\n1"));
        assert_eq!(Run.call(&at, json!({"command": "true"})).await.text, "exit status 0, no output");
        for bad in [
            json!({}),
            json!({"argv": []}),
            json!({"command": " "}),
            json!({"command": "x".repeat(COMMAND_MOST + 1)}),
        ] {
            assert!(!Run.call(&at, bad).await.ok);
        }
        assert!(desk.asked().is_empty());
    }

    #[tokio::test]
    async fn huge_output_is_bounded() {
        let bench = TestBench::repo(&[("a", "1")]);
        let desk = Desk::default();
        let output = Run
            .call(&bench.workplace(&desk), json!({"command": "yes 0123456789 | head -c 3000000; echo END"}))
            .await;
        assert!(output.ok && output.text.len() < OUTPUT_MOST + 1_000, "{}", output.text.len());
        assert!(output.text.ends_with("END") && output.text.contains("not kept"));
    }

    #[tokio::test]
    async fn without_a_sandbox_every_command_is_asked_for() {
        let mut bench = TestBench::repo(&[("a", "1")]);
        bench.strength = Strength::None("no Landlock here".to_owned());
        let desk = Desk::default();
        desk.decide(Decision::Approve { team: None });
        desk.decide(Decision::Modify {
            team: None,
            change: Modification::Argv(vec!["echo".to_owned(), "other".to_owned()]),
        });
        desk.decide(Decision::Reject { reason: "too risky".to_owned() });
        desk.decide(Decision::Expired);
        let at = bench.workplace(&desk);
        let run = || Run.call(&at, json!({"argv": ["cat", "a"], "reason": "look"}));
        assert_eq!(run().await.text, "exit status 0\n1");
        assert!(run().await.text.ends_with("exit status 0\nother"));
        assert!(run().await.text.contains("too risky"));
        assert!(run().await.text.contains("nobody answered"));
        let first = Subject::Command {
            team: TeamId(1),
            argv: vec!["cat".to_owned(), "a".to_owned()],
            reason: "look (no Landlock here)".to_owned(),
        };
        assert_eq!(desk.asked()[0], first);
        assert_eq!(bench.walls(), [Walls::None, Walls::None]);
    }
}
