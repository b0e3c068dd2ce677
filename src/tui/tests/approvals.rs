//! The approvals screen and the undo window on the screen: every key to the exact command.

use super::*;
use crate::{
    domain::{
        grant::{Grant, Pattern, Reach, Terms},
        ids::GrantId,
        request::{Actor, Consent, Hold},
        time::Millis,
    },
    engine::{snapshot, state::State},
};
use std::sync::Arc;

fn command(id: u64, line: &[&str]) -> crate::domain::request::Request {
    let argv = line.iter().map(|word| (*word).to_owned()).collect();
    request(id, Subject::Command { team: TeamId(1), argv, reason: "to see".into() })
}

/// One of every kind: R-3 a choice, R-4 and R-5 commands, R-6 money, R-7 a question, R-8 a conflict.
fn queue() -> State {
    let mut state = waiting();
    let cap = Subject::Budget { team: Some(TeamId(2)), cap: Money::cents(50), wanted: Money::usd(1) };
    let question = Subject::Ask { team: TeamId(2), question: "404 or 200?".into() };
    let conflict =
        Subject::Conflict { team: TeamId(1), files: vec!["src/cart.rs".into()], detail: Digest::of(b"both") };
    let asked = [
        command(4, &["npm", "ci"]),
        command(5, &["git", "push", "--force now"]),
        request(6, cap),
        request(7, question),
        request(8, conflict),
    ];
    for request in asked {
        state.desk.insert(request.id, request.into());
    }
    state
}

fn held(mut state: State, id: u64, decision: Decision) -> State {
    let revision = state.desk[&RequestId(id)].revision;
    let (given, by) = (START + Millis(72_000), Actor::Person("ada".into()));
    let hold =
        Hold { request: RequestId(id), revision, decision, by, given, until: given + Millis::secs(10) };
    state.clockwork.held.insert(hold.request, hold);
    state
}

fn granted(mut state: State) -> State {
    for id in 1..=2 {
        let argv = vec!["npm".to_owned(), format!("run-{id}")];
        let terms =
            Terms { pattern: Pattern::Exact(argv), reach: Reach::Mission, uses: 10, lasts: Millis::hours(8) };
        let grant = Grant {
            id: GrantId(id),
            terms,
            mission: MissionId(12),
            repo: "/srv/shop".into(),
            by: "ada".into(),
            given: START,
            until: START + Millis::hours(8),
            used: 7,
        };
        state.grants.insert(grant.id, Arc::new(grant));
    }
    let earlier = Arc::new(command(2, &["ls"]));
    state.decided.push((earlier.clone(), Decision::Reject { reason: "not now".into() }, START));
    state.deciders.insert(earlier.id, Actor::Person("bob".into()));
    state
}

fn revise(mut state: State, id: u64) -> State {
    Arc::make_mut(state.desk.get_mut(&RequestId(id)).unwrap()).revision = Revision(4);
    state
}

/// On the screen, the cursor on a request.
fn at(state: State, id: u64, size: (u16, u16)) -> Bench {
    let mut bench = Bench::new(size);
    bench.state(state).press("f3").wait(400);
    let all = bench.app.state.desk.len();
    bench.press("g g");
    for _ in 0..all {
        if bench.app.desk.request(&bench.app.state).is_some_and(|request| request.id == RequestId(id)) {
            break;
        }
        bench.press("j");
    }
    bench.wait(400);
    bench
}

fn told(bench: &Bench) -> Vec<Command> {
    let of = |task: &Task| match task {
        Task::Send(command, _) => vec![(**command).clone()],
        Task::SendAll(commands, _) => commands.clone(),
        _ => vec![],
    };
    bench.tasks.iter().flat_map(of).collect()
}

fn hold(id: u64, decision: Decision) -> Command {
    Command::Desk(DeskCommand::Hold(RequestId(id), Revision(3), Box::new(decision)))
}

fn yes() -> Decision {
    Decision::Approve { team: None }
}

const WIDE: (u16, u16) = (120, 40);

#[test]
fn the_second_person_sees_what_the_first_one_said_yes_to() {
    let mut state = queue();
    let request = Arc::make_mut(state.desk.get_mut(&RequestId(3)).unwrap());
    let decision = Decision::Approve { team: Some(TeamId(2)) };
    request.approved = vec![Consent { by: Actor::Person("ada".into()), decision }];
    let name = state.missions[&MissionId(12)].team_name(TeamId(2));
    let (screen, _) = picture(&at(state, 3, (160, 60)));
    assert!(screen.contains(&format!("approved by ada, to {name}")), "{screen}");
}

#[test]
fn pictures_of_the_approvals_screen() {
    let move_to = |b: &mut Bench, id: u64| {
        b.press("f3 g g");
        while b.app.desk.request(&b.app.state).is_some_and(|request| request.id != RequestId(id)) {
            b.press("j");
        }
    };
    pictures("approvals_empty", |b| b.press("f3"));
    pictures("approvals", |b| {
        b.state(held(queue(), 8, Decision::Approve { team: None }));
        move_to(b, 5);
        b.press("space")
    });
    pictures("approvals_choice", |b| {
        b.state(queue());
        move_to(b, 3);
        b
    });
    pictures("approvals_decided", |b| b.state(granted(queue())).press("f3 tab"));
    pictures("approvals_grants", |b| b.state(granted(queue())).press("f3 tab tab"));
    pictures("approvals_grant_line", |b| {
        b.state(queue());
        move_to(b, 4);
        b.wait(400).press("A")
    });
    pictures("held", |b| {
        b.state(held(waiting(), 3, Decision::Approve { team: Some(TeamId(2)) })).press("ctrl-n")
    });
}

#[test]
fn s2_keys_answer_the_request_under_the_cursor_as_it_was_seen() {
    let mut bench = at(queue(), 4, WIDE);
    bench.press("a");
    assert_eq!(told(&bench), [hold(4, yes())]);
    let mut bench = at(queue(), 3, WIDE);
    bench.press("2");
    assert_eq!(told(&bench), [hold(3, Decision::Approve { team: Some(TeamId(2)) })]);
    let mut bench = at(queue(), 5, WIDE);
    bench.press("x").write("not that").press("enter");
    assert_eq!(told(&bench), [hold(5, Decision::Reject { reason: "not that".into() })]);
    let mut bench = at(queue(), 8, WIDE);
    bench.press("r").write("smaller").press("enter");
    assert_eq!(told(&bench), [hold(8, Decision::Retry { reason: "smaller".into() })]);
    bench.press("d");
    assert!(matches!(bench.tasks.last(), Some(Task::Show(_, digest)) if *digest == Digest::of(b"both")));
    let modified = |id, keys: &str, words: &str, change| {
        let mut bench = at(queue(), id, WIDE);
        bench.press(keys).write(words).press("enter");
        assert_eq!(told(&bench), [hold(id, Decision::Modify { team: None, change })]);
    };
    modified(4, "m", " --offline", Modification::Argv(vec!["npm".into(), "ci".into(), "--offline".into()]));
    modified(6, "m ctrl-u", "3", Modification::Amount(Money::usd(3)));
    modified(7, "a", "404", Modification::Prompt("404".into()));
    let mut bench = at(queue(), 3, WIDE);
    bench.press("m");
    let purpose = EditFor::Patch { request: RequestId(3), seen: Revision(3), team: TeamId(1) };
    assert!(matches!(bench.tasks.last(), Some(Task::EditBlob(edit, _)) if *edit == purpose));
}

#[test]
fn s2_what_is_marked_is_approved_together_and_each_as_it_was_marked() {
    let mut bench = at(queue(), 4, WIDE);
    bench.press("*");
    assert!(bench.last_words().contains("tier 3 command, cannot be undone: 2 requests marked"));
    bench.press("a");
    assert_eq!(told(&bench), [hold(4, yes()), hold(5, yes())]);
    assert!(bench.app.screens.approvals.marked().is_empty());
    let mut bench = at(queue(), 4, WIDE);
    bench.press("* x").write("both not").press("enter");
    let no = || Decision::Reject { reason: "both not".into() };
    assert_eq!(told(&bench), [hold(4, no()), hold(5, no())]);
    bench.press("* *");
    assert!(bench.app.screens.approvals.marked().is_empty(), "again takes the marks off");
}

#[test]
fn s2_unequal_risk_is_not_approved_together() {
    let mut bench = at(queue(), 4, WIDE);
    bench.press("space");
    let money = at(queue(), 6, WIDE).app.desk.request(&queue()).unwrap().clone();
    bench.app.screens.approvals.mark(&money);
    bench.press("a");
    assert!(told(&bench).is_empty());
    let words = bench.last_words();
    assert!(
        words.contains("only equal risk")
            && words.contains("tier 3 command")
            && words.contains("tier 3 budget")
    );
    for (id, why) in [(3, "choose there by itself"), (7, "answer it by itself")] {
        let mut bench = at(queue(), id, WIDE);
        bench.press("space a");
        assert!(told(&bench).is_empty() && bench.last_words().contains(why), "{}", bench.last_words());
    }
    let mut bench = at(queue(), 4, WIDE);
    bench.press("space m");
    assert!(told(&bench).is_empty() && bench.app.sheet.is_none());
}

#[test]
fn u15_a_mark_on_what_has_changed_is_dropped_and_said_and_keys_wait_for_eyes() {
    let mut bench = at(queue(), 4, WIDE);
    bench.press("*").wait(1_000).state(revise(queue(), 5));
    assert!(bench.last_words().contains("R-5 has changed: no longer marked"), "{}", bench.last_words());
    bench.wait(299).press("a");
    assert!(told(&bench).is_empty() && bench.last_words().contains("299 ms ago"), "{}", bench.last_words());
    bench.wait(300).press("a");
    assert_eq!(told(&bench), [hold(4, yes())], "the rest is still marked");
    // The request under the cursor goes, and another comes under it: the key was not meant for that.
    let mut bench = at(queue(), 4, WIDE);
    let mut fewer = queue();
    fewer.desk.remove(&RequestId(4));
    bench.state(fewer).wait(200).press("a x");
    assert!(told(&bench).is_empty() && bench.app.sheet.is_none(), "{}", bench.last_words());
}

#[test]
fn s2_held_stands_first_counts_down_is_given_again_or_taken_back() {
    let state = || held(queue(), 5, yes());
    let mut bench = at(state(), 5, WIDE);
    let drawn = picture(&bench).0;
    let first = drawn.lines().find(|line| line.contains("command  M-12")).unwrap();
    assert!(first.contains("◷ R-5") && first.contains("approved") && first.contains(" in 10 s"), "{drawn}");
    assert!(drawn.contains("a now") && drawn.contains("u take back") && drawn.contains("decided by ada"));
    bench.wait(4_000).press("a");
    let now = Command::Desk(DeskCommand::Decide(RequestId(5), Revision(3), Box::new(yes())));
    assert_eq!(told(&bench), [now]);
    let mut bench = at(state(), 5, WIDE);
    bench.press("u");
    let undo = |id| Command::Desk(DeskCommand::Undo(RequestId(id)));
    assert_eq!(told(&bench), [undo(5)]);
    bench.state(queue());
    assert!(bench.last_words().contains("R-5 is not approved any more"), "{}", bench.last_words());
    let mut bench = at(held(state(), 6, yes()), 4, WIDE);
    bench.press("U");
    assert_eq!(told(&bench), [undo(5), undo(6)]);
    bench.press("u");
    assert_eq!(told(&bench).last(), Some(&undo(6)), "else what was given last");
    let mut bench = at(queue(), 4, WIDE);
    bench.press("u");
    assert!(told(&bench).is_empty() && bench.last_words().contains("nothing can be taken back"));
}

#[test]
fn s2_the_clock_of_what_is_held_stands_in_the_row_while_the_house_is_halted() {
    let mut state = held(queue(), 5, yes());
    let hold = state.clockwork.held[&RequestId(5)].clone();
    state.clockwork.halted = Some(hold.given + Millis::secs(2));
    for (size, shown) in [(WIDE, "◷ R-5"), ((80, 24), "approved")] {
        let mut bench = at(state.clone(), 5, size);
        bench.wait(9_000);
        let drawn = picture(&bench).0;
        let row = drawn.lines().find(|line| line.contains("command  M-12")).unwrap();
        assert!(row.contains(shown) && row.contains("counts 8 s after resume"), "{drawn}");
        assert!(drawn.contains("takes effect 8 s after resume"), "the pane says the same: {drawn}");
    }
    assert_eq!(snapshot::takes_effect(&state, &hold), "takes effect 8 s after resume");
    state.clockwork.halted = None;
    assert_eq!(snapshot::takes_effect(&state, &hold), format!("takes effect at {}", hold.until));
}

#[test]
fn d11_what_somebody_else_decides_is_told_with_whose_word_it_was() {
    let decided = |by: Actor| {
        let mut state = queue();
        let request = state.desk.remove(&RequestId(5)).unwrap();
        state.decided.push((request, yes(), START));
        state.deciders.insert(RequestId(5), by);
        state
    };
    let ada = || Actor::Person("ada".into());
    let mut bench = at(queue(), 4, WIDE);
    bench.state(decided(ada()));
    assert_eq!(bench.last_words(), "! R-5 approved by ada");
    let mut bench = at(held(queue(), 5, yes()), 4, WIDE);
    bench.state(decided(ada()));
    assert!(bench.last_words().starts_with("✓ R-5 approved by "), "{}", bench.last_words());
    let mut bench = at(queue(), 4, WIDE);
    bench.state(decided(Actor::Policy));
    assert_eq!(bench.last_words(), "", "nobody said a word");
}

#[test]
fn s2_a_key_that_is_kept_down_is_no_second_word() {
    let mut bench = Bench::new(WIDE);
    bench.state(waiting()).press("ctrl-n").wait(400).press("2");
    assert_eq!(decided(&bench).len(), 1);
    assert!(
        bench
            .tasks
            .iter()
            .any(|task| matches!(task, Task::Send(_, words) if words.contains("u takes it back")))
    );
    bench.state(held(waiting(), 3, Decision::Approve { team: Some(TeamId(2)) }));
    for _ in 0..40 {
        bench.wait(30).press("2");
    }
    assert_eq!(decided(&bench).len(), 1, "it repeats for as long as it is down");
    bench.wait(400).press("2");
    assert_eq!(decided(&bench).len(), 2, "again, and meant");
}

#[test]
fn s2_new_evidence_under_a_held_decision_is_told() {
    let mut bench = Bench::new(WIDE);
    bench.state(held(waiting(), 3, Decision::Approve { team: Some(TeamId(2)) })).press("ctrl-n");
    bench.state(revise(waiting(), 3));
    assert!(bench.last_words().contains("R-3 has changed"), "{}", bench.last_words());
    assert!(bench.last_words().contains("does not count"));
}

#[test]
fn s2_a_command_is_allowed_for_a_while_on_terms_that_are_asked() {
    let line = || vec!["git".to_owned(), "push".to_owned(), "--force now".to_owned()];
    let grant = |pattern, reach, uses, lasts| Decision::Grant {
        terms: Box::new(Terms { pattern, reach, uses, lasts }),
    };
    let mut bench = at(queue(), 5, WIDE);
    bench.press("A enter");
    let usual = grant(Pattern::Exact(line()), Reach::Mission, 10, Millis::hours(8));
    assert_eq!(told(&bench), [hold(5, usual)]);
    let mut bench = at(queue(), 5, WIDE);
    bench.press("A ctrl-u").write("project first 2 3 30m").press("enter");
    let wide = grant(Pattern::Prefix(line()[..2].to_vec()), Reach::Project, 3, Millis::mins(30));
    assert_eq!(told(&bench), [hold(5, wide)]);
    let mut bench = at(queue(), 5, WIDE);
    bench.press("A ctrl-u").write("always").press("enter");
    assert!(told(&bench).is_empty() && bench.app.sheet.is_some(), "the line stays");
    bench.press("ctrl-u").write("first 9").press("enter");
    assert!(told(&bench).is_empty() && bench.app.sheet.is_some());
    assert!(bench.last_words().contains("the command has 3 words"), "{}", bench.last_words());
    // What may never be granted is not even asked about.
    let mut state = queue();
    state.desk.insert(RequestId(9), Arc::new(command(9, &["cp", "x", ".env"])));
    let mut bench = at(state, 9, WIDE);
    bench.press("A");
    assert!(bench.app.sheet.is_none() && bench.last_words().contains("asked for every time"));
    let mut bench = at(queue(), 6, WIDE);
    bench.press("A");
    assert!(bench.app.sheet.is_none() && bench.last_words().contains("only commands"));
}

#[test]
fn s2_grants_are_listed_and_revoked_and_decisions_with_who_and_when() {
    let mut bench = Bench::new(WIDE);
    bench.state(granted(queue())).press("f3 tab");
    let drawn = picture(&bench).0;
    assert!(drawn.contains("R-2") && drawn.contains("rejected (not now) by bob"), "{drawn}");
    bench.press("tab").wait(400).press("j x");
    let drawn = picture(&bench).0;
    assert!(drawn.contains("3 of 10") && drawn.contains("npm run-2"), "{drawn}");
    assert_eq!(told(&bench), [Command::Desk(DeskCommand::Revoke(GrantId(2)))]);
    // One goes under the cursor: the next key is not taken at once, and the cursor stays on its grant.
    let mut fewer = granted(queue());
    fewer.grants.remove(&GrantId(1));
    bench.state(fewer).wait(100).press("x");
    assert_eq!(told(&bench).len(), 1, "{}", bench.last_words());
    bench.wait(400).press("x");
    assert_eq!(told(&bench).last(), Some(&Command::Desk(DeskCommand::Revoke(GrantId(2)))));
    bench.press("a");
    assert_eq!(told(&bench).len(), 2, "no request is decided from another list");
}

#[test]
fn u16_the_detail_shows_who_asks_exactly_what_why_and_what_a_no_means() {
    let bench = at(queue(), 5, WIDE);
    let drawn = picture(&bench).0;
    for words in [
        "asked by Anthropic",
        "0 │ git",
        "1 │ push",
        "2 │ '--force now'",
        "why: to see",
        "level 1 asks for every patch",
        "risk: tier 3 command, cannot be undone",
        "if denied:",
        "then it is denied",
    ] {
        assert!(drawn.contains(words), "{words}\n{drawn}");
    }
}

#[test]
fn the_screen_is_drawn_at_any_size() {
    for (columns, rows) in [(20, 5), (40, 10), (41, 12), (79, 23), (300, 100)] {
        for keys in ["f3", "f3 tab", "f3 tab tab", "f3 pgdn pgdn"] {
            let mut bench = Bench::new((columns, rows));
            bench.state(held(granted(queue()), 5, yes())).press(keys);
            assert!(!picture(&bench).0.is_empty());
        }
    }
}
