//! Reads frozen scenes and puts them through the same pure readers that live looks go through.

use super::shipped;
use crate::{
    domain::{
        candidate::CommitId,
        expr::Value,
        incident::{ClueSort, Culprit, Diagnosis, Grade, Remedy, Severity},
        runbook::{
            OnFail, RunStep, Runbook, RunbookAutonomy, RunbookLimits, RunbookMatch, VariableKind, Verify,
        },
        service::{Release, Service},
        signal::{Check, Fingerprint, Frame, Observation, Reading, Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    monitor::investigate::{
        asking::Answer,
        book::{Standing, Trust},
        facts::{container, kernel, kubernetes, past, readings, stores, texts, unit},
        findings::{Findings, Found, Piece},
        scene::{Newest, Released, Scene},
        vocabulary,
    },
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// When every scene takes place.
const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// Every kind that a check may have.
const KINDS: [&str; 14] = [
    kind::HTTP_DOWN,
    kind::HTTP_SLOW,
    kind::TLS_EXPIRY,
    kind::TCP_DOWN,
    kind::PROCESS_DOWN,
    kind::PROCESS_FLAPPING,
    kind::PROCESS_OOM,
    kind::DISK_FULL,
    kind::DB_SLOW,
    kind::DB_LOCKS,
    kind::DB_CONNECTIONS,
    kind::DB_REPLICATION,
    kind::CACHE_MEMORY,
    kind::SILENT,
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scene: Vec<Frozen>,
}

/// One scene as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frozen {
    pub name: String,
    /// Kind of the signal that opened it.
    pub kind: String,
    /// `RULE GRADE REMEDY`, then `tainted` where it is; or `healthy`, or `unknown`.
    pub expect: String,
    #[serde(default = "p2")]
    severity: String,
    /// What the signal that opened it says.
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    pub log: Option<String>,
    #[serde(default)]
    checks: Vec<CheckOf>,
    #[serde(default)]
    samples: BTreeMap<String, f64>,
    /// Services below, and whether their checks hold.
    #[serde(default)]
    depends: BTreeMap<String, bool>,
    /// Minutes from the last release to the first signal.
    #[serde(default)]
    release: Option<u64>,
    /// Minutes from the first signal to the newest.
    #[serde(default = "ten")]
    lasts: u64,
    /// Minutes since the newest signal.
    #[serde(default)]
    quiet: u64,
    #[serde(default)]
    clear: bool,
    #[serde(default)]
    found: Vec<FoundOf>,
    #[serde(default)]
    systemctl: Option<String>,
    #[serde(default)]
    inspect: Option<String>,
    #[serde(default)]
    pods: Option<String>,
    #[serde(default)]
    deployment: Option<String>,
    #[serde(default)]
    nodes: Option<String>,
    #[serde(default)]
    events: Option<String>,
    #[serde(default)]
    kernel: Option<String>,
    /// A culprit that git names.
    #[serde(default)]
    culprit: Option<(u8, u8)>,
    /// Whether the release brought it.
    #[serde(default = "yes")]
    released: bool,
    /// The release is of what was there before, put back by the house.
    #[serde(default)]
    put_back: bool,
    /// Whether the trace has frames of our own.
    #[serde(default)]
    frames: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckOf {
    kind: String,
    #[serde(default = "status")]
    name: String,
    ok: bool,
    #[serde(default)]
    words: Option<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Minutes ago.
    #[serde(default)]
    ago: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FoundOf {
    facts: BTreeMap<String, toml_value::Value>,
    #[serde(default)]
    trust: Option<String>,
    #[serde(default)]
    standing: Option<String>,
}

/// Numbers, words and truths of a table.
mod toml_value {
    use serde::Deserialize;
    #[derive(Debug, Clone, Deserialize)]
    #[serde(untagged)]
    pub enum Value {
        Truth(bool),
        Number(f64),
        Text(String),
    }
}

fn p2() -> String {
    "P2".into()
}

fn status() -> String {
    "status".into()
}

pub fn scenes(name: &str, text: &str) -> Vec<Frozen> {
    let file: File = toml_edit::de::from_str(text).unwrap_or_else(|why| panic!("{name}: {why}"));
    file.scene
}

impl Frozen {
    /// The rule that is to decide it.
    pub fn rule(&self) -> Option<String> {
        let first = self.expect.split(' ').next()?;
        (!["healthy", "unknown"].contains(&first)).then(|| first.to_owned())
    }

    /// What is handed to the judge.
    pub fn seen(&self) -> (Scene, Findings) {
        self.seen_with(|_| ())
    }

    /// The same with something changed in the scene before it is looked at.
    pub fn seen_with(&self, change: impl FnOnce(&mut Scene)) -> (Scene, Findings) {
        let mut scene = self.scene();
        change(&mut scene);
        let mut findings = Findings::default();
        let mut all = vec![readings::read(&scene), stores::read(&scene)];
        all.extend(self.systemctl.as_deref().map(|said| unit::read("web.service", said)));
        all.extend(self.inspect.as_deref().map(|said| {
            let gone = said.is_empty();
            let answer = Answer {
                code: Some(i32::from(gone)),
                out: said.into(),
                err: if gone { b"Error: No such container: web".to_vec() } else { Vec::new() },
                whole: true,
            };
            container::read("web", &answer)
        }));
        all.extend(self.pods.as_deref().map(|pods| {
            let json = |said: &String| serde_json::from_str(said).unwrap();
            let said = kubernetes::Said {
                pods: serde_json::from_str(pods).unwrap(),
                deployment: self.deployment.as_ref().map(json),
                nodes: self.nodes.as_ref().map(json),
                events: self.events.as_ref().map(json),
                at: NOW,
            };
            kubernetes::read(&said, Some("web"), true)
        }));
        all.extend(self.found.iter().map(FoundOf::found));
        all.extend(self.kernel.as_deref().map(|log| kernel::read(&scene, log)));
        all.extend([past::read(&scene), texts::read(&scene)]);
        let released = self.release.map(|_| self.released);
        all.extend(self.culprit.map(|points| culprit(points, released)));
        for found in all {
            findings.add(found, NOW);
        }
        findings.culprit = self.culprit.map(|(score, runner_up)| Culprit {
            commit: CommitId("c3c3c3c3c3c3c3c3".into()),
            subject: "cart: sum first".into(),
            score,
            runner_up,
        });
        (scene, findings)
    }

    fn scene(&self) -> Scene {
        let first_seen = NOW - Millis::mins(self.lasts + self.quiet);
        let mut signals = vec![self.signal(&self.kind)];
        if let Some(log) = &self.log {
            if !kind::of_text(&self.kind) {
                signals.push(self.signal("log.error"));
            }
            for signal in signals.iter_mut().filter(|signal| kind::of_text(&signal.kind)) {
                signal.title = log.lines().next().unwrap_or_default().to_owned();
                signal.sample = Some(log.clone());
            }
        }
        let release = |at: Timestamp, said: &str, put_back: bool| Released {
            at,
            seen: at,
            commit: None,
            said: said.into(),
            put_back,
        };
        let releases = self.release.map(|minutes| {
            vec![
                release(first_seen - Millis::mins(minutes), "v2", self.put_back),
                release(first_seen - Millis::hours(300), "v1", false),
            ]
        });
        let mut readings: Vec<Newest> = self.checks.iter().map(CheckOf::newest).collect();
        readings.extend(self.samples.iter().map(|(metric, value)| {
            let reading = Reading::Sample { metric: metric.clone(), value: *value, labels: BTreeMap::new() };
            newest("web", reading, 0)
        }));
        for (name, ok) in &self.depends {
            let check = CheckOf {
                kind: "tcp.down".into(),
                name: "port".into(),
                ok: *ok,
                words: None,
                labels: BTreeMap::new(),
                ago: 0,
            };
            readings.push(Newest { service: name.clone(), ..check.newest() });
        }
        Scene {
            signals,
            service: self.service(),
            readings,
            releases: releases.unwrap_or_default(),
            first_seen,
            last_seen: NOW - Millis::mins(self.quiet),
            now: NOW,
            ..Scene::default()
        }
    }

    fn service(&self) -> Service {
        let usual = [
            ("unit", "web.service"),
            ("container", "web"),
            ("deployment", "web"),
            ("namespace", "shop"),
            ("pid_file", "/run/web.pid"),
            ("process", "node"),
            ("start", "/opt/web/start"),
            ("port", "8080"),
            ("cache_dir", "/var/cache/web/pages"),
        ];
        let mut variables: BTreeMap<String, String> =
            usual.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.extend(self.variables.clone());
        Service {
            name: "web".into(),
            env: "production".into(),
            depends_on: self.depends.keys().cloned().collect(),
            variables,
            health: Some("https://shop.example/health".into()),
            release: Some(Release {
                rollback: ["/opt/web/release", "${previous}"].map(str::to_owned).to_vec(),
                timeout: Millis::mins(2),
                ..Release::default()
            }),
            ..Service::default()
        }
    }

    fn signal(&self, kind: &str) -> Signal {
        let frame = Frame { file: "src/cart.js".into(), line: Some(12), function: "Cart.total".into() };
        Signal {
            fingerprint: Fingerprint::of(&[kind]),
            service: "web".into(),
            env: "production".into(),
            kind: kind.into(),
            severity: Severity::of(&self.severity).unwrap(),
            title: self.title.clone().unwrap_or_else(|| "something".into()),
            probe: "probe".into(),
            state: if self.clear { SignalState::Clear } else { SignalState::Firing },
            count: 3,
            affected: 0,
            sample: None,
            frames: if self.frames { vec![frame] } else { Vec::new() },
            labels: BTreeMap::new(),
        }
    }
}

impl CheckOf {
    fn newest(&self) -> Newest {
        let kind =
            KINDS.into_iter().find(|kind| *kind == self.kind).unwrap_or_else(|| panic!("{}", self.kind));
        let check = Check {
            name: self.name.clone(),
            kind,
            ok: self.ok,
            severity: Severity::P2,
            words: self.words.clone().unwrap_or_else(|| "seen".into()),
            labels: self.labels.clone(),
        };
        newest("web", Reading::Check(check), self.ago)
    }
}

fn newest(service: &str, reading: Reading, ago: u64) -> Newest {
    let seen = Observation { probe: "probe".into(), at: NOW - Millis::mins(ago), reading };
    Newest { service: service.into(), every: Millis::secs(10), seen, lapsed: false }
}

impl FoundOf {
    fn found(&self) -> Found {
        let sorts: Vec<ClueSort> = self
            .facts
            .keys()
            .map(|name| vocabulary::entry(name).unwrap_or_else(|| panic!("{name}")).sort)
            .collect();
        assert!(sorts.windows(2).all(|two| two[0] == two[1]), "one sort each: {:?}", self.facts);
        let trust = match self.trust.as_deref() {
            None => Trust::Own,
            Some("led") => Trust::Led,
            Some("told") => Trust::Told,
            Some(other) => panic!("{other}"),
        };
        let standing = match self.standing.as_deref() {
            None => Standing::Now,
            Some("event") => Standing::Event,
            Some("past") => Standing::Past,
            Some(other) => panic!("{other}"),
        };
        let mut piece = Piece::now(sorts[0], "found").trusted(trust).standing(standing);
        for (name, value) in &self.facts {
            let value = match value {
                toml_value::Value::Truth(truth) => Value::Truth(*truth),
                toml_value::Value::Number(number) => Value::Number(*number),
                toml_value::Value::Text(text) => Value::Text(text.clone()),
            };
            piece.facts.push((name.clone(), value));
        }
        Found::one(piece)
    }
}

fn ten() -> u64 {
    10
}

fn yes() -> bool {
    true
}

fn culprit((score, runner_up): (u8, u8), released: Option<bool>) -> Found {
    let piece = Piece::now(ClueSort::Code, "culprit")
        .trusted(Trust::Led)
        .truth("culprit.found", true)
        .name("culprit.commit", "c3c3c3c3")
        .name("code.place", "src/cart.js:12")
        .number("culprit.score", f64::from(score))
        .number("culprit.margin", f64::from(score.saturating_sub(runner_up)))
        .truth("culprit.older", released == Some(false));
    Found::one(match released {
        Some(released) => piece.truth("culprit.released", released),
        None => piece,
    })
}

/// The same with everything seen some time ago.
pub fn aged(findings: &mut Findings) -> Findings {
    let mut stale = findings.clone();
    let facts: Vec<_> = findings.facts.iter().map(|(name, fact)| (name.to_owned(), fact.clone())).collect();
    stale.facts = Default::default();
    for (name, fact) in facts {
        stale.facts.put(&name, crate::monitor::investigate::book::Fact { standing: Standing::Past, ..fact });
    }
    stale
}

/// A diagnosis as scenes write it.
pub fn said(diagnosis: &Diagnosis) -> String {
    let Some(rule) = &diagnosis.rule else {
        return if diagnosis.healthy { "healthy".into() } else { "unknown".into() };
    };
    let remedy = match &diagnosis.remedy {
        Remedy::Runbook(plan) => plan.runbook.clone(),
        other => other.word().to_owned(),
    };
    let tainted = if diagnosis.tainted { " tainted" } else { "" };
    format!("{rule} {} {remedy}{tainted}", diagnosis.grade)
}

/// Runbooks of the shapes that the rules name, for every kind of signal; those for clusters and containers as they are shipped.
pub fn runbooks() -> Vec<Runbook> {
    let book =
        |id: &str, grade: Grade, kinds: &[&str], run: &[&str], variables: &[(&str, VariableKind)]| Runbook {
            id: id.into(),
            version: 1,
            summary: id.into(),
            tier: 1,
            reversible: true,
            idempotent: true,
            owner: "operations".into(),
            matches: RunbookMatch {
                kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
                services: vec!["*".into()],
                min_severity: Severity::P3,
                requires_grade: grade,
            },
            variables: variables.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
            prechecks: Vec::new(),
            limits: RunbookLimits {
                cooldown: Millis::mins(5),
                max_per_target: (2, Millis::hours(1)),
                max_per_fingerprint: (3, Millis::hours(24)),
                max_parallel: 1,
                timeout: Millis::mins(1),
            },
            steps: vec![RunStep {
                id: "do".into(),
                run: run.iter().map(|word| (*word).to_owned()).collect(),
                dry_run: None,
                expect_exit: vec![0],
                undo: None,
            }],
            verify: Verify {
                after: Millis::secs(30),
                window: Millis::mins(5),
                all: vec!["signal_cleared()".into()],
                on_fail: OnFail::Escalate,
            },
            autonomy: RunbookAutonomy {
                levels: vec![2, 3],
                business_hours: false,
                environments: vec!["production".into()],
            },
            own: false,
        };
    let down = ["process.*", "http.*", "tcp.*", "log.crash"];
    let store = ["db.*"];
    let mut books = vec![
        book("restart-unit", Grade::A, &down, &["systemctl", "restart", "${service.unit}"], &[]),
        book("restart-container", Grade::A, &down, &["docker", "restart", "${service.container}"], &[]),
        book("restart-process", Grade::B, &down, &["${service.start}"], &[]),
        book(
            "clear-cache-directory",
            Grade::A,
            &["disk.full"],
            &["find", "${service.cache_dir}", "-delete"],
            &[],
        ),
        book(
            "clear-outgrown-directory",
            Grade::A,
            &["disk.full", "http.down"],
            &["find", "${service.cache_dir}", "-delete"],
            &[],
        ),
        book("rotate-logs", Grade::A, &["disk.full"], &["logrotate", "${service.logrotate}"], &[]),
        book("clean-logs", Grade::A, &["disk.full"], &["find", "${service.log_dir}"], &[]),
        book(
            "renew-certificate",
            Grade::A,
            &["tls.expiry"],
            &["certbot", "renew", "${service.certificate}"],
            &[],
        ),
        book("renew-certificate-command", Grade::A, &["tls.expiry"], &["${service.renew}"], &[]),
        book(
            "kill-runaway-query",
            Grade::A,
            &store,
            &["psql", "-c", "cancel ${pid}"],
            &[("pid", VariableKind::Number)],
        ),
        book("clear-cache-redis", Grade::A, &["cache.memory"], &["redis-cli", "${service.redis_host}"], &[]),
    ];
    books.extend(shipped::shipped());
    books
}
