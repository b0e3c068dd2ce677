//! The network face of the real daemon, over its real socket: with an empty home, a rehearsal that answers, and a client
//! that speaks HTTP and nothing else.

mod attach;
mod client;
mod features;
mod kills;
mod missions;
mod socket;
