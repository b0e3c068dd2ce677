//! What the director has laid down: read by `config`, journaled when it changes, consulted by the gate.

use super::healing::Healing;
use crate::domain::{money::Money, time::Millis};
use serde::{Deserialize, Serialize};

/// The whole policy. Its digest is the policy version that every ruling names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// 1 monitor only, 2 auto-fix low risk, 3 full autonomy.
    pub level: u8,
    /// Who may never be touched, and what needs approval.
    pub protected: Protected,
    /// Caps on money.
    pub budget: BudgetCaps,
    /// How long a request waits before it expires as denied.
    pub approval_expiry: Millis,
    /// How long a decision given on the screen can be taken back before it takes effect; 0: it does at once.
    #[serde(default = "undo_window")]
    pub undo_window: Millis,
    /// A patch larger than this goes up one tier.
    pub max_files: u32,
    /// A patch larger than this goes up one tier (added and removed lines).
    pub max_lines: u32,
    /// Tiers (`tier-3`) and environments in which two people must say yes where one would be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub two_persons: Vec<String>,
    /// Missions that run at once; more wait in order of priority.
    pub pool: u16,
    /// Failed drafts a team may retry by itself.
    pub max_retries: u8,
    /// What the monitor keeps to.
    #[serde(default)]
    pub healing: Healing,
}

/// Policies of disks written before there was a window have the usual one.
fn undo_window() -> Millis {
    Millis::secs(10)
}

/// Path rules, as globs over `/`-separated repository-relative paths, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protected {
    /// Never touched.
    pub deny: Vec<String>,
    /// Touched only with approval.
    pub approval_only: Vec<String>,
}

/// Caps. A reservation that would exceed one is refused before the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetCaps {
    /// One model call.
    pub per_call: Money,
    /// One mission that names no budget of its own.
    pub per_mission: Money,
    /// One team of a mission.
    pub per_team: Money,
    /// All missions, per UTC day.
    pub per_day: Money,
    /// Share of a cap, in percent, at which it warns.
    pub soft_pct: u8,
    /// Whether models of unknown price may be called; their cost is shown as unknown and escapes the caps.
    pub allow_unknown_price: bool,
}

impl Default for Policy {
    fn default() -> Self {
        let globs = |list: &[&str]| list.iter().map(|glob| (*glob).to_owned()).collect();
        Self {
            level: 1,
            protected: Protected {
                deny: globs(&[
                    "**/.git",
                    "**/.git/**",
                    "supabase/migrations/*.sql",
                    "**/migrations/**",
                    "**/billing/**",
                    "**/webhooks/stripe/**",
                    "**/auth/**",
                    "**/.env*",
                    "**/vercel.json",
                    "**/.github/**",
                    "**/.gitlab-ci.yml",
                    "**/.circleci/**",
                    "**/*.pem",
                    "**/secrets/**",
                    "chimera.toml",
                ]),
                approval_only: globs(&[
                    "**/package.json",
                    "**/package-lock.json",
                    "**/pnpm-lock.yaml",
                    "**/yarn.lock",
                    "**/Cargo.toml",
                    "**/Cargo.lock",
                    "**/pyproject.toml",
                    "**/requirements*.txt",
                    "**/uv.lock",
                    "**/go.mod",
                    "**/go.sum",
                    "**/Gemfile",
                    "**/Gemfile.lock",
                ]),
            },
            budget: BudgetCaps {
                per_call: Money::usd(2),
                per_mission: Money::usd(5),
                per_team: Money::usd(5),
                per_day: Money::usd(50),
                soft_pct: 80,
                allow_unknown_price: false,
            },
            approval_expiry: Millis::hours(4),
            undo_window: undo_window(),
            max_files: 5,
            max_lines: 200,
            two_persons: Vec::new(),
            pool: 5,
            max_retries: 3,
            healing: Healing::default(),
        }
    }
}
