//! Briefing Room, missions, Anchor Desk, Decision Desk.

use super::{
    bars::key_of,
    foot,
    frame::{Focused, Pen, row},
};
use crate::{
    domain::{
        ids::TeamId,
        incident::Remedy,
        request::{Request, Subject},
        text::clean_line,
    },
    engine::{
        healing::ward::Incident,
        snapshot::{self, Tick},
        state::Mission,
    },
    tui::{
        app::{App, Focus},
        briefing::Field,
        commands::{self, CommandId},
        incidents::{self, Listed},
        theme::Role,
        undo, words, wrap,
    },
};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

/// Rows that tell what images cost.
const IMAGE_ROWS: u16 = 7;

pub(super) fn briefing(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let room = &app.briefing;
    let mode = room.modal.map(|modal| format!(" ─ {}", modal.word())).unwrap_or_default();
    let title = format!("BRIEFING ROOM{mode}");
    let inner = pen.framed(area, &title, Focused::from(app.focus.0 == Focus::Brief));
    let complaint = room.complaint.as_ref().map(|(_, what)| what.as_str());
    let said = complaint.map_or(0, |what| wrap::rows(what, usize::from(inner.width)).len().min(4));
    let costs = match room.images.is_empty() {
        true => Vec::new(),
        false => room.images.lines(&room.text(Field::Text), room.teams()),
    };
    let costly =
        u16::try_from(costs.len()).unwrap_or(u16::MAX).min(inner.height.saturating_sub(8)).min(IMAGE_ROWS);
    let bottom = 5 + u16::try_from(said).unwrap_or(4) + costly;
    let text = Rect { height: inner.height.saturating_sub(bottom).max(1), ..inner };
    let mut caret = field(app, pen, text, Field::Text);
    if room.is_empty() && room.field_is_empty() && room.field == Field::Text {
        pen.paragraph(text, "What should be done? @ names a file, / a command, ? all keys.", Role::Muted);
    }
    let mut y = text.height;
    for one in [Field::Constraints, Field::Checks, Field::Budget] {
        let line = row(inner, y);
        let mine = room.field == one && app.focus.0 == Focus::Brief;
        pen.put(line, 0, one.word(), if mine { Role::Accent } else { Role::Muted });
        if mine {
            pen.put(line, 12, "▸", Role::Accent);
        }
        let from = 13.min(line.width);
        let place = Rect { x: line.x + from, width: line.width - from, ..line };
        caret = caret.or(field(app, pen, place, one));
        y += 1;
    }
    let names: Vec<String> = room.teams().iter().map(|team| clean_line(&team.name, 24).to_string()).collect();
    let line = row(inner, y);
    pen.put(line, 0, "teams", Role::Muted);
    pen.put(line, 13, &names.join(", "), Role::Text);
    for (nth, words) in costs.iter().take(usize::from(costly)).enumerate() {
        y += 1;
        let left = costs.len() - nth;
        match nth + 1 == usize::from(costly) && left > 1 {
            true => pen.put(row(inner, y), 0, &format!("  and {left} lines more of images"), Role::Muted),
            false => pen.put(row(inner, y), 0, words, Role::Muted),
        };
    }
    let rest =
        Rect { y: inner.y + (y + 1).min(inner.height), height: inner.height.saturating_sub(y + 1), ..inner };
    if let Some(what) = complaint {
        pen.paragraph(rest, &format!("✗ {what}"), Role::Bad);
    }
    // A complaint that needs every row keeps them.
    if usize::from(rest.height) <= said {
        return caret;
    }
    // Enter transmits where the text has the keys; elsewhere the way there is named.
    let writes = app.focus.0 == Focus::Brief;
    let foot = match (&room.sending, writes) {
        (Some(_), _) => "… sending".to_owned(),
        (None, true) => "⏎ TRANSMIT".to_owned(),
        (None, false) => format!("{} writes here", key_of(app, CommandId::FocusBrief)),
    };
    let queued = if room.queue.is_empty() { String::new() } else { format!("{} queued", room.queue.len()) };
    let role = if writes { Role::Accent } else { Role::Muted };
    pen.put(row(inner, inner.height.saturating_sub(1)), 0, &foot::fitted(&[foot, queued], inner.width), role);
    caret
}

/// Draws a field; the caret's place if it is the field that is written in.
fn field(app: &App, pen: &mut Pen<'_>, area: Rect, which: Field) -> Option<Position> {
    let lines = app.briefing.lines(which);
    // A field that is left shows its beginning; the text stays where it was read.
    let mine = app.briefing.field == which && (which == Field::Text || app.focus.0 == Focus::Brief);
    let (line_at, char_at) = if mine { app.briefing.caret() } else { (0, 0) };
    let width = usize::from(area.width);
    if area.is_empty() {
        return None;
    }
    if !mine && area.height == 1 {
        let whole = lines.join(" ⏎ ");
        pen.put(area, 0, &wrap::fit(&whole, width), Role::Text);
        return None;
    }
    // Long texts: only lines that can be seen are wrapped.
    let most = usize::from(area.height);
    let first = line_at.saturating_sub(most);
    let mut rows: Vec<(usize, &str)> = Vec::new();
    let mut caret = None;
    for (at, line) in lines.iter().enumerate().skip(first).take(2 * most + 1) {
        let byte = line.char_indices().nth(char_at).map_or(line.len(), |(byte, _)| byte);
        let ranges = wrap::rows(line, width);
        for (nth, range) in ranges.iter().enumerate() {
            let last = nth + 1 == ranges.len();
            if mine && at == line_at && byte >= range.start && (byte < range.end || last) {
                caret = Some((rows.len(), line[range.start..byte].width()));
            }
            rows.push((at, &line[range.clone()]));
        }
    }
    let caret_row = caret.map_or(0, |(row, _)| row);
    let top = if caret_row >= most { caret_row + 1 - most } else { 0 };
    for (y, (_, text)) in rows.iter().skip(top).take(most).enumerate() {
        pen.put(row(area, u16::try_from(y).unwrap_or(u16::MAX)), 0, text, Role::Text);
    }
    let (caret_row, column) = caret?;
    let y = u16::try_from(caret_row - top).unwrap_or(0);
    let x = u16::try_from(column).unwrap_or(0).min(area.width - 1);
    Some(Position::new(area.x + x, area.y + y))
}

pub(super) fn missions(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let inner = pen.framed(area, "MISSIONS", Focused::from(app.focus.0 == Focus::Missions));
    let list = incidents::listed(&app.state);
    if list.is_empty() {
        pen.put(row(inner, 0), 0, "none yet", Role::Muted);
    }
    let shown = app.listed();
    let at = list.iter().position(|listed| Some(*listed) == shown).unwrap_or(0);
    let top = (at + 1).saturating_sub(usize::from(inner.height));
    for (y, listed) in list.iter().skip(top).take(usize::from(inner.height)).enumerate() {
        let line = row(inner, u16::try_from(y).unwrap_or(0));
        match listed {
            Listed::Mission(id) => {
                app.state.missions.get(id).into_iter().for_each(|it| one(app, pen, line, it))
            }
            Listed::Incident(id) => {
                app.state.ward.incidents.get(id).into_iter().for_each(|it| ill(app, pen, line, it));
            }
        }
        if Some(*listed) == shown {
            pen.put(line, 0, "▸", Role::Text);
            if app.focus.0 == Focus::Missions {
                pen.choose(line);
            }
        }
    }
}

/// A mission's row.
fn one(app: &App, pen: &mut Pen<'_>, line: Rect, mission: &Mission) {
    let sign = words::mission_sign(&app.state, mission);
    let (done, all) = snapshot::progress(mission);
    let right = match sign.word {
        "WAITS FOR YOU" => "⚑ you".to_owned(),
        "ACTIVE" => format!("{done}/{all}"),
        other => format!("{} {}", sign.glyph, other.to_lowercase()),
    };
    let room = usize::from(line.width).saturating_sub(right.width() + 1);
    let title = wrap::fit(&format!("  {} {}", mission.id, clean_line(&mission.brief.text, 80)), room);
    pen.put(line, 0, &title, Role::Text);
    pen.put_right(line, &right, sign.role);
}

/// An incident's row: what, how bad, where it stands.
fn ill(app: &App, pen: &mut Pen<'_>, line: Rect, incident: &Incident) {
    let (right, role) = incidents::short_sign(&app.state, incident, app.now.wall);
    let severity = format!("{} ", incident.severity);
    let room = usize::from(line.width).saturating_sub(right.width() + severity.width() + 1);
    let title = wrap::fit(&format!("  {} {}", incident.id, clean_line(&incident.title, 80)), room);
    pen.put(line, 0, &title, Role::Text);
    pen.put_right(line, &right, role);
    let left = line.width.saturating_sub(u16::try_from(right.width()).unwrap_or(u16::MAX));
    pen.put_right(Rect { width: left, ..line }, &severity, incidents::severity_role(incident.severity));
}

pub(super) fn anchor(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let title = "ORCHESTRATOR ANCHOR DESK";
    let Some(mission) = app.mission() else {
        let inner = pen.framed(area, title, Focused::No);
        pen.paragraph(inner, "○ IDLE  Nobody is on air. Write a brief and press Enter.", Role::Muted);
        return;
    };
    let inner = pen.framed(area, title, Focused::No);
    let top = Rect { x: area.x + 28, width: area.width.saturating_sub(29), height: 1, ..area };
    let right = format!(" {} ─ {} ", mission.id, words::mission_elapsed(mission, app.now.wall));
    pen.put_right(top, &right, Role::Title);
    let sign = words::mission_sign(&app.state, mission);
    let (done, all) = snapshot::progress(mission);
    let bar = format!(" {done}/{all} {}{}", "█".repeat(done), "░".repeat(all - done));
    let line = row(inner, 0);
    let x = pen.put(line, 0, &format!("{} {}", sign.glyph, sign.word), sign.role) + 2;
    let room = Rect { width: line.width.saturating_sub(u16::try_from(bar.width()).unwrap_or(0)), ..line };
    let (said, next) = words::headline(&app.state, mission);
    let hint =
        next.map(|id| format!("{} {}", key_of(app, id), commands::entry(id).title)).unwrap_or_default();
    let end = pen.put(room, x, &said, Role::Text) + 2;
    if usize::from(end) + hint.width() <= usize::from(room.width) {
        pen.put(room, end, &hint, Role::Accent);
    }
    pen.put_right(line, &bar, Role::Accent);
    let line = row(inner, 1);
    let x = steps(pen, line, mission);
    let money = format!("{} / {}", mission.spent, mission.brief.budget);
    if usize::from(x) + money.width() < usize::from(line.width) {
        pen.put_right(line, &money, Role::Muted);
    }
}

/// The plan with ticks: every step in words, or where they do not fit all glyphs and the words of what is on.
fn steps(pen: &mut Pen<'_>, line: Rect, mission: &Mission) -> u16 {
    let ticks: Vec<_> = snapshot::ticks(mission)
        .into_iter()
        .map(|(step, tick)| (words::step_sign(step, tick), tick))
        .collect();
    let wide: usize = ticks.iter().map(|(sign, _)| sign.word.width() + 4).sum();
    let roomy = wide <= usize::from(line.width) + 2;
    let on = |tick: Tick| matches!(tick, Tick::Current | Tick::Stopped);
    let mut x = 0;
    for (sign, tick) in ticks {
        let label =
            if roomy || on(tick) { format!("{} {}", sign.glyph, sign.word) } else { sign.glyph.to_owned() };
        x = pen.put(line, x, &label, sign.role) + if roomy { 2 } else { 1 };
    }
    x
}

pub(super) fn desk(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let list = snapshot::at_the_desk(&app.state);
    let held = app.state.clockwork.held.len();
    let held = if held > 0 { format!(", {held} held") } else { String::new() };
    let title = format!("DECISION DESK ── {} waiting{held}", snapshot::waiting(&app.state).len());
    let inner = pen.framed(area, &title, Focused::from(app.focus.0 == Focus::Desk));
    let chosen = app.desk.request(&app.state).map(|request| request.id);
    if list.is_empty() {
        pen.put(row(inner, 0), 0, "Nothing waits for a decision.", Role::Muted);
    }
    let crowded = list.len() > 1;
    let at = list.iter().position(|request| Some(request.id) == chosen).unwrap_or(0);
    let top = (at + 1).saturating_sub(usize::from(inner.height));
    for (y, request) in list.into_iter().skip(top).take(usize::from(inner.height)).enumerate() {
        let line = row(inner, u16::try_from(y).unwrap_or(0));
        let age = format!(" {}", app.now.wall.since(request.opened));
        let room = Rect { width: line.width.saturating_sub(u16::try_from(age.width()).unwrap_or(0)), ..line };
        // Keys decide the chosen request and no other: it alone shows them.
        match (crowded, Some(request.id) == chosen) {
            (false, _) => strip(app, pen, room, ("⚑", request)),
            (true, true) => strip(app, pen, room, ("▸ ⚑", request)),
            (true, false) => {
                let (words, role) = asked(app, "⚑", request);
                pen.put(room, 2, &words, role);
            }
        }
        pen.put_right(line, &age, Role::Muted);
        if Some(request.id) == chosen && app.focus.0 == Focus::Desk {
            pen.choose(line);
        }
    }
}

/// How wordy the labels of a strip are; the first that fits is drawn, so that none is cut in silence.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wording {
    Full,
    Names,
    Bare,
    Keys,
}

fn asked(app: &App, mark: &str, request: &Request) -> (String, Role) {
    if let Some(hold) = app.state.clockwork.held.get(&request.id) {
        let words = words::holding(&app.state, hold, app.now.wall);
        return (format!("{} {} {words}", mark.replace('⚑', "◷"), request.id), Role::Accent);
    }
    let mission = app.state.missions.get(&request.mission).map(AsRef::as_ref);
    (format!("{mark} {} {}", incidents::place(request), words::asks(mission, request)), Role::Attention)
}

fn strip(app: &App, pen: &mut Pen<'_>, line: Rect, (mark, request): (&str, &Request)) {
    let mission = app.state.missions.get(&request.mission).map(AsRef::as_ref);
    let (question, role) = asked(app, mark, request);
    let all = [Wording::Full, Wording::Names, Wording::Bare, Wording::Keys];
    let runs_of = |wording| labels(app, mission, request, wording);
    let width = |runs: &[(String, Role)]| runs.iter().map(|(text, _)| text.width() + 2).sum::<usize>();
    let room = usize::from(line.width);
    // The keys that answer stay in sight, however long the question is: it is cut with a mark, and the card has it all.
    let wanted = question.width().min(room / 2);
    // What a command or a question says is read before it is answered; of the others the card says more than the strip anyhow.
    let short =
        if matches!(request.subject, Subject::Command { .. } | Subject::Ask { .. }) { wanted } else { 8 };
    let least = |wording: Wording| if wording == Wording::Full { wanted } else { short };
    let runs = all
        .into_iter()
        .map(|wording| (wording, runs_of(wording)))
        .find(|(wording, runs)| least(*wording) + 1 + width(runs) <= room || *wording == Wording::Keys);
    let Some((_, runs)) = runs else { return };
    let asked = wrap::fit(&question, room.saturating_sub(width(&runs)).max(8));
    let mut x = pen.put(line, 0, &asked, role) + 2;
    for (text, role) in runs {
        x = pen.put(line, x, &text, role) + 2;
    }
}

fn labels(app: &App, mission: Option<&Mission>, request: &Request, wording: Wording) -> Vec<(String, Role)> {
    let label = |id, word: &str| match wording {
        Wording::Bare => (format!("{} {word}", key_of(app, id)), Role::Text),
        _ => (format!("[{}] {word}", key_of(app, id)), Role::Text),
    };
    if let Some(hold) = app.state.clockwork.held.get(&request.id) {
        let now = label(undo::again(&hold.decision), "now").0;
        return vec![(now, Role::Text), (label(CommandId::Undo, "take back").0, Role::Accent)];
    }
    let mut runs = Vec::new();
    if let (Subject::Choose { teams }, Some(mission)) = (&request.subject, mission) {
        for team in teams {
            let known = mission.teams.iter().find(|known| known.id == *team);
            let name = known.map_or_else(|| team.to_string(), words::team_short);
            let number = approve_key(app, *team);
            runs.push(match wording {
                Wording::Full => (format!("[{number}] approve {name}"), Role::Accent),
                Wording::Names => (format!("[{number}] {name}"), Role::Accent),
                Wording::Bare => (format!("{number} {name}"), Role::Accent),
                Wording::Keys => (format!("[{number}]"), Role::Accent),
            });
        }
        if wording == Wording::Keys {
            runs.push(("approve".into(), Role::Accent));
        }
        runs.push(label(CommandId::Compare, "compare"));
    } else {
        runs.push((label(CommandId::Approve, yes_word(&request.subject)).0, Role::Accent));
    }
    if wording == Wording::Keys {
        runs.push(label(CommandId::Card, "opens it"));
    } else {
        let short = |word| if wording == Wording::Bare && word == "reject & retry" { "retry" } else { word };
        runs.extend(answers(&request.subject).into_iter().map(|(id, word)| label(id, short(word))));
    }
    runs
}

/// What a plain yes is called.
pub(super) fn yes_word(subject: &Subject) -> &'static str {
    match subject {
        Subject::Ask { .. } => "answer",
        // There is nothing to approve: who resolves it is asked.
        Subject::Conflict { .. } => "team resolves it",
        Subject::Release { .. } => "keep it",
        _ => "approve",
    }
}

/// The other answers that mean something for a request.
pub(super) fn answers(subject: &Subject) -> Vec<(CommandId, &'static str)> {
    let modify = (CommandId::Modify, "modify");
    let (retry, reject) = ((CommandId::Retry, "reject & retry"), (CommandId::Reject, "reject"));
    match subject {
        Subject::Choose { .. } => vec![modify, retry, reject],
        Subject::Conflict { .. } => vec![
            (CommandId::Modify, "you resolve it"),
            (CommandId::Retry, "tell it how"),
            (CommandId::Reject, "end it"),
        ],
        Subject::Command { .. } => vec![modify, reject, (CommandId::Grant, "allow for a while")],
        Subject::Budget { .. } => vec![modify, reject],
        Subject::Ask { .. } => vec![reject],
        Subject::Remedy { remedy, .. } => match &**remedy {
            Remedy::Code(_) => vec![modify, (CommandId::Retry, "look again"), reject],
            _ => vec![(CommandId::Retry, "look again"), reject],
        },
        Subject::Release { .. } => vec![(CommandId::Reject, "take it back")],
    }
}

pub(super) fn approve_key(app: &App, team: TeamId) -> String {
    let first = CommandId::Approve1 as usize;
    let entry = commands::ALL.get(first + usize::from(team.0).saturating_sub(1));
    entry.and_then(|entry| app.look.keymap.keys_of(entry.id).into_iter().next()).unwrap_or_default()
}
