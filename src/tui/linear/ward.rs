//! Incidents and probes by lines: what there is to read of them, and what may be said to them. Nothing is told by a
//! glyph here: every line begins with a plain word.

use super::{
    face::{Linear, Want, send},
    named::first,
    say,
};
use crate::{
    domain::{
        ids::{IncidentId, SilenceId},
        incident::{Attempt, Clue, Diagnosis, Matcher, Phase, Silence},
        probe::ProbeHealth,
        text::count,
        time::{Millis, Timestamp},
    },
    engine::{
        account,
        command::{Command, HealCommand},
        healing::{figures, ward::Incident},
        state::State,
    },
    policy::gate::explain,
    tui::{
        app::{Action, Moment},
        incidents,
    },
};
use std::sync::Arc;

/// Incidents that are listed.
const INCIDENTS_MOST: usize = 50;

/// An incident's name at the beginning, and the rest.
#[must_use]
pub(super) fn take_incident(rest: &str) -> (Option<IncidentId>, &str) {
    let (word, after) = first(rest);
    let named = word.starts_with("I-") || word.starts_with("i-");
    match named.then(|| word.parse().ok()).flatten() {
        Some(id) => (Some(id), after),
        None => (None, rest.trim()),
    }
}

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
fn list(state: &State, all: bool) -> Vec<String> {
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
fn page(state: &State, incident: &Incident, now: Timestamp) -> Vec<String> {
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
        Some(true) => "true now",
        Some(false) => "not true now",
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
fn probe(probe: &ProbeHealth) -> String {
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

impl Linear {
    /// How probes do: what has changed of their states is said.
    pub fn probes(&mut self, probes: Arc<Vec<ProbeHealth>>, now: Moment) {
        let before = self.app.vigil.probes.clone();
        let known = |id: &str| before.iter().find(|known| known.id == id).map(|known| known.state);
        let changed = probes.iter().filter(|one| known(&one.id).is_some_and(|state| state != one.state));
        let lines: Vec<String> = changed.map(probe).collect();
        self.lines.extend(lines);
        self.app.on(Action::Probes(probes), now);
    }

    /// Everything that is said of or to the monitor.
    pub(super) fn monitor(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        let state = self.app.state.clone();
        match verb {
            "incidents" => self.lines.extend(list(&state, rest == "all")),
            "probes" if self.app.vigil.probes.is_empty() => {
                self.say("probes", "none is configured: nothing outside is watched");
            }
            "probes" => {
                let lines: Vec<String> = self.app.vigil.probes.iter().map(probe).collect();
                self.lines.extend(lines);
            }
            "silence" if rest.is_empty() => {
                if state.ward.silences.is_empty() {
                    self.say("silences", "there are none");
                }
                for (id, silence) in &state.ward.silences {
                    let whom = silence.matches.service.as_deref().unwrap_or("every service");
                    self.say("silence", &format!("{id}, {whom}, until {}, {}", silence.until, silence.why));
                }
            }
            "silence" => return self.silence(rest),
            "unsilence" => match first(rest).0.parse::<SilenceId>() {
                Ok(id) => {
                    return vec![send(Command::Heal(HealCommand::Unsilence(id)), format!("{id} ended"))];
                }
                Err(_) => self.say("not done", "say which: unsilence S-1; silence lists them"),
            },
            _ => return self.incident(verb, rest),
        }
        Vec::new()
    }

    fn incident(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        let state = self.app.state.clone();
        let (named, words) = take_incident(rest);
        let worst = || incidents::past(&state).first().map(|incident| incident.id);
        let id = named.or_else(|| worst().filter(|_| verb == "incident"));
        let Some(incident) = id.and_then(|id| state.ward.incidents.get(&id)) else {
            let words = match id {
                Some(id) => format!("there is no {id} here; say incidents for those there are"),
                None => format!("say which: {verb} I-1; incidents lists them"),
            };
            self.say("not done", &words);
            return Vec::new();
        };
        let id = incident.id;
        match verb {
            "investigate" => {
                vec![send(Command::Heal(HealCommand::Investigate(id)), format!("{id} is looked into again"))]
            }
            "close" => {
                let close = HealCommand::Resolve(id, words.to_owned());
                vec![send(Command::Heal(close), format!("{id} closed"))]
            }
            _ => {
                self.app.show_incident(id);
                self.lines.extend(page(&state, incident, self.app.now.wall));
                if let Some(request) = incidents::request(&state, incident) {
                    self.seen.insert(request.id, (request.revision, self.app.now.mono));
                }
                Vec::new()
            }
        }
    }

    /// `silence web 2h the provider moves`.
    fn silence(&mut self, rest: &str) -> Vec<Want> {
        let (service, rest) = first(rest);
        let (span, why) = first(rest);
        let Ok(span) = span.parse::<Millis>() else {
            self.say("not done", "say a service, how long and why: silence web 2h the provider moves");
            return Vec::new();
        };
        let now = self.app.now.wall;
        let silence = Silence {
            matches: Matcher { service: Some(service.to_owned()), ..Matcher::default() },
            from: now,
            until: now + span,
            why: why.to_owned(),
            maintenance: false,
        };
        vec![send(Command::Heal(HealCommand::Silence(silence)), format!("{service} is silent for {span}"))]
    }
}
