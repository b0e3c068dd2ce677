//! Senses: what services say and how they are, as signals; and what lies behind an incident.
//!
//! ```text
//!  probes ── readings ──> watchtower ── signals ──> the engine, which makes incidents of them
//!  (I/O)                  (detect: pure)
//!  investigate: an incident's scene ──> clues, facts ──> rules ──> a diagnosis
//!  looking: what a runbook's expressions ask of the world
//!  webhooks: what other systems send, as signals
//! ```
//!
//! Decides nothing and changes nothing outside: it looks, and says what it saw. What it says of the world is untrusted
//! text until it has been cleaned and redacted here ([`redact`], [`detect`]).

pub mod detect;
pub mod investigate;
pub mod looking;
pub mod probes;
pub mod redact;
pub mod watchtower;
pub mod webhooks;
