//! No two files of the house use each other, by whatever way around. Read as text: what a file takes by `crate::`,
//! `super::`, `self::` and by the name of a module it declares; tests apart, re-exports followed to their source. A part
//! may use the words of the module that it is a part of: those are one thing.

use super::{Source, house, word};
use std::collections::{BTreeMap, BTreeSet};

/// Places that still hold a circle of their own, each to be taken off when it is untied.
const TIED: &[&str] = &["engine/playbook/brief/"];

/// `agents/tools/mod.rs` and `agents/tools.rs` -> `["agents", "tools"]`.
fn module_of(path: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    stem.strip_suffix("/mod").unwrap_or(stem).split('/').map(str::to_owned).collect()
}

/// The paths of a use-tree that begins here: `a::{b, c::d}` -> `a::b`, `a::c::d`.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim_start();
    if let Some(list) = tree.strip_prefix('{') {
        let (mut depth, mut from, mut found) = (1, 0, Vec::new());
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if (c == ',' && depth == 1) || depth == 0 {
                found.extend(paths(&list[from..at]));
                from = at + 1;
            }
            if depth == 0 {
                break;
            }
        }
        return found;
    }
    let name = word(tree);
    if name.is_empty() {
        return Vec::new();
    }
    let Some(rest) = tree[name.len()..].strip_prefix("::") else { return vec![vec![name]] };
    let rest = paths(rest);
    if rest.is_empty() {
        return vec![vec![name]];
    }
    rest.into_iter().map(|path| [vec![name.clone()], path].concat()).collect()
}

/// Every path in the code that begins with one of these names, and where it stands.
fn paths_from(code: &str, names: &[String]) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    for name in names {
        for (at, _) in code.match_indices(&format!("{name}::")) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                found.extend(paths(&code[at..]).into_iter().map(|path| (at, path)));
            }
        }
    }
    found
}

struct Files<'a> {
    /// By module.
    known: BTreeMap<Vec<String>, &'a Source>,
    /// What a module hands on under its own name, and whence.
    handed_on: BTreeMap<Vec<String>, Vec<String>>,
}

impl Files<'_> {
    /// A path as it stands in a module, from the top of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Vec<String> {
        let ups = path.iter().take_while(|name| *name == "super").count();
        match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("self") => [module, &path[1..]].concat(),
            Some("super") => [&module[..module.len() - ups], &path[ups..]].concat(),
            _ => [module, path].concat(),
        }
    }

    /// The module that a path ends in.
    fn owner(&self, path: Vec<String>) -> Option<Vec<String>> {
        if let Some((name, source)) = self.handed_on.iter().find(|(name, _)| path.starts_with(name)) {
            return self.owner([source, &path[name.len()..]].concat());
        }
        (1..=path.len()).rev().map(|most| path[..most].to_vec()).find(|start| self.known.contains_key(start))
    }

    fn of<'a>(sources: &'a [Source]) -> Files<'a> {
        let known = sources.iter().map(|source| (module_of(&source.path), source)).collect();
        let mut files = Files { known, handed_on: BTreeMap::new() };
        for (module, path) in
            files.mentions().into_iter().filter(|(_, _, handed)| *handed).map(|(m, p, _)| (m, p))
        {
            let Some(name) = path.last().cloned() else { continue };
            let (source, name) = (files.absolute(&module, &path), [module, vec![name]].concat());
            // A function may be called as the module it comes from.
            if !files.known.contains_key(&name) {
                files.handed_on.insert(name, source);
            }
        }
        files
    }

    /// Module, path, and whether it is only handed on.
    fn mentions(&self) -> Vec<(Vec<String>, Vec<String>, bool)> {
        let mut found = Vec::new();
        for (module, source) in &self.known {
            let children = self
                .known
                .keys()
                .filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
            let names = ["crate", "super", "self"].map(str::to_owned).into_iter();
            let names: Vec<_> = names.chain(children.filter_map(|child| child.last().cloned())).collect();
            for (at, path) in paths_from(source.shipped(), &names) {
                let handed = source.shipped()[..at].trim_end().ends_with("pub use");
                found.push((module.clone(), path, handed));
            }
        }
        found
    }

    fn arrows(&self) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
        let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (module, path, _) in self.mentions().into_iter().filter(|(.., handed)| !handed) {
            let other = self.owner(self.absolute(&module, &path));
            if let Some(other) = other.filter(|other| !module.starts_with(other)) {
                arrows.entry(module).or_default().insert(other);
            }
        }
        arrows
    }
}

#[test]
fn no_file_is_used_by_what_it_uses() {
    let sources: Vec<_> = house().into_iter().filter(|source| !source.test).collect();
    let files = Files::of(&sources);
    let arrows = files.arrows();
    assert!(arrows.values().map(BTreeSet::len).sum::<usize>() > 500, "the arrows were not found");
    let from_here = |start: &Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(module) = next.pop() {
            let news =
                arrows.get(&module).into_iter().flatten().filter(|other| seen.insert((*other).clone()));
            next.extend(news.cloned());
        }
        seen
    };
    let reached: BTreeMap<_, _> = arrows.keys().map(|module| (module, from_here(module))).collect();
    let wrong: Vec<String> = arrows
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
        .filter(|(from, to)| reached.get(to).is_some_and(|reached| reached.contains(*from)))
        .map(|(from, to)| format!("{} -> {}", files.known[from].path, files.known[to].path))
        .filter(|arrow| !TIED.iter().any(|place| arrow.matches(place).count() == 2))
        .collect();
    assert!(wrong.is_empty(), "these arrows close a circle:\n{}", wrong.join("\n"));
}
