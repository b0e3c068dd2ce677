//! The approvals screen as it is drawn: the list of one shelf, and beside or below it the chosen row in full.

use super::{
    dossier, foot,
    frame::{Focused, Pen, row},
    rows::Row,
};
use crate::{
    domain::{
        grant::{Grant, Pattern},
        request::{Actor, Decision, Modification, Request, Subject},
        text::{clean_line, count},
    },
    engine::{desk::word, playbook::brief, snapshot},
    policy::grants::moment,
    tui::{app::App, argv::join_argv, commands::CommandId, incidents, screens::Shelf, theme::Role, words},
};
use ratatui::layout::{Position, Rect};
use std::sync::Arc;

/// From here on the detail stands beside the list.
const WIDE: u16 = 120;
/// Columns of the list beside a detail, at least.
const LIST_WIDE: u16 = 66;
/// Rows of a list that stands above its detail.
const LIST_MOST: u16 = 10;
/// Rows from which a detail fits below a list.
const ROOMY: u16 = 14;

/// Where the list and the detail are; the detail may have no room.
fn places(area: Rect, rows: usize) -> (Rect, Rect) {
    if area.width >= WIDE {
        let list = Rect { width: LIST_WIDE.max(area.width / 2), ..area };
        return (list, Rect { x: list.right(), width: area.width - list.width, ..area });
    }
    if area.height < ROOMY {
        return (area, Rect { height: 0, ..area });
    }
    let wanted = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(3);
    let height = wanted.clamp(4, LIST_MOST.min(area.height / 2));
    let list = Rect { height, ..area };
    (list, Rect { y: list.bottom(), height: area.height - height, ..area })
}

fn length(app: &App) -> usize {
    match app.screens.approvals.shelf {
        Shelf::Waiting => app.state.desk.len(),
        Shelf::Decided => app.state.decided.len(),
        Shelf::Grants => app.state.grants.len(),
    }
}

pub(super) fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    let (list, detail) = places(area, length(app));
    let inner = pen.framed(list, &title(app), Focused::Yes);
    match app.screens.approvals.shelf {
        Shelf::Waiting => waiting(app, pen, inner),
        Shelf::Decided => decided(app, pen, inner),
        Shelf::Grants => grants(app, pen, inner),
    }
    if detail.height > 2 {
        chosen(app, pen, detail);
    }
    None
}

/// All shelves; the one that is shown stands in brackets.
fn title(app: &App) -> String {
    let (held, waits) = (app.state.clockwork.held.len(), snapshot::waiting(&app.state).len());
    let shelves = Shelf::ALL.map(|shelf| {
        let number = match shelf {
            Shelf::Waiting => waits,
            Shelf::Decided => app.state.decided.len(),
            Shelf::Grants => app.state.grants.len(),
        };
        let words = match shelf {
            Shelf::Grants => count(number, "grant"),
            Shelf::Waiting | Shelf::Decided => format!("{number} {}", shelf.word()),
        };
        if shelf == app.screens.approvals.shelf { format!("[{words}]") } else { words }
    });
    let held = if held > 0 { format!(" · {held} held") } else { String::new() };
    let marked = app.screens.approvals.marked().len();
    let marked = if marked > 0 { format!(" · {marked} marked") } else { String::new() };
    format!("APPROVALS ─ {}{held}{marked}", shelves.join(" "))
}

/// Things that wait elsewhere and are named where the list is empty.
const ELSEWHERE_MOST: usize = 5;

/// What is left of a list below its heading, and the first row that is seen.
fn window(inner: Rect, at: usize) -> (Rect, usize) {
    let list = Rect { y: inner.y + 1.min(inner.height), height: inner.height.saturating_sub(1), ..inner };
    (list, (at + 1).saturating_sub(usize::from(list.height)))
}

fn nth(list: Rect, y: usize) -> Rect {
    row(list, u16::try_from(y).unwrap_or(u16::MAX))
}

/// Columns of a request's row: where they begin; how wide depends on the room.
struct Columns {
    kind: u16,
    place: u16,
    team: u16,
    risk: u16,
    sure: u16,
    age: u16,
    expires: u16,
}

impl Columns {
    fn of(width: u16) -> Self {
        // From the right: what is denied when, the age, how sure, the risk; the rest is the team's.
        // Where it is narrow the team, the age and how sure give way, which stand in the detail.
        let (kind, place, team) = (11, 20, 26);
        let expires = width.saturating_sub(9);
        let age = expires.saturating_sub(if width >= 60 { 8 } else { 0 });
        let sure = age.saturating_sub(if width >= 60 { 5 } else { 0 });
        let risk = sure.saturating_sub(if width >= 100 { 36 } else { 7 });
        Self { kind, place, team: team.min(risk), risk, sure, age, expires }
    }
}

fn waiting(app: &App, pen: &mut Pen<'_>, inner: Rect) {
    let columns = Columns::of(inner.width);
    let head = row(inner, 0);
    let list = snapshot::at_the_desk(&app.state);
    // What has its answer is not denied any more, whatever time it had.
    let is_held = |request: &&Request| app.state.clockwork.held.contains_key(&request.id);
    let all_held = !list.is_empty() && list.iter().all(is_held);
    for (x, text) in [
        (4, "ID"),
        (columns.kind, "KIND"),
        (columns.place, "FOR"),
        (columns.team, if columns.risk > columns.team + 4 { "TEAM" } else { "" }),
        (columns.risk, "RISK"),
        (columns.sure, if columns.age > columns.sure { "SURE" } else { "" }),
        (columns.age, if columns.expires > columns.age { "AGE" } else { "" }),
        (columns.expires, if all_held { "COUNTS IN" } else { "DENIED IN" }),
    ] {
        pen.put(head, x, text, Role::Muted);
    }
    let chosen = app.desk.request(&app.state).map(|request| request.id);
    let at = list.iter().position(|request| Some(request.id) == chosen).unwrap_or(0);
    let (area, top) = window(inner, at);
    if list.is_empty() {
        pen.put(row(area, 0), 1, "Nothing waits for a decision.", Role::Muted);
        for (y, words) in words::elsewhere(&app.state).iter().take(ELSEWHERE_MOST).enumerate() {
            pen.put(nth(area, y + 1), 1, words, Role::Attention);
        }
    }
    for (y, request) in list.iter().skip(top).take(usize::from(area.height)).enumerate() {
        let line = nth(area, y);
        waiting_row(app, pen, line, (request, &columns));
        if Some(request.id) == chosen {
            pen.put(line, 0, "▸", Role::Accent);
            pen.choose(line);
        }
    }
}

fn waiting_row(app: &App, pen: &mut Pen<'_>, line: Rect, (request, columns): (&Request, &Columns)) {
    let hold = app.state.clockwork.held.get(&request.id);
    let (glyph, role) = if hold.is_some() { ("◷", Role::Accent) } else { ("⚑", Role::Attention) };
    let marked = app.screens.approvals.is_marked(request.id);
    let cut = |x: u16, end: u16| Rect { x: line.x + x, width: end.saturating_sub(x + 1), ..line };
    pen.put(line, 1, if marked { "✓" } else { " " }, Role::Accent);
    pen.put(line, 2, glyph, role);
    pen.put(cut(4, columns.kind), 0, &request.id.to_string(), role);
    pen.put(cut(columns.kind, columns.place), 0, request.subject.word(), Role::Text);
    pen.put(cut(columns.place, columns.team), 0, &snapshot::place(request), Role::Text);
    if let Some(hold) = hold {
        let left = words::seconds(snapshot::held_for(&app.state, hold, app.now.wall));
        let when = match app.state.clockwork.halted {
            None => format!("counts in {left} s"),
            Some(_) => format!("counts {left} s after resume"),
        };
        let wide = u16::try_from(when.len()).unwrap_or(u16::MAX);
        let age = columns.age.min(line.width.saturating_sub(wide));
        pen.put(cut(columns.team, age), 0, &answer(app, request, &hold.decision), role);
        pen.put(cut(age, line.width + 1), 0, &when, role);
        return;
    }
    pen.put(cut(columns.team, columns.risk), 0, &asker(app, request), Role::Text);
    let risk = snapshot::risk(&app.state, request);
    let text =
        if columns.sure - columns.risk > 10 { risk.to_string() } else { format!("tier {}", risk.tier) };
    pen.put(cut(columns.risk, columns.sure), 0, &text, Role::Text);
    let sure = confidence(app, request).map_or("–".to_owned(), |pct| format!("{pct}%"));
    pen.put(cut(columns.sure, columns.age), 0, &sure, Role::Text);
    if let Some(left) = incidents::left(&app.state, request.id, app.now.wall) {
        // The opposite of what the column says: without a word it is done.
        pen.put(cut(columns.age, line.width + 1), 0, &format!("◷ done in {left}"), Role::Attention);
        return;
    }
    let age = app.now.wall.since(request.opened).to_string();
    pen.put(cut(columns.age, columns.expires), 0, &age, Role::Muted);
    let end = cut(columns.expires, line.width + 1);
    let left = request.expires.since(app.now.wall);
    let role = if left.0 < 300_000 { Role::Warn } else { Role::Muted };
    pen.put(end, 0, &left.to_string(), role);
}

/// Who asks, or how many there are to choose from.
fn asker(app: &App, request: &Request) -> String {
    let mission = app.state.missions.get(&request.mission);
    let name = |team| mission.map_or_else(|| format!("{team}"), |mission| words::team_name(mission, team));
    match &request.subject {
        Subject::Command { team, .. } | Subject::Ask { team, .. } | Subject::Conflict { team, .. } => {
            name(*team)
        }
        Subject::Budget { team, .. } => team.map_or("orchestrator".to_owned(), name),
        Subject::Choose { teams } => teams.iter().map(|team| name(*team)).collect::<Vec<_>>().join(", "),
        Subject::Remedy { incident, .. } | Subject::Release { incident, .. } => {
            let known = app.state.ward.incidents.get(incident);
            known.map_or("monitor".to_owned(), |it| clean_line(&it.service, 80).to_string())
        }
    }
}

/// The highest confidence that a candidate states.
fn confidence(app: &App, request: &Request) -> Option<u8> {
    let Subject::Choose { teams } = &request.subject else { return None };
    let mission = app.state.missions.get(&request.mission)?;
    let of = mission.teams.iter().filter(|team| teams.contains(&team.id)).filter_map(brief::contender);
    of.filter_map(|(candidate, _)| candidate.stated()).max()
}

fn decided(app: &App, pen: &mut Pen<'_>, inner: Rect) {
    pen.put(row(inner, 0), 1, "WHEN        ID     KIND      DECIDED", Role::Muted);
    let at = app.screens.approvals.at.min(app.state.decided.len().saturating_sub(1));
    let (area, top) = window(inner, at);
    if app.state.decided.is_empty() {
        pen.put(row(area, 0), 1, "Nothing was decided yet.", Role::Muted);
    }
    for (y, (request, decision, when)) in
        app.state.decided.iter().rev().skip(top).take(usize::from(area.height)).enumerate()
    {
        let line = nth(area, y);
        let who = app.state.deciders.get(&request.id);
        let words = format!(
            "{:<11} {:<6} {:<9} {} by {}",
            moment(*when, app.now.wall),
            request.id.to_string(),
            request.subject.word(),
            answer(app, request, decision),
            decider(request, who),
        );
        let role = match decision {
            Decision::Approve { .. } | Decision::Modify { .. } | Decision::Grant { .. } => Role::Ok,
            Decision::Reject { .. } | Decision::Retry { .. } | Decision::Expired => Role::Bad,
            Decision::Withdrawn => Role::Muted,
        };
        pen.put(line, 1, &words, role);
        if top + y == at {
            pen.put(line, 0, "▸", Role::Accent);
            pen.choose(line);
        }
    }
}

/// Who decided. The house itself answers a command only where a person had granted it.
fn decider(request: &Request, who: Option<&Actor>) -> String {
    match (who, &request.subject) {
        (Some(Actor::Policy), Subject::Command { .. }) => "a grant".to_owned(),
        (Some(who), _) => who.to_string(),
        (None, _) => "nobody".to_owned(),
    }
}

/// A decision in words, with the team or the reason.
fn answer(app: &App, request: &Request, decision: &Decision) -> String {
    let more = match decision {
        Decision::Approve { team: Some(team) } => {
            let mission = app.state.missions.get(&request.mission);
            mission.map_or_else(|| team.to_string(), |mission| words::team_name(mission, *team))
        }
        Decision::Reject { reason } | Decision::Retry { reason } => clean_line(reason, 120).to_string(),
        Decision::Grant { terms } => format!("{} uses, {}", terms.uses, terms.reach.word()),
        Decision::Modify { change, .. } => match change {
            Modification::Argv(argv) => clean_line(&join_argv(argv), 120).to_string(),
            Modification::Prompt(words) => clean_line(words, 120).to_string(),
            Modification::Amount(cap) => cap.to_string(),
            Modification::Patch(_) => "a patch by hand".to_owned(),
        },
        _ => String::new(),
    };
    if more.is_empty() { word(decision).to_owned() } else { format!("{} ({more})", word(decision)) }
}

fn grants(app: &App, pen: &mut Pen<'_>, inner: Rect) {
    pen.put(row(inner, 0), 1, "ID    FOR      LEFT        UNTIL                COMMAND", Role::Muted);
    let at = app.screens.approvals.at.min(app.state.grants.len().saturating_sub(1));
    let (area, top) = window(inner, at);
    if app.state.grants.is_empty() {
        pen.put(row(area, 0), 1, "No command is allowed beforehand.", Role::Muted);
    }
    for (y, grant) in app.state.grants.values().skip(top).take(usize::from(area.height)).enumerate() {
        let line = nth(area, y);
        let words = format!(
            "{:<5} {:<8} {:<11} {:<20} {}",
            grant.id.to_string(),
            grant.terms.reach.word(),
            format!("{} of {}", grant.left(), grant.terms.uses),
            moment(grant.until, app.now.wall),
            covers(grant),
        );
        pen.put(line, 1, &words, Role::Text);
        if top + y == at {
            pen.put(line, 0, "▸", Role::Accent);
            pen.choose(line);
        }
    }
}

/// What a grant covers.
fn covers(grant: &Grant) -> String {
    let line = clean_line(&join_argv(grant.terms.pattern.elements()), 300).to_string();
    match grant.terms.pattern {
        Pattern::Exact(_) => line,
        Pattern::Prefix(_) => format!("{line} …"),
    }
}

/// The chosen row's heading and rows at this width.
fn rows(app: &App, width: usize) -> (String, Vec<Row>) {
    let approvals = &app.screens.approvals;
    match approvals.shelf {
        Shelf::Waiting => match app.desk.request(&app.state) {
            Some(request) => (format!("REQUEST {}", request.id), dossier::rows(app, request, width)),
            None => ("REQUEST".into(), Vec::new()),
        },
        Shelf::Decided => {
            let last = app.state.decided.len().saturating_sub(1);
            match app.state.decided.iter().rev().nth(approvals.at.min(last)) {
                Some((request, ..)) => {
                    (format!("REQUEST {}", request.id), dossier::rows(app, request, width))
                }
                None => ("REQUEST".into(), Vec::new()),
            }
        }
        Shelf::Grants => {
            let last = app.state.grants.len().saturating_sub(1);
            match app.state.grants.values().nth(approvals.at.min(last)) {
                Some(grant) => (format!("GRANT {}", grant.id), granted(app, grant)),
                None => ("GRANT".into(), Vec::new()),
            }
        }
    }
}

fn granted(app: &App, grant: &Arc<Grant>) -> Vec<Row> {
    let whole = match grant.terms.pattern {
        Pattern::Exact(_) => "this command line and no other, word by word:",
        Pattern::Prefix(_) => "every command line that begins with these words:",
    };
    let mut rows = vec![(whole.to_owned(), Role::Title)];
    for (at, element) in grant.terms.pattern.elements().iter().enumerate() {
        let shown = join_argv(std::slice::from_ref(element));
        rows.push((format!("  {at:>2} │ {}", clean_line(&shown, 500)), Role::Code));
    }
    let whom = match grant.terms.reach {
        crate::domain::grant::Reach::Mission => format!("for {} alone; it ends with it", grant.mission),
        crate::domain::grant::Reach::Project => {
            format!("for every mission in {}", clean_line(&grant.repo, 200))
        }
    };
    rows.push((whom, Role::Text));
    rows.push((format!("{} of {} uses left", grant.left(), grant.terms.uses), Role::Text));
    let (given, until) = (moment(grant.given, app.now.wall), moment(grant.until, app.now.wall));
    rows.push((format!("given by {} at {given}, until {until}", clean_line(&grant.by, 64)), Role::Text));
    rows
}

fn chosen(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let (title, rows) = rows(app, usize::from(area.width.saturating_sub(2)));
    let inner = pen.framed(area, &title, Focused::No);
    let list = Rect { height: inner.height.saturating_sub(1), ..inner };
    let top = app.screens.approvals.scroll.min(rows.len().saturating_sub(usize::from(list.height)));
    for (y, (text, role)) in rows.iter().skip(top).take(usize::from(list.height)).enumerate() {
        pen.put(nth(list, y), 0, text, *role);
    }
    let shown = (top + usize::from(list.height)).min(rows.len());
    let more = if rows.len() > usize::from(list.height) {
        format!("{shown}/{} pgdn", rows.len())
    } else {
        String::new()
    };
    let foot = row(inner, inner.height.saturating_sub(1));
    let keys = match app.screens.approvals.shelf {
        Shelf::Waiting => {
            let request = app.desk.request(&app.state);
            request.map_or_else(Vec::new, |request| match app.screens.approvals.marked().len() {
                0 => dossier::keys(app, request),
                marked => vec![
                    format!("{} approve all {marked} marked", app.key_word(CommandId::Approve)),
                    format!("{} reject them", app.key_word(CommandId::Reject)),
                ],
            })
        }
        Shelf::Grants => app.hints_of(&[(!app.state.grants.is_empty(), CommandId::Reject, "revoke")]),
        Shelf::Decided => Vec::new(),
    };
    let wide = u16::try_from(more.len()).unwrap_or(0);
    let room = foot.width.saturating_sub(if wide > 0 { wide + 1 } else { 0 });
    pen.put(foot, 0, &foot::fitted(&keys, room), Role::Accent);
    pen.put_right(foot, &more, Role::Muted);
}

/// The last row that the detail can be scrolled to.
pub(super) fn last_row(app: &App, area: Rect) -> usize {
    let (_, detail) = places(area, length(app));
    let (_, rows) = rows(app, usize::from(detail.width.saturating_sub(2)));
    rows.len().saturating_sub(usize::from(detail.height.saturating_sub(3)))
}
