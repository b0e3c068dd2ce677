//! What a door does not let through, whoever brings it and in whatever form.

use super::*;

/// A brief in the engine's own form, as a screen elsewhere sends it.
async fn own_form(house: &House) -> Value {
    let (_, snapshot) = house.get("/api/snapshot").await;
    json!({
        "text": "Mend it", "constraints": [], "checks": [], "budget": 5_000_000, "attachments": [],
        "teams": [snapshot["teams"][0]], "approve": "ask", "repo": "/repo", "timeout": null, "priority": 5,
    })
}

async fn give(house: &House, command: Value) -> (StatusCode, Value) {
    house.post("/api/commands", None, json!({"version": 1, "command": command})).await
}

#[tokio::test]
async fn e1_the_engines_form_of_a_brief_asks_for_no_more_than_the_other_routes_give() {
    let house = house();
    let good = own_form(&house).await;
    let changed = |changes: Value| {
        let mut brief = good.clone();
        changes.as_object().unwrap().iter().for_each(|(key, value)| brief[key] = value.clone());
        json!({"Mission": {"Open": brief}})
    };
    let patch = "0".repeat(64);
    let stranger = json!([{"name": "X", "model": {"vendor": "google", "model": "x"}, "fallback": []}]);
    let feature = json!({"target_url": "http://127.0.0.1:1", "staging_url": "http://127.0.0.1:2",
        "path": "e2e", "test": ["true"], "branch": "main"});
    for (changes, status, word) in [
        (json!({"repo": "/elsewhere"}), 403, "forbidden"),
        (json!({"heals": 1}), 403, "forbidden"),
        (json!({"patch": patch, "approve": "best"}), 403, "forbidden"),
        (json!({"patch": patch, "approve": {"team": "Team Anthropic"}}), 403, "forbidden"),
        (json!({"budget": 1_000_000_000_001_u64}), 422, "invalid"),
        (json!({"budget": 9_999}), 422, "invalid"),
        (json!({"checks": [" "]}), 422, "invalid"),
        (json!({"priority": 11}), 422, "invalid"),
        (json!({"timeout": 0}), 422, "invalid"),
        (json!({"teams": stranger}), 409, "unfit"),
        (json!({"feature": feature}), 409, "unfit"),
    ] {
        let (found, problem) = give(&house, changed(changes.clone())).await;
        assert_eq!((found.as_u16(), sort(&problem)), (status, word), "{changes}: {problem}");
    }
    let (status, problem) = give(&house, json!({"Idea": {"Ask": {"repo": "/elsewhere"}}})).await;
    assert_eq!((status, sort(&problem)), (StatusCode::FORBIDDEN, "forbidden"), "{problem}");
    assert_eq!(house.handle.snapshot().seq.0, 0, "nothing has happened");
    for good in [json!({}), json!({"patch": patch}), json!({"budget": 1_000_000_000_000_u64})] {
        let (status, told) = give(&house, changed(good.clone())).await;
        assert_eq!(status, StatusCode::OK, "{good}: {told}");
    }
}

#[tokio::test]
async fn e1_a_change_of_a_setting_is_told_only_by_what_makes_it() {
    let house = house();
    let change = json!({"Control": {"Change": {"key": "budget.daily_usd", "file": "x", "value": "9"}}});
    let (status, problem) = give(&house, change).await;
    assert_eq!((status, sort(&problem)), (StatusCode::FORBIDDEN, "forbidden"), "{problem}");
    assert_eq!(house.handle.snapshot().seq.0, 0);
}

#[tokio::test]
async fn d1_what_was_refused_for_now_can_be_done_later_under_the_same_key() {
    let house = house();
    let cancel = || house.post("/api/missions/M-1/cancel", Some("k"), json!({"reason": "enough"}));
    assert_eq!(cancel().await.0, StatusCode::NOT_FOUND);
    house.post("/api/missions", None, json!({"text": "Mend it"})).await;
    assert_eq!(cancel().await.0, StatusCode::OK, "there is one now");
    assert_eq!(cancel().await.0, StatusCode::OK, "and what was done is answered the same");
    // What makes no sense makes none later.
    let nonsense = || house.post("/api/missions", Some("n"), json!({"text": " "}));
    assert_eq!((nonsense().await.0, nonsense().await.0.as_u16()), (StatusCode::UNPROCESSABLE_ENTITY, 422));
}

#[tokio::test]
async fn d1_bytes_are_kept_to_the_same_length_with_a_key_and_without() {
    let house = house();
    let send = |key: Option<&str>, bytes: usize| {
        let mut request = Request::post("/api/blobs").header("content-type", "application/octet-stream");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        house.send(request.body(Body::from(vec![b'x'; bytes])).unwrap())
    };
    for key in [None, Some("k")] {
        let (status, problem) = read(send(key, (16 << 20) + 1).await).await;
        assert_eq!((status, sort(&problem)), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("16777216"), "{problem}");
        // The engine in memory keeps nothing; what counts is that it was asked.
        assert_ne!(send(key, 3 << 20).await.status(), StatusCode::PAYLOAD_TOO_LARGE, "{key:?}");
    }
}

#[tokio::test]
async fn d1_a_filter_names_a_word_that_there_is() {
    let house = house();
    for (path, word) in [
        ("/api/missions?status=foo", "over_budget"),
        ("/api/missions?kind=foo", "heal"),
        ("/api/tasks?status=landed", "completed"),
        ("/api/desk?kind=foo", "conflict"),
        ("/api/incidents?severity=P9", "P4"),
        ("/api/incidents?phase=foo", "needs_human"),
    ] {
        let (status, problem) = house.get(path).await;
        assert_eq!((status, sort(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    for path in ["/api/incidents?severity=p2", "/api/incidents?phase=needs_human", "/api/desk?kind=remedy"] {
        assert_eq!(house.get(path).await.0, StatusCode::OK, "{path}");
    }
    let document = document();
    let named = |path: &str, name: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        parameters.iter().find(|one| one["name"] == name).unwrap()["schema"]["enum"].clone()
    };
    assert_eq!(named("/api/incidents", "severity"), json!(["P0", "P1", "P2", "P3", "P4"]));
    let keys = &document["components"]["schemas"]["SettingChange"]["properties"]["key"]["enum"];
    let keys = keys.as_array().unwrap();
    assert!(
        keys.contains(&json!("budget.daily_usd")) && !keys.contains(&json!("autonomy.level")),
        "{keys:?}"
    );
}

#[tokio::test]
async fn d11_only_a_command_is_granted() {
    let house = house();
    house.asks().await;
    let (status, problem) =
        house.post("/api/desk/R-1/decision", None, json!({"revision": 1, "answer": "grant"})).await;
    assert_eq!((status, sort(&problem)), (StatusCode::CONFLICT, "unfit"), "{problem}");
}
