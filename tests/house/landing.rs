//! From a brief to a commit and back: landing, proof, moved and dirty targets, restore.

use super::stage::*;
use chimera::providers::rehearsal::script::Turn;
use serde_json::Value;
use std::{fs, process::Command};

#[test]
fn b1_the_lead_plans_and_each_team_works_in_a_tree_and_a_conversation_of_its_own() {
    let mut turns = office();
    for (model, own) in [("claude", "one.txt"), ("gemini", "other.txt")] {
        let work: [&[_]; 2] =
            [&[write(own, "mine\n"), edit("answer.txt", "41", "42")], &[("list", serde_json::json!({}))]];
        turns.extend(team(model, &work, "Give the right answer"));
    }
    let stage = Stage::new(turns);
    let done = stage.brief(&["--approve", "none"]).exits(3);
    assert_eq!(done.of("plan").len(), 1, "{}", done.stdout);
    let heard = super::reach::of_team(&stage);
    for (model, own, others) in [("claude", "one.txt", "other.txt"), ("gemini", "other.txt", "one.txt")] {
        let of: Vec<_> = heard.iter().filter(|asked| asked.model.contains(model)).collect();
        let last = of.last().unwrap();
        assert!(last.said.contains(own), "{model} lists its own tree: {}", last.said);
        assert!(
            of.iter().all(|asked| !asked.body.to_string().contains(others)),
            "{model} saw the other's work"
        );
    }
}

#[test]
fn c4_c15_a_brief_lands_and_every_step_can_be_proven() {
    let stage = Stage::default();
    let done = stage.brief(&["--approve", "best"]).exits(0);
    let last = done.last();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let contract = ["kind", "mission", "status", "commit", "branch", "winner", "cost_usd", "candidates"];
    assert_eq!(keys(&last), contract);
    let contract = ["team", "vendor", "tests", "score", "additions", "deletions", "cost_usd", "diff_sha256"];
    let candidates = last["candidates"].as_array().unwrap();
    assert!(candidates.len() == 2 && candidates.iter().all(|each| keys(each) == contract), "{last}");
    assert!(candidates.iter().all(|each| each["tests"] == "passed"), "{last}");
    let told = (&last["mission"], &last["status"], &last["branch"], &last["winner"]);
    assert_eq!(told, (&"M-1".into(), &"landed".into(), &"main".into(), &ANTHROPIC.into()));
    assert_eq!(stage.read("answer.txt"), "42\n");
    assert_eq!(stage.git(&["rev-parse", "HEAD"]).trim(), last["commit"]);
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
    commit_message(&stage.git(&["log", "-1", "--format=%an %ae%n%B"]));
    // Nothing is told twice.
    for kind in ["plan", "mission_opened", "mission_finished"] {
        assert_eq!(done.of(kind).len(), 1, "{kind}: {}", done.stdout);
    }
    stage.verify();
    proven(&stage);
}

fn commit_message(message: &str) {
    let mut lines = message.lines();
    assert_eq!(lines.next(), Some("Ada ada@localhost"));
    assert_eq!(lines.next(), Some("Give the right answer"));
    let at = |name: &str| message.lines().position(|line| line.starts_with(&format!("{name}: ")));
    let names = [
        "Issue",
        "Root Cause",
        "Affected",
        "Severity",
        "Fix",
        "Changes",
        "Tests",
        "Issue ID",
        "Chimera-Mission",
        "Chimera-Team",
        "Chimera-Approved-By",
        "Chimera-Effect",
    ];
    let places: Vec<usize> =
        names.iter().map(|name| at(name).unwrap_or_else(|| panic!("no {name} in {message}"))).collect();
    assert!(places.is_sorted(), "{message}");
    assert!(message.contains("Tests: `sh test.sh` passed"), "{message}");
}

/// Every step that a brief takes is in the journal, and each entry can be proven with nothing but a shell.
fn proven(stage: &Stage) {
    let entries = stage.journal();
    for kind in
        ["mission.opened", "mission.planned", "team.candidate_proposed", "mission.ruled", "mission.landed"]
    {
        assert!(entries.iter().any(|entry| entry["kind"] == kind), "no {kind}");
    }
    for (n, entry) in entries.iter().enumerate() {
        assert_eq!(entry["seq"], n + 1);
    }
    for seq in [1, entries.len() / 2, entries.len()] {
        let proof = stage.run(&["audit", "prove", &seq.to_string()]).exits(0).stdout;
        #[expect(clippy::disallowed_methods, reason = "an outsider checks it with a shell")]
        let said = Command::new("sh").args(["-c", &proof]).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let printed: Vec<&str> = said.lines().map(|line| line.split(' ').next().unwrap()).collect();
        let promised: Vec<&str> = proof.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
        assert!(!promised.is_empty());
        assert_eq!(printed, promised, "{proof}");
    }
    let none = stage.run(&["audit", "prove", "100000"]).exits(1);
    assert!(none.stderr.contains("100000"), "{none:?}");
    let file = stage.path("export.jsonl");
    stage.run(&["audit", "export", "--output", file.to_str().unwrap()]).exits(0);
    assert_eq!(fs::read_to_string(&file).unwrap().lines().filter_map(entry).count(), entries.len());
    let again = stage.run(&["audit", "export", "--output", file.to_str().unwrap()]).exits(1);
    assert!(again.stderr.contains("export.jsonl"), "{again:?}");
}

#[test]
fn c15_a_changed_journal_is_found_out() {
    let stage = Stage::default();
    stage.brief(&["--approve", "best"]).exits(0);
    let log = files(&stage.data().join("journal"))
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "log"));
    let log = log.unwrap();
    let text = fs::read_to_string(&log).unwrap();
    let at = text.lines().position(|line| line.contains("\"landed\":[")).unwrap();
    fs::write(&log, text.replacen("\"landed\":[\"", "\"landed\":[\"0", 1)).unwrap();
    let found = stage.run(&["audit", "verify", "--json"]).exits(1);
    let bad = found.of("audit_failed").pop().unwrap();
    assert!(bad["seq"].as_u64().is_some_and(|seq| seq <= at as u64 + 1), "{bad}");
    assert!(bad["offset"].is_u64() && bad["file"].as_str().unwrap().ends_with(".log"), "{bad}");
}

/// A mission that waits at the desk with two candidates.
pub fn waiting(stage: &Stage) -> Done {
    let done = stage.brief(&["--approve", "none"]).exits(3);
    assert_eq!(done.last()["status"], "waiting");
    assert_eq!(done.of("request").last().unwrap()["request"], "R-1");
    done
}

#[test]
fn a_target_that_moved_is_merged_and_checked_again() {
    let stage = Stage::default();
    waiting(&stage);
    stage.write("lines.txt", &stage.read("lines.txt").replace("line 20\n", "line twenty\n"));
    let theirs = stage.commit("Meanwhile");
    let done = stage.run(&["desk", "approve", "R-1", "--team", "1", "--json"]).exits(0);
    assert_eq!(done.last()["status"], "landed");
    assert_eq!(stage.read("answer.txt"), "42\n");
    assert!(stage.read("lines.txt").contains("twenty"));
    assert_eq!(stage.git(&["rev-parse", "HEAD^"]).trim(), theirs);
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

/// A tree of the landing in which the check waits: it holds this file.
fn window(stage: &Stage, running: &mut Running, name: &str) -> std::path::PathBuf {
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let found = files(&stage.data()).into_iter().find(|path| path.ends_with(name));
        if let Some(found) = found {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "no check waits:\n{}", running.seen.join("\n"));
        if let Waited::End = running.next_within(std::time::Duration::from_millis(20)) {
            panic!("it ended before the check waited:\n{}", running.seen.join("\n"));
        }
    }
}

/// Waits in trees that hold what was committed meanwhile, until it is let go; answers as the usual check.
const SLOW_CHECK: &str = "wait_for() { touch waits-$1; while ! test -f go-$1; do sleep 0.05; done; }\n\
                          if test -f second.txt; then wait_for second; elif test -f first.txt; then wait_for first; fi\n\
                          grep -qx 42 answer.txt\n";

#[test]
fn c4_a_target_that_moves_during_the_landing_is_merged_and_checked_once_more() {
    let stage = Stage::default();
    stage.write("test.sh", SLOW_CHECK);
    stage.commit("A slow check");
    waiting(&stage);
    stage.write("first.txt", "moved before the landing\n");
    let first = stage.commit("First");
    let mut running = stage.start(&["desk", "approve", "R-1", "--team", "1", "--json"]);
    let waits = window(&stage, &mut running, "waits-first");
    // The landing has merged onto the first commit and checks that. Now the branch moves under it.
    assert_eq!(stage.git(&["rev-parse", "HEAD"]).trim(), first);
    stage.write("second.txt", "moved during the landing\n");
    stage.write("lines.txt", &stage.read("lines.txt").replace("line 20\n", "line twenty\n"));
    let second = stage.commit("Second");
    fs::write(waits.with_file_name("go-first"), "").unwrap();
    // What passed there does not count here: the checks run again on the result of the second merge.
    let waits = window(&stage, &mut running, "waits-second");
    let tree = waits.parent().unwrap();
    assert!(["first.txt", "second.txt"].iter().all(|name| tree.join(name).exists()));
    assert_eq!(fs::read_to_string(tree.join("answer.txt")).unwrap(), "42\n");
    assert_eq!(
        stage.git(&["rev-parse", "HEAD"]).trim(),
        second,
        "nothing lands before the checks have passed"
    );
    fs::write(tree.join("go-second"), "").unwrap();
    let done = running.end().exits(0);
    assert_eq!(done.last()["status"], "landed", "{done:?}");
    assert_eq!(stage.git(&["rev-parse", "HEAD"]).trim(), done.last()["commit"]);
    assert_eq!(stage.git(&["rev-parse", "HEAD^"]).trim(), second);
    assert_eq!(stage.git(&["diff", "--name-only", "HEAD^"]).trim(), "answer.txt");
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.git(&["status", "--porcelain"]).as_str()),
        ("42\n", "")
    );
    assert!(stage.read("lines.txt").contains("twenty"));
    stage.verify();
}

#[test]
fn checks_that_fail_on_the_merged_result_bring_it_back_to_the_desk() {
    let stage = Stage::default();
    waiting(&stage);
    stage.write("test.sh", "test -f answer.txt && exit 7\n");
    let theirs = stage.commit("Another check");
    let done = stage.run(&["desk", "approve", "R-1", "--team", "1", "--json"]).exits(3);
    let request = done.of("request").pop().unwrap();
    assert!(request["reasons"].to_string().contains("checks fail there"), "{request}");
    assert_eq!(stage.git(&["rev-parse", "HEAD"]).trim(), theirs);
}

#[test]
fn lines_that_both_changed_become_a_conflict_request() {
    let stage = Stage::default();
    waiting(&stage);
    stage.write("answer.txt", "43\n");
    let theirs = stage.commit("Another answer");
    let done = stage.run(&["desk", "approve", "R-1", "--team", "1", "--json"]).exits(3);
    let request = done.of("request").pop().unwrap();
    assert_eq!(
        (&request["subject"], &request["detail"]["files"][0]),
        (&"conflict".into(), &"answer.txt".into())
    );
    assert_eq!(done.last()["status"], "waiting");
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.git(&["rev-parse", "HEAD"]).trim()),
        ("43\n", theirs.as_str())
    );
    let id = request["request"].as_str().unwrap();
    let shown = stage.run(&["desk", "show", id]).exits(0);
    assert!(shown.stdout.contains("answer.txt"), "{shown:?}");
    stage.run(&["desk", "reject", id, "--reason", "43 is better"]).exits(0);
    assert_eq!(stage.run(&["missions", "--json"]).exits(0).last()["status"], "cancelled");
}

#[test]
fn b10_after_a_conflict_the_team_starts_from_where_the_target_is_now_and_lands() {
    let mut turns = office();
    let mend = turn("Again.", &[edit("answer.txt", "43", "42")]);
    let said = Some("Both sides of the conflict".into());
    turns.push(Turn { model: Some("claude".into()), turn: Some(0), said, ..mend });
    turns.extend(script().split_off(office().len()));
    let stage = Stage::new(turns);
    waiting(&stage);
    stage.write("answer.txt", "43\n");
    stage.write("lines.txt", &stage.read("lines.txt").replace("line 20\n", "line twenty\n"));
    let theirs = stage.commit("Another answer");
    let done = stage.run(&["desk", "approve", "R-1", "--team", "1", "--json"]).exits(3);
    let conflict = done.of("request").pop().unwrap();
    assert_eq!(conflict["subject"], "conflict", "{conflict}");
    let id = conflict["request"].as_str().unwrap();
    let retried = ["desk", "reject", id, "--retry", "--reason", "42 is right, whatever they say", "--json"];
    let done = stage.run(&retried).exits(3);
    let candidate = done.of("candidate").pop().unwrap();
    assert_eq!(
        (&candidate["team"], &candidate["attempt"]),
        (&ANTHROPIC.into(), &2.into()),
        "{}",
        done.stdout
    );
    // It was told the reason, its own former change and both sides, in a conversation about the new files.
    let heard = stage.rehearsal.heard();
    let told = heard.iter().find(|asked| asked.said.contains("Both sides of the conflict")).unwrap();
    for part in ["whatever they say", "your former change", "-41", "+42", "<<<<<<<", &theirs] {
        assert!(told.said.contains(part), "no {part} in {}", told.said);
    }
    assert_eq!(told.turns, 0);
    let rebased = stage.facts("team.rebased");
    assert_eq!(rebased.last().unwrap()["team"][2]["rebased"], theirs, "{rebased:?}");
    let again = done.of("request").pop().unwrap();
    let args = ["desk", "approve", again["request"].as_str().unwrap(), "--team", "1", "--json"];
    let landed = stage.run(&args).exits(0).last();
    assert_eq!(landed["status"], "landed");
    assert_eq!(stage.git(&["rev-parse", "HEAD^"]).trim(), theirs);
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.git(&["status", "--porcelain"]).as_str()),
        ("42\n", "")
    );
    assert!(stage.read("lines.txt").contains("twenty"));
    stage.verify();
}

#[test]
fn a_conflict_is_mended_by_hand_on_the_target_as_it_is_now() {
    let stage = Stage::default();
    waiting(&stage);
    stage.write("answer.txt", "43\n");
    let theirs = stage.commit("Another answer");
    let done = stage.run(&["desk", "approve", "R-1", "--team", "1", "--json"]).exits(3);
    let id = done.of("request").pop().unwrap()["request"].as_str().unwrap().to_owned();
    stage.write("answer.txt", "42\n");
    let patch = stage.path("mine.patch");
    fs::write(&patch, stage.git(&["diff"])).unwrap();
    stage.git(&["checkout", "-q", "."]);
    let done = stage.run(&["desk", "modify", &id, "--patch", patch.to_str().unwrap(), "--json"]).exits(3);
    let again = done.of("request").pop().unwrap();
    let args = ["desk", "approve", again["request"].as_str().unwrap(), "--team", "1", "--json"];
    assert_eq!(stage.run(&args).exits(0).last()["status"], "landed");
    assert_eq!(stage.git(&["rev-parse", "HEAD^"]).trim(), theirs);
    assert_eq!(stage.read("answer.txt"), "42\n");
}

#[test]
fn what_earlier_missions_left_behind_goes_with_the_next_and_unknown_work_stays() {
    let stage = Stage::default();
    stage.brief(&["--approve", "best"]).exits(0);
    let base = stage.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let trees = stage.data().join("worktrees");
    let area = fs::read_dir(&trees).unwrap().next().unwrap().unwrap().path();
    let ledger = area.join("worktrees.json");
    let mut known: Value = serde_json::from_str(&fs::read_to_string(&ledger).unwrap()).unwrap();
    assert_eq!(known["trees"].as_object().unwrap().len(), 0, "{known}");
    // As a crash would leave it: a scratch tree of a mission that is over, and a directory nobody knows.
    known["trees"]["scratch/M-1-base-0"] = serde_json::json!({"base": base, "last": base, "ready": true});
    fs::write(&ledger, known.to_string()).unwrap();
    let left = area.join("scratch/M-1-base-0/tree");
    let unknown = area.join("M-77/T-1/tree");
    for dir in [&left, &unknown] {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("work.txt"), "x").unwrap();
    }
    stage.write("answer.txt", "41\n");
    stage.commit("Wrong again");
    stage.brief(&["--approve", "best"]).exits(0);
    assert!(!left.exists() && unknown.join("work.txt").exists());
    let known = fs::read_to_string(&ledger).unwrap();
    assert!(!known.contains("M-1"), "{known}");
}

#[test]
fn local_changes_that_collide_are_named_and_kept() {
    let stage = Stage::default();
    let done = waiting(&stage);
    stage.write("answer.txt", "my own\n");
    stage.write("mine.txt", "untracked\n");
    let refused = stage.run(&["desk", "approve", "R-1", "--team", "1", "--json"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.all().contains("answer.txt"), "{refused:?}");
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.read("mine.txt").as_str()),
        ("my own\n", "untracked\n")
    );
    assert_eq!(stage.git(&["rev-list", "--count", "HEAD"]).trim(), "1");
    // The director puts it away, and the same candidate lands; what is in nobody's way stays.
    stage.git(&["checkout", "-q", "answer.txt"]);
    let request = refused.of("request").pop().unwrap_or_else(|| done.of("request").pop().unwrap());
    let id = request["request"].as_str().unwrap();
    stage.run(&["desk", "approve", id, "--team", "1", "--json"]).exits(0);
    assert_eq!((stage.read("answer.txt").as_str(), stage.read("mine.txt").as_str()), ("42\n", "untracked\n"));
}

#[test]
fn a12_restore_undoes_a_landing_and_is_undone_the_same_way() {
    let stage = Stage::default();
    let landed = stage.brief(&["--approve", "best"]).exits(0).last();
    let undone = stage.run(&["restore", landed["commit"].as_str().unwrap(), "--json"]).exits(0).last();
    assert_eq!((&undone["kind"], &undone["branch"]), (&"restored".into(), &"main".into()));
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.git(&["status", "--porcelain"]).as_str()),
        ("41\n", "")
    );
    let redone = stage.run(&["restore", undone["commit"].as_str().unwrap(), "--json"]).exits(0).last();
    assert_eq!(stage.git(&["rev-parse", "HEAD"]).trim(), redone["commit"]);
    assert_eq!(stage.read("answer.txt"), "42\n");
    let nothing = stage.run(&["restore", "deadbeef"]).exits(1);
    assert!(nothing.stderr.contains("deadbeef"), "{nothing:?}");
}

#[test]
fn a_branch_of_its_own_leaves_the_checked_out_one_alone() {
    let stage = Stage::default();
    stage.settings("[landing]\nbranch = \"agent\"\n");
    let landed = stage.brief(&["--approve", "best"]).exits(0).last();
    assert_eq!(landed["branch"], "agent/fix-M-1");
    assert_eq!(stage.git(&["rev-parse", "agent/fix-M-1"]).trim(), landed["commit"]);
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.git(&["rev-list", "--count", "main"]).trim()),
        ("41\n", "1")
    );
}

#[test]
fn c8_a_patch_on_a_protected_path_is_refused_twice() {
    let mut turns = office();
    let shell =
        ("run", serde_json::json!({"command": "mkdir -p db/migrations && echo x > db/migrations/1.sql"}));
    let right = edit("answer.txt", "41", "42");
    turns.extend(team("claude", &[&[write(".env", "KEY=1\n"), right.clone()], &[shell]], "Also the tables"));
    turns.extend(team("gemini", &[&[right]], "Only the answer"));
    let stage = Stage::new(turns);
    let done = stage.brief(&["--approve", "best"]).exits(0);
    // The edit tool says no, in words the agent can use ...
    let heard = stage.rehearsal.heard();
    let told =
        heard.iter().find(|asked| asked.model.contains("claude") && asked.said.contains(".env")).unwrap();
    assert!(told.said.contains("protected"), "{}", told.said);
    // ... and what came around the tool is denied by the gate, so that the other team wins.
    assert_eq!(done.last()["winner"], GOOGLE);
    assert!(done.stdout.contains("db/migrations/1.sql"), "{}", done.stdout);
    let denied =
        done.of("notice").iter().any(|n| n["team"] == ANTHROPIC && n.to_string().contains("protected"));
    assert!(denied, "{}", done.stdout);
    assert!(!stage.repo().join("db").exists() && !stage.repo().join(".env").exists());
}
