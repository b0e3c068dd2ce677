//! What is watched: `[[service]]` and `[[probe]]`, tables of the director's own files. A repository's file may define
//! none: a probe runs commands and reads files on the director's side.
//!
//! Owns their keys and what must hold of each entry; every mistake has its place. Never looks whether a thing is there.

mod entry;
mod probe;
mod service;

pub use probe::PROBE_KEYS;
pub use service::SERVICE_KEYS;

use super::document::{At, Leaf, Problem};
use crate::domain::{probe::ProbeSpec, service::Service};
use entry::Entry;
use std::collections::BTreeMap;

/// Services, and probes, of one file.
const ENTRIES_MOST: usize = 200;

/// A key of an entry, for the reference.
pub struct EntryKey {
    /// Its name.
    pub name: &'static str,
    /// What is expected, in words.
    pub form: &'static str,
    /// The built-in value, or for which types it is needed.
    pub usual: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// A table's name and place in its list, and the rest of the path.
#[must_use]
pub fn entry_path(path: &str) -> Option<(&'static str, usize, &str)> {
    let (table, rest) =
        ["service", "probe"].into_iter().find_map(|table| Some((table, path.strip_prefix(table)?)))?;
    let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
    Some((table, index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}

/// What one file says is watched.
#[derive(Debug, Default)]
pub struct Watched {
    /// Services, in order.
    pub services: Vec<Service>,
    /// Probes, in order.
    pub probes: Vec<ProbeSpec>,
    /// Mistakes.
    pub problems: Vec<Problem>,
}

/// Reads the entries of one file.
#[must_use]
pub fn read(leaves: &[Leaf], (file, text): (&str, &str)) -> Watched {
    let mut tables: BTreeMap<(&str, usize), Vec<(&str, &Leaf)>> = BTreeMap::new();
    let mut watched = Watched::default();
    for leaf in leaves {
        let Some((table, index, name)) = entry_path(&leaf.path) else { continue };
        if index >= ENTRIES_MOST {
            let what = format!("more than {ENTRIES_MOST} entries in [[{table}]]");
            watched.problems.push(Problem { place: At::of(file, text, leaf.key).to_string(), what });
            break;
        }
        tables.entry((table, index)).or_default().push((name, leaf));
    }
    for ((table, _), leaves) in &tables {
        let mut entry = Entry::new(table, leaves, (file, text));
        match *table {
            "service" => watched.services.extend(service::read(&mut entry)),
            _ => watched.probes.extend(probe::read(&mut entry)),
        }
        watched.problems.extend(entry.finish());
    }
    unique(&mut watched, file);
    join(&mut watched);
    watched
}

fn unique(watched: &mut Watched, file: &str) {
    let names = |all: Vec<&str>| -> Vec<String> {
        let mut seen = std::collections::BTreeSet::new();
        all.into_iter().filter(|name| !seen.insert(*name)).map(str::to_owned).collect()
    };
    let services = names(watched.services.iter().map(|service| service.name.as_str()).collect());
    let probes = names(watched.probes.iter().map(|probe| probe.id.as_str()).collect());
    let twice = |what: &str, name: String| Problem {
        place: file.to_owned(),
        what: format!("two {what} are named {name:?}"),
    };
    watched.problems.extend(services.into_iter().map(|name| twice("services", name)));
    watched.problems.extend(probes.into_iter().map(|name| twice("probes", name)));
}

/// A probe takes the environment of its service; a service that only probes name is there, too. What a service stands
/// on must be one.
fn join(watched: &mut Watched) {
    for probe in &mut watched.probes {
        match watched.services.iter().find(|service| service.name == probe.service) {
            Some(service) if probe.env.is_empty() => probe.env.clone_from(&service.env),
            Some(_) => {}
            None => {
                if probe.env.is_empty() {
                    probe.env = service::ENV.to_owned();
                }
                watched.services.push(Service {
                    name: probe.service.clone(),
                    env: probe.env.clone(),
                    approvers: 1,
                    tier_floor: 1,
                    ..Service::default()
                });
            }
        }
    }
    let names: Vec<&str> = watched.services.iter().map(|service| service.name.as_str()).collect();
    for service in &watched.services {
        for on in service.depends_on.iter().filter(|on| !names.contains(&on.as_str())) {
            let near = super::nearest::nearest(on, names.iter().copied());
            let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            let what = format!("service {:?} depends on {on:?}, which is none{hint}", service.name);
            watched.problems.push(Problem { place: "[[service]]".into(), what });
        }
    }
}

#[cfg(test)]
mod tests;
