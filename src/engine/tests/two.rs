//! Where two people must say yes: one waits for another, nobody counts twice, and all say yes to the same.

use super::*;
use crate::{engine::consents, policy::settings::Policy};

const BOB: &str = "bob";

impl House {
    /// A choice that waits, and a director who wants two people for what is risky.
    fn shared() -> Self {
        let mut house = Self::at_desk(Approval::Ask);
        let policy = Policy { two_persons: vec!["tier-3".into()], ..Policy::default() };
        house.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
        house
    }
    fn revision(&self, id: u64) -> u32 {
        self.state.desk[&RequestId(id)].revision.0
    }
    /// What somebody answers to what is on the desk.
    fn says(&mut self, who: &str, id: u64, decision: Decision) -> Result<(), RefusalKind> {
        let seen = Revision(self.revision(id));
        let command = DeskCommand::Decide(RequestId(id), seen, Box::new(decision));
        self.order(Actor::Person(who.into()), Command::Desk(command))
    }
    fn yes(&self, id: u64) -> Vec<String> {
        self.state.desk[&RequestId(id)].said_yes().iter().map(ToString::to_string).collect()
    }
}

#[test]
fn e1_one_yes_waits_for_that_of_another_person_and_the_desk_says_whose_it_was() {
    let mut house = House::shared();
    let before = house.revision(1);
    house.says("ada", 1, approve(ONE)).unwrap();
    assert_eq!((house.yes(1), house.revision(1)), (vec!["ada".to_owned()], before + 1));
    let reasons = &house.state.desk[&RequestId(1)].reasons;
    assert_eq!(reasons[0], "approved by ada: 1 of 2 approvals");
    assert_eq!(house.state.missions[&M].result.chosen, None, "nothing is done yet");
    // The same person again, by whatever way, and a yes to something else.
    for same in ["ada", "token:ada", "github:Ada"] {
        assert_eq!(house.says(same, 1, approve(ONE)), Err(RefusalKind::Already), "{same}");
    }
    assert_eq!(house.says(BOB, 1, approve(TWO)), Err(RefusalKind::Invalid));
    let request = house.state.desk[&RequestId(1)].clone();
    let name = |team| house.state.missions[&M].team_name(team);
    let yes: Vec<String> = consents::of(&house.state, &request).iter().map(ToString::to_string).collect();
    assert_eq!(yes, [format!("ada, to {}", name(ONE))]);
    let order = Order {
        actor: Actor::Person(BOB.into()),
        at: Timestamp(house.now),
        command: Command::Desk(DeskCommand::Decide(request.id, request.revision, Box::new(approve(TWO)))),
    };
    let refused = decide(&house.state, &order).unwrap_err().reason;
    assert!(refused.contains(&format!("to {}, and not to {}", name(ONE), name(TWO))), "{refused}");
    // What was seen before the first yes is old.
    let stale = DeskCommand::Decide(RequestId(1), Revision(before), Box::new(approve(ONE)));
    assert_eq!(house.order(Actor::Person(BOB.into()), Command::Desk(stale)), Err(RefusalKind::Stale));
    house.says(BOB, 1, approve(ONE)).unwrap();
    assert_eq!(house.state.missions[&M].result.chosen, Some((ONE, 1)));
    let (decided, ..) = house.state.decided.last().unwrap();
    assert_eq!(decided.said_yes(), [&Actor::Person("ada".into())]);
    assert_eq!(house.state.deciders[&RequestId(1)], Actor::Person(BOB.into()));
}

#[test]
fn e1_one_no_is_enough_and_a_yes_is_forgotten_when_what_was_seen_changes() {
    let mut house = House::shared();
    house.says("ada", 1, approve(ONE)).unwrap();
    house.says(BOB, 1, Decision::Reject { reason: "no".into() }).unwrap();
    assert_eq!(house.word(), "cancelled");
    let mut house = House::shared();
    house.says("ada", 1, approve(ONE)).unwrap();
    // Other rules: the choice is put anew.
    let policy = Policy { two_persons: vec!["tier-3".into()], max_files: 1, ..Policy::default() };
    house.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
    assert!(house.yes(1).is_empty(), "{:?}", house.yes(1));
    house.says(BOB, 1, approve(ONE)).unwrap();
    assert_eq!(house.state.missions[&M].result.chosen, None, "the yes before was to something else");
}

#[test]
fn e1_a_held_yes_of_two_counts_when_its_time_has_come() {
    let mut house = House::shared();
    let seen = Revision(house.revision(1));
    let hold = DeskCommand::Hold(RequestId(1), seen, Box::new(approve(ONE)));
    house.person(Command::Desk(hold)).unwrap();
    assert!(house.yes(1).is_empty(), "it can still be taken back");
    house.now += 10_000;
    house.order(Actor::Engine, Command::Tick).unwrap();
    assert_eq!(house.yes(1), ["ada"]);
    house.says(BOB, 1, approve(ONE)).unwrap();
    assert_eq!(house.state.missions[&M].result.chosen, Some((ONE, 1)));
}

#[test]
fn e1_a_standing_word_is_no_second_person() {
    let mut house = House::shared();
    house.says("ada", 1, approve(ONE)).unwrap();
    let seen = Revision(house.revision(1));
    let policys = DeskCommand::Decide(RequestId(1), seen, Box::new(approve(ONE)));
    assert_eq!(house.order(Actor::Policy, Command::Desk(policys)), Err(RefusalKind::Forbidden));
    assert_eq!((house.yes(1).len(), house.state.missions[&M].result.chosen), (1, None));
}

#[test]
fn e1_what_two_must_say_yes_to_one_does_not_restore() {
    let mut house = House::shared();
    house.says("ada", 1, approve(ONE)).unwrap();
    house.says(BOB, 1, approve(ONE)).unwrap();
    let commit = CommitId("done".into());
    house.world("land", Outcome::Landed(commit.clone(), "main".into())).unwrap();
    let restore = || MissionCommand::Restore(M, commit.clone());
    assert_eq!(house.mission(restore()), Err(RefusalKind::Forbidden));
    let nobody = Policy::default();
    house.person(Command::Control(ControlCommand::Load(Box::new(nobody)))).unwrap();
    assert_eq!(house.mission(restore()), Ok(()), "where one is enough, one restores");
}

#[test]
fn e1_more_money_and_commands_want_two_as_well() {
    let mut house = House::at_work(Approval::Ask);
    let policy = Policy { two_persons: vec!["tier-3".into()], ..Policy::default() };
    house.person(Command::Control(ControlCommand::Load(Box::new(policy)))).unwrap();
    let subject = Subject::Command { team: ONE, argv: vec!["curl".into()], reason: "look".into() };
    house.order(Actor::Agent(M, Some(ONE)), Command::Desk(DeskCommand::Ask(M, Box::new(subject)))).unwrap();
    let yes = || Decision::Approve { team: None };
    house.says("ada", 1, yes()).unwrap();
    assert_eq!(house.says("ada", 1, yes()), Err(RefusalKind::Already));
    let other = Decision::Modify { team: None, change: Modification::Argv(vec!["ls".into()]) };
    assert_eq!(house.says(BOB, 1, other), Err(RefusalKind::Invalid), "a yes to another command");
    house.says(BOB, 1, yes()).unwrap();
    assert!(!house.state.desk.contains_key(&RequestId(1)));
}
