//! What is read of a cluster, as real ones say it.

use super::*;
use crate::domain::expr::Value;
use serde_json::json;

type Facts = Vec<(String, Value)>;

fn pod(name: &str, status: Json) -> Json {
    json!({"metadata": {"name": name}, "spec": {"nodeName": "n1"}, "status": status})
}

fn ready(is: &str) -> Json {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": is}]})
}

fn said(pods: &[Json]) -> Said {
    Said { pods: json!({ "items": pods }), ..Said::default() }
}

fn facts(said: &Said) -> Facts {
    read(said, Some("web"), true).pieces.remove(0).facts
}

fn holds(facts: &Facts, wanted: &[(&str, Value)]) {
    for (name, value) in wanted {
        assert!(facts.contains(&((*name).into(), value.clone())), "{name} {value:?} {facts:?}");
    }
}

#[test]
fn a_crashing_pod_and_an_image_that_is_not_there_are_seen() {
    let well = pod("web-1", ready("True"));
    let mut status = ready("False");
    status["containerStatuses"] = json!([{"ready": false, "restartCount": 9, "image": "web:1",
        "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"reason": "OOMKilled"}}}]);
    holds(
        &facts(&said(&[well.clone(), pod("web-2", status)])),
        &[
            ("k8s.crash_loop", Value::Truth(true)),
            ("k8s.oom_killed", Value::Truth(true)),
            ("k8s.image_pull", Value::Truth(false)),
            ("k8s.restarts", Value::Number(9.0)),
            ("k8s.ready_pct", Value::Number(50.0)),
            ("k8s.pod", Value::Text("web-2".into())),
        ],
    );
    let waiting = |reason: &str| {
        json!({"phase": "Pending", "containerStatuses": [{"ready": false, "image": "reg/web:9",
        "state": {"waiting": {"reason": reason, "message": "secret \"db\" not found"}}}]})
    };
    let pull = facts(&said(&[well, pod("web-3", waiting("ImagePullBackOff"))]));
    holds(&pull, &[("k8s.image", Value::Text("reg/web:9".into()))]);
    let secret = facts(&said(&[pod("web-4", waiting("CreateContainerConfigError"))]));
    holds(&secret, &[("k8s.complaint", Value::Text("secret \"db\" not found".into()))]);
}

#[test]
fn an_end_for_want_of_memory_that_is_over_does_not_count() {
    let mut status = ready("True");
    status["containerStatuses"] = json!([{"ready": true, "restartCount": 1, "state": {"running": {}},
        "lastState": {"terminated": {"reason": "OOMKilled"}}}]);
    holds(&facts(&said(&[pod("web-1", status)])), &[("k8s.oom_killed", Value::Truth(false))]);
    let unplaced = json!({"phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]});
    holds(&facts(&said(&[pod("web-1", unplaced)])), &[("k8s.unschedulable", Value::Truth(true))]);
    assert_eq!(read(&Said::default(), None, true).gaps.len(), 1);
}

#[test]
fn pods_that_were_evicted_or_failed_are_over() {
    let evicted = pod("web-1", json!({"phase": "Failed", "reason": "Evicted"}));
    let found = facts(&said(&[evicted, pod("web-2", ready("True"))]));
    holds(&found, &[("k8s.pods", Value::Number(1.0)), ("k8s.unready", Value::Truth(false))]);
}

#[test]
fn a_lost_node_is_told_by_the_node_and_not_by_its_pods() {
    let node = |name: &str, ready: &str| {
        json!({"metadata": {"name": name},
        "status": {"conditions": [{"type": "Ready", "status": ready}]}})
    };
    let on = |nodes: Json, pods: &[Json]| Said { nodes: Some(nodes), ..said(pods) };
    let lost = |is: bool| [("k8s.node_not_ready", Value::Truth(is))];
    let silent = pod("web-1", ready("False"));
    holds(&facts(&on(node("n1", "Unknown"), std::slice::from_ref(&silent))), &lost(true));
    holds(&facts(&on(node("n1", "True"), std::slice::from_ref(&silent))), &lost(false));
    holds(&facts(&said(&[silent])), &lost(false));
    // After five minutes it is evicted, and hangs there: nobody on the node can end it.
    let mut leaving = pod("web-1", ready("False"));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let waiting = json!({"metadata": {"name": "web-2"}, "status": {"phase": "Pending"}});
    holds(&facts(&on(node("n1", "Unknown"), &[leaving.clone(), waiting])), &lost(true));
    let stands_in = pod("web-2", ready("True"));
    holds(&facts(&on(node("n1", "Unknown"), &[leaving, stands_in])), &lost(false));
}

#[test]
fn nothing_of_nothing_is_told_by_the_deployment() {
    let of = |replicas: u32, conditions: Json| Said {
        deployment: Some(json!({"spec": {"replicas": replicas}, "status": {"conditions": conditions}})),
        ..said(&[])
    };
    let none = facts(&of(0, json!([])));
    holds(&none, &[("k8s.wanted", Value::Number(0.0)), ("k8s.pods", Value::Number(0.0))]);
    assert!(!none.iter().any(|(name, _)| name == "k8s.ready_pct"), "{none:?}");
    let quota = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}]);
    let refused = facts(&of(2, quota));
    holds(
        &refused,
        &[
            ("k8s.missing", Value::Number(2.0)),
            ("k8s.refused", Value::Truth(true)),
            ("k8s.ready_pct", Value::Number(0.0)),
            ("k8s.complaint", Value::Text("exceeded quota".into())),
        ],
    );
}

#[tokio::test]
async fn a_deployment_that_is_not_there_is_a_gap_with_its_name() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("kubectl");
    std::fs::write(&program, "#!/bin/sh\n[ \"$2\" = pods ] && echo '{\"items\":[]}'\nexit 0\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = ("PATH".to_owned(), format!("{}:/usr/bin:/bin", dir.path().display()));
    let mut scene = Scene::default();
    scene.service.variables.insert("deployment".into(), "web".into());
    let means = Means::host().with(&[path]);
    let found = look(&scene, &means).await;
    assert!(found.gaps.iter().any(|gap| gap.contains("deployment web: there is no such")), "{found:?}");
    assert_eq!(deployment(&scene.service, &means, "web").await, None);
}
