//! The Briefing Room: the text of a brief and the fields that bound it. Nothing typed is lost before the desk has
//! acknowledged it; what is wrong is said beside the field that is wrong.

use super::{
    images::{Album, Picture},
    keymap::{Editing, Key},
    options::{BriefDefaults, Prefill},
    vim,
};
use crate::domain::{
    brief::{Approval, Brief},
    money::Money,
    team::TeamSpec,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};
use std::{collections::VecDeque, sync::Arc};
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of one paste; a longer one is refused and says so.
pub const PASTE_MOST: usize = 1024 * 1024;
/// Lines from which a paste is shown as one token.
const PASTE_LINES: usize = 6;
/// Bytes from which a paste is shown as one token.
const PASTE_BYTES: usize = 2_000;
/// Briefs that wait for the running mission.
const QUEUE_MOST: usize = 16;
/// Undo steps kept per field.
const UNDO_MOST: usize = 200;
/// Earlier briefs kept for the Up key.
const HISTORY_MOST: usize = 100;

/// A field of the brief.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The words.
    Text,
    /// Constraints, one a line.
    Constraints,
    /// Checks, one a line.
    Checks,
    /// Dollars.
    Budget,
}

impl Field {
    /// In order.
    pub const ALL: [Self; 4] = [Self::Text, Self::Constraints, Self::Checks, Self::Budget];
    /// Its label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "brief",
            Self::Constraints => "constraints",
            Self::Checks => "checks",
            Self::Budget => "budget",
        }
    }
}

/// The pane.
pub struct Briefing {
    /// Where the caret is.
    pub field: Field,
    areas: [TextArea<'static>; 4],
    pastes: Vec<(String, String)>,
    /// Images that were pasted or named.
    pub images: Album,
    /// Vim's state, where the keymap asks for it.
    pub modal: Option<vim::Modal>,
    /// Briefs that wait for the running mission, first first.
    pub queue: VecDeque<Brief>,
    /// What is wrong with which field.
    pub complaint: Option<(Field, String)>,
    /// The brief that was sent and is not acknowledged.
    pub sending: Option<String>,
    history: (Vec<String>, usize),
    defaults: Arc<BriefDefaults>,
    teams: Vec<TeamSpec>,
}

impl Briefing {
    /// A room with what was laid out beforehand.
    #[must_use]
    pub fn new(defaults: Arc<BriefDefaults>, prefill: Option<Prefill>, editing: Editing) -> Self {
        let prefill = prefill.unwrap_or_default();
        let budget = prefill.budget.unwrap_or(defaults.budget).to_string();
        let teams = if prefill.teams.is_empty() { defaults.teams.clone() } else { prefill.teams };
        let areas = [
            prefill.text,
            prefill.constraints.join("\n"),
            prefill.checks.join("\n"),
            budget.trim_start_matches('$').to_owned(),
        ]
        .map(|text| area(&text));
        Self {
            field: Field::Text,
            areas,
            pastes: Vec::new(),
            images: Album::default(),
            modal: (editing == Editing::Modal).then(vim::Modal::default),
            queue: VecDeque::new(),
            complaint: None,
            sending: None,
            history: (Vec::new(), 0),
            defaults,
            teams,
        }
    }

    /// Lines of a field.
    #[must_use]
    pub fn lines(&self, field: Field) -> &[String] {
        self.areas[field as usize].lines()
    }

    /// Row and character of the caret in its field.
    #[must_use]
    pub fn caret(&self) -> (usize, usize) {
        let at = self.areas[self.field as usize].cursor();
        (at.0, at.1)
    }

    /// Names of the teams that will race.
    #[must_use]
    pub fn teams(&self) -> &[TeamSpec] {
        &self.teams
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines(Field::Text).iter().all(|line| line.trim().is_empty())
    }

    /// Whether the field under the caret is empty.
    #[must_use]
    pub fn field_is_empty(&self) -> bool {
        self.areas[self.field as usize].is_empty()
    }

    /// The text of a field.
    #[must_use]
    pub fn text(&self, field: Field) -> String {
        self.lines(field).join("\n")
    }

    /// The text with every pasted token opened up.
    #[must_use]
    pub fn whole(&self) -> String {
        let mut text = self.text(Field::Text);
        for (token, paste) in &self.pastes {
            text = text.replacen(token, paste, 1);
        }
        text
    }

    /// Replaces a field's text, as one undoable edit.
    pub fn set(&mut self, field: Field, text: &str) {
        let area = &mut self.areas[field as usize];
        area.select_all();
        area.cut();
        area.insert_str(text);
        self.complaint = None;
    }

    /// Empties the text; the fields that bound it stay for the next brief.
    pub fn clear(&mut self) {
        self.set(Field::Text, "");
        self.pastes.clear();
        self.images.forget_weights();
    }

    /// A line break at the caret.
    pub fn newline(&mut self) {
        if self.field == Field::Budget {
            return;
        }
        self.areas[self.field as usize].insert_newline();
    }

    /// True, and the backslash is gone, if the caret stands behind one: Enter then means a new line.
    pub fn continued(&mut self) -> bool {
        let (row, column) = self.caret();
        let area = &mut self.areas[self.field as usize];
        let before = column.checked_sub(1).and_then(|at| area.lines().get(row)?.chars().nth(at));
        before == Some('\\') && area.delete_char()
    }

    /// Deletes the character under the caret.
    pub fn delete_forward(&mut self) {
        self.areas[self.field as usize].delete_next_char();
    }

    /// Puts text in at the caret.
    pub fn insert(&mut self, text: &str) {
        self.areas[self.field as usize].insert_str(text);
        self.complaint = None;
    }

    /// A paste: one edit, shown as a token if it is big.
    pub fn paste(&mut self, raw: &str) {
        if raw.len() > PASTE_MOST {
            let what = format!(
                "a paste of {} bytes is over the limit of {PASTE_MOST}: name the file with @ instead",
                raw.len()
            );
            self.complaint = Some((self.field, what));
            return;
        }
        let text = crate::domain::text::clean(&raw.replace("\r\n", "\n").replace('\r', "\n")).to_string();
        let lines = text.lines().count();
        if self.field != Field::Text || (lines < PASTE_LINES && text.len() < PASTE_BYTES) {
            let text = if self.field == Field::Budget { text.replace('\n', " ") } else { text };
            self.insert(&text);
            return;
        }
        let held = self.text(Field::Text);
        let plain = format!("[pasted {}]", crate::domain::text::count(lines, "line"));
        let token = (1..)
            .map(|n| if n == 1 { plain.clone() } else { format!("{} #{n}]", plain.trim_end_matches(']')) })
            .find(|token| !held.contains(token))
            .unwrap_or(plain);
        self.insert(&token);
        self.pastes.retain(|(old, _)| held.contains(old));
        self.pastes.push((token, text));
    }

    /// A pasted path that is an image gives its place in the text to the image's token; none if it is gone.
    ///
    /// # Errors
    /// There are too many images.
    pub fn attach(&mut self, written: &str, picture: Picture) -> Result<Option<String>, String> {
        let lines = self.areas[0].lines();
        let found =
            lines.iter().enumerate().rev().find_map(|(row, line)| Some((row, line.rfind(written)?, line)));
        let Some((row, at, line)) = found else { return Ok(None) };
        let column = line.get(..at).unwrap_or_default().chars().count();
        let token = self.images.take(picture, &self.text(Field::Text))?;
        let (long, short) = (written.chars().count(), token.chars().count());
        let area = &mut self.areas[0];
        let caret = area.cursor();
        let jump = |row: usize, column: usize| {
            let bounded = |n| u16::try_from(n).unwrap_or(u16::MAX);
            CursorMove::Jump(bounded(row), bounded(column))
        };
        area.move_cursor(jump(row, column));
        area.delete_str(long);
        area.insert_str(&token);
        // The caret stays with the words it stood at.
        if caret.0 != row || caret.1 < column {
            area.move_cursor(jump(caret.0, caret.1));
        } else if caret.1 >= column + long {
            area.move_cursor(jump(row, caret.1 - long + short));
        }
        Ok(Some(token))
    }

    /// An editing key; false if it edits nothing.
    pub fn key(&mut self, key: Key) -> bool {
        self.complaint = None;
        let area = &mut self.areas[self.field as usize];
        if let Some(modal) = &mut self.modal
            && let Some(taken) = modal.key(key, area)
        {
            return taken;
        }
        let fields_line = self.field == Field::Text;
        match (key.code, key.modifiers) {
            (KeyCode::Up, KeyModifiers::NONE) if fields_line && area.cursor().0 == 0 => self.older(),
            (KeyCode::Down, KeyModifiers::NONE)
                if fields_line && area.cursor().0 + 1 == area.lines().len() =>
            {
                self.newer()
            }
            (KeyCode::Enter, _) => false,
            (KeyCode::Backspace | KeyCode::Delete, KeyModifiers::NONE)
                if area.selection_range().is_none() =>
            {
                self.delete(key.code)
            }
            (KeyCode::Left | KeyCode::Right, KeyModifiers::NONE) => {
                let steps = self.steps(key.code);
                let area = &mut self.areas[self.field as usize];
                (0..steps).fold(false, |acted, _| {
                    area.input(KeyEvent::new(key.code, key.modifiers)) || moves(key) || acted
                })
            }
            _ => area.input(KeyEvent::new(key.code, key.modifiers)) || moves(key),
        }
    }

    /// Deletes before or behind the caret, as one edit.
    fn delete(&mut self, key: KeyCode) -> bool {
        let steps = self.steps(key);
        let area = &mut self.areas[self.field as usize];
        if steps < 2 {
            return if key == KeyCode::Backspace { area.delete_char() } else { area.delete_next_char() };
        }
        if key == KeyCode::Backspace {
            (0..steps).for_each(|_| area.move_cursor(CursorMove::Back));
        }
        area.delete_str(steps)
    }

    /// How many characters one of these keys goes: what people call a character is one, and what stands for a paste is one thing
    /// to whoever deletes it.
    fn steps(&self, key: KeyCode) -> usize {
        let (row, column) = self.caret();
        let line = self.lines(self.field).get(row).map_or("", String::as_str);
        let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let (before, after) = line.split_at(at);
        let forward = matches!(key, KeyCode::Delete | KeyCode::Right);
        let deletes = matches!(key, KeyCode::Backspace | KeyCode::Delete);
        let token = self.pastes.iter().map(|(token, _)| token.as_str()).find(|token| match forward {
            true => after.starts_with(token),
            false => before.ends_with(token),
        });
        let cluster = if forward { after.graphemes(true).next() } else { before.graphemes(true).next_back() };
        token.filter(|_| deletes && self.field == Field::Text).or(cluster).map_or(1, |it| it.chars().count())
    }

    fn older(&mut self) -> bool {
        if self.is_empty()
            && let Some(brief) = self.queue.pop_back()
        {
            self.set(Field::Text, &brief.text);
            self.set(Field::Constraints, &brief.constraints.join("\n"));
            self.set(Field::Checks, &brief.checks.join("\n"));
            self.set(Field::Budget, brief.budget.to_string().trim_start_matches('$'));
            return true;
        }
        let Some(at) = self.history.1.checked_sub(1) else { return false };
        if self.history.1 == self.history.0.len() && !self.is_empty() {
            return false;
        }
        self.recall(at)
    }

    fn newer(&mut self) -> bool {
        let at = self.history.1 + 1;
        if at > self.history.0.len() {
            return false;
        }
        self.recall(at)
    }

    fn recall(&mut self, at: usize) -> bool {
        let text = self.history.0.get(at).cloned().unwrap_or_default();
        self.history.1 = at;
        self.set(Field::Text, &text);
        self.areas[0].move_cursor(CursorMove::Top);
        self.areas[0].move_cursor(CursorMove::End);
        true
    }

    /// A brief was acknowledged: it becomes history, and the text goes if it is still the one that was sent.
    pub fn acknowledged(&mut self, text: String) {
        self.sending = None;
        // Blanks around it were not sent.
        if self.whole().trim() == text.trim() {
            self.clear();
            self.field = Field::Text;
        }
        self.history.0.push(text);
        let over = self.history.0.len().saturating_sub(HISTORY_MOST);
        self.history.0.drain(..over);
        self.history.1 = self.history.0.len();
    }

    /// The brief as it stands, or the complaint beside its field.
    pub fn brief(&mut self) -> Option<Brief> {
        match self.read(&self.whole()) {
            Ok(brief) => Some(brief),
            Err((field, what)) => {
                self.complaint = Some((field, what));
                self.field = field;
                None
            }
        }
    }

    /// A brief of these words with the bounds that are written here.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn brief_of(&self, words: &str) -> Result<Brief, String> {
        self.read(words).map_err(|(_, what)| what)
    }

    /// The repository that briefs are for.
    #[must_use]
    pub fn repo(&self) -> &str {
        &self.defaults.repo
    }

    fn read(&self, text: &str) -> Result<Brief, (Field, String)> {
        if text.trim().is_empty() {
            return Err((Field::Text, "the brief is empty: say what should be done".into()));
        }
        if text.len() > Brief::TEXT_MOST {
            let what = format!(
                "the brief has {} bytes; {} are the limit: name files with @ instead",
                text.len(),
                Brief::TEXT_MOST
            );
            return Err((Field::Text, what));
        }
        let raw = self.text(Field::Budget);
        let budget: Money = match raw.trim() {
            "" => self.defaults.budget,
            some => some.parse().map_err(|e| (Field::Budget, format!("budget: {e}")))?,
        };
        if budget <= Money::ZERO {
            return Err((Field::Budget, "budget: more than $0 is needed for work to start".into()));
        }
        if self.teams.is_empty() {
            let what = "no team can be on air: set a vendor's key, `chimera doctor` says which";
            return Err((Field::Text, what.into()));
        }
        let list = |field| {
            self.lines(field).iter().map(|line| line.trim().to_owned()).filter(|l| !l.is_empty()).collect()
        };
        Ok(Brief {
            text: text.trim().to_owned(),
            constraints: list(Field::Constraints),
            checks: list(Field::Checks),
            budget,
            attachments: self.images.attachments(text),
            teams: self.teams.clone(),
            approve: Approval::Ask,
            repo: self.defaults.repo.clone(),
            timeout: None,
            priority: 5,
            heals: None,
            patch: None,
            once: None,
            feature: None,
            withheld: 0,
        })
    }

    /// Lets a brief wait for the running mission; false if too many wait.
    pub fn queue(&mut self, brief: Brief) -> bool {
        if self.queue.len() >= QUEUE_MOST {
            self.complaint =
                Some((Field::Text, format!("{QUEUE_MOST} briefs wait already: Up takes one back")));
            return false;
        }
        self.queue.push_back(brief);
        self.clear();
        true
    }
}

fn moves(key: Key) -> bool {
    matches!(
        key.code,
        KeyCode::Left | KeyCode::Right | KeyCode::Up | KeyCode::Down | KeyCode::Home | KeyCode::End
    )
}

fn area(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
    area.set_max_histories(UNDO_MOST);
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    area
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::team::{ModelRef, Vendor};

    fn room() -> Briefing {
        let spec = TeamSpec {
            name: "Anthropic".into(),
            model: ModelRef { vendor: Vendor::Anthropic, model: "m".into() },
            fallback: vec![],
        };
        let defaults = BriefDefaults { teams: vec![spec], budget: Money::usd(5), repo: "/r".into() };
        Briefing::new(Arc::new(defaults), None, Editing::Plain)
    }

    #[test]
    fn a_mebibyte_is_one_token_one_edit_and_whole_again_when_sent() {
        let mut room = room();
        let paste = "0123456789abcde\n".repeat(PASTE_MOST / 16);
        assert_eq!(paste.len(), PASTE_MOST);
        room.insert("look: ");
        room.paste(&paste);
        assert_eq!(room.text(Field::Text), "look: [pasted 65536 lines]");
        room.paste(&paste);
        assert!(room.text(Field::Text).ends_with("[pasted 65536 lines #2]"));
        assert_eq!(room.whole().len(), 6 + 2 * PASTE_MOST);
        assert!(room.brief().is_none());
        assert_eq!(room.complaint.as_ref().unwrap().0, Field::Text);
        room.paste(&format!("{paste}x"));
        assert!(room.complaint.as_ref().unwrap().1.contains("over the limit"));
    }

    #[test]
    fn bad_fields_are_named_and_nothing_is_lost() {
        let mut room = room();
        room.insert("fix it");
        room.set(Field::Budget, "five");
        assert!(room.brief().is_none());
        let (field, what) = room.complaint.clone().unwrap();
        assert_eq!(field, Field::Budget);
        assert!(what.contains("\"five\""), "{what}");
        assert_eq!(room.whole(), "fix it");
        room.set(Field::Budget, "0.50");
        room.set(Field::Checks, "cargo test\n\n  cargo fmt --check ");
        let brief = room.brief().unwrap();
        assert_eq!(brief.budget, Money::cents(50));
        assert_eq!(brief.checks, ["cargo test", "cargo fmt --check"]);
    }

    #[test]
    fn what_was_typed_since_sending_stays() {
        let mut room = room();
        room.insert("one");
        room.insert(" more");
        room.acknowledged("one".into());
        assert_eq!(room.whole(), "one more");
        room.acknowledged("one more".into());
        assert!(room.is_empty());
        room.key(Key { code: KeyCode::Up, modifiers: KeyModifiers::NONE });
        assert_eq!(room.whole(), "one more");
    }
}
