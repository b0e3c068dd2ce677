//! The least room: below it nothing is drawn but a word about that, and no key decides or sends anything.

/// Columns and rows below which nothing sensible fits.
pub const LEAST: (u16, u16) = (40, 10);

/// Whether a terminal of this size shows anything that a key could be about.
#[must_use]
pub fn fits(size: (u16, u16)) -> bool {
    size.0 >= LEAST.0 && size.1 >= LEAST.1
}
