//! The house as data: which room may use which, and which words may stand in one room only.
//! `src/lib.rs` tells the same in prose.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Room, and the rooms it may use. Whatever is not here is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("policy", &["domain"]),
    ("engine", &["domain", "policy"]),
    ("providers", &["domain"]),
    ("workspace", &["domain"]),
    ("store", &["domain"]),
    ("config", &["domain", "policy"]),
    ("agents", &["domain", "providers", "workspace"]),
    ("operations", &["domain", "providers", "workspace"]),
    (
        "runtime",
        &["domain", "policy", "engine", "providers", "workspace", "store", "config", "agents", "operations"],
    ),
    ("tui", &["domain", "policy", "engine", "runtime", "config"]),
    (
        "cli",
        &[
            "domain",
            "policy",
            "engine",
            "providers",
            "workspace",
            "store",
            "config",
            "agents",
            "operations",
            "runtime",
            "tui",
        ],
    ),
];

/// Crates and modules that may be named in these rooms only.
const WALLS: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("ratatui_textarea", &["tui"]),
    ("syntect", &["tui"]),
    ("sled", &["store"]),
    ("landlock", &["workspace"]),
    ("seccompiler", &["workspace"]),
    ("reqwest", &["providers", "agents"]),
    ("eventsource_client", &["providers"]),
    ("clap", &["cli"]),
];

/// What the pure rooms must never say.
const IMPURE: &[&str] = &[
    "tokio::",
    "std::fs",
    "std::process",
    "std::net",
    "std::thread",
    "SystemTime",
    "Instant::",
    "std::env",
    "rand::",
];
const PURE: &[&str] = &["domain", "policy", "engine"];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file below `src`: room (folder, or file name at the top), path, code without `//` comments.
fn house() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    assert!(paths.len() > 30, "the sources were not found");
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&src).unwrap().to_path_buf();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code =
            text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        (first.trim_end_matches(".rs").to_owned(), inside, code)
    };
    paths.into_iter().map(read).collect()
}

/// Rooms named by `crate::room` and by `use crate::{room::…, room::…}`.
fn used(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            rooms.insert(word(rest));
            continue;
        };
        let mut depth = 1;
        let mut start = true;
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => start = true,
                c if start && c.is_alphabetic() => {
                    rooms.insert(word(&list[i..]));
                    start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    rooms
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    let known = |room: &str| ARROWS.iter().find(|(name, _)| *name == room);
    let mut wrong = Vec::new();
    for (room, path, code) in house() {
        if room == "lib" || room == "main" {
            continue;
        }
        let Some((_, allowed)) = known(&room) else {
            wrong.push(format!("{}: {room} is no room of the house", path.display()));
            continue;
        };
        for other in used(&code) {
            if other != room && known(&other).is_some() && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{}: {room} may not use {other}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn walls_hold() {
    let says = |code: &str, word: &str| {
        code.match_indices(word).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            let after = &code[at + word.len()..];
            after.starts_with("::")
                && before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '-')
        })
    };
    let mut wrong = Vec::new();
    for (room, path, code) in house() {
        for (word, rooms) in WALLS {
            if says(&code, word) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{}: {word} may be named in {rooms:?} only", path.display()));
            }
        }
        for word in IMPURE.iter().filter(|_| PURE.contains(&room.as_str())) {
            if code.contains(word) {
                wrong.push(format!("{}: {room} is pure and may not say {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let silent: Vec<_> = house()
        .into_iter()
        .filter(|(_, path, _)| !fs::read_to_string(src.join(path)).unwrap().starts_with("//!"))
        .map(|(_, path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "these files do not open with //!: {silent:?}");
}

#[test]
fn every_test_file_is_part_of_the_one_binary() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let all = fs::read_to_string(tests.join("all.rs")).unwrap();
    for entry in fs::read_dir(&tests).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_module = path.extension().is_some_and(|e| e == "rs") || path.join("mod.rs").exists();
        assert!(!is_module || name == "all" || all.contains(&format!("mod {name};")), "{name} is forgotten");
    }
}
