//! What is seen of a release while it is watched: traffic and response times as probes read them, its process and memory, errors
//! that were not there before, and the signal that it was to end. What nobody measures stays unknown.

use crate::{
    domain::{
        expr::{Call, Value},
        ids::IncidentId,
        service::Service,
        signal::{Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    engine::healing::ward::Incident,
    operations::runbooks::Looking,
    policy::{
        healing::Soak,
        judgement::{
            aim::Aim,
            normal::{self, Share},
            soaking::{Arm, Class, FreshError, Load, PLACES_MOST, Process, Tick, Use},
        },
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// How far back the old version is looked at, before the incident began.
const BASELINE: Millis = Millis::hours(1);
/// Rates are means over this long: before that much time has passed they are the old version's, too.
const RATES_OVER: Millis = Millis::mins(5);
/// What the old version wrote last may be read and told this late.
const LATE: Millis = Millis::secs(10);
/// Points from which a rate says something of the time between them.
const POINTS_LEAST: usize = 3;

/// What a release is seen by.
pub(super) trait Witness: Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Points of a number of the service after the first moment and up to the second, oldest first.
    fn points(&self, metric: &str, span: (Timestamp, Timestamp)) -> Vec<(Timestamp, f64)>;
    /// The incident that the release is to end.
    fn healed(&self) -> Option<Arc<Incident>>;
    /// Other incidents of the service that were first seen since.
    fn newcomers(&self, since: Timestamp) -> Vec<Arc<Incident>>;
}

/// How the old version did, before the incident began.
pub(super) fn baseline(witness: &dyn Witness) -> Arm {
    let Some(span) = before(witness) else { return Arm::default() };
    let (rates, shares) = (witness.points("request_rate", span), witness.points("error_rate", span));
    let covered = rates.first().zip(rates.last()).map_or(0.0, |(first, last)| seconds((first.0, last.0)));
    let share = newest(&witness.points("baseline", span)).or_else(|| mean(&shares));
    let errors = match (mean(&rates).filter(|_| rates.len() >= POINTS_LEAST), share) {
        (Some(rate), Some(share)) => Share { bad: rate * covered * share, all: rate * covered },
        _ => Share::default(),
    };
    let latency = witness.points("http_latency_ms", span).into_iter().map(|(_, ms)| ms).collect();
    Arm { errors, latency }
}

fn before(witness: &dyn Witness) -> Option<(Timestamp, Timestamp)> {
    let began = witness.healed()?.first_seen;
    Some((began - BASELINE, began))
}

fn seconds((from, to): (Timestamp, Timestamp)) -> f64 {
    to.since(from).0 as f64 / 1_000.0
}

fn mean(points: &[(Timestamp, f64)]) -> Option<f64> {
    normal::mean(&points.iter().map(|point| point.1).collect::<Vec<_>>())
}

fn newest(points: &[(Timestamp, f64)]) -> Option<f64> {
    points.last().map(|point| point.1)
}

/// One release being watched.
pub(super) struct Watching<'a> {
    pub witness: &'a dyn Witness,
    pub look: &'a dyn Looking,
    pub service: &'a Service,
    /// When it was in place.
    placed: Timestamp,
    /// When it was looked at last.
    last: Timestamp,
    /// Memory that the old version took.
    usual: f64,
    /// What was counted of newcomers.
    counted: BTreeMap<IncidentId, u64>,
}

impl<'a> Watching<'a> {
    pub fn begin(witness: &'a dyn Witness, look: &'a dyn Looking, service: &'a Service) -> Self {
        let now = witness.now();
        let usual = before(witness).and_then(|span| mean(&witness.points("rss_bytes", span)));
        let usual = usual.unwrap_or(f64::NAN);
        Self { witness, look, service, placed: now, last: now, usual, counted: BTreeMap::new() }
    }

    /// One look.
    pub async fn look(&mut self, since: Millis) -> Tick {
        let span = (self.last, self.witness.now());
        self.last = span.1;
        let health = match &self.service.health {
            Some(url) => vec![is_well(self.look, url).await],
            None => Vec::new(),
        };
        let (fresh, oom_kills) = self.newcomers();
        let process = self.process().await;
        let candidate = self.load(span);
        Tick { since, baseline: None, candidate, health, process, fresh, uses: self.uses(span), oom_kills }
    }

    /// Whether the incident's own signal is over.
    pub fn aim(&self, soak: &Soak) -> Aim {
        let Some(healed) = self.witness.healed() else { return Aim::Signal(None) };
        let (seen, now) = (&healed.sightings, self.witness.now());
        let told = kind::of_lines(&healed.kind);
        let since = self.placed + if told { soak.warmup.max(Signal::LINES_QUIET) } else { soak.warmup };
        let state = if told {
            match (seen.last > since, now.since(self.placed) >= Signal::LINES_QUIET) {
                (true, _) => Some(SignalState::Firing),
                (false, true) => Some(SignalState::Clear),
                (false, false) => None,
            }
        } else if !seen.firing {
            Some(SignalState::Clear)
        } else {
            // It may not have been looked at since.
            (seen.last > since).then_some(SignalState::Firing)
        };
        Aim::Signal(state)
    }

    fn load(&self, span: (Timestamp, Timestamp)) -> Option<Load> {
        let latencies_ms: Vec<f64> =
            self.witness.points("http_latency_ms", span).into_iter().map(|(_, ms)| ms).collect();
        let rates = self.witness.points("request_rate", span);
        if rates.is_empty() && latencies_ms.is_empty() {
            return None;
        }
        let own = span.0.since(self.placed) >= RATES_OVER;
        let share = mean(&self.witness.points("error_rate", span));
        let (requests, errors) = match (mean(&rates).filter(|_| own), share) {
            (Some(rate), Some(share)) => {
                let requests = rate * seconds(span);
                (requests, requests * share)
            }
            _ => (0.0, 0.0),
        };
        Some(Load { requests, errors, latencies_ms })
    }

    fn uses(&self, span: (Timestamp, Timestamp)) -> Vec<Use> {
        let of = |metric: &str| newest(&self.witness.points(metric, span));
        let Some(candidate) = of("rss_bytes") else { return Vec::new() };
        let limit = of("rss_limit").unwrap_or(f64::NAN);
        vec![Use { name: "rss".into(), candidate, baseline: self.usual, limit }]
    }

    /// Errors of causes that were not there before, and processes that the kernel ended.
    fn newcomers(&mut self) -> (Vec<FreshError>, u32) {
        let (mut fresh, mut killed) = (Vec::new(), 0);
        for incident in self.witness.newcomers(self.placed) {
            let counted = self.counted.entry(incident.id).or_default();
            let hits = incident.sightings.count.saturating_sub(*counted);
            let from = std::mem::replace(counted, incident.sightings.count);
            if hits == 0 || self.last.since(self.placed) < LATE {
                continue;
            }
            let hits_now = u32::try_from(hits).unwrap_or(u32::MAX);
            match incident.kind.as_str() {
                kind::PROCESS_OOM => killed += 1,
                name if kind::of_lines(name) => fresh.push(FreshError {
                    name: incident.title.clone(),
                    hits: hits_now,
                    // A log says nothing of who asked: each time counts as a request of its own.
                    places: (from..from.saturating_add(hits))
                        .take(PLACES_MOST)
                        .map(|nth| nth.to_string())
                        .collect(),
                    class: if name == kind::LOG_CRASH { Class::Catastrophic } else { Class::Plain },
                }),
                _ => {}
            }
        }
        (fresh, killed)
    }

    /// Whether it runs, by what the service says of itself.
    async fn process(&self) -> Process {
        for (variable, fact) in
            [("unit", "unit_state"), ("container", "container_state"), ("pid_file", "process_running")]
        {
            let Some(name) = self.service.variables.get(variable) else { continue };
            let call = Call::new(fact, vec![Value::Text(name.clone())]);
            return match self.look.look(&call).await {
                Some(Value::Truth(true)) => Process::Running,
                Some(Value::Truth(false)) => Process::Down,
                Some(Value::Text(word)) => match word.as_str() {
                    "inactive" | "failed" | "exited" | "dead" => Process::Down,
                    _ => Process::Running,
                },
                _ => Process::Unknown,
            };
        }
        Process::Unknown
    }
}

/// Whether an address answers well.
pub(super) async fn is_well(look: &dyn Looking, url: &str) -> bool {
    let call = Call::new("http_status", vec![Value::Text(url.to_owned())]);
    matches!(look.look(&call).await, Some(Value::Number(status)) if (200.0..400.0).contains(&status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            ids::Revision,
            incident::{Phase, Severity},
            money::Money,
            signal::Fingerprint,
        },
        engine::healing::ward::Sightings,
        policy::judgement::{
            soaking::Soaking,
            verdict::{self, Verdict},
        },
    };
    use futures::future::{BoxFuture, FutureExt as _};
    use std::sync::Mutex;

    /// What probes read and logs say, laid down beforehand.
    #[derive(Default)]
    struct Stage {
        now: Mutex<Timestamp>,
        points: BTreeMap<&'static str, Vec<(Timestamp, f64)>>,
        healed: Option<Arc<Incident>>,
        newcomers: Mutex<Vec<Arc<Incident>>>,
    }

    impl Witness for Stage {
        fn now(&self) -> Timestamp {
            *self.now.lock().unwrap()
        }

        fn points(&self, metric: &str, (from, to): (Timestamp, Timestamp)) -> Vec<(Timestamp, f64)> {
            let all = self.points.get(metric).cloned().unwrap_or_default();
            all.into_iter().filter(|(at, _)| *at > from && *at <= to).collect()
        }

        fn healed(&self) -> Option<Arc<Incident>> {
            self.healed.clone()
        }

        fn newcomers(&self, since: Timestamp) -> Vec<Arc<Incident>> {
            let all = self.newcomers.lock().unwrap().clone();
            let now = self.now();
            all.into_iter().filter(|one| one.first_seen > since && one.first_seen <= now).collect()
        }
    }

    /// Every address answers well; nothing else is known.
    impl Looking for Stage {
        fn look<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Option<Value>> {
            let answer = (call.name == "http_status").then_some(Value::Number(200.0));
            async move { answer }.boxed()
        }
    }

    const BEGAN: Timestamp = Timestamp(7_200_000);
    const PLACED: Timestamp = Timestamp(9_000_000);

    fn incident(id: u64, kind: &str, seen: &[Timestamp]) -> Arc<Incident> {
        let (first, last) = (seen[0], seen[seen.len() - 1]);
        let sightings = Sightings { count: seen.len() as u64, last, firing: true, ..Sightings::default() };
        Arc::new(Incident {
            id: IncidentId(id),
            fingerprint: Fingerprint::of(&[kind, &id.to_string()]),
            service: "shop".into(),
            env: "production".into(),
            kind: kind.into(),
            title: format!("{kind} {id}"),
            severity: Severity::P2,
            phase: Phase::Open,
            entered: first,
            sightings,
            first_seen: first,
            opened: Some(first),
            diagnosis: None,
            inquiries: 0,
            spent: Money::ZERO,
            ruling: None,
            request: None,
            told: None,
            news: Vec::new(),
            waits_since: None,
            thread: None,
            revision: Revision(0),
            attempts: Vec::new(),
            reopened: Vec::new(),
            returned: Vec::new(),
            effects: BTreeMap::new(),
            timeline: Vec::new(),
        })
    }

    /// A number read every ten seconds in the hour before the incident, and after the release.
    fn read(before: f64, since: f64) -> Vec<(Timestamp, f64)> {
        let hour = (0..360).map(|nth| (BEGAN - Millis::secs(3_590 - nth * 10), before));
        let after = (1..=120).map(|nth| (PLACED + Millis::secs(nth * 10), since));
        hour.chain(after).collect()
    }

    async fn watched(stage: &Stage) -> (Soaking, verdict::Judgement) {
        let soak = Soak::default();
        let service =
            Service { name: "shop".into(), health: Some("http://127.0.0.1:1/".into()), ..Service::default() };
        *stage.now.lock().unwrap() = PLACED;
        let mut seen = Soaking::against(baseline(stage));
        let mut watching = Watching::begin(stage, stage, &service);
        for nth in 1..=120 {
            let since = Millis::secs(nth * 10);
            *stage.now.lock().unwrap() = PLACED + since;
            seen.take(&watching.look(since).await, &soak);
            if let Some(judgement) = verdict::early(&seen, &soak) {
                return (seen, judgement);
            }
        }
        let aim = watching.aim(&soak);
        let judgement = verdict::judge(&seen, &soak, Some(&aim));
        (seen, judgement)
    }

    fn stage(rate: f64, (before, since): (f64, f64), (usual, now): (f64, f64)) -> Stage {
        Stage {
            points: BTreeMap::from([
                ("request_rate", read(rate, rate)),
                ("error_rate", read(before, since)),
                ("http_latency_ms", read(usual, now)),
            ]),
            healed: Some(incident(1, kind::LOG_EXCEPTION, &[BEGAN])),
            ..Stage::default()
        }
    }

    #[tokio::test]
    async fn c5_a_release_that_does_as_well_as_before_and_ends_its_signal_passes() {
        let (seen, judgement) = watched(&stage(10.0, (0.01, 0.01), (20.0, 21.0))).await;
        assert_eq!(judgement.verdict, Verdict::Pass, "{judgement:?}");
        // Ten requests a second in the hour before; since, only what the rates say of the new version alone.
        assert!((seen.baseline.errors.all - 35_900.0).abs() < 1.0, "{:?}", seen.baseline.errors);
        assert!(seen.whole.all > 8_000.0 && seen.whole.all < 9_100.0, "{:?}", seen.whole);
    }

    #[tokio::test]
    async fn c5_errors_of_the_old_version_in_a_mean_over_five_minutes_are_not_the_new_ones() {
        let mut stage = stage(10.0, (0.001, 0.001), (20.0, 20.0));
        let rates = stage.points.get_mut("error_rate").unwrap();
        for (at, share) in rates.iter_mut().filter(|(at, _)| *at > PLACED) {
            let minutes = at.since(PLACED).0 as f64 / 60_000.0;
            *share = (0.3 * (1.0 - minutes / 5.0)).max(0.001);
        }
        let (_, judgement) = watched(&stage).await;
        assert_eq!(judgement.verdict, Verdict::Pass, "{judgement:?}");
    }

    #[tokio::test]
    async fn c5_what_is_slower_fails_by_its_probes_alone() {
        let mut slow = stage(0.0, (0.0, 0.0), (20.0, 5_000.0));
        slow.points.remove("request_rate");
        let (_, judgement) = watched(&slow).await;
        assert_eq!(judgement.verdict, Verdict::Fail);
        assert!(judgement.reasons().join(" ").contains("p95"), "{:?}", judgement.reasons());
        let mut alone = stage(0.0, (0.0, 0.0), (20.0, 20.0));
        alone.points.remove("request_rate");
        let (_, judgement) = watched(&alone).await;
        assert_eq!(judgement.verdict, Verdict::Inconclusive, "without traffic nothing speaks for it");
    }

    #[tokio::test]
    async fn c5_errors_not_seen_before_and_a_signal_that_still_fires_fail_it() {
        let later = |secs: u64| PLACED + Millis::secs(secs);
        let fresh = stage(10.0, (0.0, 0.0), (20.0, 20.0));
        let times: Vec<Timestamp> = (0..4).map(|nth| later(100 + nth)).collect();
        fresh.newcomers.lock().unwrap().push(incident(2, kind::LOG_EXCEPTION, &times));
        let (_, judgement) = watched(&fresh).await;
        assert_eq!(judgement.verdict, Verdict::Fail);
        assert!(judgement.reasons().join(" ").contains("not seen before"), "{:?}", judgement.reasons());
        let crash = stage(10.0, (0.0, 0.0), (20.0, 20.0));
        crash.newcomers.lock().unwrap().push(incident(2, kind::LOG_CRASH, &[later(15)]));
        assert_eq!(watched(&crash).await.1.verdict, Verdict::Fail, "once is enough");
        let still = Stage {
            healed: Some(incident(1, kind::LOG_EXCEPTION, &[BEGAN, later(900)])),
            ..stage(10.0, (0.0, 0.0), (20.0, 20.0))
        };
        let (_, judgement) = watched(&still).await;
        assert!(judgement.verdict == Verdict::Fail && judgement.ineffective(), "{judgement:?}");
        // What the old version wrote last is read late.
        let late = Stage {
            healed: Some(incident(1, kind::LOG_EXCEPTION, &[BEGAN, later(5)])),
            ..stage(10.0, (0.0, 0.0), (20.0, 20.0))
        };
        assert_eq!(watched(&late).await.1.verdict, Verdict::Pass);
    }
}
