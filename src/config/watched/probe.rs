//! `[[probe]]`: what all have in common, and what each type needs.

use super::{super::secret::KeySource, EntryKey, entry::Entry};
use crate::domain::{
    binding::{form, suits},
    ids::is_name,
    incident::Severity,
    probe::{Bound, ProbeSpec, Source, WebhookFormat},
    runbook::VariableKind,
    time::Millis,
};

/// How often a probe looks where nothing is said.
const EVERY: Millis = Millis::secs(10);
/// How often sources that ask another service are asked.
const EVERY_POLLED: Millis = Millis::mins(5);
/// How long a look may take.
const TIMEOUT: Millis = Millis::secs(5);
/// Looks that may be missed before silence is an incident.
const ROUNDS: u64 = 3;
/// A source that speaks by itself may be silent for this long.
const SILENCE_OF_LOGS: Millis = Millis::hours(1);
/// The types, as they are written.
const TYPES: [&str; 12] = [
    "file",
    "command",
    "http",
    "tcp",
    "process",
    "unit",
    "container",
    "disk",
    "prometheus",
    "postgres",
    "redis",
    "webhook",
];

/// The keys.
pub const PROBE_KEYS: &[EntryKey] = &[
    key("id", "lower-case letters, digits, dashes", "needed", "What it is called."),
    key("service", "name", "needed", "The service it watches."),
    key(
        "type",
        "file, command, http, tcp, process, unit, container, disk, prometheus, postgres, redis or webhook",
        "needed",
        "Where it looks.",
    ),
    key("env", "text", "the service's", "Environment."),
    key("every", "duration", "\"10s\"; postgres, redis, prometheus \"5m\"", "How often it looks."),
    key("timeout", "duration", "\"5s\"", "How long one look may take."),
    key(
        "heartbeat",
        "duration",
        "three looks; logs none",
        "Silence for longer is an incident of its own. Where it is set for a log or a command, it is lines that must come. What cannot be read at all is one after three looks.",
    ),
    key("severity", "\"P0\" to \"P4\"", "\"P1\"; disk \"P2\"", "How bad a failing check is."),
    key("path", "absolute path", "file, disk", "The log, or where the space is looked at."),
    key(
        "argv",
        "command as a list",
        "command",
        "Prints lines and goes on: `journalctl -f`, `docker logs -f`, `kubectl logs -f`.",
    ),
    key(
        "url",
        "address, `env:NAME` or `cmd:COMMAND`",
        "http, prometheus, postgres, redis",
        "Where; with a secret in it, where it comes from.",
    ),
    key("status", "\"200-299\" or a number", "\"200-399\"", "http: statuses that are well."),
    key("body", "regular expression", "", "http: what the body must match."),
    key("latency", "duration", "\"2s\"", "http: slower is wrong."),
    key("tls_days", "0 to 365", "14", "http: days that a certificate must still be good."),
    key("address", "host:port", "tcp", "The port."),
    key("pid_file", "absolute path", "process", "File with the number of the process."),
    key("match", "text", "process", "Text that its command line contains, where there is no pid file."),
    key("name", "text", "unit, container", "Its name."),
    key("program", "\"docker\" or \"podman\"", "\"docker\"", "container: the program that knows it."),
    key(
        "restarts_most",
        "1 to 64",
        "3",
        "process, unit, container: restarts within ten minutes from which it is wrong.",
    ),
    key("full_pct", "1 to 100", "90", "disk: fullness from which it is wrong."),
    key("size_most", "bytes", "", "disk: what the directory may hold."),
    key("query", "PromQL", "prometheus", "The query."),
    key("range", "duration", "", "prometheus: asked over this span instead of at one instant."),
    key("above", "number", "prometheus: this or below", "A value over this is wrong."),
    key("below", "number", "", "A value under this is wrong."),
    key("clear", "number", "nine tenths of the way", "The value at which it is over."),
    key("slow", "duration", "\"30s\"", "postgres: a statement that runs longer is slow."),
    key("connections_pct", "1 to 100", "80", "postgres: share of connections from which it is wrong."),
    key("lag", "duration", "\"30s\"", "postgres: a replica may lag this long."),
    key("memory_pct", "1 to 100", "90", "redis: share of maxmemory from which it is wrong."),
    key(
        "format",
        "alertmanager, sentry, github, vercel, slack, stripe or generic",
        "\"generic\"",
        "webhook: how payloads are written.",
    ),
    key(
        "secret",
        "`env:NAME` or `cmd:COMMAND`",
        "webhook",
        "What proves who sent a payload to `POST /api/hooks/ID`: the signing secret, or the bearer token.",
    ),
];

const fn key(name: &'static str, form: &'static str, usual: &'static str, doc: &'static str) -> EntryKey {
    EntryKey { name, form, usual, doc }
}

pub(super) fn read(entry: &mut Entry<'_>) -> Option<ProbeSpec> {
    entry.knows(PROBE_KEYS);
    let id = entry.needed("id").unwrap_or_default();
    let service = entry.needed("service").unwrap_or_default();
    for (name, value) in [("id", &id), ("service", &service)] {
        if !value.is_empty() && !is_name(value) {
            entry.wrong(name, "lower-case letters, digits and dashes, at most 64");
        }
    }
    let kind = entry.needed("type")?;
    let Some(source) = source(entry, &kind) else {
        if !TYPES.contains(&kind.as_str()) {
            entry.wrong("type", &format!("{kind:?} is none of {}", TYPES.join(", ")));
        }
        return None;
    };
    let polled = matches!(source, Source::Postgres { .. } | Source::Redis { .. } | Source::Prometheus { .. });
    let speaks = source.speaks();
    let every = entry.span("every").unwrap_or(if polled { EVERY_POLLED } else { EVERY });
    let usual = if speaks { SILENCE_OF_LOGS } else { Millis(every.0.saturating_mul(ROUNDS)) };
    let set = entry.span("heartbeat");
    let heartbeat = set.unwrap_or(usual);
    if heartbeat < every {
        entry.wrong("heartbeat", "is shorter than every: each look would come too late");
    }
    let mild = matches!(source, Source::Disk { .. });
    Some(ProbeSpec {
        id,
        service,
        env: entry.text("env").unwrap_or_default(),
        every,
        timeout: entry.span("timeout").unwrap_or(TIMEOUT),
        heartbeat,
        quiet_most: set.filter(|_| speaks),
        severity: entry.severity("severity").unwrap_or(if mild { Severity::P2 } else { Severity::P1 }),
        source,
    })
}

fn restarts(entry: &mut Entry<'_>) -> u32 {
    let many = entry.number("restarts_most", (1, 64)).and_then(|many| u32::try_from(many).ok());
    many.unwrap_or(Source::RESTARTS_MOST)
}

fn source(entry: &mut Entry<'_>, kind: &str) -> Option<Source> {
    let pct = |entry: &mut Entry<'_>, name: &str, usual: u8| {
        entry.number(name, (1, 100)).and_then(|n| u8::try_from(n).ok()).unwrap_or(usual)
    };
    Some(match kind {
        "file" => Source::File { path: path(entry, "path")? },
        "command" => {
            if !entry.has("argv") {
                entry.wrong("argv", "is missing");
            }
            Source::Command { argv: entry.argv("argv")? }
        }
        "http" => http(entry)?,
        "tcp" => {
            let address = entry.needed("address")?;
            let port =
                address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            if port.is_none_or(|(host, port)| host.is_empty() || port == 0) {
                entry.wrong("address", "expected host:port");
            }
            Source::Tcp { address }
        }
        "process" => {
            let pid_file = if entry.has("pid_file") { Some(path(entry, "pid_file")?) } else { None };
            let command = entry.text("match");
            match (&pid_file, &command) {
                (None, None) => {
                    entry.wrong("pid_file", "is missing, and so is match: one of them finds the process");
                }
                (Some(_), Some(_)) => {
                    entry.wrong("match", "means nothing beside pid_file: one of them finds the process");
                }
                _ => {}
            }
            Source::Process { pid_file, command, restarts_most: restarts(entry) }
        }
        "unit" => Source::Unit { name: named(entry)?, restarts_most: restarts(entry) },
        "container" => {
            let program = entry.text("program").unwrap_or_else(|| "docker".into());
            if program != "docker" && program != "podman" {
                entry.wrong("program", "expected \"docker\" or \"podman\"");
            }
            Source::Container { name: named(entry)?, program, restarts_most: restarts(entry) }
        }
        "disk" => Source::Disk {
            path: path(entry, "path")?,
            full_pct: pct(entry, "full_pct", 90),
            size_most: entry.number("size_most", (1, u64::MAX / 2)),
        },
        "prometheus" => Source::Prometheus {
            url: address(entry)?,
            query: entry.needed("query")?,
            range: entry.span("range"),
            bound: bound(entry)?,
        },
        "postgres" => Source::Postgres {
            url: address(entry)?,
            slow: entry.span("slow").unwrap_or(Millis::secs(30)),
            connections_pct: pct(entry, "connections_pct", 80),
            lag: entry.span("lag").unwrap_or(Millis::secs(30)),
        },
        "redis" => Source::Redis { url: address(entry)?, memory_pct: pct(entry, "memory_pct", 90) },
        "webhook" => Source::Webhook { format: format(entry), secret: secret(entry)? },
        _ => return None,
    })
}

fn path(entry: &mut Entry<'_>, name: &str) -> Option<String> {
    let path = entry.needed(name)?;
    if !path.starts_with('/') {
        entry.wrong(name, "expected an absolute path");
    }
    Some(path)
}

/// The name of a unit or a container: it is handed to a program, so it must not pass for a switch.
fn named(entry: &mut Entry<'_>) -> Option<String> {
    let name = entry.needed("name")?;
    // What systemd escapes stands behind a backslash.
    if !suits(VariableKind::Name, &name.replace('\\', "_")) {
        entry.wrong("name", &format!("expected {}", form(VariableKind::Name)));
    }
    Some(name)
}

/// An address, or where it comes from: it must not have a password in it.
fn address(entry: &mut Entry<'_>) -> Option<String> {
    let url = entry.needed("url")?;
    let sourced = ["env:", "cmd:"].iter().any(|start| url.starts_with(start));
    if !sourced && has_password(&url) {
        entry.wrong("url", "a password must not stand in a file: write \"env:NAME\" or \"cmd:COMMAND\" for the whole address");
    }
    Some(url)
}

/// Whether an address has a password: `scheme://name:password@host`, `?password=`, or `password=` of a list of settings.
fn has_password(url: &str) -> bool {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let login = place.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    let shown = |password: &str| !password.is_empty() && !password.starts_with("${");
    let in_login = login.and_then(|(login, _)| login.split_once(':')).is_some_and(|(_, word)| shown(word));
    let settings = query.split('&').chain(place.split_whitespace());
    let mut words = settings.filter_map(|setting| setting.split_once('='));
    in_login || words.any(|(name, word)| name.eq_ignore_ascii_case("password") && shown(word))
}

fn http(entry: &mut Entry<'_>) -> Option<Source> {
    let url = address(entry)?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        entry.wrong("url", "expected an address that begins with http:// or https://");
    }
    let status = match entry.numbers("status") {
        None => (200, 399),
        Some(text) => {
            let (from, until) = text.split_once('-').unwrap_or((&text, &text));
            match (from.trim().parse(), until.trim().parse()) {
                (Ok(from), Ok(until)) if (100..=until).contains(&from) && until <= 599 => (from, until),
                _ => {
                    entry.wrong("status", "expected a status or a span such as \"200-299\"");
                    return None;
                }
            }
        }
    };
    let body = entry.text("body");
    if let Some(Err(error)) = body.as_deref().map(regex::Regex::new) {
        entry.wrong("body", &format!("is no regular expression: {error}"));
    }
    let tls_days = entry.number("tls_days", (0, 365)).and_then(|n| u32::try_from(n).ok()).unwrap_or(14);
    let latency = entry.span("latency").unwrap_or(Millis::secs(2));
    Some(Source::Http { url, status, body, latency, tls_days })
}

fn bound(entry: &mut Entry<'_>) -> Option<Bound> {
    let (above, below, clear) = (entry.numbers("above"), entry.numbers("below"), entry.numbers("clear"));
    let (is_above, fire) = match (above, below) {
        (Some(above), None) => (true, above),
        (None, Some(below)) => (false, below),
        _ => {
            entry.wrong("above", "give either above or below");
            return None;
        }
    };
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let Some(limit) = number(&fire) else {
        entry.wrong(if is_above { "above" } else { "below" }, "expected a number");
        return None;
    };
    // Over a tenth of the way back, whatever the sign.
    let usual = || {
        let step = limit.abs() / 10.0;
        (if is_above { limit - step } else { limit + step }).to_string()
    };
    let clear = clear.unwrap_or_else(usual);
    let sensible = number(&clear).is_some_and(|clear| if is_above { clear <= limit } else { clear >= limit });
    if !sensible {
        entry.wrong("clear", "expected a number on the well side of the bound");
    }
    Some(Bound { above: is_above, fire, clear })
}

/// Where a secret comes from; never the secret itself.
fn secret(entry: &mut Entry<'_>) -> Option<String> {
    let text = entry.needed("secret")?;
    if KeySource::parse(&text).is_err() {
        entry.wrong("secret", "a secret must not stand in a file: write \"env:NAME\" or \"cmd:COMMAND\"");
    }
    Some(text)
}

fn format(entry: &mut Entry<'_>) -> WebhookFormat {
    match entry.text("format").as_deref() {
        None | Some("generic") => WebhookFormat::Generic,
        Some("alertmanager") => WebhookFormat::Alertmanager,
        Some("sentry") => WebhookFormat::Sentry,
        Some("github") => WebhookFormat::Github,
        Some("vercel") => WebhookFormat::Vercel,
        Some("slack") => WebhookFormat::Slack,
        Some("stripe") => WebhookFormat::Stripe,
        Some(_) => {
            entry.wrong("format", "expected alertmanager, sentry, github, vercel, slack, stripe or generic");
            WebhookFormat::Generic
        }
    }
}
