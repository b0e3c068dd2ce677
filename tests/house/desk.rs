//! The Decision Desk from a shell: each answer in a process of its own, as it happens over days.

use super::{landing::waiting, stage::*};
use std::fs;

#[test]
fn c10_a_waiting_mission_is_listed_explained_and_approved_by_later_processes() {
    let stage = Stage::default();
    waiting(&stage);
    assert_eq!(stage.read("answer.txt"), "41\n");
    let listed = stage.run(&["desk", "list", "--json"]).exits(0).of("request");
    assert_eq!(
        (listed.len(), &listed[0]["request"], &listed[0]["subject"]),
        (1, &"R-1".into(), &"choose".into())
    );
    assert_eq!(listed[0]["detail"]["teams"], serde_json::json!([ANTHROPIC, GOOGLE]));
    let shown = stage.run(&["desk", "show", "R-1"]).exits(0).stdout;
    assert!(shown.contains("answer.txt") && shown.contains("sh test.sh"), "{shown}");
    let explained = stage.run(&["policy", "explain", "R-1"]).exits(0).stdout;
    assert!(explained.contains("autonomy level 1") && explained.contains("plan "), "{explained}");
    // Half an answer, an old one and a wrong one are refused, and nothing happens.
    let which = stage.run(&["desk", "approve", "R-1"]).exits(64);
    assert!(which.stderr.contains(GOOGLE), "{which:?}");
    stage.run(&["desk", "approve", "R-1", "--team", "1", "--revision", "7"]).exits(3);
    stage.run(&["desk", "approve", "R-9", "--team", "1"]).exits(1);
    stage.run(&["desk", "approve", "R-1", "--team", "Nobody"]).exits(64);
    let done = stage.run(&["desk", "approve", "R-1", "--team", "google", "--json"]).exits(0);
    assert_eq!((&done.last()["status"], &done.last()["winner"]), (&"landed".into(), &GOOGLE.into()));
    assert_eq!(stage.read("why.txt"), "because\n");
    let again = stage.run(&["desk", "approve", "R-1", "--team", "google"]).exits(1);
    assert!(again.stderr.contains("decided before"), "{again:?}");
    let message = stage.git(&["log", "-1", "--format=%B"]);
    assert!(message.contains("Chimera-Approved-By: R-1"), "{message}");
    let by = stage.journal().into_iter().find(|entry| entry["kind"] == "desk.request_decided").unwrap();
    assert_eq!(by["actor"], format!("person:{}", me()));
    stage.verify();
}

#[test]
fn a_rejection_ends_the_mission_and_changes_nothing() {
    let stage = Stage::default();
    waiting(&stage);
    stage.run(&["desk", "reject", "R-1", "--reason", " "]).exits(64);
    let done = stage.run(&["desk", "reject", "R-1", "--reason", "not today", "--json"]).exits(0);
    assert_eq!(done.last()["status"], "cancelled");
    assert_eq!(stage.git(&["rev-list", "--count", "HEAD"]).trim(), "1");
    assert!(stage.run(&["desk", "list"]).exits(0).stdout.contains("Nothing waits"));
}

#[test]
fn b21_what_was_said_of_a_candidate_is_told_to_the_teams_of_the_next_mission() {
    let stage = Stage::default();
    waiting(&stage);
    let told = |stage: &Stage| {
        let heard = stage.rehearsal.heard();
        let by_team =
            heard.iter().filter(|asked| asked.turns == 0 && asked.said.contains("name things in full"));
        by_team.map(|asked| asked.model.clone()).collect::<std::collections::BTreeSet<_>>().len()
    };
    stage.run(&["desk", "reject", "R-1", "--reason", "name things in full", "--json"]).exits(0);
    assert_eq!(told(&stage), 0, "nobody was at work any more");
    stage.brief(&["--approve", "none"]).exits(3);
    assert_eq!(told(&stage), 2, "teams of both vendors");
}

#[test]
fn a11_a_retry_goes_on_with_the_reason_in_mind() {
    let mut turns = office();
    for model in ["claude", "gemini"] {
        let again = turn("Again.", &[write("reason.txt", "in words\n")]);
        let done = turn("Done.", &[("finish", finish("Say why in words"))]);
        let of = |turn: chimera::providers::rehearsal::script::Turn, said: Option<&str>| {
            chimera::providers::rehearsal::script::Turn {
                model: Some(model.into()),
                said: said.map(Into::into),
                ..turn
            }
        };
        turns.push(of(again, Some("say it in words")));
        turns.push(of(done, Some("reason.txt")));
    }
    turns.extend(script().split_off(office().len()));
    let stage = Stage::new(turns);
    waiting(&stage);
    let done =
        stage.run(&["desk", "reject", "R-1", "--retry", "--reason", "say it in words", "--json"]).exits(3);
    assert_eq!(done.last()["status"], "waiting");
    assert!(done.of("candidate").iter().all(|candidate| candidate["attempt"] == 2), "{}", done.stdout);
    let request = done.of("request").pop().unwrap();
    let done = stage
        .run(&["desk", "approve", request["request"].as_str().unwrap(), "--team", "1", "--json"])
        .exits(0);
    assert_eq!(done.last()["status"], "landed");
    assert_eq!(
        (stage.read("answer.txt").as_str(), stage.read("reason.txt").as_str()),
        ("42\n", "in words\n")
    );
}

#[test]
fn a_patch_of_the_directors_own_is_checked_and_then_waits_again() {
    let stage = Stage::default();
    waiting(&stage);
    stage.write("answer.txt", "42\n");
    stage.write("lines.txt", "one line\n");
    let patch = stage.path("mine.patch");
    fs::write(&patch, stage.git(&["diff"])).unwrap();
    stage.git(&["checkout", "-q", "."]);
    let broken = stage.path("broken.patch");
    fs::write(&broken, "no patch at all\n").unwrap();
    stage
        .run(&["desk", "modify", "R-1", "--team", "1", "--patch", stage.path("absent").to_str().unwrap()])
        .exits(1);
    let args = ["desk", "modify", "R-1", "--team", "1", "--patch", patch.to_str().unwrap(), "--json"];
    let done = stage.run(&args).exits(3);
    let evidence = done.of("evidence").pop().unwrap();
    assert_eq!((&evidence["passed"], &evidence["attempt"]), (&true.into(), &2.into()), "{}", done.stdout);
    let request = done.of("request").pop().unwrap();
    let done = stage
        .run(&["desk", "approve", request["request"].as_str().unwrap(), "--team", "1", "--json"])
        .exits(0);
    assert_eq!(done.last()["status"], "landed");
    assert_eq!(stage.read("lines.txt"), "one line\n");
}

#[test]
fn a10_what_the_director_puts_together_lands_only_when_its_checks_pass_and_says_out_of_what() {
    let stage = Stage::default();
    waiting(&stage);
    let combine = |request: &str, answer: &str| {
        stage.write("answer.txt", answer);
        stage.write("lines.txt", "one line\n");
        let head = "From: the director, out of Team Anthropic + Team Google\nSubject: Answer in one line\n\n- answer.txt:1 of Team Google\n\n";
        let patch = stage.path("combined.patch");
        fs::write(&patch, head.to_owned() + &stage.git(&["diff"])).unwrap();
        stage.git(&["checkout", "-q", "."]);
        let patch = patch.to_str().unwrap().to_owned();
        let done =
            stage.run(&["desk", "modify", request, "--team", "1", "--patch", &patch, "--json"]).exits(3);
        let request = done.of("request").pop().unwrap()["request"].as_str().unwrap().to_owned();
        let passed: Vec<_> = done.of("evidence").iter().map(|found| found["passed"].clone()).collect();
        (passed, request)
    };
    // Red: it takes no candidate's place. The one that it was made from stands again, and it can be made anew.
    let (passed, red) = combine("R-1", "50\n");
    assert!(passed.contains(&false.into()) && passed.last() == Some(&true.into()), "{passed:?}");
    assert_eq!(stage.git(&["rev-list", "--count", "HEAD"]).trim(), "1");
    let shown = stage.run(&["desk", "show", &red]).exits(0).stdout;
    assert!(
        shown.contains("attempt 2, by the director") && shown.contains("attempt 1 stands again"),
        "{shown}"
    );
    let (passed, green) = combine(&red, "42\n");
    assert_eq!(passed.last(), Some(&true.into()));
    let done = stage.run(&["desk", "approve", &green, "--team", "1", "--json"]).exits(0);
    assert_eq!(done.last()["status"], "landed");
    let message = stage.git(&["log", "-1", "--format=%B"]);
    assert!(message.starts_with("Answer in one line\n"), "{message}");
    let author =
        "Chimera-Team: the director, out of Team Anthropic + Team Google, in the worktree of Team Anthropic";
    assert!(message.contains(author) && message.contains("- answer.txt:1 of Team Google"), "{message}");
}

#[test]
fn a_patch_that_does_not_apply_is_said_and_changes_nothing() {
    let stage = Stage::default();
    waiting(&stage);
    let broken = stage.path("broken.patch");
    fs::write(&broken, "no patch at all\n").unwrap();
    let done =
        stage.run(&["desk", "modify", "R-1", "--team", "1", "--patch", broken.to_str().unwrap(), "--json"]);
    assert_ne!(done.code, Some(0), "{done:?}");
    assert!(done.all().contains("patch"), "{done:?}");
    assert_eq!(stage.git(&["rev-list", "--count", "HEAD"]).trim(), "1");
    // The other candidate can still be chosen.
    let listed = stage.run(&["desk", "list", "--json"]).exits(0).of("request");
    let id = listed.last().unwrap_or_else(|| panic!("{done:?}"))["request"].as_str().unwrap().to_owned();
    stage.run(&["desk", "approve", &id, "--team", "2", "--json"]).exits(0);
}

#[test]
fn e1_one_user_is_one_person_whatever_the_environment_says() {
    let mut stage = Stage::default();
    stage.settings("[autonomy]\ntwo_persons = [\"tier-3\"]\n");
    waiting(&stage);
    let yes = ["desk", "approve", "R-1", "--team", "1"];
    for (name, said) in [("alice", ": 1 of 2"), ("bob", "said yes to R-1 before")] {
        stage.env.extend(["USER", "LOGNAME"].map(|variable| (variable.into(), name.into())));
        let done = stage.run(&yes);
        let shown = stage.run(&["desk", "show", "R-1"]).exits(0).stdout;
        assert!(done.all().contains(said) || shown.contains(said), "{name}: {done:?} {shown}");
    }
    assert_eq!(stage.read("answer.txt"), "41\n");
    let opened = stage.journal().into_iter().find(|entry| entry["kind"] == "mission.opened").unwrap();
    assert_eq!(opened["actor"], format!("person:{}", me()));
    stage.verify();
}

/// Every command of the agents is asked about: here the probe of the sandbox finds no place to try it.
fn without_walls(turns: Vec<chimera::providers::rehearsal::script::Turn>) -> Stage {
    let mut stage = Stage::new(turns);
    stage.env.push(("TMPDIR".into(), stage.path("absent").display().to_string()));
    stage
}

#[test]
fn s2_a_decision_that_is_held_survives_a_kill_and_is_taken_back_or_given_again() {
    let stage = Stage::default();
    stage.settings("[autonomy]\nundo_window_s = 600\n");
    waiting(&stage);
    let mut first = stage.start(&["desk", "approve", "R-1", "--team", "google", "--hold", "--json"]);
    let held = first.until("\"held\"");
    assert_eq!((&held["request"], &held["by"]), (&"R-1".into(), &me().into()));
    first.kill();
    let listed = stage.run(&["desk", "list", "--json"]).exits(0).of("request");
    assert_eq!(listed[0]["held"]["until"], held["until"], "after a kill it is as it was: {listed:?}");
    assert_eq!(stage.read("answer.txt"), "41\n");
    stage.run(&["desk", "undo", "R-1"]).exits(0);
    let again = stage.run(&["desk", "undo", "R-1"]).exits(1);
    assert!(again.stderr.contains("nothing is held"), "{again:?}");
    // Held once more and killed once more: the same word without a hold counts at once.
    let mut second = stage.start(&["desk", "approve", "R-1", "--team", "google", "--hold", "--json"]);
    second.until("\"held\"");
    second.kill();
    let done = stage.run(&["desk", "approve", "R-1", "--team", "google", "--json"]).exits(0);
    assert_eq!(done.last()["status"], "landed");
    assert_eq!(stage.read("why.txt"), "because\n");
    let kinds: Vec<_> =
        stage.journal().into_iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    for kind in ["desk.decision_held", "desk.decision_undone", "desk.hold_ended"] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
    let by = stage.journal().into_iter().find(|entry| entry["kind"] == "desk.request_decided").unwrap();
    assert_eq!(by["actor"], format!("person:{}", me()), "the word of who gave it");
    stage.verify();
}

#[test]
fn s2_a_held_decision_whose_process_was_killed_takes_effect_in_the_next() {
    let stage = Stage::default();
    stage.settings("[autonomy]\nundo_window_s = 2\n");
    for _ in 0..2 {
        stage.brief(&["--approve", "none"]).exits(3);
    }
    let hold = |id| ["desk", "reject", id, "--reason", "not today", "--hold", "--json"];
    let mut first = stage.start(&hold("R-1"));
    first.until("\"held\"");
    first.kill();
    assert_eq!(stage.facts("desk.request_decided").len(), 0);
    // The next process waits for a decision of its own, which is given later: the first one's time comes before.
    let done = stage.run(&hold("R-2")).exits(0);
    assert_eq!(done.last()["status"], "cancelled", "{done:?}");
    let all = stage.journal();
    let decided: Vec<_> = all.iter().filter(|entry| entry["kind"] == "desk.request_decided").collect();
    let ids: Vec<_> = decided.iter().map(|e| e["payload"]["desk"]["request_decided"][0].clone()).collect();
    assert_eq!(ids, [1, 2], "{decided:?}");
    // The word of who gave it, whoever carried it out.
    assert!(decided.iter().all(|entry| entry["actor"] == format!("person:{}", me())), "{decided:?}");
    stage.verify();
}

#[test]
fn s2_a_grant_is_used_up_listed_and_revoked_end_to_end() {
    let mut turns = office();
    let run = |words: &str| ("run", serde_json::json!({"argv": ["touch", words], "reason": "to mark it"}));
    turns.extend(team("claude", &[&[run("a")], &[run("a")], &[run("a")], &[run("a")]], "Mark it"));
    let stage = without_walls(turns);
    let done = stage.run(&["brief", BRIEF, "--team", ANTHROPIC, "--approve", "none", "--json"]).exits(3);
    let first = done.of("request").pop().unwrap();
    assert_eq!(first["detail"]["argv"], serde_json::json!(["touch", "a"]), "{first}");
    let refused = stage.run(&["desk", "grant", "R-1", "--first", "1"]);
    assert!(refused.stderr.contains("name at least its first argument"), "{refused:?}");
    // Two of the next run by themselves, the third is asked about again.
    let done = stage.run(&["desk", "grant", "R-1", "--uses", "2", "--for", "1h", "--json"]).exits(3);
    assert_eq!(done.of("granted")[0]["grant"], "G-1");
    let next = done.of("request").pop().unwrap();
    assert_eq!((&next["request"], &next["subject"]), (&"R-4".into(), &"command".into()), "{}", done.stdout);
    assert_eq!(stage.facts("desk.grant_used").len(), 2);
    assert_eq!(stage.facts("desk.grant_ended")[0]["desk"]["grant_ended"], serde_json::json!([1, "used up"]));
    assert!(stage.run(&["grants", "list"]).exits(0).stdout.contains("No grants"));
    stage.verify();
}

#[test]
fn s2_a_grant_is_listed_and_revoked_by_other_processes() {
    let mut turns = office();
    let run = |word: &str| ("run", serde_json::json!({"argv": ["touch", word], "reason": "to mark it"}));
    turns.extend(team("claude", &[&[run("a")], &[run("b")]], "Mark it"));
    let stage = without_walls(turns);
    stage.run(&["brief", BRIEF, "--team", ANTHROPIC, "--approve", "none", "--json"]).exits(3);
    // The next command is another one: it waits, and the grant stays.
    let done = stage.run(&["desk", "grant", "R-1", "--project", "--uses", "5", "--json"]).exits(3);
    let next = done.of("request").pop().unwrap();
    assert_eq!(next["detail"]["argv"], serde_json::json!(["touch", "b"]), "{next}");
    let listed = stage.run(&["grants", "list", "--json"]).exits(0).of("grant");
    assert_eq!((&listed[0]["grant"], &listed[0]["reach"]), (&"G-1".into(), &"project".into()), "{listed:?}");
    assert_eq!((&listed[0]["by"], &listed[0]["uses"]), (&me().into(), &5.into()));
    stage.run(&["grants", "revoke", "G-1"]).exits(0);
    stage.run(&["grants", "revoke", "G-1"]).exits(1);
    assert!(stage.run(&["grants", "list"]).exits(0).stdout.contains("No grants"));
    stage.verify();
}
