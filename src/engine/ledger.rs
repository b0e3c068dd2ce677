//! Money: what may be reserved, and what reservations and settlements add up to.
//!
//! Reservations and settlements arrive in the one order of everything else, so caps hold to the micro-dollar
//! however many teams call at once. A settlement is recorded as it is, even above its reservation.
//! Invariant (checked by the simulation): spent + reserved <= cap at every reservation.

use super::{
    command::{MoneyCommand, Refusal, RefusalKind},
    effect::{EffectKind, EffectState},
    event::{Event, MoneyEvent},
    pen::{Pen, refuse},
    state::{Mission, Reservation, State, TeamPhase},
};
use crate::domain::{
    ids::{CallId, IncidentId, MissionId, TeamId},
    incident::Severity,
    money::{Cost, Money, Usage},
    request::Actor,
    team::ModelRef,
    time::Timestamp,
};
use std::sync::Arc;

/// The cap of one call, and the setting that lifts it.
const ONE_CALL: &str = "cap of one call (budget.per_call_usd)";
/// The cap of the day, and what lifts it.
const THE_DAY: &str = "cap of the day (budget.daily_usd; the next day begins at midnight UTC)";
/// Calls in flight at once, all missions.
pub const OPEN_MOST: usize = 10_000;

/// Which account a call is charged to, and the most it can cost.
struct Charge<'a> {
    mission: &'a Mission,
    team: Option<TeamId>,
    worst: Money,
}

pub(super) fn decide(pen: &mut Pen<'_>, command: &MoneyCommand) -> Result<(), Refusal> {
    match command {
        MoneyCommand::Reserve { mission, team, model, worst } => {
            let incident = match pen.order.actor {
                Actor::Investigator(incident) => Some(incident),
                _ => None,
            };
            match incident {
                Some(id) => for_an_incident(&pen.state, pen.order.at, id, (*mission, model, *worst))?,
                None => may_reserve(&pen.state, pen.order.at, (*mission, *team), model, *worst)?,
            }
            let call = CallId(pen.state.counters.call.saturating_add(1));
            let (mission, team, model, worst) = (*mission, *team, model.clone(), *worst);
            pen.write(Event::Money(MoneyEvent::Reserved { call, mission, team, model, worst, incident }));
        }
        MoneyCommand::Settle { call, usage, cost } => {
            if !pen.state.ledger.open.contains_key(call) {
                return Err(if call.0 <= pen.state.counters.call {
                    refuse(RefusalKind::Already, format!("{call} was settled before"))
                } else {
                    refuse(RefusalKind::Unknown, format!("there is no call {call}"))
                });
            }
            if cost.known() < Money::ZERO {
                return Err(refuse(RefusalKind::Invalid, format!("{call} cannot cost less than nothing")));
            }
            pen.write(Event::Money(MoneyEvent::Settled { call: *call, usage: *usage, cost: *cost }));
        }
    }
    Ok(())
}

fn may_reserve(
    state: &State,
    at: Timestamp,
    (mission, team): (MissionId, Option<TeamId>),
    model: &ModelRef,
    worst: Cost,
) -> Result<(), Refusal> {
    super::pen::may_start(state)?;
    if mission == MissionId::HOUSE {
        return for_the_house(state, at, model, worst);
    }
    let mission = state
        .missions
        .get(&mission)
        .ok_or_else(|| refuse(RefusalKind::Unknown, format!("there is no mission {mission}")))?;
    if mission.result.ending.is_some() {
        return Err(refuse(
            RefusalKind::Already,
            format!("{} has ended: nothing more is paid for it", mission.id),
        ));
    }
    if let Some(team) = team {
        let found = mission.teams.iter().find(|t| t.id == team);
        let found = found
            .ok_or_else(|| refuse(RefusalKind::Unknown, format!("{} has no team {team}", mission.id)))?;
        if matches!(found.phase, TeamPhase::TakenOver | TeamPhase::Failed(_)) {
            return Err(refuse(
                RefusalKind::Stale,
                format!("{} of {} does not work any more", mission.team_name(team), mission.id),
            ));
        }
    }
    has_room(state)?;
    match priced(state, model, worst)? {
        None => Ok(()),
        Some(worst) => fits(state, at, &Charge { mission, team, worst }),
    }
}

/// Not too many calls are in flight for one more.
fn has_room(state: &State) -> Result<(), Refusal> {
    if state.ledger.open.len() < OPEN_MOST {
        return Ok(());
    }
    let text = format!("{OPEN_MOST} calls are in flight: wait for one to end");
    Err(refuse(RefusalKind::Halted, text))
}

/// The most a call can cost; `None`: nobody knows, and that is allowed.
fn priced(state: &State, model: &ModelRef, worst: Cost) -> Result<Option<Money>, Refusal> {
    match worst {
        Cost::Known(worst) if worst < Money::ZERO => {
            Err(refuse(RefusalKind::Invalid, "a call cannot cost less than nothing"))
        }
        Cost::Known(worst) => Ok(Some(worst)),
        Cost::Unknown if state.policy.budget.allow_unknown_price => Ok(None),
        Cost::Unknown => Err(refuse(
            RefusalKind::Forbidden,
            format!(
                "the price of {model} is unknown: add it to the price table, or set budget.allow_unknown_price"
            ),
        )),
    }
}

/// What the ideas agent may spend each time it is asked: what a mission may, and nothing while nobody asks it.
fn for_the_house(state: &State, at: Timestamp, model: &ModelRef, worst: Cost) -> Result<(), Refusal> {
    if !state.asking.begun {
        return Err(refuse(RefusalKind::Already, "the ideas agent is not waited for: nothing more is paid"));
    }
    let Some(worst) = priced(state, model, worst)? else { return Ok(()) };
    let caps = &state.policy.budget;
    within(ONE_CALL, Money::ZERO, worst, caps.per_call)?;
    let used =
        state.asking.spent + set_aside(state, |r| r.mission == MissionId::HOUSE && r.incident.is_none());
    within("cap of one mission, for the ideas agent", used, worst, caps.per_mission)?;
    within(THE_DAY, spent_today(state, at) + reserved(state, |_, _| true), worst, caps.per_day)
}

/// What an investigator may spend on its incident while it looks into it. When most of the day's money is gone, only
/// what is urgent is looked into.
fn for_an_incident(
    state: &State,
    at: Timestamp,
    id: IncidentId,
    (mission, model, worst): (MissionId, &ModelRef, Cost),
) -> Result<(), Refusal> {
    super::pen::may_start(state)?;
    let unknown = || refuse(RefusalKind::Unknown, format!("there is no incident {id}"));
    let incident = state.ward.incidents.get(&id).ok_or_else(unknown)?;
    let looks = |effect: &EffectState| {
        effect.started.is_some() && matches!(effect.kind, EffectKind::Investigate { .. })
    };
    if mission != MissionId::HOUSE || !incident.effects.values().any(looks) {
        return Err(refuse(RefusalKind::Already, format!("{id} is not looked into: nothing more is paid")));
    }
    has_room(state)?;
    let Some(worst) = priced(state, model, worst)? else { return Ok(()) };
    let caps = &state.policy.budget;
    within(ONE_CALL, Money::ZERO, worst, caps.per_call)?;
    let used = incident.spent + set_aside(state, |r| r.incident == Some(id));
    within(&format!("cap of {id}"), used, worst, state.policy.healing.inquiry.per_incident)?;
    let today = spent_today(state, at) + reserved(state, |_, _| true);
    if incident.severity > Severity::P1 {
        let share = i128::from(caps.per_day.0) * i128::from(caps.soft_pct) / 100;
        let most = Money(i64::try_from(share).unwrap_or(caps.per_day.0));
        within(&format!("{} % of the day's cap, for what is not urgent", caps.soft_pct), today, worst, most)?;
    }
    within(THE_DAY, today, worst, caps.per_day)
}

fn within(what: &str, used: Money, worst: Money, cap: Money) -> Result<(), Refusal> {
    if used + worst <= cap {
        return Ok(());
    }
    let text = format!("{what}: {used} spent or reserved and up to {worst} for this call would pass {cap}");
    Err(refuse(RefusalKind::OverBudget, text))
}

/// Every cap in turn: those first that a higher budget of the mission does not lift, so that nobody is asked for one in
/// vain.
fn fits(state: &State, at: Timestamp, charge: &Charge<'_>) -> Result<(), Refusal> {
    let (mission, worst) = (charge.mission, charge.worst);
    let caps = &state.policy.budget;
    within(ONE_CALL, Money::ZERO, worst, caps.per_call)?;
    within(THE_DAY, spent_today(state, at) + reserved(state, |_, _| true), worst, caps.per_day)?;
    let team = charge.team.and_then(|id| mission.teams.iter().find(|t| t.id == id)).map(|team| {
        let used = team.account.spent + reserved(state, |of, who| of == mission.id && who == Some(team.id));
        (format!("cap of {}", team.spec.name), used, team_cap(state, mission.id))
    });
    let used = mission.spent + reserved(state, |of, _| of == mission.id);
    let whole = (format!("budget of {}", mission.id), used, mission.brief.budget);
    // What is added to the budget is added to the cap of each of its teams.
    let lifted: Vec<_> = team.into_iter().chain([whole]).collect();
    let enough = lifted.iter().map(|(_, used, cap)| mission.brief.budget + (*used + worst - *cap)).max();
    lifted.iter().try_for_each(|(what, used, cap)| {
        within(what, *used, worst, *cap).map_err(|refusal| Refusal { enough, ..refusal })
    })
}

/// A cap of which more than the policy's soft share is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Soft {
    /// `mission` or `day`.
    pub scope: &'static str,
    /// For people; the same for as long as the cap is.
    pub words: String,
    /// Spent of it.
    pub spent: Money,
    /// The cap.
    pub cap: Money,
}

/// The caps over this mission that are nearly spent, the narrowest first.
#[must_use]
pub fn soft_caps(state: &State, mission: &Mission) -> Vec<Soft> {
    let caps = &state.policy.budget;
    let share = caps.soft_pct;
    let near = |spent: Money, cap: Money| {
        cap > Money::ZERO && i128::from(spent.0) * 100 >= i128::from(cap.0) * i128::from(share)
    };
    let mut found = Vec::new();
    let (spent, cap) = (mission.spent, mission.brief.budget);
    if near(spent, cap) {
        let words = format!("{share} % of the budget of {}, {cap}, is spent", mission.id);
        found.push(Soft { scope: "mission", words, spent, cap });
    }
    let (spent, cap) = (spent_today(state, state.at), caps.per_day);
    if near(spent, cap) {
        let words = format!("{share} % of the budget of the day, {cap}, is spent");
        found.push(Soft { scope: "day", words, spent, cap });
    }
    found
}

/// What a team may spend: the policy's cap and whatever a person added to the mission's.
#[must_use]
pub fn team_cap(state: &State, mission: MissionId) -> Money {
    state.policy.budget.per_team + state.ledger.raised.get(&mission).copied().unwrap_or_default()
}

/// Set aside for calls in flight of the accounts that match.
#[must_use]
pub fn reserved(state: &State, matches: impl Fn(MissionId, Option<TeamId>) -> bool) -> Money {
    set_aside(state, |r| matches(r.mission, r.team))
}

/// Set aside for calls in flight that match.
fn set_aside(state: &State, matches: impl Fn(&Reservation) -> bool) -> Money {
    state.ledger.open.values().filter(|r| matches(r)).map(|r| r.worst.known()).sum()
}

/// Spent on the day that counts now. A clock that goes backwards does not open yesterday's purse again.
#[must_use]
pub fn spent_today(state: &State, now: Timestamp) -> Money {
    if now.utc_day() > state.ledger.day { Money::ZERO } else { state.ledger.today }
}

pub(super) fn apply(state: &mut State, event: &MoneyEvent, at: Timestamp) {
    match event {
        MoneyEvent::Reserved { call, mission, team, model, worst, incident } => {
            state.counters.call = state.counters.call.max(call.0);
            let (mission, team, model, worst, incident) = (*mission, *team, model.clone(), *worst, *incident);
            let reservation = Reservation { mission, team, model, worst, incident };
            state.ledger.open.insert(*call, reservation);
        }
        MoneyEvent::Settled { call, usage, cost } => pay(state, *call, (*usage, Some(*cost)), at),
        MoneyEvent::Forfeited(call) => pay(state, *call, (Usage::default(), None), at),
        MoneyEvent::CapRaised(id, cap) => {
            let Some(mission) = state.mission_mut(*id) else { return };
            let more = *cap - mission.brief.budget;
            let mut brief = (*mission.brief).clone();
            brief.budget = *cap;
            mission.brief = brief.into();
            mission.result.budget_note = None;
            *state.ledger.raised.entry(*id).or_default() += more.max(Money::ZERO);
        }
    }
}

/// Closes a call; without a cost, what was reserved for it counts as spent.
fn pay(state: &mut State, call: CallId, (usage, cost): (Usage, Option<Cost>), at: Timestamp) {
    let Some(reservation) = state.ledger.open.remove(&call) else { return };
    let cost = cost.unwrap_or(reservation.worst);
    if at.utc_day() > state.ledger.day {
        state.ledger.day = at.utc_day();
        state.ledger.today = Money::ZERO;
    }
    state.ledger.today += cost.known();
    if cost == Cost::Unknown {
        state.ledger.unknown_calls = state.ledger.unknown_calls.saturating_add(1);
    }
    if let Some(id) = reservation.incident {
        if let Some(incident) = state.ward.incidents.get_mut(&id).map(Arc::make_mut) {
            incident.spent += cost.known();
        }
    } else if reservation.mission == MissionId::HOUSE {
        state.asking.spent += cost.known();
    }
    let Some(mission) = state.mission_mut(reservation.mission) else { return };
    mission.spent += cost.known();
    add_usage(&mut mission.usage, usage);
    if let Some(team) = mission.teams.iter_mut().find(|t| Some(t.id) == reservation.team) {
        team.account.spent += cost.known();
        team.account.unknown |= cost == Cost::Unknown;
        add_usage(&mut team.account.usage, usage);
    }
}

/// Saturating, because a vendor's counts are foreign numbers.
fn add_usage(sum: &mut Usage, more: Usage) {
    sum.input = sum.input.saturating_add(more.input);
    sum.cache_read = sum.cache_read.saturating_add(more.cache_read);
    sum.cache_write = sum.cache_write.saturating_add(more.cache_write);
    sum.output = sum.output.saturating_add(more.output);
    sum.reasoning = sum.reasoning.saturating_add(more.reasoning);
}
