//! The ideas screen: what its commands do.

use crate::tui::{app::App, commands::CommandId, task::Task};

impl App {
    /// It is shown from now on.
    pub(super) fn enter_ideas(&mut self) -> Vec<Task> {
        Vec::new()
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_ideas(&mut self, command: CommandId) -> Option<Vec<Task>> {
        let rows = 0;
        Self::step(&mut self.screens.ideas.at, command, rows).then(Vec::new)
    }
}
