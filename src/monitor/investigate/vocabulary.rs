//! Every fact a rule may ask for: its name, the sort of evidence it is, and what it gives. Closed, so that a mistyped
//! name is an error when a rule is loaded and not a rule that never matches.

use crate::domain::incident::ClueSort;

/// What a fact gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// A number.
    Number,
    /// Yes or no.
    Truth,
    /// A name or other short text.
    Words,
}

/// One fact.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// As rules write it.
    pub name: &'static str,
    /// What sort of evidence it is.
    pub sort: ClueSort,
    /// What it gives.
    pub gives: Gives,
}

/// What numbers of probes begin with: the rest is the metric's own name.
pub const METRIC: &str = "metric.";
/// What words found in texts begin with.
pub const SAYS: &str = "log.says_";

macro_rules! entries {
    ($($sort:ident $gives:ident: $($name:literal)+;)+) => {
        &[$($(Entry { name: $name, sort: ClueSort::$sort, gives: Gives::$gives },)+)+]
    };
}

/// All of them, apart from those that begin with [`METRIC`] and [`SAYS`].
pub const ENTRIES: &[Entry] = entries! {
    Log Number: "log.frames" "log.hits";
    Log Words: "log.quote";
    Check Number: "check.failing" "check.holding" "check.status" "check.restarts" "check.tls_days" "health.status" "health.ms";
    Check Truth: "check.all_hold" "check.http_down" "check.http_slow" "check.tls_expiry" "check.tcp_down"
        "check.process_down" "check.process_restarts" "check.process_oom" "check.disk_full" "check.db_slow"
        "check.db_locks" "check.db_connections" "check.db_replication" "check.cache_memory" "check.refused" "check.unanswered" "dependency.down"
        "dns.fails" "health.fails";
    Check Words: "dependency.name" "dns.host" "health.address";
    Metric Truth: "metric.out_of_bounds" "metric.shifted" "metric.slow";
    Process Number: "process.count" "process.zombies" "process.rss_bytes" "process.fd_used_pct" "port.number"
        "unit.restarts" "unit.exit_code" "container.restarts" "container.exit_code" "k8s.pods" "k8s.not_ready"
        "k8s.restarts" "k8s.ready_pct" "k8s.wanted" "k8s.missing" "k8s.starting";
    Process Truth: "process.running" "port.listening" "port.taken_by_other" "unit.loaded" "unit.active" "unit.failed"
        "unit.restarting" "unit.masked" "unit.oom_killed" "container.known" "container.running" "container.restarting"
        "container.oom_killed" "container.unhealthy" "container.image_missing" "k8s.crash_loop" "k8s.image_pull"
        "k8s.oom_killed" "k8s.unschedulable" "k8s.unready" "k8s.node_not_ready"
        "k8s.misconfigured" "k8s.refused" "k8s.held_up";
    Process Words: "process.name" "port.owner" "unit.name" "unit.result" "container.name" "container.status" "k8s.pod"
        "k8s.image" "k8s.node" "k8s.deployment" "k8s.complaint" "k8s.container" "k8s.held_up_by";
    Host Number: "directory.bytes" "directory.bound" "disk.used_pct" "disk.inodes_used_pct" "disk.free_bytes" "memory.available_pct" "memory.swap_used_pct"
        "memory.pressure" "io.pressure" "cpu.pressure" "oom.age_s";
    Host Truth: "disk.read_only" "oom.recent" "clock.synced" "path.missing" "path.unreadable" "path.unwritable";
    Host Words: "directory.path" "disk.path" "oom.victim" "path.name";
    Config Truth: "config.valid";
    Config Words: "config.complaint";
    Code Number: "culprit.score" "culprit.margin";
    Code Truth: "culprit.found" "culprit.released" "culprit.older" "code.touches_config" "code.traced";
    Code Words: "culprit.commit" "code.place";
    Release Number: "release.minutes_before" "release.minutes_ago";
    Release Truth: "release.near";
    Store Number: "pg.connections_pct" "pg.longest_s" "pg.pid" "pg.blocked" "pg.blocker_pid" "pg.idle_pid" "pg.lag_s"
        "redis.memory_pct" "redis.evicted" "redis.blocked" "redis.uptime_s";
    Store Words: "pg.role";
    Store Truth: "redis.persistence_failing" "redis.link_down" "redis.refuses_writes" "redis.loading" "redis.restarted";
    History Number: "history.seen" "history.helped" "history.ineffective";
};

/// What is known of a name; names of metrics and of words in texts are known by how they begin.
#[must_use]
pub fn entry(name: &str) -> Option<Entry> {
    if let Some(found) = ENTRIES.iter().find(|entry| entry.name == name) {
        return Some(*found);
    }
    if name.strip_prefix(METRIC).is_some_and(|rest| !rest.is_empty()) {
        return Some(Entry { name: METRIC, sort: ClueSort::Metric, gives: Gives::Number });
    }
    let said = name.strip_prefix(SAYS)?;
    super::markers::MARKERS.iter().any(|(marker, _)| *marker == said).then_some(Entry {
        name: SAYS,
        sort: ClueSort::Log,
        gives: Gives::Truth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_told_by_their_beginning() {
        let mut names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(entry("metric.queue_depth").unwrap().sort, ClueSort::Metric);
        assert_eq!(entry("metric.shifted").unwrap().gives, Gives::Truth);
        assert_eq!(entry("log.says_disk_full").unwrap().sort, ClueSort::Log);
        assert!(
            entry("log.says_anything").is_none()
                && entry("disk.used").is_none()
                && entry("metric.").is_none()
        );
    }
}
