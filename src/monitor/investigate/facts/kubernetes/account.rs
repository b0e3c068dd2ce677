//! What is said of pods to people: how many are not well, and which, where and why. Pure.

use super::{
    deployment::Deployment,
    nodes::Nodes,
    pods::{Pod, Pods, Trouble},
};
use crate::domain::{text, time::Timestamp};

/// Pods that are told of in one line.
const SHOWN: usize = 3;
/// Pods that are told of at all.
const LISTED: usize = 24;

/// Pods that are not ready, each with its trouble: the nearest to the root first.
#[must_use]
pub fn ill<'p, 'j>(pods: &'p Pods<'j>, now: Timestamp) -> Vec<(Trouble, &'p Pod<'j>)> {
    let mut ill: Vec<_> = pods.live.iter().filter_map(|pod| Some((pod.trouble(now)?, pod))).collect();
    ill.sort_by_key(|(trouble, _)| *trouble);
    ill
}

/// All of it in one line, with the first of those that are ill.
#[must_use]
pub fn line(pods: &Pods<'_>, deployment: Option<&Deployment>, told: &[String]) -> String {
    let ready = pods.live.iter().filter(|pod| pod.ready).count();
    let mut line = match pods.live.len() {
        0 => "there is no pod".to_owned(),
        all => format!("{} of {} not ready", all - ready, text::count(all, "pod")),
    };
    if let Some(deployment) = deployment {
        line.push_str(&format!(", {} wanted", deployment.wanted));
    }
    if pods.over > 0 {
        line.push_str(&format!(", {} evicted, failed or done", text::count(pods.over, "pod")));
    }
    match deployment.map(|deployment| (&deployment.refusal, deployment.stalled)) {
        Some((Some(why), _)) => line.push_str(&format!(", and the cluster makes no more: {why}")),
        Some((None, true)) => line.push_str(", and its rollout does not get on"),
        _ => {}
    }
    if !told.is_empty() {
        line.push_str(&format!(": {}", told[..told.len().min(SHOWN)].join("; ")));
    }
    if told.len() > SHOWN {
        line.push_str(&format!("; and {} more", told.len() - SHOWN));
    }
    line
}

/// Each of those that are ill, in words.
#[must_use]
pub fn each(ill: &[(Trouble, &Pod<'_>)], nodes: &Nodes, now: Timestamp) -> Vec<String> {
    ill.iter().take(LISTED).map(|(trouble, pod)| one(pod, *trouble, nodes, now)).collect()
}

/// What holds a pod up, where the cluster does not say.
#[must_use]
pub fn held_up(pod: &Pod<'_>, now: Timestamp) -> String {
    let first = pod.worst.filter(|worst| worst.runs()).and_then(|worst| worst.name());
    match first {
        Some(name) => format!(
            "its container {name}, which runs before the others, is not done after{}",
            minutes(pod, now)
        ),
        None => format!("its containers are still being created for{}", minutes(pod, now)),
    }
}

fn one(pod: &Pod<'_>, trouble: Trouble, nodes: &Nodes, now: Timestamp) -> String {
    let state = || pod.worst.map_or_else(|| "not ready".to_owned(), |worst| worst.words());
    let why = match trouble {
        _ if pod.is_lost(nodes) => "its node is lost".to_owned(),
        Trouble::Unplaced => "no node has room for it".to_owned(),
        Trouble::HeldUp => format!("being created for{}", minutes(pod, now)),
        Trouble::Starting => format!("starting for{}", minutes(pod, now)),
        Trouble::Image => format!("{} {}", state(), pod.pull.unwrap_or_default()),
        _ => state(),
    };
    let place = pod.node().map_or_else(String::new, |node| format!(" on {node}"));
    format!("{}{place}: {}", pod.name().unwrap_or("a pod"), why.trim_end())
}

fn minutes(pod: &Pod<'_>, now: Timestamp) -> String {
    pod.unready_for(now)
        .map_or_else(|| " a time that is not known".to_owned(), |age| format!(" {} min", age.0 / 60_000))
}
