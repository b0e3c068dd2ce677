//! Looks at a PostgreSQL server through its own statistics: whether it answers, slow statements, chains of locks,
//! connections, replicas, and the numbers behind them. Supabase and other hosted servers are reached the same way.
//!
//! Reads and nothing else; shows statements without their values; asks as `chimera`. Owns one connection a look, closed
//! with it. What is wrong with the server is a failing check; what keeps the probe from looking is an error.

mod door;
mod locks;
mod questions;
mod row;
mod statement;
#[cfg(test)]
mod tests;
mod wrapped;

use super::{
    eyes::Eyes,
    found::{fails, holds, sample, span, with},
    reach::share,
};
use crate::domain::{
    incident::Severity,
    probe::{ProbeSpec, Source},
    signal::{Check, Reading, kind},
    text,
};
use door::{Door, Shut};
use questions::{Asked, Limits};
use tokio::time::{Instant, timeout_at};

/// A question may take this long at most, whatever the probe's timeout says.
const QUESTION_MOST_MS: u64 = 5_000;
/// Gaps that are said.
const GAPS_MOST: usize = 8;
/// Characters of words.
const WORDS_MOST: usize = 500;

/// Looks once.
///
/// # Errors
/// Why the probe could not look: no address, a wrong password, a certificate of nobody we know.
pub(super) async fn look(spec: &ProbeSpec, eyes: &Eyes) -> Result<Vec<Reading>, String> {
    let Source::Postgres { url, slow, connections_pct, lag } = &spec.source else {
        return Err("this probe does not look at PostgreSQL".to_owned());
    };
    let door = Door::of(&(eyes.secret)(url).await?)?;
    // What is found until then is handed in before whoever asked stops waiting.
    let deadline = Instant::now() + share(spec.timeout).to_std();
    let session = match timeout_at(deadline, door.open()).await {
        Ok(Ok(session)) => session,
        Ok(Err(shut)) => return not_served(shut, spec.severity),
        Err(_) => {
            let words = format!("no answer within {}", span(spec.timeout.0));
            return Ok(vec![Reading::Check(fails(answers(spec.severity, words)))]);
        }
    };
    let limits = Limits {
        probe: spec.id.clone(),
        severity: spec.severity,
        slow_ms: slow.0,
        connections_pct: *connections_pct,
        lag_ms: lag.0,
        question_ms: (spec.timeout.0 / 2).clamp(1, QUESTION_MOST_MS),
    };
    Ok(asked(session, &limits, deadline).await)
}

async fn asked((client, line): door::Session, limits: &Limits, deadline: Instant) -> Vec<Reading> {
    let mut asked = Asked::new(&client, limits);
    let ended = tokio::select! {
        ended = timeout_at(deadline, asked.everything()) => ended,
        _ = line => Ok(Err("the connection was closed".to_owned())),
    };
    let reached = match ended {
        Ok(Ok(())) => answers(limits.severity, "it answers".to_owned()),
        Ok(Err(why)) => fails(answers(limits.severity, format!("it takes the connection and then: {why}"))),
        Err(_) => {
            fails(answers(limits.severity, "it takes the connection and does not answer in time".to_owned()))
        }
    };
    let mut readings = vec![Reading::Check(reached)];
    let gaps = std::mem::take(&mut asked.gaps);
    readings.append(&mut asked.found);
    readings.push(Reading::Check(sight(&gaps)));
    readings
}

/// Whether the probe sees all that it is meant to see. "No data" is never "healthy": what a role may not see is a
/// matter of its own, of the least weight.
fn sight(gaps: &[String]) -> Check {
    if gaps.is_empty() {
        return holds("sight", kind::SILENT, Severity::P4, "everything is seen".to_owned());
    }
    let words = gaps.iter().take(GAPS_MOST).cloned().collect::<Vec<_>>().join("; ");
    let check = holds("sight", kind::SILENT, Severity::P4, text::clean_line(&words, WORDS_MOST).into());
    let check = with(check, &[("gaps", &gaps.len().to_string())]);
    // Without pg_stat_statements everything works but one comfort: said, and no more.
    if gaps.iter().all(|gap| gap.starts_with("pg_stat_statements is not")) { check } else { fails(check) }
}

fn answers(severity: Severity, words: String) -> Check {
    // A database that does not answer is noticed by people, whatever its statements are worth.
    holds("reach", kind::TCP_DOWN, severity.min(Severity::P1), text::clean_line(&words, WORDS_MOST).into())
}

fn not_served(shut: Shut, severity: Severity) -> Result<Vec<Reading>, String> {
    let check = match shut {
        Shut::Unreachable(words) => fails(answers(severity, words)),
        Shut::NotReady(words) => Check { kind: kind::PROCESS_DOWN, ..fails(answers(severity, words)) },
        Shut::Full(words) => return Ok(full(&words, severity)),
        Shut::Refused(words) => return Err(words),
    };
    Ok(vec![Reading::Check(check)])
}

/// That there is no connection left for the probe is that all are used, unless the server says it of one role only.
fn full(words: &str, severity: Severity) -> Vec<Reading> {
    let some = ["for role", "for database", "for user"].iter().any(|of| words.contains(of));
    let said = format!("no connection is left: {words}");
    let check = fails(holds("connections", kind::DB_CONNECTIONS, severity.min(Severity::P1), said));
    let all = (!some).then(|| sample("pg_connections_pct", 100.0));
    [Reading::Check(check)].into_iter().chain(all).collect()
}
