//! A cap stops a team: a person is asked for a budget where one helps, and for one with which the call passes.

use super::*;
use std::sync::Arc;

/// Why a call of a team that costs this at most is refused, and the budget with which it would pass.
fn refused(house: &House, worst: Money) -> (String, Option<Money>) {
    let model = ModelRef { vendor: Vendor::Openai, model: "m".into() };
    let worst = Cost::Known(worst);
    let command = Command::Money(MoneyCommand::Reserve { mission: M, team: Some(ONE), model, worst });
    let order = Order { actor: Actor::Agent(M, Some(ONE)), at: Timestamp(house.now), command };
    let refusal = decide(&house.state, &order).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::OverBudget);
    (refusal.reason, refusal.enough)
}

/// At work with these caps.
fn capped((per_call, per_team, of_mission, per_day): (i64, i64, i64, i64)) -> House {
    let mut house = House::at_work(Approval::Ask);
    let caps = &mut Arc::make_mut(&mut house.state.policy).budget;
    caps.per_call = Money::cents(per_call);
    caps.per_team = Money::cents(per_team);
    caps.per_day = Money::cents(per_day);
    let mission = house.state.mission_mut(M).unwrap();
    Arc::make_mut(&mut mission.brief).budget = Money::cents(of_mission);
    house
}

#[test]
fn b7_a_refusal_names_the_budget_with_which_the_call_passes_where_one_helps() {
    let call = Money::cents(25);
    for (caps, what, enough) in [
        ((10, 500, 500, 5_000), "budget.per_call_usd", None),
        ((200, 500, 500, 20), "budget.daily_usd", None),
        // The budget alone would not do: nobody is asked for one.
        ((200, 500, 2, 20), "budget.daily_usd", None),
        ((200, 500, 2, 5_000), "budget of M-1", Some(Money::cents(25))),
        // What is added to the budget is added to the cap of the team.
        ((200, 10, 500, 5_000), "cap of ", Some(Money::cents(515))),
        ((200, 10, 2, 5_000), "cap of ", Some(Money::cents(25))),
    ] {
        let (why, named) = refused(&capped(caps), call);
        assert!(why.contains(what), "{why}");
        assert_eq!(named, enough, "{why}");
    }
}

#[test]
fn b7_a_budget_is_asked_for_with_which_the_call_passes_and_never_in_vain() {
    let mut house = House::at_work(Approval::Ask);
    let cap = house.state.missions[&M].brief.budget;
    house.world("draft/T-1", failed(FailureKind::NeedsBudget(Money::usd(40)))).unwrap();
    let asked = house.state.desk[&RequestId(1)].subject.clone();
    assert_eq!(asked, Subject::Budget { team: Some(ONE), cap, wanted: Money::usd(50) });
    // Another cap: nothing that anybody says about the mission's budget helps.
    let mut house = House::at_work(Approval::Ask);
    for team in ["draft/T-1", "draft/T-2"] {
        house.world(team, failed(FailureKind::OverBudget)).unwrap();
    }
    assert_eq!((house.word(), house.state.desk.len()), ("over_budget", 0));
    assert!(house.state.missions[&M].result.ending.as_ref().unwrap().0.why().unwrap().contains("broken"));
}

#[test]
fn over_budget_asks_and_goes_on_when_the_cap_is_raised() {
    let mut house = House::at_work(Approval::Ask);
    for team in ["draft/T-1", "draft/T-2"] {
        house.world(team, failed(FailureKind::NeedsBudget(Money::usd(5)))).unwrap();
    }
    assert_eq!(house.word(), "over_budget");
    house.world("release", Outcome::Released(vec![])).unwrap();
    let tooless = Decision::Modify { team: None, change: Modification::Amount(Money::usd(4)) };
    assert_eq!(house.answer(1, 1, tooless), Err(RefusalKind::Invalid));
    house.answer(1, 1, Decision::Modify { team: None, change: Modification::Amount(Money::usd(9)) }).unwrap();
    assert_eq!(house.state.missions[&M].brief.budget, Money::usd(9));
    assert_eq!(house.state.missions[&M].result.budget_note, None, "the old cap is no news any more");
    assert_eq!((house.word(), house.state.missions[&M].step), ("running", Some(Step::Draft)));
}
