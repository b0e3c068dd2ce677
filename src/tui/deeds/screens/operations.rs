//! The operations screen: what its commands do.

use crate::engine::records::What;
use crate::tui::{
    app::{App, Focus},
    commands::CommandId,
    screens::{
        ScreenId,
        operations::{Section, Target, agents, live, problems},
    },
    task::Task,
    view::operations,
};

impl App {
    /// It is shown from now on.
    pub(super) fn enter_operations(&mut self) -> Vec<Task> {
        Vec::new()
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_operations(&mut self, command: CommandId) -> Option<Vec<Task>> {
        use CommandId as C;
        let section = self.screens.operations.section;
        match command {
            C::NextField => self.screens.operations.turn(1),
            C::PreviousField => self.screens.operations.turn(-1),
            C::Left | C::Right if section == Section::Agents => {
                let rows = operations::rows(self, section);
                Self::step(
                    self.screens.operations.cursor(),
                    if command == C::Left { C::Up } else { C::Down },
                    rows,
                );
            }
            C::Left => self.screens.operations.turn(-1),
            C::Right => self.screens.operations.turn(1),
            C::Expand => self.screens.operations.full = !self.screens.operations.full,
            // Out of the large section first, then out of the screen.
            C::Back if self.screens.operations.full => self.screens.operations.full = false,
            C::Card => return Some(self.open_in_operations()),
            _ => return self.move_in_operations(section, command).then(Vec::new),
        }
        Some(Vec::new())
    }

    fn move_in_operations(&mut self, section: Section, command: CommandId) -> bool {
        let rows = operations::rows(self, section);
        let columns = operations::columns(self);
        let at = self.screens.operations.cursor();
        // What there was may have gone since.
        *at = (*at).min(rows.saturating_sub(1));
        match (section, command) {
            (Section::Agents, CommandId::Up) => *at = at.checked_sub(columns).unwrap_or(*at),
            (Section::Agents, CommandId::Down) => {
                let last = rows.saturating_sub(1);
                // From the row before a short last row to its end.
                *at = if *at / columns < last / columns { at.saturating_add(columns).min(last) } else { *at };
            }
            _ => return Self::step(at, command, rows),
        }
        true
    }

    /// What is under the cursor.
    fn target(&self) -> Option<Target> {
        let section = self.screens.operations.section;
        let at = self.screens.operations.at(section).min(operations::rows(self, section).saturating_sub(1));
        match section {
            Section::Agents => {
                agents(&self.state).nth(at).map(|(mission, nth, _)| Target::Mission(mission.id, nth))
            }
            Section::Timeline => live(&self.state).nth(at).map(|mission| Target::Mission(mission.id, 0)),
            Section::Problems => problems(&self.state, self.now.wall).get(at).map(|problem| problem.target),
            Section::Feed => {
                let item = self.state.records.recent().newest(self.now.wall).nth(at);
                item.and_then(|item| match (&item.what, item.mission) {
                    (What::Incident(id, ..), _) if self.state.ward.incidents.contains_key(id) => {
                        Some(Target::Incident(*id))
                    }
                    (_, mission) => mission.map(|mission| Target::Mission(mission, 0)),
                })
            }
            Section::Spend | Section::Health => None,
        }
    }

    /// Whether there is something under the cursor that can be opened.
    pub(in crate::tui) fn opens_in_operations(&self) -> bool {
        match self.target() {
            Some(Target::Mission(id, _)) => self.state.missions.contains_key(&id),
            Some(Target::Request(_) | Target::Incident(_)) => true,
            Some(Target::House) | None => false,
        }
    }

    /// To what is under the cursor, on the first screen.
    fn open_in_operations(&mut self) -> Vec<Task> {
        match self.target() {
            Some(Target::Request(id)) => {
                let Some(request) = self.state.desk.get(&id).cloned() else { return Vec::new() };
                let tasks = self.go_to(ScreenId::Command);
                self.face(&request);
                self.desk.choose(&request, self.now.mono);
                self.focus.0 = Focus::Desk;
                tasks
            }
            Some(Target::Mission(id, nth)) if self.state.missions.contains_key(&id) => {
                let tasks = self.visit(id);
                self.channels.at = nth;
                tasks
            }
            Some(Target::Mission(id, _)) => {
                self.notes().note(format!("{id} ended long ago and is only in the history"));
                Vec::new()
            }
            Some(Target::Incident(id)) => self.visit_incident(id),
            Some(Target::House) | None => {
                self.notes().note("there is nothing to open here");
                Vec::new()
            }
        }
    }
}
