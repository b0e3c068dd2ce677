//! Decisions from keys: which request a key decides, and what is sent for it. A key that does not fit the request that
//! is chosen says why and decides nothing.

use super::{
    app::{App, Focus},
    commands::CommandId,
    desk::Written,
    incidents,
    screens::ScreenId,
    sheets::{PromptFor, Sheet},
    task::{EditFor, Task},
    words,
};
use crate::{
    domain::{
        candidate::Candidate,
        digest::Digest,
        ids::{MissionId, RequestId, Revision, TeamId},
        incident::Remedy,
        request::{Decision, Modification, Request, Subject},
        text::clean_line,
        time::Millis,
    },
    engine::{
        command::{Command, DeskCommand},
        playbook::brief,
        snapshot,
        state::State,
    },
    policy::ruling::RulingOutcome,
};
use std::sync::Arc;

impl App {
    /// The request that a decision key may decide, or the words why not.
    pub(super) fn decidable(&mut self) -> Option<(std::sync::Arc<Request>, Revision)> {
        match self.desk.decidable(&self.state, self.now.mono) {
            Ok((request, _)) if !self.is_open_on(&request) => {
                let (id, close) = (request.id, self.key_word(CommandId::Close));
                self.notes().note(format!(
                    "what is open here waits for no decision any more, {id} does: {close} closes this"
                ));
                None
            }
            Ok((request, seen)) if self.faces(&request) => Some((request, seen)),
            Ok((request, _)) => {
                self.face(&request);
                self.desk.touch(self.now.mono);
                let place = snapshot::place(&request);
                self.notes().note(format!("{} is about {place}, shown now: press it again", request.id));
                None
            }
            Err(why) => {
                self.notes().note(why);
                None
            }
        }
    }

    /// Whether an open sheet is about this request, so that no key decides what is not seen.
    fn is_open_on(&self, request: &Request) -> bool {
        match &self.sheet {
            Some(Sheet::Compare(board)) => board.mission == request.mission,
            Some(Sheet::Card(id, _)) => *id == request.id,
            _ => true,
        }
    }

    /// Follows a newer state at the desk. Where its cursor has the keys, what it stands on is on the screen.
    pub(super) fn follow_desk(&mut self) {
        let state = self.state.clone();
        let (shown, vigil) = (self.shown, self.vigil.shown());
        self.desk.follow(&state, |request| incidents::faced(request, shown, vigil), self.now.mono);
        self.face_chosen();
    }

    /// Puts what the cursor of the desk stands on on the screen, where that cursor has the keys.
    pub(super) fn face_chosen(&mut self) {
        if self.focus.0 == Focus::Desk
            && let Some(request) = self.desk.request(&self.state).cloned()
        {
            self.face(&request);
        }
    }

    /// To the Decision Desk: to what is on the screen if that waits, else to the chosen request, which is on it then.
    pub(super) fn go_to_desk(&mut self) {
        self.focus.0 = Focus::Desk;
        let state = self.state.clone();
        let chosen = self.desk.request(&state).is_some_and(|request| self.faces(request));
        let own = snapshot::waiting(&state).into_iter().find(|request| self.faces(request));
        if let Some(own) = own.filter(|_| !chosen) {
            self.desk.choose(own, self.now.mono);
        }
        self.face_chosen();
    }

    /// Requests that have come since are announced; the one under the cursor speaks for itself.
    pub(super) fn tell_requests(&mut self, before: &State) {
        let state = self.state.clone();
        // The first one on an empty desk is chosen at once and speaks for itself, where the desk is seen.
        let seen = self.screens.at == ScreenId::Command && self.sheet.is_none() && !self.channels.full;
        let fresh = |request: &&Request| !before.desk.contains_key(&request.id);
        let news: Vec<&Request> = snapshot::waiting(&state).into_iter().filter(fresh).collect();
        let speaks = seen && before.desk.is_empty() && news.len() == 1;
        let Some(first) = news.first().filter(|_| !speaks) else { return };
        let mission = state.missions.get(&first.mission).map(AsRef::as_ref);
        let more = match news.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let (place, asks) = (snapshot::place(first), words::asks(mission, first));
        let key = self.key_word(CommandId::NextWaiting);
        self.notes().note(format!("{} has come{more}: {place} {asks}; {key} leads there", first.id));
    }

    /// A digit approves the candidate of the team with that number.
    pub(super) fn approve_digit(&mut self, command: CommandId) -> Vec<Task> {
        let digit = 1 + (command as u8).saturating_sub(CommandId::Approve1 as u8);
        if self.is_blind() {
            self.notes().note("names are hidden: a approves the candidate under the cursor");
            return Vec::new();
        }
        self.approve_team(TeamId(digit))
    }

    pub(super) fn approve_team(&mut self, team: TeamId) -> Vec<Task> {
        let Some((request, seen)) = self.decidable() else { return Vec::new() };
        let Subject::Choose { teams } = &request.subject else {
            self.notes().note(format!("{} is no choice between teams: a approves, x rejects", request.id));
            return Vec::new();
        };
        if !teams.contains(&team) {
            let (name, why) = (self.name_of(team), self.why_not(team));
            self.notes().note(format!("{} has no candidate of {name} to approve{why}", request.id));
            return Vec::new();
        }
        self.send_decision(request.id, seen, Decision::Approve { team: Some(team) })
    }

    /// A team's shown name in the mission on screen; none while a comparison hides names.
    pub(super) fn name_of(&self, team: TeamId) -> String {
        if self.is_blind() {
            return "the candidate under the cursor".into();
        }
        let known = self.mission().filter(|mission| mission.teams.iter().any(|known| known.id == team));
        known.map_or_else(|| format!("team {}", team.0), |mission| words::team_name(mission, team))
    }

    /// Gives a decision, which can be taken back for a while; given again it counts at once.
    pub(super) fn send_decision(&mut self, id: RequestId, seen: Revision, decision: Decision) -> Vec<Task> {
        let what = self.told_of(id, &decision);
        self.send_told((id, seen), decision, what)
    }

    fn send_told(
        &mut self,
        (id, seen): (RequestId, Revision),
        decision: Decision,
        what: String,
    ) -> Vec<Task> {
        self.desk.answered = Some(id);
        vec![Task::Send(Box::new(Command::Desk(DeskCommand::Hold(id, seen, Box::new(decision)))), what)]
    }

    /// What is said when a decision was taken.
    pub(super) fn told_of(&self, id: RequestId, decision: &Decision) -> String {
        let what = match decision {
            Decision::Approve { team: Some(team) } => {
                format!("{id} approved: {}", self.name_of(*team))
            }
            Decision::Approve { team: None } => format!("{id} approved"),
            Decision::Grant { terms } => format!("{id} approved, and {} times more", terms.uses),
            Decision::Modify { .. } => format!("{id} approved with changes"),
            Decision::Retry { .. } if self.is_remedy(id) => format!("{id} rejected, it is looked into again"),
            Decision::Retry { .. } => format!("{id} rejected, teams try again"),
            _ => format!("{id} rejected"),
        };
        let window = self.state.policy.undo_window;
        let again = self.state.clockwork.held.get(&id).is_some_and(|hold| hold.decision == *decision);
        if window == Millis(0) || again {
            return what;
        }
        format!("{what}; {} takes it back within {} s", self.key_word(CommandId::Undo), window.0 / 1_000)
    }

    /// Whether a request is of an incident.
    fn is_remedy(&self, id: RequestId) -> bool {
        self.state.desk.get(&id).is_some_and(|request| request.subject.incident().is_some())
    }

    /// The key of a command as the keymap has it.
    pub(super) fn key_word(&self, command: CommandId) -> String {
        self.look.keymap.keys_of(command).into_iter().next().unwrap_or_default()
    }

    pub(super) fn decide(&mut self, command: CommandId) -> Vec<Task> {
        let Some((request, seen)) = self.decidable() else { return Vec::new() };
        let id = request.id;
        if let Some(tasks) = self.at_once(command, (id, seen)) {
            return tasks;
        }
        match command {
            CommandId::Approve => match &request.subject {
                Subject::Choose { teams } if teams.len() == 1 => self.approve_team(teams[0]),
                Subject::Choose { .. } if self.compared_team().is_some() => {
                    self.compared_team().map(|team| self.approve_team(team)).unwrap_or_default()
                }
                Subject::Choose { .. } => {
                    self.notes().note("press the number of the team whose candidate you approve");
                    Vec::new()
                }
                Subject::Ask { .. } => self.modify(&request, seen),
                _ => self.send_decision(id, seen, Decision::Approve { team: None }),
            },
            CommandId::Modify => self.modify(&request, seen),
            CommandId::Grant => self.offer_grant(&request, seen),
            CommandId::Retry => {
                let title = match self.is_remedy(id) {
                    true => format!("reject {id} and look again: what should be looked at?"),
                    false => format!("reject {id} and try again: what should be different?"),
                };
                self.sheet = Some(Sheet::prompt(title, "", PromptFor::Retry(id, seen)));
                Vec::new()
            }
            _ => {
                self.sheet =
                    Some(Sheet::prompt(format!("reject {id}: why?"), "", PromptFor::Reject(id, seen)));
                Vec::new()
            }
        }
    }

    fn modify(&mut self, request: &Request, seen: Revision) -> Vec<Task> {
        let id = request.id;
        let (title, text, purpose) = match &request.subject {
            Subject::Choose { .. } | Subject::Conflict { .. } => return self.modify_patch(request, seen),
            Subject::Command { argv, .. } => {
                ("run this instead".into(), super::argv::join_argv(argv), PromptFor::Argv(id, seen))
            }
            Subject::Budget { wanted, .. } => {
                let amount = wanted.to_string();
                (
                    "the cap instead, in dollars".into(),
                    amount.trim_start_matches('$').to_owned(),
                    PromptFor::Amount(id, seen),
                )
            }
            Subject::Ask { question, .. } => {
                let title = crate::domain::text::clean_line(question, 120).to_string();
                (title, String::new(), PromptFor::Words(id, seen))
            }
            Subject::Remedy { remedy, .. } => match &**remedy {
                Remedy::Code(words) => ("tell the teams".into(), words.clone(), PromptFor::Words(id, seen)),
                _ => {
                    self.notes().note(
                        "it is approved as it is or not at all: what a runbook does stands in its file",
                    );
                    return Vec::new();
                }
            },
            Subject::Release { .. } => {
                self.notes().note("it is kept or taken back: there is nothing to change");
                return Vec::new();
            }
        };
        self.sheet = Some(Sheet::prompt(title, text, purpose));
        Vec::new()
    }

    fn modify_patch(&mut self, request: &Request, seen: Revision) -> Vec<Task> {
        let team = match &request.subject {
            Subject::Choose { teams } => {
                let chosen = self.compared_team().or_else(|| self.team().map(|team| team.id));
                chosen.filter(|team| teams.contains(team)).or_else(|| teams.first().copied()).or(chosen)
            }
            Subject::Conflict { team, .. } => Some(*team),
            _ => None,
        };
        let candidate = team.and_then(|team| self.candidate(request.mission, team));
        let Some(candidate) = candidate.cloned() else {
            self.notes().note("there is no candidate to change");
            return Vec::new();
        };
        // What is edited is what is looked at.
        let teams = self.mission().map(|mission| mission.teams.as_slice()).unwrap_or_default();
        if let Some(at) = teams.iter().position(|known| known.id == candidate.team) {
            self.channels.at = at;
        }
        let purpose = EditFor::Patch { request: request.id, seen, team: candidate.team };
        match self.desk.written.as_ref().filter(|written| written.is_for(request.mission, &candidate)) {
            Some(written) => vec![Task::Edit(purpose, written.text.clone())],
            None => {
                // A conflict is mended on the target as it is now: both sides stand there, with marks.
                let patch = match &request.subject {
                    Subject::Conflict { detail, .. } => *detail,
                    _ => candidate.patch,
                };
                vec![Task::EditBlob(purpose, patch)]
            }
        }
    }

    /// An earlier candidate of a team takes the place of its newest, as a person's patch does: checked anew before it can be
    /// approved.
    pub(super) fn put_up_again(&mut self, (team, attempt, patch): (TeamId, u32, Digest)) -> Vec<Task> {
        let state = self.state.clone();
        let choice = state.desk.values().find(|request| {
            Some(request.mission) == self.shown && matches!(request.subject, Subject::Choose { .. })
        });
        let Some(choice) = choice else {
            self.notes().note(
                "a candidate is put up again while its mission waits for a choice; what landed is restored",
            );
            return Vec::new();
        };
        if self.candidate(choice.mission, team).is_some_and(|newest| newest.attempt == attempt) {
            self.notes().note("that one is up for the decision already");
            return Vec::new();
        }
        if self.desk.request(&state).map(|chosen| chosen.id) != Some(choice.id) {
            self.desk.choose(choice, self.now.mono);
        }
        let Some((request, seen)) = self.decidable() else { return Vec::new() };
        self.sheet = None;
        let name = self.name_of(team);
        let decision = Decision::Modify { team: Some(team), change: Modification::Patch(patch) };
        let told = self.told_of(request.id, &decision);
        let what = format!("{told}: attempt {attempt} of {name} is checked again");
        self.send_told((request.id, seen), decision, what)
    }

    fn candidate(&self, mission: MissionId, team: TeamId) -> Option<&Arc<Candidate>> {
        let team = self.state.missions.get(&mission)?.teams.iter().find(|known| known.id == team)?;
        team.candidates.last().map(|(candidate, _)| candidate)
    }

    /// Why a team with a candidate cannot be approved, as the gate has it.
    fn why_not(&self, team: TeamId) -> String {
        let ruling = self.mission().and_then(|mission| mission.rulings.get(&team));
        let denied = ruling.filter(|(_, ruling)| ruling.outcome == RulingOutcome::Deny);
        let reason = denied.and_then(|(_, ruling)| ruling.reasons.first());
        reason.map_or_else(String::new, |reason| format!(": {}", clean_line(&reason.text, 160)))
    }

    /// Keeps what a person made of a candidate's patch.
    pub(super) fn write_down(&mut self, request: RequestId, team: TeamId, text: &str) {
        let mission = self.state.desk.get(&request).map(|request| request.mission);
        self.desk.answered = Some(request);
        self.desk.written = mission.and_then(|mission| {
            let candidate = self.candidate(mission, team)?;
            Some(Written {
                team: (mission, team),
                from: (candidate.attempt, candidate.patch),
                text: text.to_owned(),
                told: false,
            })
        });
    }

    /// Says that what a person made does not pass: the candidate it took the place of stands again.
    pub(super) fn tell_fallen(&mut self, before: &State) {
        let state = self.state.clone();
        let fallen = |state: &State, mission: MissionId, team: TeamId| {
            let teams = &state.missions.get(&mission)?.teams;
            brief::fallen(teams.iter().find(|known| known.id == team)?)
                .map(|(made, _, again)| (made.attempt, again))
        };
        let teams = state
            .missions
            .values()
            .flat_map(|mission| mission.teams.iter().map(move |team| (mission, team.id)));
        let mut news = teams.filter_map(|(mission, team)| {
            before.missions.get(&mission.id).filter(|_| mission.result.ending.is_none())?;
            let now = fallen(&state, mission.id, team)?;
            (fallen(before, mission.id, team) != Some(now))
                .then(|| (mission.id, team, words::team_name(mission, team), now))
        });
        let Some((mission, team, name, (made, again))) = news.next_back() else { return };
        if let Some(written) = self.desk.written.as_mut().filter(|written| written.team == (mission, team)) {
            written.told = true;
        }
        let key = self.key_word(CommandId::Compare);
        self.notes().bad(format!(
            "{mission} {name}: attempt {made}, made by hand, does not pass its checks; attempt {again} stands again, {key} compares"
        ));
    }

    /// Says once that a person's patch was not used: the candidate it was made from stands again.
    pub(super) fn tell_unused(&mut self) {
        let Some(written) = self.desk.written.clone().filter(|written| !written.told) else { return };
        let Some(now) = self.candidate(written.team.0, written.team.1) else { return };
        if now.attempt == written.from.0 {
            return;
        }
        if !written.is_for(written.team.0, now) {
            self.desk.written = None;
            return;
        }
        self.desk.written = Some(Written { told: true, ..written });
        let key = self.key_word(CommandId::Modify);
        self.notes().bad(format!(
            "your patch was not used, its channel says why; the candidate stands as before, {key} opens your patch again"
        ));
    }
}
