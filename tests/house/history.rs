//! The past: found again, written down for others, and told once more.

use super::stage::*;
use chimera::domain::digest::Digest;
use serde_json::Value;
use std::{fs, io::Read as _};

#[test]
fn s4_e3_a_landed_mission_is_found_exported_and_replayed() {
    let stage = Stage::default();
    stage.brief(&["--approve", "best"]).exits(0);
    // A word of the brief, of what a model said, and of the journal.
    let found = |words: &[&str]| {
        let done = stage.run(&[&["search"], words, &["--json"]].concat()).exits(0);
        let hits: Vec<Value> = done.of("hit");
        hits
    };
    let briefs = found(&["answer must", "in:briefs"]);
    assert!(briefs.len() == 1 && briefs[0]["mission"] == "M-1", "{briefs:?}");
    let landed = found(&["kind:mission.landed", "mission:1"]);
    assert_eq!(landed.len(), 1, "{landed:?}");
    let said = found(&["answer.txt", "in:transcripts", "team:1"]);
    assert!(!said.is_empty() && said.iter().all(|hit| hit["team"] == "T-1"), "{said:?}");
    assert!(found(&["xyzzy"]).is_empty());
    let wrong = stage.run(&["search", "after:tuesday"]).exits(64);
    assert!(
        wrong.stderr.contains("at character 1") && wrong.stderr.contains("2026-11-21"),
        "{}",
        wrong.stderr
    );

    exported(&stage);

    let told = stage.run(&["replay", "M-1", "--json"]).exits(0).of("replay");
    let words: Vec<_> = told.iter().filter_map(|line| line["words"].as_str()).collect();
    for part in
        ["brief: The answer must be 42", "starts attempt 1", "judged: ", "landed as ", "ended: landed"]
    {
        assert!(words.iter().any(|line| line.contains(part)), "{part}: {words:#?}");
    }
    stage.run(&["replay", "M-9"]).exits(1);
}

fn exported(stage: &Stage) {
    let before = stage.journal().len();
    stage.run(&["export", "M-1", "--format", "md"]).exits(0);
    let report = stage.read("M-1.md");
    for part in ["# M-1: The answer must be 42", "## Plan", "## Verdicts", "```diff", "+42", "## Every step"]
    {
        assert!(report.contains(part), "{part}: {report}");
    }
    let again = stage.run(&["export", "M-1"]).exits(1);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    stage.run(&["export", "M-1", "--force"]).exits(0);

    let lines = stage.run(&["export", "M-1", "--format", "jsonl", "--out", "-"]).exits(0).stdout;
    let whole = stage.run(&["audit", "export"]).exits(0).stdout;
    for line in lines.lines() {
        let (hash, record) = line.strip_prefix("{\"hash\":\"").unwrap().split_at(64);
        let record = record.strip_prefix("\",\"record\":").unwrap().strip_suffix('}').unwrap();
        assert_eq!(Digest::of(record.as_bytes()).to_string(), hash);
        assert!(whole.lines().any(|known| known == line), "{line} is not in the journal");
    }
    assert!(lines.lines().count() > 20, "{lines}");

    let path = stage.path("all.zip");
    stage.run(&["export", "M-1", "--format", "zip", "--out", path.to_str().unwrap()]).exits(0);
    let mut zip = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in ["report.md", "journal.jsonl", "proof.txt", "patches/T-1-1.patch", "patches/T-2-1.patch"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    assert!(names.iter().any(|name| name.starts_with("transcripts/T-1-1-turn-")), "{names:?}");
    let mut packed = String::new();
    zip.by_name("journal.jsonl").unwrap().read_to_string(&mut packed).unwrap();
    assert_eq!(packed, lines);
    assert_eq!(stage.journal().len(), before, "looking changes nothing");
}
