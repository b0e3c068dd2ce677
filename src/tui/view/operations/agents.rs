//! The grid of agents: a cell for every team of every mission that goes on.

use super::super::frame::Pen;
use crate::{
    domain::text::clean_line,
    engine::{
        snapshot,
        state::{Mission, Team, TeamPhase},
    },
    tui::{
        app::App,
        screens::operations::{Section, agents, live, quiet},
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;

/// The least width of a cell.
const CELL: u16 = 26;
/// Its width where that leaves room for all: models have their whole names.
const CELL_ROOMY: u16 = 36;
/// Its rows: who and how; where, with what and how long.
const ROWS: u16 = 2;

/// Cells of a row.
pub(super) fn columns(app: &App, area: Rect) -> usize {
    let all: usize = live(&app.state).map(|mission| mission.teams.len()).sum();
    let few = usize::from((area.width / CELL_ROOMY).max(1));
    let fits = all.div_ceil(few) * usize::from(ROWS) <= usize::from(area.height);
    if fits { few } else { usize::from((area.width / CELL).max(1)) }
}

/// `12: 5 on air, 3 testing, 2 ready`.
pub(super) fn summary(app: &App) -> String {
    let mut counts = [0_usize; 8];
    let names =
        ["wait for you", "waiting", "on air", "testing", "ready", "not green", "taken over", "failed"];
    for (mission, _, team) in agents(&app.state) {
        let nth = match (snapshot::channel_word(&app.state, mission, team), &team.phase) {
            ("WAITS FOR YOU", _) => 0,
            ("RED" | "UNCHECKED", _) => 5,
            (_, TeamPhase::Waiting) => 1,
            (_, TeamPhase::Drafting) => 2,
            (_, TeamPhase::Checking) => 3,
            (_, TeamPhase::Ready) => 4,
            (_, TeamPhase::TakenOver) => 6,
            (_, TeamPhase::Failed(_)) => 7,
        };
        counts[nth] += 1;
    }
    let all: usize = counts.iter().sum();
    let parts: Vec<String> = counts
        .iter()
        .zip(names)
        .filter(|(count, _)| **count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if all == 0 { "nobody works".to_owned() } else { format!("{all}: {}", parts.join(", ")) }
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, focused: bool) {
    let all: usize = live(&app.state).map(|mission| mission.teams.len()).sum();
    if all == 0 {
        pen.paragraph(area, "No mission goes on. A brief on the first screen starts one.", Role::Muted);
        return;
    }
    let columns = columns(app, area);
    let at = app.screens.operations.at(Section::Agents).min(all - 1);
    let lines = usize::from((area.height / ROWS).max(1));
    let top = (at / columns + 1).saturating_sub(lines);
    let width = area.width / u16::try_from(columns).unwrap_or(1);
    let seen = agents(&app.state).enumerate().skip(top * columns).take(lines * columns);
    for (nth, (mission, _, team)) in seen {
        let slot = nth - top * columns;
        let (x, y) = (slot % columns, slot / columns);
        let offset = |cells: usize, each: u16| u16::try_from(cells).unwrap_or(u16::MAX).saturating_mul(each);
        let place = Rect {
            x: area.x + offset(x, width),
            y: area.y + offset(y, ROWS),
            width: width.saturating_sub(1),
            height: ROWS,
        };
        cell(app, pen, place.intersection(area), (mission, team));
        if focused && nth == at {
            // The first column of the second row is free.
            let below = Rect { y: place.y + 1, height: 1, ..place };
            pen.put(below.intersection(area), 0, "▸", Role::Accent);
            pen.choose(place.intersection(area));
        }
    }
}

fn cell(app: &App, pen: &mut Pen<'_>, place: Rect, (mission, team): (&Mission, &Team)) {
    let sign = words::team_sign(&app.state, mission, team);
    let still = quiet(&app.state, mission, team, app.now.wall);
    let first = Rect { height: 1.min(place.height), ..place };
    let word = if still.is_some() { "QUIET" } else { sign.word };
    let (glyph, role) = if still.is_some() { ("◌", Role::Warn) } else { (sign.glyph, sign.role) };
    let x = pen.put(first, 0, &format!("{glyph} {word}"), role) + 1;
    pen.put(first, x, &words::team_name_of(team), Role::Text);
    if place.height < ROWS {
        return;
    }
    let second = Rect { y: place.y + 1, height: 1, ..place };
    let age = match still {
        Some(since) => format!(" {}", app.now.wall.since(since)),
        None => format!(" {}", snapshot::worked(mission, team, app.now.wall)),
    };
    let room = second.width.saturating_sub(u16::try_from(age.len()).unwrap_or(u16::MAX));
    let room = Rect { width: room, ..second };
    let x = pen.put(room, 2, &mission.id.to_string(), Role::Muted) + 1;
    pen.put(room, x, &clean_line(&team.spec.model.model, 40), words::vendor_role(team.spec.model.vendor));
    pen.put_right(second, &age, Role::Muted);
}
