//! The screen: a terminal guard, one loop, panes. It speaks to the house through the desk handle only, and starts
//! no process: what it may not do itself comes in as ports.
//!
//! Event → [`app::App::on`] → tasks; drawing from `&App`. Nothing is drawn when nothing changes. The screen is
//! usable before the engine's end is served.

pub mod app;
pub mod briefing;
pub mod channels;
pub mod commands;
mod deeds;
pub mod desk;
mod input;
pub mod keymap;
pub mod line;
pub mod options;
pub mod pace;
mod run;
pub mod sheets;
pub mod shot;
pub mod stream;
pub mod terminal;
pub mod theme;
pub mod view;
pub mod vim;
pub mod words;
pub mod wrap;

pub use options::{BriefDefaults, Ports, Prefill, TuiOptions};
pub use run::{Exit, TuiError, run};

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod poster;
#[cfg(test)]
mod tests;
