//! The brief: clarify, plan, draft, check, judge, decide, land. Owns every transition of a director's brief;
//! never touches the world. Each step has its file; `advance` moves on when all teams have ended their part.

mod choice;
mod draft;
mod end;
mod land;
mod open;
mod prepare;
mod report;

pub(in crate::engine) use choice::{
    answer_choice, approve_waited, reconsider_all, reconsider_healing, rule_again,
};
pub(in crate::engine) use draft::{all as draft_all, draft as draft_one, halt, redraft, resume_over_budget};
pub use draft::{base_of, fallen};
pub(in crate::engine) use end::{end, may_reopen, reopen_with, time_out, without_candidate};
pub(in crate::engine) use land::{answer_conflict, may_land};
pub use open::working;
pub(in crate::engine) use open::{admit, command, open};
pub(in crate::engine) use report::{on_air, report, running, tried_again};

use crate::{
    domain::{
        brief::Approval,
        candidate::{Candidate, Evidence},
        digest::Digest,
        ids::{MissionId, TeamId},
        mission::Step,
        money::Money,
    },
    engine::{
        effect::EffectKind,
        event::MissionEvent,
        pen::Pen,
        playbook::feature::fitness,
        state::{Mission, Team, TeamPhase},
    },
};
use std::cmp::Reverse;

/// A team's candidate that is up for the decision: the current attempt, with its evidence.
#[must_use]
pub fn contender(team: &Team) -> Option<(&Candidate, &Evidence)> {
    let (candidate, evidence) = team.candidates.last()?;
    let evidence = evidence.as_ref()?;
    (team.phase == TeamPhase::Ready && candidate.attempt == team.attempt).then_some((candidate, evidence))
}

/// Contenders, best first: passed checks, judge's score, smaller diff, cheaper, team number.
#[must_use]
pub fn ranking(mission: &Mission) -> Vec<(TeamId, u32)> {
    let mut ranked: Vec<_> = mission
        .teams
        .iter()
        .filter_map(|team| contender(team).map(|found| (team, found)))
        .map(|(team, (candidate, evidence))| {
            let size = u64::from(candidate.stat.additions) + u64::from(candidate.stat.deletions);
            let price: Money = team.account.spent;
            let key = (
                Reverse(evidence.passed()),
                Reverse(score(mission, team.id, candidate.attempt)),
                size,
                price,
            );
            (key, team.id, candidate.attempt)
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, team, attempt)| (team, attempt)).collect()
}

/// Mean score of a candidate's verdicts, 0 to 100; `None`: nobody judged it.
#[must_use]
pub fn score(mission: &Mission, team: TeamId, attempt: u32) -> Option<u32> {
    let verdicts = &mission.judgement.as_ref()?.verdicts;
    let scores: Vec<u32> = verdicts
        .iter()
        .filter(|v| v.team == team && v.attempt == attempt)
        .map(|v| u32::from(v.score))
        .collect();
    let count = u32::try_from(scores.len()).ok().filter(|count| *count > 0)?;
    Some(scores.iter().sum::<u32>() / count)
}

/// Hash of exactly what landing this candidate means: what an approval approves.
#[must_use]
pub fn plan_digest(mission: &Mission, candidate: &Candidate) -> Digest {
    let target = mission.preparation.survey.as_ref().and_then(|s| s.branch.clone()).unwrap_or_default();
    let feature = mission.brief.feature.as_ref();
    let staged = feature.map(|f| [f.staging_url.as_str(), f.branch.as_deref().unwrap_or_default()]);
    let landed = Digest::of_parts(&[
        b"land",
        &mission.id.0.to_be_bytes(),
        &[candidate.team.0],
        &candidate.attempt.to_be_bytes(),
        &candidate.patch.0,
        candidate.base.0.as_bytes(),
        target.as_bytes(),
    ]);
    // For a feature the same deed also brings it to the staging environment.
    staged.map_or(landed, |[url, branch]| {
        Digest::of_parts(&[b"stage", &landed.0, url.as_bytes(), branch.as_bytes()])
    })
}

/// Moves from draft to check to judge as teams end; ends the mission when none has anything to show.
pub(in crate::engine) fn advance(pen: &mut Pen<'_>, id: MissionId) {
    let Ok(mission) = pen.live(id) else { return };
    let step = match mission.step {
        Some(step @ (Step::Draft | Step::Check)) => step,
        _ => return,
    };
    let any = |wanted: fn(&TeamPhase) -> bool| mission.teams.iter().any(|team| wanted(&team.phase));
    if any(|phase| matches!(phase, TeamPhase::Waiting | TeamPhase::Drafting | TeamPhase::TakenOver)) {
        return;
    }
    if fitness::any_unfit(&mission) {
        // Somebody goes on first.
        return;
    }
    if any(|phase| *phase == TeamPhase::Checking) {
        if step == Step::Draft {
            pen.mission_event(id, MissionEvent::StepEntered(Step::Check, mission.revision));
        }
        return;
    }
    let candidates: Vec<(TeamId, u32)> =
        mission.teams.iter().filter_map(contender).map(|(c, _)| (c.team, c.attempt)).collect();
    if candidates.is_empty() {
        return end::without_candidate(pen, id);
    }
    pen.mission_event(id, MissionEvent::StepEntered(Step::Judge, mission.revision));
    pen.want(id, EffectKind::Judge { candidates });
}

/// Whether the director gave a word beforehand that decides in place of a person.
fn standing_word(approve: &Approval) -> bool {
    matches!(approve, Approval::Best | Approval::Team(_))
}
