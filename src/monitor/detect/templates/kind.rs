//! Names for values by their looks. Used when a template is shown or a parameter is given out, never on the fast path.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A number, with or without a unit.
    Num,
    /// An IPv4 or IPv6 address, with or without a port.
    Ip,
    /// A hexadecimal number.
    Hex,
    /// A UUID.
    Uuid,
    /// A date, a time of day or both.
    Time,
    /// A path or a web address.
    Path,
    /// A mail address.
    Email,
    /// Something else with digits in it.
    Id,
    /// Several values.
    List,
    /// A word or a text that varies.
    Any,
}

impl Kind {
    /// What this looks like.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let bytes = text.as_bytes();
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        if is_number(text) {
            Self::Num
        } else if is_uuid(bytes) {
            Self::Uuid
        } else if is_ip(text) {
            Self::Ip
        } else if is_hex(text, digits) {
            Self::Hex
        } else if is_time(text, digits) {
            Self::Time
        } else if text.contains(char::is_whitespace) || text.contains(", ") {
            if digits == 0 { Self::Any } else { Self::List }
        } else if text.contains("://") || text.starts_with(['/', '.', '~']) || slashes(text) >= 2 {
            Self::Path
        } else if text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) {
            Self::Email
        } else if digits > 0 {
            Self::Id
        } else {
            Self::Any
        }
    }

    /// What a template shows in its place.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Num => "<num>",
            Self::Ip => "<ip>",
            Self::Hex => "<hex>",
            Self::Uuid => "<uuid>",
            Self::Time => "<time>",
            Self::Path => "<path>",
            Self::Email => "<email>",
            Self::Id => "<id>",
            Self::List => "<list>",
            Self::Any => "<any>",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown().trim_matches(['<', '>']))
    }
}

fn slashes(text: &str) -> usize {
    text.bytes().filter(|byte| matches!(byte, b'/' | b'\\')).count()
}

fn is_number(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-', '#']);
    let number = bare.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let unit = number.trim_start();
    let dots = bare[..bare.len() - number.len()].bytes().filter(|byte| *byte == b'.').count();
    bare.starts_with(|c: char| c.is_ascii_digit())
        && dots <= 1
        && unit.len() <= 7
        && unit.chars().all(|c| c.is_alphabetic() || c == '%')
        && (unit.len() <= 3 || number != unit)
        && !(unit.len() > 1 && number == unit && unit.chars().all(|c| c.is_ascii_hexdigit()))
}

fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_ip(text: &str) -> bool {
    let text = text.trim_start_matches(['/', '[']);
    let host = text.split(['/', ']']).next().unwrap_or_default();
    let bare = match host.split_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    is_ipv4(bare) || is_ipv6(host)
}

fn is_ipv4(text: &str) -> bool {
    let part = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<u8>().is_ok();
    text.split('.').count() == 4 && text.split('.').all(part)
}

fn is_ipv6(text: &str) -> bool {
    let groups = text.split(':').count();
    let group = |group: &str| group.len() <= 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.len() > 4
        && (groups == 8 || ((3..8).contains(&groups) && text.contains("::")))
        && text.split(':').all(group)
}

fn is_hex(text: &str, digits: usize) -> bool {
    let bare = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    bare.is_some_and(hex) || (hex(text) && text.len() >= 6 && (digits > 0 || text.len() >= 8))
}

fn is_time(text: &str, digits: usize) -> bool {
    let clock = text
        .as_bytes()
        .windows(5)
        .any(|w| w[2] == b':' && [0, 1, 3, 4].iter().all(|at| w[*at].is_ascii_digit()));
    let date = text.as_bytes().windows(8).any(|w| {
        w[4] == w[7]
            && matches!(w[4], b'-' | b'/')
            && [0, 1, 2, 3, 5, 6].iter().all(|at| w[*at].is_ascii_digit())
    });
    let short = text.len() <= 40 && digits >= 3;
    short
        && (date
            || (clock && !text.contains('.'))
            || (clock && text.bytes().filter(|b| *b == b':').count() == 2))
}
