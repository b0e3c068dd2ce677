//! Where the system tells nothing of files that change: own themes and keymaps are read at the start.

use std::path::PathBuf;

/// Never there.
pub enum Watch {}

impl Watch {
    /// There is none.
    #[must_use]
    pub fn hang(_: Vec<PathBuf>) -> Option<Self> {
        None
    }

    /// Never asked.
    pub async fn changed(&mut self) {
        match *self {}
    }
}
