//! What commands do on the screens beside the first: the shown screen is asked first; of the others only what means
//! the same everywhere is done, so that no key decides what is not seen.

mod approvals;
mod audit;
mod ideas;
mod operations;
mod settings;

use crate::{
    domain::ids::MissionId,
    tui::{
        app::{App, Focus},
        commands::{self, CommandId, Context},
        screens::ScreenId,
        task::Task,
    },
};

impl App {
    /// Whether a screen beside the first has the keys.
    pub(in crate::tui) fn elsewhere(&self) -> bool {
        self.sheet.is_none() && self.screens.at != ScreenId::Command
    }

    /// Goes to a screen.
    pub(in crate::tui) fn go_to(&mut self, screen: ScreenId) -> Vec<Task> {
        self.close_sheet();
        self.sheet = None;
        self.voice.0.keys.clear();
        if self.screens.at == screen {
            return Vec::new();
        }
        self.screens.at = screen;
        match screen {
            ScreenId::Command => {
                // What is decided here was not looked at while another screen was shown.
                self.desk.touch(self.now.mono);
                self.ask_questions();
                Vec::new()
            }
            ScreenId::Operations => self.enter_operations(),
            ScreenId::Approvals => self.enter_approvals(),
            ScreenId::Ideas => self.enter_ideas(),
            ScreenId::Audit => self.enter_audit(),
            ScreenId::Settings => self.enter_settings(),
        }
    }

    /// What the shown screen makes of a command of its own.
    fn on_screen(&mut self, command: CommandId) -> Option<Vec<Task>> {
        match self.screens.at {
            ScreenId::Command => None,
            ScreenId::Operations => self.on_operations(command),
            ScreenId::Approvals => self.on_approvals(command),
            ScreenId::Ideas => self.on_ideas(command),
            ScreenId::Audit => self.on_audit(command),
            ScreenId::Settings => self.on_settings(command),
        }
    }

    /// Does a command on a screen beside the first; `None` where it means the same as everywhere.
    pub(super) fn run_elsewhere(&mut self, command: CommandId) -> Option<Vec<Task>> {
        use CommandId as C;
        let own = self.on_screen(command);
        if own.is_some() {
            return own;
        }
        match command {
            C::Back | C::Close => Some(self.go_to(ScreenId::Command)),
            C::ScreenCommand
            | C::ScreenOperations
            | C::ScreenApprovals
            | C::ScreenIdeas
            | C::ScreenAudit
            | C::ScreenSettings
            | C::Palette
            | C::Help
            | C::Interrupt
            | C::Quit
            | C::Suspend
            | C::Redraw
            | C::NextWaiting
            | C::Pause
            | C::Resume
            | C::Stop
            | C::PickTheme
            | C::PickKeymap
            | C::Stillness
            | C::Bandwidth
            | C::Mouse => None,
            other => {
                let title = commands::entry(other).title;
                let keys = self.look.keymap.keys_of(C::ScreenCommand);
                let key = keys.into_iter().next().unwrap_or_default();
                self.notes().note(format!("{title:?} belongs to the first screen: {key} goes there"));
                Some(Vec::new())
            }
        }
    }

    /// A command from the palette, on the screen that knows it.
    pub(in crate::tui) fn run_picked(&mut self, command: CommandId) -> Vec<Task> {
        if self.elsewhere()
            && let Some(tasks) = self.on_screen(command)
        {
            return tasks;
        }
        let home = match commands::entry(command).context {
            Context::Text | Context::Browse | Context::Diff => Some(ScreenId::Command),
            Context::Operations => Some(ScreenId::Operations),
            Context::Approvals => Some(ScreenId::Approvals),
            Context::Ideas => Some(ScreenId::Ideas),
            Context::Audit => Some(ScreenId::Audit),
            Context::Settings => Some(ScreenId::Settings),
            Context::Sheet | Context::Everywhere => None,
        };
        let mut tasks = home.map(|screen| self.go_to(screen)).unwrap_or_default();
        tasks.extend(self.run(command));
        tasks
    }

    /// A mission, on the first screen.
    pub(in crate::tui) fn visit(&mut self, mission: MissionId) -> Vec<Task> {
        let tasks = self.go_to(ScreenId::Command);
        self.show(Some(mission));
        self.focus.0 = Focus::Channels;
        tasks
    }

    /// Moves a cursor over `rows` rows as a command says; `false`: the command moves nothing.
    pub(in crate::tui) fn step(at: &mut usize, command: CommandId, rows: usize) -> bool {
        use CommandId as C;
        let last = rows.saturating_sub(1);
        *at = match command {
            C::Up => at.saturating_sub(1),
            C::Down => at.saturating_add(1).min(last),
            C::PageUp => at.saturating_sub(PAGE),
            C::PageDown => at.saturating_add(PAGE).min(last),
            C::Top => 0,
            C::Bottom => last,
            _ => return false,
        };
        true
    }
}

/// Rows of a page.
const PAGE: usize = 10;
