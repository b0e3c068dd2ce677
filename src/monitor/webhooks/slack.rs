//! Payloads of Slack's Events API: what other programs say in a channel, and words that call this one by name.
//!
//! What people say to each other is nobody's alarm, and what this very app says must never wake it: its own notices would
//! go in a circle. A first word such as `critical:` says how bad it is, one such as `[RESOLVED]` that it is over.

use super::{
    alarm::{alarm, label, sample, severity, title},
    payload::{BadPayload, Node, Payload},
};
use crate::domain::{probe::ProbeSpec, signal::SignalState};

/// Characters of what Slack wants to hear back.
const CHALLENGE_MOST: usize = 256;
/// First words that say that something is over.
const OVER: [&str; 5] = ["resolved", "recovered", "ok", "cleared", "closed"];
/// First words that say that it is so.
const SO: [&str; 4] = ["firing", "alert", "triggered", "problem"];

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    match top.text("type")? {
        "url_verification" => hello(top),
        "event_callback" => event(top, probe),
        "app_rate_limited" => Ok(Payload::nothing("Slack holds events back for a minute")),
        _ => Err(top.bad_at("type", "is neither url_verification nor event_callback")),
    }
}

/// Only what cannot be taken for a page or a command is said back.
fn hello(top: &Node<'_>) -> Result<Payload, BadPayload> {
    let challenge = top.text("challenge")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if challenge.len() > CHALLENGE_MOST || !challenge.bytes().all(plain) {
        return Err(top.bad_at("challenge", "is more than letters, digits, -, _ and ."));
    }
    let challenge = Some(challenge.to_owned());
    Ok(Payload { challenge, ..Payload::nothing("a question whether somebody is here") })
}

fn event(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let id = top.id("event_id")?;
    let this_app = top.text_if("api_app_id")?;
    let event = top.map("event")?;
    let kind = event.text("type")?;
    if kind != "message" && kind != "app_mention" {
        return Ok(Payload::nothing("an event that is no message"));
    }
    if event.text_if("subtype")?.is_some_and(|subtype| subtype != "bot_message") {
        return Ok(Payload::nothing("a message about a message"));
    }
    let (bot, app) = (event.text_if("bot_id")?, event.text_if("app_id")?);
    if app.is_some() && app == this_app {
        return Ok(Payload::nothing("a message of its own"));
    }
    if kind == "message" && bot.is_none() {
        return Ok(Payload::nothing("a word among people"));
    }
    let channel = event.text("channel")?;
    let words = event.text("text")?;
    let sent = event.text("ts")?;
    let (firsts, rest) = parted(&unmarked(words));
    if rest.is_empty() {
        return Err(event.bad_at("text", "says nothing that is wrong"));
    }
    let short = title(&rest);
    let mut signal = alarm(probe, &probe.service, &["slack", channel, &short]);
    signal.title = short;
    if firsts.iter().any(|first| OVER.contains(&first.as_str())) {
        signal.state = SignalState::Clear;
    }
    if let Some(worst) = firsts.iter().filter_map(|first| severity(first)).min() {
        signal.severity = worst;
    }
    signal.sample = sample(words);
    for (name, value) in [("channel", channel), ("sent", sent), ("event", &id)] {
        label(&mut signal, name, value);
    }
    label(&mut signal, "by", event.text_if("user")?.or(bot).unwrap_or_default());
    Ok(Payload::one(signal))
}

/// Without whom it is said to; a link is its words.
fn unmarked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        let Some((mark, behind)) = after.split_once('>') else {
            out.push('<');
            rest = after;
            continue;
        };
        if !mark.starts_with(['@', '!']) {
            out.push_str(mark.split_once('|').map_or(mark, |(_, words)| words));
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The words in front that say how it stands and how bad it is, and what they are said of.
fn parted(text: &str) -> (Vec<String>, String) {
    let (mut firsts, mut rest) = (Vec::new(), text.trim());
    loop {
        let (first, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let marked = first.ends_with(':') || (first.starts_with('[') && first.ends_with(']'));
        let bare = first.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        let known = OVER.contains(&bare.as_str()) || SO.contains(&bare.as_str()) || severity(&bare).is_some();
        if !marked || !known {
            return (firsts, rest.to_owned());
        }
        firsts.push(bare);
        rest = behind.trim_start();
    }
}
