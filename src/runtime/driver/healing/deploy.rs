//! Bringing what landed to its service, and the proof that it helped. How it is brought there is [`super::delivery`]'s.

use super::{
    super::{
        placing,
        site::{Site, permanent},
    },
    delivery::{Before, Delivery},
    ground::{Lines, PROOF_WINDOW, attempt_of, incident_of, mark, service_of, telling},
    outlook::Outlook,
};
use crate::{
    domain::{incident::Mark, runbook::RunPlan, service::Service},
    engine::{
        command::Outcome,
        effect::{Effect, EffectKind, Failure},
        healing::ward::Incident,
    },
    operations::{releases, runbooks::Ground},
    runtime::supervisor::StopSign,
};
use futures::future::FutureExt as _;

/// How it is known that a change of code helped, where no runbook lays that down.
pub(super) fn proof(site: &Site, incident: &Incident, service: &Service) -> RunPlan {
    let window = site.lines.state.borrow().policy.healing.grouping.resolve_after.max(PROOF_WINDOW);
    // What a log tells of is a cause of its own, with an incident of its own.
    let checks: Vec<String> = site.watch().map_or_else(Vec::new, |watch| {
        let own = watch.probes_of(&incident.service).filter(|probe| !probe.source.speaks());
        own.map(|probe| probe.id.clone()).collect()
    });
    let clauses = clauses(service, &checks);
    let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
    releases::verification(service, releases::proof(&clauses, window))
}

/// What must hold; nothing is filled in later, so it names the service itself.
fn clauses(service: &Service, checks: &[String]) -> Vec<String> {
    let hold = checks.iter().map(|probe| format!("up({probe:?}) for 2 checks"));
    let answers = service.health.as_ref().map(|url| format!("http_status({url:?}) < 400"));
    ["signal_cleared()".to_owned()].into_iter().chain(hold).chain(answers).collect()
}

pub(super) async fn deploy(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let (incident, attempt, commit, unwanted) = match &effect.kind {
        EffectKind::Deploy { incident, attempt, commit } => (incident, attempt, commit, None),
        EffectKind::TakeBack { incident, attempt, commit, why } => (incident, attempt, commit, Some(why)),
        _ => return Err(permanent("there is nothing to deploy")),
    };
    let incident = incident_of(site, *incident)?;
    let service = service_of(site, &incident);
    let release = match (service.release.clone(), unwanted) {
        (Some(release), _) => release,
        // What landed is all there is to do: the director releases it.
        (None, None) => return Ok(Outcome::Deployed),
        (None, Some(why)) => return Err(permanent(format!("{why}; nothing takes it back any more"))),
    };
    let attempt = attempt_of(&incident, *attempt)?;
    let before = if effect.unsure || unwanted.is_some() { Before::of(attempt) } else { Before::Nothing };
    let mission =
        attempt.mission.ok_or_else(|| permanent("no mission landed what is to be brought there"))?;
    let mission = site.mission(mission)?;
    let outlook = Outlook::of(site, &incident, service.clone())?;
    let env = placing::environment(site, &mission, commit);
    let dir = placing::place(site, &mission, (&service, commit)).await?;
    let soak = site.lines.state.borrow().policy.healing.soak.clone();
    let lines = Lines::default();
    let tell = |line: &str| lines.hear(line);
    let ground = Ground { dir: &dir, env: &env, look: &outlook, tell: &tell };
    let pen = |word: Mark| mark((site, effect), word).boxed();
    let witness = &outlook;
    let delivery = Delivery { service: &service, release: &release, ground, soak: &soak, witness, pen: &pen };
    let work = async {
        match unwanted {
            None => delivery.go_on(before, stop).await,
            Some(why) => delivery.undo(before, (why, effect.unsure), stop).await,
        }
    };
    telling((site, effect), &lines, work).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::{Value, parse};

    #[test]
    fn the_proof_of_a_change_names_its_service_and_address() {
        let health = Some("http://127.0.0.1:8080/health".to_owned());
        let service = Service { name: "shop".into(), health, ..Service::default() };
        let said: Vec<_> = clauses(&service, &["shop-web".to_owned()])
            .iter()
            .flat_map(|clause| parse(clause).unwrap().calls())
            .collect();
        let of = |name: &str| said.iter().find(|call| call.name == name).unwrap().args.clone();
        assert_eq!(of("up"), [Value::Text("shop-web".into())]);
        assert_eq!(of("http_status"), [Value::Text("http://127.0.0.1:8080/health".into())]);
        assert_eq!(clauses(&Service::default(), &[]), ["signal_cleared()"]);
    }
}
