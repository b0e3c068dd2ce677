//! The ideas screen as it is drawn: ideas by score, beside them why, what speaks for the chosen one, and its brief.

use super::frame::{Focused, Pen, row};
use crate::{
    domain::{
        text::{clean, clean_line},
        time::Timestamp,
    },
    engine::ideas::{Idea, Standing},
    tui::{app::App, commands::CommandId, theme::Role, words},
};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// From this width on, list and detail stand side by side.
const WIDE: u16 = 110;
/// Columns of an idea's kind.
const KIND: u16 = 17;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let (list, detail) = if area.width >= WIDE {
        let left = area.width * 11 / 20;
        let right = Rect { x: area.x + left, width: area.width - left, ..area };
        (Rect { width: left, ..area }, right)
    } else {
        let top = (area.height * 2 / 5).max(3).min(area.height);
        (Rect { height: top, ..area }, Rect { y: area.y + top, height: area.height - top, ..area })
    };
    ideas(app, pen, list);
    chosen(app, pen, detail);
    None
}

fn ideas(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let screen = &app.screens.ideas;
    let shown = screen.shown();
    let away = match (screen.all, screen.away()) {
        (true, _) => " ─ all of them".to_owned(),
        (false, 0) => String::new(),
        (false, away) => format!(" ─ {} dismissed or taken: {}", away, key(app, CommandId::IdeaAll)),
    };
    let inner = pen.framed(area, &format!("IDEAS{away}"), Focused::Yes);
    let agent = agent(app);
    let list = Rect { height: inner.height.saturating_sub(u16::from(!agent.is_empty())), ..inner };
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &agent, Role::Muted);
    if shown.is_empty() {
        let hint = format!(
            "No ideas yet. They come from what happens more than once: failures, flaky checks, costly missions, \
             rejections, commands that are asked for. {} asks the ideas agent.",
            key(app, CommandId::IdeaAsk)
        );
        pen.paragraph(list, &hint, Role::Muted);
        return;
    }
    let height = usize::from(list.height);
    let top = (screen.at + 1).saturating_sub(height);
    for (y, idea) in shown.iter().skip(top).take(height).enumerate() {
        let line = row(list, u16::try_from(y).unwrap_or(u16::MAX));
        idea_row(app, pen, Rect { x: line.x + 1, width: line.width.saturating_sub(1), ..line }, idea);
        if top + y == screen.at {
            pen.chosen(line);
        }
    }
}

/// Score, kind, title; source and age at the end.
fn idea_row(app: &App, pen: &mut Pen<'_>, line: Rect, idea: &Idea) {
    let right = match &idea.standing {
        Standing::Open => source_and_age(app, idea),
        Standing::Dismissed(_) => "✗ dismissed".to_owned(),
        Standing::Taken(taken) => format!("→ {}", taken.mission),
    };
    let wide = u16::try_from(right.width()).unwrap_or(0);
    let role = if idea.standing == Standing::Open { Role::Text } else { Role::Muted };
    let left = Rect { width: line.width.saturating_sub(wide + 1), ..line };
    pen.put(left, 0, &format!("{:>3}", idea.score), Role::Accent);
    pen.put(left, 4, idea.kind.word(), Role::Title);
    pen.put(left, 4 + KIND, &clean_line(&idea.title, 300), role);
    pen.put_right(line, &right, Role::Muted);
}

/// Who had it, and when it was last seen.
fn source_and_age(app: &App, idea: &Idea) -> String {
    match idea.seen.1 {
        at if at == Timestamp::default() => idea.kind.source().to_owned(),
        at => format!("{} {}", idea.kind.source(), words::when(app.now.wall, at)),
    }
}

/// How it stands with the ideas agent; nothing if it was never asked.
fn agent(app: &App) -> String {
    let asking = &app.state.asking;
    match (asking.open, asking.begun, asking.count) {
        (None, _, 0) => String::new(),
        (None, ..) => format!("ideas agent: {}", clean_line(&asking.last, 200)),
        (Some(_), true, _) => "● THINKING  the ideas agent looks at history and repository".to_owned(),
        (Some(_), false, _) => "○ ASKED  the ideas agent is about to begin".to_owned(),
    }
}

fn key(app: &App, id: CommandId) -> String {
    app.look.keymap.keys_of(id).into_iter().next().unwrap_or_default()
}

fn chosen(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let Some(idea) = app.screens.ideas.chosen() else {
        pen.framed(area, "IDEA", Focused::No);
        return;
    };
    let inner = pen.framed(area, &format!("{} ─ {}", idea.id, idea.kind.word()), Focused::No);
    let mut lines: Vec<(String, Role)> = vec![(idea.title.clone(), Role::Title)];
    match &idea.standing {
        Standing::Open => {}
        Standing::Dismissed(dismissal) => {
            let words =
                format!("✗ dismissed with {} of it: {}", dismissal.weight, clean(&dismissal.why).trim());
            lines.push((words, Role::Warn));
        }
        Standing::Taken(taken) => {
            lines.push((format!("→ {} was made of it", taken.mission), Role::Accent));
        }
    }
    lines.extend(idea.evidence.iter().map(|line| (format!("· {line}"), Role::Text)));
    if !idea.missions.is_empty() {
        let missions: Vec<String> = idea.missions.iter().rev().map(ToString::to_string).collect();
        // The last ones only: how often it was is told above.
        lines.push((format!("· seen last in {}", missions.join(", ")), Role::Text));
    }
    let because = format!("SCORE {}", idea.score);
    if app.focus.1.0 < WIDE {
        let reasons: Vec<String> =
            idea.reasons.iter().map(|reason| format!("{:+} {}", reason.points, reason.words)).collect();
        lines.push((clean_line(&format!("{because}  {}", reasons.join("; ")), 600).into(), Role::Muted));
        lines.push((clean(&idea.brief).to_string(), Role::Code));
        return paragraphs(pen, inner, lines);
    }
    lines.push((because, Role::Title));
    let reason = |reason: &crate::engine::ideas::Reason| {
        (format!("{:>+4}  {}", reason.points, clean_line(&reason.words, 300)), Role::Text)
    };
    lines.extend(idea.reasons.iter().map(reason));
    lines.push(("BRIEF".into(), Role::Title));
    lines.push((clean(&idea.brief).to_string(), Role::Code));
    paragraphs(pen, inner, lines);
}

fn paragraphs(pen: &mut Pen<'_>, inner: Rect, lines: Vec<(String, Role)>) {
    let mut y = 0;
    for (text, role) in lines {
        let rest = Rect { y: inner.y + y, height: inner.height.saturating_sub(y), ..inner };
        if rest.height == 0 {
            break;
        }
        y += pen.paragraph(rest, &text, role);
    }
}
