//! Where a followed file has been read to, kept over restarts. A place names the file by device and inode, and by a
//! digest of how it begins, because inodes are given out again. Written whole: a new file takes the old one's name, so
//! that a reader finds one or the other. What cannot be read counts as never written.

use crate::domain::{digest::Digest, ids::is_name, probe::ProbeSpec};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

/// Bytes at the beginning of a file by which it is known again.
pub(super) const HEAD_MOST: usize = 256;
/// Bytes of the file with places.
const LEDGER_MOST: u64 = 64 * 1024;
/// Places kept of one probe.
pub(super) const PLACES_MOST: usize = 8;

/// How far one file has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Device.
    pub dev: u64,
    /// Inode.
    pub ino: u64,
    /// Bytes whose lines have been told.
    pub offset: u64,
    /// How many bytes of the beginning are known.
    pub head: usize,
    /// Their digest.
    pub digest: String,
}

impl Place {
    /// Whether a file that begins so is the one.
    pub(super) fn begins(&self, head: &[u8]) -> bool {
        head.get(..self.head).is_some_and(|known| digest(known) == self.digest)
    }
}

/// Digest of a beginning.
pub(super) fn digest(head: &[u8]) -> String {
    Digest::of(head).to_string()
}

/// What is written.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    path: String,
    places: Vec<Place>,
}

/// Where the places of one probe are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ledger {
    file: Option<PathBuf>,
    path: String,
}

impl Ledger {
    /// The ledger of this probe that follows this path; keeps nothing where there is no directory for it.
    pub(super) fn of(spec: &ProbeSpec, path: &str, positions: Option<&Path>) -> Self {
        // An id is a file name here, so it is looked at again.
        let file = positions.filter(|_| is_name(&spec.id)).map(|dir| dir.join(format!("{}.json", spec.id)));
        Self { file, path: path.to_owned() }
    }

    /// What was kept of this path.
    pub(super) fn read(&self) -> Vec<Place> {
        let Some(file) = &self.file else { return Vec::new() };
        let mut bytes = Vec::new();
        let read = fs::File::open(file).and_then(|file| file.take(LEDGER_MOST).read_to_end(&mut bytes));
        let written: Option<Written> = read.ok().and_then(|_| serde_json::from_slice(&bytes).ok());
        let written = written.filter(|written| written.path == self.path);
        written.map(|written| written.places.into_iter().take(PLACES_MOST).collect()).unwrap_or_default()
    }

    /// Keeps these instead; they are on the disk when it returns.
    pub(super) fn write(&self, places: &[Place]) -> io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let dir = file.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(dir)?;
        let written = Written { path: self.path.clone(), places: places.to_vec() };
        let fresh = file.with_extension("json.new");
        let mut out = fs::File::create(&fresh)?;
        out.write_all(&serde_json::to_vec(&written)?)?;
        out.sync_data()?;
        fs::rename(&fresh, file)?;
        fs::File::open(dir)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{incident::Severity, probe::Source, time::Millis};

    fn spec(id: &str) -> ProbeSpec {
        ProbeSpec {
            id: id.into(),
            service: "api".into(),
            env: "production".into(),
            every: Millis::secs(1),
            timeout: Millis::secs(1),
            heartbeat: Millis::secs(3),
            quiet_most: None,
            severity: Severity::P2,
            source: Source::File { path: "/var/log/a.log".into() },
        }
    }

    #[test]
    fn places_come_back_for_the_same_path_only_and_damage_counts_as_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::of(&spec("api-log"), "/var/log/a.log", Some(&dir.path().join("deep")));
        assert_eq!(ledger.read(), Vec::new());
        let place = Place { dev: 1, ino: 2, offset: 3, head: 2, digest: digest(b"ab") };
        ledger.write(std::slice::from_ref(&place)).unwrap();
        assert_eq!(ledger.read(), std::slice::from_ref(&place));
        let other = Ledger::of(&spec("api-log"), "/var/log/b.log", Some(&dir.path().join("deep")));
        assert_eq!(other.read(), Vec::new());
        fs::write(dir.path().join("deep/api-log.json"), "{\"path\":").unwrap();
        assert_eq!(ledger.read(), Vec::new());
        assert!(place.begins(b"abc") && !place.begins(b"a") && !place.begins(b"xbc"));
    }

    #[test]
    fn an_id_that_leaves_the_directory_keeps_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for id in ["../x", "a/b", "", "A"] {
            let ledger = Ledger::of(&spec(id), "/x", Some(dir.path()));
            ledger.write(&[]).unwrap();
            assert_eq!(ledger.file, None, "{id}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
