//! What databases and caches said of themselves at the newest look of their probes, in the words of rules. Pure.

use crate::{
    domain::{
        incident::ClueSort,
        signal::{Check, Reading},
    },
    monitor::investigate::{
        findings::{Found, Piece},
        scene::{Newest, Scene},
    },
};

/// Numbers of probes, what rules call them, and by how much they are divided.
const NUMBERS: &[(&str, &str, f64)] = &[
    ("pg_connections_pct", "pg.connections_pct", 1.0),
    ("pg_longest_ms", "pg.longest_s", 1_000.0),
    ("pg_waiting", "pg.blocked", 1.0),
    ("pg_lag_ms", "pg.lag_s", 1_000.0),
    ("redis_memory_pct", "redis.memory_pct", 1.0),
    ("redis_evicted", "redis.evicted", 1.0),
    ("redis_blocked_clients", "redis.blocked", 1.0),
    ("redis_uptime_s", "redis.uptime_s", 1.0),
];
/// Checks of a Redis probe that are a yes or no of their own: name, label that only Redis' own check has, fact.
const TRUTHS: &[(&str, Option<&str>, &str)] = &[
    ("persistence", None, "redis.persistence_failing"),
    ("replication", Some("primary"), "redis.link_down"),
    ("refused", Some("refused"), "redis.refuses_writes"),
    ("loading", None, "redis.loading"),
    ("restarts", Some("uptime_s"), "redis.restarted"),
];

/// Reads them.
#[must_use]
pub fn read(scene: &Scene) -> Found {
    let own = |newest: &&Newest| newest.service == scene.service.name && newest.fresh(scene.now);
    let mut piece = Piece::now(ClueSort::Store, String::new());
    let mut said = Vec::new();
    for newest in scene.readings.iter().filter(own).take(Scene::READINGS_MOST) {
        match &newest.seen.reading {
            Reading::Sample { metric, value, .. } => {
                let Some((_, name, by)) = NUMBERS.iter().find(|(known, ..)| known == metric) else {
                    continue;
                };
                piece = piece.number(name, value / by);
                said.push(format!("{metric} {value:.0}"));
            }
            Reading::Check(check) => piece = check_of(piece, check, &mut said),
            _ => {}
        }
    }
    piece.words = format!("the store says: {}", said.join(", "));
    if said.is_empty() { Found::default() } else { Found::one(piece) }
}

fn check_of(mut piece: Piece, check: &Check, said: &mut Vec<String>) -> Piece {
    let pid = |name: &str| check.labels.get(name).and_then(|pid| pid.parse::<u32>().ok()).map(f64::from);
    let found = match (check.name.as_str(), check.kind, check.ok) {
        ("slow", "db.slow", false) => pid("pid").map(|pid| ("pg.pid", pid)),
        // More than one head of the chain: ending one session would not help.
        ("locks", "db.locks", false) => pid("blocked_by").map(|pid| ("pg.blocker_pid", pid)),
        ("idle", "db.locks", false) => pid("pid").map(|pid| ("pg.idle_pid", pid)),
        _ => None,
    };
    if let Some((name, pid)) = found {
        piece = piece.number(name, pid);
        said.push(format!("{} is session {pid}", name.trim_start_matches("pg.")));
    }
    if let (true, Some(role)) = (check.kind == "db.slow" && !check.ok, check.labels.get("role")) {
        piece = piece.name("pg.role", role);
    }
    let own = |label: &Option<&str>| label.is_none_or(|label| check.labels.contains_key(label));
    if let Some((_, _, name)) = TRUTHS.iter().find(|(known, label, _)| *known == check.name && own(label)) {
        piece = piece.truth(name, !check.ok);
        said.push(format!("{} {}", check.name, if check.ok { "is well" } else { "fails" }));
    }
    piece
}
