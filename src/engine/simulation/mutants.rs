//! Cores and drivers that are broken on purpose: what they write or lose is not what they should. The laws must find
//! each of them within a few worlds, or they are no laws.

use super::{CHAOS_STEPS, Run};
use crate::{
    domain::{incident::Phase, request::Actor, time::Timestamp},
    engine::{
        command::{Command, ControlCommand, Order},
        effect::{Effect, EffectKind},
        event::{EffectEvent, Event, Fact, IncidentEvent},
    },
};
use std::panic;

/// Worlds in which a mutant must be found.
const WORLDS: u64 = 200;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutant {
    /// A write is acknowledged before it is on the disk: the last fact is gone after a crash.
    DroppedFsync,
    /// The driver carries a remedy out without asking for leave.
    NoFence,
    /// What is suppressed never comes back.
    TerminalSkipped,
    /// The kill switch ends nothing that is done about incidents.
    ResumesAfterStop,
}

/// What a broken core journals of an order instead.
pub(super) fn tampered(run: &Run, order: &Order, facts: Vec<Fact>) -> Vec<Fact> {
    let stop = matches!(order.command, Command::Control(ControlCommand::Stop(_)));
    match run.mutant {
        Some(Mutant::TerminalSkipped) => facts.into_iter().filter(|fact| !comes_back(run, fact)).collect(),
        Some(Mutant::ResumesAfterStop) if stop => facts
            .into_iter()
            .filter(|fact| !matches!(owner(fact), Some(id) if id.starts_with("I-")))
            .collect(),
        _ => facts,
    }
}

/// Whether a fact is of an incident that was suppressed and would go on.
fn comes_back(run: &Run, fact: &Fact) -> bool {
    let Some(incident) = owner(fact).and_then(|id| id.parse().ok()) else { return false };
    let quiet = run.state.ward.incidents.get(&incident);
    let quiet = quiet.is_some_and(|incident| matches!(incident.phase, Phase::Suppressed(_)));
    let goes_on = match &fact.event {
        Event::Incident(_, IncidentEvent::PhaseEntered(phase)) => {
            !phase.over() && !matches!(phase, Phase::Suppressed(_))
        }
        Event::Effect(_) => true,
        _ => false,
    };
    quiet && goes_on
}

/// The incident or mission of a fact, as its id is written.
fn owner(fact: &Fact) -> Option<String> {
    match &fact.event {
        Event::Incident(id, _) => Some(id.to_string()),
        Event::Effect(
            EffectEvent::Wanted(id, ..)
            | EffectEvent::Started(id)
            | EffectEvent::Done(id)
            | EffectEvent::Failed(id, _)
            | EffectEvent::Dropped(id),
        ) => id.0.split('/').next().map(str::to_owned),
        _ => None,
    }
}

/// A disk that lied loses the last fact in a crash.
pub(super) fn lose(run: &mut Run) -> bool {
    run.mutant == Some(Mutant::DroppedFsync) && run.journal.pop().is_some()
}

/// A driver that takes no refusal for an answer.
pub(super) fn begin(run: &mut Run, effect: &Effect) -> bool {
    let heals = matches!(effect.kind, EffectKind::Heal { .. } | EffectKind::Commission { .. });
    if run.mutant != Some(Mutant::NoFence) || !heals {
        return false;
    }
    let event = Event::Effect(EffectEvent::Started(effect.id.clone()));
    run.record(Fact { actor: Actor::Engine, at: Timestamp(run.now), event });
    true
}

/// The first watched world in which a law finds the mutant, and what that law says.
fn found(mutant: Mutant) -> Option<(u64, String)> {
    (0..WORLDS).map(|world| 2 * world + 1).find_map(|seed| {
        let played = panic::catch_unwind(|| {
            let mut run = Run::new(seed, Some(mutant));
            (0..CHAOS_STEPS).for_each(|_| run.step());
        });
        let cause = played.err()?;
        let text = cause.downcast_ref::<String>().cloned();
        Some((seed, text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()))?))
    })
}

#[test]
fn sim_finds_every_mutant() {
    for (mutant, law) in [
        (Mutant::DroppedFsync, "acknowledged"),
        (Mutant::NoFence, "begins"),
        (Mutant::TerminalSkipped, "stuck"),
        (Mutant::ResumesAfterStop, "kill switch"),
    ] {
        let (seed, words) = found(mutant).unwrap_or_else(|| panic!("{mutant:?} is not found"));
        println!("{mutant:?} is found in world {seed}: {words}");
        assert!(words.contains(law), "{mutant:?} is found by another law: {words}");
    }
}
