//! Whether a web address answers well: its status, the beginning of its body, how long it takes, and how long its
//! certificate is good for. Each is a check of its own. An expired certificate is told as one, and as an address that
//! is down, for that is what its users see.
//!
//! Time is measured from the question to the head of the answer: name, connection, encryption and the server's thought.

mod certificate;
mod failure;

use super::{
    eyes::Eyes,
    found::{fails, holds, with},
    reach,
};
use crate::domain::{
    incident::Severity,
    probe::{ProbeSpec, Source},
    signal::{Check, Reading, kind},
    time::{Millis, Timestamp},
};
pub(in crate::monitor) use certificate::not_after;
use failure::{Dated, Failure, Silent};
use futures::StreamExt as _;
use regex::bytes::{Regex, RegexBuilder};
use reqwest::{Response, Url, tls::TlsInfo};
use std::collections::BTreeMap;
use tokio::time::{Instant, timeout_at};

/// Bytes of a body that are looked at.
const BODY_MOST: usize = 64 * 1024;
/// Memory that a pattern may take when it is made.
const PATTERN_MOST: usize = 1024 * 1024;
/// A day.
const DAY: Millis = Millis::hours(24);

/// What is asked for, and where.
struct Question<'a> {
    spec: &'a ProbeSpec,
    url: Url,
    status: (u16, u16),
    pattern: Option<Regex>,
    latency: Millis,
    tls_days: u32,
}

/// What was answered in time.
struct Answer {
    status: u16,
    took: Millis,
    /// Where one was wanted; an error says why there is none.
    body: Option<Result<Vec<u8>, String>>,
    /// As it came, where the line was encrypted.
    certificate: Option<Vec<u8>>,
}

/// Looks once.
///
/// # Errors
/// Why the probe could not look: an address or a pattern that cannot be read, no certificates on this machine.
pub(super) async fn look(spec: &ProbeSpec, eyes: &Eyes) -> Result<Vec<Reading>, String> {
    let Source::Http { url, status, body, latency, tls_days } = &spec.source else {
        return Err("this probe does not look at a web address".to_owned());
    };
    let url = Url::parse(&(eyes.secret)(url).await?)
        .map_err(|error| format!("the address cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("the address must begin with http:// or https:// and name a host".to_owned());
    }
    let pattern = |text: &String| RegexBuilder::new(text).size_limit(PATTERN_MOST).build();
    let pattern = body.as_ref().map(pattern).transpose();
    let pattern =
        pattern.map_err(|error| reach::clean(&format!("the body's pattern cannot be used: {error}")))?;
    let question = Question { spec, url, status: *status, pattern, latency: *latency, tls_days: *tls_days };
    let client = eyes.web.client(&question.url)?;
    Ok(match ask(&client, &question).await {
        Ok(answer) => question.judged(answer, (eyes.now)()),
        Err(failure) => question.failed(failure, (eyes.now)()),
    })
}

async fn ask(client: &reqwest::Client, question: &Question<'_>) -> Result<Answer, Failure> {
    let most = reach::share(question.spec.timeout);
    let started = Instant::now();
    let until = started + most.to_std();
    let sent = timeout_at(until, client.get(question.url.clone()).send()).await;
    let response =
        sent.map_err(|_| Failure::late(most))?.map_err(|error| Failure::of(&error, &question.url))?;
    let took = Millis(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
    let status = response.status().as_u16();
    let certificate =
        response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).map(<[u8]>::to_vec);
    let body = match question.pattern {
        None => None,
        Some(_) => Some(match timeout_at(until, beginning(response)).await {
            Ok(read) => read,
            Err(_) => Err(format!("the body did not come within {} ms", most.0)),
        }),
    };
    Ok(Answer { status, took, body, certificate })
}

/// The first bytes of the body.
async fn beginning(response: Response) -> Result<Vec<u8>, String> {
    let (mut kept, mut body) = (Vec::new(), response.bytes_stream());
    while kept.len() < BODY_MOST {
        match body.next().await {
            None => break,
            Some(Ok(piece)) => {
                let room = piece.len().min(BODY_MOST - kept.len());
                kept.extend_from_slice(piece.get(..room).unwrap_or_default());
            }
            Some(Err(error)) => {
                return Err(reach::clean(&format!("the body broke off: {}", error.without_url())));
            }
        }
    }
    Ok(kept)
}

impl Question<'_> {
    fn judged(&self, answer: Answer, now: Timestamp) -> Vec<Reading> {
        let (lowest, highest) = self.status;
        let status =
            self.check("status", kind::HTTP_DOWN, self.spec.severity, format!("HTTP {}", answer.status));
        let status = with(status, &[("status", &answer.status.to_string())]);
        let mut checks = vec![if (lowest..=highest).contains(&answer.status) {
            status
        } else {
            fails(Check { words: format!("HTTP {}, well is {lowest} to {highest}", answer.status), ..status })
        }];
        if let (Some(pattern), Some(body)) = (&self.pattern, &answer.body) {
            checks.push(self.body(pattern, body));
        }
        let took = format!("answered after {} ms", answer.took.0);
        let latency = self.check("latency", kind::HTTP_SLOW, milder(self.spec.severity), took);
        let latency =
            with(latency, &[("value", &answer.took.0.to_string()), ("limit", &self.latency.0.to_string())]);
        checks.push(if answer.took > self.latency { fails(latency) } else { latency });
        if let Some(certificate) = &answer.certificate {
            checks.push(match certificate::not_after(certificate) {
                Some(until) => self.certificate(until, now),
                None => {
                    fails(self.tls(milder(self.spec.severity), "its certificate cannot be read".to_owned()))
                }
            });
        }
        let mut readings: Vec<Reading> = checks.into_iter().map(Reading::Check).collect();
        readings.push(self.sample(answer.took.0 as f64));
        readings
    }

    /// Not reached. What cannot be known without an answer is not said, but for the latency, which has a gap.
    fn failed(&self, failure: Failure, now: Timestamp) -> Vec<Reading> {
        let down = self.check("status", kind::HTTP_DOWN, self.spec.severity, failure.words.clone());
        let silent = failure.silent.map_or("", Silent::word);
        let nameless = failure.silent == Some(Silent::Nameless);
        let host = self.url.host_str().filter(|_| nameless).unwrap_or_default();
        let mut readings = vec![Reading::Check(fails(with(down, &[("silent", silent), ("host", host)])))];
        readings.extend(failure.dated.map(|dated| {
            Reading::Check(fails(match dated {
                Dated::Expired(Some(until)) => self.certificate(until, now),
                Dated::Expired(None) | Dated::NotYet => self.tls(self.spec.severity, failure.words),
            }))
        }));
        readings.push(self.sample(f64::NAN));
        readings
    }

    fn body(&self, pattern: &Regex, body: &Result<Vec<u8>, String>) -> Check {
        let check = |words: String| self.check("body", kind::HTTP_DOWN, self.spec.severity, words);
        match body {
            Ok(body) if pattern.is_match(body) => check("the body is as it should be".to_owned()),
            Ok(body) => {
                let start =
                    String::from_utf8_lossy(body.get(..body.len().min(120)).unwrap_or_default()).into_owned();
                let words = format!("the body does not match {}; it begins: {start}", pattern.as_str());
                fails(check(reach::clean(&words)))
            }
            Err(why) => fails(check(why.clone())),
        }
    }

    /// How long a certificate is good for.
    fn certificate(&self, until: Timestamp, now: Timestamp) -> Check {
        let left = until.0.saturating_sub(now.0).div_euclid(i64::try_from(DAY.0).unwrap_or(i64::MAX));
        let date = until.to_string();
        let day = date.get(..10).unwrap_or(&date);
        let host = self.url.host_str().unwrap_or_default();
        let labels = [("days", left.to_string()), ("until", day.to_owned())];
        let check = match left {
            ..0 => fails(self.tls(self.spec.severity, format!("the certificate of {host} expired on {day}"))),
            _ => {
                let words = format!("the certificate of {host} is good for {left} more days, until {day}");
                let check = self.tls(milder(self.spec.severity), words);
                if left < i64::from(self.tls_days) { fails(check) } else { check }
            }
        };
        with(check, &labels.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    fn tls(&self, severity: Severity, words: String) -> Check {
        self.check("tls", kind::TLS_EXPIRY, severity, words)
    }

    fn check(&self, name: &str, kind: &'static str, severity: Severity, words: String) -> Check {
        let labels = self.labels();
        let labels: Vec<(&str, &str)> =
            labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        with(holds(name, kind, severity, words), &labels)
    }

    fn sample(&self, value: f64) -> Reading {
        Reading::Sample { metric: "http_latency_ms".to_owned(), value, labels: self.labels() }
    }

    /// Where it was looked, without what an address may hold of secrets.
    fn labels(&self) -> BTreeMap<String, String> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let url = format!("{}://{host}{port}{}", self.url.scheme(), self.url.path());
        [("host".to_owned(), format!("{host}{port}")), ("url".to_owned(), reach::clean(&url))].into()
    }
}

/// One step less bad: slow is not down, and soon is not now.
fn milder(severity: Severity) -> Severity {
    Severity::ALL.into_iter().find(|other| *other > severity).unwrap_or(severity)
}

#[cfg(test)]
mod tests;
