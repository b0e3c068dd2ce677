//! The way of an incident through its phases, and what time does to it.

use super::{
    keeping, leave, notices, observe, opening,
    steps::{announce, call, investigate, needs_human, suppress, withdraw},
    storm,
    ward::{Incident, owner},
};
use crate::{
    domain::{
        ids::{EffectId, IncidentId},
        incident::{Attempt, AttemptOutcome, Mark, Phase, Severity, Suppression},
        signal::kind,
        text::count,
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Refusal, RefusalKind},
        effect::EffectKind,
        event::{EffectEvent, Event, IncidentEvent, WardEvent},
        pen::{Pen, may_start, refuse},
        state::State,
    },
    policy::{gate::version, ruling::RulingOutcome},
};
use std::sync::Arc;

/// What was never confirmed is forgotten after this.
const DISCARD_AFTER: Millis = Millis::mins(5);
/// A remedy on hold is asked for again this often.
const RECHECK: Millis = Millis::mins(1);
/// Steps of one incident that may be due at once, when a tick comes late.
const PASSES: u8 = 4;
/// A person is told again of what is urgent.
const REPEAT_URGENT: Millis = Millis::mins(30);
/// What passes by itself or becomes something else, or was found otherwise than diagnosed, is looked at again after this.
const LOOKS_AGAIN: Millis = Millis::mins(1);
/// What comes and goes is told once within this.
const FLAPS_TOLD: Millis = Millis::mins(30);

/// After a resume or a new policy nothing undecided may rest on old rulings.
pub(in crate::engine) fn reconsider_all(pen: &mut Pen<'_>) {
    let live: Vec<Arc<Incident>> = pen.state.ward.live().cloned().collect();
    let now = version(&pen.state.policy);
    for incident in live {
        match incident.phase {
            Phase::Diagnosed => leave::propose_again(pen, incident.id),
            Phase::Mitigating if incident.ruling.as_ref().is_some_and(|ruling| ruling.policy != now) => {
                // Telling people of it has nothing to do with leave.
                let begun = incident.effects.values().any(|effect| {
                    effect.started.is_some() && !matches!(effect.kind, EffectKind::Announce { .. })
                });
                if !begun && incident.at_work().is_some_and(|attempt| attempt.mission.is_none()) {
                    withdraw(pen, incident.id, "the policy changed before it began");
                    pen.incident_event(incident.id, IncidentEvent::PhaseEntered(Phase::Diagnosed));
                    leave::propose(pen, incident.id);
                }
            }
            _ => {}
        }
    }
    opening::reconsider_suppressed(pen);
}

/// The kill switch: what is being done to incidents ends, and so does what would have happened by itself; a person goes on
/// from there.
pub(in crate::engine) fn stopped(pen: &mut Pen<'_>, why: &str) {
    let live: Vec<Arc<Incident>> = pen.state.ward.live().cloned().collect();
    for incident in live {
        let busy = incident.effects.values().any(|e| !matches!(e.kind, EffectKind::Announce { .. }));
        let vetoes = &pen.state.clockwork.vetoes;
        let placed = incident.at_work().is_some_and(|attempt| attempt.marks.contains(&Mark::InPlace));
        let takes_back = incident.wants(|kind| matches!(kind, EffectKind::TakeBack { .. }))
            || incident.at_work().is_some_and(Attempt::was_taken_back);
        if takes_back {
            let words = "the kill switch ended the taking back, and what is in place is not known";
            needs_human(pen, incident.id, &format!("{words}: {why}"));
        } else if incident.awaits_word() {
            keeping::unwatched(pen, &incident, why);
        } else if placed && incident.deploys() {
            let words =
                "the kill switch ended the watching: what was released is in place, and nobody judged it";
            needs_human(pen, incident.id, &format!("{words}: {why}"));
        } else if busy || incident.at_work().is_some() {
            needs_human(pen, incident.id, &format!("the kill switch ended what was being done: {why}"));
        } else if incident.request.is_some_and(|request| vetoes.contains_key(&request)) {
            needs_human(pen, incident.id, &format!("the kill switch ended its veto window: {why}"));
        }
    }
}

/// The driver asks for leave.
pub(in crate::engine) fn begin(pen: &mut Pen<'_>, id: &EffectId) -> Result<(), Refusal> {
    let gone = || refuse(RefusalKind::Unknown, format!("effect {id} is not wanted (any more)"));
    let incident = owner(id).and_then(|owner| pen.incident(owner)).ok_or_else(gone)?;
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

/// Time has passed.
pub(in crate::engine) fn tick(pen: &mut Pen<'_>) {
    let now = pen.order.at;
    let ended: Vec<_> =
        pen.state.ward.silences.iter().filter(|(_, s)| s.until <= now).map(|(id, _)| *id).collect();
    for id in ended {
        pen.write(Event::Ward(WardEvent::SilenceEnded(id)));
    }
    storm::end(pen);
    // What came up just now is told before anybody asks whether it was.
    notices::tell(pen);
    // What was due long ago may lead to what is due as well: a tick leaves nothing due.
    for _ in 0..PASSES {
        let is_due = |state: &State, incident: &Incident| due(state, incident).is_some_and(|at| at <= now);
        let all = pen.state.ward.incidents.values().filter(|incident| is_due(&pen.state, incident));
        let mut all: Vec<IncidentId> = all.map(|incident| incident.id).collect();
        all.sort_by_cached_key(|id| observe::rank(pen, *id));
        for id in all {
            let incident = pen.incident(id);
            if let Some(incident) = incident.filter(|incident| is_due(&pen.state, incident)) {
                move_on(pen, &incident);
            }
        }
        observe::settle(pen);
        // What ended just now may have been what kept others quiet.
        opening::reconsider_suppressed(pen);
        notices::tell(pen);
        if next_deadline(&pen.state).is_none_or(|at| at > now) {
            break;
        }
    }
}

/// When time next changes something about incidents.
pub(in crate::engine) fn next_deadline(state: &State) -> Option<Timestamp> {
    let incidents = state.ward.incidents.values().filter_map(|incident| due(state, incident));
    let silences = state.ward.silences.values().map(|silence| silence.until);
    incidents.chain(silences).chain(storm::calm_at(state)).chain(notices::next_told(state)).min()
}

/// When time next changes something about one incident. Whatever [`move_on`] does at that time makes this later.
fn due(state: &State, incident: &Incident) -> Option<Timestamp> {
    by_phase(state, incident).into_iter().chain(notices::escalates(state, incident)).min()
}

fn by_phase(state: &State, incident: &Incident) -> Option<Timestamp> {
    let rules = &state.policy.healing.grouping;
    let seen = &incident.sightings;
    let quiet = quiet_at(incident).map(|since| since + rules.resolve_after);
    match &incident.phase {
        Phase::Suspected => {
            let discard = seen.last + DISCARD_AFTER;
            let confirm = incident.first_seen + rules.confirm_after;
            let waits = seen.firing && !kind::of_lines(&incident.kind);
            // What is confirmed and not told waits for what may explain it.
            let held = seen.firing && observe::confirmed(incident, seen.last, rules);
            let at = if held {
                seen.last
            } else if waits {
                confirm.min(discard)
            } else {
                discard
            };
            let longer = seen.firing && opening::waits(state, incident, at);
            Some(if longer { at.max(opening::waits_until(state, incident)) } else { at })
        }
        // An end of the quiet, or a word now and then; the flapping of what fires ends as its states grow old.
        Phase::Suppressed(Suppression::Flapping) => {
            let last = seen.states.last().filter(|_| seen.firing);
            let old = last.map(|(at, _)| *at + state.policy.healing.flap.max_age + Millis(1));
            quiet.into_iter().chain(old).chain(Some(flaps_told(incident))).min()
        }
        Phase::Suppressed(_) => quiet.into_iter().chain(opening::opens_unseen(state, incident)).min(),
        Phase::Open => quiet,
        // What passes, or was not done: nobody is at it until then.
        Phase::Investigating if !incident.is_looked_into() => {
            quiet.into_iter().chain(Some(incident.entered + LOOKS_AGAIN)).min()
        }
        Phase::Diagnosed => {
            let held = incident.ruling.as_ref().filter(|r| matches!(r.outcome, RulingOutcome::Hold { .. }));
            quiet.into_iter().chain(held.map(|ruling| ruling.at + RECHECK)).min()
        }
        Phase::Verifying if incident.at_work().is_none() => {
            Some(quiet.unwrap_or(incident.entered + rules.resolve_after + rules.resolve_after))
        }
        Phase::NeedsHuman(_) => {
            let repeat = if incident.severity <= Severity::P1 { REPEAT_URGENT } else { rules.repeat };
            let told = incident.told.unwrap_or(incident.entered).max(incident.entered);
            quiet.into_iter().chain(Some(heard_at(state, incident, told + repeat))).min()
        }
        Phase::Resolved | Phase::NoActionRequired => Some(incident.entered + rules.reopen_within + Millis(1)),
        Phase::Verifying | Phase::Investigating | Phase::Mitigating | Phase::Closed | Phase::Discarded => {
            None
        }
    }
}

/// When people are told again of what waits for one of them: what stays a person's whatever is silenced, after the silence.
fn heard_at(state: &State, incident: &Incident, at: Timestamp) -> Timestamp {
    if !incident.is_undecided() {
        return at;
    }
    let mut at = at;
    let mut silent = state.ward.silence(incident, at.max(state.at));
    while let Some(silence) = silent {
        at = silence.until;
        silent = state.ward.silence(incident, at);
    }
    at
}

/// Since when nothing of it is seen. Of what is told by lines or as a single event silence is the end; of what is
/// checked only a check that holds is: no data is never healthy. What left a release in place that is bad, or that nobody
/// judged, is never quiet by itself.
fn quiet_at(incident: &Incident) -> Option<Timestamp> {
    if incident.needs_person() && (incident.is_astray() || incident.is_undecided()) {
        return None;
    }
    let by_silence = kind::of_lines(&incident.kind)
        || [kind::METRIC_SHIFT, kind::PROCESS_OOM].contains(&incident.kind.as_str());
    let since = incident.sightings.clear_since.or(by_silence.then_some(incident.sightings.last))?;
    // That it was quiet while something was done that came to nothing says nothing of now.
    let vain = |last: &Attempt| {
        !matches!(last.outcome, None | Some(AttemptOutcome::Helped | AttemptOutcome::NotDone(_)))
    };
    Some(if incident.attempts.last().is_some_and(vain) { since.max(incident.entered) } else { since })
}

/// When people are told next that it still comes and goes.
fn flaps_told(incident: &Incident) -> Timestamp {
    incident.told.unwrap_or(incident.entered) + FLAPS_TOLD
}

/// Nobody has answered: others are told as well.
fn escalate(pen: &mut Pen<'_>, incident: &Incident) {
    let now = pen.order.at;
    if pen.state.ward.silence(incident, now).is_some() {
        return opening::reconsider_open(pen);
    }
    let what = match &incident.phase {
        Phase::NeedsHuman(why) => format!("needs a person: {why}"),
        _ => {
            let remedy = incident.diagnosis.as_ref().map(|diagnosis| diagnosis.remedy.words());
            format!("waits for a decision: {}", remedy.unwrap_or_default())
        }
    };
    let waited = incident.waits_since.map_or_else(Millis::default, |since| now.since(since));
    call(pen, incident.id, &format!("nobody has answered for {waited}: {what}"));
}

/// How often it came and went of late.
fn flaps_words(pen: &Pen<'_>, incident: &Incident) -> String {
    let age = pen.state.policy.healing.flap.max_age;
    let of_late = |(at, _): &&(Timestamp, bool)| pen.order.at.since(*at) <= age;
    let states: Vec<bool> =
        incident.sightings.states.iter().filter(of_late).map(|(_, fires)| *fires).collect();
    let changes = states.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let (changes, seen) = (count(changes, "change"), count(incident.sightings.count, "time"));
    format!("comes and goes: {changes} within {age}, seen {seen}; nothing acts by itself")
}

fn move_on(pen: &mut Pen<'_>, incident: &Incident) {
    let (id, now) = (incident.id, pen.order.at);
    let rules = pen.state.policy.healing.grouping.clone();
    let quiet = quiet_at(incident).is_some_and(|since| since + rules.resolve_after <= now);
    if notices::escalates(&pen.state, incident).is_some_and(|at| at <= now) {
        return escalate(pen, incident);
    }
    match &incident.phase {
        Phase::Suspected if observe::confirmed(incident, now, &rules) => observe::progress(pen, id),
        Phase::Suspected => pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Discarded)),
        Phase::Resolved | Phase::NoActionRequired => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Closed));
        }
        _ if quiet => {
            withdraw(pen, id, "it is over");
            if !incident.helped() {
                pen.incident_event(id, IncidentEvent::Noted("over by itself".into()));
            }
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Resolved));
            // The end of what nobody was told of is no news.
            if incident.told.is_some() || !incident.news.is_empty() {
                announce(pen, id, "resolved");
            }
        }
        Phase::Investigating => investigate(pen, id),
        Phase::Diagnosed => leave::propose_again(pen, id),
        Phase::Verifying => {
            needs_human(pen, id, "what was done helped, but no probe has said since that it is well");
        }
        // Quiet was laid down for a time to come, or while something was done: it counts now that nothing is.
        Phase::NeedsHuman(_) if pen.state.ward.silence(incident, now).is_some() => {
            if incident.is_undecided() {
                pen.incident_event(id, IncidentEvent::Noted("silenced: nobody is told again yet".into()));
            }
            opening::reconsider_open(pen);
        }
        Phase::NeedsHuman(why) => {
            let words = observe::waiting_words(pen, incident, why);
            call(pen, id, &words);
        }
        Phase::Suppressed(Suppression::Flapping) if flaps_told(incident) <= now => {
            match pen.state.ward.silence(incident, now) {
                Some(_) => suppress(pen, id, Suppression::Silenced),
                None => call(pen, id, &flaps_words(pen, incident)),
            }
        }
        Phase::Suppressed(Suppression::Flapping) if incident.sightings.firing => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Open));
            opening::opened(pen, id);
        }
        _ => {}
    }
}
