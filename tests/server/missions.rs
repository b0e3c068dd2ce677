//! From a brief over the socket to a commit, and what a program sees of it.

use super::client::daemon;
use crate::{
    healing::servers::program,
    house::stage::{BRIEF, CHECK, Stage, me},
};
use serde_json::json;
use std::{
    io::Write as _,
    process::{Command, Stdio},
};

#[test]
fn d1_a_word_under_a_key_is_given_once_whichever_daemon_hears_it() {
    let stage = Stage::default();
    let first = daemon(&stage);
    let lunch = json!({"reason": "lunch"});
    first.post_once("/api/control/pause", "the-same", &lunch).is(200);
    first.post("/api/control/resume", &json!({})).is(200);
    first.ends();
    let second = daemon(&stage);
    let again = second.post_once("/api/control/pause", "the-same", &lunch).is(200);
    assert_eq!(
        (again.headers["idempotency-replayed"].as_str(), &again.json()["state"]),
        ("true", &json!("running"))
    );
    second.post_once("/api/control/pause", "the-same", &json!({"reason": "dinner"})).is(409);
    second.post_once("/api/control/pause", "another", &lunch).is(200);
    second.ends();
}

#[test]
fn d1_a_brief_over_the_socket_lands_when_a_decision_over_it_says_yes() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let mut events = daemon.events(0, false);
    let brief = json!({"text": BRIEF, "checks": [CHECK]});
    let opened = daemon.post_once("/api/missions", "first", &brief).is(201);
    assert_eq!(opened.headers["location"], "/api/missions/M-1");
    assert_eq!(opened.json()["status"], "running");
    let again = daemon.post_once("/api/missions", "first", &brief).is(201);
    assert_eq!((again.text, again.headers["idempotency-replayed"].as_str()), (opened.text, "true"));
    daemon.post_once("/api/missions", "first", &json!({"text": "Another"})).is(409);
    events.until("desk.request_opened");
    let request = loop {
        // Evidence and judgements may still come in: the last revision is the one to decide on.
        let one = daemon.get("/api/desk/R-1").is(200).json();
        let revision = one["revision"].as_u64().unwrap();
        let stale = json!({"revision": revision + 7, "answer": "approve", "team": "1"});
        assert_eq!(
            daemon.post("/api/desk/R-1/decision", &stale).is(409).json()["type"],
            "urn:chimera:problem:stale"
        );
        let yes = json!({"revision": revision, "answer": "approve", "team": "Team Google"});
        let decided = daemon.post("/api/desk/R-1/decision", &yes);
        match decided.status {
            200 => break one,
            _ => drop(decided.is(409)),
        }
    };
    assert_eq!((request["kind"].as_str(), request["about"].as_str()), (Some("choose"), Some("M-1")));
    assert_eq!(request["teams"].as_array().unwrap().len(), 2);
    assert!(request["teams"].as_array().unwrap().iter().all(|team| team["candidate"]["passed"] == true));
    events.until("mission.ended");
    let mission = daemon.get("/api/missions/M-1").is(200).json();
    assert_eq!(
        (mission["status"].as_str(), mission["winner"].as_str()),
        (Some("landed"), Some("Team Google"))
    );
    assert_eq!(mission["commit"], stage.git(&["rev-parse", "HEAD"]).trim());
    assert_eq!(stage.read("answer.txt"), "42\n");
    let health = daemon.get("/health").is(200).json();
    assert_eq!((health["tasks_completed"].as_u64(), health["tasks_running"].as_u64()), (Some(1), Some(0)));
    // Who decided is who the kernel says, not who the daemon's environment says.
    let me = me();
    let decided = daemon.get("/api/desk?decided=true").is(200).json();
    assert_eq!(decided["items"][0]["decision"]["by"], me, "{decided}");
    let journal = daemon.get("/api/journal?from=1&kind=desk.request_decided&mission=M-1").is(200).json();
    assert_eq!(journal["entries"], json!([]), "a decision is of a request, not of a mission");
    let journal = daemon.get("/api/journal?kind=desk.request_decided&most=1").is(200).json();
    assert_eq!(journal["entries"][0]["actor"], format!("person:{me}"));
    daemon.ends();
    stage.verify();
    // The stream ends with the daemon; it would be waited for too long otherwise.
    events.for_each(drop);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test starts the checker of Prometheus")]
fn d3_prometheus_finds_nothing_wrong_with_the_live_metrics() {
    let Some(promtool) = program("promtool", "d3_prometheus_finds_nothing_wrong") else { return };
    let stage = Stage::default();
    stage.settings(&format!(
        "[[probe]]\nid = \"the-shop\"\ntype = \"http\"\nurl = \"{}/nowhere\"\nservice = \"shop\"\n",
        stage.address()
    ));
    let daemon = daemon(&stage);
    daemon.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    daemon.events(0, false).until("desk.request_opened");
    let page = daemon.get("/metrics").is(200);
    assert!(page.headers["content-type"].starts_with("text/plain; version=0.0.4"));
    for line in [
        "chimera_missions{state=\"waiting\"} 1",
        "chimera_missions_opened_total 1",
        "chimera_requests_waiting 1",
        "chimera_probes{state=",
        "chimera_probe_up{probe=\"the-shop\",service=\"shop\"} ",
    ] {
        assert!(page.text.contains(line), "{line} is not in\n{}", page.text);
    }
    assert!(!page.text.contains("rehearsal"), "a key is in the metrics");
    let mut check = Command::new(promtool);
    check.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut check = check.spawn().unwrap();
    check.stdin.take().unwrap().write_all(page.text.as_bytes()).unwrap();
    let done = check.wait_with_output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    assert!(done.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
    daemon.ends();
}

#[test]
fn d11_an_entry_is_proven_over_the_socket_as_it_is_where_the_journal_is() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let proof = daemon.get("/api/journal/proof?seq=1").is(200).json();
    let told = stage.run(&["audit", "prove", "1", "--json"]).exits(0);
    for key in ["kind", "seq", "head", "entry", "checkpoint", "commands"] {
        assert_eq!(proof[key], told.last()[key], "{key}");
    }
    assert!(proof["commands"].as_str().unwrap().contains("sha256sum"), "{proof}");
    daemon.get("/api/journal/proof?seq=999999").is(404);
    daemon.get("/api/journal/proof").is(400);
    daemon.ends();
}
