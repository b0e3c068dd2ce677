//! All integration tests, in one binary: one link instead of many.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod agents;
mod architecture;
mod crash;
mod docs;
mod healing;
mod house;
mod screen;
mod server;
mod workspace;
