//! Settings: how the program is set up.

/// What the screen remembers.
#[derive(Debug, Default)]
pub struct Settings {
    /// The row under the cursor.
    pub at: usize,
}
