//! A command line as a person reads and writes it. Nothing is expanded: what is quoted is what runs.

/// Words of a command line: quotes and backslashes as in a shell, nothing else.
///
/// # Errors
/// A quote is open, or there is no word.
pub fn split_argv(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match (quote, words.is_empty()) {
        (Some(open), _) => Err(format!("the quote {open} is not closed")),
        (None, true) => Err("a command needs at least one word".into()),
        (None, false) => Ok(words),
    }
}

/// A command line that [`split_argv`] reads back.
#[must_use]
pub fn join_argv(argv: &[String]) -> String {
    let quoted = |word: &String| {
        let plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    argv.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read_as_written() {
        for argv in [vec!["cargo", "test"], vec!["sh", "-c", "echo 'a b' \"$X\""], vec!["x", ""]] {
            let argv: Vec<String> = argv.into_iter().map(str::to_owned).collect();
            assert_eq!(split_argv(&join_argv(&argv)).unwrap(), argv);
        }
        assert_eq!(split_argv("a \"b c\" d\\ e").unwrap(), ["a", "b c", "d e"]);
        assert!(split_argv("a 'b").is_err() && split_argv("  ").is_err());
    }
}
