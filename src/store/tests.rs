//! The journal on real files: what restarts, crashes and damaged bytes do to it, and what they must not do.

use super::{
    Opened, Options, Store, audit,
    entry::{Entry, NewEntry},
    error::StoreError,
};
use crate::domain::{
    ids::{MissionId, Seq},
    time::Timestamp,
};
use futures::executor::block_on;
use std::path::{Path, PathBuf};

pub(super) fn options() -> Options {
    Options::new(Timestamp(1_763_678_000_000), "/repo")
}

pub(super) fn open(dir: &Path) -> Opened {
    Store::open(dir, options()).unwrap()
}

pub(super) fn new(n: u64) -> NewEntry {
    NewEntry {
        at: Timestamp(1_000 * i64::try_from(n).unwrap()),
        actor: "director \"é\"\n".into(),
        kind: if n.is_multiple_of(3) { "mission.opened".into() } else { "team.spoke".into() },
        mission: (n.is_multiple_of(2)).then_some(MissionId(n % 5)),
        payload: format!("{{\"n\":{n}}}"),
    }
}

pub(super) fn fill(store: &Store, range: std::ops::RangeInclusive<u64>) {
    for chunk in range.collect::<Vec<_>>().chunks(100) {
        block_on(store.append(chunk.iter().map(|n| new(*n)).collect())).unwrap();
    }
}

pub(super) fn filled(dir: &Path, count: u64) {
    let store = open(dir).store;
    fill(&store, 1..=count);
    store.close();
}

pub(super) fn all(store: &Store) -> Vec<Entry> {
    store.read_from(Seq(1)).unwrap().collect::<Result<_, _>>().unwrap()
}

pub(super) fn assert_dense(entries: &[Entry], count: u64) {
    assert_eq!(entries.len() as u64, count);
    for (entry, n) in entries.iter().zip(1..) {
        assert_eq!((entry.seq, entry.payload.clone()), (Seq(n), format!("{{\"n\":{n}}}")));
    }
}

fn only_segment(dir: &Path) -> PathBuf {
    dir.join("journal/00000000000000000001.log")
}

#[test]
fn remembers_in_order_across_segments_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let small = Options { segment_bytes: 20_000, ..options() };
    let mut before = Vec::new();
    for round in 0..5 {
        let store = Store::open(dir.path(), small.clone()).unwrap().store;
        assert_eq!(store.last(), Seq(round * 300));
        fill(&store, round * 300 + 1..=(round + 1) * 300);
        let entries = all(&store);
        assert_dense(&entries, (round + 1) * 300);
        assert_eq!(entries[..before.len()], before);
        before = entries;
        store.close();
    }
    let report = audit::verify(dir.path()).unwrap();
    assert_eq!((report.entries, report.checkpoints, report.torn.is_none()), (1_500, 5, true));
    assert!(report.segments > 5, "{report:?}");
    let store = open(dir.path()).store;
    for from in [1, 2, 255, 256, 257, 258, 700, 1_499, 1_500] {
        let part: Vec<_> = store.read_from(Seq(from)).unwrap().map(Result::unwrap).collect();
        let skipped = usize::try_from(from - 1).unwrap();
        assert_eq!(part, before[skipped..], "from {from}");
    }
    assert_eq!(store.read_from(Seq(1_501)).unwrap().count(), 0);
}

#[test]
fn whoever_reads_along_gets_each_entry_once_and_nobody_disturbs_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { segment_bytes: 20_000, ..options() }).unwrap().store;
    assert!(store.read_along(Seq(1), 64).unwrap().is_empty());
    let mut along: Vec<Entry> = Vec::new();
    for n in 1..=900 {
        fill(&store, n..=n);
        // Mostly one is new, at times many are, and more than are wanted at once.
        if n % 7 == 0 && n % 200 > 100 {
            continue;
        }
        let next = Seq(along.len() as u64 + 1);
        along.extend(store.read_along(next, 5).unwrap());
        if n % 50 == 0 {
            let back = store.read_along(Seq(n / 2), 3).unwrap();
            assert_eq!(
                back.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
                [n / 2, n / 2 + 1, n / 2 + 2].map(Seq)
            );
        }
    }
    while along.len() < 900 {
        along.extend(store.read_along(Seq(along.len() as u64 + 1), 5).unwrap());
    }
    assert_eq!(along, all(&store));
}

#[test]
fn a_torn_tail_is_cut_at_every_byte_and_nothing_else_is_lost() {
    for count in [4_u64, 258] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).store;
        fill(&store, 1..=count - 1);
        let before = std::fs::metadata(only_segment(dir.path())).unwrap().len();
        fill(&store, count..=count);
        store.close();
        let whole = std::fs::read(only_segment(dir.path())).unwrap();
        let from = usize::try_from(before).unwrap();
        for len in from..whole.len() {
            std::fs::write(only_segment(dir.path()), &whole[..len]).unwrap();
            let torn = audit::verify(dir.path()).unwrap().torn.map(|torn| torn.bytes);
            assert_eq!(torn, (len > from).then_some((len - from) as u64));
            let Opened { store, torn, notes, .. } = open(dir.path());
            assert_eq!(torn, (len > from).then_some((len - from) as u64));
            assert_eq!(notes.len(), usize::from(len > from));
            fill(&store, count..=count);
            assert_dense(&all(&store), count);
            store.close();
            assert_eq!(std::fs::read(only_segment(dir.path())).unwrap(), whole);
        }
    }
}

#[test]
fn an_append_is_kept_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    fill(&store, 1..=2);
    let before = std::fs::metadata(only_segment(dir.path())).unwrap().len();
    block_on(store.append(vec![new(3), new(4), new(5)])).unwrap();
    store.close();
    let whole = std::fs::read(only_segment(dir.path())).unwrap();
    std::fs::write(only_segment(dir.path()), &whole[..whole.len() - 1]).unwrap();
    let Opened { store, torn, .. } = open(dir.path());
    assert_eq!(torn, Some(whole.len() as u64 - 1 - before), "two whole entries of a cut append go with it");
    assert_dense(&all(&store), 2);
}

#[test]
fn pages_of_the_last_write_that_never_reached_the_disk_are_cut() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    fill(&store, 1..=2);
    let before = usize::try_from(std::fs::metadata(only_segment(dir.path())).unwrap().len()).unwrap();
    block_on(store.append((3..=9).map(new).collect())).unwrap();
    store.close();
    let whole = std::fs::read(only_segment(dir.path())).unwrap();
    let mut hole = whole.clone();
    hole[before + 300..before + 400].fill(0);
    std::fs::write(only_segment(dir.path()), &hole).unwrap();
    let Opened { store, torn, .. } = open(dir.path());
    assert_eq!(torn, Some((whole.len() - before) as u64));
    fill(&store, 3..=3);
    store.close();

    let mut synced = std::fs::read(only_segment(dir.path())).unwrap();
    synced[100..200].fill(0);
    std::fs::write(only_segment(dir.path()), &synced).unwrap();
    assert!(
        matches!(Store::open(dir.path(), options()), Err(StoreError::Damaged(d)) if d.seq == Seq(1)),
        "a hole before a later write is damage"
    );
}

#[test]
fn every_flipped_bit_is_named_and_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    let mut ends = vec![0];
    for n in 1..=4 {
        fill(&store, n..=n);
        ends.push(std::fs::metadata(only_segment(dir.path())).unwrap().len());
    }
    store.close();
    let whole = std::fs::read(only_segment(dir.path())).unwrap();
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(only_segment(dir.path()), &flipped).unwrap();
        let entry = ends.iter().rposition(|end| *end <= at as u64).unwrap();
        let expected = (Seq(entry as u64 + 1), ends[entry]);
        match audit::verify(dir.path()) {
            Err(audit::AuditError::Bad(bad)) => {
                assert_eq!((bad.seq, bad.offset), expected, "byte {at}: {bad}")
            }
            other => panic!("byte {at}: {other:?}"),
        }
        match Store::open(dir.path(), options()) {
            Err(StoreError::Damaged(bad)) => assert_eq!((bad.seq, bad.offset), expected, "byte {at}"),
            Err(other) => panic!("byte {at}: {other}"),
            Ok(_) => panic!("byte {at}: opened"),
        }
        assert_eq!(std::fs::read(only_segment(dir.path())).unwrap(), flipped, "nothing is changed");
    }
}

#[test]
fn forged_entries_are_found_by_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 600);
    let text = std::fs::read_to_string(only_segment(dir.path())).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let reframed = |json: &str| {
        let mut frame = Vec::new();
        let mark = super::frame::Mark { starts_write: true, ends_append: true };
        super::frame::encode_frame(&mut frame, mark, json);
        String::from_utf8(frame).unwrap()
    };
    let verdict = |lines: &[String]| {
        std::fs::write(only_segment(dir.path()), lines.concat()).unwrap();
        match audit::verify(dir.path()) {
            Err(audit::AuditError::Bad(bad)) => (bad.seq.0, bad.reason),
            other => panic!("{other:?}"),
        }
    };
    let framed: Vec<String> = lines.iter().map(|line| reframed(&line[18..])).collect();

    let mut changed = framed.clone();
    changed[9] = reframed(&lines[9][18..].replace("{\"n\":10}", "{\"n\":99}"));
    assert_eq!(
        verdict(&changed),
        (11, "chain break: its prev is not the hash of the record before it".into())
    );

    let mut missing = framed.clone();
    missing.remove(9);
    assert_eq!(verdict(&missing), (10, "seq gap: #11 follows #9".into()));

    let mut no_checkpoint = framed.clone();
    no_checkpoint.remove(256);
    assert_eq!(verdict(&no_checkpoint).0, 257);

    let mut other_root = framed.clone();
    let root = lines[256].find("\"root\":\"").unwrap() + 8;
    other_root[256] =
        reframed(&format!("{}{}{}", &lines[256][18..root], "0".repeat(64), &lines[256][root + 64..]));
    assert!(verdict(&other_root).1.starts_with("checkpoint mismatch"));
}

#[test]
fn any_entry_can_be_proven_with_standard_tools() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 700);
    let head = audit::verify(dir.path()).unwrap().head;
    for seq in [1, 2, 255, 256, 257, 512, 513, 699, 700] {
        let proof = audit::prove(dir.path(), Seq(seq)).unwrap();
        assert_eq!(proof.head, head);
        assert_eq!(proof.siblings.len(), if seq <= 512 { 8 } else { 0 }, "#{seq}");
        assert_eq!(proof.check(), Ok(()), "#{seq}");
        let forged = proof::forged(&proof);
        assert!(forged.check().is_err(), "#{seq}");
    }
    let missing = audit::prove(dir.path(), Seq(701)).unwrap_err();
    assert_eq!(missing.to_string(), "there is no entry #701: the journal ends at #700");
    for seq in [3, 699] {
        let text = audit::prove(dir.path(), Seq(seq)).unwrap().explain();
        let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
        assert_eq!(*expected.last().unwrap(), head.to_string());
        assert_eq!(sh(&text), expected, "sha256sum says the same");
    }
}

mod proof {
    use super::super::proof::Proof;
    pub fn forged(proof: &Proof) -> Proof {
        Proof { entry: proof.entry.replace("director", "somebody"), ..proof.clone() }
    }
}

/// The first word of each line that a shell script prints.
#[expect(clippy::disallowed_methods, reason = "the point is that a foreign tool agrees")]
fn sh(script: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("steps.sh");
    std::fs::write(&file, script).unwrap();
    let out = std::process::Command::new("sh").arg(file).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_export_hashes_to_what_it_says() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 300);
    let mut out = Vec::new();
    let report = audit::export(dir.path(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 301);
    let mut prev = "0".repeat(64);
    for line in text.lines() {
        let (hash, record) = (&line[9..73], &line[84..line.len() - 1]);
        assert_eq!(crate::domain::digest::Digest::of(record.as_bytes()).to_string(), hash);
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["record"]["prev"], prev.as_str());
        prev = hash.to_owned();
    }
    assert_eq!(prev, report.head.to_string());
}

#[test]
fn version_1_is_read_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("journal")).unwrap();
    std::fs::write(only_segment(dir.path()), include_bytes!("fixtures/v1.log")).unwrap();
    let report = audit::verify(dir.path()).unwrap();
    assert_eq!((report.entries, report.checkpoints), (258, 1));
    assert_eq!(report.head.to_string(), include_str!("fixtures/v1.head").trim());
    let store = open(dir.path()).store;
    let entries = all(&store);
    assert_dense(&entries, 258);
    assert_eq!(entries[5].kind, "mission.opened");
    assert_eq!(entries[5].mission, Some(MissionId(1)));
    assert_eq!(entries[5].actor, "director \"é\"\n");
    assert_eq!(entries[5].at, Timestamp(6_000));
    fill(&store, 259..=260);
    assert_dense(&all(&store), 260);
}

#[test]
fn a_second_owner_is_told_who_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).store;
    let Err(StoreError::Owned(holder)) = Store::open(dir.path(), options()) else { panic!("two owners") };
    assert_eq!((holder.pid, holder.since), (std::process::id(), Timestamp(1_763_678_000_000)));
    let text = holder.to_string();
    for part in ["/repo", "2025-11-20T", "attach", "--data", &format!("process {}", std::process::id())] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    fill(&first, 1..=3);
    assert_eq!(audit::verify(dir.path()).unwrap().entries, 3, "auditing needs no lock");
    first.close();
    std::fs::write(dir.path().join("owner.json"), b"garbage").unwrap();
    assert_eq!(open(dir.path()).store.last(), Seq(3));
    use std::os::unix::fs::PermissionsExt as _;
    let fresh = dir.path().join("fresh/data");
    drop(open(&fresh));
    assert_eq!(std::fs::metadata(fresh).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn refuses_what_does_not_fit_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    let big = NewEntry { payload: format!("\"{}\"", "x".repeat(1 << 20)), ..new(1) };
    let refused = block_on(store.append(vec![new(1), big.clone()])).unwrap_err();
    assert!(refused.to_string().contains("put it into a blob"), "{refused}");
    assert!(matches!(block_on(store.append(vec![new(1); 4_097])), Err(StoreError::Refused { .. })));
    assert!(matches!(store.save_state(Seq(1), b"{}"), Err(StoreError::Refused { .. })));
    assert_eq!(block_on(store.append(Vec::new())).unwrap(), Seq(0));
    let fits = NewEntry { payload: format!("\"{}\"", "x".repeat((1 << 20) - 2)), ..new(1) };
    assert_eq!(block_on(store.append(vec![fits.clone()])).unwrap(), Seq(1));
    assert_eq!(all(&store)[0].payload, fits.payload);
    let late = store.append(vec![new(2)]);
    store.close();
    assert!(matches!(block_on(late), Err(StoreError::Closed)));
}

#[test]
fn the_newest_state_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    fill(&store, 1..=3);
    store.save_state(Seq(1), b"one").unwrap();
    store.save_state(Seq(3), b"three").unwrap();
    store.close();
    assert_eq!(open(dir.path()).state, Some((Seq(3), b"three".to_vec())));
    std::fs::write(dir.path().join("state/00000000000000000003.json.snap"), b"half").unwrap();
    let Opened { state, notes, .. } = open(dir.path());
    assert_eq!((state, notes.len()), (Some((Seq(1), b"one".to_vec())), 1));
}

#[test]
fn an_index_file_that_lies_or_is_gone_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 1_000);
    let index = only_segment(dir.path()).with_extension("idx");
    let right = std::fs::read(&index).unwrap();
    assert_eq!(right.len(), 3 * 16, "three checkpoints");
    let lies = [Vec::new(), vec![0; 48], right[..40].to_vec(), [&right[16..], &right[..16]].concat()];
    for lie in lies {
        std::fs::write(&index, lie).unwrap();
        let store = open(dir.path()).store;
        for from in [1, 256, 257, 769, 1_000] {
            let first = store.read_from(Seq(from)).unwrap().next().unwrap().unwrap();
            assert_eq!(first.seq, Seq(from));
        }
        assert_eq!(std::fs::read(&index).unwrap(), right, "it is written anew");
    }
}

#[test]
fn a_saved_state_of_entries_that_were_lost_is_never_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    fill(&store, 1..=3);
    fill(&store, 4..=5);
    store.save_state(Seq(5), b"of five").unwrap();
    store.close();
    // The disk lost the end.
    let journal = std::fs::read(only_segment(dir.path())).unwrap();
    let three: usize = journal.split_inclusive(|byte| *byte == b'\n').take(3).map(<[u8]>::len).sum();
    std::fs::write(only_segment(dir.path()), &journal[..three]).unwrap();
    let error = audit::verify(dir.path()).unwrap_err().to_string();
    assert!(error.contains("the entries up to #5, as of which a state was saved, are missing"), "{error}");
    let opened = open(dir.path());
    assert!(opened.state.is_none() && opened.notes.iter().any(|note| note.contains("ahead")));
    // Others of the same number follow: they are not what that state was folded from.
    fill(&opened.store, opened.store.last().0 + 1..=7);
    opened.store.close();
    let opened = open(dir.path());
    assert_eq!(opened.state, None);
    opened.store.close();
    audit::verify(dir.path()).unwrap();
}

#[test]
fn an_audit_counts_what_a_start_would_keep() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).store;
    fill(&store, 1..=3);
    let whole = audit::verify(dir.path()).unwrap();
    fill(&store, 4..=8);
    store.close();
    let bytes = std::fs::read(only_segment(dir.path())).unwrap();
    std::fs::write(only_segment(dir.path()), &bytes[..bytes.len() - 1]).unwrap();
    let torn = audit::verify(dir.path()).unwrap();
    assert_eq!((torn.entries, torn.head, torn.bytes), (3, whole.head, whole.bytes));
    let mut exported = Vec::new();
    audit::export(dir.path(), &mut exported).unwrap();
    assert_eq!(exported.iter().filter(|byte| **byte == b'\n').count() as u64, 3 + torn.checkpoints);
    let cut = torn.torn.unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.torn, opened.store.last()), (Some(cut.bytes), Seq(3)));
    opened.store.close();
}
