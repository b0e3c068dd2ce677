//! The questions before work: one at a time, each with what is assumed without an answer.

use super::Taken;
use crate::{
    domain::{
        brief::{Answer, AnswerForm, Question},
        ids::MissionId,
        time::Millis,
    },
    tui::{keymap::Key, line::Line, pressed::GUARD},
};
use crossterm::event::KeyCode;
use std::collections::BTreeSet;

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
    pub(super) fn new(mission: MissionId, questions: Vec<Question>, now: Millis) -> Self {
        let mut clarify = Self {
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
        clarify
    }

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

    pub(super) fn key(&mut self, key: Key, now: Millis) -> Taken {
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
