//! Sections that are text: lines of runs, scrolled; bars and sparks made of block characters.

use super::super::frame::{Pen, row};
use crate::tui::{app::App, screens::operations::Section, theme::Role};
use ratatui::layout::Rect;

/// Runs of one line, a space between them.
pub(super) type Line = Vec<(String, Role)>;

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
    fn little_is_never_none_and_the_largest_is_full() {
        assert_eq!(spark(&[0, 1, 500, 1_000, 999]), "·▁▄██");
        assert_eq!(spark(&[0, 0]), "··");
        assert_eq!(spark(&[u64::MAX, 1]), "█▁");
        assert_eq!(spark(&[]), "");
        assert_eq!(gauge(1, 2, 4), "██░░");
        assert_eq!((gauge(9, 2, 4), gauge(1, 0, 2)), ("████".into(), "░░".into()));
    }
}
