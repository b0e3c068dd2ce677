//! Tokens at work: made, and proven. A token is `chm_<id>_<secret>`: its id finds it, so one hash at most is computed, and
//! its secret is told once and kept by nobody but its holder.

mod keys;
mod mint;

pub use crate::store::tokens::Origin;
pub use keys::{Given, Holder, Keys, Refused};
pub use mint::{Minted, Wanted, issue, random, revoke};

/// What every token begins with: scanners for secrets find it by that.
const PREFIX: &str = "chm";
/// Hex digits of an id.
const ID_DIGITS: usize = 12;
/// Hex digits of a secret: 256 bits.
const SECRET_DIGITS: usize = 64;
