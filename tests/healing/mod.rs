//! The monitor on real things: services that are broken for real, and servers from the distribution's packages.

mod demo;
mod heals;
mod injected;
pub mod servers;
pub mod stores;
mod told;
