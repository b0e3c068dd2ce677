//! The world outside of the core: repositories that remember across crashes, and everything that goes wrong.

use super::Run;
use crate::{
    domain::{
        brief::{AnswerForm, Question},
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence, Verdict,
        },
        digest::Digest,
        ids::{CallId, MissionId, Revision, TeamId},
        money::{Cost, Money, Usage},
        plan::{Plan, Survey},
        request::Actor,
        team::{ModelRef, Vendor},
        time::Millis,
    },
    engine::{
        command::{Command, MoneyCommand, Outcome},
        effect::intent,
        effect::{Effect, EffectKind},
        effect::{Failure, FailureKind},
        state::State,
    },
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct World {
    /// Commits on target branches, by the intent that made them.
    commits: BTreeMap<String, CommitId>,
    landed: BTreeSet<MissionId>,
    /// How often the target moved; its commit is `base-<n>`.
    tip: u64,
    /// Calls of the living process.
    pub(super) calls: Vec<(CallId, Money)>,
}

const PROTECTED: [&str; 3] = ["db/migrations/1.sql", ".github/workflows/ci.yml", "sub/.git/config"];

impl World {
    /// Makes the commit; whatever the core did before, this may happen once and only with clean paths.
    pub(super) fn land(&mut self, state: &State, effect: &Effect) -> CommitId {
        let EffectKind::Land { team, attempt, .. } = &effect.kind else { unreachable!("only landings") };
        let mission = &state.missions[&effect.mission];
        let found = mission.teams.iter().find(|t| t.id == *team).unwrap();
        let (candidate, _) = found.candidates.iter().find(|(c, _)| c.attempt == *attempt).unwrap();
        for path in &candidate.stat.files {
            assert!(!PROTECTED.contains(&path.as_str()), "{path} is protected, and lands");
        }
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
            Outcome::Surveyed(Box::new(Survey { base, ..survey() }))
        }
        EffectKind::Clarify => Outcome::Asked(questions(run)),
        EffectKind::Plan => Outcome::Planned(Box::new(Plan {
            goal: "goal".into(),
            steps: vec!["one".into()],
            files: vec![],
            confidence: 90,
            by: "orchestrator".into(),
        })),
        EffectKind::Draft { team, attempt, based_on, .. }
        | EffectKind::Collect { team, attempt, based_on }
        | EffectKind::Adopt { team, attempt, based_on, .. } => {
            let stale = run.faults && run.dice.pct(6);
            let based_on = if stale { Revision(based_on.0.saturating_sub(1)) } else { *based_on };
            let made = candidate(run, (*team, *attempt, based_on));
            let mission = &run.state.missions[&effect.mission];
            let start = mission.teams.iter().find(|t| t.id == *team).and_then(|t| t.base.clone());
            let astray = run.faults && run.dice.pct(3);
            let base = if astray { CommitId("another".into()) } else { start.unwrap() };
            Outcome::Drafted(Box::new(Candidate { base, ..made }))
        }
        EffectKind::Lend { .. } => Outcome::Lent("/data/worktrees/M-1/T-1/tree".into()),
        EffectKind::Check { .. } => {
            let green = run.dice.pct(80);
            Outcome::Checked(Box::new(evidence(green)))
        }
        EffectKind::Judge { candidates } => {
            let verdicts = candidates.iter().map(|(team, attempt)| verdict(run, *team, *attempt)).collect();
            Outcome::Judged(verdicts, vec![])
        }
        EffectKind::Land { .. } => match run.dice.below(10) {
            0 if run.faults => {
                run.world.tip += 1;
                Outcome::Conflicted(vec!["src/a.rs".into()], Digest::of(b"both"))
            }
            1 if run.faults => Outcome::RecheckFailed(Box::new(evidence(false))),
            _ => Outcome::Landed(run.world.land(&run.state, effect), "main".into()),
        },
        EffectKind::Restore { commit } => Outcome::Landed(CommitId(format!("again-{commit}")), "main".into()),
        EffectKind::Halt { .. } => Outcome::Halted,
        EffectKind::Release => Outcome::Released(vec![]),
        EffectKind::Suggest { .. } => Outcome::Suggested(vec![]),
        EffectKind::Announce { .. } => Outcome::Announced,
        EffectKind::Investigate { .. }
        | EffectKind::Heal { .. }
        | EffectKind::Commission { .. }
        | EffectKind::Deploy { .. }
        | EffectKind::Verify { .. } => {
            Outcome::Failed(Failure { kind: FailureKind::Permanent, reason: "no such thing here".into() })
        }
    }
}

fn fault(run: &mut Run, kind: &EffectKind) -> Option<Failure> {
    let kind = match run.dice.below(6) {
        0..=2 => FailureKind::Transient,
        3 => FailureKind::Permanent,
        _ if matches!(kind, EffectKind::Draft { .. } | EffectKind::Judge { .. }) => FailureKind::OverBudget,
        _ => return None,
    };
    Some(Failure { kind, reason: "a fault of the world".into() })
}

pub(in crate::engine) fn survey() -> Survey {
    Survey {
        base: CommitId("base".into()),
        branch: Some("main".into()),
        language: "rust".into(),
        checks: vec![],
        files: 10,
        instructions: vec![],
        dirty: 0,
        similar: vec![],
    }
}

fn questions(run: &mut Run) -> Vec<Question> {
    let many = run.dice.below(8);
    let many = if many > 3 { 0 } else { many };
    let question =
        |n| Question { text: format!("question {n}?"), form: AnswerForm::YesNo, default: "yes".into() };
    (0..many + u64::from(many == 3)).map(question).collect()
}

fn candidate(run: &mut Run, (team, attempt, based_on): (TeamId, u32, Revision)) -> Candidate {
    let mut files = vec![format!("src/{}.rs", run.dice.below(5))];
    if run.dice.pct(12) {
        files.push(PROTECTED[usize::try_from(run.dice.below(3)).unwrap()].into());
    }
    let confidence = if run.dice.pct(70) { 98 } else { 60 };
    let patch = Digest::of(&run.dice.next().to_be_bytes());
    Candidate {
        author: String::new(),
        team,
        attempt,
        based_on,
        base: CommitId("base".into()),
        commit: CommitId(format!("c-{}", patch.short())),
        patch,
        stat: DiffStat { files, additions: 3, deletions: 1, manifests: vec![] },
        summary: "did it".into(),
        root_cause: String::new(),
        confidence,
    }
}

pub(in crate::engine) fn evidence(green: bool) -> Evidence {
    let outcome = if green { CheckOutcome::Passed } else { CheckOutcome::Failed };
    let after = CheckRun {
        outcome,
        passed: Some(3),
        failed: Some(0),
        elapsed: Millis(5),
        output: Digest::default(),
        tail: String::new(),
    };
    Evidence {
        revision: Revision(1),
        checks: vec![CheckResult {
            kind: CheckKind::Test,
            command: "cargo test".into(),
            before: None,
            after,
        }],
        new_passing: vec![],
        reproduces: false,
        stat: DiffStat::default(),
        cost: Cost::Known(Money::ZERO),
        usage: Usage::default(),
        elapsed: Millis(5),
    }
}

fn verdict(run: &mut Run, team: TeamId, attempt: u32) -> Verdict {
    let score = u8::try_from(run.dice.below(101)).unwrap();
    Verdict {
        team,
        attempt,
        judge: Vendor::Google,
        model: "judge".into(),
        score,
        orders: [score, score],
        confidence: 80,
        reasons: String::new(),
        note: None,
    }
}

/// Teams race for money: reserve, settle, settle twice.
pub(super) fn money(run: &mut Run) {
    if run.dice.pct(45) {
        let Some((call, worst)) = run.dice.pick(&run.world.calls).copied() else { return };
        let cost = Money(i64::try_from(run.dice.below(u64::try_from(worst.0 + 1).unwrap())).unwrap());
        let usage = Usage { input: 10, ..Usage::default() };
        let settle = MoneyCommand::Settle { call, usage, cost: Cost::Known(cost) };
        // A settled call stays in the list now and then, so that it is settled twice: the core must refuse.
        let twice = run.dice.pct(20);
        let open = run.state.ledger.open.contains_key(&call);
        let settled = run.send(Actor::Engine, Command::Money(settle)).is_ok();
        assert_eq!(open, settled, "{call}");
        if !twice {
            run.world.calls.retain(|(c, _)| *c != call);
        }
        return;
    }
    let Some((effect, _)) = run.dice.pick(&run.running).cloned() else { return };
    let team = match effect.kind {
        EffectKind::Draft { team, .. } => Some(team),
        _ => None,
    };
    let worst = Money::cents(i64::try_from(run.dice.below(240)).unwrap());
    let model = ModelRef { vendor: Vendor::Anthropic, model: "m".into() };
    let last = run.state.counters.call;
    let reserve = MoneyCommand::Reserve { mission: effect.mission, team, model, worst: Cost::Known(worst) };
    let _ = run.send(Actor::Agent(effect.mission, team), Command::Money(reserve));
    if run.state.counters.call > last && run.state.ledger.open.contains_key(&CallId(run.state.counters.call))
    {
        run.world.calls.push((CallId(run.state.counters.call), worst));
    }
}
