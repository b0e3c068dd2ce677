//! The screen as a person meets it: pictures of each state at each size, and keys to the exact command.

mod approvals;
mod desk;
mod feet;
mod line;
mod questions;

use super::{
    app::{Action, Focus},
    briefing::Field,
    compare,
    fixtures::*,
    options::Prefill,
    room,
    screens::ScreenId,
    task::{Done, EditFor, Task},
    view,
};
use crate::{
    domain::{
        brief::Answer,
        digest::Digest,
        ids::{MissionId, RequestId, Revision, TeamId},
        mission::{Ending, Step},
        money::Money,
        request::{Decision, Modification, Subject},
    },
    engine::{
        command::{Command, ControlCommand, DeskCommand, MissionCommand, Refusal, RefusalKind},
        state::{Control, TeamPhase},
    },
    runtime::handle::SendError,
};
use ratatui::{Terminal, backend::TestBackend, layout::Position};
use std::sync::Arc;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (30, 8)];

pub(super) fn picture(bench: &Bench) -> (String, Option<Position>) {
    let (columns, rows) = bench.app.focus.1;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut caret = None;
    terminal.draw(|frame| caret = view::draw(&bench.app, frame.buffer_mut())).unwrap();
    (terminal.backend().to_string(), caret)
}

pub(super) fn pictures(name: &str, setup: impl Fn(&mut Bench) -> &mut Bench) {
    for size in SIZES {
        // Where nothing is drawn no key does anything: it was another size before.
        let drawn = room::fits(size);
        let mut bench = Bench::new(if drawn { size } else { (120, 40) });
        setup(&mut bench);
        if !drawn {
            bench.act(Action::Resize(size.0, size.1));
        }
        insta::with_settings!({ snapshot_path => "pictures", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), picture(&bench).0);
        });
    }
}

pub(super) fn sent(bench: &Bench) -> Vec<&Command> {
    bench
        .tasks
        .iter()
        .filter_map(|task| if let Task::Send(command, _) = task { Some(command.as_ref()) } else { None })
        .collect()
}

fn decided(bench: &Bench) -> Vec<(RequestId, Revision, Decision)> {
    sent(bench)
        .into_iter()
        .filter_map(|command| match command {
            Command::Desk(
                DeskCommand::Hold(id, seen, decision) | DeskCommand::Decide(id, seen, decision),
            ) => Some((*id, *seen, (**decision).clone())),
            _ => None,
        })
        .collect()
}

fn prefilled() -> Prefill {
    Prefill {
        text: "Checkout returns 500 when the cart is empty.".into(),
        constraints: vec!["no new deps".into()],
        checks: vec!["cargo test".into()],
        budget: Some(Money::cents(50)),
        teams: vec![],
    }
}

#[test]
fn pictures_of_every_state() {
    pictures("empty", |b| b);
    pictures("clarifying", |b| b.state(clarifying()));
    let drafting = || state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![]);
    pictures("drafting", |b| b.state(drafting()).stream().press("esc"));
    let testing = || state_of(mission(Some(Step::Check), &TeamPhase::Checking), vec![]);
    pictures("testing", |b| b.state(testing()).stream().press("esc"));
    pictures("waiting", |b| b.state(waiting()).stream().press("ctrl-n"));
    let conflict =
        || Subject::Conflict { team: TeamId(1), files: vec!["src/cart.rs".into()], detail: Digest::of(b"x") };
    let landing = |subject| state_of(mission(Some(Step::Land), &TeamPhase::Ready), vec![request(5, subject)]);
    pictures("conflict", |b| b.state(landing(conflict())).press("ctrl-n"));
    let budget = || Subject::Budget { team: Some(TeamId(2)), cap: Money::cents(50), wanted: Money::usd(1) };
    pictures("budget", |b| b.state(landing(budget())).press("ctrl-n"));
    pictures("landed", |b| b.state(ended(Ending::Landed)).press("esc"));
    pictures("failed", |b| b.state(ended(Ending::Failed("no candidate passed".into()))).press("esc"));
    pictures("paused", |b| {
        let mut state = drafting();
        state.control = Control::Paused("the director pressed pause".into());
        b.state(state).press("esc")
    });
    pictures("attached", |b| {
        b.app.look.whole = "shop@main at ssh://ada@shop.example".into();
        b.state(waiting()).press("esc")
    });
    pictures("help", |b| b.press("?"));
    pictures("palette", |b| b.state(waiting()).press("ctrl-p").write("paus"));
    pictures("conflict_card", |b| b.state(landing(conflict())).press("ctrl-n enter"));
    pictures("versions", |b| b.state(waiting()).press("esc V j"));
    pictures("card", |b| b.state(command_request()).press("ctrl-n enter"));
    pictures("compare", |b| b.state(waiting()).press("ctrl-n c"));
    pictures("compare_places", |b| compare::tests::opened(b).press("e ] l space"));
    pictures("compare_both", |b| compare::tests::opened(b).press("e ] +"));
    pictures("compare_blind", |b| compare::tests::opened(b).press("b ] l"));
    pictures("compare_rejected", |b| compare::tests::opened(b).press("e ] -"));
    pictures("compare_by_hand", |b| {
        let mut state = waiting();
        let mission = Arc::make_mut(state.missions.get_mut(&MissionId(12)).unwrap());
        let (candidate, evidence) = &mut mission.teams[1].candidates[0];
        Arc::make_mut(candidate).author = "the director, out of Anthropic + Google".into();
        *evidence = None;
        b.state(state).press("ctrl-n c")
    });
    let page = |b: &mut Bench| {
        let patch = compare::tests::quarrel().concat().into_bytes();
        b.state(waiting()).act(Action::Done(Done::Page("Google attempt 1".into(), Ok(patch))));
    };
    pictures("patch", |b| {
        page(b);
        b.press("n n p ] w")
    });
    pictures("patch_files", |b| {
        page(b);
        b.press("b").press("/").write("empty").press("enter")
    });
    pictures("patch_folded", |b| {
        page(b);
        b.press("z f z u")
    });
    pictures("shot_whole", |b| b.state(waiting()).stream().press("esc d"));
}

#[test]
fn picture_of_a_filled_brief() {
    for size in SIZES {
        let bench = Bench::with(size, options(Some(prefilled())));
        insta::with_settings!({ snapshot_path => "pictures", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("briefing_{}x{}", size.0, size.1), picture(&bench).0);
        });
    }
}

#[test]
fn enter_transmits_the_brief_and_a_refusal_loses_nothing() {
    let mut bench = Bench::with((120, 40), options(Some(prefilled())));
    bench.press("enter");
    let Some(Task::Open { brief, written }) = bench.tasks.pop() else { panic!("nothing was opened") };
    assert_eq!((brief.budget, brief.teams.len(), brief.constraints.len()), (Money::cents(50), 2, 1));
    bench.press("enter");
    assert!(bench.tasks.is_empty(), "one brief is not sent twice");
    bench.act(Action::Done(Done::Opened(written, Err("the journal is full".into()))));
    assert_eq!(bench.app.briefing.whole(), prefilled().text);
    assert!(picture(&bench).0.contains("the journal is full"));
}

#[test]
fn newlines_by_four_ways_and_a_bad_budget_is_named() {
    let mut bench = Bench::new((120, 40));
    bench.write("a").press("shift-enter").write("b").press("ctrl-j").write("c").press("alt-enter");
    bench.write("d\\").press("enter").write("e");
    assert_eq!(bench.app.briefing.whole(), "a\nb\nc\nd\ne");
    bench.press("tab tab tab").write("x").press("enter");
    assert!(bench.tasks.is_empty());
    assert_eq!(bench.app.briefing.field, Field::Budget);
    assert!(picture(&bench).0.contains("is not an"));
    assert!(bench.app.briefing.complaint.as_ref().unwrap().1.contains("is not an amount"));
}

#[test]
fn a_digit_approves_exactly_what_was_seen() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").wait(301).press("2");
    assert_eq!(decided(&bench), [(RequestId(3), Revision(3), Decision::Approve { team: Some(TeamId(2)) })]);
    bench.press("5");
    assert_eq!(decided(&bench).len(), 1);
    assert!(bench.last_words().contains("no candidate of team 5"));
}

#[test]
fn a9_a_key_within_300_ms_of_a_swap_is_refused_and_says_so() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").wait(1_000);
    let mut swapped = waiting();
    std::sync::Arc::make_mut(swapped.desk.get_mut(&RequestId(3)).unwrap()).revision = Revision(4);
    bench.state(swapped).wait(299).press("1");
    assert!(decided(&bench).is_empty());
    assert!(bench.last_words().contains("changed 299 ms ago"), "{}", bench.last_words());
    bench.wait(1).press("1");
    assert_eq!(decided(&bench)[0].1, Revision(4));
    let refusal = Refusal { kind: RefusalKind::Stale, reason: "R-3 is at r5".into(), enough: None };
    bench.act(Action::Done(Done::Sent("R-3 approved".into(), Err(SendError::Refused(refusal)))));
    assert!(bench.last_words().contains("R-3 is at r5"));
}

#[test]
fn rejections_carry_their_reason_and_modifications_what_was_changed() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").wait(400).press("r").write("smaller").press("enter");
    bench.press("x enter");
    bench.press("m");
    let edit = bench.tasks.iter().rev().find_map(|task| match task {
        Task::EditBlob(purpose, digest) => Some((purpose.clone(), *digest)),
        _ => None,
    });
    let purpose = EditFor::Patch { request: RequestId(3), seen: Revision(3), team: TeamId(1) };
    assert_eq!(edit, Some((purpose.clone(), Digest::of(&[1]))));
    bench.act(Action::Done(Done::Edited(purpose.clone(), "p".into(), Ok("p".into()))));
    assert!(bench.last_words().contains("not changed"));
    bench.act(Action::Done(Done::Edited(purpose, "p".into(), Ok("q".into()))));
    assert!(matches!(bench.tasks.last(), Some(Task::Patch { text, .. }) if text == "q"));
    let reasons: Vec<_> = decided(&bench).into_iter().map(|(_, _, decision)| decision).collect();
    assert_eq!(
        reasons,
        [Decision::Retry { reason: "smaller".into() }, Decision::Reject { reason: String::new() }]
    );
    let mut bench = Bench::new((120, 40));
    bench.state(command_request()).press("ctrl-n").wait(400).press("m").press("backspace").write(" x'");
    bench.press("enter");
    let change = Modification::Argv(vec!["git".into(), "push".into(), "--force now x".into()]);
    assert_eq!(decided(&bench)[0].2, Decision::Modify { team: None, change });
}

#[test]
fn enter_on_a_question_says_what_is_assumed_and_never_its_opposite() {
    let mut state = clarifying();
    let mission = std::sync::Arc::make_mut(state.missions.get_mut(&MissionId(12)).unwrap());
    mission.preparation.questions.as_mut().unwrap()[0].default = "no".into();
    let mut bench = Bench::new((120, 40));
    bench.state(state).wait(400).press("enter tab tab");
    let [Command::Mission(MissionCommand::Answer(_, answers))] = &sent(&bench)[..] else {
        panic!("not answered")
    };
    assert_eq!((answers[0].text.as_str(), answers[0].assumed), ("no", false));
}

fn two_requests() -> crate::engine::state::State {
    let mut state = waiting();
    let cap = Subject::Budget { team: Some(TeamId(2)), cap: Money::cents(50), wanted: Money::usd(1) };
    let other = request(4, cap);
    state.desk.insert(other.id, other.into());
    state
}

#[test]
fn of_several_requests_the_one_that_keys_decide_is_marked_and_alone_shows_them() {
    let mut bench = Bench::new((120, 40));
    bench.state(two_requests()).press("esc");
    let rows = |bench: &Bench| {
        let drawn = picture(bench).0;
        drawn.lines().filter(|line| line.contains("⚑ M-12")).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = rows(&bench);
    assert_eq!(before.iter().filter(|line| line.contains("▸ ⚑")).count(), 1, "{before:?}");
    assert_eq!(before.iter().filter(|line| line.contains("[x]")).count(), 1, "{before:?}");
    bench.press("g d j").wait(400);
    let after = rows(&bench);
    assert_ne!(before, after, "the mark goes with the choice");
    let marked = after.iter().find(|line| line.contains("▸ ⚑")).unwrap();
    assert!(marked.contains("[x]"), "{after:?}");
    assert!(!after.iter().any(|line| line.contains("retry") && line.contains("budget")), "{after:?}");
}

#[test]
fn a_patch_that_was_not_used_is_said_and_opened_again_as_it_was_written() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("ctrl-n").wait(400).press("right m");
    let purpose = EditFor::Patch { request: RequestId(3), seen: Revision(3), team: TeamId(2) };
    assert!(matches!(bench.tasks.last(), Some(Task::EditBlob(edit, _)) if *edit == purpose));
    bench.act(Action::Done(Done::Edited(purpose, "p".into(), Ok("mine".into()))));
    let mut again = waiting();
    let mission = std::sync::Arc::make_mut(again.missions.get_mut(&MissionId(12)).unwrap());
    let (mut candidate, evidence) = mission.teams[1].candidates[0].clone();
    std::sync::Arc::make_mut(&mut candidate).attempt = 2;
    mission.teams[1].attempt = 2;
    mission.teams[1].candidates.push((candidate, evidence));
    bench.state(again.clone());
    assert!(bench.last_words().contains("was not used"), "{}", bench.last_words());
    bench.wait(400).press("m");
    assert!(matches!(bench.tasks.last(), Some(Task::Edit(_, text)) if text == "mine"));
    bench.state(again);
    assert!(bench.last_words().is_empty(), "it is said once");
}

#[test]
fn a_denied_candidate_says_why_it_cannot_be_approved() {
    use crate::policy::ruling::{Reason, Ruling, RulingOutcome};
    let mut state = waiting();
    let mission = std::sync::Arc::make_mut(state.missions.get_mut(&MissionId(12)).unwrap());
    let ruling = Ruling {
        outcome: RulingOutcome::Deny,
        tier: 3,
        reasons: vec![Reason { rule: "protected-path".into(), text: "protected: .env".into() }],
        plan: Digest::of(b"plan"),
        policy: Digest::of(b"policy"),
        at: START,
    };
    mission.rulings.insert(TeamId(1), (1, ruling));
    let open = std::sync::Arc::make_mut(state.desk.get_mut(&RequestId(3)).unwrap());
    open.subject = Subject::Choose { teams: vec![TeamId(2)] };
    let mut bench = Bench::new((120, 40));
    bench.state(state).press("ctrl-n").wait(400).press("1");
    assert!(
        bench.last_words().contains("candidate of Anthropic to approve: protected: .env"),
        "{}",
        bench.last_words()
    );
    bench.press("m");
    assert_eq!(bench.app.channels.at, 1, "what is edited is what is looked at");
}

#[test]
fn a_version_that_was_opened_goes_back_to_the_list() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("esc V down enter");
    let Some(Task::Show(title, _)) = bench.tasks.pop() else { panic!("nothing was opened") };
    bench.act(Action::Done(Done::Page(title, Ok(b"+a".to_vec())))).press("q");
    assert!(picture(&bench).0.contains("VERSIONS"));
    bench.press("q");
    assert!(bench.app.sheet.is_none());
}

#[test]
fn what_is_known_of_the_start_is_shown_once_and_a_refusal_is_no_deed() {
    let mut bench = Bench::new((120, 40));
    bench.act(Action::Done(Done::Told(vec!["the index was rebuilt".into(), "recovered".into()])));
    assert!(picture(&bench).0.contains("the index was rebuilt; recovered"));
    bench.press("? esc");
    assert!(!picture(&bench).0.contains("rebuilt"));
    bench.act(Action::Done(Done::Told(vec![])));
    assert!(bench.last_words().is_empty());
    let refusal = Refusal { kind: RefusalKind::Stale, reason: "R-3 is at r5".into(), enough: None };
    bench.act(Action::Done(Done::Sent("R-3 approved".into(), Err(SendError::Refused(refusal)))));
    assert_eq!(bench.last_words(), "✗ not done: R-3 is at r5", "nothing of what it would have come to");
}

#[test]
fn the_next_brief_begins_in_its_text_and_a_queued_one_comes_back_whole() {
    let mut bench = Bench::with((120, 40), options(Some(prefilled())));
    bench.press("tab tab tab enter");
    let Some(Task::Open { written, .. }) = bench.tasks.pop() else { panic!("nothing was opened") };
    bench.app.briefing.acknowledged(written);
    assert_eq!(bench.app.briefing.field, Field::Text);
    let mut bench = Bench::with((120, 40), options(Some(prefilled())));
    bench.state(state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![]));
    bench.press("tab");
    bench.app.briefing.set(Field::Checks, "");
    bench.app.briefing.set(Field::Budget, "3");
    bench.press("up");
    let room = &bench.app.briefing;
    assert_eq!((room.text(Field::Checks), room.text(Field::Budget)), ("cargo test".into(), "0.50".into()));
}

#[test]
fn a11_c10_a_word_to_a_team_and_the_kill_switch() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).press("esc right t").write("use NonZero").press("enter f9 f7 f8");
    let commands = sent(&bench);
    let want = Command::Mission(MissionCommand::Refine(MissionId(12), TeamId(2), "use NonZero".into()));
    assert_eq!(commands[0], &want);
    assert!(matches!(commands[1], Command::Control(ControlCommand::Stop(_))));
    assert!(matches!(commands[2], Command::Control(ControlCommand::Pause(_))));
    assert_eq!(
        bench
            .tasks
            .iter()
            .filter(|task| matches!(task, Task::Send(_, what) if what == "said to Google"))
            .count(),
        1
    );
    assert_eq!(commands[3], &Command::Control(ControlCommand::Resume));
}

#[test]
fn escape_goes_back_and_never_quits_while_control_c_twice_does() {
    let mut bench = Bench::new((80, 24));
    bench.write("words").press("esc esc esc ? esc esc");
    assert!(bench.tasks.is_empty());
    bench.press("i").press("ctrl-c");
    assert!(bench.app.briefing.whole() == "wordsi" || bench.app.briefing.is_empty());
    bench.wait(2_500).press("ctrl-c");
    assert!(bench.tasks.is_empty());
    bench.wait(100).press("ctrl-c");
    assert_eq!(bench.tasks, [Task::Quit]);
    let mut bench = Bench::new((80, 24));
    bench.write("a").press("ctrl-d");
    assert!(bench.tasks.is_empty());
    bench.press("backspace ctrl-d");
    assert_eq!(bench.tasks, [Task::Quit]);
}

#[test]
fn tab_queues_while_a_mission_runs_and_the_queue_starts_when_it_ends() {
    let mut bench = Bench::new((120, 40));
    bench.state(state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![]));
    bench.write("next job").press("tab");
    assert!(bench.app.briefing.is_empty() && bench.tasks.is_empty());
    bench.press("up");
    assert_eq!(bench.app.briefing.whole(), "next job");
    bench.press("tab").state(ended(Ending::Landed));
    let opened =
        bench.tasks.iter().filter(|task| matches!(task, Task::Open { written, .. } if written == "next job"));
    assert_eq!(opened.count(), 1);
}

#[test]
fn the_palette_runs_what_it_finds_and_mentions_insert_a_path() {
    let mut bench = Bench::new((120, 40));
    bench.press("ctrl-p").write("paus").press("enter");
    assert!(matches!(sent(&bench)[..], [Command::Control(ControlCommand::Pause(_))]));
    bench.write("see @");
    assert_eq!(bench.tasks.pop(), Some(Task::Files));
    bench
        .act(Action::Done(Done::Files(vec!["src/cart.rs".into(), "b.md".into()])))
        .write("cart")
        .press("enter");
    assert_eq!(bench.app.briefing.whole(), "see @src/cart.rs ");
    bench.write("and @b.md or ada@x.org @").press("esc").write("home");
    assert_eq!(
        bench.app.briefing.whole(),
        "see @src/cart.rs and @b.md or ada@x.org @home",
        "as it was typed"
    );
}

#[test]
fn the_caret_stands_where_the_terminal_puts_it() {
    let mut bench = Bench::new((120, 40));
    let (_, Some(start)) = picture(&bench) else { panic!("no caret") };
    for (text, columns) in [("日本", 4), ("👩‍👩‍👧", 6), ("e\u{301}", 7), ("x", 8)] {
        bench.write(text);
        assert_eq!(picture(&bench).1, Some(Position::new(start.x + columns, start.y)), "{text}");
    }
    bench.state(waiting()).press("esc");
    assert_eq!((bench.app.focus.0, picture(&bench).1), (Focus::Channels, None));
}

#[test]
fn no_size_panics() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).stream();
    for keys in ["esc", "ctrl-n", "c", "q enter", "q ?", "q ctrl-p", "esc i", "esc f"] {
        bench.press(keys);
        for (columns, rows) in
            [(1, 1), (20, 5), (40, 10), (41, 11), (79, 23), (80, 24), (119, 24), (120, 11), (300, 90)]
        {
            bench.act(Action::Resize(columns, rows));
            picture(&bench);
            bench.press("up down pgup pgdn");
        }
    }
}

#[test]
fn streaming_costs_few_bytes_for_each_byte_of_text() {
    use super::{
        pace::{Pace, Why},
        terminal::Screen,
    };
    use crate::{
        domain::{
            feed::{Channel, FeedItem},
            time::Millis,
        },
        runtime::feeds::Batch,
    };
    let mut bench = Bench::new((160, 48));
    bench.state(state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![])).press("esc");
    let (mut screen, mut pace) = (Screen::new(160, 48), Pace::default());
    screen.frame(|buf| view::draw(&bench.app, buf)).unwrap();
    let (mut text, mut written, mut frames) = (0, 0, 0);
    // 20 s of two channels at 100 tokens a second, about 4 bytes each.
    for tick in 0..2_000_u64 {
        bench.wait(10);
        let word = ["the ", "sum ", "of ", "an ", "empty ", "cart "][usize::try_from(tick % 6).unwrap()];
        for team in [1, 2] {
            let channel = Channel { mission: MissionId(12), team: Some(TeamId(team)) };
            let items = vec![FeedItem::Thought(word.into())];
            text += word.len();
            bench.act(Action::Feed(channel, Batch { items, next: tick, lost: 0 }));
        }
        pace.want(Why::Stream);
        if pace.due(bench.app.tempo()).is_some_and(|at| at.0 <= bench.mono) {
            written += screen.frame(|buf| view::draw(&bench.app, buf)).unwrap().len();
            pace.drew(Millis(bench.mono));
            frames += 1;
        }
    }
    assert!(frames <= 201, "{frames} frames");
    assert!(written <= 25 * text, "{} bytes a byte", written / text);
    screen.frame(|buf| view::draw(&bench.app, buf)).unwrap();
    assert_eq!(screen.frame(|buf| view::draw(&bench.app, buf)).unwrap().len(), 0, "idle: nothing");
}

#[test]
fn candidates_of_an_earlier_run_show_their_kept_patches_and_are_asked_for_once() {
    use crate::domain::feed::{Channel, Shot};
    let mut bench = Bench::new((160, 48));
    bench.state(waiting()).press("esc").state(waiting());
    let asked: Vec<_> = bench.tasks.iter().filter(|task| matches!(task, Task::Shot(..))).collect();
    assert_eq!(asked.len(), 2, "one for each team: {asked:?}");
    let channel = Channel { mission: MissionId(12), team: Some(TeamId(1)) };
    let patch = "--- a/x.rs\n+++ b/x.rs\n@@ -1 +1 @@\n-old words\n+new words\n".to_owned();
    bench.act(Action::Done(Done::Shot(channel, Shot { digest: Digest::of(&[1]), patch })));
    assert!(picture(&bench).0.contains("new words"));
}

#[test]
fn without_a_team_the_screen_says_why_and_what_to_do() {
    let mut bare = options(None);
    let budget = Money::usd(5);
    bare.defaults = std::sync::Arc::new(super::options::BriefDefaults { budget, ..Default::default() });
    bare.notice = "Team Anthropic is left out: no key for anthropic; Team Google is left out: no key".into();
    let mut bench = Bench::with((120, 40), bare);
    let drawn = picture(&bench).0;
    assert!(
        drawn.contains("No team can be on air. Team Anthropic is left out: no key for anthropic"),
        "{drawn}"
    );
    bench.write("fix it").press("enter");
    assert!(bench.tasks.is_empty());
    assert!(bench.app.briefing.complaint.as_ref().unwrap().1.contains("chimera doctor"));
}

#[test]
fn queued_briefs_are_not_lost_by_one_key() {
    let mut bench = Bench::new((120, 40));
    bench.state(state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![]));
    bench.write("next job").press("tab ctrl-q");
    assert!(!bench.tasks.contains(&Task::Quit) && bench.last_words().contains("1 queued brief"));
    bench.wait(100).press("ctrl-q");
    assert!(bench.tasks.contains(&Task::Quit));
}

#[test]
fn the_request_of_the_mission_on_screen_is_the_one_that_keys_decide() {
    let mut state = waiting();
    let mut other = mission(Some(Step::Decide), &TeamPhase::Ready);
    other.id = MissionId(11);
    let mut asks = request(9, Subject::Choose { teams: vec![TeamId(1)] });
    asks.mission = other.id;
    state.missions.insert(other.id, other.into());
    state.desk.insert(asks.id, asks.into());
    let mut bench = Bench::new((120, 40));
    bench.state(state).press("esc g m j").wait(400).press("1");
    assert_eq!(bench.app.shown, Some(MissionId(11)));
    assert_eq!(decided(&bench)[0].0, RequestId(9));
}

#[test]
fn function_keys_go_to_six_screens_and_nothing_unseen_is_decided_there() {
    let mut bench = Bench::new((120, 40));
    bench.state(waiting()).write("half a brief").wait(1_000);
    for (key, screen) in ["f1", "f2", "f3", "f4", "f5", "f6"].into_iter().zip(ScreenId::ALL) {
        bench.press(key);
        assert_eq!(bench.app.screens.at, screen);
        if screen != ScreenId::Command {
            assert!(picture(&bench).0.contains(screen.word()), "{key}");
        }
    }
    assert!(picture(&bench).0.contains("1 waiting ⚑ M-12 choose"), "what waits is told everywhere");
    bench.press("t").act(Action::Paste("lost?".into()));
    assert!(sent(&bench).is_empty() && bench.app.sheet.is_none(), "a key reached what is not shown");
    assert!(bench.last_words().contains("first screen"), "{}", bench.last_words());
    assert_eq!(bench.app.briefing.whole(), "half a brief");
    bench.press("f2 esc");
    assert_eq!(bench.app.screens.at, ScreenId::Command, "esc goes back");
    bench.press("f5 ctrl-n");
    assert_eq!((bench.app.screens.at, bench.app.focus.0), (ScreenId::Command, Focus::Desk));
    bench.press("1");
    assert!(sent(&bench).is_empty(), "a key meant for another screen decided");
    bench.wait(1_000).press("1");
    assert_eq!(sent(&bench).len(), 1);
}

#[test]
fn b21_an_ended_mission_is_rated_by_a_number_and_words() {
    let mut bench = Bench::new((120, 40));
    bench.state(ended(Ending::Landed)).press("esc *").write("good").press("enter");
    assert!(sent(&bench).is_empty() && bench.last_words().contains("1 to 5"), "{}", bench.last_words());
    bench.press("ctrl-u").write("4 the name is odd").press("enter");
    let Some(Command::Mission(MissionCommand::Rate(id, rating))) = sent(&bench).pop() else {
        panic!("not rated")
    };
    assert_eq!((id.0, rating.to_string().as_str()), (12, "4 of 5: the name is odd"));
}
