//! A notice as JSON to an address. Where there is a secret, `x-chimera-signature` is `t=` the seconds since the epoch and
//! `,v1=` the HMAC-SHA256 in hexadecimal of those, a full stop and the body: who checks the time cannot be fed an old
//! notice again. It is the form that a generic webhook of another house takes in.

use super::{Notice, Untold, answered};
use crate::domain::time::Timestamp;
use ring::hmac;
use std::fmt::Write as _;

/// Header with the notice's id.
pub const ID: &str = "x-chimera-id";
/// Header with the number of the try.
pub const ATTEMPT: &str = "x-chimera-attempt";
/// Header with the signature.
pub const SIGNATURE: &str = "x-chimera-signature";

/// Sends a notice.
///
/// # Errors
/// The address does not answer well: why, without the address, which may be a secret.
pub async fn tell(
    client: &reqwest::Client,
    (url, secret): (&str, Option<&str>),
    notice: &Notice,
    now: Timestamp,
) -> Result<(), Untold> {
    let body = serde_json::to_string(notice).map_err(|error| Untold::for_good(error.to_string()))?;
    let mut request = client
        .post(url)
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(ID, &notice.id)
        .header(ATTEMPT, notice.attempt);
    if let Some(secret) = secret {
        request = request.header(SIGNATURE, signature(secret, now, &body));
    }
    answered("the webhook", request.body(body)).await.map(drop)
}

/// What a receiver with the same secret comes to.
#[must_use]
pub fn signature(secret: &str, now: Timestamp, body: &str) -> String {
    let at = now.0.div_euclid(1_000);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    let mut words = format!("t={at},v1=");
    for byte in tag.as_ref() {
        let _ = write!(words, "{byte:02x}");
    }
    words
}
