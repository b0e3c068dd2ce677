//! Facts from what the probes read last. A reading that is old says nothing.

use super::{Read, Sight};
use crate::{
    domain::{
        expr::{Call, Value},
        probe::ProbeState,
        signal::{Reading, kind},
        time::Timestamp,
    },
    monitor::investigate::scene::Newest,
};

/// Whether a fact is one of those that readings answer.
pub(super) enum Answered {
    /// It is: what it is, if known.
    Known(Option<Value>),
    /// It is not.
    NotHere,
}

pub(super) fn answer(call: &Call, sight: &Sight, read: Read<'_>) -> Answered {
    let now = (sight.eyes.now)();
    let of = Reads { read, service: &sight.service.name, now, restarts: sight.restarts };
    let known = match call.name.as_str() {
        "health" => of.health(text(call, 0).unwrap_or(of.service)).map(|word| Value::Text(word.into())),
        "healthy_fraction" => of.fraction(text(call, 0).unwrap_or(of.service)).map(Value::Number),
        // The cluster counts them itself.
        "instances" if sight.service.variables.contains_key("deployment") && of.is_own(call) => {
            return Answered::NotHere;
        }
        "instances" => of.instances(text(call, 0).unwrap_or(of.service)).map(Value::Number),
        "up" => text(call, 0).and_then(|probe| of.up(probe)).map(Value::Truth),
        "metric" => text(call, 0).and_then(|metric| of.number(metric)).map(Value::Number),
        "slope" => of.slope(call).map(Value::Number),
        "average" => of.average(call).map(Value::Number),
        "query_running" => of.session(call).map(|session| Value::Truth(session.is_some())),
        "query_age" => of.session(call).flatten().and_then(|session| session.age_s).map(Value::Number),
        "rss_bytes" | "rss_limit" | "cpu_pct" | "error_rate" | "baseline" | "latency_p95"
        | "request_rate" | "redis_memory_pct" => of.number(&call.name).map(Value::Number),
        "queue_depth" | "jobs_failed" => {
            of.of(text(call, 0).unwrap_or(of.service), &call.name).map(Value::Number)
        }
        "replica_lag" => of.lag(text(call, 0).unwrap_or(of.service)).map(Value::Number),
        "replica_ready" => of.replica_ready(text(call, 0).unwrap_or(of.service)).map(Value::Truth),
        _ => return Answered::NotHere,
    };
    Answered::Known(known)
}

fn text(call: &Call, at: usize) -> Option<&str> {
    match call.args.get(at) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

struct Reads<'a> {
    read: Read<'a>,
    service: &'a str,
    now: Timestamp,
    restarts: bool,
}

impl Reads<'_> {
    /// `ok` only if every probe has looked and finds nothing; what is silent is not well. That something began again too often
    /// of late is no state of now, and says nothing here unless that is what it is about.
    fn health(&self, service: &str) -> Option<&'static str> {
        let (mut any, mut failing, mut silent, mut waiting) = (false, 0_u32, false, false);
        let mut all = 0_u32;
        for probe in self.read.health.iter().filter(|probe| probe.service == service) {
            any = true;
            all += 1;
            match probe.state {
                ProbeState::Failing if probe.only_restarts && !self.restarts => {}
                ProbeState::Failing => failing += 1,
                ProbeState::Silent => silent = true,
                ProbeState::Waiting => waiting = true,
                ProbeState::Well => {}
            }
        }
        match (any, failing, silent || waiting) {
            (false, ..) => None,
            (true, 0, true) => None,
            (true, 0, false) => Some("ok"),
            (true, failing, _) if failing == all => Some("failing"),
            (true, ..) => Some("degraded"),
        }
    }

    /// One instance stands for the service where nothing counts them.
    fn fraction(&self, service: &str) -> Option<f64> {
        if let (Some(all), Some(well)) = (self.of(service, "instances"), self.of(service, "instances_ready"))
        {
            return (all > 0.0).then(|| (well / all).clamp(0.0, 1.0));
        }
        match self.health(service)? {
            "failing" => Some(0.0),
            _ => Some(1.0),
        }
    }

    fn instances(&self, service: &str) -> Option<f64> {
        self.of(service, "instances")
            .or_else(|| self.health(service).map(|word| if word == "failing" { 0.0 } else { 1.0 }))
    }

    fn is_own(&self, call: &Call) -> bool {
        text(call, 0).is_none_or(|service| service == self.service)
    }

    /// Seconds that the replica is behind which is behind the most.
    fn lag(&self, service: &str) -> Option<f64> {
        let named = self.of(service, "replica_lag");
        named.or_else(|| self.all(service, "pg_lag_ms").map(|ms| ms / 1_000.0).reduce(f64::max))
    }

    /// Whether one could take over. A replica that tells of itself has to replay; whether it still hears of its primary does
    /// not matter, for the primary may be what is down. Of those that a primary tells of, the check has to hold.
    fn replica_ready(&self, service: &str) -> Option<bool> {
        let told: Vec<bool> = self
            .fresh(service)
            .filter_map(|newest| {
                let Reading::Check(check) = &newest.seen.reading else { return None };
                if check.kind != kind::DB_REPLICATION || check.name != "replication" {
                    return None;
                }
                let lag = check.labels.get("lag_ms").and_then(|lag| lag.parse::<f64>().ok());
                match check.labels.get("replays") {
                    Some(replays) => Some(replays == "t" && lag.is_some_and(|lag| lag <= READY_MS)),
                    None => {
                        let mut replicas =
                            self.fresh(service).filter(|other| other.seen.probe == newest.seen.probe);
                        replicas
                            .any(|other| is(other, "pg_replicas").is_some_and(|count| count > 0.0))
                            .then_some(check.ok)
                    }
                }
            })
            .collect();
        (!told.is_empty()).then(|| told.contains(&true))
    }

    fn up(&self, probe: &str) -> Option<bool> {
        let found = self.read.health.iter().find(|known| known.id == probe)?;
        match found.state {
            ProbeState::Well => Some(true),
            ProbeState::Failing => Some(false),
            ProbeState::Waiting | ProbeState::Silent => None,
        }
    }

    fn fresh(&self, service: &str) -> impl Iterator<Item = &Newest> {
        self.read.newest.iter().filter(move |newest| newest.service == service && newest.fresh(self.now))
    }

    fn number(&self, metric: &str) -> Option<f64> {
        self.of(self.service, metric)
    }

    fn of(&self, service: &str, wanted: &str) -> Option<f64> {
        self.all(service, wanted).next()
    }

    fn all(&self, service: &str, wanted: &str) -> impl Iterator<Item = f64> {
        self.fresh(service).filter_map(move |newest| is(newest, wanted))
    }

    /// Points of a metric within the span of the call.
    fn course(&self, call: &Call) -> Option<Vec<(f64, f64)>> {
        let metric = text(call, 0)?;
        let Some(Value::Number(seconds)) = call.args.get(1) else { return None };
        let course =
            self.read.past.iter().find(|course| course.service == self.service && course.metric == metric)?;
        let from = self.now.0 as f64 - seconds * 1_000.0;
        let within = course.points.iter().filter(|(at, value)| *at as f64 >= from && value.is_finite());
        let points: Vec<(f64, f64)> = within.map(|(at, value)| (*at as f64 / 1_000.0, *value)).collect();
        // Half of the span must be covered: a minute says nothing of an hour.
        let covered =
            points.last().zip(points.first()).is_some_and(|(last, first)| last.0 - first.0 >= seconds / 2.0);
        (points.len() >= 3 && covered).then_some(points)
    }

    /// Least squares.
    fn slope(&self, call: &Call) -> Option<f64> {
        let points = self.course(call)?;
        let count = points.len() as f64;
        let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (x, y) = (x / count, y / count);
        let (up, down) = points.iter().fold((0.0, 0.0), |(up, down), point| {
            (up + (point.0 - x) * (point.1 - y), down + (point.0 - x) * (point.0 - x))
        });
        (down > 0.0).then(|| up / down)
    }

    fn average(&self, call: &Call) -> Option<f64> {
        let points = self.course(call)?;
        Some(points.iter().map(|point| point.1).sum::<f64>() / points.len() as f64)
    }

    /// A session, if the last look at the database names it: one that runs too long, one that left its transaction open, one
    /// that others wait for, or one that waits. `None`: nobody looked.
    fn session(&self, call: &Call) -> Option<Option<Session>> {
        let Some(Value::Number(wanted)) = call.args.first() else { return None };
        let mut looked = false;
        for newest in self.fresh(self.service) {
            let Reading::Check(check) = &newest.seen.reading else { continue };
            if !check.kind.starts_with("db.") {
                continue;
            }
            looked = true;
            let number = |label: &str| check.labels.get(label).and_then(|text| text.parse::<f64>().ok());
            let named = SESSIONS.iter().find(|(pid, _)| number(pid) == Some(*wanted));
            if let Some((_, ms)) = named.filter(|_| !check.ok) {
                return Some(Some(Session { age_s: number(ms).map(|ms| ms / 1_000.0) }));
            }
        }
        looked.then_some(None)
    }
}

/// What a reading gives for a metric, if it is of it.
fn is(newest: &Newest, wanted: &str) -> Option<f64> {
    match &newest.seen.reading {
        Reading::Sample { metric, value, .. } if super::same_metric(metric, wanted) && value.is_finite() => {
            Some(*value)
        }
        _ => None,
    }
}

/// A replica that is further behind than this, in milliseconds, does not take over.
const READY_MS: f64 = 60_000.0;

/// Labels by which a check of a database names a session, and for how many milliseconds it has done what it does.
const SESSIONS: [(&str, &str); 2] = [("blocker_pid", "blocker_ms"), ("pid", "duration_ms")];

/// A session of a database that does something.
struct Session {
    /// For how long, if that may be seen.
    age_s: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        incident::Severity,
        probe::ProbeHealth,
        signal::{Check, Observation},
        time::Millis,
    };

    fn newest(name: &str, ok: bool, labels: &[(&str, &str)]) -> Newest {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let check = Check {
            name: name.into(),
            kind: kind::DB_LOCKS,
            ok,
            severity: Severity::P2,
            words: String::new(),
            labels,
        };
        let seen = Observation { probe: "pg".into(), at: Timestamp(0), reading: Reading::Check(check) };
        Newest { service: "db".into(), every: Millis::secs(10), seen, lapsed: false }
    }

    fn session(readings: &[Newest], pid: f64) -> Option<Option<Option<f64>>> {
        let read = Read { newest: readings, health: &[], past: &[] };
        let reads = Reads { read, service: "db", now: Timestamp(1_000), restarts: false };
        let found = reads.session(&Call::new("query_age", vec![Value::Number(pid)]));
        found.map(|session| session.map(|session| session.age_s))
    }

    #[test]
    fn c6_that_something_began_again_often_says_nothing_of_its_health_now() {
        let probe = |id: &str, only_restarts: bool| ProbeHealth {
            id: id.into(),
            service: "web".into(),
            source: "process".into(),
            state: if id == "http" && !only_restarts { ProbeState::Well } else { ProbeState::Failing },
            words: String::new(),
            heard: None,
            only_restarts,
        };
        let health = |probes: &[ProbeHealth], restarts: bool| {
            let read = Read { newest: &[], health: probes, past: &[] };
            let reads = Reads { read, service: "web", now: Timestamp(1_000), restarts };
            (reads.health("web"), reads.fraction("web"))
        };
        let restarted = [probe("process", true), probe("http", false)];
        assert_eq!(health(&restarted, false), (Some("ok"), Some(1.0)));
        assert_eq!(health(&restarted, true).0, Some("degraded"), "where that is what it is about");
        assert_eq!(health(&[probe("process", false)], false), (Some("failing"), Some(0.0)));
    }

    #[test]
    fn c12_a_standby_is_ready_by_what_it_says_of_itself_or_its_primary_of_it() {
        let replication = |ok: bool, labels: &[(&str, &str)]| {
            let mut newest = newest("replication", ok, labels);
            if let Reading::Check(check) = &mut newest.seen.reading {
                check.kind = kind::DB_REPLICATION;
            }
            newest
        };
        let sample = |metric: &str, value: f64| {
            let mut newest = newest("x", true, &[]);
            newest.seen.reading = Reading::Sample { metric: metric.into(), value, labels: [].into() };
            newest
        };
        let asked = |readings: &[Newest]| {
            let read = Read { newest: readings, health: &[], past: &[] };
            let reads = Reads { read, service: "db", now: Timestamp(1_000), restarts: false };
            (reads.replica_ready("db"), reads.lag("db"))
        };
        assert_eq!(asked(&[]), (None, None), "nobody looked");
        let cut_off = replication(false, &[("lag_ms", "0"), ("replays", "t")]);
        assert_eq!(
            asked(&[cut_off, sample("pg_lag_ms", 0.0)]),
            (Some(true), Some(0.0)),
            "its primary is down"
        );
        let paused = replication(false, &[("lag_ms", "0"), ("replays", "f")]);
        assert_eq!(asked(&[paused]).0, Some(false));
        let late = replication(true, &[("lag_ms", "90000"), ("replays", "t")]);
        assert_eq!(asked(&[late, sample("pg_lag_ms", 90_000.0)]), (Some(false), Some(90.0)));
        let unborn = replication(true, &[("lag_ms", ""), ("replays", "t")]);
        assert_eq!(asked(&[unborn, sample("pg_lag_ms", f64::NAN)]), (Some(false), None));
        let told = [replication(true, &[]), sample("pg_replicas", 1.0), sample("pg_lag_ms", 250.0)];
        assert_eq!(asked(&told), (Some(true), Some(0.25)), "its primary tells of it");
        assert_eq!(asked(&[replication(true, &[])]).0, None, "a cache's link says nothing of a database");
    }

    #[test]
    fn c12_a_session_is_known_by_what_it_does_and_by_who_waits_for_it() {
        let slow = newest("slow", false, &[("pid", "7"), ("duration_ms", "400000")]);
        assert_eq!(session(std::slice::from_ref(&slow), 7.0), Some(Some(Some(400.0))));
        assert_eq!(session(std::slice::from_ref(&slow), 8.0), Some(None));
        assert_eq!(session(&[], 7.0), None, "nobody looked");
        let chain = [("pid", "30"), ("duration_ms", "9000"), ("blocker_pid", "10"), ("blocker_ms", "360000")];
        let locks = [newest("locks", false, &chain)];
        assert_eq!(session(&locks, 10.0), Some(Some(Some(360.0))), "the one that holds the lock");
        assert_eq!(session(&locks, 30.0), Some(Some(Some(9.0))), "the one that waits for it");
        let hidden = [newest("locks", false, &[("pid", "30"), ("blocker_pid", "10")])];
        assert_eq!(session(&hidden, 10.0), Some(Some(None)), "for how long is not known");
        // What a check said while it held is of nobody who does too much.
        assert_eq!(session(&[newest("slow", true, &[("pid", "7")])], 7.0), Some(None));
    }
}
