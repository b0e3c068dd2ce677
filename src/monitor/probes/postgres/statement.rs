//! A statement as it may be shown: what it does and on which tables, without a single value. Strings, numbers and
//! comments carry names, tokens and addresses of people; none of them leaves this file.

use crate::{domain::text, monitor::redact};

/// Characters of a shown statement.
pub(super) const SHOWN_MOST: usize = 200;
/// Bytes of a statement that are looked at.
pub(super) const READ_MOST: usize = 4_000;

/// What stands in place of a statement that a role may not see.
const HIDDEN: &str = "<insufficient privilege>";

/// The statement on one line, literals as `?`, comments gone, at most [`SHOWN_MOST`] characters. Identifiers stay.
/// Nothing where the role may not see it.
pub(super) fn masked(sql: &str) -> String {
    if sql == HIDDEN {
        return String::new();
    }
    let mut rest = head(sql);
    let mut out = String::with_capacity(SHOWN_MOST * 2);
    while let Some(c) = rest.chars().next() {
        if out.len() > SHOWN_MOST * 4 {
            break;
        }
        let (shown, taken) = piece(rest, c, &out);
        if !(shown == " " && (out.is_empty() || out.ends_with(' '))) {
            out.push_str(shown);
        }
        rest = &rest[taken..];
    }
    // Names of tables and columns can be telling, too.
    text::clean_line(&redact::redact(&text::clean(out.trim_end())), SHOWN_MOST).into()
}

fn head(sql: &str) -> &str {
    let end = (0..=sql.len().min(READ_MOST)).rev().find(|&at| sql.is_char_boundary(at)).unwrap_or(0);
    &sql[..end]
}

/// What is shown of the next piece, and how many bytes it has.
fn piece<'a>(rest: &'a str, c: char, before: &str) -> (&'a str, usize) {
    let in_word = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if rest.starts_with("--") {
        return (" ", rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (" ", comment(rest));
    }
    match c {
        '\'' => ("?", string(rest, 1, false)),
        // E'..' has escapes by backslash, B'', X'' and N'' have none.
        'e' | 'E' if !in_word && rest[1..].starts_with('\'') => ("?", string(rest, 2, true)),
        'b' | 'B' | 'x' | 'X' | 'n' | 'N' if !in_word && rest[1..].starts_with('\'') => {
            ("?", string(rest, 2, false))
        }
        '$' if !in_word => dollar(rest),
        '0'..='9' if !in_word => ("?", number(rest)),
        '"' => {
            let end = rest[1..].find('"').map_or(rest.len(), |at| at + 2);
            (&rest[..end], end)
        }
        c if c.is_whitespace() => (" ", c.len_utf8()),
        c => (&rest[..c.len_utf8()], c.len_utf8()),
    }
}

/// Bytes of a string whose content begins at `at`; a quote that never closes takes all.
fn string(text: &str, at: usize, escapes: bool) -> usize {
    let bytes = text.as_bytes();
    let mut at = at;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if escapes => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// A parameter such as `$1` is shown as it is; `$tag$..$tag$` is a string.
fn dollar(text: &str) -> (&str, usize) {
    let name = text[1..]
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
        .count();
    if text[1 + name..].starts_with('$') && !text[1..].starts_with(|c: char| c.is_ascii_digit()) {
        let tag = &text[..name + 2];
        let end = text[tag.len()..].find(tag).map_or(text.len(), |at| at + 2 * tag.len());
        return ("?", end);
    }
    (&text[..=name], 1 + name)
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let sign = matches!(byte, b'+' | b'-')
            && at > 0
            && matches!(bytes[at - 1], b'e' | b'E')
            && !text.starts_with("0x");
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || sign) {
            break;
        }
        at += 1;
    }
    at
}

/// Bytes of a comment that may hold others.
fn comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0_usize, 0_usize);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth.saturating_sub(1), at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_value_of_a_statement_is_shown() {
        for (sql, shown) in [
            ("select * from t where id = 17 and name = 'Ada'", "select * from t where id = ? and name = ?"),
            (
                "insert into people values ('O''Brien', -1.5e-3, true)",
                "insert into people values (?, -?, true)",
            ),
            ("select E'a\\'secret', b'01', X'ff', n'x', 'open", "select ?, ?, ?, ?, ?"),
            ("select $$secret$$, $tag$ it's $$ secret $tag$ , $1", "select ?, ? , $1"),
            ("select 1 -- token=abc\n  /* a /* nested */ secret */ from\tt2", "select ? from t2"),
            ("select \"Odd 17\".x1, t.é9 from \"Odd 17\"", "select \"Odd 17\".x1, t.é9 from \"Odd 17\""),
            ("select 0xFF, 1_000, 3.14::numeric(10,2)", "select ?, ?, ?::numeric(?,?)"),
            ("/* never closed secret", ""),
            ("$", "$"),
            ("", ""),
        ] {
            assert_eq!(masked(sql), shown, "{sql}");
        }
        let long = masked(&format!("select {}", "column_name, ".repeat(500)));
        assert!(long.chars().count() <= SHOWN_MOST && long.ends_with('…'), "{long}");
    }

    proptest! {
        #[test]
        fn masking_never_fails_and_no_quoted_word_comes_through(before in "[a-zE$ ]{0,8}", after in ".{0,60}") {
            let _ = masked(&after);
            let shown = masked(&format!("select {before} 'qqsecretqq' {after}"));
            // Behind an opened `$tag$` everything is a string, too.
            prop_assert!(!shown.contains("qqsecretqq"), "{shown}");
        }
    }
}
