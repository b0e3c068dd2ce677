//! The world outside of the core: repositories and services that remember across crashes, and everything that goes wrong.
//!
//! - here: what is asked of the world, its faults, what a crash and a halt leave behind;
//! - `workshop`: candidates, checks, judges; `purse`: calls that cost money;
//! - `services`: what is sick and what probes see of it; `inquiry`: who says why; `deeds`: what is done about it.

mod deeds;
mod inquiry;
pub(super) mod purse;
pub(super) mod services;
mod workshop;

pub(super) use deeds::touch;
pub(in crate::engine) use workshop::{evidence, survey};

use super::Run;
use crate::{
    domain::{
        candidate::{Candidate, CommitId},
        digest::Digest,
        ids::{CallId, MissionId, Revision, TeamId},
        money::Money,
        plan::Survey,
    },
    engine::{
        command::{Outcome, Verification},
        effect::intent,
        effect::{Effect, EffectKind},
        effect::{Failure, FailureKind},
        state::State,
    },
};
use services::Services;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct World {
    /// Commits on target branches, by the intent that made them.
    commits: BTreeMap<String, CommitId>,
    landed: BTreeSet<MissionId>,
    /// Candidates in which the end-to-end test is another than the one that stands.
    tampered: BTreeSet<String>,
    /// How often the target moved; its commit is `base-<n>`.
    tip: u64,
    /// Calls of the living process.
    pub(super) calls: Vec<(CallId, Money)>,
    pub(super) services: Services,
}

impl World {
    /// Makes the commit; whatever the core did before, this may happen once and only with clean paths.
    pub(super) fn land(&mut self, state: &State, effect: &Effect) -> CommitId {
        let EffectKind::Land { team, attempt, .. } = &effect.kind else { unreachable!("only landings") };
        let mission = &state.missions[&effect.mission];
        let found = mission.teams.iter().find(|t| t.id == *team).unwrap();
        let (candidate, _) = found.candidates.iter().find(|(c, _)| c.attempt == *attempt).unwrap();
        for path in &candidate.stat.files {
            assert!(!workshop::PROTECTED.contains(&path.as_str()), "{path} is protected, and lands");
        }
        assert!(!self.tampered.contains(&candidate.commit.0), "{} lands with another test", effect.mission);
        assert!(self.landed.insert(effect.mission), "{} is applied to the world twice", effect.mission);
        let commit = CommitId(format!("landed-{}", effect.id));
        assert!(self.commits.insert(intent(&effect.id).to_owned(), commit.clone()).is_none());
        commit
    }

    /// What a driver that is unsure finds out before it does anything.
    pub(super) fn landed_before(&self, effect: &Effect) -> Option<&CommitId> {
        self.commits.get(intent(&effect.id)).filter(|_| effect.unsure)
    }

    pub(super) fn turn(&mut self, turn: u32) -> Outcome {
        Outcome::Turn { turn, transcript: Digest::default(), commit: Some(CommitId(format!("turn-{turn}"))) }
    }
}

impl Run {
    /// The driver ends what runs for a mission or a team, and says so for each.
    pub(super) fn halt(&mut self, mission: MissionId, team: Option<TeamId>) {
        let of = |effect: &Effect| match &effect.kind {
            EffectKind::Draft { team: t, .. }
            | EffectKind::Collect { team: t, .. }
            | EffectKind::Adopt { team: t, .. }
            | EffectKind::Resurvey { team: t, .. }
            | EffectKind::Lend { team: t }
            | EffectKind::Check { team: t, .. } => team.is_none() || team == Some(*t),
            EffectKind::Halt { .. } => false,
            _ => team.is_none(),
        };
        let (gone, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.running).into_iter().partition(|(e, _)| e.mission == mission && of(e));
        self.running = left;
        for (effect, _) in gone {
            let failure = Failure { kind: FailureKind::Cancelled, reason: "halted".into() };
            self.report(crate::engine::command::Report {
                effect: effect.id,
                outcome: Outcome::Failed(failure),
            });
        }
    }
}

/// What the world answers to an effect, faults included.
pub(super) fn outcome(run: &mut Run, effect: &Effect) -> Outcome {
    if let Some(commit) = run.world.landed_before(effect) {
        return Outcome::Landed(commit.clone(), "main".into());
    }
    if run.faults
        && run.dice.pct(18)
        && let Some(failure) = fault(run, &effect.kind)
    {
        return Outcome::Failed(failure);
    }
    match &effect.kind {
        EffectKind::Survey | EffectKind::Resurvey { .. } => {
            let base = CommitId(format!("base-{}", run.world.tip));
            Outcome::Surveyed(Box::new(Survey { base, ..workshop::survey() }))
        }
        EffectKind::Clarify => Outcome::Asked(workshop::questions(run)),
        EffectKind::Plan => Outcome::Planned(Box::new(workshop::plan())),
        EffectKind::Draft { team, attempt, based_on, .. }
        | EffectKind::Collect { team, attempt, based_on }
        | EffectKind::Adopt { team, attempt, based_on, .. } => {
            let stale = run.faults && run.dice.pct(6);
            let based_on = if stale { Revision(based_on.0.saturating_sub(1)) } else { *based_on };
            let made = workshop::candidate(run, (*team, *attempt, based_on));
            let mission = &run.state.missions[&effect.mission];
            let start = mission.teams.iter().find(|t| t.id == *team).and_then(|t| t.base.clone());
            let astray = run.faults && run.dice.pct(3);
            let base = if astray { CommitId("another".into()) } else { start.unwrap() };
            let made = Candidate { base, ..made };
            Outcome::Drafted(Box::new(workshop::featured(run, effect.mission, made)))
        }
        EffectKind::Lend { .. } => Outcome::Lent("/data/worktrees/M-1/T-1/tree".into()),
        EffectKind::Check { .. } if workshop::writes_test(run, effect.mission) => {
            let passes = run.faults && run.dice.pct(20);
            Outcome::Checked(Box::new(workshop::evidence(passes)))
        }
        EffectKind::Check { .. } => {
            let green = run.dice.pct(80);
            Outcome::Checked(Box::new(workshop::evidence(green)))
        }
        EffectKind::Judge { candidates } => {
            let verdicts =
                candidates.iter().map(|(team, attempt)| workshop::verdict(run, *team, *attempt)).collect();
            Outcome::Judged(verdicts, vec![])
        }
        EffectKind::Land { .. } => match run.dice.below(9) {
            0..=1 if run.faults => {
                run.world.tip += 1;
                Outcome::Conflicted(vec!["src/a.rs".into()], Digest::of(b"both"))
            }
            2 if run.faults => Outcome::RecheckFailed(Box::new(workshop::evidence(false))),
            _ => Outcome::Landed(run.world.land(&run.state, effect), "main".into()),
        },
        EffectKind::Stage { .. } => Outcome::Staged,
        EffectKind::Validate { .. } => {
            let passes = run.dice.pct(80);
            Outcome::Validated(Box::new(workshop::evidence(passes).checks[0].after.clone()))
        }
        EffectKind::Restore { commit } => Outcome::Landed(CommitId(format!("again-{commit}")), "main".into()),
        EffectKind::Halt { .. } => Outcome::Halted,
        EffectKind::Release => Outcome::Released(vec![]),
        EffectKind::Suggest { .. } => Outcome::Suggested(vec![]),
        EffectKind::Announce { incident, .. } => {
            Outcome::Announced(Some(format!("thread of {incident}")), String::new())
        }
        EffectKind::Investigate { incident } => inquiry::look(run, effect, *incident),
        EffectKind::Heal { .. } => deeds::heal(run, effect),
        EffectKind::Commission { .. } => deeds::commission(run, effect),
        EffectKind::Deploy { .. } => deeds::deploy(run, effect),
        EffectKind::TakeBack { .. } => deeds::take_back(run),
        EffectKind::Verify { .. } => deeds::verify(run, effect),
    }
}

/// What comes late of something that was ended: good news that is none any more.
pub(super) fn late(run: &mut Run, effect: &Effect) -> Outcome {
    match &effect.kind {
        EffectKind::Investigate { incident } => inquiry::late(run, *incident),
        EffectKind::Heal { .. } => Outcome::Healed,
        EffectKind::Commission { .. } => deeds::commission(run, effect),
        EffectKind::Deploy { .. } => Outcome::Deployed,
        EffectKind::TakeBack { .. } => Outcome::TakenBack("late".into()),
        EffectKind::Verify { .. } => Outcome::Verified(Verification::Helped),
        _ => Outcome::Announced(None, String::new()),
    }
}

fn fault(run: &mut Run, kind: &EffectKind) -> Option<Failure> {
    let kind = match run.dice.below(6) {
        0..=2 => FailureKind::Transient,
        3 => FailureKind::Permanent,
        _ if matches!(kind, EffectKind::Draft { .. }) => FailureKind::NeedsBudget(Money::usd(7)),
        _ if matches!(kind, EffectKind::Judge { .. }) => FailureKind::OverBudget,
        _ => return None,
    };
    Some(Failure { kind, reason: "a fault of the world".into() })
}
