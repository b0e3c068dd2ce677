//! The wording of a message without its parameters: what is left when quoted text, numbers, identifiers, addresses and
//! paths are masked.
//!
//! Learns nothing, unlike the miner of templates: the same message has the same wording in every process and forever,
//! which is what a fingerprint needs. Bounded, and never fails.

/// Characters of a wording.
pub const WORDING_MOST: usize = 200;

/// The wording of a message.
#[must_use]
pub fn wording(message: &str) -> String {
    let mut out = String::with_capacity(message.len().min(WORDING_MOST * 4));
    for word in unquoted(message).split_whitespace() {
        let masked = mask(word);
        if masked == "#" && (out == "#" || out.ends_with(" #")) {
            // A list of three values and one of four are worded alike.
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&masked);
        if out.len() > WORDING_MOST * 4 {
            break;
        }
    }
    out.chars().take(WORDING_MOST).collect()
}

/// The text with everything between quotes masked. An apostrophe within a word opens nothing.
fn unquoted(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        out.push(c);
        let opens = matches!(c, '"' | '\'' | '`') && !before.is_alphanumeric();
        before = c;
        if let Some(end) = rest.find(c).filter(|end| opens && *end > 0) {
            out.push('*');
            out.push(c);
            rest = &rest[end + 1..];
        }
    }
    out
}

/// One word, or its mark.
fn mask(word: &str) -> String {
    if let Some(at) = word.find("[redacted:") {
        return word[at..].split(']').next().map_or_else(|| "#".to_owned(), |marker| format!("{marker}]"));
    }
    let core =
        word.trim_matches(|c: char| c.is_ascii_punctuation() && !matches!(c, '/' | '*' | '#' | '<' | '>'));
    let Some(at) = word.find(core).filter(|_| !core.is_empty()) else { return word.to_owned() };
    let pathlike =
        core.contains("://") || core.starts_with('/') || core.matches('/').count() > 1 || core.contains('@');
    let valued = core.bytes().any(|b| b.is_ascii_digit());
    // `pool=7`, `id:7`: the name stays.
    let named = core.split_once(['=', ':']).filter(|(name, rest)| {
        let apart = !rest.is_empty() && !rest.starts_with('/') && !name.is_empty();
        apart && (valued || pathlike) && !name.bytes().any(|b| b.is_ascii_digit())
    });
    if let Some((name, _)) = named {
        return format!(
            "{}{name}{}#{}",
            &word[..at],
            &core[name.len()..=name.len()],
            &word[at + core.len()..]
        );
    }
    if pathlike || valued {
        return if word.len() == core.len() {
            "#".to_owned()
        } else {
            format!("{}#{}", &word[..at], &word[at + core.len()..])
        };
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters_are_masked_and_words_stay() {
        for (message, want) in [
            ("pool timeout 3001ms after 5 attempts", "pool timeout # after # attempts"),
            ("user 'alice' not found in \"eu-1\"", "user '*' not found in \"*\""),
            ("can't open /var/lib/x: denied", "can't open #: denied"),
            ("id=42 gone", "id=# gone"),
            ("values [1, 2, 3] of 0x7ffd1", "values [#, #, #] of #"),
            ("for bob@example.com at https://a.example/x", "for # at #"),
            ("key [redacted:aws-key] refused", "key [redacted:aws-key] refused"),
            ("", ""),
        ] {
            assert_eq!(wording(message), want, "{message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_bounded_wording(text in ".{0,600}") {
            prop_assert!(wording(&text).chars().count() <= WORDING_MOST);
        }
    }
}
