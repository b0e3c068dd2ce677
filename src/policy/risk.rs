//! Risk classes: what requests have in common that may be answered together. Pure; a class is compared whole, and says
//! itself in words.

use crate::domain::{incident::Remedy, request::Subject};
use std::fmt;

/// What happens if a yes was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reversal {
    /// Words: say something else.
    Words,
    /// A commit: it can be restored.
    Restorable,
    /// Its undo is laid down.
    Reversible,
    /// Nothing takes it back.
    Never,
}

impl Reversal {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Words => "only words",
            Self::Restorable => "can be restored",
            Self::Reversible => "has an undo",
            Self::Never => "cannot be undone",
        }
    }
}

/// The class of a request. Only requests of one class are approved together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Risk {
    /// 1 to 3, as the gate ruled.
    pub tier: u8,
    /// What kind of request, as [`Subject::word`].
    pub kind: &'static str,
    /// Whether it can be taken back.
    pub reversal: Reversal,
}

impl Risk {
    /// The class of what is asked. `ruled` is the highest tier that the gate gave what may be approved; without a
    /// ruling everything but words counts as tier 3.
    #[must_use]
    pub fn of(subject: &Subject, ruled: Option<u8>) -> Self {
        let (usual, reversal) = match subject {
            Subject::Choose { .. } => (3, Reversal::Restorable),
            // What a yes sets off is a new draft, which comes to the desk again.
            Subject::Conflict { .. } => (2, Reversal::Words),
            Subject::Command { .. } | Subject::Budget { .. } => (3, Reversal::Never),
            Subject::Ask { .. } => (1, Reversal::Words),
            // It is in place already, and what landed can be brought back.
            Subject::Release { .. } => (3, Reversal::Restorable),
            Subject::Remedy { remedy, .. } => match &**remedy {
                Remedy::Runbook(plan) if plan.has_undo() => (plan.tier, Reversal::Reversible),
                Remedy::Runbook(plan) => (plan.tier, Reversal::Never),
                Remedy::Revert(_) => (3, Reversal::Restorable),
                Remedy::Code(_) | Remedy::Nothing => (1, Reversal::Words),
            },
        };
        Self { tier: ruled.unwrap_or(usual).clamp(1, 3), kind: subject.word(), reversal }
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tier {} {}, {}", self.tier, self.kind, self.reversal.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::TeamId, money::Money};

    #[test]
    fn a_class_is_tier_kind_and_reversal_and_differs_by_each() {
        let choose = Subject::Choose { teams: vec![TeamId(1)] };
        let command = Subject::Command { team: TeamId(1), argv: vec!["ls".into()], reason: String::new() };
        let budget = Subject::Budget { team: None, cap: Money::usd(1), wanted: Money::usd(2) };
        assert_eq!(Risk::of(&choose, Some(2)).to_string(), "tier 2 choose, can be restored");
        assert_eq!(Risk::of(&command, None).to_string(), "tier 3 command, cannot be undone");
        assert_ne!(Risk::of(&choose, Some(2)), Risk::of(&choose, Some(3)));
        assert_ne!(Risk::of(&command, None), Risk::of(&budget, None), "a command is no money");
        assert_eq!(Risk::of(&choose, None).tier, 3, "what was not ruled on is not harmless");
    }
}
