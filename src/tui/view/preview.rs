//! A candidate's service beside its diff: on the right half where there is room, so that the shot stays in sight.

use super::frame::{Pen, row};
use crate::{
    domain::preview::Stage,
    tui::{
        app::App,
        commands::CommandId,
        preview::{self, Look},
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;

/// Columns from which the diff stays beside it.
const BESIDE: u16 = 100;
/// Rows of the program's last words.
const TAIL: usize = 5;

type Row = (String, Role);

pub(super) fn draw(app: &App, look: &Look, pen: &mut Pen<'_>, screen: Rect) {
    let area = area(screen);
    let inner = pen.sheet(area, &title(app, look));
    let rows = rows(app, look, inner.width);
    let list = Rect { height: inner.height.saturating_sub(1), ..inner };
    let at = look.at.min(rows.len().saturating_sub(usize::from(list.height)));
    for (y, (text, role)) in rows.iter().skip(at).take(usize::from(list.height)).enumerate() {
        pen.put(row(list, u16::try_from(y).unwrap_or(u16::MAX)), 0, text, *role);
    }
    let key = |id| super::bars::key_of(app, id);
    let foot = format!(
        "{} again   {} width   {} ends it   {} closes",
        key(CommandId::PreviewOpen),
        key(CommandId::PreviewWidth),
        key(CommandId::PreviewEnd),
        key(CommandId::Close)
    );
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
}

/// The last row it can be scrolled to.
pub(super) fn last_row(app: &App, look: &Look, screen: Rect) -> usize {
    let area = area(screen);
    let room = usize::from(area.height.saturating_sub(3));
    rows(app, look, area.width.saturating_sub(2)).len().saturating_sub(room)
}

fn area(screen: Rect) -> Rect {
    let body = Rect { y: screen.y + 1, height: screen.height.saturating_sub(2), ..screen };
    if screen.width < BESIDE {
        return body;
    }
    let width = screen.width / 2;
    Rect { x: screen.right() - width, width, ..body }
}

fn title(app: &App, look: &Look) -> String {
    let mission = app.state.missions.get(&look.channel.mission);
    let team = mission.zip(look.channel.team).map(|(mission, team)| words::team_name(mission, team));
    let attempt = app.previews.get(&look.channel).map_or(String::new(), |it| format!(" #{}", it.attempt));
    format!("PREVIEW  {} {}{attempt}", look.channel.mission, team.unwrap_or_default())
}

fn rows(app: &App, look: &Look, width: u16) -> Vec<Row> {
    let Some(shown) = app.previews.get(&look.channel) else {
        return vec![("○ asked for; nothing is known of it yet".into(), Role::Muted)];
    };
    let (glyph, role) = match shown.stage {
        Stage::Starting => ("◐", Role::Busy),
        Stage::Up => ("●", Role::Ok),
        Stage::Failed(_) => ("✗", Role::Bad),
        Stage::Gone(_) => ("○", Role::Muted),
    };
    let wrapped = |text: &str, width: usize, role: Role| {
        let lines = text.lines().flat_map(|line| preview::rows(line, width));
        lines.map(|line| (line, role)).collect::<Vec<Row>>()
    };
    let all = usize::from(width.max(2));
    let mut rows = wrapped(&format!("{glyph} {}", preview::words(shown)), all, role);
    if shown.answer.is_some() {
        let columns = app.look.widths.get(look.width).copied().unwrap_or(80);
        let kind = shown.answer.as_ref().map(|answer| answer.media_type.to_string()).unwrap_or_default();
        let cut = if usize::from(columns) > all { ", more than there is room for" } else { "" };
        rows.push((format!("── page as text  {kind}  {columns} columns{cut}"), Role::Muted));
        let page = preview::page(shown, usize::from(columns));
        rows.extend(page.into_iter().map(|line| (line, Role::Text)));
    }
    if !shown.tail.trim().is_empty() {
        rows.push(("── its last words".into(), Role::Muted));
        let lines: Vec<&str> = shown.tail.lines().collect();
        let last = lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default();
        rows.extend(last.iter().flat_map(|line| wrapped(&line.replace('\t', "    "), all, Role::Muted)));
    }
    rows
}
