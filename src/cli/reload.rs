//! Settings read again while `--monitor` runs. What rules counts at once; a file with a mistake keeps what ruled before, and
//! lowers every level to 1 until it is mended: whoever edits rules is about to change them, and nobody knows yet to what.

use super::{exit::Complaint, session::Session};
use crate::{
    config::layers::ConfigError,
    domain::text::clean_line,
    engine::command::{Command, ControlCommand},
    policy::settings::Policy,
    runtime::handle::Handle,
};

/// The level of a house whose rules cannot be read.
const LEVEL: u8 = 1;
/// Characters of the mistake that the journal keeps.
const WORDS_MOST: usize = 200;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// These rule now; whether probes differ from those that look.
    Rules {
        /// Nothing is to be said.
        same: bool,
        /// Probes count from the next start.
        probes: bool,
    },
    /// What ruled before still rules, at level 1.
    Kept(String),
}

impl Reloaded {
    /// In one line.
    #[must_use]
    pub fn words(&self) -> String {
        let later = |probes: bool| if probes { "; probes count from the next start" } else { "" };
        match self {
            Self::Rules { same: true, probes } => {
                format!("settings read again: the same rules{}", later(*probes))
            }
            Self::Rules { same: false, probes } => {
                format!("settings read again, and they rule{}", later(*probes))
            }
            Self::Kept(why) => {
                format!("settings not read, what ruled before goes on at level {LEVEL}: {why}")
            }
        }
    }
}

/// Reads them again and lets them rule.
///
/// # Errors
/// The engine takes no orders any more.
pub async fn reload(session: &Session, handle: &Handle) -> Result<Reloaded, Complaint> {
    let before = (*handle.snapshot().policy).clone();
    let reloaded = match session.source.load() {
        Ok(loaded) => {
            let same = loaded.settings.policy == before;
            if !same {
                give(handle, ControlCommand::Load(Box::new(loaded.settings.policy))).await?;
            }
            Reloaded::Rules { same, probes: loaded.settings.probes != session.settings().probes }
        }
        Err(error) => {
            let why = told(&error);
            let lowered = lowered(before.clone());
            if lowered != before {
                give(handle, ControlCommand::Load(Box::new(lowered))).await?;
            }
            note(handle, &why).await?;
            Reloaded::Kept(why)
        }
    };
    tracing::info!(words = reloaded.words(), "settings");
    Ok(reloaded)
}

/// The first mistake, and how many more there are.
fn told(error: &ConfigError) -> String {
    let more = match error.problems.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" (and {more} more; chimera config check names them)"),
    };
    let first = error.problems.first();
    let first = first.map_or_else(String::new, |problem| format!("{}: {}", problem.place, problem.what));
    format!("{}{more}", clean_line(&first, WORDS_MOST))
}

fn lowered(policy: Policy) -> Policy {
    let mut policy = Policy { level: LEVEL, ..policy };
    for service in &mut policy.healing.services {
        service.level = service.level.map(|_| LEVEL);
    }
    policy
}

/// The journal knows why the level is another one.
async fn note(handle: &Handle, why: &str) -> Result<(), Complaint> {
    let value = Some(format!("{LEVEL}, until the settings can be read"));
    give(handle, ControlCommand::Change { key: "autonomy.level".into(), file: why.to_owned(), value }).await
}

async fn give(handle: &Handle, command: ControlCommand) -> Result<(), Complaint> {
    handle.send(Command::Control(command)).await?;
    Ok(())
}
