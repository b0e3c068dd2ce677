//! Words by which programs say what went wrong. All that text from outside may contribute to a verdict is which of
//! these it contains: a yes or no each, never a name, number or command of its own.

use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// Name of what is said, and ways to say it in lower case.
pub const MARKERS: &[(&str, &[&str])] = &[
    (
        "disk_full",
        &["no space left on device", "enospc", "disk quota exceeded", "could not extend file", "disk full"],
    ),
    (
        "out_of_memory",
        &[
            "out of memory",
            "oom-kill",
            "oomkilled",
            "cannot allocate memory",
            "outofmemoryerror",
            "heap out of memory",
            "memoryerror",
            "memory allocation of",
        ],
    ),
    ("port_taken", &["address already in use", "eaddrinuse", "port is already allocated"]),
    ("refused", &["connection refused", "econnrefused", "connect: refused"]),
    (
        "unresolved",
        &[
            "name or service not known",
            "temporary failure in name resolution",
            "enotfound",
            "eai_again",
            "no such host",
            "nxdomain",
            "could not resolve host",
            "nodename nor servname",
        ],
    ),
    ("timed_out", &["timed out", "etimedout", "deadline exceeded", "read timeout", "connect timeout"]),
    ("denied", &["permission denied", "eacces", "operation not permitted", "access is denied"]),
    ("read_only", &["read-only file system", "erofs"]),
    ("missing_file", &["no such file or directory", "enoent", "filenotfounderror", "file not found"]),
    (
        "certificate",
        &[
            "certificate has expired",
            "certificate is not yet valid",
            "cert_has_expired",
            "certificateexpired",
            "certificate verify failed",
            "x509: certificate",
        ],
    ),
    (
        "clock",
        &[
            "clock skew",
            "requesttimetooskewed",
            "used before issued",
            "issued in the future",
            "clock is not synchronized",
            "time skew",
            "clock drift",
            "clock is off",
        ],
    ),
    (
        "config",
        &[
            "invalid configuration",
            "unknown directive",
            "configuration file",
            "config error",
            "missing required environment",
            "environment variable not set",
            "could not parse config",
            "failed to load config",
            "[emerg]",
        ],
    ),
    ("too_many_files", &["too many open files", "emfile"]),
    (
        "upstream",
        &[
            "prematurely closed connection",
            "no live upstreams",
            "upstream connect error",
            "502 bad gateway",
            "bad gateway",
        ],
    ),
    ("upstream_slow", &["upstream timed out", "504 gateway", "gateway timeout", "gateway time-out"]),
    (
        "db_connections",
        &[
            "too many clients already",
            "remaining connection slots are reserved",
            "timeout acquiring connection",
            "queuepool limit",
            "pool timeout",
            "timed out fetching a new connection",
        ],
    ),
    ("db_deadlock", &["deadlock detected"]),
    ("db_timeout", &["due to statement timeout", "due to lock timeout"]),
    (
        "db_schema",
        &[
            "undefinedcolumn",
            "undefinedtable",
            "undefined_column",
            "undefined_table",
            "no such column",
            "no such table",
            "unknown column",
        ],
    ),
    ("redis_full", &["oom command not allowed"]),
    ("redis_persistence", &["misconf redis is configured to save"]),
    ("redis_replica", &["against a read only replica", "masterdown link", "link with master is down"]),
    ("panic", &["panicked at", "segmentation fault", "sigsegv", "goroutine 1 [running]", "core dumped"]),
    ("image_pull", &["imagepullbackoff", "errimagepull", "manifest unknown", "pull access denied"]),
    ("crash_loop", &["crashloopbackoff", "back-off restarting failed container"]),
    ("unschedulable", &["failedscheduling", "insufficient cpu", "insufficient memory"]),
    ("probe_failed", &["readiness probe failed", "liveness probe failed"]),
];

static WORDS: LazyLock<Option<(AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let all =
        || MARKERS.iter().enumerate().flat_map(|(at, (_, ways))| ways.iter().map(move |way| (at, *way)));
    let automaton =
        AhoCorasick::builder().ascii_case_insensitive(true).build(all().map(|(_, way)| way)).ok()?;
    Some((automaton, all().map(|(at, _)| at).collect()))
});

/// Names of what the text says, in the order of [`MARKERS`].
#[must_use]
pub fn said(text: &str) -> Vec<&'static str> {
    let Some((automaton, of)) = WORDS.as_ref() else { return Vec::new() };
    let mut found = [false; 64];
    for hit in automaton.find_overlapping_iter(text) {
        let marker = of.get(hit.pattern().as_usize()).and_then(|at| found.get_mut(*at));
        if let Some(marker) = marker {
            *marker = true;
        }
    }
    if !found.get(*SCHEMA).copied().unwrap_or(true) && lacks_a_relation(text) {
        found.get_mut(*SCHEMA).into_iter().for_each(|marker| *marker = true);
    }
    MARKERS.iter().zip(found).filter(|(_, found)| *found).map(|((name, _), _)| *name).collect()
}

/// Where "db_schema" stands.
static SCHEMA: LazyLock<usize> =
    LazyLock::new(|| MARKERS.iter().position(|(name, _)| *name == "db_schema").unwrap_or(usize::MAX));

/// Databases put the name in the middle: `relation "orders" does not exist`.
fn lacks_a_relation(text: &str) -> bool {
    text.lines().map(str::to_ascii_lowercase).any(|line| {
        let ends = ["does not exist", "doesn't exist"].iter().filter_map(|end| line.find(end)).min();
        let before = ends.and_then(|end| line.get(..end)).unwrap_or_default();
        ["relation", "table", "column"].iter().any(|what| before.split_whitespace().any(|word| word == *what))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_all_of_them() {
        assert!(MARKERS.len() <= 64);
        assert_eq!(said("write: No space left on DEVICE (ENOSPC)"), ["disk_full"]);
        assert_eq!(
            said("bind: Address already in use; open /x: permission denied"),
            ["port_taken", "denied"]
        );
        assert!(said("all is well").is_empty());
        assert_eq!(said("ERROR: relation \"orders\" does not exist"), ["db_schema"]);
        assert_eq!(said("Table 'shop.orders' doesn't exist"), ["db_schema"]);
        assert!(said("user bob does not exist").is_empty() && said("a table that exists").is_empty());
    }
}
