//! The screen as lines, through pipes: a director who never sees a picture briefs, answers, compares, decides and
//! audits, and no byte of what is written moves a terminal.

use super::stage::*;
use std::{
    fs,
    process::{Output, Stdio},
};

/// Says these lines to the program; what it said.
pub fn talk(stage: &Stage, args: &[&str], lines: &[&str]) -> (Option<i32>, String) {
    let script = stage.path("script");
    fs::write(&script, lines.join("\n") + "\n").unwrap();
    let mut command = stage.chimera(args);
    let done = command.stdin(Stdio::from(fs::File::open(&script).unwrap())).output().unwrap();
    (done.status.code(), said(&done))
}

/// What was said; nothing in it but lines.
fn said(done: &Output) -> String {
    let acts = |byte: &u8| *byte != b'\n' && (*byte < 0x20 || *byte == 0x7f);
    assert!(!done.stdout.iter().any(acts), "{:?}", String::from_utf8_lossy(&done.stdout));
    String::from_utf8(done.stdout.clone()).unwrap()
}

/// Every part, in this order.
pub fn holds(said: &str, parts: &[&str]) {
    let mut rest = said;
    for part in parts {
        let Some(at) = rest.find(part) else { panic!("{part:?} is not said, or too early:\n{said}") };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn s7_a_director_in_lines_briefs_compares_approves_and_audits_without_an_escape_byte() {
    let stage = Stage::default();
    let (code, said) = talk(
        &stage,
        &["--linear"],
        &[
            "check sh test.sh",
            "brief",
            BRIEF,
            ".",
            "wait",
            "desk",
            "compare R-1",
            "approve R-1",
            "approve R-1 r9 A",
            "approve R-1 A",
            "wait end",
            "show M-1",
            "audit mission. 50",
            "screen audit",
            "approve R-1 A",
            "nonsense",
        ],
    );
    assert_eq!(code, Some(0), "{said}");
    holds(
        &said,
        &[
            "chimera: repo@main, in lines; say help for the verbs",
            "checks: sh test.sh",
            "step: M-1 draft",
            "candidate: M-1 A Anthropic 1, +1 -1 in 1 file",
            "evidence: M-1 A Anthropic 1, checks pass",
            "waiting: R-1 choose, M-1, 2 candidates, A Anthropic, B Google, revision r",
            "waited: 1 waiting for you",
            "  if denied: ",
            "place 1 of ",
            "not done: R-1 is a choice, say which team: A Anthropic, B Google",
            "not at r9; nothing was decided",
            "sent: R-1 at r",
            "landed: M-1, Landed as",
            "mission: M-1, landed",
            &format!(", person:{}, mission.opened, M-1", me()),
            ", mission.landed, M-1",
            "screen: Audit",
            "not done: R-1 does not wait",
            "not done: nonsense is no verb",
        ],
    );
    assert_eq!(stage.read("answer.txt"), "42\n");
    let decided = stage.facts("desk.request_decided");
    assert_eq!(decided.len(), 1, "{decided:?}");
    stage.verify();
}

#[test]
fn what_is_no_terminal_gets_lines_unasked_and_ends_with_its_input() {
    let stage = Stage::default();
    let mut command = stage.chimera(&[]);
    let done = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let first = said(&done);
    holds(&first, &["chimera: repo@main, in lines because stdout is no terminal", "status: 0 missions"]);
    let (code, said) = talk(&stage, &[], &["brief", "never sent"]);
    assert_eq!(code, Some(0));
    holds(&said, &["not done: the brief was not ended by a line with a single dot: it was not sent"]);
    assert!(stage.facts("mission.opened").is_empty());
}

#[test]
fn words_of_models_in_lines_move_nothing() {
    let mut turns = office();
    turns.extend(team("claude", &[&[write("answer.txt", "42\n")]], "\u{1b}[2Jdone\u{9b}31m\r\u{202e}"));
    let stage = Stage::new(turns);
    stage.settings(&format!("[brief]\nchecks = [\"{CHECK}\"]\nteams = [\"{ANTHROPIC}\"]\n"));
    let lines = [&format!("brief {BRIEF}") as &str, "watch M-1", "wait", "desk", "reject R-1 no", "wait end"];
    let (code, said) = talk(&stage, &["--linear"], &lines);
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains(['\u{9b}', '\u{202e}']), "{said}");
    holds(&said, &["watch: M-1", "waiting: R-1", "sent: R-1", "decided: R-1, rejected, no"]);
}
