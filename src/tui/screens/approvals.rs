//! Approvals: everything that waits for a person.

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Approvals {
    /// The row under the cursor.
    pub at: usize,
}
