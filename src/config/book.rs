//! Every setting as a person looks at it: its group, value, who set it, what it means, which form it has, and from
//! when a change counts. Made of the one table of keys, so that no setting is forgotten. Never holds a secret:
//! of a key it says where it comes from and whether it is there.

use super::{
    Loaded,
    environment::Environment,
    keys::{KEYS, Key, PROVIDER_KEYS, RepoMay, TEAM_KEYS},
    layers::{self, FileLayer, Layer, Sources},
    nearest::nearest,
    reference,
    secret::KeySource,
    settings::{Provider, Settings, TeamEntry},
    slot::Slot,
};
use crate::domain::team::Vendor;
use std::path::PathBuf;

/// What belongs together, in the order it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Who answers in which role, and who races.
    Agents,
    /// How much happens without a person.
    Autonomy,
    /// What sends a patch up a tier.
    Tiers,
    /// How much at once, how often anew.
    Limits,
    /// Money.
    Budgets,
    /// What is not touched.
    Protected,
    /// When trouble is an incident, and how long a release is watched.
    Incidents,
    /// Vendors and the way to them.
    Providers,
    /// What agents may reach.
    Reach,
    /// What briefs start from, and how winners land.
    Briefs,
    /// How the screen looks.
    Screen,
    /// What is kept.
    Data,
}

impl Group {
    /// Its heading.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Agents => "AGENTS AND MODELS",
            Self::Autonomy => "AUTONOMY LEVEL",
            Self::Tiers => "TIER THRESHOLDS",
            Self::Limits => "LIMITS",
            Self::Budgets => "BUDGETS",
            Self::Protected => "PROTECTED PATHS",
            Self::Incidents => "INCIDENTS AND RELEASES",
            Self::Providers => "PROVIDERS",
            Self::Reach => "NETWORK AND SANDBOX",
            Self::Briefs => "BRIEFS AND LANDING",
            Self::Screen => "SCREEN",
            Self::Data => "DATA AND LOGS",
        }
    }

    /// Of a key. A section that nobody sorted is among the data.
    fn of(path: &str) -> Self {
        match path.split(['.', '[']).next().unwrap_or_default() {
            "roles" | "teams" => Self::Agents,
            "autonomy" => Self::Autonomy,
            "soak" | "dedup" | "flap" | "storm" | "inquiry" => Self::Incidents,
            "protected" if path.contains(".max_") => Self::Tiers,
            "protected" => Self::Protected,
            "limits" => Self::Limits,
            "budget" => Self::Budgets,
            "providers" => Self::Providers,
            "http" | "sandbox" | "tools" => Self::Reach,
            "brief" if path == "brief.teams" => Self::Agents,
            "brief" | "landing" | "feature" => Self::Briefs,
            "ui" | "preview" | "voice" => Self::Screen,
            _ => Self::Data,
        }
    }
}

/// From when a change counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// At once: it is part of the policy that the engine rules by.
    AtOnce,
    /// When the program starts again.
    NextStart,
}

impl Counts {
    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AtOnce => "at once",
            Self::NextStart => "from the next start",
        }
    }

    /// Of a key.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match Group::of(path) {
            // Prices are known to the voices, too, which are made at the start.
            _ if path == "budget.allow_unknown_price" => Self::NextStart,
            Group::Autonomy
            | Group::Tiers
            | Group::Limits
            | Group::Budgets
            | Group::Protected
            | Group::Incidents => Self::AtOnce,
            _ => Self::NextStart,
        }
    }
}

/// A key by its path.
pub enum Known {
    /// Of the house.
    Plain(&'static Key<Settings>),
    /// Of a vendor.
    Provider(Vendor, &'static Key<Provider>),
    /// Of a team, by its place in the list.
    Team(usize, &'static Key<TeamEntry>),
}

impl Known {
    /// Finds it.
    ///
    /// # Errors
    /// There is none, with the nearest one there is.
    pub fn of(path: &str) -> Result<Self, String> {
        let unknown = |near: Option<String>| match near {
            Some(near) => format!("there is no key {path:?}; did you mean {near}?"),
            None => format!("there is no key {path:?}; `chimera config show` lists all"),
        };
        if let Some(rest) = path.strip_prefix("providers.") {
            let (vendor, name) = rest.split_once('.').unwrap_or((rest, ""));
            let found = vendor.parse().ok().and_then(|vendor| {
                Some(Self::Provider(vendor, PROVIDER_KEYS.iter().find(|key| key.path == name)?))
            });
            let near = nearest(name, PROVIDER_KEYS.iter().map(|key| key.path));
            return found.ok_or_else(|| unknown(near.map(|near| format!("providers.{vendor}.{near}"))));
        }
        if let Some((index, name)) = layers::team_path(path) {
            let found = TEAM_KEYS.iter().find(|key| key.path == name);
            let near = nearest(name, TEAM_KEYS.iter().map(|key| key.path));
            return found
                .map(|key| Self::Team(index, key))
                .ok_or_else(|| unknown(near.map(|near| format!("teams[{index}].{near}"))));
        }
        let found = KEYS.iter().find(|key| key.path == path);
        let near = nearest(path, KEYS.iter().map(|key| key.path));
        found.map(Self::Plain).ok_or_else(|| unknown(near.map(str::to_owned)))
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Where it is shown.
    pub group: Group,
    /// The key.
    pub path: String,
    /// What it means.
    pub doc: &'static str,
    /// What is expected, in words.
    pub form: String,
    /// The words it may be; empty where it is no choice.
    pub words: Vec<&'static str>,
    /// The value as TOML; `None`: not set. Of a vendor's key: where it comes from and whether it is there.
    pub value: Option<String>,
    /// The built-in value as TOML.
    pub built_in: Option<String>,
    /// Who set it.
    pub layer: Layer,
    /// The variable that overrides files.
    pub env: Option<&'static str>,
    /// What a repository's file may do with it.
    pub repo: RepoMay,
    /// From when a change counts.
    pub counts: Counts,
    /// Whether the value tells where a secret is.
    pub secret: bool,
}

impl Setting {
    /// What this program knows of a key, without a value: of one that is set elsewhere. `None`: there is no such key.
    #[must_use]
    pub fn named(path: &str) -> Option<Self> {
        let shown = reference::Shown { path: path.to_owned(), value: None, layer: Layer::BuiltIn };
        Some(match Known::of(path).ok()? {
            Known::Plain(key) => of(key, &shown, None),
            Known::Provider(_, key) => of(key, &shown, None),
            Known::Team(_, key) => of(key, &shown, None),
        })
    }

    /// What an editor starts with: a text without its quotes, a list as TOML. Nothing of a secret's place.
    #[must_use]
    pub fn typed(&self) -> String {
        let value = self.value.as_deref().filter(|_| !self.secret).unwrap_or_default();
        match value.parse::<toml_edit::Value>() {
            Ok(toml_edit::Value::String(words)) => words.into_value(),
            _ => value.to_owned(),
        }
    }
}

/// All settings, and the files they can be written to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// By group, then in the order of the table.
    pub settings: Vec<Setting>,
    /// Files that a value can be written to.
    pub files: Vec<(FileLayer, PathBuf)>,
    /// What the layers have to say, such as ignored values.
    pub notes: Vec<String>,
}

/// Settings whose value is a secret or says how one is had.
const SECRETS: [&str; 5] = [
    "notify.webhook",
    "notify.webhook_secret",
    "notify.slack_webhook",
    "notify.slack_token",
    "notify.mail_key",
];

/// Whether a key's value is told to nobody.
#[must_use]
pub fn is_secret(path: &str) -> bool {
    SECRETS.contains(&path) || (path.starts_with("providers.") && path.ends_with(".key"))
}

/// Where a secret comes from: never it, nor the command that prints it.
fn source_of(value: &str) -> String {
    let value = value.trim_matches('"');
    match value.split_once(':') {
        Some(("env", name)) => format!("from {name}"),
        Some(("cmd", _)) => "from a command".to_owned(),
        _ => "set".to_owned(),
    }
}

/// Everything there is.
#[must_use]
pub fn book(loaded: &Loaded, sources: &Sources, environment: &Environment) -> Book {
    let defaults = Settings::default();
    let mut settings: Vec<Setting> = reference::values(loaded)
        .into_iter()
        .filter_map(|shown| {
            let known = Known::of(&shown.path).ok()?;
            let mut setting = match &known {
                Known::Plain(key) => of(key, &shown, key.slot.show(&defaults)),
                Known::Provider(_, key) => of(key, &shown, key.slot.show(&Provider::default())),
                Known::Team(at, key) => {
                    of(key, &shown, defaults.roster.get(*at).and_then(|team| key.slot.show(team)))
                }
            };
            if let Known::Provider(vendor, key) = known
                && key.path == "key"
            {
                setting.secret = true;
                setting.value = Some(whereabouts(&loaded.settings.provider(vendor), vendor, environment));
            } else if is_secret(&setting.path) {
                setting.secret = true;
                setting.value = setting.value.as_deref().map(source_of);
            }
            Some(setting)
        })
        .collect();
    settings.sort_by_key(|setting| setting.group);
    let files = FileLayer::ALL.into_iter().filter_map(|layer| Some((layer, sources.file_of(layer)?.clone())));
    Book { settings, files: files.collect(), notes: loaded.notes.clone() }
}

fn of<S>(key: &'static Key<S>, shown: &reference::Shown, built_in: Option<String>) -> Setting {
    Setting {
        group: Group::of(&shown.path),
        path: shown.path.clone(),
        doc: key.doc,
        form: key.slot.form(),
        words: match &key.slot {
            Slot::Word { words, .. } => words.to_vec(),
            Slot::Switch(_) => vec!["true", "false"],
            _ => Vec::new(),
        },
        value: shown.value.clone(),
        built_in,
        layer: shown.layer.clone(),
        env: key.env,
        repo: key.repo,
        counts: Counts::of(&shown.path),
        secret: false,
    }
}

/// Where a vendor's key comes from, and whether it is there. Never the key, nor the command that prints it.
fn whereabouts(provider: &Provider, vendor: Vendor, environment: &Environment) -> String {
    match provider.key_source(vendor) {
        KeySource::Env(names) => match names.iter().find(|name| environment.get(name).is_some()) {
            Some(name) => format!("set in {name}"),
            None => format!("not set ({})", names.join(" or ")),
        },
        KeySource::Command(_) => "from a command".to_owned(),
    }
}

/// The value of one key as TOML.
#[must_use]
pub fn value(loaded: &Loaded, path: &str) -> Option<String> {
    match Known::of(path).ok()? {
        Known::Plain(key) => key.slot.show(&loaded.settings),
        Known::Provider(vendor, key) => key.slot.show(&loaded.settings.provider(vendor)),
        Known::Team(at, key) => key.slot.show(loaded.settings.roster.get(at)?),
    }
}
