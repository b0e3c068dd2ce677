//! The ideas screen as a person meets it: pictures at each size, and keys to the exact command.

use super::{
    app::Action,
    fixtures::{Bench, START},
    screens::ScreenId,
    task::{Done, Task},
    tests::{pictures, sent},
};
use crate::{
    domain::{
        ids::{MissionId, Seq},
        request::{Actor, Request, Subject},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, IdeaCommand},
        event::{DeskEvent, Event, Fact, IdeaEvent, MissionEvent},
        ideas::{IdeaId, IdeaKind, Suggestion},
        state::State,
    },
    runtime::handle::Receipt,
};

fn tell(state: &mut State, ago: Millis, event: Event) {
    let fact = Fact { actor: Actor::Person("ada".into()), at: START - ago, event };
    state.apply(Seq(state.seq.0 + 1), &fact);
}

/// A house in which agents asked for the same commands, a mission was begun anew, and the ideas agent answered.
fn house() -> State {
    let mut state = State::default();
    let ask = |state: &mut State, mission: u64, line: &str| {
        let argv = line.split(' ').map(str::to_owned).collect();
        let subject =
            Subject::Command { team: crate::domain::ids::TeamId(1), argv, reason: "to publish it".into() };
        let id = crate::domain::ids::RequestId(state.counters.request + 1);
        let request = Request { id, mission: MissionId(mission), ..super::fixtures::request(1, subject) };
        tell(state, Millis::hours(40 - mission), Event::Desk(DeskEvent::RequestOpened(Box::new(request))));
        state.desk.clear();
    };
    for mission in 1..=5 {
        ask(&mut state, mission, "git push --force");
        ask(&mut state, mission.min(3), "curl https://example.com");
    }
    let brief = super::fixtures::mission(None, &crate::engine::state::TeamPhase::Waiting).brief;
    tell(
        &mut state,
        Millis::hours(30),
        Event::Mission(MissionId(7), MissionEvent::Opened(Box::new((*brief).clone()))),
    );
    for _ in 0..2 {
        tell(
            &mut state,
            Millis::hours(3),
            Event::Mission(MissionId(7), MissionEvent::Reopened("again".into())),
        );
    }
    let ideas = vec![Suggestion {
        title: "Split src/cart.rs by noun".into(),
        why: "four of five missions touched it".into(),
        brief: "Split src/cart.rs into cart, price and stock; no behaviour changes, all tests pass.".into(),
        worth: 60,
    }];
    tell(&mut state, Millis::mins(5), Event::Idea(IdeaEvent::Asked(1)));
    tell(&mut state, Millis::mins(4), Event::Idea(IdeaEvent::Suggested { ask: 1, ideas }));
    state
}

fn push() -> IdeaId {
    IdeaId::of(IdeaKind::AskedCommand, "git push --force")
}

fn dismissed(mut state: State) -> State {
    let (id, why) = (push(), "people push here".to_owned());
    tell(
        &mut state,
        Millis(0),
        Event::Idea(IdeaEvent::Dismissed { id, kind: IdeaKind::AskedCommand, weight: 5, why }),
    );
    state
}

fn open(bench: &mut Bench) -> &mut Bench {
    bench.state(house()).press("f4")
}

#[test]
fn pictures_of_the_ideas() {
    pictures("ideas", |b| open(b));
    pictures("ideas_none", |b| b.press("f4"));
    pictures("ideas_all", |b| b.state(dismissed(house())).press("f4 a G"));
    pictures("ideas_dismissing", |b| open(b).press("x").write("people push here"));
    pictures("ideas_asked", |b| {
        let mut state = house();
        tell(&mut state, Millis(0), Event::Idea(IdeaEvent::Asked(2)));
        state.asking.begun = true;
        b.state(state).press("f4 j")
    });
}

#[test]
fn s3_one_key_lays_an_idea_out_as_a_brief_and_what_is_sent_is_told_of_the_idea() {
    let mut bench = Bench::new((120, 40));
    open(&mut bench);
    let (id, brief) =
        bench.app.screens.ideas.chosen().map(|idea| (idea.id.clone(), idea.brief.clone())).unwrap();
    assert_eq!(id, push());
    bench.press("enter");
    assert_eq!((bench.app.screens.at, bench.app.briefing.whole()), (ScreenId::Command, brief.clone()));
    bench.press("f4 j enter");
    assert!(bench.last_words().contains("a brief that is not sent"), "{}", bench.last_words());
    bench.press("f1").write(" Keep it small.").press("enter");
    let Some(Task::Open { brief: sent_brief, written }) = bench.tasks.pop() else {
        panic!("nothing was opened")
    };
    assert!(
        sent_brief.text.starts_with(brief.get(..40).unwrap()) && sent_brief.text.ends_with("Keep it small.")
    );
    let opened = Event::Mission(MissionId(8), MissionEvent::Opened(sent_brief));
    let receipt = Receipt { seq: Seq(9), events: vec![opened] };
    bench.act(Action::Done(Done::Opened(written, Ok(receipt))));
    assert_eq!(sent(&bench), [&Command::Idea(IdeaCommand::Take { id, mission: MissionId(8) })]);
}

#[test]
fn s3_a_brief_of_ones_own_takes_no_idea() {
    let mut bench = Bench::new((120, 40));
    open(&mut bench).press("enter ctrl-u").press("ctrl-u");
    bench.app.briefing.set(super::briefing::Field::Text, "something else");
    bench.press("enter");
    let Some(Task::Open { brief, written }) = bench.tasks.pop() else { panic!("nothing was opened") };
    let receipt =
        Receipt { seq: Seq(9), events: vec![Event::Mission(MissionId(8), MissionEvent::Opened(brief))] };
    bench.act(Action::Done(Done::Opened(written, Ok(receipt))));
    assert!(sent(&bench).is_empty());
}

#[test]
fn s3_a_second_key_makes_a_mission_at_once_and_leaves_what_is_being_written_alone() {
    let mut bench = Bench::new((120, 40));
    bench.write("my own brief");
    open(&mut bench).press("S");
    let Some(Task::OpenIdea { idea, brief }) = bench.tasks.pop() else { panic!("nothing was opened") };
    assert_eq!(idea, push());
    assert_eq!(brief.text, bench.app.screens.ideas.chosen().unwrap().brief);
    assert_eq!((brief.teams.len(), bench.app.briefing.whole().as_str()), (2, "my own brief"));
    let receipt = Receipt { seq: Seq(9), events: vec![] };
    bench.act(Action::Done(Done::OpenedIdea(Ok((MissionId(8), receipt)))));
    assert!(bench.last_words().contains("M-8 is transmitted"));
    bench.act(Action::Done(Done::OpenedIdea(Err("no commit yet".into()))));
    assert!(bench.last_words().contains("no commit yet"));
}

#[test]
fn s3_dismissing_asks_why_and_the_agent_is_asked_by_key() {
    let mut bench = Bench::new((80, 24));
    open(&mut bench).press("x enter");
    assert!(sent(&bench).is_empty() && bench.last_words().contains("write something"));
    bench.write("people push here").press("enter");
    let why = "people push here".to_owned();
    assert_eq!(sent(&bench), [&Command::Idea(IdeaCommand::Dismiss { id: push(), why })]);
    bench.state(dismissed(house()));
    assert_eq!(bench.app.screens.ideas.away(), 1);
    assert_ne!(bench.app.screens.ideas.chosen().unwrap().id, push());
    bench.press("a G x");
    assert!(bench.last_words().contains("dismissed already: people push here"), "{}", bench.last_words());
    bench.tasks.clear();
    bench.press("I");
    assert_eq!(sent(&bench), [&Command::Idea(IdeaCommand::Ask { repo: "/srv/shop".into() })]);
    bench.state(State { at: Timestamp(1), ..State::default() }).press("enter S x");
    assert!(bench.last_words().contains("no idea under the cursor"));
}
