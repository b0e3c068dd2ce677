//! The journal as a list, or what was found in it.

use super::{
    super::{
        foot,
        frame::{Pen, row},
    },
    table::{beside_mark, cells, list, moment, top},
};
use crate::{
    domain::{
        ids::{MissionId, Seq},
        text::count,
    },
    runtime::past::search::{Found, Hit},
    tui::{
        app::App,
        commands::CommandId,
        past,
        screens::audit::{Finding, HITS_MOST},
        theme::Role,
    },
};
use ratatui::layout::Rect;

/// From here on the day stands beside the time.
const WIDE: u16 = 110;

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let journal = &app.screens.audit.journal;
    if let Some(finding) = &journal.finding {
        return found(finding, pen, area);
    }
    let last = app.state.seq.0;
    let (Some(chosen), foot) = (journal.chosen(last), u16::from(area.height > 4)) else {
        pen.paragraph(area, "The journal is empty: nothing has happened yet.", Role::Muted);
        return;
    };
    let body = Rect { height: area.height.saturating_sub(foot), ..area };
    let rows = usize::try_from(last).unwrap_or(usize::MAX);
    let above = usize::try_from(last - chosen.0).unwrap_or(usize::MAX);
    let first = top(above, rows, body.height) as u64;
    for y in 0..body.height {
        let Some(seq) = last.checked_sub(first + u64::from(y)).filter(|seq| *seq > 0).map(Seq) else { break };
        let line = row(body, y);
        match journal.row(seq) {
            Some(entry) => one(entry, pen, beside_mark(line)),
            None => cells(
                pen,
                beside_mark(line),
                &[(8, &seq.to_string(), Role::LineNumber), (0, "…", Role::Muted)],
            ),
        }
        if seq == chosen {
            pen.chosen(line);
        }
    }
    if foot > 0 {
        let line = row(area, area.height - 1);
        match &journal.wrong {
            Some(why) => {
                pen.put(line, 0, &format!("✗ the journal cannot be read: {why}"), Role::Bad);
            }
            None => {
                let follows = if journal.at.is_none() { ", follows the newest" } else { "" };
                let words = format!("{chosen} of {}{follows}", count(last, "entry"));
                let keys = app.hints_of(&[(true, CommandId::Card, "opens it")]);
                let foot = foot::fitted(&[vec![words], keys].concat(), line.width);
                pen.put(line, 0, &foot, Role::Muted);
            }
        }
    }
}

/// A mission by its name; the house's own account is none.
fn named(mission: Option<MissionId>) -> String {
    mission.filter(|id| *id != MissionId::HOUSE).map(|id| id.to_string()).unwrap_or_default()
}

fn one(entry: &past::Row, pen: &mut Pen<'_>, line: Rect) {
    let at = moment(entry.at);
    let (time, width) =
        if line.width >= WIDE { (at.as_str(), 19) } else { (at.get(11..).unwrap_or_default(), 8) };
    let mission = named(entry.mission);
    let kind = if line.width >= WIDE { 24 } else { 17 };
    cells(
        pen,
        line,
        &[
            (8, &entry.seq.to_string(), Role::LineNumber),
            (width, time, Role::Muted),
            (6, &mission, Role::Accent),
            (9, &entry.actor, Role::Text),
            (kind, &entry.kind, Role::Type),
            (0, &entry.words, Role::Text),
        ],
    );
}

fn found(finding: &Finding, pen: &mut Pen<'_>, area: Rect) {
    let looked = count(finding.entries, "entry");
    let hits = count(finding.hits.len(), "hit");
    let (words, role) = match (&finding.wrong, finding.runs, finding.is_whole()) {
        (Some(why), ..) => (format!("✗ the search ended: {why}"), Role::Bad),
        (None, true, _) => (format!("● {hits} so far, {looked} looked at; esc ends it"), Role::Busy),
        (None, false, true) => (format!("✓ {hits}, {looked} looked at: that is all"), Role::Ok),
        (None, false, false) if finding.hits.len() >= HITS_MOST => {
            (format!("! {hits}, more than are shown: a filter makes it fewer"), Role::Warn)
        }
        (None, false, false) => (format!("○ {hits}, {looked} looked at; more when you go down"), Role::Muted),
    };
    let gone = match finding.gone {
        0 => String::new(),
        gone => format!("; {} gone", count(gone, "transcript")),
    };
    let head = row(area, 0);
    let x = pen.put(head, 0, &format!("/ {}", finding.text), Role::Accent);
    pen.put(head, x + 2, &format!("{words}{gone}"), role);
    let body = Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
    list(pen, body, (&finding.hits, finding.at), &hit);
}

fn hit(pen: &mut Pen<'_>, line: Rect, hit: &Hit) {
    let place = match &hit.found {
        Found::Journal => hit.kind.clone(),
        Found::Brief => "brief".to_owned(),
        Found::Transcript { team, turn, voice, .. } => format!("{team} turn {turn} {voice}"),
    };
    let mission = named(hit.mission);
    let at = moment(hit.at);
    let (time, width) =
        if line.width >= WIDE { (at.as_str(), 19) } else { (at.get(11..).unwrap_or_default(), 8) };
    let left = [
        (8, hit.seq.to_string(), Role::LineNumber),
        (width, time.to_owned(), Role::Muted),
        (6, mission, Role::Accent),
        (20, place, Role::Type),
    ];
    let cut: Vec<_> = left.iter().map(|(width, text, role)| (*width, text.as_str(), *role)).collect();
    cells(pen, line, &cut);
    let from = left.iter().map(|(width, ..)| width + 1).sum::<u16>().min(line.width);
    let place = Rect { x: line.x + from, width: line.width - from, ..line };
    let (mut x, mut done) = (0, 0);
    for mark in &hit.marks {
        let (Some(before), Some(inside)) = (hit.text.get(done..mark.start), hit.text.get(mark.clone()))
        else {
            break;
        };
        x = pen.put(place, x, before, Role::Text);
        x = pen.put(place, x, inside, Role::Match);
        done = mark.end;
    }
    pen.put(place, x, hit.text.get(done..).unwrap_or_default(), Role::Text);
}
