//! Words that count once, kept over restarts: digests of what came, the oldest forgotten first. One file for each giver, a
//! line for each digest; a line is on the disk when it is acknowledged. What cannot be read counts as never written, and a
//! file that has grown to twice what is remembered is written anew.

use super::disk::write_atomically;
use crate::domain::{digest::Digest, ids::is_name};
use std::{
    collections::{BTreeSet, VecDeque},
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Bytes of a line: a digest and its end.
const LINE: u64 = 65;

/// What came of one giver. In memory only where it is given no place.
#[derive(Debug)]
pub struct Known {
    most: usize,
    all: BTreeSet<Digest>,
    order: VecDeque<Digest>,
    file: Option<PathBuf>,
    lines: usize,
}

impl Known {
    /// What is kept in this directory under this name, at most so many.
    #[must_use]
    pub fn of(dir: &Path, name: &str, most: usize) -> Self {
        // A name is a file name here, so it is looked at again.
        let mut known = Self::in_memory(most);
        known.file = is_name(name).then(|| dir.join(name));
        known.read();
        known
    }

    const fn in_memory(most: usize) -> Self {
        Self { most, all: BTreeSet::new(), order: VecDeque::new(), file: None, lines: 0 }
    }

    fn read(&mut self) {
        let Some(file) = &self.file else { return };
        let most = LINE.saturating_mul(2 * self.most as u64 + 1);
        let mut text = String::new();
        if File::open(file).and_then(|file| file.take(most).read_to_string(&mut text)).is_err() {
            // A file that is there and cannot be read is written anew with the next digest.
            self.lines = 2 * self.most;
            return;
        }
        for digest in text.lines().filter_map(|line| line.parse().ok()) {
            self.remember(digest);
        }
        // A line that was torn would spoil the next one.
        let whole = text.len() as u64 == LINE * text.lines().count() as u64;
        self.lines = if whole { text.lines().count() } else { 2 * self.most };
    }

    fn remember(&mut self, digest: Digest) {
        if self.all.insert(digest) {
            self.order.push_back(digest);
        }
        while self.order.len() > self.most {
            let oldest = self.order.pop_front();
            oldest.map(|oldest| self.all.remove(&oldest));
        }
    }

    /// Whether it came.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.all.contains(digest)
    }

    /// How many are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// It came; on the disk when this returns well, remembered until the end of this value anyhow.
    ///
    /// # Errors
    /// It could not be written; the next one writes it again.
    pub fn add(&mut self, digest: Digest) -> io::Result<()> {
        self.remember(digest);
        let Some(file) = self.file.clone() else { return Ok(()) };
        let written = if self.lines < 2 * self.most { append(&file, digest) } else { self.write_anew(&file) };
        match written {
            Ok(()) => self.lines += 1,
            Err(_) => self.lines = 2 * self.most,
        }
        written
    }

    fn write_anew(&mut self, file: &Path) -> io::Result<()> {
        fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
        let text: String = self.order.iter().map(|digest| format!("{digest}\n")).collect();
        write_atomically(&file.with_extension("new"), file, text.as_bytes())?;
        self.lines = self.order.len().saturating_sub(1);
        Ok(())
    }
}

fn append(file: &Path, digest: Digest) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    let mut out = match options.open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
            options.open(file)
        }
        opened => opened,
    }?;
    out.write_all(format!("{digest}\n").as_bytes())?;
    out.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(range: std::ops::Range<u32>) -> Vec<Digest> {
        range.map(|number| Digest::of(&number.to_be_bytes())).collect()
    }

    #[test]
    fn what_came_is_known_after_a_restart_and_the_oldest_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut known = Known::of(&dir.path().join("deep"), "github", 4);
        let all = digests(0..23);
        for (at, digest) in all.iter().enumerate() {
            assert!(!known.has(digest));
            known.add(*digest).unwrap();
            let again = Known::of(&dir.path().join("deep"), "github", 4);
            assert_eq!((again.len(), &again.order), (known.len(), &known.order), "after {at}");
            assert!(again.has(digest) && again.len() <= 4);
        }
        assert!(!known.has(&all[18]) && known.has(&all[19]));
        let bytes = fs::metadata(dir.path().join("deep/github")).unwrap().len();
        assert!(bytes <= 8 * LINE, "{bytes}");
        assert!(Known::of(&dir.path().join("deep"), "sentry", 4).is_empty());
    }

    #[test]
    fn a_torn_line_and_a_damaged_file_cost_what_was_in_them_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("github");
        let all = digests(0..3);
        for damage in [&b"0123"[..], b"no digest\n", b"\xff\xfe"] {
            let mut bytes = format!("{}\n", all[0]).into_bytes();
            bytes.extend_from_slice(damage);
            fs::write(&file, bytes).unwrap();
            let mut known = Known::of(dir.path(), "github", 8);
            assert_eq!(known.has(&all[0]), damage != b"\xff\xfe", "what is no text is not read");
            known.add(all[1]).unwrap();
            known.add(all[2]).unwrap();
            let again = Known::of(dir.path(), "github", 8);
            assert!(again.has(&all[1]) && again.has(&all[2]), "{damage:?}");
            assert!(fs::read_to_string(&file).unwrap().lines().all(|line| line.parse::<Digest>().is_ok()));
        }
    }

    #[test]
    fn a_name_that_leaves_the_directory_is_remembered_in_memory_only() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["../x", "a/b", "", "A"] {
            let mut known = Known::of(dir.path(), name, 4);
            known.add(Digest::of(b"a")).unwrap();
            assert!(known.has(&Digest::of(b"a")));
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_written_is_written_with_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("senders");
        fs::write(&place, "a file stands where the directory should").unwrap();
        let all = digests(0..2);
        let mut known = Known::of(&place, "github", 4);
        assert!(known.add(all[0]).is_err());
        assert!(known.has(&all[0]), "for as long as this lives");
        fs::remove_file(&place).unwrap();
        known.add(all[1]).unwrap();
        let again = Known::of(&place, "github", 4);
        assert!(again.has(&all[0]) && again.has(&all[1]));
    }
}
