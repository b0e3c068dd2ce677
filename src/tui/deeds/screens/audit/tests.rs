//! The audit screen under keys: what it asks of the past, what it shows of the answers, and that a replay is the past
//! and decides nothing.

use crate::{
    domain::{
        digest::Digest,
        feed::FeedItem,
        ids::{MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, Step},
        money::{Cost, Money},
        plan::Plan,
        request::{Actor, Decision, Subject},
        time::Timestamp,
    },
    engine::{
        command::{Command, MissionCommand},
        event::{DeskEvent, Event, Fact, MissionEvent, MoneyEvent, TeamEvent},
        state::State,
        thread::Thread,
    },
    runtime::{
        handle::HistoryEntry,
        past::{
            dossier::{Dossier, Paper},
            reel::Speed,
            search::{Found, Hit, Page},
        },
    },
    tui::{
        app::Action,
        fixtures::{Bench, START, candidate, ended, mission, request, usage},
        past::{PAGE, PastDone, PastTask, Row},
        screens::{ScreenId, audit::Section},
        sheets::Sheet,
        task::{Done, Task},
        tests::pictures,
    },
};
use std::{collections::BTreeMap, sync::Arc};

const M: MissionId = MissionId(12);

/// Everything that happened: mission 12 from brief to commit, and another one beside it.
fn facts() -> Vec<Fact> {
    let brief = mission(None, &crate::engine::state::TeamPhase::Waiting).brief;
    let (of, team) = (|event| Event::Mission(M, event), |id, event| Event::Team(M, TeamId(id), event));
    let turn =
        |turn, words: &[u8]| TeamEvent::TurnFinished { turn, transcript: Digest::of(words), commit: None };
    let (Some(one), Some(two)) = (candidate(1).1, candidate(2).1) else { panic!("candidates have evidence") };
    let plan = Plan {
        goal: "An empty cart costs nothing".into(),
        steps: vec!["guard the division".into()],
        files: vec![],
        confidence: 80,
        by: "claude".into(),
    };
    let model = brief.teams[0].model.clone();
    let call = crate::domain::ids::CallId(1);
    let other = MissionId(13);
    let choose = request(3, Subject::Choose { teams: vec![TeamId(1), TeamId(2)] });
    let decision = Decision::Approve { team: Some(TeamId(1)) };
    let events = vec![
        (0, Event::Mission(M, MissionEvent::Opened(Box::new((*brief).clone())))),
        (10, of(MissionEvent::Admitted)),
        (20, Event::Mission(other, MissionEvent::Opened(Box::new((*brief).clone())))),
        (900, of(MissionEvent::StepEntered(Step::Plan, Revision(1)))),
        (1_500, of(MissionEvent::Planned(Box::new(plan)))),
        (1_510, of(MissionEvent::StepEntered(Step::Draft, Revision(1)))),
        (1_520, team(1, TeamEvent::DraftStarted { attempt: 1, based_on: Revision(1) })),
        (1_530, team(2, TeamEvent::DraftStarted { attempt: 1, based_on: Revision(1) })),
        (
            1_600,
            Event::Money(MoneyEvent::Reserved {
                call,
                mission: M,
                team: Some(TeamId(1)),
                model,
                worst: Cost::Known(Money::cents(10)),
                incident: None,
            }),
        ),
        (
            4_000,
            Event::Money(MoneyEvent::Settled { call, usage: usage(900), cost: Cost::Known(Money::cents(3)) }),
        ),
        (4_100, team(1, turn(1, b"talk"))),
        (5_000, team(2, turn(1, b"other talk"))),
        (6_000, team(1, TeamEvent::CandidateProposed(Box::new((*candidate(1).0).clone())))),
        (6_100, team(2, TeamEvent::CandidateProposed(Box::new((*candidate(2).0).clone())))),
        (6_200, Event::Mission(other, MissionEvent::Ended(Ending::Cancelled("no".into())))),
        (7_000, team(1, TeamEvent::EvidenceGathered(1, Box::new((*one).clone())))),
        (7_100, team(2, TeamEvent::EvidenceGathered(1, Box::new((*two).clone())))),
        (8_000, of(MissionEvent::StepEntered(Step::Decide, Revision(1)))),
        (8_100, Event::Desk(DeskEvent::RequestOpened(Box::new(choose)))),
        (60_000, Event::Desk(DeskEvent::RequestDecided(RequestId(3), Revision(3), Box::new(decision)))),
        (60_001, of(MissionEvent::Chosen(TeamId(1), 1))),
        (60_002, of(MissionEvent::StepEntered(Step::Land, Revision(1)))),
        (
            62_000,
            of(MissionEvent::Landed(
                crate::domain::candidate::CommitId("0123456789abcdef".into()),
                "main".into(),
            )),
        ),
        (62_100, of(MissionEvent::Ended(Ending::Landed))),
    ];
    let who = |event: &Event| match event {
        Event::Desk(DeskEvent::RequestDecided(..)) | Event::Mission(_, MissionEvent::Chosen(..)) => {
            Actor::Person("ada".into())
        }
        _ => Actor::Engine,
    };
    events
        .into_iter()
        .map(|(ms, event)| Fact { actor: who(&event), at: Timestamp(START.0 + ms), event })
        .collect()
}

fn live() -> State {
    let mut state = State::default();
    for (fact, seq) in facts().iter().zip(1..) {
        state.apply(Seq(seq), fact);
    }
    state
}

fn dossier() -> Dossier {
    let mut thread = Thread::of(M);
    let papers =
        facts().into_iter().zip(1..).filter(|(fact, _)| thread.takes(&fact.event)).map(|(fact, seq)| {
            let record = serde_json::to_string(&fact.event).unwrap();
            Paper {
                seq: Seq(seq),
                hash: Digest::of(record.as_bytes()),
                kind: "mission.x".into(),
                record,
                fact,
            }
        });
    Dossier { mission: M, papers: papers.collect(), cut: false }
}

fn past(bench: &mut Bench, done: PastDone) -> &mut Bench {
    bench.act(Action::Done(Done::Past(done)))
}

/// What was asked of the past since the last time.
fn asked(bench: &mut Bench) -> Vec<PastTask> {
    let tasks = std::mem::take(&mut bench.tasks);
    tasks.into_iter().filter_map(|task| if let Task::Past(task) = task { Some(task) } else { None }).collect()
}

fn opened(bench: &mut Bench) -> &mut Bench {
    let bench = bench.state(live()).press("f5");
    past(bench, PastDone::Deciders(BTreeMap::from([(M, "ada".into()), (MissionId(13), "bob".into())])))
}

fn case(bench: &mut Bench) -> &mut Bench {
    let bench = opened(bench).press("enter");
    past(bench, PastDone::Gathered(M, Ok(dossier())))
}

fn replayed(bench: &mut Bench) -> &mut Bench {
    let bench = opened(bench).press("r");
    past(bench, PastDone::Gathered(M, Ok(dossier())))
}

/// A page of a journal of many entries.
fn page(page: u64, last: u64) -> Vec<Row> {
    let seqs = (page * PAGE + 1..=((page + 1) * PAGE).min(last)).rev();
    let row = |seq: u64| Row {
        seq: Seq(seq),
        at: Timestamp(START.0 + i64::try_from(seq).unwrap()),
        actor: "ada".into(),
        kind: "mission.landed".into(),
        mission: Some(MissionId(seq)),
        words: format!("landed as {seq} on main"),
    };
    seqs.map(row).collect()
}

fn hits() -> Page {
    let hit = |seq, found, text: &str| Hit {
        seq: Seq(seq),
        at: START,
        actor: "engine".into(),
        kind: "team.turn_finished".into(),
        mission: Some(M),
        found,
        text: text.into(),
        marks: std::iter::once(text.find("cart").map(|at| at..at + 4).unwrap_or_default()).collect(),
    };
    let talk = Found::Transcript { team: TeamId(1), turn: 1, content: Digest::of(b"talk"), voice: "said" };
    let hits =
        vec![hit(11, talk, "the empty cart divides by 0"), hit(1, Found::Brief, "when the cart is empty")];
    Page { hits, next: None, entries: 24, bytes: 9_000, gone: 1 }
}

fn entry() -> HistoryEntry {
    let payload = serde_json::to_string(&facts()[22].event).unwrap();
    let mut entry = HistoryEntry {
        seq: Seq(23),
        at: START,
        actor: "engine".into(),
        kind: "mission.landed".into(),
        mission: Some(M),
        payload,
        prev: Digest::of(b"before"),
        hash: Digest::default(),
    };
    entry.hash = entry.record().unwrap_err();
    entry
}

#[test]
fn s4_pictures_of_the_audit_screen() {
    pictures("audit_missions", opened);
    pictures("audit_nothing", |b| b.press("f5"));
    pictures("audit_journal", |b| {
        let bench = opened(b).press("right");
        past(bench, PastDone::Page(0, Ok(page(0, 24))))
    });
    pictures("audit_found", |b| {
        let bench = opened(b).press("/").write("cart").press("enter");
        past(bench, PastDone::Found(1, Ok(hits())))
    });
    pictures("audit_entry", |b| {
        let bench = opened(b).press("right enter");
        past(bench, PastDone::Entry(Seq(23), Ok(Some(entry()))))
    });
    pictures("audit_case", case);
    pictures("audit_numbers", |b| opened(b).press("left"));
    pictures("audit_replay", |b| {
        let bench = replayed(b).press(". . . . . . . . . . . . . . .");
        past(
            bench,
            PastDone::Talk(Digest::of(b"talk"), Arc::new(vec![FeedItem::Text("A guard is enough.".into())])),
        )
    });
}

#[test]
fn only_what_is_looked_at_of_a_long_journal_is_read() {
    let mut bench = Bench::new((120, 40));
    let mut state = live();
    state.seq = Seq(100_000);
    bench.state(state).press("f5");
    assert_eq!(asked(&mut bench), [PastTask::Deciders]);
    bench.press("right");
    assert_eq!(asked(&mut bench), [PastTask::Page(999)], "the newest page alone");
    bench.press("down");
    assert!(asked(&mut bench).is_empty(), "a page that was asked for is not asked for twice");
    past(&mut bench, PastDone::Page(999, Ok(page(999, 100_000))));
    bench.press("G");
    assert_eq!(asked(&mut bench), [PastTask::Page(0)]);
    past(&mut bench, PastDone::Page(0, Ok(page(0, 100_000))));
    bench.press("enter");
    assert_eq!(asked(&mut bench), [PastTask::Entry(Seq(1))]);
    for at in (0..60).rev() {
        bench.app.screens.audit.journal.go(at * 1_500, 100_000);
        bench.act(Action::Tick);
        for task in asked(&mut bench) {
            let PastTask::Page(n) = task else { panic!("{task:?}") };
            past(&mut bench, PastDone::Page(n, Ok(page(n, 100_000))));
        }
    }
    let kept = (1..=100_000).filter(|seq| bench.app.screens.audit.journal.row(Seq(*seq)).is_some()).count();
    assert!(kept <= 1_200, "{kept} entries are in memory");
    // The newest page grows with the journal.
    bench.press("g g");
    let mut state = live();
    state.seq = Seq(100_001);
    asked(&mut bench);
    bench.state(state);
    assert!(asked(&mut bench).contains(&PastTask::Page(1_000)));
}

#[test]
fn a_search_goes_on_page_by_page_and_a_late_page_of_another_is_dropped() {
    let mut bench = Bench::new((120, 40));
    opened(&mut bench).press("/").write("after:tuesday").press("enter");
    assert!(bench.last_words().contains("at character 1"), "{}", bench.last_words());
    assert!(matches!(&bench.app.sheet, Some(Sheet::Prompt(prompt)) if prompt.line.text() == "after:tuesday"));
    bench.press("ctrl-u").write("cart").press("enter");
    assert_eq!(bench.app.screens.audit.section, Section::Journal);
    let tasks = asked(&mut bench);
    assert!(
        matches!(tasks.last(), Some(PastTask::Search(1, search)) if search.query.words == ["cart"]),
        "{tasks:?}"
    );
    let more = Page { next: Some(Default::default()), ..hits() };
    past(&mut bench, PastDone::Found(1, Ok(more)));
    assert!(matches!(asked(&mut bench).as_slice(), [PastTask::Search(1, _)]), "it goes on by itself");
    bench.press("/").press("ctrl-u").write("other").press("enter");
    past(&mut bench, PastDone::Found(1, Ok(hits())));
    let finding = bench.app.screens.audit.journal.finding.as_ref().unwrap();
    assert!(finding.hits.is_empty() && finding.runs);
    past(&mut bench, PastDone::Found(2, Ok(hits())));
    asked(&mut bench);
    bench.press("enter");
    assert!(
        matches!(asked(&mut bench).as_slice(), [PastTask::Read(_, _, 1)]),
        "a transcript is opened at its turn"
    );
    bench.press("down enter");
    assert!(asked(&mut bench).contains(&PastTask::Entry(Seq(1))));
    bench.press("esc");
    assert!(bench.app.screens.audit.journal.finding.is_none(), "esc ends the search first");
    assert_eq!(bench.app.screens.at, ScreenId::Audit);
}

#[test]
fn a_chain_leads_from_the_brief_to_the_commit_and_to_what_was_said() {
    let mut bench = Bench::new((120, 40));
    case(&mut bench);
    let shown = bench.app.screens.audit.case.as_ref().unwrap().papers().len();
    bench.press("o");
    let all = bench.app.screens.audit.case.as_ref().unwrap().papers().len();
    assert_eq!((shown, all), (20, 22));
    bench.press("o").press("down down down down down down down");
    asked(&mut bench);
    bench.press("enter");
    assert!(matches!(asked(&mut bench).as_slice(), [PastTask::Read(_, _, 1)]));
    past(&mut bench, PastDone::Read("talk".into(), Ok(("a\n── turn 1 ──\nb".into(), 1))));
    assert!(matches!(&bench.app.sheet, Some(Sheet::Page(page)) if page.at == 1));
    bench.press("esc").press("e");
    bench.press("ctrl-u").write("pdf").press("enter");
    assert!(bench.last_words().contains("md, jsonl or zip"));
    bench.press("ctrl-u").write("md /tmp/m.md").press("enter");
    assert!(
        asked(&mut bench).iter().any(|task| matches!(task, PastTask::Export(wanted) if wanted.mission == M))
    );
    bench.press("V");
    assert!(matches!(bench.app.sheet, Some(Sheet::Versions(0))));
}

#[test]
fn s6_a_landed_revision_comes_back_only_on_a_yes() {
    let mut bench = Bench::new((120, 40));
    bench.state(ended(Ending::Landed)).press("esc V end u");
    let restores = |bench: &Bench| {
        let restore = |task: &&Task| {
            let Task::Send(command, _) = task else { return false };
            matches!(**command, Command::Mission(MissionCommand::Restore(..)))
        };
        bench.tasks.iter().filter(restore).count()
    };
    assert!(matches!(bench.app.sheet, Some(Sheet::Prompt(_))), "{}", bench.last_words());
    bench.press("ctrl-u").write("no").press("enter");
    assert_eq!(restores(&bench), 0, "{}", bench.last_words());
    bench.press("ctrl-u").write("yes").press("enter");
    assert_eq!(restores(&bench), 1);
    assert!(matches!(bench.app.sheet, Some(Sheet::Versions(_))), "{}", bench.last_words());
}

#[test]
fn s4_a_replay_ends_where_the_mission_is_and_decides_nothing() {
    let mut bench = Bench::new((120, 40));
    replayed(&mut bench);
    let mission = |bench: &Bench| bench.app.past.as_ref().unwrap().state.missions.get(&M).cloned().unwrap();
    assert_eq!(mission(&bench).step, None, "it begins when it was opened");
    asked(&mut bench);
    bench.press("end");
    assert_eq!(*mission(&bench), *live().missions[&M], "folded alone it is the same mission");
    assert!(bench.app.past.as_ref().unwrap().state.missions.len() == 1, "nothing of others is in it");
    let wanted = asked(&mut bench);
    assert!(wanted.contains(&PastTask::Talk(Digest::of(b"talk"))), "{wanted:?}");
    // Back to where a decision waited: no key answers it.
    bench.press(", , , , ,");
    assert_eq!(mission(&bench).step, Some(Step::Decide));
    bench.press("1 2 a m x c R X T B t enter").act(Action::Tick);
    let sent: Vec<_> = bench.tasks.iter().filter(|task| !matches!(task, Task::Past(_))).collect();
    assert!(sent.is_empty(), "{sent:?}");
    assert!(bench.app.sheet.is_none(), "nothing opens over the past");
    bench.press("1");
    assert!(bench.last_words().contains("this is a replay"), "{}", bench.last_words());
    bench.press("esc");
    assert!(bench.app.past.is_none() && bench.app.screens.audit.replay.is_none(), "esc is now");
    assert_eq!(bench.app.screens.at, ScreenId::Audit);
}

#[test]
fn a_replay_goes_on_by_the_clock_and_only_while_it_is_seen() {
    let mut bench = Bench::new((120, 40));
    replayed(&mut bench);
    let now = |bench: &Bench| crate::domain::time::Millis(bench.mono);
    assert_eq!(bench.app.replay_due(now(&bench)), None, "it stands still");
    bench.press("space");
    let due = bench.app.replay_due(now(&bench)).unwrap();
    assert_eq!(due, 33, "ten milliseconds later something happened; a frame is the least");
    let place = |bench: &Bench| bench.app.screens.audit.replay.as_ref().unwrap().reel.place().0;
    bench.wait(910).act(Action::Tick);
    assert_eq!(place(&bench), 3);
    bench.press("+ + +");
    assert_eq!(bench.app.screens.audit.replay.as_ref().unwrap().reel.speed, Speed::Most);
    bench.wait(40).act(Action::Tick);
    assert_eq!(place(&bench), 4);
    bench.press("f2");
    assert_eq!(bench.app.replay_due(now(&bench)), None, "what is not seen does not go on");
    bench.wait(60_000).act(Action::Tick).press("f5");
    assert_eq!(place(&bench), 4);
}
