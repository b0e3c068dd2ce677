//! Vim's modes for the brief: enough of normal mode to move and change words and lines. `esc` in insert mode goes
//! to normal mode; `esc` in normal mode leaves the text like everywhere else.

use super::keymap::Key;
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};

/// Where vim stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modal {
    /// Keys are text.
    #[default]
    Insert,
    /// Keys are commands; the first key of a two-key one may be held.
    Normal(Option<char>),
}

impl Modal {
    /// The word in the pane's frame.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Normal(_) => "NORMAL",
        }
    }

    /// Takes a key: `None` leaves it to the plain editor, `Some(false)` to the rest of the program.
    pub fn key(&mut self, key: Key, area: &mut TextArea<'_>) -> Option<bool> {
        match (*self, key.code) {
            (Self::Insert, KeyCode::Esc) => {
                *self = Self::Normal(None);
                area.move_cursor(CursorMove::Back);
                Some(true)
            }
            (Self::Insert, _) => None,
            (Self::Normal(held), KeyCode::Char(c)) if key.modifiers.is_empty() => {
                *self = Self::Normal(None);
                self.normal(held, c, area);
                Some(true)
            }
            (Self::Normal(_), KeyCode::Char('r')) if key.modifiers == KeyModifiers::CONTROL => {
                Some(area.redo())
            }
            (Self::Normal(_), KeyCode::Esc) => Some(false),
            (Self::Normal(_), _) => None,
        }
    }

    fn normal(&mut self, held: Option<char>, c: char, area: &mut TextArea<'_>) {
        let motion = match c {
            'h' => CursorMove::Back,
            'l' => CursorMove::Forward,
            'j' => CursorMove::Down,
            'k' => CursorMove::Up,
            'w' => CursorMove::WordForward,
            'b' => CursorMove::WordBack,
            'e' => CursorMove::WordEnd,
            '0' | '^' => CursorMove::Head,
            '$' => CursorMove::End,
            'G' => CursorMove::Bottom,
            'g' if held == Some('g') => CursorMove::Top,
            _ => return self.change(held, c, area),
        };
        match held {
            Some(verb @ ('d' | 'c')) => {
                area.start_selection();
                area.move_cursor(motion);
                area.cut();
                *self = if verb == 'c' { Self::Insert } else { Self::Normal(None) };
            }
            _ => area.move_cursor(motion),
        }
    }

    fn change(&mut self, held: Option<char>, c: char, area: &mut TextArea<'_>) {
        match (held, c) {
            (Some('d'), 'd') | (Some('c'), 'c') => {
                area.move_cursor(CursorMove::Head);
                area.delete_line_by_end();
                if c == 'd' {
                    area.delete_next_char();
                }
            }
            (None, 'x') => drop(area.delete_next_char()),
            (None, 'D' | 'C') => drop(area.delete_line_by_end()),
            (None, 'u') => drop(area.undo()),
            (None, 'p') => drop(area.paste()),
            (None, 'a') => area.move_cursor(CursorMove::Forward),
            (None, 'A' | 'o') => area.move_cursor(CursorMove::End),
            (None, 'I' | 'O') => area.move_cursor(CursorMove::Head),
            (None, 'd' | 'c' | 'g') => *self = Self::Normal(Some(c)),
            _ => {}
        }
        match c {
            'o' if held.is_none() => area.insert_newline(),
            'O' if held.is_none() => {
                area.insert_newline();
                area.move_cursor(CursorMove::Up);
            }
            _ => {}
        }
        if matches!((held, c), (None, 'i' | 'a' | 'A' | 'I' | 'o' | 'O' | 'C') | (Some('c'), 'c')) {
            *self = Self::Insert;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> (String, Modal) {
        let mut area = TextArea::new(vec!["one two".into(), "three".into()]);
        let mut modal = Modal::Normal(None);
        for c in keys.chars() {
            let code = if c == '^' { KeyCode::Esc } else { KeyCode::Char(c) };
            let key = Key { code, modifiers: KeyModifiers::NONE };
            if modal.key(key, &mut area).is_none() {
                area.insert_char(c);
            }
        }
        (area.lines().join("/"), modal)
    }

    #[test]
    fn the_usual_keys_do_the_usual_things() {
        for (keys, want, mode) in [
            ("dd", "three", Modal::Normal(None)),
            ("dw", "two/three", Modal::Normal(None)),
            ("ccx", "x/three", Modal::Insert),
            ("wD", "one /three", Modal::Normal(None)),
            ("A!", "one two!/three", Modal::Insert),
            ("ohi^", "one two/hi/three", Modal::Normal(None)),
            ("xu", "one two/three", Modal::Normal(None)),
            ("jggix", "xone two/three", Modal::Insert),
        ] {
            assert_eq!(typed(keys), (want.to_owned(), mode), "{keys}");
        }
    }
}
