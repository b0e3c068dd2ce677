//! Keymaps: TOML rows `{ on, run, desc?, when? }` become a table from key sequences to commands. A user's file
//! is laid over a built-in one. Never guesses: an unknown key, command or context is an error with file:line.

use super::commands::{self, CommandId, Context};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::{collections::BTreeMap, fmt};
use toml_edit::Document;

/// Bytes of a keymap file.
pub const FILE_MOST: usize = 64 * 1024;
/// Keys of one sequence.
const SEQUENCE_MOST: usize = 4;

/// The keymaps in the program, the one that is taken where nothing is said first.
pub const NAMES: [&str; 3] = ["default", "vim", "emacs"];

const BUILT_IN: [(&str, &str); 3] = [
    ("default", include_str!("../../keymaps/default.toml")),
    ("vim", include_str!("../../keymaps/vim.toml")),
    ("emacs", include_str!("../../keymaps/emacs.toml")),
];

/// What takes a key away that a layer below has bound.
const UNBOUND: &str = "none";

/// What a keymap of the program says.
#[must_use]
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// One key with its modifiers, in one form for every terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With what.
    pub modifiers: KeyModifiers,
}

/// How the brief is edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Editing {
    /// Emacs keys only.
    #[default]
    Plain,
    /// Vim's modes besides.
    Modal,
}

/// A keymap file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct KeymapError {
    /// As the caller named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The sequence.
    pub on: Vec<Key>,
    /// What it does.
    pub run: CommandId,
    /// Where.
    pub when: Context,
    /// The file's own words for it, if any.
    pub desc: Option<String>,
}

/// What a sequence means so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// This.
    Command(CommandId),
    /// More keys are needed.
    Prefix,
    /// Nothing.
    Nothing,
}

/// The table.
#[derive(Debug, Clone)]
pub struct Keymap {
    rows: Vec<Binding>,
    editing: Editing,
}

impl Keymap {
    /// A built-in keymap with an optional user's file (its name, its text) over it.
    ///
    /// # Errors
    /// No keymap of that name, or the user's file is wrong: file, line, what to do.
    pub fn load(name: &str, user: Option<(&str, &str)>) -> Result<Self, KeymapError> {
        let Some(own) = built_in(name) else {
            let what = format!("{name:?} is not a keymap; known are {}", NAMES.join(", "));
            return Err(KeymapError { file: "keymap".into(), line: 1, what });
        };
        let file = format!("keymaps/{name}.toml");
        let mut layers = vec![("keymaps/default.toml", BUILT_IN[0].1), (file.as_str(), own)];
        layers.extend(user);
        Self::layered(&layers)
    }

    /// Files (a name for messages, the text), each laid over those before it.
    ///
    /// # Errors
    /// A file is wrong: file, line, what to do.
    pub fn layered(files: &[(&str, &str)]) -> Result<Self, KeymapError> {
        let mut map = Self { rows: Vec::new(), editing: Editing::Plain };
        for (file, text) in files {
            map.lay(file, text)?;
        }
        Ok(map)
    }

    /// How the brief is edited.
    #[must_use]
    pub fn editing(&self) -> Editing {
        self.editing
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Binding] {
        &self.rows
    }

    /// What the keys pressed so far mean in these contexts, the first context first.
    #[must_use]
    pub fn find(&self, pressed: &[Key], contexts: &[Context]) -> Found {
        for context in contexts {
            let here = || self.rows.iter().filter(|row| row.when == *context);
            if let Some(row) = here().rev_find(pressed) {
                return Found::Command(row);
            }
            if here().any(|row| row.on.len() > pressed.len() && row.on.starts_with(pressed)) {
                return Found::Prefix;
            }
        }
        Found::Nothing
    }

    /// Rows that go on from these keys: what a which-key line shows.
    pub fn continuations<'a>(
        &'a self,
        pressed: &'a [Key],
        contexts: &'a [Context],
    ) -> impl Iterator<Item = &'a Binding> {
        self.rows.iter().filter(move |row| {
            contexts.contains(&row.when) && row.on.len() > pressed.len() && row.on.starts_with(pressed)
        })
    }

    /// The keys of a command, shortest first, as people write them.
    #[must_use]
    pub fn keys_of(&self, id: CommandId) -> Vec<String> {
        let mut found: Vec<&Binding> = self.rows.iter().filter(|row| row.run == id).collect();
        found.sort_by_key(|row| row.on.len());
        found.iter().map(|row| shown(&row.on)).collect()
    }

    /// The shortest keys that come to a command in these contexts, as people write them; none: no key does.
    #[must_use]
    pub fn reaching(&self, id: CommandId, contexts: &[Context]) -> Option<String> {
        let comes = |on: &[Key]| {
            let prefixes = (1..on.len()).all(|n| self.find(&on[..n], contexts) == Found::Prefix);
            prefixes && self.find(on, contexts) == Found::Command(id)
        };
        let here = self.rows.iter().filter(|row| row.run == id && contexts.contains(&row.when));
        here.filter(|row| comes(&row.on)).min_by_key(|row| row.on.len()).map(|row| shown(&row.on))
    }

    fn lay(&mut self, file: &str, text: &str) -> Result<(), KeymapError> {
        let at = |span: Option<std::ops::Range<usize>>, what: String| {
            let line = span.map_or(1, |s| text[..s.start.min(text.len())].matches('\n').count() + 1);
            KeymapError { file: file.to_owned(), line, what }
        };
        if text.len() > FILE_MOST {
            return Err(at(None, format!("a keymap is at most {FILE_MOST} bytes")));
        }
        let document = Document::parse(text)
            .map_err(|e| at(e.span(), format!("not TOML: {}", e.message().replace('\n', "; "))))?;
        for (key, item) in document.iter() {
            match key {
                "editing" => {
                    self.editing = match item.as_str() {
                        Some("vim") => Editing::Modal,
                        Some("plain") => Editing::Plain,
                        _ => return Err(at(item.span(), "editing is \"plain\" or \"vim\"".into())),
                    };
                }
                "keys" => {}
                // Which one was found out before.
                "base" if item.is_str() => {}
                "base" => return Err(at(item.span(), "base is the name of another keymap".into())),
                other => {
                    let what =
                        format!("{other:?} is not a setting of a keymap; known are base, editing, keys");
                    let key = document.as_table().key(other).and_then(toml_edit::Key::span);
                    return Err(at(key.or(item.span()), what));
                }
            }
        }
        let Some(keys) = document.get("keys") else { return Ok(()) };
        let Some(list) = keys.as_array() else {
            return Err(at(
                keys.span(),
                "keys is a list of rows { on = \"ctrl-p\", run = \"palette.open\" }".into(),
            ));
        };
        let mut fresh = Vec::new();
        let mut unbound = Vec::new();
        for value in list {
            let Some(row) = value.as_inline_table() else {
                return Err(at(value.span(), "a row is { on = \"...\", run = \"...\" }".into()));
            };
            let mut row: BTreeMap<&str, &toml_edit::Value> = row.iter().collect();
            if row.get("run").and_then(|run| run.as_str()) == Some(UNBOUND) {
                unbound.extend(read_unbound(&mut row).map_err(|what| at(value.span(), what))?);
            } else {
                fresh.extend(read_row(row).map_err(|what| at(value.span(), what))?);
            }
        }
        self.rows.retain(|old| {
            !unbound.iter().any(|(on, when)| old.on == *on && when.is_none_or(|when| when == old.when))
        });
        // A later file wins: what it binds anew no longer means what it meant.
        self.rows.retain(|old| !fresh.iter().any(|new| new.on == old.on && new.when == old.when));
        self.rows.extend(fresh);
        Ok(())
    }
}

trait RevFind {
    fn rev_find(self, pressed: &[Key]) -> Option<CommandId>;
}
impl<'a, I: Iterator<Item = &'a Binding>> RevFind for I {
    fn rev_find(self, pressed: &[Key]) -> Option<CommandId> {
        self.filter(|row| row.on == pressed).last().map(|row| row.run)
    }
}

/// The fields of a row as they are written.
type Fields<'a> = BTreeMap<&'a str, &'a toml_edit::Value>;

fn read_row(mut fields: Fields<'_>) -> Result<Vec<Binding>, String> {
    let on = read_on(&mut fields)?;
    let run =
        fields.remove("run").and_then(|v| v.as_str()).ok_or("`run` is missing: the name of a command")?;
    let entry = commands::of_name(run)
        .ok_or_else(|| format!("there is no command {run:?}; the palette and `?` list the names"))?;
    let when = read_when(&mut fields)?.unwrap_or(entry.context);
    let desc = match fields.remove("desc") {
        None => None,
        Some(words) => Some(words.as_str().ok_or("`desc` is a text")?.to_owned()),
    };
    no_more(&fields)?;
    Ok(on.into_iter().map(|on| Binding { on, run: entry.id, when, desc: desc.clone() }).collect())
}

/// Keys, and the context in which they mean nothing any more; none: everywhere.
type Unbound = (Vec<Key>, Option<Context>);

fn read_unbound(fields: &mut Fields<'_>) -> Result<Vec<Unbound>, String> {
    let on = read_on(fields)?;
    fields.remove("run");
    let when = read_when(fields)?;
    no_more(fields)?;
    Ok(on.into_iter().map(|on| (on, when)).collect())
}

fn no_more(fields: &Fields<'_>) -> Result<(), String> {
    match fields.keys().next() {
        Some(other) => Err(format!("{other:?} is not part of a row; known are on, run, desc, when")),
        None => Ok(()),
    }
}

fn read_on(fields: &mut Fields<'_>) -> Result<Vec<Vec<Key>>, String> {
    let on = fields.remove("on").ok_or("`on` is missing: the key, such as \"ctrl-p\" or \"g g\"")?;
    let sequences: Option<Vec<&str>> = match (on.as_str(), on.as_array()) {
        (Some(one), _) => Some(vec![one]),
        (None, Some(many)) => many.iter().map(|value| value.as_str()).collect(),
        (None, None) => None,
    };
    // A key that is passed over would be a binding that is missing without a word.
    let sequences = sequences
        .filter(|all| !all.is_empty())
        .ok_or("`on` is a key such as \"ctrl-p\", or a list of keys")?;
    sequences.into_iter().map(read_sequence).collect()
}

fn read_when(fields: &mut Fields<'_>) -> Result<Option<Context>, String> {
    let Some(value) = fields.remove("when") else { return Ok(None) };
    let word = value.as_str().unwrap_or_default();
    let found = Context::ALL.into_iter().find(|context| context.word() == word);
    let known = || Context::ALL.map(Context::word).join(", ");
    found.map(Some).ok_or_else(|| format!("when = {word:?}: known are {}", known()))
}

fn read_sequence(text: &str) -> Result<Vec<Key>, String> {
    let keys: Vec<Key> = text.split_whitespace().map(read_key).collect::<Result<_, _>>()?;
    if keys.is_empty() || keys.len() > SEQUENCE_MOST {
        return Err(format!("{text:?}: a sequence is 1 to {SEQUENCE_MOST} keys"));
    }
    Ok(keys)
}

/// Keys as people write them, however many.
#[cfg(test)]
pub(super) fn read_keys(text: &str) -> Result<Vec<Key>, String> {
    text.split_whitespace().map(read_key).collect()
}

fn read_key(text: &str) -> Result<Key, String> {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = text;
    while let Some((word, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
        modifiers |= match word {
            "ctrl" => KeyModifiers::CONTROL,
            "alt" => KeyModifiers::ALT,
            "shift" => KeyModifiers::SHIFT,
            _ => return Err(format!("{text:?}: {word:?} is not ctrl, alt or shift")),
        };
        rest = tail;
    }
    let mut chars = rest.chars();
    let code = match (chars.next(), chars.next()) {
        (Some(one), None) => KeyCode::Char(one),
        _ => NAMED
            .iter()
            .find(|(name, _)| *name == rest)
            .map(|(_, code)| *code)
            .or_else(|| rest.strip_prefix('f')?.parse().ok().filter(|n| (1..=12).contains(n)).map(KeyCode::F))
            .ok_or_else(|| {
                format!("{rest:?} is not a key; named keys are enter, esc, tab, space, up, pgup, f1")
            })?,
    };
    Ok(Key { code, modifiers }.normal())
}

const NAMED: [(&str, KeyCode); 15] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
];

impl Key {
    /// The one form: shift is part of a character, shift-tab is one key.
    #[must_use]
    pub(super) fn normal(mut self) -> Self {
        match self.code {
            KeyCode::Char(c) => {
                if self.modifiers.contains(KeyModifiers::SHIFT) && c.is_lowercase() {
                    self.code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
                }
                self.modifiers -= KeyModifiers::SHIFT;
            }
            KeyCode::BackTab => {
                self.code = KeyCode::Tab;
                self.modifiers |= KeyModifiers::SHIFT;
            }
            _ => {}
        }
        self
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let kept = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        Self { code: event.code, modifiers: event.modifiers & kept }.normal()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, word) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(word)?;
            }
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            (None, _) => f.write_str("?"),
        }
    }
}

/// A sequence as people write it.
#[must_use]
pub fn shown(keys: &[Key]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Key> {
        read_sequence(text).unwrap()
    }

    #[test]
    fn s7_built_in_keymaps_reach_every_command() {
        for (name, _) in BUILT_IN {
            let map = Keymap::load(name, None).unwrap();
            for entry in commands::ALL {
                assert!(!map.keys_of(entry.id).is_empty(), "{name}: no key for {}", entry.name);
            }
        }
        assert_eq!(Keymap::load("vim", None).unwrap().editing(), Editing::Modal);
        assert!(Keymap::load("ed", None).unwrap_err().to_string().contains("known are default, vim, emacs"));
    }

    #[test]
    fn the_first_context_wins_and_sequences_wait() {
        let map = Keymap::load("default", None).unwrap();
        let find = |text: &str, contexts: &[Context]| map.find(&keys(text), contexts);
        let browse = [Context::Browse, Context::Everywhere];
        assert_eq!(find("g", &browse), Found::Prefix);
        assert_eq!(find("g g", &browse), Found::Command(CommandId::Top));
        assert_eq!(find("1", &browse), Found::Command(CommandId::Approve1));
        assert_eq!(find("1", &[Context::Text, Context::Everywhere]), Found::Nothing);
        assert_eq!(find("ctrl-p", &[Context::Text, Context::Everywhere]), Found::Command(CommandId::Palette));
    }

    #[test]
    fn s7_a_users_file_is_laid_over_and_its_errors_name_the_line() {
        let user = "keys = [\n  { on = \"ctrl-o\", run = \"palette.open\", desc = \"find\" },\n  { on = \"1\", run = \"help.open\", when = \"browse\" },\n]\n";
        let map = Keymap::load("default", Some(("my.toml", user))).unwrap();
        assert_eq!(map.find(&keys("1"), &[Context::Browse]), Found::Command(CommandId::Help));
        for (text, line, words) in [
            ("keys = [\n { on = \"1\", run = \"fly\" },\n]", 2, "no command \"fly\""),
            ("keys = [\n\n { on = \"hyper-x\", run = \"quit\" },\n]", 3, "not ctrl, alt or shift"),
            ("\ncolour = 1\n", 2, "not a setting"),
            ("keys = [\n { on = \"x\", run = \"quit\", when = \"noon\" } ]", 2, "known are text"),
            ("keys = [\n { on = \"x\", run = \"none\", why = 1 } ]", 2, "not part of a row"),
            ("base = 1\n", 1, "name of another keymap"),
            ("keys = [", 1, "not TOML"),
            ("keys = [\n { on = \"x\" run = \"quit\" } ]", 2, "not TOML"),
            ("keys = []\nkeys = []\n", 2, "not TOML"),
            ("\u{0}", 1, "not TOML"),
            ("\n\n[colour]\nred = 1\n", 3, "not a setting of a keymap; known are base, editing, keys"),
            ("\nediting = \"emacs\"\n", 2, "\"plain\" or \"vim\""),
            ("editing = 1\n", 1, "\"plain\" or \"vim\""),
            ("\nkeys = \"x\"\n", 2, "a list of rows"),
            ("\n[keys]\nx = \"quit\"\n", 2, "a list of rows"),
            ("\n[[keys]]\non = \"x\"\nrun = \"quit\"\n", 2, "a list of rows"),
            ("keys = [\n \"x\",\n]", 2, "a row is { on"),
            ("keys = [\n { run = \"quit\" } ]", 2, "`on` is missing"),
            ("keys = [\n { on = 1, run = \"quit\" } ]", 2, "`on` is a key such as"),
            ("keys = [\n { on = [], run = \"quit\" } ]", 2, "`on` is a key such as"),
            ("keys = [\n { on = [\"x\", 2], run = \"quit\" } ]", 2, "`on` is a key such as"),
            ("keys = [\n { on = \"\", run = \"quit\" } ]", 2, "1 to 4 keys"),
            ("keys = [\n { on = \"a b c d e\", run = \"quit\" } ]", 2, "1 to 4 keys"),
            ("keys = [\n { on = \"ctrl-\", run = \"quit\" } ]", 2, "\"ctrl-\" is not a key"),
            ("keys = [\n { on = \"f13\", run = \"quit\" } ]", 2, "\"f13\" is not a key"),
            ("keys = [\n { on = \"x\" } ]", 2, "`run` is missing"),
            ("keys = [\n { on = \"x\", run = 1 } ]", 2, "`run` is missing"),
            ("keys = [\n { on = \"x\", run = \"quit\", desc = 1 } ]", 2, "`desc` is a text"),
            ("keys = [\n { on = \"x\", run = \"quit\", when = 1 } ]", 2, "known are text"),
            (
                "keys = [\n { on = \"x\", run = \"quit\", whem = \"browse\" } ]",
                2,
                "known are on, run, desc, when",
            ),
        ] {
            let error = Keymap::load("default", Some(("my.toml", text))).unwrap_err();
            assert_eq!((error.file.as_str(), error.line), ("my.toml", line), "{text}");
            assert!(error.what.contains(words) && !error.what.contains('\n'), "{text}: {error}");
        }
        let big = format!("#{}", " ".repeat(FILE_MOST));
        assert!(Keymap::load("default", Some(("my.toml", &big))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_keymap_fail_badly(noise in "\\PC{0,80}", at in 0_usize..90) {
            let good = "editing = \"vim\"\nkeys = [\n  { on = [\"ctrl-o\", \"g g\"], run = \"quit\", when = \"browse\" },\n]\n";
            let at = at.min(good.len());
            for text in [noise.clone(), format!("{}{noise}{}", &good[..at], &good[at..])] {
                if let Err(error) = Keymap::load("default", Some(("my.toml", &text))) {
                    proptest::prop_assert!(error.line >= 1 && error.line <= text.lines().count() + 1);
                }
            }
        }
    }

    #[test]
    fn keys_have_one_form_and_are_read_as_shown() {
        let press = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::SHIFT), keys("shift-tab")[0]);
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), keys("G")[0]);
        assert_eq!(press(KeyCode::Char('g'), KeyModifiers::SHIFT), keys("G")[0]);
        assert_eq!(keys("ctrl--")[0].code, KeyCode::Char('-'));
        for text in ["ctrl-p", "alt-enter", "shift-tab", "F1", "space", "?"] {
            assert_eq!(shown(&keys(&text.to_lowercase())), text);
        }
    }
}
