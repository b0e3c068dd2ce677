//! Every way by which a log file changes under its reader, on real files.

use super::*;
use std::{io::Write as _, os::unix::fs::symlink, time::Duration};

/// A log in a directory of its own, and its reader.
struct Log {
    dir: tempfile::TempDir,
    tail: Tail,
    now: Instant,
}

impl Log {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let tail = Tail::new(dir.path().join("app.log"), Vec::new());
        Self { dir, tail, now: Instant::now() }
    }
    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
    fn add(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.at(name)).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }
    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).unwrap();
    }
    /// Everything there is to read, and how it ended.
    fn read(&mut self) -> (Vec<String>, State) {
        let mut lines = Vec::new();
        loop {
            let step = self.tail.step(self.now);
            assert_eq!(step.lost, 0);
            lines.extend(step.lines);
            if step.state != State::More {
                return (lines, step.state);
            }
        }
    }
    fn lines(&mut self) -> Vec<String> {
        self.read().0
    }
    fn later(&mut self) {
        self.now += LINGER.to_std() + Duration::from_secs(1);
    }
    /// The program ends and starts again.
    fn restart(&mut self) {
        self.tail = Tail::new(self.at("app.log"), self.tail.places());
    }
}

#[test]
fn c2_a_renamed_file_is_read_to_its_end_before_the_new_one() {
    let mut log = Log::new();
    log.add("app.log", "1\n2\n");
    assert_eq!(log.lines(), ["1", "2"]);
    log.add("app.log", "3\nhal");
    log.rename("app.log", "app.log.1");
    log.add("app.log", "5\n");
    assert_eq!(log.lines(), ["3", "5"]);
    // Its writer has not noticed yet.
    log.add("app.log.1", "f\n");
    log.add("app.log", "6\n");
    assert_eq!(log.lines(), ["half", "6"]);
    log.later();
    log.add("app.log", "7\n");
    assert_eq!(log.lines(), ["7"]);
    assert_eq!(log.tail.files().len(), 1, "the old file is let go");
}

#[test]
fn c2_a_line_that_the_old_file_never_ended_is_told_when_it_is_let_go() {
    let mut log = Log::new();
    log.add("app.log", "1\nlast words");
    log.rename("app.log", "app.log.1");
    log.add("app.log", "2\n");
    // Opened by name only now: the reader started after the rotation and never knew the old one.
    assert_eq!(log.lines(), ["2"]);
    log.add("app.log", "3\nlast words");
    assert_eq!(log.lines(), ["3"]);
    log.rename("app.log", "app.log.2");
    log.add("app.log", "4\n");
    assert_eq!(log.lines(), ["4"]);
    log.later();
    assert_eq!(log.lines(), ["last words"]);
}

#[test]
fn c2_a_truncated_file_is_read_from_its_start() {
    let mut log = Log::new();
    log.add("app.log", "1\n2\nunfinished");
    assert_eq!(log.lines(), ["1", "2"]);
    fs::copy(log.at("app.log"), log.at("app.log.1")).unwrap();
    fs::File::create(log.at("app.log")).unwrap();
    log.add("app.log", "3\n");
    assert_eq!(log.lines(), ["unfinished", "3"]);
}

#[test]
fn c2_a_file_that_was_truncated_and_grew_past_its_old_length_unseen_is_read_from_its_start() {
    let mut log = Log::new();
    log.add("app.log", "08:00 old\n");
    assert_eq!(log.lines(), ["08:00 old"]);
    fs::write(log.at("app.log"), "09:00 new one\n09:01 new two\n").unwrap();
    assert_eq!(log.lines(), ["09:00 new one", "09:01 new two"]);
}

#[test]
fn c2_a_writer_that_goes_on_at_its_old_place_after_truncation_leaves_a_hole_and_no_line_of_zeros() {
    let mut log = Log::new();
    let mut writer = fs::File::create(log.at("app.log")).unwrap();
    writer.write_all(&b"x".repeat(9_999)).unwrap();
    writer.write_all(b"\n").unwrap();
    assert_eq!(log.lines().len(), 1);
    fs::OpenOptions::new().write(true).open(log.at("app.log")).unwrap().set_len(0).unwrap();
    writer.write_all(b"after\n").unwrap();
    assert_eq!(log.lines(), ["after"]);
    writer.write_all(b"more\n").unwrap();
    assert_eq!(log.lines(), ["more"]);
}

#[test]
fn c2_a_link_that_points_elsewhere_is_followed_there() {
    let mut log = Log::new();
    log.add("one", "1\n");
    symlink(log.at("one"), log.at("app.log")).unwrap();
    assert_eq!(log.lines(), ["1"]);
    log.add("one", "2\n");
    log.add("two", "3\n");
    symlink(log.at("two"), log.at("fresh")).unwrap();
    log.rename("fresh", "app.log");
    assert_eq!(log.lines(), ["2", "3"]);
}

#[test]
fn c2_a_file_that_is_deleted_and_made_again_is_read_whole_and_the_deleted_one_to_its_end() {
    let mut log = Log::new();
    let (lines, state) = log.read();
    assert!(
        lines.is_empty() && matches!(&state, State::Missing(why) if why.contains("is not there")),
        "{state:?}"
    );
    log.add("app.log", "1\n");
    assert_eq!(log.lines(), ["1"]);
    let mut writer = fs::OpenOptions::new().append(true).open(log.at("app.log")).unwrap();
    fs::remove_file(log.at("app.log")).unwrap();
    writer.write_all(b"2\n").unwrap();
    assert_eq!(log.read(), (vec!["2".to_owned()], State::Rest), "its writer still has it");
    log.add("app.log", "3\n");
    assert_eq!(log.lines(), ["3"]);
    fs::remove_file(log.at("app.log")).unwrap();
    log.later();
    assert!(matches!(log.read(), (lines, State::Missing(_)) if lines.is_empty()));
}

#[test]
fn c2_a_file_that_was_away_for_a_while_is_not_told_twice() {
    let mut log = Log::new();
    log.add("app.log", "1\n");
    assert_eq!(log.lines(), ["1"]);
    log.rename("app.log", "elsewhere");
    log.later();
    assert!(matches!(log.read().1, State::Missing(_)));
    log.add("elsewhere", "2\n");
    log.rename("elsewhere", "app.log");
    assert_eq!(log.lines(), ["2"]);
}

#[test]
fn c2_after_a_restart_it_reads_on_behind_what_was_told() {
    let mut log = Log::new();
    log.add("app.log", "1\nhal");
    assert_eq!(log.lines(), ["1"]);
    log.add("app.log", "f\n2\n");
    log.restart();
    assert_eq!(log.lines(), ["half", "2"]);
    log.restart();
    assert_eq!(log.lines(), Vec::<String>::new());
}

#[test]
fn c2_a_file_that_was_renamed_while_nobody_looked_is_found_and_read_to_its_end() {
    let mut log = Log::new();
    log.add("app.log", "1\n");
    assert_eq!(log.lines(), ["1"]);
    log.add("app.log", "2\n");
    log.rename("app.log", "app.log.1");
    log.add("app.log", "3\n");
    log.restart();
    assert_eq!(log.lines(), ["2", "3"]);
}

#[test]
fn c2_another_file_with_the_same_inode_is_not_taken_for_the_old_one() {
    let mut log = Log::new();
    log.add("app.log", "old old old\n");
    log.lines();
    // Written anew in place: the inode stays, as when one is given out again.
    fs::write(log.at("app.log"), "new and much longer than before\n").unwrap();
    log.restart();
    assert_eq!(log.lines(), ["new and much longer than before"]);
}

#[test]
fn c2_a_long_file_that_was_never_seen_is_read_from_its_end_and_a_short_one_whole() {
    let mut log = Log::new();
    let line = "x".repeat(99) + "\n";
    log.add("app.log", line.repeat(20_000));
    log.add("app.log", "half");
    assert_eq!(log.lines(), Vec::<String>::new());
    log.add("app.log", " done\nnext\n");
    assert_eq!(log.lines(), ["half done", "next"]);
}

#[test]
fn c2_what_is_hopelessly_behind_is_skipped_and_said() {
    let mut log = Log::new();
    log.add("app.log", "0123456789\n".repeat(1_000));
    assert_eq!(log.lines().len(), 1_000);
    // A hole that no disk has to hold.
    let file = fs::OpenOptions::new().write(true).open(log.at("app.log")).unwrap();
    file.set_len(BEHIND_MOST + BEHIND_KEPT).unwrap();
    log.add("app.log", "\nend\n");
    let step = log.tail.step(log.now);
    assert!(step.lost > 0, "{}", step.lost);
    assert_eq!(log.lines(), ["end"]);
}

#[test]
fn c2_lines_of_a_file_that_is_rotated_away_faster_than_it_is_read_are_counted_as_lost() {
    let mut log = Log::new();
    log.add("app.log", "begin\n");
    log.lines();
    let mut seen = Vec::new();
    log.add("app.log", "0123456789\n".repeat(2 * CHUNK / 11 + 1_000));
    let mut lost = 0;
    for n in 0..PLACES_MOST {
        log.rename("app.log", &format!("app.log.{n}"));
        log.add("app.log", format!("{n}\n"));
        // Looks, and has no time for the old one: as if each rotation came within a step.
        let _ = log.tail.look_at_path(log.now);
    }
    loop {
        let step = log.tail.step(log.now);
        lost += step.lost;
        seen.extend(step.lines);
        if step.state == State::Rest {
            break;
        }
    }
    assert!((45_000..55_000).contains(&lost), "{lost}");
    assert_eq!(seen, (0..PLACES_MOST).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn c2_what_is_no_file_is_said_and_holds_nothing_up() {
    let mut log = Log::new();
    fs::create_dir(log.at("app.log")).unwrap();
    assert!(matches!(log.read().1, State::Missing(why) if why.contains("no regular file")));
    fs::remove_dir(log.at("app.log")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        log.at("app.log"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert!(matches!(log.read().1, State::Missing(why) if why.contains("no regular file")));
}

#[test]
fn c2_what_is_far_behind_is_caught_up_in_pieces_of_bounded_size() {
    let mut log = Log::new();
    log.add("app.log", "begin\n");
    assert_eq!(log.lines(), ["begin"]);
    // Sparse: no disk has to hold it; its zeros are no lines.
    let file = fs::OpenOptions::new().write(true).open(log.at("app.log")).unwrap();
    file.set_len(100 << 20).unwrap();
    log.add("app.log", "\nend\n");
    let mut lines = Vec::new();
    loop {
        let step = log.tail.step(log.now);
        assert!(step.lost == 0 && step.lines.iter().map(String::len).sum::<usize>() <= CHUNK);
        lines.extend(step.lines);
        if step.state != State::More {
            break;
        }
    }
    assert_eq!(lines, ["end"]);
    assert_eq!(log.tail.chunk.capacity(), CHUNK);
}
