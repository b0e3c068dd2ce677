//! Nerves: joins the pure core to the world. One inbox in one order, one driver that runs effects under a
//! supervisor, one clock, one handle for the faces. What is decided is decided in `engine`, never here.

pub mod access;
pub mod attach;
#[cfg_attr(not(target_os = "linux"), path = "bell/none.rs")]
mod bell;
pub mod clock;
mod discretion;
mod door;
mod driver;
pub mod feeds;
pub mod handle;
mod inbox;
pub mod look;
mod office;
mod orders;
pub mod past;
pub mod people;
mod post;
pub mod previews;
mod records;
mod retention;
mod start;
mod supervisor;
#[cfg(test)]
mod tests;
mod viewing;
#[cfg_attr(not(target_os = "linux"), path = "watch/none.rs")]
pub mod watch;
mod watching;

pub use discretion::without_secrets;
pub use driver::{
    healing::{
        channels::{Channel, Channels, Recipient},
        rules::HealRules,
    },
    site::WorkRules,
};

pub use post::{clear_control_files, is_a_persons};
pub use start::{Engine, Setup, StartError, Working, start};
pub use supervisor::beside;
pub use watching::{BODY_MOST as HOOK_BODY_MOST, Hooks, NotTaken, Taken};
