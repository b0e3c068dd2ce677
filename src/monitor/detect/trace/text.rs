//! Small readings that the traces of several languages share: numbers, places such as `file:12:7`, names.
//!
//! Knows no language. Every function takes any text and never fails.

/// The number at the start of a text.
#[must_use]
pub fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// Whether a text is digits and nothing else.
#[must_use]
pub fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `src/a.rs:12:7` or `src/a.rs:12` as file and line.
#[must_use]
pub fn place(text: &str) -> Option<(&str, u32)> {
    let (rest, last) = text.rsplit_once(':')?;
    if !digits(last) {
        return None;
    }
    match rest.rsplit_once(':') {
        Some((file, line)) if digits(line) && !file.is_empty() => Some((file, number(line)?)),
        _ => Some((rest, number(last)?)).filter(|(file, _)| !file.is_empty()),
    }
}

/// Whether a text is a dotted or `::` name: letters, digits, `_`, `$`, `.`, `:`, `\`, not beginning with a digit.
#[must_use]
pub fn name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | '$' | '\\'))
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ':' | '\\'))
}

/// The last part of a dotted or `::` name.
#[must_use]
pub fn last_part(name: &str) -> &str {
    name.rsplit(['.', ':', '\\', '/']).next().unwrap_or(name)
}

/// `Type: message` as its two halves, or the type alone.
#[must_use]
pub fn typed(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let (kind, message) = match text.split_once(": ") {
        Some((kind, message)) => (kind, message),
        None => (text.strip_suffix(':').unwrap_or(text), ""),
    };
    name(kind).then_some((kind, message.trim()))
}

/// Whether a type's name says that it is an error: `ValueError`, `java.lang.IllegalStateException`, `StopIteration` not.
#[must_use]
pub fn says_error(kind: &str) -> bool {
    let last = last_part(kind);
    ["Error", "Exception", "Throwable", "Failure", "Fault", "Panic"].iter().any(|end| last.ends_with(end))
        || last.contains("Exception")
}

/// Whether a line begins with blanks.
#[must_use]
pub fn indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// File without what a bundler or a browser puts before and after it.
#[must_use]
pub fn bare_file(file: &str) -> &str {
    let mut file = file;
    for scheme in ["file://", "webpack-internal:///", "webpack:///", "webpack://", "turbopack:///", "app:///"]
    {
        file = file.strip_prefix(scheme).unwrap_or(file);
    }
    // `(rsc)/./src/a.ts`: the layer of a bundle.
    let layered = file.strip_prefix('(').and_then(|rest| rest.split_once(")/"));
    if let Some((_, rest)) =
        layered.filter(|(layer, _)| layer.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    {
        file = rest;
    }
    let file = file.strip_prefix("./").unwrap_or(file);
    file.split_once('?').map_or(file, |(file, _)| file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_with_and_without_a_column() {
        assert_eq!(place("src/a.rs:12:7"), Some(("src/a.rs", 12)));
        assert_eq!(place("src/a.rs:12"), Some(("src/a.rs", 12)));
        assert_eq!(place("C:\\app\\a.js:12:7"), Some(("C:\\app\\a.js", 12)));
        assert_eq!(place("node:internal/a:3:1"), Some(("node:internal/a", 3)));
        for none in ["", ":1", "a:", "a:b", "12", "a:99999999999"] {
            assert_eq!(place(none), None, "{none}");
        }
    }

    #[test]
    fn types_are_told_from_prose() {
        assert_eq!(typed("a.b.C: gone"), Some(("a.b.C", "gone")));
        assert_eq!(typed("KeyError"), Some(("KeyError", "")));
        assert_eq!(typed("could not open: x"), None);
        assert!(says_error("a.b.PoolTimeoutException") && says_error("OSError") && !says_error("Info"));
        assert_eq!(bare_file("webpack-internal:///(rsc)/./src/a.ts?x=1"), "src/a.ts");
    }
}
