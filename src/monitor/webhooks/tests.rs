//! Payloads as they are sent, and as they must not be: every wrong field is named, nothing is ever lost with it.

mod malformed;
pub(super) mod samples;

use super::*;
use crate::domain::{
    incident::Severity,
    probe::Source,
    signal::{Signal, SignalState},
    time::Millis,
};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(super) fn probe(format: WebhookFormat) -> ProbeSpec {
    ProbeSpec {
        id: "hook".into(),
        service: "shop".into(),
        env: "production".into(),
        every: Millis::mins(5),
        timeout: Millis::secs(5),
        heartbeat: Millis::hours(24),
        quiet_most: None,
        severity: Severity::P2,
        source: Source::Webhook { format, secret: String::new() },
    }
}

fn reads(format: WebhookFormat, body: &Value) -> Result<Payload, BadPayload> {
    read(format, body.to_string().as_bytes(), &probe(format))
}

fn one(format: WebhookFormat, body: &Value) -> Signal {
    let payload = reads(format, body).unwrap();
    assert!(payload.signals.len() == 1 && payload.problems.is_empty(), "{payload:?}");
    payload.signals.into_iter().next().unwrap()
}

/// The sample with this field changed.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    *body.pointer_mut(field).unwrap_or_else(|| panic!("no {field}")) = value;
    body
}

const ALERTS: WebhookFormat = WebhookFormat::Alertmanager;

#[test]
fn c2_a_label_whose_name_says_that_it_is_secret_is_not_kept() {
    let names = ["password", "api_key", "token", "authorization", "secret"];
    let secrets: serde_json::Map<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!("hunter two"))).collect();
    let own = json!({"title": "down", "labels": secrets});
    let mut theirs = samples::alertmanager();
    theirs["alerts"][0]["labels"].as_object_mut().unwrap().extend(secrets.clone());
    let generic = reads(WebhookFormat::Generic, &own).unwrap();
    let alerts = reads(ALERTS, &theirs).unwrap();
    for payload in [&generic, &alerts] {
        let all: Vec<_> = payload.signals.iter().flat_map(|signal| &signal.labels).collect();
        assert!(all.iter().any(|(_, value)| value.starts_with("[redacted:")), "{all:?}");
        assert!(!format!("{payload:?}").contains("hunter"), "{payload:?}");
    }
    assert!(names.iter().all(|name| generic.signals[0].labels[*name].starts_with("[redacted:")));
}

#[test]
fn c2_alerts_in_several_places_are_one_signal_that_fires_while_one_of_them_does() {
    let payload = reads(ALERTS, &samples::alertmanager()).unwrap();
    let [errors, disk] = &payload.signals[..] else { panic!("{payload:?}") };
    let (errors, disk) =
        if errors.title.starts_with("HighErrorRate") { (errors, disk) } else { (disk, errors) };
    assert_eq!(errors.title, "HighErrorRate: <*> % of requests of checkout fail");
    assert_eq!((errors.count, errors.state, errors.severity), (2, SignalState::Firing, Severity::P1));
    assert_eq!(errors.labels["places"], "10.0.0.1:80, 10.0.0.2:80");
    assert_eq!((disk.state, disk.severity, disk.count), (SignalState::Clear, Severity::P3, 1));
    assert!(errors.service == "shop" && errors.probe == "hook" && errors.labels.len() <= Signal::LABELS_MOST);
}

#[test]
fn c2_one_place_that_recovers_does_not_clear_what_others_still_have() {
    let body = with(samples::alertmanager(), "/alerts/0/status", json!("resolved"));
    let payload = reads(ALERTS, &body).unwrap();
    let errors = payload.signals.iter().find(|signal| signal.title.starts_with("High")).unwrap();
    assert_eq!((errors.state, errors.count), (SignalState::Firing, 1));
    let all = with(body, "/alerts/1/status", json!("resolved"));
    let signals = reads(ALERTS, &all).unwrap().signals;
    let errors_after = signals.iter().find(|signal| signal.title.starts_with("High")).unwrap();
    assert_eq!(errors_after.state, SignalState::Clear);
    assert_eq!(errors_after.fingerprint, errors.fingerprint, "what fires and what clears are the same cause");
}

#[test]
fn c2_an_alert_that_always_fires_is_no_alarm() {
    let body = with(
        samples::alertmanager(),
        "/alerts",
        json!([{"status": "firing", "labels": {"alertname": "Watchdog", "severity": "none"}}]),
    );
    let payload = reads(ALERTS, &body).unwrap();
    assert!(payload.signals.is_empty() && payload.passed_over.is_some());
}

#[test]
fn c2_one_bad_alert_does_not_lose_the_good_ones() {
    let body = with(samples::alertmanager(), "/alerts/2/labels", json!({"severity": "warning"}));
    let payload = reads(ALERTS, &body).unwrap();
    assert_eq!(payload.signals.len(), 1);
    assert_eq!(payload.problems, [BadPayload::new("alerts[2].labels.alertname", "is missing or empty")]);
    let more: Vec<Value> = (0..1_005).map(|_| samples::alertmanager()["alerts"][0].clone()).collect();
    let payload = reads(ALERTS, &with(samples::alertmanager(), "/alerts", json!(more))).unwrap();
    assert_eq!((payload.signals[0].count, payload.problems[0].field.as_str()), (1_000, "alerts"));
}

#[test]
fn c2_a_sentry_alert_carries_the_programs_own_frames_and_its_issue_clears_it() {
    let format = WebhookFormat::Sentry;
    let alert = one(format, &samples::sentry_event());
    assert_eq!(alert.title, "IntegrityError: duplicate key order <*>");
    let frames: Vec<_> =
        alert.frames.iter().map(|frame| (frame.file.as_str(), frame.line, frame.function.as_str())).collect();
    assert_eq!(
        frames,
        [("shop/orders.py", Some(88), "shop.orders.place"), ("shop/web.py", Some(12), "shop.web.post")]
    );
    assert!(alert.severity == Severity::P1 && alert.sample.as_deref().unwrap().contains("duplicate key"));
    let resolved = one(format, &with(samples::sentry_issue(), "/action", json!("resolved")));
    assert_eq!((resolved.fingerprint, resolved.state), (alert.fingerprint, SignalState::Clear));
    let issue = one(format, &samples::sentry_issue());
    assert_eq!((issue.count, issue.affected, issue.severity), (12, 3, Severity::P2));
    let aside = reads(format, &with(samples::sentry_issue(), "/action", json!("assigned"))).unwrap();
    assert!(aside.signals.is_empty() && aside.passed_over.is_some());
}

#[test]
fn c2_a_sentry_metric_alert_fires_by_level_and_is_resolved() {
    let format = WebhookFormat::Sentry;
    let critical = one(format, &samples::sentry_metric());
    assert_eq!(
        (critical.state, critical.severity, critical.title.as_str()),
        (SignalState::Firing, Severity::P1, "Too many errors")
    );
    for (action, state, severity) in
        [("warning", SignalState::Firing, Severity::P3), ("resolved", SignalState::Clear, Severity::P2)]
    {
        let signal = one(format, &with(samples::sentry_metric(), "/action", json!(action)));
        assert_eq!(
            (signal.state, signal.severity, &signal.fingerprint),
            (state, severity, &critical.fingerprint)
        );
    }
}

#[test]
fn c2_github_runs_fire_by_their_conclusion_and_weigh_by_their_branch() {
    let format = WebhookFormat::Github;
    let run = one(format, &samples::github_run());
    assert_eq!(run.title, "workflow Deploy fails on main of acme/shop");
    assert_eq!(
        (run.state, run.severity, run.labels["commit"].len()),
        (SignalState::Firing, Severity::P2, 40)
    );
    let work = one(format, &with(samples::github_run(), "/workflow_run/head_branch", json!("feature/x")));
    assert_eq!(work.severity, Severity::P4);
    let well = one(format, &with(samples::github_run(), "/workflow_run/conclusion", json!("success")));
    assert_eq!((well.state, well.fingerprint), (SignalState::Clear, run.fingerprint));
    for (field, value) in [("/action", "in_progress"), ("/workflow_run/conclusion", "cancelled")] {
        assert!(
            reads(format, &with(samples::github_run(), field, json!(value))).unwrap().passed_over.is_some()
        );
    }
    assert_eq!(one(format, &samples::github_check()).title, "check lint fails on main of acme/shop");
    assert_eq!(
        one(format, &samples::github_suite()).title,
        "check github-actions fails on main of acme/shop"
    );
    let deployed = one(format, &samples::github_deployment());
    assert_eq!(deployed.title, "deployment of acme/shop to production fails");
    assert_eq!(
        reads(format, &json!({"zen": "Speak like a human.", "hook_id": 1})).unwrap().passed_over.as_deref(),
        Some("a ping")
    );
}

#[test]
fn c2_vercel_deployments_fire_and_clear_by_project_and_target() {
    let format = WebhookFormat::Vercel;
    let failed = one(format, &samples::vercel());
    assert_eq!(
        (failed.title.as_str(), failed.severity),
        ("deployment of shop-web to production fails", Severity::P2)
    );
    let well = one(format, &with(samples::vercel(), "/type", json!("deployment.succeeded")));
    assert_eq!((well.state, &well.fingerprint), (SignalState::Clear, &failed.fingerprint));
    let preview = one(format, &with(samples::vercel(), "/payload/target", Value::Null));
    assert!(preview.severity == Severity::P4 && preview.fingerprint != failed.fingerprint);
    for other in ["deployment.created", "deployment.canceled", "project.created"] {
        assert!(
            reads(format, &with(samples::vercel(), "/type", json!(other))).unwrap().passed_over.is_some()
        );
    }
}

#[test]
fn e7_stripe_fires_for_what_the_house_can_mend_and_not_for_a_customers_card() {
    let format = WebhookFormat::Stripe;
    let charge = one(format, &samples::stripe_charge());
    assert_eq!((charge.title.as_str(), charge.severity), ("charge fails: processing_error", Severity::P2));
    let declined =
        reads(format, &with(samples::stripe_charge(), "/data/object/failure_code", json!("card_declined")));
    assert!(declined.unwrap().passed_over.unwrap().contains("customer"));
    let trial = one(format, &with(samples::stripe_charge(), "/livemode", json!(false)));
    assert_eq!(trial.severity, Severity::P4, "of a test nobody is hurt");
    let payment = one(format, &samples::stripe_payment());
    assert_eq!(payment.title, "payment fails: api_key_expired");
    let own = "/data/object/last_payment_error/type";
    let card = reads(format, &with(samples::stripe_payment(), own, json!("card_error"))).unwrap();
    assert!(card.signals.is_empty() && card.passed_over.is_some());
    let payout = |what: &str| one(format, &with(samples::stripe_payout(), "/type", json!(what)));
    let (failed, paid) = (payout("payout.failed"), payout("payout.paid"));
    assert_eq!((failed.state, paid.state), (SignalState::Firing, SignalState::Clear));
    assert_eq!(failed.fingerprint, paid.fingerprint);
    let other = reads(format, &with(samples::stripe_charge(), "/type", json!("customer.created"))).unwrap();
    assert!(other.passed_over.is_some());
}

#[test]
fn c2_slack_fires_for_other_programs_and_for_whoever_calls_it_and_not_for_talk() {
    let format = WebhookFormat::Slack;
    let alert = one(format, &samples::slack());
    assert_eq!((alert.title.as_str(), alert.severity), ("checkout fails since <*>", Severity::P1));
    let over =
        one(format, &with(samples::slack(), "/event/text", json!("[RESOLVED] checkout fails since 11:02")));
    assert_eq!((over.state, &over.fingerprint), (SignalState::Clear, &alert.fingerprint));
    let mut talk = samples::slack();
    talk["event"]["bot_id"] = Value::Null;
    assert!(reads(format, &talk).unwrap().passed_over.unwrap().contains("people"));
    let called =
        with(with(talk, "/event/type", json!("app_mention")), "/event/text", json!("<@U1> the shop is slow"));
    assert_eq!(one(format, &called).title, "the shop is slow");
    // What this house says in its own channel must not wake it.
    let own = with(samples::slack(), "/event/app_id", json!("A0"));
    assert!(reads(format, &own).unwrap().passed_over.unwrap().contains("own"));
    let edited = with(samples::slack(), "/event/subtype", json!("message_changed"));
    assert!(reads(format, &edited).unwrap().passed_over.is_some());
    let hello = json!({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"});
    let hello = reads(format, &hello).unwrap();
    assert_eq!(hello.challenge.as_deref(), Some("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"));
    for bad in ["", "<script>", "a b", &"x".repeat(300)] {
        let bad = json!({"type": "url_verification", "challenge": bad});
        assert_eq!(reads(format, &bad).unwrap_err().field, "challenge");
    }
}

#[test]
fn c2_anything_else_needs_a_title_only() {
    let format = WebhookFormat::Generic;
    let little = one(format, &json!({"title": "queue 17 is stuck"}));
    assert_eq!(
        (little.title.as_str(), little.severity, little.service.as_str()),
        ("queue <*> is stuck", Severity::P2, "shop")
    );
    assert_eq!(
        little.fingerprint,
        one(format, &json!({"title": "queue 18 is stuck", "severity": "P0"})).fingerprint
    );
    let whole = one(format, &samples::generic());
    assert_eq!(
        (whole.service.as_str(), whole.count, whole.affected, whole.severity),
        ("billing", 3, 40, Severity::P1)
    );
    let cleared = one(format, &with(samples::generic(), "/status", json!("resolved")));
    assert_eq!((cleared.fingerprint, cleared.state), (whole.fingerprint, SignalState::Clear));
}

#[test]
fn c2_nothing_of_a_payload_moves_a_terminal_or_gives_a_secret_away() {
    let key = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let words = format!("\u{1b}[2Jno \u{202e}way\u{7}: token {key}\nsecond line");
    for (format, body, field) in [
        (ALERTS, samples::alertmanager(), "/alerts/0/annotations/description"),
        (WebhookFormat::Sentry, samples::sentry_event(), "/data/event/title"),
        (WebhookFormat::Github, samples::github_run(), "/workflow_run/name"),
        (WebhookFormat::Vercel, samples::vercel(), "/payload/deployment/errorMessage"),
        (WebhookFormat::Slack, samples::slack(), "/event/text"),
        (WebhookFormat::Stripe, samples::stripe_charge(), "/data/object/failure_message"),
        (WebhookFormat::Generic, samples::generic(), "/title"),
    ] {
        let signals = reads(format, &with(body, field, json!(words))).unwrap().signals;
        let shown = format!("{signals:?}");
        assert!(!shown.contains("ghp_a1B2"), "{format:?}: {shown}");
        assert!(
            !shown.contains("\\u{1b}") && !shown.contains("\\u{202e}") && !shown.contains("\\u{7}"),
            "{format:?}: {shown}"
        );
        assert!(shown.contains("[redacted:"), "{format:?}: {shown}");
    }
    let long = one(WebhookFormat::Generic, &with(samples::generic(), "/title", json!("ä".repeat(100_000))));
    assert!(
        long.title.chars().count() <= Signal::TITLE_MOST && long.sample.unwrap().len() <= Signal::SAMPLE_MOST
    );
}

#[test]
fn titles_lose_what_differs_from_time_to_time() {
    for (raw, shown) in [
        ("disk 93.5% full on /dev/sda1", "disk <*>% full on /dev/sda<*>"),
        ("5xx at 12:30:01, v2", "<*>xx at <*> v<*>"),
        ("order 550e8400-e29b-41d4-a716-446655440000 lost", "order <*> lost"),
        ("nothing differs", "nothing differs"),
        ("deadbeefdeadbeef facade", "deadbeefdeadbeef facade"),
    ] {
        assert_eq!(alarm::title(raw), shown);
    }
}

const FORMATS: [WebhookFormat; 7] = [
    ALERTS,
    WebhookFormat::Sentry,
    WebhookFormat::Github,
    WebhookFormat::Vercel,
    WebhookFormat::Slack,
    WebhookFormat::Stripe,
    WebhookFormat::Generic,
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from)
    ];
    let name = prop_oneof![
        "[a-z_]{1,8}",
        Just("labels".to_owned()),
        Just("status".to_owned()),
        Just("title".to_owned())
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Ways to every field of a tree.
fn ways(value: &Value, way: &str, found: &mut Vec<String>) {
    found.push(way.to_owned());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| ways(value, &format!("{way}/{name}"), found))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| ways(value, &format!("{way}/{at}"), found))
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in FORMATS {
            let _ = read(format, &body, &probe(format));
        }
    }

    #[test]
    fn any_field_may_be_anything(which in any::<prop::sample::Index>(), field in any::<prop::sample::Index>(), value in any_json()) {
        let all = samples::all();
        let (format, body) = which.get(&all);
        let mut fields = Vec::new();
        ways(body, "", &mut fields);
        let body = with(body.clone(), field.get::<String>(&fields), value);
        match reads(*format, &body) {
            Ok(payload) => {
                for signal in payload.signals {
                    prop_assert!(signal.title.chars().count() <= Signal::TITLE_MOST && signal.labels.len() <= Signal::LABELS_MOST);
                    prop_assert!(signal.sample.is_none_or(|sample| sample.len() <= Signal::SAMPLE_MOST) && signal.count > 0);
                }
            }
            Err(bad) => prop_assert!(!bad.field.is_empty() && !bad.what.is_empty()),
        }
    }
}
