//! Numbers: success against the targets, what it cost and whose, who wins which kind of task, and what was learned.

use super::{
    super::frame::{Pen, row},
    learned,
    table::{Figure, cells, heads, nothing},
};
use crate::{
    domain::text::clean_line,
    engine::{
        healing::figures::healed,
        records::{Race, Standing, Table, metrics},
    },
    tui::{app::App, theme::Role},
};
use ratatui::layout::Rect;

/// From here on names have room.
const WIDE: u16 = 100;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let rows = rows(app, if area.width < WIDE { 24 } else { 40 });
    let first = app.screens.audit.numbers.min(rows.len().saturating_sub(usize::from(area.height)));
    for (y, cut) in (0..).zip(rows.iter().skip(first).take(usize::from(area.height))) {
        let cut: Vec<_> = cut.iter().map(|(width, words, role)| (*width, words.as_str(), *role)).collect();
        cells(pen, row(area, y), &cut);
    }
}

/// Rows there are.
pub(super) fn count(app: &App) -> usize {
    rows(app, 0).len()
}

/// All rows; names have so many columns.
fn rows(app: &App, names: u16) -> Vec<Vec<Figure>> {
    let records = &app.state.records;
    let mut rows =
        vec![heads(&[(names.min(26), "SUCCESS"), (9, "FIGURE"), (9, "TARGET"), (13, ""), (0, "TOLD FROM")])];
    for metric in metrics(records.total()).into_iter().chain(healed(&app.state.ward)) {
        let (glyph, role) = match metric.standing {
            Standing::Met => ("✓", Role::Ok),
            Standing::Missed => ("✗", Role::Bad),
            Standing::NoData => ("○", Role::Muted),
            Standing::Plain => (" ", Role::Muted),
        };
        let figure = metric.figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string());
        rows.push(vec![
            (names.min(26), metric.name.to_owned(), Role::Text),
            (9, figure, Role::Text),
            (9, metric.target.to_owned(), Role::Muted),
            (13, format!("{glyph} {}", metric.standing.word()), role),
            (0, metric.basis, Role::Muted),
        ]);
    }
    for (title, table) in [
        ("COST BY TEAM", records.teams()),
        ("COST BY MODEL", records.models()),
        ("COST BY KIND OF TASK", records.kinds()),
    ] {
        tallies(&mut rows, (title, names), table);
    }
    leaders(&mut rows, app, names);
    rows.extend(learned::rows(&app.state, names));
    rows
}

fn leaders(rows: &mut Vec<Vec<Figure>>, app: &App, names: u16) {
    let board = app.state.records.board();
    rows.push(Vec::new());
    rows.push(heads(&[
        (names, "LEADERBOARD"),
        (8, "RACES"),
        (8, "CHOSEN"),
        (8, "SHARE"),
        (8, "GREEN"),
        (12, "A WIN COST"),
        (0, "DRAFT"),
    ]));
    if board.kinds().is_empty() {
        rows.push(nothing("no data yet: nothing has landed that several teams were ready for"));
    }
    for (kind, races) in board.kinds() {
        rows.push(vec![(0, clean_line(kind, 80).into(), Role::Type)]);
        rows.extend(races.into_iter().map(|one| race(one, names)));
    }
}

fn tallies(rows: &mut Vec<Vec<Figure>>, (title, names): (&str, u16), table: &Table) {
    rows.push(Vec::new());
    rows.push(heads(&[
        (names, title),
        (9, "SPENT"),
        (8, "TOKENS"),
        (7, "CALLS"),
        (10, "LANDED"),
        (0, "EACH"),
    ]));
    if table.is_empty() {
        rows.push(nothing("no data yet: no model was called"));
    }
    let rest = table.rest().map(|rest| ("all others", rest));
    for (name, tally) in table.ranked().into_iter().chain(rest) {
        let some = |money: String| if tally.unknown > 0 { format!("≥ {money}") } else { money };
        rows.push(vec![
            (names, format!("  {}", clean_line(name, 60)), Role::Text),
            (9, some(tally.money.to_string()), Role::Text),
            (8, crate::tui::words::tokens(tally.tokens()), Role::Text),
            (7, tally.calls.to_string(), Role::Text),
            (10, format!("{} of {}", tally.landed, tally.ended), Role::Text),
            (
                0,
                tally.money_each().map_or_else(|| "-".to_owned(), |money| some(money.to_string())),
                Role::Text,
            ),
        ]);
    }
}

fn race(race: &Race, names: u16) -> Vec<Figure> {
    let name = match race.team.as_str() {
        "" => "all others".to_owned(),
        team => format!("{} {}", clean_line(team, 40), clean_line(&race.model, 60)),
    };
    let or_none = |words: Option<String>| words.unwrap_or_else(|| "-".to_owned());
    vec![
        (names, format!("  {name}"), Role::Text),
        (8, race.raced.to_string(), Role::Text),
        (8, race.chosen.to_string(), Role::Text),
        (8, or_none(race.share().map(|share| format!("{share} %"))), Role::Text),
        (8, race.passed.to_string(), Role::Text),
        (12, or_none(race.money_per_chosen().map(|money| money.to_string())), Role::Text),
        (0, or_none(race.time_each().map(|time| time.to_string())), Role::Text),
    ]
}
