//! `chimera missions`: one line for each mission, newest first.

use super::{
    exit::{Exit, Said},
    finish::Status,
    out::Out,
    session::Session,
};
use crate::{
    domain::text,
    engine::{
        snapshot,
        state::{Mission, State},
    },
};
use clap::Args;
use serde_json::{Value, json};

/// Which missions.
#[derive(Debug, Clone, Args)]
pub struct MissionsArgs {
    /// Only those that have not ended
    #[arg(long)]
    pub open: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub most: usize,
}

/// Prints them.
///
/// # Errors
/// The journal cannot be read.
pub fn run(args: &MissionsArgs, session: &Session, out: &mut Out) -> Said {
    list(args, &session.look()?, out);
    Ok(Exit::Ok)
}

/// Prints the missions of a state.
pub fn list(args: &MissionsArgs, state: &State, out: &mut Out) {
    let wanted = |mission: &&std::sync::Arc<Mission>| !args.open || mission.result.ending.is_none();
    let missions: Vec<_> = state.missions.values().rev().filter(wanted).take(args.most).collect();
    if missions.is_empty() {
        out.say("No missions. `chimera brief \"…\"` opens one.");
    }
    let head = ["MISSION", "STATUS", "STEP", "TEAMS", "SPENT", "OPENED", "BRIEF"].map(str::to_owned).to_vec();
    let rows = missions.iter().map(|mission| {
        let brief = mission.brief.text.lines().next().unwrap_or_default();
        vec![
            mission.id.to_string(),
            standing(state, mission).to_owned(),
            mission.step.map_or("queued", |step| step.word()).to_owned(),
            mission.teams.len().to_string(),
            mission.spent.to_string(),
            mission.opened.to_string().chars().take(16).collect(),
            text::clean_line(brief, 60).to_string(),
        ]
    });
    if !missions.is_empty() {
        out.table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
    }
    for mission in missions {
        out.tell(&value(state, mission));
    }
}

/// [`status`] for people, who want to know as well that a release was taken back.
#[must_use]
pub fn standing(state: &State, mission: &Mission) -> &'static str {
    snapshot::rolled_back(state, mission).map_or_else(|| status(state, mission), |_| "rolled back")
}

/// `landed`, `failed` and so on for ended missions, `waiting` or `running` for others.
#[must_use]
pub fn status(state: &State, mission: &Mission) -> &'static str {
    let waits = state.desk.values().any(|request| request.mission == mission.id);
    match (&mission.result.ending, waits) {
        (Some(_), _) | (None, true) => Status::of(state, mission).word(),
        (None, false) => "running",
    }
}

/// A mission as JSON, as it stands.
#[must_use]
pub fn value(state: &State, mission: &Mission) -> Value {
    json!({
        "kind": "mission", "mission": mission.id.to_string(), "status": status(state, mission),
        "step": mission.step, "opened": mission.opened.to_string(),
        "ended": mission.result.ending.as_ref().map(|(_, at)| at.to_string()),
        "text": mission.brief.text, "spent_usd": mission.spent.as_usd(),
        "budget_usd": mission.brief.budget.as_usd(), "tokens": mission.usage.total(),
        "teams": mission.teams.iter().map(|team| team.spec.name.as_str()).collect::<Vec<_>>(),
        "commit": mission.result.landed.as_ref().map(|(commit, _)| commit),
        "rolled_back": snapshot::rolled_back(state, mission),
    })
}
