//! The picture: drawn from [`App`] alone, changing nothing, at any size. A header and a footer, between them the
//! shown screen, over it what is open: each in a file beside.

mod approvals;
mod audit;
mod bars;
mod channel;
mod command;
mod compare;
mod diff;
mod dossier;
mod evidence;
mod foot;
mod frame;
mod ideas;
mod incident;
pub(in crate::tui) mod operations;
mod panes;
mod preview;
mod remedy;
mod rows;
mod settings;
mod sheet;
mod under;
pub mod versions;
mod which;

use super::app::App;
use super::preview::eyes::{Placement, Room};
use super::room::{LEAST, fits};
use super::screens::ScreenId;
use super::theme::Role;
use frame::Pen;
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};
pub use under::Under;

/// Draws everything; returns where the caret is, if there is one.
#[must_use]
pub fn draw(app: &App, buf: &mut Buffer) -> Option<Position> {
    let area = buf.area;
    buf.set_style(area, app.look.theme.canvas());
    let mut pen = Pen { buf, theme: &app.look.theme };
    if !fits((area.width, area.height)) {
        let words = format!("Chimera needs {}x{}; this is {}x{}.", LEAST.0, LEAST.1, area.width, area.height);
        pen.paragraph(area, &words, Role::Text);
        return None;
    }
    let told = bars::told(app, area);
    let screen = Rect { height: area.height - rows_of(&told), ..area };
    let head = Rect { height: 1, ..area };
    let foot = Rect { y: area.bottom() - 1, ..head };
    let body = body(screen);
    bars::header(app, &mut pen, head);
    let caret = match app.screens.at {
        ScreenId::Command => command::draw(app, &mut pen, body),
        ScreenId::Operations => operations::draw(app, &mut pen, body),
        ScreenId::Approvals => approvals::draw(app, &mut pen, body),
        ScreenId::Ideas => ideas::draw(app, &mut pen, body),
        ScreenId::Audit => audit::draw(app, &mut pen, body),
        ScreenId::Settings => settings::draw(app, &mut pen, body),
    };
    bars::footer(app, &mut pen, (foot, &told));
    which::draw(app, &mut pen, body);
    match &app.sheet {
        Some(open) => sheet::draw(app, open, &mut pen, below_header(screen)),
        None => caret,
    }
}

fn rows_of(told: &[String]) -> u16 {
    u16::try_from(told.len()).unwrap_or(0)
}

/// The screen without the rows that a long note takes above the footer.
fn screen(app: &App) -> Rect {
    let (width, height) = app.focus.1;
    let area = Rect::new(0, 0, width, height);
    Rect { height: height.saturating_sub(rows_of(&bars::told(app, area))), ..area }
}

/// Where sheets open: what waits and what is spent stays in sight above them.
fn below_header(screen: Rect) -> Rect {
    Rect { y: screen.y + 1, height: screen.height.saturating_sub(1), ..screen }
}

/// What is at this column and row of the first screen.
#[must_use]
pub fn under(app: &App, column: u16, row: u16) -> Under {
    let (width, height) = app.focus.1;
    if !fits((width, height)) {
        return Under::Nothing;
    }
    command::under(app, body(screen(app)), Position::new(column, row))
}

/// What the header and the footer leave.
fn body(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area }
}

/// Tells panes their sizes before they are drawn: what scrolls needs to know how much of it is seen.
pub fn fit(app: &mut App) {
    if !fits(app.focus.1) {
        return;
    }
    let screen = screen(app);
    if let Some(board) = app.board() {
        board.settle();
    }
    if let Some(shot) = app.diff_page() {
        let place = diff::place(below_header(screen));
        shot.fit(place.width, place.height);
    }
    if app.screens.at == ScreenId::Command {
        command::fit(app, body(screen));
    }
    if let Some(past) = &mut app.past {
        command::fit(past, audit::stage(body(screen)));
    }
}

/// Whether a page may be shown as an image: not on a slow line, and not where nothing shall move.
#[must_use]
pub fn shows_photos(app: &App) -> bool {
    preview::lively(app)
}

/// The room for a photo of the page that is looked at; none where the terminal shows none.
#[must_use]
pub fn photo_room(app: &App) -> Option<Room> {
    preview::room(app)
}

/// Where the photo of the page is on the screen, if it is in sight.
#[must_use]
pub fn placement(app: &App) -> Option<Placement> {
    preview::placement(app)
}

/// The last row that the card of the shown incident can be scrolled to.
#[must_use]
pub fn incident_rows(app: &App) -> usize {
    command::last_row(app, body(screen(app)))
}

/// Rows of numbers on the audit screen.
#[must_use]
pub fn audit_rows(app: &App) -> usize {
    audit::last_row(app)
}

/// The last row that the detail of the approvals screen can be scrolled to.
#[must_use]
pub fn detail_rows(app: &App) -> usize {
    approvals::last_row(app, body(screen(app)))
}

/// Rows of the journal's entry that is open.
#[must_use]
pub fn entry_rows(app: &App) -> usize {
    audit::entry_rows(app, body(screen(app)))
}

/// The row that a line of a page on the whole screen begins at.
#[must_use]
pub fn page_row(app: &App, lines: &[String], line: usize) -> usize {
    sheet::row_of(app, lines, line)
}

/// The last row a sheet can be scrolled to.
#[must_use]
pub fn sheet_rows(app: &App) -> usize {
    sheet::last_row(app)
}
