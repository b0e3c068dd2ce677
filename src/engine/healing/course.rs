//! The way of an incident through its phases, and what time does to it.

use super::{leave, observe, ward::Incident};
use crate::{
    domain::{
        ids::{EffectId, IncidentId, MissionId},
        incident::{AttemptOutcome, Phase, Remedy, Severity, Suppression},
        mission::Ending,
        request::{Decision, Subject},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Refusal, RefusalKind},
        desk,
        effect::EffectKind,
        event::{EffectEvent, Event, IncidentEvent, WardEvent},
        pen::{Pen, may_start, refuse},
        state::State,
    },
    policy::{flap::Before, gate::version, ruling::RulingOutcome},
};
use std::sync::Arc;

/// What was never confirmed is forgotten after this.
const DISCARD_AFTER: Millis = Millis::mins(5);
/// A remedy on hold is asked for again this often.
const RECHECK: Millis = Millis::mins(1);
/// A person is told again of what is urgent.
const REPEAT_URGENT: Millis = Millis::mins(30);

/// It is confirmed: quiet if something says so, else people are told and it is looked into.
pub(super) fn opened(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    match suppression(&pen.state, &incident, pen.order.at) {
        Some(why) => suppress(pen, id, why),
        None => {
            announce(pen, id, "opened");
            investigate(pen, id);
        }
    }
}

/// Nobody is woken and nothing is done, for this reason.
pub(super) fn suppress(pen: &mut Pen<'_>, id: IncidentId, why: Suppression) {
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Suppressed(why)));
}

/// Evidence is gathered.
pub(super) fn investigate(pen: &mut Pen<'_>, id: IncidentId) {
    let Some(incident) = pen.incident(id) else { return };
    withdraw(pen, id, "it is looked into again");
    if !incident.wants(|kind| matches!(kind, EffectKind::Investigate { .. })) {
        pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Investigating));
        let part = pen.state.seq.0.to_string();
        pen.want_for(id, (EffectKind::Investigate { incident: id }, &part));
    }
}

/// Only a person can go on.
pub(super) fn needs_human(pen: &mut Pen<'_>, id: IncidentId, why: &str) {
    withdraw(pen, id, why);
    pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::NeedsHuman(why.to_owned())));
    announce(pen, id, &format!("needs a person: {why}"));
}

/// People are told.
pub(super) fn announce(pen: &mut Pen<'_>, id: IncidentId, words: &str) {
    let part = pen.state.seq.0.to_string();
    pen.want_for(id, (EffectKind::Announce { incident: id, words: words.to_owned() }, &part));
}

/// What waits at the desk for it does not matter any more; nor does what has not begun.
pub(super) fn withdraw(pen: &mut Pen<'_>, id: IncidentId, why: &str) {
    let Some(incident) = pen.incident(id) else { return };
    if let Some(request) = incident.request.and_then(|request| pen.state.desk.get(&request).cloned()) {
        desk::close(pen, &request, Decision::Withdrawn);
    }
    if incident.request.is_some() {
        pen.incident_event(id, IncidentEvent::Answered);
    }
    drop_effects(pen, &incident, |kind| !matches!(kind, EffectKind::Announce { .. }));
    if let Some(attempt) = incident.at_work().filter(|attempt| attempt.mission.is_none()) {
        let outcome = AttemptOutcome::Stopped(why.to_owned());
        pen.incident_event(id, IncidentEvent::AttemptEnded { number: attempt.number, outcome });
    }
}

fn drop_effects(pen: &mut Pen<'_>, incident: &Incident, which: impl Fn(&EffectKind) -> bool) {
    for (effect, state) in &incident.effects {
        if which(&state.kind) {
            pen.write(Event::Effect(EffectEvent::Dropped(effect.clone())));
        }
    }
}

/// What keeps an incident quiet now.
fn suppression(state: &State, incident: &Incident, now: Timestamp) -> Option<Suppression> {
    let ward = &state.ward;
    let silence = ward.silences.values().find(|silence| {
        (silence.from..silence.until).contains(&now)
            && silence.matches.matches(&incident.fingerprint, &incident.service, &incident.kind)
    });
    if let Some(silence) = silence {
        return Some(if silence.maintenance { Suppression::Maintenance } else { Suppression::Silenced });
    }
    if let Some(upstream) = upstream(state, incident) {
        return Some(Suppression::Inhibited(upstream));
    }
    // What is urgent is told even in a storm.
    let late = ward.storm.is_some_and(|since| incident.opened.is_some_and(|opened| opened > since));
    (late && incident.severity > Severity::P1).then_some(Suppression::Storm)
}

/// An incident, as bad or worse, of something that this one's service stands on.
fn upstream(state: &State, incident: &Incident) -> Option<IncidentId> {
    let services = &state.policy.healing.services;
    let mut below: Vec<&str> = Vec::new();
    let mut next = vec![incident.service.as_str()];
    while let Some(name) = next.pop() {
        let found = services.iter().find(|service| service.name == name);
        for dependency in found.into_iter().flat_map(|service| &service.depends_on) {
            if dependency != &incident.service && !below.contains(&dependency.as_str()) {
                below.push(dependency);
                next.push(dependency);
            }
        }
    }
    let cause = |other: &&Arc<Incident>| {
        other.opened.is_some()
            && !matches!(other.phase, Phase::Suppressed(_))
            && other.severity <= incident.severity
            && below.contains(&other.service.as_str())
    };
    state.ward.live().find(cause).map(|other| other.id)
}

/// Something new may keep open incidents quiet: those that nothing is done about are looked at again.
pub(super) fn reconsider_open(pen: &mut Pen<'_>) {
    let open: Vec<Arc<Incident>> = pen.state.ward.live().cloned().collect();
    for incident in open {
        let idle = matches!(
            incident.phase,
            Phase::Open | Phase::Investigating | Phase::Diagnosed | Phase::NeedsHuman(_)
        );
        if let Some(why) = suppression(&pen.state, &incident, pen.order.at).filter(|_| idle) {
            withdraw(pen, incident.id, "it is quiet now");
            suppress(pen, incident.id, why);
        }
    }
}

/// Something that kept incidents quiet may be over.
pub(super) fn reconsider_suppressed(pen: &mut Pen<'_>) {
    let quiet: Vec<Arc<Incident>> =
        pen.state.ward.live().filter(|i| matches!(i.phase, Phase::Suppressed(_))).cloned().collect();
    for incident in quiet {
        let flaps = incident.phase == Phase::Suppressed(Suppression::Flapping)
            && observe::flapping(pen, &incident, Before::Flapping);
        if flaps || !incident.sightings.firing {
            continue;
        }
        match suppression(&pen.state, &incident, pen.order.at) {
            Some(why) if incident.phase == Phase::Suppressed(why.clone()) => {}
            Some(why) => suppress(pen, incident.id, why),
            None => {
                pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Open));
                opened(pen, incident.id);
            }
        }
    }
}

/// After a resume or a new policy nothing undecided may rest on old rulings.
pub(in crate::engine) fn reconsider_all(pen: &mut Pen<'_>) {
    let live: Vec<Arc<Incident>> = pen.state.ward.live().cloned().collect();
    let now = version(&pen.state.policy);
    for incident in live {
        match incident.phase {
            Phase::Diagnosed => leave::propose_again(pen, incident.id),
            Phase::Mitigating if incident.ruling.as_ref().is_some_and(|ruling| ruling.policy != now) => {
                let begun = incident.effects.values().any(|effect| effect.started.is_some());
                if !begun && incident.at_work().is_some_and(|attempt| attempt.mission.is_none()) {
                    withdraw(pen, incident.id, "the policy changed before it began");
                    pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Diagnosed));
                    leave::propose(pen, incident.id);
                }
            }
            _ => {}
        }
    }
    reconsider_suppressed(pen);
}

/// The kill switch: what is being done to incidents ends, and a person goes on from there.
pub(in crate::engine) fn stopped(pen: &mut Pen<'_>, why: &str) {
    let live: Vec<Arc<Incident>> = pen.state.ward.live().cloned().collect();
    for incident in live {
        let busy = incident.effects.values().any(|e| !matches!(e.kind, EffectKind::Announce { .. }));
        if busy {
            needs_human(pen, incident.id, &format!("the kill switch ended what was being done: {why}"));
        }
    }
}

/// The driver asks for leave.
pub(in crate::engine) fn begin(pen: &mut Pen<'_>, id: &EffectId) -> Result<(), Refusal> {
    let gone = || refuse(RefusalKind::Unknown, format!("effect {id} is not wanted (any more)"));
    let incident = super::owner(id).and_then(|owner| pen.incident(owner)).ok_or_else(gone)?;
    let effect = incident.effects.get(id).ok_or_else(gone)?;
    let unsure = pen.state.clockwork.unsure.contains(id);
    if effect.started.is_some() && !unsure {
        return Err(refuse(RefusalKind::Already, format!("effect {id} runs already")));
    }
    if !matches!(effect.kind, EffectKind::Announce { .. }) {
        may_start(&pen.state)?;
    }
    if let EffectKind::Heal { plan, .. } | EffectKind::Commission { plan, .. } = &effect.kind {
        let ruled = incident.ruling.as_ref().is_some_and(|ruling| {
            ruling.plan == *plan
                && ruling.outcome == RulingOutcome::Auto
                && (unsure || ruling.policy == version(&pen.state.policy))
        });
        if !ruled {
            let text = format!("{id} was not ruled on: nothing is done");
            return Err(refuse(RefusalKind::Forbidden, text));
        }
    }
    pen.write(Event::Effect(EffectEvent::Started(id.clone())));
    Ok(())
}

/// A mission ended that was to heal an incident.
pub(in crate::engine) fn mission_ended(pen: &mut Pen<'_>, mission: MissionId, ending: &Ending) {
    let Some(found) = pen.mission(mission) else { return };
    let Some(incident) = found.brief.heals.and_then(|id| pen.incident(id)) else { return };
    let Some(attempt) = incident.at_work().filter(|attempt| attempt.mission == Some(mission)) else { return };
    let (id, number) = (incident.id, attempt.number);
    match (ending, &found.result.landed) {
        (Ending::Landed, Some((commit, _))) => {
            let kind = EffectKind::Deploy { incident: id, attempt: number, commit: commit.clone() };
            pen.want_for(id, (kind, &number.to_string()));
        }
        (ending, _) => {
            let why = match ending {
                Ending::Failed(why) | Ending::Cancelled(why) | Ending::OverBudget(why) => why.clone(),
                Ending::Landed => "it landed nowhere".to_owned(),
            };
            failed(pen, id, (number, AttemptOutcome::Failed(format!("{mission}: {why}"))));
        }
    }
}

/// A remedy ended badly: a person goes on.
pub(super) fn failed(pen: &mut Pen<'_>, id: IncidentId, (number, outcome): (u32, AttemptOutcome)) {
    let why = match &outcome {
        AttemptOutcome::Ineffective(why) => format!("what was done did not help: {why}"),
        AttemptOutcome::Failed(why) => format!("what was to be done could not be: {why}"),
        AttemptOutcome::RolledBack(why) => format!("what was done was taken back: {why}"),
        AttemptOutcome::Stopped(why) => why.clone(),
        AttemptOutcome::Helped => String::new(),
    };
    pen.incident_event(id, IncidentEvent::AttemptEnded { number, outcome });
    needs_human(pen, id, &why);
    leave::reconsider_held(pen);
}

/// Time has passed.
pub(in crate::engine) fn tick(pen: &mut Pen<'_>) {
    let now = pen.order.at;
    let ended: Vec<_> =
        pen.state.ward.silences.iter().filter(|(_, s)| s.until <= now).map(|(id, _)| *id).collect();
    for id in ended {
        pen.write(Event::Ward(WardEvent::SilenceEnded(id)));
    }
    if calm_at(&pen.state).is_some_and(|at| at <= now) {
        pen.write(Event::Ward(WardEvent::StormEnded));
    }
    let all: Vec<IncidentId> = pen.state.ward.incidents.keys().copied().collect();
    for id in all {
        if let Some(incident) = pen.incident(id).filter(|i| due(&pen.state, i).is_some_and(|at| at <= now)) {
            move_on(pen, &incident);
        }
    }
    // What ended just now may have been what kept others quiet.
    reconsider_suppressed(pen);
}

/// When a storm is over, if nothing new comes.
fn calm_at(state: &State) -> Option<Timestamp> {
    let since = state.ward.storm?;
    let last = state.ward.appeared.last().copied().unwrap_or(since).max(since);
    Some(last + state.policy.healing.storm.calm)
}

/// When time next changes something about incidents.
pub(in crate::engine) fn next_deadline(state: &State) -> Option<Timestamp> {
    let incidents = state.ward.incidents.values().filter_map(|incident| due(state, incident));
    let silences = state.ward.silences.values().map(|silence| silence.until);
    incidents.chain(silences).chain(calm_at(state)).min()
}

/// When time next changes something about one incident. Whatever [`move_on`] does at that time makes this later.
fn due(state: &State, incident: &Incident) -> Option<Timestamp> {
    let rules = &state.policy.healing.grouping;
    let seen = &incident.sightings;
    let quiet = quiet_at(incident).map(|since| since + rules.resolve_after);
    match &incident.phase {
        Phase::Suspected => {
            let discard = seen.last + DISCARD_AFTER;
            let confirm = incident.first_seen + rules.confirm_after;
            let waits = seen.firing && !incident.kind.starts_with("log.");
            Some(if waits { confirm.min(discard) } else { discard })
        }
        // Nothing but an end of the quiet; the flapping of what fires ends as its states grow old.
        Phase::Suppressed(Suppression::Flapping) => {
            let old = seen.states.last().map(|(at, _)| *at + state.policy.healing.flap.max_age + Millis(1));
            quiet.into_iter().chain(old).min()
        }
        Phase::Open | Phase::Suppressed(_) => quiet,
        Phase::Diagnosed => {
            let held = incident.ruling.as_ref().filter(|r| matches!(r.outcome, RulingOutcome::Hold { .. }));
            quiet.into_iter().chain(held.map(|ruling| ruling.at + RECHECK)).min()
        }
        Phase::Verifying if incident.at_work().is_none() => quiet,
        Phase::NeedsHuman(_) => {
            let repeat = if incident.severity <= Severity::P1 { REPEAT_URGENT } else { rules.repeat };
            let told = incident.told.unwrap_or(incident.entered).max(incident.entered);
            quiet.into_iter().chain(Some(told + repeat)).min()
        }
        Phase::Resolved | Phase::NoActionRequired => Some(incident.entered + rules.reopen_within + Millis(1)),
        Phase::Verifying | Phase::Investigating | Phase::Mitigating | Phase::Closed | Phase::Discarded => {
            None
        }
    }
}

/// Since when nothing of it is seen. Of what is told by lines or as a single event silence is the end; of what is
/// checked only a check that holds is: no data is never healthy.
fn quiet_at(incident: &Incident) -> Option<Timestamp> {
    let by_silence = incident.kind.starts_with("log.")
        || [crate::domain::signal::kind::METRIC_SHIFT, crate::domain::signal::kind::PROCESS_OOM]
            .contains(&incident.kind.as_str());
    incident.sightings.clear_since.or(by_silence.then_some(incident.sightings.last))
}

fn move_on(pen: &mut Pen<'_>, incident: &Incident) {
    let (id, now) = (incident.id, pen.order.at);
    let rules = pen.state.policy.healing.grouping.clone();
    let quiet = quiet_at(incident).is_some_and(|since| since + rules.resolve_after <= now);
    match &incident.phase {
        Phase::Suspected if observe::confirmed(incident, now, &rules) => observe::progress(pen, id),
        Phase::Suspected => pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Discarded)),
        Phase::Resolved | Phase::NoActionRequired => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Closed));
        }
        _ if quiet => {
            let helped = incident.attempts.last().is_some_and(|a| a.outcome == Some(AttemptOutcome::Helped));
            withdraw(pen, id, "it is over");
            if !helped {
                pen.incident_event(id, IncidentEvent::Noted("over by itself".into()));
            }
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Resolved));
            announce(pen, id, "resolved");
        }
        Phase::Diagnosed => leave::propose_again(pen, id),
        Phase::NeedsHuman(why) => announce(pen, id, &format!("still needs a person: {why}")),
        Phase::Suppressed(Suppression::Flapping) if incident.sightings.firing => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Open));
            opened(pen, id);
        }
        _ => {}
    }
}

/// What a remedy acts on, so that no two act on it together.
pub(super) fn target_of(incident: &Incident, remedy: &Remedy) -> String {
    match remedy {
        Remedy::Runbook(plan) => plan.target.clone(),
        _ => format!("service {}", incident.service),
    }
}

/// The request that waits for an incident, if it is of it.
pub(super) fn incident_of(subject: &Subject) -> Option<IncidentId> {
    match subject {
        Subject::Remedy { incident, .. } => Some(*incident),
        _ => None,
    }
}
