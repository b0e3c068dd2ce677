//! The real binary, row by row, against a rehearsal server: what a person at a shell sees.

mod desk;
mod landing;
mod manners;
mod money;
pub mod stage;
mod voices;
