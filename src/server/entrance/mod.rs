//! How somebody comes in: by the unix socket, as whom the kernel says (`near`, `socket`, `caller`), or over TCP, as nobody yet
//! (`far`, `tls`). Either way a connection is one task with bounds of its own (`connections`, `body`). What is asked on it,
//! and whether that may be, is none of its business.

mod body;
mod caller;
mod connections;
mod far;
mod near;
mod socket;
mod tls;

pub use socket::BindError;
pub use tls::TlsError;
pub(in crate::server) use {
    caller::{Caller, People},
    connections::serve,
    far::{Far, Outside},
    near::Near,
    socket::{Socket, own},
    tls::Certificates,
};
