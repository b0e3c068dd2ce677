//! What lies over the panes: help, pickers, prompts, the question dialog, cards and pages. A sheet that takes text
//! sees keys first; nothing it holds is sent before it is confirmed.

mod clarify;
mod page;
mod picker;
mod prompt;

pub use clarify::Clarify;
pub use page::{DiffPage, Page};
pub use picker::{Pick, PickedBy, Picker};
pub use prompt::{Prompt, PromptFor, YES};

use super::{
    commands::{self, Hint},
    compare::Board,
    incidents,
    keymap::{Key, Keymap},
    preview::Look,
    settings::{SettingEditor, Typed},
    words,
};
use crate::{
    config::edit::Change,
    domain::{
        brief::{Answer, Question},
        ids::{MissionId, RequestId},
        text::{clean, clean_line},
        time::Millis,
    },
    engine::state::State,
};

/// A sheet.
pub enum Sheet {
    /// All keys, from the keymap; scrolled so far.
    Help(usize, Option<Box<Self>>),
    /// One of many.
    Picker(Picker),
    /// One line of words.
    Prompt(Prompt),
    /// A request in full.
    Card(RequestId, usize),
    /// Candidates side by side, place by place, beside their evidence.
    Compare(Box<Board>),
    /// Candidates and landed revisions; the chosen row.
    Versions(usize),
    /// Questions before work.
    Clarify(Clarify),
    /// A setting that is edited.
    Setting(Box<SettingEditor>),
    /// A candidate's service.
    Preview(Look),
    /// A text.
    Page(Page),
    /// A patch.
    Diff(Box<DiffPage>),
}

/// What a sheet made of a key.
pub enum Taken {
    /// It is the sheet's.
    Kept,
    /// It is not.
    Not,
    /// It was not good, in words; the sheet stays.
    Refused(String),
    /// A row was picked.
    Picked(PickedBy),
    /// Words were said.
    Said(PromptFor, String),
    /// Questions were answered.
    Answered(MissionId, Vec<Answer>),
    /// A setting shall be changed; the sheet stays until it is.
    Changes(Change),
}

impl Sheet {
    /// Commands, missions, and incidents that are kept.
    #[must_use]
    pub fn palette(keymap: &Keymap, state: &State) -> Self {
        let commands = commands::ALL.iter().filter(|entry| entry.hint != Hint::Quiet).map(|entry| Pick {
            label: format!("{}  {}", entry.title, entry.name),
            detail: keymap.keys_of(entry.id).into_iter().next().unwrap_or_default(),
            what: PickedBy::Command(entry.id),
        });
        let missions = state.missions.values().rev().map(|mission| Pick {
            label: format!("{}  {}", mission.id, clean_line(&mission.brief.text, 80)),
            detail: words::mission_sign(state, mission).word.to_owned(),
            what: PickedBy::Mission(mission.id),
        });
        let incidents = incidents::past(state).into_iter().map(|incident| Pick {
            label: format!("{}  {}", incident.id, clean_line(&incident.title, 80)),
            detail: incidents::incident_sign(state, incident).word.to_owned(),
            what: PickedBy::Incident(incident.id),
        });
        let rows = commands.chain(missions).chain(incidents).collect();
        Self::Picker(Picker::new("PALETTE", rows, false))
    }

    /// Files, once they are listed.
    #[must_use]
    pub fn files() -> Self {
        Self::Picker(Picker::new(picker::MENTION, Vec::new(), true))
    }

    /// Earlier briefs, once they are read.
    #[must_use]
    pub fn history() -> Self {
        Self::Picker(Picker::new("EARLIER BRIEFS", Vec::new(), true))
    }

    /// Themes to choose from.
    #[must_use]
    pub fn themes(names: Vec<String>, worn: &str) -> Self {
        Self::named("THEME", names, worn, PickedBy::Theme)
    }

    /// Keymaps to choose from.
    #[must_use]
    pub fn keymaps(names: Vec<String>, worn: &str) -> Self {
        Self::named("KEYMAP", names, worn, PickedBy::Keymap)
    }

    fn named(title: &'static str, names: Vec<String>, worn: &str, what: fn(String) -> PickedBy) -> Self {
        let pick = |name: String| Pick {
            label: clean_line(&name, 80).to_string(),
            detail: if name == worn { "in use".to_owned() } else { String::new() },
            what: what(name),
        };
        Self::Picker(Picker::new(title, names.into_iter().map(pick).collect(), false))
    }

    /// A shell line.
    #[must_use]
    pub fn shell() -> Self {
        Self::prompt("run in the repository (by you, not sandboxed)", "", PromptFor::Shell)
    }

    /// One line of words.
    #[must_use]
    pub fn prompt(title: impl Into<String>, text: impl Into<String>, purpose: PromptFor) -> Self {
        Self::Prompt(Prompt::new(title, text, purpose))
    }

    /// A prompt over another sheet, which is there again afterwards.
    #[must_use]
    pub fn over(mut self, sheet: Option<Self>) -> Self {
        if let Self::Prompt(prompt) = &mut self {
            prompt.from = sheet.map(Box::new);
        }
        self
    }

    /// Questions.
    #[must_use]
    pub fn clarify(mission: MissionId, questions: Vec<Question>, now: Millis) -> Self {
        Self::Clarify(Clarify::new(mission, questions, now))
    }

    /// A text from outside; where it was opened from.
    #[must_use]
    pub fn page(title: String, bytes: &[u8], from: Option<usize>) -> Self {
        Self::Page(Page::new(title, bytes, from))
    }

    /// Whether keys are text here.
    #[must_use]
    pub fn takes_text(&self) -> bool {
        matches!(self, Self::Picker(_) | Self::Prompt(_) | Self::Clarify(_) | Self::Setting(_))
    }

    /// Where it is scrolled to, if it scrolls.
    pub fn scroll(&mut self) -> Option<&mut usize> {
        match self {
            Self::Help(at, _) | Self::Card(_, at) | Self::Versions(at) | Self::Page(Page { at, .. }) => {
                Some(at)
            }
            Self::Preview(look) => Some(&mut look.at),
            Self::Picker(_)
            | Self::Prompt(_)
            | Self::Clarify(_)
            | Self::Setting(_)
            | Self::Compare(_)
            | Self::Diff(_) => None,
        }
    }

    /// Takes a key, where keys are text.
    pub fn key(&mut self, key: Key, now: Millis) -> Taken {
        match self {
            Self::Picker(picker) => picker.key(key),
            Self::Prompt(prompt) => prompt.key(key),
            Self::Clarify(clarify) => clarify.key(key, now),
            Self::Setting(editor) => match editor.key(key) {
                Typed::Kept => Taken::Kept,
                Typed::Not => Taken::Not,
                Typed::Refused(why) => Taken::Refused(why),
                Typed::Changes(change) => Taken::Changes(change),
            },
            _ => Taken::Not,
        }
    }

    /// Takes a paste.
    pub fn paste(&mut self, text: &str) {
        let clean = clean(text);
        match self {
            Self::Picker(picker) => picker.paste(&clean),
            Self::Prompt(prompt) => prompt.line.insert(&clean),
            Self::Clarify(clarify) => clarify.line.insert(&clean),
            Self::Setting(editor) => editor.line.insert(&clean),
            _ => {}
        }
    }
}
