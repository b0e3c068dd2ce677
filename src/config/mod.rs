//! Settings: layered, strict, validated once into plain structs.
//!
//! Owns: where settings come from, which layer wins, what a repository's own file may do, where keys come from.
//! Never does: start a process (a `cmd:` key is run by whoever is injected), open a socket, write a file other
//! than the new one of [`init`] and the one that [`edit`] changes a value in. Unknown keys are mistakes with file, line, column and the nearest known key.

pub mod book;
pub mod brief;
pub mod document;
pub mod edit;
pub mod environment;
mod faces;
mod features;
mod forms;
pub mod key;
pub mod keys;
pub mod layers;
mod nearest;
mod network;
mod notify;
pub mod places;
pub mod reference;
mod rules;
pub mod runbooks;
pub mod secret;
pub mod server;
pub mod settings;
pub mod slot;
#[cfg(test)]
mod tests;
mod voices;
pub mod watched;

use environment::Environment;
use layers::{ConfigError, FileLayer, FlagValue, Layer, Sources, Stack};
use settings::Settings;
use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

/// Settings with where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What holds.
    pub settings: Settings,
    /// Who set what; keys that are not in here are built-in.
    pub origins: BTreeMap<String, Layer>,
    /// What a person should know: ignored values, unknown variables.
    pub notes: Vec<String>,
}

/// What the command line says about places.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--repo`; the current directory otherwise.
    pub repo: Option<PathBuf>,
    /// Flags that set keys.
    pub flags: Vec<FlagValue>,
}

/// Finds the places and lays all layers.
///
/// # Errors
/// Every mistake found, each with its place.
pub fn load(wanted: &Wanted, environment: &Environment, here: &Path) -> Result<Loaded, ConfigError> {
    load_with(wanted, environment, here, None)
}

/// Where the layers are.
#[must_use]
pub fn sources(wanted: &Wanted, environment: &Environment, here: &Path) -> Sources {
    Sources {
        user: places::user_file(environment),
        repository: repository(wanted, here).map(|repo| repo.join(places::FILE_NAME)),
        file: wanted.file.as_ref().map(|file| here.join(file)),
        environment: environment.clone(),
        flags: wanted.flags.clone(),
        instead: None,
    }
}

/// As [`load`], with a text laid as if it stood in one of the files already.
fn load_with(
    wanted: &Wanted,
    environment: &Environment,
    here: &Path,
    instead: Option<(FileLayer, String)>,
) -> Result<Loaded, ConfigError> {
    let stack = laid(wanted, environment, here, instead);
    if stack.problems.is_empty() {
        Ok(Loaded { settings: stack.settings, origins: stack.origins, notes: stack.notes })
    } else {
        Err(ConfigError { problems: stack.problems })
    }
}

/// The built-in settings at the places that could be made out, whatever else is wrong with the files: what ends things needs
/// to know where they are, and no more.
#[must_use]
pub fn places_alone(wanted: &Wanted, environment: &Environment, here: &Path) -> Loaded {
    let Stack { settings, origins, notes, .. } = laid(wanted, environment, here, None);
    let mut alone = Settings { places: settings.places, ..Settings::default() };
    alone.server.socket = settings.server.socket;
    Loaded { settings: alone, origins, notes }
}

/// All layers, with every mistake in them.
fn laid(
    wanted: &Wanted,
    environment: &Environment,
    here: &Path,
    instead: Option<(FileLayer, String)>,
) -> Stack {
    let repo = repository(wanted, here);
    let mut stack = Stack::new();
    if let (Some(named), None) = (&wanted.repo, &repo) {
        stack.problem("--repo", &format!("{} is in no git repository", here.join(named).display()));
    }
    stack.lay(&Sources { instead, ..sources(wanted, environment, here) });
    rules::finish(&mut stack);
    let configured = stack.settings.places.data_dir.clone();
    match places::data_dir(configured.as_deref(), repo.as_deref(), environment, here) {
        Ok(data) => stack.settings.places.data = data,
        Err(what) => stack.problem("data.dir", &what),
    }
    stack.settings.places.repo = repo;
    stack
}

fn repository(wanted: &Wanted, here: &Path) -> Option<PathBuf> {
    places::repository_above(&wanted.repo.as_ref().map_or_else(|| here.to_path_buf(), |repo| here.join(repo)))
}

/// Writes the template as a new file; never over one that is there.
///
/// # Errors
/// The file is there already, or cannot be written.
pub fn init(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|e| {
            std::io::Error::other(format!("its directory {} cannot be made: {e}", parent.display()))
        })?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(reference::template().as_bytes())?;
    file.sync_all()
}
