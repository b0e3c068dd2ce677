//! Payloads of Sentry's integration platform: an alert about an issue, an issue itself, an alert about a metric.
//!
//! An alert about an issue and the issue share one identity, so that resolving it in Sentry clears what the alert began.

use super::{
    alarm::{alarm, label, line, sample, severity, title},
    payload::{BadPayload, Node, Payload},
};
use crate::domain::{
    incident::Severity,
    probe::ProbeSpec,
    signal::{Frame, Signal, SignalState},
};
use serde_json::Value;

/// Exceptions and frames that are looked at.
const FRAMES_READ_MOST: usize = 256;

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    top.text("action")?;
    let data = top.map("data")?;
    if let Some(event) = data.map_if("event")? {
        return event_alert(top, &event, probe);
    }
    if let Some(alert) = data.map_if("metric_alert")? {
        return metric_alert(top, &alert, probe);
    }
    if let Some(issue) = data.map_if("issue")? {
        return issue_event(top, &issue, probe);
    }
    for (name, why) in [
        ("installation", "an installation"),
        ("comment", "a comment"),
        ("error", "a single error, which its issue speaks for"),
    ] {
        if data.find(name).is_some() {
            return Ok(Payload::nothing(why));
        }
    }
    Err(data.bad("holds neither event, metric_alert nor issue"))
}

fn event_alert(top: &Node<'_>, event: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let action = top.text("action")?;
    let data = top.map("data")?;
    if action != "triggered" {
        return Err(top.bad_at("action", "is not triggered"));
    }
    let words = event.text("title")?;
    let short = title(words);
    let issue = event.id_if("issue_id")?;
    let identity = match &issue {
        Some(issue) => ["sentry", "issue", issue],
        None => ["sentry", "title", &short],
    };
    let mut signal = alarm(probe, &probe.service, &identity);
    signal.title.clone_from(&short);
    signal.severity = event.text_if("level")?.and_then(severity).unwrap_or(probe.severity);
    let exceptions = exceptions(event)?;
    signal.frames = frames(&exceptions);
    signal.sample = sample(&said(words, event.text_if("message")?, &exceptions));
    label(&mut signal, "issue", issue.as_deref().unwrap_or_default());
    label(&mut signal, "event", &event.id_if("event_id")?.unwrap_or_default());
    label(&mut signal, "rule", data.text_if("triggered_rule")?.unwrap_or_default());
    for name in ["culprit", "platform", "environment", "release", "transaction", "web_url"] {
        label(&mut signal, name, event.text_if(name)?.unwrap_or_default());
    }
    label(&mut signal, "project", &event.id_if("project")?.unwrap_or_default());
    Ok(Payload::one(signal))
}

fn issue_event(top: &Node<'_>, issue: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let action = top.text("action")?;
    let id = issue.id("id")?;
    let words = issue.text("title")?;
    let state = match action {
        "created" | "unresolved" | "triggered" => SignalState::Firing,
        "resolved" => SignalState::Clear,
        "assigned" | "archived" | "ignored" => {
            return Ok(Payload::nothing("an issue was assigned or set aside"));
        }
        _ => {
            return Err(
                top.bad_at("action", "is none of created, unresolved, resolved, assigned, archived, ignored")
            );
        }
    };
    let mut signal = alarm(probe, &probe.service, &["sentry", "issue", &id]);
    signal.state = state;
    signal.title = title(words);
    signal.severity = issue.text_if("level")?.and_then(severity).unwrap_or(probe.severity);
    signal.count = issue.number_if("count")?.unwrap_or(1).max(1);
    signal.affected = u32::try_from(issue.number_if("userCount")?.unwrap_or(0)).unwrap_or(u32::MAX);
    signal.sample = sample(words);
    label(&mut signal, "issue", &id);
    for name in ["shortId", "culprit", "platform", "permalink", "web_url", "firstSeen", "lastSeen"] {
        label(&mut signal, name, issue.text_if(name)?.unwrap_or_default());
    }
    if let Some(project) = issue.map_if("project")? {
        label(&mut signal, "project", project.text_if("slug")?.unwrap_or_default());
    }
    Ok(Payload::one(signal))
}

fn metric_alert(top: &Node<'_>, alert: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let action = top.text("action")?;
    let data = top.map("data")?;
    let rule = alert.map("alert_rule")?;
    let id = rule.id("id")?;
    let mut signal = alarm(probe, &probe.service, &["sentry", "metric", &id]);
    signal.severity = match action {
        "critical" => Severity::P1,
        "warning" => Severity::P3,
        "resolved" => probe.severity,
        _ => return Err(top.bad_at("action", "is none of critical, warning, resolved")),
    };
    signal.state = if action == "resolved" { SignalState::Clear } else { SignalState::Firing };
    let whole = data.text_if("description_title")?;
    let name = rule.text_if("title")?.or(rule.text_if("name")?).or(alert.text_if("title")?).or(whole);
    // Titles of the whole begin with the action, which is no part of what it is.
    signal.title = title(name.ok_or_else(|| rule.bad_at("name", "is missing or empty"))?);
    signal.sample = data.text_if("description_text")?.and_then(sample);
    label(&mut signal, "rule", &id);
    for name in ["aggregate", "query", "dataset", "environment"] {
        label(&mut signal, name, rule.text_if(name)?.unwrap_or_default());
    }
    label(&mut signal, "web_url", data.text_if("web_url")?.unwrap_or_default());
    label(&mut signal, "since", alert.text_if("date_started")?.unwrap_or_default());
    Ok(Payload::one(signal))
}

/// Exceptions of an event, causes first; their shape differs from platform to platform.
fn exceptions<'a>(event: &Node<'a>) -> Result<Vec<&'a Value>, BadPayload> {
    let Some(exception) = event.map_if("exception")? else { return Ok(Vec::new()) };
    let values = exception.raw().get("values").and_then(Value::as_array);
    Ok(values.map_or_else(Vec::new, |values| values.iter().take(FRAMES_READ_MOST).collect()))
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn said(title: &str, message: Option<&str>, exceptions: &[&Value]) -> String {
    let mut lines = vec![title.to_owned()];
    lines.extend(message.filter(|message| *message != title).map(str::to_owned));
    for exception in exceptions.iter().rev() {
        let line = format!("{}: {}", word(exception, "type"), word(exception, "value"));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The program's own frames of the last exception. Sentry tells the oldest call first.
fn frames(exceptions: &[&Value]) -> Vec<Frame> {
    let frames =
        exceptions.iter().rev().find_map(|exception| exception.get("stacktrace")?.get("frames")?.as_array());
    let own = frames.into_iter().flatten().rev().take(FRAMES_READ_MOST);
    let own = own.filter(|frame| frame.get("in_app").and_then(Value::as_bool) == Some(true));
    own.filter_map(frame).take(Signal::FRAMES_MOST).collect()
}

fn frame(frame: &Value) -> Option<Frame> {
    let file = ["filename", "abs_path"].iter().map(|name| word(frame, name)).find(|file| !file.is_empty())?;
    let (module, function) = (word(frame, "module"), word(frame, "function"));
    let function = if module.is_empty() { function.to_owned() } else { format!("{module}.{function}") };
    let line_number =
        frame.get("lineno").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    Some(Frame { file: line(file, 200), line: line_number, function: line(&function, 200) })
}
