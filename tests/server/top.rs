//! `chimera top` and `chimera health` on a real daemon: once, as JSON, and on a terminal.

use super::client::daemon;
use crate::{
    house::stage::{BRIEF, CHECK, Stage},
    screen::pty::Terminal,
};
use serde_json::{Value, json};

#[test]
fn d3_top_says_once_what_goes_on_for_people_and_for_programs() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    daemon.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    daemon.events(0, false).until("desk.request_opened");
    let at = format!("unix:{}", daemon.socket.display());
    let said = stage.run(&["top", "--once", "--at", &at]).exits(0).stdout;
    for part in
        ["status    ok", "waiting   1", "pool      5", "M-1", BRIEF, "R-1", "INCIDENTS: nothing is wrong"]
    {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    // Where stdout is no terminal it is once, too; the place of the settings is enough.
    let line = stage.run(&["top", "--json"]).exits(0).stdout;
    let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert_eq!(line["missions"][0]["status"], "waiting");
    assert_eq!(line["numbers"]["chimera_requests_waiting"], 1.0);
    assert!(line["numbers"]["chimera_http_requests_total{class=\"2xx\"}"].as_f64() > Some(0.0), "{line}");
    daemon.ends();
}

#[test]
fn d3_top_on_a_terminal_of_80_by_24_is_drawn_anew_survives_the_daemon_and_leaves_no_trace() {
    let stage = Stage::default();
    let first = daemon(&stage);
    let mut top = Terminal::on(&stage, (80, 24), &["top", "--every", "200ms"]);
    top.sees("CHIMERA TOP");
    top.sees("none goes on");
    first.post("/api/control/pause", &json!({"reason": "lunch"})).is(200);
    top.sees("status paused");
    top.resize((100, 30));
    top.sees("q leaves");
    first.ends();
    top.sees("LINE LOST");
    assert!(top.text().contains("status paused"), "the last look stays: {}", top.text());
    let second = daemon(&stage);
    top.until("the line again", |screen| !screen.contains("LINE LOST"));
    top.keys("q");
    assert_eq!(top.ended(), 0);
    let raw = String::from_utf8_lossy(&top.raw).into_owned();
    assert!(
        raw.ends_with("\x1b[?1049l"),
        "the screen was not given back: {:?}",
        &raw[raw.len().saturating_sub(80)..]
    );
    // The whole screen is wiped at the start, by a size of another, and at the end; never for a new look.
    assert!(raw.matches("\x1b[2J").count() <= 6, "it flickers: {}", raw.matches("\x1b[2J").count());
    second.ends();
}

#[test]
fn d3_health_is_an_exit_code() {
    let stage = Stage::default();
    let nobody = stage.run(&["health"]).exits(1);
    assert!(nobody.stderr.contains("chimera --monitor"), "{nobody:?}");
    let daemon = daemon(&stage);
    assert!(stage.run(&["health"]).exits(0).stdout.starts_with("ok"));
    let ready = stage.run(&["health", "--ready", "--json"]).exits(0).last();
    assert_eq!(ready["status"], "ok");
    // A mistake in a file is no fault of the daemon's: nobody starts a well one again for it.
    stage.settings("[server]\nsockett = \"x\"\n");
    for asked in [&["health"][..], &["health", "--ready"], &["top", "--once"]] {
        let done = stage.run(asked).exits(0);
        assert!(done.stdout.contains("ok") && done.stderr.contains("sockett"), "{done:?}");
    }
    daemon.ends();
    stage.run(&["health", "--ready", "--within", "300ms", "--wait"]).exits(1);
}
