//! Incidents and probes by lines: what may be asked of the monitor and said to it.

use super::{
    face::{Linear, Want, send},
    incidents,
    named::{first, take_incident},
};
use crate::{
    domain::{
        ids::SilenceId,
        incident::{Matcher, Silence},
        probe::ProbeHealth,
        time::Millis,
    },
    engine::command::{Command, HealCommand},
    runtime::handle::Lost,
    tui::{
        app::{Action, Moment},
        incidents as sick,
    },
};
use std::sync::Arc;

impl Linear {
    /// How probes do: what has changed of their states is said.
    pub fn probes(&mut self, probes: Arc<Vec<ProbeHealth>>, now: Moment) {
        let before = self.app.vigil.probes.clone();
        let known = |id: &str| before.iter().find(|known| known.id == id).map(|known| known.state);
        let changed = probes.iter().filter(|one| known(&one.id).is_some_and(|state| state != one.state));
        let lines: Vec<String> = changed.map(incidents::probe).collect();
        self.lines.extend(lines);
        self.app.on(Action::Probes(probes), now);
    }

    /// The line to an engine elsewhere is lost, or there again.
    pub fn line_to_engine(&mut self, lost: Option<Arc<Lost>>, now: Moment) {
        match (&self.app.lost, &lost) {
            (None, Some(lost)) => {
                self.say("line lost", &format!("{}; what is said is as of then", lost.why));
            }
            (Some(before), Some(lost)) if before.why != lost.why => self.say("line lost", &lost.why),
            (Some(_), None) => self.say("line", "it is there again"),
            _ => {}
        }
        self.app.on(Action::Line(lost), now);
    }

    /// Everything that is said of or to the monitor.
    pub(super) fn monitor(&mut self, verb: &str, rest: &str) -> Vec<Want> {
        let state = self.app.state.clone();
        match verb {
            "incidents" => self.lines.extend(incidents::list(&state, rest == "all")),
            "probes" if self.app.vigil.probes.is_empty() => {
                self.say("probes", "none is configured: nothing outside is watched");
            }
            "probes" => {
                let lines: Vec<String> = self.app.vigil.probes.iter().map(incidents::probe).collect();
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
        let worst = || sick::past(&state).first().map(|incident| incident.id);
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
                self.lines.extend(incidents::page(&state, incident, self.app.now.wall));
                if let Some(request) = sick::request(&state, incident) {
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
