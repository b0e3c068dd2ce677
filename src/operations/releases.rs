//! Releases by commands: what is built, put in place and taken back is laid down with the service, and carried out like a
//! runbook. Makes plans; carries nothing out itself.

use crate::domain::{
    runbook::{OnFail, RunPlan, RunStep, RunbookAutonomy, RunbookLimits, Verify},
    service::{Release, Service},
    time::Millis,
};

/// The step that puts the change in place: what is taken back.
pub const DEPLOY: &str = "deploy";
/// Stands for what `current` said before.
const PREVIOUS: &str = "${previous}";
/// Characters of a version that is filled in.
const VERSION_MOST: usize = 128;

/// Asks what is deployed; `None`: nothing says.
#[must_use]
pub fn question(service: &Service, release: &Release) -> Option<RunPlan> {
    let step = step("current", &release.current)?;
    Some(plan(service, release, vec![step]))
}

/// Builds and deploys; the way back stands with it where there is one.
///
/// # Errors
/// The version before cannot be filled in: why.
pub fn delivery(service: &Service, release: &Release, previous: Option<&str>) -> Result<RunPlan, String> {
    let wants = release.rollback.iter().any(|part| part.contains(PREVIOUS));
    let previous = previous.map(str::trim).filter(|version| is_version(version));
    let undo = match (release.rollback.is_empty(), wants, previous) {
        (true, ..) => None,
        (false, true, None) => {
            return Err(
                "release.current named no version to go back to: one word, at most 128 characters".into()
            );
        }
        (false, _, version) => {
            let fill = |part: &String| part.replace(PREVIOUS, version.unwrap_or_default());
            Some(release.rollback.iter().map(fill).collect())
        }
    };
    let deploy = step(DEPLOY, &release.deploy).ok_or("release.deploy names no program")?;
    let steps = step("build", &release.build).into_iter().chain([RunStep { undo, ..deploy }]).collect();
    Ok(plan(service, release, steps))
}

/// One word that can stand in an argument and is no option.
#[must_use]
pub fn is_version(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:/@+-".contains(c);
    !text.is_empty() && text.len() <= VERSION_MOST && !text.starts_with('-') && text.chars().all(fits)
}

fn step(id: &str, argv: &[String]) -> Option<RunStep> {
    argv.first()?;
    Some(RunStep { id: id.into(), run: argv.to_vec(), dry_run: None, expect_exit: vec![0], undo: None })
}

fn plan(service: &Service, release: &Release, steps: Vec<RunStep>) -> RunPlan {
    let reversible = steps.iter().any(|step| step.undo.is_some());
    let count = u64::try_from(steps.len()).unwrap_or(1).max(1);
    RunPlan {
        runbook: "release".into(),
        version: 1,
        summary: format!("bring a change to {}", service.name),
        target: format!("service {}", service.name),
        env: service.env.clone(),
        tier: 3,
        reversible,
        idempotent: false,
        steps,
        prechecks: Vec::new(),
        limits: RunbookLimits {
            cooldown: Millis(0),
            max_per_target: (u32::MAX, Millis::hours(24)),
            max_per_fingerprint: (u32::MAX, Millis::hours(24)),
            max_parallel: 1,
            timeout: Millis(release.timeout.0.saturating_mul(count)),
        },
        verify: proof(&[], Millis(0)),
        autonomy: RunbookAutonomy { levels: vec![2, 3], business_hours: false, environments: Vec::new() },
    }
}

/// How a change is known to have helped: these all become true within the window.
#[must_use]
pub fn proof(clauses: &[&str], window: Millis) -> Verify {
    Verify {
        after: Millis(0),
        window,
        all: clauses.iter().map(|clause| (*clause).to_owned()).collect(),
        on_fail: OnFail::Escalate,
    }
}

/// A plan that does nothing and is only verified.
#[must_use]
pub fn verification(service: &Service, verify: Verify) -> RunPlan {
    RunPlan { verify, ..plan(service, &Release::default(), Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(rollback: &[&str]) -> Release {
        let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Release {
            build: argv(&["make"]),
            deploy: argv(&["make", "deploy"]),
            current: argv(&["cat", "version"]),
            rollback: argv(rollback),
            timeout: Millis::mins(2),
        }
    }

    #[test]
    fn c5_the_way_back_is_filled_in_before_anything_is_done() {
        let service = Service { name: "web".into(), ..Service::default() };
        let way = release(&["deploy", "${previous}"]);
        let plan = delivery(&service, &way, Some("v41\n")).unwrap();
        assert_eq!(plan.steps[1].undo.as_deref(), Some(["deploy".to_owned(), "v41".into()].as_slice()));
        assert!(plan.reversible && plan.limits.timeout == Millis::mins(4));
        for bad in [None, Some(""), Some("--force"), Some("two words"), Some("$(reboot)")] {
            assert!(delivery(&service, &way, bad).is_err(), "{bad:?}");
        }
        let plan = delivery(&service, &release(&[]), None).unwrap();
        assert!(!plan.reversible && plan.steps[1].undo.is_none());
    }
}
