//! The director's own files beside the settings: `themes/NAME.toml`, `keymaps/NAME.toml`, `prices.toml`. Read here,
//! judged by the rooms that own their words. A file that is not there is no mistake.

use super::voices;
use crate::{
    config::{
        Loaded,
        environment::Environment,
        layers::{Problem, place},
        places,
    },
    tui::{
        Chosen, OwnFile, keymap,
        looks::{self, Mistake},
        theme::{self, Depth},
    },
};
use std::{io::Read, path::Path};

/// The theme of these settings.
#[must_use]
pub fn theme(loaded: &Loaded, environment: &Environment) -> Chosen {
    chosen(environment, "themes", &loaded.settings.ui.theme)
}

/// The keymap of these settings.
#[must_use]
pub fn keymap(loaded: &Loaded, environment: &Environment) -> Chosen {
    chosen(environment, "keymaps", &loaded.settings.ui.keymap)
}

/// Everything wrong with the chosen theme and keymap, with any own theme or keymap, and with own
/// certificates and prices.
#[must_use]
pub fn problems(loaded: &Loaded, environment: &Environment) -> Vec<Problem> {
    let ui = &loaded.settings.ui;
    let names = |chosen: &String, known: &[&str]| {
        let others = known.iter().map(|name| (*name).to_owned()).filter(|name| name != chosen);
        std::iter::once(chosen.clone()).chain(others).collect::<Vec<String>>()
    };
    let mut found = Vec::new();
    for name in names(&ui.theme, &theme::NAMES) {
        let judged = looks::theme(&chosen(environment, "themes", &name), Depth::Truecolor);
        found.extend(problem(loaded, "ui.theme", judged.map_or_else(|error| Some(error.into()), |(_, m)| m)));
    }
    for name in names(&ui.keymap, &keymap::NAMES) {
        let judged = looks::keymap(&chosen(environment, "keymaps", &name));
        found.extend(problem(
            loaded,
            "ui.keymap",
            judged.map_or_else(|error| Some(error.into()), |(_, m)| m),
        ));
    }
    for file in voices::certificates(&loaded.settings, environment) {
        if let Err(e) = std::fs::File::open(&file) {
            let what = format!("http.ca_file: {} cannot be opened: {e}", file.display());
            found.push(Problem { place: place(&loaded.origins, "http.ca_file"), what });
        }
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

fn chosen(environment: &Environment, kind: &str, name: &str) -> Chosen {
    let file =
        places::user_file(environment).map(|file| file.with_file_name(kind).join(format!("{name}.toml")));
    let file = file.and_then(|file| {
        let text = read(&file)?;
        Some(OwnFile { path: file.display().to_string(), text })
    });
    Chosen { name: name.to_owned(), file }
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
