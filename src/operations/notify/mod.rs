//! Telling people who are not at a screen. Each way has its file:
//!
//! ```text
//! notice -> webhook   JSON by POST, signed where there is a secret
//!        -> slack     an incoming webhook, or a message of a bot in the incident's thread
//!        -> mail      SMTP, SendGrid or Resend; an incident is one conversation
//! ```
//!
//! At least once: who is told twice sees the same `id`, and a later try says that it is one. Nothing here holds anything
//! up: what cannot be told in time is said to have failed, and whether another try makes sense.

pub mod mail;
pub mod slack;
pub mod webhook;
pub mod wording;

use crate::domain::{text, time::Millis};
use serde::Serialize;

/// How long one try may take.
pub const TRY_MOST: Millis = Millis::secs(10);
/// Characters of an answer that is quoted.
const QUOTE_MOST: usize = 120;

/// What is told. Every text in it is clean and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The same for the same word, however often it is told, and no other house's.
    pub id: String,
    /// Which house tells: the same in all that it tells, and another for each journal.
    pub house: String,
    /// The incident that it is told under: the gravest of its group.
    #[serde(flatten)]
    pub first: Member,
    /// The cause, once it is known.
    pub cause: Option<String>,
    /// Times it was seen.
    pub count: u64,
    /// People it hit.
    pub affected: u32,
    /// What is told with it, and what is quiet because of it, at most [`Member::MOST`].
    pub others: Vec<Member>,
    /// How many more there are of those.
    pub more: u64,
    /// Which try this is, from 1: a later one may be a duplicate.
    pub attempt: u32,
}

impl Notice {
    /// Whether it may have been told before.
    #[must_use]
    pub fn is_again(&self) -> bool {
        self.attempt > 1
    }
}

/// An incident that a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Which, such as `I-7`.
    pub incident: String,
    /// What is new, or why nobody is told of it for itself.
    pub event: String,
    /// How bad, `P0` to `P4`.
    pub severity: String,
    /// Which service.
    pub service: String,
    /// Which environment.
    pub env: String,
    /// What it is.
    pub title: String,
    /// Where it stands.
    pub phase: String,
    /// What waits for a person, such as `R-3`.
    pub request: Option<String>,
}

impl Member {
    /// Named in one notice.
    pub const MOST: usize = 50;
}

/// Nobody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// Why, without addresses and secrets.
    pub why: String,
    /// Whether another try makes sense, and at the earliest after how long.
    pub again: Option<Millis>,
}

impl Untold {
    /// It will not work another time either.
    #[must_use]
    pub fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), again: None }
    }

    /// It may work another time.
    #[must_use]
    pub fn for_now(why: impl Into<String>) -> Self {
        Self { why: why.into(), again: Some(Millis(0)) }
    }
}

/// What an address answered: its status, and its body as far as it is read.
struct Answer {
    status: reqwest::StatusCode,
    body: String,
}

/// Sends a request and reads what comes back. A refusal that is about now (a limit, a fault of the other side) may be
/// tried again, any other may not.
async fn answered(name: &str, request: reqwest::RequestBuilder) -> Result<Answer, Untold> {
    let sent = request.timeout(TRY_MOST.to_std()).send().await;
    let answer = sent.map_err(|error| Untold::for_now(format!("{name}: {}", error.without_url())))?;
    let status = answer.status();
    let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let body = read(answer).await;
    if status.is_success() {
        return Ok(Answer { status, body });
    }
    let why = format!("{name} answered {status}: {}", text::clean_line(&body, QUOTE_MOST));
    let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 429);
    Err(Untold { why, again: passing.then(|| Millis::secs(wait.unwrap_or_default())) })
}

/// The first 64 KiB of a body.
async fn read(mut answer: reqwest::Response) -> String {
    const MOST: usize = 64 * 1024;
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() >= MOST {
            body.truncate(MOST);
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

#[cfg(test)]
mod sink;
#[cfg(test)]
mod tests;
