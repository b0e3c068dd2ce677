//! Kinds of variables: what a value of each may be, what a service's own variables are, which directories may be emptied.

use crate::domain::{runbook::VariableKind, text, time::Millis};

/// Bytes of one value.
pub const VALUE_MOST: usize = 1_024;

/// What a service can say of itself, and its kind. What is not here is a name, unless the runbook declares it.
pub const SERVICE_VARIABLES: &[(&str, VariableKind)] = &[
    ("cache_dir", VariableKind::Path),
    ("cert_file", VariableKind::Path),
    ("certificate", VariableKind::Name),
    ("compose_file", VariableKind::Path),
    ("compose_service", VariableKind::Name),
    ("config_check", VariableKind::Path),
    ("container", VariableKind::Name),
    ("database", VariableKind::Name),
    ("database_host", VariableKind::Host),
    ("database_user", VariableKind::Name),
    ("deployment", VariableKind::Name),
    ("env", VariableKind::Name),
    ("health", VariableKind::Url),
    ("instances", VariableKind::Number),
    ("instances_most", VariableKind::Number),
    ("kube_context", VariableKind::Name),
    ("log", VariableKind::Path),
    ("log_dir", VariableKind::Path),
    ("logrotate", VariableKind::Path),
    ("name", VariableKind::Name),
    ("namespace", VariableKind::Name),
    ("pid_file", VariableKind::Path),
    ("port", VariableKind::Number),
    ("process", VariableKind::Name),
    ("promote", VariableKind::Path),
    ("redis_host", VariableKind::Host),
    ("redis_port", VariableKind::Number),
    ("renew", VariableKind::Path),
    ("repo", VariableKind::Path),
    ("retry", VariableKind::Path),
    ("standby", VariableKind::Name),
    ("start", VariableKind::Path),
    ("unit", VariableKind::Name),
];

/// A variable that a service need not say: empty, it stands for the usual. `--context=` is the current one to kubectl.
pub const UNSAID: &str = "kube_context";

/// Below these nothing is emptied.
const SYSTEM: [&str; 14] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run/systemd",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib",
];

/// Whether a value is what its kind says.
#[must_use]
pub fn suits(kind: VariableKind, value: &str) -> bool {
    let all = |good: fn(char) -> bool| value.chars().all(good);
    let first = value.chars().next();
    if value.is_empty() || value.len() > VALUE_MOST {
        return false;
    }
    match kind {
        VariableKind::Name => {
            value.len() <= 128
                && first.is_some_and(|c| c.is_ascii_alphanumeric())
                && all(|c| c.is_ascii_alphanumeric() || "@._:-".contains(c))
        }
        VariableKind::Path => {
            value.starts_with('/')
                && all(|c| !c.is_control() && !"\"\\'`$*?=".contains(c))
                && value.split('/').all(|part| part != ".." && part != ".")
                && *text::clean_line(value, VALUE_MOST) == *value
        }
        VariableKind::Number => {
            all(|c| c.is_ascii_digit())
                && value.parse::<u32>().is_ok_and(|number| number.to_string() == value)
        }
        VariableKind::Span => value.parse::<Millis>().is_ok_and(|span| span.0 > 0),
        VariableKind::Host => host(value),
        VariableKind::KeyPattern => {
            all(|c| c.is_ascii_alphanumeric() || "_:-.*".contains(c))
                && first.is_some_and(|c| c.is_ascii_alphanumeric())
        }
        VariableKind::Url => {
            let rest = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://"));
            rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
                && all(|c| c.is_ascii_graphic() && !"\"\\'`$<>".contains(c))
        }
    }
}

/// What a value of this kind looks like, in words.
#[must_use]
pub fn form(kind: VariableKind) -> &'static str {
    match kind {
        VariableKind::Name => "a name of letters, digits and @._:- (128 at most)",
        VariableKind::Path => "an absolute path without `..`, quotes, `$`, `=` and wildcards",
        VariableKind::Number => "a whole number up to 4294967295",
        VariableKind::Span => "a duration such as 90s or 5m",
        VariableKind::Host => "a host name or address, with a port or without",
        VariableKind::KeyPattern => "a pattern of keys such as session:*, beginning with a letter or digit",
        VariableKind::Url => "an http or https address",
    }
}

/// A value of this kind to try a runbook with.
#[must_use]
pub fn sample(kind: VariableKind) -> &'static str {
    match kind {
        VariableKind::Name => "sample",
        VariableKind::Path => "/tmp/sample/data",
        VariableKind::Number => "4711",
        VariableKind::Span => "5m",
        VariableKind::Host => "127.0.0.1:5432",
        VariableKind::KeyPattern => "sample:*",
        VariableKind::Url => "http://127.0.0.1:8080/health",
    }
}

/// Whether a directory may be emptied: at least two deep, and not within a system's own.
#[must_use]
pub fn may_be_emptied(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let plain = format!("/{}", parts.join("/"));
    let within = |system: &&str| plain == **system || plain.starts_with(&format!("{system}/"));
    let home = matches!(parts[..], ["home" | "Users" | "srv" | "mnt" | "media" | "var" | "opt", _]);
    parts.len() >= 2 && !home && !SYSTEM.iter().any(within)
}

fn host(value: &str) -> bool {
    let numbers = |digits: &str| {
        digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port > 0)
    };
    if let Some((inside, rest)) = value.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let address =
            inside.contains(':') && inside.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c));
        return address && (rest.is_empty() || rest.strip_prefix(':').is_some_and(numbers));
    }
    let (host, port) = value.split_once(':').map_or((value, None), |(host, port)| (host, Some(port)));
    host.len() <= 253
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
        && port.is_none_or(numbers)
}
