//! What lies over the panes: help, pickers, prompts, the question dialog, cards and pages. A sheet that takes text
//! sees keys first; nothing it holds is sent before it is confirmed.

use super::{
    argv::split_argv,
    commands::{self, CommandId, Hint},
    compare::Board,
    incidents,
    keymap::{Key, Keymap},
    line::Line,
    pressed::GUARD,
    preview::Look,
    settings::{SettingEditor, Typed},
    shot::ShotView,
    terms, words,
};
use crate::{
    config::edit::Change,
    domain::{
        brief::{Answer, AnswerForm, Question},
        candidate::CommitId,
        digest::Digest,
        ids::{IncidentId, MissionId, RequestId, Revision, TeamId},
        mission::Rating,
        money::Money,
        text::clean_line,
        time::Millis,
    },
    engine::state::State,
};
use crossterm::event::{KeyCode, KeyModifiers};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use std::collections::BTreeSet;

/// Rows a picker ranks; more are cut off when it is filled.
const PICKS_MOST: usize = 100_000;
/// Rows a picker keeps as found.
const FOUND_MOST: usize = 200;
/// Heading of the files for `@`.
const MENTION: &str = "MENTION A FILE";
/// Bytes of a page that are shown.
const PAGE_MOST: usize = 4 * 1024 * 1024;

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

/// What was picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickedBy {
    /// A command.
    Command(CommandId),
    /// A mission.
    Mission(MissionId),
    /// An incident.
    Incident(IncidentId),
    /// A file.
    File(String),
    /// An earlier brief.
    Brief(String),
    /// Words as they were typed.
    Words(String),
    /// A theme, by name.
    Theme(String),
    /// A keymap, by name.
    Keymap(String),
}

/// A text from outside.
pub struct Page {
    /// Heading.
    pub title: String,
    /// Clean, a row each.
    pub lines: Vec<String>,
    /// Scrolled so far.
    pub at: usize,
    /// The row of the versions that it was opened from, to go back there.
    pub from: Option<usize>,
}

/// A patch on the whole screen.
pub struct DiffPage {
    /// Heading.
    pub title: String,
    /// How it is looked at.
    pub shot: ShotView,
    /// Its content.
    pub digest: Digest,
    /// What it was opened from, to go back there.
    pub from: Option<Box<Sheet>>,
}

/// One row of a picker.
pub struct Pick {
    /// What is matched and shown.
    pub label: String,
    /// Shown beside it.
    pub detail: String,
    /// What it is.
    pub what: PickedBy,
}

/// One of many, found by fuzzy match.
pub struct Picker {
    /// Heading.
    pub title: &'static str,
    /// What is typed.
    pub line: Line,
    rows: Vec<Pick>,
    found: Vec<usize>,
    /// The chosen one of the found.
    pub at: usize,
    /// Whether the rows are still being read.
    pub reading: bool,
}

impl Picker {
    fn new(title: &'static str, rows: Vec<Pick>, reading: bool) -> Self {
        let mut picker = Self { title, line: Line::default(), rows, found: Vec::new(), at: 0, reading };
        picker.rank();
        picker
    }

    /// What was found, best first.
    pub fn found(&self) -> impl Iterator<Item = &Pick> {
        self.found.iter().filter_map(|at| self.rows.get(*at))
    }

    /// What a mention says as it was typed; none in other pickers.
    #[must_use]
    pub fn mention(&self) -> Option<String> {
        (self.title == MENTION).then(|| format!("@{}", self.line.text()))
    }

    /// Files have been listed.
    pub fn fill_files(&mut self, files: Vec<String>) {
        let pick = |path: String| Pick {
            label: clean_line(&path, 300).to_string(),
            detail: String::new(),
            what: PickedBy::File(path),
        };
        self.fill(files.into_iter().map(pick));
    }

    /// Earlier briefs have been read.
    pub fn fill_briefs(&mut self, briefs: Vec<String>) {
        let pick = |text: String| Pick {
            label: clean_line(&text, 300).to_string(),
            detail: String::new(),
            what: PickedBy::Brief(text),
        };
        self.fill(briefs.into_iter().map(pick));
    }

    fn fill(&mut self, rows: impl Iterator<Item = Pick>) {
        self.rows = rows.take(PICKS_MOST).collect();
        self.reading = false;
        self.rank();
    }

    fn rank(&mut self) {
        self.at = 0;
        let wanted = self.line.text().trim();
        if wanted.is_empty() {
            self.found = (0..self.rows.len().min(FOUND_MOST)).collect();
            return;
        }
        let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
        let pattern = Pattern::parse(wanted, CaseMatching::Smart, Normalization::Smart);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize)> = self
            .rows
            .iter()
            .enumerate()
            .filter_map(|(at, row)| {
                let score = pattern.score(Utf32Str::new(&row.label, &mut buffer), &mut matcher)?;
                Some((score, at))
            })
            .collect();
        scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found = scored.into_iter().take(FOUND_MOST).map(|(_, at)| at).collect();
    }

    fn key(&mut self, key: Key) -> Taken {
        let control = |c| key.code == KeyCode::Char(c) && key.modifiers == KeyModifiers::CONTROL;
        match key.code {
            KeyCode::Enter | KeyCode::Tab => match self.found().nth(self.at) {
                Some(pick) => Taken::Picked(pick.what.clone()),
                None => Taken::Refused("nothing matches".into()),
            },
            // Whoever types a whole mention goes on behind it.
            KeyCode::Char(' ') if key.modifiers.is_empty() && self.title == MENTION => {
                Taken::Picked(PickedBy::Words(format!("@{} ", self.line.text())))
            }
            KeyCode::Up => self.step(-1),
            KeyCode::Down => self.step(1),
            _ if control('p') => self.step(-1),
            _ if control('n') => self.step(1),
            _ if self.line.key(key) => {
                self.rank();
                Taken::Kept
            }
            _ => Taken::Not,
        }
    }

    fn step(&mut self, by: isize) -> Taken {
        self.at = self.at.saturating_add_signed(by).min(self.found.len().saturating_sub(1));
        Taken::Kept
    }
}

/// What a question that only wants a yes is answered with.
pub const YES: &str = "yes";

/// What words are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptFor {
    /// Why teams try again; the request as it was seen.
    Retry(RequestId, Revision),
    /// Why not.
    Reject(RequestId, Revision),
    /// Why not, of everything that is marked.
    RejectMarked,
    /// Another command.
    Argv(RequestId, Revision),
    /// Another amount.
    Amount(RequestId, Revision),
    /// An answer to an agent.
    Words(RequestId, Revision),
    /// On which terms a command is allowed for a while.
    Grant(RequestId, Revision),
    /// A word to a team.
    Refine(MissionId, TeamId),
    /// Why a mission ends.
    Cancel(MissionId),
    /// Whether a landed revision comes back: a commit of its own, at once.
    Restore(MissionId, CommitId),
    /// Why an incident is closed.
    Close(IncidentId),
    /// How long nobody is woken by an incident's cause, and why.
    Quiet(IncidentId),
    /// What a mission does differently.
    RetryMission(MissionId),
    /// Stars and words for what a mission came to.
    Rate(MissionId),
    /// What is searched.
    Search,
    /// What is searched in the past.
    Past,
    /// How and where a mission is written down.
    Export(MissionId),
    /// What is searched in a patch.
    Patch,
    /// Which settings are shown.
    Settings,
    /// Why an idea is not wanted.
    DismissIdea,
    /// A shell line.
    Shell,
}

/// One line of words.
pub struct Prompt {
    /// What is asked.
    pub title: String,
    /// What is typed.
    pub line: Line,
    purpose: PromptFor,
    /// What lies under it, to go back there.
    pub from: Option<Box<Sheet>>,
}

impl Prompt {
    fn key(&mut self, key: Key) -> Taken {
        if key.code == KeyCode::Enter {
            let text = self.line.text().trim().to_owned();
            return match complaint(&self.purpose, &text) {
                Some(why) => Taken::Refused(why),
                None => Taken::Said(self.purpose.clone(), text),
            };
        }
        if self.line.key(key) { Taken::Kept } else { Taken::Not }
    }
}

fn complaint(purpose: &PromptFor, text: &str) -> Option<String> {
    match purpose {
        PromptFor::Argv(..) => split_argv(text).err(),
        PromptFor::Amount(..) => match text.parse::<Money>() {
            Ok(amount) if amount > Money::ZERO => None,
            Ok(_) => Some("the amount must be more than $0".into()),
            Err(error) => Some(error.to_string()),
        },
        PromptFor::Grant(..) => terms::read(text).err(),
        PromptFor::Reject(..)
        | PromptFor::RejectMarked
        | PromptFor::Cancel(_)
        | PromptFor::Settings
        | PromptFor::Past => None,
        PromptFor::Rate(_) => Rating::parse(text).err(),
        PromptFor::Restore(..) if text != YES => Some("yes and Enter restores, Esc leaves it".into()),
        _ if text.is_empty() => Some("write something, or esc to leave it".into()),
        _ => None,
    }
}

/// The questions before work.
#[derive(Debug)]
pub struct Clarify {
    mission: MissionId,
    /// The questions.
    pub questions: Vec<Question>,
    /// Which one is asked.
    pub at: usize,
    /// The row under the cursor.
    pub row: usize,
    /// Rows that are ticked.
    pub ticked: BTreeSet<usize>,
    /// Free words.
    pub line: Line,
    answers: Vec<Answer>,
    since: Millis,
}

impl Clarify {
    /// Whose.
    #[must_use]
    pub fn mission(&self) -> MissionId {
        self.mission
    }

    /// The choices of the question that is asked; none for free words.
    #[must_use]
    pub fn choices(&self) -> Vec<String> {
        match self.questions.get(self.at).map(|question| &question.form) {
            Some(AnswerForm::YesNo) => vec!["yes".into(), "no".into()],
            Some(AnswerForm::Single(choices) | AnswerForm::Multi(choices)) => choices.clone(),
            Some(AnswerForm::Free) | None => Vec::new(),
        }
    }

    /// Whether several choices may be ticked.
    #[must_use]
    pub fn is_multi(&self) -> bool {
        matches!(self.questions.get(self.at).map(|q| &q.form), Some(AnswerForm::Multi(_)))
    }

    /// Put aside and opened again: as it was left.
    #[must_use]
    pub fn reopened(self, now: Millis) -> Self {
        Self { since: now, ..self }
    }

    /// The cursor stands on what is assumed without an answer, so that Enter never says its opposite.
    fn stand_on_default(&mut self) {
        let default = self.questions.get(self.at).map_or("", |question| question.default.as_str());
        self.row = self.choices().iter().position(|choice| choice == default).unwrap_or(0);
    }

    fn key(&mut self, key: Key, now: Millis) -> Taken {
        if now.0.saturating_sub(self.since.0) < GUARD.0 && !matches!(key.code, KeyCode::Esc) {
            return Taken::Refused("a question has just come up: that key was not taken".into());
        }
        let choices = self.choices();
        match key.code {
            KeyCode::Tab if key.modifiers.is_empty() => self.answer(None),
            KeyCode::Enter => self.confirm(&choices),
            KeyCode::Up => self.step(-1, choices.len()),
            KeyCode::Down => self.step(1, choices.len()),
            KeyCode::Char(' ') if self.is_multi() => {
                self.tick(self.row);
                Taken::Kept
            }
            KeyCode::Char(c) if !choices.is_empty() && key.modifiers.is_empty() => self.digit(c, &choices),
            _ if choices.is_empty() && self.line.key(key) => Taken::Kept,
            _ => Taken::Not,
        }
    }

    fn digit(&mut self, c: char, choices: &[String]) -> Taken {
        let by_letter = |c: char| match c {
            'y' => choices.iter().position(|choice| choice == "yes"),
            'n' => choices.iter().position(|choice| choice == "no"),
            _ => None,
        };
        let at = c.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1)).or_else(|| by_letter(c));
        match (at.filter(|at| *at < choices.len()), c) {
            (Some(at), _) if self.is_multi() => {
                self.tick(at);
                Taken::Kept
            }
            (Some(at), _) => {
                self.row = at;
                self.confirm(choices)
            }
            (None, 'j') => self.step(1, choices.len()),
            (None, 'k') => self.step(-1, choices.len()),
            _ => Taken::Kept,
        }
    }

    fn tick(&mut self, at: usize) {
        if !self.ticked.remove(&at) {
            self.ticked.insert(at);
        }
    }

    fn step(&mut self, by: isize, rows: usize) -> Taken {
        self.row = self.row.saturating_add_signed(by).min(rows.saturating_sub(1));
        Taken::Kept
    }

    fn confirm(&mut self, choices: &[String]) -> Taken {
        let text = if choices.is_empty() {
            self.line.text().trim().to_owned()
        } else if self.is_multi() {
            self.ticked.iter().filter_map(|at| choices.get(*at)).cloned().collect::<Vec<_>>().join(", ")
        } else {
            choices.get(self.row).cloned().unwrap_or_default()
        };
        if text.is_empty() {
            return Taken::Refused("answer, or tab to skip with the default".into());
        }
        self.answer(Some(text))
    }

    fn answer(&mut self, text: Option<String>) -> Taken {
        let Some(question) = self.questions.get(self.at) else { return Taken::Not };
        self.answers.push(Answer {
            question: question.text.clone(),
            assumed: text.is_none(),
            text: text.unwrap_or_else(|| question.default.clone()),
        });
        self.at += 1;
        self.line = Line::default();
        self.ticked.clear();
        self.stand_on_default();
        if self.at < self.questions.len() {
            return Taken::Kept;
        }
        Taken::Answered(self.mission, std::mem::take(&mut self.answers))
    }
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
        Self::Picker(Picker::new(MENTION, Vec::new(), true))
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
        Self::Prompt(Prompt { title: title.into(), line: Line::new(text), purpose, from: None })
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
        let mut clarify = Clarify {
            mission,
            questions,
            at: 0,
            row: 0,
            ticked: BTreeSet::new(),
            line: Line::default(),
            answers: Vec::new(),
            since: now,
        };
        clarify.stand_on_default();
        Self::Clarify(clarify)
    }

    /// A text from outside; where it was opened from.
    #[must_use]
    pub fn page(title: String, bytes: &[u8], from: Option<usize>) -> Self {
        let text = crate::domain::text::clean_bytes(&bytes[..bytes.len().min(PAGE_MOST)]);
        let lines = text.lines().map(|line| line.replace('\t', "    ")).collect();
        Self::Page(Page { title, lines, at: 0, from })
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
        let clean = crate::domain::text::clean(text);
        match self {
            Self::Picker(picker) => {
                picker.line.insert(&clean);
                picker.rank();
            }
            Self::Prompt(prompt) => prompt.line.insert(&clean),
            Self::Clarify(clarify) => clarify.line.insert(&clean),
            Self::Setting(editor) => editor.line.insert(&clean),
            _ => {}
        }
    }
}
