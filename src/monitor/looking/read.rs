//! Facts from what the probes read last. A reading that is old says nothing.

use super::{Read, Sight};
use crate::{
    domain::{
        expr::{Call, Value},
        probe::ProbeState,
        signal::Reading,
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
    let of = Reads { read, service: &sight.service.name, now };
    let known = match call.name.as_str() {
        "health" => of.health(text(call, 0).unwrap_or(of.service)).map(|word| Value::Text(word.into())),
        "healthy_fraction" => of.fraction(text(call, 0).unwrap_or(of.service)).map(Value::Number),
        "instances" => of.instances(text(call, 0).unwrap_or(of.service)).map(Value::Number),
        "up" => text(call, 0).and_then(|probe| of.up(probe)).map(Value::Truth),
        "metric" => text(call, 0).and_then(|metric| of.number(metric)).map(Value::Number),
        "slope" => of.slope(call).map(Value::Number),
        "average" => of.average(call).map(Value::Number),
        "query_running" => of.query(call).map(|age| Value::Truth(age.is_some())),
        "query_age" => of.query(call).flatten().map(Value::Number),
        "rss_bytes" | "rss_limit" | "cpu_pct" | "error_rate" | "baseline" | "latency_p95"
        | "request_rate" | "redis_memory_pct" | "replica_lag" | "queue_depth" | "jobs_failed" => {
            of.number(&call.name).map(Value::Number)
        }
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
}

impl Reads<'_> {
    /// `ok` only if every probe has looked and finds nothing; what is silent is not well.
    fn health(&self, service: &str) -> Option<&'static str> {
        let (mut any, mut failing, mut silent, mut waiting) = (false, 0_u32, false, false);
        let mut all = 0_u32;
        for probe in self.read.health.iter().filter(|probe| probe.service == service) {
            any = true;
            all += 1;
            match probe.state {
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
        self.fresh(service).find_map(|newest| match &newest.seen.reading {
            Reading::Sample { metric, value, .. } if metric == wanted && value.is_finite() => Some(*value),
            _ => None,
        })
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

    /// Age of a session's statement in seconds, if the last look at the database names it; `None` where there was none.
    fn query(&self, call: &Call) -> Option<Option<f64>> {
        let Some(Value::Number(pid)) = call.args.first() else { return None };
        let mut looked = false;
        for newest in self.fresh(self.service) {
            let Reading::Check(check) = &newest.seen.reading else { continue };
            if !check.kind.starts_with("db.") {
                continue;
            }
            looked = true;
            if check.labels.get("pid").and_then(|text| text.parse::<f64>().ok()) == Some(*pid) {
                let seconds = check.labels.get("seconds").and_then(|text| text.parse().ok());
                return Some(Some(seconds.unwrap_or_default()));
            }
        }
        looked.then_some(None)
    }
}
