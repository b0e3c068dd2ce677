//! The settings screen as it is drawn: settings by group with value and layer, beside them what the chosen one means;
//! and the line it is edited in.

use super::{
    foot,
    frame::{Focused, Pen, row},
};
use crate::{
    config::book::Setting,
    domain::text::clean_line,
    tui::{
        app::App,
        screens::{SettingsRow, vendor_of},
        settings::SettingEditor,
        theme::Role,
        wrap,
    },
};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// From this width on, list and detail stand side by side.
const WIDE: u16 = 110;
/// Rows of the detail below the list.
const DETAIL: u16 = 9;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let (list, detail) = if area.width >= WIDE {
        let left = area.width * 3 / 5;
        let right = Rect { x: area.x + left, width: area.width - left, ..area };
        (Rect { width: left, ..area }, right)
    } else {
        let below = DETAIL.min(area.height / 2);
        let top = area.height - below;
        (Rect { height: top, ..area }, Rect { y: area.y + top, height: below, ..area })
    };
    settings(app, pen, list);
    chosen(app, pen, detail);
    None
}

fn settings(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let screen = &app.screens.settings;
    let rows = screen.rows();
    let title = match screen.filter.as_str() {
        "" => "SETTINGS".to_owned(),
        words => {
            format!(
                "SETTINGS ─ \"{}\": {} of them, esc shows all",
                clean_line(words, 40),
                screen.shown().len()
            )
        }
    };
    let inner = pen.framed(area, &title, Focused::Yes);
    match &screen.book {
        None => {
            pen.put(row(inner, 0), 0, "reading…", Role::Muted);
        }
        Some(Err(why)) => {
            pen.paragraph(inner, &format!("✗ {}", crate::domain::text::clean(why)), Role::Bad);
        }
        Some(Ok(_)) => {}
    }
    let cursor = rows.iter().position(|row| matches!(row, SettingsRow::Setting(at, _) if *at == screen.at));
    let height = usize::from(inner.height);
    let top = (cursor.unwrap_or(0) + 1).saturating_sub(height);
    // The first group keeps its heading in sight.
    let top = if top == 1 { 0 } else { top };
    let top = if cursor.is_some_and(|at| at >= top + height) { top + 1 } else { top };
    for (y, shown) in rows.iter().skip(top).take(height).enumerate() {
        let line = row(inner, u16::try_from(y).unwrap_or(u16::MAX));
        match shown {
            SettingsRow::Group(group) => {
                pen.put(line, 0, group.word(), Role::Title);
            }
            SettingsRow::Setting(at, setting) => {
                setting_row(pen, line, setting);
                if *at == screen.at {
                    pen.chosen(line);
                }
            }
        }
    }
}

/// Name, value, and the layer where it is not the program itself.
fn setting_row(pen: &mut Pen<'_>, line: Rect, setting: &Setting) {
    let layer = layer(setting);
    let wide = u16::try_from(layer.width()).unwrap_or(0);
    let names = (line.width / 2).min(40);
    let left = Rect { width: line.width.saturating_sub(wide + 1), ..line };
    pen.put(Rect { width: names, ..left }, 1, &setting.path, Role::Text);
    pen.put(left, names + 1, &value(setting), Role::Code);
    pen.put_right(line, layer, if layer.is_empty() { Role::Muted } else { Role::Accent });
}

/// Who set it, in a word; nothing for the program itself.
fn layer(setting: &Setting) -> &'static str {
    use crate::config::layers::Layer;
    match &setting.layer {
        Layer::BuiltIn => "",
        Layer::User(_) => "user",
        Layer::Repository(_) => "repository",
        Layer::File(_) => "--config",
        Layer::Environment(_) => "environment",
        Layer::Flag(_) => "flag",
    }
}

fn value(setting: &Setting) -> String {
    setting.value.as_deref().map_or_else(|| "not set".into(), |value| clean_line(value, 400).to_string())
}

fn chosen(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let screen = &app.screens.settings;
    let Some(setting) = screen.chosen() else {
        let inner = pen.framed(area, "SETTING", Focused::No);
        let notes = match &screen.book {
            Some(Ok(book)) => book.notes.join("\n"),
            _ => String::new(),
        };
        pen.paragraph(inner, &notes, Role::Muted);
        return;
    };
    let inner = pen.framed(area, &setting.path, Focused::No);
    let tried = vendor_of(setting).and_then(|vendor| screen.tried.get(&vendor));
    let mut lines: Vec<(String, Role)> = Vec::new();
    match tried {
        Some(None) => lines.push(("… asking what it offers".into(), Role::Muted)),
        Some(Some((true, words))) => lines.push((format!("✓ {words}"), Role::Ok)),
        Some(Some((false, words))) => lines.push((format!("✗ {words}"), Role::Bad)),
        None => {}
    }
    lines.push((value(setting), Role::Code));
    lines.push((format!("set by {}", setting.layer), Role::Accent));
    lines.push((setting.doc.to_owned(), Role::Text));
    lines.push((format!("form      {}", setting.form), Role::Muted));
    let built_in = setting.built_in.as_deref().unwrap_or("not set");
    lines.push((format!("built-in  {}", clean_line(built_in, 400)), Role::Muted));
    lines.push((format!("counts    {}", setting.counts.word()), Role::Muted));
    let env = setting.env.map_or_else(String::new, |name| format!(", {name} wins over files"));
    lines.push((format!("repository's file: {}{env}", setting.repo.word()), Role::Muted));
    if let Some(Ok(book)) = &screen.book {
        let about = format!(": {} is ignored", setting.path);
        let notes = book.notes.iter().filter(|note| note.contains(&about));
        lines.extend(notes.map(|note| (format!("! {}", clean_line(note, 400)), Role::Warn)));
    }
    let mut y = 0;
    for (text, role) in lines {
        let rest = Rect { y: inner.y + y, height: inner.height.saturating_sub(y), ..inner };
        y += pen.paragraph(rest, &text, role);
    }
}

/// The line a setting is edited in.
pub(super) fn editor(editor: &SettingEditor, pen: &mut Pen<'_>, area: Rect) -> Position {
    let setting = &editor.setting;
    let inner = pen.sheet(area, &format!("SET {}", setting.path));
    let caret = pen.input(&editor.line, row(inner, 0));
    let file = editor.file().map_or_else(String::new, |(layer, path)| {
        format!("into the {} {}", layer.word(), clean_line(&path.display().to_string(), 300))
    });
    pen.put(row(inner, 1), 0, &wrap::fit(&file, usize::from(inner.width)), Role::Accent);
    let keys = [
        "enter writes it",
        "esc leaves it",
        if editor.has_choice() { "tab another file" } else { "" },
        if setting.words.is_empty() { "" } else { "up/down turns" },
    ];
    let foot = foot::fitted(&keys.map(str::to_owned), inner.width);
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
    let rest = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(3), ..inner };
    let mut used = 0;
    if editor.sending {
        pen.put(row(rest, 0), 0, "… writing", Role::Muted);
        used = 1;
    } else if let Some(why) = &editor.complaint {
        used = pen.paragraph(rest, &format!("✗ {}", crate::domain::text::clean(why)), Role::Bad);
    }
    for text in [format!("{}, {}", setting.form, setting.counts.word()), setting.doc.to_owned()] {
        let left =
            Rect { y: rest.y + used.min(rest.height), height: rest.height.saturating_sub(used), ..rest };
        used += pen.paragraph(left, &text, Role::Muted);
    }
    caret
}
