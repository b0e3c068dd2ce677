//! Carrying a plan out: prechecks, dry run, steps, and taking back. See [`super`] for what always holds.

use super::{
    asking::{Asked, Asking, Depth},
    ground::{Ground, Pace, Stop, stopped},
    outcome::{Broken, Done, Progress, Rehearsal, Rehearsed, Resumed, StepDone, Undone},
    running::{Failed, Ran, run},
};
use crate::domain::{
    runbook::{RunPlan, RunStep},
    time::Millis,
};
use futures::future::FutureExt as _;
use std::future::Future;
use tokio::time::Instant;

/// How long what was cut off is waited for at most, and how often it is asked about.
const PATIENCE_MOST: Millis = Millis::mins(5);
const ASK_EVERY: Millis = Millis::secs(5);

/// Carries a plan out to its end, or says how far it came.
///
/// # Errors
/// A precheck does not hold, the dry run or a step fails, or it is stopped.
pub async fn carry_out(
    plan: &RunPlan,
    ground: &Ground<'_>,
    stop: impl Future<Output = ()> + Send,
) -> Result<Done, Broken> {
    all(plan, ground, &stop.boxed().shared()).await
}

/// Goes on with a plan that was cut off by a crash. What had begun is never begun again: a command may outlive whoever
/// started it, and a service that is still on its way up looks as one that nobody started. It is looked, for as long as the
/// steps could take and the plan waits after them, whether what was to become true does.
///
/// # Errors
/// As [`carry_out`].
pub async fn resume(
    plan: &RunPlan,
    progress: &Progress,
    (ground, pace): (&Ground<'_>, &dyn Pace),
    stop: impl Future<Output = ()> + Send,
) -> Result<Resumed, Broken> {
    let stop = stop.boxed().shared();
    if progress.done.is_empty() && progress.begun.is_none() {
        return all(plan, ground, &stop).await.map(Resumed::Done);
    }
    if plan.steps.iter().all(|step| progress.done.contains(&step.id)) {
        return Ok(Resumed::Already);
    }
    let patience = Millis(plan.limits.timeout.0.saturating_add(plan.verify.after.0)).min(PATIENCE_MOST);
    let which = progress.begun.as_deref().map_or_else(String::new, |step| format!(" in step {step}"));
    (ground.tell)(&format!("it was cut off{which}: for {patience} it is only looked whether it took effect"));
    let mut open = took_effect(plan, (ground, pace), (patience, &stop)).await?;
    if open.is_empty() {
        (ground.tell)("what was to become true is true: nothing is done again");
        return Ok(Resumed::Already);
    }
    if let Some(begun) = &progress.begun {
        open.insert(0, format!("step {begun} had begun, and is not done twice"));
    }
    Ok(Resumed::Unclear(open))
}

/// Asks whether a plan took effect until it is seen that it did, or patience is over: then what is still open.
async fn took_effect(
    plan: &RunPlan,
    (ground, pace): (&Ground<'_>, &dyn Pace),
    (patience, stop): (Millis, &Stop<'_>),
) -> Result<Vec<String>, Broken> {
    let began = pace.now();
    loop {
        let answers = ask(plan.verify.all.iter().map(String::as_str), ground, stop).await?;
        let open: Vec<String> = answers.iter().filter(|asked| !asked.holds()).map(Asked::words).collect();
        let left = patience.0.saturating_sub(pace.now().0.saturating_sub(began.0));
        if open.is_empty() || left == 0 {
            return Ok(open);
        }
        tokio::select! {
            biased;
            () = stop.clone() => return Err(Broken::Stopped { step: None, done: Vec::new() }),
            () = pace.sleep(Millis(ASK_EVERY.0.min(left))) => {}
        }
    }
}

/// Tries every step out without doing it; a step that goes wrong does not end it.
pub async fn dry_run(
    plan: &RunPlan,
    ground: &Ground<'_>,
    stop: impl Future<Output = ()> + Send,
) -> Vec<Rehearsed> {
    let stop = stop.boxed().shared();
    let mut rehearsed = Vec::new();
    for step in &plan.steps {
        let outcome = match rehearse(plan, step, (ground, &stop)).await {
            Some(Ok(ran)) => Rehearsal::Well(ran.said),
            Some(Err(Failed::So(why))) => Rehearsal::Unexpected(why),
            Some(Err(Failed::Stopped)) => break,
            None => Rehearsal::Unsupported,
        };
        rehearsed.push(Rehearsed { step: step.id.clone(), run: step.run.clone(), outcome });
    }
    rehearsed
}

/// Takes back the steps of these ids, last first, as far as something takes them back. One that fails does not keep the
/// others from being taken back.
pub async fn take_back(
    plan: &RunPlan,
    done: &[String],
    ground: &Ground<'_>,
    stop: impl Future<Output = ()> + Send,
) -> Vec<Undone> {
    back(plan, done, ground, &stop.boxed().shared()).await
}

/// Whether every precheck of a plan is true now.
///
/// # Errors
/// One is not, or it is stopped.
pub async fn may_begin(
    plan: &RunPlan,
    ground: &Ground<'_>,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Broken> {
    begins(plan, ground, &stop.boxed().shared()).await
}

async fn begins(plan: &RunPlan, ground: &Ground<'_>, stop: &Stop<'_>) -> Result<(), Broken> {
    let answers = ask(plan.prechecks.iter().map(|precheck| precheck.expr.as_str()), ground, stop).await?;
    for (precheck, asked) in plan.prechecks.iter().zip(answers) {
        if !asked.holds() {
            return Err(Broken::NotNow { precheck: precheck.id.clone(), why: asked.words() });
        }
        (ground.tell)(&format!("precheck {} holds", precheck.id));
    }
    Ok(())
}

async fn all(plan: &RunPlan, ground: &Ground<'_>, stop: &Stop<'_>) -> Result<Done, Broken> {
    begins(plan, ground, stop).await?;
    for step in &plan.steps {
        match rehearse(plan, step, (ground, stop)).await {
            None => {}
            Some(Ok(_)) => (ground.tell)(&format!("step {}: the dry run went as expected", step.id)),
            Some(Err(Failed::So(why))) => return Err(Broken::Rehearsal { step: step.id.clone(), why }),
            Some(Err(Failed::Stopped)) => return Err(Broken::Stopped { step: None, done: Vec::new() }),
        }
    }
    steps(plan, ground, stop).await
}

/// Asks about now; nothing where it was stopped meanwhile.
async fn ask<'a>(
    texts: impl Iterator<Item = &'a str> + Send,
    ground: &Ground<'_>,
    stop: &Stop<'_>,
) -> Result<Vec<Asked>, Broken> {
    let mut asking = Asking::of(texts);
    tokio::select! {
        biased;
        () = stop.clone() => Err(Broken::Stopped { step: None, done: Vec::new() }),
        () = asking.look(ground.look) => Ok(asking.answers(Depth::Now)),
    }
}

/// `None`: it cannot be tried out.
async fn rehearse(
    plan: &RunPlan,
    step: &RunStep,
    at: (&Ground<'_>, &Stop<'_>),
) -> Option<Result<Ran, Failed>> {
    let argv = step.dry_run.as_ref()?;
    Some(match stopped(at.1) {
        true => Err(Failed::Stopped),
        false => run(argv, &step.expect_exit, plan.limits.timeout, at).await,
    })
}

async fn steps(plan: &RunPlan, ground: &Ground<'_>, stop: &Stop<'_>) -> Result<Done, Broken> {
    let began = Instant::now();
    let mut done: Vec<StepDone> = Vec::new();
    for step in &plan.steps {
        if stopped(stop) {
            return Err(Broken::Stopped { step: None, done });
        }
        let passed = Millis(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        let left = Millis(plan.limits.timeout.0.saturating_sub(passed.0));
        (ground.tell)(&format!("step {}: {}", step.id, step.run.join(" ")));
        let ran = match left {
            Millis(0) => Err(Failed::So(format!("no time is left of {}", plan.limits.timeout))),
            left => run(&step.run, &step.expect_exit, left, (ground, stop)).await,
        };
        match ran {
            Ok(Ran { exit, said, elapsed }) => {
                (ground.tell)(&format!("step {}: done in {elapsed}, exit status {exit}", step.id));
                done.push(StepDone { id: step.id.clone(), exit, said, elapsed });
            }
            Err(Failed::Stopped) => {
                (ground.tell)(&format!("step {}: stopped", step.id));
                return Err(Broken::Stopped { step: Some(step.id.clone()), done });
            }
            Err(Failed::So(why)) => {
                (ground.tell)(&format!("step {}: failed: {why}", step.id));
                // Not this step itself: whether it did anything is not known, and taking back what was never done can
                // take back something else, such as the release before.
                let ids: Vec<String> = done.iter().map(|step| step.id.clone()).collect();
                let undone = if plan.reversible { back(plan, &ids, ground, stop).await } else { Vec::new() };
                return Err(Broken::Step { step: step.id.clone(), why, done, undone });
            }
        }
    }
    Ok(Done { steps: done })
}

async fn back(plan: &RunPlan, done: &[String], ground: &Ground<'_>, stop: &Stop<'_>) -> Vec<Undone> {
    let mut undone = Vec::new();
    for step in plan.steps.iter().rev().filter(|step| done.contains(&step.id)) {
        let Some(argv) = &step.undo else { continue };
        (ground.tell)(&format!("step {}: taking back: {}", step.id, argv.join(" ")));
        let ran = match stopped(stop) {
            true => Err(Failed::Stopped),
            false => run(argv, &[0], plan.limits.timeout, (ground, stop)).await,
        };
        let failed = match ran {
            Ok(_) => None,
            Err(Failed::So(why)) => Some(why),
            Err(Failed::Stopped) => Some("stopped".to_owned()),
        };
        (ground.tell)(&match &failed {
            None => format!("step {}: taken back", step.id),
            Some(why) => format!("step {}: could not be taken back: {why}", step.id),
        });
        undone.push(Undone { id: step.id.clone(), failed });
    }
    undone
}
