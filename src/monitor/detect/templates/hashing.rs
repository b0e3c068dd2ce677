//! The hash of words and shapes: fast, and the same on every machine and in every run, so that ids made of it last.
//! It is no defence: two lines made to collide share a template, which harms only who made them.

use std::hash::{BuildHasherDefault, Hasher};

/// Odd constants with well-spread bits.
const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
const SECOND: u64 = 0xd6e8_feb8_6659_fd93;

/// High and low half of a product, folded.
const fn fold(a: u64, b: u64) -> u64 {
    let wide = (a as u128) * (b as u128);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// Of these bytes.
pub fn of(bytes: &[u8]) -> u64 {
    let mut hash = FIRST ^ (bytes.len() as u64);
    let (whole, rest) = bytes.as_chunks::<8>();
    for chunk in whole {
        hash = fold(hash ^ u64::from_le_bytes(*chunk), SECOND);
    }
    let last = rest.iter().rev().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
    fold(hash ^ last, SECOND)
}

/// Of a core and its punctuation at a place. Sums of these are shapes, so that one place can be exchanged.
pub const fn placed(core: u64, tail: u64, place: u64) -> u64 {
    fold(fold(core ^ FIRST, tail ^ SECOND) ^ place.wrapping_mul(FIRST), SECOND ^ place)
}

/// For maps whose keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = of(bytes);
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A map whose keys are hashes already.
pub type Map<V> = std::collections::HashMap<u64, V, BuildHasherDefault<Ready>>;
