//! Manners of a program among others: signals, limits of time, one owner, clean output, questions without a person.

use super::stage::*;
use chimera::providers::rehearsal::script::{Fault, Turn};
use rustix::process::Signal;
use serde_json::json;

/// Orchestrator and judges answer; teams hang.
fn hanging() -> Stage {
    let mut turns = office();
    turns.extend([fault("claude", Fault::Hang, None), fault("gemini", Fault::Stall { after: 2 }, None)]);
    Stage::new(turns)
}

const WAITS: [&str; 4] = ["brief", BRIEF, "--check", CHECK];

#[test]
fn c10_an_interrupt_cancels_tidies_up_and_exits_with_130() {
    for signal in [Signal::INT, Signal::TERM] {
        let stage = hanging();
        let mut running = stage.start(&[&WAITS[..], &["--json"]].concat());
        running.until("\"drafting\"");
        running.signal(signal);
        let done = running.end().exits(130);
        assert_eq!(
            (&done.last()["kind"], &done.last()["status"]),
            (&"mission_finished".into(), &"cancelled".into())
        );
        assert_eq!(stage.run(&["missions", "--open", "--json"]).exits(0).stdout, "");
        stage.verify();
    }
}

/// Wherever the limit falls (before the survey, among questions, in a draft), it stops what is incomplete.
#[test]
fn a_time_limit_stops_what_hangs_and_exits_with_3() {
    let mute = Stage::new(vec![fault("claude", Fault::Hang, None), fault("gemini", Fault::Hang, None)]);
    for (stage, limit) in [(hanging(), "1s"), (hanging(), "1ms"), (mute, "300ms")] {
        let done = stage.run(&[&WAITS[..], &["--timeout", limit, "--json"]].concat()).exits(3);
        let last = done.last();
        assert_eq!(
            (&last["kind"], &last["status"]),
            (&"mission_finished".into(), &"cancelled".into()),
            "{limit}: {done:?}"
        );
        let text = done.stdout + &stage.run(&["show", "M-1"]).exits(0).stdout;
        assert!(text.contains("the time limit of"), "{limit}: {text}");
        assert_eq!(stage.run(&["missions", "--open", "--json"]).exits(0).stdout, "");
    }
}

#[test]
fn without_a_first_commit_nothing_is_opened_and_it_is_said_what_to_do() {
    let stage = Stage::default();
    let bare = stage.path("fresh");
    std::fs::create_dir(&bare).unwrap();
    stage.git(&["init", "-q", bare.to_str().unwrap()]);
    let done = stage.brief(&["--repo", bare.to_str().unwrap()]).exits(1);
    for part in [bare.to_str().unwrap(), "no commit yet", "git commit --allow-empty"] {
        assert!(done.stderr.contains(part), "no {part}: {done:?}");
    }
    assert_eq!((done.lines().len(), &done.last()["kind"]), (1, &"error".into()), "{done:?}");
    assert!(!stage.data().join("journal").exists(), "something was journaled");
    assert!(stage.rehearsal.heard().is_empty());
}

#[test]
fn d12_a_second_process_looks_and_attaches_and_says_who_has_the_house() {
    let stage = hanging();
    let mut running = stage.start(&[&WAITS[..], &["--json"]].concat());
    running.until("\"drafting\"");
    let owner = running.pid().to_string();
    let looked = stage.run(&["missions", "--json"]).exits(0);
    assert!(looked.stderr.contains(&owner) && looked.last()["mission"] == "M-1", "{looked:?}");
    let stopped = stage.run(&["stop", "enough"]).exits(0);
    assert!(stopped.stderr.contains(&owner), "{stopped:?}");
    // The owner hears of it: its mission waits for the house to be resumed.
    let done = running.end().exits(3);
    assert!(done.stdout.contains("stopped: enough"), "{done:?}");
    stage.verify();
}

#[test]
fn d12_an_owner_that_was_killed_leaves_no_lock_behind() {
    let stage = hanging();
    let mut running = stage.start(&[&WAITS[..], &["--json"]].concat());
    running.until("\"drafting\"");
    running.kill();
    stage.run(&["stop", "enough"]).exits(0);
    stage.verify();
}

#[test]
fn c10_a_paused_and_a_stopped_house_start_nothing_until_resumed() {
    for word in ["pause", "stop"] {
        let stage = Stage::default();
        stage.run(&[word, "lunch"]).exits(0);
        let done = stage.brief(&["--approve", "none"]).exits(3);
        assert!(done.all().contains("lunch"), "{word}: {done:?}");
        assert!(stage.rehearsal.heard().is_empty(), "{word}: a model was called");
        stage.run(&["resume"]).exits(0);
        stage.run(&["resume"]).exits(1);
        let done = stage.brief(&["--approve", "best"]).exits(0);
        assert_eq!(done.last()["status"], "landed");
    }
}

fn asking() -> Stage {
    let mut turns = vec![questions(json!([
        {"text": "Keep the old answer too?", "form": "yes_no", "default": "no"},
        {"text": "Which file?", "form": "single", "choices": ["answer.txt", "lines.txt"], "default": "answer.txt"},
    ]))];
    turns.extend(script().split_off(1));
    Stage::new(turns)
}

#[test]
fn a3_questions_without_a_person_take_the_defaults_and_say_so() {
    let stage = asking();
    let done = stage.brief(&["--approve", "best"]).exits(0);
    let assumed: Vec<_> =
        done.of("notice").into_iter().filter(|n| n.to_string().contains("assumed:")).collect();
    assert_eq!(assumed.len(), 2, "{}", done.stdout);
    let clarified = stage.facts("mission.clarified").pop().unwrap();
    let answers = clarified["mission"][1]["clarified"].as_array().unwrap().clone();
    assert!(answers.len() == 2 && answers.iter().all(|answer| answer["assumed"] == true), "{clarified}");
}

#[test]
fn a3_answers_given_beforehand_reach_the_teams() {
    let stage = asking();
    let done = stage.brief(&["--approve", "best", "--answers", "1=yes"]).exits(0);
    assert!(done.stdout.contains("answered: Keep the old answer too? yes"), "{}", done.stdout);
    let clarified = stage.facts("mission.clarified").pop().unwrap();
    let answers = &clarified["mission"][1]["clarified"];
    assert_eq!((&answers[0]["text"], &answers[0]["assumed"]), (&"yes".into(), &false.into()), "{clarified}");
    let told = |model: &str| {
        let heard = stage.rehearsal.heard();
        heard.iter().any(|asked| {
            asked.model.contains(model) && asked.body.to_string().contains("Keep the old answer too?")
        })
    };
    assert!(told("claude") && told("gemini"));
}

/// What a terminal or a reader's eye would obey.
const HOSTILE: &str = "\u{1b}]52;c;cm0gLXJm\u{7}\u{1b}[2J\u{1b}[31m\u{1b}]0;owned\u{1b}\\\u{9b}31m\u{9d}x\u{9c}\u{1b}P+q\u{1b}\\\
                       \u{1b}_apc\u{1b}\\\u{202e}gpj.exe\u{2066}\u{200f}\u{8}\u{8}\rline\u{0}\u{7f}\u{1b}[?1049h\u{1b}]8;;http://e/\u{7}";

fn hostile() -> Stage {
    let mut turns = vec![questions(json!([{"text": HOSTILE, "form": "free", "default": HOSTILE}]))];
    let plan = turn(
        HOSTILE,
        &[("plan", json!({"goal": HOSTILE, "steps": [HOSTILE], "files": [HOSTILE], "confidence": 9}))],
    );
    turns.push(Turn { system: Some("Plan the smallest change".into()), thinking: HOSTILE.into(), ..plan });
    for model in ["claude", "gemini"] {
        let score =
            |letter: &str| json!({"candidate": letter, "score": 90, "confidence": 90, "reasons": HOSTILE});
        let verdict = turn(HOSTILE, &[("verdict", json!({"scores": [score("A"), score("B")]}))]);
        turns.push(Turn { system: Some("You review patches".into()), model: Some(model.into()), ..verdict });
        let shell = "printf '42\\n' > answer.txt; printf 'x' > \"$(printf 'a\\033[31mb\\342\\200\\256c')\"; printf '\\033[2J\\302\\2335m'";
        let mut all = team(model, &[&[("run", json!({"command": shell}))]], HOSTILE);
        all.iter_mut().for_each(|turn| {
            turn.text = HOSTILE.into();
            turn.thinking = HOSTILE.into();
        });
        turns.extend(all);
    }
    turns.push(fault(
        "claude",
        Fault::Status { status: 400, retry_after: None, body: Some(HOSTILE.into()) },
        None,
    ));
    Stage::new(turns)
}

fn clean(what: &str, text: &str) {
    let bad = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
    };
    let found: Vec<String> =
        text.lines().filter(|line| line.contains(bad)).map(|line| format!("{line:?}")).collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn no_output_can_move_a_terminal_whatever_models_and_tools_say() {
    for json in [true, false] {
        let stage = hostile();
        let form = if json { &["--json"][..] } else { &[] };
        let brief = |text: &str| {
            stage.run(
                &[&["brief", text, "--check", "printf '\\033[2J'; grep -qx 42 answer.txt"], form].concat(),
            )
        };
        let done = brief(&format!("Say 42 {HOSTILE}").replace('\0', "")).exits(3);
        clean("brief", &done.all());
        for args in [
            &["missions"][..],
            &["show", "M-1"],
            &["desk", "list"],
            &["desk", "show", "R-1"],
            &["policy", "explain", "R-1"],
            &["show", HOSTILE_ID],
            &["audit", "export"],
            &["desk", "approve", "R-1", "--team", "1"],
        ] {
            let done = stage.run(&[args, form].concat());
            clean(&args.join(" "), &done.all());
        }
        clean("the commit message", &stage.git(&["log", "-1", "--format=%B"]));
        assert_eq!(stage.read("answer.txt"), "42\n");
    }
}

/// A mistyped argument comes back in the complaint about it.
const HOSTILE_ID: &str = "\u{1b}[31mM-1\u{202e}";

#[test]
fn nothing_to_work_in_is_said_with_what_to_do() {
    let stage = Stage::default();
    let outside = stage.path("home");
    let done = stage.run(&["brief", "x", "--repo", outside.to_str().unwrap()]);
    assert!(done.code == Some(1) && done.stderr.contains("git"), "{done:?}");
    stage.run(&["brief", "   "]).exits(64);
    stage.run(&["brief"]).exits(64);
    stage.settings("[budget]\ndaily = 3\n");
    // Where nothing runs, what looks looks all the same, and nothing is started.
    let done = stage.run(&["missions"]).exits(0);
    assert!(done.stderr.contains("chimera.toml:2"), "{done:?}");
    for args in [&["brief", "x"][..], &["resume"], &["level"], &["level", "1"]] {
        let done = stage.run(args).exits(1);
        assert!(done.stderr.contains("chimera.toml:2"), "{done:?}");
    }
    let done = stage.run(&["stop", "now"]).exits(1);
    assert!(done.stderr.contains("a file STOP or PAUSE in the data directory needs no settings"), "{done:?}");
}
