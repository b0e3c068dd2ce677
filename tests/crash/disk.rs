//! Damage between runs, and disks that take nothing.

use super::campaign::jobs;
use crate::{house::stage::*, screen::pty::Terminal};
use std::{fs, path::Path};

/// Asks for earlier briefs on the screen, which opens the index; what the shell's screen holds after it.
fn asked(stage: &Stage) -> String {
    let mut terminal = Terminal::on(stage, (120, 40), &[]);
    terminal.sees("BRIEFING ROOM");
    terminal.keys("\x12");
    terminal.until("the earlier briefs", |screen| {
        screen.contains("EARLIER BRIEFS") && !screen.contains("reading")
    });
    terminal.keys("\x1b");
    terminal.until("the list closed", |screen| !screen.contains("EARLIER BRIEFS"));
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    assert!(!terminal.text().contains("panicked"), "{}", terminal.text());
    terminal.text()
}

fn landed() -> Stage {
    let stage = Stage::default();
    stage.brief(&["--approve", "best"]).exits(0);
    stage
}

/// A question on a damaged history and a brief: it is answered, what was repaired is said in one line when the screen
/// ends, the brief lands, and everything is still known.
fn goes_on(stage: &Stage, (n, what): (usize, &str), lines: std::ops::RangeInclusive<usize>) {
    let said = asked(stage).lines().filter(|line| line.contains("history")).count();
    assert!(lines.contains(&said), "{what}: {said} lines");
    let done = stage.run(&[
        "brief",
        &format!("Do job-{n};"),
        "--check",
        "true",
        "--approve",
        "best",
        "--team",
        GOOGLE,
    ]);
    assert_eq!(done.code, Some(0), "{what}: {done:?}");
    assert!(!done.stderr.contains("panicked"), "{what}: {done:?}");
    assert_eq!(stage.run(&["missions", "--json"]).exits(0).lines().len(), n + 1, "{what}");
    stage.verify();
}

fn largest(dir: &Path) -> std::path::PathBuf {
    files(dir).into_iter().max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap()
}

#[test]
fn a_history_that_is_missing_cut_or_flipped_costs_one_line_and_no_fact() {
    let stage = Stage::new(jobs(5));
    goes_on(&stage, (0, "sound"), 0..=0);
    let history = stage.data().join("history");
    assert!(history.is_dir(), "{:?}", files(&stage.data()));
    fs::remove_dir_all(&history).unwrap();
    goes_on(&stage, (1, "missing"), 1..=1);
    let file = largest(&history);
    fs::File::options().write(true).open(&file).unwrap().set_len(100).unwrap();
    goes_on(&stage, (2, "truncated"), 0..=1);
    // Every file of it turned over: nothing of it can be believed.
    for file in files(&history) {
        let flipped: Vec<u8> = fs::read(&file).unwrap().iter().map(|byte| byte ^ 0x55).collect();
        fs::write(&file, flipped).unwrap();
    }
    goes_on(&stage, (3, "flipped"), 1..=1);
    for file in files(&history) {
        fs::write(&file, b"").unwrap();
    }
    goes_on(&stage, (4, "emptied"), 0..=1);
}

#[test]
fn a_torn_tail_is_cut_said_and_journaled() {
    let stage = landed();
    let log = files(&stage.data().join("journal"))
        .into_iter()
        .rfind(|path| path.extension().is_some_and(|e| e == "log"));
    let log = log.unwrap();
    let whole = fs::read(&log).unwrap();
    // A frame as a power cut leaves it: begun, not ended.
    let torn = [&whole[..], b"000000b7S1c291ca3 {\"v\":1,\"seq\""].concat();
    fs::write(&log, &torn).unwrap();
    let before = stage.run(&["audit", "verify", "--json"]).exits(0).last();
    assert_eq!(before["torn_bytes"], 30);
    let done = stage.run(&["pause", "torn"]).exits(0);
    assert!(done.stderr.contains("30 bytes"), "{done:?}");
    let recovered = stage.facts("control.recovered");
    assert_eq!(recovered, [serde_json::json!({"control": {"recovered": {"bytes": 30}}})]);
    assert_eq!(
        stage.run(&["audit", "verify", "--json"]).exits(0).last()["torn_bytes"],
        serde_json::Value::Null
    );
    assert!(fs::read(&log).unwrap().starts_with(&whole));
}

#[test]
fn a_damaged_saved_state_only_costs_time() {
    let stage = landed();
    for (n, file) in files(&stage.data().join("state")).into_iter().enumerate() {
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() / (n + 2)]).unwrap();
    }
    let missions = stage.run(&["missions", "--json"]).exits(0).lines();
    assert_eq!((missions.len(), &missions[0]["status"]), (1, &"landed".into()));
    stage.run(&["pause", "x"]).exits(0);
    stage.verify();
}

const ON_A_DISK: &str = r#"
chimera() { word=$1; shift; "$CHIMERA" "$@" --data "$DATA" --config "$CONFIG" 2>"$HOME/err"; echo "$word=$?"; sed "s/^/$word: /" "$HOME/err"; }
brief() { chimera "$1" brief "The answer must be 42" --check "$2" --approve best --json; }
chimera begun pause "before"; chimera begun resume
"#;

/// The exit code that a script told of a step.
fn code(done: &Done, word: &str) -> i32 {
    let told = done.stdout.lines().find_map(|line| line.strip_prefix(&format!("{word}="))?.parse().ok());
    told.unwrap_or_else(|| panic!("no {word} in {done:?}"))
}

fn skipped(what: &str) {
    eprintln!("SKIPPED {what}: this machine grants no mounts (unshare -m, mount -t tmpfs)");
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let script = format!(
        "{ON_A_DISK}\n\
         dd if=/dev/zero of=\"$DATA/fill\" bs=4k 2>/dev/null\n\
         brief full 'sh test.sh'\n\
         chimera verified audit verify\n\
         truncate -s -300k \"$DATA/fill\"\n\
         brief soon 'sh test.sh'\n\
         chimera verified2 audit verify\n\
         rm \"$DATA/fill\"\n\
         brief free 'sh test.sh'\n\
         chimera verified3 audit verify\n\
         exit 0\n"
    );
    let stage = Stage::default();
    let Some(done) = stage.on_small_disk("24m", &script) else { return skipped("a full disk") };
    assert!(!matches!(code(&done, "full"), 0 | 101), "{done:?}");
    assert!(done.stdout.contains("full: error: ") && done.stdout.contains("No space left"), "{done:?}");
    assert!(!matches!(code(&done, "soon"), 101 | 134), "{done:?}");
    assert!(!done.stdout.contains("panicked"), "{done:?}");
    for step in ["begun", "verified", "verified2", "free", "verified3"] {
        assert_eq!(code(&done, step), 0, "{step}: {done:?}");
    }
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_read_only_disk_is_said_and_can_still_be_looked_at() {
    let script = format!(
        "{ON_A_DISK}\n\
         brief first 'sh test.sh'\n\
         mount -o remount,ro \"$DATA\"\n\
         brief refused 'sh test.sh'\n\
         chimera looked missions\n\
         chimera verified audit verify\n\
         mount -o remount,rw \"$DATA\"\n\
         chimera again pause after\n\
         exit 0\n"
    );
    let stage = Stage::default();
    let Some(done) = stage.on_small_disk("24m", &script) else { return skipped("a read-only disk") };
    assert_eq!(code(&done, "refused"), 1, "{done:?}");
    assert!(
        done.stdout.contains("refused: error: ") && done.stdout.contains("ead-only file system"),
        "{done:?}"
    );
    for step in ["first", "looked", "verified", "again"] {
        assert_eq!(code(&done, step), 0, "{step}: {done:?}");
    }
}
