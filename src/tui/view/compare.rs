//! The comparison drawn: evidence on top, then file by file the places, a column a candidate. Costs what is visible.

use super::frame::{Pen, row};
use crate::{
    domain::{
        request::Subject,
        text::{clean_line, count},
    },
    engine::state::{Mission, Team},
    tui::{
        app::App,
        compare::{
            Agreement, Alignment,
            align::{AlignedFile, Place},
            board::{Board, Evidence, LINES_MOST, Names, Patches},
        },
        shot::doc::Kind,
        theme::Role,
        words, wrap,
    },
};
use ratatui::layout::Rect;

/// Columns of the names of rows.
const LABEL: u16 = 12;
/// Least columns of a candidate: with less room one candidate is shown at a time.
const COLUMN_LEAST: u16 = 34;

/// One row of the sheet.
enum Line<'a> {
    /// Over all columns.
    Span(String, Role),
    /// A name, and a cell for each candidate.
    Cells(&'a str, Vec<String>, Role),
    /// A row of a place: file, place, line of it; the 0th is its heading.
    Place(usize, usize, usize),
}

/// Draws it and its foot.
pub(super) fn draw(app: &App, board: &Board, pen: &mut Pen<'_>, screen: Rect) {
    let title = match board.alignment().map(Alignment::tally) {
        Some([same, alone, conflict]) => format!(
            "COMPARE ─ {} ─ {same} the same, {alone} not of all, {}",
            board.mission,
            count(conflict, "conflict")
        ),
        None => format!("COMPARE ─ {}", board.mission),
    };
    let area = Rect { height: screen.height.saturating_sub(1), ..screen };
    let inner = pen.sheet(area, &title);
    let list = Rect { height: inner.height.saturating_sub(1), ..inner };
    let Some(mission) = app.state.missions.get(&board.mission) else { return };
    let columns = Columns::of(board, list.width);
    let lines = lines(board, mission, &columns);
    let height = usize::from(list.height);
    let top = top(board, &lines, height);
    for (y, line) in lines.iter().skip(top).take(height).enumerate() {
        columns.put(pen, row(list, u16::try_from(y).unwrap_or(u16::MAX)), board, line);
    }
    let foot = format!("{}{}", approves(app, board), foot(board, mission));
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
}

/// The keys that approve, where this mission's choice waits.
fn approves(app: &App, board: &Board) -> String {
    let request = app.desk.request(&app.state).filter(|request| request.mission == board.mission);
    match (request.map(|request| &request.subject), board.names) {
        (Some(Subject::Choose { .. }), Names::Hidden) => "a approves the one under the cursor   ".into(),
        (Some(Subject::Choose { teams }), Names::Shown) => {
            let numbers: Vec<String> = teams.iter().map(|team| team.0.to_string()).collect();
            format!("{} approve   ", numbers.join("/"))
        }
        _ => String::new(),
    }
}

fn foot(board: &Board, mission: &Mission) -> String {
    let old = if board.is_old(mission) { "! a newer candidate has come: q and c again   " } else { "" };
    let taken = match (board.taken.len(), board.open_conflicts()) {
        (0, _) => String::new(),
        (taken, 0) => format!("{taken} taken   "),
        (taken, open) => format!("{taken} taken, {open} of the conflicts open   "),
    };
    format!("{old}{taken}space takes   A all   C builds it   b blind   e evidence   q closes")
}

/// Rows there are to scroll through.
pub(super) fn rows(app: &App, board: &Board, width: u16) -> usize {
    let Some(mission) = app.state.missions.get(&board.mission) else { return 0 };
    lines(board, mission, &Columns::of(board, width)).len()
}

/// The first row shown: the chosen one of the person, moved so that the place under the cursor is seen.
fn top(board: &Board, lines: &[Line<'_>], height: usize) -> usize {
    let most = lines.len().saturating_sub(height);
    let top = board.top.min(most);
    if board.scrolled {
        return top;
    }
    let of_place = |line: &Line<'_>| matches!(line, Line::Place(file, at, _) if (*file, *at) == board.at);
    let (Some(first), Some(last)) = (lines.iter().position(of_place), lines.iter().rposition(of_place))
    else {
        return top;
    };
    // The heading of the file stays in sight where it stands right above.
    let first = first.saturating_sub(1);
    if board.at == (0, 0) && last < height {
        return 0;
    }
    if first < top { first } else { top.max((last + 1).saturating_sub(height)).min(first) }
}

/// Where candidates stand.
struct Columns {
    /// Candidates shown, from the left.
    shown: Vec<usize>,
    /// Columns of one.
    width: u16,
}

impl Columns {
    fn of(board: &Board, width: u16) -> Self {
        let room = width.saturating_sub(LABEL);
        let many = u16::try_from(board.order.len().max(1)).unwrap_or(1);
        if room / many >= COLUMN_LEAST {
            return Self { shown: board.order.clone(), width: room / many };
        }
        Self { shown: vec![board.side()], width: room }
    }

    fn put(&self, pen: &mut Pen<'_>, at: Rect, board: &Board, line: &Line<'_>) {
        match line {
            Line::Span(text, role) => {
                pen.put(at, 0, text, *role);
            }
            Line::Cells(name, cells, role) => {
                pen.put(at, 0, name, Role::Muted);
                for (nth, cell) in cells.iter().enumerate() {
                    pen.put(self.cell(at, nth), 0, cell, *role);
                }
            }
            Line::Place(file, place, nth) => self.place(pen, at, board, (*file, *place, *nth)),
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

    fn place(&self, pen: &mut Pen<'_>, at: Rect, board: &Board, (file, place, nth): (usize, usize, usize)) {
        let Some(alignment) = board.alignment() else { return };
        let Some(aligned) = alignment.files.get(file) else { return };
        let Some(here) = aligned.places.get(place) else { return };
        let chosen = board.at == (file, place);
        if nth == 0 {
            let mark = if chosen { "▸" } else { " " };
            let (glyph, role) = sign(here.agreement);
            let x = pen.put(at, 0, mark, Role::Accent);
            pen.put(at, x, &format!("{glyph} {}", where_is(here)), role);
        }
        for (column, side) in self.shown.iter().enumerate() {
            let cell = self.cell(at, column);
            if nth == 0 {
                // What all change alike is taken from all of them.
                let from = board.taken.get(&(file, place));
                let taken = from == Some(side) || (from.is_some() && here.agreement == Agreement::Same);
                let (text, role) = match (taken, aligned.is_changed(here, *side)) {
                    (true, _) => ("● taken", Role::Ok),
                    (false, true) => ("○", Role::Muted),
                    (false, false) => ("· leaves it", Role::Muted),
                };
                pen.put(cell, 0, text, role);
                if chosen && board.side() == *side {
                    pen.choose(cell);
                }
                continue;
            }
            let (text, role) = text_of(alignment, aligned, here, (*side, nth - 1));
            pen.put(cell, 0, &text, role);
        }
    }
}

/// Glyph and colour of an agreement; the word stands in the legend above the places.
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

/// The n-th line that a candidate makes of a place.
fn text_of(
    alignment: &Alignment,
    file: &AlignedFile,
    place: &Place,
    (side, nth): (usize, usize),
) -> (String, Role) {
    let mut left = nth;
    for change in place.sides.get(side).into_iter().flatten() {
        let many = change.removed.len() + change.added.len();
        if left >= many {
            left -= many;
            continue;
        }
        let rest = change_lines(place, side) - nth;
        if nth + 1 == LINES_MOST && rest > 1 {
            return (format!("… {rest} more lines"), Role::Muted);
        }
        let lines = alignment.lines(file, side, change);
        let Some((kind, text)) = lines.get(left) else { return (String::new(), Role::Text) };
        let (mark, role) = match kind {
            Kind::Add => ("+ ", Role::DiffAdd),
            Kind::Del => ("- ", Role::DiffDel),
            Kind::Context => ("  ", Role::Text),
        };
        return (format!("{mark}{}", clean_line(&text.replace('\t', "    "), 400)), role);
    }
    (String::new(), Role::Text)
}

fn change_lines(place: &Place, side: usize) -> usize {
    place.sides.get(side).into_iter().flatten().map(|change| change.removed.len() + change.added.len()).sum()
}

fn lines<'a>(board: &Board, mission: &Mission, columns: &Columns) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    evidence(board, mission, columns, &mut lines);
    lines.push(Line::Span(String::new(), Role::Text));
    let alignment = match &board.patches {
        Patches::Reading => {
            lines.push(Line::Span("reading the patches…".into(), Role::Muted));
            return lines;
        }
        Patches::Missing(why) => {
            lines.push(Line::Span(format!("the patches cannot be read: {why}"), Role::Bad));
            return lines;
        }
        Patches::Aligned(alignment) => alignment,
    };
    if alignment.docs.iter().any(|doc| doc.cut || doc.skipped > 0) {
        let words =
            "! a patch is longer than what is read, or not in git's form: nothing can be taken from it";
        lines.push(Line::Span(words.into(), Role::Warn));
    }
    for (nth, file) in alignment.files.iter().enumerate() {
        lines.push(Line::Span(clean_line(&file.path, 300).into(), Role::Title));
        for (at, place) in file.places.iter().enumerate() {
            let tall = (0..alignment.docs.len()).map(|side| change_lines(place, side)).max().unwrap_or(0);
            lines.extend((0..=tall.min(LINES_MOST)).map(|line| Line::Place(nth, at, line)));
        }
    }
    if alignment.files.is_empty() {
        lines.push(Line::Span("No candidate changes anything.".into(), Role::Muted));
    } else {
        let legend = "=  all alike   1  one alone   ~  some, alike   ≠  in conflict";
        lines.push(Line::Span(legend.into(), Role::Muted));
    }
    lines
}

/// The table of evidence, as far as it is unfolded.
fn evidence(board: &Board, mission: &Mission, columns: &Columns, lines: &mut Vec<Line<'_>>) {
    let teams: Vec<(usize, &Team)> = columns
        .shown
        .iter()
        .filter_map(|side| {
            let column = board.columns.get(*side)?;
            Some((*side, mission.teams.iter().find(|team| team.id == column.team)?))
        })
        .collect();
    if teams.is_empty() {
        lines.push(Line::Span("No candidate yet.".into(), Role::Muted));
        return;
    }
    let room = usize::from(columns.width.saturating_sub(2));
    // Cells are wrapped, not cut: what a judge says is read to its end before it is decided on.
    let mut line = |name: &'static str, role: Role, cell: &dyn Fn(&Entry<'_>) -> String| {
        let cells: Vec<Vec<String>> = teams
            .iter()
            .map(|(side, team)| {
                let column = board.columns.get(*side);
                let kept = column.and_then(|column| team.entry(column.attempt));
                let text = cell(&Entry { side: *side, team, kept, board });
                wrap::rows(&text, room).into_iter().map(|range| text[range].trim_end().to_owned()).collect()
            })
            .collect();
        let most = cells.iter().map(Vec::len).max().unwrap_or(1);
        for nth in 0..most {
            let row = cells.iter().map(|rows| rows.get(nth).cloned().unwrap_or_default()).collect();
            lines.push(Line::Cells(if nth == 0 { name } else { "" }, row, role));
        }
    };
    line("", Role::Title, &|it| it.name());
    if board.evidence == Evidence::Folded {
        return line("evidence", Role::Text, &|it| {
            it.evidence().map_or("not yet checked".into(), words::evidence_line)
        });
    }
    line("checks", Role::Text, &|it| match it.evidence() {
        Some(found) if found.passed() => "✓ pass".into(),
        Some(found) if found.checks.is_empty() => "○ none were run".into(),
        Some(_) => "✗ fail".into(),
        None => "● not yet checked".into(),
    });
    let entries = teams.iter().filter_map(|(_, team)| team.candidates.last());
    let most =
        entries.filter_map(|(_, found)| found.as_ref()).map(|found| found.checks.len()).max().unwrap_or(0);
    for nth in 0..most {
        line("", Role::Text, &|it| {
            let check = it.evidence().and_then(|found| found.checks.get(nth));
            check.map_or(String::new(), |check| {
                format!("{}: {}", clean_line(&check.command, 24), words::check_change(check))
            })
        });
    }
    line("new tests", Role::Text, &|it| {
        it.evidence().map_or(String::new(), |found| {
            let proves = if found.reproduces { ", one reproduces the fault" } else { "" };
            format!("{}{proves}", found.new_passing.len())
        })
    });
    line("size", Role::Text, &|it| {
        it.kept.map_or(String::new(), |(candidate, _)| {
            let stat = &candidate.stat;
            format!("+{} -{} in {}", stat.additions, stat.deletions, count(stat.files.len(), "file"))
        })
    });
    line("manifests", Role::Text, &|it| {
        it.kept.map_or(String::new(), |(candidate, _)| match candidate.stat.manifests.as_slice() {
            [] => "none touched".into(),
            some => clean_line(&some.join(", "), 120).into(),
        })
    });
    line("cost", Role::Text, &|it| it.evidence().map_or(String::new(), |found| words::cost(found.cost)));
    line("time", Role::Text, &|it| it.evidence().map_or(String::new(), |found| found.elapsed.to_string()));
    verdicts(mission, &mut line);
    line("says", Role::Text, &|it| {
        it.kept.map_or(String::new(), |(candidate, _)| clean_line(&candidate.summary, 200).into())
    });
    match &mission.judgement {
        None => lines.push(Line::Span("judges      no verdict yet".into(), Role::Muted)),
        Some(judgement) => {
            let missing =
                judgement.missing.iter().map(|what| format!("missing     {}", clean_line(what, 200)));
            lines.extend(missing.map(|what| Line::Span(what, Role::Warn)));
        }
    }
}

/// What a cell is made from.
struct Entry<'a> {
    side: usize,
    team: &'a Team,
    kept: Option<&'a (
        std::sync::Arc<crate::domain::candidate::Candidate>,
        Option<std::sync::Arc<crate::domain::candidate::Evidence>>,
    )>,
    board: &'a Board,
}

impl Entry<'_> {
    fn evidence(&self) -> Option<&crate::domain::candidate::Evidence> {
        self.kept?.1.as_deref()
    }

    fn name(&self) -> String {
        match self.board.names {
            Names::Shown => format!("[{}] {}", self.team.id.0, words::team_name_of(self.team)),
            Names::Hidden => {
                let at = self.board.order.iter().position(|side| *side == self.side).unwrap_or(0);
                format!("candidate {}", ["A", "B", "C", "D"].get(at).copied().unwrap_or("?"))
            }
        }
    }
}

type Write<'w> = dyn FnMut(&'static str, Role, &dyn Fn(&Entry<'_>) -> String) + 'w;

fn verdicts(mission: &Mission, line: &mut Write<'_>) {
    let Some(judgement) = &mission.judgement else { return };
    let of = |it: &Entry<'_>| {
        let verdicts = judgement.verdicts.iter().filter(|verdict| verdict.team == it.team.id);
        verdicts.cloned().collect::<Vec<_>>()
    };
    let count = |team: &Team| judgement.verdicts.iter().filter(|verdict| verdict.team == team.id).count();
    let most = mission.teams.iter().map(count).max().unwrap_or(0);
    for nth in 0..most {
        line("judge", Role::Text, &|it| {
            of(it).get(nth).map_or(String::new(), |verdict| {
                let by = match it.board.names {
                    Names::Shown => format!(" by {}", verdict.judge),
                    Names::Hidden => String::new(),
                };
                format!("{}/100{by} (orders {} and {})", verdict.score, verdict.orders[0], verdict.orders[1])
            })
        });
        line("", Role::Text, &|it| {
            of(it).get(nth).map_or(String::new(), |verdict| {
                let note = verdict.note.as_ref().map(|note| format!("! {note}  ")).unwrap_or_default();
                clean_line(&format!("{note}{}", verdict.reasons), 200).to_string()
            })
        });
    }
}
