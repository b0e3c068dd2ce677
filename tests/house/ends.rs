//! The kill switch in all its forms, against commands that do not want to end.

use super::stage::*;
use rustix::process::Signal;
use serde_json::Value;
use std::{
    fs,
    time::{Duration, Instant},
};

/// From the kill switch to the end of everything, as promised.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks at what runs.
const LOOK: Duration = Duration::from_millis(20);

/// A mark that no other process has.
fn mark(stage: &Stage) -> String {
    format!("deaf-{}", stage.path("").file_name().unwrap().to_string_lossy())
}

/// One team whose first turn runs a command that is deaf.
fn deaf_stage() -> (Stage, String) {
    let mut stage = Stage::new(Vec::new());
    let mark = mark(&stage);
    let mut turns = office();
    turns.extend(team("claude", &[&[deaf(&mark)]], "Nothing"));
    stage = stage.says(turns);
    (stage, mark)
}

const ONE_TEAM: [&str; 7] = ["brief", BRIEF, "--check", CHECK, "--team", ANTHROPIC, "--json"];

/// Waits until the command and all it started are there.
fn runs(running: &mut Running, mark: &str) {
    let deadline = Instant::now() + PATIENCE;
    while processes(mark).len() < DEAF {
        assert!(
            Instant::now() < deadline,
            "it never ran: {:?}\n{}",
            processes(mark),
            running.seen.join("\n")
        );
        assert!(!matches!(running.next_within(LOOK), Waited::End), "{}", running.seen.join("\n"));
    }
}

/// What was begun in this part of the journal, but for the ending itself.
pub fn begun(journal: &[Value]) -> Vec<String> {
    let started = journal.iter().filter(|entry| entry["kind"] == "effect.started");
    started.map(|entry| entry["payload"].to_string()).filter(|effect| !effect.contains("/halt/")).collect()
}

/// Everything is over in time, nothing runs any more, and nothing was begun afterwards.
fn all_ended(stage: &Stage, (how, mark): (&str, &str), since: Instant, running: Running) {
    let done = running.end();
    let took = since.elapsed();
    eprintln!("stop by {how}: everything ended after {took:?}");
    assert!(took < ENDS_WITHIN, "{how}: {took:?}");
    assert_eq!(done.code, Some(3), "{how}: {done:?}");
    assert_eq!(processes(mark), [] as [&str; 0], "{how}: left behind");
    let journal = stage.journal();
    let stopped = journal.iter().position(|entry| entry["kind"] == "control.stopped").unwrap();
    let begun = begun(&journal[stopped..]);
    assert!(begun.is_empty(), "{how}: begun after the stop: {begun:?}");
    stage.verify();
}

#[test]
fn a_brief_whose_daemon_ends_while_it_is_followed_goes_on_at_the_next_start() {
    let (stage, mark) = deaf_stage();
    let mut daemon = stage.start(&["--monitor", "--json"]);
    daemon.until("\"watching\"");
    let mut running = stage.start(&ONE_TEAM);
    runs(&mut running, &mark);
    daemon.signal(Signal::TERM);
    let done = running.end().exits(3);
    assert!(done.all().contains("M-1 goes on at the next start"), "{}", done.all());
    assert!(!done.all().contains("nothing was done"), "{}", done.all());
    assert_eq!(done.last()["status"], "waiting", "{}", done.all());
    daemon.end();
    assert_eq!(processes(&mark), [] as [&str; 0]);
    assert_eq!(stage.run(&["missions", "--json"]).exits(0).last()["status"], "running");
    stage.verify();
}

#[test]
fn c10_a_stop_by_command_ends_the_deaf_and_all_their_children_within_10_seconds() {
    let (stage, mark) = deaf_stage();
    let mut running = stage.start(&ONE_TEAM);
    runs(&mut running, &mark);
    let since = Instant::now();
    stage.run(&["stop", "enough"]).exits(0);
    all_ended(&stage, ("command", &mark), since, running);
}

#[test]
fn c10_a_stop_by_file_ends_the_deaf_and_all_their_children_within_10_seconds() {
    let (stage, mark) = deaf_stage();
    let mut running = stage.start(&ONE_TEAM);
    runs(&mut running, &mark);
    let since = Instant::now();
    fs::write(stage.data().join("STOP"), "fire\n").unwrap();
    all_ended(&stage, ("file", &mark), since, running);
}

#[test]
fn c10_a_stop_by_signal_ends_the_deaf_and_all_their_children_within_10_seconds() {
    let (stage, mark) = deaf_stage();
    let mut running = stage.start(&ONE_TEAM);
    runs(&mut running, &mark);
    let since = Instant::now();
    running.signal(Signal::USR1);
    all_ended(&stage, ("signal", &mark), since, running);
}
