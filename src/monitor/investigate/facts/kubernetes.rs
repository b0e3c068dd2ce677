//! The service's pods, their deployment and the nodes that they are on, as the cluster shows them. Asks for pods and
//! deployment at once, for nodes only where a pod is in doubt, and for events only of a pod that does not get on; what may not be asked is a gap of its own.

mod account;
mod container;
mod deployment;
mod events;
mod kubectl;
mod nodes;
mod pods;
mod reading;

use crate::{
    domain::{incident::ClueSort, service::Service, time::Timestamp},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};
pub use deployment::Deployment;
use kubectl::Kubectl;
use nodes::Nodes;
use pods::{Pod, Pods, Trouble};
use reading::plain;
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
    /// What it noted of the first pod that does not get on with its start, where it was asked.
    pub events: Option<Json>,
    /// When it was asked.
    pub at: Timestamp,
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
    let seen = Pods::of(&pods, name, selector.is_some()).unwrap_or_default();
    let doubtful = seen.doubtful();
    let nodes = async {
        match named("node", &doubtful[..doubtful.len().min(Nodes::MOST)]) {
            Some(which) if !doubtful.is_empty() => {
                kubectl.get(&which).await.map(|said| Some(said.unwrap_or_default()))
            }
            _ => Ok(None),
        }
    };
    let noted = async {
        match held_up(&account::ill(&seen, scene.now)).and_then(Pod::name) {
            Some(pod) => kubectl.get(&events::asked(pod)).await,
            None => Ok(None),
        }
    };
    let (nodes, noted) = tokio::join!(nodes, noted);
    let mut told = |said: Result<Option<Json>, String>| {
        said.unwrap_or_else(|why| {
            gaps.push(why);
            None
        })
    };
    let (nodes, events) = (told(nodes), told(noted));
    let said = Said { pods, deployment, nodes, events, at: scene.now };
    let mut found = read(&said, name, selector.is_some());
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
    let Pods { live, leaving, .. } = &pods;
    let ill = account::ill(&pods, said.at);
    let in_trouble = |trouble: Trouble| ill.iter().filter(|(its, _)| *its == trouble).count();
    let ready = live.iter().filter(|pod| pod.ready).count();
    let wanted = deployment.as_ref().map(|deployment| deployment.wanted);
    let is_lost = |pod: &&Pod<'_>| pod.is_lost(&nodes);
    let lost = live.iter().filter(|pod| !pod.ready).find(is_lost);
    // One that is being taken away from a dead node counts until others stand in for it.
    let replaced = ready > 0 && ready == live.len() && wanted.is_none_or(|wanted| count(ready) >= wanted);
    let lost = lost.or_else(|| leaving.iter().filter(|_| !replaced).find(is_lost));
    let any = |is: fn(&Pod<'_>) -> bool| live.iter().any(is);
    let told = account::each(&ill, &nodes, said.at);
    let unready = ill.len() - in_trouble(Trouble::Starting) - in_trouble(Trouble::HeldUp);
    let mut piece = Piece::now(ClueSort::Process, account::line(&pods, deployment.as_ref(), &told))
        .detail(told.join("\n"))
        .number("k8s.pods", count(live.len()))
        .number("k8s.not_ready", count(live.len() - ready))
        .number("k8s.restarts", live.iter().map(|pod| pod.restarts).sum())
        .truth("k8s.crash_loop", any(|pod| pod.crash))
        .truth("k8s.image_pull", any(|pod| pod.pull.is_some()))
        .truth("k8s.misconfigured", any(|pod| pod.misconfigured.is_some()))
        .truth("k8s.oom_killed", any(|pod| pod.oom))
        .truth("k8s.unschedulable", any(|pod| pod.unplaced))
        .truth("k8s.node_not_ready", lost.is_some())
        .truth("k8s.unready", unready > 0)
        .number("k8s.starting", count(in_trouble(Trouble::Starting)))
        .truth("k8s.held_up", in_trouble(Trouble::HeldUp) > 0);
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
    if let Some(pod) = held_up(&ill) {
        let noted = said.events.as_ref().and_then(events::complaint);
        piece = piece.name("k8s.held_up_by", &noted.unwrap_or_else(|| account::held_up(pod, said.at)));
    }
    if let Some(pod) = lost.or_else(|| ill.first().map(|(_, pod)| *pod)) {
        let container = pod.worst.and_then(|worst| worst.name());
        let named = [("k8s.pod", pod.name()), ("k8s.node", pod.node()), ("k8s.container", container)];
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

/// The first pod that does not get on with its start.
fn held_up<'p, 'j>(ill: &[(Trouble, &'p Pod<'j>)]) -> Option<&'p Pod<'j>> {
    ill.iter().find(|(trouble, _)| *trouble == Trouble::HeldUp).map(|(_, pod)| *pod)
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
