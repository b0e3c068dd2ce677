//! Passwords in web addresses and connection strings, and mail addresses.
//!
//! Owns what is a mail address and what only looks like one: units, images, packages, machines.

use super::span::{Span, is_marker, marker};

/// The password between `://` at these bytes and the `@` behind it.
#[must_use]
pub fn credentials(text: &str, at: usize) -> Option<Span> {
    let from = at + 3;
    let rest = text.get(from..)?;
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>'))
        .unwrap_or(rest.len());
    let (info, _) = rest[..end].rsplit_once('@')?;
    // The name may have become a marker, in which a colon stands.
    let name = marker(info);
    match info[name..].split_once(':') {
        Some((user, password)) => {
            let start = from + name + user.len() + 1;
            (!password.is_empty() && !is_marker(password)).then(|| Span {
                start,
                end: start + password.len(),
                kind: "password",
            })
        }
        None => {
            let made_up = info.len() >= 16
                && info.bytes().any(|b| b.is_ascii_digit())
                && info.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            made_up.then(|| Span { start: from, end: from + info.len(), kind: "credential" })
        }
    }
}

/// The password before `@tcp(` or `@unix(` of a Go data source name.
#[must_use]
pub fn source_name(text: &str, at: usize) -> Option<Span> {
    let start = text[..at]
        .rfind(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '='))
        .map_or(0, |found| found + 1);
    let info = text.get(start..at)?;
    let name = marker(info);
    let (user, password) = info[name..].split_once(':')?;
    let start = start + name + user.len() + 1;
    (!password.is_empty() && !is_marker(password)).then_some(Span { start, end: at, kind: "password" })
}

/// Endings that no mail address has: files, units, machines of a house.
const NO_MAIL: &[&str] = &[
    "service",
    "socket",
    "timer",
    "target",
    "mount",
    "slice",
    "scope",
    "js",
    "ts",
    "jsx",
    "tsx",
    "mjs",
    "cjs",
    "go",
    "rs",
    "py",
    "rb",
    "java",
    "kt",
    "php",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "css",
    "html",
    "json",
    "yaml",
    "yml",
    "toml",
    "lock",
    "internal",
    "local",
    "localdomain",
    "lan",
    "cluster",
    "svc",
    "so",
    "jar",
    "sql",
    "log",
    "conf",
    "md",
    "x",
];

/// The mail address around an `@` (or `%40`) that stands at these bytes.
#[must_use]
pub fn mail(text: &str, at: usize, end: usize) -> Option<Span> {
    let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-');
    let before =
        text[..at].char_indices().rev().take_while(|(_, c)| local(*c)).last().map(|(from, _)| from)?;
    let start =
        before + (text[before..at].len() - text[before..at].trim_start_matches(['.', '-', '%', '+']).len());
    let name = &text[start..at];
    let rest = &text[end..];
    let long = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-'))).unwrap_or(rest.len());
    let domain = rest[..long].trim_end_matches(['.', '-']);
    let (host, last) = domain.rsplit_once('.')?;
    let lettered = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    let after = rest[domain.len()..].chars().next();
    let elsewhere = NO_MAIL.iter().any(|no| no.eq_ignore_ascii_case(last))
        || matches!(after, Some('(' | '@'))
        // `git@host:path` and `host@1.2.3/path` name places.
        || name == "git"
        || (after == Some(':') && rest[domain.len() + 1..].starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '~')))
        || text[..start].ends_with("//")
        || host.is_empty() || host.starts_with('.') || host.contains("..");
    (!name.is_empty() && lettered && !elsewhere).then(|| Span {
        start,
        end: end + domain.len(),
        kind: "email",
    })
}
