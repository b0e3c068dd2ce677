//! Retention of transcripts. A transcript is a blob; the journal names it by digest for ever, but its body
//! may go when it is old or when all of them together are too big. Nothing that is not listed here as a
//! transcript is ever touched, and the journal's chain never is.

use super::blobs::{Blobs, Swept};
use crate::domain::{
    digest::Digest,
    time::{Millis, Timestamp},
};
use std::{collections::HashSet, io};

/// What may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The present.
    pub now: Timestamp,
    /// Bodies older than this go.
    pub most_age: Millis,
    /// The oldest bodies go until the rest is at most this many bytes.
    pub most_bytes: u64,
}

/// Removes the bodies of `transcripts` that are beyond the limits; `protected` ones stay and count.
pub fn retain(
    blobs: &Blobs,
    transcripts: &[Digest],
    protected: &HashSet<Digest>,
    limits: Limits,
) -> io::Result<Swept> {
    let unique: HashSet<Digest> = transcripts.iter().copied().collect();
    let mut bodies: Vec<_> = unique
        .into_iter()
        .filter_map(|digest| blobs.stat(&digest).ok().map(|(len, at)| (at, digest, len)))
        .collect();
    bodies.sort_unstable_by_key(|(at, digest, _)| (*at, *digest));
    let mut total: u64 = bodies.iter().map(|(_, _, len)| len).sum();
    let mut swept = Swept::default();
    for (at, digest, len) in bodies {
        let too_old = limits.now.since(at) > limits.most_age;
        if protected.contains(&digest) || !(too_old || total > limits.most_bytes) {
            continue;
        }
        swept.bytes += blobs.remove(&digest)?;
        swept.removed += 1;
        total -= len;
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_unprotected_transcripts_go() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let [a, b, patch] = [b"a".as_slice(), b"bb", b"patch"].map(|bytes| blobs.put(bytes).unwrap());
        let now = blobs.stat(&patch).unwrap().1 + Millis::hours(2);
        let keep_all = Limits { now, most_age: Millis::hours(3), most_bytes: 3 };
        assert_eq!(retain(&blobs, &[a, b], &HashSet::new(), keep_all).unwrap(), Swept::default());
        let old = Limits { most_age: Millis::hours(1), ..keep_all };
        let swept = retain(&blobs, &[a, b], &HashSet::from([a]), old).unwrap();
        assert_eq!(swept, Swept { removed: 1, bytes: 2 });
        assert!(blobs.has(&a) && !blobs.has(&b) && blobs.has(&patch));
        let small = Limits { most_bytes: 0, ..keep_all };
        assert_eq!(retain(&blobs, &[a], &HashSet::new(), small).unwrap().removed, 1);
        assert!(blobs.has(&patch), "what is no transcript is never touched");
    }
}
