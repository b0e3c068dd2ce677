//! Voices: one file per model API. Wire types never leave their file; what leaves is [`wire::Reply`],
//! [`wire::Delta`] and [`wire::CallError`]. This room knows nothing of missions; it talks, meters and retries.
//!
//! From the ground up: [`sieve`] repairs bytes, [`transport`] bounds them, [`exchange`] runs one call, [`entrance`]
//! knows an address, [`anthropic`], [`gemini`] and [`openai`] translate, [`prices`] knows what it costs, [`pictures`] how an
//! image counts, [`switchboard`] retries, falls back and settles. [`rehearsal`] is the other end of the line for demo and tests.

pub mod anthropic;
pub mod entrance;
pub mod exchange;
pub mod failure;
pub mod gemini;
pub mod http;
pub mod openai;
pub mod pictures;
pub mod prices;
pub mod rehearsal;
mod routed;
pub mod sieve;
pub mod signature;
pub mod switchboard;
pub mod transport;
pub mod turns;
pub mod wire;

#[cfg(test)]
mod recorded;
