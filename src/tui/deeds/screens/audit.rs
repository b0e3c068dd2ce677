//! The audit screen: what its commands do.

use crate::tui::{app::App, commands::CommandId, task::Task};

impl App {
    /// It is shown from now on.
    pub(super) fn enter_audit(&mut self) -> Vec<Task> {
        Vec::new()
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_audit(&mut self, command: CommandId) -> Option<Vec<Task>> {
        let rows = self.state.missions.len();
        Self::step(&mut self.screens.audit.at, command, rows).then(Vec::new)
    }
}
