//! One container of a pod, as the cluster tells of it. Pure.

use super::reading::{name, plain};
use serde_json::Value as Json;

/// A container's status.
#[derive(Debug, Clone, Copy)]
pub struct Container<'j>(pub &'j Json);

impl<'j> Container<'j> {
    /// Its name.
    #[must_use]
    pub fn name(self) -> Option<&'j str> {
        name(self.0, "/name")
    }

    /// The image that it is made of.
    #[must_use]
    pub fn image(self) -> Option<&'j str> {
        name(self.0, "/image")
    }

    /// Whether it does what it is there for.
    #[must_use]
    pub fn ready(self) -> bool {
        self.0.get("ready").and_then(Json::as_bool).unwrap_or(false)
    }

    /// How often it began anew.
    #[must_use]
    pub fn restarts(self) -> f64 {
        self.0.get("restartCount").and_then(Json::as_f64).unwrap_or(0.0)
    }

    /// Why it waits, in the cluster's word.
    #[must_use]
    pub fn waits(self) -> Option<&'j str> {
        self.word("/state/waiting/reason")
    }

    /// What the cluster says of its waiting.
    #[must_use]
    pub fn complaint(self) -> Option<&'j str> {
        self.word("/state/waiting/message")
    }

    /// It is being made, or waits for those that run before it: nothing is known to be wrong.
    #[must_use]
    pub fn begins(self) -> bool {
        matches!(self.waits(), Some("ContainerCreating" | "PodInitializing"))
    }

    /// It runs now.
    #[must_use]
    pub fn runs(self) -> bool {
        self.0.pointer("/state/running").is_some()
    }

    /// It runs, and its startup probe has not been answered yet: the cluster itself begins it anew where that lasts too long.
    #[must_use]
    pub fn warms_up(self) -> bool {
        self.runs() && self.0.get("started").and_then(Json::as_bool) == Some(false)
    }

    /// It was ended for want of memory and is not well again: the last end counts only until then.
    #[must_use]
    pub fn out_of_memory(self) -> bool {
        !self.ready() && self.ends().any(|end| name(end, "/reason") == Some("OOMKilled"))
    }

    /// How much is known to be wrong with it, to tell the worst of a pod.
    #[must_use]
    pub fn weight(self) -> u8 {
        match () {
            () if self.ready() => 0,
            () if self.begins() => 1,
            () if self.out_of_memory() => 4,
            () if self.waits().is_some() || self.0.pointer("/state/terminated").is_some() => 3,
            () => 2,
        }
    }

    /// What it is in trouble with, in words: `app CrashLoopBackOff (OOMKilled, exit code 137)`.
    #[must_use]
    pub fn words(self) -> String {
        let state = match self.waits().filter(|reason| plain(reason)) {
            Some(reason) => reason,
            None if self.runs() => "runs and is not ready",
            None if self.0.pointer("/state/terminated").is_some() => "ended",
            None => "is not ready",
        };
        let end = self.ends().next().map(|end| {
            let code = end.get("exitCode").and_then(Json::as_i64).map(|code| format!("exit code {code}"));
            let reason = name(end, "/reason").filter(|reason| *reason != "Error").map(str::to_owned);
            reason.into_iter().chain(code).collect::<Vec<_>>().join(", ")
        });
        let end = end.filter(|end| !end.is_empty()).map_or_else(String::new, |end| format!(" ({end})"));
        format!("{} {state}{end}", self.name().unwrap_or("a container"))
    }

    /// How it ended, the last time first.
    fn ends(self) -> impl Iterator<Item = &'j Json> {
        ["/state/terminated", "/lastState/terminated"]
            .into_iter()
            .filter_map(move |path| self.0.pointer(path))
    }

    fn word(self, path: &str) -> Option<&'j str> {
        self.0.pointer(path).and_then(Json::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_container_says_its_state_and_how_it_ended() {
        let words = |state: Json, last: Json| {
            Container(&json!({"name": "app", "ready": false, "state": state, "lastState": last})).words()
        };
        let end = |reason: &str, code: i32| json!({"terminated": {"reason": reason, "exitCode": code}});
        let waiting = |reason: &str| json!({"waiting": {"reason": reason}});
        for (state, last, said) in [
            (waiting("CrashLoopBackOff"), end("Error", 1), "app CrashLoopBackOff (exit code 1)"),
            (
                waiting("CrashLoopBackOff"),
                end("OOMKilled", 137),
                "app CrashLoopBackOff (OOMKilled, exit code 137)",
            ),
            (waiting("ImagePullBackOff"), json!({}), "app ImagePullBackOff"),
            (json!({"running": {}}), json!({}), "app runs and is not ready"),
            (end("Error", 2), json!({}), "app ended (exit code 2)"),
            (waiting("no; name"), json!({}), "app is not ready"),
        ] {
            assert_eq!(words(state, last), said);
        }
    }
}
