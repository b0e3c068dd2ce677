//! The director's own files beside the settings: `themes/NAME.toml`, `keymaps/NAME.toml`, `prices.toml`. Read here,
//! judged by the rooms that own their words. A file that is not there is no mistake.

use super::{told, voices};
use crate::{
    config::{Loaded, document::Problem, environment::Environment, layers::place, places},
    tui::{
        Chosen, Own, OwnFile, Shelf, keymap,
        looks::{self, AUTO, Ground, Mistake},
        theme::{self, Depth},
    },
};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// Own themes, and own keymaps, that are read.
const FILES_MOST: usize = 64;

/// The theme of these settings.
#[must_use]
pub fn theme(loaded: &Loaded, environment: &Environment) -> Chosen {
    Chosen { name: loaded.settings.ui.theme.clone(), own: shelf(environment, "themes") }
}

/// The keymap of these settings.
#[must_use]
pub fn keymap(loaded: &Loaded, environment: &Environment) -> Chosen {
    Chosen { name: loaded.settings.ui.keymap.clone(), own: shelf(environment, "keymaps") }
}

/// Everything wrong with the chosen theme and keymap, with any own theme or keymap, and with own
/// certificates, prices and words of notices.
#[must_use]
pub fn problems(loaded: &Loaded, environment: &Environment) -> Vec<Problem> {
    let ui = &loaded.settings.ui;
    // The chosen one first, then whatever else lies there.
    let names = |chosen: &String, shelf: &Shelf| {
        let others = shelf.keys().filter(|name| *name != chosen).cloned();
        std::iter::once(chosen.clone()).chain(others).collect::<Vec<String>>()
    };
    let own = all(environment);
    let mut found = Vec::new();
    for name in names(&ui.theme, &own.themes) {
        let chosen = Chosen { name, own: own.themes.clone() };
        let judged = looks::theme_strictly(&chosen, Depth::Truecolor, Ground::Dark);
        found.extend(problem(loaded, "ui.theme", judged.err()));
    }
    if ui.theme == AUTO {
        let chosen = Chosen { name: AUTO.into(), own: own.themes.clone() };
        let judged = looks::theme_strictly(&chosen, Depth::Truecolor, Ground::Light);
        found.extend(problem(loaded, "ui.theme", judged.err()));
    }
    for name in names(&ui.keymap, &own.keymaps) {
        let judged = looks::keymap_strictly(&Chosen { name, own: own.keymaps.clone() });
        found.extend(problem(loaded, "ui.keymap", judged.err()));
    }
    found.dedup();
    for file in voices::certificates(&loaded.settings, environment) {
        if let Err(e) = std::fs::File::open(&file) {
            let what = format!("http.ca_file: {} cannot be opened: {e}", file.display());
            found.push(Problem { place: place(&loaded.origins, "http.ca_file"), what });
        }
    }
    if let Some(dir) = loaded.settings.places.runbooks.as_ref().filter(|dir| !Path::new(dir).is_dir()) {
        let what = format!("runbooks.dir: there is no directory {dir}");
        found.push(Problem { place: place(&loaded.origins, "runbooks.dir"), what });
    }
    if let Some(Err(problem)) =
        loaded.settings.notify.templates.as_ref().map(|dir| told::words(Path::new(dir)))
    {
        found.push(problem);
    }
    if let Err(error) = voices::prices(environment) {
        found.push(Problem { place: "prices".into(), what: format!("{error:#}") });
    }
    found
}

fn problem(loaded: &Loaded, key: &str, mistake: Option<Mistake>) -> Option<Problem> {
    let Mistake { place: there, what } = mistake?;
    Some(match there {
        Some(place) => Problem { place, what },
        None => Problem { place: place(&loaded.origins, key), what: format!("{key}: {what}") },
    })
}

/// The director's own themes or keymaps.
#[must_use]
pub fn all(environment: &Environment) -> Own {
    Own { themes: shelf(environment, "themes"), keymaps: shelf(environment, "keymaps") }
}

/// The folder that holds the director's own files of a kind.
#[must_use]
pub fn folder(environment: &Environment, kind: &str) -> Option<PathBuf> {
    Some(places::user_file(environment)?.with_file_name(kind))
}

/// The files of a folder, by name without `.toml`, in order of their names.
fn shelf(environment: &Environment, kind: &str) -> Shelf {
    let Some(folder) = folder(environment, kind) else { return Shelf::new() };
    let Ok(entries) = std::fs::read_dir(&folder) else { return Shelf::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let read = files.into_iter().filter_map(|file| {
        let name = file.file_stem()?.to_str()?.to_owned();
        let text = read(&file)?;
        Some((name, OwnFile { path: file.display().to_string(), text }))
    });
    read.take(FILES_MOST).collect()
}

/// A file's text or why it cannot be read; `None` if there is none.
fn read(path: &Path) -> Option<Result<String, String>> {
    let most = theme::sheet::FILE_MOST.max(keymap::FILE_MOST) as u64 + 1;
    let mut bytes = Vec::new();
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
        Err(e) => return Some(Err(format!("cannot be opened: {e}"))),
    };
    if let Err(e) = file.take(most).read_to_end(&mut bytes) {
        return Some(Err(format!("cannot be read: {e}")));
    }
    let not_text = |e: std::string::FromUtf8Error| {
        format!("is not UTF-8 at byte {}; write it anew as plain text", e.utf8_error().valid_up_to())
    };
    Some(String::from_utf8(bytes).map_err(not_text))
}
