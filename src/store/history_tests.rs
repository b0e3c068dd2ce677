//! The history index: its answers, and every way sled 0.34.7 is known to break.

use super::{
    Opened,
    entry::{Entry, NewEntry},
    history::{Order, Query},
    tests::{all, fill, filled, new, open},
};
use crate::domain::{
    ids::{MissionId, Seq},
    time::Timestamp,
};
use futures::executor::block_on;
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq.0).collect()
}

#[test]
fn questions_are_answered_as_by_looking_at_everything() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    fill(&store, 1..=700);
    let everything = all(&store);
    let at = |n: i64| Some(Timestamp(n * 1_000));
    let questions = [
        Query::default(),
        Query { mission: Some(MissionId(2)), limit: 1_000, ..Query::default() },
        Query { mission: Some(MissionId(2)), kind: Some("mission.".into()), ..Query::default() },
        Query { kind: Some("team".into()), from: Some(Seq(300)), limit: 7, ..Query::default() },
        Query { since: at(250), until: at(262), order: Order::OldestFirst, ..Query::default() },
        Query { from: Some(Seq(513)), limit: 3, order: Order::OldestFirst, ..Query::default() },
        Query { mission: Some(MissionId(77)), ..Query::default() },
    ];
    for query in questions {
        let mut expected: Vec<&Entry> = everything
            .iter()
            .filter(|e| query.mission.is_none_or(|m| e.mission == Some(m)))
            .filter(|e| query.kind.as_ref().is_none_or(|k| e.kind.starts_with(k)))
            .filter(|e| query.since.is_none_or(|t| e.at >= t) && query.until.is_none_or(|t| e.at <= t))
            .collect();
        match query.order {
            Order::NewestFirst => {
                expected.reverse();
                expected.retain(|e| query.from.is_none_or(|from| e.seq <= from));
            }
            Order::OldestFirst => expected.retain(|e| query.from.is_none_or(|from| e.seq >= from)),
        }
        expected.truncate(query.limit);
        let expected: Vec<Entry> = expected.into_iter().cloned().collect();
        assert_eq!(store.query(&query).unwrap(), expected, "{query:?}");
    }
    fill(&store, 701..=701);
    let newest = store.query(&Query { limit: 1, ..Query::default() }).unwrap();
    assert_eq!(seqs(&newest), [701], "an answer holds what was acknowledged before it");
    assert_eq!(store.take_notes(), Vec::<String>::new());
}

/// A directory with 3,000 entries whose index is closed and complete; `break_it` is let loose on the index.
/// Answers the notes of the next use.
fn after(break_it: &dyn Fn(&Path)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let mission = Query { mission: Some(MissionId(4)), limit: 10_000, ..Query::default() };
    let store = open(dir.path()).store;
    fill(&store, 1..=3_000);
    let expected = store.query(&mission).unwrap();
    assert_eq!(expected.len(), 300);
    store.close();
    break_it(&dir.path().join("history"));
    let Opened { store, notes, .. } = open(dir.path());
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(store.query(&mission).unwrap(), expected);
    assert_eq!(seqs(&store.query(&Query { limit: 1, ..Query::default() }).unwrap()), [3_000]);
    let notes = store.take_notes();
    store.close();
    let store = open(dir.path()).store;
    assert_eq!(store.query(&mission).unwrap(), expected);
    assert_eq!(store.take_notes(), Vec::<String>::new(), "the repair lasts");
    notes
}

fn snaps(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with("snap.")).collect()
}

#[track_caller]
fn assert_rebuilt(notes: &[String]) {
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with("history index rebuilt from the journal (3000 entries)"), "{notes:?}");
}

#[test]
fn an_index_that_is_gone_or_garbage_is_rebuilt() {
    assert_eq!(after(&|_| ()), Vec::<String>::new());
    assert_rebuilt(&after(&|dir| std::fs::remove_dir_all(dir).unwrap()));
    assert_rebuilt(&after(&|dir| std::fs::write(dir.join("conf"), b"garbage of some length").unwrap()));
    assert_rebuilt(&after(&|dir| {
        std::fs::remove_dir_all(dir).unwrap();
        std::fs::write(dir, b"a file where a directory belongs").unwrap();
    }));
}

#[test]
fn an_index_cut_by_a_megabyte_is_rebuilt() {
    for keep_snapshot in [false, true] {
        for cut in [1 << 20, 1 << 19, 1 << 17] {
            let notes = after(&|dir| {
                let db = std::fs::OpenOptions::new().write(true).open(dir.join("db")).unwrap();
                let len = db.metadata().unwrap().len();
                db.set_len(len.saturating_sub(cut)).unwrap();
                if !keep_snapshot {
                    snaps(dir).iter().for_each(|snap| std::fs::remove_file(snap).unwrap());
                }
            });
            eprintln!("cut {cut}, snapshot kept {keep_snapshot}: {notes:?}");
            if cut == 1 << 20 {
                assert_rebuilt(&notes);
            }
        }
    }
}

#[test]
fn flipped_bits_in_the_index_never_change_an_answer() {
    // sled may find the flip, panic on it, or lose rows that the journal then gives again.
    for part in 1..=4 {
        after(&|dir| {
            let mut db = std::fs::read(dir.join("db")).unwrap();
            let used = db.iter().rposition(|byte| *byte != 0).unwrap();
            db[used * part / 5] ^= 4;
            std::fs::write(dir.join("db"), db).unwrap();
            snaps(dir).iter().for_each(|snap| std::fs::remove_file(snap).unwrap());
        });
    }
}

#[test]
fn a_leftover_half_snapshot_is_swept() {
    let notes = after(&|dir| {
        let snap = snaps(dir).pop().unwrap_or_else(|| dir.join("snap.0000000000000000"));
        let half = std::fs::read(&snap).unwrap_or_default();
        std::fs::write(dir.join("snap.00000000FFFFFFFF.generating"), &half[..half.len() / 2]).unwrap();
    });
    assert_eq!(notes, Vec::<String>::new(), "no rebuild is needed");
}

#[test]
fn an_index_of_another_journal_or_of_yesterday_is_not_believed() {
    assert_rebuilt(&after(&|dir| {
        let other = tempfile::tempdir().unwrap();
        let store = open(other.path()).store;
        block_on(store.append(vec![NewEntry { actor: "other".into(), ..new(1) }])).unwrap();
        assert_eq!(store.query(&Query::default()).unwrap().len(), 1);
        store.close();
        std::fs::remove_dir_all(dir).unwrap();
        std::fs::rename(other.path().join("history"), dir).unwrap();
    }));
    let stale = after(&|dir| {
        let other = tempfile::tempdir().unwrap();
        let store = open(other.path()).store;
        fill(&store, 1..=500);
        assert_eq!(store.query(&Query::default()).unwrap().len(), 100);
        store.close();
        std::fs::remove_dir_all(dir).unwrap();
        std::fs::rename(other.path().join("history"), dir).unwrap();
    });
    assert_eq!(stale, ["history index was 2500 entries behind: brought up to date"]);
}

#[test]
fn at_most_two_broken_indexes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 10);
    for _ in 0..4 {
        let store = open(dir.path()).store;
        assert_eq!(store.query(&Query::default()).unwrap().len(), 10);
        store.close();
        std::fs::write(dir.path().join("history/conf"), b"garbage of some length").unwrap();
    }
    let mut kept: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("history.corrupt-"))
        .collect();
    kept.sort();
    assert_eq!(kept, ["history.corrupt-2", "history.corrupt-3"]);
}

#[test]
fn an_index_is_opened_by_a_question_or_by_much_to_index_and_by_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let index = dir.path().join("history");
    let store = open(dir.path()).store;
    fill(&store, 1..=500);
    store.close();
    assert!(!index.exists(), "a few entries need no index");
    let store = open(dir.path()).store;
    fill(&store, 501..=900);
    let made = dir.path().join("history.made");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !made.exists() {
        assert!(Instant::now() < deadline, "many entries were never indexed");
        std::thread::yield_now();
    }
    fill(&store, 901..=1_000);
    store.close();
    let reached = || std::fs::read_to_string(&made).unwrap();
    assert_eq!(reached(), "900", "closing indexes nothing");
    let store = open(dir.path()).store;
    assert_eq!(seqs(&store.query(&Query { limit: 1, ..Query::default() }).unwrap()), [1_000]);
    assert_eq!(store.close(), Vec::<String>::new());
    assert_eq!(reached(), "1000");
}
