//! Standing words of people for commands: given with a decision, used when an agent asks, taken back or ended by
//! themselves. The gate says of each use whether it counts; each use is journaled before the command runs.

use super::{
    command::{Refusal, RefusalKind},
    desk::{close, rule_command},
    event::DeskEvent,
    pen::{Pen, may_start, refuse},
    state::State,
};
use crate::{
    domain::{
        grant::{Grant, Reach, Terms},
        ids::{GrantId, MissionId, RequestId},
        request::{Actor, Decision, Request, Subject},
    },
    policy::{
        gate::explain,
        grants::{covering as find, never},
        proposal::Given,
        ruling::RulingOutcome,
    },
};
use std::sync::Arc;

/// A person says yes to a command, and to what comes after it on these terms.
pub(super) fn give(pen: &mut Pen<'_>, request: &Request, terms: &Terms, by: &Actor) -> Result<(), Refusal> {
    let (Subject::Command { argv, .. }, Actor::Person(name)) = (&request.subject, by) else {
        return Err(refuse(RefusalKind::Forbidden, "only a person grants, and only commands"));
    };
    if !terms.pattern.covers(argv) {
        let text = format!("the grant does not cover what {} asks for", request.id);
        return Err(refuse(RefusalKind::Invalid, text));
    }
    if let Some(why) = never(terms, &pen.state.policy) {
        return Err(refuse(RefusalKind::Forbidden, format!("{} cannot be granted: {why}", request.id)));
    }
    let ruling = rule_command(pen, argv, (Given::Approved(1), None));
    if ruling.outcome != RulingOutcome::Auto {
        may_start(&pen.state)?;
        return Err(refuse(RefusalKind::Forbidden, explain(&ruling).join("; ")));
    }
    if pen.state.grants.len() >= State::GRANTS_MOST {
        let text = format!("{} grants are in force: revoke one first", State::GRANTS_MOST);
        return Err(refuse(RefusalKind::Invalid, text));
    }
    let mission = pen.known(request.mission)?;
    close(pen, request, Decision::Grant { terms: Box::new(terms.clone()) });
    let grant = Grant {
        id: GrantId(pen.state.counters.grant.saturating_add(1)),
        terms: terms.clone(),
        mission: mission.id,
        repo: mission.brief.repo.clone(),
        by: name.clone(),
        given: pen.order.at,
        until: pen.order.at + terms.lasts,
        used: 0,
    };
    pen.desk_event(DeskEvent::Granted(Box::new(grant)));
    reconsider(pen);
    Ok(())
}

/// The grant that may cover a command of a mission.
pub(super) fn covering(pen: &Pen<'_>, mission: MissionId, argv: &[String]) -> Option<Arc<Grant>> {
    let repo = &pen.state.missions.get(&mission)?.brief.repo;
    let grants = pen.state.grants.values().map(AsRef::as_ref);
    let id = find(grants, (mission, repo), argv, pen.order.at)?.id;
    pen.state.grants.get(&id).cloned()
}

/// A request is approved on the strength of a grant; the caller has the gate's word for it.
pub(super) fn apply(pen: &mut Pen<'_>, grant: &Grant, id: RequestId) {
    let Some(request) = pen.state.desk.get(&id).cloned() else { return };
    pen.desk_event(DeskEvent::GrantUsed(grant.id, id));
    close(pen, &request, Decision::Approve { team: None });
    if grant.left() <= 1 {
        pen.desk_event(DeskEvent::GrantEnded(grant.id, "used up".to_owned()));
    }
}

/// Commands that wait already, and that a grant covers by now.
pub(super) fn reconsider(pen: &mut Pen<'_>) {
    if pen.state.grants.is_empty() {
        return;
    }
    let waiting: Vec<Arc<Request>> = pen.state.desk.values().cloned().collect();
    for request in waiting {
        let Subject::Command { argv, .. } = &request.subject else { continue };
        // A person has answered it: that counts.
        if pen.state.clockwork.held.contains_key(&request.id) {
            continue;
        }
        let Some(grant) = covering(pen, request.mission, argv) else { continue };
        if rule_command(pen, argv, (Given::Nothing, Some(&grant))).outcome == RulingOutcome::Auto {
            apply(pen, &grant, request.id);
        }
    }
}

/// A person takes a grant back.
pub(super) fn revoke(pen: &mut Pen<'_>, id: GrantId) -> Result<(), Refusal> {
    let Actor::Person(name) = &pen.order.actor else {
        return Err(refuse(RefusalKind::Forbidden, "only a person takes a grant back"));
    };
    if pen.state.grants.contains_key(&id) {
        let why = format!("revoked by {name}");
        pen.desk_event(DeskEvent::GrantEnded(id, why));
        return Ok(());
    }
    if id.0 >= 1 && id.0 <= pen.state.counters.grant {
        return Err(refuse(RefusalKind::Already, format!("{id} has ended before")));
    }
    Err(refuse(RefusalKind::Unknown, format!("there is no grant {id}")))
}

/// Grants whose time is up end.
pub(super) fn expire(pen: &mut Pen<'_>) {
    let now = pen.order.at;
    end(pen, "expired", |grant| grant.until <= now);
}

/// Grants for a mission end with it.
pub(super) fn end_of(pen: &mut Pen<'_>, mission: MissionId) {
    end(pen, "its mission has ended", |grant| {
        grant.terms.reach == Reach::Mission && grant.mission == mission
    });
}

fn end(pen: &mut Pen<'_>, why: &str, matches: impl Fn(&Grant) -> bool) {
    let ends: Vec<GrantId> =
        pen.state.grants.values().filter(|grant| matches(grant)).map(|grant| grant.id).collect();
    for id in ends {
        pen.desk_event(DeskEvent::GrantEnded(id, why.to_owned()));
    }
}
