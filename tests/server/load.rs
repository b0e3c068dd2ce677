//! Many briefs at once: what `chimera load` measures on a real daemon, and what a queue is after kill -9.

use super::client::daemon;
use crate::{
    healing::servers::free_port,
    house::stage::{BRIEF, Stage},
};
use serde_json::json;
use std::collections::BTreeSet;

/// Settings in which nothing paces the load but the machine.
const WIDE: &str = "[limits]\nconcurrent_missions = 50\n";

#[test]
fn e10_a_load_is_measured_from_the_brief_to_what_the_agents_say_and_leaves_nothing_at_work() {
    let mut stage = Stage::default();
    let rehearsal = format!("127.0.0.1:{}", free_port());
    stage.env.push(("ANTHROPIC_BASE_URL".into(), format!("http://{rehearsal}")));
    stage.settings(WIDE);
    let daemon = daemon(&stage);
    let args = ["load", "--agents", "8", "--rehearsal", &rehearsal, "--within", "250s", "--json"];
    // It is asked for twice: nobody drives a daemon by mistake.
    stage.run(&args).exits(64);
    let done = stage.run(&[&args[..], &["--yes"]].concat()).exits(0);
    let line = done.last();
    assert_eq!((line["agents"].as_u64(), line["failed"].as_u64()), (Some(8), Some(0)), "{line}");
    for what in ["accepted", "first_answer", "first_turn"] {
        assert_eq!(line[what]["count"], 8, "{what}: {line}");
        let ranks: Vec<f64> = ["p50_ms", "p95_ms", "p99_ms", "most_ms"]
            .iter()
            .map(|rank| line[what][*rank].as_f64().unwrap())
            .collect();
        assert!(ranks.is_sorted() && ranks[0] > 0.0, "{what}: {ranks:?}");
    }
    let first = |what: &str| line[what]["p50_ms"].as_f64().unwrap();
    assert!(
        first("accepted") < first("first_answer") && first("first_answer") <= first("first_turn"),
        "{line}"
    );
    // One went ahead. All were taken back.
    let missions = daemon.get("/api/missions?most=500").is(200).json();
    let statuses: BTreeSet<&str> =
        missions["items"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!((missions["items"].as_array().unwrap().len(), statuses), (9, BTreeSet::from(["cancelled"])));
    assert_eq!(stage.git(&["status", "--porcelain"]), "", "the tree is as it was");
    daemon.ends();
    stage.verify();
}

#[test]
fn e10_a_daemon_that_asks_somebody_else_is_not_driven() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let elsewhere = format!("127.0.0.1:{}", free_port());
    let refused = stage.run(&["load", "--agents", "3", "--rehearsal", &elsewhere, "--yes"]).exits(1);
    assert!(refused.stderr.contains("ANTHROPIC_BASE_URL=http://"), "{refused:?}");
    let missions = daemon.get("/api/missions").is(200).json();
    assert_eq!(
        missions["items"].as_array().map(Vec::len),
        Some(1),
        "one went ahead, and no more: {missions}"
    );
    daemon.ends();
}

#[test]
fn e10_d5_a_queue_of_missions_survives_kill_9_in_its_order() {
    const QUEUED: usize = 200;
    let stage = Stage::default();
    let first = daemon(&stage);
    first.post("/api/control/pause", &json!({"reason": "so that they wait"})).is(200);
    for number in 0..QUEUED {
        let brief = json!({"text": format!("{BRIEF}, {number}"), "priority": 1 + number % 10});
        first.post_once("/api/missions", &format!("k{number}"), &brief).is(201);
    }
    let listed = |daemon: &super::client::Daemon| {
        let page = daemon.get("/api/missions?most=500").is(200).json();
        let items = page["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .map(|one| {
                (one["mission"].clone(), one["status"].clone(), one["priority"].clone(), one["title"].clone())
            })
            .collect::<Vec<_>>()
    };
    let before = listed(&first);
    assert!(before.len() == QUEUED && before.iter().all(|(_, status, ..)| status == "queued"), "{before:?}");
    first.running.kill();
    let second = daemon(&stage);
    assert_eq!(listed(&second), before);
    // A brief that is given again after the crash is the one that was given before.
    let brief = json!({"text": format!("{BRIEF}, 7"), "priority": 8});
    let again = second.post_once("/api/missions", "k7", &brief).is(201).json();
    assert_eq!(again["title"], format!("{BRIEF}, 7"));
    let health = second.get("/health").is(200).json();
    assert_eq!(
        (health["status"].as_str(), health["tasks_queued"].as_u64()),
        (Some("paused"), Some(QUEUED as u64))
    );
    second.ends();
    stage.verify();
}
