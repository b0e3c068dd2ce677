//! A daemon that is killed, and readers and writers that come back to the next one.

use super::client::daemon;
use crate::house::stage::{BRIEF, CHECK, Stage};
use serde_json::json;

#[test]
fn d11_a_reader_goes_on_after_kill_9_without_a_gap_or_a_double() {
    let stage = Stage::default();
    let first = daemon(&stage);
    first.post_once("/api/missions", "the-brief", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    let mut seen = Vec::new();
    // In the midst of the work, wherever it is by then.
    for (id, event) in first.events(0, false) {
        seen.push(id);
        if event["kind"] == "team.turn_finished" {
            break;
        }
    }
    let mut events = first.events(*seen.last().unwrap(), true);
    first.running.kill();
    // What was under way when it died was still sent whole or not at all.
    seen.extend(events.by_ref().map(|(id, _)| id));
    let second = daemon(&stage);
    let again =
        second.post_once("/api/missions", "the-brief", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    assert_eq!(again.json()["mission"], "M-1", "the brief was given once");
    second.post_once("/api/missions", "the-brief", &json!({"text": "Another"})).is(409);
    let mut events = second.events(*seen.last().unwrap(), true);
    loop {
        let (id, event) = events.next().unwrap();
        seen.push(id);
        if event["kind"] == "desk.request_opened" {
            break;
        }
    }
    second.post("/api/missions/M-1/cancel", &json!({"reason": "enough"})).is(200);
    loop {
        let (id, event) = events.next().unwrap();
        seen.push(id);
        if event["kind"] == "mission.ended" {
            break;
        }
    }
    let last = *seen.last().unwrap();
    assert_eq!(seen, (1..=last).collect::<Vec<_>>(), "a gap or a double");
    assert_eq!(second.get("/api/missions").is(200).json()["items"].as_array().unwrap().len(), 1);
    second.ends();
    stage.verify();
    let journal: Vec<u64> = stage.journal().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(journal[..seen.len()], seen, "what was read is what the journal has");
}

#[test]
fn d11_the_socket_of_a_killed_daemon_is_taken_over() {
    let stage = Stage::default();
    let first = daemon(&stage);
    let socket = first.socket.clone();
    first.running.kill();
    assert!(socket.exists(), "nobody was there to take it away");
    let second = daemon(&stage);
    assert_eq!(second.get("/livez").is(200).text, "ok\n");
    second.ends();
}
