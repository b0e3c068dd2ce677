//! A mistake in a runbook file, as a value.

use crate::config::document::At;
use std::fmt;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunbookProblem {
    /// Where: file, line and column.
    pub at: At,
    /// What is wrong.
    pub what: String,
    /// What may have been meant, or what to do.
    pub hint: Option<String>,
}

impl fmt::Display for RunbookProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}
