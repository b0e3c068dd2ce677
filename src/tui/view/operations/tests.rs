//! The operations screen at each size over a house that was folded from facts, and what its keys lead to.

use crate::{
    domain::{
        brief::Brief,
        candidate::{Candidate, CheckOutcome, CommitId, Evidence},
        ids::{CallId, EffectId, MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, Step},
        money::{Cost, Money, Usage},
        plan::Survey,
        request::{Actor, Decision, Subject},
        time::Timestamp,
    },
    engine::{
        effect::{Failure, FailureKind},
        event::{ControlEvent, DeskEvent, EffectEvent, Event, Fact, MissionEvent, MoneyEvent, TeamEvent},
        state::{Control, State, TeamPhase},
    },
    tui::{
        app::Focus,
        fixtures::{Bench, START, candidate, mission, request},
        screens::{
            ScreenId,
            operations::{Section, Wrong, problems},
        },
        task::Task,
        view,
    },
};
use ratatui::{Frame, Terminal, backend::TestBackend};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (30, 8)];
const MINUTE: i64 = 60_000;

/// A state that is written to by facts.
#[derive(Default)]
struct Tape {
    state: State,
    at: i64,
    calls: u64,
}

impl Tape {
    /// So many minutes before the pictures are taken.
    fn ago(&mut self, minutes: i64) -> &mut Self {
        self.at = START.0 + 72_000 - minutes * MINUTE;
        self
    }

    fn add(&mut self, actor: Actor, event: Event) -> &mut Self {
        let fact = Fact { actor, at: Timestamp(self.at), event };
        self.state.apply(Seq(self.state.seq.0 + 1), &fact);
        self
    }

    fn mission(&mut self, id: u64, event: MissionEvent) -> &mut Self {
        self.add(Actor::Engine, Event::Mission(MissionId(id), event))
    }

    fn team(&mut self, id: u64, team: u8, event: TeamEvent) -> &mut Self {
        let (id, team) = (MissionId(id), TeamId(team));
        self.add(Actor::Agent(id, Some(team)), Event::Team(id, team, event))
    }

    fn step(&mut self, id: u64, step: Step) -> &mut Self {
        self.mission(id, MissionEvent::StepEntered(step, Revision(1)))
    }

    /// A brief that was accepted, surveyed and planned; both teams draft.
    fn drafting(&mut self, id: u64, words: &str) -> &mut Self {
        self.opened(id, words);
        self.mission(id, MissionEvent::Admitted);
        let survey = Survey {
            base: CommitId("base".into()),
            branch: Some("main".into()),
            language: "rust".into(),
            checks: vec![],
            files: 12,
            instructions: vec![],
            dirty: 0,
            similar: vec![],
        };
        self.mission(id, MissionEvent::Surveyed(Box::new(survey)));
        self.at += 20_000;
        self.step(id, Step::Plan);
        self.at += 40_000;
        self.step(id, Step::Draft);
        for team in [1, 2] {
            self.team(id, team, TeamEvent::DraftStarted { attempt: 1, based_on: Revision(1) });
        }
        self
    }

    fn opened(&mut self, id: u64, words: &str) -> &mut Self {
        let like = mission(None, &TeamPhase::Waiting);
        let brief = Brief { text: words.into(), ..(*like.brief).clone() };
        let opened = Event::Mission(MissionId(id), MissionEvent::Opened(Box::new(brief)));
        self.add(Actor::Person("ada".into()), opened)
    }

    fn proposed(&mut self, id: u64, team: u8, green: bool) -> &mut Self {
        let (proposed, found) = candidate(team);
        let proposed = Candidate { ..(*proposed).clone() };
        let mut found: Evidence = (*found.unwrap()).clone();
        if !green {
            found.checks[0].after.outcome = CheckOutcome::Failed;
        }
        self.team(id, team, TeamEvent::CandidateProposed(Box::new(proposed)));
        self.at += 30_000;
        self.team(id, team, TeamEvent::EvidenceGathered(1, Box::new(found)))
    }

    fn paid(&mut self, id: u64, team: u8, cost: Cost) -> &mut Self {
        self.calls += 1;
        let (call, mission) = (CallId(self.calls), MissionId(id));
        let model = self.state.missions[&mission].teams[usize::from(team) - 1].spec.model.clone();
        let (team, worst) = (Some(TeamId(team)), cost);
        let reserved = MoneyEvent::Reserved { call, mission, team, model, worst, incident: None };
        self.add(Actor::Engine, Event::Money(reserved));
        let usage = Usage { input: 9_000 + 700 * self.calls, output: 800, ..Usage::default() };
        self.add(Actor::Engine, Event::Money(MoneyEvent::Settled { call, usage, cost }))
    }

    fn asked(&mut self, id: u64, number: u64, subject: Subject) -> &mut Self {
        let mut asked = request(number, subject);
        asked.mission = MissionId(id);
        asked.opened = Timestamp(self.at);
        self.add(Actor::Engine, Event::Desk(DeskEvent::RequestOpened(Box::new(asked))))
    }
}

/// Two days of a house: landed, failed, at work, quiet, waiting, nearly out of budget, queued.
fn house() -> State {
    let mut tape = Tape::default();
    tape.ago(30 * 60).drafting(1, "Total of an empty cart.");
    tape.paid(1, 1, Cost::Known(Money::cents(31))).paid(1, 2, Cost::Known(Money::cents(4)));
    tape.proposed(1, 1, true).proposed(1, 2, false);
    tape.step(1, Step::Decide).asked(1, 1, Subject::Choose { teams: vec![TeamId(1)] });
    tape.ago(29 * 60);
    let yes = Decision::Approve { team: Some(TeamId(1)) };
    let decided = DeskEvent::RequestDecided(RequestId(1), Revision(3), Box::new(yes));
    tape.add(Actor::Person("ada".into()), Event::Desk(decided));
    tape.mission(1, MissionEvent::Chosen(TeamId(1), 1)).step(1, Step::Land);
    tape.mission(1, MissionEvent::Landed(CommitId("0123456789abcdef".into()), "main".into()));
    tape.mission(1, MissionEvent::Ended(Ending::Landed));
    tape.ago(3 * 60).drafting(2, "A faster search.").paid(2, 1, Cost::Known(Money::cents(12)));
    for n in 1..=2 {
        let failure = Failure { kind: FailureKind::Transient, reason: format!("no answer after {n}0 s") };
        let id = EffectId(format!("M-2/draft/T-{n}/1"));
        tape.add(Actor::Engine, Event::Effect(EffectEvent::Failed(id, failure)));
    }
    tape.mission(2, MissionEvent::Ended(Ending::Failed("no team has a candidate".into())));
    tape.ago(20).drafting(3, "Checkout returns 500.").paid(3, 1, Cost::Known(Money::cents(7)));
    tape.ago(1).team(3, 2, TeamEvent::TurnFinished { turn: 1, transcript: Default::default(), commit: None });
    tape.ago(12).drafting(4, "Dark mode.").proposed(4, 1, true).proposed(4, 2, true);
    tape.ago(6).step(4, Step::Check).paid(4, 2, Cost::Unknown).step(4, Step::Judge);
    tape.ago(5).step(4, Step::Decide);
    tape.asked(4, 2, Subject::Choose { teams: vec![TeamId(1), TeamId(2)] });
    tape.ago(4).drafting(5, "Sort by name.").paid(5, 1, Cost::Known(Money::cents(46)));
    let failure = Failure { kind: FailureKind::Permanent, reason: "the key was refused".into() };
    tape.team(5, 2, TeamEvent::Failed(failure));
    tape.ago(1).opened(6, "A longer timeout.");
    tape.state
}

fn bench(size: (u16, u16)) -> Bench {
    let mut bench = Bench::new(size);
    bench.state(house()).press("f2");
    bench
}

fn picture(bench: &Bench) -> String {
    let (columns, rows) = bench.app.focus.1;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let draw = |frame: &mut Frame<'_>| {
        let _ = view::draw(&bench.app, frame.buffer_mut());
    };
    terminal.draw(draw).unwrap();
    terminal.backend().to_string()
}

fn keep(name: &str, bench: &Bench) {
    let size = bench.app.focus.1;
    insta::with_settings!({ snapshot_path => "../../pictures", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), picture(bench));
    });
}

#[test]
fn pictures_of_operations() {
    for size in SIZES {
        keep("operations", &bench(size));
    }
    let mut small = bench(SIZES[0]);
    for section in Section::ALL {
        assert_eq!(small.app.screens.operations.section, section);
        keep(&format!("operations_{}", section.word().to_lowercase()), &small);
        small.press("tab");
    }
    let mut empty = Bench::new(SIZES[1]);
    keep("operations_nothing", empty.press("esc f2"));
}

#[test]
fn a_cell_leads_to_its_team_and_a_row_to_its_mission() {
    let mut bench = bench((80, 24));
    // The newest mission first: M-6, M-5, M-4, M-3, two teams each; two cells a row.
    bench.press("right down enter");
    assert_eq!((bench.app.screens.at, bench.app.focus.0), (ScreenId::Command, Focus::Channels));
    assert_eq!((bench.app.shown, bench.app.channels.at), (Some(MissionId(5)), 1));
    bench.press("f2 tab down down enter");
    assert_eq!(bench.app.shown, Some(MissionId(4)), "the third row of the timeline");
    bench.press("f2 up up enter");
    assert_eq!(bench.app.shown, Some(MissionId(6)), "the cursor was where it had been left");
}

#[test]
fn a_request_among_the_problems_leads_to_the_desk_and_no_key_decides_at_once() {
    let mut bench = bench((120, 40));
    bench.press("tab tab tab tab");
    assert_eq!(bench.app.screens.operations.section, Section::Problems);
    bench.press("enter 1");
    assert_eq!((bench.app.screens.at, bench.app.focus.0), (ScreenId::Command, Focus::Desk));
    assert_eq!(bench.app.desk.request(&bench.app.state).map(|request| request.id), Some(RequestId(2)));
    let decides = bench.tasks.iter().any(|task| matches!(task, Task::Send(..)));
    assert!(!decides && bench.last_words().contains("is chosen since 0 ms"), "{}", bench.last_words());
}

#[test]
fn what_has_nothing_behind_it_says_so_and_the_way_back_is_step_by_step() {
    let mut bench = bench((120, 40));
    bench.press("tab tab enter");
    assert!(bench.last_words().contains("nothing to open"), "{}", bench.last_words());
    bench.press("f");
    assert!(bench.app.screens.operations.full && picture(&bench).contains("[Spend]"));
    bench.press("esc");
    assert!(!bench.app.screens.operations.full && bench.app.screens.at == ScreenId::Operations);
    bench.press("esc");
    assert_eq!(bench.app.screens.at, ScreenId::Command);
    let mut state = house();
    state.missions.remove(&MissionId(2));
    let mut bench = Bench::new((80, 24));
    bench.state(state).press("f2 shift-tab end enter");
    assert_eq!(bench.app.screens.at, ScreenId::Operations);
    assert!(bench.last_words().contains("M-2 ended long ago"), "{}", bench.last_words());
}

#[test]
fn problems_are_what_stands_still_waits_costs_or_failed() {
    let mut state = house();
    let now = Timestamp(START.0 + 72_000);
    let words = |state: &State| -> Vec<String> {
        let word = |what: &Wrong<'_>| match what {
            Wrong::Halted(_) => "halted".to_owned(),
            Wrong::Waits(request) => format!("{} waits", request.id),
            Wrong::Questions(mission) => format!("{} asks", mission.id),
            Wrong::Quiet(mission, team) => format!("{} {} quiet", mission.id, team.id),
            Wrong::Failed(mission, team, _) => format!("{} {} failed", mission.id, team.id),
            Wrong::Budget(mission) => format!("{} budget", mission.id),
            Wrong::Day(..) => "day".to_owned(),
            Wrong::Storm(part) => format!("storm of {part}"),
            Wrong::NeedsHuman(incident, _) => format!("{} needs a person", incident.id),
            Wrong::Ill(incident) => format!("{} goes on", incident.id),
            Wrong::Silenced(incident, _) => format!("{} is quiet", incident.id),
            Wrong::Unpriced(calls) => format!("{calls} unpriced"),
        };
        problems(state, now).iter().map(|problem| word(&problem.what)).collect()
    };
    assert_eq!(words(&state), ["R-2 waits", "M-5 budget", "M-5 T-2 failed", "M-3 T-1 quiet", "1 unpriced"]);
    let question = Subject::Ask { team: TeamId(1), question: "may I?".into() };
    let mut asked = request(7, question);
    asked.mission = MissionId(3);
    state.desk.insert(asked.id, asked.into());
    assert!(!words(&state).contains(&"M-3 T-1 quiet".to_owned()), "it waits for an answer");
    state.desk.remove(&RequestId(7));
    state.control = Control::Paused("lunch".into());
    assert_eq!(words(&state)[0], "halted");
    assert!(!words(&state).contains(&"M-3 T-1 quiet".to_owned()), "nobody may work");
}

#[test]
fn nothing_breaks_at_any_size_or_when_what_was_chosen_is_gone() {
    let mut bench = bench((80, 24));
    for (columns, rows) in [(1, 1), (20, 5), (40, 10), (60, 12), (109, 29), (110, 30), (190, 40), (300, 100)]
    {
        bench.act(crate::tui::app::Action::Resize(columns, rows));
        for _ in Section::ALL {
            for keys in ["end", "down", "pgdn", "right", "f", "home", "f", "tab"] {
                bench.press(keys);
                let _ = picture(&bench);
            }
        }
    }
    bench.press("end tab end tab end tab end tab end tab end").state(State::default());
    for _ in Section::ALL {
        let _ = picture(bench.press("tab"));
        bench.press("up enter");
        assert_eq!(bench.app.screens.at, ScreenId::Operations);
    }
}

#[test]
fn c7_a_level_that_falls_with_the_settings_is_told_and_its_row_begins_with_it() {
    let mut tape = Tape { state: house(), ..Tape::default() };
    let mut bench = Bench::new((80, 24));
    bench.state(tape.state.clone()).press("f2 shift-tab");
    let changed = |value: &str, file: &str| {
        let (key, file, value) = ("autonomy.level".into(), file.into(), Some(value.to_owned()));
        Event::Control(ControlEvent::SettingChanged { key, file, value })
    };
    tape.ago(0).add(Actor::Person("ada".into()), changed("2", "/home/ada/.config/chimera/chimera.toml"));
    bench.state(tape.state.clone());
    assert_eq!(bench.last_words(), "", "who did it knows it");
    let mistake = "/home/ada/.config/chimera/chimera.toml:3:1: not a number";
    tape.add(Actor::Engine, changed("1, until the settings can be read", mistake));
    bench.state(tape.state.clone());
    let words = format!("level is 1, until the settings can be read, in {mistake}");
    assert_eq!(bench.last_words(), format!("✗ {words}"));
    let drawn = picture(&bench);
    let row = drawn.lines().find(|line| line.contains("level is 1")).unwrap();
    assert!(row.contains("engine") && row.contains("until the settings can be read, in /"), "{drawn}");
    assert!(drawn.contains("level is 2, in /home"), "{drawn}");
}
