//! The laws of healing, event by event, by bookkeeping of its own: what was ruled, tried, begun and promised. That what
//! is known at rest has a way forward is in `rest`.

use crate::{
    domain::{
        digest::Digest,
        ids::{EffectId, IncidentId, RequestId, SilenceId},
        incident::{Attempt, AttemptOutcome, Clue, Diagnosis, Grade, Phase, Remedy, Suppression},
        request::{Actor, Decision, Subject},
        signal::{Fingerprint, Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::EffectKind,
        event::{ControlEvent, DeskEvent, EffectEvent, Event, Fact, IncidentEvent, WardEvent},
        healing::ward::owner,
        state::{Control, State},
    },
    policy::{
        gate::version,
        ruling::{Ruling, RulingOutcome},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Longest text of a diagnosis that may be kept, in characters.
const TEXT_MOST: usize = 64 * 1024;
const DAY: Millis = Millis::hours(24);

/// What must have happened to incidents in a simulation that tests anything.
pub(super) const SEEN: [&str; 38] = [
    "suspected",
    "discarded",
    "open",
    "silenced",
    "inhibited",
    "maintenance",
    "flapping",
    "part of a storm",
    "investigating",
    "diagnosed",
    "mitigating",
    "verifying",
    "needs human",
    "no action required",
    "resolved",
    "closed",
    "came back",
    "storm began",
    "storm ended",
    "silence",
    "remedy let",
    "remedy waits for a veto",
    "remedy asked",
    "remedy asked of several",
    "remedy held",
    "remedy denied",
    "began by itself",
    "began by a person",
    "mission opened",
    "logged",
    "helped",
    "ineffective",
    "could not be done",
    "rolled back",
    "ended by a stop",
    "unsure healing",
    "deployment",
    "deployed",
];

/// What is known of incidents by what was journaled alone.
#[derive(Default)]
pub(super) struct Healing {
    pub(super) incidents: BTreeMap<IncidentId, Known>,
    /// The policy in force.
    pub(super) version: Option<Digest>,
    pub(super) silences: BTreeMap<SilenceId, Timestamp>,
    pub(super) stopped: bool,
    storm: bool,
    kinds: BTreeMap<EffectId, EffectKind>,
    /// Effects that ever began, whatever process did it.
    begun: BTreeSet<EffectId>,
    over: BTreeSet<EffectId>,
    unsure: BTreeSet<EffectId>,
    /// The most deployments in a day that any policy allowed.
    deploys_most: u32,
    /// When deployments began, and rollbacks ended.
    deployed: Vec<Timestamp>,
    taken_back: Vec<(Fingerprint, Timestamp)>,
    pub(super) seen: Vec<&'static str>,
}

/// One incident.
pub(super) struct Known {
    fingerprint: Fingerprint,
    service: String,
    /// Over by silence: no check says that it is well.
    by_silence: bool,
    pub(super) firing: bool,
    last: Timestamp,
    count: u64,
    pub(super) phase: Phase,
    pub(super) tries: Vec<Try>,
    diagnosis: Option<Diagnosis>,
    ruling: Option<Ruling>,
    pub(super) request: Option<RequestId>,
    /// A person said yes to what is to be done now.
    word: bool,
}

/// One attempt.
pub(super) struct Try {
    number: u32,
    plan: Digest,
    target: String,
    pub(super) outcome: Option<AttemptOutcome>,
}

impl Known {
    fn of(signal: &Signal) -> Self {
        let lines = signal.kind.starts_with("log.");
        Self {
            fingerprint: signal.fingerprint.clone(),
            service: signal.service.clone(),
            by_silence: lines || [kind::METRIC_SHIFT, kind::PROCESS_OOM].contains(&signal.kind.as_str()),
            firing: false,
            last: Timestamp(0),
            count: 0,
            phase: Phase::Suspected,
            tries: Vec::new(),
            diagnosis: None,
            ruling: None,
            request: None,
            word: false,
        }
    }

    pub(super) fn at_work(&self) -> Option<&Try> {
        self.tries.iter().find(|tried| tried.outcome.is_none())
    }
}

impl Healing {
    pub(super) fn check(&mut self, before: &State, after: &State, fact: &Fact) {
        match &fact.event {
            Event::Incident(id, event) => self.incident(after, fact, (*id, event)),
            Event::Effect(event) => self.effect(after, fact.at, event),
            Event::Ward(event) => self.ward(event),
            Event::Control(event) => self.control(event),
            Event::Desk(DeskEvent::RequestDecided(id, _, decision)) => {
                let yes = matches!(**decision, Decision::Approve { .. });
                if let (Subject::Remedy { incident, approved, .. }, true) = (&before.desk[id].subject, yes) {
                    self.approved(before, &fact.actor, (*incident, approved));
                }
            }
            _ => {}
        }
        assert!(before.ward.counters.incident <= after.ward.counters.incident, "ids are given back");
    }

    fn incident(&mut self, after: &State, fact: &Fact, (id, event): (IncidentId, &IncidentEvent)) {
        if let IncidentEvent::Seen(signal) = event {
            return self.sighting(after, fact.at, (id, signal));
        }
        if let IncidentEvent::AttemptBegan { number, remedy, target } = event {
            return self.attempt(after, fact, (id, *number, remedy, target));
        }
        let now = self.version;
        let known = self.incidents.get_mut(&id).expect("something happens to an incident that nobody saw");
        match event {
            IncidentEvent::PhaseEntered(phase) => {
                let over = matches!(known.phase, Phase::Closed | Phase::Discarded);
                let person = matches!(fact.actor, Actor::Person(_));
                assert!(!over || person, "{id} comes back from {:?} by itself", known.phase);
                if *phase == Phase::Resolved {
                    let clear = after.policy.healing.grouping.resolve_after;
                    let silent = known.by_silence && fact.at.since(known.last) >= clear;
                    assert!(!known.firing || silent, "{id} is resolved while it fires");
                }
                known.phase = phase.clone();
                self.seen.push(word(phase));
            }
            IncidentEvent::Reopened => {
                assert!(known.phase.over(), "{id} came back, but was not over");
                self.seen.push("came back");
            }
            IncidentEvent::Diagnosed(diagnosis) => {
                bounded(id, diagnosis);
                known.ruling = None;
                known.word = false;
                known.diagnosis = Some((**diagnosis).clone());
            }
            IncidentEvent::Ruled(ruling) => {
                let plan = known.diagnosis.as_ref().map(|diagnosis| diagnosis.remedy.plan());
                assert_eq!(Some(ruling.plan), plan, "{id}: something else was ruled on");
                assert_eq!(Some(ruling.policy), now, "{id}: by another policy than the one in force");
                self.seen.push(match ruling.outcome {
                    RulingOutcome::Auto => "remedy let",
                    RulingOutcome::After(_) => "remedy waits for a veto",
                    RulingOutcome::Ask { approvals: 1 } => "remedy asked",
                    RulingOutcome::Ask { .. } => "remedy asked of several",
                    RulingOutcome::Hold { .. } => "remedy held",
                    RulingOutcome::Deny => "remedy denied",
                });
                known.ruling = Some((**ruling).clone());
            }
            IncidentEvent::Asked(request) => {
                assert!(known.request.replace(*request).is_none(), "{id} asks twice");
                assert!(after.desk.contains_key(request), "{id} asks nobody");
            }
            IncidentEvent::Answered => known.request = None,
            IncidentEvent::MissionOpened(number, mission) => {
                let open = known.at_work().is_some_and(|tried| tried.number == *number);
                assert!(open, "{mission} heals {id}, of which nothing is at work");
                assert_eq!(after.missions[mission].brief.heals, Some(id), "{mission} heals another");
                self.seen.push("mission opened");
            }
            IncidentEvent::AttemptEnded { number, outcome } => {
                let tried = known.tries.iter_mut().find(|tried| tried.number == *number).expect("no attempt");
                assert!(
                    tried.outcome.replace(outcome.clone()).is_none(),
                    "{id}: attempt {number} ends twice"
                );
                if matches!(outcome, AttemptOutcome::RolledBack(_)) {
                    self.taken_back.push((known.fingerprint.clone(), fact.at));
                }
                self.seen.push(match outcome {
                    AttemptOutcome::Helped => "helped",
                    AttemptOutcome::Ineffective(_) => "ineffective",
                    AttemptOutcome::Failed(_) => "could not be done",
                    AttemptOutcome::RolledBack(_) => "rolled back",
                    AttemptOutcome::Stopped(_) => "ended by a stop",
                });
            }
            IncidentEvent::Logged(..) => self.seen.push("logged"),
            IncidentEvent::Noted(_) | IncidentEvent::Seen(_) | IncidentEvent::AttemptBegan { .. } => {}
        }
        let incident = &after.ward.incidents[&id];
        assert!(incident.attempts.iter().all(|attempt| attempt.log.len() <= Attempt::LOG_MOST));
    }

    fn sighting(&mut self, after: &State, at: Timestamp, (id, signal): (IncidentId, &Signal)) {
        if !self.incidents.contains_key(&id) {
            let same = self
                .incidents
                .values()
                .find(|known| known.fingerprint == signal.fingerprint && !known.phase.over());
            assert!(same.is_none(), "{id} is of a cause that has an incident");
            assert!(signal.state == SignalState::Firing, "{id} begins with what is over");
        }
        let known = self.incidents.entry(id).or_insert_with(|| Known::of(signal));
        assert_eq!(known.fingerprint, signal.fingerprint, "{id} is given the signals of another cause");
        known.firing = signal.state == SignalState::Firing;
        if known.firing {
            known.last = at;
        }
        let count = after.ward.incidents[&id].sightings.count;
        let grown = if known.firing { count > known.count } else { count == known.count };
        assert!(grown, "{id}: {} sightings were {count} after one more", known.count);
        known.count = count;
    }

    /// A remedy begins: everything that may be said against that is said here.
    fn attempt(
        &mut self,
        after: &State,
        fact: &Fact,
        (id, number, remedy, target): (IncidentId, u32, &Remedy, &str),
    ) {
        let known = &self.incidents[&id];
        let plan = remedy.plan();
        let ruling = known.ruling.as_ref().filter(|ruling| {
            ruling.outcome == RulingOutcome::Auto
                && ruling.plan == plan
                && Some(ruling.policy) == self.version
        });
        assert!(ruling.is_some(), "{id}: attempt {number} begins without leave for exactly this");
        let diagnosis = known.diagnosis.as_ref().expect("nothing was found out");
        let own = match remedy {
            Remedy::Runbook(plan) => plan.target.clone(),
            _ => format!("service {}", known.service),
        };
        assert_eq!(target, own, "{id}: the target is not what the remedy acts on");
        for (other, its) in &self.incidents {
            let Some(tried) = its.at_work() else { continue };
            assert!(
                *other != id
                    && its.fingerprint != known.fingerprint
                    && its.service != known.service
                    && tried.target != target,
                "{id}: attempt {number} on {target} begins beside that of {other} on {}",
                tried.target
            );
        }
        assert!(after.control == Control::Running, "{id}: attempt {number} begins while the house is halted");
        let limits = &after.policy.healing.limits;
        let most = |limit: u32| usize::try_from(limit).unwrap();
        let busy = self.incidents.values().filter(|its| its.at_work().is_some()).count();
        assert!(busy < most(limits.concurrent), "{id}: {busy} are at work already");
        let counted = |tried: &&Try| !matches!(tried.outcome, Some(AttemptOutcome::Stopped(_)));
        let made = known.tries.iter().filter(counted).count();
        assert!(made < most(limits.attempts_per_incident), "{id}: {made} attempts were made");
        let back = self
            .taken_back
            .iter()
            .filter(|(cause, at)| *cause == known.fingerprint && fact.at.since(*at) <= DAY);
        assert!(back.count() < most(limits.rollbacks_per_cause), "{id}: after too many rollbacks");
        let again = known.tries.iter().any(|tried| {
            tried.plan == plan
                && !matches!(tried.outcome, Some(AttemptOutcome::Helped | AttemptOutcome::Stopped(_)))
        });
        assert!(!again, "{id}: what did not help is tried again as it was");
        if !known.word {
            self.alone(after, (id, known, diagnosis));
            self.seen.push("began by itself");
        } else {
            self.seen.push("began by a person");
        }
        let tried = Try { number, plan, target: target.to_owned(), outcome: None };
        let known = self.incidents.get_mut(&id).unwrap();
        assert!(known.tries.iter().all(|before| before.number < number), "{id}: attempts count down");
        known.tries.push(tried);
        known.word = false;
    }

    /// Somebody, or a veto window, says yes.
    fn approved(&mut self, before: &State, by: &Actor, (id, others): (IncidentId, &[Actor])) {
        let known = self.incidents.get_mut(&id).unwrap();
        let Actor::Person(_) = by else { return };
        let service = before.policy.healing.services.iter().find(|service| service.name == known.service);
        let several = service.is_some_and(|service| service.approvers > 1 && service.tier_floor == 3);
        let runbook = known.diagnosis.as_ref().is_some_and(|d| matches!(d.remedy, Remedy::Runbook(_)));
        assert!(!(several && runbook) || !others.is_empty(), "{id}: one person's word for two");
        assert!(!others.contains(by), "{id}: {by} said yes twice");
        known.word = true;
    }

    /// What begins without a person's word must be founded and allowed to.
    fn alone(&self, after: &State, (id, known, diagnosis): (IncidentId, &Known, &Diagnosis)) {
        let service = after.policy.healing.services.iter().find(|service| service.name == known.service);
        let level = service.and_then(|service| service.level).unwrap_or(after.policy.level);
        assert!(level > 1, "{id} is healed without a person at level 1");
        assert!(!self.storm, "{id} is healed without a person in a storm");
        let Remedy::Runbook(plan) = &diagnosis.remedy else { return };
        assert!(!diagnosis.tainted, "{id} is healed on the word of a log");
        assert!(diagnosis.grade == Grade::A, "{id} is healed on grade {:?}", diagnosis.grade);
        assert!(diagnosis.confidence.is_none_or(|pct| pct > 95), "{id} is healed on a guess");
        assert!(plan.tier < 3 && service.is_none_or(|service| service.tier_floor < 3), "{id}: tier 3");
        assert!(plan.autonomy.levels.contains(&level), "{id}: its runbook asks at level {level}");
    }

    fn effect(&mut self, after: &State, at: Timestamp, event: &EffectEvent) {
        let (EffectEvent::Wanted(id, ..)
        | EffectEvent::Started(id)
        | EffectEvent::Done(id)
        | EffectEvent::Failed(id, _)
        | EffectEvent::Dropped(id)) = event;
        let Some(incident) = owner(id) else { return };
        match event {
            EffectEvent::Wanted(_, _, kind) => {
                self.kinds.insert(id.clone(), (**kind).clone());
            }
            EffectEvent::Started(_) => self.begin(after, at, (incident, id)),
            EffectEvent::Done(_) | EffectEvent::Failed(..) | EffectEvent::Dropped(_) => {
                self.over.insert(id.clone());
            }
        }
    }

    fn begin(&mut self, after: &State, at: Timestamp, (incident, id): (IncidentId, &EffectId)) {
        let known = &self.incidents[&incident];
        let first = self.begun.insert(id.clone());
        let unsure = self.unsure.remove(id);
        assert!(first || unsure, "{id} begins again, and nobody doubts what became of it");
        assert!(!self.over.contains(id), "{id} begins after its end");
        let kind = &self.kinds[id];
        if let EffectKind::Heal { plan, .. } | EffectKind::Commission { plan, .. } = kind {
            let ruled = known.ruling.as_ref().is_some_and(|ruling| {
                ruling.outcome == RulingOutcome::Auto
                    && ruling.plan == *plan
                    && (unsure || Some(ruling.policy) == self.version)
            });
            assert!(ruled, "{id} begins without a ruling of its plan by the policy in force");
        }
        if let EffectKind::Heal { attempt, .. }
        | EffectKind::Commission { attempt, .. }
        | EffectKind::Deploy { attempt, .. }
        | EffectKind::Verify { attempt, .. } = kind
        {
            let open = known.at_work().is_some_and(|tried| tried.number == *attempt);
            assert!(open, "{id} begins, but attempt {attempt} is over");
        }
        if unsure {
            self.seen.push("unsure healing");
        }
        if let (EffectKind::Deploy { .. }, true) = (kind, first) {
            let services = &after.policy.healing.services;
            let own = services.iter().find(|service| service.name == known.service);
            if own.is_some_and(|service| service.release.is_some()) {
                let today = self.deployed.iter().filter(|before| at.since(**before) <= DAY).count();
                // Not stricter than the rules that the landing was let by.
                let most = usize::try_from(self.deploys_most).unwrap();
                assert!(today < most, "{id} is deployment {} of {most} in a day", today + 1);
                self.deployed.push(at);
                self.seen.push("deployment");
            }
        }
    }

    fn ward(&mut self, event: &WardEvent) {
        match event {
            WardEvent::Silenced(id, silence) => {
                assert!(silence.until.since(silence.from) <= Millis::hours(7 * 24), "{id} lasts for ever");
                assert!(self.silences.insert(*id, silence.until).is_none(), "{id} is given twice");
                self.seen.push("silence");
            }
            WardEvent::SilenceEnded(id) => {
                assert!(self.silences.remove(id).is_some(), "{id} ends, but is not in force");
            }
            WardEvent::StormBegan => {
                self.storm = true;
                self.seen.push("storm began");
            }
            WardEvent::StormEnded => {
                self.storm = false;
                self.seen.push("storm ended");
            }
            WardEvent::Deployed => self.seen.push("deployed"),
        }
    }

    fn control(&mut self, event: &ControlEvent) {
        match event {
            ControlEvent::PolicyLoaded(policy) => {
                self.version = Some(version(policy));
                self.deploys_most = self.deploys_most.max(policy.healing.limits.deploys_per_day);
            }
            ControlEvent::Stopped(_) => self.stopped = true,
            ControlEvent::Resumed => self.stopped = false,
            ControlEvent::Started { .. } => {
                self.version.get_or_insert_with(|| version(&Default::default()));
                self.unsure = self.begun.difference(&self.over).cloned().collect();
            }
            _ => {}
        }
    }
}

fn bounded(id: IncidentId, diagnosis: &Diagnosis) {
    assert!(diagnosis.clues.len() <= Clue::MOST && diagnosis.gaps.len() <= Diagnosis::GAPS_MOST);
    let all = serde_json::to_string(diagnosis).unwrap();
    assert!(all.len() <= 8 * TEXT_MOST, "{id}: a diagnosis of {} bytes is kept", all.len());
    let texts = [&diagnosis.cause, &diagnosis.object].into_iter().chain(&diagnosis.gaps);
    for text in texts {
        assert!(text.chars().count() <= 400 && !text.contains('\u{1b}'), "{id}: {text:?} is kept");
    }
}

fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Suppressed(why) => match why {
            Suppression::Silenced => "silenced",
            Suppression::Inhibited(_) => "inhibited",
            Suppression::Maintenance => "maintenance",
            Suppression::Flapping => "flapping",
            Suppression::Storm => "part of a storm",
        },
        other => other.word(),
    }
}
