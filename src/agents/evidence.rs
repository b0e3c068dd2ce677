//! Evidence: a candidate's checks, run in the sandbox on its commit and on the base; what its tests say; and
//! whether a test it adds really shows the problem (fails on the base, passes with the patch). Found out by
//! running things, never by asking a model.
//!
//! Invariants: base runs are measured once per command and shared; the base tree is left as it was found; a
//! check that could not be run is `Broken`, never passed.

use crate::{
    agents::{
        bench::{Bench, BenchError, Walls},
        failure::AgentFailure,
        office::{Office, until_stopped},
        outputs::{self, Parsed},
        test_parts::tests_of,
        trial::Trial,
    },
    domain::{
        candidate::{CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat},
        ids::TeamId,
        text,
        time::Millis,
    },
};
use std::collections::BTreeMap;
use tokio::sync::Mutex;

/// Names of newly passing tests kept.
const NAMES_MOST: usize = 200;

/// Base runs by commit and command, shared by all teams of a mission; also the lock on the base tree.
#[derive(Debug, Default)]
pub struct Baselines {
    runs: Mutex<BTreeMap<(String, String), CheckRun>>,
}

/// What to check.
#[derive(Clone, Copy)]
pub struct CheckJob<'a> {
    /// The house.
    pub office: &'a dyn Office,
    /// Whose candidate.
    pub team: TeamId,
    /// A scratch tree at the base commit.
    pub base: &'a dyn Bench,
    /// The candidate's tree.
    pub candidate: &'a dyn Bench,
    /// Base runs known so far.
    pub baselines: &'a Baselines,
    /// Commit the candidate started from.
    pub from: &'a CommitId,
    /// The candidate's commit.
    pub to: &'a CommitId,
    /// Kind and shell command of each check, in order.
    pub checks: &'a [(CheckKind, String)],
    /// Time limit of one run.
    pub wall: Millis,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Each check.
    pub checks: Vec<CheckResult>,
    /// Tests that fail or are missing on the base and pass on the candidate.
    pub new_passing: Vec<String>,
    /// A test added by the candidate fails on the base and passes with the patch.
    pub reproduces: bool,
    /// What the patch touches.
    pub stat: DiffStat,
}

/// Runs all checks on base and candidate.
///
/// # Errors
/// When a tree cannot be prepared, an output cannot be stored, or work is stopped.
pub async fn check(job: CheckJob<'_>) -> Result<Checked, AgentFailure> {
    until_stopped(job.office, job.gather()).await
}

impl CheckJob<'_> {
    async fn gather(&self) -> Result<Checked, AgentFailure> {
        let broken = |error: BenchError| AgentFailure::transient(format!("checks could not be run: {error}"));
        let stat = self.candidate.stat(self.from, self.to).await.map_err(broken)?;
        let mut checks = Vec::new();
        let mut new_passing = Vec::new();
        let mut reproduces = false;
        for (kind, command) in self.checks {
            let before = self.before(command).await?;
            // A check may leave files behind: each starts from exactly what would land.
            self.candidate.rewind(self.to).await.map_err(broken)?;
            let (after, told) = self.run(self.candidate, command).await?;
            self.trial().show((*kind, command), &after);
            if matches!(kind, CheckKind::Test | CheckKind::Acceptance) {
                let old = self.parsed(&before)?;
                new_passing.extend(told.passing.difference(&old.passing).cloned());
                if !reproduces && after.outcome == CheckOutcome::Passed {
                    reproduces = self.reproduces(command, &before, &told).await?;
                }
            }
            checks.push(CheckResult { kind: *kind, command: command.clone(), before: Some(before), after });
        }
        new_passing.sort();
        new_passing.dedup();
        new_passing.truncate(NAMES_MOST);
        Ok(Checked { checks, new_passing, reproduces, stat })
    }

    /// The check on the base, measured once.
    async fn before(&self, command: &str) -> Result<CheckRun, AgentFailure> {
        let mut runs = self.baselines.runs.lock().await;
        let key = (self.from.0.clone(), command.to_owned());
        if let Some(run) = runs.get(&key) {
            return Ok(run.clone());
        }
        self.clean_base().await?;
        let (run, _) = self.run(self.base, command).await?;
        self.clean_base().await?;
        if run.outcome != CheckOutcome::Broken {
            runs.insert(key, run.clone());
        }
        Ok(run)
    }

    async fn clean_base(&self) -> Result<(), AgentFailure> {
        let told = |error| AgentFailure::transient(format!("the base tree could not be prepared: {error}"));
        self.base.rewind(self.from).await.map_err(told)
    }

    fn trial(&self) -> Trial<'_> {
        Trial { office: self.office, team: self.team, wall: self.wall }
    }

    async fn run(&self, bench: &dyn Bench, command: &str) -> Result<(CheckRun, Parsed), AgentFailure> {
        self.trial().run(bench, (command, Walls::Sandbox)).await
    }

    fn parsed(&self, run: &CheckRun) -> Result<Parsed, AgentFailure> {
        let told =
            |error| AgentFailure::transient(format!("a check's output could not be read back: {error}"));
        let output = self.office.fetch(run.output).map_err(told)?;
        Ok(outputs::parse(&text::clean_bytes(&output)))
    }

    /// Puts only the tests of the patch on the base: do they fail there, and pass with the whole patch?
    async fn reproduces(
        &self,
        command: &str,
        before: &CheckRun,
        after: &Parsed,
    ) -> Result<bool, AgentFailure> {
        let Ok(patch) = self.candidate.patch(self.from, self.to).await else { return Ok(false) };
        let Some(tests) = tests_of(&patch, self.candidate.root()) else { return Ok(false) };
        let lock = self.baselines.runs.lock().await;
        self.clean_base().await?;
        let applied = self.base.apply(&tests).await.is_ok();
        let ran = if applied { Some(self.run(self.base, command).await) } else { None };
        self.clean_base().await?;
        drop(lock);
        let Some(ran) = ran else { return Ok(false) };
        let (run, told) = ran?;
        if run.outcome != CheckOutcome::Failed {
            return Ok(false);
        }
        Ok(if after.passed.is_some() || after.failed.is_some() {
            // Named runners: a test must be seen failing, so that code that does not compile shows nothing.
            told.failing.iter().any(|name| after.passing.contains(name))
                || (after.passing.is_empty() && told.failed.is_some_and(|n| n > before.failed.unwrap_or(0)))
        } else {
            before.outcome == CheckOutcome::Passed
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};

    /// Runs every tests/*.sh with the code of `sum`, and reports like TAP.
    const RUNNER: &str = "n=0; bad=0; echo 'TAP version 13'\nfor t in tests/*.sh; do n=$((n+1)); if sh \"$t\"; then echo \"ok $n - $t\"; else echo \"not ok $n - $t\"; bad=1; fi; done\necho \"1..$n\"; touch junk; exit $bad\n";

    async fn candidate(files: &[(&str, &str)]) -> (TestBench, TestBench, CommitId) {
        let base = TestBench::repo(&[("run.sh", RUNNER), ("sum", "broken"), ("tests/old.sh", "test -f sum")]);
        let work = base.twin();
        for (path, content) in files {
            std::fs::write(work.root.path().join(path), content).unwrap();
        }
        let commit = work.snapshot(1, "x").await.unwrap().unwrap();
        (base, work, commit)
    }

    async fn checked(files: &[(&str, &str)], checks: &[(CheckKind, String)], desk: &Desk) -> Checked {
        let (base, work, commit) = candidate(files).await;
        let baselines = Baselines::default();
        let job = CheckJob {
            office: desk,
            team: TeamId(1),
            base: &base,
            candidate: &work,
            baselines: &baselines,
            from: &base.base,
            to: &commit,
            checks,
            wall: Millis::mins(5),
        };
        let first = check(job).await.unwrap();
        let runs_so_far = base.walls().len();
        let second = check(job).await.unwrap();
        assert_eq!(first.checks.len(), second.checks.len());
        assert!(
            base.walls().len() - runs_so_far <= checks.len(),
            "base runs are shared; only reproduction runs again"
        );
        let left = base.git(&["status".to_owned(), "--porcelain".to_owned()]).await.unwrap();
        assert!(
            left.output.is_empty(),
            "the base tree is as it was: {}",
            String::from_utf8_lossy(&left.output)
        );
        first
    }

    fn tests_check() -> Vec<(CheckKind, String)> {
        vec![(CheckKind::Test, "sh run.sh".to_owned())]
    }

    #[tokio::test]
    async fn a_test_that_shows_the_problem_counts() {
        let desk = Desk::default();
        let files = [("sum", "good"), ("tests/empty.sh", "grep -q good sum")];
        let found = checked(&files, &tests_check(), &desk).await;
        assert_eq!(found.new_passing, ["tests/empty.sh"]);
        assert!(found.reproduces);
        let result = &found.checks[0];
        let before = result.before.as_ref().unwrap();
        assert_eq!((before.outcome, before.passed, before.failed), (CheckOutcome::Passed, Some(1), Some(0)));
        assert_eq!((result.after.outcome, result.after.passed), (CheckOutcome::Passed, Some(2)));
        assert!(result.after.tail.ends_with("1..2"));
        assert_eq!(desk.fetch(result.after.output).unwrap().len(), result.after.tail.len() + 1);
        assert_eq!(found.stat.files, ["sum", "tests/empty.sh"]);
    }

    #[tokio::test]
    async fn a_test_that_passes_anyway_shows_nothing() {
        let desk = Desk::default();
        let files = [("sum", "good"), ("tests/idle.sh", "true")];
        let found = checked(&files, &tests_check(), &desk).await;
        assert_eq!(found.new_passing, ["tests/idle.sh"]);
        assert!(!found.reproduces);
    }

    #[tokio::test]
    async fn a_candidate_that_breaks_things_is_seen() {
        let desk = Desk::default();
        let found = checked(&[("tests/old.sh", "exit 1")], &tests_check(), &desk).await;
        assert_eq!(
            (found.checks[0].after.outcome, found.checks[0].after.failed),
            (CheckOutcome::Failed, Some(1))
        );
        assert!(!found.reproduces && found.new_passing.is_empty());
    }

    #[tokio::test]
    async fn what_cannot_be_run_is_broken_and_counts_without_names_go_by_status() {
        let desk = Desk::default();
        let checks = vec![
            (CheckKind::Build, "no-such-program-here".to_owned()),
            (CheckKind::Acceptance, "for t in tests/*.sh; do sh $t || exit 1; done".to_owned()),
        ];
        let files = [("sum", "good"), ("tests/empty.sh", "grep -q good sum")];
        let found = checked(&files, &checks, &desk).await;
        assert_eq!(found.checks[0].after.outcome, CheckOutcome::Broken);
        assert_eq!(found.checks[1].after.passed, None);
        assert!(found.reproduces, "fails with the new test on the base, passes with the patch");
    }

    #[tokio::test]
    async fn stop_ends_the_checks() {
        let (base, work, commit) = candidate(&[("sum", "x")]).await;
        let (desk, baselines) = (Desk::default(), Baselines::default());
        desk.stop.notify_one();
        let checks = tests_check();
        let job = CheckJob {
            office: &desk,
            team: TeamId(1),
            base: &base,
            candidate: &work,
            baselines: &baselines,
            from: &base.base,
            to: &commit,
            checks: &checks,
            wall: Millis::secs(1),
        };
        assert_eq!(check(job).await.unwrap_err().kind, crate::agents::failure::FailureKind::Cancelled);
        assert!(base.walls().is_empty());
    }
}
