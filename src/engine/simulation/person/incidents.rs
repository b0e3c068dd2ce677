//! People and incidents: silences now and later, another look, "it is over"; and the rules of the house that they change.

use super::{Run, anybody};
use crate::{
    domain::{
        ids::{MissionId, SilenceId},
        incident::{Matcher, Silence},
        money::Money,
        request::Actor,
        service::{Release, Service},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, ControlCommand, HealCommand, IdeaCommand},
        simulation::world::services::{SERVICES, some_incident},
    },
    policy::settings::{Policy, Protected},
};

pub(super) fn act(run: &mut Run) {
    let command = match run.dice.below(10) {
        0..=2 => silence(run),
        3 => HealCommand::Unsilence(SilenceId(1 + run.dice.below(4))),
        4..=7 => {
            let Some(id) = some_incident(run) else { return };
            HealCommand::Investigate(id)
        }
        8 => {
            let Some(id) = some_incident(run) else { return };
            HealCommand::Resolve(id, "I mended it".into())
        }
        _ => {
            let ask = IdeaCommand::Ask { repo: "/repo".into() };
            let who = anybody(run);
            let _ = run.send(who, Command::Idea(ask));
            return;
        }
    };
    let actor = if run.dice.pct(5) { Actor::Agent(MissionId(1), None) } else { anybody(run) };
    let by_agent = matches!(actor, Actor::Agent(..));
    let said = run.send(actor, Command::Heal(command));
    assert!(!(by_agent && said.is_ok()), "an agent directs incidents");
}

/// For one service or kind, from now or from later on; some are no silences at all.
fn silence(run: &mut Run) -> HealCommand {
    let service = run.dice.pick(&SERVICES).map(|name| (*name).to_owned());
    let kind = run.dice.pick(&["disk.*", "http.*", "process.down"]).map(|name| (*name).to_owned());
    let by_service = run.dice.pct(60);
    let matches = Matcher {
        fingerprint: None,
        service: service.filter(|_| by_service),
        kind: kind.filter(|_| !by_service),
    };
    let later = if run.dice.pct(40) { Millis::mins(run.dice.below(20)) } else { Millis(0) };
    let from = Timestamp(run.now) + later;
    let until = from + Millis::mins(run.dice.below(90));
    HealCommand::Silence(Silence {
        matches,
        from,
        until,
        why: "a move".into(),
        maintenance: run.dice.pct(40),
    })
}

/// The rules, as somebody reads them in: the level and some limits are of the moment, the rest is this house's.
pub(in crate::engine::simulation) fn rules(run: &mut Run) -> ControlCommand {
    let mut policy = Policy { level: u8::try_from(1 + run.dice.below(3)).unwrap(), ..Policy::default() };
    policy.pool = u16::try_from(1 + run.dice.below(4)).unwrap();
    policy.max_retries = u8::try_from(run.dice.below(4)).unwrap();
    policy.protected = protected();
    policy.budget.per_day = Money::usd(6);
    if run.dice.pct(15) {
        policy.two_persons = vec!["tier-3".into()];
    }
    let healing = &mut policy.healing;
    healing.limits.concurrent = 1 + u32::try_from(run.dice.below(3)).unwrap();
    healing.limits.attempts_per_incident = 2;
    healing.limits.rollbacks_per_cause = 2;
    healing.limits.deploys_per_day = 1;
    healing.storm.new_causes = 5;
    healing.hours.timezone = "UTC".into();
    healing.hours.business = if run.dice.pct(70) { "always".into() } else { "Mon-Fri 09:00-18:00".into() };
    healing.services = services();
    ControlCommand::Load(Box::new(policy))
}

/// As few as the paths of this world need: a policy is hashed at every ruling.
fn protected() -> Protected {
    let globs = |list: &[&str]| list.iter().map(|glob| (*glob).to_owned()).collect();
    Protected {
        deny: globs(&["**/.git/**", "**/migrations/**", "**/.env*", "**/.github/**"]),
        approval_only: globs(&["**/Cargo.toml"]),
    }
}

/// `api` stands on `db`, `web` on `api`; both are released by commands, two people answer for `worker`. Nobody laid
/// anything down for the rest.
fn services() -> Vec<Service> {
    let named = |name: &str| Service {
        name: name.to_owned(),
        env: "production".into(),
        approvers: 1,
        tier_floor: 1,
        ..Service::default()
    };
    let release = Some(Release { deploy: vec!["deploy".into()], ..Release::default() });
    vec![
        Service { depends_on: vec!["db".into()], release: release.clone(), ..named("api") },
        Service { depends_on: vec!["api".into()], release, level: Some(3), ..named("web") },
        Service { approvers: 2, tier_floor: 3, ..named("worker") },
    ]
}
