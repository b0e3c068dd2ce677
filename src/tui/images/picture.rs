//! An image on its way into a brief: the path that was pasted, what is there, what it costs.

use crate::domain::{brief::Attachment, money::Cost, picture::Size};

/// A path in a paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paste {
    /// As it stands in the text.
    pub written: String,
    /// What it means: absolute, below `~`, or relative.
    pub path: String,
}

/// How large an image is, and what it adds to one call of each chosen model, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Weight {
    /// Pixels, if it says so.
    pub size: Option<Size>,
    /// Tokens and money, each as far as it is known.
    pub costs: Vec<(Option<u64>, Cost)>,
}

/// An image that is kept for a brief.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What goes with the brief.
    pub attachment: Attachment,
    /// What it costs.
    pub weight: Weight,
}

/// What a pasted path turned out to be: an image, nothing, or an image that no model takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The path.
    pub paste: Paste,
    /// What is there.
    pub picture: Result<Option<Picture>, String>,
}
