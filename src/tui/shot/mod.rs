//! The live shot: a team's patch as it stands, parsed, highlighted and navigable. Takes patches as text; reads
//! no disk and knows no git. Parsing and drawing are pure but for wishes to the [`Highlighter`], which paints on
//! a thread of its own. Invariant: drawing costs what is visible, whatever the size of the patch.

pub mod doc;
mod draw;
pub mod highlight;
pub mod parse;
mod rows;
pub mod syntax;
pub mod view;
pub mod words;

pub use doc::DiffDoc;
pub use highlight::Highlighter;
pub use view::{Layout, ShotView};

#[cfg(test)]
mod pictures;
#[cfg(test)]
mod tests;
