//! What `INFO` of a Redis server says, and what of it is wrong. Pure: text and the last look's counters in, readings out.

use crate::{
    domain::{
        incident::Severity,
        signal::{Check, Reading, kind},
        text,
    },
    monitor::probes::{
        before::Counters,
        found::{fails, holds, sample, span, with},
    },
};
use std::collections::BTreeMap;

/// Lines of an answer that are read.
const LINES_MOST: usize = 4_096;
/// Share of the allowed clients, in percent, from which they are nearly used up.
const CLIENTS_PCT: f64 = 90.0;
/// Kind of a check on what is written to disk.
const PERSISTENCE: &str = "cache.persistence";
/// Counters whose growth is looked at.
const COUNTERS: [&str; 5] =
    ["evicted_keys", "rejected_connections", "keyspace_hits", "keyspace_misses", "errorstat_OOM"];

/// Seconds after a start in which it counts as started anew.
pub(super) const YOUNG_S: f64 = 300.0;

/// What it says, by field.
pub(super) struct Info(BTreeMap<String, String>);

impl Info {
    /// Reads `field:value` lines; others, such as `# Section`, are passed over.
    pub(super) fn of(answer: &str) -> Self {
        let fields = answer
            .lines()
            .take(LINES_MOST)
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once(':'));
        Self(fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
    }

    /// Whether it is one at all.
    pub(super) fn is_complete(&self) -> bool {
        self.0.contains_key("redis_version") && self.number("used_memory").is_some()
    }

    /// Counters of [`COUNTERS`] as they stand.
    pub(super) fn counters(&self) -> Counters {
        let counted = |name: &str| {
            let value = self.0.get(name);
            // `errorstat_OOM:count=3`; not there while there was none.
            let missing = name.starts_with("errorstat").then_some(0.0);
            value.and_then(|text| text.trim_start_matches("count=").parse().ok()).or(missing)
        };
        COUNTERS.iter().filter_map(|name| Some(((*name).to_owned(), counted(name)?))).collect()
    }

    /// Seconds since it was started.
    pub(super) fn uptime(&self) -> Option<f64> {
        self.number("uptime_in_seconds")
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.text(name).parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Everything that can be said, given what the counters grew by.
    pub(super) fn readings(&self, severity: Severity, memory_pct: u8, grown: &Counters) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::new();
        let samples = [
            ("redis_clients", "connected_clients"),
            ("redis_blocked_clients", "blocked_clients"),
            ("redis_ops", "instantaneous_ops_per_sec"),
            ("redis_fragmentation", "mem_fragmentation_ratio"),
        ];
        readings.extend(samples.iter().filter_map(|(metric, name)| Some(sample(metric, self.number(name)?))));
        let grew = |name: &str| grown.get(name).copied();
        readings.extend(grew("evicted_keys").map(|more| sample("redis_evicted", more)));
        readings.extend(grew("rejected_connections").map(|more| sample("redis_rejected", more)));
        if let (Some(hits), Some(misses)) = (grew("keyspace_hits"), grew("keyspace_misses")) {
            // Nobody asked: there is no share.
            readings.push(sample("redis_hit_pct", hits * 100.0 / (hits + misses)));
        }
        let (memory, pct) = self.memory(severity, memory_pct);
        readings.extend(pct.map(|pct| sample("redis_memory_pct", pct)));
        let checks = [
            Some(self.loading(severity)),
            memory,
            grew("errorstat_OOM").map(|more| refused(severity, more)),
            grew("evicted_keys").map(|more| self.evictions(severity, more)),
            self.clients(severity, grew("rejected_connections")),
            Some(self.persistence(severity)),
            self.replication(severity),
        ];
        readings.extend(checks.into_iter().flatten().map(Reading::Check));
        readings
    }

    fn loading(&self, severity: Severity) -> Check {
        let check = holds("loading", kind::PROCESS_DOWN, severity.min(Severity::P1), "it serves".to_owned());
        if self.text("loading") != "1" && self.text("async_loading") != "1" {
            return check;
        }
        let left =
            self.number("loading_eta_seconds").map_or_else(String::new, |left| format!(", {left} s to go"));
        fails(Check { words: format!("it loads its data and answers nobody{left}"), ..check })
    }

    /// Whether it throws away to make room; with `noeviction` it refuses instead.
    fn evicts(&self) -> bool {
        !matches!(self.text("maxmemory_policy"), "" | "noeviction")
    }

    fn memory(&self, severity: Severity, most_pct: u8) -> (Option<Check>, Option<f64>) {
        let most = self.number("maxmemory").filter(|most| *most > 0.0);
        // Without a limit of its own the machine's memory is the limit, and what the process has of it counts.
        let (used, of, whose) = match (most, self.number("total_system_memory")) {
            (Some(most), _) => (self.number("used_memory"), most, "maxmemory"),
            (None, Some(host)) if host > 0.0 => {
                (self.number("used_memory_rss"), host, "the machine's memory")
            }
            _ => return (None, None),
        };
        let Some(used) = used else { return (None, None) };
        let pct = used * 100.0 / of;
        let policy = self.text("maxmemory_policy");
        let words = format!("{pct:.0} % of {whose} ({} of {}, {policy})", bytes(used), bytes(of));
        // A cache that evicts is full by design; one that does not refuses writes next.
        let severity = if most.is_some() && self.evicts() { severity.max(Severity::P4) } else { severity };
        let check = holds("memory", kind::CACHE_MEMORY, severity, text::clean_line(&words, 200).into());
        let check = with(check, &[("used_pct", &format!("{pct:.1}")), ("policy", policy)]);
        (Some(if pct >= f64::from(most_pct) { fails(check) } else { check }), Some(pct))
    }

    fn evictions(&self, severity: Severity, more: f64) -> Check {
        let severity = if self.evicts() { severity.max(Severity::P4) } else { severity };
        let check = holds(
            "evictions",
            kind::CACHE_MEMORY,
            severity,
            format!("{more} keys evicted since the last look"),
        );
        let check = with(check, &[("evicted", &more.to_string()), ("policy", self.text("maxmemory_policy"))]);
        if more > 0.0 { fails(check) } else { check }
    }

    fn clients(&self, severity: Severity, rejected: Option<f64>) -> Option<Check> {
        let (clients, most) = (self.number("connected_clients")?, self.number("maxclients"));
        let pct = most.filter(|most| *most > 0.0).map(|most| clients * 100.0 / most);
        let rejected = rejected.unwrap_or(0.0);
        let of = most.map_or_else(String::new, |most| format!(" of {most}"));
        let mut words = format!("{clients}{of} clients");
        if rejected > 0.0 {
            words.push_str(&format!(", {rejected} rejected since the last look"));
        }
        let check = with(
            holds("clients", kind::DB_CONNECTIONS, severity, words),
            &[("rejected", &rejected.to_string())],
        );
        let full = rejected > 0.0 || pct.is_some_and(|pct| pct >= CLIENTS_PCT);
        Some(if full { fails(check) } else { check })
    }

    fn persistence(&self, severity: Severity) -> Check {
        let failed: Vec<&str> = [
            ("rdb_last_bgsave_status", "the last snapshot (RDB)"),
            ("aof_last_write_status", "the last write of the log (AOF)"),
            ("aof_last_bgrewrite_status", "the last rewrite of the log (AOF)"),
        ]
        .iter()
        .filter(|(name, _)| self.text(name) == "err")
        .map(|(_, words)| *words)
        .collect();
        let check = holds("persistence", PERSISTENCE, severity, "what it should keep is kept".to_owned());
        if failed.is_empty() {
            return check;
        }
        let pending = self.number("rdb_changes_since_last_save").unwrap_or(0.0);
        let words = format!("{} failed; {pending} changes are not saved", failed.join(" and "));
        fails(with(Check { words, ..check }, &[("unsaved", &pending.to_string())]))
    }

    fn replication(&self, severity: Severity) -> Option<Check> {
        if self.text("role") != "slave" {
            return None;
        }
        let primary = format!("{}:{}", self.text("master_host"), self.text("master_port"));
        let check = holds("replication", kind::DB_REPLICATION, severity, format!("linked to {primary}"));
        let check = with(check, &[("primary", &primary)]);
        if self.text("master_link_status") == "up" {
            return Some(check);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds for a sentence")]
        let down =
            self.number("master_link_down_since_seconds").filter(|down| *down >= 0.0).map(|down| down as u64);
        let since =
            down.map_or_else(String::new, |down| format!(" for {}", span(down.saturating_mul(1_000))));
        Some(fails(Check { words: format!("not linked to its primary {primary}{since}"), ..check }))
    }
}

/// How old it is, and whether it was started anew between two looks: what it kept in memory alone is gone then.
pub(super) fn age(severity: Severity, age: f64, anew: bool) -> [Reading; 2] {
    let check =
        holds("restarts", kind::PROCESS_FLAPPING, severity.max(Severity::P3), "it runs on".to_owned());
    let check = with(check, &[("uptime_s", &format!("{age:.0}"))]);
    let words = format!("it was started anew {age:.0} s ago");
    let check = if anew { fails(Check { words, ..check }) } else { check };
    [sample("redis_uptime_s", age), Reading::Check(check)]
}

fn refused(severity: Severity, more: f64) -> Check {
    let words = format!("{more} writes refused for want of memory since the last look");
    let check =
        with(holds("refused", kind::CACHE_MEMORY, severity, words), &[("refused", &more.to_string())]);
    if more > 0.0 { fails(check) } else { check }
}

fn bytes(number: f64) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    if number < MIB {
        format!("{:.0} KiB", number / 1024.0)
    } else if number < MIB * 1024.0 {
        format!("{:.0} MiB", number / MIB)
    } else {
        format!("{:.1} GiB", number / MIB / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: &str = "# Server\r\nredis_version:7.2.4\r\n# Clients\r\nconnected_clients:3\r\nmaxclients:10000\r\nblocked_clients:1\r\n\
        # Memory\r\nused_memory:1048576\r\nused_memory_rss:2097152\r\ntotal_system_memory:8589934592\r\nmaxmemory:2097152\r\n\
        maxmemory_policy:noeviction\r\nmem_fragmentation_ratio:2.00\r\nloading:0\r\nrdb_last_bgsave_status:ok\r\naof_last_write_status:ok\r\n\
        evicted_keys:10\r\nrejected_connections:2\r\nkeyspace_hits:90\r\nkeyspace_misses:10\r\nrole:master\r\n";

    fn failing(info: &str, grown: &[(&str, f64)]) -> Vec<(String, Severity)> {
        let grown = grown.iter().map(|(name, more)| ((*name).to_owned(), *more)).collect();
        let readings = Info::of(info).readings(Severity::P2, 80, &grown);
        let checks = readings.into_iter().filter_map(|reading| match reading {
            Reading::Check(check) if !check.ok => Some((check.name, check.severity)),
            _ => None,
        });
        checks.collect()
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_well_is_not() {
        let p2 = |name: &str| vec![(name.to_owned(), Severity::P2)];
        assert!(
            failing(WELL, &[("evicted_keys", 0.0), ("rejected_connections", 0.0), ("errorstat_OOM", 0.0)])
                .is_empty()
        );
        for (from, to, want) in [
            ("used_memory:1048576", "used_memory:1800000", p2("memory")),
            ("loading:0", "loading:1\r\nloading_eta_seconds:4", vec![("loading".to_owned(), Severity::P1)]),
            ("rdb_last_bgsave_status:ok", "rdb_last_bgsave_status:err", p2("persistence")),
            ("aof_last_write_status:ok", "aof_last_write_status:err", p2("persistence")),
            ("maxclients:10000", "maxclients:3", p2("clients")),
            (
                "role:master",
                "role:slave\r\nmaster_host:a\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:-1",
                p2("replication"),
            ),
            ("role:master", "role:slave\r\nmaster_link_status:up", vec![]),
            ("maxmemory:2097152", "maxmemory:0", vec![]),
            (
                "total_system_memory:8589934592\r\nmaxmemory:2097152",
                "total_system_memory:2100000\r\nmaxmemory:0",
                p2("memory"),
            ),
        ] {
            assert!(WELL.contains(from), "{from}");
            assert_eq!(failing(&WELL.replace(from, to), &[]), want, "{to}");
        }
        assert_eq!(failing(WELL, &[("errorstat_OOM", 3.0)]), p2("refused"));
        assert_eq!(failing(WELL, &[("rejected_connections", 1.0)]), p2("clients"));
    }

    #[test]
    fn a_cache_that_evicts_by_design_is_a_trend_at_most() {
        let lru =
            WELL.replace("noeviction", "allkeys-lru").replace("used_memory:1048576", "used_memory:2097152");
        let p4 = |name: &str| (name.to_owned(), Severity::P4);
        assert_eq!(failing(&lru, &[("evicted_keys", 5.0)]), [p4("memory"), p4("evictions")]);
    }

    #[test]
    fn counters_are_read_and_strange_answers_do_no_harm() {
        let info = Info::of(&format!("{WELL}errorstat_OOM:count=3\r\n"));
        assert!(info.is_complete());
        let counters = info.counters();
        assert_eq!((counters["evicted_keys"], counters["errorstat_OOM"], counters.len()), (10.0, 3.0, 5));
        for strange in
            ["", ":", "used_memory:NaN\nredis_version:x", "redis_version:7", "\u{1b}[2J", "used_memory:1e999"]
        {
            let info = Info::of(strange);
            assert!(!info.is_complete(), "{strange:?}");
            let _ = info.readings(Severity::P0, 0, &info.counters());
        }
    }
}
