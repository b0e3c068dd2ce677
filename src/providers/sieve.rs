//! Makes any byte stream safe for the SSE parser, without looking into the events. eventsource-client ends a
//! stream at invalid UTF-8 and at blocks that hold nothing it knows (`retry: soon`, `event:` without a name, an
//! unknown field alone); none of these may cost a reply that is being paid for.
//!
//! Out come only `data` lines, `event` lines with a name, and blank lines, each ended by `\n`, all valid UTF-8.
//! Ids, retry times, comments and unknown fields are left out: model replies have no use for them, and that
//! bytes came at all is noticed by the transport's idle clock. Pieces may be cut anywhere.

/// The bytes of a byte order mark.
const BOM: &[u8] = b"\xEF\xBB\xBF";
/// What an invalid byte sequence becomes.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
/// No more bytes of a line are needed to know whether to keep it: `event: x`.
const HEAD_MOST: usize = 8;

/// llama.cpp tells of an error in a field of its own; it is handed on as an event of that name.
const ERROR_FIELD: &[u8] = b"error:";
const ERROR_EVENT: &[u8] = b"event: error\ndata:";

/// What is done with the line that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Not known yet; its bytes are held back.
    Head,
    /// Kept.
    Keep,
    /// Left out.
    Skip,
}

/// One stream's filter.
#[derive(Debug)]
pub struct Sieve {
    /// Start of a UTF-8 sequence whose end has not come yet; at most 3 bytes.
    partial: Vec<u8>,
    /// Start of the current line while it is not known what it is.
    head: Vec<u8>,
    line: Line,
    after_cr: bool,
    at_start: bool,
    /// Bytes of the current line so far.
    length: usize,
    /// A kept line since the last blank one.
    block_open: bool,
}

impl Default for Sieve {
    fn default() -> Self {
        Self {
            partial: Vec::new(),
            head: Vec::new(),
            line: Line::Head,
            after_cr: false,
            at_start: true,
            length: 0,
            block_open: false,
        }
    }
}

impl Sieve {
    /// Takes the next piece and appends what is kept of it to `out`.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        out.reserve(piece.len());
        let mut rest = piece;
        while !self.partial.is_empty() && !rest.is_empty() {
            self.partial.push(rest[0]);
            rest = &rest[1..];
            self.settle_partial(out);
        }
        loop {
            match std::str::from_utf8(rest) {
                Ok(_) => return self.lines(rest, out),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.lines(valid, out);
                    let Some(bad) = error.error_len() else {
                        self.partial.extend_from_slice(after);
                        return;
                    };
                    self.lines(REPLACEMENT, out);
                    rest = &after[bad..];
                }
            }
        }
    }

    /// Ends the stream: what was begun is closed, so that a last event without its blank line is not lost.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.lines(REPLACEMENT, out);
        }
        if self.length > 0 {
            self.end_line(out);
        }
        if self.block_open {
            self.end_line(out);
        }
    }

    /// Bytes of the line that is being read.
    #[must_use]
    pub fn line_length(&self) -> usize {
        self.length
    }

    /// Decides about a sequence that was cut: complete, still open, or invalid.
    fn settle_partial(&mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.partial);
        match std::str::from_utf8(&held) {
            Ok(_) => self.lines(&held, out),
            Err(error) => match error.error_len() {
                None => self.partial = held,
                Some(bad) => {
                    self.lines(REPLACEMENT, out);
                    // The byte that broke the sequence may itself be whole (ASCII) or begin another one.
                    for &byte in &held[bad..] {
                        self.partial.push(byte);
                        self.settle_partial(out);
                    }
                }
            },
        }
    }

    fn lines(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
            if end > 0 {
                self.after_cr = false;
                self.within(&rest[..end], out);
            }
            let Some(&terminator) = rest.get(end) else { return };
            if !(terminator == b'\n' && self.after_cr) {
                self.end_line(out);
            }
            self.after_cr = terminator == b'\r';
            rest = &rest[end + 1..];
        }
    }

    /// Bytes of a line, without its end.
    fn within(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.length += bytes.len();
        match self.line {
            Line::Keep => out.extend_from_slice(bytes),
            Line::Skip => {}
            Line::Head => {
                let missing = (HEAD_MOST + BOM.len()).saturating_sub(self.head.len()).min(bytes.len());
                self.head.extend_from_slice(&bytes[..missing]);
                if self.at_start && self.head.starts_with(BOM) {
                    self.head.drain(..BOM.len());
                    // Only one is a mark; a second is text.
                    self.at_start = false;
                }
                if self.head.len() >= HEAD_MOST {
                    self.decide(out);
                    self.length -= bytes.len() - missing;
                    self.within(&bytes[missing..], out);
                }
            }
        }
    }

    /// The head is known: keeps or skips the line.
    fn decide(&mut self, out: &mut Vec<u8>) {
        self.at_start = false;
        if self.head.starts_with(ERROR_FIELD) {
            self.head.splice(..ERROR_FIELD.len(), ERROR_EVENT.iter().copied());
        }
        self.line = if worth_keeping(&self.head) { Line::Keep } else { Line::Skip };
        if self.line == Line::Keep {
            out.extend_from_slice(&self.head);
            self.block_open = true;
        }
        self.head.clear();
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        if self.line == Line::Head && !self.head.is_empty() {
            self.decide(out);
        }
        match self.line {
            Line::Keep => out.push(b'\n'),
            // A blank line ends a block; one without kept lines is dropped, and with it blocks of no content.
            Line::Head if self.block_open => {
                out.push(b'\n');
                self.block_open = false;
            }
            Line::Head | Line::Skip => {}
        }
        self.at_start = false;
        self.line = Line::Head;
        self.length = 0;
    }
}

/// Whether a line that begins so is `data` or a named `event`.
fn worth_keeping(head: &[u8]) -> bool {
    match head.iter().position(|&b| b == b':') {
        None => head == b"data",
        Some(4) => head.starts_with(b"data"),
        Some(5) => {
            let name = &head[6..];
            head.starts_with(b"event") && !name.strip_prefix(b" ").unwrap_or(name).is_empty()
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(input: &[u8]) -> String {
        cut(input, input.len().max(1))
    }

    fn cut(input: &[u8], size: usize) -> String {
        let (mut sieve, mut out) = (Sieve::default(), Vec::new());
        for piece in input.chunks(size) {
            sieve.push(piece, &mut out);
        }
        sieve.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keeps_events_and_drops_what_ends_the_parser() {
        let cases: &[(&[u8], &str)] = &[
            (b"event: a\ndata: 1\n\n", "event: a\ndata: 1\n\n"),
            (b"event: a\r\ndata: 1\r\n\r\n", "event: a\ndata: 1\n\n"),
            (b"event: a\rdata: 1\r\r", "event: a\ndata: 1\n\n"),
            (b"\xEF\xBB\xBFdata: 1\n\n", "data: 1\n\n"),
            (b"\xEF\xBB\xBF\xEF\xBB\xBFerror: 1\n\ndata: 1\n\n", "data: 1\n\n"),
            (b"event:\ndata: 1\n\n", "data: 1\n\n"),
            (b"event: \n\ndata: 1\n\n", "data: 1\n\n"),
            (b"foo: bar\n\ndata: 1\n\n", "data: 1\n\n"),
            (b"retry: soon\n\n: comment\n\ndata: 1\n\n", "data: 1\n\n"),
            (b"id: \0\n\ndata\n\n", "data\n\n"),
            (b"database: x\ndata:y\n\n", "data:y\n\n"),
            (b"data: [DONE]", "data: [DONE]\n\n"),
            (b"data: 1\n", "data: 1\n\n"),
            (b"data: a\xFFb\xE2\x82\n\n", "data: a\u{fffd}b\u{fffd}\n\n"),
            (b"data: \xE2\xE2\x82\xAC\n\n", "data: \u{fffd}\u{20ac}\n\n"),
            (b"data: \xF0\x9F\x92", "data: \u{fffd}\n\n"),
            ("data: ä€😀\n\n".as_bytes(), "data: ä€😀\n\n"),
            (b"\n\n\r\n", ""),
            (b"error: {\"code\":500}\n\n", "event: error\ndata: {\"code\":500}\n\n"),
            (b"error:\n\n", "event: error\ndata:\n\n"),
            (b"errors: 1\n\ndata: 1\n\n", "data: 1\n\n"),
        ];
        for (input, want) in cases {
            assert_eq!(whole(input), *want, "{:?}", String::from_utf8_lossy(input));
            for size in 1..=input.len() {
                assert_eq!(cut(input, size), *want, "{:?} cut by {size}", String::from_utf8_lossy(input));
            }
        }
    }

    #[test]
    fn knows_how_long_the_open_line_is() {
        let (mut sieve, mut out) = (Sieve::default(), Vec::new());
        sieve.push(b"data: 123", &mut out);
        assert_eq!(sieve.line_length(), 9);
        sieve.push(b"45678901234567890", &mut out);
        assert_eq!(sieve.line_length(), 26);
        sieve.push(b"\nda", &mut out);
        assert_eq!(sieve.line_length(), 2);
    }

    /// Bytes that mean something to the filter, more often than chance would give them.
    fn noise() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(&b"data: {"[..]),
            Just(&b"event: x"[..]),
            Just(&b"event:"[..]),
            Just(&b"error: "[..]),
            Just(&b"\n"[..]),
            Just(&b"\r"[..]),
            Just(&b"\r\n\r\n"[..]),
            Just(&b": note"[..]),
            Just(BOM),
            Just(&b"\xE2\x82"[..]),
            Just(&b"\xFF"[..]),
            Just("€😀".as_bytes()),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn whatever_comes_out_is_what_the_parser_takes(input in noise(), size in 1usize..9) {
            let want = whole(&input);
            prop_assert_eq!(&cut(&input, size), &want);
            for block in want.split("\n\n").filter(|block| !block.is_empty()) {
                for line in block.split('\n') {
                    let named = line.strip_prefix("event:").is_some_and(|name| !name.is_empty() && name != " ");
                    prop_assert!(line.starts_with("data") || named, "{:?}", line);
                }
            }
            prop_assert!(want.is_empty() || want.ends_with("\n\n"));
        }
    }
}
