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
use futures::future::{BoxFuture, FutureExt as _};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use std::{io::Read as _, path::Path};

/// One look.
const LOOK_MOST: Millis = Millis::secs(3);
/// What a directory may hold at most before "more than that" is all that is said.
const BYTES_MOST: u64 = u64::MAX / 2;
/// Bytes of a file with certificates.
const CERTIFICATE_MOST: u64 = 1 << 20;
/// How often something restarted is not asked here.
const RESTARTS: u32 = Source::RESTARTS_MOST;

/// A look that has not begun.
pub(super) type Look<'a> = BoxFuture<'a, Option<Value>>;

/// How a fact is looked for; `None`: nobody here knows how.
pub(super) fn answer<'a>(call: &'a Call, sight: &'a Sight) -> Option<Look<'a>> {
    let text = match call.args.first() {
        Some(Value::Text(text)) => text.as_str(),
        _ => "",
    };
    Some(match call.name.as_str() {
        "process_running" => told(check(sight, process(text), "running"), Value::Truth),
        "process_age" => told(process_age(sight, text), Value::Number),
        "unit_state" => told(
            label(sight, Source::Unit { name: text.into(), restarts_most: RESTARTS }, "state"),
            Value::Text,
        ),
        "container_state" => container(sight, text).boxed(),
        "deployment_ready_pct" => told(ready_pct(sight, text), Value::Number),
        "instances" => told(instances(sight), Value::Number),
        "redis_keys" => told(redis_keys(sight, text), Value::Number),
        "disk_used_pct" => told(number(sight, disk(text, None), "disk_used_pct"), Value::Number),
        "dir_bytes" => told(number(sight, disk(text, Some(BYTES_MOST)), "dir_bytes"), Value::Number),
        "disk_free" => told(disk_free(sight, text), Value::Number),
        "file_exists" => told(async move { Path::new(text).try_exists().ok() }, Value::Truth),
        "file_bytes" => told(async move { Some(std::fs::metadata(text).ok()?.len() as f64) }, Value::Number),
        "file_age" => told(async move { file_age(sight, text) }, Value::Number),
        "port_open" => told(check(sight, Source::Tcp { address: text.into() }, "connect"), Value::Truth),
        "http_status" => told(status(sight, text), Value::Number),
        "http_latency" => told(latency(sight, text), Value::Number),
        "cert_days_left" => told(days_left(sight, text), Value::Number),
        "config_valid" => told(config(sight), Value::Truth),
        _ => return None,
    })
}

fn told<'a, T: 'a>(look: impl Future<Output = Option<T>> + Send + 'a, value: fn(T) -> Value) -> Look<'a> {
    look.map(move |found| found.map(value)).boxed()
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

async fn latency(sight: &Sight, url: &str) -> Option<f64> {
    Some(number(sight, page(url), "http_latency_ms").await? / 1_000.0)
}

/// Of a file by its path, of whoever shows one by host and port.
async fn days_left(sight: &Sight, place: &str) -> Option<f64> {
    if place.starts_with('/') {
        return certificate(sight, place);
    }
    label(sight, page(&format!("https://{place}/")), "days").await?.parse().ok()
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
    let found = facts::container::look(&scene, &means(sight), LOOK_MOST).await;
    found.pieces.into_iter().flat_map(|piece| piece.facts).find_map(|(name, value)| match value {
        Value::Text(_) if name == "container.status" => Some(value),
        _ => None,
    })
}

/// This host, with the environment of probes and runbooks.
fn means(sight: &Sight) -> Means {
    Means::host().with(&sight.eyes.env)
}

/// As its cluster tells of it.
async fn deployment(sight: &Sight, name: &str) -> Option<facts::kubernetes::Deployment> {
    facts::kubernetes::deployment(&sight.service, &means(sight), name).await
}

async fn ready_pct(sight: &Sight, name: &str) -> Option<f64> {
    deployment(sight, name).await?.ready_pct()
}

async fn instances(sight: &Sight) -> Option<f64> {
    deployment(sight, sight.service.variables.get("deployment")?).await?.instances()
}

/// Where the runbook that unlinks them goes, and with its password.
async fn redis_keys(sight: &Sight, pattern: &str) -> Option<f64> {
    let host = sight.service.variables.get("redis_host")?;
    let password = sight.eyes.env.iter().find(|(name, _)| name == "REDISCLI_AUTH");
    let counting = probes::keys(host, password.map(|(_, password)| password.as_str()), pattern);
    tokio::time::timeout(LOOK_MOST.to_std(), counting).await.ok()?.map(f64::from)
}

/// Whole days until the first certificate of a file ends: the one that is shown to others.
fn certificate(sight: &Sight, path: &str) -> Option<f64> {
    let mut text = Vec::new();
    std::fs::File::open(path).ok()?.take(CERTIFICATE_MOST).read_to_end(&mut text).ok()?;
    let first = CertificateDer::pem_slice_iter(&text).next()?.ok()?;
    let left = probes::not_after(&first)?.0.saturating_sub((sight.eyes.now)().0);
    let days = left.div_euclid(i64::try_from(Millis::hours(24).0).ok()?);
    Some(f64::from(i32::try_from(days).ok()?))
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
    let found = facts::config::look(&scene, &means(sight), LOOK_MOST).await;
    found.pieces.iter().flat_map(|piece| &piece.facts).find_map(|(name, value)| match value {
        Value::Truth(valid) if name == "config.valid" => Some(*valid),
        _ => None,
    })
}
