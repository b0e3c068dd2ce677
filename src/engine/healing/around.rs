//! How the world stands around an incident when the gate is asked: who is at work, what rests, what is unsettled, and how far a
//! deed would reach.

use super::{blast, opening, runs::Run, steps::target_of, ward::Incident};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{AttemptOutcome, Remedy},
        mission::Step,
        text::{clean_line, count},
        time::{Millis, Timestamp},
    },
    engine::state::{Mission, State},
    policy::{
        calendar,
        grants::moment,
        proposal::{ServiceRules, Surroundings},
    },
};

/// Deployments and rollbacks count for this long.
const DAY: Millis = Millis::hours(24);

/// How the world stands around an incident.
pub(super) fn surroundings(
    state: &State,
    incident: &Incident,
    remedy: &Remedy,
    now: Timestamp,
) -> Surroundings {
    let ward = &state.ward;
    let rules = &state.policy.healing;
    let day = |at: &Timestamp| now.since(*at) <= DAY;
    let rollbacks = ward.lessons.iter().filter(|lesson| {
        lesson.fingerprint == incident.fingerprint
            && matches!(lesson.outcome, AttemptOutcome::RolledBack(_))
            && day(&lesson.at)
    });
    let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let hours = &rules.hours;
    let closed = (incident.severity >= hours.apply_from).then(|| calendar::closed(hours, now)).flatten();
    Surroundings {
        busy: busy(state, incident, remedy, now),
        money: None,
        deployments: many(ward.deployed.iter().filter(|at| day(at)).count() + on_the_way(state, incident)),
        rollbacks: many(rollbacks.count()),
        instances: None,
        breadth: None,
        unrest: unrest(state, (incident, remedy), now),
        closed,
        severity: Some(incident.severity),
        affected: incident.sightings.affected,
        service: service_rules(state, &incident.service),
    }
}

/// The same around a deed that acts on what runs: how much of that is well, and how much is acted on at once.
pub(super) fn acting(state: &State, incident: &Incident, around: Surroundings) -> Surroundings {
    let instances = incident.diagnosis.as_ref().and_then(|diagnosis| diagnosis.instances);
    Surroundings { instances, breadth: blast::breadth(state, incident), ..around }
}

/// Fixes of other incidents that were let and are still on the way to their services: they count as if they were there,
/// else two of them pass a limit together.
fn on_the_way(state: &State, incident: &Incident) -> usize {
    let lands = |mission: &Mission| mission.step == Some(Step::Land) && mission.result.ending.is_none();
    let others = state.ward.at_work().filter(|(other, _)| other.id != incident.id);
    let coming = others.filter(|(other, attempt)| {
        let mission = attempt.mission.and_then(|mission| state.missions.get(&mission));
        // What waits for a person is there, and counted.
        let brings = other.deploys() && !other.awaits_word();
        released(state, &other.service) && (brings || mission.is_some_and(|mission| lands(mission)))
    });
    coming.count()
}

/// Whether what lands is brought to this service.
pub(super) fn released(state: &State, name: &str) -> bool {
    let found = state.policy.healing.services.iter().find(|service| service.name == name);
    found.is_some_and(|service| service.release.is_some())
}

fn service_rules(state: &State, name: &str) -> Option<ServiceRules> {
    let service = state.policy.healing.services.iter().find(|service| service.name == name)?;
    let clean = clean_line(&service.name, 64).to_string();
    Some(ServiceRules {
        name: clean,
        env: service.env.clone(),
        level: service.level,
        approvers: service.approvers,
        tier_floor: service.tier_floor,
    })
}

fn unrest(state: &State, (incident, remedy): (&Incident, &Remedy), now: Timestamp) -> Option<String> {
    if state.ward.storm.is_some() {
        return Some("too much happens at once: nothing acts by itself in a storm".into());
    }
    if state.ward.silence(incident, now).is_some() {
        return Some("it is silenced: nothing acts by itself on it".into());
    }
    if let Some(other) = state.ward.live().find(|other| other.is_astray()) {
        return Some(format!("a release of {} could not be taken back: nothing acts by itself", other.id));
    }
    if let Some(last) = incident.cut_off() {
        return Some(format!("attempt {} was cut off, and whether it took effect is not known", last.number));
    }
    if let Some(other) = tried_before(state, incident, remedy) {
        return Some(format!("the same was done in {other} and did not help"));
    }
    let flap = crate::policy::flap::share(&incident.sightings.states, now, &state.policy.healing.flap)?;
    (flap >= state.policy.healing.flap.start_pct).then(|| "it comes and goes".to_owned())
}

/// An earlier incident of the same cause in which the same did not help.
fn tried_before(state: &State, incident: &Incident, remedy: &Remedy) -> Option<IncidentId> {
    let earlier = state.ward.incidents.values();
    let mut earlier = earlier.filter(|o| o.id != incident.id && o.fingerprint == incident.fingerprint);
    earlier
        .find(|other| {
            other.attempts.iter().any(|attempt| attempt.was_vain() && attempt.remedy.plan() == remedy.plan())
        })
        .map(|other| other.id)
}

/// Why nothing is brought to this service now: something is done to it, or nobody knows what is in place there.
pub(super) fn closed_to_releases(state: &State, incident: &Incident) -> Option<String> {
    let others =
        state.ward.live().filter(|other| other.id != incident.id && other.is_of_service_of(incident));
    let mut closed = others.filter_map(|other| {
        let id = other.id;
        if other.is_astray() {
            return Some(format!(
                "a release of {id} could not be taken back: say how it stands with `chimera resolve {id} --why ...`"
            ));
        }
        opening::restarts(other).then(|| format!("{id} is at work on the same service"))
    });
    closed.next()
}

/// Who or what must end first.
fn busy(state: &State, incident: &Incident, remedy: &Remedy, now: Timestamp) -> Option<String> {
    let ward = &state.ward;
    let target = target_of(incident, remedy);
    let limits = &state.policy.healing.limits;
    let others: Vec<_> = ward.at_work().filter(|(other, _)| other.id != incident.id).collect();
    let same = others.iter().find(|(other, attempt)| {
        other.fingerprint == incident.fingerprint
            || other.service == incident.service
            || target_of(other, &attempt.remedy) == target
    });
    if let Some((other, _)) = same {
        return Some(format!("{} is at work on the same target", other.id));
    }
    if others.len() >= usize::try_from(limits.concurrent).unwrap_or(usize::MAX) {
        let most = count(limits.concurrent, "remedy");
        return Some(format!("{} are at work, and {most} at once is the most", others.len()));
    }
    let Remedy::Runbook(plan) = remedy else { return None };
    // Whether what was cut off ran nobody knows: a person decides, now, see `unrest`.
    if incident.cut_off().is_some() {
        return None;
    }
    let runs = |span: Millis, of: &dyn Fn(&Run) -> bool| {
        ward.runs.iter().filter(|run| of(run) && now.since(run.at) < span).count()
    };
    // What another runbook did there does not count against this one.
    let own = |run: &Run| run.runbook.is_empty() || run.runbook == plan.runbook;
    let on_target = |run: &Run| run.target == target && own(run);
    let of_cause = |run: &Run| run.fingerprint == incident.fingerprint;
    let (per_target, target_span) = plan.limits.max_per_target;
    let (per_cause, cause_span) = plan.limits.max_per_fingerprint;
    let last = ward.runs.iter().filter(|run| on_target(run)).map(|run| run.at).max();
    if let Some(until) = last.map(|at| at + plan.limits.cooldown).filter(|until| *until > now) {
        return Some(format!("it rests until {} after its last run there", moment(until, now)));
    }
    if runs(target_span, &on_target) >= usize::try_from(per_target).unwrap_or(usize::MAX) {
        let most = count(per_target, "run");
        return Some(format!("it had {most} there within {target_span}, which is the most"));
    }
    (runs(cause_span, &of_cause) >= usize::try_from(per_cause).unwrap_or(usize::MAX)).then(|| {
        let most = count(per_cause, "run");
        format!("it had {most} for this cause within {cause_span}, which is the most")
    })
}
