//! The live shot: a team's patch as it stands, parsed, highlighted and navigable. Takes patches as text; reads
//! no disk and knows no git. Parsing and drawing are pure but for wishes to the [`Highlighter`], which paints on
//! a thread of its own. Invariant: drawing costs what is visible, whatever the size of the patch. Anything that is a
//! patch is shown by this: live shots, candidates, versions, pages.

mod anchor;
mod breaks;
mod deeds;
pub mod doc;
mod draw;
mod find;
pub mod highlight;
pub mod moves;
mod one;
pub mod parse;
mod rows;
mod search;
pub mod syntax;
pub mod tree;
pub mod view;
pub mod words;

pub use doc::DiffDoc;
pub use highlight::{Highlighter, Later};
pub use moves::Fold;
pub use one::{LineAt, Lines};
pub use parse::is_patch;
pub use view::{Layout, Manner, ShotView};

#[cfg(test)]
mod pictures;
#[cfg(test)]
mod tests;
