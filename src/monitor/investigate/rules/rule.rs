//! What a rule is, and what is said when one cannot be used. Plain data.

use super::phrase::Phrase;
use crate::domain::{
    expr::Expr,
    incident::{ClueSort, star},
};
use std::fmt;

/// A known way of breaking, as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// `^[a-z0-9-]{3,64}$`, unique.
    pub id: String,
    /// The pack it belongs to.
    pub pack: String,
    /// Kinds of signals it is asked about; `*` at the end matches any rest.
    pub kinds: Vec<String>,
    /// The larger, the closer to the root of the matter, 1 to 100: of two that fit, the larger wins.
    pub specific: u8,
    /// What must be so.
    pub when: Vec<Clause>,
    /// Evidence of other sorts; one that holds is enough.
    pub second: Vec<Clause>,
    /// What rules it out where it is seen: another rule knows better then.
    pub unless: Vec<Clause>,
    /// What speaks against it, each with words for people.
    pub against: Vec<(Clause, String)>,
    /// The cause in one line.
    pub cause: Phrase,
    /// What is broken.
    pub object: Phrase,
    /// What should be done.
    pub cure: Cure,
    /// It passes by itself or becomes something else: it is looked at again before a person is called.
    pub passing: bool,
}

impl Rule {
    /// Kinds of one rule, and clauses of each list.
    pub const LIST_MOST: usize = 24;

    /// Whether it is asked about signals of this kind.
    #[must_use]
    pub fn is_about(&self, kind: &str) -> bool {
        self.kinds.iter().any(|pattern| star(pattern, kind))
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// What sort of evidence it looks at; all its facts are of this sort.
    pub sort: ClueSort,
    /// Whether it is about the state of things now.
    pub now: bool,
    /// Whether it has to be known. What need not be known ends the rule only when it is known to be false, and caps the
    /// grade at B when it is not known.
    pub needed: bool,
    /// What is asked.
    pub ask: Expr,
    /// The same as it is written.
    pub text: String,
    /// The facts it asks for.
    pub facts: Vec<String>,
}

/// What a rule says should be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Cure {
    /// The first of these runbooks that fits the incident and can be filled in.
    Runbook {
        /// Their ids.
        ids: Vec<String>,
        /// Variables, for those that declare them.
        with: Vec<(String, Phrase)>,
    },
    /// Take the guilty commit back.
    Revert,
    /// Change code: what to say to the teams.
    Code(Phrase),
    /// Nothing that we could do.
    Nothing,
}

/// A rule file that cannot be used: where, what, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}{}", .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct RuleError {
    /// Where.
    pub at: Place,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// A place in a file, as editors jump to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As it was named.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

impl Place {
    /// Of a byte of the text.
    #[must_use]
    pub fn of(file: &str, text: &str, byte: usize) -> Self {
        let byte = (0..=byte.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let before = &text[..byte];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
