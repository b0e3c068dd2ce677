//! The settings screen: what its commands do.

use crate::{
    config::{book::Book, edit::Change},
    domain::{request::Actor, team::Vendor, time::Millis},
    engine::{
        records::{Activity, What},
        state::State,
    },
    tui::{
        app::App,
        commands::CommandId,
        screens::vendor_of,
        settings::SettingEditor,
        sheets::{PromptFor, Sheet},
        task::Task,
    },
};
use std::sync::Arc;

impl App {
    /// It is shown from now on: files may have changed since it was last.
    pub(super) fn enter_settings(&mut self) -> Vec<Task> {
        vec![Task::Book]
    }

    /// `None`: not a command of this screen.
    pub(super) fn on_settings(&mut self, command: CommandId) -> Option<Vec<Task>> {
        use CommandId as C;
        let rows = self.screens.settings.shown().len();
        if Self::step(&mut self.screens.settings.at, command, rows) {
            return Some(Vec::new());
        }
        match command {
            C::SettingEdit | C::Card => self.edit_setting(),
            C::SettingUnset => return Some(self.unset_setting()),
            C::SettingTest => return Some(self.try_vendor()),
            C::Search => {
                let filter = self.screens.settings.filter.clone();
                self.sheet = Some(Sheet::prompt("show settings whose name has", filter, PromptFor::Settings));
            }
            C::Back if !self.screens.settings.filter.is_empty() => self.filter_settings(""),
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Shows the settings whose names have these words; none: all.
    pub(in crate::tui) fn filter_settings(&mut self, words: &str) {
        let settings = &mut self.screens.settings;
        let before = std::mem::replace(&mut settings.filter, words.to_owned());
        if settings.shown().is_empty() && matches!(settings.book, Some(Ok(_))) {
            // What was shown stays.
            settings.filter = before;
            self.notes().note(format!("no setting has {words:?} in its name"));
        } else {
            settings.at = 0;
        }
    }

    fn edit_setting(&mut self) {
        let settings = &self.screens.settings;
        let (Some(setting), Some(Ok(book))) = (settings.chosen().cloned(), &settings.book) else {
            self.notes().note("there is no setting under the cursor");
            return;
        };
        match SettingEditor::new(setting, book.files.clone()) {
            Some(editor) => self.sheet = Some(Sheet::Setting(Box::new(editor))),
            None => self.notes().bad("there is no file to write to: no home directory and no repository"),
        }
    }

    fn unset_setting(&mut self) -> Vec<Task> {
        let Some(setting) = self.screens.settings.chosen() else { return Vec::new() };
        let path = setting.path.clone();
        match setting.layer.file() {
            Some(file) => vec![Task::Change(Box::new(Change { path, value: None, file }))],
            None => {
                let words = format!("{path} stands in no file: {} sets it", setting.layer);
                self.notes().note(words);
                Vec::new()
            }
        }
    }

    fn try_vendor(&mut self) -> Vec<Task> {
        let settings = &mut self.screens.settings;
        let Some(vendor) = settings.chosen().and_then(vendor_of) else {
            self.notes().note("choose a setting of a provider: its connection is tried");
            return Vec::new();
        };
        if settings.tried.insert(vendor, None) == Some(None) {
            return Vec::new();
        }
        self.notes().note(format!("asking {vendor} what it offers…"));
        vec![Task::Vendor(vendor)]
    }

    /// Settings were read.
    pub(in crate::tui) fn settings_read(&mut self, book: Result<Arc<Book>, String>) {
        self.screens.settings.fill(book);
    }

    /// What the house made of its settings by itself, such as a level that falls because they cannot be read.
    pub(in crate::tui) fn tell_settings(&mut self, before: &State) {
        let (state, now) = (self.state.clone(), self.now.wall);
        let known = before.records.recent().newest(now).next();
        let mut news = state.records.recent().newest(now).take_while(|item| Some(*item) != known);
        let own = |item: &&Activity| matches!((&item.actor, &item.what), (Actor::Engine, What::Setting(..)));
        if let Some(item) = news.find(own).filter(|_| before.seq.0 > 0) {
            self.notes().bad(item.what.words());
        }
    }

    /// A change was tried: a refusal leaves the editor as it was.
    pub(in crate::tui) fn setting_changed(&mut self, changed: Result<String, String>) -> Vec<Task> {
        match changed {
            Ok(words) => {
                if matches!(&self.sheet, Some(Sheet::Setting(editor)) if editor.sending) {
                    self.sheet = None;
                }
                self.notes().good(words);
            }
            Err(why) => {
                if let Some(Sheet::Setting(editor)) = &mut self.sheet {
                    editor.refuse(&why);
                }
                self.notes().bad(format!("not changed: {why}"));
            }
        }
        vec![Task::Book]
    }

    /// A vendor was asked.
    pub(in crate::tui) fn vendor_answered(
        &mut self,
        vendor: Vendor,
        answer: Result<(Vec<String>, Millis), String>,
    ) {
        self.screens.settings.answered(vendor, &answer);
        let tried = self.screens.settings.tried.get(&vendor).cloned().flatten();
        match tried {
            Some((true, words)) => self.notes().good(format!("{vendor} {words}")),
            Some((false, words)) => self.notes().bad(format!("{vendor}: {words}")),
            None => {}
        }
    }
}
