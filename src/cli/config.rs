//! `chimera config`: a template, a check, and every value with the layer that set it. Needs no house.

use super::{
    Everywhere,
    exit::{Complaint, Exit, Said},
    house,
    out::{self, Out},
    own, session,
    settings::Source,
};
use crate::{
    config::{
        self as settings,
        book::Counts,
        document::Problem,
        edit::{Change, Edited},
        environment::Environment,
        keys::LEVEL,
        layers::FileLayer,
        places, reference,
    },
    engine::command::{Command, ControlCommand},
    policy::settings::Policy,
    runtime::look::Look,
    tui::settings::remember,
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

/// What about the settings.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Write a commented file with every key; never over one that is there
    Init,
    /// Find mistakes; exits 1 if there are any
    Check,
    /// Print every value with the layer that set it
    Show,
    /// Set one value in a file, if every check passes with it; comments stay
    Set(SetArgs),
    /// Take one value out of a file, so that the layer below holds
    Unset(UnsetArgs),
}

/// Which value.
#[derive(Debug, Clone, Args)]
pub struct SetArgs {
    /// The key as `chimera config show` names it, such as budget.daily_usd
    pub key: String,
    /// Bare words or TOML; lists as a,b or ["a", "b"]
    pub value: String,
    /// Which file; without it that of --config where one is named, else your own
    #[arg(long = "in", value_name = "FILE")]
    pub file: Option<File>,
}

/// Which value.
#[derive(Debug, Clone, Args)]
pub struct UnsetArgs {
    /// The key
    pub key: String,
    /// Which file; without it that of --config where one is named, else your own
    #[arg(long = "in", value_name = "FILE")]
    pub file: Option<File>,
}

/// A settings file.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum File {
    /// Your own
    User,
    /// The repository's
    Repository,
    /// The one of --config
    Config,
}

impl File {
    /// Where a change goes that names no file.
    fn usual(everywhere: &Everywhere) -> Self {
        if everywhere.config.is_some() { Self::Config } else { Self::User }
    }
}

impl From<File> for FileLayer {
    fn from(file: File) -> Self {
        match file {
            File::User => Self::User,
            File::Repository => Self::Repository,
            File::Config => Self::File,
        }
    }
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
    let source = Source { wanted: session::wanted(everywhere)?, environment, here };
    let file = |named: &Option<File>| named.unwrap_or_else(|| File::usual(everywhere)).into();
    match command {
        ConfigCommand::Set(SetArgs { key, value, file: named }) => {
            let change = Change { path: key.clone(), value: Some(value.clone()), file: file(named) };
            return changed(&change, &source, out);
        }
        ConfigCommand::Unset(UnsetArgs { key, file: named }) => {
            return changed(&Change { path: key.clone(), value: None, file: file(named) }, &source, out);
        }
        ConfigCommand::Init | ConfigCommand::Check | ConfigCommand::Show => {}
    }
    let loaded = source.load();
    let environment = source.environment;
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

/// Changes a file, and has it remembered by the journal where there is one already.
fn changed(change: &Change, source: &Source, out: &mut Out) -> Said {
    let edited = match source.change(change) {
        Ok(edited) => edited,
        Err(error) => return Ok(problems(&error.problems, out)),
    };
    let words = edited.told(change, when(change, &edited));
    out.both(
        &words,
        &json!({
            "kind": "setting_changed", "key": change.path, "value": edited.value(&change.path),
            "file": edited.file, "layer": edited.layer.to_string(), "counts": Counts::of(&change.path).word(),
        }),
    );
    let data = edited.loaded.settings.places.data.clone();
    if data.is_dir()
        && let Err(error) = super::runtime()?.block_on(remembered(change, &edited, source))
    {
        out::note(&[format!("the journal in {} does not know of it: {error}", data.display())]);
    }
    Ok(Exit::Ok)
}

/// From when it counts: another process keeps the rules that it read, but for the level, which it is given.
fn when(change: &Change, edited: &Edited) -> &'static str {
    match (Counts::of(&change.path), Look::owner(&edited.loaded.settings.places.data)) {
        (Counts::AtOnce, Some(_)) if change.path != LEVEL => {
            "when the process that does the work reads its settings again: SIGHUP where it has no screen, or a restart"
        }
        (counts, _) => counts.word(),
    }
}

async fn remembered(change: &Change, edited: &Edited, source: &Source) -> anyhow::Result<()> {
    let house = house::open(&edited.loaded.settings, &source.environment, house::Purpose::Command).await?;
    let mut sent = house.handle.send(remember(change, edited)).await.map(drop);
    let ruling = house.handle.snapshot().policy.clone();
    let level = edited.loaded.settings.policy.level;
    if change.path == LEVEL && sent.is_ok() && ruling.level != level {
        // The rest of its rules is its own: it may have been started with other files.
        let load = ControlCommand::Load(Box::new(Policy { level, ..(*ruling).clone() }));
        sent = house.handle.send(Command::Control(load)).await.map(drop);
    }
    house.close().await;
    sent.map_err(Into::into)
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
