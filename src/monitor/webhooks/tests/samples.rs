//! One payload of every kind, with the fields that senders send.

use super::*;

pub(super) fn all() -> Vec<(WebhookFormat, Value)> {
    vec![
        (WebhookFormat::Alertmanager, alertmanager()),
        (WebhookFormat::Sentry, sentry_event()),
        (WebhookFormat::Sentry, sentry_issue()),
        (WebhookFormat::Sentry, sentry_metric()),
        (WebhookFormat::Github, github_run()),
        (WebhookFormat::Github, github_check()),
        (WebhookFormat::Github, github_suite()),
        (WebhookFormat::Github, github_deployment()),
        (WebhookFormat::Vercel, vercel()),
        (WebhookFormat::Slack, slack()),
        (WebhookFormat::Stripe, stripe_charge()),
        (WebhookFormat::Stripe, stripe_payment()),
        (WebhookFormat::Stripe, stripe_payout()),
        (WebhookFormat::Generic, generic()),
    ]
}

pub(super) fn alertmanager() -> Value {
    let errors = |instance: &str, percent: &str| {
        json!({
            "status": "firing",
            "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical", "instance": instance},
            "annotations": {
                "summary": format!("{percent} % of requests of checkout fail"),
                "description": format!("{instance} answers {percent} % with 5xx"),
                "runbook_url": "https://runbooks.example.org/errors",
            },
            "startsAt": "2026-11-20T10:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org/graph?g0.expr=x",
            "fingerprint": "6dcb1d0e0f1c2a3b",
        })
    };
    json!({
        "version": "4",
        "groupKey": "{}:{team=\"shop\"}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "chimera",
        "groupLabels": {"team": "shop"},
        "commonLabels": {"team": "shop"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.org",
        "alerts": [errors("10.0.0.1:80", "7.3"), errors("10.0.0.2:80", "9"), {
            "status": "resolved",
            "labels": {"alertname": "DiskFull", "severity": "warning", "device": "sda", "instance": "db:9100"},
            "annotations": {"summary": "disk is 91 % full"},
            "startsAt": "2026-11-20T09:00:00Z",
            "endsAt": "2026-11-20T10:01:00Z",
            "generatorURL": "",
            "fingerprint": "0123456789abcdef",
        }],
    })
}

pub(super) fn sentry_event() -> Value {
    let frame = |file: &str, line: u32, module: &str, function: &str, own: bool| json!({"filename": file, "lineno": line, "module": module, "function": function, "in_app": own, "colno": null});
    json!({
        "action": "triggered",
        "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},
        "actor": {"id": "sentry", "name": "Sentry", "type": "application"},
        "data": {
            "triggered_rule": "Very important rule",
            "event": {
                "event_id": "e4874d664c3540c1a32eab185f12c5ab",
                "issue_id": "1170820242",
                "title": "IntegrityError: duplicate key order 4711",
                "message": "",
                "level": "fatal",
                "culprit": "shop.orders in place",
                "platform": "python",
                "environment": "production",
                "project": 1,
                "web_url": "https://sentry.example.org/organizations/acme/issues/1170820242/",
                "exception": {"values": [{
                    "type": "IntegrityError",
                    "value": "duplicate key order 4711",
                    "stacktrace": {"frames": [
                        frame("wsgi.py", 7, "wsgi", "run", false),
                        frame("shop/web.py", 12, "shop.web", "post", true),
                        frame("shop/orders.py", 88, "shop.orders", "place", true),
                        frame("psycopg/cursor.py", 732, "psycopg.cursor", "execute", false),
                    ]},
                }]},
                "tags": [["environment", "production"]],
            },
        },
    })
}

pub(super) fn sentry_issue() -> Value {
    json!({
        "action": "created",
        "actor": {"id": "sentry", "type": "application"},
        "data": {"issue": {
            "id": "1170820242",
            "shortId": "SHOP-1",
            "title": "IntegrityError: duplicate key order 4711",
            "level": "error",
            "status": "unresolved",
            "culprit": "shop.orders in place",
            "count": "12",
            "userCount": 3,
            "project": {"id": "1", "slug": "shop"},
            "permalink": "https://sentry.example.org/issues/1170820242/",
            "firstSeen": "2026-11-20T10:00:00Z",
        }},
    })
}

pub(super) fn sentry_metric() -> Value {
    json!({
        "action": "critical",
        "data": {
            "metric_alert": {
                "id": "4",
                "date_started": "2026-11-20T10:00:00Z",
                "alert_rule": {"id": 7, "name": "Too many errors", "aggregate": "count()", "query": "level:error", "dataset": "events", "environment": null},
            },
            "description_title": "Critical: Too many errors",
            "description_text": "1000 events in the last 10 minutes",
            "web_url": "https://sentry.example.org/alerts/4/",
        },
    })
}

fn repository() -> Value {
    json!({"id": 1, "full_name": "acme/shop", "default_branch": "main"})
}

pub(super) fn github_run() -> Value {
    json!({
        "action": "completed",
        "workflow_run": {
            "id": 30433642,
            "workflow_id": 159038,
            "name": "Deploy",
            "path": ".github/workflows/deploy.yml",
            "head_branch": "main",
            "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
            "event": "push",
            "run_attempt": 1,
            "status": "completed",
            "conclusion": "failure",
            "html_url": "https://github.com/acme/shop/actions/runs/30433642",
            "head_commit": {"id": "acb5820ced9479c074f688cc328bf03f341a511d", "message": "Pay by card"},
        },
        "repository": repository(),
        "sender": {"login": "ada"},
    })
}

pub(super) fn github_check() -> Value {
    json!({
        "action": "completed",
        "check_run": {
            "id": 4,
            "name": "lint",
            "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
            "conclusion": "failure",
            "html_url": "https://github.com/acme/shop/runs/4",
            "output": {"title": "3 errors", "summary": "see below"},
            "check_suite": {"id": 5, "head_branch": "main"},
            "app": {"slug": "linter", "name": "Linter"},
        },
        "repository": repository(),
    })
}

pub(super) fn github_suite() -> Value {
    json!({
        "action": "completed",
        "check_suite": {"id": 5, "head_branch": "main", "head_sha": "acb5820c", "conclusion": "timed_out", "app": {"slug": "github-actions"}},
        "repository": repository(),
    })
}

pub(super) fn github_deployment() -> Value {
    json!({
        "action": "created",
        "deployment_status": {
            "id": 9,
            "state": "failure",
            "environment": "production",
            "description": "health check failed",
            "target_url": "https://ci.example.org/9",
            "log_url": "",
        },
        "deployment": {"id": 8, "sha": "acb5820ced9479c074f688cc328bf03f341a511d", "ref": "main", "task": "deploy", "environment": "production"},
        "repository": repository(),
    })
}

pub(super) fn vercel() -> Value {
    json!({
        "id": "uev_1",
        "type": "deployment.error",
        "createdAt": 1_763_632_800_000_u64,
        "region": null,
        "payload": {
            "team": {"id": "team_1"},
            "user": {"id": "usr_1"},
            "target": "production",
            "plan": "pro",
            "project": {"id": "prj_1"},
            "links": {"deployment": "https://vercel.com/acme/shop-web/1", "project": "https://vercel.com/acme/shop-web"},
            "deployment": {
                "id": "dpl_1",
                "name": "shop-web",
                "url": "shop-web-1.vercel.app",
                "inspectorUrl": "https://vercel.com/acme/shop-web/1",
                "errorMessage": "Command \"npm run build\" exited with 1",
                "meta": {"githubCommitSha": "acb5820ced9479c074f688cc328bf03f341a511d", "githubCommitRef": "main", "githubRepo": "shop"},
            },
        },
    })
}

pub(super) fn slack() -> Value {
    json!({
        "token": "z26uFbvR1xHJEdHE1OQiO6t8",
        "team_id": "T061EG9RZ",
        "api_app_id": "A0",
        "type": "event_callback",
        "event_id": "Ev9UQ52YNA",
        "event_time": 1_763_632_800,
        "event": {
            "type": "message",
            "subtype": "bot_message",
            "channel": "C061EG9SL",
            "bot_id": "B061F7JD2",
            "app_id": "A1",
            "user": "U061F1EUR",
            "text": "critical: checkout fails since 10:40",
            "ts": "1763632799.000200",
        },
    })
}

fn stripe(what: &str, object: Value) -> Value {
    json!({
        "id": "evt_1MqqbKLt4dXK03v5qaIbiNCC",
        "object": "event",
        "api_version": "2025-03-31.basil",
        "created": 1_763_632_800,
        "livemode": true,
        "pending_webhooks": 1,
        "type": what,
        "data": {"object": object},
    })
}

pub(super) fn stripe_charge() -> Value {
    stripe(
        "charge.failed",
        json!({
            "id": "ch_3MmlLrLkdIwHu7ix0snN0B15",
            "object": "charge",
            "amount": 1_099,
            "currency": "usd",
            "failure_code": "processing_error",
            "failure_message": "An error occurred while processing the card.",
        }),
    )
}

pub(super) fn stripe_payment() -> Value {
    stripe(
        "payment_intent.payment_failed",
        json!({
            "id": "pi_3MtwBwLkdIwHu7ix28a3tqPa",
            "object": "payment_intent",
            "amount": 2_000,
            "last_payment_error": {
                "type": "api_error",
                "code": "api_key_expired",
                "message": "The key has expired.",
            },
        }),
    )
}

pub(super) fn stripe_payout() -> Value {
    stripe(
        "payout.failed",
        json!({
            "id": "po_1OaFDbEcg9tTZuTgNYmX0PKB",
            "object": "payout",
            "failure_code": "account_closed",
            "failure_message": "The bank account has been closed.",
        }),
    )
}

pub(super) fn generic() -> Value {
    json!({
        "title": "nightly settlement failed",
        "severity": "critical",
        "status": "firing",
        "service": "billing",
        "fingerprint": "settlement",
        "count": 3,
        "affected": 40,
        "url": "https://jobs.example.org/settlement",
        "description": "exit status 3",
        "labels": {"job": "settlement"},
    })
}
