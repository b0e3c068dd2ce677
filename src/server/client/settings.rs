//! The settings of a daemon, read and changed from afar. What a setting means is this program's own word; what it is, the
//! daemon's.

use super::wire::{Trouble, Wire};
use crate::{
    config::{
        book::{Book, Setting},
        document::At,
        edit::Change,
        layers::{FileLayer, Layer},
        settings::BriefDefaults,
    },
    domain::text::clean_line,
};
use serde::Deserialize;
use serde_json::json;
use std::path::PathBuf;
use toml_edit::Value;

/// Characters of a value that is quoted.
const QUOTE_MOST: usize = 80;

#[derive(Deserialize)]
struct All {
    settings: Vec<One>,
    files: Vec<File>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct One {
    key: String,
    value: Option<String>,
    built_in: Option<String>,
    layer: String,
    place: Option<String>,
    line: Option<u64>,
    secret: bool,
}

#[derive(Deserialize)]
struct File {
    layer: String,
    path: PathBuf,
}

#[derive(Deserialize)]
struct Changed {
    words: String,
}

/// Asks one daemon. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FarSettings(Wire);

impl One {
    fn layer(&self) -> Layer {
        let place = self.place.clone().unwrap_or_default();
        let line = self.line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1);
        let at = At { file: place.clone(), line, column: 1 };
        match self.layer.as_str() {
            "user" => Layer::User(at),
            "repository" => Layer::Repository(at),
            "file" => Layer::File(at),
            "environment" => Layer::Environment(place),
            "flag" => Layer::Flag(place),
            _ => Layer::BuiltIn,
        }
    }
}

/// Whether the role of whoever asks is the reason.
fn is_not_theirs(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Refused { sort, .. } if sort == "role")
}

/// Why the settings are not shown, in words: who may not see them is told so, and of no mistake.
fn unread(trouble: &Trouble) -> String {
    let how = if is_not_theirs(trouble) { "are not shown to you" } else { "there cannot be read" };
    format!("the settings {how}: {}", trouble.words())
}

/// A list of words, as TOML; none where it is not set.
fn words(book: &Book, key: &str) -> Result<Vec<String>, String> {
    let set = book.settings.iter().find(|setting| setting.path == key);
    let Some(shown) = set.and_then(|setting| setting.value.as_deref()) else { return Ok(Vec::new()) };
    let unknown = || format!("{key} is no list of words there: {}", clean_line(shown, QUOTE_MOST));
    let value: Value = shown.parse().map_err(|_| unknown())?;
    let list = value.as_array().ok_or_else(unknown)?;
    list.iter().map(|word| word.as_str().map(str::to_owned).ok_or_else(unknown)).collect()
}

impl FarSettings {
    pub(super) fn of(wire: Wire) -> Self {
        Self(wire)
    }

    /// Every setting as it holds there. What only a newer program knows is counted in a note.
    ///
    /// # Errors
    /// In words: nobody answers, or it is not told to whoever asks.
    pub async fn book(&self) -> Result<Book, String> {
        self.read().await.map_err(|trouble| unread(&trouble))
    }

    async fn read(&self) -> Result<Book, Trouble> {
        let all: All = self.0.get("/api/settings").await?;
        let mut book = Book { notes: all.notes, ..Book::default() };
        let mut unknown = 0;
        for one in all.settings {
            match Setting::named(&one.key) {
                Some(setting) => {
                    let layer = one.layer();
                    let One { value, built_in, secret, .. } = one;
                    book.settings.push(Setting { value, built_in, layer, secret, ..setting });
                }
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            book.notes.push(format!("{unknown} settings there are not known to this program"));
        }
        book.files = all
            .files
            .into_iter()
            .filter_map(|file| Some((FileLayer::named(&file.layer)?, file.path)))
            .collect();
        Ok(book)
    }

    /// What every brief starts from there; `None`: it is not told to whoever asks, who can give no brief either.
    ///
    /// # Errors
    /// In words: nobody answers, or it is written in a way that this program does not know.
    pub async fn brief(&self) -> Result<Option<BriefDefaults>, String> {
        let book = match self.read().await {
            Ok(book) => book,
            Err(trouble) if is_not_theirs(&trouble) => return Ok(None),
            Err(trouble) => return Err(trouble.words()),
        };
        Ok(Some(BriefDefaults {
            checks: words(&book, "brief.checks")?,
            constraints: words(&book, "brief.constraints")?,
            teams: words(&book, "brief.teams")?,
        }))
    }

    /// Changes one there; what came of it, in words.
    ///
    /// # Errors
    /// In words why it was not changed.
    pub async fn change(&self, change: &Change) -> Result<String, String> {
        let body = json!({"key": change.path, "value": change.value, "file": change.file.name()}).to_string();
        let given =
            self.0.post::<Changed>("/api/settings", ("application/json", body.into_bytes()), None).await;
        given.map(|changed| changed.words).map_err(|trouble| trouble.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_a_viewer_is_told_that_settings_are_not_shown_and_of_no_mistake() {
        let refused =
            |sort: &str, detail: &str| Trouble::Refused { sort: sort.into(), detail: detail.into() };
        let viewer = refused("role", "token:view is viewer, and this needs operator");
        assert_eq!(
            unread(&viewer),
            "the settings are not shown to you: token:view is viewer, and this needs operator"
        );
        let mistaken = refused("unavailable", "/x.toml:2:1: unknown key a.b");
        assert_eq!(unread(&mistaken), "the settings there cannot be read: /x.toml:2:1: unknown key a.b");
    }

    #[test]
    fn d11_what_briefs_start_from_is_read_as_it_is_written_there() {
        let mut book = Book::default();
        let named = |value: &str| Setting {
            value: Some(value.to_owned()),
            ..Setting::named("brief.checks").unwrap()
        };
        assert_eq!(words(&book, "brief.checks"), Ok(Vec::new()));
        book.settings.push(named("[\"sh test.sh\", \"a \\\"b\\\"\"]"));
        assert_eq!(words(&book, "brief.checks"), Ok(vec!["sh test.sh".to_owned(), "a \"b\"".to_owned()]));
        book.settings = vec![named("7")];
        assert!(words(&book, "brief.checks").is_err(), "what is not understood is not none");
    }
}
