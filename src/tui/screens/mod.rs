//! The six screens and which of them is shown. What a screen remembers for itself (the row under the cursor, what
//! is filtered, what was read) is in its own file; what it shows comes from the state, as on every other screen.

mod approvals;
pub mod audit;
mod ideas;
pub mod operations;
mod settings;

pub use approvals::{Approvals, Shelf};
pub use audit::Audit;
pub use ideas::Ideas;
pub use operations::Operations;
pub use settings::{Row as SettingsRow, Settings, vendor_of};

use super::commands::Context;

/// A screen, in the order of its function key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScreenId {
    /// Briefing Room, Anchor Desk, channels, Decision Desk.
    #[default]
    Command,
    /// Who works on what, and what it costs.
    Operations,
    /// Everything that waits for a person.
    Approvals,
    /// What could be done next.
    Ideas,
    /// What has been done.
    Audit,
    /// How it is set up.
    Settings,
}

impl ScreenId {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Command, Self::Operations, Self::Approvals, Self::Ideas, Self::Audit, Self::Settings];

    /// Its name, for tabs and headings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "Command",
            Self::Operations => "Operations",
            Self::Approvals => "Approvals",
            Self::Ideas => "Ideas",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }

    /// Where its keys are looked up first.
    #[must_use]
    pub fn contexts(self) -> &'static [Context] {
        match self {
            Self::Command => &[Context::Browse, Context::Everywhere],
            Self::Operations => &[Context::Operations, Context::Browse, Context::Everywhere],
            Self::Approvals => &[Context::Approvals, Context::Browse, Context::Everywhere],
            Self::Ideas => &[Context::Ideas, Context::Browse, Context::Everywhere],
            Self::Audit => &[Context::Audit, Context::Browse, Context::Everywhere],
            Self::Settings => &[Context::Settings, Context::Browse, Context::Everywhere],
        }
    }
}

/// What the screens beside the first remember.
#[derive(Debug, Default)]
pub struct Screens {
    /// The one that is shown.
    pub at: ScreenId,
    /// Operations.
    pub operations: Operations,
    /// Approvals.
    pub approvals: Approvals,
    /// Ideas.
    pub ideas: Ideas,
    /// Audit.
    pub audit: Audit,
    /// Settings.
    pub settings: Settings,
}
