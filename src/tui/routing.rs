//! Where a key goes: to the sheet, to a command, or into the text; and what a picked row does.

use super::{
    app::{App, Focus},
    briefing::Field,
    channels::Face,
    commands::{CommandId, Context},
    keymap::{Found, Key},
    pressed::TWICE,
    room,
    screens::ScreenId,
    sheets::{PickedBy, Sheet, Taken},
    task::Task,
};
use crate::{domain::text::count, engine::command::Command};
use crossterm::event::KeyCode;

impl App {
    pub(super) fn paste(&mut self, text: &str) -> Vec<Task> {
        let (writes, elsewhere) = (self.writes(), self.elsewhere());
        match &mut self.sheet {
            Some(sheet) => sheet.paste(text),
            None if writes => return self.paste_brief(text),
            None if elsewhere => self.notes().note("a paste goes into the brief, on the first screen"),
            None => self.notes().note("a paste goes into the brief: press i first"),
        }
        Vec::new()
    }

    /// Whether keys are words of the brief.
    pub(super) fn writes(&self) -> bool {
        self.focus.0 == Focus::Brief && self.sheet.is_none() && !self.elsewhere()
    }

    /// Contexts that hold now, the first first.
    #[must_use]
    pub fn contexts(&self) -> &'static [Context] {
        self.contexts_of(self.sheet.as_ref())
    }

    /// The same with this sheet open.
    #[must_use]
    pub fn contexts_of(&self, sheet: Option<&Sheet>) -> &'static [Context] {
        match (sheet, self.focus.0) {
            (Some(Sheet::Card(..)), _) => &[Context::Sheet, Context::Browse, Context::Everywhere],
            (Some(Sheet::Compare(_)), _) => {
                &[Context::Sheet, Context::Diff, Context::Browse, Context::Everywhere]
            }
            (Some(Sheet::Diff(_)), _) => &[Context::Diff, Context::Sheet, Context::Everywhere],
            (Some(_), _) => &[Context::Sheet, Context::Everywhere],
            (None, _) if self.screens.at != ScreenId::Command => self.screens.at.contexts(),
            (None, Focus::Brief) => &[Context::Text, Context::Everywhere],
            (None, Focus::Channels) if self.channels.face == Face::Shot => {
                &[Context::Diff, Context::Browse, Context::Everywhere]
            }
            (None, _) => &[Context::Browse, Context::Everywhere],
        }
    }

    /// Where nothing is drawn, nothing is decided or sent: words go on into the brief, and the house can be stopped.
    fn blind_key(&mut self, key: Key) -> Vec<Task> {
        use CommandId as C;
        match self.look.keymap.find(&[key], &[Context::Everywhere]) {
            Found::Command(
                command @ (C::Interrupt | C::Quit | C::Suspend | C::Redraw | C::Pause | C::Stop | C::Resume),
            ) => self.run(command),
            _ => {
                if self.writes() && key.code != KeyCode::Enter {
                    self.briefing.key(key);
                }
                Vec::new()
            }
        }
    }

    pub(super) fn key(&mut self, key: Key) -> Vec<Task> {
        if !room::fits(self.focus.1) {
            self.voice.0.keys.clear();
            return self.blind_key(key);
        }
        if key.code == KeyCode::Esc
            && let Some(tasks) = self.forget_dictation()
        {
            return tasks;
        }
        if let Some(sheet) = &mut self.sheet
            && sheet.takes_text()
        {
            let taken = sheet.key(key, self.now.mono);
            return self.taken(taken, key);
        }
        if self.writes() {
            if let Some(tasks) = self.opener(key) {
                return tasks;
            }
            if key.code == KeyCode::Esc && self.briefing.modal.is_some() && self.briefing.key(key) {
                self.voice.0.keys.clear();
                return Vec::new();
            }
        }
        self.voice.0.keys.push(key);
        self.voice.0.since = self.now.mono;
        match self.look.keymap.find(&self.voice.0.keys, self.contexts()) {
            Found::Prefix => Vec::new(),
            Found::Command(command) => {
                self.voice.0.keys.clear();
                self.run(command)
            }
            Found::Nothing => {
                let alone = self.voice.0.keys.len() == 1;
                self.voice.0.keys.clear();
                if self.writes() {
                    self.briefing.key(key);
                } else if !alone {
                    self.notes().note("no command has these keys; ? shows all");
                }
                Vec::new()
            }
        }
    }

    /// Characters that open something when typed where they can mean nothing else.
    fn opener(&mut self, key: Key) -> Option<Vec<Task>> {
        let KeyCode::Char(c) = key.code else { return None };
        if !key.modifiers.is_empty() || !self.takes_characters() {
            return None;
        }
        let empty = self.briefing.field_is_empty();
        match c {
            '/' if empty => Some(self.run(CommandId::Palette)),
            '?' if empty => Some(self.run(CommandId::Help)),
            '!' if empty && self.look.shell => {
                self.sheet = Some(Sheet::shell());
                Some(Vec::new())
            }
            '@' if self.at_word_start() => {
                self.sheet = Some(Sheet::files());
                Some(vec![Task::Files])
            }
            _ => None,
        }
    }

    /// Whether a character goes into the text of the brief.
    fn takes_characters(&self) -> bool {
        let normal = matches!(self.briefing.modal, Some(super::vim::Modal::Normal(_)));
        self.briefing.field == Field::Text && !normal && self.voice.0.keys.is_empty()
    }

    /// Whether a character in the empty brief opens something.
    pub(super) fn opens_by_character(&self) -> bool {
        self.takes_characters() && self.briefing.field_is_empty()
    }

    fn at_word_start(&self) -> bool {
        let (row, column) = self.briefing.caret();
        let line = self.briefing.lines(Field::Text).get(row);
        column == 0 || line.and_then(|l| l.chars().nth(column - 1)).is_some_and(char::is_whitespace)
    }

    fn taken(&mut self, taken: Taken, key: Key) -> Vec<Task> {
        match taken {
            Taken::Kept => Vec::new(),
            Taken::Refused(why) => {
                self.notes().note(why);
                Vec::new()
            }
            Taken::Not => match self.look.keymap.find(&[key], &[Context::Everywhere]) {
                Found::Command(
                    command @ (CommandId::Back
                    | CommandId::Interrupt
                    | CommandId::Quit
                    | CommandId::Suspend
                    | CommandId::Redraw
                    | CommandId::Stop
                    | CommandId::Pause),
                ) => self.run(command),
                _ => Vec::new(),
            },
            Taken::Changes(change) => vec![Task::Change(Box::new(change))],
            Taken::Picked(picked) => {
                self.sheet = None;
                self.picked(picked)
            }
            Taken::Said(purpose, words) => {
                self.close_sheet();
                self.said(purpose, words)
            }
            Taken::Answered(mission, answers) => {
                self.sheet = None;
                let command = crate::engine::command::MissionCommand::Answer(mission, answers);
                vec![Task::Send(Box::new(Command::Mission(command)), format!("{mission} answered"))]
            }
        }
    }

    fn picked(&mut self, picked: PickedBy) -> Vec<Task> {
        match picked {
            PickedBy::Command(command) => self.run_picked(command),
            PickedBy::Mission(mission) => self.visit(mission),
            PickedBy::Incident(incident) => self.visit_incident(incident),
            PickedBy::Theme(name) => {
                self.choose_theme(name);
                Vec::new()
            }
            PickedBy::Keymap(name) => {
                self.choose_keymap(name);
                Vec::new()
            }
            PickedBy::File(path) => {
                self.briefing.insert(&format!("@{path} "));
                Vec::new()
            }
            PickedBy::Words(words) => {
                self.briefing.insert(&words);
                Vec::new()
            }
            PickedBy::Brief(text) => {
                self.briefing.set(Field::Text, &text);
                self.focus.0 = Focus::Brief;
                Vec::new()
            }
        }
    }

    /// Quits; where briefs wait that are nowhere else, only when it is asked for again.
    pub(super) fn quit(&mut self) -> Vec<Task> {
        let queued = self.briefing.queue.len();
        if queued == 0 || self.asked_again() {
            return vec![Task::Quit];
        }
        let briefs = count(queued, "queued brief");
        self.notes().note(format!(
            "{briefs} would be lost: the same key again quits, Up in the empty brief takes one back"
        ));
        Vec::new()
    }

    /// Whether it was asked for a moment ago already.
    fn asked_again(&mut self) -> bool {
        let now = self.now.mono;
        self.voice.0.interrupted.replace(now).is_some_and(|at| now.0.saturating_sub(at.0) < TWICE.0)
    }

    /// Ctrl-C: once clears or interrupts, twice quits.
    pub(super) fn interrupt(&mut self) -> Vec<Task> {
        let again = self.asked_again();
        self.voice.0.keys.clear();
        if again {
            return vec![Task::Quit];
        }
        if self.sheet.is_some() {
            self.close_sheet();
            self.sheet = None;
            self.notes().note("closed; ctrl-c again quits");
        } else if self.writes() && !self.briefing.field_is_empty() {
            let field = self.briefing.field;
            self.briefing.set(field, "");
            self.notes().note("cleared (ctrl-u undoes); ctrl-c again quits");
        } else {
            self.notes().note("ctrl-c again quits; F7 pauses, F9 stops everything");
        }
        Vec::new()
    }
}
