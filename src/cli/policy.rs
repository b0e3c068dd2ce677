//! `chimera policy explain`: every reason of the ruling that put a request on the desk.

use super::{
    exit::{Complaint, Exit, Said},
    finish::team_name,
    out::Out,
    session::Session,
};
use crate::{
    config,
    domain::{
        ids::{MissionId, RequestId},
        request::{Request, Subject},
        text::count,
        time::Millis,
    },
    engine::state::State,
    policy::ruling::{Ruling, RulingOutcome},
    runtime::{self, clock::Clock},
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

/// What about the policy.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Print every reason of the rulings behind a request
    Explain(ExplainArgs),
    /// Print which decisions of the past another policy would have made otherwise
    Replay(ReplayArgs),
}

/// Which policy, and how far back.
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// A settings file with the other policy, laid over yours
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// How far back, such as 30d
    #[arg(long, value_name = "SPAN", default_value = "30d")]
    pub since: Millis,
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
    match command {
        PolicyCommand::Explain(args) => explain(args.request, &session.look()?, out),
        PolicyCommand::Replay(args) => replay(args, session, out),
    }
}

/// Decisions that would have been others.
fn replay(args: &ReplayArgs, session: &Session, out: &mut Out) -> Said {
    let mut wanted = session.source.wanted.clone();
    wanted.file = Some(args.policy.clone());
    let other = config::load(&wanted, &session.environment, &session.here)?.settings.policy;
    let since = Clock::Wall.now() - args.since;
    let data = &session.settings().places.data;
    let replay =
        runtime::look::replay(data, other, since).map_err(|error| Complaint::error(error.to_string()))?;
    let mut changed = 0_u64;
    for one in replay.compared.iter().filter(|one| one.before != one.after) {
        changed += 1;
        let (before, after) = (word(&one.before), word(&one.after));
        let value = json!({
            "kind": "decision", "seq": one.seq, "at": one.at.to_string(), "of": one.of, "before": before,
            "after": after, "reasons": one.reasons,
        });
        out.both(&format!("{} {} {}: {before} -> {after}", one.seq, one.at, one.of), &value);
        for reason in one.reasons.iter().skip(1).take(4) {
            out.say(&format!("    {reason}"));
        }
    }
    let all = replay.compared.len();
    let words = format!("{changed} of {} would have been others", count(all, "decision"));
    out.both(
        &words,
        &json!({"kind": "replayed", "decisions": all, "changed": changed, "not_kept": replay.more}),
    );
    Ok(Exit::Ok)
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
        &format!("{id} {} of {}: asked, because", request.subject.word(), request.about()),
        &json!({
            "kind": "request", "request": id.to_string(), "about": request.about(),
            "mission": (request.mission != MissionId::HOUSE).then(|| request.mission.to_string()),
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
        Subject::Command { .. }
        | Subject::Budget { .. }
        | Subject::Ask { .. }
        | Subject::Remedy { .. }
        | Subject::Release { .. } => false,
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
    word(&ruling.outcome)
}

fn word(outcome: &RulingOutcome) -> String {
    match outcome {
        RulingOutcome::Auto => "at once".into(),
        RulingOutcome::After(delay) => format!("after {delay} unless somebody stops it"),
        RulingOutcome::Ask { approvals } => format!("needs {approvals} approval(s)"),
        RulingOutcome::Hold { reason } => format!("held: {reason}"),
        RulingOutcome::Deny => "denied".into(),
    }
}
