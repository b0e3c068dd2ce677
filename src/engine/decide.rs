//! May this be done, and what has then happened? Refuses with a reason, or returns the events of the command
//! and all its consequences, to be appended together: cause and consequence are never torn apart by a crash.

use super::{
    answers,
    command::{Command, DeskCommand, Order, Refusal, RefusalKind},
    control,
    event::{ControlEvent, DeskEvent, EffectEvent, Event, Fact, IncidentEvent, MissionEvent, MoneyEvent},
    healing, ledger,
    pen::{Pen, refuse},
    playbook::{brief, feature},
    state::State,
    suggesting,
};
use crate::domain::request::{Actor, Decision};

/// Decides one order. Pure: the same state and order give the same answer for ever.
///
/// # Errors
/// A refusal with its kind and words; then nothing has happened.
pub fn decide(state: &State, order: &Order) -> Result<Vec<Event>, Refusal> {
    let mut pen = Pen::new(state, order);
    let once = match &order.command {
        Command::Under(once, _) => Some(*once),
        _ => None,
    };
    if once.is_some_and(|once| state.given(once.word).is_some()) {
        return Err(refuse(RefusalKind::Already, "it was done before under the same word"));
    }
    match order.command.bare() {
        // Bare of every word.
        Command::Under(..) => {}
        Command::Mission(command) => brief::command(&mut pen, command)?,
        Command::Desk(command) => answers::decide(&mut pen, command)?,
        Command::Control(command) => control::decide(&mut pen, command)?,
        Command::Money(command) => ledger::decide(&mut pen, command)?,
        Command::Idea(command) => suggesting::decide(&mut pen, command)?,
        Command::Heal(command) => healing::decide(&mut pen, command)?,
        Command::Begin(effect) if healing::ward::owner(effect).is_some() => healing::begin(&mut pen, effect)?,
        Command::Report(report) if healing::ward::owner(&report.effect).is_some() => {
            healing::report(&mut pen, report)?
        }
        Command::Begin(effect) if suggesting::owns(effect) => suggesting::begin(&mut pen, effect)?,
        Command::Begin(effect) => control::begin(&mut pen, effect)?,
        Command::Report(report) if suggesting::owns(&report.effect) => suggesting::report(&mut pen, report)?,
        Command::Report(report) if feature::owns(&report.effect) => feature::report(&mut pen, report)?,
        Command::Report(report) => brief::report(&mut pen, report)?,
        Command::Tick => answers::tick(&mut pen),
    }
    feature::go_on(&mut pen);
    brief::admit(&mut pen);
    // What was admitted just now may have come further before.
    feature::go_on(&mut pen);
    healing::tell(&mut pen);
    if let Some(once) = once {
        pen.write(Event::Control(ControlEvent::Given(once)));
    }
    Ok(pen.finish())
}

/// The journal entries of an order's events. A consequence is not the deed of whoever caused it: a request
/// that was approved without that person's or agent's own answer was approved by the policy; a decision that was
/// held is the deed of whoever gave it.
#[must_use]
pub fn facts(order: &Order, events: Vec<Event>) -> Vec<Fact> {
    let answered = match order.command.bare() {
        Command::Desk(DeskCommand::Decide(id, ..) | DeskCommand::Hold(id, ..)) => Some(*id),
        _ => None,
    };
    let is_investigator = matches!(order.actor, Actor::Investigator(_));
    let mut held = None;
    let mut actor = |event: &Event| match event {
        Event::Desk(DeskEvent::HoldEnded(id, by)) => {
            held = Some((*id, by.clone()));
            order.actor.clone()
        }
        Event::Desk(DeskEvent::RequestDecided(id, _, decision)) if Some(*id) != answered => {
            match (&held, &**decision) {
                (Some((whose, by)), _) if whose == id => by.clone(),
                (_, Decision::Approve { .. }) => Actor::Policy,
                (_, Decision::Expired | Decision::Withdrawn) => Actor::Engine,
                _ => order.actor.clone(),
            }
        }
        // What the held decision brought about is as much the deed of whoever gave it as if it had not been held.
        Event::Mission(_, MissionEvent::Chosen(..) | MissionEvent::Ended(_) | MissionEvent::Reopened(_))
        | Event::Money(MoneyEvent::CapRaised(..))
        | Event::Incident(_, IncidentEvent::AttemptBegan { .. }) => {
            held.as_ref().map_or_else(|| order.actor.clone(), |(_, by)| by.clone())
        }
        // What is done about a diagnosis is not the deed of whoever made it.
        Event::Incident(_, done) if is_investigator && !matches!(done, IncidentEvent::Diagnosed(_)) => {
            Actor::Engine
        }
        Event::Desk(_) | Event::Effect(EffectEvent::Wanted(..)) if is_investigator => Actor::Engine,
        _ => order.actor.clone(),
    };
    events.into_iter().map(|event| Fact { actor: actor(&event), at: order.at, event }).collect()
}
