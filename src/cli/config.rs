//! `chimera config`: a template, a check, and every value with the layer that set it. Needs no house.

use super::{
    Everywhere,
    exit::{Complaint, Exit, Said},
    out::Out,
    own, session,
};
use crate::config::{self as settings, environment::Environment, layers::Problem, places, reference};
use clap::Subcommand;
use serde_json::json;
use std::path::PathBuf;

/// What about the settings.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented file with every key; never over one that is there
    Init,
    /// Find mistakes; exits 1 if there are any
    Check,
    /// Print every value with the layer that set it
    Show,
}

/// Does it.
///
/// # Errors
/// The file is there already or cannot be written; the settings have mistakes.
pub fn run(command: &ConfigCommand, everywhere: &Everywhere, out: &mut Out) -> Said {
    let environment = Environment::of_process();
    let here = session::current_directory()?;
    if matches!(command, ConfigCommand::Init) {
        let path = everywhere
            .config
            .as_ref()
            .map(|file| here.join(file))
            .or_else(|| places::user_file(&environment));
        return init(path, out);
    }
    let loaded = settings::load(&session::wanted(everywhere)?, &environment, &here);
    match (command, loaded) {
        (ConfigCommand::Check, Err(error)) => Ok(problems(&error.problems, out)),
        (_, Err(error)) => Err(error.into()),
        (command, Ok(loaded)) => {
            for note in &loaded.notes {
                out.both(&format!("note: {note}"), &json!({"kind": "note", "text": note}));
            }
            if matches!(command, ConfigCommand::Show) {
                show(&loaded, out);
                return Ok(Exit::Ok);
            }
            let found = own::problems(&loaded, &environment);
            if !found.is_empty() {
                return Ok(problems(&found, out));
            }
            out.both("The settings are fine.", &json!({"kind": "config_checked", "problems": 0}));
            Ok(Exit::Ok)
        }
    }
}

fn init(path: Option<PathBuf>, out: &mut Out) -> Said {
    let path =
        path.ok_or_else(|| Complaint::error("there is no home directory: name a file with --config"))?;
    match settings::init(&path) {
        Ok(()) => {
            let path = path.display().to_string();
            out.both(&format!("wrote {path}"), &json!({"kind": "config_written", "path": path}));
            Ok(Exit::Ok)
        }
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Complaint::error(format!("{} is there already and stays as it is", path.display()))
                .hint("name another file with --config FILE"))
        }
        Err(e) => Err(Complaint::error(format!("{} cannot be written: {e}", path.display()))
            .hint("name another file with --config FILE")),
    }
}

fn problems(found: &[Problem], out: &mut Out) -> Exit {
    for problem in found {
        let value = json!({"kind": "problem", "place": problem.place, "what": problem.what});
        out.both(&problem.to_string(), &value);
    }
    Exit::Error
}

fn show(loaded: &settings::Loaded, out: &mut Out) {
    let values = reference::values(loaded);
    let rows: Vec<Vec<String>> = values
        .iter()
        .filter_map(|value| Some(vec![value.path.clone(), value.value.clone()?, value.layer.to_string()]))
        .collect();
    out.table(&rows);
    let place = &loaded.settings.places;
    out.say(&format!("data directory {}", place.data.display()));
    for value in values {
        out.tell(&json!({
            "kind": "setting", "key": value.path, "value": value.value, "layer": value.layer.to_string(),
        }));
    }
    out.tell(&json!({"kind": "data_directory", "path": place.data}));
}
