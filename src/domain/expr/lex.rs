//! Words and signs of an expression, each with the byte where it begins, and what is said when one is wrong.

use super::tree::Unit;

/// Bytes of one expression.
pub(super) const TEXT_MOST: usize = 1_024;

/// An expression that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {what}{}", .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct ExprError {
    /// In characters, from 1.
    pub column: usize,
    /// In bytes, from 0.
    pub at: usize,
    /// What is wrong, or was expected and found.
    pub what: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

impl ExprError {
    pub(super) fn new(text: &str, at: usize, what: impl Into<String>) -> Self {
        let column = text.get(..at).map_or(1, |before| before.chars().count() + 1);
        Self { column, at, what: what.into(), hint: None }
    }
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64, Unit),
    Text(String),
    /// Dotted or not.
    Name(String),
    /// One of `SIGNS`.
    Sign(&'static str),
}

impl Token {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Number(number, Unit::Plain | Unit::Any) => format!("{number}"),
            Self::Number(number, unit) => format!("{number} ({})", unit.word()),
            Self::Text(text) => format!("{text:?}"),
            Self::Name(name) => format!("`{name}`"),
            Self::Sign(sign) => format!("`{sign}`"),
        }
    }
}

/// A token with its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub token: Token,
    pub at: usize,
    pub end: usize,
}

/// Longest first.
const SIGNS: [&str; 18] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "(", ")", "[", "]", ","];

/// Unit, what it counts, and how much of it.
const UNITS: [(&str, Unit, f64); 14] = [
    ("ms", Unit::Span, 0.001),
    ("s", Unit::Span, 1.0),
    ("m", Unit::Span, 60.0),
    ("h", Unit::Span, 3_600.0),
    ("d", Unit::Span, 86_400.0),
    ("B", Unit::Bytes, 1.0),
    ("kB", Unit::Bytes, 1e3),
    ("MB", Unit::Bytes, 1e6),
    ("GB", Unit::Bytes, 1e9),
    ("KiB", Unit::Bytes, 1_024.0),
    ("MiB", Unit::Bytes, 1_048_576.0),
    ("GiB", Unit::Bytes, 1_073_741_824.0),
    ("TiB", Unit::Bytes, 1_099_511_627_776.0),
    ("%", Unit::Percent, 1.0),
];

/// Cuts an expression into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, ExprError> {
    if text.len() > TEXT_MOST {
        return Err(ExprError::new(text, 0, format!("{} bytes; the most is {TEXT_MOST}", text.len())));
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = one(text, at, first)?;
        found.push(Placed { token, at, end: at + length });
        at += length;
    }
    Ok(found)
}

fn one(text: &str, at: usize, first: char) -> Result<(Token, usize), ExprError> {
    let rest = &text[at..];
    if first == '"' {
        return quoted(text, at);
    }
    if first.is_ascii_digit() {
        return number(text, at);
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.')).count();
        return match rest[..length].split('.').find(|part| part.is_empty()) {
            None => Ok((Token::Name(rest[..length].to_owned()), length)),
            Some(_) => Err(ExprError::new(text, at, format!("`{}` is no name", &rest[..length]))),
        };
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(*sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let error = ExprError::new(text, at, format!("{first:?} means nothing here"));
    Err(match first {
        '=' => error.hint("equality is `==`"),
        '&' => error.hint("and is `&&`"),
        '|' => error.hint("or is `||`"),
        '\'' => error.hint("texts stand in double quotes"),
        '$' => error.hint("a variable stands within a text: \"${name}\""),
        _ => error,
    })
}

fn quoted(text: &str, at: usize) -> Result<(Token, usize), ExprError> {
    let inside = &text[at + 1..];
    let Some(length) = inside.find(['"', '\\']) else {
        return Err(ExprError::new(text, at, "this text has no end").hint("close it with a double quote"));
    };
    if inside[length..].starts_with('\\') {
        return Err(ExprError::new(text, at + 1 + length, "texts know no backslash"));
    }
    Ok((Token::Text(inside[..length].to_owned()), length + 2))
}

fn number(text: &str, at: usize) -> Result<(Token, usize), ExprError> {
    let rest = &text[at..];
    let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_')).count();
    let written = rest[..digits].replace('_', "");
    let bad = || ExprError::new(text, at, format!("`{}` is no number", &rest[..digits]));
    if written.ends_with('.') {
        return Err(bad());
    }
    let number: f64 = written.parse().map_err(|_| bad())?;
    let letters = match rest[digits..].starts_with('%') {
        true => 1,
        false => rest[digits..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count(),
    };
    let unit = &rest[digits..digits + letters];
    let (unit, factor) = match UNITS.iter().find(|(name, ..)| *name == unit) {
        _ if unit.is_empty() => (Unit::Plain, 1.0),
        Some((_, unit, factor)) => (*unit, *factor),
        None => {
            let error = ExprError::new(text, at + digits, format!("`{unit}` is no unit"));
            return Err(error.hint("units are ms s m h d, %, and B kB MB GB KiB MiB GiB TiB"));
        }
    };
    let value = number * factor;
    if value.is_finite() { Ok((Token::Number(value, unit), digits + letters)) } else { Err(bad()) }
}
