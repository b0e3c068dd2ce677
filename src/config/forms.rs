//! What texts of settings must look like: each form says in words what is wrong with a value.

use super::secret::KeySource;
use crate::{
    domain::{ids, mail},
    policy::{calendar, healing::Hours},
};

/// Refuses what is no words.
///
/// # Errors
/// In words.
pub(super) fn words(value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        return Err("an empty text means nothing here".into());
    }
    no_controls(value)
}

/// Refuses control characters.
///
/// # Errors
/// In words.
pub(super) fn no_controls(value: &str) -> Result<(), String> {
    if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("holds control characters".into());
    }
    Ok(())
}

/// Refuses what is no path.
///
/// # Errors
/// In words.
pub(super) fn path(value: &str) -> Result<(), String> {
    if value.trim().is_empty() || value.contains('\0') {
        return Err("is no path".into());
    }
    no_controls(value)
}

/// Refuses what is no target.
///
/// # Errors
/// In words.
pub(super) fn target(value: &str) -> Result<(), String> {
    if !value.starts_with('/') || !value.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("{value:?} is no path of a page, such as /health: no spaces, no host"));
    }
    Ok(())
}

/// Refuses what is no columns.
///
/// # Errors
/// In words.
pub(super) fn columns(value: &str) -> Result<(), String> {
    match value.parse::<u16>() {
        Ok(20..=400) => Ok(()),
        _ => Err(format!("{value:?} is no width: a whole number of columns, 20 to 400")),
    }
}

/// Refuses what is no time zone.
///
/// # Errors
/// In words.
pub(super) fn time_zone(value: &str) -> Result<(), String> {
    calendar::check(&Hours { timezone: value.to_owned(), ..Hours::default() })
}

/// Refuses what is no business hours.
///
/// # Errors
/// In words.
pub(super) fn business_hours(value: &str) -> Result<(), String> {
    calendar::check(&Hours { business: value.to_owned(), ..Hours::default() })
}

/// Refuses what is no freeze.
///
/// # Errors
/// In words.
pub(super) fn freeze(value: &str) -> Result<(), String> {
    calendar::check(&Hours { freeze: vec![value.to_owned()], ..Hours::default() })
}

/// Refuses what is no webhook.
///
/// # Errors
/// In words.
pub(super) fn webhook(value: &str) -> Result<(), String> {
    if value.starts_with("env:") || value.starts_with("cmd:") { key_source(value) } else { url(value) }
}

/// Refuses what is no mail address: `name@host`, or `Name <name@host>`.
///
/// # Errors
/// In words.
pub(super) fn mailbox(value: &str) -> Result<(), String> {
    mail::mailbox(value)
}

/// Refuses what is no way of letters.
///
/// # Errors
/// In words.
pub(super) fn mail_way(value: &str) -> Result<(), String> {
    mail::Way::read(value).map(drop)
}

/// Refuses what is no glob.
///
/// # Errors
/// In words.
pub(super) fn glob(value: &str) -> Result<(), String> {
    words(value)?;
    if value.starts_with('/') || value.contains('\\') {
        return Err(format!("{value:?}: globs are relative to the repository and use /"));
    }
    // What never matches would look like a protection and be none.
    if value.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(format!("{value:?} never matches a path; what is in a directory is written dir/**"));
    }
    globset::Glob::new(value).map(|_| ()).map_err(|e| format!("{value:?} is no glob: {}", e.kind()))
}

/// Refuses what is no name.
///
/// # Errors
/// In words.
pub(super) fn name(value: &str) -> Result<(), String> {
    if !ids::is_name(value) {
        return Err(format!("{value:?} is no name: lower-case letters, digits and dashes, at most 64"));
    }
    Ok(())
}

/// Refuses what is neither a tier nor the name of an environment.
///
/// # Errors
/// In words.
pub(super) fn shared(value: &str) -> Result<(), String> {
    name(value)?;
    match value.strip_prefix("tier-") {
        Some(tier) if !["1", "2", "3"].contains(&tier) => {
            Err(format!("{value:?}: there are tier-1, tier-2 and tier-3"))
        }
        _ => Ok(()),
    }
}

/// Refuses what is no team name.
///
/// # Errors
/// In words.
pub(super) fn team_name(value: &str) -> Result<(), String> {
    words(value)?;
    if value.chars().count() > 40 || value.contains(['\n', '\t']) {
        return Err("a team's name is one line of at most 40 characters".into());
    }
    Ok(())
}

/// Refuses what is no host.
///
/// # Errors
/// In words.
pub(super) fn host(value: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    let (name, port) = value.split_once(':').map_or((value, None), |(name, port)| (name, Some(port)));
    let wrong_port = port.is_some_and(|port| port.parse::<u16>().is_err());
    if name.is_empty() || name.len() > 253 || !name.bytes().all(fits) || wrong_port {
        return Err(format!(
            "{value:?} is no host name such as docs.rs or localhost:8080: without scheme or path"
        ));
    }
    Ok(())
}

/// Refuses what is no url.
///
/// # Errors
/// In words.
pub(super) fn url(value: &str) -> Result<(), String> {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| !rest.is_empty() && !rest.starts_with('/')) else {
        return Err("an address begins with https:// or http:// and names a host".into());
    };
    if rest.split('/').next().is_some_and(|authority| authority.contains('@')) {
        return Err("an address must not hold a user or password".into());
    }
    if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("an address holds no spaces".into());
    }
    Ok(())
}

/// Refuses what is no key source.
///
/// # Errors
/// In words.
pub(super) fn key_source(value: &str) -> Result<(), String> {
    KeySource::parse(value).map(|_| ())
}
