//! What there is to read of incidents and probes, as lines: each begins with a plain word, none has a glyph. Pure.

use super::say;
use crate::{
    domain::{
        incident::{Attempt, Clue, Diagnosis, Phase},
        probe::ProbeHealth,
        text::count,
        time::Timestamp,
    },
    engine::{
        account,
        healing::{figures, ward::Incident},
        state::State,
    },
    policy::gate::explain,
    tui::incidents,
};
use std::sync::Arc;

/// Incidents that are listed.
const INCIDENTS_MOST: usize = 50;

/// How it stands, in a word or two, with the reason.
fn standing(state: &State, incident: &Incident) -> String {
    let sign = incidents::incident_sign(state, incident).word.to_lowercase();
    match &incident.phase {
        Phase::NeedsHuman(why) => format!("{sign}, {why}"),
        Phase::Suppressed(why) if sign != why.words() => format!("{sign}, {}", why.words()),
        _ => sign,
    }
}

/// An incident in one line.
#[must_use]
pub(super) fn line_of(state: &State, incident: &Incident) -> String {
    let words =
        format!("{} {}, {}, {}", incident.id, incident.severity, incident.title, standing(state, incident));
    say::line("incident", &words)
}

/// What changed of incidents is told with this line; `None`: it is not told by itself.
#[must_use]
pub(super) fn news_of(state: &State, incident: &Incident) -> Option<String> {
    let done = incident.attempts.last().map(|attempt| {
        let outcome = incidents::outcome_sign(attempt.outcome.as_ref()).word.to_lowercase();
        format!(", {}, {outcome}", attempt.remedy.words())
    });
    let words = line_of(state, incident) + &done.unwrap_or_default();
    incident.opened.is_some().then(|| words.chars().take(say::LINE_MOST).collect())
}

/// Incidents that go on, worst first; with finished ones where all are asked for.
#[must_use]
pub(super) fn list(state: &State, all: bool) -> Vec<String> {
    let shown: Vec<&Arc<Incident>> =
        incidents::past(state).into_iter().filter(|incident| all || !incident.phase.over()).collect();
    let mut lines: Vec<String> = shown.iter().take(INCIDENTS_MOST).map(|it| line_of(state, it)).collect();
    if shown.is_empty() {
        lines.push(say::line("incidents", "none goes on; say incidents all for those that are over"));
    }
    if let Some(more) = shown.len().checked_sub(INCIDENTS_MOST).filter(|more| *more > 0) {
        lines.push(say::line("incidents", &format!("{more} more are not said; say incident and a number")));
    }
    if let Some(since) = state.ward.storm {
        lines.push(say::line("storm", &format!("since {since}, nothing acts by itself")));
    }
    lines
}

/// All there is about an incident.
#[must_use]
pub(super) fn page(state: &State, incident: &Incident, now: Timestamp) -> Vec<String> {
    let seen = &incident.sightings;
    let mut lines = vec![line_of(state, incident)];
    let firing = match seen.clear_since {
        _ if seen.firing => "it is so now".to_owned(),
        Some(since) => format!("clear since {since}"),
        None => "not seen now".to_owned(),
    };
    let bad = incidents::severity_words(incident.severity);
    lines.push(say::under(&format!(
        "service {}, {}, {}, {bad}",
        incident.service, incident.env, incident.kind
    )));
    lines.push(say::under(&format!(
        "{firing}, seen {}, {} affected, first {}, last {}",
        count(seen.count, "time"),
        count(seen.affected, "person"),
        incident.first_seen,
        seen.last
    )));
    if let Some(took) = figures::took(incident) {
        lines.push(say::under(&format!("over after {took}")));
    }
    if let Some(request) = incidents::request(state, incident) {
        let clock = incidents::clock(state, request.id, now);
        let clock = clock.unwrap_or_else(|| format!("denied in {}", request.expires.since(now)));
        lines.push(say::line(
            "waiting",
            &format!("{}, {clock}; if denied: {}", request.id, request.if_denied),
        ));
    }
    if let Some(found) = &incident.diagnosis {
        diagnosis(found, &mut lines);
    }
    if let Some(ruling) = &incident.ruling {
        lines.push(say::line("ruling", &explain(ruling).join("; ")));
    }
    incident.attempts.iter().for_each(|one| attempt(one, &mut lines));
    lines.push(say::line("timeline", &count(incident.timeline.len(), "line")));
    lines.extend(incident.timeline.iter().map(|(at, words)| say::under(&format!("{at}, {words}"))));
    lines
}

fn diagnosis(found: &Diagnosis, lines: &mut Vec<String>) {
    let by = match (&found.rule, found.confidence) {
        (Some(rule), _) => format!("by the rule {rule}"),
        (None, Some(sure)) => format!("by a model, {sure} percent sure"),
        (None, None) => "by no rule".to_owned(),
    };
    lines.push(say::line(
        "diagnosis",
        &format!("grade {}, {by}, {}, {}", found.grade, found.object, found.cause),
    ));
    if found.tainted {
        lines.push(say::under("only text from outside speaks for it"));
    }
    if let Some(culprit) = &found.culprit {
        let (commit, subject) = (culprit.commit.short(), &culprit.subject);
        let words =
            format!("commit {commit}, {subject}, {} points, {} the next", culprit.score, culprit.runner_up);
        lines.push(say::under(&words));
    }
    lines.extend(
        found.frames.iter().map(|frame| say::under(&format!("code {}", incidents::frame_words(frame)))),
    );
    lines.extend(found.clues.iter().map(|one| clue(one, found.carried_by.contains(&one.id))));
    lines.extend(found.gaps.iter().map(|gap| say::line("not looked at", gap)));
    lines.push(say::line("remedy", found.remedy.word()));
    lines.extend(account::remedy_lines(&found.remedy).iter().map(|line| say::under(line)));
}

fn clue(clue: &Clue, carries: bool) -> String {
    let now = match clue.still_true {
        Some(true) => "asked again and still true",
        Some(false) => "asked again and true no more",
        None => "not asked again",
    };
    let trust = if clue.trusted { "trusted" } else { "tainted" };
    let carries = if carries { ", carries the cause" } else { "" };
    say::line(
        "evidence",
        &format!("E{} {}, {trust}, {now}{carries}, {}", clue.id, clue.sort.word(), clue.words),
    )
}

fn attempt(attempt: &Attempt, lines: &mut Vec<String>) {
    let outcome = incidents::outcome_sign(attempt.outcome.as_ref()).word.to_lowercase();
    let why = attempt.outcome.as_ref().and_then(incidents::outcome_why);
    let why = why.map(|why| format!(", {why}")).unwrap_or_default();
    let mission = attempt.mission.map(|id| format!(", {id}")).unwrap_or_default();
    let words = format!("{}, {}, {outcome}{why}{mission}", attempt.number, attempt.remedy.words());
    lines.push(say::line("attempt", &words));
    lines.extend(attempt.log.iter().map(|line| say::under(line)));
}

/// A probe in one line.
pub(super) fn probe(probe: &ProbeHealth) -> String {
    let heard = probe.heard.map_or("heard nothing yet".to_owned(), |at| format!("heard {at}"));
    let words = format!(
        "{}, {}, {} of {}, {}, {heard}",
        probe.id,
        probe.state.word(),
        probe.source,
        probe.service,
        probe.words
    );
    say::line("probe", &words)
}
