//! Tokens and money by hour and day against their caps, and success against its targets.

use super::lines::{Line, gauge, line, spark};
use crate::{
    domain::{money::Money, text::count},
    engine::{
        healing::figures::healed,
        records::{Metric, Standing, Sums, metrics},
    },
    tui::{app::App, theme::Role, words},
};

/// Days that success is told from.
const SPAN_DAYS: usize = 30;
/// From here on there is room for gauges and calls.
const ROOMY: usize = 72;
/// And from here on for what a figure is told from.
const BASIS: usize = 62;
/// Columns of the names at the left.
const NAMES: usize = 9;

pub(super) fn lines(app: &App, width: u16) -> Vec<Line> {
    let (records, now) = (&app.state.records, app.now.wall);
    let (calendar, spend) = (records.calendar(), records.calendar().spend(now));
    let cap = app.state.policy.budget.per_day;
    let mut lines = vec![
        span("today", &spend.today, (cap, 1), usize::from(width)),
        span("7 days", &spend.week, (cap, 7), usize::from(width)),
        span("month", &spend.month, (cap, i64::from(spend.day.1)), usize::from(width)),
        match spend.projected {
            Some(end) => line(format!("{:NAMES$}→ {end} at month's end, pace of 7 days", ""), Role::Text),
            None => line(format!("{:NAMES$}no pace yet: no calls in 7 days", ""), Role::Muted),
        },
    ];
    if app.state.ledger.unknown_calls > 0 {
        let calls = count(app.state.ledger.unknown_calls, "call");
        lines.push(line(format!("! {calls} of unknown price: money is a lower bound"), Role::Warn));
    }
    // Beside a spark stands its peak.
    let room = usize::from(width).saturating_sub(NAMES + 13).max(8);
    let hours = calendar.hours(now, if room < 48 { room.min(24) } else { 48 });
    let days = calendar.days(now, room.min(SPAN_DAYS));
    for (slots, unit) in [(&hours, "h"), (&days, "d")] {
        let spent: Vec<u64> = slots.iter().map(|sums| u64::try_from(sums.money.0).unwrap_or(0)).collect();
        let tokens: Vec<u64> = slots.iter().map(Sums::tokens).collect();
        let most = Money(i64::try_from(spent.iter().copied().max().unwrap_or(0)).unwrap_or(i64::MAX));
        let name = format!("{} {unit}", slots.len());
        lines.push(vec![
            (format!("{:NAMES$}{}", format!("{name} $"), spark(&spent)), Role::Ok),
            (format!("peak {most}"), Role::Muted),
        ]);
        lines.push(vec![
            (format!("{:NAMES$}{}", format!("{name} tok"), spark(&tokens)), Role::Busy),
            (format!("peak {}", words::tokens(tokens.iter().copied().max().unwrap_or(0))), Role::Muted),
        ]);
    }
    let sums: Sums = calendar.days(now, SPAN_DAYS).iter().sum();
    lines.push(line(format!("success in {SPAN_DAYS} days, and its targets"), Role::Title));
    let found = metrics(&sums).into_iter().chain(healed(&app.state.ward));
    lines.extend(found.map(|found| metric(&found, usize::from(width) > BASIS)));
    lines
}

/// `today $1.20 of $50.00 ██░░ 2 % 12.4k in 3.1k out 12 calls`.
fn span(name: &str, sums: &Sums, (cap, days): (Money, i64), width: usize) -> Line {
    let cap = Money(cap.0.saturating_mul(days));
    let (used, whole) = (u64::try_from(sums.money.0).unwrap_or(0), u64::try_from(cap.0).unwrap_or(0));
    let pct = (u128::from(used) * 100).checked_div(u128::from(whole)).unwrap_or(0);
    let role = match pct {
        0..80 => Role::Text,
        80..100 => Role::Warn,
        _ => Role::Bad,
    };
    let word = match pct {
        0..80 => "",
        80..100 => " nearly spent",
        _ => " SPENT",
    };
    let mut runs = vec![(format!("{name:NAMES$}{}", sums.money), role)];
    if whole > 0 {
        runs.push((format!("of {cap}"), Role::Muted));
        if width > ROOMY {
            runs.push((gauge(used, whole, 10), role));
        }
        runs.push((format!("{pct} %{word}"), role));
    }
    runs.push((format!("{} in {} out", words::tokens(sums.input), words::tokens(sums.output)), Role::Text));
    if width > ROOMY {
        runs.push((count(sums.calls, "call"), Role::Muted));
    }
    runs
}

/// A metric with its target; how it stands is a glyph and a word.
fn metric(metric: &Metric, basis: bool) -> Line {
    let (glyph, role) = match metric.standing {
        Standing::Met => ("✓", Role::Ok),
        Standing::Missed => ("✗", Role::Bad),
        Standing::NoData => ("○", Role::Muted),
        Standing::Plain => (" ", Role::Text),
    };
    let figure = metric.figure.map(|figure| figure.to_string());
    let word = if metric.standing == Standing::Plain { "" } else { metric.standing.word() };
    vec![
        (format!("{glyph} {:18} {:>8}", metric.name, figure.as_deref().unwrap_or("–")), role),
        (format!("{:7}", metric.target), Role::Muted),
        (format!("{word:11}"), role),
        (if basis { metric.basis.clone() } else { String::new() }, Role::Muted),
    ]
}
