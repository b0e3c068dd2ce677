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
use std::collections::{BTreeMap, BTreeSet};

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
    /// What is allowed and may not be meant.
    pub doubts: Vec<Problem>,
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
    strangers(&mut watched, &tables, (file, text));
    join(&mut watched);
    grounded(&mut watched, &tables, (file, text));
    circles(&mut watched, &tables, (file, text));
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

/// The first way along `depends_on` that comes back to the service it began with.
fn circle<'a>(services: &'a [Service], from: &'a str) -> Option<Vec<&'a str>> {
    let (mut way, mut open, mut seen) = (vec![from], vec![0], BTreeSet::new());
    while let (Some(at), Some(next)) = (way.last().copied(), open.last_mut()) {
        let service = services.iter().find(|service| service.name == at);
        let on = service.and_then(|service| service.depends_on.get(*next));
        *next += 1;
        match on {
            Some(on) if on == from => {
                way.push(from);
                return Some(way);
            }
            Some(on) if seen.insert(on.as_str()) => {
                way.push(on);
                open.push(0);
            }
            Some(_) => {}
            None => {
                way.pop();
                open.pop();
            }
        }
    }
    None
}

/// Services that stand on themselves: while one of these is down, none of them would be the cause.
fn circles(
    watched: &mut Watched,
    tables: &BTreeMap<(&str, usize), Vec<(&str, &Leaf)>>,
    (file, text): (&str, &str),
) {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for leaves in tables.iter().filter(|((table, _), _)| *table == "service").map(|(_, leaves)| leaves) {
        let of = |wanted: &str| leaves.iter().find(|(name, _)| *name == wanted).map(|(_, leaf)| *leaf);
        let (Some(name), Some(leaf)) = (of("name").and_then(|leaf| leaf.raw.text()), of("depends_on")) else {
            continue;
        };
        // One that names itself is told already.
        let way = circle(&watched.services, &name).filter(|way| way.len() > 2 && !known.contains(&name));
        let Some(way) = way else { continue };
        known.extend(way.iter().map(|on| (*on).to_owned()));
        let what = format!("depends_on in [[service]]: it comes back to itself: {}", way.join(" -> "));
        watched.problems.push(Problem { place: At::of(file, text, leaf.value).to_string(), what });
    }
}

/// A probe of a service that has no table while others have one, and is nearly called like one of these.
fn strangers(
    watched: &mut Watched,
    tables: &BTreeMap<(&str, usize), Vec<(&str, &Leaf)>>,
    (file, text): (&str, &str),
) {
    let names: Vec<&str> = watched.services.iter().map(|service| service.name.as_str()).collect();
    let named = tables.iter().filter(|((table, _), _)| *table == "probe").flat_map(|(_, leaves)| leaves);
    for (_, leaf) in named.filter(|(name, _)| *name == "service") {
        let Some(service) = leaf.raw.text().filter(|service| !names.contains(&service.as_str())) else {
            continue;
        };
        let Some(near) = super::nearest::nearest(&service, names.iter().copied()) else { continue };
        let what =
            format!("service in [[probe]]: there is no [[service]] {service:?}; did you mean {near:?}?");
        watched.doubts.push(Problem { place: At::of(file, text, leaf.value).to_string(), what });
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
