//! What the world answers: outcomes of effects of incidents. A report for an effect that is not running, or was
//! answered before, is refused and changes nothing.

use super::{
    around,
    ending::{failed, not_done},
    keeping, leave, opening,
    steps::{announce, investigate, needs_human, suppress, told, verify},
    ward::{Incident, owner},
};
use crate::{
    domain::{
        brief::Brief,
        candidate::CommitId,
        ids::{EffectId, IncidentId, MissionId},
        incident::{Attempt, AttemptOutcome, Clue, Diagnosis, Grade, Mark, Phase, Remedy},
        signal::Signal,
        text::{clean, clean_line, head_tail},
        time::Millis,
    },
    engine::{
        command::{Outcome, Refusal, RefusalKind, Report, Verification},
        effect::{EffectKind, Failure, FailureKind},
        event::{EffectEvent, Event, IncidentEvent, WardEvent},
        pen::{Pen, refuse},
        playbook::brief,
    },
};
use std::sync::Arc;

/// Investigations that may fail in a row before a person is called.
const INQUIRIES_MOST: u32 = 3;
/// What passes by itself or becomes something else is given so long before a person is called.
const PASSING_MOST: Millis = Millis::mins(10);
/// Characters of a reason or a line.
const WORDS_MOST: usize = 300;

/// Takes one report.
pub(in crate::engine) fn report(pen: &mut Pen<'_>, report: &Report) -> Result<(), Refusal> {
    take(pen, report)?;
    // An incident that is over does not keep others quiet any more.
    opening::reconsider_suppressed(pen);
    Ok(())
}

fn take(pen: &mut Pen<'_>, report: &Report) -> Result<(), Refusal> {
    let effect = &report.effect;
    let unknown = || refuse(RefusalKind::Unknown, format!("there is no effect {effect}"));
    let incident = owner(effect).and_then(|id| pen.incident(id)).ok_or_else(unknown)?;
    let late = || {
        refuse(RefusalKind::Stale, format!("effect {effect} was answered before or is not wanted any more"))
    };
    let running = incident.effects.get(effect).ok_or_else(late)?;
    if running.started.is_none() || pen.state.clockwork.unsure.contains(effect) {
        return Err(refuse(RefusalKind::Stale, format!("effect {effect} was not begun")));
    }
    let kind = running.kind.clone();
    match (&kind, &report.outcome) {
        (kind, Outcome::Logged(lines)) => {
            let number = attempt_of(kind).ok_or_else(|| wrong(effect))?;
            let lines = lines.iter().map(|line| clean_line(line, WORDS_MOST).into()).collect();
            pen.incident_event(incident.id, IncidentEvent::Logged(number, lines));
        }
        (kind, Outcome::Marked(mark)) => {
            let number = attempt_of(kind).ok_or_else(|| wrong(effect))?;
            marked(pen, (&incident, effect), (number, kind, mark))?;
        }
        (kind, Outcome::Failed(failure)) => fault(pen, (&incident, effect), (kind, failure)),
        (EffectKind::Investigate { .. }, Outcome::Diagnosed(diagnosis)) => {
            done(pen, effect);
            diagnosed(pen, &incident, bounded((**diagnosis).clone()));
        }
        (EffectKind::Heal { attempt, .. }, Outcome::Healed) => {
            done(pen, effect);
            verify(pen, incident.id, *attempt);
        }
        (
            EffectKind::Heal { attempt, .. }
            | EffectKind::Deploy { attempt, .. }
            | EffectKind::TakeBack { attempt, .. },
            Outcome::TakenBack(why),
        ) => {
            done(pen, effect);
            let mut why: String = clean_line(why, WORDS_MOST).into();
            if let EffectKind::Deploy { commit, .. } | EffectKind::TakeBack { commit, .. } = &kind {
                why.push_str(&stays(&incident, (*attempt, commit)));
            }
            failed(pen, incident.id, (*attempt, AttemptOutcome::RolledBack(why)));
        }
        (EffectKind::Heal { attempt, .. }, Outcome::CutOff(why)) => {
            done(pen, effect);
            let why: String = clean_line(why, WORDS_MOST).into();
            cut_off(pen, incident.id, (*attempt, why));
        }
        (EffectKind::Heal { attempt, .. }, Outcome::NotDone(why)) => {
            let reason: String = clean_line(why, WORDS_MOST).into();
            let failure = Failure { kind: FailureKind::Permanent, reason: reason.clone() };
            pen.write(Event::Effect(EffectEvent::Failed(effect.clone(), failure)));
            pen.write(Event::Effect(EffectEvent::Dropped(effect.clone())));
            not_done(pen, incident.id, (*attempt, reason));
        }
        (EffectKind::Commission { attempt, .. }, Outcome::Commissioned(brief)) => {
            commissioned(pen, (&incident, effect), (*attempt, brief))?;
        }
        // What watching did not decide waits for a person, whatever is said of it.
        (EffectKind::Deploy { attempt, .. }, Outcome::Deployed) if !waits_for_word(&incident) => {
            done(pen, effect);
            // What nobody laid down a release for landed, and that was all.
            if around::released(&pen.state, &incident.service) {
                pen.write(Event::Ward(WardEvent::Deployed));
            }
            verify(pen, incident.id, *attempt);
        }
        (EffectKind::Verify { attempt, .. }, Outcome::Verified(verification)) => {
            done(pen, effect);
            verified(pen, &incident, (*attempt, verification));
        }
        (EffectKind::Announce { others, .. }, Outcome::Announced(thread, partly)) => {
            done(pen, effect);
            announced(pen, (&incident, others), (thread.as_deref(), partly));
        }
        _ => return Err(wrong(effect)),
    }
    Ok(())
}

/// People were told, of all of these by the same ways: what has no thread yet goes on in the one that this stands in.
fn announced(
    pen: &mut Pen<'_>,
    (incident, others): (&Incident, &[(IncidentId, String)]),
    (thread, partly): (Option<&str>, &str),
) {
    let thread = thread.map(|thread| clean_line(thread, WORDS_MOST).to_string());
    for id in others.iter().map(|(id, _)| *id).chain([incident.id]) {
        let Some(told) = pen.incident(id) else { continue };
        if !partly.is_empty() {
            pen.incident_event(id, IncidentEvent::Noted(clean_line(partly, WORDS_MOST).into()));
        }
        let fits = |thread: &&String| match &told.thread {
            Some(known) => id == incident.id && known != *thread,
            None => true,
        };
        if let Some(thread) = thread.as_ref().filter(fits) {
            pen.incident_event(id, IncidentEvent::Threaded(thread.clone()));
        }
    }
}

/// What was taken back from the service is still in the repository.
fn stays(incident: &Incident, (number, commit): (u32, &CommitId)) -> String {
    let attempt = incident.attempts.iter().find(|attempt| attempt.number == number);
    attempt.and_then(|attempt| attempt.mission).map_or_else(String::new, |mission| {
        let commit = commit.short();
        format!("; {commit} is still on its branch, and `chimera restore {mission}` takes it out of there")
    })
}

/// Whether only a person lets what is released for it go on.
fn waits_for_word(incident: &Incident) -> bool {
    incident.at_work().is_some_and(Attempt::was_undecided)
}

fn wrong(effect: &EffectId) -> Refusal {
    refuse(RefusalKind::Invalid, format!("{effect} cannot come to this"))
}

fn done(pen: &mut Pen<'_>, effect: &EffectId) {
    pen.write(Event::Effect(EffectEvent::Done(effect.clone())));
}

fn attempt_of(kind: &EffectKind) -> Option<u32> {
    match kind {
        EffectKind::Heal { attempt, .. }
        | EffectKind::Commission { attempt, .. }
        | EffectKind::Deploy { attempt, .. }
        | EffectKind::TakeBack { attempt, .. }
        | EffectKind::Verify { attempt, .. } => Some(*attempt),
        _ => None,
    }
}

/// Each mark once; what was marked before a crash stays so. What watching did not decide is a person's from then on, until
/// it is taken back.
fn marked(
    pen: &mut Pen<'_>,
    (incident, effect): (&Incident, &EffectId),
    (number, kind, mark): (u32, &EffectKind, &Mark),
) -> Result<(), Refusal> {
    let mark = mark.bounded();
    let attempt = incident.attempts.iter().find(|attempt| attempt.number == number);
    let asks = matches!(mark, Mark::Undecided(_));
    match attempt {
        _ if matches!(mark, Mark::Kept(_)) => return Err(wrong(effect)),
        Some(known) if known.marks.contains(&mark) || (asks && known.was_undecided()) => {}
        Some(known) if asks && known.was_taken_back() => return Err(wrong(effect)),
        Some(known) if known.marks.len() < Attempt::MARKS_MOST => match (&mark, kind) {
            (Mark::Undecided(why), EffectKind::Deploy { commit, .. }) => {
                pen.incident_event(incident.id, IncidentEvent::Marked(number, mark.clone()));
                keeping::ask(pen, incident, (commit, why));
            }
            (Mark::Undecided(_), _) => return Err(wrong(effect)),
            _ => {
                pen.incident_event(incident.id, IncidentEvent::Marked(number, mark.clone()));
                if mark == Mark::TakingBack && incident.awaits_word() {
                    keeping::overtaken(pen, incident);
                }
            }
        },
        Some(_) => {
            let why = format!("attempt {number} of {} takes no more marks", incident.id);
            return Err(refuse(RefusalKind::Invalid, why));
        }
        None => {
            let why = format!("{} has no attempt {number} any more", incident.id);
            return Err(refuse(RefusalKind::Unknown, why));
        }
    }
    Ok(())
}

/// It did not work. Looking may be tried again; doing is not, since nobody knows how far it came.
fn fault(
    pen: &mut Pen<'_>,
    (incident, effect): (&Arc<Incident>, &EffectId),
    (kind, failure): (&EffectKind, &Failure),
) {
    pen.write(Event::Effect(EffectEvent::Failed(effect.clone(), failure.clone())));
    pen.write(Event::Effect(EffectEvent::Dropped(effect.clone())));
    let id = incident.id;
    let why: String = clean_line(&failure.reason, WORDS_MOST).into();
    match (kind, attempt_of(kind)) {
        (EffectKind::Announce { others, .. }, _) => {
            for id in others.iter().map(|(id, _)| *id).chain([id]) {
                if pen.incident(id).is_some() {
                    pen.incident_event(id, IncidentEvent::Noted(format!("nobody could be told: {why}")));
                }
            }
        }
        (EffectKind::Investigate { .. }, _) => {
            let again = failure.kind == FailureKind::Transient && failures(incident) < INQUIRIES_MOST;
            pen.incident_event(id, IncidentEvent::Noted(format!("{LOOKING_FAILED}{why}")));
            if again {
                let part = pen.state.seq.0.to_string();
                pen.want_for(id, (EffectKind::Investigate { incident: id }, &part));
            } else {
                needs_human(pen, id, &format!("it could not be looked into: {why}"));
            }
        }
        (EffectKind::Verify { attempt, .. }, _) => {
            let outcome =
                AttemptOutcome::Ineffective(format!("it could not be told whether it helped: {why}"));
            failed(pen, id, (*attempt, outcome));
        }
        (_, Some(number)) => failed(pen, id, (number, AttemptOutcome::Failed(why))),
        (_, None) => {}
    }
}

/// How the timeline says that looking failed.
const LOOKING_FAILED: &str = "looking failed: ";

fn failures(incident: &Incident) -> u32 {
    let failed = incident.timeline.iter().rev().take_while(|(_, words)| words.starts_with(LOOKING_FAILED));
    u32::try_from(failed.count()).unwrap_or(u32::MAX).saturating_add(1)
}

/// What comes from outside is bounded before it is kept.
fn bounded(mut diagnosis: Diagnosis) -> Diagnosis {
    let line = |text: &mut String, most: usize| *text = clean_line(text, most).into();
    diagnosis.clues.truncate(Clue::MOST);
    for clue in &mut diagnosis.clues {
        line(&mut clue.words, Clue::WORDS_MOST);
        clue.detail = head_tail(&clean(&clue.detail), Clue::DETAIL_MOST);
    }
    diagnosis.carried_by.truncate(Clue::MOST);
    let gathered = |id: &u16| diagnosis.clues.iter().any(|clue| clue.id == *id);
    if !diagnosis.carried_by.iter().all(gathered) {
        // What rests on evidence that nobody gathered is founded on nothing.
        diagnosis.grade = Grade::C;
    } else if diagnosis.rule.is_none() {
        // Only a rule of ours makes an A, whatever is claimed.
        diagnosis.grade = diagnosis.grade.max(Grade::B);
    }
    diagnosis.gaps.truncate(Diagnosis::GAPS_MOST);
    diagnosis.gaps.iter_mut().for_each(|gap| line(gap, WORDS_MOST));
    line(&mut diagnosis.cause, WORDS_MOST);
    line(&mut diagnosis.object, WORDS_MOST);
    if let Some(culprit) = &mut diagnosis.culprit {
        line(&mut culprit.subject, WORDS_MOST);
    }
    diagnosis.frames.truncate(Signal::FRAMES_MOST);
    if let Remedy::Code(words) = &mut diagnosis.remedy {
        *words = told(words);
    }
    diagnosis
}

/// Whether what was found passes by itself or becomes something else, and is given the time for that.
fn passes(pen: &Pen<'_>, id: IncidentId) -> bool {
    let found = pen.incident(id);
    found.is_some_and(|incident| incident.is_passing() && pen.order.at.since(incident.began()) < PASSING_MOST)
}

fn diagnosed(pen: &mut Pen<'_>, incident: &Arc<Incident>, diagnosis: Diagnosis) {
    let id = incident.id;
    let (healthy, remedy, cause) = (diagnosis.healthy, diagnosis.remedy.clone(), diagnosis.cause.clone());
    pen.incident_event(id, IncidentEvent::Diagnosed(Box::new(diagnosis)));
    match remedy {
        _ if healthy => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::NoActionRequired));
            announce(pen, id, "healthy by now: nothing is done");
        }
        // It stays where it is until the next look, see `course`.
        Remedy::Nothing if passes(pen, id) => {}
        Remedy::Nothing => needs_human(pen, id, &cause),
        _ => {
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Diagnosed));
            let quiet =
                pen.incident(id).and_then(|known| opening::suppression(&pen.state, &known, pen.order.at));
            match quiet {
                Some(why) => suppress(pen, id, why),
                None => leave::propose(pen, id),
            }
        }
    }
}

fn verified(pen: &mut Pen<'_>, incident: &Arc<Incident>, (number, verification): (u32, &Verification)) {
    let id = incident.id;
    match verification {
        Verification::Helped => {
            let outcome = AttemptOutcome::Helped;
            pen.incident_event(id, IncidentEvent::AttemptEnded { number, outcome });
            pen.incident_event(id, IncidentEvent::PhaseEntered(Phase::Verifying));
            announce(pen, id, "what was done helped");
            leave::reconsider_held(pen);
        }
        Verification::NotHelped(why) => match elsewhere(pen, incident) {
            // What it was done for is gone, and what still fails has an incident of its own: this proves nothing of what was
            // done, neither that it helped nor that it did not.
            Some(other) => leave::unproven(pen, incident, other),
            None => {
                let why = clean_line(why, WORDS_MOST).into();
                failed(pen, id, (number, AttemptOutcome::Ineffective(why)));
            }
        },
        Verification::Unknown(why) => {
            let why = format!("it cannot be told: {}", clean_line(why, WORDS_MOST));
            failed(pen, id, (number, AttemptOutcome::Ineffective(why)));
        }
    }
}

/// Nobody knows whether it took effect: how things are now is looked at anew, and what comes of that is a person's, see
/// `leave`.
fn cut_off(pen: &mut Pen<'_>, id: IncidentId, (number, why): (u32, String)) {
    announce(
        pen,
        id,
        &format!("what was being done was cut off, and whether it took effect is not known: {why}"),
    );
    pen.incident_event(id, IncidentEvent::AttemptEnded { number, outcome: AttemptOutcome::Unclear(why) });
    investigate(pen, id);
    leave::reconsider_held(pen);
}

/// Another incident of the same service that is told and goes on, while what this one is about has ended.
fn elsewhere(pen: &Pen<'_>, incident: &Incident) -> Option<IncidentId> {
    if !incident.is_gone(pen.order.at) {
        return None;
    }
    let fails = |other: &&Arc<Incident>| {
        other.id != incident.id
            && other.is_of_service_of(incident)
            && other.is_told()
            && other.sightings.firing
    };
    pen.state.ward.live().find(fails).map(|other| other.id)
}

/// The brief is worded: its mission opens with the same stroke of the pen.
fn commissioned(
    pen: &mut Pen<'_>,
    (incident, effect): (&Arc<Incident>, &EffectId),
    (attempt, wanted): (u32, &Brief),
) -> Result<(), Refusal> {
    let id = incident.id;
    let wanted = Brief { heals: Some(id), ..wanted.clone() };
    let mission = MissionId(pen.state.counters.mission.saturating_add(1));
    if let Err(refusal) = brief::open(pen, &wanted) {
        let failure = Failure { kind: FailureKind::Permanent, reason: refusal.reason };
        let kind = EffectKind::Commission { incident: id, attempt, plan: Default::default() };
        fault(pen, (incident, effect), (&kind, &failure));
        return Ok(());
    }
    done(pen, effect);
    pen.incident_event(id, IncidentEvent::MissionOpened(attempt, mission));
    Ok(())
}
