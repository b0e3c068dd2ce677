//! Face: the network. An HTTP API over a [`Handle`](crate::runtime::handle::Handle) on a unix socket and, where the settings
//! say so, over TCP with tokens, for programs and for screens elsewhere: what a person can want is one POST, what happens is
//! one stream.
//!
//! Owns: the entrances and who may come in, routes with their description, the wire forms, problem documents. Never does:
//! decide, keep state beyond a connection (but for answers that may be asked for again), start a process, tell a
//! domain type by accident: every form on the wire is written down here, except state and events as they are, which
//! `snapshot` and `events` carry for whoever folds them with the same engine.

mod answers;
mod api;
mod body;
mod buckets;
mod caller;
pub mod client;
mod commands;
mod connections;
mod control;
mod desk;
mod doorman;
mod events;
mod far;
mod feeds;
mod frame;
mod front;
mod health;
mod hooks;
mod incidents;
mod input;
mod journal;
mod login;
mod logins;
mod metrics;
mod missions;
mod near;
mod once;
mod outside;
mod pages;
mod ports;
mod problem;
mod rights;
mod router;
mod serve;
mod served;
mod snapshot;
mod socket;
mod stream;
mod tail;
mod tasks;
#[cfg(test)]
mod tests;
mod tls;
mod vendors;

pub use ports::Ports;
pub use router::document;
pub use serve::{OpenError, Server, Setup, open};
pub use socket::BindError;
pub use tls::TlsError;
