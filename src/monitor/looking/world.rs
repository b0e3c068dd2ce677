//! Facts that are found by looking now: one bounded look each, with the eyes of the probes.

use super::Sight;
use crate::{
    domain::{
        expr::{Call, Value},
        incident::Severity,
        probe::{ProbeSpec, Source},
        signal::Reading,
        time::Millis,
    },
    monitor::{
        investigate::{Means, Scene, facts},
        probes,
    },
};
use std::path::Path;

/// One look.
const LOOK_MOST: Millis = Millis::secs(3);
/// What a directory may hold at most before "more than that" is all that is said.
const BYTES_MOST: u64 = u64::MAX / 2;
/// How often something restarted is not asked here.
const RESTARTS: u32 = Source::RESTARTS_MOST;

pub(super) async fn answer(call: &Call, sight: &Sight) -> Option<Value> {
    let text = match call.args.first() {
        Some(Value::Text(text)) => text.as_str(),
        _ => "",
    };
    match call.name.as_str() {
        "process_running" => check(sight, process(text), "running").await.map(Value::Truth),
        "process_age" => process_age(sight, text).await.map(Value::Number),
        "unit_state" => label(sight, Source::Unit { name: text.into(), restarts_most: RESTARTS }, "state")
            .await
            .map(Value::Text),
        "container_state" => container(sight, text).await,
        "deployment_ready_pct" => None,
        "disk_used_pct" => number(sight, disk(text, None), "disk_used_pct").await.map(Value::Number),
        "dir_bytes" => number(sight, disk(text, Some(BYTES_MOST)), "dir_bytes").await.map(Value::Number),
        "disk_free" => disk_free(sight, text).await.map(Value::Number),
        "file_exists" => Path::new(text).try_exists().ok().map(Value::Truth),
        "file_bytes" => std::fs::metadata(text).ok().map(|found| Value::Number(found.len() as f64)),
        "file_age" => file_age(sight, text).map(Value::Number),
        "port_open" => check(sight, Source::Tcp { address: text.into() }, "connect").await.map(Value::Truth),
        "http_status" => status(sight, text).await.map(Value::Number),
        "http_latency" => {
            let page = page(text);
            number(sight, page, "http_latency_ms").await.map(|ms| Value::Number(ms / 1_000.0))
        }
        "cert_days_left" => label(sight, page(&format!("https://{text}/")), "days")
            .await
            .and_then(|days| days.parse().ok())
            .map(Value::Number),
        "config_valid" => config(sight).await.map(Value::Truth),
        _ => None,
    }
}

fn spec(sight: &Sight, source: Source) -> ProbeSpec {
    ProbeSpec {
        id: "look".into(),
        service: sight.service.name.clone(),
        env: sight.service.env.clone(),
        every: LOOK_MOST,
        timeout: LOOK_MOST,
        heartbeat: LOOK_MOST,
        quiet_most: None,
        severity: Severity::P3,
        source,
    }
}

fn process(text: &str) -> Source {
    if text.starts_with('/') {
        Source::Process { pid_file: Some(text.into()), command: None, restarts_most: RESTARTS }
    } else {
        Source::Process { pid_file: None, command: Some(text.into()), restarts_most: RESTARTS }
    }
}

fn disk(path: &str, size_most: Option<u64>) -> Source {
    Source::Disk { path: path.into(), full_pct: 100, size_most }
}

fn page(url: &str) -> Source {
    Source::Http { url: url.into(), status: (100, 599), body: None, latency: LOOK_MOST, tls_days: 0 }
}

/// Whether a check of a look holds. A source that cannot look is not known.
async fn check(sight: &Sight, source: Source, name: &str) -> Option<bool> {
    probes::once(&spec(sight, source), &sight.eyes).await.into_iter().find_map(|reading| match reading {
        Reading::Check(check) if check.name == name => Some(check.ok),
        _ => None,
    })
}

async fn label(sight: &Sight, source: Source, name: &str) -> Option<String> {
    probes::once(&spec(sight, source), &sight.eyes).await.into_iter().find_map(|reading| match reading {
        Reading::Check(check) => check.labels.get(name).cloned(),
        _ => None,
    })
}

async fn number(sight: &Sight, source: Source, name: &str) -> Option<f64> {
    probes::once(&spec(sight, source), &sight.eyes).await.into_iter().find_map(|reading| match reading {
        Reading::Sample { metric, value, .. } if metric == name && value.is_finite() => Some(value),
        _ => None,
    })
}

async fn process_age(sight: &Sight, text: &str) -> Option<f64> {
    let pid = label(sight, process(text), "pid").await?;
    let stat = std::fs::metadata(format!("/proc/{pid}")).ok()?;
    let began = stat.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = u64::try_from((sight.eyes.now)().0).ok()? as f64 / 1_000.0;
    Some((now - began.as_secs_f64()).max(0.0))
}

/// As the engine calls it.
async fn container(sight: &Sight, name: &str) -> Option<Value> {
    let mut scene = Scene { service: sight.service.clone(), ..Scene::default() };
    scene.service.variables.insert("container".into(), name.to_owned());
    let found = facts::container::look(&scene, &Means::host(), LOOK_MOST).await;
    found.pieces.into_iter().flat_map(|piece| piece.facts).find_map(|(name, value)| match value {
        Value::Text(_) if name == "container.status" => Some(value),
        _ => None,
    })
}

async fn disk_free(sight: &Sight, path: &str) -> Option<f64> {
    let used = number(sight, disk(path, None), "disk_used_pct").await?;
    let size: f64 = label(sight, disk(path, None), "size").await?.parse().ok()?;
    Some(size * (100.0 - used) / 100.0)
}

fn file_age(sight: &Sight, path: &str) -> Option<f64> {
    let written = std::fs::metadata(path).ok()?.modified().ok()?;
    let written = written.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs_f64();
    let now = u64::try_from((sight.eyes.now)().0).ok()? as f64 / 1_000.0;
    Some((now - written).max(0.0))
}

async fn status(sight: &Sight, url: &str) -> Option<f64> {
    let parsed = reqwest::Url::parse(url).ok()?;
    let client = sight.eyes.web.client(&parsed).ok()?;
    let answer = client.get(parsed).timeout(LOOK_MOST.to_std()).send().await.ok()?;
    Some(f64::from(answer.status().as_u16()))
}

/// By the service's own checker.
async fn config(sight: &Sight) -> Option<bool> {
    let scene = Scene { service: sight.service.clone(), ..Scene::default() };
    let found = facts::config::look(&scene, LOOK_MOST).await;
    found.pieces.iter().flat_map(|piece| &piece.facts).find_map(|(name, value)| match value {
        Value::Truth(valid) if name == "config.valid" => Some(*valid),
        _ => None,
    })
}
