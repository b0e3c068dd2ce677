//! The comparison drawn: evidence on top, then file by file the places, a column a candidate. Costs what is visible.

use super::{
    evidence::{Line, table},
    foot,
    frame::{Pen, row},
    panes,
};
use crate::{
    domain::{
        request::Subject,
        text::{clean_line, count},
    },
    engine::state::Mission,
    tui::{
        app::App,
        commands::CommandId,
        compare::{
            Agreement, Alignment,
            align::Place,
            board::{Board, Names, Patches},
            compose::Take,
            rows::{At, LINES_MOST, Row},
        },
        shot::Lines,
        theme::Role,
    },
};
use ratatui::layout::Rect;

/// Columns of the names of rows.
const LABEL: u16 = 12;
/// Least columns of a candidate: with less room one candidate is shown at a time.
const COLUMN_LEAST: u16 = 34;

/// Draws it and its foot.
pub(super) fn draw(app: &App, board: &Board, pen: &mut Pen<'_>, screen: Rect) {
    let area = Rect { height: screen.height.saturating_sub(1), ..screen };
    let inner = pen.sheet(area, &title(board));
    let Some(mission) = app.state.missions.get(&board.mission) else { return };
    let sheet = Sheet::of(app, board, mission, inner.width);
    sheet.name(pen, inner);
    let list = sheet.list(inner);
    let height = usize::from(list.height);
    let top = sheet.top(height);
    for y in 0..list.height {
        sheet.put(pen, row(list, y), top + usize::from(y));
    }
    if top > 0 {
        let key = app.key_here(CommandId::PageUp).unwrap_or_default();
        pen.put_right(row(inner, 0), &format!(" ↑ {} {key}", count(top, "row")), Role::Muted);
    }
    let foot = foot::fitted(&sheet.hints(mission), inner.width);
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
}

/// Whose candidates, and how far they agree.
fn title(board: &Board) -> String {
    let of = format!("COMPARE ─ {}", board.mission);
    match board.laid().map(|laid| laid.tally) {
        Some(tally) if board.columns.len() < 2 => {
            format!("{of} ─ one candidate, {}", count(tally.iter().sum::<usize>(), "place"))
        }
        Some([same, alone, conflict]) => {
            format!(
                "{of} ─ {} alike in all, {alone} not in all, {conflict} in conflict",
                count(same, "place")
            )
        }
        None => of,
    }
}

/// The keys that approve, where this mission's choice waits.
fn approves(app: &App, board: &Board) -> String {
    let request = app.desk.request(&app.state).filter(|request| request.mission == board.mission);
    match (request.map(|request| &request.subject), board.names) {
        (Some(Subject::Choose { teams }), Names::Hidden) if !teams.is_empty() => {
            format!("{} approves the one under the cursor", app.key_word(CommandId::Approve))
        }
        (Some(Subject::Choose { teams }), Names::Shown) if !teams.is_empty() => {
            let keys: Vec<String> = teams.iter().map(|team| panes::approve_key(app, *team)).collect();
            format!("{} approve", keys.join("/"))
        }
        _ => String::new(),
    }
}

/// The keys to the candidates beside the one under the cursor.
fn turns(app: &App, board: &Board, what: &str) -> String {
    let last = board.order.len().saturating_sub(1);
    let keys = [(board.column > 0, CommandId::Left), (board.column < last, CommandId::Right)];
    let keys: Vec<String> =
        keys.into_iter().filter(|(acts, _)| *acts).filter_map(|(_, id)| app.key_here(id)).collect();
    match keys.as_slice() {
        [] => String::new(),
        all => format!("{} other {what}", all.join("/")),
    }
}

/// The last row that the rows can be scrolled to.
pub(super) fn last_row(app: &App, board: &Board, screen: Rect) -> usize {
    let Some(mission) = app.state.missions.get(&board.mission) else { return 0 };
    let width = screen.width.saturating_sub(2);
    let sheet = Sheet::of(app, board, mission, width);
    let inner = Rect { width, height: screen.height.saturating_sub(3), ..screen };
    sheet.len().saturating_sub(usize::from(sheet.list(inner).height))
}

/// All rows of the comparison: what stands above the places is made anew, places are looked up.
struct Sheet<'a> {
    app: &'a App,
    board: &'a Board,
    /// Candidates shown, from the left.
    shown: Vec<usize>,
    /// Columns of one.
    width: u16,
    /// Whose the shown candidates are: this stays where the rest is scrolled.
    names: Vec<Line>,
    above: Vec<Line>,
    below: &'static str,
}

impl<'a> Sheet<'a> {
    fn of(app: &'a App, board: &'a Board, mission: &Mission, width: u16) -> Self {
        let room = width.saturating_sub(LABEL);
        let many = u16::try_from(board.order.len().max(1)).unwrap_or(1);
        let (shown, width) = if room / many >= COLUMN_LEAST {
            (board.order.clone(), room / many)
        } else {
            (vec![board.side()], room)
        };
        let cell = usize::from(width.saturating_sub(2));
        let mut names = table(&app.state, mission, board, (&shown, cell));
        let named = names.iter().take_while(|line| matches!(line, Line::Cells("", _))).count();
        let mut above = names.split_off(named);
        let mut say = |words: String, role| above.push(Line::Span(words, role));
        say(String::new(), Role::Text);
        let mut below = "";
        match &board.patches {
            Patches::Reading => say("reading the patches…".into(), Role::Muted),
            Patches::Laying(_) => say("long patches: laying them side by side…".into(), Role::Muted),
            Patches::Missing(why) => say(format!("the patches cannot be read: {why}"), Role::Bad),
            Patches::Aligned(laid) => {
                if laid.alignment.docs.iter().any(|doc| doc.cut || doc.skipped > 0) {
                    let words = "! a patch is longer than what is read, or not in git's form: nothing can be taken from it";
                    say(words.into(), Role::Warn);
                }
                if laid.alignment.files.is_empty() {
                    say("No candidate changes anything.".into(), Role::Muted);
                } else {
                    below = "=  all alike   1  one alone   ~  some, alike   ≠  in conflict";
                }
            }
        }
        Self { app, board, shown, width, names, above, below }
    }

    /// The rows below the names and above the foot.
    fn list(&self, inner: Rect) -> Rect {
        let named = u16::try_from(self.names.len()).unwrap_or(0).min(inner.height);
        Rect { y: inner.y + named, height: inner.height.saturating_sub(named + 1), ..inner }
    }

    /// Whose the columns are, and which of how many where one is shown at a time.
    fn name(&self, pen: &mut Pen<'_>, inner: Rect) {
        for (y, line) in (0..).zip(&self.names) {
            self.line_above(pen, row(inner, y), line);
        }
        if self.shown.len() < self.board.order.len() && !self.names.is_empty() {
            let which = format!("{} of {}", self.board.column + 1, self.board.order.len());
            pen.put(Rect { width: LABEL.min(inner.width), ..row(inner, 0) }, 0, &which, Role::Accent);
        }
    }

    /// What the foot offers, the most important first.
    fn hints(&self, mission: &Mission) -> Vec<String> {
        use CommandId as C;
        let (app, board) = (self.app, self.board);
        // Words are asked for over it: keys are theirs.
        if app.key_here(C::Close).is_none() {
            return Vec::new();
        }
        let old = match (app.key_here(C::Close), app.key_here(C::Compare)) {
            (Some(close), Some(compare)) if board.is_old(mission) => {
                format!("! a newer candidate has come: {close} and {compare} again")
            }
            _ => String::new(),
        };
        let taken = match (board.taken.len(), board.open) {
            (0, _) => String::new(),
            (taken, 0) => format!("{taken} taken"),
            (taken, open) => format!("{taken} taken, {open} of the conflicts open"),
        };
        let what = if self.shown.len() < board.order.len() { "candidate" } else { "column" };
        let laid = board.place().is_some();
        let conflict = board.place().is_some_and(|place| place.agreement == Agreement::Conflict);
        let keys = app.hints_of(&[
            (board.can_take(), C::Take, "takes"),
            (laid && !board.taken.is_empty(), C::Combine, "builds it"),
            (board.can_take() && conflict, C::TakeBoth, "both"),
            (laid, C::LeavePlace, "rejects"),
            (laid, C::TakeAll, "all"),
            (laid, C::PatchSearch, "search"),
            (!board.columns.is_empty(), C::PatchOpen, "patch"),
            (!board.columns.is_empty(), C::Evidence, "evidence"),
            (!board.columns.is_empty(), C::Blind, "blind"),
        ]);
        let first = [old, approves(app, board), turns(app, board, what), taken];
        first.into_iter().chain(keys).collect()
    }

    fn len(&self) -> usize {
        self.above.len() + self.board.rows.len() + usize::from(!self.below.is_empty())
    }

    /// The first row shown: the chosen one of the person, moved so that the place under the cursor is seen.
    fn top(&self, height: usize) -> usize {
        let board = self.board;
        let top = board.top.min(self.len().saturating_sub(height));
        if board.scrolled {
            return top;
        }
        let Some((first, last)) = board.rows.of_place(board.at) else { return top };
        // The heading of the file stays in sight where it stands right above.
        let (first, last) = (self.above.len() + first - 1, self.above.len() + last);
        if board.at == (0, 0) && last < height {
            return 0;
        }
        if first < top { first } else { top.max((last + 1).saturating_sub(height)).min(first) }
    }

    fn put(&self, pen: &mut Pen<'_>, at: Rect, nth: usize) {
        match self.above.get(nth) {
            Some(line) => self.line_above(pen, at, line),
            None => {
                let Some(alignment) = self.board.alignment() else { return };
                match self.board.rows.get(nth - self.above.len()) {
                    Some(Row::File(file)) => {
                        let path = alignment.files.get(file).map_or("", |file| file.path.as_str());
                        pen.put(at, 0, &clean_line(path, 300), Role::Title);
                    }
                    Some(Row::Place(place, nth)) => self.place(pen, at, alignment, (place, nth)),
                    Some(Row::Both(place, nth)) => self.both(pen, at, alignment, (place, nth)),
                    None if nth + 1 == self.len() => {
                        pen.put(at, 0, self.below, Role::Muted);
                    }
                    None => {}
                }
            }
        }
    }

    /// A row of the evidence.
    fn line_above(&self, pen: &mut Pen<'_>, at: Rect, line: &Line) {
        match line {
            Line::Span(text, role) => {
                pen.put(at, 0, text, *role);
            }
            Line::Cells(name, cells) => {
                pen.put(at, 0, name, Role::Muted);
                for (nth, (cell, role)) in cells.iter().enumerate() {
                    pen.put(self.cell(at, nth), 0, cell, *role);
                }
            }
        }
    }

    fn cell(&self, at: Rect, nth: usize) -> Rect {
        let x = LABEL + self.width * u16::try_from(nth).unwrap_or(0);
        Rect {
            x: at.x + x.min(at.width),
            width: self.width.saturating_sub(1).min(at.width - x.min(at.width)),
            ..at
        }
    }

    fn place(&self, pen: &mut Pen<'_>, at: Rect, alignment: &Alignment, (place, nth): (At, usize)) {
        let Some(aligned) = alignment.files.get(place.0) else { return };
        let Some(here) = aligned.places.get(place.1) else { return };
        let chosen = self.board.at == place;
        if nth == 0 {
            let mark = if chosen { "▸" } else { " " };
            let (glyph, role) = sign(here.agreement);
            let x = pen.put(at, 0, mark, Role::Accent);
            pen.put(at, x, &format!("{glyph} {}", where_is(here)), role);
        }
        for (column, side) in self.shown.iter().enumerate() {
            let cell = self.cell(at, column);
            if nth > 0 {
                self.line(pen, cell, alignment, (place, here), (*side, nth - 1));
                continue;
            }
            let (text, role) = match (self.taken(place, here, *side), aligned.is_changed(here, *side)) {
                (Some(words), _) => (words, Role::Ok),
                (None, true) if here.whole && Alignment::tall(here, *side) == 0 => {
                    ("○ not text", Role::Muted)
                }
                (None, true) => ("○ not taken", Role::Muted),
                (None, false) => ("· leaves it", Role::Muted),
            };
            pen.put(cell, 0, text, role);
            if chosen && self.board.side() == *side {
                pen.choose(cell);
            }
        }
    }

    fn taken(&self, at: At, place: &Place, side: usize) -> Option<&'static str> {
        match self.board.taken.get(&at)? {
            Take::Both(first, _) if *first == side => Some("● taken first"),
            Take::Both(_, second) if *second == side => Some("● taken second"),
            Take::One(one) if *one == side => Some("● taken"),
            // What all change alike is taken from all of them.
            _ if place.agreement == Agreement::Same => Some("● taken"),
            _ => None,
        }
    }

    fn line(
        &self,
        pen: &mut Pen<'_>,
        cell: Rect,
        alignment: &Alignment,
        ((file, _), place): (At, &Place),
        (side, nth): (usize, usize),
    ) {
        let rest = Alignment::tall(place, side).saturating_sub(nth);
        if nth + 1 == LINES_MOST && rest > 1 {
            let all = self.app.key_here(CommandId::PatchOpen).map(|key| format!("; {key} shows all"));
            let words = format!("… {} more{}", count(rest, "line"), all.unwrap_or_default());
            pen.put(cell, 0, &words, Role::Muted);
            return;
        }
        let found = Alignment::line(place, side, nth);
        let of = alignment.files.get(file).and_then(|file| file.of.get(side).copied().flatten());
        if let (Some((hunk, line)), Some(of), Some(doc)) = (found, of, alignment.docs.get(side)) {
            self.lines(pen).render(cell, pen.buf, doc, (of, hunk, line));
        }
    }

    fn lines(&self, pen: &Pen<'a>) -> Lines<'a> {
        let channels = &self.app.channels;
        Lines { theme: pen.theme, highlighter: channels.painter(), tab: channels.manner().tab }
    }

    /// Both versions of a place, one after the other, as they would be built.
    fn both(&self, pen: &mut Pen<'_>, at: Rect, alignment: &Alignment, (place, nth): (At, usize)) {
        let Some(nth) = nth.checked_sub(1) else {
            let Some(Take::Both(first, second)) = self.board.taken.get(&place) else { return };
            let names = [*first, *second].map(|side| self.board.name_of(side));
            let words = format!("both: {}, then {}", names[0], names[1]);
            pen.put(at, LABEL, &words, Role::Accent);
            return;
        };
        let Some(lines) = self.board.both.get(&place) else { return };
        let cell = Rect { x: at.x + LABEL.min(at.width), width: at.width.saturating_sub(LABEL), ..at };
        let rest = lines.len().saturating_sub(nth);
        if nth + 1 == LINES_MOST && rest > 1 {
            pen.put(cell, 0, &format!("… {} more", count(rest, "line")), Role::Muted);
            return;
        }
        let Some((side, hunk, line)) = lines.get(nth).copied() else { return };
        let of = alignment.files.get(place.0).and_then(|file| file.of.get(side).copied().flatten());
        if let (Some(of), Some(doc)) = (of, alignment.docs.get(side)) {
            self.lines(pen).render(cell, pen.buf, doc, (of, hunk, line));
        }
    }
}

/// Glyph and colour of an agreement; the word stands in the legend below the places.
fn sign(agreement: Agreement) -> (&'static str, Role) {
    match agreement {
        Agreement::Same => ("=", Role::Ok),
        Agreement::Only(_) => ("1", Role::Text),
        Agreement::Some => ("~", Role::Text),
        Agreement::Conflict => ("≠", Role::Warn),
    }
}

fn where_is(place: &Place) -> String {
    match (place.whole, place.base.end.saturating_sub(place.base.start)) {
        (true, _) => "whole".into(),
        (false, 0) => format!("+{}", place.base.start),
        (false, 1) => format!("{}", place.base.start),
        (false, _) => format!("{}-{}", place.base.start, place.base.end - 1),
    }
}
