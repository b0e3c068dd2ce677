//! Tokens on the real daemon: made, used, told apart, taken back; and what each role may.

use super::wire::{bearer, outside, sort, token};
use crate::house::stage::{BRIEF, CHECK, Stage};
use serde_json::json;
use std::{fs, os::unix::fs::MetadataExt as _};

#[test]
fn e1_whoever_has_no_token_that_counts_gets_one_answer_and_nothing_else() {
    let stage = Stage::default();
    let outside = outside(&stage, "failed_logins_per_minute = 100");
    let good = token(&stage, "ci", "viewer", &[]);
    let gone = token(&stage, "gone", "director", &[]);
    let over = token(&stage, "over", "director", &["--expires", "1ms"]);
    outside.get("/api/control", &gone).is(200);
    stage.run(&["token", "revoke", "gone"]).exits(0);
    outside.get("/api/control", &good).is(200);
    let forged = format!("{}{}", &good[..good.len() - 64], "0".repeat(64));
    let nothing = outside.ask("GET", "/api/control", "", "").is(401);
    assert_eq!(
        (sort(&nothing).as_str(), nothing.headers["www-authenticate"].as_str()),
        ("unauthorized", "Bearer realm=\"chimera\"")
    );
    for headers in [
        bearer(&gone),
        bearer(&over),
        bearer(&forged),
        bearer("x"),
        bearer(""),
        format!("Authorization: Basic {good}\r\n"),
        format!("Cookie: token={good}\r\n"),
        format!("{0}{0}", bearer(&good)),
    ] {
        let answer = outside.ask("GET", "/api/control", &headers, "");
        assert_eq!((answer.status, &answer.text), (401, &nothing.text), "{headers}");
        assert_eq!(answer.headers["www-authenticate"], nothing.headers["www-authenticate"]);
    }
    for path in [
        format!("/api/control?access_token={good}"),
        format!("/api/control?token={good}"),
        "/api/nowhere".into(),
    ] {
        outside.ask("GET", &path, "", "").is(401);
    }
    // Whether it lives is no secret, and who comes by the socket needs no token.
    outside.ask("GET", "/livez", "", "").is(200);
    outside.ask("GET", "/readyz", "", "").is(200);
    // A sender of payloads brings a token of its own, which is none of ours and is not counted as a wrong one.
    let hook = outside.ask("POST", "/api/hooks/nobody", &bearer("of-another-system"), "{}");
    assert_eq!(hook.status, 404, "{hook:?}");
    outside.daemon.get("/api/control").is(200);
    // Nowhere is a secret left.
    let file = stage.data().join("tokens.json");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let list = stage.run(&["token", "list", "--json"]).exits(0);
    assert!(list.stdout.contains("\"ci\""), "{list:?}");
    assert!(!list.stdout.contains("\"gone\"") && !list.stdout.contains("\"over\""), "{list:?}");
    outside.daemon.ends();
    let secret = good.rsplit('_').next().unwrap();
    let mut looked = 0;
    for entry in walk(&stage.data()) {
        looked += 1;
        assert!(!String::from_utf8_lossy(&fs::read(&entry).unwrap()).contains(secret), "{}", entry.display());
    }
    assert!(looked > 3 && !list.stdout.contains(secret) && !list.stdout.contains("argon2"));
    stage.verify();
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false if path.is_file() => found.push(path),
            false => {}
        }
    }
    found
}

#[test]
fn e1_a_role_does_what_it_may_and_the_journal_says_whose_token_it_was() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let [viewer, operator, director] =
        ["viewer", "operator", "director"].map(|role| token(&stage, &format!("a-{role}"), role, &[]));
    let brief = json!({"text": BRIEF, "checks": [CHECK]});
    let refused = outside.post("/api/missions", &viewer, &brief).is(403);
    assert_eq!(sort(&refused), "role");
    assert!(refused.json()["detail"].as_str().unwrap().contains("token:a-viewer is viewer"), "{refused:?}");
    outside.post("/api/missions", &operator, &brief).is(201);
    outside.daemon.events(0, false).until("desk.request_opened");
    let request = outside.get("/api/desk/R-1", &viewer).is(200).json();
    let yes = json!({"revision": request["revision"], "answer": "approve", "team": "1"});
    outside.post("/api/desk/R-1/decision", &viewer, &yes).is(403);
    outside.post("/api/control/stop", &operator, &json!({})).is(403);
    outside.post("/api/control/level", &operator, &json!({"level": 2})).is(403);
    outside.post("/api/control/pause", &operator, &json!({"reason": "lunch"})).is(200);
    outside.post("/api/control/resume", &operator, &json!({})).is(403);
    outside.post("/api/control/resume", &director, &json!({})).is(200);
    // The engine's own words are held to the same: an operator's stop is nobody's.
    let version = outside.get("/api/snapshot", &viewer).is(200).json()["version"].clone();
    let stop = json!({"version": version, "command": {"Control": {"Stop": "x"}}});
    assert_eq!(sort(&outside.post("/api/commands", &operator, &stop).is(403)), "role");
    outside.post("/api/commands", &director, &stop).is(200);
    outside.daemon.ends();
    let actors: Vec<String> = stage
        .journal()
        .iter()
        .filter(|entry| {
            ["control.paused", "control.stopped", "mission.opened"].contains(&entry["kind"].as_str().unwrap())
        })
        .map(|entry| entry["actor"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(actors, ["person:token:a-operator", "person:token:a-operator", "person:token:a-director"]);
    stage.verify();
}

#[test]
fn e1_an_answer_under_a_key_is_for_whoever_gave_the_key() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let (one, other) = (token(&stage, "one", "operator", &[]), token(&stage, "other", "operator", &[]));
    let brief = json!({"text": BRIEF, "checks": [CHECK]}).to_string();
    let ask = |token: &str| {
        let headers = format!("{}Idempotency-Key: the-same\r\n", bearer(token));
        outside.ask("POST", "/api/missions", &headers, &brief).is(201).json()["mission"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!([ask(&one), ask(&one), ask(&other), ask(&one)], ["M-1", "M-1", "M-2", "M-1"]);
    outside.daemon.ends();
}

#[test]
fn e1_a_stream_ends_when_its_token_is_taken_back() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let reader = token(&stage, "reader", "viewer", &[]);
    let mut stream = outside.connect();
    use std::io::{Read as _, Write as _};
    write!(stream, "GET /api/events?after=0 HTTP/1.1\r\nHost: localhost\r\n{}\r\n", bearer(&reader)).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stage.run(&["token", "revoke", "reader"]).exits(0);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap_or_default();
    assert!(String::from_utf8_lossy(&rest).contains("event-stream"));
    outside.get("/api/control", &reader).is(401);
    outside.daemon.ends();
}

#[test]
fn e1_a_websocket_ends_when_its_token_is_taken_back() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let reader = token(&stage, "reader", "viewer", &[]);
    let mut stream = outside.connect();
    use std::io::{Read as _, Write as _};
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let head = format!("GET /api/events HTTP/1.1\r\nHost: localhost\r\n{}{upgrade}\r\n", bearer(&reader));
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    stage.run(&["token", "revoke", "reader"]).exits(0);
    let mut rest = Vec::new();
    // It ends by itself: what is read ends with the close frame, of which 1008 says why.
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest[rest.len() - 4..], [0x88, 2, 0x03, 0xf0], "{rest:?}");
    outside.daemon.ends();
}

#[test]
fn e1_one_yes_waits_for_another_person_and_who_gave_it_is_shown_everywhere() {
    let stage = Stage::default();
    let outside = outside(&stage, "[autonomy]\ntwo_persons = [\"tier-3\"]");
    let [ada, bob] = ["ada", "bob"].map(|name| token(&stage, name, "operator", &[]));
    let brief = json!({"text": BRIEF, "checks": [CHECK]});
    outside.post("/api/missions", &ada, &brief).is(201);
    let mut events = outside.daemon.events(0, false);
    events.until("desk.request_opened");
    let yes = |token: &str| {
        // Evidence and judgements may still come in: the last revision is the one to decide on.
        loop {
            let request = outside.get("/api/desk/R-1", token).is(200).json();
            let yes = json!({"revision": request["revision"], "answer": "approve", "team": "1"});
            let said = outside.post("/api/desk/R-1/decision", token, &yes);
            if said.status != 409 || sort(&said) != "stale" {
                return said;
            }
        }
    };
    assert_eq!(yes(&ada).is(200).json()["waits"], true);
    assert_eq!(sort(&yes(&ada).is(409)), "already");
    let request = outside.get("/api/desk/R-1", &bob).is(200).json();
    assert_eq!(request["approved"], json!(["token:ada"]));
    assert_eq!(request["consents"], json!([{"by": "token:ada", "to": "Team Anthropic"}]));
    assert!(request["reasons"][0].as_str().unwrap().contains("approved by token:ada: 1 of 2"), "{request}");
    let shown = stage.run(&["desk", "show", "R-1"]).exits(0);
    assert!(
        shown.stdout.contains("approved by token:ada, to Team Anthropic; it waits for another"),
        "{shown:?}"
    );
    assert_eq!(outside.get("/api/missions/M-1", &bob).is(200).json()["commit"], json!(null));
    assert_eq!(yes(&bob).is(200).json()["waits"], false);
    events.until("mission.ended");
    assert_eq!(outside.get("/api/missions/M-1", &bob).is(200).json()["status"], "landed");
    outside.daemon.ends();
    stage.verify();
}
