//! What teams, checks and judges come to: candidates that touch what they must not, red checks, scores.

use crate::{
    domain::{
        brief::{AnswerForm, Question},
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence, Verdict,
        },
        digest::Digest,
        ids::{MissionId, Revision, TeamId},
        money::{Cost, Money, Usage},
        plan::{Plan, Survey},
        team::Vendor,
        time::Millis,
    },
    engine::simulation::Run,
};

/// Paths that nothing lands on.
pub(super) const PROTECTED: [&str; 3] =
    ["db/migrations/1.sql", ".github/workflows/ci.yml", "sub/.git/config"];

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

pub(super) fn plan() -> Plan {
    Plan {
        goal: "goal".into(),
        steps: vec!["one".into()],
        files: vec![],
        confidence: 90,
        by: "orchestrator".into(),
    }
}

pub(super) fn questions(run: &mut Run) -> Vec<Question> {
    let many = run.dice.below(8);
    let many = if many > 3 { 0 } else { many };
    let question =
        |n| Question { text: format!("question {n}?"), form: AnswerForm::YesNo, default: "yes".into() };
    (0..many + u64::from(many == 3)).map(question).collect()
}

pub(super) fn candidate(run: &mut Run, (team, attempt, based_on): (TeamId, u32, Revision)) -> Candidate {
    let mut files = vec![format!("src/{}.rs", run.dice.below(5))];
    if run.dice.pct(12) {
        files.push(PROTECTED[usize::try_from(run.dice.below(3)).unwrap()].into());
    }
    let confidence = if run.dice.pct(70) { 98 } else { 60 };
    let patch = Digest::of(&run.dice.next().to_be_bytes());
    Candidate {
        author: String::new(),
        sealed: None,
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

/// Whether the end-to-end test of a feature is being written.
pub(super) fn writes_test(run: &Run, mission: MissionId) -> bool {
    let mission = &run.state.missions[&mission];
    mission.brief.feature.is_some() && mission.course.test.is_none()
}

/// A candidate as a feature has it: the test alone, or code that now and then changes the test.
pub(super) fn featured(run: &mut Run, id: MissionId, made: Candidate) -> Candidate {
    let mission = &run.state.missions[&id];
    let standing = mission.course.test.as_ref().map(|standing| standing.candidate.sealed);
    if mission.brief.feature.is_none() {
        return made;
    }
    match standing {
        None => {
            let mut stat = made.stat.clone();
            if !run.dice.pct(10) {
                stat.files = vec!["tests/e2e/a.sh".into()];
            }
            Candidate { stat, sealed: Some(made.patch), ..made }
        }
        Some(sealed) if run.dice.pct(85) => Candidate { sealed, ..made },
        Some(_) => {
            run.world.tampered.insert(made.commit.0.clone());
            made
        }
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

pub(super) fn verdict(run: &mut Run, team: TeamId, attempt: u32) -> Verdict {
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
