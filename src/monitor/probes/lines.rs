//! Bytes become lines: whole ones, oldest first, valid UTF-8, without their ends, each of a bounded length. A line
//! without an end is kept until it has one; of a line that never ends only the beginning is kept. Reads nothing itself.

use crate::domain::signal::Reading;

/// Bytes kept of a line that has no end yet; a little more than is told, so that the cut falls between characters.
const KEPT: usize = Reading::LINE_MOST + 4;
/// A piece of a hole in a file.
const HOLE: [u8; 1_024] = [0; 1_024];

/// A stream of bytes on its way to lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Beginning of the line without an end.
    open: Vec<u8>,
    /// All bytes of that line so far, kept or not.
    length: u64,
}

impl Lines {
    /// Takes what came next and hands out the lines that ended in it.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<String>) {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(at);
            if self.length == 0 && line.is_empty() {
                out.push(String::new());
            } else if self.length == 0 && !after_hole(line).is_empty() {
                out.push(text(after_hole(line)));
            } else {
                self.keep(line);
                self.end(out);
            }
            rest = after.get(1..).unwrap_or_default();
        }
        if !rest.is_empty() {
            self.keep(rest);
        }
    }

    /// Whatever has no end has one now: nothing follows it.
    pub(super) fn end(&mut self, out: &mut Vec<String>) {
        if self.length > 0 && !self.open.is_empty() {
            out.push(text(&self.open));
        }
        self.forget();
    }

    /// Drops the line without an end.
    pub(super) fn forget(&mut self) {
        self.length = 0;
        self.open.clear();
        self.open.shrink_to(KEPT);
    }

    /// Bytes that came since the last line's end.
    pub(super) fn unfinished(&self) -> u64 {
        self.length
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len() as u64);
        let bytes = if self.open.is_empty() { after_hole(bytes) } else { bytes };
        let room = KEPT.saturating_sub(self.open.len()).min(bytes.len());
        self.open.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }
}

/// Without the zeros that a truncated file begins with when its writer goes on at the place where it was.
fn after_hole(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    // A hole may be as long as the file was.
    while let Some(after) = rest.strip_prefix(&HOLE) {
        rest = after;
    }
    let zeros = rest.iter().take_while(|byte| **byte == 0).count();
    rest.get(zeros..).unwrap_or_default()
}

fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.get(..line.len().min(KEPT)).unwrap_or_default();
    let mut text = String::from_utf8_lossy(line).into_owned();
    if text.len() > Reading::LINE_MOST {
        // What is no UTF-8 grows by being replaced.
        let cut = (0..=Reading::LINE_MOST).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(cut);
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(pieces: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, &mut out);
        }
        lines.end(&mut out);
        out
    }

    #[test]
    fn ends_of_both_kinds_are_taken_off_and_empty_lines_are_lines() {
        assert_eq!(all(&[b"a\r\n\nb\rc\n"]), ["a", "", "b\rc"]);
        assert_eq!(all(&[b"a\r", b"\nb"]), ["a", "b"]);
        assert_eq!(all(&[b"", b"\n"]), [""]);
    }

    #[test]
    fn a_line_without_an_end_waits_for_it() {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        lines.push(b"one\ntw", &mut out);
        assert_eq!((out.len(), lines.unfinished()), (1, 2));
        lines.push(b"o\nthree", &mut out);
        assert_eq!((out.as_slice(), lines.unfinished()), (&["one".to_owned(), "two".to_owned()][..], 5));
    }

    #[test]
    fn what_is_no_utf8_is_replaced_and_long_lines_are_cut_between_characters() {
        assert_eq!(all(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
        let long = "ä".repeat(Reading::LINE_MOST);
        let cut = all(&[long.as_bytes(), b"\nnext\n"]);
        assert_eq!((cut[0].len(), cut[1].as_str()), (Reading::LINE_MOST, "next"));
        assert!(cut[0].chars().all(|c| c == 'ä'));
        let bad = all(&[&vec![0xff; 100_000], b"\n"]);
        assert!(bad[0].len() <= Reading::LINE_MOST && bad[0].len() > Reading::LINE_MOST - 4);
    }

    #[test]
    fn a_line_that_never_ends_takes_no_more_room() {
        let (mut lines, mut out) = (Lines::default(), Vec::new());
        for _ in 0..1_000 {
            lines.push(&[b'x'; 4_096], &mut out);
        }
        assert_eq!((out.len(), lines.unfinished()), (0, 4_096_000));
        assert!(lines.open.capacity() <= 4 * KEPT, "{}", lines.open.capacity());
    }

    #[test]
    fn the_hole_that_truncation_leaves_is_no_text() {
        assert_eq!(all(&[&[0; 5_000], b"\0\0first\nsecond\n"]), ["first", "second"]);
        assert_eq!(all(&[&[0; 5_000]]), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_into_pieces_changes_nothing(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..100),
            cuts in proptest::collection::vec(0usize..100, 0..6),
        ) {
            let whole = all(&[&bytes]);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(all(&pieces), whole);
        }
    }
}
