//! The linear face: everything the screens can do as lines, each change one new line with a plain word first. For
//! screen readers, logs, pipes and terminals that cannot move a cursor.
//!
//! Owns: what is said and when, and what a line that was read means. Never does: address a cursor, colour, spin,
//! say a line twice, decide on a revision that was not said. Lines are clean and bounded. What a screen's command does
//! is the screen's own deed: `run <name>` gives it to the same [`App`](super::app::App).

mod answers;
mod compare;
mod decide;
mod face;
mod incidents;
mod journal;
mod missions;
mod monitor;
mod named;
mod news;
mod pages;
mod paper;
mod patch;
mod phrases;
mod previews;
mod run;
mod say;
mod screens;
mod sheets;
mod stdin;
mod streams;
#[cfg(test)]
mod tests;
pub mod verbs;

pub use face::Writer;
pub use run::run;
