//! What the cluster has noted of a pod that does not get on with its start. Pure.

use super::{deployment::COMPLAINT_MOST, reading::moment};
use crate::domain::text;
use serde_json::Value as Json;

/// What is asked for: warnings of one pod.
#[must_use]
pub fn asked(pod: &str) -> Vec<String> {
    let which = format!("--field-selector=involvedObject.kind=Pod,involvedObject.name={pod},type=Warning");
    vec!["events".into(), which]
}

/// What its newest warning of something that failed says. One that only tells that it waited too long says less than the
/// one that tells for what, and stands behind it.
#[must_use]
pub fn complaint(list: &Json) -> Option<String> {
    let word =
        |event: &Json, name: &str| event.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let failed = list.get("items").and_then(Json::as_array)?.iter().filter(|event| {
        word(event, "reason").starts_with("Failed") && !word(event, "message").trim().is_empty()
    });
    let newest = failed.max_by_key(|event| {
        let vague = word(event, "message").starts_with("Unable to attach or mount volumes");
        let times =
            ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
        (!vague, times.iter().find_map(|path| moment(event, path)))
    })?;
    let said = format!("{}: {}", word(newest, "reason"), word(newest, "message"));
    Some(text::clean_line(&said, COMPLAINT_MOST).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_newest_warning_that_says_why_is_told() {
        let event = |reason: &str, message: &str, at: &str| json!({"type": "Warning", "reason": reason, "message": message, "lastTimestamp": at});
        let missing = "MountVolume.SetUp failed for volume \"x\" : secret \"y\" not found";
        let waited =
            "Unable to attach or mount volumes: unmounted volumes=[x]: timed out waiting for the condition";
        let list = json!({"items": [
            event("FailedScheduling", "0/1 nodes are available", "2026-01-01T00:00:00Z"),
            event("FailedMount", missing, "2026-01-01T00:03:00Z"),
            event("FailedMount", waited, "2026-01-01T00:04:00Z"),
            event("Unhealthy", "Readiness probe failed", "2026-01-01T00:05:00Z"),
        ]});
        assert_eq!(complaint(&list).unwrap(), format!("FailedMount: {missing}"));
        let alone = json!({"items": [event("FailedMount", waited, "2026-01-01T00:04:00Z")]});
        assert!(complaint(&alone).unwrap().contains("timed out"), "it is all that is known");
        assert_eq!((complaint(&json!({"items": []})), complaint(&Json::Null)), (None, None));
    }
}
