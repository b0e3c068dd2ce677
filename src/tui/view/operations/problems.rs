//! The list of problems.

use super::{
    super::frame::{Pen, row},
    lines::beside_mark,
};
use crate::{
    domain::text::{clean_line, count},
    engine::healing::ward::Incident,
    tui::{
        app::App,
        incidents,
        screens::operations::{Problem, Section, Wrong},
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, (area, focused): (Rect, bool), found: &[Problem<'_>]) {
    if found.is_empty() {
        pen.put(row(area, 0), 0, "✓ nothing stands still, waits or costs too much", Role::Ok);
        return;
    }
    let at = app.screens.operations.at(Section::Problems).min(found.len() - 1);
    let top = (at + 1).saturating_sub(usize::from(area.height));
    for ((y, problem), nth) in (0..).zip(found.iter().skip(top).take(usize::from(area.height))).zip(top..) {
        let line = row(area, y);
        one(app, pen, beside_mark(line), problem);
        if focused && nth == at {
            pen.chosen(line);
        }
    }
}

fn one(app: &App, pen: &mut Pen<'_>, line: Rect, problem: &Problem<'_>) {
    let (sign, role, said) = words_of(app, problem);
    let age = problem.since.map(|since| format!(" {}", app.now.wall.since(since))).unwrap_or_default();
    let room = line.width.saturating_sub(u16::try_from(age.len()).unwrap_or(u16::MAX));
    let x = pen.put(Rect { width: room, ..line }, 0, sign, role) + 1;
    pen.put(Rect { width: room, ..line }, x, &said, Role::Text);
    pen.put_right(line, &age, Role::Muted);
}

fn words_of(app: &App, problem: &Problem<'_>) -> (&'static str, Role, String) {
    match &problem.what {
        Wrong::Halted(why) => ("■ HALTED", Role::Bad, clean_line(why, 200).to_string()),
        Wrong::Waits(request) => {
            let mission = app.state.missions.get(&request.mission).map(AsRef::as_ref);
            (
                "⚑ WAITS",
                Role::Attention,
                format!("{} {}", incidents::place(request), words::asks(mission, request)),
            )
        }
        Wrong::Questions(mission) => {
            let asked = words::questions(mission).map_or(0, <[_]>::len);
            ("⚑ WAITS", Role::Attention, format!("{} {} before work", mission.id, count(asked, "question")))
        }
        Wrong::Quiet(mission, team) => {
            ("◌ QUIET", Role::Warn, format!("{} {} finishes no turn", mission.id, words::team_name_of(team)))
        }
        Wrong::Failed(mission, team, why) => {
            let name = words::team_name_of(team);
            ("✗ FAILED", Role::Bad, format!("{} {name}: {}", mission.id, clean_line(why, 200)))
        }
        Wrong::Budget(mission) => {
            let (spent, cap) = (mission.spent, mission.brief.budget);
            let note = mission.result.budget_note.as_ref();
            let note = note.map(|note| format!(": {}", clean_line(note, 160))).unwrap_or_default();
            let over = spent >= cap || !note.is_empty();
            let (sign, role) = if over { ("✗ BUDGET", Role::Bad) } else { ("! BUDGET", Role::Warn) };
            (sign, role, format!("{} has spent {spent} of {cap}{note}", mission.id))
        }
        Wrong::Day(spent, cap) => ("! DAY CAP", Role::Warn, format!("{spent} of {cap} is spent today")),
        Wrong::Storm(part) => {
            let words = format!("{} at once: nothing acts by itself", count(*part, "incident"));
            ("✗ STORM", Role::Bad, words)
        }
        Wrong::NeedsHuman(incident, why) => {
            ("⚑ NEEDS YOU", Role::Attention, format!("{}: {}", named(incident), clean_line(why, 200)))
        }
        Wrong::Ill(incident) => {
            let sign = incidents::incident_sign(&app.state, incident);
            // Why it waits is more than what it is called, where there is room for one.
            let said = match incident.held_back() {
                Some(why) => {
                    let (why, title) = (clean_line(why, 200), clean_line(&incident.title, 120));
                    format!("{} waits: {why}; {title}", grave(incident))
                }
                None => format!("{} {} {}", named(incident), sign.glyph, sign.word.to_lowercase()),
            };
            ("! INCIDENT", Role::Warn, said)
        }
        Wrong::Silenced(incident, why) => ("◌ QUIET", Role::Muted, format!("{}: {why}", named(incident))),
        Wrong::Unpriced(calls) => {
            ("! PRICE", Role::Warn, format!("{} of unknown price so far", count(*calls, "call")))
        }
    }
}

/// Which incident, how bad, what.
fn named(incident: &Incident) -> String {
    format!("{} {}", grave(incident), clean_line(&incident.title, 120))
}

/// Which incident, and how bad.
fn grave(incident: &Incident) -> String {
    format!("{} {}", incident.id, incident.severity)
}
