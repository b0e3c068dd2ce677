//! Directories that have a bound of their own: how much is in them now, counted by our own look. Bounded in entries, and on
//! a thread of its own: a dead mount may never answer.

use crate::{
    domain::{incident::ClueSort, text},
    monitor::investigate::{
        findings::{Found, Piece},
        scene::Scene,
    },
};
use std::{fs, path::PathBuf};

/// Entries that are counted; a directory of more is said to hold at least that much.
const ENTRIES_MOST: usize = 200_000;

/// Looks at the first directory whose bound a probe finds broken.
pub async fn look(scene: &Scene) -> Found {
    let broken = scene.checks(&scene.service.name).find_map(|(_, check)| {
        let bound: f64 = check.labels.get("limit")?.parse().ok()?;
        let path = check.labels.get("path").filter(|path| path.starts_with('/') && !check.ok)?;
        Some((PathBuf::from(path), bound))
    });
    let Some((path, bound)) = broken else { return Found::default() };
    let counting = path.clone();
    let Ok(bytes) = tokio::task::spawn_blocking(move || size(counting)).await else {
        return Found::gap("the directory did not answer");
    };
    let shown = text::clean_line(&path.display().to_string(), 120).to_string();
    let words = format!("{shown} holds {bytes} bytes, {bound} at most");
    let piece = Piece::now(ClueSort::Host, words).name("directory.path", &shown);
    Found::one(piece.number("directory.bytes", bytes as f64).number("directory.bound", bound))
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
