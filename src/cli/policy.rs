//! `chimera policy explain`: every reason of the ruling that put a request on the desk.

use super::{
    exit::{Complaint, Exit, Said},
    finish::team_name,
    out::Out,
    session::Session,
};
use crate::{
    domain::{
        ids::RequestId,
        request::{Request, Subject},
    },
    engine::state::State,
    policy::ruling::{Ruling, RulingOutcome},
};
use clap::{Args, Subcommand};
use serde_json::json;

/// What about the policy.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Print every reason of the rulings behind a request
    Explain(ExplainArgs),
}

/// Which request.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Request, such as R-3; decided ones too
    #[arg(value_name = "ID")]
    pub request: RequestId,
}

/// Explains.
///
/// # Errors
/// There is no such request, or the journal cannot be read.
pub fn run(command: &PolicyCommand, session: &Session, out: &mut Out) -> Said {
    let PolicyCommand::Explain(args) = command;
    explain(args.request, &session.look()?, out)
}

/// Explains a request of a state.
///
/// # Errors
/// There is no such request.
pub fn explain(id: RequestId, state: &State, out: &mut Out) -> Said {
    let decided = || state.decided.iter().find(|(request, ..)| request.id == id).map(|(request, ..)| request);
    let request = state.desk.get(&id).or_else(decided).ok_or_else(|| {
        Complaint::error(format!("there is no request {id}, or it is too old to be kept in memory"))
            .hint("`chimera desk list` shows what waits; `chimera audit export` has everything")
    })?;
    out.both(
        &format!("{id} {} of {}: asked, because", request.subject.word(), request.mission),
        &json!({
            "kind": "request", "request": id.to_string(), "mission": request.mission.to_string(),
            "subject": request.subject.word(), "reasons": request.reasons, "if_denied": request.if_denied,
        }),
    );
    for reason in &request.reasons {
        out.say(&format!("  {reason}"));
    }
    rulings(request, state, out);
    out.say(&format!("if denied: {}", request.if_denied));
    Ok(Exit::Ok)
}

fn rulings(request: &Request, state: &State, out: &mut Out) {
    let Some(mission) = state.missions.get(&request.mission) else { return };
    let concerned = |team: &crate::domain::ids::TeamId| match &request.subject {
        Subject::Choose { teams } => teams.contains(team),
        Subject::Conflict { team: other, .. } => team == other,
        Subject::Command { .. } | Subject::Budget { .. } | Subject::Ask { .. } | Subject::Remedy { .. } => {
            false
        }
    };
    for (team, (attempt, ruling)) in mission.rulings.iter().filter(|(team, _)| concerned(team)) {
        let name = team_name(mission, *team);
        out.both(
            &format!("landing {name} #{attempt}: {}, tier {}", outcome(ruling), ruling.tier),
            &json!({
                "kind": "ruling", "mission": mission.id.to_string(), "team": name, "attempt": attempt,
                "outcome": ruling.outcome, "tier": ruling.tier, "reasons": ruling.reasons, "plan": ruling.plan,
                "policy": ruling.policy, "at": ruling.at.to_string(),
            }),
        );
        for reason in &ruling.reasons {
            out.say(&format!("  {}: {}", reason.rule, reason.text));
        }
        out.say(&format!(
            "  plan {} under policy {} at {}",
            ruling.plan.short(),
            ruling.policy.short(),
            ruling.at
        ));
    }
}

fn outcome(ruling: &Ruling) -> String {
    match &ruling.outcome {
        RulingOutcome::Auto => "at once".into(),
        RulingOutcome::After(delay) => format!("after {delay} unless somebody stops it"),
        RulingOutcome::Ask { approvals } => format!("needs {approvals} approval(s)"),
        RulingOutcome::Hold { reason } => format!("held: {reason}"),
        RulingOutcome::Deny => "denied".into(),
    }
}
