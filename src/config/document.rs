//! One settings file as a flat list of leaves with their positions. Knows TOML, knows no key.

use std::{fmt, ops::Range};
use toml_edit::{Document, Item, TableLike, Value};

/// Bytes of one settings file.
pub const FILE_MOST: u64 = 1024 * 1024;
/// Tables within tables.
const DEPTH_MOST: usize = 8;

/// A place in a file, as editors jump to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Path as the director would write it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl At {
    /// Of a byte of `text`.
    #[must_use]
    pub fn of(file: &str, text: &str, byte: usize) -> Self {
        let byte = (0..=byte.min(text.len())).rev().find(|&b| text.is_char_boundary(b)).unwrap_or(0);
        let before = &text[..byte];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.bytes().filter(|b| *b == b'\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a file's place, a variable or a flag.
    pub place: String,
    /// What is wrong and what to do.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// A value before anybody knows what it should be.
#[derive(Debug, Clone, PartialEq)]
pub enum Raw {
    /// A TOML string.
    Text(String),
    /// A TOML number as it was written.
    Number(String),
    /// A TOML boolean.
    Switch(bool),
    /// A TOML array; `None` for what is no string.
    List(Vec<Option<String>>),
    /// A table.
    Section,
    /// Something no setting is: a date.
    Other,
    /// Text from outside TOML (environment, flag): means whatever the key expects. Lists are comma-separated.
    Word(String),
}

impl Raw {
    /// In words, for messages.
    #[must_use]
    pub fn sort(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Switch(_) => "true or false",
            Self::List(_) => "a list",
            Self::Section => "a table",
            Self::Other => "a date",
            Self::Word(_) => "other text",
        }
    }
    /// As text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(words) | Self::Word(words) => Some(words.clone()),
            _ => None,
        }
    }
    /// As digits.
    #[must_use]
    pub fn number(&self) -> Option<String> {
        match self {
            Self::Number(digits) => Some(digits.replace('_', "")),
            Self::Word(words) => Some(words.clone()),
            _ => None,
        }
    }
    /// As a switch.
    #[must_use]
    pub fn switch(&self) -> Option<bool> {
        match self {
            Self::Switch(on) => Some(*on),
            Self::Word(words) => match words.as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
    /// As a list.
    #[must_use]
    pub fn list(&self) -> Option<Vec<Option<String>>> {
        match self {
            Self::List(elements) => Some(elements.clone()),
            Self::Word(words) => Some(
                words
                    .split(',')
                    .map(str::trim)
                    .filter(|w| !w.is_empty())
                    .map(|w| Some(w.to_owned()))
                    .collect(),
            ),
            _ => None,
        }
    }
}

/// One value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// Dotted; elements of arrays of tables as `teams[0].name`.
    pub path: String,
    /// What stands there.
    pub raw: Raw,
    /// Byte where the key begins.
    pub key: usize,
    /// Byte where the value begins.
    pub value: usize,
    /// Byte where each element of a list begins.
    pub elements: Vec<usize>,
}

/// Reads a file's text.
///
/// # Errors
/// It is no TOML: the byte, and what the parser says.
pub fn read(text: &str) -> Result<Vec<Leaf>, (usize, String)> {
    let document = Document::parse(text).map_err(|e| {
        (e.span().map_or(0, |span| span.start), format!("not TOML: {}", e.message().replace('\n', "; ")))
    })?;
    let mut leaves = Vec::new();
    walk(document.as_table(), "", DEPTH_MOST, &mut leaves)
        .map_err(|byte| (byte, "nested too deeply".into()))?;
    Ok(leaves)
}

fn start(span: Option<Range<usize>>) -> usize {
    span.map_or(0, |span| span.start)
}

fn walk(table: &dyn TableLike, prefix: &str, depth: usize, out: &mut Vec<Leaf>) -> Result<(), usize> {
    for (name, item) in table.iter() {
        let key = start(table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span()));
        if depth == 0 {
            return Err(key);
        }
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        if let Some(tables) = tables_of(item) {
            for (at, (table, begin)) in tables.into_iter().enumerate() {
                let path = format!("{path}[{at}]");
                if table.is_empty() {
                    // Nothing below it would tell that it is there.
                    let (raw, elements) = (Raw::Section, Vec::new());
                    out.push(Leaf { path, raw, key: begin, value: begin, elements });
                } else {
                    walk(table, &path, depth - 1, out)?;
                }
            }
        } else if let Some(table) = item.as_table_like() {
            out.push(Leaf { path: path.clone(), raw: Raw::Section, key, value: key, elements: Vec::new() });
            walk(table, &path, depth - 1, out)?;
        } else if let Some(value) = item.as_value() {
            let elements = value.as_array().map(|list| list.iter().map(|v| start(v.span())).collect());
            out.push(Leaf {
                path,
                raw: raw(value),
                key,
                value: start(value.span()),
                elements: elements.unwrap_or_default(),
            });
        }
    }
    Ok(())
}

/// An array of tables in either notation, and where each begins.
fn tables_of(item: &Item) -> Option<Vec<(&dyn TableLike, usize)>> {
    if let Some(tables) = item.as_array_of_tables() {
        return Some(tables.iter().map(|table| (table as &dyn TableLike, start(table.span()))).collect());
    }
    let list = item.as_array().filter(|list| !list.is_empty())?;
    list.iter()
        .map(|v| v.as_inline_table().map(|table| (table as &dyn TableLike, start(table.span()))))
        .collect()
}

fn raw(value: &Value) -> Raw {
    match value {
        Value::String(words) => Raw::Text(words.value().clone()),
        Value::Integer(number) => Raw::Number(number.value().to_string()),
        Value::Float(number) => Raw::Number(number.display_repr().into_owned()),
        Value::Boolean(on) => Raw::Switch(*on.value()),
        Value::Array(list) => Raw::List(list.iter().map(|v| v.as_str().map(str::to_owned)).collect()),
        Value::InlineTable(_) => Raw::Section,
        Value::Datetime(_) => Raw::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_know_where_they_stand() {
        let text = "# é\n[a]\nb = 'x'\nc.d = [\n 'é', 2]\n[[teams]]\nname = 'T'\n";
        let leaves = read(text).unwrap();
        let paths: Vec<&str> = leaves.iter().map(|leaf| leaf.path.as_str()).collect();
        assert_eq!(paths, ["a", "a.b", "a.c", "a.c.d", "teams[0].name"]);
        let at = |byte| At::of("f", text, byte);
        assert_eq!((at(leaves[1].key).line, at(leaves[1].key).column), (3, 1));
        assert_eq!((at(leaves[1].value).line, at(leaves[1].value).column), (3, 5));
        let second = at(leaves[3].elements[1]);
        assert_eq!((second.line, second.column), (5, 7));
        assert_eq!(leaves[3].raw, Raw::List(vec![Some("é".into()), None]));
    }

    #[test]
    fn bad_toml_is_named_by_byte() {
        let (byte, words) = read("a = 1\nb = = 2\n").unwrap_err();
        assert_eq!(At::of("f", "a = 1\nb = = 2\n", byte).line, 2);
        assert!(words.starts_with("not TOML"), "{words}");
    }

    #[test]
    fn both_notations_of_tables_in_lists_are_one() {
        assert_eq!(read("teams = [{ name = 'T' }]").unwrap()[0].path, "teams[0].name");
        for text in ["x = 1\n[[teams]]\n", "x = 1\nteams = [{}]"] {
            let leaves = read(text).unwrap();
            assert_eq!((leaves[1].path.as_str(), &leaves[1].raw), ("teams[0]", &Raw::Section), "{text}");
            assert_eq!(At::of("f", text, leaves[1].key).line, 2, "{text}");
        }
    }
}
