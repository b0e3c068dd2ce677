//! One value changed in one settings file: checked with every layer laid before a byte is written, written whole
//! beside the old file and put in its place. Comments, order and everything else of the file stay.

use super::{
    Loaded, Wanted,
    book::{self, Known},
    document::Problem,
    document::{self, At, Raw},
    environment::Environment,
    layers::{self, ConfigError, FileLayer, Layer, Sources},
    reference,
    settings::{Provider, Settings, TeamEntry},
    slot::{Fault, Slot},
};
use crate::domain::text;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

/// What shall be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key, such as `budget.daily_usd`, `providers.google.concurrency` or `teams[0].model`.
    pub path: String,
    /// As it is typed: bare words, or TOML. `None`: out of the file, so that the layer below it holds.
    pub value: Option<String>,
    /// In which file.
    pub file: FileLayer,
}

/// A change that was checked.
#[derive(Debug, Clone)]
pub struct Edited {
    /// The file.
    pub file: PathBuf,
    /// What it will say.
    pub text: String,
    /// What it says now; `None`: it is not there.
    before: Option<String>,
    /// Everything as it will be.
    pub loaded: Loaded,
    /// Who sets the value then: another layer than the file's may win.
    pub layer: Layer,
}

/// Checks a change with all layers, as every start does. Writes nothing.
///
/// # Errors
/// There is no such key or file, the value is refused, or the settings would have a mistake: each with its place.
pub fn check(
    change: &Change,
    wanted: &Wanted,
    environment: &Environment,
    here: &Path,
) -> Result<Edited, ConfigError> {
    let sources = super::sources(wanted, environment, here);
    let file = file_of(change, &sources)?;
    let shown = file.display().to_string();
    let known = Known::of(&change.path).map_err(|what| refused(&change.path, what))?;
    let before = layers::read_file(&file).map_err(|what| refused(&shown, what))?;
    let now = super::load(wanted, environment, here);
    let written = before.as_deref().unwrap_or_default();
    let mut document: DocumentMut = written.parse().map_err(|e: toml_edit::TomlError| {
        let at = At::of(&shown, written, e.span().map_or(0, |span| span.start));
        refused(&at.to_string(), format!("not TOML: {}", e.message()))
    })?;
    let value = change.value.as_deref().map(|typed| value_of(&known, typed)).transpose();
    let value = value.map_err(|fault| refused(&change.path, fault.message))?;
    put(&mut document, &known, value, now.as_ref().ok(), change).map_err(|what| refused(&shown, what))?;
    let text = document.to_string();
    let loaded = super::load_with(wanted, environment, here, Some((change.file, text.clone())))?;
    let ignored = format!(": {} is ignored", change.path);
    let own = |note: &&String| note.starts_with(&format!("{shown}:")) && note.contains(&ignored);
    if let Some(note) = loaded.notes.iter().find(own).filter(|_| change.value.is_some()) {
        return Err(refused(&change.path, note.clone()));
    }
    let layer = loaded.origins.get(&change.path).cloned().unwrap_or(Layer::BuiltIn);
    Ok(Edited { file, text, before, loaded, layer })
}

fn refused(place: &str, what: impl Into<String>) -> ConfigError {
    ConfigError { problems: vec![Problem { place: place.to_owned(), what: what.into() }] }
}

fn file_of(change: &Change, sources: &Sources) -> Result<PathBuf, ConfigError> {
    sources.file_of(change.file).cloned().ok_or_else(|| {
        let what = match change.file {
            FileLayer::User => "there is no home directory for a file of your own",
            FileLayer::Repository => "there is no repository around here",
            FileLayer::File => "no file was named with --config",
        };
        refused(change.file.word(), what)
    })
}

/// What was typed as the TOML that is written: the slot reads it as it would from a file or a variable.
fn value_of(known: &Known, typed: &str) -> Result<Value, Fault> {
    let typed = typed.trim();
    let shown = match known {
        Known::Plain(key) => toml_of(&key.slot, Settings::default(), typed),
        Known::Provider(_, key) => toml_of(&key.slot, Provider::default(), typed),
        Known::Team(_, key) => toml_of(&key.slot, TeamEntry::default(), typed),
    }?;
    // What a slot shows is TOML.
    shown.parse().map_err(|e: toml_edit::TomlError| Fault { message: e.message().to_owned(), element: None })
}

fn toml_of<S>(slot: &Slot<S>, mut scratch: S, typed: &str) -> Result<String, Fault> {
    let raw = match typed.starts_with(['[', '"', '\'']) {
        true => toml(typed)?,
        false => Raw::Word(typed.to_owned()),
    };
    slot.set(&mut scratch, &raw)?;
    Ok(slot.show(&scratch).unwrap_or_default())
}

fn toml(typed: &str) -> Result<Raw, Fault> {
    let fault = |message: String| Fault { message, element: None };
    let leaves = document::read(&format!("v = {typed}")).map_err(|(_, what)| fault(what))?;
    match leaves.as_slice() {
        [leaf] if leaf.path == "v" => Ok(leaf.raw.clone()),
        _ => Err(fault("write one value".into())),
    }
}

fn put(
    document: &mut DocumentMut,
    known: &Known,
    value: Option<Value>,
    now: Option<&Loaded>,
    change: &Change,
) -> Result<(), String> {
    match known {
        Known::Plain(key) => {
            let (section, leaf) = key.path.split_once('.').unwrap_or(("", key.path));
            let Some(table) = section_of(document.as_table_mut(), section, value.is_some())? else {
                return Ok(());
            };
            set(table, leaf, value);
        }
        Known::Provider(vendor, key) => {
            let many = section_of(document.as_table_mut(), "providers", value.is_some())?;
            let Some(table) =
                many.map(|many| section_of(many, vendor.word(), value.is_some())).transpose()?
            else {
                return Ok(());
            };
            if let Some(table) = table {
                set(table, key.path, value);
            }
        }
        Known::Team(index, key) => {
            let now = now.ok_or("the teams cannot be changed while the settings have other mistakes")?;
            set(team(document, *index, now, change.file)?, key.path, value);
        }
    }
    Ok(())
}

/// The table of that name; made where there is none and one is wanted.
fn section_of<'a>(
    parent: &'a mut dyn TableLike,
    name: &str,
    make: bool,
) -> Result<Option<&'a mut dyn TableLike>, String> {
    if !parent.contains_key(name) {
        if !make {
            return Ok(None);
        }
        let mut table = Table::new();
        table.set_implicit(name == "providers");
        parent.insert(name, Item::Table(table));
    }
    let found = parent.get_mut(name).and_then(Item::as_table_like_mut);
    found.map(Some).ok_or_else(|| format!("{name} is no table"))
}

/// Puts a value in place of the old one, whose comment stays.
fn set(table: &mut dyn TableLike, leaf: &str, value: Option<Value>) {
    let Some(mut value) = value else {
        table.remove(leaf);
        return;
    };
    match table.get_mut(leaf).and_then(Item::as_value_mut) {
        Some(old) => {
            value.decor_mut().clone_from(old.decor());
            *old = value;
        }
        None => {
            table.insert(leaf, Item::Value(value));
        }
    }
}

/// A team's table. A file's list replaces the one before it, so a file without one gets all teams as they are.
fn team<'a>(
    document: &'a mut DocumentMut,
    index: usize,
    now: &Loaded,
    file: FileLayer,
) -> Result<&'a mut dyn TableLike, String> {
    let there = now.origins.get("teams").and_then(Layer::file);
    let own = document.contains_key("teams");
    if own && there != Some(file) {
        return Err("another file's list of teams is in force: change it there".into());
    }
    if !own {
        let mut list = ArrayOfTables::new();
        for team in &now.settings.roster {
            list.push(table_of(team)?);
        }
        document.insert("teams", Item::ArrayOfTables(list));
    }
    let item = document.get_mut("teams").ok_or("there is no list of teams")?;
    let many = match item {
        Item::ArrayOfTables(list) => list.get_mut(index).map(|table| table as &mut dyn TableLike),
        Item::Value(Value::Array(list)) => {
            list.get_mut(index).and_then(Value::as_inline_table_mut).map(|table| table as &mut dyn TableLike)
        }
        _ => None,
    };
    many.ok_or_else(|| format!("there is no team {index}; the first is 0"))
}

fn table_of(team: &TeamEntry) -> Result<Table, String> {
    let mut table = Table::new();
    for key in super::keys::TEAM_KEYS {
        let Some(shown) = key.slot.show(team).filter(|shown| shown != "[]") else { continue };
        let value: Value = shown.parse().map_err(|e: toml_edit::TomlError| e.message().to_owned())?;
        table.insert(key.path, Item::Value(value));
    }
    Ok(table)
}

/// A file that says everything in which these settings differ from the built-in ones.
#[must_use]
pub fn written(loaded: &Loaded) -> String {
    let mut document = DocumentMut::new();
    let built_in = Loaded { settings: Settings::default(), origins: Default::default(), notes: Vec::new() };
    if loaded.settings.roster != built_in.settings.roster {
        let tables = loaded.settings.roster.iter().filter_map(|team| table_of(team).ok());
        document.insert("teams", Item::ArrayOfTables(tables.collect()));
    }
    for shown in reference::values(loaded).into_iter().filter(|shown| !shown.path.starts_with("teams[")) {
        let Some(value) =
            shown.value.filter(|value| book::value(&built_in, &shown.path).as_ref() != Some(value))
        else {
            continue;
        };
        let (section, leaf) = shown.path.rsplit_once('.').unwrap_or(("", &shown.path));
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for name in section.split('.') {
            match section_of(table, name, true) {
                Ok(Some(found)) => table = found,
                Ok(None) | Err(_) => return document.to_string(),
            }
        }
        set(table, leaf, value.parse().ok());
    }
    document.to_string()
}

impl Edited {
    /// Writes the file: whole and durable, or not at all.
    ///
    /// # Errors
    /// It has changed since it was checked, or cannot be written.
    pub fn write(&self) -> io::Result<()> {
        let there = layers::read_file(&self.file).map_err(io::Error::other)?;
        if there != self.before {
            return Err(io::Error::other("it has changed meanwhile; look at it again"));
        }
        // A link stays one: what it points to is changed.
        let file = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let parent = file.parent().ok_or_else(|| io::Error::other("it has no directory"))?;
        fs::create_dir_all(parent)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let fresh = parent.join(format!(".{name}.{}-{number}.new", std::process::id()));
        let written = put_beside(&fresh, &file, &self.text).and_then(|()| fs::rename(&fresh, &file));
        if let Err(error) = written {
            // What is half written is of no use to anybody.
            let _ = fs::remove_file(&fresh);
            return Err(error);
        }
        fs::File::open(parent)?.sync_all()
    }

    /// The value that the journal keeps of a change; where a secret is, is not told.
    #[must_use]
    pub fn kept(&self, change: &Change) -> Option<String> {
        change
            .value
            .as_ref()
            .filter(|_| !book::is_secret(&change.path))
            .and_then(|_| self.value(&change.path))
    }

    /// What a change has come to, in words; `when` says from when it counts.
    #[must_use]
    pub fn told(&self, change: &Change, when: &str) -> String {
        let value = if book::is_secret(&change.path) { None } else { self.value(&change.path) };
        let value = value.map_or_else(String::new, |value| format!(" as {}", text::clean_line(&value, 80)));
        let (file, path) = (self.file.display(), &change.path);
        match (&change.value, self.layer.file() == Some(change.file)) {
            (Some(_), true) => format!("{path} is set{value} in {file}, {when}"),
            (Some(_), false) => {
                format!("{path} is written to {file}, but {} still sets it{value}", self.layer)
            }
            (None, _) => format!("{path} is out of {file}; {} sets it{value}, {when}", self.layer),
        }
    }

    /// The value that will hold, as the reference shows it; `None`: none.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<String> {
        book::value(&self.loaded, path).map(|value| text::clean(&value).to_string())
    }
}

fn put_beside(fresh: &Path, old: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).open(fresh)?;
    if let Ok(found) = fs::metadata(old) {
        file.set_permissions(found.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
