//! Asks a Prometheus server one query and hands on one number a series. Whether a number is out of its bounds, and when
//! it is back, is decided by the monitor's series detector, which knows the bound and what was before: this probe gives
//! samples only and no check of its own, so that one cause is never two incidents.
//!
//! An empty answer is a gap and said as one, never as well: a number that is not there proves nothing. A range is one
//! number as well, the median of its points. Never more than [`BODY_MOST`] of an answer is read.
//!
//! User and password stand in the address; `bearer` as user makes the password a bearer token.

mod answer;
#[cfg(test)]
mod tests;

use super::{
    eyes::Eyes,
    found::{all_causes, percent_decoded},
};
use crate::domain::{
    probe::{ProbeSpec, Source},
    signal::Reading,
    text,
    time::Millis,
};
use answer::Answer;
use futures::StreamExt as _;
use reqwest::{
    Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use std::collections::BTreeMap;

/// Bytes of an answer.
const BODY_MOST: usize = 4 * 1024 * 1024;
/// Points that a range is asked for; a span shorter than this many seconds gives fewer.
const POINTS: u64 = 60;
/// Label of a sample that is a gap, with the reason.
const GAP: &str = "gap";

/// Looks once.
///
/// # Errors
/// Why there is no answer, as the server or the line says it.
pub(super) async fn look(spec: &ProbeSpec, eyes: &Eyes) -> Result<Vec<Reading>, String> {
    let Source::Prometheus { url, query, range, .. } = &spec.source else {
        return Err("this probe does not look at Prometheus".to_owned());
    };
    let (address, authorization) = door(&(eyes.secret)(url).await?, range.is_some())?;
    let mut form = vec![
        ("query", query.clone()),
        ("timeout", format!("{}ms", spec.timeout.0)),
        ("limit", answer::SERIES_MOST.to_string()),
    ];
    let now = (eyes.now)();
    match range {
        None => form.push(("time", seconds(now.0))),
        Some(span) => {
            form.push(("start", seconds((now - *span).0)));
            form.push(("end", seconds(now.0)));
            form.push(("step", step(*span).to_string()));
        }
    }
    let client = eyes.web.client(&address)?;
    let mut asked = client.post(address).timeout(spec.timeout.to_std()).header(ACCEPT, "application/json");
    if let Some(words) = authorization {
        asked = asked.header(AUTHORIZATION, words);
    }
    let asked = asked.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encoded(&form));
    let reply = asked.send().await.map_err(broken)?;
    let status = reply.status().as_u16();
    let body = body(reply).await?;
    Ok(readings(&spec.id, answer::read(status, &body)?))
}

/// Where the question goes, and what stands in `Authorization`; `None` leaves it to the client, which makes user and
/// password of the address into basic authentication.
fn door(address: &str, is_range: bool) -> Result<(Url, Option<String>), String> {
    let mut url =
        Url::parse(address.trim()).map_err(|error| format!("the address cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("the address begins with neither http:// nor https://".to_owned());
    }
    let path = format!(
        "{}/api/v1/{}",
        url.path().trim_end_matches('/'),
        if is_range { "query_range" } else { "query" }
    );
    url.set_path(&path);
    url.set_fragment(None);
    if url.username() != "bearer" {
        return Ok((url, None));
    }
    let token = percent_decoded(url.password().unwrap_or_default());
    // Neither can fail on an address with a host.
    let _ = (url.set_username(""), url.set_password(None));
    Ok((url, Some(format!("Bearer {token}"))))
}

/// A failure without the address: there may be a password in it.
fn broken(error: reqwest::Error) -> String {
    all_causes(&error.without_url())
}

async fn body(reply: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let mut stream = reply.bytes_stream();
    while let Some(piece) = stream.next().await {
        body.extend_from_slice(&piece.map_err(broken)?);
        if body.len() > BODY_MOST {
            return Err(format!("the answer is over {} MiB: ask for fewer series", BODY_MOST / 1024 / 1024));
        }
    }
    Ok(body)
}

fn readings(probe: &str, answer: Answer) -> Vec<Reading> {
    let Answer { series, left_out, unreadable, warnings } = answer;
    let mut gaps = warnings;
    if left_out > 0 {
        gaps.push(format!("{} left out: ask for fewer", text::count(left_out, "series")));
    }
    if unreadable > 0 {
        gaps.push(format!(
            "{} without a number: histograms and texts are not read",
            text::count(unreadable, "series")
        ));
    }
    let mut readings: Vec<Reading> = series
        .into_iter()
        .map(|series| Reading::Sample {
            // What was computed has no name of its own; the probe's tells it from others.
            metric: if series.name.is_empty() { probe.to_owned() } else { series.name },
            value: series.value,
            labels: series.labels,
        })
        .collect();
    if readings.is_empty() {
        gaps.insert(
            0,
            "the query gave no series; where that is the good case, let it give a zero: `... or vector(0)`"
                .to_owned(),
        );
        let gap = gaps.join("; ");
        let labels = BTreeMap::from([(GAP.to_owned(), gap.clone())]);
        readings.push(Reading::Sample { metric: probe.to_owned(), value: f64::NAN, labels });
        readings.push(Reading::Blind(gap));
    }
    readings
}

/// Seconds with milliseconds, as the API takes a time.
fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}

/// Whole seconds between two points.
fn step(span: Millis) -> u64 {
    (span.0 / 1_000 / POINTS).max(1)
}

fn encoded(form: &[(&str, String)]) -> String {
    let mut out = String::new();
    for (name, value) in form {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
                out.push(byte as char);
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}
