//! Requests, decisions and evidence, each in the words of one line.

use super::named::{label, letter};
use crate::{
    domain::{
        candidate::{CheckOutcome, Evidence},
        grant::{Pattern, Terms},
        ids::TeamId,
        request::{Decision, Request, Subject},
        text::{clean_line, count},
    },
    engine::state::{Mission, State},
    tui::words,
};

/// A request in one line.
#[must_use]
pub fn request_words(state: &State, request: &Request) -> String {
    let mission = state.missions.get(&request.mission);
    let what = match (&request.subject, mission) {
        (Subject::Choose { teams }, Some(mission)) => {
            let names: Vec<String> = teams.iter().map(|team| label(mission, *team)).collect();
            match names.as_slice() {
                [] => "no candidate may land as it is".to_owned(),
                _ => format!("{}, {}", count(names.len(), "candidate"), names.join(", ")),
            }
        }
        (_, mission) => words::asks(mission.map(AsRef::as_ref), request),
    };
    let by_itself = crate::engine::snapshot::by_itself(state, request);
    let by_itself = by_itself.map(|words| format!(", {words}")).unwrap_or_default();
    let place = crate::engine::snapshot::place(request);
    format!(
        "{} {}, {place}, {what}{by_itself}, revision {}",
        request.id,
        request.subject.word(),
        request.revision
    )
}

/// What was decided, in words.
#[must_use]
pub fn decision_words(mission: Option<&Mission>, decision: &Decision) -> String {
    let name = |team: &Option<TeamId>| {
        team.map_or(String::new(), |team| {
            format!(" {}", mission.map_or_else(|| letter(team).to_string(), |mission| label(mission, team)))
        })
    };
    match decision {
        Decision::Approve { team } => format!("approved{}", name(team)),
        Decision::Modify { team, .. } => format!("approved with changes{}", name(team)),
        Decision::Reject { reason } => format!("rejected, {}", clean_line(reason, 200)),
        Decision::Retry { reason } => format!("rejected, teams try again, {}", clean_line(reason, 200)),
        Decision::Grant { terms } => format!("approved and granted: {}", terms_words(terms)),
        Decision::Expired => "expired: denied".into(),
        Decision::Withdrawn => "no longer matters".into(),
    }
}

/// What a grant covers, how often and how long.
#[must_use]
pub fn terms_words(terms: &Terms) -> String {
    let line = clean_line(&crate::tui::argv::join_argv(terms.pattern.elements()), 200);
    let what = match &terms.pattern {
        Pattern::Exact(_) => format!("exactly {line}"),
        Pattern::Prefix(_) => format!("whatever begins with {line}"),
    };
    format!("{what}, for the {}, {}, {} long", terms.reach.word(), count(terms.uses, "time"), terms.lasts)
}

/// What the checks came to, in words.
#[must_use]
pub fn evidence_words(evidence: &Evidence) -> String {
    let verdict = match (evidence.passed(), evidence.checks.is_empty()) {
        (true, _) => "checks pass",
        (false, true) => "no check was run",
        (false, false) => "checks fail",
    };
    let tests = evidence.tests().map_or("no tests".to_owned(), |check| {
        format!("tests {}", words::check_change(check).replace('→', "then"))
    });
    let failed: Vec<String> = evidence
        .checks
        .iter()
        .filter(|check| check.after.outcome != CheckOutcome::Passed)
        .map(|check| {
            format!("{} {}", clean_line(&check.command, 80), words::outcome_word(check.after.outcome))
        })
        .collect();
    let failed = if failed.is_empty() { String::new() } else { format!(", {}", failed.join(", ")) };
    format!("{verdict}, {tests}{failed}")
}
