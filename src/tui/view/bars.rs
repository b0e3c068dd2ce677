//! The bars that are on every screen: the header with what waits, and the footer with what was said and the keys.

use super::{foot, frame::Pen};
use crate::{
    domain::text::{clean_line, count},
    engine::{snapshot, state::Control},
    policy::settings::Policy,
    tui::{
        app::App,
        commands::{self, CommandId},
        incidents, keymap,
        screens::ScreenId,
        sheets::Sheet,
        theme::Role,
        waits::Wait,
        words, wrap,
    },
};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

pub(super) fn header(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let level = level(&app.state.policy);
    let waiting = words::waiting_count(&app.state);
    let waits = match next(app) {
        Some(next) => format!("{waiting} waiting ⚑ {next}"),
        None => format!("{waiting} waiting ⚑"),
    };
    let few = format!("{waiting} waiting ⚑");
    let fewest = format!("{waiting} ⚑");
    let cap = app.mission().map_or(app.state.policy.budget.per_day, |mission| mission.brief.budget);
    let spent = app.mission().map_or(app.state.ledger.today, |mission| mission.spent);
    let money = format!("{spent} / {cap}");
    let halted = match app.state.control {
        Control::Running => "",
        Control::Paused(_) => "Ⅱ PAUSED",
        Control::Stopped(_) => "■ STOPPED",
    };
    let lost = app.lost.as_ref().map(|lost| format!("✗ LINE LOST {}", app.now.wall.since(lost.since)));
    let lost = lost.unwrap_or_default();
    let watched = incidents::monitor(&app.vigil.probes);
    let (watched, watched_role) =
        watched.as_ref().map_or(("", Role::Muted), |(words, role)| (words.as_str(), *role));
    // Of the watch the first words are enough where there is no room: how it does, and its glyph.
    let brief = incidents::monitor_short(watched);
    // What gives way where there is no room: first the explanation of the notice, then keys, then the level, then
    // what waits next, then how many probes there are, then where the daemon is, then help, which the footer keeps, or last
    // the place.
    let dictates = app.dictation_words().unwrap_or_default();
    let notice = app.look.notice.as_str();
    let short = notice.split_once(':').map_or(notice, |(head, _)| head);
    let screen = if app.screens.at == ScreenId::Command { "" } else { app.screens.at.word() };
    let help = app.key_here(CommandId::Help).map(|key| format!("{key} help")).unwrap_or_default();
    let keys = [format!("{}  {help}", house_keys(app)), help, String::new()];
    let (waits, few, level) = (waits.as_str(), few.as_str(), level.as_str());
    let (whole, place) = (app.look.whole.as_str(), app.look.place.as_str());
    let variants = [
        (notice, whole, waits, 0, level, watched, false),
        (short, whole, waits, 0, level, watched, false),
        (short, whole, waits, 1, level, watched, false),
        (short, whole, waits, 1, "", watched, false),
        (short, whole, few, 1, "", watched, false),
        (short, whole, few, 1, "", brief, false),
        (short, place, few, 1, "", brief, false),
        (short, place, few, 2, "", brief, false),
        (short, "", few, 1, "", brief, false),
        (short, "", few, 2, "", brief, false),
        (short, "", fewest.as_str(), 2, "", brief, true),
        (short, "", fewest.as_str(), 2, "", "", true),
    ];
    let mut chosen = None;
    for (notice, place, waits, help, level, watched, bare) in variants {
        let runs = [
            // The name of the screen is enough where hardly anything fits.
            (if bare && !screen.is_empty() { "" } else { "CHIMERA" }, Role::Title),
            (screen, Role::Accent),
            (place, Role::Text),
            (level, Role::Muted),
            (watched, watched_role),
            (notice, Role::Attention),
            (lost.as_str(), Role::Bad),
            (halted, Role::Warn),
            (dictates.as_str(), Role::Bad),
            (waits, if waiting > 0 { Role::Attention } else { Role::Muted }),
            (if bare { "" } else { money.as_str() }, Role::Text),
        ];
        let wide: usize =
            runs.iter().filter(|(text, _)| !text.is_empty()).map(|(text, _)| text.width() + 2).sum();
        let fits = 1 + wide + keys[help].width() < usize::from(area.width);
        chosen = Some((runs, help));
        if fits {
            break;
        }
    }
    let Some((runs, help)) = chosen else { return };
    let mut x = 1;
    for (text, role) in runs.into_iter().filter(|(text, _)| !text.is_empty()) {
        x = pen.put(area, x, text, role) + 2;
    }
    if usize::from(x) + keys[help].width() < usize::from(area.width) {
        pen.put_right(area, &format!("{} ", keys[help]), Role::Muted);
    }
}

/// How far the house may go by itself, and the services that may go further or less far.
fn level(policy: &Policy) -> String {
    let house = match policy.level {
        1 => "L1 monitor",
        2 => "L2 auto-fix",
        _ => "L3 autonomy",
    };
    let services = policy.healing.services.iter();
    let own: Vec<_> = services
        .filter_map(|service| {
            service.level.filter(|own| *own != policy.level).map(|own| (&service.name, own))
        })
        .collect();
    match own.as_slice() {
        [] => house.to_owned(),
        [(name, own)] => format!("{house}, {} L{own}", clean_line(name, 20)),
        more => format!("{house}, {} else", count(more.len(), "service")),
    }
}

/// What waits most urgently, where the desk is not seen: its mission, what it is, since when, the key that leads there.
fn next(app: &App) -> Option<String> {
    if app.screens.at == ScreenId::Command {
        return None;
    }
    let what = match app.leads_to()? {
        Wait::Questions(mission) => format!("{mission} questions"),
        Wait::Request(id) => {
            let request = app.state.desk.get(&id)?;
            let (word, age) = (request.subject.word(), app.now.wall.since(request.opened));
            format!("{} {word} {age}", snapshot::place(request))
        }
        Wait::Incident(id) => {
            let incident = app.state.ward.incidents.get(&id)?;
            format!("{id} needs a person {}", app.now.wall.since(incident.entered))
        }
    };
    Some(format!("{what} ({})", key_of(app, CommandId::NextWaiting)))
}

/// The keys that always work, as the keymap has them.
fn house_keys(app: &App) -> String {
    let key = |id| key_of(app, id);
    let (first, word) = match app.state.control {
        Control::Running => (CommandId::Pause, "pause"),
        Control::Paused(_) | Control::Stopped(_) => (CommandId::Resume, "resume"),
    };
    let screens = format!("{}-{} screens", key(CommandId::ScreenCommand), key(CommandId::ScreenSettings));
    format!("{screens}  {} {word}  {} stop", key(first), key(CommandId::Stop))
}

pub(super) fn key_of(app: &App, id: CommandId) -> String {
    app.look.keymap.keys_of(id).into_iter().next().unwrap_or_default()
}

/// Rows that a note may take above the footer where it does not fit into it.
const NOTE_ROWS: usize = 4;

/// The rows of a note that is longer than the footer has room for; none where it fits.
pub(super) fn told(app: &App, screen: Rect) -> Vec<String> {
    let Some((_, text)) = &app.voice.1.last else { return Vec::new() };
    let text = clean_line(text, 900);
    let width = usize::from(screen.width.saturating_sub(2));
    let most = NOTE_ROWS.min(usize::from(screen.height / 6));
    if most == 0 || text.width() <= width.saturating_sub(help(app).map_or(0, |help| help.width() + 3)) {
        return Vec::new();
    }
    let mut rows: Vec<String> =
        wrap::rows(&text, width).into_iter().map(|range| text[range].trim_end().to_owned()).collect();
    if rows.len() > most
        && let Some(rest) = rows.get(most - 1..).map(|rest| rest.join(" "))
    {
        rows.truncate(most - 1);
        rows.push(wrap::fit(&rest, width));
    }
    rows
}

fn help(app: &App) -> Option<String> {
    let open = matches!(app.sheet, Some(Sheet::Help(..)));
    app.key_here(CommandId::Help).filter(|_| !open).map(|key| format!("{key} help"))
}

/// What was said and the keys that act; what was said at length stands in rows of its own, which the panes left.
pub(super) fn footer(app: &App, pen: &mut Pen<'_>, (area, told): (Rect, &[String])) {
    let room = area.width.saturating_sub(1);
    let pressed = &app.voice.0.keys;
    if !pressed.is_empty() {
        let x = pen.put(area, 1, &format!("{} …", keymap::shown(pressed)), Role::Accent) + 2;
        let rows = app.look.keymap.continuations(pressed, app.contexts());
        let words = |row: &keymap::Binding| {
            let words = row.desc.as_deref().unwrap_or(commands::entry(row.run).title);
            format!("{} {words}", keymap::shown(&row.on))
        };
        let all: Vec<String> = rows.map(words).collect();
        pen.put(area, x, &foot::fitted(&all, room.saturating_sub(x)), Role::Text);
        return;
    }
    let mut x = 1;
    if let Some((role, text)) = &app.voice.1.last {
        match told {
            [] => x = pen.put(area, x, &clean_line(text, 900), *role) + 3,
            rows => {
                for (y, row) in (0..).zip(rows) {
                    let y = area.y.saturating_sub(u16::try_from(rows.len()).unwrap_or(0)) + y;
                    pen.put(Rect { y, ..area }, 1, row, *role);
                }
            }
        }
    }
    let hints = foot::kept(&app.hints(), help(app).as_deref(), area.width.saturating_sub(x));
    pen.put(area, x, &hints, Role::Muted);
}
