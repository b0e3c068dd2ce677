//! Payloads of Vercel about deployments. One that failed fires, one that succeeded clears; what is not for production is
//! somebody's preview and of the least weight.

use super::{
    alarm::{alarm, label, title},
    payload::{BadPayload, Node, Payload},
};
use crate::domain::{incident::Severity, probe::ProbeSpec, signal::SignalState};

/// Reads one.
pub(super) fn read(top: &Node<'_>, probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let what = top.text("type")?;
    top.id("id")?;
    top.number_if("createdAt")?.ok_or_else(|| top.bad_at("createdAt", "is missing"))?;
    let payload = top.map("payload")?;
    let state = match what {
        "deployment.error" => SignalState::Firing,
        "deployment.succeeded" | "deployment.ready" | "deployment.promoted" => SignalState::Clear,
        _ if what.contains('.') => {
            return Ok(Payload::nothing("an event that is neither a failure nor a success"));
        }
        _ => return Err(top.bad_at("type", "is no event of Vercel")),
    };
    let deployment = payload.map("deployment")?;
    let id = deployment.id("id")?;
    let project = match payload.map_if("project")? {
        Some(project) => project.id_if("id")?,
        None => payload.id_if("projectId")?,
    };
    let name = deployment.text_if("name")?.or(payload.text_if("name")?);
    let project = project.or(name.map(str::to_owned));
    let project = project.ok_or_else(|| payload.bad_at("project.id", "is missing or empty"))?;
    // Null for a preview.
    let target = payload.text_if("target")?.unwrap_or("preview");
    let mut signal = alarm(probe, &probe.service, &["vercel", &project, target]);
    signal.state = state;
    signal.severity = if target == "production" { probe.severity } else { Severity::P4 };
    signal.title = title(&format!("deployment of {} to {target} fails", name.unwrap_or(&project)));
    label(&mut signal, "deployment", &id);
    label(&mut signal, "project", &project);
    label(&mut signal, "target", target);
    for (own, theirs) in [("url", "url"), ("inspector", "inspectorUrl"), ("error", "errorMessage")] {
        label(&mut signal, own, deployment.text_if(theirs)?.unwrap_or_default());
    }
    signal.sample = deployment.text_if("errorMessage")?.and_then(super::alarm::sample);
    if let Some(links) = payload.map_if("links")? {
        label(&mut signal, "link", links.text_if("deployment")?.unwrap_or_default());
    }
    if let Some(meta) = deployment.map_if("meta")? {
        for (own, theirs) in
            [("commit", "githubCommitSha"), ("branch", "githubCommitRef"), ("repository", "githubRepo")]
        {
            label(&mut signal, own, meta.text_if(theirs)?.unwrap_or_default());
        }
    }
    Ok(Payload::one(signal))
}
