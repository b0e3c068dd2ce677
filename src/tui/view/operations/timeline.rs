//! The timeline: a row for every mission that goes on, a letter for the step at each moment.

use super::{
    super::frame::{Pen, row},
    lines::{beside_mark, clock},
};
use crate::{
    domain::{
        mission::Step,
        time::{Millis, Timestamp},
    },
    engine::{records::Track, state::Mission},
    tui::{
        app::App,
        screens::operations::{Section, live},
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;
use std::sync::Arc;

/// Columns of a mission's number, and of what is said at the end of its row.
const SIDES: (u16, u16) = (7, 24);
/// The shortest time that is shown.
const LEAST: Millis = Millis::mins(1);

/// A step's letter and colour.
fn letter(step: Step) -> (&'static str, Role) {
    match step {
        Step::Clarify => ("c", Role::Muted),
        Step::Plan => ("p", Role::Muted),
        Step::Test => ("t", Role::Busy),
        Step::Draft => ("d", Role::Busy),
        Step::Check => ("k", Role::Accent),
        Step::Judge => ("j", Role::Title),
        Step::Decide => ("?", Role::Attention),
        Step::Land => ("l", Role::Ok),
        Step::Stage => ("s", Role::Busy),
        Step::Validate => ("v", Role::Accent),
    }
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, focused: bool) {
    let all = live(&app.state).count();
    if all == 0 || area.height < 2 {
        pen.paragraph(area, "No mission goes on.", Role::Muted);
        return;
    }
    let at = app.screens.operations.at(Section::Timeline).min(all - 1);
    let rows = usize::from(area.height - 1);
    let top = (at + 1).saturating_sub(rows);
    let shown: Vec<&Arc<Mission>> = live(&app.state).skip(top).take(rows).collect();
    let tracks = app.state.records.tracks();
    let first =
        shown.iter().map(|mission| tracks.get(mission.id).map_or(mission.opened, |track| track.admitted));
    let now = app.now.wall;
    let from = first.min().unwrap_or(now).min(now - LEAST);
    // The letters that a brief has no step for stand where there is a feature.
    let feature = shown.iter().any(|mission| mission.brief.feature.is_some());
    let steps: &[Step] = if feature { &Step::ALL } else { &Step::BRIEF };
    head(pen, beside_mark(row(area, 0)), (from, steps));
    for ((y, mission), nth) in (1..).zip(&shown).zip(top..) {
        let line = row(area, y);
        mission_row(app, pen, beside_mark(line), (mission, from));
        if focused && nth == at {
            pen.chosen(line);
        }
    }
}

/// From when, and what the letters mean.
fn head(pen: &mut Pen<'_>, line: Rect, (from, steps): (Timestamp, &[Step])) {
    let mut x = pen.put(line, SIDES.0, &format!("{} to now ", clock(from)), Role::Muted) + 1;
    for step in steps {
        let (letter, role) = letter(*step);
        let label = format!("{letter} {}", step.word());
        if usize::from(x) + label.len() > usize::from(line.width) {
            break;
        }
        x = pen.put(line, x, letter, role) + 1;
        x = pen.put(line, x, step.word(), Role::Muted) + 1;
    }
}

fn mission_row(app: &App, pen: &mut Pen<'_>, line: Rect, (mission, from): (&Mission, Timestamp)) {
    let now = app.now.wall;
    pen.put(Rect { width: SIDES.0.min(line.width), ..line }, 0, &mission.id.to_string(), Role::Text);
    let sign = words::mission_sign(&app.state, mission);
    let step = mission.step.map_or("queued", Step::word);
    let said = format!("{} {step} {} {}", sign.glyph, now.since(mission.opened), mission.spent);
    let end = Rect { x: line.right().saturating_sub(SIDES.1), width: SIDES.1.min(line.width), ..line };
    let bar = line.width.saturating_sub(SIDES.0 + SIDES.1 + 1);
    match app.state.records.tracks().get(mission.id) {
        Some(track) if bar > 0 => {
            strip(pen, Rect { x: line.x + SIDES.0, width: bar, ..line }, (track, mission), (from, now));
        }
        _ => {}
    }
    if line.width > SIDES.0 + SIDES.1 {
        pen.put_right(end, &said, sign.role);
    } else {
        pen.put(line, SIDES.0, &said, sign.role);
    }
}

/// The letters, run by run.
fn strip(
    pen: &mut Pen<'_>,
    place: Rect,
    (track, mission): (&Track, &Mission),
    (from, now): (Timestamp, Timestamp),
) {
    let column = |at: Timestamp| {
        let (passed, whole) = (at.max(from).since(from).0, now.since(from).0.max(1));
        let nth = u128::from(passed) * u128::from(place.width) / u128::from(whole);
        u16::try_from(nth).unwrap_or(place.width).min(place.width.saturating_sub(1))
    };
    // What came before the first step that is remembered is not known; the last one goes on.
    let mut steps = track.steps.clone();
    if let (Some(step), Some((last, _))) = (mission.step, steps.last())
        && step != *last
    {
        steps.push((step, now));
    }
    for (nth, (step, since)) in steps.iter().enumerate() {
        let start = column(*since);
        let end = steps.get(nth + 1).map_or(place.width, |(_, next)| column(*next));
        // A step that was short has its letter all the same.
        let length = usize::from(end.saturating_sub(start)).max(1);
        let (letter, role) = letter(*step);
        pen.put(place, start, &letter.repeat(length), role);
    }
}
