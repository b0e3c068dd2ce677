//! Payloads of other systems over the real socket: what a real Alertmanager sends becomes an incident, what is not proven or
//! cannot be read becomes nothing, and nothing around it is lost.

use super::client::{Daemon, daemon};
use crate::{
    healing::{servers::Alertmanager, stores::received},
    house::stage::Stage,
};
use chimera::runtime::clock::Clock;
use ring::hmac;
use serde_json::{Value, json};
use std::net::TcpListener;

const SECRET: &str = "a secret of more than sixteen letters";

/// To which hook, with which headers, which body.
type Sent<'a> = (&'a str, Vec<(&'a str, String)>, &'a str);

/// A daemon that waits for payloads of these formats, each under the format's name.
fn hooked(formats: &[&str]) -> (Stage, Daemon) {
    let mut stage = Stage::default();
    stage.env.push(("HOOK_SECRET".into(), SECRET.into()));
    let probes: String = formats
        .iter()
        .map(|format| {
            format!(
                "[[probe]]\nid = \"{format}\"\nservice = \"shop\"\ntype = \"webhook\"\nformat = \"{format}\"\n\
                 secret = \"env:HOOK_SECRET\"\n"
            )
        })
        .collect();
    stage.settings(&probes);
    let daemon = daemon(&stage);
    (stage, daemon)
}

fn incidents(daemon: &Daemon) -> Vec<Value> {
    let page = daemon.get("/api/incidents?all=true").is(200).json();
    page["items"].as_array().unwrap().clone()
}

fn hex(message: &str) -> String {
    let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes());
    signed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now() -> i64 {
    Clock::Wall.now().0 / 1_000
}

#[test]
fn d11_c2_what_a_real_alertmanager_sends_becomes_an_incident_and_its_end_is_seen() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "route: {{receiver: chimera, group_by: [team], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: chimera, webhook_configs: [{{url: 'http://{}/api/hooks/alertmanager', send_resolved: true, \
         http_config: {{authorization: {{credentials: '{SECRET}'}}}}}}]}}]\n",
        listener.local_addr().unwrap()
    );
    let Some(server) = Alertmanager::start("d11_what_a_real_alertmanager_sends", &config) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tell = |more: &str| {
        let body = format!(
            "[{{\"labels\":{{\"alertname\":\"HighErrorRate\",\"team\":\"shop\",\"severity\":\"critical\",\"instance\":\"a:1\"}},\
             \"annotations\":{{\"summary\":\"7 % of requests fail\"}}{more}}}]"
        );
        let url = format!("{}/api/v2/alerts", server.url());
        runtime.block_on(async {
            let client = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
            let sent =
                client.post(url).header("content-type", "application/json").body(body).send().await.unwrap();
            assert!(sent.status().is_success());
        });
    };
    let (stage, daemon) = hooked(&["alertmanager"]);
    // The bytes of the real one, carried from its TCP to the daemon's socket with the headers that it sent.
    let carry = |daemon: &Daemon| {
        let (head, body) = received(&listener);
        let headers: Vec<(&str, &str)> = head.lines().filter_map(|line| line.split_once(": ")).collect();
        let kept = ["authorization", "user-agent"];
        let headers: Vec<(&str, &str)> =
            headers.into_iter().filter(|(name, _)| kept.contains(&name.to_lowercase().as_str())).collect();
        let body = String::from_utf8(body).unwrap();
        assert_eq!(
            daemon.deliver("alertmanager", &[], &body).is(401).json()["type"],
            "urn:chimera:problem:unproven"
        );
        daemon.deliver("alertmanager", &headers, &body).is(200)
    };
    tell("");
    let taken = carry(&daemon).json();
    assert_eq!((taken["signals"].as_u64(), &taken["problems"]), (Some(1), &json!([])), "{taken}");
    let found = incidents(&daemon);
    assert_eq!(found.len(), 1, "{found:?}");
    let one = &found[0];
    assert_eq!(
        (one["incident"].as_str(), one["service"].as_str(), one["severity"].as_str(), one["signal"].as_str()),
        (Some("I-1"), Some("shop"), Some("P1"), Some("alarm"))
    );
    assert!(one["title"].as_str().unwrap().starts_with("HighErrorRate"), "{one}");
    tell(",\"endsAt\":\"2020-01-01T00:00:00Z\"");
    while incidents(&daemon)[0]["firing"] == true {
        carry(&daemon);
    }
    daemon.ends();
    // It went the way of every reading: into the journal, in order, by the engine's own word.
    let seen = stage.facts("incident.seen");
    assert!(seen.len() >= 2, "{seen:?}");
    stage.verify();
    let shown = stage.run(&["audit", "export"]).exits(0).stdout;
    assert!(!shown.contains(SECRET), "the secret is in the journal");
}

#[test]
fn d11_over_the_socket_each_format_is_proven_taken_once_and_refused_by_what_it_is() {
    let (stage, daemon) = hooked(&["github", "slack", "stripe", "generic"]);
    let time = now().to_string();
    let github = json!({
        "action": "completed", "workflow_run": {"name": "Deploy", "conclusion": "failure", "head_branch": "main"},
        "repository": {"full_name": "acme/shop", "default_branch": "main"},
    })
    .to_string();
    let slack = json!({
        "type": "event_callback", "event_id": "Ev1",
        "event": {"type": "app_mention", "channel": "C1", "text": "<@U1> the shop is slow", "ts": "1.2"},
    })
    .to_string();
    let stripe = json!({
        "id": "evt_1", "type": "charge.failed", "created": 1, "livemode": true,
        "data": {"object": {"id": "ch_1", "failure_code": "processing_error"}},
    })
    .to_string();
    let generic = json!({"title": "nightly settlement failed"}).to_string();
    let timed = |body: &str| format!("t={time},v1={}", hex(&format!("{time}.{body}")));
    let of_slack = format!("v0={}", hex(&format!("v0:{time}:{slack}")));
    let sent: Vec<Sent<'_>> = vec![
        ("github", vec![("X-Hub-Signature-256", format!("sha256={}", hex(&github)))], &github),
        ("slack", vec![("X-Slack-Signature", of_slack), ("X-Slack-Request-Timestamp", time.clone())], &slack),
        ("stripe", vec![("Stripe-Signature", timed(&stripe))], &stripe),
        ("generic", vec![("X-Chimera-Signature", timed(&generic))], &generic),
    ];
    for (at, (name, headers, body)) in sent.iter().enumerate() {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        daemon.deliver(name, &[], body).is(401);
        daemon.deliver(name, &headers, &body.replace("fail", "Fail").replace("slow", "Slow")).is(401);
        assert_eq!(daemon.deliver(name, &headers, body).is(200).json()["signals"], 1, "{name}");
        let again = daemon.deliver(name, &headers, body).is(409).json();
        assert_eq!(again["type"], "urn:chimera:problem:already", "{name}: {again}");
        assert_eq!(incidents(&daemon).len(), at + 1, "{name}");
    }
    // Slack's question whether somebody is here is answered with its own word.
    let hello = json!({"type": "url_verification", "challenge": "3eZbrw1aBm2rZg"}).to_string();
    let proof = format!("v0={}", hex(&format!("v0:{time}:{hello}")));
    let headers = [("X-Slack-Signature", proof.as_str()), ("X-Slack-Request-Timestamp", time.as_str())];
    assert_eq!(daemon.deliver("slack", &headers, &hello).is(200).json()["challenge"], "3eZbrw1aBm2rZg");
    // Proven and not to be read: the field is named, and its words are not repeated.
    let bad = json!({"title": ["hunter2"]}).to_string();
    let problem = daemon.deliver("generic", &[("X-Chimera-Signature", &timed(&bad))], &bad).is(400).json();
    assert!(
        problem["detail"].as_str().unwrap().contains("title") && !problem.to_string().contains("hunter2"),
        "{problem}"
    );
    let large = "x".repeat(1024 * 1024 + 1);
    daemon.deliver("generic", &[("Authorization", &format!("Bearer {SECRET}"))], &large).is(413);
    daemon.deliver("nobody", &[], "{}").is(404);
    daemon.get("/api/hooks/generic").is(405);
    assert_eq!(incidents(&daemon).len(), sent.len(), "nothing more, and nothing less");
    // A restart remembers the causes.
    daemon.running.kill();
    let next = super::client::daemon(&stage);
    assert_eq!(incidents(&next).len(), sent.len());
    next.ends();
    stage.verify();
}

#[test]
fn d11_a_hook_without_its_secret_says_so_and_takes_nothing() {
    let stage = Stage::default();
    stage.settings(
        "[[probe]]\nid = \"jobs\"\nservice = \"shop\"\ntype = \"webhook\"\nsecret = \"env:NOT_SET_ANYWHERE\"\n",
    );
    let daemon = daemon(&stage);
    let refused =
        daemon.deliver("jobs", &[("Authorization", "Bearer x")], "{\"title\": \"x\"}").is(503).json();
    assert!(refused["detail"].as_str().unwrap().contains("NOT_SET_ANYWHERE"), "{refused}");
    assert!(incidents(&daemon).is_empty());
    daemon.ends();
}
