//! Face: the network. An HTTP API over a [`Handle`](crate::runtime::handle::Handle) on a unix socket and, where the settings
//! say so, over TCP with tokens, for programs and for screens elsewhere: what a person can want is one POST, what happens is
//! one stream.
//!
//! Rooms: `entrance`, how somebody comes in; `door`, what stands before every page; `pages`, what can be asked, a file for
//! each path; [`client`], the far end. Beside them what they share: `api` describes routes, `front` is what pages stand on,
//! `input` reads and `problem` refuses, `paging` and `tail` tell much in pieces.
//!
//! Owns: the entrances and who may come in, routes with their description, the wire forms, problem documents. Never does:
//! decide, keep state beyond a connection (but for answers that may be asked for again), start a process, tell a
//! domain type by accident: every form on the wire is written down here, except state and events as they are, which
//! `snapshot` and `events` carry for whoever folds them with the same engine.

mod api;
pub mod client;
mod door;
mod entrance;
mod frame;
mod front;
mod input;
mod pages;
mod paging;
mod ports;
mod problem;
mod router;
mod serve;
mod served;
mod tail;
#[cfg(test)]
mod tests;
mod unique;

pub use entrance::{BindError, TlsError};
pub use ports::Ports;
pub use router::document;
pub use serve::{OpenError, Server, Setup, open};
