//! The journal against a bare append with fdatasync of as many bytes, and opening a long history again.

use crate::harness::{Pair, pair, row, span, timed, times};
use chimera::{
    domain::{
        ids::{MissionId, Seq},
        time::Timestamp,
    },
    store::{Options, Store, entry::NewEntry, history::Query},
};
use futures::executor::block_on;
use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::Duration,
};

/// Appends of one run.
const APPENDS: u64 = 20;
/// Events of the long history; `CHIMERA_BENCH_EVENTS` says otherwise.
const EVENTS: u64 = 1_000_000;
/// Entries of one append while it is made.
const FILL: u64 = 4_000;
/// A state as large as one with two hundred missions.
const STATE: usize = 512 * 1024;

fn entry(n: u64) -> NewEntry {
    let kind = ["team.turn_finished", "money.reserved", "money.settled", "effect.started"][n as usize % 4];
    let payload = format!(
        r#"{{"team":[{n},1,{{"turn_finished":{{"turn":{n},"transcript":"sha256:0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b","commit":"9c7f63a1f8f3a2b5c1d0e4f5a6b7c8d9e0f1a2b3"}}}}]}}"#
    );
    NewEntry {
        at: Timestamp(1_790_000_000_000 + n as i64),
        actor: "engine".into(),
        kind: kind.into(),
        mission: Some(MissionId(n / 500 + 1)),
        payload,
    }
}

fn open(data: &Path) -> (Store, Option<(Seq, Vec<u8>)>) {
    let opened = Store::open(data, Options::new(Timestamp(1_790_000_000_000), "bench")).unwrap();
    (opened.store, opened.state)
}

fn bytes_in(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).unwrap().flatten();
    let logs = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "log"));
    logs.map(|file| file.metadata().unwrap().len()).sum()
}

/// On the disk that the build is on: a temporary directory may be memory.
fn place() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn appends(batch: u64) {
    let dir = place();
    let data = dir.path().join("data");
    let (store, _) = open(&data);
    let mut next = 0;
    let mut run = || {
        let groups: Vec<Vec<NewEntry>> = (0..APPENDS)
            .map(|_| {
                next += batch;
                (next - batch..next).map(entry).collect()
            })
            .collect();
        timed(|| groups.into_iter().map(|group| block_on(store.append(group)).unwrap()).last())
    };
    let before = bytes_in(&data.join("journal"));
    run();
    let bytes = bytes_in(&data.join("journal")) - before;
    let piece = vec![b'x'; usize::try_from(bytes / APPENDS).unwrap()];
    let mut bare = File::options().create(true).append(true).open(dir.path().join("bare")).unwrap();
    let floor = || {
        timed(|| {
            for _ in 0..APPENDS {
                bare.write_all(&piece).unwrap();
                bare.sync_data().unwrap();
            }
        })
    };
    let Pair { value, floor } = pair(run, floor);
    let each = Pair { value: value / APPENDS as u32, floor: floor / APPENDS as u32 };
    times(&format!("journal append, batch {batch} ({} bytes)", piece.len()), &each, "<= 2.00x");
}

fn reopening() {
    let wanted = std::env::var("CHIMERA_BENCH_EVENTS").ok().and_then(|words| words.parse().ok());
    let events: u64 = wanted.unwrap_or(EVENTS);
    let dir = place();
    let data = dir.path().join("data");
    let making = timed(|| {
        let (store, _) = open(&data);
        for from in (0..events).step_by(FILL as usize) {
            let group = (from..(from + FILL).min(events)).map(entry).collect();
            block_on(store.append(group)).unwrap();
        }
        store.save_state(store.last(), &vec![b'1'; STATE]).unwrap();
        store.query(&Query::default()).unwrap();
        store.close();
    });
    let bytes = bytes_in(&data.join("journal"));
    row(&format!("making {events} events, {} MB", bytes >> 20), &span(making), "", 0.0, "");
    let floor = || {
        timed(|| {
            let files = fs::read_dir(data.join("journal")).unwrap().flatten();
            files.map(|file| fs::read(file.path()).unwrap().len()).sum::<usize>()
        })
    };
    let again = || {
        timed(|| {
            let (store, state) = open(&data);
            let (seq, _) = state.unwrap();
            assert_eq!(store.read_from(Seq(seq.0 + 1)).unwrap().count(), 0);
            drop(store);
        })
    };
    times(
        &format!("reopen with {events} events from a snapshot"),
        &pair(again, floor),
        "<= 1 s (floor: read it all)",
    );
    let asked = |drop_index: bool| -> Duration {
        if drop_index {
            fs::remove_dir_all(data.join("history")).unwrap();
        }
        let (mut found, mut opened) = (0, None);
        let time = timed(|| {
            let (store, _) = open(&data);
            found = store.query(&Query::default()).unwrap().len();
            opened = Some(store);
        });
        assert_eq!(found, 100);
        opened.unwrap().close();
        time
    };
    times("  and the first question answered", &pair(|| asked(false), floor), "<= 1 s");
    times("  and answered with the sled index deleted", &pair(|| asked(true), floor), "<= 10 s");
}

pub fn measure() {
    [1, 10, 100, 1_000].into_iter().for_each(appends);
    reopening();
}
