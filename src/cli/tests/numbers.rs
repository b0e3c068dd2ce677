//! The numbers of the house in both forms.

use super::{M, brief_of, candidate, evidence};
use crate::{
    cli::{
        out::{Form, tests::Kept},
        stats::{StatsArgs, print},
    },
    domain::{
        brief::Approval,
        candidate::{CheckOutcome, CommitId},
        ids::{CallId, Revision, Seq, TeamId},
        mission::Ending,
        money::{Cost, Money, Usage},
        request::Actor,
        time::Timestamp,
    },
    engine::{
        event::{Event, Fact, MissionEvent, MoneyEvent, TeamEvent},
        state::State,
    },
};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn raced() -> State {
    let mut state = State::default();
    let mut add = |event| {
        let fact = Fact { actor: Actor::Engine, at: NOW, event };
        state.apply(Seq(state.seq.0 + 1), &fact);
    };
    add(Event::Mission(M, MissionEvent::Opened(Box::new(brief_of(Approval::Ask)))));
    for number in [1, 2] {
        let (team, call) = (TeamId(number), CallId(u64::from(number)));
        let event = |event| Event::Team(M, team, event);
        let cost = if number == 1 { Cost::Known(Money::cents(9)) } else { Cost::Unknown };
        let model = brief_of(Approval::Ask).teams[usize::from(number) - 1].model.clone();
        add(event(TeamEvent::DraftStarted { attempt: 1, based_on: Revision(1) }));
        let reserved =
            MoneyEvent::Reserved { call, mission: M, team: Some(team), model, worst: cost, incident: None };
        add(Event::Money(reserved));
        let usage = Usage { input: 1_000, output: 50, ..Usage::default() };
        add(Event::Money(MoneyEvent::Settled { call, usage, cost }));
        add(event(TeamEvent::CandidateProposed(Box::new(candidate(number)))));
        let outcome = if number == 1 { CheckOutcome::Passed } else { CheckOutcome::Failed };
        add(event(TeamEvent::EvidenceGathered(1, Box::new(evidence(outcome)))));
    }
    add(Event::Mission(M, MissionEvent::Chosen(TeamId(1), 1)));
    add(Event::Mission(M, MissionEvent::Landed(CommitId("abc1234".into()), "main".into())));
    add(Event::Mission(M, MissionEvent::Ended(Ending::Landed)));
    state
}

#[test]
fn stats_tell_the_same_in_both_forms() {
    let (mut out, kept) = Kept::out(Form::Human);
    print(&StatsArgs { days: 30 }, &raced(), NOW, &mut out);
    let text = kept.text();
    for words in [
        "≥ $0.09",
        "SUCCESS IN 30 DAYS",
        "100.0 %",
        "no data yet",
        "anthropic/a",
        "Team G",
        "1 (100 %)",
        "0 (0 %)",
        "cargo test",
    ] {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    let (mut out, kept) = Kept::out(Form::Json);
    print(&StatsArgs { days: 30 }, &raced(), NOW, &mut out);
    let lines = kept.lines();
    let find = |kind: &str, name: &str, word: &str| {
        let found = lines.iter().find(|line| line["kind"] == kind && line[name] == word);
        found.unwrap_or_else(|| panic!("no {kind} {word} in {lines:#?}"))
    };
    let today = find("spend", "span", "today");
    assert_eq!((today["spent_usd"].as_f64(), today["tokens_in"].as_u64()), (Some(0.09), Some(2_000)));
    assert_eq!(find("metric", "id", "completion")["value"], 1.0);
    assert_eq!(find("metric", "id", "cost_per_operation")["standing"], "no_data", "a price is unknown");
    assert_eq!(find("metric", "id", "tier_1_success")["value"], serde_json::Value::Null);
    assert_eq!(find("tally", "name", "google/g")["unknown_price_calls"], 1);
    assert_eq!(find("tally", "name", "brief")["landed"], 1);
    let race = find("race", "team", "Team A");
    assert_eq!((&race["chosen"], &race["usd_per_win"]), (&1.into(), &0.09.into()));
    assert_eq!(find("check", "command", "cargo test")["runs"], 2);
}

#[test]
fn a_house_without_a_past_says_that_there_is_no_data() {
    let (mut out, kept) = Kept::out(Form::Human);
    print(&StatsArgs { days: 1 }, &State::default(), NOW, &mut out);
    let text = kept.text();
    assert!(text.contains("SUCCESS IN 1 DAY ") && text.contains("no data yet"), "{text}");
    assert!(!text.contains("LEADERBOARD") && !text.contains("met"), "{text}");
}
