//! Directories that have a bound of their own: how much is in them now, counted by our own look. Bounded in entries, and on
//! a thread of its own: a dead mount may never answer.

use crate::{
    domain::{incident::ClueSort, signal::kind, text},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::Scene,
    },
};
use std::{fs, path::PathBuf};

/// Entries that are counted; a directory of more is said to hold at least that much.
const ENTRIES_MOST: usize = 200_000;

/// Directories of one service that are counted.
const DIRECTORIES_MOST: usize = 4;

/// Looks at the directories whose bound a probe knows, whatever it last found there: the first that is over its bound, or
/// the first. What a service suffers from is often seen before its probe has looked again.
pub async fn look(scene: &Scene) -> Found {
    let mut bounds: Vec<(PathBuf, f64)> = Vec::new();
    for (_, check) in scene.checks(&scene.service.name).filter(|(_, check)| check.kind == kind::DISK_FULL) {
        let bound = check.labels.get("limit").and_then(|limit| limit.parse().ok());
        let path = check.labels.get("path").filter(|path| path.starts_with('/')).map(PathBuf::from);
        if let (Some(bound), Some(path)) = (bound, path)
            && bounds.len() < DIRECTORIES_MOST
            && bounds.iter().all(|(known, _)| *known != path)
        {
            bounds.push((path, bound));
        }
    }
    if bounds.is_empty() {
        return Found::default();
    }
    let counted = tokio::task::spawn_blocking(move || count(bounds)).await;
    let Ok(Some((path, bytes, bound))) = counted else { return Found::gap("the directory did not answer") };
    let shown = text::clean_line(&path.display().to_string(), 120).to_string();
    let words = format!("{shown} holds {bytes} bytes, {bound} at most");
    let piece = Piece::now(ClueSort::Host, words).name("directory.path", &shown);
    Found::one(piece.number("directory.bytes", bytes as f64).number("directory.bound", bound))
}

fn count(bounds: Vec<(PathBuf, f64)>) -> Option<(PathBuf, u64, f64)> {
    let mut first = None;
    for (path, bound) in bounds {
        let bytes = size(path.clone());
        if bytes as f64 > bound {
            return Some((path, bytes, bound));
        }
        first.get_or_insert((path, bytes, bound));
    }
    first
}

/// Bytes of plain files below it; links are not followed.
fn size(top: PathBuf) -> u64 {
    let (mut open, mut bytes, mut seen) = (vec![top], 0_u64, 0_usize);
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            seen += 1;
            if seen > ENTRIES_MOST {
                return bytes;
            }
            match entry.metadata() {
                Ok(found) if found.is_dir() => open.push(entry.path()),
                Ok(found) if found.is_file() => bytes = bytes.saturating_add(found.len()),
                _ => {}
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            expr::Value,
            incident::Severity,
            signal::{Check, Observation, Reading},
            time::{Millis, Timestamp},
        },
        monitor::investigate::scene::Newest,
    };
    use std::path::Path;

    fn held(path: &Path, bound: u64) -> Newest {
        let labels = [("path", path.display().to_string()), ("limit", bound.to_string())];
        let check = Check {
            name: "size".into(),
            kind: kind::DISK_FULL,
            ok: true,
            severity: Severity::P2,
            words: String::new(),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).into(),
        };
        let seen = Observation { probe: "cache".into(), at: Timestamp(1), reading: Reading::Check(check) };
        Newest { service: "web".into(), every: Millis::secs(60), seen, lapsed: false }
    }

    #[tokio::test]
    async fn what_outgrew_its_bound_since_the_probe_looked_is_found() {
        let (small, large) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(large.path().join("receipts"), vec![0; 2_000]).unwrap();
        let mut scene = Scene::default();
        scene.service.name = "web".into();
        scene.readings = vec![held(small.path(), 1_000), held(large.path(), 1_000)];
        let found = look(&scene).await;
        let facts: Vec<_> = found.pieces.iter().flat_map(|piece| &piece.facts).collect();
        assert!(facts.contains(&&("directory.bytes".into(), Value::Number(2_000.0))), "{facts:?}");
        scene.readings.pop();
        let found = look(&scene).await;
        let facts: Vec<_> = found.pieces.iter().flat_map(|piece| &piece.facts).collect();
        assert!(facts.contains(&&("directory.bytes".into(), Value::Number(0.0))), "{facts:?}");
    }
}
