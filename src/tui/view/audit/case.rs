//! One mission's chain of reasons, from the brief to the commit.

use super::{
    super::{
        foot,
        frame::{Pen, row},
    },
    table::{cells, list},
};
use crate::{
    domain::{text::count, time::Millis},
    engine::{
        account,
        event::{Event, MissionEvent, TeamEvent},
        snapshot,
    },
    runtime::past::dossier::Paper,
    tui::{app::App, commands::CommandId, screens::audit::Case, theme::Role, words},
};
use ratatui::layout::Rect;

pub(super) fn draw(app: &App, case: &Case, pen: &mut Pen<'_>, area: Rect) {
    let Some(mission) = case.mission() else {
        pen.paragraph(area, "The journal does not say how it was opened.", Role::Bad);
        return;
    };
    let known = app.state.missions.get(&mission.id);
    let headline = known.map_or_else(
        || mission.result.ending.as_ref().map_or("", |(ending, _)| ending.word()).to_owned(),
        |known| snapshot::headline(&app.state, known),
    );
    let unknown = mission.teams.iter().any(|team| team.account.unknown);
    let took = mission.result.ending.as_ref().map(|(_, at)| format!("  took {}", at.since(mission.opened)));
    let head = format!(
        "{headline}  {}  {} tokens{}",
        words::spent(mission.spent, unknown),
        words::tokens(mission.usage.total()),
        took.unwrap_or_default()
    );
    pen.put(row(area, 0), 0, &crate::domain::text::clean_line(&head, 400), Role::Title);
    let foot = u16::from(area.height > 5);
    let body = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1 + foot), ..area };
    let papers: Vec<Option<&Paper>> = case.papers().collect();
    list(pen, body, (&papers, case.at), &|pen, line, paper| {
        let Some(paper) = paper else { return };
        let since = paper.fact.at.since(mission.opened).max(Millis(0)).to_string();
        let (glyph, role) = sign(&paper.fact.event);
        cells(
            pen,
            line,
            &[
                (8, &since, Role::Muted),
                (1, glyph, role),
                (14, &paper.fact.actor.to_string(), Role::Accent),
                (0, &account::line(&paper.fact.event, Some(mission)), Role::Text),
            ],
        );
    });
    if foot > 0 {
        let works = if case.works { "without works" } else { "with effects and money" };
        let cut = if case.dossier.cut { ", the newest are missing" } else { "" };
        let shown = count(papers.len(), "fact");
        let kept = app.state.missions.contains_key(&mission.id);
        let keys = app.hints_of(&[
            (!papers.is_empty(), CommandId::Card, "opens one"),
            (true, CommandId::Tools, works),
            (kept, CommandId::Versions, "versions"),
        ]);
        let foot = foot::fitted(&[vec![format!("{shown}{cut}")], keys].concat(), area.width);
        pen.put(row(area, area.height - 1), 0, &foot, Role::Muted);
    }
}

/// What kind of step it is.
fn sign(event: &Event) -> (&'static str, Role) {
    match event {
        Event::Mission(_, MissionEvent::Landed(..) | MissionEvent::Chosen(..)) => ("✓", Role::Ok),
        Event::Mission(_, MissionEvent::Ruled(..)) | Event::Desk(_) => ("⚑", Role::Attention),
        Event::Mission(..) => ("●", Role::Busy),
        Event::Team(_, _, TeamEvent::Failed(_)) => ("✗", Role::Bad),
        Event::Team(_, _, TeamEvent::CandidateProposed(_) | TeamEvent::EvidenceGathered(..)) => {
            ("◆", Role::Ok)
        }
        Event::Team(..) => ("›", Role::Text),
        Event::Incident(..) | Event::Ward(_) => ("!", Role::Attention),
        Event::Effect(_) | Event::Money(_) | Event::Control(_) | Event::Idea(_) => ("·", Role::Muted),
    }
}
