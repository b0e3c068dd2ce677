//! Landing, restoring and tidying up: binds `operations` to a mission as it stands.

use super::{
    candidates::evidence_of,
    site::{Site, candidate_of, permanent, team_of, transient},
};
use crate::{
    domain::{
        candidate::{CommitId, DiffStat, Evidence},
        ids::TeamId,
        request::Decision,
    },
    engine::{
        command::Outcome,
        effect::Failure,
        effect::{Effect, EffectKind},
        state::{Mission, State},
    },
    operations::{
        landing::{LandError, Landed, Landing, Target},
        message::{self, Story},
    },
    policy::protected::{Guard, Guards},
    runtime::supervisor::StopSign,
};
use futures::future::{BoxFuture, FutureExt};

pub(super) async fn land(site: &Site, effect: &Effect, stop: &StopSign) -> Result<Outcome, Failure> {
    let EffectKind::Land { team, attempt, plan } = &effect.kind else {
        return Err(permanent("this is no landing"));
    };
    let mission = site.mission(effect.mission)?;
    let (_, ruling) = mission.rulings.get(team).ok_or_else(|| permanent("there is no ruling for this"))?;
    if ruling.plan != *plan {
        return Err(permanent("the ruling is for another plan; nothing was landed"));
    }
    let workshop = site.workshop(&mission).await?;
    let candidate = candidate_of(&mission, *team, *attempt)?;
    let team_now = team_of(&mission, *team)?;
    let known = team_now.entry(*attempt);
    let known = known.and_then(|(_, evidence)| evidence.clone());
    let (message, guards) = {
        let state = site.lines.state.borrow();
        let guards = state.policy.protected.guards().map_err(permanent)?;
        (story(&state, &mission, *team, *attempt, effect)?, guards)
    };
    let guard = |stat: &DiffStat| protected(&guards, stat);
    let recheck = |commit: CommitId| -> BoxFuture<'_, Result<Evidence, String>> {
        let mission = &mission;
        async move {
            let evidence = evidence_of(site, effect, (mission, *team, *attempt), Some(commit), stop).await;
            evidence.map_err(|failure| failure.reason)
        }
        .boxed()
    };
    let branch = mission.brief.feature.as_ref().and_then(|feature| feature.branch.clone());
    let target = branch.map_or_else(|| site.rules.landing.clone(), Target::Named);
    let landing = Landing {
        workshop: &workshop,
        mission: mission.id,
        mark: &mark(&mission, effect),
        base: &candidate.base,
        candidate: &candidate.commit,
        target: &target,
        message: &message,
        guard: &guard,
        recheck: Some(&recheck),
        known: known.as_deref(),
    };
    match settle(&landing, effect).await? {
        Landed::Done(commit, branch) => Ok(Outcome::Landed(commit, branch)),
        Landed::Red(evidence) => Ok(Outcome::RecheckFailed(evidence)),
        Landed::Conflict(files, detail) => {
            let detail = site.lines.store.blobs().put(&detail).map_err(transient)?;
            Ok(Outcome::Conflicted(files, detail))
        }
    }
}

fn failed(error: LandError) -> Failure {
    match error {
        LandError::Moving(_) => transient(error),
        _ => permanent(error),
    }
}

fn protected(guards: &Guards, stat: &DiffStat) -> Vec<String> {
    let denied = |path: &String| match guards.check(path) {
        Guard::Denied(rule) => Some(format!("{path}: {rule}")),
        Guard::Free | Guard::ApprovalOnly(_) => None,
    };
    stat.files.iter().filter_map(denied).collect()
}

fn story(
    state: &State,
    mission: &Mission,
    team: TeamId,
    attempt: u32,
    effect: &Effect,
) -> Result<String, Failure> {
    let found = team_of(mission, team)?;
    let candidate = candidate_of(mission, team, attempt)?;
    let evidence = found.entry(attempt);
    let approved_by = state.decided.iter().rev().find_map(|(request, decision, _)| match decision {
        Decision::Approve { .. } | Decision::Modify { .. } if request.mission == mission.id => {
            Some(format!("{} ({})", request.id, request.subject.word()))
        }
        _ => None,
    });
    let story = Story {
        brief: &mission.brief.text,
        mission: mission.id.to_string(),
        candidate: &candidate,
        evidence: evidence.and_then(|(_, evidence)| evidence.as_deref()),
        author: if candidate.author.is_empty() {
            format!("{} ({})", found.spec.name, found.spec.model)
        } else {
            format!("{}, in the worktree of {}", candidate.author, found.spec.name)
        },
        approved_by: approved_by.unwrap_or_else(|| "the director's standing word".to_owned()),
        mark: &mark(mission, effect),
    };
    Ok(story.text())
}

/// A landed commit is undone on its branch; a candidate that never landed is put onto the current branch.
pub(super) async fn restore(site: &Site, effect: &Effect, commit: &CommitId) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    let workshop = site.workshop(&mission).await?;
    let guards = site.lines.state.borrow().policy.protected.guards().map_err(permanent)?;
    let guard = |stat: &DiffStat| protected(&guards, stat);
    let mut landed = mission.result.landed.iter().chain(&mission.result.restored);
    let (base, candidate, target) = match landed.find(|(landed, _)| landed == commit) {
        Some((_, branch)) => {
            let parent = workshop.parent_of(commit).await.map_err(permanent)?;
            (commit.clone(), parent, Target::Named(branch.clone()))
        }
        None => {
            let mut all = mission.teams.iter().flat_map(|team| &team.candidates);
            let found = all.find(|(candidate, _)| candidate.commit == *commit);
            let (candidate, _) =
                found.ok_or_else(|| permanent(format!("{commit} is no revision of {}", mission.id)))?;
            (candidate.base.clone(), commit.clone(), site.rules.landing.clone())
        }
    };
    let mark = mark(&mission, effect);
    let landing = Landing {
        workshop: &workshop,
        mission: mission.id,
        mark: &mark,
        base: &base,
        candidate: &candidate,
        target: &target,
        message: &message::restored(&mission.id.to_string(), &commit.0, &mark),
        guard: &guard,
        recheck: None,
        known: None,
    };
    match settle(&landing, effect).await? {
        Landed::Done(commit, branch) => Ok(Outcome::Landed(commit, branch)),
        Landed::Conflict(files, _) => Err(permanent(format!(
            "nothing was restored: what came later changed the same lines of {}; undo that first, or edit by hand",
            files.join(", ")
        ))),
        Landed::Red(_) => Err(permanent("a restore runs no checks")),
    }
}

/// How a landing is found again: the intent of the effect (a retry has the same) and when the mission was
/// opened, since another data directory may have a mission of the same number in this repository.
fn mark(mission: &Mission, effect: &Effect) -> String {
    let intent = effect.id.0.split('~').next().unwrap_or_default();
    format!("{intent}@{}", mission.opened.0)
}

/// Lands once: what may have happened before a crash is looked up first.
async fn settle(landing: &Landing<'_>, effect: &Effect) -> Result<Landed, Failure> {
    let before = if effect.unsure { landing.find().await.map_err(failed)? } else { None };
    match before {
        Some(landed) => Ok(landed),
        None => landing.land().await.map_err(failed),
    }
}

pub(super) async fn release(site: &Site, effect: &Effect) -> Result<Outcome, Failure> {
    let mission = site.mission(effect.mission)?;
    let workshop = site.workshop(&mission).await?;
    let kept = workshop.release(mission.id).await.map_err(permanent)?;
    // What a crash or another data directory's end left of earlier missions goes with it.
    site.tidy(&workshop).await;
    Ok(Outcome::Released(kept))
}
