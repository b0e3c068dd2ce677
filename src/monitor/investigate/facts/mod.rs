//! Looks: each asks one corner of the world what is so now, bounded in time and size, and changes nothing. What it reads
//! becomes clues and facts in one place per corner; what it cannot read is a gap, never a guess.

pub mod clock;
pub mod code;
pub mod config;
pub mod container;
pub mod directory;
pub mod disk;
pub mod health;
pub mod kernel;
pub mod kubernetes;
pub mod memory;
pub mod past;
pub mod paths;
pub mod port;
pub mod process;
pub mod reach;
pub mod readings;
pub mod stores;
pub mod texts;
pub mod unit;
