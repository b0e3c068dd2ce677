//! Files that a text mentions. Pure; nothing here says that there are such files.

/// `@path` mentions of a text, in order, once each. `\@` is no mention.
#[must_use]
pub fn mentions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.split_whitespace() {
        let Some(path) = word.strip_prefix('@') else { continue };
        let path = path.trim_end_matches([',', ';', ':', '.', ')', '?', '!']);
        if !path.is_empty() && !found.iter().any(|old| old == path) {
            found.push(path.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_read_once_each() {
        assert_eq!(mentions("see @src/a.rs, @b.png and @src/a.rs; mail me\\@x @"), ["src/a.rs", "b.png"]);
    }
}
