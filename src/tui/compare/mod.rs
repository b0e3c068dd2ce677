//! The comparison: candidates side by side, place by place, and one patch out of what is taken from each. Patches come
//! as text; nothing here reads a disk or knows git.

pub mod align;
pub mod board;
pub mod compose;
mod deeds;
mod packages;
pub mod rows;

pub use align::{Agreement, Alignment};
pub use board::Board;

#[cfg(test)]
pub(in crate::tui) mod tests;
