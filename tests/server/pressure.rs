//! Too much, too often, too slowly: each is told or cut off, and everybody else is served.

use super::{
    client::answer,
    wire::{bearer, outside, sort, token},
};
use crate::house::stage::Stage;
use serde_json::json;
use std::io::{Read as _, Write as _};

#[test]
fn e13_a_caller_that_asks_too_often_is_told_when_to_come_again() {
    let stage = Stage::default();
    let outside = outside(&stage, "requests_per_minute = 12");
    let (one, other) = (token(&stage, "one", "viewer", &[]), token(&stage, "other", "viewer", &[]));
    let twice = [outside.get("/health", &one).status, outside.get("/health", &one).status];
    assert_eq!(twice, [200, 200], "a sixth of a minute's at once");
    let third = outside.get("/health", &one).is(429);
    let wait: u64 = third.headers["retry-after"].parse().unwrap();
    assert!((1..=5).contains(&wait) && sort(&third) == "too_many", "{third:?}");
    outside.get("/health", &other).is(200);
    outside.daemon.get("/health").is(200);
    outside.daemon.ends();
}

#[test]
fn e13_an_address_that_guesses_tokens_waits_and_who_is_known_does_not() {
    let stage = Stage::default();
    let outside = outside(&stage, "failed_logins_per_minute = 2");
    let known = token(&stage, "known", "viewer", &[]);
    outside.get("/health", &known).is(200);
    let fresh = token(&stage, "fresh", "viewer", &[]);
    let forged = format!("{}{}", &known[..known.len() - 64], "f".repeat(64));
    let tries = [outside.get("/health", &forged).status, outside.get("/health", "chm_x").status];
    assert_eq!(tries, [401, 401]);
    let third = outside.get("/health", &forged).is(429);
    assert!(third.headers.contains_key("retry-after"), "{third:?}");
    outside.get("/health", &fresh).is(429);
    outside.get("/health", &known).is(200);
    outside.daemon.ends();
}

#[test]
fn d11_bodies_and_heads_that_are_too_long_are_refused() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let token = token(&stage, "ci", "operator", &[]);
    let long = json!({"text": "x".repeat(3 << 20)}).to_string();
    let answer = outside.ask("POST", "/api/missions", &bearer(&token), &long);
    assert_eq!(answer.status, 413, "{answer:?}");
    // Nothing is read of a body before it is known who sends it.
    outside.ask("POST", "/api/missions", "", &long).is(401);
    for head in [format!("X: {}\r\n", "x".repeat(64 << 10)), "X: y\r\n".repeat(100)] {
        let said = outside.raw(&format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{head}\r\n"));
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 431") || said.starts_with("HTTP/1.1 400"),
            "{said}"
        );
    }
    outside.ask("GET", "/livez", "", "").is(200);
    outside.daemon.ends();
}

#[test]
fn e13_one_address_has_half_of_the_connections_and_no_more() {
    let stage = Stage::default();
    let outside = outside(&stage, "connections = 4");
    let mut held = [outside.connect(), outside.connect()];
    for stream in &mut held {
        write!(stream, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let third = answer(&outside.raw("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    assert_eq!(third.status, 503, "{third:?}");
    outside.daemon.get("/livez").is(200);
    outside.daemon.ends();
}

#[test]
fn d11_a_head_or_a_body_that_does_not_come_is_not_waited_for() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let token = token(&stage, "ci", "operator", &[]);
    let (mut silent, mut head, mut body) = (outside.connect(), outside.connect(), outside.connect());
    write!(head, "GET /livez HTTP/1.1\r\nHost: loc").unwrap();
    let begin = format!("Host: localhost\r\n{}Content-Type: application/json\r\n", bearer(&token));
    write!(body, "POST /api/control/pause HTTP/1.1\r\n{begin}Content-Length: 20\r\n\r\n{{\"rea").unwrap();
    let mut said = [String::new(), String::new(), String::new()];
    for (stream, said) in [&mut silent, &mut head, &mut body].into_iter().zip(&mut said) {
        let _ = stream.read_to_string(said);
    }
    let [silent, head, body] = said;
    assert!(
        silent.is_empty() && (head.is_empty() || head.starts_with("HTTP/1.1 408")),
        "{silent:?} {head:?}"
    );
    let body = answer(&body);
    assert_eq!((body.status, sort(&body).as_str()), (408, "late"));
    assert_eq!(outside.daemon.get("/api/control").is(200).json()["state"], "running");
    outside.daemon.ends();
}
