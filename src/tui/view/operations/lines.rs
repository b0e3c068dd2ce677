//! Sections that are text: lines of runs, scrolled; bars and sparks made of block characters.

use super::super::frame::{Pen, row};
use crate::tui::{app::App, screens::operations::Section, theme::Role, wrap};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Runs of one line, a space between them.
pub(super) type Line = Vec<(String, Role)>;

/// What a row has beside the column of the sign of what is chosen.
pub(super) fn beside_mark(line: Rect) -> Rect {
    Rect { x: line.x + 1.min(line.width), width: line.width.saturating_sub(1), ..line }
}

/// Columns by which what goes on below is moved in.
const INDENT: usize = 2;

/// Lines in so many columns: what does not fit goes on below, so that nothing at an end is cut.
pub(super) fn folded(lines: Vec<Line>, width: u16) -> Vec<Line> {
    // The last column is for the signs that there is more.
    let room = usize::from(width.saturating_sub(1)).max(8);
    lines.into_iter().flat_map(|line| fold(line, room)).collect()
}

fn fold(line: Line, room: usize) -> Vec<Line> {
    let mut rows: Vec<Line> = Vec::new();
    let (mut row, mut used) = (Line::new(), 0);
    for (text, role) in line.into_iter().filter(|(text, _)| !text.is_empty()) {
        let whole = text.trim_end();
        if used + whole.width() <= room {
            used += text.width() + 1;
            row.push((text, role));
            continue;
        }
        for range in wrap::rows(whole, room - INDENT) {
            if used > 0 {
                rows.push(std::mem::replace(&mut row, vec![(" ".repeat(INDENT - 1), Role::Text)]));
            }
            let piece = whole[range].trim_end().to_owned();
            used = INDENT + piece.width() + 1;
            row.push((piece, role));
        }
    }
    rows.push(row);
    for (text, _) in rows.iter_mut().filter_map(|row| row.last_mut()) {
        text.truncate(text.trim_end().len());
    }
    rows
}

/// A line of one run.
pub(super) fn line(words: impl Into<String>, role: Role) -> Line {
    vec![(words.into(), role)]
}

/// Draws what is seen of the lines; where there are more, the last cell of the first and last row says so.
pub(super) fn draw(app: &App, pen: &mut Pen<'_>, (section, area): (Section, Rect), lines: &[Line]) {
    let seen = usize::from(area.height);
    let top = app.screens.operations.at(section).min(lines.len().saturating_sub(seen));
    for (y, runs) in (0..).zip(lines.iter().skip(top).take(seen)) {
        let runs: Vec<(&str, Role)> = runs.iter().map(|(words, role)| (words.as_str(), *role)).collect();
        pen.runs(row(area, y), &runs);
    }
    if top > 0 {
        pen.put_right(row(area, 0), "▲", Role::Muted);
    }
    if top + seen < lines.len() && seen > 0 {
        pen.put_right(row(area, area.height - 1), "▼", Role::Muted);
    }
}

/// One character for each value, the largest full; nothing at all is a dot, so that little is never none.
pub(super) fn spark(values: &[u64]) -> String {
    const LEVELS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let level = |value: u64| match value {
        0 => "·",
        value => {
            let nth = (u128::from(value) * 8).div_ceil(u128::from(most)).saturating_sub(1);
            LEVELS[usize::try_from(nth).unwrap_or(0).min(LEVELS.len() - 1)]
        }
    };
    values.iter().map(|value| level(*value)).collect()
}

/// How much of a whole is used, in so many cells; more than all fills it.
pub(super) fn gauge(used: u64, whole: u64, cells: usize) -> String {
    let full = (u128::from(used) * cells as u128).checked_div(u128::from(whole)).unwrap_or(0);
    let full = usize::try_from(full).unwrap_or(cells).min(cells);
    "█".repeat(full) + &"░".repeat(cells - full)
}

/// `12:05` of a time, UTC.
pub(super) fn clock(at: crate::domain::time::Timestamp) -> String {
    at.to_string().get(11..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_goes_on_below_and_nothing_is_lost() {
        let runs = [
            ("✗ cost  ", Role::Bad),
            ("missed  ", Role::Bad),
            ("$1.00 over two ended missions", Role::Muted),
        ];
        let whole: Line = runs.map(|(text, role)| (text.to_owned(), role)).into();
        let words = |line: &Line| line.iter().map(|(text, _)| text.trim()).collect::<Vec<_>>().join(" ");
        let all = |rows: &[Line]| {
            let rows: Vec<String> = rows.iter().map(words).collect();
            rows.join(" ").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        for width in 12..80 {
            let rows = folded(vec![whole.clone()], width);
            assert_eq!(all(&rows), all(std::slice::from_ref(&whole)), "{width}");
            let wide = |row: &Line| row.iter().map(|(text, _)| text.width() + 1).sum::<usize>() - 1;
            assert!(rows.iter().all(|row| wide(row) < usize::from(width)), "{width}: {rows:?}");
        }
        assert_eq!(folded(vec![whole.clone()], 60).len(), 1);
        assert_eq!(folded(vec![whole], 40).len(), 2);
    }

    #[test]
    fn little_is_never_none_and_the_largest_is_full() {
        assert_eq!(spark(&[0, 1, 500, 1_000, 999]), "·▁▄██");
        assert_eq!(spark(&[0, 0]), "··");
        assert_eq!(spark(&[u64::MAX, 1]), "█▁");
        assert_eq!(spark(&[]), "");
        assert_eq!(gauge(1, 2, 4), "██░░");
        assert_eq!((gauge(9, 2, 4), gauge(1, 0, 2)), ("████".into(), "░░".into()));
    }
}
