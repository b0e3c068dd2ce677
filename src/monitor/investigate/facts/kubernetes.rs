//! The service's pods as the cluster shows them. Reads `kubectl get pods -o json` and, where a pod cannot be placed or its
//! node is in doubt, nothing more: what the pods say of themselves is enough for rules.

use crate::{
    domain::{incident::ClueSort, text, time::Millis},
    monitor::investigate::{
        asking,
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};
use serde_json::Value as Json;

/// Bytes of the answer.
const ANSWER_MOST: usize = 4 << 20;
/// Pods looked at.
const PODS_MOST: usize = 500;

/// Looks.
pub async fn look(scene: &Scene, means: &Means, wall: Millis) -> Found {
    let variables = &scene.service.variables;
    let (selector, deployment) = (variables.get("pod_selector"), variables.get("deployment"));
    if selector.is_none() && deployment.is_none() {
        return Found::default();
    }
    if !means.may("kubectl") {
        return Found::gap("kubectl may not be asked");
    }
    let mut argv: Vec<String> = ["kubectl", "get", "pods", "-o", "json"].map(str::to_owned).to_vec();
    argv.extend(selector.map(|selector| format!("--selector={selector}")));
    for (variable, flag) in [("namespace", "--namespace"), ("kube_context", "--context")] {
        if let Some(value) = variables.get(variable) {
            argv.push(format!("{flag}={value}"));
        }
    }
    argv.push(format!("--request-timeout={}s", (wall.0 / 1_000).max(1)));
    match asking::ask(argv, (wall, ANSWER_MOST)).await {
        Ok(answer) if answer.code == Some(0) => match serde_json::from_slice(&answer.out) {
            Ok(list) => read(&list, deployment.map(String::as_str), selector.is_some()),
            Err(_) => Found::gap("what the cluster says cannot be read"),
        },
        Ok(answer) => Found::gap(format!("the cluster could not be asked: {}", answer.why())),
        Err(why) => Found::gap(why),
    }
}

/// What one pod is in trouble with.
#[derive(Default)]
struct Trouble<'j> {
    ready: bool,
    restarts: f64,
    crash: bool,
    pull: Option<&'j str>,
    oom: bool,
    unplaced: bool,
    lost: bool,
}

/// Reads a list of pods: all of them where they were `chosen`, else those of the deployment.
#[must_use]
pub fn read(list: &Json, deployment: Option<&str>, chosen: bool) -> Found {
    let Some(pods) = list.get("items").and_then(Json::as_array) else {
        return Found::gap("the cluster lists no pods");
    };
    let ended = |pod: &&Json| {
        let phase = pod.pointer("/status/phase").and_then(Json::as_str);
        phase == Some("Succeeded") || pod.pointer("/metadata/deletionTimestamp").is_some()
    };
    let own = |pod: &&Json| chosen || deployment.is_some_and(|deployment| belongs(pod, deployment));
    let live: Vec<&Json> = pods.iter().filter(own).filter(|pod| !ended(pod)).take(PODS_MOST).collect();
    let troubles: Vec<(&Json, Trouble<'_>)> = live.iter().map(|pod| (*pod, trouble(pod))).collect();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let unready = troubles.iter().filter(|(_, trouble)| !trouble.ready).count();
    let any = |is: fn(&Trouble<'_>) -> bool| troubles.iter().any(|(_, trouble)| is(trouble));
    let words = format!("{unready} of {} not ready", text::count(live.len(), "pod"));
    let mut piece = Piece::now(ClueSort::Process, words)
        .number("k8s.pods", count(live.len()))
        .number("k8s.not_ready", count(unready))
        .number("k8s.restarts", troubles.iter().map(|(_, trouble)| trouble.restarts).sum())
        .truth("k8s.crash_loop", any(|trouble| trouble.crash))
        .truth("k8s.image_pull", any(|trouble| trouble.pull.is_some()))
        .truth("k8s.oom_killed", any(|trouble| trouble.oom))
        .truth("k8s.unschedulable", any(|trouble| trouble.unplaced))
        .truth("k8s.node_not_ready", any(|trouble| trouble.lost))
        .truth("k8s.unready", unready > 0);
    if !live.is_empty() {
        piece = piece.number("k8s.ready_pct", count(live.len() - unready) * 100.0 / count(live.len()));
    }
    if let Some((pod, trouble)) = troubles.iter().find(|(_, trouble)| !trouble.ready) {
        let word = |path: &str| pod.pointer(path).and_then(Json::as_str).filter(|word| plain(word));
        if let Some(name) = word("/metadata/name") {
            piece = piece.name("k8s.pod", name);
        }
        if let Some(node) = word("/spec/nodeName") {
            piece = piece.name("k8s.node", node);
        }
        if let Some(image) = trouble.pull.filter(|image| plain(image)) {
            piece = piece.name("k8s.image", image);
        }
    }
    Found::one(match deployment {
        Some(name) => piece.name("k8s.deployment", name),
        None => piece,
    })
}

/// A deployment's pods belong to replica sets that are called after it, with one more word.
fn belongs(pod: &Json, deployment: &str) -> bool {
    let owners = pod.pointer("/metadata/ownerReferences").and_then(Json::as_array);
    owners.into_iter().flatten().any(|owner| {
        let word = |name: &str| owner.get(name).and_then(Json::as_str).unwrap_or_default();
        let rest = word("name").strip_prefix(deployment).and_then(|rest| rest.strip_prefix('-'));
        word("kind") == "ReplicaSet" && rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('-'))
    })
}

fn trouble(pod: &Json) -> Trouble<'_> {
    let mut trouble = Trouble::default();
    for condition in pod.pointer("/status/conditions").and_then(Json::as_array).into_iter().flatten() {
        let word = |name: &str| condition.get(name).and_then(Json::as_str).unwrap_or_default();
        match (word("type"), word("status"), word("reason")) {
            ("Ready", "True", _) => trouble.ready = true,
            ("PodScheduled", "False", "Unschedulable") => trouble.unplaced = true,
            _ => {}
        }
    }
    trouble.lost = pod.pointer("/status/reason").and_then(Json::as_str) == Some("NodeLost")
        || pod.pointer("/status/phase").and_then(Json::as_str) == Some("Unknown");
    for list in ["containerStatuses", "initContainerStatuses"] {
        for container in
            pod.pointer(&format!("/status/{list}")).and_then(Json::as_array).into_iter().flatten()
        {
            let word = |path: &str| container.pointer(path).and_then(Json::as_str);
            trouble.restarts += container.get("restartCount").and_then(Json::as_f64).unwrap_or(0.0);
            match word("/state/waiting/reason") {
                Some("CrashLoopBackOff") => trouble.crash = true,
                Some("ImagePullBackOff" | "ErrImagePull" | "InvalidImageName") => {
                    trouble.pull = Some(word("/image").unwrap_or_default());
                }
                _ => {}
            }
            // The last end counts only while it is not well again.
            let ready = container.get("ready").and_then(Json::as_bool).unwrap_or(false);
            let ends = [word("/state/terminated/reason"), word("/lastState/terminated/reason")];
            trouble.oom |= !ready && ends.contains(&Some("OOMKilled"));
        }
    }
    trouble
}

/// As the cluster itself wants names; anything else is not carried on.
fn plain(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    !word.is_empty() && word.len() <= 253 && word.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;

    fn pod(name: &str, status: &str) -> String {
        format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{"nodeName":"n1"}},"status":{status}}}"#)
    }

    fn facts(pods: &[String]) -> Vec<(String, Value)> {
        let list = format!(r#"{{"items":[{}]}}"#, pods.join(","));
        read(&serde_json::from_str(&list).unwrap(), Some("web"), true).pieces.remove(0).facts
    }

    #[test]
    fn a_crashing_pod_and_an_image_that_is_not_there_are_seen() {
        let well = pod("web-1", r#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}"#);
        let crash = pod(
            "web-2",
            r#"{"phase":"Running","conditions":[{"type":"Ready","status":"False"}],"containerStatuses":[{"ready":false,
            "restartCount":9,"image":"web:1","state":{"waiting":{"reason":"CrashLoopBackOff"}},
            "lastState":{"terminated":{"reason":"OOMKilled"}}}]}"#,
        );
        let seen = facts(&[well.clone(), crash]);
        for (name, value) in [
            ("k8s.crash_loop", Value::Truth(true)),
            ("k8s.oom_killed", Value::Truth(true)),
            ("k8s.image_pull", Value::Truth(false)),
            ("k8s.restarts", Value::Number(9.0)),
            ("k8s.ready_pct", Value::Number(50.0)),
            ("k8s.pod", Value::Text("web-2".into())),
        ] {
            assert!(seen.contains(&(name.into(), value.clone())), "{name} {seen:?}");
        }
        let pull = pod(
            "web-3",
            r#"{"phase":"Pending","containerStatuses":[{"ready":false,"image":"reg/web:9","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#,
        );
        assert!(facts(&[well, pull]).contains(&("k8s.image".into(), Value::Text("reg/web:9".into()))));
    }

    #[test]
    fn a_deployment_has_its_own_pods_only() {
        let owned = |set: &str| serde_json::json!({"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": set}]}});
        for (set, own) in [("web-5d9c", true), ("web-admin-5d9c", false), ("other-1", false), ("web-", false)]
        {
            assert_eq!(belongs(&owned(set), "web"), own, "{set}");
        }
    }

    #[test]
    fn an_end_for_want_of_memory_that_is_over_does_not_count() {
        let status = r#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"ready":true,
            "restartCount":1,"state":{"running":{}},"lastState":{"terminated":{"reason":"OOMKilled"}}}]}"#;
        assert!(facts(&[pod("web-1", status)]).contains(&("k8s.oom_killed".into(), Value::Truth(false))));
        let unplaced = r#"{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable"}]}"#;
        assert!(facts(&[pod("web-1", unplaced)]).contains(&("k8s.unschedulable".into(), Value::Truth(true))));
        assert_eq!(read(&Json::Null, None, true).gaps.len(), 1);
    }
}
