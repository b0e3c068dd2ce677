//! One of many, found by fuzzy match.

use super::Taken;
use crate::{
    domain::{
        ids::{IncidentId, MissionId},
        text::clean_line,
    },
    tui::{commands::CommandId, keymap::Key, line::Line},
};
use crossterm::event::{KeyCode, KeyModifiers};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// Rows a picker ranks; more are cut off when it is filled.
const PICKS_MOST: usize = 100_000;
/// Rows a picker keeps as found.
const FOUND_MOST: usize = 200;
/// Heading of the files for `@`.
pub(super) const MENTION: &str = "MENTION A FILE";

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
    pub(super) fn new(title: &'static str, rows: Vec<Pick>, reading: bool) -> Self {
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

    pub(super) fn paste(&mut self, text: &str) {
        self.line.insert(text);
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

    pub(super) fn key(&mut self, key: Key) -> Taken {
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
