//! People and incidents: they silence, look again, close, answer twice and against each other, and change the rules
//! while something is at work.

use super::{decide, director};
use crate::{
    domain::{
        ids::{IncidentId, SilenceId},
        incident::{Matcher, Severity, Silence},
        request::{Actor, Decision, Subject},
        service::{Release, Service},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, ControlCommand, DeskCommand, HealCommand, RefusalKind},
        simulation::{Run, world::SERVICES},
    },
    policy::{healing::Healing, settings::Policy},
};

pub(in crate::engine::simulation) fn act(run: &mut Run) {
    match run.dice.below(32) {
        0..=2 => silence(run),
        3 => unsilence(run),
        4..=6 => investigate(run),
        7 => resolve(run),
        8 => withdraw(run),
        9 | 10 => load(run),
        _ => decide(run),
    }
}

fn somebody(run: &mut Run) -> Actor {
    if run.dice.pct(3) { Actor::Agent(crate::domain::ids::MissionId(1), None) } else { director() }
}

fn say(run: &mut Run, command: HealCommand) {
    let actor = somebody(run);
    let by_agent = matches!(actor, Actor::Agent(..));
    let journaled = run.journal.len();
    let answer = run.send(actor, Command::Heal(command));
    if by_agent {
        assert_eq!(answer.map_err(|refusal| refusal.kind), Err(RefusalKind::Forbidden), "an agent directs");
        assert_eq!(run.journal.len(), journaled);
    }
}

fn any(run: &mut Run) -> Option<IncidentId> {
    let live: Vec<IncidentId> = run.state.ward.live().map(|incident| incident.id).collect();
    let all: Vec<IncidentId> = run.state.ward.incidents.keys().copied().collect();
    if run.dice.pct(80) { run.dice.pick(&live).copied() } else { run.dice.pick(&all).copied() }
}

fn silence(run: &mut Run) {
    let incident = any(run).and_then(|id| run.state.ward.incidents.get(&id).cloned());
    let mut matches = Matcher::default();
    match (run.dice.below(5), &incident) {
        (0 | 1, Some(incident)) => matches.fingerprint = Some(incident.fingerprint.clone()),
        (2, Some(incident)) => matches.service = Some(incident.service.clone()),
        (3, _) => matches.kind = Some("http.*".into()),
        // Of nothing in particular: refused.
        _ => {}
    }
    let now = run.now;
    let from = match run.dice.below(4) {
        0 => now + 60_000,
        1 => now - 3_600_000,
        _ => now,
    };
    let lasts = match run.dice.below(8) {
        0 => 8 * 86_400_000,
        1 => 0,
        2 => 6 * 3_600_000,
        _ => i64::try_from(run.dice.below(900_000)).unwrap(),
    };
    let maintenance = run.dice.pct(40);
    let silence = Silence {
        matches,
        from: Timestamp(from),
        until: Timestamp(now + lasts),
        why: "known".into(),
        maintenance,
    };
    say(run, HealCommand::Silence(silence));
}

fn unsilence(run: &mut Run) {
    let known: Vec<SilenceId> = run.state.ward.silences.keys().copied().collect();
    let id = run.dice.pick(&known).copied().unwrap_or(SilenceId(9_999));
    say(run, HealCommand::Unsilence(id));
}

fn investigate(run: &mut Run) {
    let id = any(run).unwrap_or(IncidentId(9_999));
    say(run, HealCommand::Investigate(id));
}

fn resolve(run: &mut Run) {
    let id = any(run).unwrap_or(IncidentId(9_999));
    say(run, HealCommand::Resolve(id, "\u{1b}[2Jit is well".into()));
}

/// The program itself takes a question back.
fn withdraw(run: &mut Run) {
    let asked = run.state.desk.values().find(|request| matches!(request.subject, Subject::Remedy { .. }));
    let Some((id, seen)) = asked.map(|request| (request.id, request.revision)) else { return };
    let _ =
        run.send(Actor::Engine, Command::Desk(DeskCommand::Decide(id, seen, Box::new(Decision::Withdrawn))));
}

fn load(run: &mut Run) {
    let policy = policy(run);
    let _ = run.send(director(), Command::Control(ControlCommand::Load(Box::new(policy))));
}

/// Rules for a house that is watched: every number small enough to be reached.
pub(in crate::engine::simulation) fn policy(run: &mut Run) -> Policy {
    let mut below = |least: u64, many: u64| least + run.dice.below(many);
    let mut policy = Policy { level: u8::try_from(below(0, 6).clamp(1, 3)).unwrap(), ..Policy::default() };
    policy.pool = u16::try_from(below(2, 4)).unwrap();
    policy.budget.per_day = crate::domain::money::Money::usd(6);
    policy.healing = Healing::default();
    let small = |n: u64| u32::try_from(n).unwrap();
    policy.healing.limits.deploys_per_day = small(below(1, 3));
    policy.healing.limits.rollbacks_per_cause = small(below(1, 3));
    policy.healing.limits.attempts_per_incident = small(below(1, 4));
    policy.healing.limits.concurrent = small(below(1, 4));
    policy.healing.storm.new_causes = small(below(4, 17));
    policy.healing.storm.unhealthy_pct = if below(0, 3) == 0 { 30 } else { 100 };
    if below(0, 3) == 0 {
        policy.healing.grouping.resolve_after = Millis::mins(1);
        policy.healing.grouping.reopen_within = Millis::hours(1);
    }
    if below(0, 4) == 0 {
        policy.healing.hours.business = "always".into();
    }
    if below(0, 6) == 0 {
        policy.healing.hours.apply_from = Severity::P4;
    }
    let known = usize::try_from(below(3, 4)).unwrap();
    policy.healing.services = SERVICES.iter().take(known).map(|name| service(name)).collect();
    policy
}

fn service(name: &str) -> Service {
    let on: &[&str] = match name {
        "api" => &["db"],
        "web" => &["api"],
        // A circle, which nobody meant.
        "jobs" => &["cdn"],
        "cdn" => &["jobs"],
        _ => &[],
    };
    Service {
        name: name.into(),
        env: "production".into(),
        depends_on: on.iter().map(|on| (*on).to_owned()).collect(),
        level: (name == "cdn").then_some(1),
        approvers: if name == "mail" { 2 } else { 1 },
        tier_floor: if name == "mail" { 3 } else { 1 },
        release: ["api", "web", "db"].contains(&name).then(Release::default),
        ..Service::default()
    }
}
