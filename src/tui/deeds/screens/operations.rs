//! The operations screen: what its commands do.

use crate::tui::{app::App, commands::CommandId, task::Task};

impl App {
    /// It is shown from now on.
    pub(super) fn enter_operations(&mut self) -> Vec<Task> {
        Vec::new()
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_operations(&mut self, command: CommandId) -> Option<Vec<Task>> {
        let rows = self.state.missions.values().filter(|mission| mission.result.ending.is_none()).count();
        Self::step(&mut self.screens.operations.at, command, rows).then(Vec::new)
    }
}
