//! The screen over a house at work: the kill switch as a key, a mission cancelled in the middle of everything, and keys
//! that come for what is no more there.

use super::{FIRST, WIDE, pty::Terminal};
use crate::house::{
    ends::begun,
    ideas::wrong,
    money::never_over,
    stage::*,
    wire::{Exchange, Server},
};
use chimera::providers::rehearsal::script::{Fault, Turn};
use std::{
    io::{Read as _, Write as _},
    sync::mpsc,
    time::{Duration, Instant},
};

/// From the kill switch to the end of everything, as promised.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);

fn mark(stage: &Stage) -> String {
    format!("deaf-{}", stage.path("").file_name().unwrap().to_string_lossy())
}

/// Waits until so many processes of the mark are there, or none.
fn count(terminal: &mut Terminal, mark: &str, wanted: impl Fn(usize) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !wanted(processes(mark).len()) {
        assert!(Instant::now() < deadline, "{:?}\n{}", processes(mark), terminal.text());
        terminal.heard_within(LOOK);
    }
}

/// A screen on the stage with a brief on its way.
fn transmitted(stage: &Stage, teams: &str) -> Terminal {
    stage.settings(&format!("[brief]\nchecks = [\"{CHECK}\"]\nteams = [{teams}]\n"));
    let mut terminal = Terminal::on(stage, WIDE, &[]);
    terminal.sees(FIRST);
    terminal.keys(BRIEF);
    terminal.sees(BRIEF);
    terminal.keys("\r");
    terminal.sees("M-1 is transmitted");
    terminal
}

#[test]
fn c10_the_stop_key_ends_the_deaf_and_all_their_children_within_10_seconds() {
    let stage = Stage::new(Vec::new());
    let mark = mark(&stage);
    let mut turns = office();
    turns.extend(team("claude", &[&[deaf(&mark)]], "Nothing"));
    let stage = stage.says(turns);
    let mut terminal = transmitted(&stage, "\"Team Anthropic\"");
    count(&mut terminal, &mark, |count| count >= DEAF);
    let since = Instant::now();
    terminal.keys("\x1b[20~");
    terminal.sees("STOPPED");
    count(&mut terminal, &mark, |count| count == 0);
    let took = since.elapsed();
    eprintln!("stop by key: everything ended after {took:?}");
    assert!(took < ENDS_WITHIN, "{took:?}");
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    let journal = stage.journal();
    let stopped = journal.iter().position(|entry| entry["kind"] == "control.stopped").unwrap();
    assert!(begun(&journal[stopped..]).is_empty(), "{:?}", begun(&journal[stopped..]));
}

/// Says one word and then nothing, and tells when the other side has hung up.
fn endless(hung_up: mpsc::Sender<()>) -> Server {
    Server::start(move |mut exchange: Exchange| {
        exchange.body()?;
        let word = r#"{"candidates":[{"content":{"parts":[{"text":"Well, "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":1000,"totalTokenCount":1000}}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        write!(exchange.stream, "{head}data: {word}\n\n")?;
        let mut byte = [0];
        let end = exchange.stream.read(&mut byte);
        assert!(matches!(end, Ok(0) | Err(_)), "the client spoke again");
        let _ = hung_up.send(());
        Ok(())
    })
}

#[test]
fn c10_b7_a_cancelled_mission_hangs_up_ends_its_commands_and_settles_its_calls() {
    let stage = Stage::new(Vec::new());
    let mark = mark(&stage);
    let mut turns = office();
    turns.extend(team("claude", &[&[deaf(&mark)]], "Nothing"));
    let mut stage = stage.says(turns);
    let (hung_up, hangs_up) = mpsc::channel();
    let voice = endless(hung_up);
    stage.env.push(("GEMINI_BASE_URL".into(), format!("http://{}", voice.address)));
    let mut terminal = transmitted(&stage, "\"Team Anthropic\", \"Team Google\"");
    count(&mut terminal, &mark, |count| count >= DEAF);
    terminal.sees("Well,");
    assert!(hangs_up.try_recv().is_err(), "the stream ended by itself");
    terminal.keys("\x1b");
    // Escape alone: what follows at once would be one key with it.
    terminal.heard_within(Duration::from_millis(200));
    terminal.keys("X");
    terminal.sees("nothing lands; why?");
    terminal.keys("enough\r");
    // The program lives on: it is the mission that ends.
    count(&mut terminal, &mark, |count| count == 0);
    hangs_up.recv_timeout(PATIENCE).expect("the stream is still read");
    terminal.sees("CANCELLED");
    assert_eq!(voice.asked().len(), 1, "it called again: {:?}", voice.asked());
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    let spent = never_over(&stage, 1_000_000_000);
    assert!(spent > 0, "what was heard is paid");
    let calls = stage.facts("money.reserved").into_iter().map(|fact| fact["money"]["reserved"].clone());
    let cut: Vec<_> = calls.filter(|call| call["model"].to_string().contains("gemini")).collect();
    assert_eq!(cut.len(), 1, "{cut:?}");
    let paid = stage.facts("money.settled").into_iter().map(|fact| fact["money"]["settled"].clone());
    let paid: Vec<_> = paid.filter(|paid| paid["call"] == cut[0]["call"]).collect();
    assert!(
        paid.len() == 1 && paid[0]["usage"]["input"].as_u64() >= Some(1_000),
        "as far as it was heard: {paid:?}"
    );
    assert!(stage.facts("money.forfeited").is_empty());
    stage.verify();
}

fn decided(stage: &Stage) -> usize {
    stage.facts("desk.request_decided").len()
}

/// The mission whose request the desk marks as the one that keys decide.
fn marked(terminal: &Terminal) -> String {
    let text = terminal.text();
    let line = text.lines().rfind(|line| line.contains('▸') && line.contains("choose a candidate"));
    let words = line.unwrap_or_else(|| panic!("nothing is marked; the screen is\n{text}")).split_whitespace();
    words.into_iter().find(|word| word.starts_with("M-")).unwrap().to_owned()
}

#[test]
fn a9_a_key_for_a_request_or_revision_that_is_not_the_one_seen_is_refused_and_says_so() {
    a_key_within_300_ms_of_another_request_coming_up_decides_nothing();
    a_key_for_an_older_revision_is_refused();
}

fn a_key_within_300_ms_of_another_request_coming_up_decides_nothing() {
    let stage = Stage::default();
    for _ in 0..2 {
        stage.brief(&["--approve", "none"]).exits(3);
    }
    let mut terminal = Terminal::on(&stage, WIDE, &[]);
    terminal.sees("2 waiting");
    terminal.keys("\x0e");
    terminal.sees("[1] Anthropic");
    terminal.heard_within(Duration::from_millis(400));
    let first = marked(&terminal);
    // The next request comes up, and in the same breath a key meant for the one before.
    terminal.keys("\x0e1");
    terminal.until("the refusal", |screen| {
        screen.contains("ms: that key was not taken; look again and press it again")
    });
    assert_eq!((decided(&stage), stage.read("answer.txt").as_str()), (0, "41\n"));
    let second = marked(&terminal);
    assert_ne!(first, second);
    terminal.press_until("1", "that key was not taken", &["Landing", "Landed as", "LANDED"]);
    terminal.sees("✓ landed");
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    let facts = stage.facts("desk.request_decided");
    // The first mission has the first request.
    assert_eq!(facts.len(), 1, "{facts:?}");
    assert_eq!(
        format!("M-{}", facts[0]["desk"]["request_decided"][0]),
        second,
        "what was on the screen: {facts:?}"
    );
}

fn a_key_for_an_older_revision_is_refused() {
    let more = Turn { fault: Some(Fault::Hang), said: Some("shorter please".into()), ..turn("", &[]) };
    let mut turns = vec![more];
    turns.extend(script());
    let stage = Stage::new(turns);
    stage.brief(&["--approve", "none"]).exits(3);
    let mut owner = Terminal::on(&stage, WIDE, &[]);
    owner.sees("[1] Anthropic");
    let mut other = Terminal::on(&stage, WIDE, &[]);
    other.sees("[1] Anthropic");
    other.keys("\x0e");
    other.heard_within(Duration::from_millis(400));
    // The other screen stands still while the first candidate goes back to its team.
    let held = rustix::process::Pid::from_raw(other.pid()).unwrap();
    rustix::process::kill_process(held, rustix::process::Signal::STOP).unwrap();
    owner.keys("\x0e");
    owner.heard_within(Duration::from_millis(400));
    owner.keys("t");
    owner.heard_within(Duration::from_millis(400));
    owner.keys("shorter please\r");
    owner.until("the request without that candidate", |screen| !screen.contains("[1] Anthropic"));
    other.keys("1");
    rustix::process::kill_process(held, rustix::process::Signal::CONT).unwrap();
    other.until("the refusal", |screen| {
        screen.contains("has changed since") || screen.contains("that key was not taken")
    });
    eprintln!(
        "refused with: {}",
        other.text().lines().find(|line| line.contains("chang")).unwrap_or_default()
    );
    let state = other.text();
    assert!(!state.contains("LANDED"), "{state}");
    for terminal in [&mut other, &mut owner] {
        terminal.keys("\x11");
        assert_eq!(terminal.ended(), 0);
    }
    assert_eq!((decided(&stage), stage.read("answer.txt").as_str()), (0, "41\n"));
}

#[test]
fn s5_a_setting_is_changed_on_the_screen_rules_at_once_and_is_journaled() {
    let stage = Stage::default();
    stage.settings("[budget]\ndaily_usd = 20.00 # enough\n");
    let mut terminal = Terminal::on(&stage, WIDE, &[]);
    terminal.sees(FIRST);
    terminal.keys("\x1b[17~");
    terminal.sees("AUTONOMY LEVEL");
    terminal.keys("/");
    terminal.sees("show settings whose name has");
    terminal.keys("daily\r");
    terminal.sees("1 of them");
    terminal.keys("\r");
    terminal.sees("SET budget.daily_usd");
    terminal.keys("\x15lots\r");
    terminal.sees("is not an amount");
    terminal.keys("\x157.5\r");
    terminal.until("the change", |screen| screen.contains("is set as 7.50") && screen.contains("at once"));
    terminal.sees("/ $7.50");
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    let text = std::fs::read_to_string(stage.path("chimera.toml")).unwrap();
    assert!(text.contains("daily_usd = 7.50 # enough"), "{text}");
    assert_eq!(stage.facts("control.setting_changed").len(), 1);
    let policies = stage.facts("control.policy_loaded");
    assert_eq!(policies.last().unwrap()["control"]["policy_loaded"]["budget"]["per_day"], 7_500_000);
}

#[test]
fn s3_an_idea_after_repeated_failures_becomes_a_mission_by_one_key() {
    let stage = Stage::new(wrong());
    stage.brief(&["--approve", "none"]);
    stage.brief(&["--approve", "none"]);
    let mut terminal = Terminal::on(&stage, WIDE, &[]);
    terminal.sees(FIRST);
    terminal.keys("\x1bOS");
    terminal.sees("fails again and again");
    terminal.keys("S");
    terminal.sees("M-3 is transmitted from the idea");
    terminal.sees("No ideas yet");
    terminal.keys("a");
    terminal.sees("→ M-3");
    terminal.keys("I");
    terminal.sees("ideas agent: 1 suggestion");
    terminal.keys("\x11");
    assert_eq!(terminal.ended(), 0);
    let taken = stage.facts("idea.taken");
    assert_eq!((taken.len(), &taken[0]["idea"]["taken"]["mission"]), (1, &3.into()));
    let opened = stage.facts("mission.opened");
    let text = opened[2]["mission"][1]["opened"]["text"].as_str().unwrap();
    assert!(text.contains(CHECK) && text.contains("in one mission after another"), "{text}");
}
