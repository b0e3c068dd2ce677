//! The house as data: which room may use which, which words may stand in some rooms only, and how long a file may be.
//! `src/lib.rs` tells the same in prose.

mod circles;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Room, and the rooms it may use, all of them above it in this list. Whatever is not here is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("policy", &["domain"]),
    ("engine", &["domain", "policy"]),
    ("providers", &["domain"]),
    ("workspace", &["domain"]),
    ("store", &["domain"]),
    ("config", &["domain", "policy"]),
    ("agents", &["domain", "providers", "workspace"]),
    ("monitor", &["domain", "providers", "workspace"]),
    ("operations", &["domain", "providers", "workspace"]),
    (
        "runtime",
        &[
            "domain",
            "policy",
            "engine",
            "providers",
            "workspace",
            "store",
            "config",
            "agents",
            "monitor",
            "operations",
        ],
    ),
    ("server", &["domain", "policy", "engine", "providers", "config", "runtime"]),
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
            "monitor",
            "operations",
            "runtime",
            "server",
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
    ("reqwest", &["providers", "agents", "monitor", "operations", "runtime", "server"]),
    ("tokio_postgres", &["monitor"]),
    ("jiff", &["policy"]),
    ("eventsource_client", &["providers", "server"]),
    ("clap", &["cli"]),
    ("zip", &["runtime"]),
    ("argon2", &["runtime"]),
    ("tokio_rustls", &["monitor", "server"]),
    ("axum", &["server"]),
    ("hyper", &["server"]),
    ("hyper_util", &["server"]),
    ("tower", &["server"]),
];

/// What touches the world, and the rooms that may say so outside of their tests.
const WORLD: &[(&str, &[&str])] = &[
    ("SystemTime", &["runtime"]),
    (
        "fs",
        &[
            "agents",
            "cli",
            "config",
            "monitor",
            "providers",
            "runtime",
            "server",
            "store",
            "tui",
            "workspace",
        ],
    ),
    ("process::Command", &["workspace"]),
    ("thread::Builder", &["runtime", "store", "tui"]),
    ("thread::spawn", &[]),
    ("tokio::spawn", &["runtime"]),
    ("UnixListener", &["runtime", "server"]),
];

/// How the tests at a file's end begin.
const TESTS: [&str; 3] = [
    "\n#[cfg(test)]\nmod tests {",
    "\n#[cfg(test)]\npub(super) mod tests {",
    "\n#[cfg(test)]\npub(crate) mod tests {",
];

/// Lines a file may have, blank ones apart.
const LINES_MOST: usize = 600;

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

/// A source file of the house.
struct Source {
    /// Folder, or file name at the top.
    room: String,
    /// Below `src`.
    path: String,
    /// All of it.
    text: String,
    /// Without comments.
    code: String,
    /// Whether it is built for tests only.
    test: bool,
}

impl Source {
    /// The code that is shipped: nothing of a test file, and no file's tests at its end.
    fn shipped(&self) -> &str {
        if self.test {
            ""
        } else {
            TESTS.iter().fold(self.code.as_str(), |code, tests| code.split(tests).next().unwrap_or_default())
        }
    }
}

/// Every source file below `src`.
fn house() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    assert!(paths.len() > 30, "the sources were not found");
    let read = |path: PathBuf| {
        let inside = path.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        let room = inside.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code =
            text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        Source { room, path: inside, text, code, test: false }
    };
    let mut house: Vec<_> = paths.into_iter().map(read).collect();
    let tests: Vec<String> = house.iter().flat_map(tests_of).collect();
    for source in &mut house {
        let stem = source.path.trim_end_matches(".rs");
        source.test = tests.iter().any(|test| stem == test || stem.starts_with(&format!("{test}/")));
    }
    house
}

/// Modules that a file declares for tests only, as paths below `src`.
fn tests_of(source: &Source) -> Vec<String> {
    let stem = source.path.trim_end_matches(".rs");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    let declared = source
        .code
        .split("#[cfg(test)]\n")
        .skip(1)
        .filter_map(|after| after.lines().next()?.split_once("mod "));
    declared.filter_map(|(_, name)| Some(format!("{stem}/{}", name.strip_suffix(';')?))).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether a word stands in the code as the beginning or a part of a path.
fn says(code: &str, wanted: &str, starts_path: bool) -> bool {
    code.match_indices(wanted).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        code[at + wanted.len()..].starts_with("::")
            && before
                .is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-' && (c != ':' || !starts_path))
    })
}

/// Rooms named by `crate::room` and by `use crate::{room::…, room::…}`.
fn used(code: &str) -> BTreeSet<String> {
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
    for Source { room, path, code, .. } in house() {
        if room == "lib" || room == "main" {
            continue;
        }
        let Some((_, allowed)) = known(&room) else {
            wrong.push(format!("{path}: {room} is no room of the house"));
            continue;
        };
        for other in used(&code) {
            if other != room && known(&other).is_some() && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{path}: {room} may not use {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_room_is_above_and_below_another() {
    for (at, (room, allowed)) in ARROWS.iter().enumerate() {
        for other in *allowed {
            assert!(
                ARROWS[..at].iter().any(|(name, _)| name == other),
                "{room} may use {other}, which is not below it"
            );
        }
    }
}

#[test]
fn walls_hold() {
    let mut wrong = Vec::new();
    for source in house() {
        let Source { room, path, code, .. } = &source;
        for (word, rooms) in WALLS {
            if says(code, word, true) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{path}: {word} may be named in {rooms:?} only"));
            }
        }
        for (word, rooms) in WORLD {
            if says(source.shipped(), word, false) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{path}: {word} may be said in {rooms:?} only"));
            }
        }
        for word in IMPURE.iter().filter(|_| PURE.contains(&room.as_str())) {
            if code.contains(word) {
                wrong.push(format!("{path}: {room} is pure and may not say {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    let silent: Vec<_> = house()
        .into_iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "these files do not open with //!: {silent:?}");
}

#[test]
fn no_file_is_longer_than_people_can_hold() {
    let lines = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).count();
    let long: Vec<_> = house()
        .into_iter()
        .map(|source| (lines(&source.text), source.path))
        .filter(|(lines, _)| *lines > LINES_MOST)
        .collect();
    assert!(long.is_empty(), "split these by what they own, over {LINES_MOST} lines: {long:?}");
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
