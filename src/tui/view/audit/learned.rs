//! What was learned: how people rated what landed and why they said no, checks that are slow, red or flaky, what stopped work
//! more than once, and what helped against which incident.

use super::table::{Figure, heads, nothing};
use crate::{
    domain::{
        incident::AttemptOutcome,
        text::{clean_line, count},
    },
    engine::{healing::ward::Lesson, records::Table, state::State},
    tui::theme::Role,
};

/// Rows of each list.
const ROWS_MOST: usize = 8;
/// Reasons that are named of one row.
const REASONS_MOST: usize = 2;

/// All rows; names have so many columns.
pub(super) fn rows(state: &State, names: u16) -> Vec<Vec<Figure>> {
    let mut rows = Vec::new();
    for (title, table) in
        [("RATED, BY TEAM", state.records.teams()), ("RATED, BY KIND OF TASK", state.records.kinds())]
    {
        opinions(&mut rows, (title, names), table);
    }
    checks(&mut rows, state, names);
    faults(&mut rows, state, names);
    remedies(&mut rows, &state.ward.lessons, names);
    rows
}

fn opinions(rows: &mut Vec<Vec<Figure>>, (title, names): (&str, u16), table: &Table) {
    rows.push(Vec::new());
    rows.push(heads(&[(names, title), (8, "STARS"), (8, "RATED"), (10, "REJECTED"), (0, "WHY")]));
    let ranked = table.ranked();
    let told = ranked.iter().filter(|(_, tally)| tally.rated + tally.rejected > 0).take(ROWS_MOST);
    let before = rows.len();
    for (name, tally) in told {
        let stars = tally.stars_each().map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
        let mut reasons: Vec<_> = tally.reasons.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1));
        let why: Vec<String> = reasons
            .into_iter()
            .take(REASONS_MOST)
            .map(|(reason, times)| format!("{} ({times})", clean_line(reason, 80)))
            .collect();
        rows.push(vec![
            (names, format!("  {}", clean_line(name, 60)), Role::Text),
            (8, stars.unwrap_or_else(|| "-".into()), Role::Text),
            (8, tally.rated.to_string(), Role::Text),
            (10, tally.rejected.to_string(), Role::Text),
            (0, why.join("; "), Role::Muted),
        ]);
    }
    if rows.len() == before {
        rows.push(nothing("no data yet: nothing was rated or rejected"));
    }
}

fn checks(rows: &mut Vec<Vec<Figure>>, state: &State, names: u16) {
    rows.push(Vec::new());
    rows.push(heads(&[
        (names, "CHECKS"),
        (8, "RUNS"),
        (8, "RED"),
        (8, "FLAKY"),
        (12, "MEAN TIME"),
        (0, "LONGEST"),
    ]));
    let checks = state.records.trouble().checks();
    if checks.is_empty() {
        rows.push(nothing("no data yet: no check was run"));
    }
    for (command, check) in checks.into_iter().take(ROWS_MOST) {
        let flaky = if check.differed > 0 { Role::Warn } else { Role::Text };
        rows.push(vec![
            (names, format!("  {}", clean_line(command, 60)), Role::Text),
            (8, check.runs.to_string(), Role::Text),
            (8, check.failed.to_string(), Role::Text),
            (8, check.differed.to_string(), flaky),
            (12, check.time_each().map_or_else(|| "-".into(), |time| time.to_string()), Role::Text),
            (0, check.slowest.to_string(), Role::Text),
        ]);
    }
}

fn faults(rows: &mut Vec<Vec<Figure>>, state: &State, names: u16) {
    rows.push(Vec::new());
    rows.push(heads(&[(names, "FAILED AGAIN"), (8, "TIMES"), (0, "WHY")]));
    let again: Vec<_> = state
        .records
        .trouble()
        .faults()
        .into_iter()
        .filter(|(_, fault)| fault.times > 1)
        .take(ROWS_MOST)
        .collect();
    if again.is_empty() {
        rows.push(nothing("no data yet: nothing failed more than once for the same reason"));
    }
    for (_, fault) in again {
        rows.push(vec![
            (names, format!("  {}", clean_line(&fault.doing, 60)), Role::Text),
            (8, fault.times.to_string(), Role::Text),
            (0, clean_line(&fault.words, 200).into(), Role::Text),
        ]);
    }
}

fn remedies(rows: &mut Vec<Vec<Figure>>, lessons: &[Lesson], names: u16) {
    rows.push(Vec::new());
    rows.push(heads(&[(names, "REMEDIES"), (12, "CAME TO"), (8, "TOOK"), (0, "OF")]));
    if lessons.is_empty() {
        rows.push(nothing("no data yet: nothing was done about an incident"));
    }
    for lesson in lessons.iter().rev().take(ROWS_MOST) {
        let role = if lesson.outcome == AttemptOutcome::Helped { Role::Ok } else { Role::Warn };
        let by = if lesson.by_hand { " by hand" } else { "" };
        rows.push(vec![
            (names, format!("  {}{by}", clean_line(&lesson.remedy, 60)), Role::Text),
            (12, lesson.outcome.word().to_owned(), role),
            (8, lesson.took.to_string(), Role::Text),
            (0, format!("{} {}", lesson.incident, clean_line(&lesson.title, 120)), Role::Muted),
        ]);
    }
    let more = lessons.len().saturating_sub(ROWS_MOST);
    if more > 0 {
        rows.push(nothing(&format!("and {} before", count(more, "lesson"))));
    }
}
