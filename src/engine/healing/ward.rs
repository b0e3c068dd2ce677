//! What is known of incidents: plain data, and how events change it. Total: no event fails.

use crate::{
    domain::{
        ids::{EffectId, IncidentId, MissionId, RequestId, Revision, SilenceId},
        incident::{Attempt, AttemptOutcome, Diagnosis, Phase, Severity, Silence, Suppression},
        money::Money,
        signal::{Fingerprint, Frame, Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::{EffectKind, EffectState},
        event::{IncidentEvent, WardEvent},
        healing::{news::News, runs::Run},
    },
    policy::ruling::{Ruling, RulingOutcome},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Everything about incidents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ward {
    /// Incidents; over ones beyond [`Ward::OVER_MOST`] are only in the history.
    pub incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// What wakes nobody.
    pub silences: BTreeMap<SilenceId, Silence>,
    /// Since when too much happens at once, if it does.
    pub storm: Option<Timestamp>,
    /// When something was deployed, newest last, at most [`Ward::TIMES_MOST`].
    pub deployed: Vec<Timestamp>,
    /// When runbooks ran: on which target, for which cause, newest last, at most [`Ward::TIMES_MOST`].
    pub runs: Vec<Run>,
    /// What remedies came to, by cause, at most [`Ward::LESSONS_MOST`].
    pub lessons: Vec<Lesson>,
    /// Ids given so far.
    pub counters: WardCounters,
}

impl Ward {
    /// Incidents that are over and kept.
    pub const OVER_MOST: usize = 200;
    /// Incidents that go on; a signal of a new cause beyond them joins the storm.
    pub const LIVE_MOST: usize = 300;
    /// Times kept.
    pub const TIMES_MOST: usize = 256;
    /// Lessons kept.
    pub const LESSONS_MOST: usize = 500;

    /// The incident of a cause that goes on or can be opened again: the newest.
    #[must_use]
    pub fn of(&self, fingerprint: &Fingerprint) -> Option<&Arc<Incident>> {
        self.incidents.values().rev().find(|incident| incident.fingerprint == *fingerprint)
    }

    /// Incidents that are not over, oldest first.
    pub fn live(&self) -> impl Iterator<Item = &Arc<Incident>> {
        self.incidents.values().filter(|incident| !incident.phase.over())
    }

    /// The incident of the storm that goes on.
    #[must_use]
    pub fn umbrella(&self) -> Option<&Arc<Incident>> {
        self.live().find(|incident| incident.kind == kind::STORM)
    }

    /// What is at work on an incident right now.
    pub fn at_work(&self) -> impl Iterator<Item = (&Arc<Incident>, &Attempt)> {
        self.incidents.values().filter_map(|incident| {
            let attempt = incident.attempts.iter().find(|attempt| attempt.outcome.is_none())?;
            Some((incident, attempt))
        })
    }

    /// What a person laid down that keeps this incident quiet at a time.
    #[must_use]
    pub fn silence(&self, incident: &Incident, at: Timestamp) -> Option<&Silence> {
        self.silences.values().find(|silence| {
            (silence.from..silence.until).contains(&at)
                && silence.matches.matches(&incident.fingerprint, &incident.service, &incident.kind)
        })
    }

    /// Folds what happened to the whole ward in.
    pub(in crate::engine) fn apply(&mut self, event: &WardEvent, at: Timestamp) {
        match event {
            WardEvent::Silenced(id, silence) => {
                self.counters.silence = self.counters.silence.max(id.0);
                self.silences.insert(*id, (**silence).clone());
                let surplus = self.silences.len().saturating_sub(Silence::MOST);
                (0..surplus).for_each(|_| drop(self.silences.pop_first()));
            }
            WardEvent::SilenceEnded(id) => {
                self.silences.remove(id);
            }
            WardEvent::StormBegan => self.storm = Some(at),
            WardEvent::StormEnded => self.storm = None,
            WardEvent::Deployed => keep(&mut self.deployed, at, Self::TIMES_MOST),
        }
    }

    /// Folds what happened to one incident in.
    pub(in crate::engine) fn apply_incident(&mut self, id: IncidentId, event: &IncidentEvent, at: Timestamp) {
        if let IncidentEvent::Seen(signal) = event
            && !self.incidents.contains_key(&id)
        {
            self.counters.incident = self.counters.incident.max(id.0);
            self.incidents.insert(id, Arc::new(Incident::new(id, signal, at)));
        }
        let Some(incident) = self.incidents.get_mut(&id).map(Arc::make_mut) else { return };
        let lesson = incident.lesson(event, at);
        incident.apply(event, at);
        if let IncidentEvent::AttemptEnded { number, outcome: AttemptOutcome::NotDone(_) } = event {
            let ended = incident.attempts.iter().filter(|attempt| attempt.number == *number);
            ended.for_each(|attempt| Run::forget(&mut self.runs, attempt, &incident.fingerprint));
        }
        if let Some(lesson) = lesson {
            keep(&mut self.lessons, lesson, Self::LESSONS_MOST);
        }
        if matches!(event, IncidentEvent::PhaseEntered(phase) if phase.over()) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let over: Vec<IncidentId> = self
            .incidents
            .values()
            .filter(|i| i.phase.over() && i.effects.is_empty() && i.news.is_empty())
            .map(|incident| incident.id)
            .collect();
        let surplus = over.len().saturating_sub(Self::OVER_MOST);
        for id in over.into_iter().take(surplus) {
            self.incidents.remove(&id);
        }
    }

    /// An effect of an incident is wanted.
    pub(in crate::engine) fn want(&mut self, id: &EffectId, kind: &EffectKind, at: Timestamp) {
        if let EffectKind::Announce { incident, others, .. } = kind {
            others.iter().map(|(other, _)| other).chain([incident]).for_each(|told| self.told(*told, at));
        }
        let Some(incident) = self.incident_mut(id) else { return };
        incident.effects.insert(id.clone(), EffectState { kind: kind.clone(), started: None, tries: 0 });
    }

    /// An effect of an incident touches the world from now on: a runbook counts as run.
    pub(in crate::engine) fn start(&mut self, id: &EffectId, at: Timestamp) {
        let Some(incident) = self.incident_mut(id) else { return };
        let Some(effect) = incident.effects.get_mut(id) else { return };
        let first = effect.started.replace(at).is_none();
        if !matches!(effect.kind, EffectKind::Heal { .. }) || !first {
            return;
        }
        let run = incident.at_work().and_then(|attempt| Run::of(attempt, &incident.fingerprint, at));
        if let Some(run) = run {
            keep(&mut self.runs, run, Self::TIMES_MOST);
        }
    }

    pub(in crate::engine) fn effect_mut(&mut self, id: &EffectId) -> Option<&mut EffectState> {
        self.incident_mut(id)?.effects.get_mut(id)
    }

    pub(in crate::engine) fn incident_mut(&mut self, effect: &EffectId) -> Option<&mut Incident> {
        self.incidents.get_mut(&owner(effect)?).map(Arc::make_mut)
    }
}

/// Last ids given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WardCounters {
    /// Incidents.
    pub incident: u64,
    /// Silences.
    pub silence: u64,
}

/// What a remedy came to for a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Of what cause.
    pub fingerprint: Fingerprint,
    /// Of which service.
    #[serde(default)]
    pub service: String,
    /// What that looked like.
    pub title: String,
    /// In which incident.
    pub incident: IncidentId,
    /// What was done, in words; of what people did, what they said of it.
    pub remedy: String,
    /// Whether people did it.
    #[serde(default)]
    pub by_hand: bool,
    /// What it came to.
    pub outcome: AttemptOutcome,
    /// From confirmation to this.
    pub took: Millis,
    /// When.
    pub at: Timestamp,
}

/// One incident as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Its cause.
    pub fingerprint: Fingerprint,
    /// Which service.
    pub service: String,
    /// Which environment.
    pub env: String,
    /// Kind of its first signal.
    pub kind: String,
    /// What it is, in one line, as it was seen last.
    pub title: String,
    /// The worst of late.
    pub severity: Severity,
    /// Where it stands.
    pub phase: Phase,
    /// When that began.
    pub entered: Timestamp,
    /// What was seen.
    pub sightings: Sightings,
    /// First sighting.
    pub first_seen: Timestamp,
    /// When it was confirmed.
    pub opened: Option<Timestamp>,
    /// What the investigation came to.
    pub diagnosis: Option<Arc<Diagnosis>>,
    /// Investigations so far.
    pub inquiries: u32,
    /// What its investigator has spent.
    #[serde(default)]
    pub spent: Money,
    /// The last ruling on its remedy.
    pub ruling: Option<Ruling>,
    /// What waits at the desk for it.
    pub request: Option<RequestId>,
    /// When people were told last.
    pub told: Option<Timestamp>,
    /// What they are still to be told, oldest first.
    #[serde(default)]
    pub news: Vec<News>,
    /// Since when it waits for a person, and nobody decides.
    #[serde(default)]
    pub waits_since: Option<Timestamp>,
    /// The thread in which they are told of it.
    #[serde(default)]
    pub thread: Option<String>,
    /// Grows with every diagnosis: what an answer is bound to.
    pub revision: Revision,
    /// What was done, oldest first, at most [`Incident::ATTEMPTS_MOST`].
    pub attempts: Vec<Attempt>,
    /// How often it came back after it was over.
    pub reopened: Vec<Timestamp>,
    /// Those times of it that came after something had helped.
    #[serde(default)]
    pub returned: Vec<Timestamp>,
    /// Wanted and running effects.
    pub effects: BTreeMap<EffectId, EffectState>,
    /// What happened, in words, oldest first, at most [`Incident::TIMELINE_MOST`].
    pub timeline: Vec<(Timestamp, String)>,
}

/// What was seen of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// Observations.
    pub count: u64,
    /// People it hit.
    pub affected: u32,
    /// The last one.
    pub last: Timestamp,
    /// Whether it is so now.
    pub firing: bool,
    /// Since when it is not.
    pub clear_since: Option<Timestamp>,
    /// When it last began again after it was clear.
    #[serde(default)]
    pub again: Timestamp,
    /// Last states, oldest first, at most [`Incident::STATES_MOST`].
    pub states: Vec<(Timestamp, bool)>,
    /// Examples, newest last, at most [`Incident::SAMPLES_MOST`].
    pub samples: Vec<String>,
    /// The program's own frames.
    pub frames: Vec<Frame>,
    /// Of the last signal.
    pub labels: BTreeMap<String, String>,
    /// Probes that saw it.
    pub probes: BTreeSet<String>,
    /// Last time it was as bad as now.
    pub severe_at: Timestamp,
}

impl Incident {
    /// States kept: what flapping is told from.
    pub const STATES_MOST: usize = 21;
    /// Examples kept.
    pub const SAMPLES_MOST: usize = 5;
    /// Probes kept.
    pub const PROBES_MOST: usize = 16;
    /// Attempts kept.
    pub const ATTEMPTS_MOST: usize = 16;
    /// Lines of the timeline.
    pub const TIMELINE_MOST: usize = 64;
    /// After this long without a worse sighting the severity follows the newer ones.
    const SEVERITY_LASTS: Millis = Millis::mins(10);

    fn new(id: IncidentId, signal: &Signal, at: Timestamp) -> Self {
        Self {
            id,
            fingerprint: signal.fingerprint.clone(),
            service: signal.service.clone(),
            env: signal.env.clone(),
            kind: signal.kind.clone(),
            title: signal.title.clone(),
            severity: signal.severity,
            phase: Phase::Suspected,
            entered: at,
            sightings: Sightings { severe_at: at, ..Sightings::default() },
            first_seen: at,
            opened: None,
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
        }
    }

    /// What is seen of it, as one signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        let seen = &self.sightings;
        Signal {
            fingerprint: self.fingerprint.clone(),
            service: self.service.clone(),
            env: self.env.clone(),
            kind: self.kind.clone(),
            severity: self.severity,
            title: self.title.clone(),
            probe: seen.probes.first().cloned().unwrap_or_default(),
            state: if seen.firing { SignalState::Firing } else { SignalState::Clear },
            count: seen.count,
            affected: seen.affected,
            sample: seen.samples.last().cloned(),
            frames: seen.frames.clone(),
            labels: seen.labels.clone(),
        }
    }

    /// When it began: the first sighting, the last time it came back after it was over, or when it was seen again after
    /// something had been done for it that had made it clear.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        let first = self.reopened.last().copied().unwrap_or(self.first_seen);
        let done = self.attempts.last().map(|attempt| attempt.began);
        if done.is_some_and(|done| self.sightings.again > done) {
            first.max(self.sightings.again)
        } else {
            first
        }
    }

    /// What is being done right now.
    #[must_use]
    pub fn at_work(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.outcome.is_none())
    }

    /// The mission that fixes it, if one does.
    #[must_use]
    pub fn mission(&self) -> Option<MissionId> {
        self.attempts.iter().rev().find_map(|attempt| attempt.mission)
    }

    /// What is learned from an event that is about to be folded in.
    fn lesson(&self, event: &IncidentEvent, at: Timestamp) -> Option<Lesson> {
        let (remedy, outcome, by_hand) = match event {
            // What was not done teaches nothing.
            IncidentEvent::AttemptEnded { outcome: AttemptOutcome::NotDone(_), .. } => return None,
            IncidentEvent::AttemptEnded { number, outcome } => {
                let attempt = self.attempts.iter().find(|attempt| attempt.number == *number)?;
                (attempt.remedy.words(), outcome.clone(), false)
            }
            IncidentEvent::PhaseEntered(Phase::Resolved | Phase::Closed)
                if self.needs_person() && !self.helped() =>
            {
                let said = self.timeline.last().map(|(_, words)| words.clone());
                (said.unwrap_or_default(), AttemptOutcome::Helped, true)
            }
            _ => return None,
        };
        Some(Lesson {
            fingerprint: self.fingerprint.clone(),
            service: self.service.clone(),
            title: self.title.clone(),
            incident: self.id,
            remedy,
            by_hand,
            outcome,
            took: at.since(self.opened.unwrap_or(self.first_seen)),
            at,
        })
    }

    /// Whether it is confirmed and nothing keeps it quiet.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.opened.is_some() && !matches!(self.phase, Phase::Suppressed(_))
    }

    /// Whether it concerns the same service, in the same environment, as another.
    #[must_use]
    pub fn is_of_service_of(&self, other: &Self) -> bool {
        (&self.service, &self.env) == (&other.service, &other.env)
    }

    /// Whether only a person can go on with it.
    #[must_use]
    pub fn needs_person(&self) -> bool {
        matches!(self.phase, Phase::NeedsHuman(_))
    }

    /// What the gate lets its remedy wait for.
    #[must_use]
    pub fn held_back(&self) -> Option<&str> {
        match &self.ruling.as_ref()?.outcome {
            RulingOutcome::Hold { reason } if self.phase == Phase::Diagnosed => Some(reason),
            _ => None,
        }
    }

    fn apply(&mut self, event: &IncidentEvent, at: Timestamp) {
        match event {
            IncidentEvent::Seen(signal) => self.see(signal, at),
            IncidentEvent::PhaseEntered(phase) => self.enter(phase, at),
            IncidentEvent::Reopened => {
                keep(&mut self.reopened, at, Self::ATTEMPTS_MOST);
                if self.helped() {
                    keep(&mut self.returned, at, Self::ATTEMPTS_MOST);
                }
                self.note(at, "came back");
            }
            IncidentEvent::Diagnosed(diagnosis) => {
                self.revision = self.revision.next();
                self.note(at, &format!("grade {}: {}", diagnosis.grade, diagnosis.cause));
                self.diagnosis = Some(Arc::new((**diagnosis).clone()));
                self.inquiries = self.inquiries.saturating_add(1);
                (self.ruling, self.waits_since) = (None, None);
            }
            IncidentEvent::Ruled(ruling) => {
                if let RulingOutcome::Hold { reason } = &ruling.outcome {
                    self.waits_since = None;
                    if self.held_back() != Some(reason.as_str()) {
                        self.note(at, &format!("waits: {reason}"));
                    }
                }
                self.ruling = Some((**ruling).clone());
            }
            IncidentEvent::Asked(request) => {
                self.request = Some(*request);
                self.waits_since.get_or_insert(at);
            }
            IncidentEvent::Answered => self.request = None,
            IncidentEvent::AttemptBegan { number, remedy, .. } => {
                self.note(at, &format!("begins: {}", remedy.words()));
                let attempt = Attempt {
                    number: *number,
                    remedy: (**remedy).clone(),
                    mission: None,
                    began: at,
                    outcome: None,
                    log: Vec::new(),
                    marks: Vec::new(),
                };
                keep(&mut self.attempts, attempt, Self::ATTEMPTS_MOST);
            }
            IncidentEvent::MissionOpened(number, mission) => {
                self.note(at, &format!("{mission} works on it"));
                if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == *number) {
                    attempt.mission = Some(*mission);
                }
            }
            IncidentEvent::Logged(number, lines) => {
                if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == *number) {
                    lines.iter().for_each(|line| keep(&mut attempt.log, line.clone(), Attempt::LOG_MOST));
                }
                lines.iter().for_each(|line| self.note(at, line));
            }
            IncidentEvent::Marked(number, mark) => {
                self.note(at, &mark.words());
                if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == *number) {
                    keep(&mut attempt.marks, mark.clone(), Attempt::MARKS_MOST);
                }
            }
            IncidentEvent::AttemptEnded { number, outcome } => {
                self.note(at, &ended(outcome));
                if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == *number) {
                    attempt.outcome = Some(outcome.clone());
                    if attempt.went_astray() {
                        (self.severity, self.sightings.severe_at) = (Severity::P0, at);
                    }
                }
            }
            IncidentEvent::Noted(words) => self.note(at, words),
            IncidentEvent::Threaded(thread) => self.thread = Some(thread.clone()),
            IncidentEvent::News { words, urgent } => {
                self.news.push(News { at, words: words.clone(), urgent: *urgent });
            }
            IncidentEvent::Hushed => self.news.clear(),
        }
    }

    fn note(&mut self, at: Timestamp, words: &str) {
        keep(&mut self.timeline, (at, words.to_owned()), Self::TIMELINE_MOST);
    }

    fn enter(&mut self, phase: &Phase, at: Timestamp) {
        let words = match phase {
            Phase::NeedsHuman(why) => format!("a person must go on: {why}"),
            Phase::Suppressed(why) => format!("suppressed: {}", why.words()),
            other => other.word().to_owned(),
        };
        self.note(at, &words);
        if *phase == Phase::Open && self.opened.is_none() {
            self.opened = Some(at);
        }
        // Nobody hears of what something keeps quiet; what comes and goes is told, if seldom.
        if matches!(phase, Phase::Suppressed(why) if *why != Suppression::Flapping) {
            self.news.clear();
        }
        let since = self.waits_since.unwrap_or(at);
        self.waits_since = matches!(phase, Phase::NeedsHuman(_)).then_some(since);
        self.phase = phase.clone();
        self.entered = at;
    }

    fn see(&mut self, signal: &Signal, at: Timestamp) {
        let firing = signal.state == SignalState::Firing;
        if self.sightings.count == 0 {
            self.note(at, &format!("seen by {}", signal.probe));
        } else if firing != self.sightings.firing {
            self.note(at, if firing { "fires again" } else { "clear" });
        }
        if self.phase == Phase::Suspected && firing && self.sightings.clear_since.is_some() {
            // What was over before it was believed is another time: nothing rests on it.
            self.first_seen = at;
        }
        let seen = &mut self.sightings;
        keep(&mut seen.states, (at, firing), Self::STATES_MOST);
        seen.firing = firing;
        if !firing {
            seen.clear_since.get_or_insert(at);
            return;
        }
        self.title.clone_from(&signal.title);
        if seen.clear_since.take().is_some() {
            seen.again = at;
        }
        seen.count = seen.count.saturating_add(signal.count.max(1));
        seen.affected = seen.affected.max(signal.affected);
        seen.last = at;
        seen.labels.clone_from(&signal.labels);
        if let Some(sample) = signal.sample.clone().filter(|sample| !seen.samples.contains(sample)) {
            keep(&mut seen.samples, sample, Self::SAMPLES_MOST);
        }
        if !signal.frames.is_empty() {
            seen.frames.clone_from(&signal.frames);
        }
        if seen.probes.len() < Self::PROBES_MOST {
            seen.probes.insert(signal.probe.clone());
        }
        // Worse at once, better only after a while.
        let eased = at.since(self.sightings.severe_at) > Self::SEVERITY_LASTS;
        if signal.severity <= self.severity || eased {
            self.severity = signal.severity;
            self.sightings.severe_at = at;
        }
    }

    /// Whether an effect of this kind is wanted or runs.
    pub(in crate::engine) fn wants(&self, kind: fn(&EffectKind) -> bool) -> bool {
        self.effects.values().any(|effect| kind(&effect.kind))
    }
}

fn ended(outcome: &AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Helped => "it helped".into(),
        AttemptOutcome::Ineffective(why) => format!("it did not help: {why}"),
        AttemptOutcome::Failed(why) => format!("it could not be done: {why}"),
        AttemptOutcome::RolledBack(why) => format!("taken back: {why}"),
        AttemptOutcome::Stopped(why) => format!("stopped: {why}"),
        AttemptOutcome::Unclear(why) => format!("cut off, and whether it took effect is not known: {why}"),
        AttemptOutcome::NotDone(why) => why.clone(),
    }
}

/// Adds to a bounded list; the oldest goes.
fn keep<T>(list: &mut Vec<T>, item: T, most: usize) {
    list.push(item);
    let surplus = list.len().saturating_sub(most);
    list.drain(..surplus);
}

/// The incident whose effect this is.
#[must_use]
pub fn owner(id: &EffectId) -> Option<IncidentId> {
    id.0.split('/').next().filter(|part| part.starts_with("I-"))?.parse().ok()
}
