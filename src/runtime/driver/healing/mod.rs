//! What is done about incidents: looking into one, carrying a runbook out, commissioning a fix, bringing it to the service,
//! proving that it helped, telling people. Each stands on the incident as the engine knows it; the plan is the one that
//! was ruled on, or nothing is done.

mod announce;
pub(in crate::runtime) mod channels;
mod commission;
mod delivery;
mod deploy;
mod ground;
mod inquiry;
mod outlook;
pub(in crate::runtime) mod rules;
mod scene;
#[cfg(test)]
mod tests;
mod witness;

use super::site::{Site, permanent};
use crate::{
    domain::{
        ids::IncidentId,
        incident::{Diagnosis, Mark, Remedy},
        runbook::{OnFail, RunPlan},
    },
    engine::{
        command::{Outcome, Verification},
        effect::{Effect, EffectKind, Failure},
        healing::ward::Incident,
    },
    monitor::investigate::{self, Findings, Means, scene::Scene},
    operations::runbooks::{
        self, Broken, Ground, Memory, Pace, Progress, Resumed, SteadyPace, Undone, Verdict,
    },
    runtime::supervisor::StopSign,
};
pub(super) use announce::announce;
use ground::{Lines, attempt_of, dir_of, incident_of, laid_down, service_of, stopped, telling};
use outlook::Outlook;

/// Other runbooks that are looked at where the first cannot begin now.
const OTHERS_MOST: usize = 4;

/// Looks into an incident: by rules, and by a model where they leave the cause open.
pub(super) async fn investigate(
    site: &Site,
    effect: &Effect,
    id: IncidentId,
    stop: &StopSign,
) -> Result<Outcome, Failure> {
    let incident = incident_of(site, id)?;
    if let Some(watch) = site.watch() {
        // What broke with a release is often seen before the release is.
        watch.ask_release(&service_of(site, &incident)).await;
    }
    let scene = scene::of(site, &incident);
    let means = Means::host().with(&laid_down(site)?.eyes.env);
    let looking = investigate::gather(&scene, &means);
    let findings = tokio::select! {
        findings = looking => findings,
        () = stop.raised() => return Err(stopped()),
    };
    let judged = tokio::select! {
        judged = judged(site, &incident, (&scene, &findings)) => judged?,
        () = stop.raised() => return Err(stopped()),
    };
    let seen = inquiry::Seen { incident: &incident, scene: &scene, findings: &findings };
    let diagnosis = tokio::select! {
        diagnosis = inquiry::deepen((site, effect, stop), seen, judged) => diagnosis,
        () = stop.raised() => return Err(stopped()),
    };
    Ok(Outcome::Diagnosed(Box::new(diagnosis)))
}

/// What rules make of it. Of the runbooks that fit, the first that could begin now; where none could, the first.
async fn judged(
    site: &Site,
    incident: &Incident,
    (scene, findings): (&Scene, &Findings),
) -> Result<Diagnosis, Failure> {
    let rules = laid_down(site)?;
    let service = service_of(site, incident);
    let (dir, outlook) = (dir_of(site, &service), Outlook::of(site, incident, service)?);
    let ground = Ground { dir: &dir, env: &rules.eyes.env, look: &outlook, tell: &|_| {} };
    let mut shelf = rules.runbooks.clone();
    let first = investigate::judge(scene, findings, &rules.rules, &shelf);
    let mut found = first.clone();
    for nth in 0..OTHERS_MOST {
        let Remedy::Runbook(plan) = &found.remedy else { break };
        shelf.retain(|runbook| runbook.id != plan.runbook);
        let next = investigate::judge(scene, findings, &rules.rules, &shelf);
        if nth == 0 && !matches!(next.remedy, Remedy::Runbook(_)) {
            // There is no other: nobody needs to look.
            break;
        }
        if runbooks::may_begin(plan, &ground, std::future::pending()).await.is_ok() {
            return Ok(found);
        }
        found = next;
    }
    Ok(first)
}

/// The plan that was ruled on.
fn plan_of(incident: &Incident, attempt: u32) -> Result<RunPlan, Failure> {
    match &attempt_of(incident, attempt)?.remedy {
        Remedy::Runbook(plan) => Ok((**plan).clone()),
        other => Err(permanent(format!("{} is no runbook", other.word()))),
    }
}

/// Carries a runbook out. After a crash the world is asked first, and what must not be done twice is not.
pub(super) async fn heal(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Heal { incident, attempt, plan: ruled } = &effect.kind else {
        return Err(permanent("there is nothing to carry out"));
    };
    let incident = incident_of(site, *incident)?;
    let plan = plan_of(&incident, *attempt)?;
    if plan.digest() != *ruled {
        return Err(permanent("the plan is not the one that was ruled on"));
    }
    let service = service_of(site, &incident);
    let dir = dir_of(site, &service);
    let outlook = Outlook::of(site, &incident, service)?;
    let env = laid_down(site)?.eyes.env.clone();
    let lines = Lines::default();
    let tell = |line: &str| lines.hear(line);
    let ground = Ground { dir: &dir, env: &env, look: &outlook, tell: &tell };
    let work = async {
        if effect.unsure {
            let first = plan.steps.first().map(|step| &step.id);
            let later = if plan.steps.len() > 1 { " or a later one" } else { "" };
            let begun = first.map(|step| format!("{step}{later}"));
            let progress = Progress { done: Vec::new(), begun };
            let pace = SteadyPace::begin();
            return runbooks::resume(&plan, &progress, (&ground, &pace), stop.raised()).await;
        }
        runbooks::carry_out(&plan, &ground, stop.raised()).await.map(Resumed::Done)
    };
    came_to(telling((site, effect), &lines, work).await, effect.unsure)
}

/// What carrying out came to. What may have begun before a crash was done, as far as anybody knows.
fn came_to(ended: Result<Resumed, Broken>, unsure: bool) -> Result<Outcome, Failure> {
    match ended {
        Ok(Resumed::Done(_) | Resumed::Already) => Ok(Outcome::Healed),
        Ok(Resumed::Unclear(why)) => Ok(Outcome::CutOff(why.join("; "))),
        Err(Broken::Stopped { .. }) => Err(stopped()),
        Err(broken) if !unsure && !broken.left_something() => Ok(Outcome::NotDone(broken.to_string())),
        Err(broken) if all_taken_back(&broken) => Ok(Outcome::TakenBack(broken.to_string())),
        Err(broken) => Err(permanent(broken)),
    }
}

fn all_taken_back(broken: &Broken) -> bool {
    let whole = |undone: &[Undone]| !undone.is_empty() && undone.iter().all(|step| step.failed.is_none());
    matches!(broken, Broken::Step { undone, .. } if whole(undone))
}

/// Sees whether a remedy helped; a runbook that says so is taken back if it did not.
pub(super) async fn verify(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Verify { incident, attempt } = &effect.kind else {
        return Err(permanent("there is nothing to verify"));
    };
    let incident = incident_of(site, *incident)?;
    let service = service_of(site, &incident);
    let plan = match plan_of(&incident, *attempt) {
        Ok(plan) => plan,
        Err(_) => deploy::proof(site, &incident, &service),
    };
    let dir = dir_of(site, &service);
    let before = attempt_of(&incident, *attempt)?;
    if effect.unsure && before.was_taken_back() {
        return Ok(Outcome::Verified(Verification::NotHelped(
            "it did not help, and everything ended while it was taken back: whether it was is not known"
                .into(),
        )));
    }
    let seen = |condition: &&String| before.marks.contains(&Mark::Held((*condition).clone()).bounded());
    let held: Vec<String> = plan.verify.all.iter().filter(seen).cloned().collect();
    let outlook = Outlook::of(site, &incident, service)?.since(before.began);
    let env = laid_down(site)?.eyes.env.clone();
    let lines = Lines::default();
    let tell = |line: &str| lines.hear(line);
    let ground = Ground { dir: &dir, env: &env, look: &outlook, tell: &tell };
    let work = async {
        let keep = |condition: &str| lines.mark(Mark::Held(condition.to_owned()));
        let memory = Memory { held: &held, keep: &keep };
        let at: (_, &dyn Pace) = (&ground, &SteadyPace::begin());
        let verdict = runbooks::verify(&plan, at, &memory, stop.raised()).await;
        let (Verdict::NotHelped(why), OnFail::Rollback) = (&verdict, plan.verify.on_fail) else {
            return Ok(verdict);
        };
        if plan.steps.iter().any(|step| step.undo.is_some()) {
            ground::mark((site, effect), Mark::TakingBack).await?;
        }
        let all: Vec<String> = plan.steps.iter().map(|step| step.id.clone()).collect();
        let undone = runbooks::take_back(&plan, &all, &ground, stop.raised()).await;
        let mut why = why.clone();
        why.extend(undone.iter().map(|step| match &step.failed {
            None => format!("{} was taken back", step.id),
            Some(failed) => format!("{} could not be taken back: {failed}", step.id),
        }));
        Ok(Verdict::NotHelped(why))
    };
    let verdict = telling((site, effect), &lines, work).await?;
    Ok(Outcome::Verified(match verdict {
        Verdict::Helped => Verification::Helped,
        Verdict::NotHelped(why) => Verification::NotHelped(why.join("; ")),
        Verdict::Unknown(why) => Verification::Unknown(why.join("; ")),
    }))
}

pub(super) async fn commission(site: &Site, effect: &Effect) -> Result<Outcome, Failure> {
    commission::commission(site, effect).await
}

pub(super) async fn deploy(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    deploy::deploy(site, effect, stop).await
}
