//! Bringing what landed to its service, watching it, and taking it back where it is worse than before. What cannot be told
//! is said and never counts as good; it never takes anything back by itself either.

use super::{
    super::site::{Site, permanent},
    ground::{Lines, PROOF_WINDOW, dir_of, incident_of, laid_down, service_of, stopped, telling},
    outlook::Outlook,
};
use crate::{
    domain::{
        expr::{Call, Value},
        runbook::RunPlan,
        service::{Release, Service},
        time::Millis,
    },
    engine::{
        command::Outcome,
        effect::{Effect, EffectKind, Failure},
        healing::ward::Incident,
    },
    operations::{
        releases,
        runbooks::{self, Broken, Ground, Looking as _, Pace as _, SteadyPace},
    },
    policy::{
        healing::Soak,
        judgement::{
            normal::Share,
            soaking::{Arm, Load, Process, Soaking, Tick},
            verdict::{self, Judgement, Next},
        },
    },
    runtime::supervisor::StopSign,
};

/// Seconds of an hour: how far back the baseline reaches.
const BASELINE_S: f64 = 3_600.0;

/// How it is known that a change of code helped, where no runbook lays that down.
pub(super) fn proof(site: &Site, incident: &Incident, service: &Service) -> RunPlan {
    let window = site.lines.state.borrow().policy.healing.grouping.resolve_after.max(PROOF_WINDOW);
    let checked = site.watch().is_some_and(|watch| {
        use crate::domain::probe::Source;
        let speaks = |source: &Source| {
            matches!(source, Source::File { .. } | Source::Command { .. } | Source::Webhook { .. })
        };
        watch.probes_of(&incident.service).any(|probe| !speaks(&probe.source))
    });
    let clauses = clauses(service, checked);
    let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
    releases::verification(service, releases::proof(&clauses, window))
}

/// What must hold; nothing is filled in later, so it names the service itself.
fn clauses(service: &Service, checked: bool) -> Vec<String> {
    let healthy = checked.then(|| format!("health({:?}) == ok for 2 checks", service.name));
    let answers = service.health.as_ref().map(|url| format!("http_status({url:?}) < 400"));
    [Some("signal_cleared()".to_owned()), healthy, answers].into_iter().flatten().collect()
}

pub(super) async fn deploy(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Deploy { incident, .. } = &effect.kind else {
        return Err(permanent("there is nothing to deploy"));
    };
    let incident = incident_of(site, *incident)?;
    let service = service_of(site, &incident);
    let Some(release) = service.release.clone() else {
        // What landed is all there is to do: the director releases it.
        return Ok(Outcome::Deployed);
    };
    if effect.unsure {
        // Half a deployment must not be done twice: whether the service is well is asked next.
        return Ok(Outcome::Deployed);
    }
    let outlook = Outlook::of(site, &incident, service.clone())?;
    let env = laid_down(site)?.eyes.env.clone();
    let dir = dir_of(site, &service);
    let soak = site.lines.state.borrow().policy.healing.soak.clone();
    let lines = Lines::default();
    let tell = |line: &str| lines.hear(line);
    let ground = Ground { dir: &dir, env: &env, look: &outlook, tell: &tell };
    let delivery = Delivery { service: &service, release: &release, ground, soak: &soak, outlook: &outlook };
    telling((site, effect), &lines, delivery.make(stop)).await
}

struct Delivery<'a> {
    service: &'a Service,
    release: &'a Release,
    ground: Ground<'a>,
    soak: &'a Soak,
    outlook: &'a Outlook,
}

impl Delivery<'_> {
    async fn make(&self, stop: &StopSign) -> Result<Outcome, Failure> {
        let previous = self.previous(stop).await?;
        let plan = releases::delivery(self.service, self.release, previous.as_deref()).map_err(permanent)?;
        let before = self.baseline().await;
        match runbooks::carry_out(&plan, &self.ground, stop.raised()).await {
            Ok(_) => {}
            Err(Broken::Stopped { .. }) => return Err(stopped()),
            Err(broken) => {
                // The old one may be half gone: the way back is taken if there is one.
                let words = broken.to_string();
                return self.back(&plan, &words, stop).await;
            }
        }
        let judgement = tokio::select! {
            judgement = self.watch(before) => judgement,
            () = stop.raised() => return Err(stopped()),
        };
        let reasons = judgement.reasons().join("; ");
        (self.ground.tell)(&format!("watched: {}: {reasons}", judgement.verdict.word()));
        (self.ground.tell)(&judgement.detectable);
        match verdict::next(judgement.verdict, self.soak, self.soak.duration, self.soak.extensions) {
            Next::RollBack => self.back(&plan, &reasons, stop).await,
            // There is one place and it is in place there: whether it healed the incident is proven next.
            Next::Promote | Next::Extend(_) | Next::NeedsHuman => Ok(Outcome::Deployed),
        }
    }

    async fn previous(&self, stop: &StopSign) -> Result<Option<String>, Failure> {
        let Some(question) = releases::question(self.service, self.release) else { return Ok(None) };
        match runbooks::carry_out(&question, &self.ground, stop.raised()).await {
            Ok(done) => Ok(done.steps.first().map(|step| step.said.trim().to_owned())),
            Err(Broken::Stopped { .. }) => Err(stopped()),
            Err(broken) => Err(permanent(format!("what is deployed could not be asked: {broken}"))),
        }
    }

    async fn back(&self, plan: &RunPlan, why: &str, stop: &StopSign) -> Result<Outcome, Failure> {
        let deployed = [releases::DEPLOY.to_owned()];
        let undone = runbooks::take_back(plan, &deployed, &self.ground, stop.raised()).await;
        match undone.first() {
            Some(step) if step.failed.is_none() => Ok(Outcome::TakenBack(why.to_owned())),
            Some(step) => {
                let failed = step.failed.as_deref().unwrap_or_default();
                Err(permanent(format!("{why}; AND IT COULD NOT BE TAKEN BACK: {failed}")))
            }
            None => Err(permanent(format!("{why}; nothing takes it back (release.rollback is not set)"))),
        }
    }

    /// What is known of the time before the incident.
    async fn baseline(&self) -> Arm {
        let (rate, errors) = (self.number("request_rate").await, self.number("baseline").await);
        let (Some(rate), Some(share)) = (rate, errors) else { return Arm::default() };
        let all = rate * BASELINE_S;
        Arm { errors: Share { bad: all * share, all }, ..Arm::default() }
    }

    async fn watch(&self, before: Arm) -> Judgement {
        let pace = SteadyPace::begin();
        let mut seen = Soaking::against(before);
        let mut planned = self.soak.duration;
        let mut extended = 0;
        loop {
            pace.sleep(self.soak.sample).await;
            let tick = self.tick(pace.now()).await;
            seen.take(&tick, self.soak);
            if let Some(judgement) = verdict::early(&seen, self.soak) {
                return judgement;
            }
            if pace.now() < planned {
                continue;
            }
            let judgement = verdict::judge(&seen, self.soak, None);
            match verdict::next(judgement.verdict, self.soak, self.soak.duration, extended) {
                Next::Extend(more) => {
                    (self.ground.tell)(&format!("watched for {planned}, which does not tell: {more} more"));
                    planned = Millis(planned.0.saturating_add(more.0));
                    extended += 1;
                }
                _ => return judgement,
            }
        }
    }

    async fn tick(&self, since: Millis) -> Tick {
        let health = match &self.service.health {
            Some(url) => vec![self.is_well(url).await],
            None => Vec::new(),
        };
        let rate = self.number("request_rate").await;
        let candidate = match (rate, self.number("error_rate").await) {
            (Some(rate), Some(share)) => {
                let requests = rate * self.soak.sample.0 as f64 / 1_000.0;
                Some(Load { requests, errors: requests * share, latencies_ms: Vec::new() })
            }
            _ => None,
        };
        Tick { since, candidate, health, process: Process::Unknown, ..Tick::default() }
    }

    async fn is_well(&self, url: &str) -> bool {
        let call = Call::new("http_status", vec![Value::Text(url.to_owned())]);
        matches!(self.outlook.look(&call).await, Some(Value::Number(status)) if (200.0..400.0).contains(&status))
    }

    async fn number(&self, name: &str) -> Option<f64> {
        match self.outlook.look(&Call::new(name, Vec::new())).await {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expr::{Value, parse};

    #[test]
    fn the_proof_of_a_change_names_its_service_and_address() {
        let health = Some("http://127.0.0.1:8080/health".to_owned());
        let service = Service { name: "shop".into(), health, ..Service::default() };
        let said: Vec<_> =
            clauses(&service, true).iter().flat_map(|clause| parse(clause).unwrap().calls()).collect();
        let of = |name: &str| said.iter().find(|call| call.name == name).unwrap().args.clone();
        assert_eq!(of("health"), [Value::Text("shop".into())]);
        assert_eq!(of("http_status"), [Value::Text("http://127.0.0.1:8080/health".into())]);
        assert_eq!(clauses(&Service::default(), false), ["signal_cleared()"]);
    }
}
