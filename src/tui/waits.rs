//! What waits for a person, in the order in which one key goes through it: questions before work starts, requests, incidents
//! that nothing is offered for; questions that were put aside come last. It goes round.

use super::{
    app::{App, Focus},
    screens::{ScreenId, Shelf},
    sheets::Sheet,
    task::Task,
    words,
};
use crate::{
    domain::ids::{IncidentId, MissionId, RequestId},
    engine::snapshot,
};

/// One thing that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Questions of a mission.
    Questions(MissionId),
    /// A request on the desk.
    Request(RequestId),
    /// An incident that only a person can go on with.
    Incident(IncidentId),
}

impl App {
    /// Everything that waits, in its order.
    #[must_use]
    pub fn waits(&self) -> Vec<Wait> {
        let asks = self.state.missions.values().filter(|mission| words::questions(mission).is_some());
        let (aside, fresh): (Vec<MissionId>, Vec<MissionId>) =
            asks.map(|mission| mission.id).partition(|id| self.desk.aside.contains_key(id));
        let requests = snapshot::waiting(&self.state).into_iter().map(|request| Wait::Request(request.id));
        let incidents = words::helpless(&self.state).into_iter().map(|incident| Wait::Incident(incident.id));
        let mut all: Vec<Wait> = fresh.into_iter().map(Wait::Questions).collect();
        all.extend(requests.chain(incidents));
        all.extend(aside.into_iter().map(Wait::Questions));
        all
    }

    /// The one of these that is looked at, if one is.
    #[must_use]
    pub fn looked_at(&self, waits: &[Wait]) -> Option<usize> {
        let at_desk = self.focus.0 == Focus::Desk;
        let looked = match self.screens.at {
            ScreenId::Approvals if self.screens.approvals.shelf != Shelf::Waiting => None,
            ScreenId::Approvals => self.desk.request(&self.state).map(|request| Wait::Request(request.id)),
            ScreenId::Command if at_desk => {
                self.desk.request(&self.state).map(|request| Wait::Request(request.id))
            }
            ScreenId::Command => {
                let asked = self.desk.asked.filter(|asked| self.shown == Some(*asked));
                self.vigil.shown().map(Wait::Incident).or(asked.map(Wait::Questions))
            }
            _ => None,
        }?;
        waits.iter().position(|wait| *wait == looked)
    }

    /// What the key would lead to; `None`: nothing waits but what is looked at.
    #[must_use]
    pub fn leads_to(&self) -> Option<Wait> {
        let waits = self.waits();
        after(&waits, self.looked_at(&waits))
    }

    /// To the next thing that waits.
    pub(super) fn next_waiting(&mut self) -> Vec<Task> {
        let waits = self.waits();
        let here = self.looked_at(&waits);
        match after(&waits, here) {
            Some(Wait::Questions(mission)) => self.ask(mission),
            Some(Wait::Request(id)) => self.visit_request(id),
            Some(Wait::Incident(id)) => self.visit_incident(id),
            None => {
                let held = self.desk.request(&self.state).map(|request| request.id);
                match (here.and_then(|at| waits.get(at)), held) {
                    (Some(Wait::Questions(mission)), _) => return self.ask(*mission),
                    (Some(wait), _) => {
                        let words = wait.words();
                        self.notes().note(format!("nothing else waits for you: {words} is here"));
                    }
                    // Nobody is waited for, and a decision can still be taken back.
                    (None, Some(id)) => return self.visit_request(id),
                    (None, None) => self.notes().note("nothing waits for you"),
                }
                Vec::new()
            }
        }
    }

    fn ask(&mut self, mission: MissionId) -> Vec<Task> {
        let tasks = self.go_to(ScreenId::Command);
        self.show(Some(mission));
        self.desk.asked = Some(mission);
        let known = self.state.missions.get(&mission);
        let Some(questions) = known.and_then(|known| words::questions(known)).map(<[_]>::to_vec) else {
            return tasks;
        };
        if self.focus.0 == Focus::Desk {
            self.focus.0 = Focus::Channels;
        }
        let left = self.desk.aside.remove(&mission).filter(|clarify| clarify.questions == questions);
        self.sheet = Some(match left {
            Some(clarify) => Sheet::Clarify(clarify.reopened(self.now.mono)),
            None => Sheet::clarify(mission, questions, self.now.mono),
        });
        tasks
    }

    /// On the approvals screen it stays there; from everywhere else the Decision Desk has it.
    fn visit_request(&mut self, id: RequestId) -> Vec<Task> {
        let Some(request) = self.state.desk.get(&id).cloned() else { return Vec::new() };
        let stays = self.screens.at == ScreenId::Approvals;
        let tasks = if stays { Vec::new() } else { self.go_to(ScreenId::Command) };
        if stays {
            self.screens.approvals.to_waiting();
        }
        // What is chosen already has been looked at since then.
        if self.desk.request(&self.state).map(|chosen| chosen.id) != Some(id) {
            self.desk.choose(&request, self.now.mono);
        }
        self.face(&request);
        self.sheet = None;
        if !stays {
            self.focus.0 = Focus::Desk;
        }
        tasks
    }
}

/// The one behind the one that is looked at, and round; none where there is no other.
fn after(waits: &[Wait], here: Option<usize>) -> Option<Wait> {
    let next = here.map_or(0, |at| (at + 1) % waits.len());
    waits.get(next).copied().filter(|_| here != Some(next))
}

impl Wait {
    /// Its name.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Questions(mission) => format!("{mission}"),
            Self::Request(id) => id.to_string(),
            Self::Incident(id) => id.to_string(),
        }
    }
}
