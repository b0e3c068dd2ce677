//! Who listens on the service's port: the kernel's table of sockets, and whose open files they are.

use crate::{
    domain::{incident::ClueSort, text},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::{Means, Scene},
    },
};
use std::{collections::BTreeSet, fs, path::Path};

/// The state "listening" in the kernel's table.
const LISTENS: &str = "0A";
/// Open files looked at, over all processes.
const FILES_MOST: usize = 200_000;

/// Who listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listener {
    /// Nobody.
    Nobody,
    /// Somebody whose open files we may not see.
    Hidden,
    /// This process, by short name and command line.
    Process(String, String),
}

/// Looks, on a thread of its own: there may be many open files.
pub async fn look(scene: &Scene, means: &Means) -> Found {
    let variables = &scene.service.variables;
    let Some(port) = variables.get("port").and_then(|port| port.parse::<u16>().ok()) else {
        return Found::default();
    };
    let proc = means.proc.clone();
    match tokio::task::spawn_blocking(move || listener(&proc, port)).await {
        Ok(listener) => read(scene, port, &listener),
        Err(_) => Found::gap("the table of sockets could not be read"),
    }
}

/// Reads it. Whether it is the service's own process can be told only where a command or unit names it.
#[must_use]
pub fn read(scene: &Scene, port: u16, listener: &Listener) -> Found {
    let (words, owner) = match listener {
        Listener::Nobody => (format!("nobody listens on port {port}"), None),
        Listener::Hidden => (format!("somebody listens on port {port}"), None),
        Listener::Process(name, _) => (format!("“{name}” listens on port {port}"), Some(name)),
    };
    let mut piece = Piece::now(ClueSort::Process, words)
        .number("port.number", f64::from(port))
        .truth("port.listening", *listener != Listener::Nobody);
    if let Some(name) = owner {
        piece = piece.name("port.owner", name);
    }
    let variables = &scene.service.variables;
    match (listener, variables.get("command").or_else(|| variables.get("process"))) {
        (Listener::Nobody, _) => piece = piece.truth("port.taken_by_other", false),
        (Listener::Process(_, line), Some(command)) => {
            piece = piece.truth("port.taken_by_other", !line.contains(command.as_str()));
        }
        _ => {}
    }
    Found::one(piece)
}

fn listener(proc: &Path, port: u16) -> Listener {
    let tables =
        ["net/tcp", "net/tcp6"].map(|table| fs::read_to_string(proc.join(table)).unwrap_or_default());
    let inodes: BTreeSet<String> =
        tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|row| socket(row, port)).collect();
    if inodes.is_empty() {
        return Listener::Nobody;
    }
    let mut looked = 0;
    for entry in fs::read_dir(proc).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_none_or(|name| name.parse::<u32>().is_err()) {
            continue;
        }
        for file in fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten() {
            looked += 1;
            let target = fs::read_link(file.path()).unwrap_or_default();
            let inode = target.to_str().and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']'));
            if inode.is_some_and(|inode| inodes.contains(inode)) {
                return named(&entry.path());
            }
            if looked > FILES_MOST {
                return Listener::Hidden;
            }
        }
    }
    Listener::Hidden
}

fn named(dir: &Path) -> Listener {
    let read = |file: &str| fs::read(dir.join(file)).unwrap_or_default();
    let clean = |bytes: Vec<u8>, most: usize| -> String {
        text::clean_line(&String::from_utf8_lossy(&bytes).replace('\0', " "), most).into()
    };
    Listener::Process(clean(read("comm"), 32).trim().to_owned(), clean(read("cmdline"), 4_096))
}

/// The inode of a row that is of a listener on this port.
fn socket(row: &str, port: u16) -> Option<String> {
    let fields: Vec<&str> = row.split_whitespace().collect();
    let (_, own) = fields.get(1)?.split_once(':')?;
    let listens = *fields.get(3)? == LISTENS && u16::from_str_radix(own, 16) == Ok(port);
    listens.then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::Value;
    use std::net::TcpListener;

    #[tokio::test]
    async fn our_own_listener_is_found_with_its_owner() {
        let own = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = own.local_addr().unwrap().port();
        let mut scene = Scene::default();
        scene.service.variables.insert("port".into(), port.to_string());
        scene.service.variables.insert("command".into(), "a command of nobody".into());
        let piece = look(&scene, &Means::host()).await.pieces.remove(0);
        assert!(piece.facts.contains(&("port.listening".into(), Value::Truth(true))), "{piece:?}");
        assert!(piece.facts.contains(&("port.taken_by_other".into(), Value::Truth(true))), "{piece:?}");
        drop(own);
        let piece = look(&scene, &Means::host()).await.pieces.remove(0);
        assert!(piece.facts.contains(&("port.listening".into(), Value::Truth(false))), "{piece:?}");
    }

    #[test]
    fn a_service_is_not_the_other_who_took_its_port() {
        let mut scene = Scene::default();
        scene.service.variables.insert("command".into(), "node server.js".into());
        let taken = |listener: &Listener| {
            let facts = read(&scene, 80, listener).pieces.remove(0).facts;
            facts.iter().find(|(name, _)| name == "port.taken_by_other").map(|(_, value)| value.clone())
        };
        let process = |line: &str| Listener::Process("node".into(), line.into());
        assert_eq!(taken(&process("node server.js")), Some(Value::Truth(false)));
        assert_eq!(taken(&process("nginx -g daemon off;")), Some(Value::Truth(true)));
        assert_eq!(taken(&Listener::Hidden), None);
    }
}
