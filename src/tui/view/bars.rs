//! The bars that are on every screen: the header with what waits, and the footer with what was said and the keys.

use super::frame::Pen;
use crate::{
    domain::text::clean_line,
    engine::{snapshot, state::Control},
    tui::{
        app::App,
        commands::{self, CommandId, Context, Hint},
        incidents, keymap,
        screens::ScreenId,
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

pub(super) fn header(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let level = match app.state.policy.level {
        1 => "L1 monitor",
        2 => "L2 auto-fix",
        _ => "L3 autonomy",
    };
    let waiting = words::waiting_count(&app.state);
    let waits = match next(app) {
        Some(next) => format!("{waiting} waiting ⚑ {next}"),
        None => format!("{waiting} waiting ⚑"),
    };
    let few = format!("{waiting} waiting ⚑");
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
    // what waits next, then how many probes there are, last the place.
    let dictates = app.dictation_words().unwrap_or_default();
    let notice = app.look.notice.as_str();
    let short = notice.split_once(':').map_or(notice, |(head, _)| head);
    let screen = if app.screens.at == ScreenId::Command { "" } else { app.screens.at.word() };
    let keys = [help_keys(app), "? help".into(), String::new()];
    let (waits, few) = (waits.as_str(), few.as_str());
    let place = app.look.place.as_str();
    let variants = [
        (notice, place, waits, 0, level, watched),
        (short, place, waits, 0, level, watched),
        (short, place, waits, 1, level, watched),
        (short, place, waits, 1, "", watched),
        (short, place, few, 1, "", watched),
        (short, place, few, 1, "", brief),
        (short, place, few, 2, "", brief),
        (short, "", few, 2, "", brief),
    ];
    let mut chosen = None;
    for (notice, place, waits, help, level, watched) in variants {
        let runs = [
            ("CHIMERA", Role::Title),
            (screen, Role::Accent),
            (place, Role::Text),
            (level, Role::Muted),
            (watched, watched_role),
            (notice, Role::Attention),
            (lost.as_str(), Role::Bad),
            (halted, Role::Warn),
            (dictates.as_str(), Role::Bad),
            (waits, if waiting > 0 { Role::Attention } else { Role::Muted }),
            (money.as_str(), Role::Text),
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

/// What waits most urgently, where the desk is not seen: its mission, what it is, since when, the key that leads there.
fn next(app: &App) -> Option<String> {
    if app.screens.at == ScreenId::Command {
        return None;
    }
    let asked = app.state.missions.values().find(|mission| words::questions(mission).is_some());
    let what = match (asked, snapshot::waiting(&app.state).into_iter().next()) {
        (Some(mission), _) => format!("{} questions", mission.id),
        (None, Some(request)) => {
            let (word, age) = (request.subject.word(), app.now.wall.since(request.opened));
            format!("{} {word} {age}", snapshot::place(request))
        }
        (None, None) => {
            let incident = words::helpless(&app.state).into_iter().next()?;
            format!("{} needs a person {}", incident.id, app.now.wall.since(incident.entered))
        }
    };
    Some(format!("{what} ({})", key_of(app, CommandId::NextWaiting)))
}

/// The keys that always work, as the keymap has them.
fn help_keys(app: &App) -> String {
    let key = |id| key_of(app, id);
    let (first, word) = match app.state.control {
        Control::Running => (CommandId::Pause, "pause"),
        Control::Paused(_) | Control::Stopped(_) => (CommandId::Resume, "resume"),
    };
    let screens = format!("{}-{} screens", key(CommandId::ScreenCommand), key(CommandId::ScreenSettings));
    format!("{screens}  {} {word}  {} stop  ? help", key(first), key(CommandId::Stop))
}

pub(super) fn key_of(app: &App, id: CommandId) -> String {
    app.look.keymap.keys_of(id).into_iter().next().unwrap_or_default()
}

pub(super) fn footer(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let pressed = &app.voice.0.keys;
    if !pressed.is_empty() {
        let mut x = pen.put(area, 1, &format!("{} …", keymap::shown(pressed)), Role::Accent) + 2;
        for row in app.look.keymap.continuations(pressed, app.contexts()) {
            let words = row.desc.as_deref().unwrap_or(commands::entry(row.run).title);
            x = pen.put(area, x, &format!("{} {words}", keymap::shown(&row.on)), Role::Text) + 2;
        }
        return;
    }
    let mut x = 1;
    if let Some((role, text)) = &app.voice.1.last {
        x = pen.put(area, x, &clean_line(text, 300), *role) + 3;
    }
    let contexts = app.contexts();
    let shown = |entry: &&commands::Entry| {
        entry.hint == Hint::Footer && contexts.contains(&entry.context) && in_reach(app, entry.context)
    };
    let mut offered: Vec<&commands::Entry> = commands::ALL.iter().filter(shown).collect();
    if app.elsewhere() {
        // What only this screen can do comes first.
        offered.sort_by_key(|entry| contexts.first() != Some(&entry.context));
    }
    for entry in offered {
        let Some(key) = app.look.keymap.keys_of(entry.id).into_iter().next() else { continue };
        let label = format!("{key} {}", entry.title);
        if usize::from(x) + label.width() > usize::from(area.width) {
            break;
        }
        x = pen.put(area, x, &label, Role::Muted) + 3;
    }
}

fn in_reach(app: &App, context: Context) -> bool {
    if app.elsewhere() && context == Context::Browse {
        return false;
    }
    app.sheet.as_ref().is_none_or(|sheet| context == Context::Sheet && !sheet.takes_text())
}
