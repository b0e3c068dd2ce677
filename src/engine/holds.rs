//! The undo window: decisions that people gave on the screen and can still take back. A decision is held until its
//! time has come, and then counts as the word of whoever gave it. What it was made on may not change meanwhile: then it
//! is dropped. It is journaled when it is given, so it survives the process; while the house is halted its time stands
//! still.

use super::{
    command::{Refusal, RefusalKind},
    consequences::carry_out,
    desk::{drop_hold, fresh, missing, revise, word},
    event::DeskEvent,
    pen::{Pen, refuse},
};
use crate::domain::{
    ids::{RequestId, Revision},
    request::{Actor, Decision, Hold},
    text::clean_line,
    time::Millis,
};

/// A person decides, and can take it back for a while. What would be refused is refused now, not later.
pub(super) fn give(
    pen: &mut Pen<'_>,
    id: RequestId,
    seen: Revision,
    decision: &Decision,
) -> Result<(), Refusal> {
    let by = pen.order.actor.clone();
    if !matches!(by, Actor::Person(_)) {
        return Err(refuse(RefusalKind::Forbidden, "only what a person decides is held"));
    }
    let request = fresh(pen, id, seen)?;
    let window = pen.state.policy.undo_window;
    let again = pen.state.clockwork.held.get(&id).is_some_and(|hold| hold.decision == *decision);
    if again || window == Millis(0) {
        settle(pen, id, decision);
        return carry_out(pen, &request, decision, &by);
    }
    carry_out(&mut pen.trial(), &request, decision, &by)?;
    drop_hold(pen, id, "another answer takes its place");
    let (given, until) = (pen.order.at, pen.order.at + window);
    let hold = Hold { request: id, revision: seen, decision: decision.clone(), by, given, until };
    pen.desk_event(DeskEvent::DecisionHeld(Box::new(hold)));
    Ok(())
}

/// A person takes back what is held.
pub(super) fn undo(pen: &mut Pen<'_>, id: RequestId) -> Result<(), Refusal> {
    if !matches!(pen.order.actor, Actor::Person(_)) {
        return Err(refuse(RefusalKind::Forbidden, "only a person takes a decision back"));
    }
    if pen.state.clockwork.held.contains_key(&id) {
        pen.desk_event(DeskEvent::DecisionUndone(id));
        return Ok(());
    }
    if pen.state.desk.contains_key(&id) {
        return Err(refuse(
            RefusalKind::Already,
            format!("nothing is held for {id}: it waits for an answer"),
        ));
    }
    let Refusal { kind, reason, .. } = missing(&pen.state, id);
    Err(refuse(kind, format!("too late to take back: {reason}")))
}

/// A decision takes effect now: the one that was held is the same, or does not count any more.
pub(super) fn settle(pen: &mut Pen<'_>, id: RequestId, decision: &Decision) {
    match pen.state.clockwork.held.get(&id).map(|hold| hold.decision == *decision) {
        Some(true) => {
            let by = pen.order.actor.clone();
            pen.desk_event(DeskEvent::HoldEnded(id, by));
        }
        Some(false) => drop_hold(pen, id, "another answer takes its place"),
        None => {}
    }
}

/// What was held long enough takes effect, in the order in which it was given. What is refused by now waits for a
/// person again, with the reason.
pub(super) fn due(pen: &mut Pen<'_>) {
    let now = pen.order.at;
    let mut due: Vec<Hold> =
        pen.state.clockwork.held.values().filter(|hold| hold.until <= now).cloned().collect();
    due.sort_by_key(|hold| (hold.until, hold.request));
    for hold in due {
        let id = hold.request;
        // One that took effect before may have ended what this one was for.
        if !pen.state.clockwork.held.contains_key(&id) {
            continue;
        }
        let Some(request) = pen.state.desk.get(&id).cloned() else { continue };
        match carry_out(&mut pen.trial(), &request, &hold.decision, &hold.by) {
            Ok(()) => {
                pen.desk_event(DeskEvent::HoldEnded(id, hold.by.clone()));
                // It was tried a line above, on the same state.
                let _ = carry_out(pen, &request, &hold.decision, &hold.by);
            }
            Err(refusal) => {
                drop_hold(pen, id, &refusal.reason);
                let word = word(&hold.decision);
                let why = clean_line(&refusal.reason, 400);
                let mut reasons = request.reasons.clone();
                reasons
                    .insert(0, format!("{} had {word} it, which is not possible any more: {why}", hold.by));
                revise(pen, &request, request.subject.clone(), reasons);
            }
        }
    }
}
