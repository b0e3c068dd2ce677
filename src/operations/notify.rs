//! Telling people who are not at a screen: an incident as JSON to an address. At least once; who is told twice sees the
//! same `id`. Never holds anything up: what cannot be told in time is said to have failed.

use crate::domain::{text, time::Millis};
use serde::Serialize;

/// How long the address may take to answer.
const ANSWER_MOST: Millis = Millis::secs(10);
/// Characters of an answer that is quoted.
const QUOTE_MOST: usize = 120;

/// What is told. Every text in it is clean and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The same for the same word, however often it is told.
    pub id: String,
    /// Which incident, such as `I-7`.
    pub incident: String,
    /// What is new.
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
    /// The cause, once it is known.
    pub cause: Option<String>,
    /// What waits for a person, such as `R-3`.
    pub request: Option<String>,
    /// Times it was seen.
    pub count: u64,
    /// People it hit.
    pub affected: u32,
}

/// Sends a notice.
///
/// # Errors
/// The address does not answer well: why, without the address, which may be a secret.
pub async fn post(client: &reqwest::Client, url: &str, notice: &Notice) -> Result<(), String> {
    let sent =
        client.post(url).timeout(ANSWER_MOST.to_std()).header("x-chimera-id", &notice.id).json(notice).send();
    let answer = sent.await.map_err(|error| error.without_url().to_string())?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let body = answer.text().await.unwrap_or_default();
    Err(format!("the address answered {status}: {}", text::clean_line(&body, QUOTE_MOST)))
}
