//! The mouse, where it is taken: a click chooses what is under it, the wheel scrolls it. A click never decides anything,
//! and one that only brought the terminal to the front does nothing at all.

use crate::tui::{
    app::{App, Focus},
    commands::CommandId,
    decode::{Mouse, MouseDeed},
    pressed::FOCUS_CLICK,
    sheets::Sheet,
    task::Task,
    view::{self, Under},
};

/// Rows of one turn of the wheel.
const TURN: usize = 3;

impl App {
    /// The terminal has the keys of the desktop now, or no more.
    pub(in crate::tui) fn focused(&mut self, has: bool) {
        self.voice.0.focused = has.then_some(self.now.mono);
    }

    pub(in crate::tui) fn mouse(&mut self, mouse: Mouse) -> Vec<Task> {
        // What was on its way when the mouse was given back is the terminal's.
        if !self.look.manner.mouse {
            return Vec::new();
        }
        match mouse.deed {
            MouseDeed::Click => {
                self.click(mouse);
                Vec::new()
            }
            MouseDeed::WheelUp => self.turn(mouse, CommandId::Up, CommandId::SheetUp),
            MouseDeed::WheelDown => self.turn(mouse, CommandId::Down, CommandId::SheetDown),
        }
    }

    fn click(&mut self, at: Mouse) {
        let just = self.voice.0.focused.is_some_and(|since| self.now.mono.0 < since.0 + FOCUS_CLICK.0);
        if just || self.sheet.is_some() || self.elsewhere() {
            return;
        }
        match view::under(self, at.column, at.row) {
            Under::Nothing => {}
            Under::Brief => self.focus.0 = Focus::Brief,
            Under::Mission(id) => {
                self.focus.0 = Focus::Missions;
                if id.is_some() {
                    self.show(id);
                }
            }
            Under::Incident(id) => {
                self.focus.0 = Focus::Missions;
                self.show_incident(id);
            }
            Under::Channel(nth) => {
                self.focus.0 = Focus::Channels;
                self.channels.at = nth;
            }
            Under::Desk(request) => {
                self.focus.0 = Focus::Desk;
                let state = self.state.clone();
                if let Some(request) = request.and_then(|id| state.desk.get(&id)) {
                    self.face(request);
                    self.desk.choose(request, self.now.mono);
                }
            }
        }
    }

    fn turn(&mut self, at: Mouse, pane: CommandId, sheet: CommandId) -> Vec<Task> {
        if self.sheet.as_ref().is_some_and(Sheet::takes_text) {
            return Vec::new();
        }
        let command = if self.sheet.is_some() { sheet } else { pane };
        if self.sheet.is_none() && !self.elsewhere() {
            // What is under the wheel scrolls, whatever has the keys.
            match view::under(self, at.column, at.row) {
                Under::Channel(nth) => {
                    let kept = (self.focus.0, self.channels.at);
                    (self.focus.0, self.channels.at) = (Focus::Channels, nth);
                    (0..TURN).for_each(|_| drop(self.run(command)));
                    (self.focus.0, self.channels.at) = kept;
                    return Vec::new();
                }
                Under::Mission(_) | Under::Incident(_) if self.focus.0 == Focus::Missions => {}
                _ => return Vec::new(),
            }
        }
        (0..TURN).flat_map(|_| self.run(command)).collect()
    }
}
