//! One line of text with a caret, for prompts and pickers. Moves by whole grapheme clusters.

use super::keymap::Key;
use crossterm::event::{KeyCode, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Bytes a line may have; more is not taken.
pub const LINE_MOST: usize = 64 * 1024;

/// The line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    text: String,
    /// Byte position of the caret, on a cluster boundary.
    caret: usize,
}

impl Line {
    /// A line with the caret at its end.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { caret: text.len(), text }
    }

    /// What it says.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Columns before the caret.
    #[must_use]
    pub fn column(&self) -> usize {
        self.text[..self.caret].width()
    }

    /// Puts text in at the caret, as one line.
    pub fn insert(&mut self, text: &str) {
        let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if self.text.len() + flat.len() <= LINE_MOST {
            self.text.insert_str(self.caret, &flat);
            self.caret += flat.len();
        }
    }

    /// Takes an editing key; false if it is none.
    pub fn key(&mut self, key: Key) -> bool {
        let control = key.modifiers == KeyModifiers::CONTROL;
        match key.code {
            KeyCode::Char(c) if key.modifiers.is_empty() => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => self.cut(self.before(), self.caret),
            KeyCode::Char('h') if control => self.cut(self.before(), self.caret),
            KeyCode::Delete => self.cut(self.caret, self.after()),
            KeyCode::Left => self.caret = self.before(),
            KeyCode::Char('b') if control => self.caret = self.before(),
            KeyCode::Right => self.caret = self.after(),
            KeyCode::Char('f') if control => self.caret = self.after(),
            KeyCode::Home => self.caret = 0,
            KeyCode::Char('a') if control => self.caret = 0,
            KeyCode::End => self.caret = self.text.len(),
            KeyCode::Char('e') if control => self.caret = self.text.len(),
            KeyCode::Char('k') if control => self.text.truncate(self.caret),
            KeyCode::Char('u') if control => self.cut(0, self.caret),
            KeyCode::Char('w') if control => {
                let kept = self.text[..self.caret].trim_end();
                let start = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.cut(start, self.caret);
            }
            _ => return false,
        }
        true
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.caret = from;
    }

    fn before(&self) -> usize {
        self.text[..self.caret].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.caret..].graphemes(true).next().map_or(self.caret, |g| self.caret + g.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> Key {
        Key { code, modifiers: KeyModifiers::NONE }
    }

    #[test]
    fn carets_move_by_what_people_call_a_character() {
        let mut line = Line::new("日本👩‍👩‍👧x");
        assert_eq!(line.column(), 7);
        line.key(key(KeyCode::Left));
        line.key(key(KeyCode::Backspace));
        assert_eq!((line.text(), line.column()), ("日本x", 4));
        line.key(Key { code: KeyCode::Char('w'), modifiers: KeyModifiers::CONTROL });
        assert_eq!(line.text(), "x");
        line.insert("a\nb\u{1b}[2J");
        assert_eq!(line.text(), "a b [2Jx");
    }
}
