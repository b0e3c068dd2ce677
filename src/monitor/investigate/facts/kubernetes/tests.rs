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

fn words(said: &Said) -> String {
    read(said, Some("web"), true).pieces.remove(0).words
}

/// A pod that is being made since `began`, and is asked for at ten past.
fn being_made(began: &str, reason: &str) -> Said {
    let mut status = json!({"phase": "Pending", "containerStatuses": [{"name": "app", "ready": false,
        "state": {"waiting": {"reason": reason}}}]});
    status["startTime"] = json!(began);
    Said { at: "2026-01-01T00:10".parse().unwrap(), ..said(&[pod("web-1", status)]) }
}

#[test]
fn a_pod_that_is_being_made_is_not_one_that_is_not_ready() {
    let of = |starting: f64, held_up: bool| {
        [
            ("k8s.unready", Value::Truth(false)),
            ("k8s.not_ready", Value::Number(1.0)),
            ("k8s.starting", Value::Number(starting)),
            ("k8s.held_up", Value::Truth(held_up)),
        ]
    };
    let young = being_made("2026-01-01T00:09:00Z", "PodInitializing");
    holds(&facts(&young), &of(1.0, false));
    assert_eq!(words(&young), "1 of 1 pod not ready: web-1 on n1: starting for 1 min");
    holds(&facts(&being_made("not known", "ContainerCreating")), &of(1.0, false));
    let old = being_made("2026-01-01T00:03:00Z", "ContainerCreating");
    let found = facts(&old);
    holds(&found, &of(0.0, true));
    let unnamed = "its containers are still being created for 7 min";
    holds(
        &found,
        &[("k8s.held_up_by", Value::Text(unnamed.into())), ("k8s.pod", Value::Text("web-1".into()))],
    );
    let noted = json!({"items": [{"reason": "FailedMount", "message": "secret \"y\" not found"}]});
    let named = facts(&Said { events: Some(noted), ..old });
    holds(&named, &[("k8s.held_up_by", Value::Text("FailedMount: secret \"y\" not found".into()))]);
}

#[test]
fn what_runs_is_new_for_a_while_and_then_not_ready() {
    let of = |began: &str| {
        let mut status = ready("False");
        status["startTime"] = json!(began);
        let at = "2026-01-01T00:10".parse().unwrap();
        facts(&Said { at, ..said(&[pod("web-1", status)]) })
    };
    holds(
        &of("2026-01-01T00:08:00Z"),
        &[("k8s.unready", Value::Truth(false)), ("k8s.starting", Value::Number(1.0))],
    );
    holds(
        &of("2026-01-01T00:06:00Z"),
        &[("k8s.unready", Value::Truth(true)), ("k8s.starting", Value::Number(0.0))],
    );
}

#[test]
fn what_has_not_answered_its_startup_probe_is_starting_however_long_it_takes() {
    let of = |started: bool| {
        let mut status = ready("False");
        status["startTime"] = json!("2026-01-01T00:01:00Z");
        status["containerStatuses"] = json!([{"name": "app", "ready": false, "started": started,
            "state": {"running": {}}}]);
        facts(&Said { at: "2026-01-01T00:10".parse().unwrap(), ..said(&[pod("web-1", status)]) })
    };
    holds(&of(false), &[("k8s.unready", Value::Truth(false)), ("k8s.starting", Value::Number(1.0))]);
    holds(&of(true), &[("k8s.unready", Value::Truth(true)), ("k8s.starting", Value::Number(0.0))]);
}

#[test]
fn the_evidence_names_pods_containers_nodes_and_reasons() {
    let crashing = |name: &str| {
        let mut status = ready("False");
        status["containerStatuses"] = json!([{"name": "app", "ready": false, "restartCount": 2,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]);
        pod(name, status)
    };
    let pull = pod(
        "web-0",
        json!({"phase": "Pending", "containerStatuses": [{"name": "app", "image": "reg/web:9",
        "ready": false, "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}),
    );
    let evicted = pod("web-9", json!({"phase": "Failed", "reason": "Evicted"}));
    let told = said(&[ready_pod(), crashing("web-1"), crashing("web-2"), crashing("web-3"), pull, evicted]);
    assert_eq!(
        words(&told),
        "4 of 5 pods not ready, 1 pod evicted, failed or done: web-0 on n1: app ImagePullBackOff reg/web:9; \
         web-1 on n1: app CrashLoopBackOff (OOMKilled, exit code 137); \
         web-2 on n1: app CrashLoopBackOff (OOMKilled, exit code 137); and 1 more"
    );
    holds(
        &facts(&said(&[crashing("web-1")])),
        &[("k8s.pod", Value::Text("web-1".into())), ("k8s.container", Value::Text("app".into()))],
    );
    let node = json!({"metadata": {"name": "n1"}, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
    let lost = Said { nodes: Some(node), ..said(&[pod("web-1", ready("False"))]) };
    assert_eq!(words(&lost), "1 of 1 pod not ready: web-1 on n1: its node is lost");
}

fn ready_pod() -> Json {
    pod("web-8", ready("True"))
}

#[tokio::test]
async fn events_are_asked_of_a_pod_that_does_not_get_on_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("kubectl");
    let script = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n[ \"$2\" = pods ] && exec cat pods\n\
        [ \"$2\" = events ] && echo \"$@\" >> asked && exec cat events\nexit 0\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(
        dir.path().join("events"),
        "{\"items\":[{\"reason\":\"FailedMount\",\"message\":\"no y\"}]}",
    )
    .unwrap();
    let path = ("PATH".to_owned(), format!("{}:/usr/bin:/bin", dir.path().display()));
    let means = Means::host().with(&[path]);
    let mut scene = Scene { now: "2026-01-01T00:10".parse().unwrap(), ..Scene::default() };
    scene.service.variables.insert("pod_selector".into(), "app=web".into());
    scene.service.variables.insert("namespace".into(), "shop".into());
    let asked = || std::fs::read_to_string(dir.path().join("asked")).unwrap_or_default();
    for (began, told) in [("2026-01-01T00:09:00Z", None), ("2026-01-01T00:01:00Z", Some("FailedMount: no y"))]
    {
        std::fs::write(dir.path().join("pods"), being_made(began, "ContainerCreating").pods.to_string())
            .unwrap();
        let facts = look(&scene, &means).await.pieces.remove(0).facts;
        let said = facts.iter().find(|(name, _)| name == "k8s.held_up_by").map(|(_, value)| value.clone());
        assert_eq!(said, told.map(|told| Value::Text(told.into())));
        assert_eq!(asked().is_empty(), told.is_none(), "{}", asked());
    }
    let pod = "involvedObject.kind=Pod,involvedObject.name=web-1,type=Warning";
    assert!(asked().contains(pod) && asked().contains("--namespace=shop"), "{}", asked());
}
