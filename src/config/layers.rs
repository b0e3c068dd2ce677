//! Layers: built-in < user file < repository file < `--config` file < environment < flags. Each value knows the
//! layer that set it; each mistake knows its place. A repository's file gets only what [`RepoMay`] grants, and
//! what it does not get is said, never silent.

use super::{
    document::{self, At, FILE_MOST, Leaf, Problem, Raw},
    environment::Environment,
    keys::{KEYS, Key, PROVIDER_KEYS, RepoMay, TEAM_KEYS},
    nearest::nearest,
    network, server,
    settings::{Settings, TeamEntry},
    watched,
};
use crate::domain::{access::Role, team::Vendor, text::clean_line};
use std::{
    collections::BTreeMap,
    fmt,
    io::Read,
    path::{Path, PathBuf},
};

/// Problems that are reported at once.
const PROBLEMS_MOST: usize = 50;
/// Characters of a mistake in one line.
const FIRST_MOST: usize = 200;

/// Who set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// The program.
    BuiltIn,
    /// The user's file.
    User(At),
    /// The repository's file.
    Repository(At),
    /// The file of `--config`.
    File(At),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl Layer {
    /// The file that it stands in, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<FileLayer> {
        match self {
            Self::User(_) => Some(FileLayer::User),
            Self::Repository(_) => Some(FileLayer::Repository),
            Self::File(_) => Some(FileLayer::File),
            Self::BuiltIn | Self::Environment(_) | Self::Flag(_) => None,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::User(at) => write!(f, "user file {}:{}", at.file, at.line),
            Self::Repository(at) => write!(f, "repository file {}:{}", at.file, at.line),
            Self::File(at) => write!(f, "--config {}:{}", at.file, at.line),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// Where the value of a key stands: a file's place, a variable or a flag.
#[must_use]
pub fn place(origins: &BTreeMap<String, Layer>, path: &str) -> String {
    match origins.get(path) {
        Some(Layer::User(at) | Layer::Repository(at) | Layer::File(at)) => at.to_string(),
        Some(Layer::Environment(name) | Layer::Flag(name)) => name.clone(),
        Some(Layer::BuiltIn) | None => "built-in".into(),
    }
}

/// The settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    /// Every mistake found, in order of layers, at most fifty.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// The first mistake in one line, and how many more there are.
    #[must_use]
    pub fn first(&self) -> String {
        let more = match self.problems.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" (and {more} more; `chimera config check` names them)"),
        };
        let first = self.problems.first().map(ToString::to_string).unwrap_or_default();
        format!("{}{more}", clean_line(&first, FIRST_MOST))
    }
}

/// A flag that sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// The key.
    pub path: &'static str,
    /// As it was typed, such as `--data`.
    pub flag: &'static str,
    /// Its value.
    pub value: String,
}

/// Where settings come from. A file that is not there is no mistake, except the one of `--config`.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The user's file.
    pub user: Option<PathBuf>,
    /// The repository's file.
    pub repository: Option<PathBuf>,
    /// The file of `--config`.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Environment,
    /// Flags.
    pub flags: Vec<FlagValue>,
    /// A text that is laid as if it stood in that file already.
    pub instead: Option<(FileLayer, String)>,
}

impl Sources {
    /// The file of a layer, whether it is there or not.
    #[must_use]
    pub fn file_of(&self, layer: FileLayer) -> Option<&PathBuf> {
        match layer {
            FileLayer::User => self.user.as_ref(),
            FileLayer::Repository => self.repository.as_ref(),
            FileLayer::File => self.file.as_ref(),
        }
    }
}

/// A settings file by its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileLayer {
    /// The user's.
    User,
    /// The repository's.
    Repository,
    /// The one of `--config`.
    File,
}

impl FileLayer {
    /// All of them, as they are laid.
    pub const ALL: [Self; 3] = [Self::User, Self::Repository, Self::File];

    /// Its name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Repository => "repository",
            Self::File => "file",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.name() == name)
    }

    /// What people call it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user file",
            Self::Repository => "repository file",
            Self::File => "--config file",
        }
    }

    fn layer(self, at: At) -> Layer {
        match self {
            Self::User => Layer::User(at),
            Self::Repository => Layer::Repository(at),
            Self::File => Layer::File(at),
        }
    }
}

/// The table of those who may log in.
const PEOPLE: &str = "server.people";
/// Lists of tables.
const LISTS: [&str; 3] = ["teams", "service", "probe"];

/// Settings while layers are laid over them.
pub(super) struct Stack {
    pub(super) settings: Settings,
    pub(super) origins: BTreeMap<String, Layer>,
    pub(super) notes: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

impl Stack {
    /// The built-in layer alone.
    pub(super) fn new() -> Self {
        Self {
            settings: Settings::default(),
            origins: BTreeMap::new(),
            notes: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Lays everything that is there, in order.
    pub(super) fn lay(&mut self, sources: &Sources) {
        for layer in FileLayer::ALL {
            let Some(path) = sources.file_of(layer) else { continue };
            let text = match &sources.instead {
                Some((of, text)) if *of == layer => Ok(Some(text.clone())),
                _ => read_file(path),
            };
            match text {
                Ok(Some(text)) => self.file(layer, &path.display().to_string(), &text),
                Ok(None) if layer == FileLayer::File => self.problem(path.display(), "there is no such file"),
                Ok(None) => {}
                Err(reason) => self.problem(path.display(), &reason),
            }
        }
        self.environment(&sources.environment);
        for flag in &sources.flags {
            self.word(flag.path, &flag.value, Layer::Flag(flag.flag.to_owned()), flag.flag);
        }
    }

    pub(super) fn problem(&mut self, place: impl fmt::Display, what: &str) {
        if self.problems.len() < PROBLEMS_MOST {
            self.problems.push(Problem { place: place.to_string(), what: what.to_owned() });
        }
    }

    fn file(&mut self, layer: FileLayer, file: &str, text: &str) {
        let leaves = match document::read(text) {
            Ok(leaves) => leaves,
            Err((byte, what)) => return self.problem(At::of(file, text, byte), &what),
        };
        let page = Page { layer, file, text };
        let mut teams: Option<Vec<TeamEntry>> = None;
        for leaf in &leaves {
            if let Some((table, ..)) = watched::entry_path(&leaf.path) {
                if layer == FileLayer::Repository {
                    self.ignored(&page, leaf, &format!("define [[{table}]]"));
                }
            } else if let Some((index, name)) = team_path(&leaf.path) {
                self.team_leaf(&page, leaf, (index, name), &mut teams);
            } else if let Some(rest) = leaf.path.strip_prefix("providers.") {
                self.provider_leaf(&page, leaf, rest);
            } else if let Some(name) = leaf.path.strip_prefix(PEOPLE) {
                self.person_leaf(&page, leaf, name);
            } else {
                self.plain_leaf(&page, leaf);
            }
        }
        if let Some(teams) = teams {
            self.settings.roster = teams;
        }
        if layer != FileLayer::Repository {
            self.watch(&leaves, (file, text));
        }
    }

    /// A file's services and probes take the place of those before it, each list as a whole.
    fn watch(&mut self, leaves: &[Leaf], page: (&str, &str)) {
        let names = |table: &str| {
            leaves.iter().any(|leaf| watched::entry_path(&leaf.path).is_some_and(|(of, ..)| of == table))
        };
        if !names("service") && !names("probe") {
            return;
        }
        let found = watched::read(leaves, page);
        for problem in found.problems {
            self.problem(problem.place, &problem.what);
        }
        let doubts = found.doubts.into_iter().take(PROBLEMS_MOST);
        self.notes.extend(doubts.map(|doubt| format!("{}: {}", doubt.place, doubt.what)));
        self.settings.policy.healing.services = found.services;
        self.settings.probes = found.probes;
    }

    fn plain_leaf(&mut self, page: &Page<'_>, leaf: &Leaf) {
        if leaf.raw == Raw::Section && watched::entry_path(&leaf.path).is_some() {
            return;
        }
        if leaf.raw == Raw::Section {
            let known = KEYS.iter().any(|key| key.path.starts_with(&format!("{}.", leaf.path)));
            if !known && leaf.path != "providers" && !self.below_unknown(page, leaf) {
                let near = nearest(&leaf.path, sections()).map(str::to_owned);
                self.unknown(page, leaf, "section", list(&leaf.path).or(near));
            }
            return;
        }
        let Some(key) = KEYS.iter().find(|key| key.path == leaf.path) else {
            if !self.below_unknown(page, leaf) {
                let near = nearest(&leaf.path, KEYS.iter().map(|key| key.path)).map(str::to_owned);
                self.unknown(page, leaf, "key", list(&leaf.path).or(near));
            }
            return;
        };
        let before = self.settings.clone();
        match page.layer {
            FileLayer::Repository if key.repo == RepoMay::Nothing => self.ignored(page, leaf, "set it"),
            _ => match key.slot.set(&mut self.settings, &leaf.raw) {
                Err(fault) => self.fault(page, leaf, &fault),
                Ok(()) if page.layer == FileLayer::Repository && !self.granted(key, &before) => {
                    self.settings = before;
                    self.ignored(page, leaf, "loosen it");
                }
                Ok(()) => {
                    self.origins.insert(leaf.path.clone(), page.layer.layer(page.at(leaf.value)));
                }
            },
        }
    }

    /// Whether a repository's value may stay, after it was set; additions are joined here.
    fn granted(&mut self, key: &Key<Settings>, before: &Settings) -> bool {
        match key.repo {
            RepoMay::Nothing => false,
            RepoMay::Set => true,
            RepoMay::Add => {
                key.slot.join(before, &mut self.settings);
                true
            }
            RepoMay::Lower => key.slot.measure(&self.settings) <= key.slot.measure(before),
        }
    }

    fn provider_leaf(&mut self, page: &Page<'_>, leaf: &Leaf, rest: &str) {
        let (word, name) = rest.split_once('.').unwrap_or((rest, ""));
        let Ok(vendor) = word.parse::<Vendor>() else {
            if name.is_empty() {
                let known = nearest(word, Vendor::ALL.map(Vendor::word));
                self.unknown(page, leaf, "vendor", known.map(|word| format!("providers.{word}")));
            }
            return;
        };
        if leaf.raw == Raw::Section && name.is_empty() {
            return;
        }
        let Some(key) = PROVIDER_KEYS.iter().find(|key| key.path == name) else {
            let known = nearest(name, PROVIDER_KEYS.iter().map(|key| key.path));
            return self.unknown(page, leaf, "key", known.map(|k| format!("providers.{vendor}.{k}")));
        };
        if page.layer == FileLayer::Repository {
            return self.ignored(page, leaf, "set it");
        }
        match key.slot.set(self.settings.providers.entry(vendor).or_default(), &leaf.raw) {
            Ok(()) => {
                self.origins.insert(leaf.path.clone(), page.layer.layer(page.at(leaf.value)));
            }
            Err(fault) => self.fault(page, leaf, &fault),
        }
    }

    /// Who may log in: a table of names, each with a role. A file's names are laid over those before it.
    fn person_leaf(&mut self, page: &Page<'_>, leaf: &Leaf, name: &str) {
        let Some(name) = name.strip_prefix('.') else { return };
        if page.layer == FileLayer::Repository {
            return self.ignored(page, leaf, "say who may log in");
        }
        let role = leaf.raw.text().ok_or_else(|| format!("expected a role, found {}", leaf.raw.sort()));
        let role = role.and_then(|word| word.parse::<Role>().map_err(|error| error.to_string()));
        match server::person(name).and(role) {
            Err(what) => self.problem(page.at(leaf.value), &format!("{}: {what}", leaf.path)),
            Ok(role) => {
                self.settings.server.people.insert(name.to_owned(), role);
                self.origins.insert(leaf.path.clone(), page.layer.layer(page.at(leaf.value)));
            }
        }
    }

    fn team_leaf(
        &mut self,
        page: &Page<'_>,
        leaf: &Leaf,
        (index, name): (usize, &str),
        teams: &mut Option<Vec<TeamEntry>>,
    ) {
        let key = TEAM_KEYS.iter().find(|key| key.path == name);
        // A team of which nothing is said is one all the same.
        let nothing = name.is_empty() && leaf.raw == Raw::Section;
        if key.is_none() && !nothing {
            let known = nearest(name, TEAM_KEYS.iter().map(|key| key.path));
            return self.unknown(page, leaf, "key", known.map(|k| format!("{k} in [[teams]]")));
        }
        if page.layer == FileLayer::Repository {
            return self.ignored(page, leaf, "define teams (brief.teams may choose among yours)");
        }
        let entries = teams.get_or_insert_with(|| {
            // A file's list replaces the one before it, and so does where its values stand.
            self.origins.retain(|path, _| !path.starts_with("teams"));
            Vec::new()
        });
        if entries.len() <= index {
            entries.resize_with(index + 1, TeamEntry::default);
        }
        let Some(entry) = entries.get_mut(index) else { return };
        // A value that is refused was written all the same: nobody is told that it is missing.
        let layer = page.layer.layer(page.at(leaf.value));
        self.origins.insert("teams".into(), layer.clone());
        let Some(key) = key else { return };
        self.origins.insert(leaf.path.clone(), layer);
        if let Err(fault) = key.slot.set(entry, &leaf.raw) {
            self.fault(page, leaf, &fault);
        }
    }

    fn environment(&mut self, environment: &Environment) {
        for key in KEYS {
            if let Some((name, value)) = key.env.and_then(|name| Some((name, environment.get(name)?))) {
                self.word(key.path, value, Layer::Environment(name.to_owned()), name);
            }
        }
        if let Some((text, name)) =
            server::from_variables(environment, self.settings.server.listen.as_deref())
        {
            self.word("server.listen", &text, Layer::Environment(name.to_owned()), name);
        }
        for vendor in Vendor::ALL {
            let name = base_url_variable(vendor);
            let Some(value) = environment.get(name) else { continue };
            let Some(key) = PROVIDER_KEYS.iter().find(|key| key.path == "base_url") else { continue };
            let raw = Raw::Word(value.to_owned());
            match key.slot.set(self.settings.providers.entry(vendor).or_default(), &raw) {
                Ok(()) => {
                    let path = format!("providers.{vendor}.base_url");
                    self.origins.insert(path, Layer::Environment(name.to_owned()));
                }
                Err(fault) => self.problem(name, &fault.message),
            }
        }
        let known = |name: &&str| !name.starts_with("CHIMERA_") || is_known_variable(name);
        for name in environment.names().filter(|name| !known(name)) {
            let hint = nearest(name, KEYS.iter().filter_map(|key| key.env));
            let hint = hint.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            self.notes.push(format!("{name} is no setting of this version and is ignored{hint}"));
        }
    }

    fn word(&mut self, path: &str, value: &str, layer: Layer, place: &str) {
        let Some(key) = KEYS.iter().find(|key| key.path == path) else {
            return self.problem(place, &format!("there is no key {path}"));
        };
        match key.slot.set(&mut self.settings, &Raw::Word(value.to_owned())) {
            Ok(()) => {
                self.origins.insert(path.to_owned(), layer);
            }
            Err(fault) => self.problem(place, &fault.message),
        }
    }

    fn fault(&mut self, page: &Page<'_>, leaf: &Leaf, fault: &super::slot::Fault) {
        let byte = fault.element.and_then(|n| leaf.elements.get(n)).copied().unwrap_or(leaf.value);
        self.problem(page.at(byte), &format!("{}: {}", leaf.path, fault.message));
    }

    fn unknown(&mut self, page: &Page<'_>, leaf: &Leaf, sort: &str, near: Option<impl fmt::Display>) {
        let hint = match near {
            Some(near) => format!("did you mean {near}?"),
            None => "`chimera config init` writes a file with every key".to_owned(),
        };
        self.problem(page.at(leaf.key), &format!("unknown {sort} {}; {hint}", leaf.path));
    }

    /// Whether the section around a leaf was reported already on this page.
    fn below_unknown(&self, page: &Page<'_>, leaf: &Leaf) -> bool {
        let start = format!("{}:", page.file);
        self.problems.iter().filter(|problem| problem.place.starts_with(&start)).any(|problem| {
            let section =
                problem.what.strip_prefix("unknown section ").and_then(|rest| rest.split(';').next());
            section.is_some_and(|section| leaf.path.starts_with(&format!("{section}.")))
        })
    }

    fn ignored(&mut self, page: &Page<'_>, leaf: &Leaf, deed: &str) {
        if leaf.raw != Raw::Section {
            let at = page.at(leaf.key);
            let path = &leaf.path;
            self.notes.push(format!("{at}: {path} is ignored: a repository's file must not {deed}"));
        }
    }
}

/// A file being laid.
struct Page<'a> {
    layer: FileLayer,
    file: &'a str,
    text: &'a str,
}

impl Page<'_> {
    fn at(&self, byte: usize) -> At {
        At::of(self.file, self.text, byte)
    }
}

/// `teams[2].name` as index and key.
pub(super) fn team_path(path: &str) -> Option<(usize, &str)> {
    let (index, rest) = path.strip_prefix("teams[")?.split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

/// How a list is written whose name stands for a section or a key.
fn list(path: &str) -> Option<String> {
    LISTS.contains(&path).then(|| format!("[[{path}]]"))
}

fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(|key| key.path.split('.').next()).chain(["providers"]).chain(LISTS)
}

/// The variable that moves a vendor's address.
#[must_use]
pub fn base_url_variable(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Anthropic => "ANTHROPIC_BASE_URL",
        Vendor::Google => "GEMINI_BASE_URL",
        Vendor::Openrouter => "OPENROUTER_BASE_URL",
        Vendor::Openai => "OPENAI_BASE_URL",
    }
}

fn is_known_variable(name: &str) -> bool {
    KEYS.iter().any(|key| key.env == Some(name))
        || name == "CHIMERA_SANDBOX_EXE"
        || network::VARIABLES.contains(&name)
}

/// A file's text; `None` if there is none.
pub(super) fn read_file(path: &Path) -> Result<Option<String>, String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(format!("cannot be opened: {e}")),
    };
    let mut bytes = Vec::new();
    file.take(FILE_MOST + 1).read_to_end(&mut bytes).map_err(|e| format!("cannot be read: {e}"))?;
    if bytes.len() as u64 > FILE_MOST {
        return Err(format!("is longer than {FILE_MOST} bytes, which no settings file is"));
    }
    String::from_utf8(bytes).map(Some).map_err(|e| {
        let good = e.utf8_error().valid_up_to();
        let line = e.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count() + 1;
        format!("is not UTF-8 at byte {good}, in line {line}; write it anew as plain text")
    })
}
