//! Deeds: what changes the director's repository. Each is prepared whole, carried out by one compare-and-swap,
//! and can be asked about afterwards by the trailer it left. What may be done was ruled before; here it is only
//! refused when the world is not as the ruling saw it.

pub mod landing;
pub mod message;
pub mod notify;
pub mod preview;
pub mod releases;
pub mod runbooks;
pub mod staging;
