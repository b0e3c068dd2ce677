//! Operations: who works on what, and what it costs.

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Operations {
    /// The row under the cursor.
    pub at: usize,
}
