//! What browsers and liars send: other names, pages that may not ask, paths that lead away.

use super::wire::{bearer, outside, sort, token};
use crate::house::stage::Stage;
use serde_json::json;

#[test]
fn d11_a_name_that_is_made_to_lead_here_gets_nothing() {
    let stage = Stage::default();
    let outside = outside(&stage, "hosts = [\"chimera.example\"]");
    let token = token(&stage, "ci", "director", &[]);
    let host =
        |host: &str| outside.ask("GET", "/api/control", &format!("Host: {host}\r\n{}", bearer(&token)), "");
    let port = outside.address.port();
    for good in
        ["localhost".into(), format!("127.0.0.1:{port}"), format!("chimera.example:{port}"), "[::1]".into()]
    {
        host(&good).is(200);
    }
    for bad in
        ["evil.example", "localhost.evil.example", "chimera.example.evil", "0.0.0.0", "169.254.169.254"]
    {
        assert_eq!(sort(&host(bad).is(421)), "misdirected", "{bad}");
    }
    // Also where nothing is told and nobody is asked who they are.
    outside.ask("GET", "/livez", "Host: evil.example\r\n", "").is(421);
    let ask = |head: &str| outside.raw(&format!("{head}Connection: close\r\n{}\r\n", bearer(&token)));
    for odd in [
        "GET /api/control HTTP/1.1\r\n",
        "GET /api/control HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
        "GET http://evil.example/api/control HTTP/1.1\r\nHost: localhost\r\n",
    ] {
        let said = ask(odd);
        assert!(said.starts_with("HTTP/1.1 4"), "{odd}: {said}");
    }
    outside.daemon.ends();
}

#[test]
fn d11_a_page_that_is_not_named_may_ask_nothing_and_one_that_is_may() {
    let stage = Stage::default();
    let outside = outside(&stage, "origins = [\"https://ops.example\"]");
    let token = token(&stage, "page", "operator", &[]);
    let pause = json!({"reason": "x"}).to_string();
    for page in ["https://evil.example", "null", "http://ops.example", "http://localhost"] {
        let headers = format!("Origin: {page}\r\n{}", bearer(&token));
        let answer = outside.ask("POST", "/api/control/pause", &headers, &pause).is(403);
        assert!(sort(&answer) == "forbidden" && !answer.headers.contains_key("access-control-allow-origin"));
        let asks = format!("Origin: {page}\r\nAccess-Control-Request-Method: POST\r\n");
        outside.ask("OPTIONS", "/api/control/pause", &asks, "").is(403);
    }
    // What a form can send without being asked about first is no JSON.
    let form = format!("Content-Type: text/plain\r\n{}", bearer(&token));
    let head = format!(
        "POST /api/control/pause HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n{form}\r\n{{}}"
    );
    assert!(outside.raw(&head).starts_with("HTTP/1.1 415"), "a form is read");
    assert_eq!(outside.daemon.get("/api/control").is(200).json()["state"], "running");
    let ours = "Origin: https://ops.example\r\n";
    let asked = outside.ask(
        "OPTIONS",
        "/api/control/pause",
        &format!("{ours}Access-Control-Request-Method: POST\r\n"),
        "",
    );
    let asked = asked.is(204);
    assert_eq!(asked.headers["access-control-allow-origin"], "https://ops.example");
    assert!(asked.headers["access-control-allow-headers"].contains("authorization"));
    assert!(!asked.headers.contains_key("access-control-allow-credentials"), "nothing is known by a cookie");
    let paused =
        outside.ask("POST", "/api/control/pause", &format!("{ours}{}", bearer(&token)), &pause).is(200);
    assert_eq!(paused.headers["access-control-allow-origin"], "https://ops.example");
    outside.ask("POST", "/api/control/pause", ours, &pause).is(401);
    outside.daemon.ends();
}

#[test]
fn d11_a_path_that_leads_away_leads_nowhere() {
    let stage = Stage::default();
    let outside = outside(&stage, "");
    let token = token(&stage, "ci", "director", &[]);
    for path in [
        "/api/blobs/../../../../etc/passwd",
        "/api/blobs/..%2f..%2f..%2fetc%2fpasswd",
        "/api/blobs/%2e%2e/%2e%2e/tokens.json",
        "/api/missions/..%2f..%2ftokens.json",
        "/../tokens.json",
        "/tokens.json",
        "//etc/passwd",
        "/api/feeds/M-1/..%2f..",
        "/api/blobs/%00",
        "/api/control%0d%0aX: y",
    ] {
        let answer = outside.get(path, &token);
        assert!([400, 404, 422].contains(&answer.status), "{path}: {answer:?}");
        assert!(!answer.text.contains("root:") && !answer.text.contains("argon2"), "{answer:?}");
    }
    outside.daemon.ends();
}
