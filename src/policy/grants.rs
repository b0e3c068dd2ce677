//! Standing words of people for commands: which may be given at all, which one covers a command, and what it says
//! for itself. The gate is the only one that lets a command run on the strength of one.
//!
//! What names a protected path, raises privileges, or would cover another program than the one that is named is never
//! granted, whoever asks.

use super::{protected::Guard, protected::PathRule, settings::Policy};
use crate::domain::{
    grant::{Grant, Pattern, Terms},
    ids::MissionId,
    text::clean_line,
    time::{Millis, Timestamp},
};

/// Programs that run whatever their arguments say: only the very same line can be granted, never one that begins so.
const RUNNERS: [&str; 37] = [
    "sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "env", "xargs", "parallel", "nohup", "nice",
    "timeout", "time", "setsid", "stdbuf", "script", "watch", "flock", "find", "ssh", "docker", "podman",
    "kubectl", "python", "python3", "perl", "ruby", "node", "deno", "bun", "php", "lua", "awk", "gawk",
    "make", "exec",
];
/// Programs that raise privileges: never granted.
const PRIVILEGED: [&str; 6] = ["sudo", "doas", "su", "pkexec", "run0", "setpriv"];
/// Elements a prefix must name at least: a program alone says nothing about the deed.
const PREFIX_LEAST: usize = 2;

/// Why these terms may not be given; `None`: they may.
#[must_use]
pub fn never(terms: &Terms, policy: &Policy) -> Option<String> {
    let elements = terms.pattern.elements();
    let Some(program) = elements.first().filter(|program| !program.is_empty()) else {
        return Some("a grant names a program".into());
    };
    if !(1..=Terms::USES_MOST).contains(&terms.uses) {
        return Some(format!("a grant is for 1 to {} uses, not {}", Terms::USES_MOST, terms.uses));
    }
    if terms.lasts == Millis(0) || terms.lasts > Terms::SPAN_MOST {
        return Some(format!(
            "a grant lasts up to {} hours, and not for {}",
            Terms::SPAN_MOST.0 / 3_600_000,
            terms.lasts
        ));
    }
    let name = program.rsplit('/').next().unwrap_or(program);
    if PRIVILEGED.contains(&name) {
        return Some(format!("{} raises privileges: it is asked for every time", clean_line(name, 40)));
    }
    if let Pattern::Prefix(first) = &terms.pattern {
        if RUNNERS.contains(&name) {
            let name = clean_line(name, 40);
            return Some(format!(
                "{name} runs whatever it is given: grant the whole line, not what begins so"
            ));
        }
        if first.len() < PREFIX_LEAST {
            return Some(
                "a program alone says nothing of what it does: name at least its first argument".into(),
            );
        }
    }
    elements.iter().skip(1).find_map(|element| touches(element, policy))
}

/// What of an argument may not be touched, in words.
fn touches(element: &str, policy: &Policy) -> Option<String> {
    let guards = match policy.protected.guards() {
        Ok(guards) => guards,
        Err(bad) => return Some(bad.to_string()),
    };
    let split = |c: char| c.is_whitespace() || ";|&<>()\"'`$=,:{}".contains(c);
    let parts = element.split(split).filter(|part| !part.is_empty());
    let named = parts.chain(std::iter::once(element)).find_map(|part| match guards.check(part) {
        Guard::Denied(PathRule::GitDir) => Some((part, "git's own folder".to_owned())),
        Guard::Denied(PathRule::Glob(glob)) => Some((part, format!("protected by {glob}"))),
        Guard::ApprovalOnly(glob) => Some((part, format!("only with approval by {glob}"))),
        Guard::Denied(PathRule::Outside) | Guard::Free => None,
    });
    named.map(|(part, why)| format!("it names {}, {why}: it is asked for every time", clean_line(part, 80)))
}

/// The grant that covers a command of a mission, the one that ends soonest first.
#[must_use]
pub fn covering<'a>(
    grants: impl Iterator<Item = &'a Grant>,
    (mission, repo): (MissionId, &str),
    argv: &[String],
    at: Timestamp,
) -> Option<&'a Grant> {
    let covers = |grant: &&Grant| {
        grant.reaches(mission, repo)
            && grant.terms.pattern.covers(argv)
            && grant.left() > 0
            && at < grant.until
    };
    grants.filter(covers).min_by_key(|grant| (grant.until, grant.id))
}

/// Why a command may run on the strength of a grant: who gave it, until when, and what is left of it after this use.
///
/// # Errors
/// It does not cover the command any more, or never may: why.
pub(super) fn speaks(
    grant: &Grant,
    argv: &[String],
    (policy, at): (&Policy, Timestamp),
) -> Result<String, String> {
    if !grant.terms.pattern.covers(argv) {
        return Err(format!("{} is for another command", grant.id));
    }
    if at >= grant.until {
        return Err(format!("{} has expired", grant.id));
    }
    if grant.left() == 0 {
        return Err(format!("{} is used up", grant.id));
    }
    if let Some(why) = never(&grant.terms, policy) {
        return Err(format!("{} does not count any more: {why}", grant.id));
    }
    Ok(format!(
        "granted by {} until {}, {} of {} left after this ({})",
        clean_line(&grant.by, 64),
        moment(grant.until, at),
        grant.left().saturating_sub(1),
        grant.terms.uses,
        grant.id
    ))
}

/// A time of day in UTC, with the date where it is another day than `now`.
#[must_use]
pub fn moment(time: Timestamp, now: Timestamp) -> String {
    let text = time.to_string();
    let (date, rest) = text.split_once('T').unwrap_or((&text, ""));
    let clock: String = rest.chars().take(5).collect();
    if time.utc_day() == now.utc_day() { format!("{clock} UTC") } else { format!("{date} {clock} UTC") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{grant::Reach, ids::GrantId};

    fn argv(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn terms(pattern: Pattern) -> Terms {
        Terms { pattern, reach: Reach::Mission, uses: 10, lasts: Millis::hours(8) }
    }

    #[test]
    fn u19_what_is_protected_raises_privileges_or_hides_a_program_is_never_granted() {
        let policy = Policy::default();
        let no = |pattern: Pattern| never(&terms(pattern), &policy);
        for line in [
            &["sudo", "ls"][..],
            &["/usr/bin/sudo", "ls"],
            &["cp", "x", ".env"],
            &["cp", "x", "config/.env.local"],
            &["sh", "-c", "cat .env>x"],
            &["sh", "-c", "cat <src/billing/key.rs"],
            &["git", "--git-dir=sub/.git", "log"],
            &["tee", "{a,.env}"],
            &["sed", "-i", "s/1/2/", "package.json"],
            &[""],
            &[],
        ] {
            assert!(no(Pattern::Exact(argv(line))).is_some(), "{line:?}");
        }
        for first in
            [&["git"][..], &["sh", "-c"], &["env", "A=1"], &["/bin/bash", "-c"], &["xargs", "rm"], &[]]
        {
            assert!(no(Pattern::Prefix(argv(first))).is_some(), "{first:?}");
        }
        assert_eq!(no(Pattern::Exact(argv(&["sh", "-c", "npm test >/dev/null 2>&1"]))), None);
        assert_eq!(no(Pattern::Prefix(argv(&["git", "log"]))), None);
        for bad in [
            Terms { uses: 0, ..terms(Pattern::Exact(argv(&["ls"]))) },
            Terms { uses: 1_001, ..terms(Pattern::Exact(argv(&["ls"]))) },
        ] {
            assert!(never(&bad, &policy).is_some());
        }
        let endless = Terms { lasts: Millis::hours(10_000), ..terms(Pattern::Exact(argv(&["ls"]))) };
        assert!(never(&endless, &policy).is_some());
    }

    #[test]
    fn a_grant_says_who_gave_it_until_when_and_what_is_left_and_ends_by_itself() {
        let line = argv(&["npm", "ci"]);
        let grant = Grant {
            id: GrantId(1),
            terms: terms(Pattern::Exact(line.clone())),
            mission: MissionId(1),
            repo: "/repo".into(),
            by: "ada".into(),
            given: Timestamp(0),
            until: Timestamp(14 * 3_600_000),
            used: 6,
        };
        let policy = Policy::default();
        let said = |grant: &Grant, at| speaks(grant, &line, (&policy, Timestamp(at)));
        assert_eq!(said(&grant, 1).unwrap(), "granted by ada until 14:00 UTC, 3 of 10 left after this (G-1)");
        assert!(said(&grant, 14 * 3_600_000).unwrap_err().contains("expired"));
        assert!(said(&Grant { used: 10, ..grant.clone() }, 1).unwrap_err().contains("used up"));
        assert!(speaks(&grant, &argv(&["npm", "ci", "x"]), (&policy, Timestamp(1))).is_err());
        let find = |mission, repo: &str, at| {
            covering([&grant].into_iter(), (MissionId(mission), repo), &line, Timestamp(at)).is_some()
        };
        assert!(find(1, "/repo", 1) && !find(2, "/repo", 1) && !find(1, "/repo", 14 * 3_600_000));
        let wide = Grant { terms: Terms { reach: Reach::Project, ..grant.terms.clone() }, ..grant.clone() };
        let covers = |mission, repo: &str| {
            covering([&wide].into_iter(), (MissionId(mission), repo), &line, Timestamp(1)).is_some()
        };
        assert!(covers(2, "/repo") && !covers(1, "/other"));
        assert_eq!(moment(Timestamp(86_400_000 * 2), Timestamp(0)), "1970-01-03 00:00 UTC");
    }
}
