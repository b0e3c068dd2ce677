//! Finished missions: outcome, who decided, cost, how long, what was asked.

use super::{
    super::frame::{Pen, row},
    table::{beside_mark, cells, list},
};
use crate::{
    domain::text::clean_line,
    engine::state::Mission,
    tui::{app::App, screens::audit::finished, theme::Role, words},
};
use ratatui::layout::Rect;
use std::sync::Arc;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let all = finished(&app.state);
    let head = [
        (7, "MISSION", Role::Title),
        (14, "OUTCOME", Role::Title),
        (12, "DECIDED BY", Role::Title),
        (8, "SPENT", Role::Title),
        (8, "TOOK", Role::Title),
        (0, "BRIEF", Role::Title),
    ];
    cells(pen, beside_mark(row(area, 0)), &head);
    if all.is_empty() {
        let words = "Nothing has ended yet. What goes on is on screens 1 and 2.";
        pen.paragraph(
            Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(2), ..area },
            words,
            Role::Muted,
        );
        return;
    }
    let foot = u16::from(area.height > 6);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot), ..area };
    let at = app.screens.audit.missions.min(all.len() - 1);
    list(pen, body, (&all, at), &|pen, line, mission| one(app, mission, pen, line));
    if foot > 0 {
        let most = crate::engine::state::State::ENDED_MOST;
        let words = if all.len() >= most {
            format!("{} of {}, the last {most}: older ones are in the journal", at + 1, all.len())
        } else {
            format!("{} of {}", at + 1, all.len())
        };
        pen.put(row(area, area.height - 1), 0, &words, Role::Muted);
    }
}

fn one(app: &App, mission: &Arc<Mission>, pen: &mut Pen<'_>, line: Rect) {
    let sign = words::mission_sign(&app.state, mission);
    let took = mission.result.ending.as_ref().map(|(_, at)| at.since(mission.opened).to_string());
    let unknown = mission.teams.iter().any(|team| team.account.unknown);
    let who = app.screens.audit.deciders.get(&mission.id).map_or("-", String::as_str);
    cells(
        pen,
        line,
        &[
            (7, &mission.id.to_string(), Role::Accent),
            (14, &format!("{} {}", sign.glyph, sign.word), sign.role),
            (12, who, Role::Text),
            (8, &words::spent(mission.spent, unknown), Role::Text),
            (8, took.as_deref().unwrap_or("-"), Role::Text),
            (0, &clean_line(&mission.brief.text, 200), Role::Text),
        ],
    );
}
