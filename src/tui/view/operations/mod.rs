//! The operations screen as it is drawn: sections beside each other where there is room, else one at a time under a
//! row of tabs. Only what is seen is put into words.

mod agents;
mod feed;
mod health;
mod lines;
mod problems;
mod spend;
#[cfg(test)]
mod tests;
mod timeline;

use super::frame::{Focused, Pen};
use crate::tui::{
    app::App,
    screens::operations::{self, Section},
    theme::Role,
};
use lines::Line;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// From here on two columns of sections stand beside each other.
const ROOMY: (u16, u16) = (110, 30);
/// And from here on three.
const WIDE: (u16, u16) = (190, 40);

/// Sections of a column from top to bottom, each with its share of the height.
type Column = &'static [(Section, u16)];

const TWO: [(Column, u16); 2] = [
    (&[(Section::Agents, 4), (Section::Timeline, 3), (Section::Feed, 4)], 5),
    (&[(Section::Spend, 5), (Section::Problems, 3), (Section::Health, 3)], 4),
];
const THREE: [(Column, u16); 3] = [
    (&[(Section::Agents, 6), (Section::Timeline, 4)], 5),
    (&[(Section::Spend, 6), (Section::Health, 4)], 4),
    (&[(Section::Problems, 4), (Section::Feed, 6)], 4),
];

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let (bar, places) = places(app, area);
    let wrong = operations::problems(&app.state, app.now.wall);
    if let Some(bar) = bar {
        tabs(app, pen, bar, wrong.len());
    }
    for (section, at) in places {
        let focused = app.screens.operations.section == section;
        let title = title(app, section, wrong.len());
        let inner = pen.framed(at, &title, Focused::from(focused));
        match section {
            Section::Agents => agents::draw(app, pen, inner, focused),
            Section::Timeline => timeline::draw(app, pen, inner, focused),
            Section::Problems => problems::draw(app, pen, (inner, focused), &wrong),
            Section::Feed => feed::draw(app, pen, inner, focused),
            Section::Spend | Section::Health => {
                lines::draw(app, pen, (section, inner), &said(app, section, inner.width));
            }
        }
    }
    None
}

/// The lines of a section that is text.
fn said(app: &App, section: Section, width: u16) -> Vec<Line> {
    match section {
        Section::Health => lines::folded(health::lines(app), width),
        _ => lines::folded(spend::lines(app, width), width),
    }
}

/// A row of tabs, if there is one, and where the shown sections are.
fn places(app: &App, area: Rect) -> (Option<Rect>, Vec<(Section, Rect)>) {
    let fits = |size: (u16, u16)| area.width >= size.0 && area.height >= size.1;
    let shown = &app.screens.operations;
    if shown.full || !fits(ROOMY) {
        let bar = Rect { height: 1, ..area };
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        return (Some(bar), vec![(shown.section, rest)]);
    }
    let columns: &[(Column, u16)] = if fits(WIDE) { &THREE } else { &TWO };
    let mut places = Vec::new();
    for ((column, _), (x, width)) in columns.iter().zip(shares(columns, area.width)) {
        for ((section, _), (y, height)) in column.iter().zip(shares(column, area.height)) {
            places.push((*section, Rect { x: area.x + x, y: area.y + y, width, height }));
        }
    }
    (None, places)
}

/// A length cut by shares: where each part begins and how long it is; the last takes what is left over.
fn shares<T>(parts: &[(T, u16)], whole: u16) -> Vec<(u16, u16)> {
    let all: u16 = parts.iter().map(|(_, share)| share).sum::<u16>().max(1);
    let mut from = 0;
    let mut cut = Vec::new();
    for (nth, (_, share)) in parts.iter().enumerate() {
        let length = if nth + 1 == parts.len() {
            whole.saturating_sub(from)
        } else {
            u16::try_from(u32::from(whole) * u32::from(*share) / u32::from(all)).unwrap_or(whole)
        };
        cut.push((from, length));
        from = from.saturating_add(length);
    }
    cut
}

/// How many there are, where that says something.
fn number(app: &App, section: Section, wrong: usize) -> Option<usize> {
    match section {
        Section::Agents => Some(operations::live(&app.state).map(|mission| mission.teams.len()).sum()),
        Section::Timeline => Some(operations::live(&app.state).count()),
        Section::Problems => Some(wrong),
        Section::Spend | Section::Health | Section::Feed => None,
    }
}

fn title(app: &App, section: Section, wrong: usize) -> String {
    let word = section.word().to_uppercase();
    match section {
        Section::Agents => format!("{word} ── {}", agents::summary(app)),
        Section::Timeline => {
            let live = operations::live(&app.state).count();
            format!("{word} ── {}", crate::domain::text::count(live, "mission"))
        }
        Section::Spend => format!("{word} AND SUCCESS"),
        Section::Health => format!("{word} ── times in UTC"),
        Section::Problems if wrong == 0 => format!("{word} ── none"),
        Section::Problems => format!("{word} ── {wrong}"),
        Section::Feed => format!("{word} ── the last 24 hours, UTC"),
    }
}

/// All sections by name, or where those do not fit the shown one and its place among them.
fn tabs(app: &App, pen: &mut Pen<'_>, bar: Rect, wrong: usize) {
    let at = app.screens.operations.section;
    let label = |section: Section| {
        let count = number(app, section, wrong).filter(|count| *count > 0);
        let word = count.map_or(section.word().to_owned(), |count| format!("{} {count}", section.word()));
        if section == at { format!("[{word}]") } else { format!(" {word} ") }
    };
    let labels: Vec<String> = Section::ALL.into_iter().map(label).collect();
    let wide: usize = labels.iter().map(|label| label.width() + 1).sum();
    if wide <= usize::from(bar.width) {
        let mut x = 0;
        for (section, label) in Section::ALL.into_iter().zip(&labels) {
            x = pen.put(bar, x, label, if section == at { Role::Accent } else { Role::Text }) + 1;
        }
    } else {
        let nth = at as usize;
        let label = labels.get(nth).map_or("", String::as_str);
        pen.put(bar, 0, &format!("{label} {}/{}", nth + 1, labels.len()), Role::Accent);
    }
}

/// Whether one section can have the screen of all.
pub(in crate::tui) fn enlarges(app: &App) -> bool {
    let area = super::body(super::screen(app));
    area.width >= ROOMY.0 && area.height >= ROOMY.1
}

fn place_of(app: &App, section: Section) -> Rect {
    let (_, places) = places(app, super::body(super::screen(app)));
    let found = places.into_iter().find(|(shown, _)| *shown == section);
    found.map(|(_, at)| at.inner(ratatui::layout::Margin::new(1, 1))).unwrap_or_default()
}

/// Cells of a row of the agents' grid as it is shown.
pub(in crate::tui) fn columns(app: &App) -> usize {
    agents::columns(app, place_of(app, Section::Agents))
}

/// Places that the cursor of a section can be at.
pub(in crate::tui) fn rows(app: &App, section: Section) -> usize {
    match section {
        Section::Feed => app.state.records.recent().newest(app.now.wall).count(),
        Section::Spend | Section::Health => {
            let at = place_of(app, section);
            said(app, section, at.width).len().saturating_sub(usize::from(at.height)) + 1
        }
        Section::Problems => operations::problems(&app.state, app.now.wall).len(),
        Section::Agents | Section::Timeline => number(app, section, 0).unwrap_or(0),
    }
}
