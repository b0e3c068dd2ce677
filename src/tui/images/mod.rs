//! Images beside a brief: what was pasted as a path, what `@` names, and what each of them costs the chosen models, said
//! before anything is sent. What an image is its first bytes say; a name only makes one look.

mod album;
mod deeds;
mod paste;
mod picture;
mod served;

pub use album::Album;
pub use paste::pastes;
pub use picture::{Found, Paste, Picture, Weight};
pub(super) use served::serve;
