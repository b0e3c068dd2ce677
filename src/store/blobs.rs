//! Content-addressed files for what is too big for the journal: patches, outputs, transcripts.
//!
//! `blobs/ab/cdef...` holds the bytes whose SHA-256 is `abcdef...`. A name appears only when the bytes behind
//! it are on the disk; what is read is checked against its name.

use super::disk::{sync_dir, write_atomically};
use crate::domain::{digest::Digest, time::Timestamp};
use std::{
    fs::{DirBuilder, File},
    io::{self, Read as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::UNIX_EPOCH,
};

/// Bytes of one blob.
const MOST_BLOB_BYTES: u64 = 256 << 20;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Files removed.
    pub removed: u64,
    /// Bytes they held.
    pub bytes: u64,
}

/// The blobs of one data directory.
#[derive(Debug)]
pub struct Blobs {
    dir: PathBuf,
    unique: AtomicU64,
}

impl Blobs {
    /// In `<data>/blobs`; leftovers of interrupted writes are removed.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let blobs = Self::beside(data)?;
        for leftover in std::fs::read_dir(blobs.dir.join("tmp"))? {
            std::fs::remove_file(leftover?.path())?;
        }
        Ok(blobs)
    }

    /// The same beside an owner, whose unfinished writes are left alone.
    pub(super) fn beside(data: &Path) -> io::Result<Self> {
        let dir = data.join("blobs");
        make_dir(&dir)?;
        make_dir(&dir.join("tmp"))?;
        Ok(Self { dir, unique: AtomicU64::new(0) })
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_string();
        let (head, tail) = hex.split_at(2);
        self.dir.join(head).join(tail)
    }

    /// Stores bytes durably and names them. Storing the same bytes again costs a look at the disk.
    pub fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        if bytes.len() as u64 > MOST_BLOB_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a blob of {} bytes was refused: the most is {MOST_BLOB_BYTES}", bytes.len()),
            ));
        }
        let digest = Digest::of(bytes);
        let path = self.path(&digest);
        // A file that is there but damaged is written again.
        if self.has(&digest) && self.get(digest).is_ok() {
            return Ok(digest);
        }
        if let Some(shelf) = path.parent().filter(|shelf| !shelf.exists()) {
            make_dir(shelf)?;
        }
        let unique = self.unique.fetch_add(1, Ordering::Relaxed);
        write_atomically(
            &self.dir.join("tmp").join(format!("{}-{unique}", std::process::id())),
            &path,
            bytes,
        )
        .map_err(|e| io::Error::new(e.kind(), format!("storing blob {digest} failed: {e}")))?;
        Ok(digest)
    }

    /// The bytes of that name, checked.
    pub fn get(&self, digest: Digest) -> io::Result<Vec<u8>> {
        let path = self.path(&digest);
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(MOST_BLOB_BYTES + 1).read_to_end(&mut bytes))
            .map_err(|e| io::Error::new(e.kind(), format!("reading blob {digest} failed: {e}")))?;
        if Digest::of(&bytes) == digest {
            return Ok(bytes);
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("blob {digest} is damaged: its bytes do not hash to its name"),
        ))
    }

    /// Whether a file of that name exists.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Size and last writing time of a blob.
    pub fn stat(&self, digest: &Digest) -> io::Result<(u64, Timestamp)> {
        let meta = std::fs::metadata(self.path(digest))?;
        let since = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok((meta.len(), Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))))
    }

    /// Removes one blob; nothing happens when it is absent. Answers the bytes freed.
    pub(super) fn remove(&self, digest: &Digest) -> io::Result<u64> {
        let Ok((bytes, _)) = self.stat(digest) else { return Ok(0) };
        std::fs::remove_file(self.path(digest))?;
        Ok(bytes)
    }

    /// Removes every blob last written before `older_than` that `keep` does not name.
    pub fn sweep(&self, keep: &dyn Fn(&Digest) -> bool, older_than: Timestamp) -> io::Result<Swept> {
        let mut swept = Swept::default();
        for shelf in std::fs::read_dir(&self.dir)? {
            let shelf = shelf?;
            let head = shelf.file_name().to_string_lossy().into_owned();
            if head.len() != 2 {
                continue;
            }
            for file in std::fs::read_dir(shelf.path())? {
                let name = format!("{head}{}", file?.file_name().to_string_lossy());
                let Ok(digest) = name.parse::<Digest>() else { continue };
                if keep(&digest) || self.stat(&digest)?.1 >= older_than {
                    continue;
                }
                swept.bytes += self.remove(&digest)?;
                swept.removed += 1;
            }
        }
        Ok(swept)
    }
}

fn make_dir(dir: &Path) -> io::Result<()> {
    if dir.exists() {
        return Ok(());
    }
    DirBuilder::new().mode(0o700).create(dir).or_else(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(e),
    })?;
    dir.parent().map_or(Ok(()), sync_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_checks_and_sweeps() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let (one, two) = (blobs.put(b"one").unwrap(), blobs.put(b"two").unwrap());
        assert_eq!(one, Digest::of(b"one"));
        assert_eq!(blobs.put(b"one").unwrap(), one);
        assert_eq!(blobs.get(one).unwrap(), b"one");
        assert_eq!(blobs.get(Digest::of(b"none")).unwrap_err().kind(), io::ErrorKind::NotFound);

        std::fs::write(blobs.path(&two), b"tow").unwrap();
        assert!(blobs.get(two).unwrap_err().to_string().contains("damaged"));
        assert_eq!(blobs.put(b"two").unwrap(), two);
        assert_eq!(blobs.get(two).unwrap(), b"two", "a damaged blob is healed by storing it again");

        assert_eq!(blobs.sweep(&|_| false, Timestamp(0)).unwrap(), Swept::default(), "all are younger");
        let swept = blobs.sweep(&|d| *d == one, Timestamp(i64::MAX)).unwrap();
        assert_eq!(swept, Swept { removed: 1, bytes: 3 });
        assert!(blobs.has(&one) && !blobs.has(&two));
    }

    #[test]
    fn an_interrupted_write_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(Blobs::open(dir.path()).unwrap());
        std::fs::write(dir.path().join("blobs/tmp/7"), b"half").unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        assert!(!dir.path().join("blobs/tmp/7").exists());
        assert!(blobs.put(b"x").is_ok());
    }
}
