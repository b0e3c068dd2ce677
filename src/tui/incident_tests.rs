//! Incidents as a person meets them: pictures of each state at each size, and keys to the exact command. Every state is
//! what the engine made of orders, with a clock moved by hand.

use super::{
    app::{Action, Focus},
    fixtures::{Bench, START},
    screens::ScreenId,
    tests::{picture, pictures, sent},
};
use crate::{
    domain::{
        candidate::CommitId,
        ids::{IncidentId, RequestId, Revision, Seq},
        incident::{Clue, ClueSort, Culprit, Diagnosis, Grade, Matcher, Remedy, Severity, Silence},
        probe::{ProbeHealth, ProbeState},
        request::{Actor, Decision, Subject},
        runbook::{OnFail, Precheck, RunPlan, RunStep, RunbookAutonomy, RunbookLimits, Verify},
        signal::{Fingerprint, Frame, Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, ControlCommand, DeskCommand, HealCommand, Order, Outcome, Report, Verification},
        decide, facts, next_deadline,
        state::State,
    },
};
use std::sync::Arc;

/// A house with a monitor, made of orders.
pub(super) struct House {
    pub state: State,
    now: Timestamp,
}

impl House {
    /// At this level of autonomy, so long before the screen looks at it.
    pub fn at_level(level: u8, ago: Millis) -> Self {
        let mut house = Self { state: State::default(), now: START - ago };
        let mut policy = (*house.state.policy).clone();
        policy.level = level;
        house.person(Command::Control(ControlCommand::Load(Box::new(policy))));
        house
    }
    fn order(&mut self, actor: Actor, command: Command) {
        let order = Order { actor, at: self.now, command };
        let events = decide(&self.state, &order).unwrap();
        for fact in facts(&order, events) {
            let next = Seq(self.state.seq.0 + 1);
            self.state.apply(next, &fact);
        }
    }
    pub fn person(&mut self, command: Command) {
        self.order(Actor::Person("ada".into()), command);
    }
    pub fn see(&mut self, signals: &[Signal]) {
        self.order(Actor::Engine, Command::Heal(HealCommand::Observe(signals.to_vec())));
    }
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + Millis(ms);
        while let Some(at) = next_deadline(&self.state).filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.order(Actor::Engine, Command::Tick);
        }
        self.now = end;
    }
    /// The wanted effect of that word ends so.
    pub fn end(&mut self, word: &str, outcome: Outcome) {
        let all = self.state.ward.incidents.values().flat_map(|incident| &incident.effects);
        let id =
            all.into_iter().find(|(_, effect)| effect.kind.word() == word).map(|(id, _)| id.clone()).unwrap();
        self.order(Actor::Engine, Command::Begin(id.clone()));
        self.order(Actor::Engine, Command::Report(Report { effect: id, outcome }));
    }
    pub fn diagnosed(&mut self, diagnosis: Diagnosis) {
        self.end("investigate", Outcome::Diagnosed(Box::new(diagnosis)));
    }
}

fn signal(service: &str, kind: &str, severity: Severity, title: &str) -> Signal {
    Signal {
        fingerprint: Fingerprint::of(&[service, kind]),
        service: service.into(),
        env: "production".into(),
        kind: kind.into(),
        severity,
        title: title.into(),
        probe: "web-http".into(),
        state: SignalState::Firing,
        count: 7,
        affected: 3,
        sample: None,
        frames: vec![],
        labels: Default::default(),
    }
}

fn argv(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn plan(tier: u8) -> RunPlan {
    RunPlan {
        runbook: "restart-process".into(),
        version: 2,
        summary: "Restarts a service by its own command.".into(),
        target: "service web".into(),
        env: "production".into(),
        tier,
        reversible: true,
        idempotent: true,
        steps: vec![RunStep {
            id: "restart".into(),
            run: argv("systemctl restart shop-web.service"),
            dry_run: Some(argv("systemctl status shop-web.service")),
            expect_exit: vec![0],
            undo: Some(argv("systemctl start shop-web.service")),
        }],
        prechecks: vec![Precheck { id: "down".into(), expr: "unit.active == false".into() }],
        limits: RunbookLimits {
            cooldown: Millis::mins(5),
            max_per_target: (2, Millis::hours(1)),
            max_per_fingerprint: (3, Millis::hours(24)),
            max_parallel: 1,
            timeout: Millis::mins(1),
        },
        verify: Verify {
            after: Millis::secs(10),
            window: Millis::mins(2),
            all: vec!["check.web-http.ok".into()],
            on_fail: OnFail::Rollback,
        },
        autonomy: RunbookAutonomy { levels: vec![2, 3], business_hours: false, environments: vec![] },
    }
}

fn clue(id: u16, sort: ClueSort, words: &str) -> Clue {
    Clue {
        id,
        sort,
        words: words.into(),
        detail: String::new(),
        trusted: sort != ClueSort::Log,
        still_true: (sort != ClueSort::Log).then_some(true),
        at: START,
    }
}

fn diagnosis(grade: Grade, remedy: Remedy) -> Diagnosis {
    Diagnosis {
        grade,
        confidence: None,
        rule: Some("unit-failed".into()),
        cause: "the unit of web has failed: it was killed for lack of memory".into(),
        object: "shop-web.service".into(),
        clues: vec![
            clue(1, ClueSort::Process, "unit shop-web.service: failed, result oom-kill"),
            clue(2, ClueSort::Host, "memory: 98 % used, 2 kills in 10 minutes"),
            clue(3, ClueSort::Log, "log: worker <num> was killed"),
        ],
        carried_by: vec![1, 2],
        gaps: vec!["the database cannot be asked: no address is configured".into()],
        culprit: Some(Culprit {
            commit: CommitId("c0ffee1234567890".into()),
            subject: "cache whole catalogues".into(),
            score: 72,
            runner_up: 31,
        }),
        frames: vec![Frame { file: "src/catalogue.rs".into(), line: Some(88), function: "load".into() }],
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

fn full_disk() -> Signal {
    signal("web", kind::DISK_FULL, Severity::P2, "web: /var is 96 % full")
}

/// I-1 is diagnosed and heals in a while, unless somebody says no.
pub(super) fn vetoed() -> State {
    let mut house = House::at_level(2, Millis::mins(3));
    house.see(&[full_disk()]);
    house.pass(60_000);
    house.diagnosed(restart(Grade::A, 2));
    house.state
}

/// I-1 waits for a word.
pub(super) fn asked() -> State {
    let mut house = House::at_level(1, Millis::mins(3));
    house.see(&[signal("web", kind::PROCESS_DOWN, Severity::P1, "web is down")]);
    house.pass(60_000);
    house.diagnosed(restart(Grade::A, 1));
    house.state
}

/// I-1 was tried and did not get well; I-2 is silenced.
pub(super) fn needs_human() -> State {
    let mut house = House::at_level(2, Millis::mins(10));
    house.person(Command::Heal(HealCommand::Silence(Silence {
        matches: Matcher { service: Some("mail".into()), ..Matcher::default() },
        from: Timestamp(0),
        until: START + Millis::hours(2),
        why: "the provider moves".into(),
        maintenance: true,
    })));
    house.see(&[signal("web", kind::PROCESS_DOWN, Severity::P1, "web is down")]);
    house.see(&[signal("mail", kind::PROCESS_DOWN, Severity::P3, "mail is down")]);
    house.pass(60_000);
    house.diagnosed(restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.pass(60_000);
    house.end("verify", Outcome::Verified(Verification::NotHelped("check.web-http.ok is false".into())));
    house.state
}

/// A house in which I-1 was healed a while ago.
fn cured(age: Millis) -> House {
    let mut house = House::at_level(2, age);
    let down = signal("web", kind::PROCESS_DOWN, Severity::P1, "web is down");
    house.see(std::slice::from_ref(&down));
    house.pass(20_000);
    house.diagnosed(restart(Grade::A, 1));
    house.end("heal", Outcome::Healed);
    house.pass(30_000);
    house.end("verify", Outcome::Verified(Verification::Helped));
    house.see(&[Signal { state: SignalState::Clear, ..down }]);
    house.pass(600_000);
    house
}

/// I-1 was healed a while ago.
pub(super) fn healed() -> State {
    cured(Millis::hours(2)).state
}

/// I-1 came back after its remedy, which rests.
fn resting() -> State {
    let mut house = cured(Millis::mins(40));
    house.see(&[signal("web", kind::PROCESS_DOWN, Severity::P1, "web is down")]);
    house.pass(20_000);
    let mut plan = plan(1);
    plan.limits.cooldown = Millis::hours(1);
    house.diagnosed(diagnosis(Grade::A, Remedy::Runbook(Box::new(plan))));
    house.state
}

fn probe(id: &str, state: ProbeState, words: &str) -> ProbeHealth {
    ProbeHealth {
        id: id.into(),
        service: "web".into(),
        source: "http".into(),
        state,
        words: words.into(),
        heard: (state != ProbeState::Waiting).then_some(START),
        only_restarts: false,
    }
}

pub(super) fn probes() -> Arc<Vec<ProbeHealth>> {
    Arc::new(vec![
        probe("web-http", ProbeState::Failing, "503 instead of 200 to 299"),
        probe("web-log", ProbeState::Well, "last line 3 s ago"),
        probe("db", ProbeState::Silent, "connection refused"),
        probe("disk", ProbeState::Waiting, "has not looked yet"),
    ])
}

/// The card of I-1 on screen.
fn card(bench: &mut Bench, state: State) -> &mut Bench {
    bench.act(Action::Probes(probes()));
    bench.state(state).press("esc g m").wait(1_000);
    bench.app.focus.0 = Focus::Missions;
    bench.press("g g").press("enter").wait(400)
}

#[test]
fn c6_the_card_of_a_diagnosed_incident_has_the_veto_clock_and_all_that_is_known() {
    pictures("incident_veto", |bench| card(bench, vetoed()));
}

#[test]
fn c6_the_card_says_what_only_a_person_can_go_on_with() {
    pictures("incident_needs_human", |bench| card(bench, needs_human()));
}

#[test]
fn s1_operations_show_every_probe_and_every_incident() {
    pictures("operations_incidents", |bench| {
        bench.act(Action::Probes(probes()));
        bench.state(needs_human()).press("f2")
    });
}

#[test]
fn s2_a_remedy_is_shown_whole_where_it_is_approved() {
    pictures("approvals_remedy", |bench| bench.state(vetoed()).press("f3"));
}

fn words(bench: &Bench) -> String {
    picture(bench).0
}

#[test]
fn c6_the_veto_clock_runs_down_and_stands_still_while_the_house_is_paused() {
    let mut bench = Bench::new((120, 40));
    card(&mut bench, vetoed());
    assert!(words(&bench).contains("in 01:47 it happens by itself"), "{}", words(&bench));
    bench.wait(60_000).act(Action::Tick);
    assert!(words(&bench).contains("in 00:46 it happens by itself"), "{}", words(&bench));
    let mut state = vetoed();
    state.clockwork.halted = Some(START);
    bench.state(state);
    assert!(words(&bench).contains("the clock stands at 03:00"), "{}", words(&bench));
}

#[test]
fn c6_a_no_on_the_card_of_an_incident_stops_its_remedy() {
    let mut bench = Bench::new((120, 40));
    card(&mut bench, vetoed()).press("x").write("not now").press("enter");
    let decision = Decision::Reject { reason: "not now".into() };
    let wanted = Command::Desk(DeskCommand::Hold(RequestId(1), Revision(1), Box::new(decision)));
    assert_eq!(sent(&bench), [&wanted]);
}

#[test]
fn a9_a_remedy_is_looked_at_before_a_key_decides_it() {
    let mut bench = Bench::new((120, 40));
    let mut state = super::fixtures::ended(crate::domain::mission::Ending::Landed);
    let ill = asked();
    (state.ward, state.seq) = (ill.ward, ill.seq);
    state.desk = ill.desk;
    bench.state(state).press("esc").wait(400).press("a");
    assert!(sent(&bench).is_empty(), "a mission was on screen");
    assert_eq!(bench.app.vigil.shown(), Some(IncidentId(1)));
    assert!(bench.last_words().contains("I-1, shown now"), "{}", bench.last_words());
    bench.press("a");
    assert!(sent(&bench).is_empty(), "it has just come up");
    bench.wait(400).press("a");
    let yes = Box::new(Decision::Approve { team: None });
    assert_eq!(sent(&bench), [&Command::Desk(DeskCommand::Hold(RequestId(1), Revision(1), yes))]);
}

#[test]
fn s2_approvals_take_yes_no_and_look_again_for_a_remedy() {
    let again = Decision::Retry { reason: "ask the database".into() };
    for (keys, text, decision) in [
        ("a", "", Decision::Approve { team: None }),
        ("x", "no", Decision::Reject { reason: "no".into() }),
        ("r", "ask the database", again),
    ] {
        let mut bench = Bench::new((120, 40));
        bench.state(asked()).press("f3").press(keys);
        assert!(sent(&bench).is_empty() && bench.app.sheet.is_none(), "too soon: {keys}");
        bench.wait(400).press(keys);
        if !text.is_empty() {
            bench.write(text).press("enter");
        }
        let wanted = Command::Desk(DeskCommand::Hold(RequestId(1), Revision(1), Box::new(decision)));
        assert_eq!(sent(&bench), [&wanted]);
    }
}

#[test]
fn s2_a_remedy_is_not_approved_together_with_another_risk() {
    let mut bench = Bench::new((120, 40));
    let mut state = asked();
    let argv = argv("npm ci");
    let other = super::fixtures::request(
        9,
        Subject::Command { team: crate::domain::ids::TeamId(1), argv, reason: "to see".into() },
    );
    state.desk.insert(other.id, Arc::new(other));
    bench.state(state).press("f3").wait(400).press("space down space").wait(400).press("a");
    assert!(bench.tasks.iter().all(|task| !matches!(task, super::task::Task::SendAll(..))));
    assert!(bench.last_words().contains("only equal risk"), "{}", bench.last_words());
}

#[test]
fn c1_incidents_stand_in_the_list_with_word_and_severity_and_are_chosen_there() {
    let mut bench = Bench::new((120, 40));
    bench.state(needs_human()).press("esc");
    bench.app.focus.0 = Focus::Missions;
    bench.act(Action::Tick);
    let seen = words(&bench);
    assert!(seen.contains("I-1 web is down") && seen.contains("P1 ⚑ you"), "{seen}");
    assert!(seen.contains("P3 ◌ maintenance"), "{seen}");
    bench.press("down");
    assert_eq!(bench.app.vigil.shown(), Some(IncidentId(2)), "the second row");
    bench.press("up");
    assert_eq!((bench.app.vigil.shown(), bench.app.shown), (Some(IncidentId(1)), None));
    bench.press("R");
    assert_eq!(sent(&bench), [&Command::Heal(HealCommand::Investigate(IncidentId(1)))]);
    bench.press("X").write("the host is gone").press("enter");
    let close = HealCommand::Resolve(IncidentId(1), "the host is gone".into());
    assert_eq!(sent(&bench).last(), Some(&&Command::Heal(close)));
}

#[test]
fn c3_the_timeline_is_reached_by_scrolling_and_the_head_stays() {
    let mut bench = Bench::new((80, 24));
    card(&mut bench, vetoed());
    assert!(!words(&bench).contains("TIMELINE"));
    bench.press("G");
    let seen = words(&bench);
    assert!(seen.contains("TIMELINE") && seen.contains("it happens by itself"), "{seen}");
    bench.press("g g");
    assert!(!words(&bench).contains("TIMELINE"));
}

#[test]
fn c6_a_remedy_that_rests_says_until_when_on_the_card_in_its_timeline_and_among_the_problems() {
    let mut bench = Bench::new((80, 24));
    let state = resting();
    let until = state.ward.runs[0].at + Millis::hours(1);
    let waits = format!("waits: it rests until {} UTC", &until.to_string()[11..16]);
    card(&mut bench, state.clone());
    assert!(words(&bench).contains(&format!("◷ {waits}")), "{}", words(&bench));
    let (_, last) = state.ward.incidents[&IncidentId(1)].timeline.last().unwrap();
    assert_eq!(*last, format!("{waits} after its last run there"));
    bench.press("f2 shift-tab shift-tab");
    assert!(words(&bench).contains(&format!("I-1 P1 {waits}")), "{}", words(&bench));
}

#[test]
fn s2_the_request_of_an_incident_says_at_its_head_that_it_is_clear() {
    let down = signal("web", kind::PROCESS_DOWN, Severity::P1, "web is down");
    let mut house = House::at_level(1, Millis::mins(3));
    house.see(std::slice::from_ref(&down));
    house.pass(60_000);
    house.diagnosed(restart(Grade::A, 1));
    let mut bench = Bench::new((80, 24));
    bench.state(house.state.clone()).press("f3");
    assert!(!words(&bench).contains("clear since"), "{}", words(&bench));
    house.see(&[Signal { state: SignalState::Clear, ..down }]);
    let since = house.now.to_string();
    bench.state(house.state.clone());
    let drawn = words(&bench);
    assert!(drawn.contains(&format!("○ clear since {}", &since[11..16])), "{drawn}");
}

#[test]
fn s1_an_incident_is_opened_from_problems_and_from_the_feed() {
    let mut bench = Bench::new((200, 60));
    bench.state(needs_human()).press("f2 tab tab tab tab enter");
    assert_eq!((bench.app.screens.at, bench.app.vigil.shown()), (ScreenId::Command, Some(IncidentId(1))));
    bench.app.show(None);
    bench.press("f2 tab enter");
    assert_eq!((bench.app.screens.at, bench.app.vigil.shown()), (ScreenId::Command, Some(IncidentId(1))));
}

#[test]
fn s6_the_header_says_how_many_probes_there_are_and_which_fail() {
    let mut bench = Bench::new((160, 40));
    bench.state(State::default());
    assert!(!words(&bench).contains("monitor ●") && !words(&bench).contains("probe"));
    bench.act(Action::Probes(probes()));
    assert!(words(&bench).contains("✗ monitor 4 probes, 1 failing, 1 silent"), "{}", words(&bench));
    bench.act(Action::Probes(Arc::new(vec![probe("web-http", ProbeState::Well, "200")])));
    assert!(words(&bench).contains("● monitor 1 probe "), "{}", words(&bench));
}

#[test]
fn s6_the_attention_bar_names_the_incident_that_waits_and_leads_there() {
    let mut bench = Bench::new((160, 40));
    bench.state(asked()).press("f2");
    assert!(words(&bench).contains("1 waiting ⚑ I-1 remedy"), "{}", words(&bench));
    let key = bench.app.key_word(super::commands::CommandId::NextWaiting);
    bench.press(&key);
    assert_eq!((bench.app.screens.at, bench.app.focus.0), (ScreenId::Command, Focus::Desk));
    assert_eq!(bench.app.vigil.shown(), Some(IncidentId(1)));
    assert!(words(&bench).contains("⚑ I-1: restart-process on service web"), "{}", words(&bench));
}

#[test]
fn s6_an_incident_that_needs_a_person_waits_in_the_bar_and_the_same_key_leads_there() {
    let mut bench = Bench::new((160, 40));
    bench.state(needs_human()).press("f2");
    assert!(words(&bench).contains("1 waiting ⚑ I-1 needs a person"), "{}", words(&bench));
    let key = bench.app.key_word(super::commands::CommandId::NextWaiting);
    bench.press(&key);
    assert_eq!((bench.app.screens.at, bench.app.vigil.shown()), (ScreenId::Command, Some(IncidentId(1))));
    // What waits at the desk goes first, then it is its turn.
    let mut both = needs_human();
    both.desk = asked().desk;
    bench.state(both).press(&key);
    assert_eq!(bench.app.focus.0, Focus::Desk);
    bench.press(&key);
    assert_eq!((bench.app.focus.0, bench.app.vigil.shown()), (Focus::Channels, Some(IncidentId(1))));
}

#[test]
fn c1_a_key_keeps_quiet_about_an_incidents_cause_for_a_while() {
    let mut bench = Bench::new((160, 40));
    bench.state(needs_human()).press("esc");
    bench.app.focus.0 = Focus::Missions;
    bench.act(Action::Tick);
    bench.press("down up M").write("moving the mail").press("enter");
    let [Command::Heal(HealCommand::Silence(silence))] = sent(&bench)[..] else {
        panic!("{}", words(&bench))
    };
    assert_eq!(
        (silence.why.as_str(), silence.until.since(silence.from)),
        ("moving the mail", Millis::hours(2))
    );
    assert!(silence.matches.fingerprint.is_some());
    bench.press("M ctrl-u").write("soon").press("enter");
    assert!(words(&bench).contains("is no span of time"), "{}", words(&bench));
}

#[test]
fn s4_the_audit_lists_incidents_with_outcome_and_time_and_opens_them() {
    pictures("audit_incidents", |bench| bench.state(healed()).press("f5 right right"));
    let mut bench = Bench::new((120, 40));
    bench.state(healed()).press("f5 right right");
    assert!(words(&bench).contains("✓ HEALED"), "{}", words(&bench));
    bench.press("enter");
    assert_eq!((bench.app.screens.at, bench.app.vigil.shown()), (ScreenId::Command, Some(IncidentId(1))));
}

#[test]
fn c14_healing_stands_beside_its_targets_in_the_numbers() {
    let mut bench = Bench::new((120, 40));
    bench.state(healed()).press("f5 left");
    let seen = words(&bench);
    let row = |name: &str| seen.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    assert!(row("tier 1 success").contains("100.0 %") && row("tier 1 success").contains("✓ met"), "{seen}");
    assert!(row("tier 1 time to fix").contains("< 5 min"), "{seen}");
    assert!(row("incidents healed").contains('1') && row("false positives").contains("0.0 %"), "{seen}");
    assert_eq!(seen.matches("tier 1 success").count(), 1);
}

#[test]
fn s6_the_palette_finds_incidents() {
    let mut bench = Bench::new((120, 40));
    bench.state(needs_human()).press("ctrl-p").write("mail is down").press("enter");
    assert_eq!(bench.app.vigil.shown(), Some(IncidentId(2)));
}

#[test]
fn nothing_of_an_incident_breaks_at_any_size() {
    for state in [vetoed(), asked(), needs_human(), healed()] {
        for (columns, rows) in [(1, 1), (40, 10), (60, 12), (79, 22), (80, 24), (119, 30), (300, 100)] {
            let mut bench = Bench::new((columns, rows));
            card(&mut bench, state.clone());
            for keys in ["G", "pgup", "f", "G", "f", "f3", "f5", "f2", "f1"] {
                bench.press(keys);
                let _ = words(&bench);
            }
        }
    }
}
