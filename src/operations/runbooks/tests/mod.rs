//! Plans carried out with real commands, and the answers of worlds made up.

mod deeds;
mod shipped;
mod verdicts;

use super::*;
use crate::domain::{
    expr::{Call, Value},
    runbook::{OnFail, Precheck, RunPlan, RunStep, RunbookAutonomy, RunbookLimits, Verify},
    time::Millis,
};
use futures::future::{BoxFuture, FutureExt as _, ready};
use std::{collections::BTreeMap, path::Path, sync::Mutex};

/// A world that answers by what a call reads as; each answer of a list is given once, the last one for ever.
#[derive(Default)]
struct World(Mutex<BTreeMap<String, Vec<Option<Value>>>>);

impl World {
    fn with(self, call: &str, answers: &[Option<Value>]) -> Self {
        self.0.lock().unwrap().insert(call.into(), answers.iter().rev().cloned().collect());
        self
    }
    fn says(self, call: &str, truth: bool) -> Self {
        self.with(call, &[Some(Value::Truth(truth))])
    }
}

impl Looking for World {
    fn look<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Option<Value>> {
        assert_eq!(call.back, 0);
        let mut world = self.0.lock().unwrap();
        let answer = world.get_mut(&call.to_string()).and_then(|answers| match answers.len() {
            0 | 1 => answers.first().cloned().flatten(),
            _ => answers.pop().flatten(),
        });
        ready(answer).boxed()
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn sh(script: &str) -> Vec<String> {
    words(&["sh", "-c", script])
}

fn step(id: &str, script: &str) -> RunStep {
    RunStep { id: id.into(), run: sh(script), dry_run: None, expect_exit: vec![0], undo: None }
}

fn undoable(id: &str, script: &str, undo: &str) -> RunStep {
    RunStep { undo: Some(sh(undo)), ..step(id, script) }
}

fn plan(steps: Vec<RunStep>) -> RunPlan {
    let limits = RunbookLimits {
        cooldown: Millis::mins(5),
        max_per_target: (2, Millis::hours(1)),
        max_per_fingerprint: (3, Millis::hours(24)),
        max_parallel: 1,
        timeout: Millis::mins(5),
    };
    RunPlan {
        runbook: "try".into(),
        version: 1,
        summary: "Tries".into(),
        target: "service web".into(),
        env: "production".into(),
        tier: 1,
        reversible: true,
        idempotent: true,
        steps,
        prechecks: vec![Precheck { id: "broken".into(), expr: "firing(\"x\")".into() }],
        limits,
        verify: Verify {
            after: Millis::secs(30),
            window: Millis::mins(5),
            all: words(&["signal_cleared()"]),
            on_fail: OnFail::Escalate,
        },
        autonomy: RunbookAutonomy { levels: vec![2], business_hours: false, environments: Vec::new() },
    }
}

/// A directory, and everything that was told.
struct Yard {
    dir: tempfile::TempDir,
    told: Mutex<Vec<String>>,
}

impl Yard {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), told: Mutex::default() }
    }
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }
    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

fn ground<'a>(dir: &'a Path, look: &'a dyn Looking, tell: Tell<'a>) -> Ground<'a> {
    Ground { dir, env: &[], look, tell }
}

/// Whether a process runs; one that only waits to be collected does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// A kill takes a moment to be seen.
fn gone(pid: &str) -> bool {
    (0..1_000_000).any(|_| {
        std::thread::yield_now();
        !runs(pid)
    })
}
