//! Incidents from the first signal to the lesson, with a clock moved by hand.

use super::{leave, notices::Group, ward};
use crate::{
    domain::{
        brief::{Approval, Brief},
        candidate::{CommitId, DiffStat},
        ids::{CallId, EffectId, IncidentId, MissionId, RequestId, Revision, Seq},
        incident::{
            Attempt, AttemptOutcome, Diagnosis, Grade, Matcher, Phase, Remedy, Severity, Silence, Suppression,
        },
        mission::Step,
        money::{Cost, Money},
        request::{Actor, Decision, Modification, Subject},
        runbook::{OnFail, RunPlan, RunStep, RunbookAutonomy, RunbookLimits, Verify},
        service::Service,
        signal::{Fingerprint, Signal, SignalState, kind},
        team::{ModelRef, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{
            Command, ControlCommand, DeskCommand, HealCommand, MoneyCommand, Order, Outcome, RefusalKind,
            Verification,
        },
        decide,
        effect::{EffectKind, EffectState},
        facts, next_deadline,
        state::State,
    },
    policy::{
        proposal::{Approver, Given, Grounds, Tests},
        ruling::RulingOutcome,
        settings::Policy,
    },
};

mod beside;
mod cut_off;
mod keeping;
mod learned;
mod not_done;
mod quiet;
mod reach;
mod told;

const I: IncidentId = IncidentId(1);
/// A Wednesday at noon in London.
const NOON: i64 = 1_768_392_000_000;

struct House {
    state: State,
    now: i64,
}

impl House {
    fn at_level(level: u8) -> Self {
        let mut house = Self { state: State::default(), now: NOON };
        house.load(|policy| policy.level = level);
        house
    }
    fn load(&mut self, change: impl FnOnce(&mut Policy)) {
        let mut policy = (*self.state.policy).clone();
        change(&mut policy);
        self.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
    }
    fn order(&mut self, actor: Actor, command: Command) -> Result<(), RefusalKind> {
        let order = Order { actor, at: Timestamp(self.now), command };
        let events = decide(&self.state, &order).map_err(|refusal| refusal.kind)?;
        for fact in facts(&order, events) {
            let next = Seq(self.state.seq.0 + 1);
            self.state.apply(next, &fact);
        }
        assert!(
            next_deadline(&self.state)
                .is_none_or(|at| at > Timestamp(self.now) || !matches!(order.command, Command::Tick)),
            "a tick leaves nothing due"
        );
        Ok(())
    }
    fn person(&mut self, command: Command) -> Result<(), RefusalKind> {
        self.order(Actor::Person("ada".into()), command)
    }
    fn see(&mut self, signals: Vec<Signal>) {
        self.order(Actor::Engine, Command::Heal(HealCommand::Observe(signals))).unwrap();
    }
    /// Time passes, and every deadline on the way is kept.
    fn pass(&mut self, ms: i64) {
        let end = self.now + ms;
        while let Some(at) = next_deadline(&self.state).filter(|at| at.0 <= end) {
            self.now = self.now.max(at.0);
            self.order(Actor::Engine, Command::Tick).unwrap();
        }
        self.now = end;
    }
    fn incident(&self, id: IncidentId) -> &ward::Incident {
        &self.state.ward.incidents[&id]
    }
    fn phase(&self) -> Phase {
        self.incident(I).phase.clone()
    }
    fn wanted(&self, word: &str) -> Option<EffectId> {
        self.incident(I)
            .effects
            .iter()
            .find(|(_, effect)| effect.kind.word() == word)
            .map(|(id, _)| id.clone())
    }
    fn begin(&mut self, word: &str) -> Result<EffectId, RefusalKind> {
        let id = self
            .wanted(word)
            .unwrap_or_else(|| panic!("no {word} is wanted: {:?}", self.incident(I).effects));
        self.order(Actor::Engine, Command::Begin(id.clone())).map(|()| id)
    }
    fn end(&mut self, word: &str, outcome: Outcome) {
        let effect = self.begin(word).unwrap();
        self.report(effect, outcome).unwrap();
    }
    fn end_of(&mut self, id: IncidentId, word: &str, outcome: Outcome) {
        let found = self.incident(id).effects.iter().find(|(_, effect)| effect.kind.word() == word);
        let effect = found.map(|(effect, _)| effect.clone()).unwrap();
        self.order(Actor::Engine, Command::Begin(effect.clone())).unwrap();
        self.report(effect, outcome).unwrap();
    }
    fn report(&mut self, effect: EffectId, outcome: Outcome) -> Result<(), RefusalKind> {
        self.order(Actor::Engine, Command::Report(crate::engine::command::Report { effect, outcome }))
    }
    fn diagnosed(level: u8, diagnosis: Diagnosis) -> Self {
        let mut house = Self::at_level(level);
        house.see(vec![down("web")]);
        house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis)));
        house
    }
    /// The fix that was commissioned has landed, and is being brought to the service.
    fn lands(&mut self) -> EffectId {
        let brief = Brief { heals: None, ..crate::engine::simulation::brief(1, Approval::Ask, None) };
        self.end("commission", Outcome::Commissioned(Box::new(brief)));
        let incident = self.state.ward.incidents.get_mut(&I).map(std::sync::Arc::make_mut).unwrap();
        let kind = EffectKind::Deploy { incident: I, attempt: 1, commit: CommitId("c0ffee".into()) };
        let effect = EffectState { kind, started: None, tries: 0 };
        incident.effects.insert(EffectId("I-1/deploy/1".into()), effect);
        self.begin("deploy").unwrap()
    }
    fn answer(&mut self, decision: Decision) -> Result<(), RefusalKind> {
        let request = self.incident(I).request.unwrap();
        let seen = self.state.desk[&request].revision;
        self.person(Command::Desk(DeskCommand::Decide(request, seen, Box::new(decision))))
    }
}

fn signal(service: &str, kind: &str, severity: Severity) -> Signal {
    Signal {
        fingerprint: Fingerprint::of(&[service, kind]),
        service: service.into(),
        env: "production".into(),
        kind: kind.into(),
        severity,
        title: format!("{service} is ill"),
        probe: "p".into(),
        state: SignalState::Firing,
        count: 1,
        affected: 0,
        sample: None,
        frames: vec![],
        labels: Default::default(),
    }
}

fn down(service: &str) -> Signal {
    signal(service, kind::PROCESS_DOWN, Severity::P1)
}

fn clear(signal: &Signal) -> Signal {
    Signal { state: SignalState::Clear, ..signal.clone() }
}

/// A runbook of this tier.
pub(in crate::engine) fn plan(tier: u8) -> RunPlan {
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    RunPlan {
        runbook: "restart-process".into(),
        version: 1,
        summary: "restart".into(),
        target: "service web".into(),
        env: "production".into(),
        tier,
        reversible: false,
        idempotent: true,
        steps: vec![RunStep {
            id: "restart".into(),
            run: argv(&["restart"]),
            dry_run: Some(argv(&["true"])),
            expect_exit: vec![0],
            undo: None,
        }],
        prechecks: vec![],
        limits: RunbookLimits {
            cooldown: Millis::mins(5),
            max_per_target: (2, Millis::hours(1)),
            max_per_fingerprint: (3, Millis::hours(24)),
            max_parallel: 1,
            timeout: Millis::mins(1),
        },
        verify: Verify { after: Millis(0), window: Millis::mins(1), all: vec![], on_fail: OnFail::Escalate },
        autonomy: RunbookAutonomy { levels: vec![2, 3], business_hours: false, environments: vec![] },
    }
}

fn diagnosis(grade: Grade, remedy: Remedy) -> Diagnosis {
    Diagnosis {
        grade,
        confidence: None,
        rule: Some("process-gone".into()),
        cause: "the process is gone".into(),
        object: "web".into(),
        clues: vec![],
        carried_by: vec![],
        gaps: vec![],
        culprit: None,
        frames: vec![],
        remedy,
        tainted: false,
        healthy: false,
        passing: false,
        instances: None,
    }
}

fn restart(grade: Grade, tier: u8) -> Diagnosis {
    diagnosis(grade, Remedy::Runbook(Box::new(plan(tier))))
}

fn reject() -> Decision {
    Decision::Reject { reason: "no".into() }
}

#[test]
fn c6_tier_1_of_grade_a_heals_alone_at_level_2_and_is_proven() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    assert_eq!(house.phase(), Phase::Mitigating);
    house.end("heal", Outcome::Healed);
    assert_eq!(house.phase(), Phase::Verifying);
    house.end("verify", Outcome::Verified(Verification::Helped));
    house.see(vec![clear(&down("web"))]);
    house.pass(299_000);
    assert_eq!(house.phase(), Phase::Verifying, "clear for a while first");
    house.pass(2_000);
    assert_eq!(house.phase(), Phase::Resolved);
    assert_eq!(house.incident(I).attempts[0].outcome, Some(AttemptOutcome::Helped));
    house.pass(25 * 3_600_000);
    assert_eq!(house.phase(), Phase::Closed);
}

#[test]
fn c7_level_1_and_grades_below_a_ask_a_person() {
    for (level, grade) in [(1, Grade::A), (2, Grade::B), (3, Grade::C)] {
        let mut house = House::diagnosed(level, restart(grade, 1));
        assert_eq!(house.phase(), Phase::Diagnosed, "level {level}, grade {grade}");
        assert!(house.wanted("heal").is_none());
        let request = house.incident(I).request.unwrap();
        assert!(matches!(house.state.desk[&request].subject, Subject::Remedy { incident: I, .. }));
        house.answer(Decision::Approve { team: None }).unwrap();
        assert_eq!(house.phase(), Phase::Mitigating);
        house.begin("heal").unwrap();
    }
}

#[test]
fn c6_tier_2_waits_a_veto_window_that_a_pause_stops_and_a_no_ends() {
    let calm = |d: Diagnosis| {
        let mut house = House::at_level(2);
        house.see(vec![signal("web", kind::DISK_FULL, Severity::P2)]);
        house.end("investigate", Outcome::Diagnosed(Box::new(d)));
        house
    };
    let mut house = calm(restart(Grade::A, 2));
    let request = house.incident(I).request.unwrap();
    assert_eq!(house.state.clockwork.vetoes[&request], Timestamp(NOON + 300_000));
    house.pass(180_000);
    house.person(Command::Control(ControlCommand::Pause("wait".into()))).unwrap();
    house.pass(120_000);
    house.person(Command::Control(ControlCommand::Resume)).unwrap();
    house.pass(119_000);
    assert_eq!(house.phase(), Phase::Diagnosed, "two minutes did not count");
    house.pass(2_000);
    assert_eq!(house.phase(), Phase::Mitigating);
    let mut house = calm(restart(Grade::A, 2));
    house.now += 3_600_000;
    let started = ControlCommand::Start { version: "1".into() };
    house.order(Actor::Engine, Command::Control(started)).unwrap();
    house.pass(299_000);
    assert_eq!(house.phase(), Phase::Diagnosed, "nobody could say no while no process was there");
    house.pass(2_000);
    assert_eq!(house.phase(), Phase::Mitigating);
    let mut house = calm(restart(Grade::A, 2));
    house.answer(reject()).unwrap();
    house.pass(3_600_000);
    assert_eq!(house.phase(), Phase::NeedsHuman("ada said no: no".into()));
    assert!(house.incident(I).attempts.is_empty());
}

#[test]
fn c6_outside_business_hours_tier_2_asks_at_level_2_and_waits_at_level_3() {
    for (level, veto) in [(2, false), (3, true)] {
        let mut house = House { state: State::default(), now: NOON + 12 * 3_600_000 };
        house.load(|policy| policy.level = level);
        house.see(vec![signal("web", kind::DISK_FULL, Severity::P3)]);
        house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 2))));
        assert_eq!(!house.state.clockwork.vetoes.is_empty(), veto, "level {level}");
    }
}

#[test]
fn what_did_not_help_is_never_done_again_as_it_was() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.end("verify", Outcome::Verified(Verification::Unknown("no data".into())));
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("it cannot be told: no data")));
    house.person(Command::Heal(HealCommand::Investigate(I))).unwrap();
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("was tried and did not help")));
    assert!(house.wanted("heal").is_none());
}

#[test]
fn what_keeps_coming_back_after_what_helped_is_a_persons() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    for round in 0..3 {
        if round > 0 {
            house.pass(600_000);
            house.see(vec![down("web")]);
            house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
        }
        if house.phase() != Phase::Mitigating {
            assert_eq!(round, 2);
            assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("the cause is another")));
            return;
        }
        house.end("heal", Outcome::Healed);
        house.end("verify", Outcome::Verified(Verification::Helped));
        house.see(vec![clear(&down("web"))]);
        house.pass(400_000);
        assert_eq!(house.phase(), Phase::Resolved);
    }
    panic!("it was healed for ever");
}

#[test]
fn nothing_begins_without_a_ruling_of_the_policy_in_force() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    let effect = house.wanted("heal").unwrap();
    house.load(|policy| policy.level = 1);
    assert_eq!(house.order(Actor::Engine, Command::Begin(effect)), Err(RefusalKind::Unknown));
    assert_eq!(house.phase(), Phase::Diagnosed, "it is asked for anew");
    assert!(house.incident(I).request.is_some());
}

#[test]
fn c10_the_kill_switch_ends_what_runs_and_nothing_resumes_by_itself() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    let effect = house.begin("heal").unwrap();
    house.person(Command::Control(ControlCommand::Stop("enough".into()))).unwrap();
    assert_eq!(house.report(effect, Outcome::Healed), Err(RefusalKind::Stale));
    house.person(Command::Control(ControlCommand::Resume)).unwrap();
    house.pass(1_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("kill switch")));
    assert!(house.wanted("heal").is_none());
    assert!(matches!(house.incident(I).attempts[0].outcome, Some(AttemptOutcome::Stopped(_))));
}

#[test]
fn c1_one_slow_answer_is_no_incident_and_two_of_three_are() {
    let mut house = House::at_level(1);
    let slow = signal("web", kind::HTTP_SLOW, Severity::P3);
    house.see(vec![slow.clone()]);
    house.see(vec![clear(&slow)]);
    assert_eq!(house.phase(), Phase::Suspected);
    house.pass(400_000);
    assert_eq!(house.phase(), Phase::Discarded);
    house.see(vec![slow.clone()]);
    house.now += 10_000;
    house.see(vec![slow.clone()]);
    assert_eq!(house.incident(IncidentId(2)).phase, Phase::Investigating);
    let mut house = House::at_level(1);
    house.see(vec![slow]);
    house.pass(31_000);
    assert_eq!(house.phase(), Phase::Investigating, "firing for half a minute confirms as well");
}

#[test]
fn c1_log_lines_are_confirmed_by_their_number_and_over_by_silence() {
    let mut house = House::at_level(1);
    let error = signal("web", kind::LOG_ERROR, Severity::P2);
    house.see(vec![Signal { count: 2, ..error.clone() }]);
    assert_eq!(house.phase(), Phase::Suspected);
    house.see(vec![error]);
    house.end("investigate", Outcome::Diagnosed(Box::new(diagnosis(Grade::C, Remedy::Nothing))));
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
    house.pass(301_000);
    assert_eq!(house.phase(), Phase::Resolved);
}

#[test]
fn no_data_is_never_healthy() {
    let mut house = House::diagnosed(1, restart(Grade::A, 1));
    house.pass(3_600_000);
    assert!(!house.phase().over(), "{:?}", house.phase());
}

#[test]
fn one_service_is_healed_by_one_at_a_time_and_the_next_goes_on_by_itself() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.begin("heal").unwrap();
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P2)]);
    let second = IncidentId(2);
    let inquiry =
        house.incident(second).effects.keys().find(|id| id.0.contains("investigate")).unwrap().clone();
    house.order(Actor::Engine, Command::Begin(inquiry.clone())).unwrap();
    let mut other = plan(1);
    other.runbook = "clear-cache".into();
    other.target = "dir /tmp/x".into();
    let other = diagnosis(Grade::A, Remedy::Runbook(Box::new(other)));
    house.report(inquiry, Outcome::Diagnosed(Box::new(other))).unwrap();
    assert_eq!(house.incident(second).phase, Phase::Diagnosed);
    assert!(house.incident(second).request.is_none(), "it waits, nobody is asked");
    let heal = house.wanted("heal").unwrap();
    house.report(heal, Outcome::Healed).unwrap();
    house.end("verify", Outcome::Verified(Verification::Helped));
    assert_eq!(house.incident(second).phase, Phase::Mitigating);
}

#[test]
fn e1_two_people_where_the_service_wants_two_and_never_one_twice() {
    let mut house = House::at_level(2);
    house.load(|policy| {
        policy.healing.services =
            vec![Service { name: "web".into(), approvers: 2, tier_floor: 3, ..Service::default() }];
    });
    house.see(vec![down("web")]);
    house.end("investigate", Outcome::Diagnosed(Box::new(restart(Grade::A, 1))));
    house.answer(Decision::Approve { team: None }).unwrap();
    assert_eq!(house.phase(), Phase::Diagnosed, "one of two");
    assert_eq!(house.answer(Decision::Approve { team: None }), Err(RefusalKind::Already));
    let request = house.incident(I).request.unwrap();
    let yes = DeskCommand::Decide(request, Revision(2), Box::new(Decision::Approve { team: None }));
    house.order(Actor::Person("bob".into()), Command::Desk(yes)).unwrap();
    assert_eq!(house.phase(), Phase::Mitigating);
}

#[test]
fn c4_a_code_remedy_is_a_mission_and_its_landing_is_deployed_and_verified() {
    let mut house = House::diagnosed(2, diagnosis(Grade::B, Remedy::Code("fix it".into())));
    assert_eq!(house.phase(), Phase::Mitigating, "looking for a fix changes nothing");
    let brief = Brief { heals: None, ..crate::engine::simulation::brief(1, Approval::Ask, None) };
    house.end("commission", Outcome::Commissioned(Box::new(brief)));
    let mission = &house.state.missions[&MissionId(1)];
    assert_eq!((mission.kind.word(), mission.brief.heals), ("heal", Some(I)));
    assert_eq!(house.incident(I).mission(), Some(MissionId(1)));
    let cancel = crate::engine::command::MissionCommand::Cancel(MissionId(1), "not now".into());
    house.person(Command::Mission(cancel)).unwrap();
    assert!(
        matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("M-1: not now")),
        "{:?}",
        house.phase()
    );
    assert!(house.incident(I).attempts.iter().all(|Attempt { outcome, .. }| outcome.is_some()));
}

#[test]
fn after_a_crash_what_was_begun_is_asked_about_and_keeps_its_ruling() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    let effect = house.begin("heal").unwrap();
    let start = ControlCommand::Start { version: "1".into() };
    house.order(Actor::Engine, Command::Control(start)).unwrap();
    let pending = crate::engine::resume(&house.state);
    let again = pending.iter().find(|pending| pending.id == effect).unwrap();
    assert!(again.unsure && matches!(again.kind, EffectKind::Heal { .. }));
    house.order(Actor::Engine, Command::Begin(effect.clone())).unwrap();
    house.report(effect, Outcome::TakenBack("it was not known how far it came".into())).unwrap();
    assert!(matches!(house.phase(), Phase::NeedsHuman(_)));
}

#[test]
fn signals_come_from_the_monitor_alone_and_agents_direct_nothing() {
    let mut house = House::at_level(2);
    let observe = Command::Heal(HealCommand::Observe(vec![down("web")]));
    assert_eq!(house.order(Actor::Agent(MissionId(1), None), observe), Err(RefusalKind::Forbidden));
    assert_eq!(house.person(Command::Heal(HealCommand::Investigate(I))), Err(RefusalKind::Unknown));
    house.see(vec![down("web")]);
    house.person(Command::Heal(HealCommand::Resolve(I, "known".into()))).unwrap();
    assert_eq!(house.phase(), Phase::Closed);
    assert!(!house.state.desk.contains_key(&RequestId(1)));
}

#[test]
fn c3_an_investigator_pays_from_its_incidents_account_and_only_while_it_looks() {
    let reserve = |house: &mut House, cents: i64| {
        let model = ModelRef { vendor: Vendor::Google, model: "m".into() };
        let worst = Cost::Known(Money::cents(cents));
        let reserve = MoneyCommand::Reserve { mission: MissionId::HOUSE, team: None, model, worst };
        house.order(Actor::Investigator(I), Command::Money(reserve))
    };
    let mut house = House::at_level(2);
    house.load(|policy| policy.healing.inquiry.per_incident = Money::cents(30));
    assert_eq!(reserve(&mut house, 1), Err(RefusalKind::Unknown));
    house.see(vec![signal("web", kind::DISK_FULL, Severity::P1)]);
    house.pass(60_000);
    assert_eq!(reserve(&mut house, 1), Err(RefusalKind::Already), "not before it has begun");
    let effect = house.begin("investigate").unwrap();
    reserve(&mut house, 20).unwrap();
    assert_eq!(reserve(&mut house, 11), Err(RefusalKind::OverBudget), "what is set aside counts");
    let settle = MoneyCommand::Settle {
        call: CallId(1),
        usage: Default::default(),
        cost: Cost::Known(Money::cents(5)),
    };
    house.order(Actor::Investigator(I), Command::Money(settle)).unwrap();
    assert_eq!((house.incident(I).spent, house.state.ledger.today), (Money::cents(5), Money::cents(5)));
    assert_eq!(house.state.asking.spent, Money::ZERO, "not the ideas agent's");
    reserve(&mut house, 25).unwrap();
    house.report(effect, Outcome::Diagnosed(Box::new(restart(Grade::B, 1)))).unwrap();
    assert_eq!(reserve(&mut house, 1), Err(RefusalKind::Already));
    let asks = Command::Heal(HealCommand::Investigate(I));
    assert_eq!(house.order(Actor::Investigator(I), asks), Err(RefusalKind::Forbidden));
}

#[test]
fn c3_when_most_of_the_days_money_is_gone_only_what_is_urgent_is_looked_into() {
    for (severity, wanted) in [(Severity::P2, Err(RefusalKind::OverBudget)), (Severity::P1, Ok(()))] {
        let mut house = House::at_level(1);
        house.load(|policy| {
            policy.budget.per_day = Money::usd(1);
            policy.budget.soft_pct = 50;
        });
        house.see(vec![signal("web", kind::DISK_FULL, severity)]);
        house.pass(60_000);
        house.begin("investigate").unwrap();
        let model = ModelRef { vendor: Vendor::Google, model: "m".into() };
        let worst = Cost::Known(Money::cents(60));
        let reserve = MoneyCommand::Reserve { mission: MissionId::HOUSE, team: None, model, worst };
        assert_eq!(house.order(Actor::Investigator(I), Command::Money(reserve)), wanted, "{severity}");
    }
}

#[test]
fn an_answer_of_an_earlier_life_does_not_count_until_it_was_asked_about() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    let effect = house.begin("heal").unwrap();
    let start = ControlCommand::Start { version: "1".into() };
    house.order(Actor::Engine, Command::Control(start)).unwrap();
    assert_eq!(house.report(effect.clone(), Outcome::Healed), Err(RefusalKind::Stale));
    house.order(Actor::Engine, Command::Begin(effect.clone())).unwrap();
    house.report(effect, Outcome::Healed).unwrap();
    assert_eq!(house.phase(), Phase::Verifying);
}

#[test]
fn what_is_over_for_good_is_not_looked_into_and_what_a_person_looks_into_is_confirmed() {
    let mut house = House::at_level(2);
    house.see(vec![signal("web", kind::HTTP_SLOW, Severity::P3)]);
    assert_eq!(house.phase(), Phase::Suspected);
    house.person(Command::Heal(HealCommand::Investigate(I))).unwrap();
    assert_eq!(house.phase(), Phase::Investigating);
    assert!(house.incident(I).opened.is_some());
    house.person(Command::Heal(HealCommand::Resolve(I, "known".into()))).unwrap();
    let again = Command::Heal(HealCommand::Investigate(I));
    assert_eq!(house.person(again), Err(RefusalKind::Already));
    assert_eq!(house.phase(), Phase::Closed);
}

#[test]
fn a_grade_that_no_gathered_evidence_or_no_rule_carries_does_not_act() {
    let absent = Diagnosis { carried_by: vec![7], ..restart(Grade::A, 1) };
    let model = Diagnosis { rule: None, confidence: Some(99), ..restart(Grade::A, 1) };
    for (claimed, grade) in [(absent, Grade::C), (model, Grade::B)] {
        let house = House::diagnosed(3, claimed);
        assert_eq!(house.phase(), Phase::Diagnosed);
        assert_eq!(house.incident(I).diagnosis.as_ref().unwrap().grade, grade);
    }
}

#[test]
fn what_helped_and_is_not_heard_of_again_is_a_persons() {
    let mut house = House::diagnosed(2, restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.end("verify", Outcome::Verified(Verification::Helped));
    house.pass(599_000);
    assert_eq!(house.phase(), Phase::Verifying);
    house.pass(2_000);
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("no probe has said")));
}

#[test]
fn a_fix_on_its_way_to_a_service_counts_as_a_deployment() {
    let mut house = House::at_level(3);
    let released = |name: &str| {
        let release = Some(crate::domain::service::Release::default());
        Service { name: name.into(), release, ..Service::default() }
    };
    house.load(|policy| {
        policy.healing.services = vec![released("web"), released("api")];
        policy.healing.limits.deploys_per_day = 1;
    });
    for name in ["web", "api"] {
        house.see(vec![down(name)]);
        let id = IncidentId(house.state.ward.counters.incident);
        let fix = diagnosis(Grade::A, Remedy::Code("fix it".into()));
        house.end_of(id, "investigate", Outcome::Diagnosed(Box::new(fix)));
        let brief = crate::engine::simulation::brief(1, Approval::Ask, None);
        house.end_of(id, "commission", Outcome::Commissioned(Box::new(brief)));
    }
    let rule = |state: &State| {
        let mission = &state.missions[&MissionId(2)];
        let stat = DiffStat { files: vec!["src/a.rs".into()], ..DiffStat::default() };
        let grounds =
            Grounds { tests: Tests::Green, grade: None, confidence: None, tainted: false, composed: false };
        let asked = (&stat, mission.brief.patch.unwrap_or_default(), grounds);
        let by = (Timestamp(NOON), Approver::Person, Given::Approved(1));
        leave::rule_candidate(state, mission, asked, by).unwrap().outcome
    };
    assert_eq!(rule(&house.state), RulingOutcome::Auto);
    let first = house.state.missions.get_mut(&MissionId(1)).unwrap();
    std::sync::Arc::make_mut(first).step = Some(Step::Land);
    assert!(matches!(rule(&house.state), RulingOutcome::Hold { .. }));
}

#[test]
fn work_that_is_there_already_is_one_teams() {
    let mut house = House::diagnosed(2, diagnosis(Grade::B, Remedy::Revert(CommitId("c3".into()))));
    let patch = Some(crate::domain::digest::Digest::of(b"the way back"));
    let brief = Brief { patch, ..crate::engine::simulation::brief(2, Approval::Ask, None) };
    house.end("commission", Outcome::Commissioned(Box::new(brief)));
    assert!(matches!(house.phase(), Phase::NeedsHuman(why) if why.contains("one team's")));
}
