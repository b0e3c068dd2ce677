//! What the state means in words: headlines, status words, glyphs, ages. Pure. Every glyph comes with a word, so
//! no state is carried by colour or shape alone.

use super::{commands::CommandId, theme::Role};
use crate::{
    domain::{
        candidate::{CheckOutcome, CheckResult, Evidence},
        incident::Phase,
        mission::{Ending, Step},
        money::{Cost, Money},
        request::{Decision, Hold, Request, Subject},
        team::Vendor,
        text::{clean_line, count},
        time::{Millis, Timestamp},
    },
    engine::{
        account,
        desk::word,
        healing::ward::Incident,
        ledger,
        snapshot::{self, Tick, Waiting},
        state::{Control, Mission, State, Team, TeamPhase},
    },
};
use std::sync::Arc;

/// A word with its glyph and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// One cell.
    pub glyph: &'static str,
    /// Never empty.
    pub word: &'static str,
    /// For terminals with colour.
    pub role: Role,
}

const fn sign(glyph: &'static str, word: &'static str, role: Role) -> Sign {
    Sign { glyph, word, role }
}

/// How a team stands, sharpened by what is known of its candidate.
#[must_use]
pub fn team_sign(state: &State, mission: &Mission, team: &Team) -> Sign {
    let word = snapshot::channel_word(state, mission, team);
    let (glyph, role) = match (word, &team.phase) {
        ("LANDED", _) => ("✓", Role::Ok),
        ("WAITS FOR YOU", _) => ("⚑", Role::Attention),
        ("UNCHECKED", _) => ("○", Role::Warn),
        (snapshot::STOPPED, _) => ("✗", Role::Muted),
        ("RED", _) | (_, TeamPhase::Failed(_)) => ("✗", Role::Bad),
        (_, TeamPhase::Waiting) => ("○", Role::Muted),
        (_, TeamPhase::Drafting | TeamPhase::Checking) => ("●", Role::Busy),
        (_, TeamPhase::Ready) => ("✓", Role::Ok),
        (_, TeamPhase::TakenOver) => ("◆", Role::Attention),
    };
    sign(glyph, word, role)
}

/// How a mission stands.
#[must_use]
pub fn mission_sign(state: &State, mission: &Mission) -> Sign {
    if let Some((ending, _)) = &mission.result.ending {
        return match ending {
            Ending::Landed if mission.result.is_out() => sign("↩", "TAKEN BACK", Role::Warn),
            Ending::Landed if snapshot::rolled_back(state, mission).is_some() => {
                sign("↩", "ROLLED BACK", Role::Warn)
            }
            Ending::Landed => sign("✓", "LANDED", Role::Ok),
            Ending::Failed(_) => sign("✗", "FAILED", Role::Bad),
            Ending::Cancelled(_) => sign("✗", "CANCELLED", Role::Muted),
            Ending::OverBudget(_) => sign("✗", "OVER BUDGET", Role::Bad),
        };
    }
    if waiting_of(state, mission).next().is_some() || questions(mission).is_some() {
        return sign("⚑", "WAITS FOR YOU", Role::Attention);
    }
    match (&state.control, mission.step) {
        (Control::Stopped(_), _) => sign("■", "STOPPED", Role::Bad),
        (Control::Paused(_), _) => sign("Ⅱ", "PAUSED", Role::Warn),
        (Control::Running, None) => sign("○", "QUEUED", Role::Muted),
        (Control::Running, Some(_)) => sign("●", "ACTIVE", Role::Busy),
    }
}

/// The questions that wait for an answer before work starts.
#[must_use]
pub fn questions(mission: &Mission) -> Option<&[crate::domain::brief::Question]> {
    let asked = mission.preparation.questions.as_deref().filter(|asked| !asked.is_empty())?;
    let open = mission.preparation.answers.is_empty()
        && mission.step == Some(Step::Clarify)
        && mission.result.ending.is_none();
    open.then_some(asked)
}

/// Requests of one mission that nobody has answered, oldest first.
pub fn waiting_of<'a>(state: &'a State, mission: &'a Mission) -> impl Iterator<Item = &'a Arc<Request>> {
    let open = |request: &&Arc<Request>| !state.clockwork.held.contains_key(&request.id);
    state.desk.values().filter(open).filter(move |request| request.mission == mission.id)
}

/// How many things wait for a person.
#[must_use]
pub fn waiting_count(state: &State) -> usize {
    snapshot::waiting(state).len()
        + state.missions.values().filter(|mission| questions(mission).is_some()).count()
        + helpless(state).len()
}

/// What waits for a person and is no request, a line each: questions of missions, incidents that nothing is offered for.
#[must_use]
pub fn elsewhere(state: &State) -> Vec<String> {
    let asks = state.missions.values().filter(|mission| questions(mission).is_some());
    let asks = asks.map(|mission| format!("{} asks you a question before it begins.", mission.id));
    let needs = helpless(state)
        .into_iter()
        .map(|incident| format!("{} needs you, and nothing is offered: its card says why.", incident.id));
    asks.chain(needs).collect()
}

/// Incidents that only a person can go on with, worst first; what waits at the desk for one is a request.
#[must_use]
pub fn helpless(state: &State) -> Vec<&Arc<Incident>> {
    let left = |incident: &&Arc<Incident>| incident.needs_person() && incident.request.is_none();
    let mut all: Vec<_> = state.ward.live().filter(left).collect();
    all.sort_by_key(|incident| (incident.severity, incident.id));
    all
}

/// The anchor desk's line, and the command that goes on from here.
#[must_use]
pub fn headline(state: &State, mission: &Mission) -> (String, Option<CommandId>) {
    let mut said = clean_line(&snapshot::headline(state, mission), 300).to_string();
    if let (Some(note), Waiting::Nothing) = (&mission.result.budget_note, snapshot::waits_for(state, mission))
    {
        said = format!("{said} {}", clean_line(note, 200));
    }
    if let Some(soft) = ledger::soft_caps(state, mission).first()
        && mission.result.ending.is_none()
    {
        said = format!("{said} {}.", clean_line(&soft.words, 200));
    }
    // A request beside running work: the desk knows of it, the snapshot's line tells of the work.
    if let (Some(request), Waiting::Nothing) =
        (waiting_of(state, mission).next(), snapshot::waits_for(state, mission))
    {
        said = format!("{}: {}.", request.id, asks(Some(mission), request));
        return (said, Some(CommandId::NextWaiting));
    }
    let next = match snapshot::waits_for(state, mission) {
        Waiting::Desk if waiting_of(state, mission).next().is_none() => {
            // Between the step and its request there is nothing to take back yet.
            let held = |hold: &&Hold| state.desk.get(&hold.request).is_some_and(|r| r.mission == mission.id);
            state.clockwork.held.values().any(|hold| held(&hold)).then_some(CommandId::Undo)
        }
        Waiting::Answers | Waiting::Desk => Some(CommandId::NextWaiting),
        Waiting::House(_) => Some(CommandId::Resume),
        Waiting::TakenOver => Some(CommandId::HandBack),
        Waiting::Pool => None,
        Waiting::Nothing => match &mission.result.ending {
            Some((Ending::Failed(_) | Ending::OverBudget(_), _)) => Some(CommandId::RetryMission),
            _ => None,
        },
    };
    (said, next)
}

/// What a request asks, in one line.
#[must_use]
pub fn asks(mission: Option<&Mission>, request: &Request) -> String {
    let name = |team| mission.map_or_else(|| format!("{team}"), |mission| team_name(mission, team));
    match &request.subject {
        Subject::Choose { teams } => match teams.as_slice() {
            [] => "no candidate may land as it is".into(),
            [only] => format!("may the candidate of {} land?", name(*only)),
            _ => "choose a candidate".into(),
        },
        Subject::Command { team, argv, .. } => {
            format!("{} wants to run: {}", name(*team), clean_line(&super::argv::join_argv(argv), 120))
        }
        Subject::Budget { team, cap, wanted } => match team {
            Some(team) => format!("{} asks for a budget of {wanted} instead of {cap}", name(*team)),
            None => format!("the mission asks for a budget of {wanted} instead of {cap}"),
        },
        Subject::Ask { team, question } => format!("{} asks: {}", name(*team), clean_line(question, 160)),
        Subject::Conflict { team, files, .. } => {
            format!(
                "{}'s candidate conflicts with the moved target in {}",
                name(*team),
                count(files.len(), "file")
            )
        }
        Subject::Remedy { remedy, .. } => clean_line(&remedy.words(), 160).to_string(),
        Subject::Release { commit, back, .. } => account::release_words(commit, back.as_deref()),
    }
}

/// A decision that is held, and when it takes effect.
#[must_use]
pub fn holding(state: &State, hold: &Hold, now: Timestamp) -> String {
    let whose = match &hold.decision {
        Decision::Approve { team: Some(team) } => {
            let mission =
                state.desk.get(&hold.request).and_then(|request| state.missions.get(&request.mission));
            format!(" {}", mission.map_or_else(|| team.to_string(), |mission| team_name(mission, *team)))
        }
        _ => String::new(),
    };
    let when = match state.clockwork.halted {
        None => format!("takes effect in {} s", seconds(snapshot::held_for(state, hold, now))),
        Some(_) => snapshot::takes_effect(state, hold),
    };
    format!("{}{whose}, {when}", word(&hold.decision))
}

/// Whole seconds, the one that has begun counted.
#[must_use]
pub fn seconds(span: Millis) -> u64 {
    span.0.div_ceil(1_000)
}

/// A team's shown name.
#[must_use]
pub fn team_name(mission: &Mission, id: crate::domain::ids::TeamId) -> String {
    mission
        .teams
        .iter()
        .find(|team| team.id == id)
        .map_or_else(|| id.to_string(), |team| clean_line(&team.spec.name, 32).to_string())
}

/// The same, of a team at hand.
#[must_use]
pub fn team_name_of(team: &Team) -> String {
    clean_line(&team.spec.name, 32).to_string()
}

/// The name without the word "Team", which stands there anyway.
#[must_use]
pub fn team_short(team: &Team) -> String {
    let name = team_name_of(team);
    let rest = name.strip_prefix("Team ").or_else(|| name.strip_prefix("team ")).map(str::trim);
    rest.filter(|rest| !rest.is_empty()).map_or(name.clone(), str::to_owned)
}

/// How a step or phase stands.
#[must_use]
pub fn step_sign(word: &'static str, tick: Tick) -> Sign {
    match tick {
        Tick::Done => sign("✓", word, Role::Ok),
        Tick::Current => sign("●", word, Role::Busy),
        Tick::Ahead => sign("○", word, Role::Muted),
        Tick::Stopped => sign("✗", word, Role::Bad),
    }
}

/// How long a mission runs or ran.
#[must_use]
pub fn mission_elapsed(mission: &Mission, now: Timestamp) -> Millis {
    mission.result.ending.as_ref().map_or(now, |(_, at)| *at).since(mission.opened)
}

/// Whether a clock on screen moves.
#[must_use]
pub fn ticking(state: &State) -> bool {
    let quiet = |phase: &Phase| matches!(phase, Phase::Suppressed(_) | Phase::Suspected);
    let ill = state.ward.live().any(|incident| !quiet(&incident.phase));
    ill || !state.desk.is_empty() || state.missions.values().any(|mission| mission.result.ending.is_none())
}

/// `12.4k`.
#[must_use]
pub fn tokens(n: u64) -> String {
    match n {
        0..=999 => n.to_string(),
        1_000..=999_999 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
        _ => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}

/// What a team has spent, with its unknown part said.
#[must_use]
pub fn spent(known: Money, unknown: bool) -> String {
    if unknown { format!("{known}+unknown") } else { known.to_string() }
}

/// A cost that may be unknown.
#[must_use]
pub fn cost(cost: Cost) -> String {
    match cost {
        Cost::Known(amount) => amount.to_string(),
        Cost::Unknown => "unknown".into(),
    }
}

/// The accent of a vendor.
#[must_use]
pub fn vendor_role(vendor: Vendor) -> Role {
    Role::vendor(Vendor::ALL.iter().position(|known| *known == vendor).unwrap_or(0))
}

/// A check, before and after: `12/1 → 13/0`.
#[must_use]
pub fn check_change(check: &CheckResult) -> String {
    let run = |outcome: CheckOutcome, passed: Option<u32>, failed: Option<u32>| match (passed, failed) {
        (Some(passed), Some(0)) => format!("{passed} ok"),
        (Some(passed), Some(failed)) => format!("{passed} ok {failed} bad"),
        _ => outcome_word(outcome).to_owned(),
    };
    let before = check.before.as_ref().map_or("not run".to_owned(), |b| run(b.outcome, b.passed, b.failed));
    format!("{before} → {}", run(check.after.outcome, check.after.passed, check.after.failed))
}

/// How a check ended.
#[must_use]
pub fn outcome_word(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "failed",
        CheckOutcome::TimedOut => "timed out",
        CheckOutcome::Broken => "could not run",
    }
}

/// One line of evidence.
#[must_use]
pub fn evidence_line(evidence: &Evidence) -> String {
    let tests = evidence.tests().map_or("no tests".to_owned(), check_change);
    let verdict = match (evidence.checked(), evidence.passed()) {
        (false, _) => "○ nothing was checked",
        (true, true) => "✓ checks pass",
        (true, false) => "✗ checks fail",
    };
    format!("{verdict}  tests {tests}  +{} -{}", evidence.stat.additions, evidence.stat.deletions)
}

/// `12:05` of today, `11-20 12:05` of another day: in a quiet house nothing is drawn, so no age would stay true.
#[must_use]
pub fn when(now: Timestamp, at: Timestamp) -> String {
    let text = at.to_string();
    let from = if at.utc_day() == now.utc_day() { 11 } else { 5 };
    text.get(from..16).unwrap_or_default().replace('T', " ")
}
