//! The way of a text from where it is read to a ruling, as the program goes it: readings through the watchtower, signals
//! to the engine, what is seen to the rules, their diagnosis back to the engine. The clock is moved by hand; what would
//! be asked of this host is answered as frozen.

use super::twin;
use chimera::{
    config::runbooks::Shelf,
    domain::{
        candidate::CommitId,
        ids::Seq,
        incident::{Diagnosis, Severity},
        probe::{ProbeHealth, ProbeSpec, Source, WebhookFormat},
        request::Actor,
        runbook::Runbook,
        service::{Release, Service},
        signal::{Check, Observation, Reading, Signal, kind},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, ControlCommand, HealCommand, Order, Outcome, Report},
        decide, facts,
        healing::ward::Incident,
        next_deadline,
        state::State,
    },
    monitor::{
        investigate::{
            Findings, Means, Released, Rules, Scene,
            facts::{code, past, readings, texts, unit},
            judge,
        },
        watchtower::{Watchtower, Weather},
        webhooks,
    },
    policy::{healing::Healing, settings::Policy},
};
use serde_json::Value;
use std::path::Path;

/// No storm.
const CALM: Weather = Weather { ingest_factor: 10, storm: false };
/// Times that a log says the same.
const ROUNDS: usize = 5;
/// When the first thing goes wrong.
pub const START: Timestamp = Timestamp(1_790_000_000_000);

/// What is broken for real, whatever anybody writes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The unit has failed.
    Unit,
    /// A release answers with errors.
    Release,
}

/// What strangers write about it.
#[derive(Default)]
pub struct Written {
    /// Lines of the service's log.
    pub log: Vec<String>,
    /// Payloads of other systems.
    pub hooks: Vec<(WebhookFormat, Value)>,
    /// Git's answer about the failing lines.
    pub code: code::Seen,
}

/// Rules and runbooks as they are shipped.
pub struct Shipped {
    rules: Rules,
    runbooks: Vec<Runbook>,
}

impl Shipped {
    pub fn load() -> Self {
        let runbooks = Shelf::shipped().runbooks.into_iter().map(|shelved| shelved.runbook).collect();
        Self { rules: Rules::built_in().unwrap(), runbooks }
    }
}

/// The commit that was released, and the one before.
pub const RELEASED: [&str; 2] =
    ["c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3", "b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2"];

/// Where a house came to.
pub struct Came {
    pub state: State,
    pub probes: Vec<ProbeHealth>,
}

impl Came {
    /// The rulings, byte for byte, the one on what is really broken first.
    pub fn rulings(&self) -> Vec<String> {
        let ruled = self.state.ward.incidents.values().filter_map(|incident| incident.ruling.as_ref());
        ruled.map(|ruling| serde_json::to_string(ruling).unwrap()).collect()
    }

    pub fn first(&self) -> &Incident {
        self.state.ward.incidents.values().next().unwrap()
    }
}

struct House<'a> {
    shipped: &'a Shipped,
    broken: Broken,
    state: State,
    tower: Watchtower,
    now: Timestamp,
}

/// Lets all of it happen at a level; with `twinned`, every text from outside is replaced by its twin.
pub fn run(shipped: &Shipped, (broken, level): (Broken, u8), written: &Written, twinned: bool) -> Came {
    let tower = Watchtower::new(&probes(), START);
    let mut house = House { shipped, broken, state: State::default(), tower, now: START };
    let healing = Healing { services: vec![service(None)], ..Healing::default() };
    let policy = Policy { level, healing, ..Policy::default() };
    house.order(Actor::Person("ada".into()), Command::Control(ControlCommand::Load(Box::new(policy))));

    house.sees(written, twinned);
    house.pass(Millis::secs(45));
    // What is broken is broken still.
    let signals = house.checks();
    house.observe(signals, twinned);
    while house.investigate(&written.code) {}
    let mut probes = house.tower.health();
    if twinned {
        let from_outside = |probe: &&mut ProbeHealth| probe.id == "web-log" || probe.id.starts_with("hook");
        probes.iter_mut().filter(from_outside).for_each(|probe| probe.words = twin::text(&probe.words));
    }
    Came { state: house.state, probes }
}

fn told(kind: &str) -> bool {
    kind.starts_with("log.") || kind == kind::ALARM
}

impl House<'_> {
    fn order(&mut self, actor: Actor, command: Command) {
        let order = Order { actor, at: self.now, command };
        let events = decide(&self.state, &order).unwrap();
        for fact in facts(&order, events) {
            let next = Seq(self.state.seq.0 + 1);
            self.state.apply(next, &fact);
        }
    }

    fn pass(&mut self, span: Millis) {
        let end = self.now + span;
        while let Some(at) = next_deadline(&self.state).filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.order(Actor::Engine, Command::Tick);
        }
        self.now = end;
    }

    /// What the probe of what is broken reads.
    fn checks(&mut self) -> Vec<Signal> {
        let (probe, kind) = match self.broken {
            Broken::Unit => ("web-unit", kind::PROCESS_DOWN),
            Broken::Release => ("web-http", kind::HTTP_DOWN),
        };
        let check = Check {
            name: "status".into(),
            kind,
            ok: false,
            severity: Severity::P1,
            words: "it does not answer".into(),
            labels: Default::default(),
        };
        self.reads(probe, Reading::Check(check))
    }

    /// What the probes read comes to the engine: lines as often as confirms them, everything else once.
    fn sees(&mut self, written: &Written, twinned: bool) {
        let mut signals = self.checks();
        for (format, body) in &written.hooks {
            let probe = hook(*format);
            let payload = webhooks::read(*format, body.to_string().as_bytes(), &probe).unwrap();
            for signal in payload.signals {
                signals.extend(self.reads(&probe.id, Reading::Alarm(Box::new(signal))));
            }
        }
        self.observe(signals, twinned);
        for _ in 0..ROUNDS {
            let mut signals = self.reads("web-log", Reading::Lines(written.log.clone()));
            self.pass(Millis::secs(5));
            signals.extend(self.tower.tick(self.now, CALM));
            self.observe(signals, twinned);
        }
    }

    fn observe(&mut self, mut signals: Vec<Signal>, twinned: bool) {
        if twinned {
            signals.iter_mut().filter(|signal| told(&signal.kind)).for_each(twin::signal);
        }
        self.order(Actor::Engine, Command::Heal(HealCommand::Observe(signals)));
    }

    fn reads(&mut self, probe: &str, reading: Reading) -> Vec<Signal> {
        self.tower.observe(Observation { probe: probe.into(), at: self.now, reading })
    }

    /// Looks into one incident that waits for it.
    fn investigate(&mut self, code: &code::Seen) -> bool {
        let waits = self.state.ward.incidents.values().find_map(|incident| {
            let mut effects = incident.effects.iter();
            let (id, _) = effects.find(|(_, effect)| effect.kind.word() == "investigate")?;
            Some((incident.clone(), id.clone()))
        });
        let Some((incident, effect)) = waits else { return false };
        let diagnosis = self.diagnosis(&incident, code);
        self.order(Actor::Engine, Command::Begin(effect.clone()));
        let outcome = Outcome::Diagnosed(Box::new(diagnosis));
        self.order(Actor::Engine, Command::Report(Report { effect, outcome }));
        true
    }

    fn diagnosis(&self, incident: &Incident, code: &code::Seen) -> Diagnosis {
        let scene = self.scene(incident);
        let mut findings = Findings::default();
        findings.add(readings::read(&scene), self.now);
        let state = match self.broken {
            Broken::Unit => {
                "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=signal\nNRestarts=0\nExecMainStatus=11\n"
            }
            Broken::Release => {
                "LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nNRestarts=0\nExecMainStatus=0\n"
            }
        };
        findings.add(unit::read("web.service", state), self.now);
        findings.add(past::read(&scene), self.now);
        findings.add(texts::read(&scene), self.now);
        let (found, culprit) = code::read(&scene, code, &findings.facts);
        findings.add(found, self.now);
        findings.culprit = culprit;
        findings.frames.clone_from(&code.history.frames);
        judge(&scene, &findings, &self.shipped.rules, &self.shipped.runbooks)
    }

    fn scene(&self, incident: &Incident) -> Scene {
        let others = self.state.ward.live().filter(|other| other.id != incident.id);
        let signals = std::iter::once(incident)
            .chain(others.map(|other| &**other))
            .map(Incident::signal)
            .take(Scene::SIGNALS_MOST);
        let releases = match self.broken {
            Broken::Unit => Vec::new(),
            Broken::Release => releases(),
        };
        Scene {
            signals: signals.collect(),
            service: service(None),
            readings: self.tower.newest(),
            releases,
            first_seen: incident.first_seen,
            last_seen: incident.sightings.last,
            now: self.now,
            ..Scene::default()
        }
    }
}

fn releases() -> Vec<Released> {
    let at = [START - Millis::mins(10), START - Millis::hours(300)];
    let released = |(at, commit): (Timestamp, &str)| Released {
        at,
        seen: at,
        commit: Some(CommitId(commit.into())),
        said: commit.into(),
        put_back: false,
    };
    at.into_iter().zip(RELEASED).map(released).collect()
}

pub fn service(repo: Option<&Path>) -> Service {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Service {
        name: "web".into(),
        env: "production".into(),
        approvers: 1,
        tier_floor: 1,
        variables: [("unit".to_owned(), "web.service".to_owned())].into(),
        repo: repo.map(|repo| repo.display().to_string()),
        release: Some(Release {
            deploy: words(&["/opt/web/deploy"]),
            current: words(&["/opt/web/current"]),
            rollback: words(&["/opt/web/deploy", "${previous}"]),
            timeout: Millis::mins(2),
            ..Release::default()
        }),
        ..Service::default()
    }
}

fn probe(id: &str, source: Source) -> ProbeSpec {
    ProbeSpec {
        id: id.into(),
        service: "web".into(),
        env: "production".into(),
        every: Millis::secs(10),
        timeout: Millis::secs(5),
        heartbeat: Millis::hours(1),
        quiet_most: None,
        severity: Severity::P1,
        source,
    }
}

fn hook(format: WebhookFormat) -> ProbeSpec {
    let id = format!("hook-{format:?}").to_lowercase();
    probe(&id, Source::Webhook { format, secret: String::new() })
}

pub const FORMATS: [WebhookFormat; 7] = [
    WebhookFormat::Slack,
    WebhookFormat::Stripe,
    WebhookFormat::Alertmanager,
    WebhookFormat::Sentry,
    WebhookFormat::Github,
    WebhookFormat::Vercel,
    WebhookFormat::Generic,
];

fn probes() -> Vec<ProbeSpec> {
    let unit = Source::Unit { name: "web.service".into(), restarts_most: Source::RESTARTS_MOST };
    let http = Source::Http {
        url: "http://127.0.0.1/".into(),
        status: (200, 399),
        body: None,
        latency: Millis::secs(2),
        tls_days: 14,
    };
    let log = Source::File { path: "/var/log/web.log".into() };
    let own = [probe("web-unit", unit), probe("web-http", http), probe("web-log", log)];
    own.into_iter().chain(FORMATS.map(hook)).collect()
}

/// What comes of lines of the log alone.
pub fn heard(lines: &[String]) -> Vec<Signal> {
    let mut tower = Watchtower::new(&probes(), START);
    let reading = Reading::Lines(lines.to_vec());
    let mut signals = tower.observe(Observation { probe: "web-log".into(), at: START, reading });
    signals.extend(tower.tick(START + Millis::secs(5), CALM));
    signals
}

/// Git's own answer about a repository as it is, under the ids that the releases name: an id is a digest of the message
/// as well, and would be another one for every text.
pub async fn asked(repo: &Path, [released, before]: [&str; 2], signals: Vec<Signal>) -> code::Seen {
    let scene =
        Scene { signals, service: service(Some(repo)), first_seen: START, now: START, ..Scene::default() };
    let means = Means { programs: vec!["git".into()], ..Means::host() };
    let mut seen = code::look(&scene, &means, Millis::secs(60)).await;
    assert!(seen.gaps.is_empty() && seen.history.commits.len() == 2, "{seen:?}");
    for id in seen
        .history
        .commits
        .iter_mut()
        .map(|change| &mut change.commit)
        .chain(seen.history.blamed.iter_mut().map(|blamed| &mut blamed.commit))
    {
        let known = if id.0 == released { RELEASED[0] } else { RELEASED[1] };
        assert!([released, before].contains(&id.0.as_str()), "{id:?}");
        *id = CommitId(known.into());
    }
    seen
}
