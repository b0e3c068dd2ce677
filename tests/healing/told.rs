//! People are told of an incident by the real program: at least once, marked where it is told again, in one thread.

use crate::house::stage::{PATIENCE, Stage};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, sync_channel},
    thread,
};

/// A request that came: its path, its headers in lower case, its body.
struct Got {
    path: String,
    head: String,
    body: Value,
}

/// Takes requests for as long as the test lasts; the first to each of these paths is answered 503, all others 200.
fn receiver(refused_once: &'static [&'static str]) -> (String, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, got) = sync_channel(256);
    thread::spawn(move || {
        let mut refused = refused_once.to_vec();
        for stream in listener.incoming() {
            let Some(found) = stream.ok().and_then(|stream| read(&stream).map(|got| (stream, got))) else {
                continue;
            };
            let (mut stream, got) = found;
            let answer = match refused.iter().position(|path| *path == got.path) {
                Some(at) => {
                    refused.remove(at);
                    "503 Busy\r\ncontent-length: 0\r\n\r\n".to_owned()
                }
                None => {
                    let body = r#"{"ok":true,"ts":"1503435956.000247"}"#;
                    format!("200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                }
            };
            // Whoever was killed does not read its answer.
            let _ = write!(stream, "HTTP/1.1 {}", answer.replacen("\r\n", "\r\nconnection: close\r\n", 1));
            if tell.send(got).is_err() {
                return;
            }
        }
    });
    (address, got)
}

fn read(stream: &TcpStream) -> Option<Got> {
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let size = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; size];
    lines.read_exact(&mut body).ok()?;
    let path = head.split_whitespace().nth(1)?.to_owned();
    Some(Got { path, head, body: serde_json::from_slice(&body).ok()? })
}

/// A process that is not there, watched each second; who is told.
fn watched(stage: &Stage, notify: &str) {
    stage.settings(&format!(
        "[dedup]\nconfirm_after = \"1s\"\nresolve_timeout = \"1s\"\ngroup_wait = \"1s\"\ngroup_interval = \"1s\"\n[notify]\nleast = \"P4\"\n{notify}\n\
         [[service]]\nname = \"web\"\n\
         [[probe]]\nid = \"web-process\"\nservice = \"web\"\ntype = \"process\"\nevery = \"1s\"\npid_file = \"{}\"\n",
        stage.path("no-pid").display()
    ));
}

#[test]
fn c16_a_notice_that_was_not_taken_is_told_again_and_says_so() {
    let stage = Stage::default();
    let (address, got) = receiver(&["/hook"]);
    watched(&stage, &format!("webhook = \"{address}/hook\"\nwebhook_secret = \"cmd:echo between us\""));
    let mut running = stage.start(&["--monitor", "--json"]);
    running.until("\"watching\"");
    let told: Vec<Got> = (0..2).map(|_| got.recv_timeout(PATIENCE).unwrap()).collect();
    let field = |got: &Got, name: &str| got.body[name].clone();
    let first = told.iter().position(|got| got.body["attempt"] == 1).unwrap();
    let again = loop_until(&got, told, |got| got.body["attempt"] == 2);
    let refused = &again[first];
    let told_again = again.last().unwrap();
    assert_eq!(field(refused, "id"), field(told_again, "id"), "the same word");
    assert!(told_again.head.contains("x-chimera-attempt: 2"), "{}", told_again.head);
    assert!(told_again.head.contains("x-chimera-signature: t="), "{}", told_again.head);
    assert_eq!(field(told_again, "incident"), "I-1");
    running.signal(rustix::process::Signal::TERM);
    running.end().exits(0);
    let noted = stage.facts("incident.noted");
    assert!(noted.iter().all(|fact| !fact.to_string().contains("nobody could be told")), "{noted:?}");
    assert!(!format!("{:?}", stage.journal()).contains("between us"), "the secret is nowhere");
}

#[test]
fn c16_what_a_crash_cut_off_is_told_again_and_says_that_it_may_have_come_before() {
    let stage = Stage::default();
    let (address, got) = receiver(&["/hook"]);
    watched(&stage, &format!("webhook = \"{address}/hook\""));
    let mut running = stage.start(&["--monitor", "--json"]);
    running.until("\"watching\"");
    let first = got.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first.body["attempt"], 1);
    running.kill();
    // A later try of the same process may have been under way when it was killed.
    let before: Vec<Got> = got.try_iter().collect();
    assert!(before.iter().all(|again| again.body["id"] != first.body["id"]), "it was tried again too soon");
    let mut second = stage.start(&["--monitor", "--json"]);
    second.until("\"watching\"");
    let told = loop_until(&got, Vec::new(), |again| again.body["id"] == first.body["id"]);
    let again = &told[told.len() - 1];
    assert!(again.body["attempt"].as_u64() > Some(1), "{}", again.body);
    second.signal(rustix::process::Signal::TERM);
    second.end().exits(0);
}

#[test]
fn c16_an_incident_is_one_thread_of_slack_and_the_journal_knows_it() {
    let stage = Stage::default();
    let (address, got) = receiver(&[]);
    watched(
        &stage,
        &format!("slack_api = \"{address}\"\nslack_token = \"cmd:echo xoxb-1\"\nslack_channel = \"C1\""),
    );
    let mut running = stage.start(&["--monitor", "--json"]);
    running.until("\"watching\"");
    let first = got.recv_timeout(PATIENCE).unwrap();
    assert_eq!((first.path.as_str(), first.body.get("thread_ts")), ("/chat.postmessage", None));
    running.until("\"incident.threaded\"");
    // It is well again: that is told in the same thread.
    std::fs::write(stage.path("no-pid"), std::process::id().to_string()).unwrap();
    let second = got.recv_timeout(PATIENCE).unwrap();
    assert_eq!(second.body["thread_ts"], "1503435956.000247");
    running.signal(rustix::process::Signal::TERM);
    running.end().exits(0);
    let threaded = stage.facts("incident.threaded");
    assert!(threaded.len() == 1 && threaded[0].to_string().contains("1503435956.000247"), "{threaded:?}");
}

#[test]
fn c16_others_are_told_only_of_what_nobody_answers() {
    let stage = Stage::default();
    let (address, got) = receiver(&[]);
    let late = format!("slack_webhook = \"{address}/late\"\nslack_webhook_after = \"2s\"");
    watched(&stage, &format!("webhook = \"{address}/hook\"\n{late}"));
    let mut running = stage.start(&["--monitor", "--json"]);
    running.until("\"watching\"");
    let told = loop_until(&got, Vec::new(), |got| got.path == "/late");
    let words = told.last().unwrap().body["text"].to_string();
    assert!(words.contains("nobody has answered for 00:02: "), "{words}");
    let at_once = told.iter().position(|got| got.path == "/hook").expect("whoever is told at once");
    assert!(!told[at_once].body["event"].to_string().contains("nobody has answered"));
    running.signal(rustix::process::Signal::TERM);
    running.end().exits(0);
}

/// Everything that comes until one is as wanted, behind what came before.
fn loop_until(got: &Receiver<Got>, mut before: Vec<Got>, wanted: impl Fn(&Got) -> bool) -> Vec<Got> {
    while !before.last().is_some_and(&wanted) {
        before.push(got.recv_timeout(PATIENCE).expect("people are told"));
    }
    before
}
