//! Runbook files: strict TOML, the shipped ones first, the director's over them.
//!
//! Owns: which keys there are, what must be so together, trying a runbook over made-up facts. A runbook is on the
//! [`Shelf`] only if everything about it is well; every mistake has file, line and column, and the good ones stay.
//! Where a director's file for a shipped runbook is broken, that runbook is on no shelf at all: what he meant to change
//! is not done the old way. Never runs anything.

mod form;
mod problem;
mod reading;
mod rules;
mod shipped;
mod simulation;
#[cfg(test)]
mod tests;

use crate::{
    config::{document::At, layers, nearest::nearest},
    domain::{
        binding::{BindError, SERVICE_VARIABLES},
        incident::star,
        runbook::{ROLLBACK, Runbook},
        service::Service,
    },
};
use form::Page;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

pub use problem::RunbookProblem;
pub use shipped::SHIPPED;

/// Files of one directory.
pub const FILES_MOST: usize = 500;

/// Where a runbook comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program.
    Shipped,
    /// A file of the director.
    File(PathBuf),
}

/// A runbook that is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    /// It.
    pub runbook: Runbook,
    /// Where it comes from.
    pub origin: Origin,
    /// Where its id stands.
    pub at: At,
    /// Where the services it is for stand.
    pub services_at: At,
}

/// Every runbook that can be used, and what is wrong with the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// By id.
    pub runbooks: Vec<Shelved>,
    /// What is wrong.
    pub problems: Vec<RunbookProblem>,
}

impl Shelf {
    /// The shipped ones alone.
    #[must_use]
    pub fn shipped() -> Self {
        Self::load(&[])
    }

    /// The shipped ones and those in these directories, later ones over earlier ones. A directory that is not there is a
    /// mistake: somebody named it.
    #[must_use]
    pub fn load(dirs: &[PathBuf]) -> Self {
        let mut shelf = Self::default();
        for (name, text) in SHIPPED {
            shelf.lay(&format!("shipped/{name}.toml"), text, Origin::Shipped, &mut BTreeSet::new());
        }
        for dir in dirs {
            shelf.directory(dir);
        }
        shelf.runbooks.sort_by(|a, b| a.runbook.id.cmp(&b.runbook.id));
        shelf
    }

    /// The runbook of that id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Runbook> {
        self.runbooks.iter().map(|shelved| &shelved.runbook).find(|runbook| runbook.id == id)
    }

    fn directory(&mut self, dir: &Path) {
        let place = |path: &Path| At { file: path.display().to_string(), line: 1, column: 1 };
        let mut files: Vec<PathBuf> = match std::fs::read_dir(dir) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).take(FILES_MOST * 4).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let what = "there is no such directory of runbooks".to_owned();
                return self.problems.push(RunbookProblem { at: place(dir), what, hint: None });
            }
            Err(error) => {
                let what = format!("the directory cannot be read: {error}");
                return self.problems.push(RunbookProblem { at: place(dir), what, hint: None });
            }
        };
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        if files.len() > FILES_MOST {
            let what = format!("more than {FILES_MOST} files; the rest is not read");
            self.problems.push(RunbookProblem { at: place(dir), what, hint: None });
            files.truncate(FILES_MOST);
        }
        let mut seen = BTreeSet::new();
        for path in files {
            let name = path.display().to_string();
            match layers::read_file(&path) {
                Ok(Some(text)) => self.lay(&name, &text, Origin::File(path), &mut seen),
                Ok(None) => {}
                Err(what) => {
                    self.withhold(path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default());
                    self.problems.push(RunbookProblem { at: place(&path), what, hint: None });
                }
            }
        }
    }

    /// Lays one file over what is there. `seen`: ids of this layer.
    fn lay(&mut self, file: &str, text: &str, origin: Origin, seen: &mut BTreeSet<String>) {
        let mut page = Page::of(file, text);
        let runbook = whole(&mut page);
        let written = page.leaf("runbook.id").and_then(|leaf| leaf.raw.text());
        let (at, services_at) = (page.at("runbook.id"), page.at("match.services"));
        match runbook {
            Some(runbook) if !seen.insert(runbook.id.clone()) => {
                let what = format!(
                    "{:?} is the id of another file in this directory; this one is left out",
                    runbook.id
                );
                self.problems.push(RunbookProblem { at, what, hint: None });
            }
            Some(mut runbook) => {
                self.withhold(&runbook.id);
                runbook.own = origin != Origin::Shipped && !is_shipped(&runbook.id);
                self.runbooks.push(Shelved { runbook, origin, at, services_at });
            }
            None => {
                let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
                let id = written.unwrap_or_else(|| stem.to_owned());
                if !seen.contains(&id) {
                    self.withhold(&id);
                }
                self.problems.append(&mut page.problems);
            }
        }
    }

    fn withhold(&mut self, id: &str) {
        self.runbooks.retain(|shelved| shelved.runbook.id != id);
    }
}

/// Whether the program has a runbook of this id: a file of the same takes its place, and is offered where that was.
fn is_shipped(id: &str) -> bool {
    id == ROLLBACK || SHIPPED.iter().any(|(name, _)| *name == id)
}

/// Reads, judges and simulates; `None` where anything is wrong.
fn whole(page: &mut Page<'_>) -> Option<Runbook> {
    let runbook = reading::read(page)?;
    rules::judge(&runbook, page);
    if page.problems.is_empty() {
        simulation::simulate(&runbook, page);
    }
    page.problems.is_empty().then_some(runbook)
}

/// Reads one file's text.
///
/// # Errors
/// Every mistake found, in order of place.
pub fn read(file: &str, text: &str) -> Result<Runbook, Vec<RunbookProblem>> {
    let mut page = Page::of(file, text);
    whole(&mut page).ok_or_else(|| {
        page.problems.sort_by_key(|problem| (problem.at.line, problem.at.column));
        page.problems
    })
}

/// Everything that is wrong: what loading found, and what does not go together with the services there are. A runbook
/// for any service (`*`) that a service does not say enough for is merely not for that one.
#[must_use]
pub fn lint(shelf: &Shelf, services: &[Service]) -> Vec<RunbookProblem> {
    let mut problems = shelf.problems.clone();
    for shelved in &shelf.runbooks {
        for service in services {
            let pattern =
                shelved.runbook.matches.services.iter().find(|pattern| star(pattern, &service.name));
            let Some(pattern) = pattern else { continue };
            match simulation::bind_sample(&shelved.runbook, service) {
                Ok(_) => {}
                Err(BindError::Unsaid { .. }) if pattern == "*" => {}
                Err(error) => problems.push(RunbookProblem {
                    at: shelved.services_at.clone(),
                    what: format!("{} for service {}: {error}", shelved.runbook.id, service.name),
                    hint: None,
                }),
            }
        }
    }
    problems
}

/// What is allowed and may not be meant: a variable of a service that no service has and nobody knows, in a file of the
/// director.
#[must_use]
pub fn doubts(shelf: &Shelf, services: &[Service]) -> Vec<RunbookProblem> {
    let mut known: BTreeSet<&str> = SERVICE_VARIABLES.iter().map(|(name, _)| *name).collect();
    known.extend(services.iter().flat_map(|service| service.variables.keys().map(String::as_str)));
    let own = shelf.runbooks.iter().filter(|shelved| shelved.origin != Origin::Shipped);
    let doubted = own.flat_map(|shelved| {
        let mut asked: BTreeSet<String> = simulation::used(&shelved.runbook).into_iter().collect();
        let declared = |name: &str| shelved.runbook.variables.contains_key(&format!("service.{name}"));
        asked.retain(|name| !known.contains(name.as_str()) && !declared(name));
        asked.into_iter().map(|name| RunbookProblem {
            at: shelved.at.clone(),
            what: format!("{} asks for service.{name}, which no service has", shelved.runbook.id),
            hint: nearest(&name, known.iter().copied()).map(|near| format!("did you mean service.{near}?")),
        })
    });
    doubted.collect()
}

/// Whether a service says everything that a runbook asks of it.
///
/// # Errors
/// What is missing or wrong.
pub fn suits(runbook: &Runbook, service: &Service) -> Result<(), BindError> {
    simulation::bind_sample(runbook, service).map(drop)
}
