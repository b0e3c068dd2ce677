//! Payloads of every kind, right and wrong, against a lane that stands for the engine.

use super::*;
use crate::{
    domain::{ids::Seq, incident::Severity, signal::Signal},
    engine::command::{Command, HealCommand},
    monitor::probes::{Eyes, Web},
    runtime::{handle::Receipt, orders},
    workspace::process::Confinement,
};
use futures::FutureExt as _;
use ring::hmac;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use tokio::sync::watch;

const SECRET: &str = "a secret of more than sixteen letters";
const NOW: i64 = 1_763_632_800_000;
const KINDS: [(&str, WebhookFormat); 7] = [
    ("alertmanager", WebhookFormat::Alertmanager),
    ("sentry", WebhookFormat::Sentry),
    ("github", WebhookFormat::Github),
    ("vercel", WebhookFormat::Vercel),
    ("slack", WebhookFormat::Slack),
    ("stripe", WebhookFormat::Stripe),
    ("generic", WebhookFormat::Generic),
];

/// Hooks over a lane that takes everything, unless it is told to fail.
struct House {
    hooks: Hooks,
    data: tempfile::TempDir,
    at: Arc<AtomicI64>,
    asked: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
    heard: Arc<Mutex<Vec<Signal>>>,
}

fn house(source: &'static str) -> House {
    house_at(tempfile::tempdir().unwrap(), source)
}

fn house_at(data: tempfile::TempDir, source: &'static str) -> House {
    let at = Arc::new(AtomicI64::new(NOW));
    let (asked, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let heard: Arc<Mutex<Vec<Signal>>> = Arc::default();
    let (now, count) = (at.clone(), asked.clone());
    let eyes = Eyes {
        now: Arc::new(move || Timestamp(now.load(Ordering::Relaxed))),
        secret: Arc::new(move |from| {
            count.fetch_add(1, Ordering::Relaxed);
            let found =
                if from == "env:HOOK" { Ok(SECRET.to_owned()) } else { Err(format!("{from} is not set")) };
            async move { found }.boxed()
        }),
        web: Web::new(Arc::new(|| Err("there is no web".to_owned()))),
        positions: None,
        walls: Confinement::Leash { helper: None },
        env: Vec::new(),
    };
    let probe = |(id, format): (&str, WebhookFormat)| ProbeSpec {
        id: id.into(),
        service: "shop".into(),
        env: "production".into(),
        every: Millis::secs(10),
        timeout: Millis::secs(5),
        heartbeat: Millis::secs(30),
        quiet_most: None,
        severity: Severity::P2,
        source: Source::Webhook { format, secret: source.into() },
    };
    let (tell, _) = watch::channel(Arc::new(Vec::new()));
    let watch = Arc::new(Watch::new((KINDS.map(probe).to_vec(), eyes), tell, &std::env::temp_dir()));
    let (give, mut lane) = orders::lane();
    let (failing, ears) = (fails.clone(), heard.clone());
    crate::runtime::beside(async move {
        while let Some(posted) = lane.recv().await {
            let answer = match posted.command {
                _ if failing.load(Ordering::Relaxed) => Err(SendError::Store("the disk is full".into())),
                Command::Heal(HealCommand::Observe(signals)) => {
                    ears.lock().unwrap().extend(signals);
                    Ok(Receipt { seq: Seq(1), events: Vec::new() })
                }
                other => panic!("{other:?}"),
            };
            let _ = posted.reply.send(answer);
        }
    });
    House { hooks: Hooks::new(watch, give, data.path()), data, at, asked, fails, heard }
}

fn hex(with: hmac::Algorithm, message: &[u8]) -> String {
    let signed = hmac::sign(&hmac::Key::new(with, SECRET.as_bytes()), message);
    signed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a sender of this kind puts before a body.
fn signed(format: WebhookFormat, body: &[u8], seconds: i64) -> Vec<(String, String)> {
    let plain = || hex(hmac::HMAC_SHA256, body);
    let timed = |start: &str, between: &str| {
        hex(hmac::HMAC_SHA256, &[format!("{start}{seconds}{between}").as_bytes(), body].concat())
    };
    let headers = match format {
        WebhookFormat::Alertmanager => vec![("authorization", format!("Bearer {SECRET}"))],
        WebhookFormat::Github => vec![("x-hub-signature-256", format!("sha256={}", plain()))],
        WebhookFormat::Sentry => {
            vec![("sentry-hook-signature", plain()), ("sentry-hook-timestamp", seconds.to_string())]
        }
        WebhookFormat::Vercel => {
            vec![("x-vercel-signature", hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, body))]
        }
        WebhookFormat::Slack => vec![
            ("x-slack-signature", format!("v0={}", timed("v0:", ":"))),
            ("x-slack-request-timestamp", seconds.to_string()),
        ],
        WebhookFormat::Stripe => vec![("stripe-signature", format!("t={seconds},v1={}", timed("", ".")))],
        WebhookFormat::Generic => vec![("x-chimera-signature", format!("t={seconds},v1={}", timed("", ".")))],
    };
    headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A good payload, each number another cause.
fn good(format: WebhookFormat, number: usize) -> Value {
    let word: String = number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
    match format {
        WebhookFormat::Alertmanager => json!({
            "version": "4", "alerts": [{"status": "firing", "labels": {"alertname": word}}],
        }),
        WebhookFormat::Sentry => json!({"action": "created", "data": {"issue": {"id": word, "title": word}}}),
        WebhookFormat::Github => json!({
            "action": "completed", "workflow_run": {"name": word, "conclusion": "failure"},
            "repository": {"full_name": "acme/shop"},
        }),
        WebhookFormat::Vercel => json!({
            "id": word, "type": "deployment.error", "createdAt": NOW,
            "payload": {"deployment": {"id": "dpl"}, "project": {"id": word}},
        }),
        WebhookFormat::Slack => json!({
            "type": "event_callback", "event_id": word,
            "event": {"type": "app_mention", "channel": "C", "text": word, "ts": "1.2"},
        }),
        WebhookFormat::Stripe => json!({
            "id": word, "type": "charge.failed", "created": 1, "livemode": true,
            "data": {"object": {"id": "ch", "failure_code": word}},
        }),
        WebhookFormat::Generic => json!({"title": word}),
    }
}

impl House {
    async fn send(&self, (name, format): (&str, WebhookFormat), body: &[u8]) -> Result<Taken, NotTaken> {
        let seconds = self.at.load(Ordering::Relaxed) / 1_000;
        self.hooks.take(name, &signed(format, body, seconds), body).await
    }

    fn heard(&self) -> Vec<Signal> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    fn later(&self, by: Millis) {
        self.at.fetch_add(i64::try_from(by.0).unwrap(), Ordering::Relaxed);
    }
}

#[tokio::test]
async fn d11_what_is_wrong_is_refused_and_no_good_payload_around_it_is_lost() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(BODY_MOST));
    let bodies: [&[u8]; 24] = [
        b"",
        b" ",
        b"null",
        b"true",
        b"[]",
        b"[{}]",
        b"7",
        b"\"hunter2\"",
        b"{",
        b"{}",
        b"{\"title\":",
        b"{\"title\":\"hunter2",
        b"{'title':1}",
        b"title=hunter2",
        b"payload=%7B%7D",
        b"<xml/>",
        b"\xff\xfe{}",
        b"{\"a\":\"\xc3\x28\"}",
        b"{} {}",
        b"{\"a\":1,}",
        b"{\"a\":1e999999}",
        b"\x00",
        deep.as_bytes(),
        large.as_bytes(),
    ];
    let house = house("env:HOOK");
    for kind in KINDS {
        for (number, body) in bodies.iter().enumerate() {
            let refused = house.send(kind, body).await.unwrap_err();
            let NotTaken::Malformed(words) = &refused else { panic!("{kind:?} {number}: {refused:?}") };
            assert!(!words.is_empty() && !words.contains("hunter2"), "{words}");
            let taken = house.send(kind, good(kind.1, number).to_string().as_bytes()).await;
            assert_eq!(taken.map(|taken| taken.signals), Ok(1), "{kind:?} {number}");
            assert_eq!(house.heard().len(), 1, "{kind:?}: after body {number}");
        }
    }
}

#[tokio::test]
async fn d11_who_cannot_prove_it_is_refused_whatever_is_said() {
    let house = house("env:HOOK");
    for kind in KINDS {
        let body = good(kind.1, 1).to_string();
        let right = signed(kind.1, body.as_bytes(), NOW / 1_000);
        let mut wrong: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for (at, (name, value)) in right.iter().enumerate() {
            // Left out, empty, cut, changed in one place, twice, of another length, under another name.
            let with = |name: &str, value: String| {
                let mut all = right.clone();
                all[at] = (name.to_owned(), value);
                all
            };
            // The last sign of a code; the first of a time, which may be told a second otherwise where nobody signs it.
            let place = if name.ends_with("timestamp") { 0 } else { value.len() - 1 };
            let flipped: String = value
                .chars()
                .enumerate()
                .map(|(at, c)| match (at == place, c) {
                    (true, '0') => '1',
                    (true, _) => '0',
                    (false, c) => c,
                })
                .collect();
            wrong.extend([
                right.iter().filter(|(other, _)| other != name).cloned().collect(),
                with(name, String::new()),
                with(name, value[..value.len() / 2].to_owned()),
                with(name, flipped),
                with(name, format!("{value}0")),
                with(name, "\u{1b}[2J".to_owned()),
                with("x-other", value.clone()),
                [right.clone(), vec![(name.clone(), value.clone())]].concat(),
            ]);
        }
        for headers in wrong {
            let refused = house.hooks.take(kind.0, &headers, body.as_bytes()).await.unwrap_err();
            let NotTaken::Unproven(words) = &refused else { panic!("{kind:?} {headers:?}: {refused:?}") };
            assert!(!words.contains(SECRET) && !words.contains("\u{1b}"), "{words}");
        }
        let other = good(kind.1, 2).to_string();
        let of_another = house.hooks.take(kind.0, &right, other.as_bytes()).await;
        match kind.1 {
            // A token says who, and nothing of what.
            WebhookFormat::Alertmanager => assert!(of_another.is_ok()),
            _ => assert!(matches!(of_another, Err(NotTaken::Unproven(_))), "{kind:?}: {of_another:?}"),
        }
        house.heard();
        assert!(house.hooks.take(kind.0, &right, body.as_bytes()).await.is_ok());
        assert_eq!(house.heard().len(), 1, "{kind:?}: nothing was lost with what was refused");
    }
    assert!(matches!(house.hooks.take("nobody", &[], b"{}").await, Err(NotTaken::Nobody(_))));
}

#[tokio::test]
async fn d11_what_was_signed_counts_once_and_only_within_its_window() {
    for kind in KINDS.into_iter().filter(|(name, _)| *name != "alertmanager") {
        let house = house("env:HOOK");
        let body = good(kind.1, 1).to_string();
        let headers = signed(kind.1, body.as_bytes(), NOW / 1_000);
        let again = || house.hooks.take(kind.0, &headers, body.as_bytes());
        assert!(again().await.is_ok());
        assert_eq!(again().await, Err(NotTaken::Again), "{kind:?}");
        assert_eq!(house.heard().len(), 1);
        house.later(Millis::hours(26));
        let late = again().await;
        match kind.1 {
            // It tells no time: it is remembered instead.
            WebhookFormat::Github => assert_eq!(late, Err(NotTaken::Again)),
            _ => assert!(matches!(late, Err(NotTaken::Unproven(_))), "{kind:?}: {late:?}"),
        }
        assert!(house.heard().is_empty());
    }
    // A token signs nothing, and the same alarm said again is one more sighting.
    let house = house("env:HOOK");
    let body = good(WebhookFormat::Alertmanager, 1).to_string();
    for _ in 0..2 {
        assert!(house.send(KINDS[0], body.as_bytes()).await.is_ok());
    }
    assert_eq!(house.heard().len(), 2);
}

#[tokio::test]
async fn d11_what_was_signed_counts_once_over_a_restart() {
    for kind in KINDS.into_iter().filter(|(name, _)| *name != "alertmanager") {
        let before = house("env:HOOK");
        let body = good(kind.1, 1).to_string();
        assert!(before.send(kind, body.as_bytes()).await.is_ok());
        before.fails.store(true, Ordering::Relaxed);
        let lost = good(kind.1, 2).to_string();
        assert!(before.send(kind, lost.as_bytes()).await.is_err());
        let after = house_at(before.data, "env:HOOK");
        assert_eq!(after.send(kind, body.as_bytes()).await, Err(NotTaken::Again), "{kind:?}");
        assert!(after.send(kind, lost.as_bytes()).await.is_ok(), "{kind:?}: the journal never had it");
        assert_eq!(after.heard().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn d11_what_the_journal_did_not_take_can_be_sent_again() {
    for kind in KINDS {
        let house = house("env:HOOK");
        let body = good(kind.1, 1).to_string();
        house.fails.store(true, Ordering::Relaxed);
        let failed = house.send(kind, body.as_bytes()).await;
        assert!(matches!(failed, Err(NotTaken::Store(SendError::Store(_)))), "{kind:?}: {failed:?}");
        house.fails.store(false, Ordering::Relaxed);
        assert!(house.send(kind, body.as_bytes()).await.is_ok(), "{kind:?}");
        assert_eq!(house.heard().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn d11_what_is_remembered_is_bounded() {
    let house = house("env:HOOK");
    let kind = KINDS[2];
    for number in 0..=KNOWN_MOST {
        assert!(house.send(kind, good(kind.1, number).to_string().as_bytes()).await.is_ok());
    }
    let door = &house.hooks.doors["github"];
    assert_eq!((door.known.lock().await.len(), lock(&door.coming).len()), (KNOWN_MOST, 0));
    let last = good(kind.1, KNOWN_MOST).to_string();
    assert_eq!(house.send(kind, last.as_bytes()).await, Err(NotTaken::Again));
}

#[tokio::test]
async fn d11_a_secret_is_asked_for_once_a_minute_and_its_lack_is_told_without_it() {
    let house = house("env:HOOK");
    for number in 0..5 {
        assert!(
            house.send(KINDS[6], good(WebhookFormat::Generic, number).to_string().as_bytes()).await.is_ok()
        );
        let _ = house.hooks.take("generic", &[], b"{}").await;
    }
    assert_eq!(house.asked.load(Ordering::Relaxed), 1);
    house.later(SECRET_FOR);
    let _ = house.hooks.take("generic", &[], b"{}").await;
    assert_eq!(house.asked.load(Ordering::Relaxed), 2);
    for (source, why) in [("env:NOWHERE", "is not set"), ("", "none is set")] {
        let refused = self::house(source).send(KINDS[6], b"{\"title\":\"x\"}").await.unwrap_err();
        assert!(matches!(&refused, NotTaken::NoSecret(probe, _) if probe == "generic"));
        assert!(refused.to_string().contains(why), "{refused}");
    }
}
