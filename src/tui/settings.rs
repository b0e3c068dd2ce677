//! A setting that is edited, and what becomes of a change: the file is written by a port, the engine hears of it, and
//! what is part of the policy rules at once. The screen that lists settings is in `screens::settings`.

use super::{keymap::Key, line::Line};
use crate::{
    config::{
        book::{Counts, Setting},
        edit::{Change, Edited},
        layers::FileLayer,
    },
    engine::command::{Command, ControlCommand},
    runtime::handle::Handle,
};
use crossterm::event::KeyCode;
use std::path::PathBuf;

/// The line that a setting is edited in. It stays open until the change is made or left.
#[derive(Debug)]
pub struct SettingEditor {
    /// Which one, as it is.
    pub setting: Setting,
    /// What is typed.
    pub line: Line,
    /// Files it can be written to; never empty.
    files: Vec<(FileLayer, PathBuf)>,
    at: usize,
    /// Why the last try was refused.
    pub complaint: Option<String>,
    /// Whether a try is on its way.
    pub sending: bool,
}

/// What the editor made of a key.
#[derive(Debug, PartialEq)]
pub enum Typed {
    /// It is the editor's.
    Kept,
    /// It is not.
    Not,
    /// It was not good, in words.
    Refused(String),
    /// The change that is wanted.
    Changes(Change),
}

impl SettingEditor {
    /// An editor for a setting; `None`: there is no file to write to. It starts with the file that sets the value.
    #[must_use]
    pub fn new(setting: Setting, files: Vec<(FileLayer, PathBuf)>) -> Option<Self> {
        let at = files.iter().position(|(layer, _)| Some(*layer) == setting.layer.file()).unwrap_or(0);
        files.get(at)?;
        let line = Line::new(setting.typed());
        Some(Self { setting, line, files, at, complaint: None, sending: false })
    }

    /// The file that is written to.
    #[must_use]
    pub fn file(&self) -> Option<&(FileLayer, PathBuf)> {
        self.files.get(self.at)
    }

    /// Whether there is another file to choose.
    #[must_use]
    pub fn has_choice(&self) -> bool {
        self.files.len() > 1
    }

    /// The change was refused: what was typed stays.
    pub fn refuse(&mut self, why: &str) {
        self.sending = false;
        self.complaint = Some(why.to_owned());
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Typed {
        if self.sending && key.code != KeyCode::Esc {
            return Typed::Refused("the change is being written".into());
        }
        match key.code {
            KeyCode::Enter => {
                let Some((file, _)) = self.files.get(self.at) else { return Typed::Not };
                self.sending = true;
                self.complaint = None;
                let value = Some(self.line.text().to_owned());
                Typed::Changes(Change { path: self.setting.path.clone(), value, file: *file })
            }
            KeyCode::Tab => {
                self.at = (self.at + 1) % self.files.len().max(1);
                Typed::Kept
            }
            KeyCode::Up => self.turn(-1),
            KeyCode::Down => self.turn(1),
            _ if self.line.key(key) => Typed::Kept,
            _ => Typed::Not,
        }
    }

    /// The word before or after, where the value is one of a few.
    fn turn(&mut self, by: isize) -> Typed {
        let words = &self.setting.words;
        let count = isize::try_from(words.len()).unwrap_or(1).max(1);
        let now = words.iter().position(|word| *word == self.line.text());
        let at = now.map_or(0, |at| (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count).unsigned_abs());
        if let Some(word) = words.get(at) {
            self.line = Line::new(*word);
        }
        Typed::Kept
    }
}

/// What the journal keeps of a change.
#[must_use]
pub fn remember(change: &Change, edited: &Edited) -> Command {
    let file = edited.file.display().to_string();
    Command::Control(ControlCommand::Change { key: change.path.clone(), file, value: edited.kept(change) })
}

/// Lets a change that is written rule where it can: the journal hears of it, and the engine gets the new policy.
pub(super) async fn rule(handle: &Handle, change: &Change, edited: Edited) -> String {
    let mut when = Counts::of(&change.path).word().to_owned();
    let policy = &edited.loaded.settings.policy;
    if *policy != *handle.snapshot().policy && Counts::of(&change.path) == Counts::AtOnce {
        let load = Command::Control(ControlCommand::Load(Box::new(policy.clone())));
        if let Err(error) = handle.send(load).await {
            when = format!("when the process that does the work starts again ({error})");
        }
    }
    let words = edited.told(change, &when);
    match handle.send(remember(change, &edited)).await {
        Ok(_) => words,
        Err(error) => format!("{words}; the journal does not know of it: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{
        book::Book,
        environment::Environment,
        layers::{Layer, Sources},
    };

    fn setting(path: &str) -> Setting {
        let here = std::path::Path::new("/");
        let environment = Environment::of([("HOME", "/nowhere")]);
        let loaded = crate::config::load(&Default::default(), &environment, here).unwrap();
        let Book { settings, .. } = crate::config::book::book(&loaded, &Sources::default(), &environment);
        settings.into_iter().find(|setting| setting.path == path).unwrap()
    }

    fn press(editor: &mut SettingEditor, code: KeyCode) -> Typed {
        editor.key(Key { code, modifiers: crossterm::event::KeyModifiers::NONE })
    }

    #[test]
    fn an_editor_starts_with_the_value_and_its_file_and_stays_when_it_is_refused() {
        let mut of_repo = setting("ui.theme");
        of_repo.layer =
            Layer::Repository(crate::config::document::At { file: "r".into(), line: 1, column: 1 });
        let files = vec![(FileLayer::User, "/u".into()), (FileLayer::Repository, "/r".into())];
        assert!(SettingEditor::new(of_repo.clone(), vec![]).is_none());
        let mut editor = SettingEditor::new(of_repo, files).unwrap();
        assert_eq!((editor.line.text(), editor.file().unwrap().0), ("auto", FileLayer::Repository));
        press(&mut editor, KeyCode::Tab);
        press(&mut editor, KeyCode::Char('x'));
        let Typed::Changes(change) = press(&mut editor, KeyCode::Enter) else { panic!("nothing is wanted") };
        let value = Some("autox".to_owned());
        assert_eq!(change, Change { path: "ui.theme".into(), value, file: FileLayer::User });
        assert!(matches!(press(&mut editor, KeyCode::Char('y')), Typed::Refused(_)));
        editor.refuse("no such theme");
        assert_eq!((editor.line.text(), editor.complaint.as_deref()), ("autox", Some("no such theme")));
        assert_eq!(press(&mut editor, KeyCode::Backspace), Typed::Kept);
    }

    #[test]
    fn words_are_turned_through() {
        let mut editor =
            SettingEditor::new(setting("landing.sign"), vec![(FileLayer::User, "/u".into())]).unwrap();
        press(&mut editor, KeyCode::Down);
        assert_eq!(editor.line.text(), "always");
        press(&mut editor, KeyCode::Up);
        press(&mut editor, KeyCode::Up);
        assert_eq!(editor.line.text(), "never");
    }
}
