//! The ideas agent's turn: what the house knows of its past and the repository, put into words for it.

use super::site::{Site, agent_failed, permanent};
use crate::{
    agents::{
        context,
        suggester::{self, Past},
    },
    domain::{
        feed::Channel,
        ids::MissionId,
        text::{clean_line, count},
    },
    engine::{
        command::Outcome,
        effect::{Effect, Failure},
        ideas::Suggestion,
        records::metrics,
        state::State,
        suggesting,
    },
    runtime::supervisor::StopSign,
};
use std::path::PathBuf;

/// Missions, rows of tables and ideas that are told, each.
const LINES_MOST: usize = 40;

pub(super) async fn suggest(
    site: &Site,
    effect: &Effect,
    repo: &str,
    stop: &StopSign,
) -> Result<Outcome, Failure> {
    let root = PathBuf::from(repo);
    if !root.is_dir() {
        return Err(permanent(format!("{repo} is no directory")));
    }
    let looked = tokio::task::spawn_blocking(move || context::look_at(&root, &[], None));
    let found = looked.await.map_err(permanent)?;
    let (records, missions, known) = {
        let state = site.lines.state.borrow();
        (numbers(&state), titles(&state), ideas(&state))
    };
    let past = Past { records: &records, missions: &missions, known: &known, repository: &found.words };
    let office = site.office(effect, Channel { mission: MissionId::HOUSE, team: None }, stop);
    let switchboard = site.switchboard.as_ref();
    let thoughts = suggester::suggest(&office, switchboard, &site.rules.orchestrator, past);
    let thoughts = thoughts.await.map_err(agent_failed)?;
    let suggestion = |thought: suggester::Thought| Suggestion {
        title: thought.title,
        why: thought.why,
        brief: thought.brief,
        worth: thought.worth,
    };
    Ok(Outcome::Suggested(thoughts.into_iter().map(suggestion).collect()))
}

fn numbers(state: &State) -> String {
    let records = &state.records;
    let mut lines: Vec<String> = metrics(records.total())
        .into_iter()
        .filter_map(|metric| Some(format!("{}: {} ({})", metric.name, metric.figure?, metric.basis)))
        .collect();
    for (command, check) in records.trouble().checks().into_iter().take(LINES_MOST) {
        lines.push(format!("check `{command}`: {}, {} failed", count(check.runs, "run"), check.failed));
    }
    for (words, fault) in records.trouble().faults().into_iter().take(LINES_MOST) {
        lines.push(format!("fault {words}: {}", count(fault.times, "time")));
    }
    lines.join("\n")
}

fn titles(state: &State) -> String {
    let line = |mission: &std::sync::Arc<crate::engine::state::Mission>| {
        let ending = mission.result.ending.as_ref().map_or("under way", |(ending, _)| ending.word());
        format!("{} {ending}: {}", mission.id, clean_line(&mission.brief.text, 160))
    };
    state.missions.values().rev().take(LINES_MOST).map(line).collect::<Vec<_>>().join("\n")
}

fn ideas(state: &State) -> String {
    let ideas = suggesting::ideas(state);
    let line = |idea: &crate::engine::ideas::Idea| format!("{}: {}", idea.kind.word(), idea.title);
    ideas.iter().take(LINES_MOST).map(line).collect::<Vec<_>>().join("\n")
}
