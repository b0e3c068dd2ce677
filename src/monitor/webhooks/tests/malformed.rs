//! What is wrong with a payload, and the field by which it is named. One that is wrong takes no signal with it: neither
//! of those that came before it nor of those that come after.

use super::*;
use crate::{
    domain::{
        signal::{Observation, Reading},
        time::Timestamp,
    },
    monitor::watchtower::Watchtower,
};

/// One wrong thing: where in the sample, what stands there instead (`None`: nothing), and how the field is named.
type Wrong = (&'static str, Option<Value>, &'static str);

fn broken(body: &Value, field: &str, value: Option<Value>) -> Value {
    let mut body = body.clone();
    let (parent, name) = field.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap_or_else(|| panic!("no {field}"));
    match (parent, value) {
        (Value::Object(map), None) => assert!(map.shift_remove(name).is_some(), "no {field}"),
        (Value::Object(map), Some(value)) => drop(map.insert(name.to_owned(), value)),
        (Value::Array(list), Some(value)) => list[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{field}"),
    }
    body
}

/// What comes of payloads one after the other, hours apart.
struct Line {
    tower: Watchtower,
    format: WebhookFormat,
    at: Timestamp,
}

impl Line {
    fn of(format: WebhookFormat) -> Self {
        Self { tower: Watchtower::new(&[probe(format)], Timestamp(0)), format, at: Timestamp(0) }
    }

    /// What the monitor tells of it.
    fn comes(&mut self, body: &[u8]) -> Vec<Signal> {
        self.at = self.at + Millis::hours(1);
        let signals =
            read(self.format, body, &probe(self.format)).map_or_else(|_| Vec::new(), |read| read.signals);
        let mut told = Vec::new();
        for signal in signals {
            let reading = Reading::Alarm(Box::new(signal));
            told.extend(self.tower.observe(Observation { probe: "hook".into(), at: self.at, reading }));
        }
        told
    }
}

/// Each of these is an error that names its field and repeats nothing of the payload; the good ones around it are heard.
fn named(format: WebhookFormat, body: &Value, all: &[Wrong]) -> usize {
    assert!(reads(format, body).is_ok());
    let mut line = Line::of(format);
    let good = body.to_string();
    let heard = line.comes(good.as_bytes());
    assert!(!heard.is_empty(), "{format:?}");
    for (field, value, name) in all {
        line.comes(broken(body, field, value.clone()).to_string().as_bytes());
        assert_eq!(line.comes(good.as_bytes()), heard, "{format:?}: after {field} = {value:?}");
        let payload = reads(format, &broken(body, field, value.clone()));
        let bad = match payload {
            Err(bad) => bad,
            Ok(payload) => payload
                .problems
                .first()
                .cloned()
                .unwrap_or_else(|| panic!("{format:?}: {field} = {value:?} was taken: {payload:?}")),
        };
        assert_eq!(bad.field, *name, "{format:?}: {field} = {value:?}: {bad}");
        assert!(!bad.what.contains("hunter2"), "{bad}");
    }
    all.len()
}

fn deep(levels: usize) -> String {
    format!("{{\"a\":{}1{}}}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn what_is_no_payload_at_all_is_the_body_in_every_format() {
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(BODY_MOST));
    let bodies: &[&[u8]] = &[
        b"",
        b" ",
        b"null",
        b"[]",
        b"7",
        b"\"hunter2\"",
        b"{",
        b"{\"title\":",
        b"{\"title\":\"hunter2",
        b"{'title':1}",
        b"title=hunter2",
        b"<xml/>",
        b"\xff\xfe{}",
        b"{\"a\":\"\xc3\x28\"}",
        b"{} {}",
        b"{\"a\":1,}",
        b"{\"a\":1e999999}",
        b"\x00",
        deep(DEPTH_MOST + 1).leak().as_bytes(),
        "[".repeat(200_000).leak().as_bytes(),
        large.leak().as_bytes(),
    ];
    assert!(bodies.len() >= 20);
    for format in FORMATS {
        let good = samples::all().into_iter().find(|(of, _)| *of == format).unwrap().1.to_string();
        let mut line = Line::of(format);
        let heard = line.comes(good.as_bytes());
        assert!(!heard.is_empty(), "{format:?}");
        for body in bodies {
            assert!(line.comes(body).is_empty());
            assert_eq!(line.comes(good.as_bytes()), heard, "{format:?}");
            let bad = read(format, body, &probe(format)).unwrap_err();
            let start = String::from_utf8_lossy(&body[..body.len().min(40)]);
            assert!(bad.field == "body" && !bad.what.contains("hunter2"), "{format:?}: {start}: {bad}");
        }
    }
    assert!(payload::parse(deep(DEPTH_MOST - 1).as_bytes()).is_ok());
    assert!(
        payload::parse(b"{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"}").is_ok(),
        "brackets within a text are none"
    );
}

#[test]
fn every_wrong_field_of_alertmanager_is_named() {
    let h = || Some(json!("hunter2"));
    let many: serde_json::Map<String, Value> =
        (0..70).map(|number| (format!("l{number}"), json!("x"))).collect();
    let whole: &[Wrong] = &[
        ("/version", None, "version"),
        ("/version", Some(json!("3")), "version"),
        ("/version", Some(json!(true)), "version"),
        ("/version", Some(json!({})), "version"),
        ("/alerts", None, "alerts"),
        ("/alerts", Some(Value::Null), "alerts"),
        ("/alerts", h(), "alerts"),
        ("/alerts", Some(json!({"0": {}})), "alerts"),
        ("/groupKey", Some(json!(1)), "groupKey"),
        ("/receiver", Some(json!([])), "receiver"),
        ("/groupLabels", h(), "groupLabels"),
        ("/commonLabels", Some(json!({"a": 1})), "commonLabels.a"),
        ("/commonAnnotations", Some(json!([])), "commonAnnotations"),
        ("/externalURL", Some(json!(1)), "externalURL"),
        ("/truncatedAlerts", Some(json!("many")), "truncatedAlerts"),
        ("/truncatedAlerts", Some(json!(-1)), "truncatedAlerts"),
        ("/truncatedAlerts", Some(json!(3)), "truncatedAlerts"),
    ];
    let alert: &[Wrong] = &[
        ("/alerts/2", Some(Value::Null), "alerts[2]"),
        ("/alerts/2", h(), "alerts[2]"),
        ("/alerts/2", Some(json!([])), "alerts[2]"),
        ("/alerts/2/status", None, "alerts[2].status"),
        ("/alerts/2/status", h(), "alerts[2].status"),
        ("/alerts/2/status", Some(json!(1)), "alerts[2].status"),
        ("/alerts/2/labels", None, "alerts[2].labels"),
        ("/alerts/2/labels", Some(json!([])), "alerts[2].labels"),
        ("/alerts/2/labels", Some(json!({})), "alerts[2].labels.alertname"),
        ("/alerts/2/labels", Some(json!(many)), "alerts[2].labels"),
        ("/alerts/2/labels", Some(json!({"hunter2 ": 1})), "alerts[2].labels"),
        ("/alerts/2/labels/alertname", Some(json!(" ")), "alerts[2].labels.alertname"),
        ("/alerts/2/labels/severity", Some(json!(1)), "alerts[2].labels.severity"),
        ("/alerts/2/annotations", h(), "alerts[2].annotations"),
        ("/alerts/2/annotations/summary", Some(json!({"a": "hunter2"})), "alerts[2].annotations.summary"),
        ("/alerts/2/startsAt", Some(json!(0)), "alerts[2].startsAt"),
        ("/alerts/2/endsAt", Some(json!(0)), "alerts[2].endsAt"),
        ("/alerts/2/generatorURL", Some(json!({})), "alerts[2].generatorURL"),
        ("/alerts/2/fingerprint", Some(json!(17)), "alerts[2].fingerprint"),
    ];
    let body = samples::alertmanager();
    assert!(named(ALERTS, &body, whole) + named(ALERTS, &body, alert) >= 20);
    for (field, value, name) in alert {
        // The two others are there all the same.
        let payload = reads(ALERTS, &broken(&body, field, value.clone())).unwrap();
        assert!(payload.signals.len() == 1 && payload.signals[0].count == 2, "{name}");
    }
}

#[test]
fn every_wrong_field_of_sentry_is_named() {
    let h = || Some(json!("hunter2"));
    let event: &[Wrong] = &[
        ("/action", None, "action"),
        ("/action", Some(json!(1)), "action"),
        ("/action", h(), "action"),
        ("/data", None, "data"),
        ("/data", Some(json!([])), "data"),
        ("/data", Some(json!({})), "data"),
        ("/data/event", h(), "data.event"),
        ("/data/event/title", None, "data.event.title"),
        ("/data/event/title", Some(json!("")), "data.event.title"),
        ("/data/event/title", Some(json!(["hunter2"])), "data.event.title"),
        ("/data/event/issue_id", Some(json!(1.5)), "data.event.issue_id"),
        ("/data/event/event_id", Some(json!({})), "data.event.event_id"),
        ("/data/event/level", Some(json!(40)), "data.event.level"),
        ("/data/event/message", Some(json!({"formatted": "hunter2"})), "data.event.message"),
        ("/data/event/culprit", Some(json!(1)), "data.event.culprit"),
        ("/data/event/project", Some(json!([])), "data.event.project"),
        ("/data/event/web_url", Some(json!(false)), "data.event.web_url"),
        ("/data/event/exception", h(), "data.event.exception"),
        ("/data/triggered_rule", Some(json!(1)), "data.triggered_rule"),
    ];
    let issue: &[Wrong] = &[
        ("/action", h(), "action"),
        ("/data/issue", h(), "data.issue"),
        ("/data/issue/id", None, "data.issue.id"),
        ("/data/issue/id", Some(json!([])), "data.issue.id"),
        ("/data/issue/title", None, "data.issue.title"),
        ("/data/issue/level", Some(json!([])), "data.issue.level"),
        ("/data/issue/count", Some(json!("many")), "data.issue.count"),
        ("/data/issue/userCount", Some(json!(-3)), "data.issue.userCount"),
        ("/data/issue/project", h(), "data.issue.project"),
        ("/data/issue/project/slug", Some(json!(1)), "data.issue.project.slug"),
        ("/data/issue/permalink", Some(json!(1)), "data.issue.permalink"),
    ];
    let metric: &[Wrong] = &[
        ("/action", h(), "action"),
        ("/data/metric_alert", Some(json!(1)), "data.metric_alert"),
        ("/data/metric_alert/alert_rule", None, "data.metric_alert.alert_rule"),
        ("/data/metric_alert/alert_rule/id", None, "data.metric_alert.alert_rule.id"),
        ("/data/metric_alert/alert_rule/name", Some(json!(1)), "data.metric_alert.alert_rule.name"),
        ("/data/description_title", Some(json!(1)), "data.description_title"),
        ("/data/description_text", Some(json!([])), "data.description_text"),
        ("/data/web_url", Some(json!(1)), "data.web_url"),
    ];
    let format = WebhookFormat::Sentry;
    let sum = named(format, &samples::sentry_event(), event) + named(format, &samples::sentry_issue(), issue);
    assert!(sum + named(format, &samples::sentry_metric(), metric) >= 20);
}

#[test]
fn every_wrong_field_of_github_is_named() {
    let h = || Some(json!("hunter2"));
    let run: &[Wrong] = &[
        ("/action", None, "action"),
        ("/action", Some(json!(1)), "action"),
        ("/workflow_run", h(), "workflow_run"),
        ("/workflow_run", Some(json!([])), "workflow_run"),
        ("/workflow_run/name", None, "workflow_run.name"),
        ("/workflow_run/name", Some(json!(1)), "workflow_run.name"),
        ("/workflow_run/conclusion", None, "workflow_run.conclusion"),
        ("/workflow_run/conclusion", h(), "workflow_run.conclusion"),
        ("/workflow_run/conclusion", Some(Value::Null), "workflow_run.conclusion"),
        ("/workflow_run/head_branch", Some(json!(1)), "workflow_run.head_branch"),
        ("/workflow_run/head_sha", Some(json!(1)), "workflow_run.head_sha"),
        ("/workflow_run/html_url", Some(json!({})), "workflow_run.html_url"),
        ("/workflow_run/workflow_id", Some(json!([])), "workflow_run.workflow_id"),
        ("/workflow_run/run_attempt", Some(json!(1.5)), "workflow_run.run_attempt"),
        ("/workflow_run/head_commit", h(), "workflow_run.head_commit"),
        ("/workflow_run/head_commit/message", Some(json!(1)), "workflow_run.head_commit.message"),
        ("/repository", None, "repository"),
        ("/repository", h(), "repository"),
        ("/repository/full_name", None, "repository.full_name"),
        ("/repository/default_branch", Some(json!(1)), "repository.default_branch"),
    ];
    let check: &[Wrong] = &[
        ("/check_run", h(), "check_run"),
        ("/check_run/conclusion", Some(json!(true)), "check_run.conclusion"),
        ("/check_run/app", h(), "check_run.app"),
        ("/check_run/check_suite", h(), "check_run.check_suite"),
        ("/check_run/check_suite/head_branch", Some(json!(1)), "check_run.check_suite.head_branch"),
        ("/check_run/output/summary", Some(json!(1)), "check_run.output.summary"),
    ];
    let suite: &[Wrong] =
        &[("/check_suite/app", None, "check_suite.app.slug"), ("/check_suite", h(), "check_suite")];
    let deployment: &[Wrong] = &[
        ("/deployment", None, "deployment"),
        ("/deployment_status/state", None, "deployment_status.state"),
        ("/deployment_status/state", h(), "deployment_status.state"),
        ("/deployment_status/environment", Some(json!(1)), "deployment_status.environment"),
        ("/deployment_status/target_url", Some(json!(1)), "deployment_status.target_url"),
        ("/deployment/sha", Some(json!(1)), "deployment.sha"),
    ];
    let format = WebhookFormat::Github;
    assert!(named(format, &samples::github_run(), run) >= 20);
    named(format, &samples::github_check(), check);
    named(format, &samples::github_suite(), suite);
    named(format, &samples::github_deployment(), deployment);
    assert_eq!(reads(format, &json!({})).unwrap_err().field, "body");
}

#[test]
fn every_wrong_field_of_vercel_is_named() {
    let h = || Some(json!("hunter2"));
    let all: &[Wrong] = &[
        ("/type", None, "type"),
        ("/type", Some(json!(1)), "type"),
        ("/type", h(), "type"),
        ("/id", None, "id"),
        ("/id", Some(json!({})), "id"),
        ("/createdAt", None, "createdAt"),
        ("/createdAt", Some(json!("yesterday")), "createdAt"),
        ("/createdAt", Some(json!(-1)), "createdAt"),
        ("/payload", None, "payload"),
        ("/payload", h(), "payload"),
        ("/payload/deployment", None, "payload.deployment"),
        ("/payload/deployment", Some(json!([])), "payload.deployment"),
        ("/payload/deployment/id", None, "payload.deployment.id"),
        ("/payload/deployment/id", Some(json!([])), "payload.deployment.id"),
        ("/payload/deployment/name", Some(json!(1)), "payload.deployment.name"),
        ("/payload/deployment/url", Some(json!(1)), "payload.deployment.url"),
        ("/payload/deployment/errorMessage", Some(json!({})), "payload.deployment.errorMessage"),
        ("/payload/deployment/meta", h(), "payload.deployment.meta"),
        (
            "/payload/deployment/meta/githubCommitSha",
            Some(json!(1)),
            "payload.deployment.meta.githubCommitSha",
        ),
        ("/payload/project", h(), "payload.project"),
        ("/payload/project/id", Some(json!([])), "payload.project.id"),
        ("/payload/target", Some(json!(1)), "payload.target"),
        ("/payload/links", h(), "payload.links"),
        ("/payload/links/deployment", Some(json!(1)), "payload.links.deployment"),
    ];
    assert!(named(WebhookFormat::Vercel, &samples::vercel(), all) >= 20);
    let nameless =
        broken(&broken(&samples::vercel(), "/payload/project", None), "/payload/deployment/name", None);
    assert_eq!(reads(WebhookFormat::Vercel, &nameless).unwrap_err().field, "payload.project.id");
}

#[test]
fn every_wrong_field_of_slack_is_named() {
    let h = || Some(json!("hunter2"));
    let all: &[Wrong] = &[
        ("/type", None, "type"),
        ("/type", Some(json!("")), "type"),
        ("/type", Some(json!(1)), "type"),
        ("/type", h(), "type"),
        ("/event_id", None, "event_id"),
        ("/event_id", Some(json!({})), "event_id"),
        ("/event_id", Some(json!(true)), "event_id"),
        ("/api_app_id", Some(json!([])), "api_app_id"),
        ("/event", None, "event"),
        ("/event", h(), "event"),
        ("/event", Some(json!([])), "event"),
        ("/event/type", None, "event.type"),
        ("/event/type", Some(json!(1)), "event.type"),
        ("/event/subtype", Some(json!({})), "event.subtype"),
        ("/event/bot_id", Some(json!(7)), "event.bot_id"),
        ("/event/app_id", Some(json!(7)), "event.app_id"),
        ("/event/channel", None, "event.channel"),
        ("/event/channel", Some(json!("  ")), "event.channel"),
        ("/event/channel", Some(json!(["hunter2"])), "event.channel"),
        ("/event/text", None, "event.text"),
        ("/event/text", Some(json!("")), "event.text"),
        ("/event/text", Some(json!({"hunter2": 1})), "event.text"),
        ("/event/text", Some(json!("[resolved]")), "event.text"),
        ("/event/ts", None, "event.ts"),
        ("/event/ts", Some(json!(1.5)), "event.ts"),
        ("/event/user", Some(json!({})), "event.user"),
    ];
    assert!(named(WebhookFormat::Slack, &samples::slack(), all) >= 20);
    assert_eq!(
        reads(WebhookFormat::Slack, &json!({"type": "url_verification"})).unwrap_err().field,
        "challenge"
    );
}

#[test]
fn every_wrong_field_of_stripe_is_named() {
    let h = || Some(json!("hunter2"));
    let charge: &[Wrong] = &[
        ("/type", None, "type"),
        ("/type", Some(json!("")), "type"),
        ("/type", Some(json!(1)), "type"),
        ("/type", h(), "type"),
        ("/id", None, "id"),
        ("/id", Some(json!("")), "id"),
        ("/id", Some(json!({})), "id"),
        ("/created", None, "created"),
        ("/created", Some(json!("yesterday")), "created"),
        ("/created", Some(json!(-1)), "created"),
        ("/livemode", None, "livemode"),
        ("/livemode", h(), "livemode"),
        ("/data", None, "data"),
        ("/data", Some(json!([])), "data"),
        ("/data/object", None, "data.object"),
        ("/data/object", h(), "data.object"),
        ("/data/object/id", None, "data.object.id"),
        ("/data/object/id", Some(json!([])), "data.object.id"),
        ("/data/object/failure_code", Some(json!(1)), "data.object.failure_code"),
        ("/data/object/failure_message", Some(json!({})), "data.object.failure_message"),
    ];
    let payment: &[Wrong] = &[
        ("/data/object/last_payment_error", h(), "data.object.last_payment_error"),
        ("/data/object/last_payment_error/type", Some(json!(1)), "data.object.last_payment_error.type"),
        ("/data/object/last_payment_error/code", Some(json!([])), "data.object.last_payment_error.code"),
        ("/data/object/last_payment_error/message", Some(json!(1)), "data.object.last_payment_error.message"),
    ];
    assert!(named(WebhookFormat::Stripe, &samples::stripe_charge(), charge) >= 20);
    named(WebhookFormat::Stripe, &samples::stripe_payment(), payment);
}

#[test]
fn every_wrong_field_of_our_own_form_is_named() {
    let h = || Some(json!("hunter2"));
    let all: &[Wrong] = &[
        ("/title", None, "title"),
        ("/title", Some(json!("")), "title"),
        ("/title", Some(json!("  \t")), "title"),
        ("/title", Some(json!(7)), "title"),
        ("/title", Some(json!(["hunter2"])), "title"),
        ("/severity", h(), "severity"),
        ("/severity", Some(json!(1)), "severity"),
        ("/severity", Some(json!("P9")), "severity"),
        ("/status", h(), "status"),
        ("/status", Some(json!(true)), "status"),
        ("/service", Some(json!("Not A Name")), "service"),
        ("/service", Some(json!("../etc")), "service"),
        ("/service", Some(json!("x".repeat(65))), "service"),
        ("/service", Some(json!({})), "service"),
        ("/fingerprint", Some(json!([])), "fingerprint"),
        ("/fingerprint", Some(json!(1.5)), "fingerprint"),
        ("/count", Some(json!(0)), "count"),
        ("/count", Some(json!(-1)), "count"),
        ("/count", Some(json!("many")), "count"),
        ("/affected", Some(json!(1_u64 << 40)), "affected"),
        ("/url", Some(json!({})), "url"),
        ("/description", Some(json!([])), "description"),
        ("/labels", h(), "labels"),
        ("/labels/job", Some(json!(null)), "labels.job"),
    ];
    assert!(named(WebhookFormat::Generic, &samples::generic(), all) >= 20);
}
