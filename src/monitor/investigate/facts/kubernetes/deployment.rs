//! A deployment: how many pods it shall have and has, and whether the cluster lets it make them. Pure.

use crate::domain::text;
use serde_json::Value as Json;

/// Characters of a complaint.
pub const COMPLAINT_MOST: usize = 160;

/// A deployment as the cluster tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// Pods that it shall have.
    pub wanted: f64,
    /// Pods that it has.
    pub there: f64,
    /// Those that are ready.
    pub ready: f64,
    /// Why the cluster makes no more pods for it.
    pub refusal: Option<String>,
    /// What it was last told to be has not got on for longer than its deadline.
    pub stalled: bool,
    /// Whether the numbers are of what it was last told to be.
    current: bool,
}

impl Deployment {
    /// Reads one; `None` where this is none.
    #[must_use]
    pub fn of(json: &Json) -> Option<Self> {
        let spec = json.get("spec")?;
        let number = |path: &str| json.pointer(path).and_then(Json::as_f64);
        let condition = |kind: &str, status: &str| {
            let all = json.pointer("/status/conditions").and_then(Json::as_array);
            let is = |condition: &&Json| {
                let word = |name: &str| condition.get(name).and_then(Json::as_str);
                word("type") == Some(kind) && word("status") == Some(status)
            };
            all.into_iter().flatten().find(is)
        };
        let refusal = condition("ReplicaFailure", "True").map(|condition| {
            let said = condition.get("message").or_else(|| condition.get("reason"));
            let said = said.and_then(Json::as_str).unwrap_or("it does not say why");
            text::clean_line(said, COMPLAINT_MOST).into()
        });
        Some(Self {
            wanted: spec.get("replicas").and_then(Json::as_f64).unwrap_or(1.0),
            there: number("/status/replicas").unwrap_or(0.0),
            ready: number("/status/readyReplicas").unwrap_or(0.0),
            refusal,
            stalled: condition("Progressing", "False").is_some(),
            current: number("/status/observedGeneration") >= number("/metadata/generation"),
        })
    }

    /// Ready pods of the wanted ones, in percent. Not known where none are wanted, and before the cluster has looked at what
    /// it was last told.
    #[must_use]
    pub fn ready_pct(&self) -> Option<f64> {
        let known = self.current && self.wanted > 0.0;
        known.then(|| (self.ready * 100.0 / self.wanted).clamp(0.0, 100.0))
    }

    /// Pods that it has, once the cluster has looked at what it was last told.
    #[must_use]
    pub fn instances(&self) -> Option<f64> {
        self.current.then_some(self.there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_deployment_has_is_told_from_what_it_shall_have() {
        let of = |spec: Json, status: Json| {
            Deployment::of(&json!({"metadata": {"generation": 3}, "spec": spec, "status": status})).unwrap()
        };
        let half =
            of(json!({"replicas": 4}), json!({"observedGeneration": 3, "replicas": 4, "readyReplicas": 2}));
        assert_eq!((half.ready_pct(), half.instances()), (Some(50.0), Some(4.0)));
        let told =
            of(json!({"replicas": 8}), json!({"observedGeneration": 2, "replicas": 4, "readyReplicas": 4}));
        assert_eq!((told.ready_pct(), told.instances()), (None, None), "the cluster has not looked yet");
        let none = of(json!({"replicas": 0}), json!({"observedGeneration": 3}));
        assert_eq!((none.wanted, none.ready_pct()), (0.0, None), "nothing of nothing is not well");
        let condition = |kind: &str, status: &str| {
            let status = json!({"observedGeneration": 3, "conditions": [{"type": kind, "status": status,
                "reason": "FailedCreate", "message": "exceeded quota"}]});
            of(json!({}), status)
        };
        assert_eq!(condition("ReplicaFailure", "True").refusal.as_deref(), Some("exceeded quota"));
        assert_eq!(condition("ReplicaFailure", "False").refusal, None);
        assert!(condition("Progressing", "False").stalled && !condition("Progressing", "True").stalled);
        assert_eq!(Deployment::of(&Json::Null), None);
    }
}
