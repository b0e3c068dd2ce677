//! What incidents, remedies and probes mean in words, and the order in which missions and incidents are listed. Pure.
//! Every glyph comes with a word, so no state is carried by colour or shape alone.

use super::{theme::Role, words::Sign};
use crate::{
    domain::{
        ids::{IncidentId, MissionId, RequestId},
        incident::{AttemptOutcome, Phase, Severity, Suppression},
        probe::{ProbeHealth, ProbeState},
        request::Request,
        signal::Frame,
        text::{clean_line, count},
        time::{Millis, Timestamp},
    },
    engine::{
        healing::{figures::over_at, ward::Incident},
        state::State,
    },
};
use std::{cmp::Reverse, sync::Arc};

const fn sign(glyph: &'static str, word: &'static str, role: Role) -> Sign {
    Sign { glyph, word, role }
}

/// A row of the list of missions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// An incident that goes on.
    Incident(IncidentId),
    /// A mission.
    Mission(MissionId),
}

/// Whether what a request is about is the mission or incident that is shown.
#[must_use]
pub fn faced(request: &Request, mission: Option<MissionId>, incident: Option<IncidentId>) -> bool {
    match request.subject.incident() {
        Some(of) => incident == Some(of),
        None => mission == Some(request.mission),
    }
}

/// Incidents that go on, worst first, then missions, newest first, last the incidents that wake nobody.
#[must_use]
pub fn listed(state: &State) -> Vec<Listed> {
    let mut live: Vec<&Arc<Incident>> = state.ward.live().collect();
    live.sort_by_key(|incident| (incident.severity, Reverse(incident.id)));
    let (quiet, loud): (Vec<_>, Vec<_>) = live.into_iter().partition(|incident| is_quiet(incident));
    let row = |incident: &Arc<Incident>| Listed::Incident(incident.id);
    let missions = state.missions.keys().rev().map(|id| Listed::Mission(*id));
    loud.into_iter().map(row).chain(missions).chain(quiet.into_iter().map(row)).collect()
}

/// Every incident that is kept: what goes on first, worst first, then what is over, the last one first.
#[must_use]
pub fn past(state: &State) -> Vec<&Arc<Incident>> {
    let mut all: Vec<&Arc<Incident>> = state.ward.incidents.values().collect();
    let key = |incident: &Incident| match over_at(incident) {
        None => (None, incident.severity, Reverse(incident.id)),
        // What goes on stands before all of these.
        Some(at) => (Some(Reverse(at)), Severity::P0, Reverse(incident.id)),
    };
    all.sort_by_key(|incident| key(incident));
    all
}

/// Whether it wakes nobody.
#[must_use]
pub fn is_quiet(incident: &Incident) -> bool {
    matches!(incident.phase, Phase::Suppressed(_) | Phase::Suspected)
}

/// The request that waits at the desk for it.
#[must_use]
pub fn request<'a>(state: &'a State, incident: &Incident) -> Option<&'a Arc<Request>> {
    state.desk.get(&incident.request?)
}

/// How an incident stands.
#[must_use]
pub fn incident_sign(state: &State, incident: &Incident) -> Sign {
    if let Some(request) = request(state, incident)
        && !state.clockwork.held.contains_key(&request.id)
    {
        return match state.clockwork.vetoes.contains_key(&request.id) {
            true => sign("◷", "HEALS UNLESS STOPPED", Role::Attention),
            false => sign("⚑", "WAITS FOR YOU", Role::Attention),
        };
    }
    match &incident.phase {
        Phase::Suspected => sign("○", "SUSPECTED", Role::Muted),
        Phase::Open => sign("!", "OPEN", Role::Warn),
        Phase::Suppressed(why) => sign(
            "◌",
            match why {
                Suppression::Silenced => "SILENCED",
                Suppression::Inhibited(_) => "FOLLOWS",
                Suppression::Maintenance => "MAINTENANCE",
                Suppression::Flapping => "FLAPPING",
                Suppression::Storm => "IN A STORM",
            },
            Role::Muted,
        ),
        Phase::Investigating => sign("●", "INVESTIGATING", Role::Busy),
        Phase::Diagnosed => sign("●", "DIAGNOSED", Role::Warn),
        Phase::Mitigating => sign("●", "HEALING", Role::Busy),
        Phase::Verifying => sign("●", "VERIFYING", Role::Busy),
        Phase::NeedsHuman(_) => sign("⚑", "NEEDS A PERSON", Role::Attention),
        Phase::NoActionRequired => sign("✓", "NOTHING TO DO", Role::Ok),
        Phase::Resolved => sign("✓", "RESOLVED", Role::Ok),
        Phase::Closed => sign("✓", "CLOSED", Role::Muted),
        Phase::Discarded => sign("○", "DISCARDED", Role::Muted),
    }
}

/// The same where there is little room: glyph and word.
#[must_use]
pub fn short_sign(state: &State, incident: &Incident, now: Timestamp) -> (String, Role) {
    let sign = incident_sign(state, incident);
    let word = match sign.word {
        "HEALS UNLESS STOPPED" => incident
            .request
            .and_then(|id| left(state, id, now))
            .map_or_else(|| "heals".to_owned(), |left| format!("heals {left}")),
        "WAITS FOR YOU" | "NEEDS A PERSON" => "you".to_owned(),
        "INVESTIGATING" => "looking".to_owned(),
        "HEALING" => "heal".to_owned(),
        "VERIFYING" => "verify".to_owned(),
        other => other.to_lowercase(),
    };
    (format!("{} {word}", sign.glyph), sign.role)
}

/// How loud a severity is.
#[must_use]
pub fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::P0 | Severity::P1 => Role::Bad,
        Severity::P2 => Role::Warn,
        Severity::P3 | Severity::P4 => Role::Muted,
    }
}

/// What a severity means.
#[must_use]
pub fn severity_words(severity: Severity) -> &'static str {
    match severity {
        Severity::P0 => "everything is down or data is lost",
        Severity::P1 => "users notice",
        Severity::P2 => "errors of a new kind",
        Severity::P3 => "degraded",
        Severity::P4 => "a trend",
    }
}

/// How long until a request is approved by itself. The clock stands still while the house is halted.
#[must_use]
pub fn left(state: &State, request: RequestId, now: Timestamp) -> Option<Millis> {
    let until = state.clockwork.vetoes.get(&request)?;
    Some(until.since(state.clockwork.halted.unwrap_or(now)))
}

/// The veto clock in words.
#[must_use]
pub fn clock(state: &State, request: RequestId, now: Timestamp) -> Option<String> {
    let left = left(state, request, now)?;
    Some(match state.clockwork.halted {
        None => format!("in {left} it happens by itself, unless you say no"),
        Some(_) => format!("the clock stands at {left}: it happens so long after resume, unless you say no"),
    })
}

/// What a request is about, before its words: `I-7:` or `M-12`.
#[must_use]
pub fn place(request: &Request) -> String {
    let place = crate::engine::snapshot::place(request);
    if request.subject.incident().is_some() { format!("{place}:") } else { place }
}

/// How an attempt ended; `None`: it goes on.
#[must_use]
pub fn outcome_sign(outcome: Option<&AttemptOutcome>) -> Sign {
    match outcome {
        None => sign("●", "AT WORK", Role::Busy),
        Some(AttemptOutcome::Helped) => sign("✓", "HELPED", Role::Ok),
        Some(AttemptOutcome::Ineffective(_)) => sign("✗", "DID NOT HELP", Role::Bad),
        Some(AttemptOutcome::Failed(_)) => sign("✗", "FAILED", Role::Bad),
        Some(AttemptOutcome::RolledBack(_)) => sign("✗", "ROLLED BACK", Role::Bad),
        Some(AttemptOutcome::Stopped(_)) => sign("■", "STOPPED", Role::Warn),
        Some(AttemptOutcome::Unclear(_)) => sign("?", "NOT KNOWN", Role::Warn),
        Some(AttemptOutcome::NotDone(_)) => sign("■", "NOT DONE", Role::Warn),
    }
}

/// Why an attempt ended as it did.
#[must_use]
pub fn outcome_why(outcome: &AttemptOutcome) -> Option<&str> {
    match outcome {
        AttemptOutcome::Helped => None,
        AttemptOutcome::Ineffective(why)
        | AttemptOutcome::Failed(why)
        | AttemptOutcome::RolledBack(why)
        | AttemptOutcome::Stopped(why)
        | AttemptOutcome::Unclear(why)
        | AttemptOutcome::NotDone(why) => Some(why),
    }
}

/// What a probe finds.
#[must_use]
pub fn probe_sign(state: ProbeState) -> Sign {
    match state {
        ProbeState::Waiting => sign("○", "waiting", Role::Muted),
        ProbeState::Well => sign("✓", "well", Role::Ok),
        ProbeState::Failing => sign("✗", "failing", Role::Bad),
        ProbeState::Silent => sign("?", "silent", Role::Warn),
    }
}

/// How all probes do, for the header; `None` where there are none.
#[must_use]
pub fn monitor(probes: &[ProbeHealth]) -> Option<(String, Role)> {
    if probes.is_empty() {
        return None;
    }
    let of = |state| probes.iter().filter(|probe| probe.state == state).count();
    let (failing, silent) = (of(ProbeState::Failing), of(ProbeState::Silent));
    let (glyph, role) = match (failing, silent) {
        (0, 0) => ("●", Role::Ok),
        (0, _) => ("?", Role::Warn),
        _ => ("✗", Role::Bad),
    };
    let some = [(failing, "failing"), (silent, "silent")];
    let some: String = some.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!(", {n} {word}")).collect();
    Some((format!("{glyph} monitor {}{some}", count(probes.len(), "probe")), role))
}

/// Where in the code, in one line.
#[must_use]
pub fn frame_words(frame: &Frame) -> String {
    let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line} in {}", clean_line(&frame.file, 200), clean_line(&frame.function, 120))
}

/// How all probes do where there is little room: the glyph, and the word that matters.
#[must_use]
pub fn monitor_short(words: &str) -> &str {
    let end = words.char_indices().filter(|(_, c)| *c == ' ').nth(1).map_or(words.len(), |(at, _)| at);
    words.get(..end).unwrap_or(words)
}
