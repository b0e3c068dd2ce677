//! Taking back the last release, as a runbook that nobody had to write: its step is the service's own way back, filled in
//! with what was in place before. A runbook of the same id that the director wrote takes its place. Pure.

use crate::{
    domain::{
        incident::{Grade, Severity},
        runbook::{
            OnFail, Precheck, ROLLBACK, RunStep, Runbook, RunbookAutonomy, RunbookLimits, RunbookMatch,
            VariableKind, Verify,
        },
        time::Millis,
    },
    monitor::investigate::scene::{Released, Scene},
};
use std::collections::BTreeMap;

/// The runbook and its variables.
///
/// # Errors
/// In words: the service has no way back, or what was in place before is not known.
pub fn of(scene: &Scene) -> Result<(Runbook, BTreeMap<String, String>), String> {
    let release = scene.service.release.as_ref().filter(|release| !release.rollback.is_empty());
    let release = release.ok_or("the service has no way to take a release back")?;
    let mut before = scene.releases.iter().take(Scene::RELEASES_MOST);
    let last: &Released = before.next().ok_or("no release is known")?;
    if last.at > scene.first_seen {
        return Err("the last release came after the first signal".into());
    }
    let previous = before.next().ok_or("what was in place before the last release is not known")?;
    let back = |name: &str| {
        release.rollback.iter().map(|word| word.replace("${previous}", &format!("${{{name}}}"))).collect()
    };
    let step = RunStep {
        id: "rollback".into(),
        run: back("previous"),
        dry_run: None,
        expect_exit: vec![0],
        undo: Some(back("last")),
    };
    let runbook = Runbook {
        id: ROLLBACK.into(),
        version: 1,
        summary: "Put the release before the last one in place".into(),
        tier: 2,
        reversible: true,
        idempotent: true,
        owner: "operations".into(),
        matches: RunbookMatch {
            kinds: vec!["*".into()],
            services: vec!["*".into()],
            min_severity: Severity::P3,
            requires_grade: Grade::B,
        },
        variables: ["previous", "last"].map(|name| (name.to_owned(), VariableKind::Name)).into(),
        prechecks: vec![Precheck { id: "not-well".into(), expr: "!signal_cleared()".into() }],
        limits: RunbookLimits {
            cooldown: Millis::mins(5),
            max_per_target: (2, Millis::hours(24)),
            max_per_fingerprint: (3, Millis::hours(24)),
            max_parallel: 1,
            timeout: release.timeout.max(Millis::mins(1)),
        },
        steps: vec![step],
        verify: Verify {
            after: Millis::secs(60),
            window: Millis::mins(10),
            all: vec!["health(service) == ok for 3 checks".into(), "signal_cleared()".into()],
            on_fail: OnFail::Escalate,
        },
        autonomy: RunbookAutonomy {
            levels: vec![2, 3],
            business_hours: false,
            environments: vec![scene.service.env.clone()],
        },
        own: false,
    };
    let given = [("previous", &previous.said), ("last", &last.said)];
    Ok((runbook, given.map(|(name, said)| (name.to_owned(), said.clone())).into()))
}
