//! Logging in by a vendor's word, with a vendor on this machine that says what the test wants.

use super::wire::{outside, sort};
use crate::house::stage::{Running, Stage};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::MetadataExt as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Who is no person: the vendor's app has no device flow, or it cannot say who somebody is, however good that looks.
const CLOSED: &str = "closed";
const ILL: &str = "ill";

/// A vendor whose people say yes when they are asked for the second time.
struct Vendor {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

fn vendor(login: &'static str) -> Vendor {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, polls) = (asked.clone(), AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let lower = line.to_lowercase();
                length = lower.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().unwrap());
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            lines.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, told): (u16, Value) = match path.as_str() {
                "/login/device/code" if login == CLOSED => (200, json!({"error": "device_flow_disabled"})),
                "/user" if login == ILL => (503, json!({"login": "ada", "id": 1})),
                "/login/device/code" => (
                    200,
                    json!({"device_code": "the-device", "user_code": "ABCD-1234", "verification_uri": "https://vendor.example/device",
                        "expires_in": 600, "interval": 1}),
                ),
                "/login/oauth/access_token" if polls.fetch_add(1, Ordering::Relaxed) == 0 => {
                    (200, json!({"error": "authorization_pending"}))
                }
                "/login/oauth/access_token" => {
                    (200, json!({"access_token": "vendor-secret", "token_type": "bearer"}))
                }
                "/user" if head.to_lowercase().contains("authorization: bearer vendor-secret") => {
                    (200, json!({"login": login, "id": 1}))
                }
                _ => (404, json!({"message": "no"})),
            };
            log.lock().unwrap().push(format!("{path} {body}"));
            let told = told.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{told}",
                told.len()
            );
        }
    });
    Vendor { url, asked }
}

fn settings(vendor: &Vendor) -> String {
    format!(
        "github = \"{0}\"\ngithub_api = \"{0}\"\n[server.people]\n\"github:ada\" = \"operator\"\n",
        vendor.url
    )
}

#[test]
fn e1_a_person_whom_the_settings_name_logs_in_by_a_vendors_word() {
    let mut stage = Stage::default();
    stage.env.push(("CHIMERA_GITHUB_CLIENT_ID".into(), "the-client".into()));
    let vendor = vendor("Ada");
    let outside = outside(&stage, &settings(&vendor));
    assert_eq!(outside.ask("GET", "/api/login", "", "").is(200).json()["via"], json!(["github"]));
    let mut login = stage.start(&["login", &outside.url, "--json"]);
    let told = login.until("\"login\"");
    assert_eq!(
        (told["code"].as_str(), told["address"].as_str()),
        (Some("ABCD-1234"), Some("https://vendor.example/device"))
    );
    let done = login.until("\"logged_in\"");
    login.end().exits(0);
    assert_eq!((done["name"].as_str(), done["role"].as_str()), (Some("github:ada"), Some("operator")));
    let file = done["file"].as_str().unwrap();
    assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, 0o600);
    let token = fs::read_to_string(file).unwrap().trim().to_owned();
    outside.post("/api/control/pause", &token, &json!({"reason": "lunch"})).is(200);
    outside.post("/api/control/resume", &token, &json!({})).is(403);
    let list = stage.run(&["token", "list", "--json"]).exits(0).stdout;
    assert!(list.contains("github:ada") && list.contains("\"origin\":\"login\""), "{list}");
    // The next screen finds the token by itself.
    let mut far = Running::new(stage.chimera(&["--linear", "attach", &outside.url]).spawn().unwrap());
    far.says("attached to");
    far.end().exits(0);
    let asked = vendor.asked.lock().unwrap().clone();
    assert!(
        asked[0].contains("client_id=the-client") && asked[1].contains("device_code=the-device"),
        "{asked:?}"
    );
    assert_eq!(asked.len(), 4, "{asked:?}");
    outside.daemon.ends();
    let paused = stage.journal().into_iter().find(|entry| entry["kind"] == "control.paused").unwrap();
    assert_eq!(paused["actor"], "person:github:ada");
}

#[test]
fn e1_whoever_is_not_named_does_not_get_in_and_a_login_is_given_once() {
    let mut stage = Stage::default();
    let vendor = vendor("mallory");
    let bare = outside(&stage, &settings(&vendor));
    let refused = stage.run(&["login", &bare.url]).exits(1);
    assert!(refused.stderr.contains("nobody is set up who could say who you are"), "{refused:?}");
    let no = bare.ask("POST", "/api/login", "", "{\"via\":\"google\"}");
    assert_eq!((no.status, sort(&no).as_str()), (409, "unfit"));
    bare.daemon.ends();
    stage.env.push(("CHIMERA_GITHUB_CLIENT_ID".into(), "the-client".into()));
    let outside = outside(&stage, &settings(&vendor));
    let refused = stage.run(&["login", &outside.url, "--via", "github"]).exits(1);
    assert!(refused.stderr.contains("github:mallory may not log in here"), "{refused:?}");
    assert!(!stage.data().join("tokens.json").exists(), "a token was made for nobody");
    for name in ["x", "..%2f..", &"0".repeat(64)] {
        let answer = outside.ask("POST", &format!("/api/login/{name}"), "", "{}");
        assert_eq!((answer.status, sort(&answer).as_str()), (404, "not_found"), "{answer:?}");
    }
    // Nobody gets the login of another by sending what the other sent.
    let word = "Idempotency-Key: the-same\r\n";
    let begin =
        || outside.ask("POST", "/api/login", word, "{\"via\":\"github\"}").is(201).json()["login"].clone();
    assert_ne!(begin(), begin());
    // Few are under way at once.
    let began: Vec<_> =
        (0..3).map(|_| outside.ask("POST", "/api/login", "", "{\"via\":\"github\"}")).collect();
    assert_eq!(began.iter().map(|answer| answer.status).collect::<Vec<_>>(), [201, 201, 429]);
    let wait: u64 = began[2].headers["retry-after"].parse().unwrap();
    assert!((1..=120).contains(&wait), "{wait}");
    let told = stage.run(&["login", &outside.url, "--via", "github"]).exits(1);
    assert!(told.stderr.contains("there is room again in"), "{told:?}");
    outside.daemon.ends();
}

#[test]
fn e1_what_a_vendor_refuses_is_told_in_its_word_and_what_it_cannot_say_is_not_believed() {
    let mut stage = Stage::default();
    stage.env.push(("CHIMERA_GITHUB_CLIENT_ID".into(), "the-client".into()));
    let begin = "{\"via\":\"github\"}";
    let closed = outside(&stage, &settings(&vendor(CLOSED)));
    let no = closed.ask("POST", "/api/login", "", begin);
    assert_eq!((no.status, sort(&no).as_str()), (409, "unfit"), "{no:?}");
    assert!(no.text.contains("github says no: device_flow_disabled"), "{no:?}");
    closed.daemon.ends();
    let ill = settings(&vendor(ILL));
    let ill = outside(&stage, &format!("requests_per_minute = 100000\n{ill}"));
    let login = ill.ask("POST", "/api/login", "", begin).is(201).json()["login"].as_str().unwrap().to_owned();
    let said = loop {
        let said = ill.ask("POST", &format!("/api/login/{login}"), "", "{}");
        if said.status != 200 {
            break said;
        }
        assert_eq!(said.json()["done"], false, "{said:?}");
    };
    assert_eq!((said.status, sort(&said).as_str()), (503, "unavailable"), "{said:?}");
    assert!(!stage.data().join("tokens.json").exists(), "a token was made for nobody");
    ill.daemon.ends();
}
