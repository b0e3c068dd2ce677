//! Pods and what each is in trouble with, as they say of themselves. Pure.

use super::deployment::COMPLAINT_MOST;
use crate::domain::text;
use serde_json::Value as Json;

/// Pods looked at.
const MOST: usize = 500;

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
            match (word("type"), word("status"), word("reason")) {
                ("Ready", "True", _) => pod.ready = true,
                ("PodScheduled", "False", "Unschedulable") => pod.unplaced = true,
                _ => {}
            }
        }
        pod.lost = json.pointer("/status/reason").and_then(Json::as_str) == Some("NodeLost")
            || json.pointer("/status/phase").and_then(Json::as_str) == Some("Unknown");
        for list in ["/status/containerStatuses", "/status/initContainerStatuses"] {
            for container in json.pointer(list).and_then(Json::as_array).into_iter().flatten() {
                pod.container(container);
            }
        }
        pod
    }

    fn container(&mut self, container: &'j Json) {
        let word = |path: &str| container.pointer(path).and_then(Json::as_str);
        self.restarts += container.get("restartCount").and_then(Json::as_f64).unwrap_or(0.0);
        match word("/state/waiting/reason") {
            Some("CrashLoopBackOff") => self.crash = true,
            Some("ImagePullBackOff" | "ErrImagePull" | "ErrImageNeverPull" | "InvalidImageName") => {
                self.pull = Some(word("/image").unwrap_or_default());
            }
            Some("CreateContainerConfigError" | "CreateContainerError") => {
                let said = word("/state/waiting/message").unwrap_or("it does not say why");
                self.misconfigured = Some(text::clean_line(said, COMPLAINT_MOST).into());
            }
            _ => {}
        }
        // The last end counts only while it is not well again.
        let ready = container.get("ready").and_then(Json::as_bool).unwrap_or(false);
        let ends = [word("/state/terminated/reason"), word("/lastState/terminated/reason")];
        self.oom |= !ready && ends.contains(&Some("OOMKilled"));
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> Option<&'j str> {
        self.word("/metadata/name")
    }

    /// The node that it is on.
    #[must_use]
    pub fn node(&self) -> Option<&'j str> {
        self.word("/spec/nodeName")
    }

    fn word(&self, path: &str) -> Option<&'j str> {
        self.json?.pointer(path).and_then(Json::as_str).filter(|word| plain(word))
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

/// As the cluster itself wants names; anything else is not carried on.
#[must_use]
pub fn plain(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-:/@".contains(c);
    let begins = |c: char| c.is_ascii_alphanumeric();
    word.starts_with(begins) && word.len() <= 253 && word.chars().all(fits)
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
