//! `[[service]]`.

use super::{super::keys::LEVEL, EntryKey, entry::Entry};
use crate::domain::{
    binding::{form, suits},
    fill::names,
    ids::is_name,
    runbook::VariableKind,
    service::{Release, Service},
    text::clean_line,
    time::Millis,
};

/// The environment where none is named.
pub(super) const ENV: &str = "production";
/// How long a command of a release may take where nothing is said.
const RELEASE_TIMEOUT: Millis = Millis::mins(2);
/// Services that one may stand on.
const DEPENDENCIES_MOST: usize = 64;
/// Variables of one service.
const VARIABLES_MOST: usize = 64;

/// The keys.
pub const SERVICE_KEYS: &[EntryKey] = &[
    key("name", "lower-case letters, digits, dashes", "needed", "What it is called."),
    key("env", "text", "\"production\"", "Environment."),
    key(
        "depends_on",
        "list of texts",
        "[]",
        "Services it stands on: while one of these is down, this one is not the cause.",
    ),
    key("level", "1 to 3", LEVEL, "Its own autonomy level."),
    key("approvers", "1 to 9", "1", "People that must say yes where one is asked."),
    key("tier_floor", "1 to 3", "1", "Nothing done to it is below this tier."),
    key("repo", "absolute path", "", "Where its code is: for blame, commits and code fixes."),
    key("health", "address", "", "Answers 2xx when it is well."),
    key(
        "vars",
        "table of texts",
        "",
        "What runbooks fill in as `${service.NAME}`: unit, container, pid_file, start, log, cache_dir, port ...",
    ),
    key("release.build", "command as a list", "", "Builds a change, in the repository."),
    key("release.deploy", "command as a list", "", "Puts it in place and starts it."),
    key("release.current", "command as a list", "", "Prints what is deployed now."),
    key(
        "release.rollback",
        "command as a list",
        "",
        "Puts an earlier one in place; `${previous}` is what `current` said before.",
    ),
    key("release.timeout", "duration", "\"2m\"", "For each of these."),
];

const fn key(name: &'static str, form: &'static str, usual: &'static str, doc: &'static str) -> EntryKey {
    EntryKey { name, form, usual, doc }
}

pub(super) fn read(entry: &mut Entry<'_>) -> Option<Service> {
    entry.knows(SERVICE_KEYS);
    let name = entry.needed("name").unwrap_or_default();
    if !name.is_empty() && !is_name(&name) {
        entry.wrong("name", "lower-case letters, digits and dashes, at most 64");
    }
    let depends_on = entry.texts("depends_on").unwrap_or_default();
    if depends_on.len() > DEPENDENCIES_MOST || depends_on.contains(&name) {
        entry.wrong("depends_on", &format!("at most {DEPENDENCIES_MOST} other services"));
    }
    let small = |number: Option<u64>| number.and_then(|number| u8::try_from(number).ok());
    let repo = entry.text("repo");
    if repo.as_ref().is_some_and(|repo| !repo.starts_with('/')) {
        entry.wrong("repo", "expected an absolute path");
    }
    let health = entry.text("health");
    if health.as_ref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        entry.wrong("health", "expected an address that begins with http:// or https://");
    }
    let variables = entry.below("vars");
    if variables.len() > VARIABLES_MOST {
        entry.wrong("vars", &format!("at most {VARIABLES_MOST}"));
    }
    for (name, value) in variables.iter().filter(|(name, _)| ["unit", "container"].contains(&name.as_str())) {
        if !suits(VariableKind::Name, value) {
            entry.wrong(&format!("vars.{name}"), &format!("expected {}", form(VariableKind::Name)));
        }
    }
    Some(Service {
        env: entry.text("env").unwrap_or_else(|| ENV.to_owned()),
        depends_on,
        level: small(entry.number("level", (1, 3))),
        approvers: small(entry.number("approvers", (1, 9))).unwrap_or(1),
        tier_floor: small(entry.number("tier_floor", (1, 3))).unwrap_or(1),
        variables: variables.into_iter().collect(),
        repo,
        health,
        release: release(entry),
        name,
    })
}

/// What `release.rollback` may have filled in.
const PREVIOUS: &str = "previous";

/// Names that a word wants filled in: `${name}`, as a plain name. A shell's own `${x:-y}` is none.
fn places(word: &str) -> impl Iterator<Item = &str> {
    names(word).filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

fn release(entry: &mut Entry<'_>) -> Option<Release> {
    let any = ["build", "deploy", "current", "rollback", "timeout"];
    if !any.iter().any(|name| entry.has(&format!("release.{name}"))) {
        return None;
    }
    let build = entry.argv("release.build").unwrap_or_default();
    let deploy = entry.argv("release.deploy").unwrap_or_default();
    let current = entry.argv("release.current").unwrap_or_default();
    let rollback = entry.argv("release.rollback").unwrap_or_default();
    if deploy.is_empty() {
        entry.wrong("release.deploy", "is missing: a release needs a command that puts it in place");
    }
    if !rollback.is_empty() && current.is_empty() && rollback.iter().any(|part| part.contains("${previous}"))
    {
        entry.wrong(
            "release.rollback",
            "wants ${previous}, which release.current would print, and there is none",
        );
    }
    for (name, argv) in [
        ("release.build", &build),
        ("release.deploy", &deploy),
        ("release.current", &current),
        ("release.rollback", &rollback),
    ] {
        let known: &[&str] = if name == "release.rollback" { &[PREVIOUS] } else { &[] };
        for place in argv.iter().flat_map(|word| places(word)).filter(|place| !known.contains(place)) {
            let meant =
                if known.is_empty() { "nothing is filled in here" } else { "only ${previous} is filled in" };
            entry.wrong(name, &format!("${{{}}} stands for nothing: {meant}", clean_line(place, 40)));
        }
    }
    let timeout = entry.span("release.timeout").unwrap_or(RELEASE_TIMEOUT);
    Some(Release { build, deploy, current, rollback, timeout })
}
