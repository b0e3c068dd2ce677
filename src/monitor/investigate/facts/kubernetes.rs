//! The service's pods, their deployment and the nodes that they are on, as the cluster shows them. Asks for pods and
//! deployment at once, and for nodes only where a pod is in doubt; what may not be asked is a gap of its own.

mod deployment;
mod kubectl;
mod nodes;
mod pods;

use crate::{
    domain::{incident::ClueSort, service::Service, text},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};
pub use deployment::Deployment;
use kubectl::Kubectl;
use nodes::Nodes;
use pods::{Pod, Pods, plain};
use serde_json::Value as Json;

/// What the cluster said.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The list of pods.
    pub pods: Json,
    /// The deployment, where it was asked for and is there.
    pub deployment: Option<Json>,
    /// The nodes that were asked for.
    pub nodes: Option<Json>,
}

/// Whether the service runs in a cluster.
#[must_use]
pub fn runs(scene: &Scene) -> bool {
    ["pod_selector", "deployment"].iter().any(|name| scene.service.variables.contains_key(*name))
}

/// The deployment of this name, where the service is; `None` where that cannot be told.
pub async fn deployment(service: &Service, means: &Means, name: &str) -> Option<Deployment> {
    let kubectl = Kubectl::of(service, means).ok()?;
    Deployment::of(&kubectl.get(&named("deployment", &[name])?).await.ok()??)
}

/// Looks.
pub async fn look(scene: &Scene, means: &Means) -> Found {
    if !runs(scene) {
        return Found::default();
    }
    let kubectl = match Kubectl::of(&scene.service, means) {
        Ok(kubectl) => kubectl,
        Err(why) => return Found::gap(why),
    };
    let variables = &scene.service.variables;
    let (selector, name) = (variables.get("pod_selector"), variables.get("deployment").map(String::as_str));
    let mut which = vec!["pods".to_owned()];
    which.extend(selector.map(|selector| format!("--selector={selector}")));
    let about = async {
        match name.map(|name| named("deployment", &[name])) {
            None => Ok(None),
            Some(None) => Err("the name of the deployment is no name".into()),
            Some(Some(which)) => match kubectl.get(&which).await {
                Ok(None) => Err("there is no such deployment: its name or its namespace is another".into()),
                said => said,
            },
        }
    };
    let (pods, deployment) = tokio::join!(kubectl.get(&which), about);
    let mut gaps = Vec::new();
    let deployment = deployment.unwrap_or_else(|why: String| {
        gaps.push(format!("deployment {}: {why}", name.unwrap_or_default()));
        None
    });
    let pods = match pods {
        Ok(pods) => pods.unwrap_or_default(),
        Err(why) => {
            gaps.push(why);
            return Found { gaps, ..Found::default() };
        }
    };
    let doubtful = Pods::of(&pods, name, selector.is_some()).map(|pods| pods.doubtful()).unwrap_or_default();
    let nodes = match named("node", &doubtful[..doubtful.len().min(Nodes::MOST)]) {
        Some(which) if !doubtful.is_empty() => {
            kubectl.get(&which).await.map(|said| Some(said.unwrap_or_default()))
        }
        _ => Ok(None),
    };
    let nodes = nodes.unwrap_or_else(|why| {
        gaps.push(why);
        None
    });
    let mut found = read(&Said { pods, deployment, nodes }, name, selector.is_some());
    found.gaps.extend(gaps);
    found
}

/// Things by their names; what is not there is no error. `None` where one of them is no name.
fn named(kind: &str, names: &[&str]) -> Option<Vec<String>> {
    let well = |name: &&str| plain(name) && !name.contains('/');
    let mut which: Vec<String> = names.iter().map(|name| format!("{kind}/{name}")).collect();
    which.push("--ignore-not-found".into());
    names.iter().all(well).then_some(which)
}

/// Reads what it said: of all pods where they were `chosen`, else of those of the deployment.
#[must_use]
pub fn read(said: &Said, name: Option<&str>, chosen: bool) -> Found {
    let Some(pods) = Pods::of(&said.pods, name, chosen) else {
        return Found::gap("the cluster lists no pods");
    };
    let deployment = said.deployment.as_ref().and_then(Deployment::of);
    let asked = pods.doubtful();
    let nodes = match &said.nodes {
        Some(said) => Nodes::of(Some(said), &asked[..asked.len().min(Nodes::MOST)]),
        None => Nodes::default(),
    };
    let Pods { live, leaving, over } = &pods;
    let ready = live.iter().filter(|pod| pod.ready).count();
    let wanted = deployment.as_ref().map(|deployment| deployment.wanted);
    let is_lost = |pod: &&Pod<'_>| pod.lost || pod.node().is_some_and(|node| nodes.lost(node));
    let lost = live.iter().filter(|pod| !pod.ready).find(is_lost);
    // One that is being taken away from a dead node counts until others stand in for it.
    let replaced = ready > 0 && ready == live.len() && wanted.is_none_or(|wanted| count(ready) >= wanted);
    let lost = lost.or_else(|| leaving.iter().filter(|_| !replaced).find(is_lost));
    let any = |is: fn(&Pod<'_>) -> bool| live.iter().any(is);
    let mut piece = Piece::now(ClueSort::Process, words(&pods, ready, deployment.as_ref()))
        .number("k8s.pods", count(live.len()))
        .number("k8s.not_ready", count(live.len() - ready))
        .number("k8s.restarts", live.iter().map(|pod| pod.restarts).sum())
        .truth("k8s.crash_loop", any(|pod| pod.crash))
        .truth("k8s.image_pull", any(|pod| pod.pull.is_some()))
        .truth("k8s.misconfigured", any(|pod| pod.misconfigured.is_some()))
        .truth("k8s.oom_killed", any(|pod| pod.oom))
        .truth("k8s.unschedulable", any(|pod| pod.unplaced))
        .truth("k8s.node_not_ready", lost.is_some())
        .truth("k8s.unready", ready < live.len());
    if *over > 0 {
        piece = piece.detail(format!("{} evicted, failed or done", text::count(*over, "pod")));
    }
    let whole = count(live.len()).max(wanted.unwrap_or(0.0));
    if whole > 0.0 {
        piece = piece.number("k8s.ready_pct", count(ready) * 100.0 / whole);
    }
    let mut complaint = live.iter().find_map(|pod| pod.misconfigured.clone());
    if let Some(deployment) = deployment {
        piece = piece
            .number("k8s.wanted", deployment.wanted)
            .number("k8s.missing", (deployment.wanted - count(live.len())).max(0.0))
            .truth("k8s.refused", deployment.refusal.is_some());
        complaint = complaint.or(deployment.refusal);
    }
    if let Some(complaint) = complaint {
        piece = piece.name("k8s.complaint", &complaint);
    }
    if let Some(pod) = lost.or_else(|| live.iter().find(|pod| !pod.ready)) {
        let named = [("k8s.pod", pod.name()), ("k8s.node", pod.node())];
        piece = named.iter().fold(piece, |piece, (fact, name)| match name {
            Some(name) => piece.name(fact, name),
            None => piece,
        });
    }
    if let Some(image) = live.iter().find_map(|pod| pod.pull).filter(|image| plain(image)) {
        piece = piece.name("k8s.image", image);
    }
    Found::one(match name {
        Some(name) => piece.name("k8s.deployment", name),
        None => piece,
    })
}

fn words(pods: &Pods<'_>, ready: usize, deployment: Option<&Deployment>) -> String {
    let pods = match pods.live.len() {
        0 => "there is no pod".to_owned(),
        all => format!("{} of {} not ready", all - ready, text::count(all, "pod")),
    };
    let Some(deployment) = deployment else { return pods };
    let more = match (&deployment.refusal, deployment.stalled) {
        (Some(why), _) => format!(", and the cluster makes no more: {why}"),
        (None, true) => ", and its rollout does not get on".into(),
        (None, false) => String::new(),
    };
    format!("{pods}, {} wanted{more}", deployment.wanted)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
