//! `chimera stats`: the numbers of the house, as the screens show them: spent and used, success against its targets,
//! by kind of task, model and team, who was chosen, and what went wrong more than once.

use super::{
    exit::{Exit, Said},
    out::Out,
    session::Session,
};
use crate::{
    domain::{
        money::Money,
        text::count,
        time::{Millis, Timestamp},
    },
    engine::{
        healing::figures::healed,
        records::{Calendar, Figure, Metric, Race, Standing, Sums, Table, Tally, metrics},
        state::State,
    },
    runtime::clock::Clock,
};
use clap::Args;
use serde_json::{Value, json};

/// Of which time.
#[derive(Debug, Clone, Args)]
pub struct StatsArgs {
    /// Days that success is told from, today included
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=Calendar::DAYS as i64))]
    pub days: u8,
}

/// Prints them.
///
/// # Errors
/// The journal cannot be read.
pub fn run(args: &StatsArgs, session: &Session, out: &mut Out) -> Said {
    print(args, &session.look()?, Clock::Wall.now(), out);
    Ok(Exit::Ok)
}

/// Prints the numbers of a state as of a time.
pub fn print(args: &StatsArgs, state: &State, now: Timestamp, out: &mut Out) {
    spend(state, now, out);
    success(args, state, now, out);
    for (title, id, table, of_kind) in [
        ("kinds of task", "kind", state.records.kinds(), true),
        ("models", "model", state.records.models(), false),
        ("teams", "team", state.records.teams(), false),
    ] {
        tallies((title, id, of_kind), table, out);
    }
    leaderboard(state, out);
    trouble(state, out);
}

fn words<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Known money, with a mark where some is not known.
fn money(known: Money, unknown: u64) -> String {
    if unknown > 0 { format!("≥ {known}") } else { known.to_string() }
}

fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| value.to_string())
}

fn sums(id: &str, sums: &Sums) -> Value {
    json!({
        "kind": "spend", "span": id, "spent_usd": sums.money.as_usd(), "unknown_price_calls": sums.unknown,
        "tokens_in": sums.input, "tokens_out": sums.output, "calls": sums.calls,
        "opened": sums.opened, "landed": sums.landed, "failed": sums.failed, "cancelled": sums.cancelled,
        "over_budget": sums.over_budget, "restored": sums.restored, "candidates": sums.candidates,
        "green": sums.passed, "requests": sums.asked, "decided_by_person": sums.by_person,
        "decided_by_policy": sums.by_policy, "expired": sums.expired,
    })
}

fn spend(state: &State, now: Timestamp, out: &mut Out) {
    let spend = state.records.calendar().spend(now);
    let spans = [
        ("today", &spend.today),
        ("7 days", &spend.week),
        ("month", &spend.month),
        ("all time", state.records.total()),
    ];
    let head = words([
        "SPAN (UTC)",
        "SPENT",
        "IN",
        "OUT",
        "CALLS",
        "OPENED",
        "LANDED",
        "FAILED",
        "CANCELLED",
        "OVER BUDGET",
    ]);
    let rows = spans.iter().map(|(name, sums)| {
        vec![
            (*name).to_owned(),
            money(sums.money, sums.unknown),
            sums.input.to_string(),
            sums.output.to_string(),
            sums.calls.to_string(),
            sums.opened.to_string(),
            sums.landed.to_string(),
            sums.failed.to_string(),
            sums.cancelled.to_string(),
            sums.over_budget.to_string(),
        ]
    });
    out.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    for (name, span) in spans {
        out.tell(&sums(&name.replace(' ', "_"), span));
    }
    let cap = state.policy.budget.per_day;
    let line = match spend.projected {
        Some(end) => {
            format!("At the pace of the last 7 days the month ends at {end}; the cap is {cap} a day.")
        }
        None => format!("No calls in the last 7 days; the cap is {cap} a day."),
    };
    out.say(&line);
    out.tell(&json!({
        "kind": "projection", "month_usd": spend.projected.map(Money::as_usd), "cap_per_day_usd": cap.as_usd(),
    }));
}

fn success(args: &StatsArgs, state: &State, now: Timestamp, out: &mut Out) {
    let days = state.records.calendar().days(now, usize::from(args.days));
    let mut found = metrics(&days.iter().sum());
    found.extend(healed(&state.ward));
    out.say("");
    let head = vec![
        format!("SUCCESS IN {}", count(args.days, "day").to_uppercase()),
        "FIGURE".into(),
        "TARGET".into(),
        String::new(),
        "TOLD FROM".into(),
    ];
    let rows = found.iter().map(|metric| {
        vec![
            metric.name.to_owned(),
            optional(metric.figure),
            metric.target.to_owned(),
            metric.standing.word().to_owned(),
            metric.basis.clone(),
        ]
    });
    out.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    for metric in &found {
        out.tell(&metric_value(metric, args.days));
    }
}

/// Shares from 0 to 1, times in milliseconds, money in dollars; `null`: no data yet.
fn metric_value(metric: &Metric, days: u8) -> Value {
    let (unit, value) = match metric.figure {
        None => ("", Value::Null),
        Some(Figure::Count(number)) => ("count", json!(number)),
        Some(Figure::PerMille(share)) => ("share", json!(share as f64 / 1_000.0)),
        Some(Figure::Time(span)) => ("ms", json!(span.0)),
        Some(Figure::Money(amount, _)) => ("usd", json!(amount.as_usd())),
    };
    let standing = match metric.standing {
        Standing::Met => "met",
        Standing::Missed => "missed",
        Standing::NoData => "no_data",
        Standing::Plain => "no_target",
    };
    let partial = matches!(metric.figure, Some(Figure::Money(_, true)));
    json!({
        "kind": "metric", "id": metric.id, "days": days, "value": value, "unit": unit, "lower_bound": partial,
        "target": metric.target, "standing": standing, "basis": metric.basis,
    })
}

fn tallies((title, id, of_kind): (&str, &str, bool), table: &Table, out: &mut Out) {
    if table.is_empty() {
        return;
    }
    let rows: Vec<(&str, &Tally)> =
        table.ranked().into_iter().chain(table.rest().map(|rest| ("(others)", rest))).collect();
    out.say("");
    let mut head = words([
        "",
        "MISSIONS",
        "LANDED",
        "CANDIDATES",
        "GREEN",
        "REJECTED",
        "STARS",
        "SPENT",
        "TOKENS",
        "MEAN TIME",
    ]);
    if let Some(first) = head.first_mut() {
        *first = title.to_uppercase();
    }
    // Of a kind: a mission's time; else a draft's.
    let time = |tally: &Tally| tally.time_each(if of_kind { tally.ended } else { tally.candidates });
    let lines = rows.iter().map(|(name, tally)| {
        vec![
            (*name).to_owned(),
            tally.missions.to_string(),
            tally.landed.to_string(),
            tally.candidates.to_string(),
            tally.passed.to_string(),
            tally.rejected.to_string(),
            optional(tally.stars_each().map(|tenths| format!("{}.{}", tenths / 10, tenths % 10))),
            money(tally.money, tally.unknown),
            tally.tokens().to_string(),
            optional(time(tally)),
        ]
    });
    out.table(&std::iter::once(head).chain(lines).collect::<Vec<_>>());
    for (name, tally) in rows {
        let reasons: Vec<Value> = tally
            .reasons
            .ranked()
            .into_iter()
            .map(|(reason, times)| json!({"reason": reason, "times": times}))
            .collect();
        out.tell(&json!({
            "kind": "tally", "of": id, "name": name, "missions": tally.missions, "ended": tally.ended,
            "landed": tally.landed, "candidates": tally.candidates, "green": tally.passed,
            "failed": tally.failed, "rejected": tally.rejected, "reasons": reasons,
            "rated": tally.rated, "stars": tally.stars_each().map(|tenths| tenths as f64 / 10.0), "calls": tally.calls,
            "unknown_price_calls": tally.unknown, "spent_usd": tally.money.as_usd(),
            "tokens_in": tally.input, "tokens_out": tally.output,
            "mean_ms": time(tally).map(|mean| mean.0),
        }));
    }
}

fn leaderboard(state: &State, out: &mut Out) {
    let kinds = state.records.board().kinds();
    if kinds.is_empty() {
        return;
    }
    out.say("");
    let head = words(["LEADERBOARD", "TEAM", "MODEL", "RACED", "CHOSEN", "GREEN", "PER WIN", "MEAN TIME"]);
    let line = |kind: &str, race: &Race| {
        let share = race.share().map(|share| format!("{} ({share} %)", race.chosen));
        vec![
            kind.to_owned(),
            race.team.clone(),
            race.model.clone(),
            race.raced.to_string(),
            optional(share),
            race.passed.to_string(),
            race.money_per_chosen().map_or_else(|| "–".to_owned(), |each| money(each, race.unknown)),
            optional(race.time_each()),
        ]
    };
    let rows = kinds.iter().flat_map(|(kind, races)| races.iter().map(move |race| line(kind, race)));
    out.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    for (kind, races) in kinds {
        for race in races {
            out.tell(&json!({
                "kind": "race", "task": kind, "team": race.team, "model": race.model, "raced": race.raced,
                "chosen": race.chosen, "green": race.passed, "spent_usd": race.money.as_usd(),
                "unknown_price_races": race.unknown,
                "usd_per_win": race.money_per_chosen().map(Money::as_usd),
                "mean_ms": race.time_each().map(|mean| mean.0),
            }));
        }
    }
}

/// Checks that were run, flaky ones marked; failures that came more than once.
fn trouble(state: &State, out: &mut Out) {
    let found = state.records.trouble();
    let checks = found.checks();
    if !checks.is_empty() {
        out.say("");
        let head = words(["CHECKS", "RUNS", "RED", "FLAKY", "MEAN TIME", "LONGEST"]);
        let rows = checks.iter().map(|(command, check)| {
            vec![
                (*command).to_owned(),
                check.runs.to_string(),
                check.failed.to_string(),
                check.differed.to_string(),
                optional(check.time_each()),
                check.slowest.to_string(),
            ]
        });
        out.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    for (command, check) in checks {
        out.tell(&json!({
            "kind": "check", "command": command, "runs": check.runs, "red": check.failed,
            "timed_out": check.timed_out, "flaky": check.differed,
            "mean_ms": check.time_each().map(|Millis(mean)| mean), "longest_ms": check.slowest.0,
        }));
    }
    let again: Vec<_> = found.faults().into_iter().filter(|(_, fault)| fault.times > 1).collect();
    if !again.is_empty() {
        out.say("");
        let head = words(["FAILED AGAIN", "DOING", "LAST", "WORDS"]);
        let rows = again.iter().map(|(_, fault)| {
            vec![
                count(fault.times, "time"),
                fault.doing.clone(),
                fault.at.to_string().chars().take(16).collect(),
                fault.words.clone(),
            ]
        });
        out.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    for (fingerprint, fault) in again {
        out.tell(&json!({
            "kind": "failure", "fingerprint": fingerprint, "times": fault.times, "doing": fault.doing,
            "last": fault.at.to_string(), "mission": fault.mission.map(|id| id.to_string()),
            "words": fault.words,
        }));
    }
}
