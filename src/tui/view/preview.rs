//! A candidate's service beside its diff: on the right half where there is room, so that the shot stays in sight.

use super::frame::{Pen, row};
use crate::{
    config::settings::Motion,
    domain::preview::Stage,
    tui::{
        app::App,
        commands::CommandId,
        preview::{
            self, Look,
            eyes::{self, Eyes, How, Placement, Room},
        },
        sheets::Sheet,
        theme::{Depth, Role},
        words,
    },
};
use ratatui::{layout::Rect, style::Color};

/// Columns from which the diff stays beside it.
const BESIDE: u16 = 100;
/// Rows above the photo: how the service stands, and a heading.
const ABOVE: u16 = 2;
/// Rows of the program's last words.
const TAIL: usize = 5;

type Row = (String, Role);

pub(super) fn draw(app: &App, look: &Look, pen: &mut Pen<'_>, screen: Rect) {
    let area = area(screen);
    let inner = pen.sheet(area, &title(app, look));
    let (rows, _) = rows(app, look, inner.width);
    let list = Rect { height: inner.height.saturating_sub(1), ..inner };
    let at = look.at.min(rows.len().saturating_sub(usize::from(list.height)));
    for (y, (text, role)) in rows.iter().skip(at).take(usize::from(list.height)).enumerate() {
        pen.put(row(list, u16::try_from(y).unwrap_or(u16::MAX)), 0, text, *role);
    }
    if let Some(placement) = placement(app).filter(|placement| placement.how == How::Woven) {
        weave(pen, &placement);
    }
    let foot = app.hints_of(&[
        (true, CommandId::PreviewOpen, "again"),
        (true, CommandId::PreviewWidth, "width"),
        (true, CommandId::PreviewEnd, "ends it"),
        (true, CommandId::Close, "closes"),
    ]);
    let foot = super::foot::fitted(&foot, inner.width);
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
}

/// The last row it can be scrolled to.
pub(super) fn last_row(app: &App, look: &Look, screen: Rect) -> usize {
    let area = area(screen);
    let room = usize::from(area.height.saturating_sub(3));
    rows(app, look, area.width.saturating_sub(2)).0.len().saturating_sub(room)
}

/// Whether images are wanted at all.
pub(super) fn lively(app: &App) -> bool {
    let manner = app.look.manner;
    !manner.low_bandwidth && manner.motion == Motion::Full
}

/// The room for the photo of a page that answers.
pub(super) fn room(app: &App) -> Option<Room> {
    let Some(Sheet::Preview(look)) = &app.sheet else { return None };
    let Eyes::Sees(how, cell) = app.look.eyes else { return None };
    // The number of a woven image travels as a colour.
    let coloured = how == How::Laid || !matches!(app.look.theme.depth(), Depth::Mono | Depth::Sixteen);
    let answer = app.previews.get(&look.channel).filter(|it| it.stage == Stage::Up)?.answer.as_ref()?;
    if !lively(app) || !coloured || !answer.media_type.contains("html") {
        return None;
    }
    let area = area(super::below_header(super::screen(app)));
    let page = app.look.widths.get(look.width).copied().unwrap_or(80);
    eyes::room((area.width.saturating_sub(2), area.height.saturating_sub(3 + ABOVE)), page, cell)
}

/// Where the photo is, as far as it is in sight.
pub(super) fn placement(app: &App) -> Option<Placement> {
    let room = room(app)?;
    let Some(Sheet::Preview(look)) = &app.sheet else { return None };
    let Eyes::Sees(how, _) = app.look.eyes else { return None };
    let photo = app.previews.get(&look.channel)?.photo.as_ref()?;
    let png = photo.png.as_ref().ok()?.clone();
    let area = area(super::below_header(super::screen(app)));
    let (rows, first) = rows(app, look, area.width.saturating_sub(2));
    let (first, high) = (first?, usize::from(area.height.saturating_sub(3)));
    let at = look.at.min(rows.len().saturating_sub(high));
    let (top, bottom) = (first.max(at), (first + usize::from(room.rows)).min(at + high));
    let small = |count: usize| u16::try_from(count).ok();
    let seen = (small(top - first)?, small(bottom.checked_sub(top).filter(|seen| *seen > 0)?)?);
    Some(Placement { png, room, at: (area.x + 1, area.y + 1 + small(top - at)?), seen, how })
}

/// Writes the signs of a woven image.
fn weave(pen: &mut Pen<'_>, placement: &Placement) {
    let (x, y) = placement.at;
    for row in 0..placement.seen.1 {
        for column in 0..placement.room.columns {
            if let Some(cell) = pen.buf.cell_mut((x + column, y + row)) {
                cell.set_symbol(&eyes::sign(placement.seen.0 + row, column))
                    .set_fg(Color::Indexed(eyes::IMAGE));
            }
        }
    }
}

fn area(screen: Rect) -> Rect {
    let body = Rect { height: screen.height.saturating_sub(1), ..screen };
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

/// What is shown, and which row is the first of the photo.
fn rows(app: &App, look: &Look, width: u16) -> (Vec<Row>, Option<usize>) {
    let mut photo_at = None;
    let Some(shown) = app.previews.get(&look.channel) else {
        return (vec![("○ asked for; nothing is known of it yet".into(), Role::Muted)], None);
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
    if let Some(reach) = preview::reach(shown) {
        rows.extend(wrapped(reach, all, Role::Muted));
    }
    let columns = app.look.widths.get(look.width).copied().unwrap_or(80);
    let room = room(app);
    let photo = shown.photo.as_ref().filter(|photo| room.is_some_and(|room| room.viewport == photo.viewport));
    if let (Some(room), Some(Ok(_))) = (room, photo.map(|photo| &photo.png)) {
        let viewport = room.viewport;
        let heading =
            format!("── page as an image  {}×{} pixels  {columns} columns", viewport.width, viewport.height);
        rows.push((heading, Role::Muted));
        photo_at = Some(rows.len());
        rows.extend((0..room.rows).map(|_| (String::new(), Role::Text)));
    } else if shown.answer.is_some() {
        match (room, photo.map(|photo| &photo.png)) {
            (Some(_), Some(Err(why))) => {
                let why = crate::domain::text::clean_line(why, 300);
                rows.extend(wrapped(&format!("no image: {why}"), all, Role::Muted));
            }
            (Some(_), None) => rows.push(("its photo is taken…".into(), Role::Muted)),
            _ => {}
        }
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
    (rows, photo_at)
}
