//! Tables of what each command does and refuses, and properties: the fold is total, deciding never panics.

mod budget;
mod combined;
mod feature;
mod held;
mod two;

use super::{
    command::{
        Command, ControlCommand, DeskCommand, MissionCommand, MoneyCommand, Order, Outcome, RefusalKind,
        Report,
    },
    decide,
    effect::EffectKind,
    effect::{Failure, FailureKind},
    event::{ControlEvent, DeskEvent, Event, Fact, MissionEvent},
    facts,
    ledger::soft_caps,
    next_deadline, resume,
    simulation::{brief, evidence, survey},
    snapshot,
    state::{State, TeamPhase},
};
use crate::domain::{
    brief::{Answer, AnswerForm, Approval, Brief, Question},
    candidate::{Candidate, CommitId, DiffStat, Evidence},
    digest::Digest,
    ids::{CallId, EffectId, MissionId, RequestId, Revision, Seq, TeamId},
    mission::{Ending, Step},
    money::{Cost, Money, Usage},
    plan::Survey,
    request::{Actor, Decision, Modification, Subject},
    team::{ModelRef, Vendor},
    time::{Millis, Timestamp},
};
use proptest::prelude::*;

const M: MissionId = MissionId(1);
const ONE: TeamId = TeamId(1);
const TWO: TeamId = TeamId(2);

/// A house with a clock that tests move.
struct House {
    state: State,
    now: i64,
}

impl House {
    fn new() -> Self {
        Self { state: State::default(), now: 1_000_000 }
    }
    fn order(&mut self, actor: Actor, command: Command) -> Result<(), RefusalKind> {
        let order = Order { actor, at: Timestamp(self.now), command };
        let events = decide(&self.state, &order).map_err(|refusal| {
            assert!(!refusal.reason.is_empty());
            refusal.kind
        })?;
        for fact in facts(&order, events) {
            let seq = Seq(self.state.seq.0 + 1);
            self.state.apply(seq, &fact);
        }
        Ok(())
    }
    fn person(&mut self, command: Command) -> Result<(), RefusalKind> {
        self.order(Actor::Person("ada".into()), command)
    }
    fn mission(&mut self, command: MissionCommand) -> Result<(), RefusalKind> {
        self.person(Command::Mission(command))
    }
    fn open(&mut self, brief: Brief) -> Result<(), RefusalKind> {
        self.mission(MissionCommand::Open(Box::new(brief)))
    }
    fn id(&self, word: &str) -> EffectId {
        let found = self.state.missions[&M].effects.keys().find(|id| id.0.contains(word));
        found.unwrap_or_else(|| panic!("no {word} in {:?}", self.state.missions[&M].effects.keys())).clone()
    }
    fn world(&mut self, word: &str, outcome: Outcome) -> Result<(), RefusalKind> {
        let effect = self.id(word);
        self.order(Actor::Engine, Command::Begin(effect.clone()))?;
        self.order(Actor::Engine, Command::Report(Report { effect, outcome }))
    }
    fn answer(&mut self, id: u64, seen: u32, decision: Decision) -> Result<(), RefusalKind> {
        self.person(Command::Desk(DeskCommand::Decide(RequestId(id), Revision(seen), Box::new(decision))))
    }
    fn draft(&mut self, team: TeamId, files: &[&str], proof: Evidence) {
        let found = self.state.missions[&M].teams.iter().find(|t| t.id == team).unwrap();
        let (attempt, based_on) = (found.attempt, self.state.missions[&M].revision);
        let files = files.iter().map(|f| (*f).to_owned()).collect();
        let candidate = Candidate {
            team,
            attempt,
            based_on,
            base: CommitId("base".into()),
            commit: CommitId(format!("c-{team}-{attempt}")),
            patch: Digest::of(format!("{team}/{attempt}").as_bytes()),
            stat: DiffStat { files, additions: u32::from(team.0), deletions: 0, manifests: vec![] },
            summary: String::new(),
            root_cause: String::new(),
            confidence: 99,
            author: String::new(),
            sealed: None,
        };
        self.world(&format!("draft/{team}/"), Outcome::Drafted(Box::new(candidate))).unwrap();
        self.world(&format!("check/{team}/"), Outcome::Checked(Box::new(proof))).unwrap();
    }
    fn at_work(approve: Approval) -> Self {
        let mut house = Self::new();
        house.open(brief(2, approve, Some(Millis::mins(30)))).unwrap();
        house.world("survey", Outcome::Surveyed(Box::new(survey()))).unwrap();
        house.world("clarify", Outcome::Asked(vec![])).unwrap();
        house.world("plan", failed(FailureKind::Permanent)).unwrap();
        house
    }
    fn at_desk(approve: Approval) -> Self {
        let mut house = Self::at_work(approve);
        house.draft(ONE, &["src/a.rs"], evidence(true));
        house.draft(TWO, &["src/b.rs"], evidence(true));
        house.world("judge", Outcome::Judged(vec![], vec!["one vendor only".into()])).unwrap();
        house
    }
    fn word(&self) -> &'static str {
        snapshot::status_word(&self.state, &self.state.missions[&M])
    }
}

fn failed(kind: FailureKind) -> Outcome {
    Outcome::Failed(Failure { kind, reason: "broken".into() })
}

fn approve(team: TeamId) -> Decision {
    Decision::Approve { team: Some(team) }
}

#[test]
fn briefs_that_make_no_sense_are_refused() {
    let good = || brief(2, Approval::Ask, None);
    let bad: Vec<Brief> = vec![
        Brief { text: "  ".into(), ..good() },
        Brief { text: "x".repeat(Brief::TEXT_MOST + 1), ..good() },
        Brief { budget: Money::ZERO, ..good() },
        Brief { teams: vec![], ..good() },
        Brief { teams: brief(9, Approval::Ask, None).teams, ..good() },
        Brief { teams: [good().teams, good().teams].concat(), ..good() },
        Brief { approve: Approval::Team("nobody".into()), ..good() },
        Brief { priority: 0, ..good() },
        Brief { repo: String::new(), ..good() },
    ];
    for brief in bad {
        assert_eq!(House::new().open(brief), Err(RefusalKind::Invalid));
    }
    assert_eq!(House::new().open(good()), Ok(()));
}

#[test]
fn b12_b13_the_pool_admits_by_priority_and_then_by_age() {
    let mut house = House::new();
    let policy = crate::policy::settings::Policy { pool: 1, ..Default::default() };
    house.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
    for priority in [5, 5, 9] {
        house.open(Brief { priority, ..brief(1, Approval::Ask, None) }).unwrap();
    }
    let admitted = |house: &House| -> Vec<u64> {
        house.state.missions.values().filter(|m| m.step.is_some()).map(|m| m.id.0).collect()
    };
    assert_eq!(admitted(&house), [1]);
    house.mission(MissionCommand::Cancel(M, "no".into())).unwrap();
    assert_eq!(admitted(&house), [1, 3]);
}

#[test]
fn a3_questions_are_answered_by_the_director_or_by_their_defaults() {
    let mut house = House::new();
    house.open(brief(1, Approval::Ask, None)).unwrap();
    house.world("survey", Outcome::Surveyed(Box::new(survey()))).unwrap();
    let question = |n: u8| Question { text: format!("{n}?"), form: AnswerForm::Free, default: "d".into() };
    house.world("clarify", Outcome::Asked((0..5).map(question).collect())).unwrap();
    assert_eq!(house.word(), "waiting");
    let stray = Answer { question: "what?".into(), text: "x".into(), assumed: false };
    assert_eq!(house.mission(MissionCommand::Answer(M, vec![stray])), Err(RefusalKind::Invalid));
    let given = Answer { question: "1?".into(), text: "mine".into(), assumed: false };
    house.mission(MissionCommand::Answer(M, vec![given])).unwrap();
    let answers = &house.state.missions[&M].preparation.answers;
    let shown: Vec<_> = answers.iter().map(|a| (a.text.as_str(), a.assumed)).collect();
    assert_eq!(shown, [("d", true), ("mine", false), ("d", true)], "three questions at most");
    assert_eq!(house.mission(MissionCommand::Answer(M, vec![])), Err(RefusalKind::Already));
}

#[test]
fn a_person_chooses_and_it_lands_once() {
    let mut house = House::at_desk(Approval::Ask);
    assert_eq!(house.word(), "waiting");
    assert_eq!(house.answer(1, 2, approve(ONE)), Err(RefusalKind::Stale));
    assert_eq!(house.answer(9, 1, approve(ONE)), Err(RefusalKind::Unknown));
    assert_eq!(house.answer(1, 1, approve(TeamId(5))), Err(RefusalKind::Forbidden));
    let agent = Actor::Agent(M, Some(ONE));
    let decide = Command::Desk(DeskCommand::Decide(RequestId(1), Revision(1), Box::new(approve(ONE))));
    assert_eq!(house.order(agent, decide), Err(RefusalKind::Forbidden));
    house.answer(1, 1, approve(TWO)).unwrap();
    assert_eq!(house.answer(1, 1, approve(ONE)), Err(RefusalKind::Already));
    let land = house.id("land");
    house.world("land", Outcome::Landed(CommitId("abc".into()), "main".into())).unwrap();
    assert_eq!(house.order(Actor::Engine, Command::Begin(land)), Err(RefusalKind::Unknown));
    assert_eq!((house.word(), house.state.missions[&M].result.chosen), ("landed", Some((TWO, 1))));
    let missing = &house.state.missions[&M].judgement.as_ref().unwrap().missing;
    assert_eq!(missing, &["one vendor only"]);
    house.world("release", Outcome::Released(vec![])).unwrap();
    assert!(resume(&house.state).is_empty());
}

#[test]
fn the_standing_word_lands_only_what_is_green_and_allowed() {
    for (approve, green, file, lands) in [
        (Approval::Best, true, "src/a.rs", true),
        (Approval::Team("Team 1".into()), true, "src/a.rs", true),
        (Approval::Best, false, "src/a.rs", false),
        (Approval::Best, true, "db/migrations/1.sql", false),
        (Approval::Team("Team 1".into()), false, "src/a.rs", false),
        (Approval::None, true, "src/a.rs", false),
    ] {
        let mut house = House::at_work(approve.clone());
        house.draft(ONE, &[file], evidence(green));
        house.world("draft/T-2", failed(FailureKind::Permanent)).unwrap();
        house.world("judge", failed(FailureKind::Permanent)).unwrap();
        let landing =
            house.state.missions[&M].effects.values().any(|e| matches!(e.kind, EffectKind::Land { .. }));
        assert_eq!(landing, lands, "{approve:?} {green} {file}");
        assert_eq!(house.word(), if lands { "running" } else { "waiting" });
    }
}

#[test]
fn protected_paths_cannot_be_chosen_by_anybody_and_red_checks_by_people_only() {
    let mut house = House::at_work(Approval::Ask);
    house.draft(ONE, &["src/a.rs", ".github/x.yml"], evidence(true));
    house.draft(TWO, &["src/b.rs"], evidence(false));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    let request = &house.state.desk[&RequestId(1)];
    assert_eq!(request.subject, Subject::Choose { teams: vec![TWO] });
    assert!(request.reasons.iter().any(|r| r.contains("checks are red")), "{:?}", request.reasons);
    assert_eq!(house.answer(1, 1, approve(ONE)), Err(RefusalKind::Forbidden));
    assert_eq!(
        house.mission(MissionCommand::Restore(M, CommitId("c-T-1-1".into()))),
        Err(RefusalKind::Forbidden)
    );
    assert_eq!(house.answer(1, 1, approve(TWO)), Ok(()));
}

#[test]
fn a11_refining_a_ready_team_revises_the_request() {
    let mut house = House::at_desk(Approval::Ask);
    house.mission(MissionCommand::Refine(M, ONE, "smaller".into())).unwrap();
    assert_eq!(house.state.desk[&RequestId(1)].subject, Subject::Choose { teams: vec![TWO] });
    assert_eq!(house.answer(1, 1, approve(TWO)), Err(RefusalKind::Stale));
    let EffectKind::Draft { attempt, feedback, .. } =
        &house.state.missions[&M].effects[&house.id("draft/T-1/2")].kind
    else {
        panic!("no draft")
    };
    assert_eq!((*attempt, feedback.as_slice()), (2, ["smaller".to_owned()].as_slice()));
    house.draft(ONE, &["src/a.rs"], evidence(true));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    let request = &house.state.desk[&RequestId(1)];
    assert_eq!(
        (request.revision, &request.subject),
        (Revision(3), &Subject::Choose { teams: vec![ONE, TWO] })
    );
}

#[test]
fn a_patch_that_does_not_apply_costs_no_candidate() {
    let mut house = House::at_desk(Approval::Ask);
    let patch = Modification::Patch(Digest::of(b"by hand"));
    house.answer(1, 1, Decision::Modify { team: Some(ONE), change: patch }).unwrap();
    house.world("adopt/T-1/2", failed(FailureKind::Permanent)).unwrap();
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    let team = &house.state.missions[&M].teams[0];
    let (candidate, evidence) = team.candidates.last().unwrap();
    assert_eq!((team.phase.clone(), candidate.attempt), (TeamPhase::Ready, 2));
    assert_eq!(candidate.commit, team.candidates[0].0.commit);
    assert!(evidence.as_ref().unwrap().passed());
    let (id, request) = house.state.desk.iter().next().map(|(id, request)| (*id, request.clone())).unwrap();
    assert_eq!(request.subject, Subject::Choose { teams: vec![ONE, TWO] });
    assert_eq!(house.answer(id.0, request.revision.0, approve(ONE)), Ok(()));
}

#[test]
fn a_veto_window_stands_still_while_paused() {
    let mut house = House::new();
    let policy = crate::policy::settings::Policy { level: 3, ..Default::default() };
    house.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
    house.state.counters.mission = 0;
    house.open(brief(1, Approval::Ask, None)).unwrap();
    house.world("survey", Outcome::Surveyed(Box::new(survey()))).unwrap();
    house.world("clarify", Outcome::Asked(vec![])).unwrap();
    house.world("plan", failed(FailureKind::Permanent)).unwrap();
    house.draft(ONE, &["src/a.rs"], evidence(true));
    house.world("judge", Outcome::Judged(vec![], vec![])).unwrap();
    assert_eq!(next_deadline(&house.state), Some(Timestamp(house.now + 300_000)));
    house.now += 299_000;
    house.person(Command::Control(ControlCommand::Pause("lunch".into()))).unwrap();
    assert_eq!(next_deadline(&house.state), None);
    house.now += 3_600_000;
    house.order(Actor::Engine, Command::Tick).unwrap();
    assert_eq!(house.answer(1, 1, approve(ONE)), Err(RefusalKind::Halted));
    house.person(Command::Control(ControlCommand::Resume)).unwrap();
    house.order(Actor::Engine, Command::Tick).unwrap();
    assert_eq!(house.state.missions[&M].step, Some(Step::Decide));
    house.now += 1_000;
    house.order(Actor::Engine, Command::Tick).unwrap();
    assert_eq!(house.state.missions[&M].step, Some(Step::Land));
}

#[test]
fn silence_denies() {
    let mut house = House::at_desk(Approval::Ask);
    house.now += 4 * 3_600_000;
    house.order(Actor::Engine, Command::Tick).unwrap();
    assert_eq!(house.word(), "cancelled");
}

#[test]
fn time_is_up_takes_what_is_ready() {
    let mut house = House::at_work(Approval::Best);
    house.draft(ONE, &["src/a.rs"], evidence(true));
    house.now += 30 * 60_000;
    house.order(Actor::Engine, Command::Tick).unwrap();
    assert!(matches!(house.state.missions[&M].teams[1].phase, TeamPhase::Failed(_)));
    assert_eq!(house.state.missions[&M].step, Some(Step::Judge));
}

#[test]
fn time_that_is_up_before_there_is_anything_ends_incomplete_not_failed() {
    let ending = |house: &House| house.state.missions[&M].result.ending.clone().unwrap().0;
    let mut early = House::new();
    early.open(brief(2, Approval::Best, Some(Millis::mins(30)))).unwrap();
    for mut house in [early, House::at_work(Approval::Best)] {
        house.now += 30 * 60_000;
        house.order(Actor::Engine, Command::Tick).unwrap();
        assert!(matches!(ending(&house), Ending::Cancelled(why) if why.contains("time limit")));
    }
    let mut house = House::at_work(Approval::Best);
    house.world("draft/T-1/", failed(FailureKind::Permanent)).unwrap();
    house.world("draft/T-2/", failed(FailureKind::Permanent)).unwrap();
    assert!(matches!(ending(&house), Ending::Failed(_)));
}

/// At a conflict of the first team's candidate.
fn in_conflict() -> House {
    let mut house = House::at_desk(Approval::Ask);
    house.answer(1, 1, approve(ONE)).unwrap();
    house.world("land", Outcome::Conflicted(vec!["src/a.rs".into()], Digest::of(b"both"))).unwrap();
    house
}

#[test]
fn a_worktree_on_a_target_that_moved_is_not_lent() {
    let mut house = in_conflict();
    let refused = house.mission(MissionCommand::TakeOver(M, ONE));
    assert_eq!(refused, Err(RefusalKind::Stale));
    assert_eq!(house.state.desk.len(), 1, "the conflict waits as before");
    house.mission(MissionCommand::TakeOver(M, TWO)).unwrap();
}

#[test]
fn b10_after_a_conflict_the_team_starts_from_a_new_survey_however_it_is_told_to() {
    let retry = || Decision::Retry { reason: "again".into() };
    let moved = || Outcome::Surveyed(Box::new(Survey { base: CommitId("moved".into()), ..survey() }));
    type Way = fn(&mut House, Decision) -> Result<(), RefusalKind>;
    let ways: [Way; 3] = [
        |house, retry| house.answer(2, 1, retry),
        |house, _| house.mission(MissionCommand::Retry(M, "again".into())),
        |house, _| house.mission(MissionCommand::Refine(M, ONE, "again".into())),
    ];
    for way in ways {
        let mut house = in_conflict();
        way(&mut house, retry()).unwrap();
        assert!(house.state.desk.is_empty());
        let wanted: Vec<_> = house.state.missions[&M].effects.keys().map(|id| id.0.clone()).collect();
        assert_eq!(wanted, ["M-1/resurvey/T-1/2"], "nothing is drafted before the target was looked at");
        house.world("resurvey", moved()).unwrap();
        let mission = house.state.missions[&M].clone();
        let bases: Vec<_> = mission.teams.iter().map(|team| team.base.clone().unwrap().0).collect();
        assert_eq!((bases, &mission.teams[0].checkpoint), (vec!["moved".into(), "base".into()], &None));
        let effect = &mission.effects[&EffectId("M-1/draft/T-1/2".into())];
        let EffectKind::Draft { feedback, .. } = &effect.kind else { panic!("{effect:?}") };
        assert!(feedback[0].contains("again") && feedback[0].contains(&Digest::of(b"both").to_string()));
        assert_eq!(mission.teams[1].phase, TeamPhase::Ready, "whoever did not conflict keeps its candidate");
    }
}

#[test]
fn a_candidate_of_the_old_base_is_stale_after_a_conflict_and_a_failed_look_ends_the_team_alone() {
    let mut house = in_conflict();
    house.answer(2, 1, Decision::Approve { team: None }).unwrap();
    let moved = Survey { base: CommitId("moved".into()), ..survey() };
    house.world("resurvey", Outcome::Surveyed(Box::new(moved))).unwrap();
    let team = house.state.missions[&M].teams[0].clone();
    let old = team.candidates[0].0.clone();
    let late = Candidate { attempt: 2, based_on: house.state.missions[&M].revision, ..(*old).clone() };
    house.world("draft/T-1/", Outcome::Drafted(Box::new(late))).unwrap();
    assert_eq!(house.state.missions[&M].teams[0].candidates.len(), 1);
    let mut house = in_conflict();
    house.answer(2, 1, Decision::Approve { team: None }).unwrap();
    house.world("resurvey", failed(FailureKind::Permanent)).unwrap();
    let mission = &house.state.missions[&M];
    assert!(matches!(mission.teams[0].phase, TeamPhase::Failed(_)));
    assert_eq!((mission.step, mission.result.ending.is_none()), (Some(Step::Judge), true));
}

#[test]
fn c10_whoever_takes_over_is_told_where_until_it_is_handed_back() {
    let mut house = House::at_work(Approval::Ask);
    house.mission(MissionCommand::TakeOver(M, ONE)).unwrap();
    let lent = |house: &House| snapshot::lent(&house.state.missions[&M].teams[0]);
    assert_eq!(lent(&house), None);
    house.world("lend", Outcome::Lent("/data/M-1/T-1/tree".into())).unwrap();
    let words = lent(&house).unwrap();
    assert!(words.contains("work in /data/M-1/T-1/tree") && words.contains("hand it back"), "{words}");
    house.mission(MissionCommand::HandBack(M, ONE)).unwrap();
    assert_eq!((lent(&house), &house.state.missions[&M].teams[0].place), (None, &None));
}

#[test]
fn b19_a_cap_warns_at_its_soft_share() {
    let mut house = House::at_work(Approval::Ask);
    let cap = house.state.missions[&M].brief.budget;
    let spend = |house: &mut House, amount: Money| {
        let model = ModelRef { vendor: Vendor::Openai, model: "m".into() };
        let worst = Cost::Known(amount);
        let reserve = MoneyCommand::Reserve { mission: M, team: None, model, worst };
        house.order(Actor::Agent(M, None), Command::Money(reserve)).unwrap();
        let call = CallId(house.state.counters.call);
        let settle = MoneyCommand::Settle { call, usage: Usage::default(), cost: worst };
        house.order(Actor::Agent(M, None), Command::Money(settle)).unwrap();
        let mission = &house.state.missions[&M];
        soft_caps(&house.state, mission).into_iter().map(|soft| soft.words).collect::<Vec<_>>()
    };
    assert!(spend(&mut house, Money(1_999_999)).is_empty());
    assert!(spend(&mut house, Money(cap.0 * 4 / 5 - 2_000_000)).is_empty());
    let words = [format!("80 % of the budget of M-1, {cap}, is spent")];
    assert_eq!(spend(&mut house, Money(1)), words);
    assert_eq!(spend(&mut house, Money(1)), words, "the same words, so that it is said once");
}

#[test]
fn faults_are_tried_again_a_bounded_number_of_times() {
    let mut house = House::at_work(Approval::Ask);
    for _ in 0..=house.state.policy.max_retries {
        assert_eq!(house.state.missions[&M].teams[0].phase, TeamPhase::Drafting);
        house.world("draft/T-1", failed(FailureKind::Transient)).unwrap();
    }
    assert!(matches!(house.state.missions[&M].teams[0].phase, TeamPhase::Failed(_)));
}

#[test]
fn caps_hold_to_the_micro_dollar() {
    let mut house = House::at_work(Approval::Ask);
    let model = || ModelRef { vendor: Vendor::Openai, model: "m".into() };
    let reserve = |house: &mut House, team: Option<TeamId>, worst: Cost| {
        let command = MoneyCommand::Reserve { mission: M, team, model: model(), worst };
        house.order(Actor::Agent(M, team), Command::Money(command))
    };
    assert_eq!(reserve(&mut house, Some(ONE), Cost::Known(Money(2_000_001))), Err(RefusalKind::OverBudget));
    assert_eq!(reserve(&mut house, Some(ONE), Cost::Unknown), Err(RefusalKind::Forbidden));
    assert_eq!(reserve(&mut house, Some(ONE), Cost::Known(Money::usd(2))), Ok(()));
    assert_eq!(reserve(&mut house, None, Cost::Known(Money::usd(2))), Ok(()));
    assert_eq!(reserve(&mut house, Some(TWO), Cost::Known(Money(1))), Err(RefusalKind::OverBudget));
    let settle = |call| {
        Command::Money(MoneyCommand::Settle {
            call,
            usage: Usage::default(),
            cost: Cost::Known(Money::usd(1)),
        })
    };
    assert_eq!(house.order(Actor::Engine, settle(CallId(1))), Ok(()));
    assert_eq!(house.order(Actor::Engine, settle(CallId(1))), Err(RefusalKind::Already));
    assert_eq!(house.order(Actor::Engine, settle(CallId(7))), Err(RefusalKind::Unknown));
    assert_eq!(reserve(&mut house, Some(TWO), Cost::Known(Money::usd(1))), Ok(()));
    // The clock going back a day opens no other purse; a crash counts what was in flight as spent.
    house.now -= 86_400_000;
    house.order(Actor::Engine, Command::Control(ControlCommand::Start { version: "1".into() })).unwrap();
    assert_eq!(house.state.missions[&M].spent, Money::usd(4));
    assert_eq!(house.state.ledger.today, Money::usd(4));
    assert_eq!(reserve(&mut house, Some(TWO), Cost::Known(Money(1))), Err(RefusalKind::OverBudget));
}

#[test]
fn stop_halts_all_and_only_a_word_resumes() {
    let mut house = House::at_work(Approval::Ask);
    let draft = house.id("draft/T-1");
    house.order(Actor::Engine, Command::Begin(draft.clone())).unwrap();
    house.person(Command::Control(ControlCommand::Stop("fire".into()))).unwrap();
    let waiting = house.id("draft/T-2");
    assert_eq!(house.order(Actor::Engine, Command::Begin(waiting)), Err(RefusalKind::Halted));
    house.world("halt", Outcome::Halted).unwrap();
    let cancelled = Report { effect: draft, outcome: failed(FailureKind::Cancelled) };
    house.order(Actor::Engine, Command::Report(cancelled)).unwrap();
    let order = Order {
        actor: Actor::Person("ada".into()),
        at: Timestamp(house.now),
        command: Command::Control(ControlCommand::Resume),
    };
    let events = decide(&house.state, &order).unwrap();
    house.person(order.command).unwrap();
    let again = super::react(&house.state, &events[0]);
    assert_eq!(events[0], Event::Control(ControlEvent::Resumed));
    let ids: Vec<&str> = again.iter().map(|e| e.id.0.as_str()).collect();
    assert_eq!(ids, ["M-1/draft/T-1/1~2", "M-1/draft/T-2/1"]);
}

#[test]
fn ended_missions_are_forgotten_beyond_the_bound() {
    let mut state = State::default();
    let many = u64::try_from(State::ENDED_MOST).unwrap() + 3;
    for id in (1..=many).map(MissionId) {
        for event in [
            MissionEvent::Opened(Box::new(brief(1, Approval::Ask, None))),
            MissionEvent::Ended(Ending::Cancelled("x".into())),
        ] {
            let at = Timestamp(i64::try_from(id.0).unwrap());
            let fact = Fact { actor: Actor::Engine, at, event: Event::Mission(id, event) };
            state.apply(Seq(id.0), &fact);
        }
    }
    assert_eq!(state.missions.len(), State::ENDED_MOST);
    assert_eq!(state.missions.keys().next(), Some(&MissionId(4)));
}

/// Commands that need not make any sense.
fn any_command() -> impl Strategy<Value = Command> {
    let id = (0..4_u64).prop_map(MissionId);
    let team = (0..4_u8).prop_map(TeamId);
    let text = "[a-z]{0,3}";
    prop_oneof![
        (0..10_u64).prop_map(|n| Command::Mission(MissionCommand::Open(Box::new(brief(
            n,
            Approval::Best,
            None
        ))))),
        (id.clone(), text).prop_map(|(id, t)| Command::Mission(MissionCommand::Cancel(id, t))),
        (id.clone(), team.clone(), text)
            .prop_map(|(i, t, s)| Command::Mission(MissionCommand::Refine(i, t, s))),
        (id.clone(), text).prop_map(|(id, t)| Command::Mission(MissionCommand::Retry(id, t))),
        (id.clone(), team.clone()).prop_map(|(id, t)| Command::Mission(MissionCommand::TakeOver(id, t))),
        (id.clone(), team.clone()).prop_map(|(id, t)| Command::Mission(MissionCommand::HandBack(id, t))),
        id.clone().prop_map(|id| Command::Mission(MissionCommand::Answer(id, vec![]))),
        (0..4_u64, 0..3_u32, team.clone()).prop_map(|(id, r, t)| {
            Command::Desk(DeskCommand::Decide(RequestId(id), Revision(r), Box::new(approve(t))))
        }),
        (id.clone(), team.clone(), any::<i64>()).prop_map(|(mission, t, worst)| {
            let model = ModelRef { vendor: Vendor::Google, model: "m".into() };
            let worst = Cost::Known(Money(worst));
            Command::Money(MoneyCommand::Reserve { mission, team: Some(t), model, worst })
        }),
        (0..3_u64, any::<u64>(), any::<i64>()).prop_map(|(call, input, cost)| {
            let usage = Usage { input, output: u64::MAX, ..Usage::default() };
            Command::Money(MoneyCommand::Settle { call: CallId(call), usage, cost: Cost::Known(Money(cost)) })
        }),
        (id, "(survey|clarify|plan|draft/T-1|halt|land)", "(/r1|/1|)")
            .prop_map(|(id, word, tail)| { Command::Begin(EffectId(format!("{id}/{word}{tail}"))) }),
        "[M/~0-9-]{0,6}".prop_map(|id| Command::Begin(EffectId(id))),
        text.prop_map(|t| Command::Control(ControlCommand::Pause(t))),
        text.prop_map(|t| Command::Control(ControlCommand::Stop(t))),
        Just(Command::Control(ControlCommand::Resume)),
        Just(Command::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is ordered at whatever time: no panic, and the stored journal folds to the same state.
    #[test]
    fn deciding_and_folding_are_total(orders in proptest::collection::vec((any_command(), any::<i64>()), 1..60)) {
        let mut house = House::new();
        let mut journal = Vec::new();
        for (command, at) in orders {
            house.now = at;
            let order = Order { actor: Actor::Person("p".into()), at: Timestamp(at), command };
            for fact in decide(&house.state, &order).map(|events| facts(&order, events)).unwrap_or_default() {
                let seq = Seq(house.state.seq.0 + 1);
                house.state.apply(seq, &fact);
                journal.push(serde_json::to_string(&fact).unwrap());
            }
        }
        let mut again = State::default();
        for (text, seq) in journal.iter().zip(1..) {
            again.apply(Seq(seq), &serde_json::from_str::<Fact>(text).unwrap());
        }
        prop_assert_eq!(&again, &house.state);
        let stored: State = serde_json::from_str(&serde_json::to_string(&again).unwrap()).unwrap();
        prop_assert_eq!(stored, again);
    }

    /// Facts about things that are not there, in any order, on any state, change nothing that matters.
    #[test]
    fn facts_about_nothing_are_harmless(commands in proptest::collection::vec(any_command(), 1..20), at in any::<i64>()) {
        let mut full = House::at_desk(Approval::Ask);
        let mut empty = State::default();
        for command in commands {
            let order = Order { actor: Actor::Engine, at: Timestamp(at), command };
            let Ok(events) = decide(&full.state, &order) else { continue };
            for fact in facts(&order, events) {
                empty.apply(Seq(1), &fact);
                let seq = Seq(full.state.seq.0 + 1);
                full.state.apply(seq, &fact);
            }
        }
        prop_assert!(empty.missions.keys().all(|id| full.state.missions.contains_key(id)));
    }
}
