//! Patterns over notes in any order, within bounds, and over played worlds; what is dismissed is learned; the ideas
//! agent's turn, its money, and its end.

use super::{Ended, Idea, IdeaId, IdeaKind, Standing, Suggestion, Traces, mine, traces::Dismissal};
use crate::{
    domain::{
        candidate::{CheckKind, CheckOutcome, CheckResult, CheckRun, Evidence},
        digest::Digest,
        ids::{CallId, EffectId, IncidentId, MissionId, Seq},
        incident::AttemptOutcome,
        money::{Cost, Money, Usage},
        request::Actor,
        signal::Fingerprint,
        team::{ModelRef, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, ControlCommand, IdeaCommand, MoneyCommand, Order, Outcome, RefusalKind, Report},
        decide,
        effect::{Failure, FailureKind},
        event::{EffectEvent, Event, Fact, IdeaEvent},
        facts,
        healing::ward::Lesson,
        react,
        records::Records,
        simulation::{evidence, journal},
        state::State,
        suggesting::{ideas, meant},
    },
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;

fn failing(name: &str) -> Evidence {
    let run = CheckRun {
        outcome: CheckOutcome::Failed,
        passed: None,
        failed: Some(1),
        elapsed: Millis(10),
        output: Digest::of(b""),
        tail: format!("test {name} ... FAILED"),
    };
    let check = CheckResult { kind: CheckKind::Test, command: "cargo test".into(), before: None, after: run };
    Evidence { checks: vec![check], ..evidence(false) }
}

/// One of the things that leave a trace.
#[derive(Debug, Clone, Copy)]
struct Note {
    what: u8,
    name: u8,
    mission: u64,
    at: i64,
}

fn note(traces: &mut Traces, note: Note) {
    let when = (MissionId(note.mission), Timestamp(note.at));
    let name = format!("n{}", note.name);
    match note.what {
        0 => traces.checked(when, &failing(&name)),
        1 => traces.reopened(when, &name),
        2 => traces.capped(when, &name, "over"),
        _ => traces.asked(when, &["git".into(), name], "to publish"),
    }
}

fn notes() -> impl Strategy<Value = Vec<Note>> {
    let one = (0..4_u8, 0..5_u8, 1..9_u64, 0..4 * DAY);
    prop::collection::vec(one.prop_map(|(what, name, mission, at)| Note { what, name, mission, at }), 0..80)
}

fn told(notes: &[Note]) -> Vec<Idea> {
    let mut traces = Traces::default();
    notes.iter().for_each(|one| note(&mut traces, *one));
    mine((&traces, &[]), &Records::default(), Timestamp(5 * DAY))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn s3_the_order_of_what_happened_does_not_change_what_is_told(
        (notes, shuffled) in notes().prop_flat_map(|notes| (Just(notes.clone()), Just(notes).prop_shuffle())),
    ) {
        prop_assert_eq!(told(&notes), told(&shuffled));
    }

    #[test]
    fn s3_every_score_is_the_sum_of_its_reasons(notes in notes()) {
        for idea in told(&notes) {
            let sum: i32 = idea.reasons.iter().map(|reason| i32::from(reason.points)).sum();
            prop_assert_eq!(i32::from(idea.score), sum.clamp(0, 100));
            prop_assert!(!idea.brief.is_empty() && !idea.evidence.is_empty() && !idea.title.is_empty());
        }
    }

    #[test]
    fn s3_a_saved_part_and_the_rest_are_the_whole(seed in 0_u64..500, part in 0_usize..=100) {
        let facts = journal(seed);
        let (before, after) = facts.split_at(facts.len() * part / 100);
        let saved = serde_json::to_string(&folded(before)).unwrap();
        let mut state: State = serde_json::from_str(&saved).unwrap();
        go_on(&mut state, after);
        let whole = folded(&facts);
        prop_assert_eq!(ideas(&state), ideas(&whole));
        prop_assert_eq!(state.traces, whole.traces);
    }
}

fn go_on(state: &mut State, facts: &[Fact]) {
    facts.iter().for_each(|fact| state.apply(Seq(state.seq.0 + 1), fact));
}

fn folded(facts: &[Fact]) -> State {
    let mut state = State::default();
    go_on(&mut state, facts);
    state
}

#[test]
fn s3_played_worlds_give_ideas_and_each_is_known_by_its_id() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let state = folded(&journal(seed));
        let found = ideas(&state);
        let ids: std::collections::BTreeSet<&IdeaId> = found.iter().map(|idea| &idea.id).collect();
        assert_eq!(ids.len(), found.len());
        kinds.extend(found.iter().map(|idea| idea.kind.word()));
    }
    assert!(kinds.len() >= 4, "{kinds:?}");
}

#[test]
fn s3_traces_have_bounds_whatever_happens() {
    let mut traces = Traces::default();
    let size = |traces: &Traces| serde_json::to_vec(traces).unwrap().len();
    let mut sizes = Vec::new();
    for n in 0..6_000_u64 {
        let when = (MissionId(n), Timestamp(i64::try_from(n).unwrap()));
        let name = format!("{n}-{}", "x".repeat(500));
        traces.checked(when, &failing(&name));
        traces.reopened(when, &name);
        traces.capped(when, &name, &name);
        traces.asked(when, std::slice::from_ref(&name), &name);
        let ended = Ended { mission: when.0, title: "t".into(), took: Millis(n), cost: Money(5), at: when.1 };
        traces.finished(&format!("kind {}", n % 40), ended);
        let kind = IdeaKind::Retried;
        let why = "no".to_owned();
        traces.dismiss(&IdeaId(name.clone()), Dismissal { why, weight: 1, at: when.1, kind });
        traces.suggest(&[Suggestion { title: name, why: "w".into(), brief: "b".into(), worth: 1 }], when.1);
        if n >= 3_000 {
            sizes.push(size(&traces));
        }
    }
    assert!(sizes.iter().max().unwrap() < &(sizes[0] + sizes[0] / 4), "it grows: {:?}", sizes.last());
    assert!(sizes[0] < 1_000_000, "{}", sizes[0]);
}

#[test]
fn s3_what_is_far_beyond_the_median_of_its_kind_is_told() {
    let mut traces = Traces::default();
    for n in 1..=7_u64 {
        let (took, cost) =
            if n == 4 { (Millis::hours(3), Money::usd(4)) } else { (Millis::mins(10), Money::cents(50)) };
        let title = format!("brief {n}");
        traces.finished("brief · rust", Ended { mission: MissionId(n), title, took, cost, at: Timestamp(0) });
    }
    let found = mine((&traces, &[]), &Records::default(), Timestamp(0));
    let told: Vec<(IdeaKind, &str)> = found.iter().map(|idea| (idea.kind, idea.title.as_str())).collect();
    assert_eq!(
        told,
        [
            (IdeaKind::CostlyMission, "M-4 cost $4.00, 8 times the usual $0.50"),
            (IdeaKind::SlowMission, "M-4 took 3:00:00, 18 times the usual 10:00"),
        ]
    );
    assert!(found[0].brief.contains("brief 4"));
}

/// A house with a clock that stands.
#[derive(Default)]
struct House(State);

impl House {
    fn order(&mut self, actor: Actor, command: Command) -> Result<Vec<Event>, RefusalKind> {
        let order = Order { actor, at: Timestamp(DAY), command };
        let events = decide(&self.0, &order).map_err(|refusal| refusal.kind)?;
        go_on(&mut self.0, &facts(&order, events.clone()));
        Ok(events)
    }
    fn person(&mut self, command: Command) -> Result<Vec<Event>, RefusalKind> {
        self.order(Actor::Person("ada".into()), command)
    }
    fn dismiss(&mut self, id: &IdeaId, why: &str) -> Result<Vec<Event>, RefusalKind> {
        self.person(Command::Idea(IdeaCommand::Dismiss { id: id.clone(), why: why.into() }))
    }
    fn asks_for(&mut self, line: &str, times: u64) -> IdeaId {
        let traces = std::sync::Arc::make_mut(&mut self.0.traces);
        for mission in 1..=times {
            traces.asked((MissionId(mission), Timestamp(DAY)), &[line.to_owned()], "to publish");
        }
        IdeaId::of(IdeaKind::AskedCommand, line)
    }
    fn idea(&self, id: &IdeaId) -> Idea {
        meant(&ideas(&self.0), &id.0).unwrap()
    }
    fn ask(&mut self) -> Result<Vec<Event>, RefusalKind> {
        self.person(Command::Idea(IdeaCommand::Ask { repo: "/srv/shop".into() }))
    }
    fn begin(&mut self, n: u64) -> Result<Vec<Event>, RefusalKind> {
        self.order(Actor::Engine, Command::Begin(effect(n)))
    }
    fn report(&mut self, n: u64, outcome: Outcome) -> Result<Vec<Event>, RefusalKind> {
        let report = Report { effect: effect(n), outcome };
        self.order(Actor::Agent(MissionId::HOUSE, None), Command::Report(report))
    }
    fn reserve(&mut self, worst: Cost) -> Result<Vec<Event>, RefusalKind> {
        let model = ModelRef { vendor: Vendor::Google, model: "m".into() };
        let reserve = MoneyCommand::Reserve { mission: MissionId::HOUSE, team: None, model, worst };
        self.order(Actor::Agent(MissionId::HOUSE, None), Command::Money(reserve))
    }
}

fn effect(n: u64) -> EffectId {
    EffectId(format!("M-0/suggest/{n}"))
}

#[test]
fn s3_a_dismissed_idea_stays_away_until_there_is_twice_as_much_of_it() {
    let mut house = House::default();
    let id = house.asks_for("git push", 4);
    let before = house.idea(&id);
    assert_eq!((before.standing.clone(), before.weight), (Standing::Open, 4));
    assert_eq!(house.dismiss(&id, " "), Err(RefusalKind::Invalid), "a reason is learned from");
    assert_eq!(house.dismiss(&IdeaId("idea-00000000".into()), "x"), Err(RefusalKind::Unknown));
    let agent = Actor::Agent(MissionId(1), None);
    let dismiss = Command::Idea(IdeaCommand::Dismiss { id: id.clone(), why: "x".into() });
    assert_eq!(house.order(agent, dismiss), Err(RefusalKind::Forbidden));
    house.dismiss(&IdeaId(id.0.chars().take(10).collect()), "we push\u{1b}[2J by hand").unwrap();
    assert!(matches!(house.idea(&id).standing, Standing::Dismissed(d) if d.why == "we push by hand"));
    house.asks_for("git push", 3);
    assert!(matches!(house.idea(&id).standing, Standing::Dismissed(_)), "seven are not twice four");
    house.asks_for("git push", 1);
    let back = house.idea(&id);
    assert_eq!(back.standing, Standing::Open);
    assert!(back.reasons.iter().any(|reason| reason.words.contains("we push by hand")), "{:?}", back.reasons);
}

#[test]
fn s3_kinds_that_are_dismissed_again_and_again_count_less_and_it_is_said() {
    let mut house = House::default();
    let kept = house.asks_for("make docs", 3);
    let before = house.idea(&kept).score;
    for line in ["git push", "git pull", "curl x"] {
        let id = house.asks_for(line, 3);
        house.dismiss(&id, "not for agents").unwrap();
    }
    let after = house.idea(&kept);
    assert_eq!(after.score, before - 20);
    assert!(
        after.reasons.iter().any(|reason| reason.points == -20 && reason.words.contains("3 of this kind"))
    );
}

#[test]
fn s3_an_idea_that_became_a_mission_is_no_open_one() {
    let mut house = House::default();
    let id = house.asks_for("git push", 3);
    let take = |mission| Command::Idea(IdeaCommand::Take { id: id.clone(), mission });
    assert_eq!(house.person(take(MissionId(9))), Err(RefusalKind::Unknown));
    let brief = crate::engine::simulation::brief(1, Default::default(), None);
    let open = crate::engine::command::MissionCommand::Open(Box::new(brief));
    house.person(Command::Mission(open)).unwrap();
    house.person(take(MissionId(1))).unwrap();
    assert!(matches!(house.idea(&id).standing, Standing::Taken(taken) if taken.mission == MissionId(1)));
    house.asks_for("git push", 3);
    assert_eq!(house.idea(&id).standing, Standing::Open, "twice as much of it, and it comes back");
}

#[test]
fn s3_the_ideas_agent_is_asked_pays_within_the_caps_and_its_answer_becomes_ideas() {
    let mut house = House::default();
    let asked = house.ask().unwrap();
    let wanted = asked.iter().flat_map(|event| react(&house.0, event)).map(|effect| effect.id);
    assert_eq!(wanted.collect::<Vec<_>>(), [effect(1)]);
    assert_eq!(house.ask(), Err(RefusalKind::Already));
    let cheap = Cost::Known(Money::cents(1));
    assert_eq!(house.reserve(cheap), Err(RefusalKind::Already), "not before it has begun");
    house.begin(1).unwrap();
    assert_eq!(house.begin(1), Err(RefusalKind::Already));
    assert_eq!(house.reserve(Cost::Known(Money::usd(900))), Err(RefusalKind::OverBudget));
    assert_eq!(house.reserve(Cost::Unknown), Err(RefusalKind::Forbidden));
    house.reserve(cheap).unwrap();
    let settle = MoneyCommand::Settle { call: CallId(1), usage: Usage::default(), cost: cheap };
    house.order(Actor::Agent(MissionId::HOUSE, None), Command::Money(settle)).unwrap();
    assert_eq!((house.0.asking.spent, house.0.ledger.today), (Money::cents(1), Money::cents(1)));
    let thought =
        |title: &str| Suggestion { title: title.into(), why: "w".into(), brief: "b".into(), worth: 90 };
    house.report(1, Outcome::Suggested(vec![thought("Split it\u{1b}[2J"), thought("")])).unwrap();
    assert_eq!(house.0.asking.last, "1 suggestion");
    let found = ideas(&house.0);
    assert_eq!((found.len(), found[0].title.as_str(), found[0].kind), (1, "Split it", IdeaKind::Suggested));
    assert_eq!(house.report(1, Outcome::Suggested(vec![])), Err(RefusalKind::Stale));
    house.ask().unwrap();
    assert_eq!(house.0.asking.open, Some(2));
}

#[test]
fn s3_whatever_ends_the_ideas_agent_frees_it_and_says_why() {
    let start = || Command::Control(ControlCommand::Start { version: "1".into() });
    let stop = || Command::Control(ControlCommand::Stop("enough".into()));
    let pause = || Command::Control(ControlCommand::Pause("lunch".into()));
    for (begun, command, ends) in
        [(true, start(), true), (true, stop(), true), (false, pause(), true), (true, pause(), false)]
    {
        let mut house = House::default();
        house.ask().unwrap();
        if begun {
            house.begin(1).unwrap();
        }
        let events = house.person(command.clone()).unwrap();
        let dropped = events.contains(&Event::Effect(EffectEvent::Dropped(effect(1))));
        let told =
            events.iter().any(|event| matches!(event, Event::Idea(IdeaEvent::Unanswered { ask: 1, .. })));
        assert_eq!((dropped, told, house.0.asking.open.is_none()), (ends, ends, ends), "{command:?}");
        if ends {
            assert_eq!(house.report(1, Outcome::Suggested(vec![])), Err(RefusalKind::Stale));
            assert!(house.0.asking.last.starts_with("no answer: the "), "{}", house.0.asking.last);
        }
    }
    let mut house = House::default();
    house.person(pause()).unwrap();
    assert_eq!(house.ask(), Err(RefusalKind::Halted));
    let mut house = House::default();
    house.ask().unwrap();
    house.begin(1).unwrap();
    assert_eq!(house.report(1, Outcome::Halted), Err(RefusalKind::Invalid));
    let failure = Failure { kind: FailureKind::Permanent, reason: "no key".into() };
    house.report(1, Outcome::Failed(failure)).unwrap();
    assert_eq!(house.0.asking.last, "no answer: no key");
}

fn lesson(cause: &str, (by_hand, remedy): (bool, &str), at: i64) -> Lesson {
    Lesson {
        fingerprint: Fingerprint::of(&[cause]),
        service: "web".into(),
        title: format!("{cause} fails"),
        incident: IncidentId(u64::try_from(at).unwrap()),
        remedy: remedy.into(),
        by_hand,
        outcome: AttemptOutcome::Helped,
        took: Millis::mins(3),
        at: Timestamp(at),
    }
}

#[test]
fn b21_what_people_put_right_twice_wants_a_runbook_and_what_is_healed_thrice_comes_back() {
    let hand = |cause, at| lesson(cause, (true, "closed by ada: flushed the queue"), at);
    let book = |cause, at| lesson(cause, (false, "restart-process on service web"), at);
    let lessons = [hand("queue", 1), book("web", 2), hand("disk", 3), book("web", 4), hand("queue", 5)];
    let told = |lessons: &[Lesson]| mine((&Traces::default(), lessons), &Records::default(), Timestamp(DAY));
    let ideas = told(&lessons);
    let [idea] = ideas.as_slice() else { panic!("{ideas:?}") };
    assert_eq!(idea.kind, IdeaKind::RunbookMissing);
    assert!(
        idea.brief.contains("flushed the queue") && idea.brief.contains("runbook lint"),
        "{}",
        idea.brief
    );
    let failed = Lesson { outcome: AttemptOutcome::Ineffective("no".into()), ..book("web", 6) };
    assert_eq!(told(&[lessons.as_slice(), &[failed]].concat()).len(), 1, "only what helped counts");
    let more = told(&[lessons.as_slice(), &[book("web", 7)]].concat());
    let kinds: Vec<_> = more.iter().map(|idea| idea.kind).collect();
    assert!(kinds.contains(&IdeaKind::ComesBack) && kinds.len() == 2, "{kinds:?}");
}
