//! How full a file system is, by bytes and by inodes, and how large a directory has grown. Counts what is allocated, as
//! `du` does; stays on one file system, follows no link, and stops counting at a bound, which is said. Changes nothing.

use super::{
    found::{fails, holds, with},
    past::Past,
    reach,
};
use crate::domain::{
    probe::ProbeSpec,
    signal::{Check, Reading, kind},
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

/// Entries of a directory that are counted, with all below it.
const ENTRIES_MOST: usize = 1_000_000;
/// Directories that wait to be counted.
const WAITING_MOST: usize = 100_000;
/// Bytes of one block, as files count them.
const BLOCK: u64 = 512;

/// What is looked at.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Where.
    pub path: PathBuf,
    /// Fullness in percent from which it is wrong.
    pub full_pct: u8,
    /// Bytes that it may hold.
    pub size_most: Option<u64>,
}

/// Room of a file system.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Room {
    /// Bytes in use and bytes that may be used.
    bytes: (u64, u64),
    /// The same of inodes; none where they are made as they are needed.
    inodes: Option<(u64, u64)>,
}

/// What a directory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    bytes: u64,
    /// Whether everything was counted.
    whole: bool,
}

/// Looks once.
///
/// # Errors
/// There is nothing at the path, or it cannot be read; or its disk hangs.
pub(super) async fn look(spec: &ProbeSpec, place: Place, past: &Past) -> Result<Vec<Reading>, String> {
    let wanted = place.clone();
    let work = move |left: &AtomicBool| -> Result<(Room, Option<Size>), String> {
        let size = wanted.size_most.map(|_| size(&wanted.path, left)).transpose()?;
        Ok((room(&wanted.path)?, size))
    };
    let (room, size) = past.desk.work(work).await??;
    let path = place.path.display().to_string();
    let labels = |name: &str| {
        BTreeMap::from([("path".to_owned(), reach::clean(&path)), ("of".to_owned(), name.to_owned())])
    };
    let check = |name: &str, words: String| -> Check {
        with(holds(name, kind::DISK_FULL, spec.severity, reach::clean(&words)), &[("path", &path)])
    };
    let mut readings = Vec::new();
    let mut counted = |name: &str, metric: &str, (used, all): (u64, u64), shown: &dyn Fn(u64) -> String| {
        let pct = percent(used, all);
        let words = format!("{path}: {pct:.1} % of its {name} are used, {} of {}", shown(used), shown(all));
        let labels_of = [("used_pct", format!("{pct:.1}")), ("size", all.to_string())];
        let found =
            with(check(name, words), &labels_of.each_ref().map(|(name, value)| (*name, value.as_str())));
        readings.push(Reading::Check(if pct >= f64::from(place.full_pct) { fails(found) } else { found }));
        readings.push(Reading::Sample { metric: metric.to_owned(), value: pct, labels: labels(name) });
    };
    counted("bytes", "disk_used_pct", room.bytes, &bytes);
    if let Some(inodes) = room.inodes {
        counted("inodes", "inodes_used_pct", inodes, &|count| count.to_string());
    }
    if let (Some(most), Some(size)) = (place.size_most, size) {
        let least = if size.whole { "" } else { "at least " };
        let words = format!("{path} holds {least}{}, {} are allowed", bytes(size.bytes), bytes(most));
        let found =
            with(check("size", words), &[("size", &size.bytes.to_string()), ("limit", &most.to_string())]);
        match size {
            size if size.bytes > most => readings.push(Reading::Check(fails(found))),
            Size { whole: true, .. } => readings.push(Reading::Check(found)),
            // What was not counted may be too much.
            _ => readings
                .push(Reading::Blind(format!("{} has more entries than are counted", reach::clean(&path)))),
        }
        readings.push(Reading::Sample {
            metric: "dir_bytes".to_owned(),
            value: size.bytes as f64,
            labels: labels("size"),
        });
    }
    Ok(readings)
}

/// As `df` reckons it: what is kept back for the superuser counts for nobody.
fn room(path: &Path) -> Result<Room, String> {
    let stat =
        rustix::fs::statvfs(path).map_err(|error| format!("cannot look at {}: {error}", path.display()))?;
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let bytes = (
        used.saturating_mul(stat.f_frsize),
        used.saturating_add(stat.f_bavail).saturating_mul(stat.f_frsize),
    );
    let inodes = (stat.f_files > 0).then(|| (stat.f_files.saturating_sub(stat.f_ffree), stat.f_files));
    Ok(Room { bytes, inodes })
}

/// What a file or directory holds with all below it. Ends early when nobody waits for it any more.
fn size(path: &Path, left: &AtomicBool) -> Result<Size, String> {
    let said = |error: std::io::Error| format!("cannot look at {}: {error}", path.display());
    let top = fs::metadata(path).map_err(said)?;
    let mut size = Size { bytes: top.blocks().saturating_mul(BLOCK), whole: true };
    if !top.is_dir() {
        return Ok(size);
    }
    let mut waiting = vec![path.to_owned()];
    // That the top cannot be read is an error; what is below may come and go.
    fs::read_dir(path).map_err(said)?;
    let mut entries = 0;
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            entries += 1;
            if entries > ENTRIES_MOST || left.load(Ordering::Acquire) {
                return Ok(Size { whole: false, ..size });
            }
            let Some(found) = entry.metadata().ok().filter(|found| found.dev() == top.dev()) else {
                continue;
            };
            size.bytes = size.bytes.saturating_add(found.blocks().saturating_mul(BLOCK));
            if found.is_dir() && waiting.len() < WAITING_MOST {
                waiting.push(entry.path());
            } else if found.is_dir() {
                size.whole = false;
            }
        }
    }
    Ok(size)
}

fn percent(used: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { used as f64 / all as f64 * 100.0 }
}

/// In the unit that fits.
fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < units.len() {
        value /= 1_024.0;
        unit += 1;
    }
    let unit = units.get(unit).copied().unwrap_or_default();
    if count < 1_024 { format!("{count} B") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{incident::Severity, probe::Source, time::Millis};

    async fn looked(path: &Path, full_pct: u8, size_most: Option<u64>) -> Result<Vec<Reading>, String> {
        let spec = ProbeSpec {
            id: "disk".into(),
            service: "api".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(5),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P2,
            source: Source::Disk { path: path.display().to_string(), full_pct, size_most },
        };
        look(&spec, Place { path: path.to_owned(), full_pct, size_most }, &Past::default()).await
    }

    fn check(found: &[Reading], name: &str) -> Option<Check> {
        let mut named = found.iter().filter_map(|reading| match reading {
            Reading::Check(check) if check.name == name => Some(check.clone()),
            _ => None,
        });
        named.next()
    }

    #[tokio::test]
    async fn c2_a_file_system_is_full_from_its_bound_on_and_says_how_full() {
        let dir = tempfile::tempdir().unwrap();
        let full = looked(dir.path(), 0, None).await.unwrap();
        let bytes = check(&full, "bytes").unwrap();
        assert!(!bytes.ok && bytes.kind == kind::DISK_FULL, "{bytes:?}");
        assert_eq!(bytes.labels["path"], dir.path().display().to_string());
        let used: f64 = bytes.labels["used_pct"].parse().unwrap();
        assert!((0.0..=100.0).contains(&used) && bytes.labels["size"].parse::<u64>().unwrap() > 0);
        let roomy = looked(dir.path(), 101, None).await.unwrap();
        assert!(check(&roomy, "bytes").unwrap().ok && check(&roomy, "size").is_none());
        assert!(
            roomy.iter().any(
                |reading| matches!(reading, Reading::Sample { metric, .. } if metric == "disk_used_pct")
            )
        );
    }

    #[tokio::test]
    async fn c2_a_directory_that_has_grown_too_large_is_told_with_its_size() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/big"), vec![1; 300_000]).unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("a/link")).unwrap();
        let found = looked(dir.path(), 101, Some(200_000)).await.unwrap();
        let size = check(&found, "size").unwrap();
        let counted: u64 = size.labels["size"].parse().unwrap();
        assert!(!size.ok && (300_000..400_000).contains(&counted), "{size:?}");
        let found = looked(dir.path(), 101, Some(1 << 40)).await.unwrap();
        assert!(check(&found, "size").unwrap().ok);
        let found = looked(&dir.path().join("a/b/big"), 101, Some(1_000)).await.unwrap();
        assert!(!check(&found, "size").unwrap().ok, "a file alone");
    }

    #[tokio::test]
    async fn c2_a_path_that_is_not_there_makes_blind() {
        let dir = tempfile::tempdir().unwrap();
        for size in [None, Some(1)] {
            let why = looked(&dir.path().join("none"), 90, size).await.unwrap_err();
            assert!(why.contains("none"), "{why}");
        }
    }

    #[test]
    fn a_count_that_nobody_waits_for_ends_and_says_that_it_is_not_whole() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        let size_of = |left: bool| size(dir.path(), &AtomicBool::new(left)).unwrap().whole;
        assert!(size_of(false) && !size_of(true));
    }

    #[test]
    fn sizes_are_said_in_the_unit_that_fits() {
        let said = [0, 1_023, 1_536, 5 << 30, u64::MAX].map(bytes);
        assert_eq!(said, ["0 B", "1023 B", "1.5 KiB", "5.0 GiB", "16384.0 PiB"]);
        assert!((percent(1, 4) - 25.0).abs() < f64::EPSILON && percent(1, 0) == 0.0);
    }
}
