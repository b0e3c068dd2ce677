//! Health: who answers, which checks cannot be trusted, which failures come again, and what is watched from outside.

use super::lines::{Line, line};
use crate::{
    domain::{
        probe::{ProbeHealth, ProbeState},
        text::{clean_line, count},
        time::Timestamp,
    },
    tui::{app::App, incidents, theme::Role, words},
};

/// Rows of each kind.
const MOST: usize = 8;

pub(super) fn lines(app: &App) -> Vec<Line> {
    let mut lines = vec![line("models", Role::Title)];
    models(app, &mut lines);
    lines.push(line("checks", Role::Title));
    checks(app, &mut lines);
    lines.push(line("failures that came again", Role::Title));
    failures(app, &mut lines);
    lines.push(line("probes and integrations", Role::Title));
    probes(app, &mut lines);
    lines.push(match app.state.seq.0 {
        0 => line("○ journal: nothing in it yet", Role::Muted),
        entries => vec![
            ("✓ journal".into(), Role::Ok),
            (
                format!("{}, the last {}", count(entries, "entry"), words::when(app.now.wall, app.state.at)),
                Role::Muted,
            ),
        ],
    });
    lines
}

/// Every probe, what is wrong first: its source, what it finds, in words, when it read anything last.
fn probes(app: &App, lines: &mut Vec<Line>) {
    let mut probes: Vec<&ProbeHealth> = app.vigil.probes.iter().collect();
    if probes.is_empty() {
        lines.push(line("○ no probes configured: nothing outside is watched", Role::Muted));
    }
    let rank = |state| match state {
        ProbeState::Failing => 0,
        ProbeState::Silent => 1,
        ProbeState::Waiting => 2,
        ProbeState::Well => 3,
    };
    probes.sort_by_key(|probe| rank(probe.state));
    for probe in probes {
        let sign = incidents::probe_sign(probe.state);
        let heard = match probe.heard {
            Some(at) => format!("heard {}", words::when(app.now.wall, at)),
            None => "heard nothing yet".to_owned(),
        };
        lines.push(vec![
            (format!("{} {:<7}", sign.glyph, sign.word), sign.role),
            (clean_line(&probe.id, 64).to_string(), Role::Text),
            (
                format!("{} of {},", clean_line(&probe.source, 16), clean_line(&probe.service, 64)),
                Role::Muted,
            ),
            (heard, Role::Muted),
            (clean_line(&probe.words, 300).to_string(), Role::Text),
        ]);
    }
}

/// Models by use: calls in the air, when one was last answered, and how often the price is not known.
fn models(app: &App, lines: &mut Vec<Line>) {
    let table = app.state.records.models();
    let ranked = table.ranked();
    if ranked.is_empty() {
        lines.push(line("○ no model has been named yet", Role::Muted));
    }
    for (name, tally) in ranked.iter().take(MOST) {
        let open = app.state.ledger.open.values();
        let open = open.filter(|held| held.model.to_string() == **name).count();
        let never = tally.called == Timestamp::default();
        let (sign, role) = match (open, never) {
            (0, true) => ("○ not called yet".to_owned(), Role::Muted),
            (0, false) => (format!("✓ answered {}", words::when(app.now.wall, tally.called)), Role::Ok),
            (_, _) => (format!("● {} open", count(open, "call")), Role::Busy),
        };
        let mut runs = vec![(sign, role), ((*name).to_owned(), Role::Text)];
        runs.push((format!("{}, {}", count(tally.calls, "call"), tally.money), Role::Muted));
        if tally.unknown > 0 {
            runs.push((format!("! {} of unknown price", tally.unknown), Role::Warn));
        }
        if tally.failed > 0 {
            runs.push((format!("{} failed", count(tally.failed, "draft")), Role::Warn));
        }
        lines.push(runs);
    }
}

/// Flaky checks first, then the slow and the often red.
fn checks(app: &App, lines: &mut Vec<Line>) {
    let mut checks = app.state.records.trouble().checks();
    if checks.is_empty() {
        lines.push(line("○ no check has run yet", Role::Muted));
    }
    checks.sort_by_key(|(_, check)| std::cmp::Reverse((check.differed, check.failed)));
    for (command, check) in checks.iter().take(MOST) {
        let (sign, role) = match (check.differed, check.failed) {
            (0, 0) => ("✓ steady", Role::Ok),
            (0, _) => ("● seen red", Role::Text),
            (_, _) => ("✗ FLAKY", Role::Bad),
        };
        let mean = check.time_each().unwrap_or_default();
        let mut runs = vec![(sign.to_owned(), role), ((*command).to_owned(), Role::Text)];
        if check.differed > 0 {
            let words = format!("passed and failed on one commit, {}", count(check.differed, "time"));
            runs.push((words, role));
        }
        let said = format!("{} of {} red, mean {mean}, longest {}", check.failed, check.runs, check.slowest);
        runs.push((said, Role::Muted));
        lines.push(runs);
    }
}

fn failures(app: &App, lines: &mut Vec<Line>) {
    let faults = app.state.records.trouble().faults();
    let again: Vec<_> = faults.iter().filter(|(_, fault)| fault.times > 1).take(MOST).collect();
    if again.is_empty() {
        lines.push(line("✓ none", Role::Ok));
    }
    for (_, fault) in again {
        lines.push(vec![
            (format!("✗ {} times", fault.times), Role::Bad),
            (fault.doing.clone(), Role::Text),
            (format!("last {}", words::when(app.now.wall, fault.at)), Role::Muted),
            (fault.words.clone(), Role::Text),
        ]);
    }
}
