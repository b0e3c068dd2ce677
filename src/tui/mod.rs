//! The screen: a terminal guard, one loop, panes. It speaks to the house through the desk handle only, and starts
//! no process: what it may not do itself comes in as ports.
//!
//! Event → [`app::App::on`] → tasks; drawing from `&App`. Six screens: [`screens`] remembers, `deeds` does, [`view`]
//! draws. Nothing is drawn when nothing changes. The screen is usable before the engine's end is served.

pub mod app;
pub mod argv;
pub mod briefing;
pub mod carrier;
pub mod channels;
pub mod commands;
pub mod compare;
mod decision;
pub mod decode;
mod deeds;
pub mod desk;
pub mod dictation;
mod granting;
mod held;
pub mod herald;
mod hints;
pub mod images;
pub mod incidents;
mod input;
pub mod keymap;
pub mod line;
pub mod linear;
pub mod looks;
pub mod mentions;
pub mod motion;
pub mod notes;
mod opening;
pub mod options;
pub mod pace;
pub mod past;
mod pressed;
pub mod preview;
mod room;
mod routing;
mod run;
pub mod screens;
pub mod settings;
pub mod sheets;
pub mod shot;
pub mod stream;
pub mod task;
pub mod terminal;
mod terms;
pub mod theme;
pub mod top;
mod undo;
pub mod view;
pub mod vigil;
pub mod vim;
pub mod waits;
mod words;
pub mod wrap;

pub use held::{Exit, Held, TuiError};
pub use looks::{Chosen, Own, OwnFile, Shelf};
pub use options::{BriefDefaults, Manner, Ports, Prefill, TuiOptions};
pub use run::run;

#[cfg(test)]
mod dressed;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod ideas_tests;
#[cfg(test)]
mod incident_tests;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod tests;
