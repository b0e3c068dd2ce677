//! Words under which something is given: it is done once, whichever daemon hears it.

use super::*;
use crate::{
    domain::{
        brief::Once,
        digest::Digest,
        incident::Severity,
        signal::{Fingerprint, Signal, SignalState, kind},
    },
    engine::command::{ControlCommand, HealCommand},
    server::tail::VERSION,
};

#[tokio::test]
async fn d1_a_word_on_an_incident_is_given_once_whichever_daemon_hears_it() {
    let house = house();
    let ill = Signal {
        fingerprint: Fingerprint::of(&["web"]),
        service: "web".into(),
        env: "production".into(),
        kind: kind::PROCESS_DOWN.into(),
        severity: Severity::P1,
        title: "it is gone".into(),
        ..Signal::storm(SignalState::Firing)
    };
    let monitor = house.handle.in_name_of(Actor::Engine);
    monitor.send(Command::Heal(HealCommand::Observe(vec![ill]))).await.unwrap();
    let quiet = json!({"reason": "moving", "lasts": "1h"});
    let words =
        [("silence", quiet.clone()), ("investigate", json!({})), ("resolve", json!({"reason": "done"}))];
    for (what, body) in &words {
        let (status, told) =
            house.post(&format!("/api/incidents/I-1/{what}"), Some(what), body.clone()).await;
        assert_eq!(status, StatusCode::OK, "{what}: {told}");
    }
    let before = house.handle.snapshot();
    assert_eq!((before.ward.silences.len(), before.given.len()), (1, 3));
    let later = house.again();
    for (what, body) in &words {
        let path = format!("/api/incidents/I-1/{what}");
        let request =
            Request::post(&path).header("content-type", "application/json").header("idempotency-key", *what);
        let response = later.send(request.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(
            (response.status(), &response.headers()["idempotency-replayed"]),
            (StatusCode::OK, &"true".parse().unwrap()),
            "{what}"
        );
        assert_eq!(read(response).await.1["phase"], "closed", "as it stands now");
    }
    assert_eq!(house.handle.snapshot().seq, before.seq, "nothing was done again");
    let (status, other) =
        later.again().post("/api/incidents/I-1/silence", Some("silence"), json!({"reason": "x"})).await;
    assert_eq!((status, sort(&other)), (StatusCode::CONFLICT, "other_under_same_key"), "{other}");
    // The word is the header's: nobody brings one of another.
    let once = Once { word: Digest::of(b"w"), given: Digest::of(b"g") };
    let pause = Command::Control(ControlCommand::Pause("x".into()));
    let raw = json!({"version": VERSION, "command": Command::Under(once, Box::new(pause))});
    let (status, problem) = house.post("/api/commands", None, raw).await;
    assert_eq!((status, sort(&problem)), (StatusCode::FORBIDDEN, "forbidden"), "{problem}");
}
