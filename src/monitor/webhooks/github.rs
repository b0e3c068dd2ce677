//! Payloads of GitHub: a workflow run, a check suite or check run, the state of a deployment.
//!
//! A run on a branch other than the default one is somebody's work and of the least weight. A cancelled, skipped or
//! neutral run says nothing about a service, and neither does one that has not ended.

use super::{
    alarm::{alarm, label, title},
    payload::{BadPayload, Node, Payload},
};
use crate::domain::{
    incident::Severity,
    probe::ProbeSpec,
    signal::{Signal, SignalState},
};

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    if top.find("zen").is_some() {
        return Ok(Payload::nothing("a ping"));
    }
    if let Some(run) = top.map_if("workflow_run")? {
        return workflow_run(top, &run, probe);
    }
    if let Some(run) = top.map_if("check_run")? {
        let suite = run.map_if("check_suite")?;
        return check(top, &run, suite.as_ref(), probe);
    }
    if let Some(suite) = top.map_if("check_suite")? {
        return check(top, &suite, Some(&suite), probe);
    }
    if let Some(status) = top.map_if("deployment_status")? {
        return deployment(top, &status, probe);
    }
    if top.find("repository").is_some() || top.find("hook_id").is_some() {
        return Ok(Payload::nothing("an event that says nothing about a service"));
    }
    Err(top.bad("holds neither workflow_run, check_suite, check_run nor deployment_status"))
}

/// Repository and its default branch.
fn repository<'a>(top: &Node<'a>) -> Result<(&'a str, Option<&'a str>), BadPayload> {
    let repository = top.map("repository")?;
    Ok((repository.text("full_name")?, repository.text_if("default_branch")?))
}

/// How a run that has ended went; `None` where that says nothing.
fn conclusion(of: &Node<'_>) -> Result<Option<SignalState>, BadPayload> {
    match of.text("conclusion")? {
        "success" => Ok(Some(SignalState::Clear)),
        "failure" | "timed_out" | "startup_failure" => Ok(Some(SignalState::Firing)),
        "cancelled" | "skipped" | "neutral" | "stale" | "action_required" => Ok(None),
        _ => Err(of.bad_at("conclusion", "is none that GitHub knows")),
    }
}

fn weight(probe: &ProbeSpec, branch: &str, main: Option<&str>) -> Severity {
    if main.is_none_or(|main| main == branch) { probe.severity } else { Severity::P4 }
}

fn ended(top: &Node<'_>) -> Result<bool, BadPayload> {
    Ok(top.text("action")? == "completed")
}

fn workflow_run(top: &Node<'_>, run: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let (repository, main) = repository(top)?;
    let name = run.text("name")?;
    // A run of a fork's commit may have no branch.
    let branch = run.text_if("head_branch")?.unwrap_or("HEAD");
    if !ended(top)? {
        return Ok(Payload::nothing("a run that has not ended"));
    }
    let Some(state) = conclusion(run)? else {
        return Ok(Payload::nothing("a run that was not let to its end"));
    };
    let which = run.id_if("workflow_id")?.unwrap_or_else(|| name.to_owned());
    let mut signal = alarm(probe, &probe.service, &["github", "workflow", repository, &which, branch]);
    signal.state = state;
    signal.severity = weight(probe, branch, main);
    signal.title = title(&format!("workflow {name} fails on {branch} of {repository}"));
    label(&mut signal, "conclusion", run.text("conclusion")?);
    labels(
        &mut signal,
        run,
        &[("url", "html_url"), ("commit", "head_sha"), ("event", "event"), ("path", "path")],
    )?;
    label(&mut signal, "attempt", &run.id_if("run_attempt")?.unwrap_or_default());
    label(&mut signal, "run", &run.id_if("id")?.unwrap_or_default());
    if let Some(commit) = run.map_if("head_commit")? {
        signal.sample = commit.text_if("message")?.and_then(super::alarm::sample);
    }
    place(&mut signal, repository, branch);
    Ok(Payload::one(signal))
}

fn check(
    top: &Node<'_>,
    run: &Node<'_>,
    suite: Option<&Node<'_>>,
    probe: &ProbeSpec,
) -> Result<Payload, BadPayload> {
    let (repository, main) = repository(top)?;
    let app = run.map_if("app")?;
    let app = match &app {
        Some(app) => app.text_if("slug")?.or(app.text_if("name")?),
        None => None,
    };
    // A suite is known by who checks, a run by its own name.
    let name = run.text_if("name")?.or(app).ok_or_else(|| run.bad_at("app.slug", "is missing or empty"))?;
    let branch = suite.map_or(Ok(None), |suite| suite.text_if("head_branch"))?.unwrap_or("HEAD");
    if !ended(top)? {
        return Ok(Payload::nothing("a check that has not ended"));
    }
    let Some(state) = conclusion(run)? else {
        return Ok(Payload::nothing("a check that was not let to its end"));
    };
    let identity = ["github", "check", repository, app.unwrap_or_default(), name, branch];
    let mut signal = alarm(probe, &probe.service, &identity);
    signal.state = state;
    signal.severity = weight(probe, branch, main);
    signal.title = title(&format!("check {name} fails on {branch} of {repository}"));
    label(&mut signal, "conclusion", run.text("conclusion")?);
    labels(&mut signal, run, &[("url", "html_url"), ("commit", "head_sha")])?;
    label(&mut signal, "app", app.unwrap_or_default());
    if let Some(output) = run.map_if("output")? {
        let words = [output.text_if("title")?, output.text_if("summary")?];
        signal.sample = super::alarm::sample(&words.into_iter().flatten().collect::<Vec<_>>().join("\n"));
    }
    place(&mut signal, repository, branch);
    Ok(Payload::one(signal))
}

fn deployment(top: &Node<'_>, status: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let (repository, _) = repository(top)?;
    let deployment = top.map("deployment")?;
    let environment = match status.text_if("environment")? {
        Some(environment) => environment,
        None => deployment.text("environment")?,
    };
    let state = match status.text("state")? {
        "success" => SignalState::Clear,
        "failure" | "error" => SignalState::Firing,
        "inactive" | "in_progress" | "queued" | "pending" | "waiting" | "requested" => {
            return Ok(Payload::nothing("a deployment that has not ended"));
        }
        _ => return Err(status.bad_at("state", "is none that GitHub knows")),
    };
    let mut signal = alarm(probe, &probe.service, &["github", "deployment", repository, environment]);
    signal.state = state;
    signal.title = title(&format!("deployment of {repository} to {environment} fails"));
    signal.sample = status.text_if("description")?.and_then(super::alarm::sample);
    labels(&mut signal, status, &[("url", "target_url"), ("log", "log_url"), ("state", "state")])?;
    labels(&mut signal, &deployment, &[("commit", "sha"), ("ref", "ref"), ("task", "task")])?;
    label(&mut signal, "environment", environment);
    label(&mut signal, "repository", repository);
    Ok(Payload::one(signal))
}

fn labels(signal: &mut Signal, of: &Node<'_>, names: &[(&str, &str)]) -> Result<(), BadPayload> {
    for (own, theirs) in names {
        label(signal, own, of.text_if(theirs)?.unwrap_or_default());
    }
    Ok(())
}

fn place(signal: &mut Signal, repository: &str, branch: &str) {
    label(signal, "repository", repository);
    label(signal, "branch", branch);
}
