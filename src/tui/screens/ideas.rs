//! Ideas: what could be done next.

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Ideas {
    /// The row under the cursor.
    pub at: usize,
}
