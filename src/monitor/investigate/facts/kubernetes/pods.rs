//! Pods and what each is in trouble with, as they say of themselves. Pure.

use super::{
    container::Container,
    deployment::COMPLAINT_MOST,
    nodes::Nodes,
    reading::{moment, name},
};
use crate::domain::{
    text,
    time::{Millis, Timestamp},
};
use serde_json::Value as Json;

/// Pods looked at.
const MOST: usize = 500;
/// So long a pod may take to start: until then it is not ready because it is new.
const START: Millis = Millis::mins(3);

/// The service's pods.
#[derive(Default)]
pub struct Pods<'j> {
    /// Those that shall run.
    pub live: Vec<Pod<'j>>,
    /// Those that are being taken away.
    pub leaving: Vec<Pod<'j>>,
    /// How many are over: they have done their work, or were evicted or failed and another was made for each.
    pub over: usize,
}

/// One pod.
#[derive(Default)]
pub struct Pod<'j> {
    json: Option<&'j Json>,
    /// It takes requests.
    pub ready: bool,
    /// How often its containers began anew.
    pub restarts: f64,
    /// It starts and ends again and again.
    pub crash: bool,
    /// The image that it cannot get.
    pub pull: Option<&'j str>,
    /// A container was ended for want of memory, and is not well again.
    pub oom: bool,
    /// No node has room for it.
    pub unplaced: bool,
    /// The cluster itself says that it has lost it.
    pub lost: bool,
    /// A container cannot be made of what it is configured with: why.
    pub misconfigured: Option<String>,
    /// The worst of its containers, where one is not well.
    pub worst: Option<Container<'j>>,
    /// Its containers are being made.
    being_made: bool,
    /// One of them has not answered its startup probe yet.
    warms_up: bool,
    /// When it became what it is, ready or not.
    lapsed: Option<Timestamp>,
}

/// Why a pod is not ready, what is nearest to the root first: as rules take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It cannot be made of what it is configured with.
    Misconfigured,
    /// It cannot get its image.
    Image,
    /// It was ended for want of memory.
    Memory,
    /// Its containers are being made, for longer than that should take.
    HeldUp,
    /// It has no node.
    Unplaced,
    /// It starts and ends.
    Crash,
    /// It runs, or should, and takes no requests.
    Unready,
    /// It is new, or its startup probe is not answered yet: that it is not ready says nothing so far.
    Starting,
}

impl<'j> Pods<'j> {
    /// Reads a list of pods: all of them where they were `chosen`, else those of the deployment. `None` where it is no list.
    #[must_use]
    pub fn of(list: &'j Json, deployment: Option<&str>, chosen: bool) -> Option<Self> {
        let all = list.get("items").and_then(Json::as_array)?;
        let own = |pod: &&Json| chosen || deployment.is_some_and(|deployment| belongs(pod, deployment));
        let mut pods = Self::default();
        for pod in all.iter().filter(own).take(MOST) {
            let phase = pod.pointer("/status/phase").and_then(Json::as_str);
            if pod.pointer("/metadata/deletionTimestamp").is_some() {
                pods.leaving.push(Pod::of(pod));
            } else if matches!(phase, Some("Succeeded" | "Failed")) {
                pods.over += 1;
            } else {
                pods.live.push(Pod::of(pod));
            }
        }
        Some(pods)
    }

    /// Nodes of pods that are not well or are being taken away, each once.
    #[must_use]
    pub fn doubtful(&self) -> Vec<&'j str> {
        let all = self.live.iter().filter(|pod| !pod.ready).chain(&self.leaving);
        let mut names: Vec<&str> = all.filter_map(Pod::node).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl<'j> Pod<'j> {
    fn of(json: &'j Json) -> Self {
        let mut pod = Self { json: Some(json), ..Self::default() };
        for condition in json.pointer("/status/conditions").and_then(Json::as_array).into_iter().flatten() {
            let word = |name: &str| condition.get(name).and_then(Json::as_str).unwrap_or_default();
            if word("type") == "Ready" {
                pod.lapsed = moment(condition, "/lastTransitionTime");
            }
            match (word("type"), word("status"), word("reason")) {
                ("Ready", "True", _) => pod.ready = true,
                ("PodScheduled", "False", "Unschedulable") => pod.unplaced = true,
                _ => {}
            }
        }
        let phase = json.pointer("/status/phase").and_then(Json::as_str);
        pod.lost = json.pointer("/status/reason").and_then(Json::as_str) == Some("NodeLost")
            || phase == Some("Unknown");
        let mut told = false;
        for list in ["/status/containerStatuses", "/status/initContainerStatuses"] {
            for container in json.pointer(list).and_then(Json::as_array).into_iter().flatten() {
                pod.container(Container(container));
                told = true;
            }
        }
        pod.being_made |= phase == Some("Pending") && !told && pod.node().is_some();
        pod
    }

    fn container(&mut self, container: Container<'j>) {
        self.restarts += container.restarts();
        match container.waits() {
            Some("CrashLoopBackOff") => self.crash = true,
            Some("ImagePullBackOff" | "ErrImagePull" | "ErrImageNeverPull" | "InvalidImageName") => {
                self.pull = Some(container.image().unwrap_or_default());
            }
            Some("CreateContainerConfigError" | "CreateContainerError") => {
                let said = container.complaint().unwrap_or("it does not say why");
                self.misconfigured = Some(text::clean_line(said, COMPLAINT_MOST).into());
            }
            _ => {}
        }
        self.being_made |= container.begins();
        self.warms_up |= container.warms_up();
        self.oom |= container.out_of_memory();
        if container.weight() > self.worst.map_or(0, Container::weight) {
            self.worst = Some(container);
        }
    }

    /// Why it is not ready, where it is not.
    #[must_use]
    pub fn trouble(&self, now: Timestamp) -> Option<Trouble> {
        let age = self.age(now);
        Some(match () {
            () if self.ready => return None,
            () if self.misconfigured.is_some() => Trouble::Misconfigured,
            () if self.pull.is_some() => Trouble::Image,
            () if self.oom => Trouble::Memory,
            () if self.unplaced => Trouble::Unplaced,
            () if self.crash => Trouble::Crash,
            // How old it is may not be known: what is being made is never taken for old by that.
            () if self.being_made && self.unready_for(now).is_some_and(|time| time >= START) => {
                Trouble::HeldUp
            }
            () if self.being_made || self.warms_up || age.is_some_and(|age| age < START) => Trouble::Starting,
            () => Trouble::Unready,
        })
    }

    /// Whether the cluster has lost it, or the node that it is on.
    #[must_use]
    pub fn is_lost(&self, nodes: &Nodes) -> bool {
        self.lost || self.node().is_some_and(|node| nodes.lost(node))
    }

    /// For how long it has been there.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Millis> {
        let json = self.json?;
        let began = moment(json, "/status/startTime").or_else(|| moment(json, "/metadata/creationTimestamp"));
        began.map(|began| now.since(began))
    }

    /// For how long it has not been ready: what was ready until a moment ago is made anew from then on.
    #[must_use]
    pub fn unready_for(&self, now: Timestamp) -> Option<Millis> {
        Some(self.age(now)?.min(self.lapsed.map_or(Millis(u64::MAX), |since| now.since(since))))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<&'j str> {
        name(self.json?, "/metadata/name")
    }

    /// The node that it is on.
    #[must_use]
    pub fn node(&self) -> Option<&'j str> {
        name(self.json?, "/spec/nodeName")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_has_its_own_pods_only() {
        let owned = |set: &str| serde_json::json!({"metadata": {"ownerReferences": [{"kind": "ReplicaSet", "name": set}]}});
        for (set, own) in [("web-5d9c", true), ("web-admin-5d9c", false), ("other-1", false), ("web-", false)]
        {
            assert_eq!(belongs(&owned(set), "web"), own, "{set}");
        }
    }
}
