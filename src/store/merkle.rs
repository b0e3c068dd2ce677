//! Merkle tree over the hashes of a block of 256 entries, built so that `sha256sum` alone can follow it:
//! a parent is the SHA-256 of its two children's 64-digit lower-case hex forms written one after the other.
//! A leaf is an entry's hash (of text that begins with `{`), a parent hashes 128 hex digits, so that neither
//! can pass for the other.

use super::entry::push_hex;
use crate::domain::digest::Digest;

/// Entries under one checkpoint.
pub const BLOCK: u64 = 256;

/// The side on which a sibling stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The sibling comes first.
    Left,
    /// The sibling comes second.
    Right,
}

/// The parent of two nodes.
#[must_use]
pub fn parent(left: &Digest, right: &Digest) -> Digest {
    let mut text = String::with_capacity(128);
    push_hex(&mut text, left);
    push_hex(&mut text, right);
    Digest::of(text.as_bytes())
}

fn level_up(level: &[Digest]) -> Vec<Digest> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => parent(left, right),
            _ => pair[0],
        })
        .collect()
}

/// Root over leaves; the root of nothing is zeros.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level_up(&level);
    }
    level.first().copied().unwrap_or_default()
}

/// The siblings on the way from leaf `index` to the root, lowest first.
#[must_use]
pub fn siblings(leaves: &[Digest], index: usize) -> Vec<(Side, Digest)> {
    let (mut level, mut at, mut path) = (leaves.to_vec(), index, Vec::new());
    while level.len() > 1 {
        let side = if at % 2 == 0 { Side::Right } else { Side::Left };
        if let Some(sibling) = level.get(at ^ 1) {
            path.push((side, *sibling));
        }
        level = level_up(&level);
        at /= 2;
    }
    path
}

/// The root that a leaf and its siblings lead to.
#[must_use]
pub fn climb(leaf: Digest, path: &[(Side, Digest)]) -> Digest {
    path.iter().fold(leaf, |node, (side, sibling)| match side {
        Side::Left => parent(sibling, &node),
        Side::Right => parent(&node, sibling),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_leads_to_the_root_and_no_other_does() {
        let leaves: Vec<_> = (0..BLOCK).map(|n| Digest::of(&n.to_be_bytes())).collect();
        let top = root(&leaves);
        for (index, leaf) in leaves.iter().enumerate() {
            let path = siblings(&leaves, index);
            assert_eq!(path.len(), 8);
            assert_eq!(climb(*leaf, &path), top);
            assert_ne!(climb(Digest::of(b"other"), &path), top);
        }
    }
}
