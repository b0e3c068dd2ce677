//! A piece of text that must not be kept, and how it is replaced.
//!
//! Owns the marker's form. Finds nothing itself. Invariant: applying spans leaves everything outside of them as it was.

/// A piece that must not be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// What it is; stands in the marker.
    pub kind: &'static str,
}

/// How every marker begins.
pub const MARK: &str = "[redacted:";

/// Bytes of the marker that a text begins with; none if it begins with something else.
#[must_use]
pub fn marker(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(MARK) else { return 0 };
    let kind = rest.bytes().take(24).take_while(|b| b.is_ascii_lowercase() || *b == b'-').count();
    if kind > 0 && rest.as_bytes().get(kind) == Some(&b']') { MARK.len() + kind + 1 } else { 0 }
}

/// Whether a text is one marker and nothing else.
#[must_use]
pub fn is_marker(text: &str) -> bool {
    !text.is_empty() && marker(text) == text.len()
}

/// Whether these bytes lie in a marker.
#[must_use]
pub fn within_marker(text: &str, start: usize, end: usize) -> bool {
    let from = text[..start].rfind(MARK).filter(|from| from + MARK.len() + 25 > start);
    from.is_some_and(|from| end <= from + marker(&text[from..]))
}

/// The text with every span replaced by its marker; of overlapping ones the first and longest stands for all.
#[must_use]
pub fn applied(text: &str, mut spans: Vec<Span>) -> String {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let mut spans = spans.into_iter().peekable();
    while let Some(first) = spans.next() {
        let mut end = first.end;
        while let Some(next) = spans.next_if(|next| next.start < end) {
            end = end.max(next.end);
        }
        let (start, end) = (text.floor_char_boundary(first.start), text.ceil_char_boundary(end));
        out.push_str(text.get(from..start).unwrap_or_default());
        out.push_str(MARK);
        out.push_str(first.kind);
        out.push(']');
        from = end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
