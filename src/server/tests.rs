//! The router over an engine in memory: what is asked, what is answered, what is refused.

mod consents;
mod doors;
mod engine;
mod keys;
mod level;

use super::{
    api::Needs,
    entrance::{Caller, Far},
    front::Front,
    ports::Ports,
    router::{document, router, routes},
    serve::{Setup, doorman, front},
};
use crate::{
    config::{self, Loaded, book::Book, environment::Environment, layers::Sources, settings::Settings},
    domain::{
        access::Role,
        ids::{MissionId, TeamId},
        request::{Actor, Subject},
    },
    engine::command::{Command, DeskCommand},
    runtime::{
        clock::Clock,
        handle::{self, Handle},
    },
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use futures::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// A face over an engine in memory.
struct House {
    app: Router,
    handle: Handle,
    close: watch::Sender<bool>,
}

fn book() -> Book {
    let loaded = Loaded { settings: Settings::default(), origins: Default::default(), notes: Vec::new() };
    config::book::book(&loaded, &Sources::default(), &Environment::default())
}

fn ports() -> Ports {
    Ports {
        ready: Arc::new(|_| async { Ok(()) }.boxed()),
        scan: Arc::new(|_| async { Err("there is no probe".to_owned()) }.boxed()),
        book: Arc::new(|| async { Ok(book()) }.boxed()),
        change: Arc::new(|_| async { Err("there is no file".to_owned()) }.boxed()),
        hooks: None,
    }
}

fn house() -> House {
    house_of(Settings::default())
}

fn house_of(settings: Settings) -> House {
    house_with(settings, ports())
}

fn house_with(mut settings: Settings, ports: Ports) -> House {
    let (handle, end) = handle::link(Actor::Person("daemon".into()));
    engine::start(end);
    settings.places.repo = Some("/repo".into());
    let setup = Setup {
        handle: handle.clone(),
        settings,
        environment: Environment::of([("ANTHROPIC_API_KEY", "x")]),
        ports,
        clock: Clock::Wall,
    };
    let (close, closing) = watch::channel(false);
    let doorman = Arc::new(doorman(&setup));
    let front: Arc<Front> = front(setup, closing);
    House { app: router(front, doorman), handle, close }
}

impl House {
    /// Another daemon on the same journal: it has the state, and no answer that was given before.
    fn again(&self) -> House {
        let mut settings = Settings::default();
        settings.places.repo = Some("/repo".into());
        let (handle, environment) = (self.handle.clone(), Environment::default());
        let setup =
            Setup { handle: handle.clone(), settings, environment, ports: ports(), clock: Clock::Wall };
        let (close, closing) = watch::channel(false);
        let doorman = Arc::new(doorman(&setup));
        House { app: router(front(setup, closing), doorman), handle, close }
    }

    async fn send(&self, mut request: Request<Body>) -> axum::response::Response {
        request.extensions_mut().insert(Caller { name: "ada".into(), role: Role::Director, once: None });
        self.app.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.send(Request::get(path).body(Body::empty()).unwrap()).await).await
    }

    async fn post(&self, path: &str, key: Option<&str>, body: Value) -> (StatusCode, Value) {
        let mut request = Request::post(path).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        read(self.send(request.body(Body::from(body.to_string())).unwrap()).await).await
    }

    /// A mission that works, and a question of its first team: M-1, R-1.
    async fn asks(&self) {
        let (status, _) = self.post("/api/missions", None, json!({"text": "Mend it"})).await;
        assert_eq!(status, StatusCode::CREATED);
        let (mission, team) = (MissionId(1), TeamId(1));
        let subject = Box::new(Subject::Ask { team, question: "Which one?".into() });
        let agent = self.handle.in_name_of(Actor::Agent(mission, Some(team)));
        agent.send(Command::Desk(DeskCommand::Ask(mission, subject))).await.unwrap();
    }
}

async fn read(response: axum::response::Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// The word of a problem.
fn sort(value: &Value) -> &str {
    value["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default()
}

#[tokio::test]
async fn d1_a_brief_becomes_a_mission_that_can_be_listed_shown_and_cancelled() {
    let house = house();
    let brief =
        json!({"text": "Mend it\nwell", "teams": ["Team Anthropic"], "budget_usd": 0.5, "priority": 9});
    let (status, opened) = house.post("/api/missions", None, brief).await;
    assert_eq!((status, opened["mission"].as_str()), (StatusCode::CREATED, Some("M-1")), "{opened}");
    assert_eq!((opened["title"].as_str(), opened["budget_usd"].as_f64()), (Some("Mend it"), Some(0.5)));
    for text in ["two", "three"] {
        house.post("/api/missions", None, json!({"text": text})).await;
    }
    let (_, page) = house.get("/api/missions?most=2").await;
    assert_eq!(page["items"][0]["mission"], "M-3");
    assert_eq!((page["items"].as_array().unwrap().len(), page["next"].as_str()), (2, Some("M-2")));
    let (_, page) = house.get("/api/missions?most=2&before=M-2").await;
    assert_eq!((page["items"][0]["mission"].as_str(), page["next"].as_str()), (Some("M-1"), None));
    let (status, ended) = house.post("/api/missions/M-1/cancel", None, json!({"reason": "not now"})).await;
    assert_eq!((status, ended["status"].as_str()), (StatusCode::OK, Some("cancelled")));
    let (status, again) = house.post("/api/missions/m-1/cancel", None, json!({})).await;
    assert_eq!((status, sort(&again)), (StatusCode::CONFLICT, "already"), "{again}");
    let (_, page) = house.get("/api/missions?status=cancelled").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let (_, health) = house.get("/health").await;
    assert_eq!((health["status"].as_str(), health["tasks_running"].as_u64()), (Some("ok"), Some(2)));
}

fn task(feature: &str) -> Value {
    json!({"feature": feature, "target_url": "http://127.0.0.1:8080", "staging_url": "http://127.0.0.1:9090"})
}

#[tokio::test]
async fn d1_a_task_is_submitted_shown_listed_and_cancelled() {
    let mut settings = Settings::default();
    settings.feature.test = vec!["./e2e.sh".into()];
    settings.feature.deploy = vec!["./deploy.sh".into()];
    let house = house_of(settings);
    let mut wish = task("Wish lists\nfor everybody");
    wish["priority"] = 8.into();
    let (status, taken) = house.post("/api/tasks", Some("once"), wish.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{taken}");
    assert_eq!((taken["task_id"].as_str(), taken["status"].as_str()), (Some("M-1"), Some("running")));
    assert!(taken["created_at"].as_str().is_some_and(|at| at.ends_with('Z')));
    let (_, again) = house.post("/api/tasks", Some("once"), wish).await;
    assert_eq!(again, taken, "the same word submits one task");
    let (status, other) = house.post("/api/tasks", Some("once"), task("Another")).await;
    assert_eq!(status, StatusCode::CONFLICT, "{other}");
    let (_, shown) = house.get("/api/tasks/M-1").await;
    assert_eq!(
        (shown["phase"].as_str(), shown["progress"].as_str()),
        (Some("plan"), Some("0/7 phases complete"))
    );
    assert_eq!((shown["feature"].as_str(), shown["priority"].as_u64()), (Some("Wish lists"), Some(8)));
    let nothing = json!({"test_path": null, "code_pr_id": null, "review_decision": null,
        "deployment_url": null, "validation_status": null});
    assert_eq!(shown["result"], nothing);
    // A brief is no task.
    house.post("/api/missions", None, json!({"text": "Mend it"})).await;
    assert_eq!(house.get("/api/tasks/M-2").await.0, StatusCode::NOT_FOUND);
    assert_eq!(house.post("/api/tasks/M-2/cancel", None, json!({})).await.0, StatusCode::NOT_FOUND);
    house.post("/api/tasks", None, task("Two")).await;
    let (_, page) = house.get("/api/tasks?most=1").await;
    assert_eq!((page["items"][0]["task_id"].as_str(), page["next"].as_str()), (Some("M-3"), Some("M-3")));
    let (_, page) = house.get("/api/tasks?most=1&before=M-3").await;
    assert_eq!((page["items"][0]["task_id"].as_str(), page["next"].as_str()), (Some("M-1"), None));
    let (status, ended) = house.post("/api/tasks/M-1/cancel", None, json!({"reason": "not now"})).await;
    assert_eq!((status, ended["status"].as_str()), (StatusCode::OK, Some("cancelled")), "{ended}");
    assert_eq!(ended["reason"], "not now");
    let (_, page) = house.get("/api/tasks?status=cancelled").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let (status, retried) = house.post("/api/tasks/M-1/retry", None, json!({})).await;
    assert_eq!((status, retried["status"].as_str()), (StatusCode::OK, Some("running")), "{retried}");
}

#[tokio::test]
async fn d1_a_task_that_cannot_be_tested_or_staged_is_told_as_a_problem() {
    let ready = || {
        let mut settings = Settings::default();
        settings.feature.test = vec!["./e2e.sh".into()];
        settings.feature.deploy = vec!["./deploy.sh".into()];
        settings
    };
    let mut untested = ready();
    untested.feature.test.clear();
    let mut unstaged = ready();
    unstaged.feature.deploy.clear();
    let (unfit, invalid) = ((StatusCode::CONFLICT, "unfit"), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"));
    for (settings, url, told, why) in [
        (untested, "http://127.0.0.1:1", unfit, "feature.test"),
        (unstaged, "http://127.0.0.1:1", unfit, "staging environment"),
        (ready(), "127.0.0.1:1", invalid, "no address"),
        (ready(), "http://ada:secret@127.0.0.1", invalid, "no address"),
        (ready(), "https://shop.example", unfit, "reaches this machine only"),
    ] {
        let house = house_of(settings);
        let mut wish = task("Wish lists");
        wish["staging_url"] = url.into();
        let (status, problem) = house.post("/api/tasks", None, wish).await;
        assert_eq!((status, sort(&problem)), told, "{problem}");
        assert!(problem.to_string().contains(why), "{why}: {problem}");
    }
}

#[tokio::test]
async fn d1_the_same_key_opens_one_mission_and_a_restart_does_not_change_that() {
    let house = house();
    let brief = || json!({"text": "Mend it"});
    let (_, first) = house.post("/api/missions", Some("k"), brief()).await;
    let (status, again) = house.post("/api/missions", Some("k"), brief()).await;
    assert_eq!((status, &again), (StatusCode::CREATED, &first));
    let (status, other) = house.post("/api/missions", Some("k"), json!({"text": "Something else"})).await;
    assert_eq!((status, sort(&other)), (StatusCode::CONFLICT, "other_under_same_key"));
    // Another daemon over the same journal has none of the answers in memory.
    let mut setup = Settings::default();
    setup.places.repo = Some("/repo".into());
    let setup = Setup {
        handle: house.handle.clone(),
        settings: setup,
        environment: Environment::of([("ANTHROPIC_API_KEY", "x")]),
        ports: ports(),
        clock: Clock::Wall,
    };
    let (close, closing) = watch::channel(false);
    let doorman = Arc::new(doorman(&setup));
    let later = House { app: router(front(setup, closing), doorman), handle: house.handle.clone(), close };
    let under_key = Request::post("/api/missions").header("content-type", "application/json");
    let under_key = under_key.header("idempotency-key", "k").body(Body::from(brief().to_string())).unwrap();
    assert_eq!(later.send(under_key).await.headers()["idempotency-replayed"], "true");
    let (status, again) = later.post("/api/missions", Some("k"), brief()).await;
    assert_eq!((status, again["mission"].as_str()), (StatusCode::CREATED, Some("M-1")), "{again}");
    let (status, other) = later.post("/api/missions", Some("k"), json!({"text": "Something else"})).await;
    assert_eq!((status, sort(&other)), (StatusCode::CONFLICT, "other_under_same_key"));
    assert_eq!(house.handle.snapshot().missions.len(), 1);
}

#[tokio::test]
async fn d11_a_decision_is_of_the_revision_that_was_seen_and_says_whose_it_is() {
    let house = house();
    house.asks().await;
    let (_, desk) = house.get("/api/desk").await;
    let seen = desk["items"][0]["revision"].as_u64().unwrap();
    assert_eq!(
        (desk["items"][0]["kind"].as_str(), desk["items"][0]["about"].as_str()),
        (Some("ask"), Some("M-1"))
    );
    let decision = |revision: u64| json!({"revision": revision, "answer": "modify", "prompt": "The first"});
    let (status, old) = house.post("/api/desk/R-1/decision", None, decision(seen + 1)).await;
    assert_eq!((status, sort(&old)), (StatusCode::CONFLICT, "stale"), "{old}");
    let (status, _) =
        house.post("/api/desk/R-1/decision", None, json!({"revision": seen, "answer": "reject"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a no has a reason");
    let (status, receipt) = house.post("/api/desk/R-1/decision", None, decision(seen)).await;
    assert_eq!((status, receipt["request"].as_str()), (StatusCode::OK, Some("R-1")), "{receipt}");
    let (status, late) = house.post("/api/desk/R-1/decision", None, decision(seen)).await;
    assert_eq!((status, sort(&late)), (StatusCode::CONFLICT, "already"), "{late}");
    let (_, one) = house.get("/api/desk/R-1").await;
    assert_eq!(
        (one["decision"]["answer"].as_str(), one["decision"]["by"].as_str()),
        (Some("modify"), Some("ada"))
    );
    assert_eq!(house.get("/api/desk").await.1["items"], json!([]));
    assert_eq!(house.get("/api/desk?decided=true").await.1["items"][0]["request"], "R-1");
}

#[tokio::test]
async fn d11_what_makes_no_sense_is_told_as_a_problem_and_does_nothing() {
    let house = house();
    for (path, body, status, word) in [
        ("/api/missions", "{", 400, "malformed"),
        ("/api/missions", r#"{"text":"x","colour":1}"#, 422, "invalid"),
        ("/api/missions", r#"{"text":" "}"#, 422, "invalid"),
        ("/api/missions", r#"{"text":"x","teams":["Nobody"]}"#, 409, "unfit"),
        ("/api/missions", r#"{"text":"x","budget_usd":-1}"#, 422, "invalid"),
        ("/api/missions", r#"{"text":"x","budget_usd":0.009}"#, 422, "invalid"),
        ("/api/missions", r#"{"text":"x","budget_usd":1000000.01}"#, 422, "invalid"),
        ("/api/missions", r#"{"text":"x","timeout":"soon"}"#, 422, "invalid"),
        ("/api/missions", r#"{"text":"x","priority":300}"#, 422, "invalid"),
        ("/api/missions/M-9/cancel", "{}", 404, "not_found"),
        ("/api/missions/../etc/cancel", "{}", 404, "not_found"),
        ("/api/desk/R-9/decision", r#"{"revision":1,"answer":"approve"}"#, 404, "not_found"),
        ("/api/incidents/I-9/silence", "{}", 422, "invalid"),
        ("/api/incidents/I-9/silence", r#"{"reason":"moving"}"#, 404, "not_found"),
        ("/api/missions", r#"{"text":"a","text":"b"}"#, 422, "invalid"),
        ("/api/control/level", r#"{"level":4}"#, 422, "invalid"),
        ("/api/control/level", r#"{"level":2.5}"#, 422, "invalid"),
        ("/api/blobs", "", 400, "malformed"),
        ("/api/control/resume", "{}", 409, "already"),
        ("/health", "{}", 405, "method_not_allowed"),
    ] {
        let request =
            Request::post(path).header("content-type", "application/json").body(Body::from(body)).unwrap();
        let response = house.send(request).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        let (found, problem) = read(response).await;
        assert_eq!((found.as_u16(), sort(&problem)), (status, word), "{path} {body}: {problem}");
        assert!(
            ["title", "detail", "hint"].iter().all(|field| !problem[*field].as_str().unwrap().is_empty())
        );
    }
    for path in [
        "/api/missions?most=0",
        "/api/missions?colour=1",
        "/api/journal?kind=Mission",
        "/api/journal?mission=x",
    ] {
        let (status, problem) = house.get(path).await;
        assert_eq!((status, sort(&problem)), (StatusCode::BAD_REQUEST, "malformed"), "{path}");
    }
    let (status, told) = house.post("/api/control/level", None, json!({"level": 2.0})).await;
    assert_eq!(
        (status, told["detail"].as_str()),
        (StatusCode::CONFLICT, Some("autonomy.level: there is no file")),
        "2.0 is a whole number in JSON, and was read as one"
    );
    let plain = Request::post("/api/control/pause").body(Body::from("{}")).unwrap();
    assert_eq!(house.send(plain).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = json!({"text": "x".repeat(3 << 20)});
    assert_eq!(house.post("/api/missions", None, long.clone()).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(house.post("/api/missions", Some("k"), long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(house.post("/api/missions", Some(""), json!({"text": "x"})).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(house.handle.snapshot().seq.0, 0, "nothing has happened");
}

#[tokio::test]
async fn e1_every_route_is_for_the_role_that_its_description_names_and_for_no_less() {
    let described = document();
    let mut seen = BTreeSet::new();
    for (method, path, needs) in routes() {
        let operation = &described["paths"][path][method];
        let wanted = match needs {
            Needs::Nobody => None,
            Needs::Role(role) => Some(role),
        };
        assert_eq!(operation["x-role"].as_str(), wanted.map(Role::word), "{method} {path}");
        let security = if wanted.is_some() { json!([{"bearer": []}]) } else { json!([]) };
        assert_eq!(operation["security"], security, "{method} {path}");
        // Nothing but reading is for everybody who may read; and only these few are for nobody in particular.
        let open =
            ["/livez", "/readyz", "/api/login", "/api/login/{login}", "/api/hooks/{name}"].contains(&path);
        assert_eq!(wanted.is_none(), open, "{method} {path}");
        assert!(method == "get" || wanted.is_none_or(|role| role > Role::Viewer), "{method} {path}");
        seen.insert(wanted);
        let house = house();
        let place = path.split('/').map(|part| if part.starts_with('{') { "M-1" } else { part });
        let place = place.collect::<Vec<_>>().join("/");
        let ask = |mark: Option<Caller>| {
            let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(&place);
            request = request.header("host", "localhost").header("content-type", "application/json");
            let mut request = request.body(Body::from("{}")).unwrap();
            match mark {
                Some(caller) => drop(request.extensions_mut().insert(caller)),
                None => drop(request.extensions_mut().insert(Far("192.0.2.1".parse().unwrap()))),
            }
            house.app.clone().oneshot(request)
        };
        for role in Role::ALL {
            let answer = ask(Some(Caller { name: "ada".into(), role, once: None })).await.unwrap();
            let (status, head) = (answer.status(), answer.headers()["content-type"].clone());
            // Streams do not end: only what is refused is read.
            let word = if head == "application/problem+json" {
                sort(&read(answer).await.1).to_owned()
            } else {
                String::new()
            };
            let refused = status == StatusCode::FORBIDDEN && word == "role";
            assert_eq!(
                refused,
                wanted.is_some_and(|wanted| role < wanted),
                "{role} {method} {path}: {status}"
            );
        }
        let nobody = ask(None).await.unwrap();
        assert_eq!(nobody.status() == StatusCode::UNAUTHORIZED, wanted.is_some(), "{method} {path}");
    }
    assert_eq!(seen.len(), 4, "every role has routes of its own: {seen:?}");
}

#[tokio::test]
async fn e1_a_grant_and_the_level_are_for_directors_whatever_the_route() {
    let house = house();
    house.asks().await;
    let operator = || Caller { name: "bob".into(), role: Role::Operator, once: None };
    let post = |path: &str, body: Value| {
        let request = Request::post(path).header("content-type", "application/json");
        let mut request = request.body(Body::from(body.to_string())).unwrap();
        request.extensions_mut().insert(operator());
        house.app.clone().oneshot(request)
    };
    let level = json!({"version": 1, "command": {"Control": {"Change": {"key": "autonomy.level", "file": "x", "value": "3"}}}});
    for (path, body, status) in [
        ("/api/commands", json!({"version": 1, "command": {"Control": "Resume"}}), 403),
        ("/api/commands", level, 403),
        ("/api/commands", json!({"version": 1, "command": {"Control": {"Pause": "x"}}}), 200),
        ("/api/desk/R-1/decision", json!({"revision": 1, "answer": "modify", "prompt": "the first"}), 200),
    ] {
        let (found, said) = read(post(path, body).await.unwrap()).await;
        assert_eq!(found.as_u16(), status, "{path}: {said}");
    }
}

#[tokio::test]
async fn d11_nobody_is_served_whose_name_is_not_known() {
    let request = Request::get("/health").body(Body::empty()).unwrap();
    let response = house().app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

/// The ids of the next events, at least so many.
async fn ids(body: &mut axum::body::BodyDataStream, least: usize) -> Vec<u64> {
    let mut found = Vec::new();
    while found.len() < least {
        let piece = body.next().await.expect("the stream goes on").unwrap();
        let text = String::from_utf8(piece.to_vec()).unwrap();
        found.extend(text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse::<u64>().ok()));
    }
    found
}

#[tokio::test]
async fn d11_a_stream_goes_on_after_the_last_event_and_ends_with_the_face() {
    let house = house();
    house.asks().await;
    let now = house.handle.snapshot().seq.0;
    let from = |place: u64| Request::get(format!("/api/events?after={place}"));
    let all = house.send(from(0).body(Body::empty()).unwrap()).await;
    assert_eq!(all.headers()["content-type"], "text/event-stream");
    let mut all = all.into_body().into_data_stream();
    assert_eq!(ids(&mut all, usize::try_from(now).unwrap()).await, (1..=now).collect::<Vec<_>>());
    // The header is the reader's own word for where it was, and counts before the query.
    let request = from(0).header("last-event-id", (now - 1).to_string()).body(Body::empty()).unwrap();
    let mut late = house.send(request).await.into_body().into_data_stream();
    assert_eq!(ids(&mut late, 1).await, [now]);
    house.post("/api/control/pause", None, json!({})).await;
    assert_eq!(ids(&mut late, 1).await, [now + 1]);
    assert_eq!(ids(&mut all, 1).await, [now + 1]);
    let ahead = house.send(from(now + 9).body(Body::empty()).unwrap()).await;
    let (status, problem) = read(ahead).await;
    assert_eq!((status, sort(&problem)), (StatusCode::CONFLICT, "stale"), "another journal");
    let wrong = from(0).header("last-event-id", "x").body(Body::empty()).unwrap();
    assert_eq!(house.send(wrong).await.status(), StatusCode::BAD_REQUEST);
    house.close.send_replace(true);
    assert!(late.next().await.is_none() && all.next().await.is_none());
    assert_eq!(house.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(house.get("/livez").await.0, StatusCode::OK);
}

#[tokio::test]
async fn d11_a_snapshot_and_what_follows_add_up_to_the_state() {
    let house = house();
    house.asks().await;
    let (_, snapshot) = house.get("/api/snapshot").await;
    let mut state: crate::engine::state::State = serde_json::from_value(snapshot["state"].clone()).unwrap();
    assert_eq!(snapshot["seq"].as_u64(), Some(state.seq.0));
    house.post("/api/control/stop", None, json!({"reason": "enough"})).await;
    for entry in house.handle.follow(state.seq, 100).await.unwrap() {
        let event = serde_json::from_str(&entry.payload).unwrap();
        // Whose deed it was is another entry's part of the form; here all but the engine's own is one person's.
        let fact = crate::engine::event::Fact { actor: Actor::Person("ada".into()), at: entry.at, event };
        state.apply(entry.seq, &fact);
    }
    assert_eq!(state, *house.handle.snapshot());
}

#[tokio::test]
async fn d9_every_route_is_in_the_document_and_every_reference_leads_somewhere() {
    let document = document();
    let mut names = BTreeSet::new();
    for (method, path, _) in routes() {
        let operation = &document["paths"][path][method];
        let name =
            operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} is not described"));
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        assert!(!operation["summary"].as_str().unwrap().is_empty());
        let parts = path.split('/').filter(|part| part.starts_with('{')).count();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        assert_eq!(parameters.iter().filter(|one| one["in"] == "path").count(), parts, "{path}");
    }
    let text = document.to_string();
    for (at, _) in text.match_indices("\"$ref\":\"#") {
        let rest = &text[at + "\"$ref\":\"#".len()..];
        let pointer = &rest[..rest.find('"').unwrap()];
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    let (_, served) = house().get("/api/openapi.json").await;
    assert_eq!(served, document);
}

#[tokio::test]
async fn s5_settings_are_told_without_secrets_and_what_rules_at_once_is_all_that_is_changed_from_afar() {
    let house = house();
    let (status, told) = house.get("/api/settings").await;
    assert_eq!(status, StatusCode::OK);
    let all = told["settings"].as_array().unwrap();
    let of = |key: &str| all.iter().find(|one| one["key"] == key).unwrap();
    assert_eq!(
        (&of("budget.daily_usd")["from_afar"], &of("budget.daily_usd")["layer"]),
        (&json!(true), &json!("built_in"))
    );
    assert_eq!(of("preview.command")["from_afar"], json!(false));
    assert_eq!(of("providers.anthropic.key")["secret"], json!(true));
    let guards = ["protected.deny", "autonomy.two_persons", "autonomy.undo_window_s"];
    let places =
        ["preview.command", "voice.command", "providers.anthropic.key", "notify.webhook", "nonsense"];
    for key in guards.into_iter().chain(places) {
        let (status, problem) = house.post("/api/settings", None, json!({"key": key, "value": "x"})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{key}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("is not changed from afar"), "{problem}");
    }
    let (status, problem) =
        house.post("/api/settings", None, json!({"key": "budget.daily_usd", "value": "9"})).await;
    assert_eq!(
        (status, problem["detail"].as_str()),
        (StatusCode::CONFLICT, Some("budget.daily_usd: there is no file"))
    );
    assert!(problem["hint"].as_str().unwrap().starts_with("budget.daily_usd takes US dollars"), "{problem}");
}
