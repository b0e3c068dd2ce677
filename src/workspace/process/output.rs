//! Bounded memory of a stream: its first and its last bytes. Never grows past its limit.

use std::collections::VecDeque;

/// Keeps the head and the tail of a stream.
pub struct HeadTail {
    half: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
}

/// What was kept, with one line in the middle that says how much was not.
pub struct Kept {
    /// Head, note if anything is missing, tail.
    pub bytes: Vec<u8>,
    /// Bytes between head and tail.
    pub left_out: u64,
}

impl HeadTail {
    /// Keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { half: (limit / 2).max(1), head: Vec::new(), tail: VecDeque::new(), left_out: 0 }
    }

    /// Adds what came.
    pub fn push(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.half - self.head.len()));
        self.head.extend_from_slice(first);
        let last = &rest[rest.len().saturating_sub(self.half)..];
        let skipped = rest.len() - last.len();
        let over = (self.tail.len() + last.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(last);
        self.left_out += (skipped + over) as u64;
    }

    /// The kept bytes in order.
    pub fn into_kept(self) -> Kept {
        let mut bytes = self.head;
        if self.left_out > 0 {
            bytes.extend_from_slice(format!("\n[... {} bytes left out ...]\n", self.left_out).as_bytes());
        }
        bytes.extend(self.tail);
        Kept { bytes, left_out: self.left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_everything_within_the_limit_and_both_ends_beyond_it() {
        let mut all = HeadTail::new(10);
        for byte in b"0123456789" {
            all.push(&[*byte]);
        }
        let kept = all.into_kept();
        assert_eq!((kept.bytes.as_slice(), kept.left_out), (b"0123456789".as_slice(), 0));

        let mut ends = HeadTail::new(4);
        ends.push(b"abc");
        ends.push(b"defghij");
        ends.push(b"k");
        let kept = ends.into_kept();
        assert_eq!(kept.left_out, 7);
        assert_eq!(kept.bytes, b"ab\n[... 7 bytes left out ...]\njk");
    }
}
