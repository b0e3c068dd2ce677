//! The real binary, row by row, against a rehearsal server: what a person at a shell sees.

mod desk;
pub mod ends;
mod history;
pub mod ideas;
mod landing;
pub mod lines;
mod manners;
mod mistakes;
pub mod money;
pub mod preview;
pub mod reach;
mod settings;
mod signing;
pub mod stage;
mod unit;
mod voices;
pub mod wire;
