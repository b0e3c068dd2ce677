//! How following a mission ends: the last JSON line of the contract, the last words, and the exit code.

use super::exit::Exit;
use crate::{
    domain::{
        candidate::{CheckOutcome, Evidence},
        ids::TeamId,
        mission::Ending,
        request::{Request, Subject},
    },
    engine::state::{Control, Mission, State, Team},
};
use serde_json::{Value, json};

/// How a mission stands when nobody looks at it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The winner is a commit.
    Landed,
    /// It waits for a decision.
    Waiting,
    /// No candidate, or landing was impossible.
    Failed,
    /// A person ended it.
    Cancelled,
    /// The budget ended it, or it waits for more money.
    OverBudget,
}

impl Status {
    /// Of a mission.
    #[must_use]
    pub fn of(state: &State, mission: &Mission) -> Self {
        match mission.result.ending.as_ref().map(|(ending, _)| ending) {
            Some(Ending::Landed) => Self::Landed,
            Some(Ending::Failed(_)) => Self::Failed,
            Some(Ending::Cancelled(_)) => Self::Cancelled,
            Some(Ending::OverBudget(_)) => Self::OverBudget,
            None => {
                let mut waiting = state.desk.values().filter(|r| r.mission == mission.id).peekable();
                let only_money = waiting.peek().is_some()
                    && waiting.all(|request| matches!(request.subject, Subject::Budget { .. }));
                if only_money { Self::OverBudget } else { Self::Waiting }
            }
        }
    }
    /// The word of the contract.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::OverBudget => "over_budget",
        }
    }
    /// The exit code of `chimera brief`.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Landed => Exit::Ok,
            Self::Failed => Exit::Error,
            Self::OverBudget => Exit::Budget,
            Self::Waiting | Self::Cancelled => Exit::Waiting,
        }
    }
}

/// A team's name, or its number where the mission has none of that number.
#[must_use]
pub fn team_name(mission: &Mission, team: TeamId) -> String {
    mission.team_name(team)
}

/// The last JSON line of `chimera brief`, field by field as the contract has it.
#[must_use]
pub fn finished(state: &State, mission: &Mission) -> Value {
    let landed = mission.result.landed.as_ref();
    json!({
        "kind": "mission_finished",
        "mission": mission.id.to_string(),
        "status": Status::of(state, mission).word(),
        "commit": landed.map(|(commit, _)| commit),
        "branch": landed.map(|(_, branch)| branch),
        "winner": mission.result.chosen.map(|(team, _)| team_name(mission, team)),
        "cost_usd": mission.spent.as_usd(),
        "candidates": mission.teams.iter().filter_map(|team| candidate(mission, team)).collect::<Vec<_>>(),
    })
}

fn candidate(mission: &Mission, team: &Team) -> Option<Value> {
    let (candidate, evidence) = team.candidates.last()?;
    Some(json!({
        "team": team.spec.name,
        "vendor": team.spec.model.vendor,
        "tests": tests_word(evidence.as_deref()),
        "score": score(mission, team.id, candidate.attempt),
        "additions": candidate.stat.additions,
        "deletions": candidate.stat.deletions,
        "cost_usd": (!team.account.unknown).then(|| team.account.spent.as_usd()),
        "diff_sha256": candidate.patch,
    }))
}

/// `passed`, `failed`, or `none` where nothing that counts was run. Never green without evidence.
fn tests_word(evidence: Option<&Evidence>) -> &'static str {
    let Some(evidence) = evidence else { return "none" };
    let mut tests = evidence.checks.iter().filter(|check| {
        use crate::domain::candidate::CheckKind::{Acceptance, Test};
        matches!(check.kind, Test | Acceptance)
    });
    match tests.next() {
        None => "none",
        Some(first) => {
            let green = |outcome| outcome == CheckOutcome::Passed;
            if green(first.after.outcome) && tests.all(|check| green(check.after.outcome)) {
                "passed"
            } else {
                "failed"
            }
        }
    }
}

/// Mean score of a candidate's verdicts; `None`: nobody judged it.
#[must_use]
pub fn score(mission: &Mission, team: TeamId, attempt: u32) -> Option<u32> {
    let verdicts = &mission.judgement.as_ref()?.verdicts;
    let scores: Vec<u32> = verdicts
        .iter()
        .filter(|verdict| verdict.team == team && verdict.attempt == attempt)
        .map(|verdict| u32::from(verdict.score))
        .collect();
    let count = u32::try_from(scores.len()).ok().filter(|count| *count > 0)?;
    Some(scores.iter().sum::<u32>() / count)
}

/// Why it ended without a landing.
#[must_use]
pub fn reason(mission: &Mission) -> Option<&str> {
    mission.result.ending.as_ref()?.0.why()
}

/// The command that answers a request as most are answered.
fn answer(request: &Request) -> String {
    let id = request.id;
    match &request.subject {
        Subject::Choose { teams } if teams.is_empty() => {
            format!("chimera desk reject {id} --retry --reason …")
        }
        Subject::Choose { teams } if teams.len() > 1 => format!("chimera desk approve {id} --team …"),
        Subject::Ask { .. } => format!("chimera desk modify {id} --prompt …"),
        _ => format!("chimera desk approve {id}"),
    }
}

/// The last words for people, with what to do next.
#[must_use]
pub fn last_words(state: &State, mission: &Mission) -> String {
    let spent = mission.spent;
    let why = reason(mission).map(|why| format!(": {why}")).unwrap_or_default();
    let id = mission.id;
    match Status::of(state, mission) {
        Status::Landed => {
            let (commit, branch) = mission.result.landed.as_ref().map_or(("?", "?"), |(c, b)| (&c.0, b));
            let winner = mission.result.chosen.map(|(team, _)| team_name(mission, team)).unwrap_or_default();
            format!("landed    {id} as {commit} on {branch}, by {winner}, for {spent}")
        }
        Status::Waiting | Status::OverBudget if mission.result.ending.is_none() => {
            let waits: Vec<_> = state.desk.values().filter(|r| r.mission == id).collect();
            match waits.first() {
                Some(first) => format!(
                    "waiting   {id} for {}; `chimera desk show {}`, then `{}`",
                    waits.iter().map(|request| request.id.to_string()).collect::<Vec<_>>().join(", "),
                    first.id,
                    answer(first)
                ),
                None => match &state.control {
                    Control::Running => format!("running   {id}; `chimera show {id}` tells where it stands"),
                    Control::Paused(why) => {
                        format!("waiting   {id}: all work is paused ({why}); `chimera resume` lets it go on")
                    }
                    Control::Stopped(why) => {
                        format!("waiting   {id}: all work is stopped ({why}); `chimera resume` lets it go on")
                    }
                },
            }
        }
        status => format!("{:<9} {id}{why}, for {spent}", status.word().replace('_', " ")),
    }
}
