//! Decisions that are held: the same key again lets one count at once, another key takes it back, and what became of
//! those that somebody else changed is said.

use super::{
    app::App,
    commands::{self, CommandId},
    task::Task,
};
use crate::{
    domain::{
        ids::{RequestId, Revision},
        request::{Actor, Decision, Hold},
        text::count,
    },
    engine::{
        command::{Command, DeskCommand},
        desk::word,
        state::State,
    },
};

/// Whether a key means the decision that is held.
fn means(command: CommandId, decision: &Decision) -> bool {
    match decision {
        Decision::Approve { .. } => command == CommandId::Approve,
        // An answer in words is given by the key that approves, too.
        Decision::Modify { .. } => matches!(command, CommandId::Modify | CommandId::Approve),
        Decision::Retry { .. } => command == CommandId::Retry,
        Decision::Reject { .. } => command == CommandId::Reject,
        Decision::Grant { .. } => matches!(command, CommandId::Grant | CommandId::Approve),
        Decision::Expired | Decision::Withdrawn => false,
    }
}

/// The command whose key gives a decision again.
#[must_use]
pub fn again(decision: &Decision) -> CommandId {
    match decision {
        Decision::Approve { team: Some(team) } => {
            let first = CommandId::Approve1 as usize;
            let digit = commands::ALL.get(first + usize::from(team.0).saturating_sub(1));
            digit.map_or(CommandId::Approve, |entry| entry.id)
        }
        Decision::Modify { .. } => CommandId::Modify,
        Decision::Retry { .. } => CommandId::Retry,
        Decision::Reject { .. } => CommandId::Reject,
        Decision::Grant { .. } => CommandId::Grant,
        Decision::Approve { team: None } | Decision::Expired | Decision::Withdrawn => CommandId::Approve,
    }
}

impl App {
    /// The same key again: what is held counts now. `None`: the key means something else.
    pub(super) fn at_once(
        &mut self,
        command: CommandId,
        (id, seen): (RequestId, Revision),
    ) -> Option<Vec<Task>> {
        let hold = self.state.clockwork.held.get(&id).filter(|hold| means(command, &hold.decision))?;
        let decision = hold.decision.clone();
        let what = format!("{id} {}, in effect", word(&decision));
        let decide = DeskCommand::Decide(id, seen, Box::new(decision));
        Some(vec![Task::Send(Box::new(Command::Desk(decide)), what)])
    }

    /// Takes back what is held for the chosen request, else what was given last.
    pub(super) fn undo(&mut self) -> Vec<Task> {
        let held = &self.state.clockwork.held;
        let chosen = self.desk.request(&self.state).and_then(|request| held.get(&request.id));
        let last = held.values().max_by_key(|hold| (hold.given, hold.request));
        match chosen.or(last).map(|hold| (hold.request, word(&hold.decision))) {
            Some((id, word)) => {
                let what = format!("{id} is not {word} any more: it waits for you");
                vec![Task::Send(Box::new(Command::Desk(DeskCommand::Undo(id))), what)]
            }
            None => {
                self.notes().note("no decision is held: nothing can be taken back");
                Vec::new()
            }
        }
    }

    /// Takes back everything that is held.
    pub(super) fn undo_all(&mut self) -> Vec<Task> {
        let held: Vec<RequestId> = self.state.clockwork.held.keys().copied().collect();
        if held.is_empty() {
            return self.undo();
        }
        let what = format!("taken back: {}", count(held.len(), "decision"));
        let undo = |id| Command::Desk(DeskCommand::Undo(id));
        vec![Task::SendAll(held.into_iter().map(undo).collect(), what)]
    }

    /// What somebody decided elsewhere, and at once: whoever looks at it sees whose word it was.
    pub(super) fn tell_decided(&mut self, before: &State) {
        let state = self.state.clone();
        for (request, decision, _) in &state.decided {
            let waited = before.desk.contains_key(&request.id) && !state.desk.contains_key(&request.id);
            let held = before.clockwork.held.contains_key(&request.id);
            let own = self.desk.answered == Some(request.id);
            let by = state.deciders.get(&request.id).filter(|by| matches!(by, Actor::Person(_)));
            if let Some(by) = by.filter(|_| waited && !held && !own) {
                self.notes().note(format!("{} {} by {by}", request.id, word(decision)));
            }
        }
    }

    /// Decisions that were held and are not any more: told where they do not count, or count from now on.
    pub(super) fn tell_holds(&mut self, before: &State) {
        let state = self.state.clone();
        let gone = |hold: &&Hold| !state.clockwork.held.contains_key(&hold.request);
        let back = |hold: &Hold| {
            state.desk.get(&hold.request).is_some_and(|request| request.revision == hold.revision)
        };
        let all: Vec<&Hold> = before.clockwork.held.values().filter(gone).collect();
        if all.len() > 1 && all.iter().all(|hold| back(hold)) {
            let ids: Vec<String> = all.iter().map(|hold| hold.request.to_string()).collect();
            return self.notes().note(format!("{} are taken back: they wait for you", ids.join(", ")));
        }
        for hold in all {
            let Hold { request: id, by, decision, .. } = hold;
            let word = word(decision);
            match state.desk.get(id) {
                Some(request) if request.revision != hold.revision => self
                    .notes()
                    .bad(format!("{id} has changed: that {by} {word} it does not count, look again")),
                Some(_) => self.notes().note(format!("{id} is not {word} any more: it waits for you")),
                None => {
                    let counted = state.decided.iter().any(|(request, ..)| request.id == *id);
                    let withdrawn = state.decided.iter().rev().find(|(request, ..)| request.id == *id);
                    match withdrawn {
                        Some((_, Decision::Withdrawn, _)) => {
                            self.notes().note(format!(
                                "{id} does not matter any more: nothing came of what was {word}"
                            ));
                        }
                        _ if counted => self.notes().good(format!("{id} {word} by {by}, in effect")),
                        _ => {}
                    }
                }
            }
        }
    }
}
