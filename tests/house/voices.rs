//! Vendors that misbehave: each fault ends in a retry, another vendor or an honest failure, never a dead agent.

use super::stage::*;
use chimera::providers::rehearsal::script::{Fault, Turn};

fn status(status: u16, retry_after: Option<&str>) -> Fault {
    Fault::Status { status, retry_after: retry_after.map(Into::into), body: None }
}

fn with(faults: Vec<Turn>) -> Stage {
    let mut turns = faults;
    turns.extend(script());
    Stage::new(turns)
}

#[test]
fn b8_a_wrong_key_is_said_and_the_other_vendor_lands() {
    let stage = with(vec![fault("claude", status(401, None), None)]);
    let done = stage.brief(&["--approve", "best"]).exits(0);
    assert_eq!(done.last()["winner"], GOOGLE);
    let failed =
        done.of("team").into_iter().find(|team| team["team"] == ANTHROPIC && team["status"] == "failed");
    let reason = failed.unwrap_or_else(|| panic!("{}", done.stdout))["reason"].to_string();
    assert!(reason.contains("401") || reason.to_lowercase().contains("key"), "{reason}");
    // A missing judge is said, never green.
    let missing = done.of("notice").iter().any(|notice| notice.to_string().contains("no judgement"));
    assert!(missing, "{}", done.stdout);
}

#[test]
fn nobody_to_talk_to_is_an_honest_failure() {
    let stage =
        with(vec![fault("claude", status(401, None), None), fault("gemini", status(403, None), None)]);
    let done = stage.brief(&["--approve", "best"]).exits(1);
    assert_eq!(
        (&done.last()["status"], &done.last()["commit"]),
        (&"failed".into(), &serde_json::Value::Null)
    );
    assert_eq!(done.last()["cost_usd"], 0.0);
    stage.verify();
}

#[test]
fn b8_rate_limits_and_cut_streams_are_waited_out_and_told() {
    let stage = with(vec![
        fault("claude", status(429, Some("1")), Some(1)),
        fault("gemini", Fault::Cut { after: 3 }, Some(1)),
        fault("claude", Fault::ErrorEvent { after: 2 }, Some(1)),
        fault("gemini", status(529, None), Some(1)),
        fault("claude", Fault::Garbage { after: 1 }, Some(1)),
        fault("gemini", Fault::Bytewise, Some(1)),
    ]);
    let done = stage.brief(&["--approve", "best"]).exits(0);
    assert_eq!(done.last()["candidates"].as_array().unwrap().len(), 2, "{}", done.stdout);
    let retried =
        done.of("notice").iter().filter(|notice| notice["text"].as_str().unwrap().contains("429")).count();
    assert!(retried >= 1, "{}", done.stdout);
}

#[test]
fn b10_a_model_that_never_finishes_loses_and_the_other_wins() {
    let mut turns = office();
    turns.push(Turn { model: Some("claude".into()), ..turn("I am only talking.", &[]) });
    turns.extend(script().split_off(office().len() + 2));
    let stage = Stage::new(turns);
    stage.settings("[limits]\nmax_retries = 0\n");
    let done = stage.brief(&["--approve", "best"]).exits(0);
    assert_eq!(done.last()["winner"], GOOGLE, "{}", done.stdout);
}
