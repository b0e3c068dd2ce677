//! Audit: what has been done.

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Audit {
    /// The row under the cursor.
    pub at: usize,
}
