//! Full, read-only and failing disks: what an append says then, and what stays readable.

use super::{
    Opened, Options, Store, audit,
    disk::{Disk, RealDisk, Tape},
    entry::NewEntry,
    error::StoreError,
    tests::{all, assert_dense, fill, new, open, options},
};
use crate::domain::ids::Seq;
use futures::executor::block_on;
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
};

/// What a faulty disk does next, and what it has done.
#[derive(Default)]
struct Faults {
    /// Bytes after which writing fails with this kind.
    room: Option<(usize, io::ErrorKind)>,
    sync: Option<io::ErrorKind>,
    cut: Option<io::ErrorKind>,
    open: Option<io::ErrorKind>,
    log: Vec<&'static str>,
}

#[derive(Clone, Default)]
struct FaultyDisk(Arc<Mutex<Faults>>);

struct FaultyTape(Arc<Mutex<Faults>>, Box<dyn Tape>);

impl Disk for FaultyDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Tape>> {
        match self.0.lock().unwrap().open {
            Some(kind) => Err(kind.into()),
            None => Ok(Box::new(FaultyTape(Arc::clone(&self.0), RealDisk.open(path)?))),
        }
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.0.lock().unwrap().log.push("sync_dir");
        RealDisk.sync_dir(dir)
    }
}

impl Tape for FaultyTape {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut faults = self.0.lock().unwrap();
        faults.log.push("append");
        match faults.room {
            Some((room, kind)) if room < bytes.len() => {
                self.1.append(&bytes[..room])?;
                Err(kind.into())
            }
            _ => self.1.append(bytes),
        }
    }
    fn sync(&mut self) -> io::Result<()> {
        let mut faults = self.0.lock().unwrap();
        faults.log.push("sync");
        faults.sync.map_or_else(|| self.1.sync(), |kind| Err(kind.into()))
    }
    fn cut(&mut self, len: u64) -> io::Result<()> {
        let mut faults = self.0.lock().unwrap();
        faults.log.push("cut");
        faults.cut.map_or_else(|| self.1.cut(len), |kind| Err(kind.into()))
    }
}

#[test]
fn many_appends_share_one_sync_and_are_acknowledged_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let store = Store::open_on(dir.path(), options(), Box::new(disk.clone())).unwrap().store;
    let guard = disk.0.lock().unwrap();
    // The writer is stopped at its first write; fifty more appends queue up behind it.
    let mut appends: Vec<_> = (1..=51).map(|n| Box::pin(store.append(vec![new(n)]))).collect();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for append in &mut appends {
        assert!(append.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(store.last(), Seq(0), "nothing is acknowledged before its sync");
    drop(guard);
    let seqs: Vec<Seq> = appends.into_iter().map(|append| block_on(append).unwrap()).collect();
    assert_eq!(seqs, (1..=51).map(Seq).collect::<Vec<_>>());
    let log = disk.0.lock().unwrap().log.clone();
    let syncs = log.iter().filter(|what| **what == "sync").count();
    assert!(syncs <= 3, "51 appends took {syncs} syncs");
    assert_eq!(log[0], "sync_dir", "a segment's name is durable before what it holds");
    assert_eq!(*log.last().unwrap(), "sync", "the last thing before an acknowledgement is a sync");
}

#[test]
fn a_full_disk_fails_the_append_and_nothing_else() {
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::Other] {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::default();
        let store = Store::open_on(dir.path(), options(), Box::new(disk.clone())).unwrap().store;
        fill(&store, 1..=3);
        disk.0.lock().unwrap().room = Some((100, kind));
        let failed = block_on(store.append(vec![new(4), new(5)])).unwrap_err();
        assert!(matches!(&failed, StoreError::Io { kind: found, .. } if *found == kind), "{failed}");
        assert!(failed.to_string().contains("journal"), "{failed}");
        assert_dense(&all(&store), 3);
        disk.0.lock().unwrap().room = None;
        fill(&store, 4..=6);
        assert_dense(&all(&store), 6);
        store.close();
        let Opened { store, torn, .. } = open(dir.path());
        assert_eq!(torn, None);
        assert_dense(&all(&store), 6);
    }
}

#[test]
fn a_segment_that_cannot_be_made_fails_the_append_only() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let small = Options { segment_bytes: 200, ..options() };
    let store = Store::open_on(dir.path(), small, Box::new(disk.clone())).unwrap().store;
    fill(&store, 1..=1);
    disk.0.lock().unwrap().open = Some(io::ErrorKind::StorageFull);
    assert!(block_on(store.append(vec![new(2)])).unwrap_err().to_string().contains("Make room"));
    assert_dense(&all(&store), 1);
    disk.0.lock().unwrap().open = None;
    fill(&store, 2..=2);
    fill(&store, 3..=3);
    assert_dense(&all(&store), 3);
    assert_eq!(audit::verify(dir.path()).unwrap().segments, 3);
}

#[test]
fn after_a_failed_sync_or_clean_up_nothing_more_is_taken() {
    for fault in ["sync", "cut"] {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::default();
        let store = Store::open_on(dir.path(), options(), Box::new(disk.clone())).unwrap().store;
        fill(&store, 1..=3);
        {
            let mut faults = disk.0.lock().unwrap();
            match fault {
                "sync" => faults.sync = Some(io::ErrorKind::Other),
                _ => {
                    faults.room = Some((50, io::ErrorKind::StorageFull));
                    faults.cut = Some(io::ErrorKind::Other);
                }
            }
        }
        assert!(matches!(block_on(store.append(vec![new(4)])), Err(StoreError::Io { .. })), "{fault}");
        *disk.0.lock().unwrap() = Faults::default();
        let poisoned = block_on(store.append(vec![new(4)])).unwrap_err();
        assert!(matches!(poisoned, StoreError::Poisoned(_)), "{fault}: {poisoned}");
        assert_dense(&all(&store), 3);
        store.close();
        let store = open(dir.path()).store;
        fill(&store, 4..=4);
        assert_dense(&all(&store), 4);
    }
}

#[test]
fn a_directory_that_cannot_be_written_says_so() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), b"").unwrap();
    let Err(error) = Store::open(&dir.path().join("file/data"), options()) else { panic!("opened") };
    let text = error.to_string();
    assert!(text.contains("creating the data directory") && text.contains("file/data"), "{text}");
}

/// A tmpfs of one MiB, unmounted at the end.
struct TinyDisk(tempfile::TempDir);

#[expect(clippy::disallowed_methods, reason = "mounting is what the test is about")]
fn run(program: &str, args: &[&str]) -> bool {
    std::process::Command::new(program).args(args).output().is_ok_and(|out| out.status.success())
}

impl TinyDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().to_str().unwrap();
        run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", at]).then_some(Self(dir))
    }
    fn remount(&self, option: &str) -> bool {
        run("mount", &["-o", &format!("remount,{option}"), self.0.path().to_str().unwrap()])
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        run("umount", &["-l", self.0.path().to_str().unwrap()]);
    }
}

#[test]
fn a_really_full_and_a_really_read_only_disk() {
    let Some(tiny) = TinyDisk::mount() else {
        eprintln!("SKIPPED a_really_full_and_a_really_read_only_disk: mounting a tmpfs is not allowed here");
        return;
    };
    let data = tiny.0.path().join("data");
    let store = open(&data).store;
    let big = |n| NewEntry { payload: format!("\"{}\"", "x".repeat(100_000)), ..new(n) };
    let mut kept = 0;
    let full = loop {
        match block_on(store.append(vec![big(kept + 1)])) {
            Ok(seq) => kept = seq.0,
            Err(error) => break error,
        }
        assert!(kept < 20, "a disk of 1 MiB took 2 MB");
    };
    assert!(full.to_string().contains("Make room"), "{full}");
    assert!(store.blobs().put(&[7; 300_000]).is_err());
    assert_eq!(all(&store).len() as u64, kept);
    assert_eq!(audit::verify(&data).unwrap().entries, kept);
    assert!(tiny.remount("size=8m"));
    assert_eq!(block_on(store.append(vec![big(kept + 1)])).unwrap(), Seq(kept + 1));
    store.close();
    if !tiny.remount("ro") {
        eprintln!("SKIPPED the read-only half: the tmpfs cannot be remounted read-only here");
        return;
    }
    let Err(error) = Store::open(&data, options()) else { panic!("opened on a read-only disk") };
    assert!(error.to_string().contains("writable"), "{error}");
    assert_eq!(audit::verify(&data).unwrap().entries, kept + 1);
}
