//! Ideas in the house: what a fact leaves behind for them, what people answer to one, and the turn of the ideas agent,
//! who is asked by a person and works for no mission. Its effect is of [`MissionId::HOUSE`]: it is never run again by
//! itself, and ends with the process, a stop, or a pause before it has begun.

use super::{
    command::{IdeaCommand, Outcome, Refusal, RefusalKind, Report},
    effect::EffectKind,
    event::{DeskEvent, EffectEvent, Event, Fact, IdeaEvent, MissionEvent, TeamEvent},
    ideas::{Dismissal, Ended, Idea, IdeaId, Suggestion, Taken, mine},
    pen::{Pen, may_start, refuse},
    recording::kind_of,
    state::State,
};
use crate::domain::{
    ids::{EffectId, MissionId},
    request::{Actor, Decision, Modification, Subject},
    text::clean_line,
    time::Timestamp,
};
use std::sync::Arc;

/// The longest reason that is kept, in characters.
const WHY_MOST: usize = 200;
/// The longest title of a mission that is kept, in characters.
const TITLE_MOST: usize = 96;

/// All ideas as of now: open ones first, by score.
#[must_use]
pub fn ideas(state: &State) -> Vec<Idea> {
    mine((&state.traces, &state.ward.lessons), &state.records, state.at)
}

/// The idea that is meant: its id, or the only one whose id begins so.
///
/// # Errors
/// None is meant, or more than one.
pub fn meant(ideas: &[Idea], word: &str) -> Result<Idea, Refusal> {
    let whole = if word.starts_with("idea-") { word.to_owned() } else { format!("idea-{word}") };
    let mut found = ideas.iter().filter(|idea| idea.id.0.starts_with(&whole));
    match (found.next(), found.next()) {
        (Some(idea), None) => Ok(idea.clone()),
        (None, _) => Err(refuse(
            RefusalKind::Unknown,
            format!("there is no idea {:?}", clean_line(word, 40).to_string()),
        )),
        (Some(_), Some(_)) => {
            Err(refuse(RefusalKind::Invalid, "more than one idea begins so: write more of its id"))
        }
    }
}

/// Leaves the traces of a fact; `state` is as it was before it. Total.
pub(super) fn notice(state: &mut State, fact: &Fact) {
    let at = fact.at;
    let State { traces, missions, desk, .. } = state;
    match &fact.event {
        Event::Team(id, team, TeamEvent::EvidenceGathered(attempt, evidence)) => {
            // The same evidence told twice of one candidate is one observation.
            let known = missions.get(id).and_then(|mission| {
                let team = mission.teams.iter().find(|known| known.id == *team)?;
                team.entry(*attempt)?.1.as_ref()
            });
            if known.is_none_or(|known| known.checks != evidence.checks) {
                Arc::make_mut(traces).checked((*id, at), evidence);
            }
        }
        Event::Mission(id, event) => {
            let Some(mission) = missions.get(id) else { return };
            let title = clean_line(&mission.brief.text, TITLE_MOST).to_string();
            match event {
                MissionEvent::Reopened(_) => Arc::make_mut(traces).reopened((*id, at), &title),
                MissionEvent::BudgetReached(note) => {
                    Arc::make_mut(traces).capped((*id, at), &kind_of(mission), note);
                }
                MissionEvent::Ended(_) => {
                    let (took, cost) = (at.since(mission.opened), mission.spent);
                    let ended = Ended { mission: *id, title, took, cost, at };
                    Arc::make_mut(traces).finished(&kind_of(mission), ended);
                }
                MissionEvent::Rated(rating) => {
                    Arc::make_mut(traces).remarked(&mission.brief.repo, (*id, at), &rating.words);
                }
                _ => {}
            }
        }
        Event::Desk(DeskEvent::RequestDecided(id, _, decision)) if matches!(fact.actor, Actor::Person(_)) => {
            let choice = desk.get(id).filter(|request| matches!(request.subject, Subject::Choose { .. }));
            let words = match decision.as_ref() {
                Decision::Retry { reason } | Decision::Reject { reason } => reason,
                Decision::Modify { change: Modification::Prompt(words), .. } => words,
                _ => return,
            };
            let of = choice.and_then(|request| missions.get(&request.mission));
            if let Some(mission) = of {
                Arc::make_mut(traces).remarked(&mission.brief.repo, (mission.id, at), words);
            }
        }
        Event::Desk(DeskEvent::RequestOpened(request)) if !desk.contains_key(&request.id) => {
            if let Subject::Command { argv, reason, .. } = &request.subject {
                Arc::make_mut(traces).asked((request.mission, at), argv, reason);
            }
        }
        Event::Idea(event) => answered(Arc::make_mut(traces), event, at),
        _ => {}
    }
}

fn answered(traces: &mut super::ideas::Traces, event: &IdeaEvent, at: Timestamp) {
    match event {
        IdeaEvent::Dismissed { id, kind, weight, why } => {
            traces.dismiss(id, Dismissal { why: why.clone(), weight: *weight, at, kind: *kind });
        }
        IdeaEvent::Taken { id, weight, mission } => {
            traces.take(id, Taken { mission: *mission, weight: *weight, at });
        }
        IdeaEvent::Suggested { ideas, .. } => traces.suggest(ideas, at),
        IdeaEvent::Asked(_) | IdeaEvent::Unanswered { .. } => {}
    }
}

pub(super) fn decide(pen: &mut Pen<'_>, command: &IdeaCommand) -> Result<(), Refusal> {
    if !matches!(pen.order.actor, Actor::Person(_)) {
        return Err(refuse(RefusalKind::Forbidden, "what is done about ideas is a person's to say"));
    }
    match command {
        IdeaCommand::Dismiss { id, why } => {
            let idea = meant(&ideas(&pen.state), &id.0)?;
            let why: String = clean_line(why.trim(), WHY_MOST).into();
            if why.is_empty() {
                return Err(refuse(RefusalKind::Invalid, "say why: it is learned from"));
            }
            let Idea { id, kind, weight, .. } = idea;
            pen.write(Event::Idea(IdeaEvent::Dismissed { id, kind, weight, why }));
        }
        IdeaCommand::Take { id, mission } => {
            let Idea { id, weight, .. } = meant(&ideas(&pen.state), &id.0)?;
            let mission = pen.known(*mission)?.id;
            pen.write(Event::Idea(IdeaEvent::Taken { id, weight, mission }));
        }
        IdeaCommand::Ask { repo } => {
            may_start(&pen.state)?;
            if pen.state.asking.open.is_some() {
                return Err(refuse(RefusalKind::Already, "the ideas agent is thinking already"));
            }
            let ask = pen.state.asking.count.saturating_add(1);
            pen.write(Event::Idea(IdeaEvent::Asked(ask)));
            let kind = EffectKind::Suggest { repo: repo.clone() };
            pen.write(Event::Effect(EffectEvent::Wanted(effect(ask), MissionId::HOUSE, Box::new(kind))));
        }
    }
    Ok(())
}

/// The effect of an ask.
fn effect(ask: u64) -> EffectId {
    EffectId(format!("{}/suggest/{ask}", MissionId::HOUSE))
}

/// Whether an effect is the ideas agent's.
pub(super) fn owns(id: &EffectId) -> bool {
    super::effect::mission_of(id) == Some(MissionId::HOUSE)
}

/// The driver asks for leave.
pub(super) fn begin(pen: &mut Pen<'_>, id: &EffectId) -> Result<(), Refusal> {
    if pen.state.asking.open.is_none_or(|ask| effect(ask) != *id) {
        return Err(refuse(RefusalKind::Unknown, format!("effect {id} is not wanted (any more)")));
    }
    if pen.state.asking.begun {
        return Err(refuse(RefusalKind::Already, format!("effect {id} runs already")));
    }
    may_start(&pen.state)?;
    pen.write(Event::Effect(EffectEvent::Started(id.clone())));
    Ok(())
}

/// The ideas agent has answered, or has not.
pub(super) fn report(pen: &mut Pen<'_>, report: &Report) -> Result<(), Refusal> {
    let id = &report.effect;
    let Some(ask) = pen.state.asking.open.filter(|ask| effect(*ask) == *id) else {
        return Err(refuse(RefusalKind::Stale, format!("effect {id} is not waited for any more")));
    };
    match &report.outcome {
        Outcome::Suggested(suggestions) => {
            let ideas: Vec<Suggestion> =
                suggestions.iter().filter_map(Suggestion::cleaned).take(Suggestion::MOST).collect();
            pen.write(Event::Effect(EffectEvent::Done(id.clone())));
            pen.write(Event::Idea(IdeaEvent::Suggested { ask, ideas }));
        }
        Outcome::Failed(failure) => {
            pen.write(Event::Effect(EffectEvent::Failed(id.clone(), failure.clone())));
            let why = clean_line(&failure.reason, WHY_MOST).into();
            pen.write(Event::Idea(IdeaEvent::Unanswered { ask, why }));
        }
        _ => return Err(refuse(RefusalKind::Invalid, format!("{id} cannot come to this"))),
    }
    Ok(())
}

/// Nobody waits for the ideas agent any more; `begun`: only if it has not begun.
pub(super) fn leave(pen: &mut Pen<'_>, why: &str, waiting_only: bool) {
    let Some(ask) = pen.state.asking.open else { return };
    if waiting_only && pen.state.asking.begun {
        return;
    }
    pen.write(Event::Effect(EffectEvent::Dropped(effect(ask))));
    pen.write(Event::Idea(IdeaEvent::Unanswered { ask, why: why.to_owned() }));
}

/// What an event of ideas changes for decisions.
pub(super) fn apply(state: &mut State, event: &IdeaEvent) {
    let asking = &mut state.asking;
    match event {
        IdeaEvent::Asked(ask) => {
            asking.count = asking.count.max(*ask);
            (asking.open, asking.begun, asking.last) = (Some(*ask), false, String::new());
            asking.spent = Default::default();
        }
        IdeaEvent::Suggested { ideas, .. } => {
            let words = crate::domain::text::count(ideas.len(), "suggestion");
            (asking.open, asking.begun, asking.last) = (None, false, words);
        }
        IdeaEvent::Unanswered { why, .. } => {
            (asking.open, asking.begun, asking.last) = (None, false, format!("no answer: {why}"));
        }
        IdeaEvent::Dismissed { .. } | IdeaEvent::Taken { .. } => {}
    }
}

/// The idea's id by its words, for faces.
#[must_use]
pub fn id_of(word: &str) -> IdeaId {
    IdeaId(clean_line(word, 40).into())
}
