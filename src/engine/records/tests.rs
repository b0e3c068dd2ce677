//! The fold against bookkeeping of its own over played worlds, in two parts through the disk, and against whatever
//! would make it grow.

use super::{Calendar, Check, Recent, Records, Tally, What};
use crate::{
    domain::{
        brief::Approval,
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence,
        },
        digest::Digest,
        ids::{CallId, EffectId, MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, Rating, Step},
        money::{Cost, Money, Usage},
        request::{Actor, Decision, Request, Subject},
        team::{ModelRef, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::{Failure, FailureKind},
        event::{ControlEvent, DeskEvent, EffectEvent, Event, Fact, MissionEvent, MoneyEvent, TeamEvent},
        simulation::{brief, evidence, journal, survey},
        state::State,
    },
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

fn folded(facts: &[Fact]) -> State {
    let mut state = State::default();
    go_on(&mut state, facts);
    state
}

fn go_on(state: &mut State, facts: &[Fact]) {
    for fact in facts {
        state.apply(Seq(state.seq.0 + 1), fact);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_saved_part_and_the_rest_are_the_whole(seed in 0_u64..1_000, part in 0_usize..=100) {
        let facts = journal(seed);
        let (before, after) = facts.split_at(facts.len() * part / 100);
        let saved = serde_json::to_string(&folded(before)).unwrap();
        let mut state: State = serde_json::from_str(&saved).unwrap();
        prop_assert!(state.records.current());
        go_on(&mut state, after);
        prop_assert_eq!(state.records, folded(&facts).records);
    }
}

/// Sums by another way: straight from the journal, without any state.
#[test]
fn totals_are_what_the_journal_says() {
    let mut seen = [0_u64; 4];
    for seed in 0..40 {
        let facts = journal(seed);
        let (mut open, mut money) = (BTreeMap::new(), Money::ZERO);
        let (mut opened, mut ended, mut restored, mut asked) = (0, 0, 0, 0);
        for fact in &facts {
            match &fact.event {
                Event::Mission(_, MissionEvent::Opened(_)) => opened += 1,
                Event::Mission(_, MissionEvent::Ended(_)) => ended += 1,
                Event::Mission(_, MissionEvent::Restored(..)) => restored += 1,
                Event::Desk(DeskEvent::RequestOpened(_)) => asked += 1,
                Event::Money(MoneyEvent::Reserved { call, worst, .. }) => {
                    open.insert(*call, worst.known());
                }
                Event::Money(MoneyEvent::Settled { call, cost, .. }) => {
                    open.remove(call).unwrap();
                    money += cost.known();
                }
                Event::Money(MoneyEvent::Forfeited(call)) => money += open.remove(call).unwrap(),
                _ => {}
            }
        }
        let state = folded(&facts);
        let (records, total) = (&state.records, *state.records.total());
        assert_eq!((total.opened, total.ended()), (opened, ended), "seed {seed}");
        assert_eq!((total.restored, total.asked, total.money), (restored, asked, money), "seed {seed}");
        assert!(total.handled <= total.ended() && total.decided() <= total.asked, "seed {seed}: {total:?}");
        for table in [records.models(), records.kinds()] {
            let rows = table.iter().map(|(_, row)| row).chain(table.rest());
            assert_eq!(rows.map(|row| row.money).sum::<Money>(), money, "seed {seed}");
        }
        for (kind, races) in records.board().kinds() {
            let wins: u64 = races.iter().map(|race| race.chosen).sum();
            let raced: u64 = races.iter().map(|race| race.raced).sum();
            assert!(wins * 2 <= raced && wins <= total.landed, "seed {seed}: {kind} {races:?}");
            assert!(races.iter().all(|race| race.chosen <= race.raced && race.passed <= race.raced));
            seen[0] += wins;
        }
        seen[1] += total.handled;
        seen[2] += total.by_policy;
        seen[3] += total.landed;
    }
    assert!(seen.iter().all(|count| *count > 0), "the worlds show nothing: {seen:?}");
}

/// A state and its clock, written to by hand.
struct Tape {
    state: State,
    at: i64,
    /// Who makes candidates, where that is no team.
    author: String,
}

const M: MissionId = MissionId(1);

impl Tape {
    fn new() -> Self {
        Self { state: State::default(), at: 1_790_000_000_000, author: String::new() }
    }

    fn by(&mut self, actor: Actor, event: Event) -> &mut Self {
        self.at += 1_000;
        let fact = Fact { actor, at: Timestamp(self.at), event };
        self.state.apply(Seq(self.state.seq.0 + 1), &fact);
        self
    }

    fn mission(&mut self, id: MissionId, event: MissionEvent) -> &mut Self {
        self.by(Actor::Engine, Event::Mission(id, event))
    }

    fn records(&self) -> &Records {
        &self.state.records
    }

    /// A mission whose first teams, of three, have a candidate, green or red; the first is chosen and lands.
    fn landed(&mut self, id: MissionId, ready: &[bool]) -> &mut Self {
        self.mission(id, MissionEvent::Opened(Box::new(brief(3, Approval::Ask, None))));
        self.mission(id, MissionEvent::Admitted);
        self.mission(id, MissionEvent::Surveyed(Box::new(survey())));
        for (number, green) in (1..).zip(ready) {
            self.candidate(id, TeamId(number), evidence(*green));
        }
        self.mission(id, MissionEvent::StepEntered(Step::Decide, Revision(1)));
        self.mission(id, MissionEvent::Chosen(TeamId(1), 1));
        self.mission(id, MissionEvent::Landed(CommitId("c0ffee".into()), "main".into()));
        self.mission(id, MissionEvent::Ended(Ending::Landed))
    }

    fn candidate(&mut self, id: MissionId, team: TeamId, found: Evidence) -> &mut Self {
        let candidate = Candidate {
            team,
            attempt: 1,
            based_on: Revision(0),
            base: CommitId("base".into()),
            commit: CommitId("tip".into()),
            patch: Digest::default(),
            stat: DiffStat { additions: 4, deletions: 1, ..DiffStat::default() },
            summary: String::new(),
            root_cause: String::new(),
            confidence: 50,
            author: self.author.clone(),
            sealed: None,
        };
        self.team(id, team, TeamEvent::DraftStarted { attempt: 1, based_on: Revision(0) });
        self.team(id, team, TeamEvent::CandidateProposed(Box::new(candidate)));
        self.team(id, team, TeamEvent::EvidenceGathered(1, Box::new(found)))
    }

    fn team(&mut self, id: MissionId, team: TeamId, event: TeamEvent) -> &mut Self {
        self.by(Actor::Agent(id, Some(team)), Event::Team(id, team, event))
    }
}

#[test]
fn a_win_counts_only_where_there_was_a_choice() {
    let mut tape = Tape::new();
    tape.landed(MissionId(1), &[true]);
    assert!(tape.records().board().kinds().is_empty(), "it ran alone");
    tape.landed(MissionId(2), &[true, false]).landed(MissionId(3), &[false, true, true]);
    let by_teams = tape.records().board().clone();
    tape.author = "the director, out of Team 1 + Team 2".into();
    tape.landed(MissionId(9), &[true, true]);
    assert_eq!(*tape.records().board(), by_teams, "what the director put together is no team's win");
    tape.author.clear();
    let kind = format!("brief · {}", survey().language);
    let rows: Vec<_> = tape
        .records()
        .board()
        .of(&kind)
        .iter()
        .map(|race| (race.team.clone(), race.raced, race.chosen, race.passed, race.share()))
        .collect();
    assert_eq!(
        rows,
        [
            ("Team 1".into(), 2, 2, 1, Some(100)),
            ("Team 2".into(), 2, 0, 1, Some(0)),
            ("Team 3".into(), 1, 0, 1, Some(0)),
        ]
    );
    let first = tape.records().board().of(&kind)[0].clone();
    assert_eq!((first.model.as_str(), first.time_each()), ("anthropic/m", Some(Millis(1_000))));
    let row = tape.records().kinds().get(&kind).unwrap();
    assert_eq!((row.missions, row.ended, row.landed, row.candidates, row.passed), (4, 4, 4, 8, 6));
}

#[test]
fn money_goes_to_model_team_and_kind_and_what_was_lost_counts_in_full() {
    let mut tape = Tape::new();
    tape.landed(M, &[]);
    let model = ModelRef { vendor: Vendor::Google, model: "g".into() };
    for (call, team) in [(1, Some(TeamId(2))), (2, None), (3, None), (4, None)] {
        let (call, model) = (CallId(call), model.clone());
        let worst = Cost::Known(Money::cents(50));
        let reserved = MoneyEvent::Reserved { call, mission: M, team, model, worst, incident: None };
        tape.by(Actor::Engine, Event::Money(reserved));
    }
    let usage = Usage { input: 5, cache_read: 20, cache_write: 3, output: 7, reasoning: 2 };
    for event in [
        MoneyEvent::Settled { call: CallId(1), usage, cost: Cost::Known(Money::cents(2)) },
        MoneyEvent::Settled { call: CallId(2), usage, cost: Cost::Unknown },
        MoneyEvent::Forfeited(CallId(3)),
        // Given back unused: no call.
        MoneyEvent::Settled { call: CallId(4), usage: Usage::default(), cost: Cost::Known(Money::ZERO) },
        // Nobody knows this one.
        MoneyEvent::Forfeited(CallId(99)),
    ] {
        tape.by(Actor::Engine, Event::Money(event));
    }
    let total = tape.records().total();
    assert_eq!((total.input, total.output, total.calls, total.unknown), (56, 14, 3, 1));
    assert_eq!(total.money, Money::cents(52));
    let team = tape.records().teams().get("Team 2").unwrap();
    assert_eq!((team.money, team.calls, team.tokens()), (Money::cents(2), 1, 35));
    let model = tape.records().models().get("google/g").unwrap();
    assert_eq!((model.money, model.calls, model.unknown), (Money::cents(52), 3, 1));
    let now = Timestamp(tape.at);
    assert_eq!(tape.records().calendar().spend(now).today.money, Money::cents(52));
}

#[test]
fn b21_the_last_rating_counts_for_the_kind_and_the_team_that_landed() {
    let mut tape = Tape::new();
    let rated = |stars| MissionEvent::Rated(Rating { stars, words: "as asked".into() });
    tape.landed(M, &[true, true]).landed(MissionId(2), &[true, true]);
    tape.mission(M, rated(1)).mission(M, rated(4)).mission(MissionId(2), rated(3));
    let stars = |tally: Option<&Tally>| tally.and_then(Tally::stars_each);
    let kind = format!("brief · {}", survey().language);
    assert_eq!(stars(tape.records().kinds().get(&kind)), Some(35));
    assert_eq!(stars(tape.records().teams().get("Team 1")), Some(35));
    assert_eq!(stars(tape.records().teams().get("Team 2")), None, "what did not land was not rated");
    tape.mission(M, MissionEvent::Reopened("once more".into()));
    assert!(tape.state.missions[&M].result.rating.is_none(), "what comes now was not rated");
}

#[test]
fn d3_a_mission_that_is_tried_again_is_counted_once_as_it_stands() {
    let mut tape = Tape::new();
    let failed = || MissionEvent::Ended(Ending::Failed("no team has a candidate".into()));
    let again = || MissionEvent::Reopened("once more".into());
    tape.landed(M, &[true]).landed(MissionId(2), &[true]);
    // As if the second had failed before it landed, the third twice and the fourth by a person's word.
    for id in [3, 4] {
        tape.mission(MissionId(id), MissionEvent::Opened(Box::new(brief(3, Approval::Ask, None))));
    }
    tape.mission(MissionId(3), failed());
    assert_eq!(tape.records().total().stand_failed(), 1);
    tape.mission(MissionId(3), again());
    assert_eq!(tape.records().total().stand_failed(), 0, "it goes on");
    tape.mission(MissionId(3), MissionEvent::Ended(Ending::OverBudget("$0.50".into())));
    tape.mission(MissionId(4), MissionEvent::Ended(Ending::Cancelled("enough".into())))
        .mission(MissionId(4), again());
    let total = tape.records().total();
    assert_eq!((total.landed, total.stand_failed(), total.reopened, total.retried), (2, 1, 2, 1));
    assert_eq!((total.failed, total.over_budget), (1, 1), "each end counts as an end");
}

#[test]
fn a_payment_copies_what_it_changes_and_nothing_else() {
    let mut tape = Tape::new();
    tape.landed(M, &[true, true]);
    let shown = tape.state.records.clone();
    let model = ModelRef { vendor: Vendor::Google, model: "g".into() };
    let worst = Cost::Known(Money::cents(1));
    let reserved =
        MoneyEvent::Reserved { call: CallId(1), mission: M, team: None, model, worst, incident: None };
    tape.by(Actor::Engine, Event::Money(reserved));
    assert!(Arc::ptr_eq(&shown, &tape.state.records), "a reservation is no number yet");
    let usage = Usage { output: 1, ..Usage::default() };
    let settled = MoneyEvent::Settled { call: CallId(1), usage, cost: worst };
    tape.by(Actor::Engine, Event::Money(settled));
    let now = &tape.state.records;
    assert_ne!(shown.total(), now.total());
    assert!(Arc::ptr_eq(&shown.board, &now.board) && Arc::ptr_eq(&shown.trouble, &now.trouble));
    assert!(shown.recent.shares(&now.recent) && shown.tracks.shares(&now.tracks));
    assert!(shown.teams.shares(&now.teams), "the orchestrator is no team");
    assert!(!shown.models.shares(&now.models));
}

fn asked(id: u64, teams: &[TeamId]) -> Request {
    Request {
        id: RequestId(id),
        mission: M,
        subject: Subject::Choose { teams: teams.to_vec() },
        revision: Revision(1),
        opened: Timestamp(1_790_000_000_000),
        expires: Timestamp(1_790_099_000_000),
        reasons: vec![],
        if_denied: String::new(),
        approved: Vec::new(),
    }
}

#[test]
fn people_policies_and_silence_are_told_apart_and_rejections_keep_their_words() {
    let mut tape = Tape::new();
    tape.mission(M, MissionEvent::Opened(Box::new(brief(2, Approval::Ask, None))));
    let person = Actor::Person("ada\u{1b}[2J".into());
    for (id, actor, decision) in [
        (1, person.clone(), Decision::Retry { reason: "too large".into() }),
        (2, person, Decision::Reject { reason: "too large".into() }),
        (3, Actor::Policy, Decision::Approve { team: Some(TeamId(1)) }),
        (4, Actor::Engine, Decision::Expired),
        (5, Actor::Engine, Decision::Withdrawn),
    ] {
        let request = asked(id, &[TeamId(1)]);
        tape.by(Actor::Engine, Event::Desk(DeskEvent::RequestOpened(Box::new(request))));
        let decided = DeskEvent::RequestDecided(RequestId(id), Revision(1), Box::new(decision));
        tape.by(actor, Event::Desk(decided));
    }
    tape.mission(M, MissionEvent::Ended(Ending::Cancelled("rejected: too large".into())));
    let total = tape.records().total();
    assert_eq!((total.asked, total.by_person, total.by_policy, total.expired), (5, 2, 1, 1));
    assert_eq!((total.handled, total.cancelled), (1, 1));
    let team = tape.records().teams().get("Team 1").unwrap();
    assert_eq!((team.rejected, team.reasons.get("too large")), (2, Some(&2)));
    assert_eq!(tape.records().teams().get("Team 2").unwrap().rejected, 0, "it was not to choose from");
    let last = tape.records().recent().newest(Timestamp(tape.at)).next().unwrap();
    assert_eq!(last.what.words(), "cancelled: rejected: too large");
    let said: Vec<String> =
        tape.records().recent().newest(Timestamp(tape.at)).map(|item| item.actor.to_string()).collect();
    assert!(said.contains(&"ada".to_owned()), "{said:?}");
}

/// Evidence of one check, with its result on the base and on the candidate.
fn checked(base: CheckOutcome, after: CheckOutcome) -> Evidence {
    let run = |outcome| CheckRun {
        outcome,
        passed: None,
        failed: None,
        elapsed: Millis::secs(2),
        output: Digest::default(),
        tail: String::new(),
    };
    let check = CheckResult {
        kind: CheckKind::Test,
        command: "cargo test".into(),
        before: Some(run(base)),
        after: run(after),
    };
    Evidence { checks: vec![check], ..evidence(true) }
}

#[test]
fn a_check_that_changes_its_mind_on_the_same_commit_is_flaky() {
    use CheckOutcome::{Broken, Failed, Passed};
    let mut tape = Tape::new();
    tape.mission(M, MissionEvent::Opened(Box::new(brief(3, Approval::Ask, None))));
    let row = |tape: &Tape| -> Check { tape.records().trouble().checks()[0].1.clone() };
    tape.candidate(M, TeamId(1), checked(Passed, Passed)).candidate(M, TeamId(2), checked(Passed, Failed));
    assert_eq!((row(&tape).runs, row(&tape).failed, row(&tape).differed), (4, 1, 0));
    tape.candidate(M, TeamId(3), checked(Broken, Passed));
    assert_eq!(row(&tape).differed, 0, "what cannot be run says nothing");
    tape.team(M, TeamId(3), TeamEvent::EvidenceGathered(1, Box::new(checked(Failed, Failed))));
    assert_eq!(row(&tape).differed, 2, "the base once, the candidate once");
    assert_eq!((row(&tape).slowest, row(&tape).time_each()), (Millis::secs(2), Some(Millis::secs(2))));
}

#[test]
fn failures_in_the_same_words_are_one() {
    let mut tape = Tape::new();
    for n in 1..=3 {
        let failure = Failure { kind: FailureKind::Transient, reason: format!("no answer after {n} s") };
        let id = EffectId(format!("M-{n}/draft/T-1/1"));
        tape.by(Actor::Engine, Event::Effect(EffectEvent::Failed(id, failure)));
    }
    let stopped = Failure { kind: FailureKind::Cancelled, reason: "no answer after 4 s".into() };
    tape.by(Actor::Engine, Event::Effect(EffectEvent::Failed(EffectId("M-4/draft/T-1/1".into()), stopped)));
    let faults = tape.records().trouble().faults();
    let [(name, fault)] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!((*name, fault.times, fault.mission), ("draft: no answer after # s", 3, Some(MissionId(3))));
    assert_eq!((fault.doing.as_str(), fault.words.as_str()), ("draft", "no answer after 3 s"));
}

#[test]
fn the_feed_ends_after_a_day_and_a_track_has_every_step() {
    let mut tape = Tape::new();
    tape.landed(M, &[true, true]);
    let track = tape.records().tracks().get(M).unwrap();
    let steps: Vec<Step> = track.steps.iter().map(|(step, _)| *step).collect();
    assert_eq!((steps, track.ended), (vec![Step::Clarify, Step::Decide], Some(Timestamp(tape.at))));
    let words: Vec<_> =
        tape.records().recent().newest(Timestamp(tape.at)).map(|item| item.what.word()).collect();
    assert_eq!(words[..2], ["landed", "chosen"]);
    assert_eq!(*words.last().unwrap(), "opened");
    let tomorrow = Timestamp(tape.at) + Millis::hours(25);
    assert_eq!(tape.records().recent().newest(tomorrow).count(), 0);
    tape.at += 25 * 3_600_000;
    tape.by(Actor::Engine, Event::Control(ControlEvent::Resumed));
    let left: Vec<_> = tape.records().recent().newest(Timestamp(tape.at)).map(|item| &item.what).collect();
    assert_eq!(left, [&What::Resumed]);
}

/// Everything a hostile house could make grow: names, kinds, reasons, commands, failures, missions, days.
#[test]
fn the_records_do_not_grow_with_the_journal() {
    let mut tape = Tape::new();
    let long = "x".repeat(4_096);
    let mut sizes = Vec::new();
    for n in 1..=1_500_u64 {
        let id = MissionId(n);
        tape.at += 3_600_000;
        let mut opened = brief(3, Approval::Ask, None);
        for team in &mut opened.teams {
            team.name = format!("{n} {} {long}", team.name);
            team.model.model = format!("{n}{long}");
        }
        opened.text = long.clone();
        tape.mission(id, MissionEvent::Opened(Box::new(opened))).mission(id, MissionEvent::Admitted);
        let mut seen = survey();
        seen.language = format!("language {n} {long}");
        tape.mission(id, MissionEvent::Surveyed(Box::new(seen)));
        for step in 0..40 {
            tape.mission(id, MissionEvent::StepEntered(Step::ALL[step % 7], Revision(1)));
        }
        for team in [1, 2] {
            let mut found = checked(CheckOutcome::Passed, CheckOutcome::Failed);
            found.checks[0].command = format!("{n} {long}");
            tape.candidate(id, TeamId(team), found);
        }
        let reason = format!("because {n} {long}");
        let failure = Failure { kind: FailureKind::Permanent, reason: reason.clone() };
        let effect = EffectId(format!("{id}/d{}/T-1/1", char::from(b'a' + (n % 26) as u8)));
        tape.by(Actor::Engine, Event::Effect(EffectEvent::Failed(effect, failure)));
        let mut request = asked(n, &[TeamId(1), TeamId(2)]);
        request.mission = id;
        tape.by(Actor::Engine, Event::Desk(DeskEvent::RequestOpened(Box::new(request))));
        let decided =
            DeskEvent::RequestDecided(RequestId(n), Revision(1), Box::new(Decision::Retry { reason }));
        tape.by(Actor::Person(long.clone()), Event::Desk(decided));
        tape.mission(id, MissionEvent::Chosen(TeamId(1), 1));
        tape.mission(id, MissionEvent::Ended(Ending::Landed));
        if n % 100 == 0 {
            sizes.push(serde_json::to_vec(tape.records()).unwrap().len());
        }
    }
    let total = tape.records().total();
    assert_eq!((total.opened, total.landed, total.by_person), (1_500, 1_500, 1_500));
    assert!(sizes.iter().all(|size| *size < 512 << 10), "{sizes:?}");
    let (early, late) = (sizes[4], sizes[sizes.len() - 1]);
    assert!(late < early + early / 4, "it still grows: {sizes:?}");
    assert!(tape.records().recent().newest(Timestamp(tape.at)).count() <= Recent::MOST);
    assert_eq!(tape.records().calendar().days(Timestamp(tape.at), 365).len(), Calendar::DAYS);
}

#[test]
fn a_state_saved_before_there_were_records_is_known() {
    let mut saved = serde_json::to_value(State::default()).unwrap();
    assert!(serde_json::from_value::<State>(saved.clone()).unwrap().records.current());
    saved.as_object_mut().unwrap().remove("records").unwrap();
    assert!(!serde_json::from_value::<State>(saved).unwrap().records.current());
}
