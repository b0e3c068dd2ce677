//! The approvals screen: moving, marking, and decisions of one request or of all that are marked. Every decision names
//! the revision that was seen; what is marked is approved together only where the risk is the same.

use crate::{
    domain::{
        grant::Grant,
        ids::{RequestId, Revision},
        request::{Decision, Request, Subject},
        text::count,
    },
    engine::{
        command::{Command, DeskCommand},
        snapshot,
    },
    tui::{
        app::App,
        commands::{self, CommandId},
        pressed::GUARD,
        screens::{ScreenId, Shelf},
        sheets::{PromptFor, Sheet},
        task::Task,
    },
};
use std::sync::Arc;

/// Rows of the detail that a page key scrolls.
const PAGE: usize = 10;

impl App {
    /// It is shown from now on.
    pub(super) fn enter_approvals(&mut self) -> Vec<Task> {
        self.screens.approvals.touch(self.now.mono);
        self.desk.touch(self.now.mono);
        self.face_request();
        Vec::new()
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_approvals(&mut self, command: CommandId) -> Option<Vec<Task>> {
        use CommandId as C;
        let shelf = self.screens.approvals.shelf;
        match command {
            C::NextField => self.turn_shelf(1),
            C::PreviousField => self.turn_shelf(-1),
            C::PageUp | C::PageDown => self.scroll_detail(command),
            C::Up | C::Down | C::Top | C::Bottom => self.move_cursor(command),
            C::Undo => return Some(self.undo()),
            C::UndoAll => return Some(self.undo_all()),
            C::Reject if shelf == Shelf::Grants => return Some(self.revoke()),
            C::Compare
            | C::ReadPatch
            | C::Card
            | C::Modify
            | C::Retry
            | C::Grant
            | C::Approve
            | C::Reject
            | C::Mark
                if shelf != Shelf::Waiting =>
            {
                let (title, key) = (commands::entry(command).title, self.key_word(C::NextField));
                self.notes().note(format!("{title:?} is for what waits: {key} turns to that list"));
            }
            _ if shelf != Shelf::Waiting => return None,
            C::Mark => self.mark(),
            C::MarkClass => self.mark_class(),
            C::Approve if !self.marked().is_empty() => return Some(self.approve_marked()),
            C::Reject if !self.marked().is_empty() => self.ask_to_reject_marked(),
            C::Modify | C::Retry | C::Grant if !self.marked().is_empty() => {
                self.notes().note("that is done for one request: take the marks off first");
            }
            C::Approve | C::Modify | C::Retry | C::Reject | C::Grant => return Some(self.decide(command)),
            C::Approve1
            | C::Approve2
            | C::Approve3
            | C::Approve4
            | C::Approve5
            | C::Approve6
            | C::Approve7
            | C::Approve8 => return Some(self.approve_digit(command)),
            C::Compare => return Some(self.compare()),
            C::ReadPatch => return Some(self.read_patch()),
            C::Card => {
                if let Some(id) = self.desk.request(&self.state).map(|request| request.id) {
                    self.sheet = Some(Sheet::Card(id, 0));
                }
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Follows a newer state: what has changed loses its mark, and it is said.
    pub(in crate::tui) fn follow_approvals(&mut self) {
        let state = self.state.clone();
        let changed = self.screens.approvals.follow(&state, self.now.mono);
        if !changed.is_empty() {
            let ids: Vec<String> = changed.iter().map(ToString::to_string).collect();
            let (ids, have) = (ids.join(", "), if changed.len() == 1 { "has" } else { "have" });
            self.notes().bad(format!("{ids} {have} changed: no longer marked, look again"));
        }
        if self.screens.at == ScreenId::Approvals {
            self.face_request();
        }
    }

    /// The mission or incident of the request under the cursor is the one that is shown, as it is where keys decide.
    fn face_request(&mut self) {
        if let Some(request) = self.desk.request(&self.state).cloned() {
            self.face(&request);
        }
    }

    fn marked(&self) -> Vec<(RequestId, Revision)> {
        self.screens.approvals.marked()
    }

    fn turn_shelf(&mut self, by: isize) {
        let approvals = &mut self.screens.approvals;
        approvals.shelf = approvals.shelf.turn(by);
        (approvals.at, approvals.scroll) = (0, 0);
        approvals.touch(self.now.mono);
        self.desk.touch(self.now.mono);
    }

    fn scroll_detail(&mut self, command: CommandId) {
        let most = crate::tui::view::detail_rows(self);
        let at = &mut self.screens.approvals.scroll;
        *at = match command {
            CommandId::PageUp => at.saturating_sub(PAGE),
            _ => at.saturating_add(PAGE).min(most),
        };
    }

    fn move_cursor(&mut self, command: CommandId) {
        self.screens.approvals.scroll = 0;
        let rows = match self.screens.approvals.shelf {
            Shelf::Waiting => {
                let by = match command {
                    CommandId::Up => -1,
                    CommandId::Down => 1,
                    CommandId::Top => isize::MIN,
                    _ => isize::MAX,
                };
                self.desk.step(&self.state.clone(), by, self.now.mono);
                return self.face_request();
            }
            Shelf::Decided => self.state.decided.len(),
            Shelf::Grants => self.state.grants.len(),
        };
        Self::step(&mut self.screens.approvals.at, command, rows);
    }

    fn mark(&mut self) {
        let Some(request) = self.desk.request(&self.state).cloned() else { return };
        if self.state.clockwork.held.contains_key(&request.id) {
            self.notes().note(format!("{} is decided already", request.id));
            return;
        }
        self.screens.approvals.mark(&request);
    }

    fn mark_class(&mut self) {
        let state = self.state.clone();
        let Some(request) = self.desk.request(&state) else { return };
        let class = snapshot::risk(&state, request);
        let same: Vec<&Request> =
            snapshot::waiting(&state).into_iter().filter(|r| snapshot::risk(&state, r) == class).collect();
        self.screens.approvals.mark_all(&same);
        let marked = count(self.marked().len(), "request");
        self.notes().note(format!("{class}: {marked} marked"));
    }

    /// What is marked, unless a key came too soon after it changed by itself.
    fn settled_marks(&mut self) -> Option<Vec<Arc<Request>>> {
        let age = self.screens.approvals.age(self.now.mono);
        if age < GUARD {
            self.notes().note(format!("what is marked changed {} ms ago: look again, press it again", age.0));
            return None;
        }
        let marked = self.marked();
        Some(marked.iter().filter_map(|(id, _)| self.state.desk.get(id).cloned()).collect())
    }

    fn approve_marked(&mut self) -> Vec<Task> {
        let Some(requests) = self.settled_marks() else { return Vec::new() };
        let mut classes: Vec<_> =
            requests.iter().map(|request| snapshot::risk(&self.state, request)).collect();
        classes.sort_unstable();
        classes.dedup();
        if let [first, second, ..] = classes.as_slice() {
            let text = format!("only equal risk is approved together: here are {first}; and {second}");
            self.notes().bad(text);
            return Vec::new();
        }
        let mut commands = Vec::new();
        for request in &requests {
            let decision = match &request.subject {
                Subject::Choose { teams } => match teams.as_slice() {
                    [only] => Decision::Approve { team: Some(*only) },
                    _ => {
                        let many = count(teams.len(), "candidate");
                        self.notes().bad(format!("{} has {many}: choose there by itself", request.id));
                        return Vec::new();
                    }
                },
                Subject::Ask { .. } => {
                    self.notes().bad(format!("{} is a question: answer it by itself", request.id));
                    return Vec::new();
                }
                Subject::Command { .. }
                | Subject::Budget { .. }
                | Subject::Conflict { .. }
                | Subject::Remedy { .. }
                | Subject::Release { .. } => Decision::Approve { team: None },
            };
            commands.push(self.marked_decision(request, decision));
        }
        self.send_marked(commands, "approved")
    }

    /// As it was marked: whatever came since is refused by the engine.
    fn marked_decision(&self, request: &Request, decision: Decision) -> Command {
        let seen = self.marked().into_iter().find(|(id, _)| *id == request.id);
        let seen = seen.map_or(request.revision, |(_, seen)| seen);
        Command::Desk(DeskCommand::Hold(request.id, seen, Box::new(decision)))
    }

    fn send_marked(&mut self, commands: Vec<Command>, word: &str) -> Vec<Task> {
        self.screens.approvals.clear();
        let key = self.key_word(CommandId::UndoAll);
        let back = match self.state.policy.undo_window.0 / 1_000 {
            0 => String::new(),
            seconds => format!("; {key} takes them back within {seconds} s"),
        };
        let what = format!("{} {word}{back}", count(commands.len(), "request"));
        vec![Task::SendAll(commands, what)]
    }

    fn ask_to_reject_marked(&mut self) {
        let Some(requests) = self.settled_marks() else { return };
        let title = format!("reject {}: why?", count(requests.len(), "request"));
        self.sheet = Some(Sheet::prompt(title, "", PromptFor::RejectMarked));
    }

    /// The reason was written.
    pub(in crate::tui) fn reject_marked(&mut self, reason: &str) -> Vec<Task> {
        let requests: Vec<Arc<Request>> =
            self.marked().iter().filter_map(|(id, _)| self.state.desk.get(id).cloned()).collect();
        let no = || Decision::Reject { reason: reason.to_owned() };
        let commands: Vec<Command> =
            requests.iter().map(|request| self.marked_decision(request, no())).collect();
        if commands.is_empty() {
            self.notes().note("nothing is marked any more");
            return Vec::new();
        }
        self.send_marked(commands, "rejected")
    }

    /// The patch of the only candidate, or both sides of a conflict; where there is a choice, the comparison.
    fn read_patch(&mut self) -> Vec<Task> {
        let Some(request) = self.desk.request(&self.state).cloned() else { return Vec::new() };
        match &request.subject {
            Subject::Conflict { detail, .. } => {
                vec![Task::Show(format!("{}: both sides", request.id), *detail)]
            }
            Subject::Choose { teams } if teams.len() == 1 => {
                let team = teams.first().and_then(|team| {
                    let mission = self.state.missions.get(&request.mission)?;
                    mission.teams.iter().find(|known| known.id == *team)
                });
                let patch =
                    team.and_then(|team| team.candidates.last()).map(|(candidate, _)| candidate.patch);
                patch
                    .map(|patch| vec![Task::Show(format!("{}: the patch", request.id), patch)])
                    .unwrap_or_default()
            }
            Subject::Choose { .. } => self.compare(),
            other => {
                self.notes().note(format!("{} is a {}: it has no patch", request.id, other.word()));
                Vec::new()
            }
        }
    }

    /// The grant under the cursor ends.
    fn revoke(&mut self) -> Vec<Task> {
        if self.screens.approvals.age(self.now.mono) < GUARD {
            self.notes().note("the grants have just changed: look again, press it again");
            return Vec::new();
        }
        let id = self.state.grants.values().nth(self.screens.approvals.at).map(|grant: &Arc<Grant>| grant.id);
        match id {
            Some(id) => {
                let revoke = Command::Desk(DeskCommand::Revoke(id));
                vec![Task::Send(Box::new(revoke), format!("{id} is revoked: it is asked again"))]
            }
            None => {
                self.notes().note("no grant is in force");
                Vec::new()
            }
        }
    }
}
