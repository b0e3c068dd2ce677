//! Mistakes of people and of disks: what happened, where, what to do; an exit code; nothing lost.

use super::stage::*;
use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

#[test]
fn what_parses_and_means_nothing_is_refused_before_a_mission_is_opened() {
    let stage = Stage::default();
    for (more, said) in [
        (["--check", ""], "--check is empty"),
        (["--constraint", " "], "--constraint is empty"),
        (["--timeout", "0s"], "--timeout must be longer than nothing"),
    ] {
        let done = stage.brief(&more).exits(64);
        assert!(done.stderr.contains(said) && done.stderr.contains("hint:"), "{done:?}");
    }
    let long = "x".repeat(100_000);
    let words: Vec<&str> = std::iter::once("brief").chain([long.as_str(); 3]).collect();
    let done = stage.run(&words).exits(64);
    assert!(done.stderr.contains("longer than 262144 bytes") && done.stderr.contains("@FILE"), "{done:?}");
    assert_eq!(stage.run(&["missions", "--json"]).exits(0).stdout, "");
}

#[test]
fn a_patch_that_nobody_can_read_decides_nothing() {
    let stage = Stage::default();
    stage.brief(&[]).exits(3);
    fs::write(stage.path("noise"), b"\xff\x00 no patch\n").unwrap();
    let file = stage.path("noise").display().to_string();
    let done = stage.run(&["desk", "modify", "R-1", "--team", "1", "--patch", &file]).exits(1);
    assert!(done.stderr.contains("line 1 of the patch: no file header"), "{done:?}");
    assert!(done.stderr.contains("nothing was decided"), "{done:?}");
    stage.run(&["desk", "modify", "R-1", "--team", "1", "--prompt", " "]).exits(64);
    stage.run(&["desk", "approve", "R-1", "--team", "1"]).exits(0);
    assert_eq!(stage.read("answer.txt"), "42\n");
}

#[test]
fn c8_what_cannot_be_restored_says_why() {
    let stage = Stage::default();
    stage.brief(&["--approve", "best"]).exits(0);
    stage.run(&["restore", "M-1"]).exits(0);
    let done = stage.run(&["restore", "M-1"]).exits(1);
    assert!(
        done.stderr.contains("was not restored: ") && !done.stderr.contains("does not say why"),
        "{done:?}"
    );
    assert_eq!(stage.read("answer.txt"), "41\n");
}

#[test]
fn places_that_are_something_else_are_refused() {
    let stage = Stage::default();
    let file = stage.path("file");
    fs::write(&file, "mine").unwrap();
    let at = |args: &[&str], data: &OsStr| {
        let args = args.iter().map(OsStr::new).chain([OsStr::new("--data"), data]);
        stage.bare(&args.collect::<Vec<_>>())
    };
    for args in [&["missions"][..], &["pause"], &["brief", "x"]] {
        let done = at(args, file.as_os_str()).exits(1);
        assert!(
            done.stderr.contains("file is no directory") && done.stderr.contains("--data DIR"),
            "{done:?}"
        );
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let done = at(&["pause"], OsStr::from_bytes(b"/tmp/\xff")).exits(64);
    assert!(done.stderr.contains("the name is not UTF-8"), "{done:?}");
    let inside = file.join("x.toml");
    let done = stage
        .bare(
            &["config", "init", "--config"]
                .map(OsStr::new)
                .into_iter()
                .chain([inside.as_os_str()])
                .collect::<Vec<_>>(),
        )
        .exits(1);
    assert!(done.stderr.contains("its directory") && done.stderr.contains("cannot be made"), "{done:?}");
}

#[test]
fn a_journal_that_is_gone_is_not_begun_anew_over_what_was_saved_of_it() {
    let stage = Stage::default();
    stage.brief(&["--approve", "best"]).exits(0);
    let journal = stage.data().join("journal");
    let log = files(&journal).into_iter().find(|file| file.extension().is_some_and(|e| e == "log")).unwrap();
    let whole = fs::read(&log).unwrap();
    let end = |lines: usize| {
        let cut = whole.split_inclusive(|byte| *byte == b'\n').take(lines).map(<[u8]>::len).sum::<usize>();
        fs::write(&log, &whole[..cut]).unwrap();
    };
    end(3);
    let done = stage.run(&["audit", "verify"]).exits(1);
    assert!(
        done.stderr.contains("entry #") && done.stderr.contains("as of which a state was saved"),
        "{done:?}"
    );
    end(0);
    for args in [&["pause"][..], &["missions"], &["brief", "x"]] {
        let done = stage.run(args).exits(1);
        assert!(done.stderr.contains("journal is gone or empty"), "{args:?} {done:?}");
    }
    fs::rename(&journal, stage.path("elsewhere")).unwrap();
    for args in [&["pause"][..], &["missions"], &["audit", "verify"]] {
        let done = stage.run(args).exits(1);
        assert!(done.stderr.contains("is gone or empty"), "{args:?} {done:?}");
    }
    fs::rename(stage.path("elsewhere"), &journal).unwrap();
    fs::write(&log, &whole).unwrap();
    stage.verify();
    assert_eq!(stage.run(&["missions", "--json"]).exits(0).last()["status"], "landed");
}

#[test]
fn half_an_export_does_not_stay() {
    let stage = Stage::default();
    stage.run(&["pause"]).exits(0);
    stage.run(&["resume"]).exits(0);
    let logs = files(&stage.data().join("journal"));
    let log = logs.iter().find(|file| file.extension().is_some_and(|e| e == "log")).unwrap();
    let mut bytes = fs::read(log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(log, bytes).unwrap();
    let to = stage.path("export.jsonl").display().to_string();
    let done = stage.run(&["audit", "export", "-o", &to]).exits(1);
    assert!(
        done.stderr.contains("entry #") && done.stderr.contains("All entries before it verify"),
        "{done:?}"
    );
    assert!(!stage.path("export.jsonl").exists());
}
