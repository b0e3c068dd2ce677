//! Laws of incidents: the way through the phases, one attempt at a time and within its limits, what ran is proven, what is
//! over stays over, what is quiet is not told.

use super::Laws;
use crate::{
    domain::{
        digest::Digest,
        ids::{EffectId, IncidentId, MissionId, RequestId, SilenceId},
        incident::{AttemptOutcome, Diagnosis, Mark, Phase, Remedy, Silence, Suppression},
        request::Actor,
        signal::{Fingerprint, Signal, SignalState, kind},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::EffectKind,
        event::{EffectEvent, Fact, IncidentEvent, WardEvent},
        healing::ward::owner,
        state::State,
    },
    policy::ruling::{Ruling, RulingOutcome},
};
use std::collections::{BTreeMap, BTreeSet};

/// An hour and a day.
const HOUR: Millis = Millis::hours(1);
const DAY: Millis = Millis::hours(24);

#[derive(Default)]
pub(in crate::engine::simulation) struct Healing {
    pub(super) cases: BTreeMap<IncidentId, Case>,
    silences: BTreeMap<SilenceId, Silence>,
    pub(super) storm: bool,
    /// Runbooks that began, the first time each: on what, of which cause, when.
    runs: Vec<(String, Fingerprint, Timestamp)>,
    ran: BTreeSet<EffectId>,
    deployed: Vec<Timestamp>,
    rolled_back: Vec<(Fingerprint, Timestamp)>,
    /// What did not help, by cause.
    failed: BTreeSet<(Fingerprint, Digest)>,
    /// Whether the world was well when a remedy was looked at: told by the world itself.
    well: BTreeMap<EffectId, bool>,
    /// Investigations whose answer no evidence carries: told by the world itself.
    unfounded: BTreeSet<EffectId>,
    /// Releases that watching did not decide: told by the world itself.
    pub(super) untold: BTreeSet<EffectId>,
    /// What was wanted or ran when the house was stopped.
    stopped: BTreeSet<EffectId>,
    /// Requests that several people said yes to, and how many so far.
    pub(super) yes: BTreeMap<RequestId, usize>,
}

/// What is known of one incident.
pub(super) struct Case {
    pub(super) fingerprint: Fingerprint,
    pub(super) service: String,
    pub(super) env: String,
    kind: String,
    pub(super) phase: Phase,
    entered: Timestamp,
    firing: bool,
    clear: Option<Timestamp>,
    last: Timestamp,
    pub(super) opened: bool,
    /// What people are still to be told.
    pub(super) news: Vec<String>,
    pub(super) told: bool,
    /// When it came back after something had helped.
    returned: Vec<Timestamp>,
    pub(super) diagnosis: Option<Diagnosis>,
    /// No evidence carries the diagnosis.
    pub(super) unfounded: bool,
    pub(super) ruling: Option<Ruling>,
    /// A person answered that it shall be looked into again.
    pub(super) again: bool,
    /// Who let the remedy, since it was diagnosed.
    pub(super) word: Option<Word>,
    pub(super) attempts: BTreeMap<u32, Deed>,
    /// A person had it looked into since its last attempt began.
    pub(super) looked_anew: bool,
    /// What was let was not done: nobody looks into it until its probes have had time to see what was met.
    rests: bool,
    /// The last look at what an attempt came to.
    looked: Option<(u32, EffectId)>,
}

/// Who let a remedy begin.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// So many people.
    People(usize),
    /// Nobody said no in time.
    Window,
}

/// One attempt.
pub(super) struct Deed {
    plan: Digest,
    runbook: bool,
    target: String,
    pub(super) mission: Option<MissionId>,
    pub(super) marks: Vec<Mark>,
    /// The runbook ran, or the fix was deployed.
    done: bool,
    /// Whether a person keeps a release that nothing decided, once one said so.
    pub(super) kept: Option<bool>,
    pub(super) ended: Option<AttemptOutcome>,
}

impl Case {
    fn new(signal: &Signal, at: Timestamp) -> Self {
        Self {
            fingerprint: signal.fingerprint.clone(),
            service: signal.service.clone(),
            env: signal.env.clone(),
            kind: signal.kind.clone(),
            phase: Phase::Suspected,
            entered: at,
            firing: false,
            clear: None,
            last: at,
            opened: false,
            news: Vec::new(),
            told: false,
            returned: Vec::new(),
            diagnosis: None,
            unfounded: false,
            ruling: None,
            again: false,
            word: None,
            attempts: BTreeMap::new(),
            looked_anew: false,
            rests: false,
            looked: None,
        }
    }

    fn see(&mut self, signal: &Signal, at: Timestamp) {
        self.firing = signal.state == SignalState::Firing;
        if self.firing {
            (self.clear, self.last) = (None, at);
        } else {
            self.clear.get_or_insert(at);
        }
    }

    fn at_work(&self) -> Option<(u32, &Deed)> {
        self.attempts.iter().find(|(_, deed)| deed.ended.is_none()).map(|(number, deed)| (*number, deed))
    }

    /// Since when nothing of it is seen: what is told by lines ends by silence, what is checked by a check that holds.
    fn quiet(&self) -> Option<Timestamp> {
        let told = kind::of_lines(&self.kind) || self.kind == kind::METRIC_SHIFT;
        self.clear.or((told || self.kind == kind::PROCESS_OOM).then_some(self.last))
    }
}

/// How long ago, unless it is still to come.
fn ago(now: Timestamp, at: Timestamp, within: Millis) -> bool {
    at <= now && now.since(at) <= within
}

impl Healing {
    /// What the world looked like to whoever looked whether a remedy helped.
    pub(in crate::engine::simulation) fn looked(&mut self, effect: &EffectId, well: bool) {
        self.well.insert(effect.clone(), well);
    }

    /// An investigation says now what evidence carries, or what none does.
    pub(in crate::engine::simulation) fn says(&mut self, effect: &EffectId, founded: bool) {
        self.unfounded.remove(effect);
        if !founded {
            self.unfounded.insert(effect.clone());
        }
    }

    pub(super) fn silenced(&self, case: &Case, at: Timestamp) -> bool {
        self.silences.values().any(|silence| {
            (silence.from..silence.until).contains(&at)
                && silence.matches.matches(&case.fingerprint, &case.service, &case.kind)
        })
    }

    /// What was about to run did not.
    fn did_not_run(&mut self, (target, cause): (&str, &Fingerprint)) {
        let last = self.runs.iter().rposition(|(on, of, _)| on == target && of == cause);
        self.runs.remove(last.expect("it never began"));
    }

    fn one_at_a_time(&self, id: IncidentId, target: &str, most: u32) {
        let case = &self.cases[&id];
        let mut at_work = 0;
        for (other, busy) in &self.cases {
            let Some((number, deed)) = busy.at_work() else { continue };
            at_work += 1;
            let same = busy.fingerprint == case.fingerprint || busy.service == case.service;
            assert!(
                !same && deed.target != target,
                "attempt {number} of {other} is at work where {id} begins"
            );
        }
        assert!(at_work < most, "{id} begins beside {at_work} others");
    }

    fn within_limits(&self, id: IncidentId, remedy: &Remedy, (after, at): (&State, Timestamp)) {
        let case = &self.cases[&id];
        let word = &case.word;
        let limits = &after.policy.healing.limits;
        let outside =
            |ended: &AttemptOutcome| matches!(ended, AttemptOutcome::Stopped(_) | AttemptOutcome::NotDone(_));
        let counted = |deed: &&Deed| !deed.ended.as_ref().is_some_and(outside);
        let done = case.attempts.values().filter(counted).count();
        assert!(done < limits.attempts_per_incident as usize, "{id} is tried {done} times and again");
        let tried = (case.fingerprint.clone(), remedy.plan());
        let failed = |deed: &Deed| match &deed.ended {
            Some(AttemptOutcome::Helped | AttemptOutcome::Unclear(_)) | None => false,
            Some(ended) if outside(ended) => false,
            // Teams that came to nothing say nothing of the next ones.
            Some(AttemptOutcome::Failed(_)) if !deed.runbook => false,
            Some(_) => deed.plan == tried.1,
        };
        assert!(!case.attempts.values().any(failed), "{id}: what did not help is tried again");
        let by_people = matches!(word, Some(Word::People(_)));
        let last = case.attempts.values().next_back().and_then(|deed| deed.ended.as_ref());
        let unclear = matches!(last, Some(AttemptOutcome::Unclear(_)));
        assert!(by_people || !unclear, "{id}: nobody knows how far it came, and it begins again alone");
        assert!(by_people || !self.failed.contains(&tried), "{id}: what did not help is tried again alone");
        let back = self.rolled_back.iter().filter(|(of, when)| *of == tried.0 && ago(at, *when, DAY)).count();
        assert!(back < limits.rollbacks_per_cause as usize, "{id} begins after {back} rollbacks");
        let came_back = case.returned.iter().filter(|when| ago(at, **when, DAY)).count();
        assert!(came_back < 2, "{id} came back {came_back} times after what helped");
        let Remedy::Runbook(plan) = remedy else { return };
        let on_target = self.runs.iter().filter(|(on, _, when)| *on == plan.target && ago(at, *when, HOUR));
        let (most, span) = plan.limits.max_per_target;
        assert_eq!(span, HOUR, "the plans of this world count by the hour");
        assert!(on_target.clone().count() <= most as usize, "{} is acted on too often", plan.target);
        let resting = on_target.filter(|(_, _, when)| at.since(*when) < plan.limits.cooldown).count();
        assert_eq!(resting, 0, "{} has no rest", plan.target);
        let (most, span) = plan.limits.max_per_fingerprint;
        let of_cause =
            self.runs.iter().filter(|(_, of, when)| *of == case.fingerprint && ago(at, *when, span));
        assert!(of_cause.count() <= most as usize, "{id} is acted on too often");
    }
}

impl Laws {
    pub(super) fn incident(&mut self, after: &State, fact: &Fact, (id, event): (IncidentId, &IncidentEvent)) {
        if let IncidentEvent::Seen(signal) = event {
            return self.sighted(after, fact.at, (id, signal));
        }
        let Some(case) = self.healing.cases.get_mut(&id) else { panic!("{id} was never seen: {event:?}") };
        match event {
            IncidentEvent::Seen(_)
            | IncidentEvent::Noted(_)
            | IncidentEvent::Threaded(_)
            | IncidentEvent::Asked(_) => {}
            IncidentEvent::Answered => case.ruling = None,
            IncidentEvent::News { words, .. } => self.has_news(fact.at, (id, words)),
            IncidentEvent::Hushed => self.hushed(fact.at, id),
            IncidentEvent::PhaseEntered(phase) => self.entered(after, fact, (id, phase)),
            IncidentEvent::Reopened => {
                let over = matches!(case.phase, Phase::Resolved | Phase::NoActionRequired);
                let lasts = after.policy.healing.grouping.reopen_within;
                assert!(over && case.firing, "{id} comes back out of {}", case.phase.word());
                assert!(fact.at.since(case.entered) <= lasts, "{id} comes back after too long");
                let last = case.attempts.values().next_back();
                if last.is_some_and(|deed| deed.ended == Some(AttemptOutcome::Helped)) {
                    case.returned.push(fact.at);
                }
                self.count("came back");
            }
            IncidentEvent::Diagnosed(diagnosis) => {
                let reworded = case.phase == Phase::Diagnosed;
                assert!(reworded || case.phase == Phase::Investigating, "{id}: nobody looked into it");
                case.diagnosis = Some((**diagnosis).clone());
                (case.ruling, case.word) = (None, None);
                if reworded {
                    self.count("reworded");
                }
            }
            IncidentEvent::Ruled(ruling) => {
                assert_eq!(ruling.at, fact.at, "{id}: a ruling of another time");
                let held = matches!(ruling.outcome, RulingOutcome::Hold { .. });
                case.ruling = Some((**ruling).clone());
                if held {
                    self.count("held by the gate");
                }
            }
            IncidentEvent::AttemptBegan { number, remedy, target } => {
                self.may_begin(after, fact.at, (id, remedy));
                self.healing.one_at_a_time(id, target, after.policy.healing.limits.concurrent);
                self.healing.within_limits(id, remedy, (after, fact.at));
                let deed = Deed {
                    plan: remedy.plan(),
                    runbook: matches!(**remedy, Remedy::Runbook(_)),
                    target: target.clone(),
                    mission: None,
                    marks: Vec::new(),
                    done: false,
                    kept: None,
                    ended: None,
                };
                let case = self.healing.cases.get_mut(&id).expect("looked at above");
                case.word = None;
                case.looked_anew = false;
                assert!(case.attempts.insert(*number, deed).is_none(), "{id}: attempt {number} begins twice");
            }
            IncidentEvent::MissionOpened(number, mission) => {
                let (at_work, deed) = case.at_work().expect("a mission without an attempt");
                assert_eq!((at_work, deed.mission), (*number, None));
                case.attempts.get_mut(number).expect("it is at work").mission = Some(*mission);
            }
            IncidentEvent::Logged(number, _) => {
                assert_eq!(case.at_work().map(|(at_work, _)| at_work), Some(*number), "{id}: a ghost talks");
            }
            IncidentEvent::Marked(number, mark) => {
                let (at_work, deed) = case.at_work().expect("a ghost marks");
                assert_eq!(at_work, *number, "{id}: a ghost marks");
                assert!(!deed.marks.contains(mark), "{id}: {mark:?} of attempt {number} twice");
                let deed = case.attempts.get_mut(number).expect("it is at work");
                deed.marks.push(mark.clone());
                match mark {
                    Mark::Kept(_) => {
                        assert_eq!(deed.kept, Some(true), "{id}: nobody keeps what is kept");
                        deed.done = true;
                    }
                    Mark::Undecided(_) => self.count("release undecided"),
                    _ => {}
                }
            }
            IncidentEvent::AttemptEnded { number, outcome } => self.ended((id, *number), fact.at, outcome),
        }
    }

    fn sighted(&mut self, after: &State, at: Timestamp, (id, signal): (IncidentId, &Signal)) {
        let cases = &mut self.healing.cases;
        if !cases.contains_key(&id) {
            let twin = cases.iter().find(|(_, c)| c.fingerprint == signal.fingerprint && !c.phase.over());
            assert!(twin.is_none(), "{id} is of the same cause as {:?}", twin.map(|(twin, _)| twin));
            assert_eq!(signal.state, SignalState::Firing, "{id} begins with good news");
            cases.insert(id, Case::new(signal, at));
        }
        let case = cases.get_mut(&id).expect("just made sure of");
        assert_eq!(case.fingerprint, signal.fingerprint, "{id} is of two causes");
        case.see(signal, at);
        let known = after.ward.incidents.get(&id).map(|known| known.sightings.firing);
        assert_eq!(known, Some(case.firing), "{id} is not as it was seen last");
    }

    fn entered(&mut self, after: &State, fact: &Fact, (id, to): (IncidentId, &Phase)) {
        let case = self.healing.cases.get(&id).expect("looked at by the caller");
        let from = case.phase.clone();
        let person = matches!(fact.actor, Actor::Person(_)) || case.again;
        let last = case.attempts.values().next_back().and_then(|deed| deed.ended.as_ref());
        let open = matches!(last, Some(AttemptOutcome::Unclear(_) | AttemptOutcome::NotDone(_)));
        let was_not_done = matches!(last, Some(AttemptOutcome::NotDone(_)));
        let looks_anew = open && (&from, to) == (&Phase::Mitigating, &Phase::Investigating);
        let over_at_rest = case.rests && *to == Phase::Resolved;
        assert!(
            leads(&from, to, person) || looks_anew || over_at_rest || case.was_answered(to),
            "{id} goes from {} to {}",
            from.word(),
            to.word()
        );
        let twin = self.healing.cases.iter().find(|(other, c)| {
            **other != id && !to.over() && !c.phase.over() && c.fingerprint == case.fingerprint
        });
        assert!(twin.is_none(), "{id} goes on beside {:?} of the same cause", twin.map(|(twin, _)| twin));
        let idle =
            to.over() || matches!(to, Phase::NeedsHuman(_) | Phase::Suppressed(_) | Phase::Investigating);
        let asked = matches!(to, Phase::NeedsHuman(_)) && case.is_left_open();
        assert!(!idle || asked || case.at_work().is_none(), "{id} is {} while something is done", to.word());
        let proven = matches!(to, Phase::Resolved | Phase::Verifying | Phase::NoActionRequired);
        assert!(!proven || !case.is_unjudged(), "{id} is {}, and nobody judged its release", to.word());
        match to {
            Phase::Resolved => {
                let lasts = after.policy.healing.grouping.resolve_after;
                let quiet = case.quiet().is_some_and(|since| since + lasts <= fact.at);
                assert!(quiet, "{id} is resolved, and nobody saw that it is well: {:?}", case.quiet());
                self.count("resolved");
            }
            Phase::Verifying => {
                let proven = case.attempts.values().any(|deed| deed.done);
                assert!(proven, "{id} is verified, and nothing was done");
                let judged = case.at_work().is_none_or(|(number, deed)| {
                    deed.kept == Some(true) || !self.healing.was_untold(id, number)
                });
                assert!(judged, "{id} is verified, and nothing decided its release");
            }
            Phase::NoActionRequired => {
                let healthy = case.diagnosis.as_ref().is_some_and(|found| found.healthy);
                assert!(healthy, "{id} needs nothing, and nobody found it well");
                self.count("nothing to do");
            }
            Phase::Suppressed(why) => self.count(match why {
                Suppression::Silenced => "silenced",
                Suppression::Inhibited(_) => "inhibited",
                Suppression::Maintenance => "maintenance",
                Suppression::Flapping => "flapping",
                Suppression::Storm => "stormy",
            }),
            Phase::Closed => self.count(if person { "closed by person" } else { "closed" }),
            Phase::Discarded => self.count("discarded"),
            Phase::NeedsHuman(_) => self.count("needs a person"),
            _ => {}
        }
        let case = self.healing.cases.get_mut(&id).expect("looked at above");
        case.opened |= *to == Phase::Open;
        if matches!(to, Phase::Suppressed(why) if *why != Suppression::Flapping) {
            case.news.clear();
        }
        // Whoever wants it looked into again has had a word on what is in place.
        case.looked_anew |= person && *to == Phase::Investigating;
        case.rests = looks_anew && was_not_done;
        case.again = false;
        (case.phase, case.entered) = (to.clone(), fact.at);
    }

    fn ended(&mut self, (id, number): (IncidentId, u32), at: Timestamp, outcome: &AttemptOutcome) {
        let untold = self.healing.was_untold(id, number);
        let case = self.healing.cases.get_mut(&id).expect("looked at by the caller");
        let looked = case.looked.clone();
        let deed = case.attempts.get_mut(&number).expect("ended, but never begun");
        assert!(deed.ended.is_none(), "{id}: attempt {number} ends twice");
        deed.may_end((id, untold), outcome);
        deed.ended = Some(outcome.clone());
        let tried = (case.fingerprint.clone(), deed.plan);
        match outcome {
            AttemptOutcome::Helped => {
                let seen = looked.filter(|(of, _)| *of == number);
                let well = seen.and_then(|(_, effect)| self.healing.well.get(&effect).copied());
                assert_eq!(well, Some(true), "{id}: attempt {number} helped, but the world is not well");
                self.count("helped");
            }
            AttemptOutcome::Stopped(_) => self.count("attempt stopped"),
            AttemptOutcome::Unclear(_) => self.count("attempt unclear"),
            AttemptOutcome::NotDone(_) => {
                assert!(!deed.done, "{id}: attempt {number} was done, and is said not to have been");
                let target = deed.target.clone();
                self.healing.did_not_run((&target, &tried.0));
                self.count("attempt not done");
            }
            AttemptOutcome::RolledBack(_) => {
                self.healing.rolled_back.push((tried.0.clone(), at));
                self.healing.failed.insert(tried);
                self.count("rolled back");
            }
            AttemptOutcome::Failed(_) => {
                if deed.runbook {
                    self.healing.failed.insert(tried);
                }
                self.count("could not be done");
            }
            AttemptOutcome::Ineffective(_) => {
                self.healing.failed.insert(tried);
                self.count("ineffective");
            }
        }
    }

    pub(super) fn ward(&mut self, after: &State, fact: &Fact, event: &WardEvent) {
        let healing = &mut self.healing;
        match event {
            WardEvent::Silenced(id, silence) => {
                assert!(silence.until.since(silence.from) <= DAY_WEEK, "{id} lasts too long");
                assert!(healing.silences.insert(*id, (**silence).clone()).is_none());
            }
            WardEvent::SilenceEnded(id) => {
                assert!(healing.silences.remove(id).is_some(), "{id} ends twice");
            }
            WardEvent::StormBegan => healing.storm = true,
            WardEvent::StormEnded => {
                healing.storm = false;
                self.count("storm ended");
            }
            WardEvent::Deployed => {
                healing.deployed.push(fact.at);
                let today = healing.deployed.iter().filter(|when| ago(fact.at, **when, DAY)).count();
                let most = after.policy.healing.limits.deploys_per_day as usize;
                assert!(today <= most, "{today} deployments in a day, {most} at most");
            }
        }
    }

    /// Effects of incidents: each belongs to an attempt at work, and none survives a stop.
    pub(super) fn effect_of_incident(&mut self, at: Timestamp, event: &EffectEvent) {
        match event {
            EffectEvent::Wanted(id, _, kind) => {
                if let Some(incident) = owner(id) {
                    self.wanted(incident, at, kind);
                }
            }
            EffectEvent::Started(id) => self.started(at, id),
            EffectEvent::Done(id) => {
                let (Some(incident), Some(kind)) = (owner(id), self.kinds.get(id)) else { return };
                let case = self.healing.cases.get_mut(&incident).expect("an effect of nothing");
                match kind {
                    EffectKind::Heal { attempt, .. } | EffectKind::Deploy { attempt, .. } => {
                        case.attempts.get_mut(attempt).expect("of an attempt").done = true;
                        if matches!(kind, EffectKind::Deploy { .. }) {
                            self.count("fix deployed");
                        }
                    }
                    EffectKind::Verify { attempt, .. } => case.looked = Some((*attempt, id.clone())),
                    EffectKind::Investigate { .. } => {
                        case.unfounded = self.healing.unfounded.contains(id);
                        if case.unfounded {
                            self.count("unfounded diagnosis");
                        }
                    }
                    _ => {}
                }
            }
            EffectEvent::Failed(..) | EffectEvent::Dropped(_) => {}
        }
    }

    fn wanted(&mut self, id: IncidentId, at: Timestamp, kind: &EffectKind) {
        let case = self.healing.cases.get_mut(&id).expect("an effect of nothing");
        let at_work = case.at_work().map(|(number, deed)| (number, deed.plan, deed.done, deed.mission));
        match kind {
            EffectKind::Announce { words, others, .. } => self.told_together(at, (id, words), others),
            EffectKind::Heal { attempt, plan, .. } | EffectKind::Commission { attempt, plan, .. } => {
                assert_eq!(at_work.map(|(number, of, ..)| (number, of)), Some((*attempt, *plan)));
            }
            EffectKind::Verify { attempt, .. } => {
                let done = at_work.map(|(number, _, done, _)| (number, done));
                assert_eq!(done, Some((*attempt, true)), "{id}: nothing was done that could have helped");
            }
            EffectKind::TakeBack { attempt, .. } => {
                let unwanted = case.attempts.get(attempt).map(|deed| deed.kept);
                assert_eq!(unwanted, Some(Some(false)), "{id} is taken back on nobody's word");
            }
            EffectKind::Deploy { attempt, commit, .. } => {
                let (number, _, _, mission) = at_work.expect("deployed, but nothing is at work");
                assert_eq!(number, *attempt);
                let landed = mission.and_then(|mission| self.landed.get(&mission));
                assert_eq!(landed, Some(commit), "{id}: what is deployed did not land");
            }
            _ => assert_eq!(case.phase, Phase::Investigating, "{id} is looked into out of turn"),
        }
    }

    fn started(&mut self, at: Timestamp, id: &EffectId) {
        assert!(!self.healing.stopped.contains(id), "{id} goes on after it was stopped");
        let (Some(incident), Some(kind)) = (owner(id), self.kinds.get(id)) else { return };
        let case = &self.healing.cases[&incident];
        let number = match kind {
            EffectKind::Heal { attempt, .. }
            | EffectKind::Commission { attempt, .. }
            | EffectKind::Deploy { attempt, .. }
            | EffectKind::TakeBack { attempt, .. }
            | EffectKind::Verify { attempt, .. } => *attempt,
            _ => return,
        };
        let (at_work, deed) = case.at_work().expect("something is done, but no attempt is at work");
        assert_eq!(at_work, number, "{id} is of an attempt that is over");
        if let EffectKind::Heal { plan, .. } | EffectKind::Commission { plan, .. } = kind {
            assert_eq!(deed.plan, *plan, "{id} is not what was let");
        }
        let run = (deed.target.clone(), case.fingerprint.clone(), at);
        if matches!(kind, EffectKind::Heal { .. }) && self.healing.ran.insert(id.clone()) {
            self.healing.runs.push(run);
        }
    }

    /// What is wanted or runs for incidents when the house is stopped ends there.
    pub(super) fn stopped(&mut self) {
        let of_incidents = self.kinds.iter().filter(|(id, kind)| {
            owner(id).is_some() && !self.over.contains(*id) && !matches!(kind, EffectKind::Announce { .. })
        });
        let gone: Vec<EffectId> = of_incidents.map(|(id, _)| id.clone()).collect();
        self.healing.stopped.extend(gone);
    }
}

/// The longest silence.
const DAY_WEEK: Millis = Millis::hours(24 * 7);

/// Where phases lead.
fn leads(from: &Phase, to: &Phase, person: bool) -> bool {
    use Phase::{
        Closed, Diagnosed, Discarded, Investigating, Mitigating, NeedsHuman, NoActionRequired, Open,
        Resolved, Suppressed, Suspected, Verifying,
    };
    match (from, to) {
        (Closed | Discarded, _) => false,
        (_, Closed) => person || matches!(from, Resolved | NoActionRequired),
        (Suspected, _) => matches!(to, Open | Discarded),
        (Open, _) => matches!(to, Suppressed(_) | Investigating | Resolved),
        (Suppressed(_), _) => {
            matches!(to, Suppressed(_) | Open | Resolved) || (person && *to == Investigating)
        }
        (Investigating, _) => {
            matches!(to, Investigating | Diagnosed | NoActionRequired | NeedsHuman(_) | Suppressed(_))
        }
        (Diagnosed, _) => {
            // What was done to the service meanwhile may have changed what is to be blamed.
            matches!(to, Mitigating | NeedsHuman(_) | Suppressed(_) | Resolved | Investigating)
        }
        (NeedsHuman(_), _) => {
            matches!(to, NeedsHuman(_) | Suppressed(_) | Resolved) || (person && *to == Investigating)
        }
        (Mitigating, _) => matches!(to, Verifying | NeedsHuman(_) | Diagnosed),
        (Verifying, _) => {
            matches!(to, Verifying | NeedsHuman(_) | Resolved | Open) || (person && *to == Investigating)
        }
        (Resolved | NoActionRequired, _) => *to == Open || (person && *to == Investigating),
    }
}
