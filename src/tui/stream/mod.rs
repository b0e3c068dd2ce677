//! The thought stream of a channel: what a team thinks, says and does, as it comes. Takes feed items in
//! batches; knows no clock, file or task. Bounded in bytes; wrapped once per block and width, only the tail
//! again while it grows; drawing changes nothing and costs what is visible.

mod block;
mod draw;
mod log;
pub mod search;
pub mod wrap;

pub use log::{STREAM_MOST, StreamLog};

#[cfg(test)]
mod pictures;
#[cfg(test)]
mod tests;
