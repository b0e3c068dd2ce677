//! Incidents, finished ones too: how bad, where it stands or how it ended, what was done, how long that took.

use super::{
    super::{
        foot,
        frame::{Pen, row},
    },
    table::{beside_mark, cells, list},
};
use crate::{
    domain::text::clean_line,
    engine::healing::{
        figures,
        ward::{Incident, Ward},
    },
    tui::{app::App, commands::CommandId, incidents, theme::Role, words},
};
use ratatui::layout::Rect;
use std::sync::Arc;

/// From here on what was done has a column.
const WIDE: u16 = 110;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let all = incidents::past(&app.state);
    let wide = area.width >= WIDE;
    let mut head = vec![
        (7, "ID", Role::Title),
        (3, "BAD", Role::Title),
        (20, "OUTCOME", Role::Title),
        (11, "FIRST SEEN", Role::Title),
        (8, "TOOK", Role::Title),
    ];
    if wide {
        head.push((44, "DONE", Role::Title));
    }
    head.push((0, "WHAT", Role::Title));
    cells(pen, beside_mark(row(area, 0)), &head);
    if all.is_empty() {
        let body = Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(2), ..area };
        pen.paragraph(body, "The monitor has found nothing yet.", Role::Muted);
        return;
    }
    let foot = u16::from(area.height > 6);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot), ..area };
    let at = app.screens.audit.incidents.min(all.len() - 1);
    list(pen, body, (&all, at), &|pen, line, incident| one(app, incident, pen, (line, wide)));
    if foot > 0 {
        let over = all.iter().filter(|incident| incident.phase.over()).count();
        let older = if over >= Ward::OVER_MOST { ", older ones are in the journal" } else { "" };
        let words = format!("{} of {}, {over} over{older}", at + 1, all.len());
        let opens = app.hints_of(&[(true, CommandId::Card, "opens one")]);
        let foot = foot::fitted(&[vec![words], opens].concat(), area.width);
        pen.put(row(area, area.height - 1), 0, &foot, Role::Muted);
    }
}

fn one(app: &App, incident: &Arc<Incident>, pen: &mut Pen<'_>, (line, wide): (Rect, bool)) {
    let sign = incidents::incident_sign(&app.state, incident);
    let (glyph, word, role) = match figures::is_healed(incident) {
        true => ("✓", "HEALED", Role::Ok),
        false => (sign.glyph, sign.word, sign.role),
    };
    let took = figures::took(incident).map(|took| took.to_string());
    let last = incident.attempts.last();
    let done = last.map_or_else(
        || "nothing was done".to_owned(),
        |attempt| {
            let outcome = incidents::outcome_sign(attempt.outcome.as_ref());
            let word = outcome.word.to_lowercase();
            let words = clean_line(&attempt.remedy.words(), 80);
            let times = if incident.attempts.len() > 1 {
                format!(", attempt {}", attempt.number)
            } else {
                String::new()
            };
            format!("{} {word}: {words}{times}", outcome.glyph)
        },
    );
    let what = format!("{}: {}", clean_line(&incident.service, 40), clean_line(&incident.title, 200));
    let outcome = format!("{glyph} {word}");
    let first = words::when(app.now.wall, incident.first_seen);
    let (id, severity) = (incident.id.to_string(), incident.severity.word());
    let mut cut = vec![
        (7, id.as_str(), Role::Accent),
        (3, severity, incidents::severity_role(incident.severity)),
        (20, outcome.as_str(), role),
        (11, first.as_str(), Role::Muted),
        (8, took.as_deref().unwrap_or("-"), Role::Text),
    ];
    if wide {
        cut.push((44, done.as_str(), Role::Text));
    }
    cut.push((0, what.as_str(), Role::Text));
    cells(pen, line, &cut);
}
