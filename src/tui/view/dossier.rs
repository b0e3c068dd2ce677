//! A request in full: who asks, exactly what, what it rests on, the policy's reasons, what a no means, and until when.
//! The card and the approvals screen show the same.

use super::{
    panes, remedy,
    rows::{Row, wrapped},
};
use crate::{
    domain::{
        ids::TeamId,
        request::{Decision, Modification, Request, Subject},
        text::{clean_line, count},
    },
    engine::{account, consents, desk::word, playbook::brief, snapshot, state::Mission},
    policy::grants::moment,
    tui::{app::App, argv::join_argv, commands::CommandId, incidents, theme::Role, undo, words},
};

/// Elements of a command that are shown one by one.
const ELEMENTS_MOST: usize = 64;
/// Files that are named.
const FILES_MOST: usize = 20;

/// All rows at this width.
pub(super) fn rows(app: &App, request: &Request, width: usize) -> Vec<Row> {
    let mission = app.state.missions.get(&request.mission).map(AsRef::as_ref);
    let mut rows = Vec::new();
    if let Some(hold) = app.state.clockwork.held.get(&request.id) {
        let words = words::holding(&app.state, hold, app.now.wall);
        let text = format!("◷ {words}, decided by {}", hold.by);
        wrapped(&mut rows, &text, Role::Accent, width);
    }
    let asks = words::asks(mission, request);
    let place = snapshot::place(request);
    wrapped(&mut rows, &format!("{} of {place}: {asks}", request.id), Role::Attention, width);
    let incident = request.subject.incident().and_then(|id| app.state.ward.incidents.get(&id));
    if let Some(since) = incident.and_then(|incident| incident.sightings.clear_since) {
        let text = format!("○ clear since {}", words::when(app.now.wall, since));
        wrapped(&mut rows, &text, Role::Ok, width);
    }
    if let Some(clock) = incidents::clock(&app.state, request.id, app.now.wall) {
        wrapped(&mut rows, &format!("◷ {clock}"), Role::Attention, width);
    }
    if let Some(mission) = mission {
        wrapped(&mut rows, &format!("brief: {}", clean_line(&mission.brief.text, 300)), Role::Muted, width);
    }
    asker(&mut rows, mission, request, width);
    ill(app, request, &mut rows, width);
    subject(&mut rows, mission, (app, request), width);
    instead(&mut rows, app, request, width);
    effects(&mut rows, app, request, width);
    rows.push(("why the gate did not decide by itself:".into(), Role::Title));
    for reason in &request.reasons {
        wrapped(&mut rows, &format!("  · {}", clean_line(reason, 500)), Role::Text, width);
    }
    if request.reasons.is_empty() {
        rows.push(("  · it can only be answered by a person".into(), Role::Text));
    }
    wrapped(&mut rows, &format!("risk: {}", snapshot::risk(&app.state, request)), Role::Text, width);
    rows.push(("if denied:".into(), Role::Title));
    wrapped(&mut rows, &format!("  {}", clean_line(&request.if_denied, 500)), Role::Text, width);
    wrapped(&mut rows, &ends(app, request), Role::Muted, width);
    rows
}

/// Until when it waits, or what became of it.
fn ends(app: &App, request: &Request) -> String {
    let seen = request.revision;
    if app.state.desk.contains_key(&request.id) {
        if app.state.clockwork.vetoes.contains_key(&request.id) {
            return format!("without a word of yours it happens when the clock has run down   ({seen})");
        }
        let left = request.expires.since(app.now.wall);
        return format!("expires in {left}, {}   ({seen})", request.subject.if_unanswered());
    }
    let decided = app.state.decided.iter().rev().find(|(known, ..)| known.id == request.id);
    let Some((_, decision, at)) = decided else { return format!("it no longer waits   ({seen})") };
    let who = app.state.deciders.get(&request.id).map(|by| format!(" by {by}")).unwrap_or_default();
    format!("{}{who} at {}   ({seen})", word(decision), moment(*at, app.now.wall))
}

fn asker(rows: &mut Vec<Row>, mission: Option<&Mission>, request: &Request, width: usize) {
    let team = match &request.subject {
        Subject::Command { team, .. } | Subject::Ask { team, .. } | Subject::Conflict { team, .. } => {
            Some(*team)
        }
        Subject::Budget { team, .. } => *team,
        Subject::Choose { .. } => None,
        Subject::Remedy { incident, .. } | Subject::Release { incident, .. } => {
            return wrapped(rows, &format!("asked by the monitor for {incident}"), Role::Muted, width);
        }
    };
    let known = team.and_then(|team| mission?.teams.iter().find(|known| known.id == team));
    let text = match (team, known) {
        (_, Some(team)) => {
            let model = clean_line(&team.spec.model.to_string(), 80).to_string();
            format!("asked by {} ({model}), attempt {}", words::team_name_of(team), team.attempt)
        }
        (Some(team), None) => format!("asked by {team}"),
        (None, _) => "asked by the orchestrator".to_owned(),
    };
    wrapped(rows, &text, Role::Muted, width);
}

/// The incident that a remedy is for, and what its diagnosis rests on.
fn ill(app: &App, request: &Request, rows: &mut Vec<Row>, width: usize) {
    let Some(incident) = request.subject.incident() else { return };
    let Some(incident) = app.state.ward.incidents.get(&incident) else {
        rows.push((format!("{incident} is only in the history"), Role::Muted));
        return;
    };
    let sign = incidents::incident_sign(&app.state, incident);
    let what = format!(
        "{} {} {}   {} {}   service {}, {}",
        incident.id,
        incident.severity,
        clean_line(&incident.title, 200),
        sign.glyph,
        sign.word,
        clean_line(&incident.service, 80),
        clean_line(&incident.env, 40)
    );
    wrapped(rows, &what, Role::Text, width);
    if let Some(found) = &incident.diagnosis {
        let gaps = match found.gaps.len() {
            0 => String::new(),
            gaps => format!(", {} not looked at", count(gaps, "thing")),
        };
        let why = format!(
            "grade {}: {}; {}{gaps}",
            found.grade,
            clean_line(&found.cause, 400),
            count(found.clues.len(), "clue")
        );
        wrapped(rows, &why, Role::Text, width);
    }
}

/// What was answered, held or decided; `None` while it waits.
fn answered<'a>(app: &'a App, request: &Request) -> Option<&'a Decision> {
    let held = app.state.clockwork.held.get(&request.id).map(|hold| &hold.decision);
    held.or_else(|| {
        let decided = app.state.decided.iter().rev().find(|(known, ..)| known.id == request.id);
        decided.map(|(_, decision, _)| decision)
    })
}

/// What a person put in the place of what was asked.
fn instead(rows: &mut Vec<Row>, app: &App, request: &Request, width: usize) {
    let Some(Decision::Modify { change, .. }) = answered(app, request) else { return };
    match change {
        Modification::Argv(argv) => {
            rows.push(("this instead, word by word:".into(), Role::Title));
            elements(rows, argv, width);
        }
        Modification::Prompt(words) => {
            wrapped(rows, &format!("answered: {}", clean_line(words, 4_000)), Role::Accent, width);
        }
        Modification::Amount(cap) => wrapped(rows, &format!("the cap instead: {cap}"), Role::Accent, width),
        Modification::Patch(_) => {
            let text = "a patch made by hand instead, which is checked and decided anew";
            wrapped(rows, text, Role::Accent, width);
        }
    }
}

fn elements(rows: &mut Vec<Row>, argv: &[String], width: usize) {
    for (at, element) in argv.iter().take(ELEMENTS_MOST).enumerate() {
        let shown = join_argv(std::slice::from_ref(element));
        wrapped(rows, &format!("  {at:>2} │ {}", clean_line(&shown, 2_000)), Role::Code, width);
    }
    if let Some(more) = argv.len().checked_sub(ELEMENTS_MOST).filter(|more| *more > 0) {
        rows.push((format!("     and {}", count(more, "word")), Role::Warn));
    }
}

fn subject(rows: &mut Vec<Row>, mission: Option<&Mission>, (app, request): (&App, &Request), width: usize) {
    match &request.subject {
        Subject::Command { argv, reason, .. } => {
            let head = match answered(app, request) {
                Some(Decision::Modify { .. }) => "this was asked for, word by word:",
                _ => "exactly this would run, word by word:",
            };
            rows.push((head.into(), Role::Title));
            elements(rows, argv, width);
            wrapped(rows, &format!("why: {}", clean_line(reason, 500)), Role::Text, width);
        }
        Subject::Conflict { files, .. } => {
            rows.push(("in conflict:".into(), Role::Title));
            named(rows, files);
        }
        Subject::Choose { teams } => {
            for team in teams {
                match app.state.desk.contains_key(&request.id) {
                    true => candidate(rows, mission, (*team, Up::Now), width),
                    false => candidate(rows, mission, (*team, chosen(app, mission, request, *team)), width),
                }
            }
        }
        Subject::Budget { cap, wanted, .. } => {
            let spent = mission.map(|mission| format!(", {} spent", mission.spent)).unwrap_or_default();
            wrapped(rows, &format!("the cap is {cap}{spent}; {wanted} is asked for"), Role::Text, width);
        }
        Subject::Ask { question, .. } => {
            wrapped(rows, &clean_line(question, 4_000), Role::Text, width);
        }
        Subject::Remedy { remedy, .. } => {
            rows.push(("what would be done:".into(), Role::Title));
            remedy::rows(remedy, rows, width);
        }
        Subject::Release { commit, back, .. } => {
            wrapped(rows, &account::release_words(commit, back.as_deref()), Role::Text, width);
        }
    }
    for yes in consents::of(&app.state, request) {
        wrapped(rows, &format!("approved by {yes}"), Role::Ok, width);
    }
}

/// What each key does about a conflict, as long as it waits: a plain yes says nothing of who resolves it.
fn effects(rows: &mut Vec<Row>, app: &App, request: &Request, width: usize) {
    let Subject::Conflict { team, .. } = &request.subject else { return };
    let (waits, held) = (app.state.desk.contains_key(&request.id), &app.state.clockwork.held);
    if !waits || held.contains_key(&request.id) {
        return;
    }
    let mission = app.state.missions.get(&request.mission);
    let name = mission.map_or_else(|| team.to_string(), |mission| words::team_name(mission, *team));
    let told = [
        (
            CommandId::Approve,
            format!(
                "{name} begins again on the branch as it is now and resolves it; nothing lands before \
                     that is checked and decided"
            ),
        ),
        (
            CommandId::Modify,
            "you resolve it: both sides stand in $EDITOR with marks; what you save is checked and decided"
                .into(),
        ),
        (CommandId::Retry, format!("as {}, and you tell {name} how", app.key_word(CommandId::Approve))),
        (CommandId::Reject, "the mission ends; nothing of it lands".into()),
    ];
    rows.push(("what each key does:".into(), Role::Title));
    for (id, words) in told {
        wrapped(rows, &format!("  {}  {words}", app.key_word(id)), Role::Text, width);
    }
}

/// Which candidate of a team a request is about.
#[derive(Clone, Copy)]
enum Up {
    /// The one that can be approved now.
    Now,
    /// The one of this attempt, which was approved.
    Chosen(u32),
    /// One that was up then; what the team has now is something else.
    Then,
}

fn chosen(app: &App, mission: Option<&Mission>, request: &Request, team: TeamId) -> Up {
    let approved =
        matches!(answered(app, request), Some(Decision::Approve { team: Some(yes) }) if *yes == team);
    // What was chosen last is what the last of its decisions chose.
    let mut chose = app.state.decided.iter().rev().filter(|(known, ..)| {
        known.mission == request.mission && matches!(known.subject, Subject::Choose { .. })
    });
    let last = chose.next().is_some_and(|(known, ..)| known.id == request.id);
    let chosen =
        mission.and_then(|mission| mission.result.chosen).filter(|(id, _)| approved && last && *id == team);
    chosen.map_or(Up::Then, |(_, attempt)| Up::Chosen(attempt))
}

fn candidate(rows: &mut Vec<Row>, mission: Option<&Mission>, (id, up): (TeamId, Up), width: usize) {
    let name = mission.map_or_else(|| id.to_string(), |mission| words::team_name(mission, id));
    let found = mission.and_then(|mission| {
        let team = mission.teams.iter().find(|team| team.id == id)?;
        let up = match up {
            Up::Now => brief::contender(team)?,
            Up::Chosen(attempt) => {
                let (chosen, evidence) = team.entry(attempt)?;
                (chosen.as_ref(), evidence.as_deref()?)
            }
            Up::Then => return None,
        };
        Some((mission, up))
    });
    let Some((mission, (candidate, evidence))) = found else {
        rows.push((format!("  [{}] {name}", id.0), Role::Accent));
        return;
    };
    let score = brief::score(mission, id, candidate.attempt);
    let score = score.map_or("no score".to_owned(), |score| format!("score {score}"));
    let sure = candidate.stated().map_or("by hand".to_owned(), |pct| format!("confidence {pct} %"));
    let stat = &evidence.stat;
    let text = format!(
        "  [{}] {name}: +{} -{} in {}, {sure}, {score}",
        id.0,
        stat.additions,
        stat.deletions,
        count(stat.files.len(), "file"),
    );
    wrapped(rows, &text, Role::Accent, width);
    wrapped(rows, &format!("      {}", words::evidence_line(evidence)), Role::Text, width);
    wrapped(rows, &format!("      {}", clean_line(&candidate.summary, 300)), Role::Text, width);
    named(rows, &stat.files);
}

fn named(rows: &mut Vec<Row>, files: &[String]) {
    for file in files.iter().take(FILES_MOST) {
        rows.push((format!("      {}", clean_line(file, 200)), Role::Muted));
    }
    if let Some(more) = files.len().checked_sub(FILES_MOST).filter(|more| *more > 0) {
        rows.push((format!("      and {}", count(more, "file")), Role::Muted));
    }
}

/// The keys that answer a request, each with what it does.
pub(super) fn keys(app: &App, request: &Request) -> Vec<String> {
    let key = |id, word: &str| format!("{} {word}", app.key_word(id));
    if let Some(hold) = app.state.clockwork.held.get(&request.id) {
        return vec![key(undo::again(&hold.decision), "now"), key(CommandId::Undo, "take back")];
    }
    let mut keys = match &request.subject {
        Subject::Choose { teams } if teams.is_empty() => vec![key(CommandId::Compare, "compare")],
        Subject::Choose { teams } => {
            let numbers: Vec<String> = teams.iter().map(|team| panes::approve_key(app, *team)).collect();
            vec![format!("{} approve", numbers.join("/")), key(CommandId::Compare, "compare")]
        }
        other => vec![key(CommandId::Approve, panes::yes_word(other))],
    };
    keys.extend(panes::answers(&request.subject).into_iter().map(|(id, word)| key(id, word)));
    keys
}
