//! How a command ends: exit codes of the contract, and complaints that say what happened and what to do.

use crate::{
    config::layers::ConfigError,
    domain::text,
    engine::command::{Refusal, RefusalKind},
    runtime::handle::SendError,
};

/// Exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or landed.
    Ok,
    /// It did not work.
    Error,
    /// A cap on money ended it.
    Budget,
    /// It waits for a decision, or was ended before it was done.
    Waiting,
    /// The command line makes no sense.
    Usage,
    /// Interrupted by the person.
    Interrupted,
}

impl Exit {
    /// The code the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Error => 1,
            Self::Budget => 2,
            Self::Waiting => 3,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command did not work: for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The code.
    pub exit: Exit,
    /// What happened, where.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Complaint {
    /// It did not work.
    #[must_use]
    pub fn error(what: impl Into<String>) -> Self {
        Self { exit: Exit::Error, what: what.into(), hint: None }
    }
    /// The command line makes no sense.
    #[must_use]
    pub fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, what: what.into(), hint: None }
    }
    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// As it goes to stderr: clean, ends with a newline.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut shown = format!("error: {}\n", text::clean(&self.what).trim_end());
        if let Some(hint) = &self.hint {
            shown.push_str(&format!("hint: {}\n", text::clean(hint).trim_end()));
        }
        shown
    }
}

/// What a command comes to.
pub type Said = Result<Exit, Complaint>;

impl From<anyhow::Error> for Complaint {
    fn from(error: anyhow::Error) -> Self {
        Self::error(format!("{error:#}"))
    }
}

impl From<ConfigError> for Complaint {
    fn from(error: ConfigError) -> Self {
        Self::error(format!("the settings cannot be used\n{error}"))
            .hint("correct it; `chimera config check` then looks at all of them again")
    }
}

impl From<SendError> for Complaint {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused(refusal) => refusal.into(),
            SendError::Store(what) => {
                Self::error(format!("the journal did not take it, nothing happened: {what}"))
                    .hint("`chimera doctor` shows the data directory and its free space")
            }
            SendError::Unanswered(what) => Self::error(what),
            SendError::Closed => Self::error(SendError::Closed.to_string()),
        }
    }
}

impl From<Refusal> for Complaint {
    fn from(refusal: Refusal) -> Self {
        let (exit, hint) = match refusal.kind {
            RefusalKind::Unknown => {
                (Exit::Error, Some("`chimera missions` and `chimera desk list` show what there is"))
            }
            RefusalKind::Already => (Exit::Error, None),
            RefusalKind::Stale => {
                (Exit::Waiting, Some("look again with `chimera desk show`, then answer what it shows"))
            }
            RefusalKind::OverBudget => {
                (Exit::Budget, Some("give more with --budget, or raise [budget] in the settings"))
            }
            RefusalKind::Halted => (Exit::Waiting, Some("`chimera resume` lets work go on")),
            RefusalKind::Forbidden => (Exit::Error, Some("`chimera policy explain` prints every reason")),
            RefusalKind::Invalid => (Exit::Usage, None),
        };
        Self { exit, what: refusal.reason, hint: hint.map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_decide_the_exit_code() {
        use RefusalKind::{Already, Forbidden, Halted, Invalid, OverBudget, Stale, Unknown};
        for (kind, code) in [
            (Unknown, 1),
            (Already, 1),
            (Stale, 3),
            (OverBudget, 2),
            (Halted, 3),
            (Forbidden, 1),
            (Invalid, 64),
        ] {
            let complaint =
                Complaint::from(SendError::Refused(Refusal { kind, reason: "no".into(), enough: None }));
            assert_eq!((complaint.exit.code(), complaint.what.as_str()), (code, "no"), "{kind:?}");
        }
        assert_eq!(Exit::Interrupted.code(), 130);
        assert_eq!(Exit::Ok.code(), 0);
        assert_eq!(Complaint::from(SendError::Closed).exit, Exit::Error);
    }

    #[test]
    fn a_complaint_cannot_reach_the_terminal_raw() {
        let shown = Complaint::error("bad \x1b]0;owned\x07file").hint("do \x1b[2Jthis").shown();
        assert_eq!(shown, "error: bad file\nhint: do this\n");
    }
}
