//! Problems: what stands still, waits for a person, costs too much or went wrong, read off the state.

use super::live;
use crate::{
    domain::{
        ids::{IncidentId, MissionId, RequestId},
        incident::Phase,
        money::Money,
        request::{Request, Subject},
        time::{Millis, Timestamp},
    },
    engine::{
        healing::ward::Incident,
        ledger, snapshot,
        state::{Control, Mission, State, Team, TeamPhase},
    },
};
use std::sync::Arc;

/// A team that has not finished a turn for so long stands still.
const QUIET: Millis = Millis::mins(5);

/// Where a problem can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// At the desk.
    Request(RequestId),
    /// In a mission, at the n-th of its teams.
    Mission(MissionId, usize),
    /// An incident's card.
    Incident(IncidentId),
    /// Nowhere in particular.
    House,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong<'a> {
    /// The house is paused or stopped: why.
    Halted(String),
    /// A request waits.
    Waits(&'a Request),
    /// Questions wait before the work.
    Questions(&'a Mission),
    /// A team has not finished a turn for a while.
    Quiet(&'a Mission, &'a Team),
    /// A team has nothing to show: why.
    Failed(&'a Mission, &'a Team, &'a str),
    /// A mission has spent this much of its budget, or a call was refused because of it.
    Budget(&'a Mission),
    /// The day's cap is nearly spent or reached.
    Day(Money, Money),
    /// Too many incidents at once: nothing acts by itself, and so many are part of it.
    Storm(usize),
    /// Only a person can go on with an incident: why.
    NeedsHuman(&'a Incident, &'a str),
    /// An incident that nothing waits for goes on.
    Ill(&'a Incident),
    /// An incident wakes nobody: why.
    Silenced(&'a Incident, String),
    /// So many calls had no known price.
    Unpriced(u64),
}

/// One problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem<'a> {
    /// What.
    pub what: Wrong<'a>,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// Where to look.
    pub target: Target,
}

/// Since when a team that should be working has finished no turn, if that is too long. One that waits for a
/// person's answer is not to blame.
#[must_use]
pub fn quiet(state: &State, mission: &Mission, team: &Team, now: Timestamp) -> Option<Timestamp> {
    let live = mission.result.ending.is_none() && state.control == Control::Running;
    let working = team.phase == TeamPhase::Drafting && live;
    let turned = team.account.turned.max(team.account.started?);
    let asks = |request: &Request| {
        request.mission == mission.id
            && match &request.subject {
                Subject::Command { team: asking, .. } | Subject::Ask { team: asking, .. } => {
                    *asking == team.id
                }
                _ => false,
            }
    };
    let still = working && now.since(turned) >= QUIET && !state.desk.values().any(|request| asks(request));
    still.then_some(turned)
}

/// All problems, what stops everything first.
#[must_use]
pub fn problems(state: &State, now: Timestamp) -> Vec<Problem<'_>> {
    let mut found = Vec::new();
    if let Some(why) = state.halted() {
        let since = state.clockwork.halted;
        found.push(Problem { what: Wrong::Halted(why), since, target: Target::House });
    }
    if let Some(since) = state.ward.storm {
        let part = |incident: &&Arc<Incident>| incident.opened.is_some();
        let what = Wrong::Storm(state.ward.live().filter(part).count());
        found.push(Problem { what, since: Some(since), target: Target::House });
    }
    for request in snapshot::waiting(state) {
        let (since, target) = (Some(request.opened), Target::Request(request.id));
        found.push(Problem { what: Wrong::Waits(request), since, target });
    }
    ill(state, &mut found);
    let day = ledger::spent_today(state, now);
    let caps = &state.policy.budget;
    if nearly(day, caps.per_day, caps.soft_pct) {
        found.push(Problem { what: Wrong::Day(day, caps.per_day), since: None, target: Target::House });
    }
    for mission in live(state) {
        of_mission(state, mission, now, &mut found);
    }
    let quiet = state.ward.live().filter_map(|incident| match &incident.phase {
        Phase::Suppressed(why) => Some((incident, why.words())),
        _ => None,
    });
    for (incident, why) in quiet {
        let (since, target) = (Some(incident.entered), Target::Incident(incident.id));
        found.push(Problem { what: Wrong::Silenced(incident, why), since, target });
    }
    if state.ledger.unknown_calls > 0 {
        let what = Wrong::Unpriced(state.ledger.unknown_calls);
        found.push(Problem { what, since: None, target: Target::House });
    }
    found
}

/// Incidents that go on, those that only a person can go on with first. One that waits at the desk is said there.
fn ill<'a>(state: &'a State, found: &mut Vec<Problem<'a>>) {
    let mut live: Vec<&Arc<Incident>> = state.ward.live().collect();
    live.sort_by_key(|incident| (!incident.needs_person(), incident.severity, incident.id));
    for incident in live {
        let what = match &incident.phase {
            Phase::NeedsHuman(why) => Wrong::NeedsHuman(incident, why),
            Phase::Suppressed(_) | Phase::Suspected => continue,
            _ if incident.request.is_some() => continue,
            _ => Wrong::Ill(incident),
        };
        let (since, target) = (Some(incident.entered), Target::Incident(incident.id));
        found.push(Problem { what, since, target });
    }
}

fn of_mission<'a>(state: &'a State, mission: &'a Mission, now: Timestamp, found: &mut Vec<Problem<'a>>) {
    let at = |nth| Target::Mission(mission.id, nth);
    if crate::tui::words::questions(mission).is_some() {
        let since = state.records.tracks().get(mission.id).map(|track| track.admitted);
        found.push(Problem { what: Wrong::Questions(mission), since, target: at(0) });
    }
    let spent = nearly(mission.spent, mission.brief.budget, state.policy.budget.soft_pct);
    if spent || mission.result.budget_note.is_some() {
        found.push(Problem { what: Wrong::Budget(mission), since: None, target: at(0) });
    }
    for (nth, team) in mission.teams.iter().enumerate() {
        if let Some(since) = quiet(state, mission, team, now) {
            let what = Wrong::Quiet(mission, team);
            found.push(Problem { what, since: Some(since), target: at(nth) });
        }
        if let TeamPhase::Failed(failure) = &team.phase {
            let what = Wrong::Failed(mission, team, &failure.reason);
            found.push(Problem { what, since: None, target: at(nth) });
        }
    }
}

fn nearly(spent: Money, cap: Money, share: u8) -> bool {
    cap > Money::ZERO && i128::from(spent.0) * 100 >= i128::from(cap.0) * i128::from(share)
}
