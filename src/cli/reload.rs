//! Settings read again while `--monitor` runs. What rules counts at once, and what does
//! not is named; a file with a mistake keeps what ruled before, and
//! lowers every level to 1 until it is mended: whoever edits rules is about to change them, and nobody knows yet to what.

use super::{exit::Complaint, own, session::Session};
use crate::{
    config::{Loaded, book::Counts, reference},
    domain::{request::Actor, text::clean_line},
    engine::command::{Command, ControlCommand},
    policy::settings::Policy,
    runtime::handle::Handle,
};
use std::collections::{BTreeMap, BTreeSet};

/// The level of a house whose rules cannot be read.
const LEVEL: u8 = 1;
/// Characters of the mistake that the journal keeps.
const WORDS_MOST: usize = 200;
/// Settings that are named.
const NAMES_MOST: usize = 8;
/// Where every mistake stands.
const CHECK: &str = "chimera config check names them";

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// These rule now.
    Rules {
        /// Nothing that rules is another.
        same: bool,
        /// Settings that are others than those this process started with, and count from its next start.
        later: Vec<String>,
        /// What is wrong with files that the settings name, each with its place.
        mistakes: Vec<String>,
    },
    /// What ruled before still rules, at level 1.
    Kept(String),
}

impl Reloaded {
    /// In one line.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Rules { same, later, mistakes } => {
                let rule = if *same { ": the same rules" } else { ", and they rule" };
                let later = match later.as_slice() {
                    [] => String::new(),
                    [one] => format!("; {one} counts from the next start"),
                    some => format!("; {} count from the next start", listed(some)),
                };
                let mistakes = match mistakes.as_slice() {
                    [] => String::new(),
                    [first] => format!("; a mistake: {first}"),
                    [first, more @ ..] => {
                        format!("; a mistake: {first} (and {} more; {CHECK})", more.len())
                    }
                };
                format!("settings read again{rule}{later}{mistakes}")
            }
            Self::Kept(why) => {
                format!("settings not read, what ruled before goes on at level {LEVEL}: {why}")
            }
        }
    }
}

fn listed(names: &[String]) -> String {
    let (shown, more) = names.split_at(names.len().min(NAMES_MOST));
    match more.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Settings that are others than at the start, of those that count when the program starts; probes as one.
fn later(started: &Loaded, now: &Loaded) -> Vec<String> {
    let of = |loaded: &Loaded| -> BTreeMap<String, Option<String>> {
        let values = reference::values(loaded).into_iter();
        let values = values.filter(|shown| Counts::of(&shown.path) == Counts::NextStart);
        values.map(|shown| (shown.path, shown.value)).collect()
    };
    let (before, after) = (of(started), of(now));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).cloned();
    let probes = (started.settings.probes != now.settings.probes).then(|| "probes".to_owned());
    changed.chain(probes).collect()
}

/// Reads them again and lets them rule.
///
/// # Errors
/// The engine takes no orders any more.
pub async fn reload(session: &Session, handle: &Handle) -> Result<Reloaded, Complaint> {
    let before = (*handle.snapshot().policy).clone();
    let reloaded = match session.source.load() {
        Ok(loaded) => {
            let (same, later) = (loaded.settings.policy == before, later(&session.loaded, &loaded));
            if !same {
                give(handle, ControlCommand::Load(Box::new(loaded.settings.policy.clone()))).await?;
            }
            let problems = own::problems(&loaded, &session.environment).into_iter();
            let mistakes = problems.map(|problem| {
                clean_line(&format!("{}: {}", problem.place, problem.what), WORDS_MOST).into()
            });
            Reloaded::Rules { same, later, mistakes: mistakes.collect() }
        }
        Err(error) => {
            let why = error.first();
            // Nobody asked for it.
            let house = handle.in_name_of(Actor::Engine);
            let lowered = lowered(before.clone());
            if lowered != before {
                give(&house, ControlCommand::Load(Box::new(lowered))).await?;
            }
            note(&house, &why).await?;
            Reloaded::Kept(why)
        }
    };
    tracing::info!(words = reloaded.words(), "settings");
    Ok(reloaded)
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
