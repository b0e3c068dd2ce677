//! Who may do what from elsewhere: roles, and the names under which tokens are given out.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Characters of a token's name.
const NAME_MOST: usize = 48;

/// What a caller may do. Each may also do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Decides, pauses, briefs, silences, investigates.
    Operator,
    /// Sets the level, stops and resumes, changes what rules.
    Director,
}

impl Role {
    /// All of them, from the least.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Director];

    /// In settings, files and on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Director => "director",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role: viewer, operator or director")]
pub struct BadRole(String);

impl FromStr for Role {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        let found = Self::ALL.into_iter().find(|role| role.word() == text);
        found.ok_or_else(|| BadRole(text.chars().take(NAME_MOST).collect()))
    }
}

/// Whether a token can be called so: it stands in journals and on command lines.
///
/// # Errors
/// In words what it must look like.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    if name.is_empty() || name.len() > NAME_MOST || !name.chars().all(fits) {
        return Err(format!(
            "{:?} is no name of a token: letters, digits and . - _ @ +, at most {NAME_MOST}",
            name.chars().take(NAME_MOST).collect::<String>()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_roles_are_ordered_and_read_as_they_are_shown() {
        assert!(Role::Viewer < Role::Operator && Role::Operator < Role::Director);
        assert!(Role::ALL.into_iter().all(|role| role.to_string().parse() == Ok(role)));
        assert!("Director".parse::<Role>().is_err() && "".parse::<Role>().is_err());
    }

    #[test]
    fn e1_a_token_has_a_name_that_can_stand_anywhere() {
        assert!(["ci", "ada@example.com", "grafana-2"].iter().all(|name| check_name(name).is_ok()));
        let long = "x".repeat(NAME_MOST + 1);
        assert!(["", "a b", "a:b", "\u{1b}[2J", "é", &long].iter().all(|name| check_name(name).is_err()));
    }
}
