//! A channel: who, how it stands, its thought stream, its live shot.

use super::frame::{Focused, Pen, row};
use crate::{
    domain::{
        feed::Channel,
        text::{clean_line, count},
    },
    engine::{
        snapshot,
        state::{Mission, Team, TeamPhase},
    },
    tui::{
        app::{App, Focus},
        channels::{Face, View},
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;

/// Rows above the streams: the status line.
const STATUS: u16 = 1;
/// Lines of a stream on a slow line.
const LAST_LINES: u16 = 4;

pub(super) fn tabs(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let Some(mission) = app.mission() else { return };
    let mut x = 0;
    for (at, team) in mission.teams.iter().enumerate() {
        let sign = words::team_sign(&app.state, mission, team);
        let label = format!(" [{}] {} {} {} ", team.id.0, words::team_short(team), sign.glyph, sign.word);
        let role = if at == app.channels.at { Role::Selection } else { Role::Muted };
        x = pen.put(area, x, &label, role) + 1;
    }
}

/// Where thoughts and the shot go within a channel's frame.
pub(super) fn split(outer: Rect, face: Face) -> (Rect, Rect) {
    let inner = Rect {
        x: outer.x + 1,
        y: outer.y + 1 + STATUS,
        width: outer.width.saturating_sub(2),
        height: outer.height.saturating_sub(2 + STATUS),
    };
    let upper = match face {
        Face::Thoughts => inner.height,
        Face::Shot => 0,
        Face::Both => inner.height / 2,
    };
    let thoughts = Rect { height: upper, ..inner };
    (thoughts, Rect { y: inner.y + upper, height: inner.height - upper, ..inner })
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, at: usize) {
    let Some((mission, team)) = app.mission().and_then(|m| Some((m, m.teams.get(at)?))) else {
        let inner = pen.framed(area, "CHANNELS", Focused::from(app.focus.0 == Focus::Channels));
        if app.briefing.teams().is_empty() {
            let why = format!("No team can be on air. {}", app.look.notice.replace("; ", "\n"));
            pen.paragraph(inner, &why, Role::Attention);
        } else {
            pen.paragraph(inner, "Teams appear here when a brief is transmitted.", Role::Muted);
        }
        return;
    };
    let focused = app.focus.0 == Focus::Channels && at == app.channels.at;
    let title = format!(
        "[{}] TEAM {}  {}",
        team.id.0,
        words::team_short(team).to_uppercase(),
        clean_line(&team.spec.model.model, 48)
    );
    let inner = pen.framed(area, &title, Focused::from(focused));
    let view = app.channels.view(Channel { mission: mission.id, team: Some(team.id) });
    status(app, pen, row(inner, 0), (mission, team, view));
    let (thoughts, shot) = split(area, app.channels.face);
    let thoughts = in_short(app, thoughts);
    if app.channels.face.shows(Face::Thoughts) {
        stream(pen, thoughts, view);
    }
    if app.channels.face.shows(Face::Shot) {
        match view.filter(|view| view.patch.is_some()) {
            Some(view) => view.shot.render(shot, pen.buf, pen.theme),
            None => no_shot(pen, shot, team, mission),
        }
    }
}

/// On a slow line a stream is its last lines: what scrolls is sent again whole.
pub(super) fn in_short(app: &App, thoughts: Rect) -> Rect {
    if app.look.manner.low_bandwidth && !app.channels.full {
        Rect { height: thoughts.height.min(1 + LAST_LINES), ..thoughts }
    } else {
        thoughts
    }
}

type Told<'a> = (&'a Mission, &'a Team, Option<&'a View>);

fn status(app: &App, pen: &mut Pen<'_>, line: Rect, (mission, team, view): Told<'_>) {
    let sign = words::team_sign(&app.state, mission, team);
    let (usage, money) = match view.and_then(|view| view.meter.as_ref()) {
        Some((usage, cost)) if usage.total() > team.account.usage.total() => (*usage, words::cost(*cost)),
        _ => (team.account.usage, words::spent(team.account.spent, team.account.unknown)),
    };
    let mark = format!("{} {}", sign.glyph, sign.word);
    let tokens = format!("{} tok", words::tokens(usage.total()));
    let elapsed = snapshot::worked(mission, team, app.now.wall).to_string();
    let attempt = if team.attempt > 1 { format!("attempt {}", team.attempt) } else { String::new() };
    let runs = [
        (mark.as_str(), sign.role),
        (tokens.as_str(), Role::Muted),
        (money.as_str(), Role::Muted),
        (elapsed.as_str(), Role::Muted),
        (attempt.as_str(), Role::Warn),
    ];
    let x = pen.runs(line, &runs);
    if let TeamPhase::Failed(failure) = &team.phase {
        pen.put(line, x, &clean_line(&failure.reason, 200), Role::Bad);
    } else if let Some((_, Some(evidence))) = team.candidates.last() {
        let role = if evidence.passed() { Role::Ok } else { Role::Bad };
        pen.put(line, x, &words::evidence_line(evidence), role);
    }
}

fn stream(pen: &mut Pen<'_>, area: Rect, view: Option<&View>) {
    let x = pen.put(row(area, 0), 0, "THOUGHT STREAM", Role::Title) + 2;
    let Some(view) = view else { return };
    let mut said = Vec::new();
    if !view.log.is_following() {
        said.push("held still: F follows".to_owned());
    }
    if let Some(wanted) = view.log.searching() {
        let (at, all) = view.log.match_count();
        said.push(format!("{at}/{all} {wanted}"));
    }
    pen.put(row(area, 0), x, &said.join("  "), Role::Warn);
    let lines = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    view.log.render(lines, pen.buf, pen.theme);
}

fn no_shot(pen: &mut Pen<'_>, area: Rect, team: &Team, mission: &Mission) {
    pen.put(row(area, 0), 0, "LIVE SHOT", Role::Title);
    let words = match team.candidates.last() {
        Some((candidate, _)) => format!(
            "{} +{} -{}; V lists every version of {}",
            count(candidate.stat.files.len(), "file"),
            candidate.stat.additions,
            candidate.stat.deletions,
            mission.id
        ),
        None => "no changes yet".into(),
    };
    pen.put(row(area, 1), 0, &words, Role::Muted);
}
