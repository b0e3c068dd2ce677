//! The picture: drawn from [`App`] alone, changing nothing, at any size. Where panes go is decided here; what is
//! in them, in the files beside.

mod channel;
mod compare;
mod frame;
mod panes;
mod sheet;
pub mod versions;

use super::app::{App, Focus};
use super::channels::Face;
use super::theme::Role;
use crate::domain::feed::Channel;
use frame::Pen;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

/// Below this nothing sensible fits.
const LEAST: (u16, u16) = (40, 10);
/// From here on panes stand beside each other.
const WIDE: u16 = 120;
/// Below this there is one pane at a time.
const ROOMY: (u16, u16) = (80, 24);
/// Columns of the briefing column.
const LEFT: u16 = 36;
/// Channels shown at once.
const CHANNELS_MOST: usize = 4;

/// Where panes are.
#[derive(Debug, Default)]
pub(super) struct Places {
    header: Rect,
    brief: Option<Rect>,
    missions: Option<Rect>,
    anchor: Option<Rect>,
    /// A row of tabs, where channels do not fit beside each other.
    tabs: Option<Rect>,
    /// Index of a team and where it is.
    channels: Vec<(usize, Rect)>,
    desk: Option<Rect>,
    footer: Rect,
}

/// Draws everything; returns where the caret is, if there is one.
#[must_use]
pub fn draw(app: &App, buf: &mut Buffer) -> Option<Position> {
    let area = buf.area;
    buf.set_style(area, app.look.theme.canvas());
    let mut pen = Pen { buf, theme: &app.look.theme };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let words = format!("Chimera needs {}x{}; this is {}x{}.", LEAST.0, LEAST.1, area.width, area.height);
        pen.paragraph(area, &words, Role::Text);
        return None;
    }
    let places = places(app, area);
    panes::header(app, &mut pen, places.header);
    let mut caret = None;
    if let Some(at) = places.brief {
        caret = panes::briefing(app, &mut pen, at);
    }
    if let Some(at) = places.missions {
        panes::missions(app, &mut pen, at);
    }
    if let Some(at) = places.anchor {
        panes::anchor(app, &mut pen, at);
    }
    if let Some(at) = places.tabs {
        channel::tabs(app, &mut pen, at);
    }
    for (team, at) in &places.channels {
        channel::draw(app, &mut pen, *at, *team);
    }
    if let Some(at) = places.desk {
        panes::desk(app, &mut pen, at);
    }
    panes::footer(app, &mut pen, places.footer);
    match &app.sheet {
        Some(open) => sheet::draw(app, open, &mut pen, area),
        None => caret.filter(|_| app.focus.0 == Focus::Brief),
    }
}

fn places(app: &App, area: Rect) -> Places {
    let row = |y: u16, height: u16| Rect { y, height, ..area };
    let mut places = Places { header: row(0, 1), footer: row(area.height - 1, 1), ..Places::default() };
    let waits = !app.state.desk.is_empty();
    let small = area.width < ROOMY.0 || area.height < ROOMY.1;
    let desk = match (waits || app.focus.0 == Focus::Desk, small) {
        (false, _) => 0,
        (true, true) => 3,
        (true, false) => u16::try_from(app.state.desk.len().clamp(1, 3)).unwrap_or(3) + 2,
    };
    let body = row(1, area.height - 2 - desk);
    if desk > 0 {
        places.desk = Some(row(body.bottom(), desk));
    }
    if app.channels.full && app.mission().is_some() {
        places.channels = vec![(app.channels.at, body)];
        return places;
    }
    if small {
        one_pane(app, body, &mut places);
        return places;
    }
    let left = Rect { width: LEFT.min(area.width / 3 + 4), ..body };
    let right = Rect { x: left.right(), width: body.width - left.width, ..body };
    let missions =
        (u16::try_from(app.state.missions.len()).unwrap_or(u16::MAX).clamp(2, body.height / 3)) + 2;
    places.brief = Some(Rect { height: left.height - missions, ..left });
    places.missions = Some(Rect { y: left.bottom() - missions, height: missions, ..left });
    places.anchor = Some(Rect { height: 4, ..right });
    let rest = Rect { y: right.y + 4, height: right.height - 4, ..right };
    spread(app, rest, area.width >= WIDE, &mut places);
    places
}

/// The pane that has the keys.
fn one_pane(app: &App, body: Rect, places: &mut Places) {
    match app.focus.0 {
        Focus::Brief => places.brief = Some(body),
        Focus::Missions => places.missions = Some(body),
        Focus::Channels | Focus::Desk => {
            let anchor = 4.min(body.height / 2);
            places.anchor = Some(Rect { height: anchor, ..body });
            let rest = Rect { y: body.y + anchor, height: body.height - anchor, ..body };
            spread(app, rest, false, places);
        }
    }
}

/// Channels beside each other, in a grid, or as tabs.
fn spread(app: &App, area: Rect, wide: bool, places: &mut Places) {
    let teams = app.mission().map_or(0, |mission| mission.teams.len());
    let at = app.channels.at.min(teams.saturating_sub(1));
    if teams == 0 {
        places.channels = vec![(0, area)];
        return;
    }
    if !wide {
        let bar = u16::from(teams > 1 && area.height > 3);
        if bar > 0 {
            places.tabs = Some(Rect { height: 1, ..area });
        }
        places.channels = vec![(at, Rect { y: area.y + bar, height: area.height - bar, ..area })];
        return;
    }
    let first = at / CHANNELS_MOST * CHANNELS_MOST;
    let shown = (teams - first).min(CHANNELS_MOST);
    let bar = u16::from(teams > CHANNELS_MOST);
    if bar > 0 {
        places.tabs = Some(Rect { height: 1, ..area });
    }
    let area = Rect { y: area.y + bar, height: area.height - bar, ..area };
    let rows: u16 = if shown > 2 { 2 } else { 1 };
    for slot in 0..shown {
        let columns: u16 = if shown == 1 || (shown == 3 && slot == 2) { 1 } else { 2 };
        let (column, line) = (u16::try_from(slot % 2).unwrap_or(0), u16::try_from(slot / 2).unwrap_or(0));
        let cut = |whole: u16, parts: u16, nth: u16| {
            (whole / parts * nth, if nth + 1 == parts { whole - whole / parts * nth } else { whole / parts })
        };
        let (x, width) = cut(area.width, columns, if columns == 1 { 0 } else { column });
        let (y, height) = cut(area.height, rows, line);
        places.channels.push((first + slot, Rect { x: area.x + x, y: area.y + y, width, height }));
    }
}

/// Tells panes their sizes before they are drawn: what scrolls needs to know how much of it is seen.
pub fn fit(app: &mut App) {
    let (width, height) = app.focus.1;
    if width < LEAST.0 || height < LEAST.1 {
        return;
    }
    let places = places(app, Rect::new(0, 0, width, height));
    let Some(mission) = app.mission().cloned() else { return };
    let face = app.channels.face;
    for (at, place) in places.channels {
        let Some(team) = mission.teams.get(at) else { continue };
        let (thoughts, shot) = channel::split(place, face);
        if let Some(view) = app.channels.view_mut(Channel { mission: mission.id, team: Some(team.id) }) {
            view.log.fit(thoughts.width, thoughts.height.saturating_sub(1));
            view.log.hold();
            view.shot.fit(shot.width, shot.height);
        }
    }
}

/// The last row a sheet can be scrolled to.
#[must_use]
pub fn sheet_rows(app: &App) -> usize {
    sheet::last_row(app)
}

/// Whether a channel shows this part.
fn shows(face: Face, part: Face) -> bool {
    face == Face::Both || face == part
}
