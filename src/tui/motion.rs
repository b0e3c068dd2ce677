//! Ways to move in a thought stream and in a live shot.

/// A movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// Columns to the left; like the rest below, of a shot only.
    Left,
    /// Columns to the right.
    Right,
    /// To the next hunk.
    NextHunk,
    /// To the hunk before.
    PrevHunk,
    /// To the next file.
    NextFile,
    /// To the file before.
    PrevFile,
}
