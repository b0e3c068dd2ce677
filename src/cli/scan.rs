//! `chimera scan`: every probe looks once, now, and what it sees is printed. Needs no journal and leaves no trace.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    senses,
    session::Session,
};
use crate::{
    config::{environment::Environment, settings::Settings},
    domain::{probe::ProbeSpec, signal::Reading, text::clean_line},
    monitor::probes,
};
use clap::Args;
use futures::future::join_all;
use serde_json::{Value, json};

/// Which probes.
#[derive(Debug, Clone, Args)]
pub struct ScanArgs {
    /// Only this probe
    #[arg(value_name = "PROBE")]
    pub probe: Option<String>,
}

/// Looks. Ends with 1 if something is wrong or could not be looked at.
///
/// # Errors
/// Nothing is watched, or there is no such probe.
pub async fn run(args: &ScanArgs, session: &Session, out: &mut Out) -> Said {
    let seen = look(args.probe.as_deref(), session.settings(), &session.environment).await?;
    let mut well = true;
    for (probe, readings) in &seen {
        if readings.is_empty() {
            out.both(
                &format!("·  {:<20} nothing to be read now", probe.id),
                &told(probe, "nothing", &Value::Null),
            );
        }
        for reading in readings {
            let (line, value, holds) = words(probe, reading);
            well &= holds;
            out.both(&line, &value);
        }
    }
    Ok(if well { Exit::Ok } else { Exit::Error })
}

/// Looks with one probe or with all.
///
/// # Errors
/// Nothing is watched, or there is no such probe.
pub(super) async fn look(
    probe: Option<&str>,
    settings: &Settings,
    environment: &Environment,
) -> Result<Vec<(ProbeSpec, Vec<Reading>)>, Complaint> {
    let wanted = |known: &&ProbeSpec| probe.is_none_or(|id| known.id == id);
    let chosen: Vec<&ProbeSpec> = settings.probes.iter().filter(wanted).collect();
    if chosen.is_empty() {
        let what = probe.map_or("nothing is watched: there is no [[probe]]".to_owned(), |id| {
            format!("there is no probe {:?}", clean_line(id, 64).to_string())
        });
        return Err(Complaint::error(what).hint("`chimera config show` lists what is set"));
    }
    let eyes = senses::eyes(settings, environment);
    let looks = chosen.iter().map(|probe| probes::once(probe, &eyes));
    let readings = join_all(looks).await;
    Ok(chosen.into_iter().cloned().zip(readings).collect())
}

fn told(probe: &ProbeSpec, what: &str, value: &Value) -> Value {
    json!({"kind": "reading", "probe": probe.id, "service": probe.service, "what": what, "value": value})
}

fn words(probe: &ProbeSpec, reading: &Reading) -> (String, Value, bool) {
    match reading {
        Reading::Check(check) => {
            let (sign, word) = if check.ok { ("✓", "holds") } else { ("✗", "FAILS") };
            let words = clean_line(&check.words, 200);
            let line = format!("{sign}  {:<20} {} {word}: {words}", probe.id, check.name);
            let value = json!({"check": check.name, "ok": check.ok, "words": words.to_string(), "signal": check.kind});
            (line, told(probe, "check", &value), check.ok)
        }
        Reading::Sample { metric, value, .. } => {
            let line = format!("·  {:<20} {metric} {value}", probe.id);
            (line, told(probe, "sample", &json!({"metric": metric, "value": value})), true)
        }
        Reading::Blind(why) => {
            let why = clean_line(why, 200).to_string();
            (format!("?  {:<20} CANNOT LOOK: {why}", probe.id), told(probe, "blind", &json!(why)), false)
        }
        Reading::Lines(lines) => {
            let line = format!("·  {:<20} can be read", probe.id);
            (line, told(probe, "lines", &json!(lines.len())), true)
        }
        Reading::Lost(lines) => {
            (format!("?  {:<20} {lines} lost", probe.id), told(probe, "lost", &json!(lines)), false)
        }
        Reading::Alarm(signal) => {
            let line = format!("!  {:<20} {}", probe.id, signal.title);
            (line, told(probe, "alarm", &json!(signal.title)), false)
        }
    }
}
