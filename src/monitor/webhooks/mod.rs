//! What other systems send: payloads read into signals, and the proof that they come from whom they should.
//!
//! A library of pure functions: bytes, a probe and the time come in, signals or the field that is wrong go out. It knows
//! no socket and no secret but the one it is given. Every text of a payload is redacted, cleaned and bounded; nothing of
//! it is ever a command. The order is: prove the sender ([`signature::prove`]), then [`read`].

mod alarm;
mod alertmanager;
mod generic;
mod github;
mod payload;
mod sentry;
pub mod signature;
mod slack;
mod stripe;
#[cfg(test)]
mod tests;
mod vercel;

pub use payload::{BODY_MOST, BadPayload, DEPTH_MOST, Payload};

use crate::domain::probe::{ProbeSpec, WebhookFormat};
use payload::Node;

/// Reads a payload. One alert of a group that cannot be read is among the problems, the others are signals.
///
/// # Errors
/// Nothing of it could be read: which field is wrong, and what.
pub fn read(format: WebhookFormat, body: &[u8], probe: &ProbeSpec) -> Result<Payload, BadPayload> {
    let tree = payload::parse(body)?;
    let top = Node::top(&tree)?;
    let payload = match format {
        WebhookFormat::Alertmanager => alertmanager::read(&top, probe),
        WebhookFormat::Sentry => sentry::read(&top, probe),
        WebhookFormat::Github => github::read(&top, probe),
        WebhookFormat::Vercel => vercel::read(&top, probe),
        WebhookFormat::Slack => slack::read(&top, probe),
        WebhookFormat::Stripe => stripe::read(&top, probe),
        WebhookFormat::Generic => generic::read(&top, probe),
    }?;
    match payload.problems.first() {
        Some(problem) if payload.signals.is_empty() => Err(problem.clone()),
        _ => Ok(payload),
    }
}
