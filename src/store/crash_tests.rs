//! kill -9 at any moment: nothing acknowledged is lost, and the store always opens again.
//!
//! The test binary runs itself as a child that appends and prints each acknowledged seq; the parent kills it
//! after reading some number of lines, never after some time, and opens the directory.

#![expect(clippy::disallowed_methods, reason = "a process must be started to be killed")]

use super::{
    audit,
    history::Query,
    tests::{new, open},
};
use crate::domain::ids::{MissionId, Seq};
use futures::executor::block_on;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
};

const CHILD_DIR: &str = "CHIMERA_CRASH_TEST_DIR";
/// Kills after some number of acknowledgements.
const KILLS: u64 = 60;
/// Tries to catch sled writing a snapshot.
const SNAPSHOT_KILLS: u64 = 25;
/// Most lines the parent waits for.
const MOST_ACKS: u64 = 40;

/// Not a test by itself: does nothing unless the parent asks.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let store = open(Path::new(&dir)).store;
    let mut out = std::io::stdout();
    let mut next = store.last().0 + 1;
    loop {
        let count = next % 7 + 1;
        let seq = block_on(store.append((next..next + count).map(new).collect())).unwrap();
        writeln!(out, "\nack {}", seq.0).unwrap();
        if next.is_multiple_of(3) {
            store.query(&Query { limit: 1, ..Query::default() }).unwrap();
        }
        if next.is_multiple_of(11) {
            store.save_state(seq, format!("state at {}", seq.0).as_bytes()).unwrap();
        }
        next = seq.0 + 1;
    }
}

fn start_child(dir: &Path) -> Child {
    let name = "store::crash_tests::child_that_appends_until_it_is_killed";
    Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the child when `enough` says so of the acknowledged count; answers the last acknowledged seq.
fn kill_when(mut child: Child, mut enough: impl FnMut(u64) -> bool) -> u64 {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut acked, mut count) = (0, 0);
    while !enough(count) {
        let line = lines.next().expect("the child ended by itself").unwrap();
        if let Some(seq) = line.strip_prefix("ack ") {
            acked = seq.parse().unwrap();
            count += 1;
        }
    }
    child.kill().unwrap();
    // What it had acknowledged before the kill reached it counts too. A last line may be cut short.
    for line in lines.map_while(Result::ok) {
        let seq = line.strip_prefix("ack ").and_then(|seq| seq.parse::<u64>().ok());
        acked = acked.max(seq.unwrap_or(0));
    }
    child.wait().unwrap();
    acked
}

/// Opens what is left and checks that all of `acked` is there, and that nothing is there by halves.
fn check(dir: &Path, acked: u64) -> u64 {
    let opened = open(dir);
    let last = opened.store.last().0;
    assert!(last >= acked, "#{acked} was acknowledged, the journal ends at #{last}");
    let mut count = 0;
    for entry in opened.store.read_from(Seq(1)).unwrap() {
        let entry = entry.unwrap();
        count += 1;
        assert_eq!((entry.seq, entry.payload), (Seq(count), format!("{{\"n\":{count}}}")));
    }
    assert_eq!(count, last);
    if let Some((seq, state)) = opened.state {
        assert_eq!(state, format!("state at {}", seq.0).as_bytes());
    }
    let of_mission = Query { mission: Some(MissionId(4)), limit: 10_000, ..Query::default() };
    let expected = (1..=last).filter(|n| n % 10 == 4).count();
    assert_eq!(opened.store.query(&of_mission).unwrap().len(), expected);
    for note in opened.store.take_notes() {
        assert!(!note.contains("panicked"), "{note}");
    }
    opened.store.close();
    assert_eq!(audit::verify(dir).unwrap().entries, last);
    last
}

#[test]
fn nothing_acknowledged_is_lost_when_killed_anywhere() {
    let dir = tempfile::tempdir().unwrap();
    let mut chance: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut last = 0;
    for kill in 0..KILLS {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let acks = (chance >> 33) % MOST_ACKS;
        let acked = kill_when(start_child(dir.path()), |count| count >= acks);
        let now = check(dir.path(), acked.max(last));
        assert!(now >= last, "kill {kill}: the journal shrank");
        last = now;
    }
    assert!(last > KILLS, "the children did work");
}

#[test]
fn killed_while_sled_writes_its_snapshot_it_opens_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = check(dir.path(), kill_when(start_child(dir.path()), |count| count >= MOST_ACKS));
    let mut caught = 0;
    for _ in 0..SNAPSHOT_KILLS {
        let generating = || {
            std::fs::read_dir(dir.path().join("history")).is_ok_and(|files| {
                files.flatten().any(|file| file.file_name().to_string_lossy().ends_with(".generating"))
            })
        };
        let child = start_child(dir.path());
        let pid = rustix::process::Pid::from_child(&child);
        // The index is opened at the first question, within the first few appends; look until then. The
        // child may have died by then only if this killed it.
        let mut looks = 0_u32;
        while !generating() && looks < 20_000 {
            looks += 1;
        }
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        caught += u64::from(generating());
        last = check(dir.path(), kill_when(child, |_| true).max(last));
    }
    eprintln!("{caught} of {SNAPSHOT_KILLS} kills left a half-written snapshot");
}
