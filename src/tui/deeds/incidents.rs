//! Incidents on the first screen: which one is shown, how its card scrolls, what may be said of it. A card stands in
//! place of a mission's channels; while it does, no key means a mission.

use crate::{
    domain::{
        ids::IncidentId,
        incident::{Matcher, Phase, Severity, Silence},
        request::Request,
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::{Command, HealCommand},
        state::State,
    },
    tui::{
        app::{App, Focus},
        commands::CommandId,
        incidents::{self, Listed},
        screens::ScreenId,
        sheets::{PromptFor, Sheet},
        task::Task,
        view,
    },
};

impl App {
    /// Puts an incident's card on screen.
    pub(in crate::tui) fn show_incident(&mut self, id: IncidentId) {
        if self.vigil.shown() == Some(id) {
            return;
        }
        self.shown = None;
        self.channels.turn_to(None);
        self.vigil.show(Some(id));
        // Keys decide about what is looked at, where that waits for a decision.
        let state = self.state.clone();
        let own = self.vigil.incident(&state).and_then(|incident| incidents::request(&state, incident));
        let chosen = self.desk.request(&state).map(|request| request.id);
        if let Some(own) = own.filter(|own| Some(own.id) != chosen) {
            self.desk.choose(own, self.now.mono);
        }
    }

    /// An incident, on the first screen.
    pub(in crate::tui) fn visit_incident(&mut self, id: IncidentId) -> Vec<Task> {
        let tasks = self.go_to(ScreenId::Command);
        self.show_incident(id);
        self.focus.0 = Focus::Channels;
        tasks
    }

    /// Whether what a request is about is what is on screen.
    pub(in crate::tui) fn faces(&self, request: &Request) -> bool {
        incidents::faced(request, self.shown, self.vigil.shown())
    }

    /// Puts what a request is about on screen.
    pub(in crate::tui) fn face(&mut self, request: &Request) {
        match request.subject.incident() {
            Some(incident) => self.show_incident(incident),
            None => self.show(Some(request.mission)),
        }
    }

    /// The row of the list of missions that is on screen.
    pub(in crate::tui) fn listed(&self) -> Option<Listed> {
        self.vigil.shown().map(Listed::Incident).or(self.shown.map(Listed::Mission))
    }

    /// So many rows further in the list of missions.
    pub(super) fn step_listed(&mut self, by: isize) {
        let rows = incidents::listed(&self.state);
        let here = self.listed();
        let at = rows.iter().position(|row| Some(*row) == here).unwrap_or(0);
        match rows.get(at.saturating_add_signed(by).min(rows.len().saturating_sub(1))) {
            Some(Listed::Mission(id)) => self.show(Some(*id)),
            Some(Listed::Incident(id)) => self.show_incident(*id),
            None => {}
        }
    }

    /// Scrolls the card; `false`: none is shown.
    pub(super) fn scroll_card(&mut self, by: isize) -> bool {
        if self.vigil.shown().is_none() {
            return false;
        }
        let most = view::incident_rows(self);
        let at = self.vigil.scroll.min(most);
        self.vigil.scroll = match by {
            isize::MIN => 0,
            isize::MAX => most,
            by => at.saturating_add_signed(by).min(most),
        };
        true
    }

    /// What is said to an incident rather than to a mission; `None`: none is shown.
    pub(super) fn steer_incident(&mut self, command: CommandId) -> Option<Vec<Task>> {
        let id = self.vigil.shown()?;
        match command {
            CommandId::RetryMission => {
                let look = Command::Heal(HealCommand::Investigate(id));
                return Some(vec![Task::Send(Box::new(look), format!("{id} is looked into again"))]);
            }
            CommandId::Cancel => {
                self.ask_to_close(id);
            }
            CommandId::Silence => {
                let title = format!("quiet about {id}: how long, such as 2h, and why?");
                self.sheet = Some(Sheet::prompt(title, "2h ", PromptFor::Quiet(id)));
            }
            _ => self.notes().note(format!("{id} is shown, which has no teams: choose a mission first")),
        }
        Some(Vec::new())
    }

    /// A person closes an incident.
    pub(super) fn close_incident(id: IncidentId, why: String) -> Vec<Task> {
        vec![Task::Send(Box::new(Command::Heal(HealCommand::Resolve(id, why))), format!("{id} closed"))]
    }

    /// A person wants quiet about an incident's cause.
    pub(super) fn silence_incident(&mut self, id: IncidentId, text: &str) -> Vec<Task> {
        let (span, why) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        let cause = self.state.ward.incidents.get(&id).map(|incident| incident.fingerprint.clone());
        let (Ok(span), Some(_)) = (span.parse::<Millis>(), &cause) else {
            self.notes().bad(format!("{:?} is no span of time such as 30m, 2h or 1d", clean_line(span, 40)));
            return Vec::new();
        };
        let from = self.now.wall;
        let silence = Silence {
            matches: Matcher { fingerprint: cause, ..Matcher::default() },
            from,
            until: from + span,
            why: why.trim().to_owned(),
            maintenance: false,
        };
        let quiet = Box::new(Command::Heal(HealCommand::Silence(silence)));
        vec![Task::Send(quiet, format!("quiet about {id} for {span}"))]
    }

    /// Follows a newer state: what began, what only a person can go on with and what is over is told once.
    pub(in crate::tui) fn tell_incidents(&mut self, before: &State) {
        let state = self.state.clone();
        self.vigil.follow(&state);
        for incident in state.ward.incidents.values() {
            let known = before.ward.incidents.get(&incident.id);
            if known.is_some_and(|known| known.phase == incident.phase) || before.seq.0 == 0 {
                continue;
            }
            let title = clean_line(&incident.title, 120);
            let began = known.is_none_or(|known| known.opened.is_none()) && incident.opened.is_some();
            match &incident.phase {
                Phase::NeedsHuman(why) => {
                    let why = clean_line(why, 200);
                    self.notes().bad(format!("{} needs a person: {why}", incident.id));
                }
                Phase::Resolved => self.notes().good(format!("{} is resolved: {title}", incident.id)),
                phase if began && incident.severity <= Severity::P1 && !phase.over() => {
                    self.notes().bad(format!("{} {} {title}", incident.id, incident.severity));
                }
                _ => {}
            }
        }
    }
}
