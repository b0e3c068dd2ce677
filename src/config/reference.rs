//! What is written about the keys: the template of `config init`, docs/configuration.md and the table of
//! `config show`. All three come from the one table of keys, so none can be out of date.

use super::{
    Loaded,
    keys::{KEYS, Key, PROVIDER_KEYS, TEAM_KEYS},
    layers::{Layer, base_url_variable},
    secret::KeySource,
    settings::{Provider, Settings, TeamEntry},
    watched::{PROBE_KEYS, SERVICE_KEYS},
};
use crate::domain::team::Vendor;
use std::fmt::Write as _;

/// Width of comments in the template, in characters.
const COMMENT_WIDTH: usize = 100;

/// One value with who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key.
    pub path: String,
    /// The value as TOML; `None`: not set.
    pub value: Option<String>,
    /// Who set it.
    pub layer: Layer,
}

/// Every value there is, in order of the table.
#[must_use]
pub fn values(loaded: &Loaded) -> Vec<Shown> {
    let layer = |path: &str| loaded.origins.get(path).cloned().unwrap_or(Layer::BuiltIn);
    let mut shown: Vec<Shown> = KEYS
        .iter()
        .map(|key| Shown {
            path: key.path.to_owned(),
            value: key.slot.show(&loaded.settings),
            layer: layer(key.path),
        })
        .collect();
    for vendor in Vendor::ALL {
        let provider = loaded.settings.provider(vendor);
        shown.extend(PROVIDER_KEYS.iter().map(|key| {
            let path = format!("providers.{vendor}.{}", key.path);
            Shown { value: key.slot.show(&provider), layer: layer(&path), path }
        }));
    }
    shown.extend(loaded.settings.server.people.iter().map(|(name, role)| {
        let path = format!("server.people.{name}");
        Shown { value: Some(format!("\"{role}\"")), layer: layer(&path), path }
    }));
    for (at, team) in loaded.settings.roster.iter().enumerate() {
        shown.extend(TEAM_KEYS.iter().map(|key| {
            let path = format!("teams[{at}].{}", key.path);
            let layer = if loaded.origins.contains_key("teams") { layer("teams") } else { Layer::BuiltIn };
            let layer = loaded.origins.get(&path).cloned().unwrap_or(layer);
            Shown { path, value: key.slot.show(team), layer }
        }));
    }
    shown
}

/// A commented file that holds every key with its built-in value; nothing in it is active.
#[must_use]
pub fn template() -> String {
    let defaults = Settings::default();
    let mut out = String::from(
        "# Chimera settings. Every key is here with its built-in value; take away the `#` to change one.\n\
         # `chimera config check` finds mistakes, `chimera config show` says which layer set each value:\n\
         # built-in < user file < chimera.toml of the repository (safe keys only) < --config < environment < flags.\n",
    );
    for section in sections() {
        let _ = write!(out, "\n[{section}]\n");
        for key in KEYS.iter().filter(|key| section_of(key.path) == section) {
            template_key(&mut out, key, &defaults, leaf_of(key.path));
        }
    }
    for vendor in Vendor::ALL {
        let _ = write!(out, "\n[providers.{vendor}]\n");
        if vendor == Vendor::Anthropic {
            for key in PROVIDER_KEYS {
                template_key(&mut out, key, &Provider::default(), key.path);
            }
        } else {
            let names = usual_names(vendor);
            let _ = writeln!(out, "# The same keys as for anthropic.\n#key = \"env:{}\"", names[0]);
        }
    }
    out.push_str("\n# Who races. Written down here, your list replaces the built-in one:\n");
    for team in &defaults.roster {
        out.push_str("#[[teams]]\n");
        for key in TEAM_KEYS {
            if let Some(value) = key.slot.show(team) {
                let _ = writeln!(out, "#{} = {value}", key.path);
            }
        }
    }
    out
}

fn template_key<S>(out: &mut String, key: &Key<S>, source: &S, name: &str) {
    for line in wrap(&format!("{} ({})", key.doc, key.slot.form())) {
        let _ = writeln!(out, "# {line}");
    }
    let value = key.slot.show(source).unwrap_or_else(|| "\"\"".into());
    let _ = writeln!(out, "#{name} = {value}");
}

/// docs/configuration.md.
#[must_use]
pub fn markdown() -> String {
    let defaults = Settings::default();
    let mut out = String::from(PREFACE);
    for section in sections() {
        let _ = write!(out, "\n## [{section}]\n\n{HEAD}");
        for key in KEYS.iter().filter(|key| section_of(key.path) == section) {
            row(&mut out, key, &defaults, leaf_of(key.path));
        }
    }
    let _ = write!(
        out,
        "\n## [providers.VENDOR]\n\nVENDOR is one of anthropic, google, openrouter, openai.\n\n{HEAD}"
    );
    for key in PROVIDER_KEYS {
        row(&mut out, key, &Provider::default(), key.path);
    }
    out.push_str("\n| Vendor | Key taken from | Address taken from |\n|---|---|---|\n");
    for vendor in Vendor::ALL {
        let names = usual_names(vendor).join("`, `");
        let _ = writeln!(out, "| {vendor} | `{names}` | `{}` |", base_url_variable(vendor));
    }
    out.push_str(PEOPLE);
    let _ = write!(
        out,
        "\n## [[teams]]\n\nOne table for each team, at most 8. Built in are Team Anthropic and Team \
Google.\n\n{HEAD}"
    );
    for key in TEAM_KEYS {
        row(&mut out, key, &TeamEntry::default(), key.path);
    }
    for (table, keys, words) in [
        ("service", SERVICE_KEYS, "A watched service. Services that only probes name need no table."),
        (
            "probe",
            PROBE_KEYS,
            "One place that is looked at. Chimera watches while it runs, with or without a screen.",
        ),
    ] {
        let _ = write!(out, "\n## [[{table}]]\n\n{words} Not in a repository's file.\n\n{ENTRY_HEAD}");
        for key in keys {
            let _ = writeln!(out, "| `{}` | {} | {} | {} |", key.name, key.form, key.usual, key.doc);
        }
    }
    out
}

const PEOPLE: &str = "\n## [server.people]\n\nWho may log in by a vendor's word, and as what: `\"github:ada\" = \"operator\"`, \
`\"google:grace@example.com\" = \"director\"`. Roles are\nviewer, operator and director. Not in a repository's file. \
[network.md](network.md) tells the rest.\n";

const ENTRY_HEAD: &str = "| Key | Form | Built-in, or needed for | Meaning |\n|---|---|---|---|\n";

const HEAD: &str =
    "| Key | Form | Built-in | Environment | Repository | Meaning |\n|---|---|---|---|---|---|\n";

const PREFACE: &str = "# Configuration

<!-- Generated from src/config/keys.rs; CHIMERA_BLESS=1 cargo test --lib config:: writes it anew. -->

Settings come in layers, later ones win: built-in, your file `$XDG_CONFIG_HOME/chimera/chimera.toml`, the repository's
`chimera.toml`, the file of `--config`, environment variables, flags. `chimera config init` writes your file with every
key, `chimera config check` finds mistakes with file, line and column, `chimera config show` prints every value with the
layer that set it. Unknown keys are mistakes.

`chimera config set KEY VALUE` and the settings screen (F6) change one value in one file, if no layer has a mistake with
it; comments and order stay. Policy (autonomy, thresholds, limits, budgets, protected paths) rules at once, the rest
counts from the next start; each change is an entry of the journal, without what tells where a secret is.

A repository's file is other people's text. It may set, add to or lower only what the column *Repository* grants;
everything else in it is ignored, and that is said. It cannot run code outside the sandbox, raise a budget, weaken a
protected path or change where keys are sent.

Keys of vendors never stand in a file: write `env:NAME` or `cmd:COMMAND`.
";

fn row<S>(out: &mut String, key: &Key<S>, source: &S, name: &str) {
    let value = key.slot.show(source).filter(|value| value != "\"\"").map(|value| format!("`{value}`"));
    let variable = key.env.map(|name| format!("`{name}`"));
    let _ = writeln!(
        out,
        "| `{name}` | {} | {} | {} | {} | {} |",
        key.slot.form(),
        value.unwrap_or_default(),
        variable.unwrap_or_default(),
        key.repo.word(),
        key.doc
    );
}

fn usual_names(vendor: Vendor) -> Vec<String> {
    match KeySource::usual(vendor) {
        KeySource::Env(names) => names,
        KeySource::Command(command) => vec![command],
    }
}

fn section_of(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn leaf_of(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// Sections in order of the table, each once.
fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&str> = KEYS.iter().map(|key| section_of(key.path)).collect();
    sections.dedup();
    sections
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= COMMENT_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
