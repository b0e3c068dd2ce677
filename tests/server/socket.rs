//! Who can open the socket, and where it is.

use super::client::daemon;
use crate::{
    healing::servers::program,
    house::stage::{ANTHROPIC, BRIEF, CHECK, PATIENCE, Stage, edit, office, team},
};
use serde_json::json;
use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::MetadataExt as _, net::UnixStream},
};

#[test]
fn d11_the_socket_is_for_its_owner_alone() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    let mode = |path: &std::path::Path| fs::symlink_metadata(path).unwrap().mode() & 0o777;
    assert_eq!(daemon.socket, stage.data().join("api.sock"));
    assert_eq!((mode(&daemon.socket), mode(&stage.data())), (0o600, 0o700));
    // A second one in the same place has nothing to serve.
    let second = stage.run(&["--monitor", "--json"]).exits(1);
    assert!(second.stderr.contains("another process watches here already"), "{second:?}");
    daemon.get("/readyz").is(200);
    daemon.ends();
}

#[test]
fn d11_the_socket_is_where_the_settings_say_or_nowhere() {
    let stage = Stage::default();
    let place = tempfile::Builder::new().prefix("chimera-").tempdir_in("/tmp").unwrap();
    let path = place.path().join("here.sock");
    stage.settings(&format!("[server]\nsocket = \"{}\"\n", path.display()));
    let elsewhere = daemon(&stage);
    assert_eq!(elsewhere.socket, path);
    elsewhere.get("/livez").is(200);
    elsewhere.ends();
    fs::write(&path, "precious").unwrap();
    let refused = stage.run(&["--monitor", "--json"]).exits(1);
    assert!(refused.stderr.contains("is no socket of this user"), "{refused:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    stage.settings("[server]\nsocket = \"off\"\n");
    let nothing = stage.run(&["--monitor", "--json"]).exits(1);
    assert!(nothing.stderr.contains("nothing is watched and nobody is served"), "{nothing:?}");
    stage.settings("[server]\nsockets = \"x\"\n");
    let unknown = stage.run(&["--monitor", "--json"]).exits(1);
    assert!(unknown.stderr.contains("server.socket"), "the nearest known key is named: {unknown:?}");
}

#[test]
fn d11_heads_that_are_too_long_or_no_http_are_refused_and_the_next_one_is_served() {
    let stage = Stage::default();
    let daemon = daemon(&stage);
    for junk in [
        format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024)),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(100)),
        "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(),
    ] {
        let mut stream = UnixStream::connect(&daemon.socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // It may hang up before all of it is written.
        let _ = stream.write_all(junk.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    daemon.get("/livez").is(200);
    daemon.ends();
}

#[test]
fn d11_an_agent_cannot_command_the_house_from_inside_its_sandbox() {
    let Some(curl) = program("curl", "d11_an_agent_cannot_command_the_house") else { return };
    let stage = Stage::default();
    let ask = format!(
        "{} -sS --max-time 20 --unix-socket '{}' http://house/livez > said.txt 2>&1; echo ended $? >> said.txt",
        curl.display(),
        stage.data().join("api.sock").display()
    );
    let run = ("run", json!({"command": ask}));
    let mut turns = office();
    turns.extend(team("claude", &[&[run], &[edit("answer.txt", "41", "42")]], "Give the right answer"));
    let stage = stage.says(turns);
    stage.settings(&format!("[brief]\nteams = [\"{ANTHROPIC}\"]\n"));
    let daemon = daemon(&stage);
    daemon.post("/api/missions", &json!({"text": BRIEF, "checks": [CHECK]})).is(201);
    let mut events = daemon.events(0, false);
    events.until("desk.request_opened");
    let request = daemon.get("/api/desk/R-1").is(200).json();
    if request["kind"] == "command" {
        eprintln!("SKIPPED d11_an_agent_cannot_command_the_house: there is no sandbox here");
        return daemon.ends();
    }
    daemon
        .post("/api/desk/R-1/decision", &json!({"revision": request["revision"], "answer": "approve"}))
        .is(200);
    events.until("mission.ended");
    let said = stage.read("said.txt");
    assert!(said.contains("ended "), "{said}");
    assert!(!said.lines().any(|line| line == "ok"), "the daemon has answered an agent: {said}");
    // The kernel's wall, or the daemon's own.
    assert!(said.contains("inside a sandbox") || !said.contains("ended 0"), "{said}");
    daemon.ends();
}
