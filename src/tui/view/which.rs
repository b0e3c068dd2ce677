//! What may follow a key that begins a sequence: a small panel above the footer, once the person hesitates.

use super::frame::{Pen, row};
use crate::tui::{app::App, commands, keymap, theme::Role};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

/// Columns of one key with its words.
const COLUMN: u16 = 26;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, body: Rect) {
    let pressed = &app.voice.0;
    if pressed.hint_at().is_none_or(|at| app.now.mono < at) {
        return;
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    for binding in app.look.keymap.continuations(&pressed.keys, app.contexts()) {
        let rest = binding.on.get(pressed.keys.len()..).unwrap_or_default();
        let key = keymap::shown(rest);
        let words = binding.desc.clone().unwrap_or_else(|| commands::entry(binding.run).title.to_owned());
        if !rows.iter().any(|(known, _)| *known == key) {
            rows.push((key, words));
        }
    }
    let columns = (body.width.saturating_sub(2) / COLUMN).max(1);
    let lines = u16::try_from(rows.len()).unwrap_or(u16::MAX).div_ceil(columns);
    let height = (lines + 2).min(body.height);
    let area = Rect { y: body.bottom() - height, height, ..body };
    let inner = pen.sheet(area, &format!("{} …", keymap::shown(&pressed.keys)));
    for (nth, (key, words)) in rows.iter().enumerate() {
        let nth = u16::try_from(nth).unwrap_or(u16::MAX);
        let line = row(inner, nth / columns);
        let from = nth % columns * COLUMN;
        let cell = Rect { x: line.x + from, width: COLUMN.min(line.width.saturating_sub(from)), ..line };
        let end = pen.put(cell, 0, key, Role::Accent);
        let room = usize::from(cell.width.saturating_sub(end + 1));
        if room >= words.width().min(4) {
            pen.put(cell, end + 1, words, Role::Text);
        }
    }
}
