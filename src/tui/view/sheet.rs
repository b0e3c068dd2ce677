//! Sheets over the panes: help, pickers, prompts, questions, request cards, comparison, versions, pages.

use super::{
    compare, diff, dossier, foot,
    frame::{Pen, row},
    preview,
    rows::wrapped,
    settings, versions,
};
use crate::{
    domain::{ids::RequestId, request::Subject, text::clean_line},
    engine::state::Mission,
    tui::{
        app::App,
        commands::{self, CommandId, Context},
        sheets::{Clarify, Page, Picker, Sheet},
        theme::Role,
        wrap,
    },
};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

type Row = (String, Role);

pub(super) fn draw(app: &App, sheet: &Sheet, pen: &mut Pen<'_>, screen: Rect) -> Option<Position> {
    match sheet {
        Sheet::Picker(picker) => return Some(pick(app, picker, pen, screen)),
        Sheet::Prompt(prompt) => {
            // What is asked about stays in sight.
            if let Some(from) = &prompt.from {
                draw(app, from, pen, screen);
            }
            let area = middle(screen, 90, 5);
            let inner = pen.sheet(area, &clean_line(&prompt.title, 120));
            let foot = foot::fitted(&["enter sends".into(), leaves(app, "leaves it")], inner.width);
            pen.put(row(inner, 2), 0, &foot, Role::Muted);
            return Some(pen.input(&prompt.line, row(inner, 0)));
        }
        Sheet::Setting(editor) => return Some(settings::editor(editor, pen, middle(screen, 100, 13))),
        Sheet::Clarify(clarify) => return clarified(app, clarify, pen, screen),
        Sheet::Compare(board) => {
            compare::draw(app, board, pen, screen);
            return None;
        }
        Sheet::Diff(page) => {
            diff::draw(app, page, pen, screen);
            return None;
        }
        Sheet::Preview(look) => {
            preview::draw(app, look, pen, screen);
            return None;
        }
        _ => {}
    }
    let (title, rows) = rows(app, sheet, usize::from(middle(screen, 110, u16::MAX).width.saturating_sub(2)));
    let at = offset(sheet);
    let area = middle(screen, 110, u16::try_from(rows.len() + 3).unwrap_or(u16::MAX));
    let inner = pen.sheet(area, &title);
    let list = Rect { height: inner.height.saturating_sub(1), ..inner };
    let chooses = matches!(sheet, Sheet::Versions(_));
    let height = usize::from(list.height);
    let top =
        if chooses { (at + 1).saturating_sub(height) } else { at.min(rows.len().saturating_sub(height)) };
    for (y, (text, role)) in rows.iter().skip(top).take(height).enumerate() {
        let line = row(list, u16::try_from(y).unwrap_or(u16::MAX));
        match chooses {
            true => pen.put(line, 2, text, *role),
            false => pen.put(line, 0, text, *role),
        };
        if chooses && top + y == at {
            pen.chosen(line);
        }
    }
    let mut hints = match sheet {
        Sheet::Versions(at) => of_version(app, *at),
        Sheet::Card(id, _) => decides(app, *id),
        _ => Vec::new(),
    };
    if !chooses && rows.len() > height {
        let keys = [CommandId::SheetUp, CommandId::SheetDown].map(|id| app.key_here(id).unwrap_or_default());
        hints.push(format!("{}/{}", (top + height).min(rows.len()), rows.len()));
        hints.push(format!("{} scrolls", keys.join("/")));
    }
    hints.extend(app.hints_of(&[(true, CommandId::Close, "closes")]));
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot::fitted(&hints, inner.width), Role::Muted);
    None
}

/// The keys that decide the request whose card is open.
fn decides(app: &App, id: RequestId) -> Vec<String> {
    let request = app.desk.request(&app.state).filter(|request| request.id == id && app.faces(request));
    request.map(|request| dossier::keys(app, request)).unwrap_or_default()
}

/// What can be done with a version.
fn of_version(app: &App, at: usize) -> Vec<String> {
    let Some(mission) = app.mission() else { return Vec::new() };
    let patch = versions::patch_at(mission, at).is_some();
    app.hints_of(&[
        (patch, CommandId::Choose, "shows the patch"),
        (patch, CommandId::Copy, "copies it"),
        (versions::commit_at(mission, at).is_some(), CommandId::Restore, "restores it"),
        (puts_up(app, mission, at), CommandId::Restore, "puts it up again"),
    ])
}

/// Whether the candidate of a row can take the place of its team's newest.
fn puts_up(app: &App, mission: &Mission, at: usize) -> bool {
    let choice =
        app.state.desk.values().any(|request| {
            request.mission == mission.id && matches!(request.subject, Subject::Choose { .. })
        });
    let older = versions::candidate_at(mission, at).is_some_and(|(team, attempt, _)| {
        let team = mission.teams.iter().find(|known| known.id == team);
        team.and_then(|team| team.candidates.last()).is_some_and(|(newest, _)| newest.attempt != attempt)
    });
    choice && older
}

/// The key that leaves a sheet that takes text.
fn leaves(app: &App, word: &str) -> String {
    app.key_here(CommandId::Back).map(|key| format!("{key} {word}")).unwrap_or_default()
}

pub(super) fn last_row(app: &App) -> usize {
    let screen = super::below_header(super::screen(app));
    let Some(sheet) = &app.sheet else { return 0 };
    if let Sheet::Compare(board) = sheet {
        return compare::last_row(app, board, screen);
    }
    if let Sheet::Preview(look) = sheet {
        return preview::last_row(app, look, screen);
    }
    let count = rows(app, sheet, usize::from(middle(screen, 110, u16::MAX).width.saturating_sub(2))).1.len();
    let height = usize::from(middle(screen, 110, u16::MAX).height.saturating_sub(3));
    match sheet {
        Sheet::Versions(_) => count.saturating_sub(1),
        _ => count.saturating_sub(height),
    }
}

fn offset(sheet: &Sheet) -> usize {
    match sheet {
        Sheet::Help(at, _) | Sheet::Card(_, at) | Sheet::Versions(at) | Sheet::Page(Page { at, .. }) => *at,
        Sheet::Preview(look) => look.at,
        Sheet::Picker(_)
        | Sheet::Prompt(_)
        | Sheet::Clarify(_)
        | Sheet::Setting(_)
        | Sheet::Compare(_)
        | Sheet::Diff(_) => 0,
    }
}

fn middle(screen: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(screen.width.saturating_sub(2)).max(1);
    let height = height.min(screen.height.saturating_sub(2)).max(1);
    let (x, y) = ((screen.width - width) / 2, (screen.height - height) / 2);
    Rect { x: screen.x + x, y: screen.y + y, width, height }
}

fn rows(app: &App, sheet: &Sheet, width: usize) -> (String, Vec<Row>) {
    match sheet {
        Sheet::Help(_, from) => ("HELP".into(), help(app, from.as_deref(), width)),
        Sheet::Card(id, _) => match app.state.desk.get(id) {
            Some(request) => (format!("REQUEST {id}"), dossier::rows(app, request, width)),
            None => (format!("REQUEST {id}"), vec![("It no longer waits.".into(), Role::Muted)]),
        },
        Sheet::Versions(_) => {
            let list = app.mission().map(|mission| versions::rows(mission)).unwrap_or_default();
            let mut rows: Vec<Row> = list.into_iter().map(|version| (version.title, Role::Text)).collect();
            if rows.is_empty() {
                rows.push(("No candidate yet.".into(), Role::Muted));
            }
            ("VERSIONS".into(), rows)
        }
        Sheet::Page(page) => {
            let role = |line: &str| match line.as_bytes().first() {
                Some(b'+') if !line.starts_with("+++") => Role::DiffAdd,
                Some(b'-') if !line.starts_with("---") => Role::DiffDel,
                Some(b'@') => Role::DiffHunk,
                _ => Role::Text,
            };
            let mut lines = Vec::with_capacity(page.lines.len());
            for line in &page.lines {
                wrapped(&mut lines, line, role(line), width);
            }
            (clean_line(&page.title, 90).to_string(), lines)
        }
        Sheet::Picker(_)
        | Sheet::Prompt(_)
        | Sheet::Clarify(_)
        | Sheet::Setting(_)
        | Sheet::Compare(_)
        | Sheet::Preview(_)
        | Sheet::Diff(_) => (String::new(), Vec::new()),
    }
}

/// Columns of keys.
const KEYS: usize = 26;

fn help(app: &App, from: Option<&Sheet>, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    // What holds where it was opened stands first.
    let here = app.contexts_of(from);
    let rest = Context::ALL.into_iter().filter(|context| !here.contains(context));
    for context in here.iter().copied().chain(rest) {
        let title = rows.len();
        rows.push((context.title().to_owned(), Role::Title));
        for entry in commands::ALL {
            let bound =
                app.look.keymap.rows().iter().filter(|row| row.run == entry.id && row.when == context);
            let (mut keys, mut own) = (Vec::new(), None);
            for row in bound {
                keys.push(crate::tui::keymap::shown(&row.on));
                own = own.or(row.desc.clone());
            }
            if !keys.is_empty() {
                let words = own.unwrap_or_else(|| entry.help.to_owned());
                let mut keys = keys.join("  ");
                if keys.width() > KEYS {
                    rows.push((format!("  {keys}"), Role::Text));
                    keys.clear();
                }
                for range in wrap::rows(&words, width.saturating_sub(KEYS + 3)) {
                    let pad = KEYS.saturating_sub(keys.width());
                    rows.push((format!("  {keys}{:pad$} {}", "", words[range].trim_end()), Role::Text));
                    keys.clear();
                }
            }
        }
        if rows.len() == title + 1 {
            rows.pop();
        }
    }
    rows
}

fn pick(app: &App, picker: &Picker, pen: &mut Pen<'_>, screen: Rect) -> Position {
    let inner = pen.sheet(middle(screen, 90, 22), picker.title);
    let caret = pen.input(&picker.line, row(inner, 0));
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let top = (picker.at + 1).saturating_sub(usize::from(list.height));
    let mut empty = true;
    for (y, found) in picker.found().skip(top).take(usize::from(list.height)).enumerate() {
        empty = false;
        let line = row(list, u16::try_from(y).unwrap_or(u16::MAX));
        let detail = u16::try_from(unicode_width::UnicodeWidthStr::width(found.detail.as_str())).unwrap_or(0);
        pen.put(Rect { width: line.width.saturating_sub(detail + 1), ..line }, 2, &found.label, Role::Text);
        pen.put_right(line, &found.detail, Role::Muted);
        if top + y == picker.at {
            pen.chosen(line);
        }
    }
    if empty {
        pen.put(row(list, 0), 2, if picker.reading { "reading…" } else { "nothing matches" }, Role::Muted);
    }
    let takes = if empty { String::new() } else { "enter takes it".to_owned() };
    let foot = foot::fitted(&[takes, leaves(app, "closes")], inner.width);
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot, Role::Muted);
    caret
}

fn clarified(app: &App, clarify: &Clarify, pen: &mut Pen<'_>, screen: Rect) -> Option<Position> {
    let question = clarify.questions.get(clarify.at)?;
    let inner = pen.sheet(
        middle(screen, 90, 16),
        &format!("{} ASKS ─ {} of {}", clarify.mission(), clarify.at + 1, clarify.questions.len()),
    );
    let asked = clean_line(&question.text, 400);
    let mut y =
        pen.paragraph(Rect { height: inner.height.saturating_sub(3), ..inner }, &asked, Role::Text) + 1;
    let mut caret = None;
    for (at, choice) in clarify.choices().iter().enumerate() {
        let line = row(inner, y);
        let tick = match (clarify.is_multi(), clarify.ticked.contains(&at)) {
            (true, true) => "[x] ",
            (true, false) => "[ ] ",
            (false, _) => "",
        };
        pen.put(line, 2, &format!("{} {tick}{}", at + 1, clean_line(choice, 200)), Role::Text);
        if at == clarify.row {
            pen.chosen(line);
        }
        y += 1;
    }
    if clarify.choices().is_empty() {
        caret = Some(pen.input(&clarify.line, row(inner, y)));
    }
    let default = clean_line(&question.default, 60);
    let skip =
        if default.is_empty() { "tab skips it".to_owned() } else { format!("tab skips it ({default})") };
    let ticks = if clarify.is_multi() { "space ticks" } else { "" };
    let hints = [ticks.to_owned(), "enter answers".to_owned(), skip, leaves(app, "puts all aside")];
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot::fitted(&hints, inner.width), Role::Muted);
    caret
}

/// The row that a line of a page begins at.
#[must_use]
pub(super) fn row_of(app: &App, lines: &[String], line: usize) -> usize {
    let screen = super::below_header(super::screen(app));
    let width = usize::from(middle(screen, 110, u16::MAX).width.saturating_sub(2));
    lines.iter().take(line).map(|line| wrap::rows(line, width).len()).sum()
}
