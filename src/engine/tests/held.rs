//! The undo window and grants: what is held, taken back and dropped; what runs on a word given beforehand.

use super::*;
use crate::{
    domain::{
        grant::{Pattern, Reach, Terms},
        ids::GrantId,
    },
    policy::settings::Policy,
};

impl House {
    fn hold(&mut self, id: u64, seen: u32, decision: Decision) -> Result<(), RefusalKind> {
        self.person(Command::Desk(DeskCommand::Hold(RequestId(id), Revision(seen), Box::new(decision))))
    }
    fn undo(&mut self, id: u64) -> Result<(), RefusalKind> {
        self.person(Command::Desk(DeskCommand::Undo(RequestId(id))))
    }
    fn pass(&mut self, ms: i64) {
        self.now += ms;
        self.order(Actor::Engine, Command::Tick).unwrap();
    }
    fn control(&mut self, command: ControlCommand) {
        self.person(Command::Control(command)).unwrap();
    }
    fn is_held(&self, id: u64) -> bool {
        self.state.clockwork.held.contains_key(&RequestId(id))
    }
    /// An agent of the first team asks to run this; the request it becomes.
    fn asks(&mut self, line: &[&str]) -> RequestId {
        let argv = line.iter().map(|word| (*word).to_owned()).collect();
        let subject =
            Subject::Command { team: ONE, argv, reason: format!("try {}", self.state.counters.request) };
        let ask = Command::Desk(DeskCommand::Ask(M, Box::new(subject)));
        self.order(Actor::Agent(M, Some(ONE)), ask).unwrap();
        RequestId(self.state.counters.request)
    }
    fn last(&self) -> (RequestId, Decision, Actor) {
        let (request, decision, _) = self.state.decided.last().unwrap();
        (request.id, decision.clone(), self.state.deciders[&request.id].clone())
    }
}

fn ada() -> Actor {
    Actor::Person("ada".into())
}

fn grant(line: &[&str], reach: Reach, uses: u32) -> Decision {
    let pattern = Pattern::Exact(line.iter().map(|word| (*word).to_owned()).collect());
    Decision::Grant { terms: Box::new(Terms { pattern, reach, uses, lasts: reach.usual_span() }) }
}

#[test]
fn s2_a_held_decision_takes_effect_when_its_time_has_come_as_the_word_of_who_gave_it() {
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, approve(TWO)).unwrap();
    assert_eq!(next_deadline(&house.state), Some(Timestamp(house.now + 10_000)));
    house.pass(9_999);
    assert!(house.is_held(1) && house.state.desk.contains_key(&RequestId(1)));
    house.pass(1);
    assert_eq!(house.last(), (RequestId(1), approve(TWO), ada()));
    assert_eq!(house.state.missions[&M].result.chosen, Some((TWO, 1)));
}

#[test]
fn s2_what_a_held_decision_brings_about_is_the_deed_of_who_gave_it() {
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, Decision::Reject { reason: "no".into() }).unwrap();
    house.now += 10_000;
    let tick = Order { actor: Actor::Engine, at: Timestamp(house.now), command: Command::Tick };
    let facts = facts(&tick, decide(&house.state, &tick).unwrap());
    let ended = |fact: &&Fact| matches!(fact.event, Event::Mission(_, MissionEvent::Ended(_)));
    assert_eq!(facts.iter().find(ended).unwrap().actor, ada());
}

#[test]
fn s2_it_can_be_taken_back_until_then_and_by_people_only() {
    let mut house = House::at_desk(Approval::Ask);
    assert_eq!(house.undo(1), Err(RefusalKind::Already), "nothing is held yet");
    house.hold(1, 1, Decision::Reject { reason: "no".into() }).unwrap();
    let undo = Command::Desk(DeskCommand::Undo(RequestId(1)));
    assert_eq!(house.order(Actor::Agent(M, Some(ONE)), undo), Err(RefusalKind::Forbidden));
    house.undo(1).unwrap();
    house.pass(60_000);
    assert!(house.state.desk.contains_key(&RequestId(1)) && house.word() == "waiting");
    assert_eq!(house.undo(9), Err(RefusalKind::Unknown));
    house.answer(1, 1, approve(ONE)).unwrap();
    assert_eq!(house.undo(1), Err(RefusalKind::Already), "too late");
}

#[test]
fn s2_the_same_answer_again_counts_at_once_and_another_takes_its_place() {
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, approve(ONE)).unwrap();
    house.now += 4_000;
    house.hold(1, 1, approve(TWO)).unwrap();
    assert_eq!(house.state.clockwork.held[&RequestId(1)].until, Timestamp(house.now + 10_000));
    house.hold(1, 1, approve(TWO)).unwrap();
    assert_eq!(house.last(), (RequestId(1), approve(TWO), ada()));
    // A word from the command line does not wait, and replaces what does.
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, approve(ONE)).unwrap();
    house.answer(1, 1, Decision::Reject { reason: "no".into() }).unwrap();
    house.pass(60_000);
    assert_eq!((house.word(), house.is_held(1)), ("cancelled", false));
}

#[test]
fn s2_without_a_window_it_counts_at_once() {
    let mut house = House::at_desk(Approval::Ask);
    let policy = Policy { undo_window: Millis(0), ..Policy::default() };
    house.control(ControlCommand::Load(Box::new(policy)));
    let seen = house.state.desk[&RequestId(1)].revision.0;
    house.hold(1, seen, approve(ONE)).unwrap();
    assert_eq!(house.last().1, approve(ONE));
}

#[test]
fn s2_what_would_be_refused_is_refused_when_it_is_given() {
    let mut house = House::at_desk(Approval::Ask);
    assert_eq!(house.hold(1, 1, approve(TeamId(3))), Err(RefusalKind::Forbidden));
    assert_eq!(house.hold(1, 7, approve(ONE)), Err(RefusalKind::Stale));
    assert_eq!(house.hold(1, 1, Decision::Expired), Err(RefusalKind::Invalid));
    house.control(ControlCommand::Pause("lunch".into()));
    assert_eq!(house.hold(1, 1, approve(ONE)), Err(RefusalKind::Halted));
    let hold = DeskCommand::Hold(RequestId(1), Revision(1), Box::new(approve(ONE)));
    assert_eq!(house.order(Actor::Policy, Command::Desk(hold)), Err(RefusalKind::Forbidden));
    assert!(house.state.clockwork.held.is_empty());
}

#[test]
fn s2_new_evidence_drops_it_and_says_so() {
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, approve(ONE)).unwrap();
    let refine = MissionCommand::Refine(M, TWO, "less code".into());
    let order = Order { actor: ada(), at: Timestamp(house.now), command: Command::Mission(refine) };
    let events = decide(&house.state, &order).unwrap();
    let dropped = events.iter().any(|event| {
        matches!(event, Event::Desk(DeskEvent::DecisionDropped(RequestId(1), why)) if why.contains("has changed"))
    });
    assert!(dropped, "{events:?}");
    house.mission(MissionCommand::Refine(M, TWO, "less code".into())).unwrap();
    house.pass(60_000);
    assert!(!house.is_held(1) && house.state.desk.contains_key(&RequestId(1)), "it waits again");
}

#[test]
fn s2_its_time_stands_still_while_the_house_is_halted() {
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, approve(ONE)).unwrap();
    house.now += 4_000;
    house.control(ControlCommand::Pause("lunch".into()));
    house.pass(3_600_000);
    assert!(house.is_held(1) && next_deadline(&house.state).is_none());
    house.control(ControlCommand::Resume);
    house.pass(5_999);
    assert!(house.is_held(1));
    house.pass(1);
    assert_eq!(house.last().1, approve(ONE));
}

#[test]
fn s2_what_is_not_possible_any_more_waits_again_with_the_reason() {
    let mut house = House::at_desk(Approval::Ask);
    house.hold(1, 1, approve(ONE)).unwrap();
    // A stricter policy comes meanwhile: what was held is dropped with the revision it was made on.
    let mut policy = Policy::default();
    policy.protected.deny.push("src/**".into());
    house.control(ControlCommand::Load(Box::new(policy)));
    house.pass(10_000);
    assert!(house.state.missions[&M].result.chosen.is_none(), "nothing protected is chosen");
    assert_eq!(house.state.desk[&RequestId(1)].revision, Revision(2));
    assert!(!house.is_held(1));
}

#[test]
fn s2_what_is_refused_by_the_time_it_would_count_is_dropped_and_the_request_says_why() {
    let mut house = House::at_work(Approval::Ask);
    let id = house.asks(&["cat", "notes.txt"]);
    house.hold(id.0, 1, grant(&["cat", "notes.txt"], Reach::Mission, 2)).unwrap();
    let mut policy = Policy::default();
    policy.protected.deny.push("notes.txt".into());
    house.control(ControlCommand::Load(Box::new(policy)));
    house.pass(10_000);
    let request = &house.state.desk[&id];
    assert_eq!((request.revision, house.is_held(id.0)), (Revision(2), false));
    assert!(
        request.reasons[0].starts_with("ada had granted it, which is not possible any more"),
        "{request:?}"
    );
    assert!(house.state.grants.is_empty());
}

#[test]
fn s2_who_answered_in_time_is_not_overtaken_by_expiry_or_a_veto_window() {
    let mut house = House::at_desk(Approval::Ask);
    house.now = house.state.desk[&RequestId(1)].expires.0 - 1_000;
    house.hold(1, 1, approve(ONE)).unwrap();
    assert_eq!(
        next_deadline(&house.state),
        Some(Timestamp(house.now + 10_000)),
        "the expiry does not wake it"
    );
    house.pass(5_000);
    house.undo(1).unwrap();
    house.pass(0);
    assert_eq!(house.last().1, Decision::Expired, "taken back after its time it is denied");
    let mut house = House::at_desk(Approval::Ask);
    house.control(ControlCommand::Load(Box::new(Policy { level: 2, ..Policy::default() })));
    let (id, until) = house.state.clockwork.vetoes.iter().next().map(|(id, until)| (*id, *until)).unwrap();
    let seen = house.state.desk[&id].revision.0;
    house.now = until.0 - 1_000;
    house.hold(id.0, seen, Decision::Reject { reason: "no".into() }).unwrap();
    house.pass(2_000);
    assert!(house.state.desk.contains_key(&id), "a no that is held is no silence");
    house.undo(id.0).unwrap();
    house.pass(1_000_000);
    assert!(house.state.desk.contains_key(&id), "a person took it in hand: it waits for a person");
}

#[test]
fn s2_a_grant_answers_the_same_command_until_it_is_used_up() {
    let mut house = House::at_work(Approval::Ask);
    let first = house.asks(&["npm", "ci"]);
    house.answer(first.0, 1, grant(&["npm", "ci"], Reach::Mission, 2)).unwrap();
    assert!(matches!(house.last(), (id, Decision::Grant { .. }, by) if id == first && by == ada()));
    for left in [1, 0] {
        let next = house.asks(&["npm", "ci"]);
        let (id, decision, by) = house.last();
        assert_eq!((id, decision, by), (next, Decision::Approve { team: None }, Actor::Policy));
        let reasons = house.state.decided.last().unwrap().0.reasons.join("; ");
        assert!(
            reasons.contains("granted by ada until") && reasons.contains(&format!("{left} of 2 left")),
            "{reasons}"
        );
    }
    assert!(house.state.grants.is_empty(), "used up");
    let next = house.asks(&["npm", "ci"]);
    assert!(house.state.desk.contains_key(&next), "it is asked again");
}

#[test]
fn u19_a_grant_covers_elements_and_nothing_that_only_looks_alike() {
    let mut house = House::at_work(Approval::Ask);
    let first = house.asks(&["npm", "ci"]);
    house.answer(first.0, 1, grant(&["npm", "ci"], Reach::Project, 9)).unwrap();
    for line in [
        &["npm", "ci", "--force"][..],
        &["npm ci"],
        &["env", "npm", "ci"],
        &["sh", "-c", "npm ci"],
        &["npm", "ci;rm -rf ."],
    ] {
        let next = house.asks(line);
        assert!(house.state.desk.contains_key(&next), "{line:?}");
    }
    assert_eq!(house.state.grants[&GrantId(1)].used, 0);
}

#[test]
fn s2_what_may_never_be_granted_is_refused_and_asked_each_time() {
    let mut house = House::at_work(Approval::Ask);
    for line in [&["cp", "x", ".env"][..], &["sudo", "ls"], &["sh", "-c", "cat .env"]] {
        let id = house.asks(line);
        assert_eq!(
            house.answer(id.0, 1, grant(line, Reach::Mission, 2)),
            Err(RefusalKind::Forbidden),
            "{line:?}"
        );
        assert!(house.state.desk.contains_key(&id));
        house.answer(id.0, 1, Decision::Approve { team: None }).unwrap();
    }
    let id = house.asks(&["ls", "a"]);
    let whole = Pattern::Prefix(vec!["ls".into()]);
    let terms = Terms { pattern: whole, reach: Reach::Mission, uses: 2, lasts: Millis::mins(5) };
    let wide = Decision::Grant { terms: Box::new(terms) };
    assert_eq!(house.answer(id.0, 1, wide), Err(RefusalKind::Forbidden));
    assert_eq!(house.answer(id.0, 1, grant(&["ls", "b"], Reach::Mission, 2)), Err(RefusalKind::Invalid));
    let desk = House::at_desk(Approval::Ask);
    let mut house = desk;
    assert_eq!(
        house.answer(1, 1, grant(&["ls"], Reach::Mission, 2)),
        Err(RefusalKind::Invalid),
        "no command"
    );
}

#[test]
fn s2_a_grant_expires_ends_with_its_mission_and_is_taken_back() {
    let granted = |reach| {
        let mut house = House::at_work(Approval::Ask);
        let first = house.asks(&["npm", "ci"]);
        house.answer(first.0, 1, grant(&["npm", "ci"], reach, 9)).unwrap();
        house
    };
    let mut house = granted(Reach::Mission);
    house.pass(8 * 3_600_000);
    assert!(house.state.grants.is_empty(), "expired");
    let mut house = granted(Reach::Mission);
    house.mission(MissionCommand::Cancel(M, "enough".into())).unwrap();
    assert!(house.state.grants.is_empty(), "ended with its mission");
    let mut house = granted(Reach::Project);
    house.mission(MissionCommand::Cancel(M, "enough".into())).unwrap();
    assert_eq!(house.state.grants.len(), 1);
    let revoke = || Command::Desk(DeskCommand::Revoke(GrantId(1)));
    assert_eq!(house.order(Actor::Agent(M, None), revoke()), Err(RefusalKind::Forbidden));
    house.person(revoke()).unwrap();
    assert_eq!(house.person(revoke()), Err(RefusalKind::Already));
}

#[test]
fn s2_a_grant_answers_what_waits_already_but_not_what_a_person_answered_or_while_halted() {
    let mut house = House::at_work(Approval::Ask);
    let (first, second, third) =
        (house.asks(&["npm", "ci"]), house.asks(&["npm", "ci"]), house.asks(&["npm", "ci"]));
    house.hold(third.0, 1, Decision::Reject { reason: "not this one".into() }).unwrap();
    house.answer(first.0, 1, grant(&["npm", "ci"], Reach::Mission, 5)).unwrap();
    assert!(!house.state.desk.contains_key(&second), "it waited, and is covered");
    assert!(house.state.desk.contains_key(&third) && house.is_held(third.0));
    house.control(ControlCommand::Pause("lunch".into()));
    let fourth = house.asks(&["npm", "ci"]);
    assert!(house.state.desk.contains_key(&fourth), "nothing starts while it is paused");
    house.control(ControlCommand::Resume);
    assert!(!house.state.desk.contains_key(&fourth), "and then it does");
    assert_eq!(house.state.grants[&GrantId(1)].used, 2);
}

#[test]
fn a_held_grant_is_given_in_the_name_of_who_held_it() {
    let mut house = House::at_work(Approval::Ask);
    let first = house.asks(&["npm", "ci"]);
    house.hold(first.0, 1, grant(&["npm", "ci"], Reach::Mission, 5)).unwrap();
    assert!(house.state.grants.is_empty());
    house.pass(10_000);
    let given = house.state.grants.values().next().unwrap();
    assert_eq!((given.by.as_str(), given.until), ("ada", Timestamp(house.now) + Millis::hours(8)));
}
