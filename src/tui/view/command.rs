//! The first screen: Briefing Room, missions, Anchor Desk, channels, Decision Desk. Where they go is decided here;
//! what is in them, in the files beside.

use super::{channel, frame::Pen, incident, panes, under::Under};
use crate::{
    domain::feed::Channel,
    tui::{
        app::{App, Focus},
        incidents::{self, Listed},
    },
};
use ratatui::layout::{Position, Rect};

/// From here on panes stand beside each other.
const WIDE: u16 = 120;
/// Below this there is one pane at a time; header and footer are besides.
const ROOMY: (u16, u16) = (80, 22);
/// Columns of the briefing column.
const LEFT: u16 = 36;
/// Channels shown at once.
const CHANNELS_MOST: usize = 4;

/// Where panes are.
#[derive(Debug, Default)]
pub(super) struct Places {
    brief: Option<Rect>,
    missions: Option<Rect>,
    anchor: Option<Rect>,
    /// A row of tabs, where channels do not fit beside each other.
    tabs: Option<Rect>,
    /// Index of a team and where it is.
    channels: Vec<(usize, Rect)>,
    desk: Option<Rect>,
    /// The card of an incident, in place of anchor and channels.
    incident: Option<Rect>,
}

/// Draws it; returns where the caret is, if there is one.
pub(super) fn draw(app: &App, pen: &mut Pen<'_>, body: Rect) -> Option<Position> {
    let places = places(app, body);
    let mut caret = None;
    if let Some(at) = places.brief {
        caret = panes::briefing(app, pen, at);
    }
    if let Some(at) = places.missions {
        panes::missions(app, pen, at);
    }
    if let Some(at) = places.anchor {
        panes::anchor(app, pen, at);
    }
    if let Some(at) = places.tabs {
        channel::tabs(app, pen, at);
    }
    for (team, at) in &places.channels {
        channel::draw(app, pen, *at, *team);
    }
    if let Some(at) = places.incident {
        incident::draw(app, pen, at);
    }
    if let Some(at) = places.desk {
        panes::desk(app, pen, at);
    }
    caret.filter(|_| app.focus.0 == Focus::Brief)
}

fn places(app: &App, area: Rect) -> Places {
    let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    let mut places = Places::default();
    let waits = !app.state.desk.is_empty();
    // A long note takes rows, and leaves the panes where they are.
    let told = app.focus.1.1.saturating_sub(super::screen(app).height);
    let small = area.width < ROOMY.0 || area.height + told < ROOMY.1;
    let desk = match (waits || app.focus.0 == Focus::Desk, small) {
        (false, _) => 0,
        (true, true) => 3,
        (true, false) => u16::try_from(app.state.desk.len().clamp(1, 3)).unwrap_or(3) + 2,
    };
    let body = row(0, area.height.saturating_sub(desk));
    if desk > 0 {
        places.desk = Some(row(body.height, desk));
    }
    let ill = app.vigil.incident(&app.state).is_some();
    if app.channels.full && ill {
        places.incident = Some(body);
        return places;
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
        (u16::try_from(incidents::listed(&app.state).len()).unwrap_or(u16::MAX).clamp(2, body.height / 3))
            + 2;
    places.brief = Some(Rect { height: left.height - missions, ..left });
    places.missions = Some(Rect { y: left.bottom() - missions, height: missions, ..left });
    if ill {
        places.incident = Some(right);
        return places;
    }
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
        Focus::Channels | Focus::Desk if app.vigil.incident(&app.state).is_some() => {
            places.incident = Some(body);
        }
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

/// What is at this place of the screen.
pub(super) fn under(app: &App, body: Rect, place: Position) -> Under {
    let places = places(app, body);
    let inside = |area: Option<Rect>| area.is_some_and(|area| area.contains(place));
    let row_of = |area: Rect| usize::from(place.y.saturating_sub(area.y + 1));
    if inside(places.brief) {
        return Under::Brief;
    }
    if let Some(area) = places.missions.filter(|area| area.contains(place)) {
        let list = incidents::listed(&app.state);
        let shown = app.listed();
        let at = list.iter().position(|listed| Some(*listed) == shown).unwrap_or(0);
        let top = (at + 1).saturating_sub(usize::from(area.height.saturating_sub(2)));
        return match list.get(top + row_of(area)).filter(|_| is_inner(area, place)) {
            Some(Listed::Mission(id)) => Under::Mission(Some(*id)),
            Some(Listed::Incident(id)) => Under::Incident(*id),
            None => Under::Mission(None),
        };
    }
    if let Some(area) = places.desk.filter(|area| area.contains(place)) {
        let list = crate::engine::snapshot::waiting(&app.state);
        let chosen = app.desk.request(&app.state).map(|request| request.id);
        let at = list.iter().position(|request| Some(request.id) == chosen).unwrap_or(0);
        let top = (at + 1).saturating_sub(usize::from(area.height.saturating_sub(2)));
        let row = list.get(top + row_of(area)).filter(|_| is_inner(area, place));
        return Under::Desk(row.map(|request| request.id));
    }
    if inside(places.incident) {
        return Under::Channel(0);
    }
    let channel = places.channels.iter().find(|(_, area)| area.contains(place));
    channel.map_or(Under::Nothing, |(nth, _)| Under::Channel(*nth))
}

/// The last row the card of the shown incident can be scrolled to.
pub(super) fn last_row(app: &App, body: Rect) -> usize {
    places(app, body).incident.map_or(0, |at| incident::last_row(app, at))
}

/// Whether a place is within a pane's frame and not on it.
fn is_inner(area: Rect, place: Position) -> bool {
    area.inner(ratatui::layout::Margin::new(1, 1)).contains(place)
}

/// Tells panes their sizes before they are drawn: what scrolls needs to know how much of it is seen.
pub(super) fn fit(app: &mut App, body: Rect) {
    let places = places(app, body);
    let Some(mission) = app.mission().cloned() else { return };
    let face = app.channels.face;
    for (at, place) in places.channels {
        let Some(team) = mission.teams.get(at) else { continue };
        let (thoughts, shot) = channel::split(place, face);
        let thoughts = channel::in_short(app, thoughts);
        if let Some(view) = app.channels.view_mut(Channel { mission: mission.id, team: Some(team.id) }) {
            view.log.fit(thoughts.width, thoughts.height.saturating_sub(1));
            view.log.hold();
            view.shot.fit(shot.width, shot.height);
        }
    }
}
