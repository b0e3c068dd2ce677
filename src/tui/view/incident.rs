//! An incident's card, in place of a mission's channels: how it stands and the veto clock on top, below it everything
//! that is known, newest last. The card of its request says of the remedy what stands here.

use super::{
    dossier, foot,
    frame::{Focused, Pen, row},
    remedy,
    rows::{Row, wrapped},
};
use crate::{
    domain::{
        incident::{Attempt, Clue, Diagnosis, Phase, Suppression},
        text::{clean_line, count},
    },
    engine::healing::ward::Incident,
    policy::gate::explain,
    tui::{
        app::{App, Focus},
        commands::CommandId,
        incidents,
        theme::Role,
        words,
    },
};
use ratatui::layout::Rect;

/// Lines of a clue's detail that are shown.
const DETAIL_MOST: usize = 3;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let focused = Focused::from(app.focus.0 == Focus::Channels);
    let Some(incident) = app.vigil.incident(&app.state) else {
        pen.framed(area, "INCIDENT", focused);
        return;
    };
    let title = format!("{} {}", incident.id, clean_line(&incident.title, 200));
    let inner = pen.framed(area, &title, focused);
    let head = head(app, incident, usize::from(inner.width));
    let (head_at, body, foot) = parts(inner, head.len());
    for (y, (text, role)) in (0..).zip(&head) {
        pen.put(row(head_at, y), 0, text, *role);
    }
    let rows = rows(app, incident, usize::from(body.width));
    let seen = usize::from(body.height);
    let top = app.vigil.scroll.min(rows.len().saturating_sub(seen));
    for (y, (text, role)) in (0..).zip(rows.iter().skip(top).take(seen)) {
        pen.put(row(body, y), 0, text, *role);
    }
    let place = match rows.len() > seen {
        true => format!(" {}/{}", (top + seen).min(rows.len()), rows.len()),
        false => String::new(),
    };
    let room = foot.width.saturating_sub(u16::try_from(place.len()).unwrap_or(0));
    pen.put(foot, 0, &foot::fitted(&keys(app, incident), room), Role::Accent);
    pen.put_right(foot, &place, Role::Muted);
}

/// What stays, what scrolls, and the row of keys.
fn parts(inner: Rect, head: usize) -> (Rect, Rect, Rect) {
    let foot = u16::from(inner.height > 3);
    let most = inner.height.saturating_sub(foot);
    let head = u16::try_from(head).unwrap_or(most).min(most);
    let body = Rect { y: inner.y + head, height: most - head, ..inner };
    (Rect { height: head, ..inner }, body, Rect { y: inner.y + most, height: foot, ..inner })
}

/// The last row the card can be scrolled to, in this place.
pub(super) fn last_row(app: &App, area: Rect) -> usize {
    let Some(incident) = app.vigil.incident(&app.state) else { return 0 };
    let inner = area.inner(ratatui::layout::Margin::new(1, 1));
    let width = usize::from(inner.width);
    let (_, body, _) = parts(inner, head(app, incident, width).len());
    rows(app, incident, width).len().saturating_sub(usize::from(body.height))
}

fn keys(app: &App, incident: &Incident) -> Vec<String> {
    let asked = incidents::request(&app.state, incident);
    let mut keys = asked.map(|request| dossier::keys(app, request)).unwrap_or_default();
    let own = asked.is_none() && !incident.phase.over();
    let offers = [
        (own, CommandId::RetryMission, "look again"),
        (own, CommandId::Cancel, "close"),
        (own, CommandId::Silence, "quiet"),
        (true, CommandId::Expand, if app.channels.full { "back to all" } else { "whole" }),
    ];
    let acting = offers.into_iter().filter(|(acts, ..)| *acts);
    keys.extend(acting.map(|(_, id, word)| format!("{} {word}", app.key_word(id))));
    keys
}

/// How it stands; what waits, and until when.
fn head(app: &App, incident: &Incident, width: usize) -> Vec<Row> {
    let (state, now) = (&app.state, app.now.wall);
    let sign = incidents::incident_sign(state, incident);
    let mut rows = Vec::new();
    let severity = incident.severity;
    let since = now.since(incident.entered);
    let first = format!(
        "{} {}   {severity} {}   {} for {since}",
        sign.glyph,
        sign.word,
        incidents::severity_words(severity),
        incident.phase.word()
    );
    wrapped(&mut rows, &first, sign.role, width);
    match &incident.phase {
        Phase::NeedsHuman(why) => {
            wrapped(&mut rows, &format!("⚑ {}", clean_line(why, 400)), Role::Attention, width)
        }
        Phase::Suppressed(why) => {
            let why = match why {
                Suppression::Inhibited(by) => format!("◌ follows from {by}: that one is healed first"),
                other => format!("◌ wakes nobody: {}", other.words()),
            };
            wrapped(&mut rows, &why, Role::Muted, width);
        }
        _ => {}
    }
    let Some(request) = incidents::request(state, incident) else {
        if let Some(why) = incident.held_back() {
            wrapped(&mut rows, &format!("◷ waits: {}", clean_line(why, 400)), Role::Attention, width);
        }
        return rows;
    };
    if let Some(hold) = state.clockwork.held.get(&request.id) {
        let text = format!("◷ {} {}", request.id, words::holding(state, hold, now));
        wrapped(&mut rows, &text, Role::Accent, width);
        return rows;
    }
    match incidents::clock(state, request.id, now) {
        Some(clock) => {
            wrapped(&mut rows, &format!("◷ {} {clock}", request.id), Role::Attention, width);
            let no = format!("  a no means: {}", clean_line(&request.if_denied, 200));
            wrapped(&mut rows, &no, Role::Text, width);
        }
        None => {
            let left = request.expires.since(now);
            let text = format!("⚑ {} waits for you; in {left} it is denied", request.id);
            wrapped(&mut rows, &text, Role::Attention, width);
        }
    }
    rows
}

/// Everything that is known, at this width.
fn rows(app: &App, incident: &Incident, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    seen(app, incident, &mut rows, width);
    match &incident.diagnosis {
        Some(found) => diagnosis(found, &mut rows, width),
        None => rows.push(("DIAGNOSIS  none yet".into(), Role::Title)),
    }
    if let Some(found) = &incident.diagnosis {
        rows.push((format!("REMEDY  {}", found.remedy.word()), Role::Title));
        remedy::rows(&found.remedy, &mut rows, width);
    }
    if let Some(ruling) = &incident.ruling {
        rows.push(("RULING".into(), Role::Title));
        for line in explain(ruling) {
            wrapped(&mut rows, &format!("  · {}", clean_line(&line, 500)), Role::Text, width);
        }
    }
    if !incident.attempts.is_empty() {
        rows.push((format!("ATTEMPTS  {}", incident.attempts.len()), Role::Title));
    }
    for one in &incident.attempts {
        attempt(app, one, &mut rows, width);
    }
    rows.push(("TIMELINE  UTC".into(), Role::Title));
    for (at, words) in &incident.timeline {
        let at = at.to_string();
        let line = format!("  {}  {}", at.get(11..19).unwrap_or_default(), clean_line(words, 400));
        wrapped(&mut rows, &line, Role::Text, width);
    }
    rows
}

fn seen(app: &App, incident: &Incident, rows: &mut Vec<Row>, width: usize) {
    let (seen, now) = (&incident.sightings, app.now.wall);
    let place = format!(
        "service {}, {}   {}",
        clean_line(&incident.service, 80),
        clean_line(&incident.env, 40),
        clean_line(&incident.kind, 60)
    );
    wrapped(rows, &place, Role::Text, width);
    let firing = match seen.clear_since {
        _ if seen.firing => "✗ it is so now".to_owned(),
        Some(since) => format!("○ clear since {}", words::when(now, since)),
        None => "○ not seen now".to_owned(),
    };
    let hit = match seen.affected {
        0 => "nobody known to be affected".to_owned(),
        some => format!("{} affected", count(some, "person")),
    };
    let times = format!("{firing}   seen {}, {hit}", count(seen.count, "time"));
    wrapped(rows, &times, if seen.firing { Role::Bad } else { Role::Muted }, width);
    let back = match incident.reopened.len() {
        0 => String::new(),
        times => format!(", came back {}", count(times, "time")),
    };
    let span = format!(
        "first {}, last {}{back}   cause {}",
        words::when(now, incident.first_seen),
        words::when(now, seen.last),
        incident.fingerprint.short()
    );
    wrapped(rows, &span, Role::Muted, width);
}

fn diagnosis(found: &Diagnosis, rows: &mut Vec<Row>, width: usize) {
    let by = match (&found.rule, found.confidence) {
        (Some(rule), _) => format!("by the rule {}", clean_line(rule, 80)),
        (None, Some(sure)) => format!("by a model, {sure} % sure"),
        (None, None) => "by no rule".to_owned(),
    };
    rows.push((format!("DIAGNOSIS  grade {}, {by}", found.grade), Role::Title));
    wrapped(rows, &format!("  cause   {}", clean_line(&found.cause, 400)), Role::Text, width);
    wrapped(rows, &format!("  object  {}", clean_line(&found.object, 200)), Role::Text, width);
    if let Some(culprit) = &found.culprit {
        let line = format!(
            "  commit  {} {}, {} points; the next best has {}",
            culprit.commit.short(),
            clean_line(&culprit.subject, 120),
            culprit.score,
            culprit.runner_up
        );
        wrapped(rows, &line, Role::Attention, width);
    }
    for frame in &found.frames {
        wrapped(rows, &format!("  code    {}", incidents::frame_words(frame)), Role::Code, width);
    }
    if found.healthy {
        wrapped(rows, "  ✓ nothing is wrong any more", Role::Ok, width);
    }
    if found.tainted {
        let words = "  ! only text from outside speaks for it: nothing is done on its strength alone";
        wrapped(rows, words, Role::Warn, width);
    }
    rows.push((format!("EVIDENCE  {}", count(found.clues.len(), "piece")), Role::Title));
    for one in &found.clues {
        clue(one, found.carried_by.contains(&one.id), rows, width);
    }
    if !found.gaps.is_empty() {
        rows.push(("NOT LOOKED AT".into(), Role::Title));
    }
    for gap in &found.gaps {
        wrapped(rows, &format!("  ○ {}", clean_line(gap, 300)), Role::Warn, width);
    }
}

fn clue(clue: &Clue, carries: bool, rows: &mut Vec<Row>, width: usize) {
    let now = match clue.still_true {
        Some(true) => "✓ asked again: still true",
        Some(false) => "✗ asked again: true no more",
        None => "○ not asked again",
    };
    let trust = if clue.trusted { "trusted" } else { "! tainted" };
    let carries = if carries { ", carries the cause" } else { "" };
    let role = match (clue.still_true, clue.trusted) {
        (Some(false), _) => Role::Muted,
        (_, true) => Role::Text,
        (_, false) => Role::Warn,
    };
    let head = format!("  E{} {}  {trust}, {now}{carries}", clue.id, clue.sort.word());
    wrapped(rows, &head, role, width);
    wrapped(rows, &format!("     {}", clean_line(&clue.words, Clue::WORDS_MOST)), Role::Text, width);
    for line in clue.detail.lines().take(DETAIL_MOST) {
        wrapped(rows, &format!("     │ {}", clean_line(line, 300)), Role::Code, width);
    }
}

fn attempt(app: &App, attempt: &Attempt, rows: &mut Vec<Row>, width: usize) {
    let sign = incidents::outcome_sign(attempt.outcome.as_ref());
    let mission = attempt.mission.map(|id| format!(" by {id}")).unwrap_or_default();
    let head = format!(
        "  {} {} {}{mission}, began {}",
        attempt.number,
        sign.glyph,
        sign.word,
        words::when(app.now.wall, attempt.began)
    );
    wrapped(rows, &format!("{head}: {}", clean_line(&attempt.remedy.words(), 200)), sign.role, width);
    if let Some(why) = attempt.outcome.as_ref().and_then(incidents::outcome_why) {
        wrapped(rows, &format!("    {}", clean_line(why, 400)), Role::Text, width);
    }
    for line in &attempt.log {
        wrapped(rows, &format!("    │ {}", clean_line(line, 400)), Role::Muted, width);
    }
}
