//! `/api/settings`: every setting as it holds where the daemon runs, who set it, and changing one in its file. Never a
//! secret: of a key it says where it comes from. What may be changed from afar is what rules at once, numbers and limits;
//! what names programs, places or keys, and what guards the house from one director, is changed where the daemon runs.

use crate::{
    config::{
        book::{Book, Counts, Setting},
        edit::{Change, Edited},
        keys::{KEYS, LEVEL},
        layers::{FileLayer, Layer},
    },
    domain::access::Role,
    engine::command::{Command, ControlCommand},
    policy::settings::Policy,
    server::{
        api::{Api, Leaf},
        door::rights,
        entrance::Caller,
        front::Front,
        input::Given,
        paging::{Told, ok},
        problem::{Problem, Sort},
    },
};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Every setting.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Settings")]
pub(super) struct View {
    /// By group, as the settings screen shows them.
    settings: Vec<One>,
    /// Files that a value can be written to.
    files: Vec<File>,
    /// What the files have to say, such as ignored values.
    notes: Vec<String>,
}

/// One setting.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Setting")]
pub(super) struct One {
    /// Such as `budget.daily_usd`.
    key: String,
    /// As TOML; null: not set. Of a vendor's key: where it comes from and whether it is there.
    value: Option<String>,
    /// The built-in value as TOML.
    built_in: Option<String>,
    /// Who set it: `built_in`, `user`, `repository`, `file`, `environment` or `flag`.
    layer: &'static str,
    /// The file, the variable or the flag.
    place: Option<String>,
    /// The line in the file, from 1.
    line: Option<u64>,
    /// What is expected, in words.
    form: String,
    /// What it means.
    meaning: &'static str,
    /// Whether it can be changed from afar.
    from_afar: bool,
    /// Whether the value tells where a secret is, and nothing of it.
    secret: bool,
}

/// A file of settings.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SettingsFile")]
pub(super) struct File {
    /// `user`, `repository` or `file`.
    layer: &'static str,
    /// Where it is.
    path: String,
}

/// A change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SettingChange")]
pub(super) struct Wanted {
    /// Such as `budget.daily_usd`.
    #[schemars(extend("enum" = changeable()))]
    key: String,
    /// Bare words, or TOML; null: out of the file, so that the layer below it holds.
    #[serde(default)]
    #[schemars(length(max = 65536))]
    value: Option<String>,
    /// In which file.
    #[serde(default)]
    file: Where,
}

/// A file of settings by its layer.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SettingsLayer")]
pub(super) enum Where {
    /// Of the user that the daemon runs as.
    #[default]
    User,
    /// Of its repository.
    Repository,
    /// The one that it was started with.
    File,
}

/// What a change came to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SettingChanged")]
pub(super) struct Changed {
    /// In words: the value that holds now, and from when.
    words: String,
}

pub(super) fn routes(api: Api) -> Api {
    let show_leaf =
        Leaf::new("get_settings", "control", "Every setting, who set it, and the files they stand in")
            .answers::<View>(200)
            .needs(Role::Operator);
    let change_leaf =
        Leaf::new("change_setting", "control", "Change a setting that rules at once, in its file")
            .body::<Wanted>()
            .answers::<Changed>(200)
            .refuses(409, "The value does not fit its key, or cannot be written to that file: which key, why, and what it takes")
            .refuses(422, "The key is not changed from afar")
            .needs(Role::Director)
            .once();
    api.get("/api/settings", show_leaf, show).post("/api/settings", change_leaf, change)
}

/// Whether a key may be changed from afar: numbers and limits that rule at once. What guards the house from a single director,
/// such as protected paths and the second person, is changed where it stands; the level has a route of its own.
fn from_afar(key: &str) -> bool {
    let guards = ["autonomy.", "protected."];
    Counts::of(key) == Counts::AtOnce && !guards.iter().any(|guard| key.starts_with(guard))
}

/// All of these keys.
fn changeable() -> Vec<&'static str> {
    KEYS.iter().map(|key| key.path).filter(|path| from_afar(path)).collect()
}

fn one(setting: Setting) -> One {
    let (word, place, line) = match setting.layer {
        Layer::BuiltIn => ("built_in", None, None),
        Layer::User(at) => ("user", Some(at.file), Some(at.line)),
        Layer::Repository(at) => ("repository", Some(at.file), Some(at.line)),
        Layer::File(at) => ("file", Some(at.file), Some(at.line)),
        Layer::Environment(name) => ("environment", Some(name), None),
        Layer::Flag(name) => ("flag", Some(name), None),
    };
    One {
        from_afar: from_afar(&setting.path),
        key: setting.path,
        value: setting.value,
        built_in: setting.built_in,
        layer: word,
        place,
        line: line.and_then(|line| u64::try_from(line).ok()),
        form: setting.form,
        meaning: setting.doc,
        secret: setting.secret,
    }
}

async fn show(State(front): State<Arc<Front>>) -> Result<Told<View>, Problem> {
    let book = (front.ports.book)().await.map_err(|why| {
        Problem::new(Sort::Unavailable, why, "`chimera config check` where it runs finds every mistake")
    })?;
    let Book { settings, files, notes } = book;
    let file = |(at, path): (FileLayer, std::path::PathBuf)| File {
        layer: at.name(),
        path: path.display().to_string(),
    };
    Ok(ok(View {
        settings: settings.into_iter().map(one).collect(),
        files: files.into_iter().map(file).collect(),
        notes,
    }))
}

async fn change(
    State(front): State<Arc<Front>>,
    caller: Caller,
    Given(Wanted { key, value, file }): Given<Wanted>,
) -> Result<Told<Changed>, Problem> {
    if !from_afar(&key) {
        let detail = format!("{key} is not changed from afar");
        return Err(Problem::new(
            Sort::Invalid,
            detail,
            "`from_afar` of GET /api/settings says what is; the rest is changed where the daemon runs",
        ));
    }
    let file = match file {
        Where::User => FileLayer::User,
        Where::Repository => FileLayer::Repository,
        Where::File => FileLayer::File,
    };
    let change = Change { path: key, value, file };
    let edited = set(&front, &caller, &change).await?;
    Ok(ok(Changed { words: edited.told(&change, Counts::AtOnce.word()) }))
}

/// A change that can be read and does not fit: which key, what is wrong, what it takes.
fn unfit(change: &Change, why: &str) -> Problem {
    let key = &change.path;
    let detail = if why.contains(key.as_str()) { why.to_owned() } else { format!("{key}: {why}") };
    let takes = KEYS.iter().find(|known| known.path == key).map(|known| known.slot.form());
    let hint = match takes {
        Some(form) => format!("{key} takes {form}; GET /api/settings tells of every setting"),
        None => "GET /api/settings tells what each setting is and takes".to_owned(),
    };
    Problem::new(Sort::Unfit, detail, hint)
}

/// Writes a change, remembers who made it, and lets the house go by it.
async fn set(front: &Front, caller: &Caller, change: &Change) -> Result<Edited, Problem> {
    // One after the other: what is written last is what rules.
    let _turn = front.changing.lock().await;
    let edited = (front.ports.change)(change.clone()).await.map_err(|why| unfit(change, &why))?;
    let (key, file) = (change.path.clone(), edited.file.display().to_string());
    let remembered = ControlCommand::Change { key, file, value: edited.kept(change) };
    rights::give(&front.handle, caller, Command::Control(remembered)).await?;
    let policy = &edited.loaded.settings.policy;
    if *policy != *front.state().policy {
        let load = ControlCommand::Load(Box::new(policy.clone()));
        rights::give(&front.handle, caller, Command::Control(load)).await?;
    }
    Ok(edited)
}

/// Gives the house another level at once, and writes it to the file that counts. A lower one is in effect even where it cannot be
/// written, or where another layer sets it too: until the settings are read again, and why, is what comes back. A higher one
/// is not.
pub(super) async fn set_level(front: &Front, caller: &Caller, level: u8) -> Result<Option<String>, Problem> {
    let _turn = front.changing.lock().await;
    let named = (front.ports.book)()
        .await
        .is_ok_and(|book| book.files.iter().any(|(layer, _)| *layer == FileLayer::File));
    let file = if named { FileLayer::File } else { FileLayer::User };
    let change = Change { path: LEVEL.into(), value: Some(level.to_string()), file };
    let ruling = front.state().policy.clone();
    let (place, overlaid) = match (front.ports.change)(change.clone()).await {
        Ok(edited) => {
            let (place, says) = (edited.file.display().to_string(), edited.loaded.settings.policy.level);
            let overlaid = format!("it is written to {place}, but {} sets {says}", edited.layer);
            (place, (says != level).then_some(overlaid))
        }
        Err(why) if level <= ruling.level => (String::new(), Some(format!("it could not be written: {why}"))),
        Err(why) => return Err(unfit(&change, &why)),
    };
    let refused = overlaid.as_ref().filter(|_| level > ruling.level).map(|why| {
        let detail = format!("the level stays {}: {why}", ruling.level);
        Problem::new(Sort::Unfit, detail, "change it there, where the daemon runs")
    });
    let until = overlaid.map(|why| format!("until the settings are read again: {why}"));
    let file = until.as_ref().map_or(place, |until| format!("no file: it counts {until}"));
    let remembered = ControlCommand::Change { key: change.path, file, value: change.value };
    rights::give(&front.handle, caller, Command::Control(remembered)).await?;
    if let Some(problem) = refused {
        return Err(problem);
    }
    if level != ruling.level {
        // The rest of the rules stays as it is: the level alone is what was asked for.
        let load = ControlCommand::Load(Box::new(Policy { level, ..(*ruling).clone() }));
        rights::give(&front.handle, caller, Command::Control(load)).await?;
    }
    Ok(until)
}
