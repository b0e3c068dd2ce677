//! Caps: held before a call, to the micro-dollar, however many teams call at once.

use super::stage::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// What one mission spent and had reserved, in micro-dollars, after each entry; panics where it passes the cap.
pub fn never_over(stage: &Stage, cap: i64) -> i64 {
    let (mut open, mut spent) = (BTreeMap::new(), 0);
    let known = |cost: &Value| cost["known"].as_i64().unwrap();
    for entry in stage.journal() {
        let money = &entry["payload"]["money"];
        if let Some(reserved) = money.get("reserved") {
            open.insert(reserved["call"].to_string(), known(&reserved["worst"]));
            let held = spent + open.values().sum::<i64>();
            assert!(held <= cap, "{held} of {cap} at {entry}");
        }
        if let Some(settled) = money.get("settled") {
            open.remove(&settled["call"].to_string()).unwrap();
            spent += known(&settled["cost"]);
        }
    }
    assert!(open.is_empty(), "not settled: {open:?}");
    spent
}

#[test]
fn b7_caps_hold_with_both_teams_at_once() {
    let mut codes = Vec::new();
    for (budget, cap) in
        [("0.001", 1_000), ("0.02", 20_000), ("0.15", 150_000), ("0.30", 300_000), ("1.00", 1_000_000)]
    {
        let stage = Stage::default();
        let done = stage.brief(&["--approve", "best", "--budget", budget]);
        let last = done.last();
        assert!(matches!(done.code, Some(0 | 2)), "{budget}: {done:?}");
        assert_eq!(last["status"] == "over_budget", done.code == Some(2), "{last}");
        let spent = never_over(&stage, cap);
        let told = last["cost_usd"].as_f64().unwrap();
        assert!((told - spent as f64 / 1e6).abs() < 1e-9, "{told} was told, {spent} spent");
        codes.push(done.code);
    }
    assert_eq!((codes[0], codes[4]), (Some(2), Some(0)), "{codes:?}");
}

#[test]
fn b19_four_fifths_of_a_budget_are_said_once() {
    let stage = Stage::default();
    stage.settings("[budget]\nsoft_pct = 1\ndaily_usd = 1.5\n");
    let done = stage.brief(&["--approve", "best", "--budget", "1.00"]).exits(0);
    let soft: Vec<Value> = done.of("notice").into_iter().filter(|line| line["budget"].is_object()).collect();
    let scopes: Vec<&Value> = soft.iter().map(|line| &line["budget"]["scope"]).collect();
    assert_eq!(scopes, ["mission", "day"], "{}", done.stdout);
    assert_eq!(soft[0]["text"], "1 % of the budget of M-1, $1.00, is spent");
    let (spent, cap) = (soft[0]["budget"]["spent_usd"].as_f64().unwrap(), &soft[0]["budget"]["cap_usd"]);
    assert!((0.01..=1.0).contains(&spent) && *cap == 1.0, "{}", soft[0]);
    // Under the share nothing is said.
    let stage = Stage::default();
    let done = stage.brief(&["--approve", "best"]).exits(0);
    assert!(done.of("notice").iter().all(|line| line["budget"].is_null()), "{}", done.stdout);
}

#[test]
fn more_money_at_the_desk_lets_it_go_on() {
    let stage = Stage::default();
    let done = stage.brief(&["--team", ANTHROPIC, "--approve", "best", "--budget", "0.15"]).exits(2);
    let Some(request) = done.of("request").into_iter().find(|request| request["subject"] == "budget") else {
        panic!("nobody was asked: {}", done.stdout);
    };
    let id = request["request"].as_str().unwrap();
    let done = stage.run(&["desk", "modify", id, "--amount", "2.00", "--json"]).exits(0);
    assert_eq!(done.last()["status"], "landed");
    never_over(&stage, 2_000_000);
}

#[test]
fn b7_a_yes_to_a_budget_lets_the_call_pass_and_none_is_asked_for_where_it_would_not() {
    let stage = Stage::default();
    let done = stage.brief(&["--team", ANTHROPIC, "--approve", "best", "--budget", "0.001"]).exits(2);
    let asked = done.of("request").into_iter().find(|request| request["subject"] == "budget").unwrap();
    let wanted = asked["detail"]["wanted_usd"].as_f64().unwrap();
    stage.run(&["desk", "approve", asked["request"].as_str().unwrap(), "--json"]);
    assert!(never_over(&stage, (wanted * 1e6) as i64) > 0, "no call passed with ${wanted}");
    let stage = Stage::default();
    stage.settings("[budget]\nper_call_usd = 0.001\n");
    let done = stage.brief(&["--team", ANTHROPIC, "--approve", "best"]).exits(2);
    assert!(done.of("request").is_empty() && done.all().contains("budget.per_call_usd"), "{done:?}");
}

#[test]
fn b7_a_model_without_a_price_is_refused_with_words() {
    let stage = Stage::default();
    stage.settings("[[teams]]\nname = \"Odd\"\nmodel = \"anthropic/claude-of-tomorrow\"\n");
    let done = stage.brief(&["--team", "Odd", "--approve", "best"]).exits(1);
    assert!(done.stdout.contains("no price is known for anthropic/claude-of-tomorrow"), "{}", done.stdout);
    assert!(stage.rehearsal.heard().iter().all(|asked| asked.model != "claude-of-tomorrow"));
    let nothing = stage.brief(&["--budget", "0"]).exits(64);
    assert!(nothing.stderr.contains("--budget"), "{nothing:?}");
}

#[test]
fn the_day_has_a_cap_over_all_missions() {
    let stage = Stage::default();
    stage.settings("[budget]\ndaily_usd = 0.30\n");
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(stage.brief(&["--approve", "best"]).code);
    }
    assert!(codes.contains(&Some(2)), "{codes:?}");
    never_over(&stage, 300_000);
}
