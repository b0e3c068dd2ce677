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
            "service" => {
                let read = service::read(&mut entry);
                let known = |name: &String| watched.services.iter().any(|known| known.name == *name);
                if read.as_ref().is_some_and(|new| !new.name.is_empty() && known(&new.name)) {
                    entry.wrong("name", "two services are named so");
                }
                watched.services.extend(read);
            }
            _ => {
                let read = probe::read(&mut entry);
                let known = |id: &String| watched.probes.iter().any(|known| known.id == *id);
                if read.as_ref().is_some_and(|new| !new.id.is_empty() && known(&new.id)) {
                    entry.wrong("id", "two probes are named so");
                }
                watched.probes.extend(read);
            }
        }
        watched.problems.extend(entry.finish());
    }
    join(&mut watched);
    grounded(&mut watched, &tables, (file, text));
    watched
}

/// What a service stands on must be one.
fn grounded(
    watched: &mut Watched,
    tables: &BTreeMap<(&str, usize), Vec<(&str, &Leaf)>>,
    (file, text): (&str, &str),
) {
    let names: Vec<&str> = watched.services.iter().map(|service| service.name.as_str()).collect();
    let named = tables.iter().filter(|((table, _), _)| *table == "service").flat_map(|(_, leaves)| leaves);
    for (_, leaf) in named.filter(|(name, _)| *name == "depends_on") {
        let list = leaf.raw.list().into_iter().flatten().zip(&leaf.elements);
        let list = list.filter_map(|(on, byte)| Some((on?, byte)));
        for (on, byte) in list.filter(|(on, _)| !names.contains(&on.as_str())) {
            let near = super::nearest::nearest(&on, names.iter().copied());
            let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            let what = format!("depends_on in [[service]]: there is no service {on:?}{hint}");
            watched.problems.push(Problem { place: At::of(file, text, *byte).to_string(), what });
        }
    }
}

/// A probe takes the environment of its service; a service that only probes name is there, too.
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
}

#[cfg(test)]
mod tests;
