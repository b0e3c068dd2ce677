//! The network face of the real daemon, over its real socket and over TCP: with an empty home, a rehearsal that answers, and
//! a client that speaks HTTP and nothing else.

mod attach;
mod client;
mod features;
mod hooks;
mod kills;
mod load;
mod login;
mod missions;
mod outside;
mod pressure;
mod previews;
mod python;
mod socket;
mod tls;
mod tokens;
mod top;
mod websocket;
mod wire;
