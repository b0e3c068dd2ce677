//! What is done about what is sick: runbooks that help, fail, lie or are taken back; fixes that are commissioned; a target
//! that says "deployed" and is not; and whoever looks afterwards whether it helped, by looking.

use super::services::{Cure, Place, place_of, service};
use crate::{
    domain::{
        brief::{Approval, Brief},
        digest::Digest,
        ids::IncidentId,
        incident::Remedy,
        runbook::{RunPlan, RunStep, RunbookAutonomy},
        time::Millis,
    },
    engine::{
        command::{Outcome, Verification},
        effect::{Effect, EffectKind, Failure, FailureKind},
        healing::tests,
        simulation::{Run, brief},
    },
};

pub(super) fn restart(place: Place) -> Remedy {
    // One of them may act by itself, one waits, one has no dry run, one does so at level 3 only.
    let (tier, dry_run, levels) = match place.0 {
        0 => (2, true, vec![2, 3]),
        1 => (1, false, vec![2, 3]),
        3 => (1, true, vec![3]),
        _ => (1, true, vec![2, 3]),
    };
    runbook("restart-process", format!("service {}", service(place)), (tier, dry_run, levels))
}

pub(super) fn sweep(place: Place) -> Remedy {
    // Two services share a disk.
    let target = if place.0 < 3 { "disk one".to_owned() } else { format!("disk of {}", service(place)) };
    runbook("sweep-disk", target, (if place.0 == 4 { 3 } else { 1 }, true, vec![2, 3]))
}

fn runbook(id: &str, target: String, (tier, dry_run, levels): (u8, bool, Vec<u8>)) -> Remedy {
    let argv = vec!["do".to_owned(), target.clone()];
    let step = RunStep {
        id: "do".into(),
        run: argv.clone(),
        dry_run: dry_run.then_some(argv),
        expect_exit: vec![0],
        undo: None,
    };
    Remedy::Runbook(Box::new(RunPlan {
        runbook: id.into(),
        summary: id.into(),
        target,
        steps: vec![step],
        autonomy: RunbookAutonomy { levels, business_hours: false, environments: vec![] },
        ..tests::plan(tier)
    }))
}

/// The deed reaches the world, whatever is said of it afterwards. No deed does so twice.
pub(in crate::engine::simulation) fn touch(run: &mut Run, effect: &Effect) {
    let (EffectKind::Heal { incident, attempt, .. } | EffectKind::Deploy { incident, attempt, .. }) =
        &effect.kind
    else {
        return;
    };
    let services = &mut run.world.services;
    assert!(services.done.insert(effect.id.clone()), "{} is done to the world twice", effect.id);
    let Some(place) = place_of(&run.state, *incident) else { return };
    let known = &run.state.ward.incidents[incident];
    let Some(deed) = known.attempts.iter().find(|known| known.number == *attempt) else { return };
    let helps = match (&deed.remedy, services.cure(place)) {
        (Remedy::Runbook(plan), Some(Cure::Restart | Cure::Flaky)) => plan.runbook == "restart-process",
        (Remedy::Runbook(plan), Some(Cure::Sweep)) => plan.runbook == "sweep-disk",
        (Remedy::Code(_) | Remedy::Revert(_), Some(Cure::Fix)) => run.dice.pct(80),
        _ => false,
    };
    if helps {
        services.mend(place);
    }
    if let EffectKind::Deploy { commit, .. } = &effect.kind {
        services.running.insert(service(place).to_owned(), commit.clone());
        if run.faults && run.dice.pct(15) {
            services.break_down(&mut run.dice);
        }
    }
}

/// What is asked of the world when nobody knows how far a deed came.
fn cut_off(run: &mut Run, effect: &Effect) -> Option<Outcome> {
    if !effect.unsure {
        return None;
    }
    run.laws.count("crash in a remedy");
    if run.world.services.done.contains(&effect.id) && run.dice.pct(70) {
        return Some(Outcome::Healed);
    }
    Some(Outcome::CutOff("the service does not answer".into()))
}

fn failed(kind: FailureKind, reason: &str) -> Outcome {
    Outcome::Failed(Failure { kind, reason: reason.into() })
}

pub(super) fn heal(run: &mut Run, effect: &Effect) -> Outcome {
    if let Some(outcome) = cut_off(run, effect) {
        return outcome;
    }
    match if run.faults { run.dice.below(14) } else { 13 } {
        0 => failed(FailureKind::Permanent, "a step failed"),
        12 => Outcome::NotDone("nothing was done: a precheck does not hold".into()),
        1 => Outcome::TakenBack("a step failed".into()),
        // It says so, and nothing happened.
        2 => Outcome::Healed,
        3 => {
            touch(run, effect);
            failed(FailureKind::Transient, "the line was cut")
        }
        _ => {
            touch(run, effect);
            Outcome::Healed
        }
    }
}

pub(super) fn commission(run: &mut Run, effect: &Effect) -> Outcome {
    let EffectKind::Commission { incident, attempt, .. } = &effect.kind else {
        unreachable!("only commissions")
    };
    let known = run.state.ward.incidents.get(incident);
    let deed = known.and_then(|known| known.attempts.iter().find(|known| known.number == *attempt));
    let Some(remedy) = deed.map(|deed| deed.remedy.clone()) else {
        return failed(FailureKind::Permanent, "there is no such attempt");
    };
    let timeout = run.dice.pct(30).then(|| Millis::mins(60));
    let teams =
        if matches!(remedy, Remedy::Revert(_)) && run.dice.pct(90) { 1 } else { 1 + run.dice.below(2) };
    let wanted = brief(teams, Approval::Ask, timeout);
    let patch = matches!(remedy, Remedy::Revert(_)).then(|| Digest::of(b"the way back"));
    let text = if run.faults && run.dice.pct(5) { String::new() } else { wanted.text.clone() };
    Outcome::Commissioned(Box::new(Brief { text, patch, priority: 8, ..wanted }))
}

pub(super) fn deploy(run: &mut Run, effect: &Effect) -> Outcome {
    if run.attempt(effect).is_some_and(|attempt| attempt.was_undecided()) {
        // Whoever watches it on has one thing to say.
        return Outcome::TakenBack("it got worse".into());
    }
    run.laws.healing.tells(&effect.id, true);
    if effect.unsure {
        // Half a deployment must not be done twice: whether the service is well is asked next.
        return Outcome::Deployed;
    }
    match if run.faults { run.dice.below(10) } else { 9 } {
        0 => failed(FailureKind::Permanent, "the build fails"),
        1 => Outcome::TakenBack("it was worse than before".into()),
        // The target says that it is done, and runs what it ran before.
        2 | 3 => Outcome::Deployed,
        _ => {
            touch(run, effect);
            Outcome::Deployed
        }
    }
}

pub(super) fn take_back(run: &mut Run) -> Outcome {
    if run.faults && run.dice.pct(20) {
        return failed(FailureKind::Permanent, "it could not be taken back");
    }
    Outcome::TakenBack("a person did not keep it".into())
}

/// Somebody looks.
pub(super) fn verify(run: &mut Run, effect: &Effect) -> Outcome {
    let EffectKind::Verify { incident, .. } = &effect.kind else { unreachable!("only verifications") };
    let well = is_well(run, *incident);
    run.laws.healing.looked(&effect.id, well);
    if run.faults && run.dice.pct(10) {
        return Outcome::Verified(Verification::Unknown("there is no data".into()));
    }
    Outcome::Verified(if well { Verification::Helped } else { Verification::NotHelped("still sick".into()) })
}

fn is_well(run: &Run, incident: IncidentId) -> bool {
    place_of(&run.state, incident).is_some_and(|place| run.world.services.cure(place).is_none())
}
