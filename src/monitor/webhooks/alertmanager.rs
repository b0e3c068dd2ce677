//! Payloads of Prometheus Alertmanager, version 4: a group of alerts, each firing or resolved.
//!
//! Alerts that differ only in where they fire (host, pod, instance) are one signal: it fires while one of them fires,
//! and counts them. So one host that recovers never clears what others still have. An alert that cannot be read is a
//! problem and takes no other one with it.

use super::{
    alarm::{alarm, label, line, sample, severity, title},
    payload::{BadPayload, LIST_MOST, Node, Payload},
};
use crate::domain::{
    probe::ProbeSpec,
    signal::{Signal, SignalState},
};
use std::collections::BTreeMap;

/// Labels that say where or how bad rather than what; never part of an identity.
const WHERE: &[&str] = &[
    "severity",
    "priority",
    "instance",
    "host",
    "hostname",
    "node",
    "nodename",
    "pod",
    "pod_name",
    "pod_ip",
    "ip",
    "uid",
    "id",
    "container_id",
    "replica",
    "prometheus",
    "prometheus_replica",
    "value",
];
/// Places that are named of one signal.
const PLACES_MOST: usize = 5;

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    if top.id("version")? != "4" {
        return Err(top.bad_at("version", "is not 4"));
    }
    top.text_if("groupKey")?;
    top.text_if("receiver")?;
    top.texts("groupLabels")?;
    top.texts("commonLabels")?;
    top.texts("commonAnnotations")?;
    let (alerts, all) = top.list("alerts")?;
    let mut payload = Payload::default();
    if all > LIST_MOST {
        payload.problem(top.bad_at("alerts", &format!("has {all} entries, of which {LIST_MOST} are read")));
    }
    if let Some(cut) = top.number_if("truncatedAlerts")?.filter(|cut| *cut > 0) {
        payload.problem(
            top.bad_at("truncatedAlerts", &format!("says that {cut} alerts were left out by the sender")),
        );
    }
    let link = top.text_if("externalURL")?.unwrap_or_default();
    let mut signals: BTreeMap<String, Signal> = BTreeMap::new();
    let mut heartbeats = 0;
    for alert in &alerts {
        match one(alert, probe, link) {
            Ok(Some(signal)) => {
                let same = signals.remove(&signal.fingerprint.0);
                let signal = same.map_or(signal.clone(), |before| joined(before, signal));
                signals.insert(signal.fingerprint.0.clone(), signal);
            }
            Ok(None) => heartbeats += 1,
            Err(problem) => payload.problem(problem),
        }
    }
    payload.signals = signals.into_values().collect();
    if payload.signals.is_empty() && payload.problems.is_empty() {
        let why = if heartbeats > 0 { "it only says that alerting works" } else { "there is no alert in it" };
        payload.passed_over = Some(why.to_owned());
    }
    Ok(payload)
}

/// One alert; `None` for the one that always fires to show that alerting works.
fn one(alert: &Node<'_>, probe: &ProbeSpec, link: &str) -> Result<Option<Signal>, BadPayload> {
    alert.as_map()?;
    let state = match alert.text("status")? {
        "firing" => SignalState::Firing,
        "resolved" => SignalState::Clear,
        _ => return Err(alert.bad_at("status", "is neither firing nor resolved")),
    };
    alert.map("labels")?;
    let labels: BTreeMap<&str, &str> = alert.texts("labels")?.into_iter().collect();
    let annotations: BTreeMap<&str, &str> = alert.texts("annotations")?.into_iter().collect();
    alert.text_if("endsAt")?;
    let name = labels.get("alertname").filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| alert.bad_at("labels.alertname", "is missing or empty"))?;
    let level = labels.get("severity").or(labels.get("priority")).copied().unwrap_or_default();
    if level.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    let what: Vec<String> = labels
        .iter()
        .filter(|(name, _)| !WHERE.contains(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut identity = vec!["alertmanager"];
    identity.extend(what.iter().map(String::as_str));
    let mut signal = alarm(probe, &probe.service, &identity);
    signal.state = state;
    signal.severity = severity(level).unwrap_or(probe.severity);
    let note = |name: &str| annotations.get(name).copied().filter(|words| !words.trim().is_empty());
    let short = note("summary").or(note("message")).or(note("description")).or(note("title"));
    signal.title = title(&short.map_or_else(|| (*name).to_owned(), |words| format!("{name}: {words}")));
    signal.sample = note("description").or(short).and_then(sample);
    label(&mut signal, "alertname", name);
    for (own, theirs) in [("since", "startsAt"), ("alert", "fingerprint"), ("source", "generatorURL")] {
        label(&mut signal, own, alert.text_if(theirs)?.unwrap_or_default());
    }
    label(&mut signal, "alertmanager", link);
    label(&mut signal, "runbook", note("runbook_url").unwrap_or_default());
    for (name, value) in &labels {
        label(&mut signal, name, value);
    }
    Ok(Some(signal))
}

/// The same alert in another place: firing wins, the worse counts, places add up.
fn joined(before: Signal, next: Signal) -> Signal {
    if before.state != next.state {
        return if before.state == SignalState::Firing { before } else { next };
    }
    let mut both =
        Signal { severity: before.severity.min(next.severity), count: before.count + next.count, ..before };
    let place = |signal: &Signal| {
        ["instance", "pod", "node", "host"].iter().find_map(|name| signal.labels.get(*name).cloned())
    };
    if let Some(next) = place(&next) {
        let mut places: Vec<String> = both
            .labels
            .get("places")
            .map_or_else(Vec::new, |places| places.split(", ").map(str::to_owned).collect());
        places.extend(place(&both).filter(|_| places.is_empty()));
        if places.len() < PLACES_MOST && !places.contains(&next) {
            places.push(next);
        }
        both.labels.insert("places".to_owned(), line(&places.join(", "), 200));
    }
    both
}
