//! The invariants, checked after each event by bookkeeping of its own that shares nothing with the core.

use crate::{
    domain::{
        candidate::CommitId,
        digest::Digest,
        grant::{Grant, Pattern, Reach},
        ids::{CallId, EffectId, GrantId, MissionId, RequestId, TeamId},
        mission::{Ending, Step},
        money::{Cost, Money},
        request::{Actor, Decision, Hold, Subject},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::EffectKind,
        event::{ControlEvent, DeskEvent, EffectEvent, Event, Fact, MissionEvent, MoneyEvent, TeamEvent},
        state::{Control, Mission, State},
    },
    policy::ruling::RulingOutcome,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Laws {
    halted: bool,
    now: Timestamp,
    /// Milliseconds in which the house ran, by forward moves of the clock.
    ran: i64,
    windows: BTreeMap<RequestId, i64>,
    kinds: BTreeMap<EffectId, EffectKind>,
    begun: BTreeSet<EffectId>,
    over: BTreeSet<EffectId>,
    auto: BTreeSet<Digest>,
    approved: BTreeSet<MissionId>,
    day: i64,
    spent_today: Money,
    spent: BTreeMap<MissionId, Money>,
    open: BTreeMap<CallId, (MissionId, Money)>,
    decided: BTreeSet<RequestId>,
    /// Where the target was when it was last looked at for a mission.
    surveyed: BTreeMap<MissionId, CommitId>,
    /// Commit that each team starts from, as the journal says.
    bases: BTreeMap<(MissionId, TeamId), CommitId>,
    /// Teams that shall resolve a conflict, until the repository was looked at again.
    behind: BTreeSet<(MissionId, TeamId)>,
    landed: BTreeSet<MissionId>,
    /// Decisions that can be taken back, and what `ran` was when they were given.
    held: BTreeMap<RequestId, (Hold, i64)>,
    /// What takes effect by the next entry.
    due: Option<Hold>,
    grants: BTreeMap<GrantId, Grant>,
    /// Requests that a grant answers for.
    covered: BTreeSet<RequestId>,
    /// What happened, so that a simulation that tests nothing is noticed.
    counts: BTreeMap<&'static str, u64>,
}

impl Laws {
    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    /// Every kind of thing that the laws are about did happen.
    pub(super) fn covers_everything(&self) {
        println!("{:?}", self.counts);
        for what in [
            "landed",
            "restored",
            "failed",
            "cancelled",
            "over budget",
            "veto approval",
            "standing approval",
            "person approval",
            "expired",
            "stopped",
            "resumed",
            "restart",
            "forfeited",
            "stale result",
            "conflict",
            "rebased",
            "lent",
            "denied",
            "cap raised",
            "reopened",
            "rated",
            "taken over",
            "unsure begun",
            "fault",
            "held",
            "held, undone",
            "held, dropped",
            "held, given again",
            "held, took effect",
            "grant",
            "grant used",
            "grant ended",
        ] {
            assert!(self.counts.contains_key(what), "the simulation never saw: {what}");
        }
    }

    pub(super) fn clock(&mut self, now: Timestamp) {
        if !self.halted {
            self.ran += (now.0 - self.now.0).max(0);
        }
        self.now = now;
    }

    pub(super) fn check(&mut self, before: &State, after: &State, fact: &Fact) {
        self.clock(fact.at);
        assert_eq!(after.seq.0, before.seq.0 + 1);
        match &fact.event {
            Event::Effect(event) => self.effect(before, event),
            Event::Mission(id, event) => self.mission(after, *id, event),
            Event::Team(id, team, event) => self.team(before, (*id, *team), event),
            Event::Desk(event) => self.desk(before, fact, event),
            Event::Money(event) => self.money(after, fact.at, event),
            Event::Control(event) => self.control(event),
            Event::Idea(_) | Event::Incident(..) | Event::Ward(_) => {}
        }
        assert_eq!(self.halted, after.control != Control::Running);
        self.held.retain(|id, _| after.desk.contains_key(id));
        assert!(self.held.keys().eq(after.clockwork.held.keys()), "what is held is not what was journaled");
        assert!(self.grants.keys().eq(after.grants.keys()), "grants are not what was journaled");
    }

    fn effect(&mut self, before: &State, event: &EffectEvent) {
        match event {
            EffectEvent::Wanted(id, mission, kind) => {
                if let EffectKind::Draft { team, .. } | EffectKind::Adopt { team, .. } = **kind {
                    assert!(
                        !self.behind.contains(&(*mission, team)),
                        "{id} starts from where the target was"
                    );
                }
                assert!(self.kinds.insert(id.clone(), (**kind).clone()).is_none(), "{id} is wanted twice");
            }
            EffectEvent::Started(id) => {
                let kind = self.kinds.get(id).expect("begun but never wanted").clone();
                assert!(!self.over.contains(id), "{id} begins after its end");
                let again = !self.begun.insert(id.clone());
                assert!(!again, "{id} begins twice in one life of the process");
                if before.clockwork.unsure.contains(id) {
                    self.count("unsure begun");
                }
                let halt = matches!(kind, EffectKind::Halt { .. });
                assert!(halt || !self.halted, "{id} begins while the house is halted");
                if let EffectKind::Land { plan, .. } = kind {
                    let mission: MissionId = id.0.split('/').next().unwrap().parse().unwrap();
                    assert!(self.auto.contains(&plan), "{id} begins without a ruling of its plan");
                    assert!(self.approved.contains(&mission), "{id} begins without anybody's word");
                    assert!(!self.landed.contains(&mission), "{id} begins after landing");
                }
            }
            EffectEvent::Failed(id, _) => {
                self.count("fault");
                self.over.insert(id.clone());
            }
            EffectEvent::Done(id) | EffectEvent::Dropped(id) => {
                self.over.insert(id.clone());
            }
        }
    }

    fn mission(&mut self, after: &State, id: MissionId, event: &MissionEvent) {
        match event {
            MissionEvent::Ruled(_, _, ruling) => match ruling.outcome {
                RulingOutcome::Auto => {
                    self.auto.insert(ruling.plan);
                }
                RulingOutcome::Deny => self.count("denied"),
                _ => {}
            },
            MissionEvent::Surveyed(survey) => {
                self.surveyed.insert(id, survey.base.clone());
            }
            MissionEvent::StepEntered(Step::Draft | Step::Decide, _) => {
                self.approved.remove(&id);
            }
            MissionEvent::Admitted => {
                let busy = |m: &Mission| {
                    m.id != id && m.step.is_some() && m.result.ending.is_none() && !m.effects.is_empty()
                };
                let at_work = 1 + after.missions.values().filter(|m| busy(m)).count();
                assert!(
                    at_work <= usize::from(after.policy.pool),
                    "{at_work} at work in a pool of {}",
                    after.policy.pool
                );
            }
            MissionEvent::Landed(..) => {
                assert!(self.landed.insert(id), "{id} landed twice");
                self.count("landed");
            }
            MissionEvent::Restored(..) => self.count("restored"),
            MissionEvent::Reopened(_) => self.count("reopened"),
            MissionEvent::Rated(rating) => {
                assert!((1..=5).contains(&rating.stars) && after.missions[&id].result.ending.is_some());
                self.count("rated");
            }
            MissionEvent::Ended(ending) => {
                self.behind.retain(|(mission, _)| *mission != id);
                self.count(match ending {
                    Ending::Landed => "ended landed",
                    Ending::Failed(_) => "failed",
                    Ending::Cancelled(_) => "cancelled",
                    Ending::OverBudget(_) => "over budget",
                });
                let left = &after.missions[&id].effects;
                assert!(left.values().all(|e| matches!(
                    e.kind,
                    EffectKind::Halt { .. } | EffectKind::Release | EffectKind::Restore { .. }
                )));
            }
            _ => {}
        }
    }

    fn team(&mut self, before: &State, (id, team): (MissionId, TeamId), event: &TeamEvent) {
        match event {
            TeamEvent::CandidateProposed(candidate) => {
                let now = before.missions[&id].teams.iter().find(|t| t.id == team).unwrap();
                assert_eq!(
                    (candidate.team, candidate.attempt),
                    (team, now.attempt),
                    "a stale candidate was used"
                );
                let asked = self.kinds.iter().any(|(effect, kind)| {
                    let (EffectKind::Draft { team: t, attempt, based_on, .. }
                    | EffectKind::Collect { team: t, attempt, based_on }
                    | EffectKind::Adopt { team: t, attempt, based_on, .. }) = kind
                    else {
                        return false;
                    };
                    let of = effect.0.starts_with(&format!("{id}/"));
                    of && (*t, *attempt, *based_on) == (team, candidate.attempt, candidate.based_on)
                });
                assert!(asked, "a candidate on {} that nobody asked for", candidate.based_on);
                assert_eq!(self.bases.get(&(id, team)), Some(&candidate.base), "a candidate of another base");
            }
            TeamEvent::Rebased(base) => {
                self.behind.remove(&(id, team));
                let now = before.missions[&id].teams.iter().find(|t| t.id == team).unwrap();
                // Back to a candidate of its own, where a person's patch for the moved target did not apply.
                let own = now.candidates.last().is_some_and(|(candidate, _)| candidate.base == *base);
                assert!(own || self.surveyed.get(&id) == Some(base), "{team} starts where nobody looked");
                if self.bases.insert((id, team), base.clone()).is_some_and(|before| before != *base) {
                    self.count("rebased");
                }
            }
            TeamEvent::Lent(_) => self.count("lent"),
            // Nobody could look at the repository: whatever is asked of the team next is on its old base.
            TeamEvent::Failed(_) => {
                self.behind.remove(&(id, team));
            }
            TeamEvent::ResultStale(_) => self.count("stale result"),
            TeamEvent::TakenOver => {
                self.behind.remove(&(id, team));
                self.count("taken over");
            }
            _ => {}
        }
    }

    fn desk(&mut self, before: &State, fact: &Fact, event: &DeskEvent) {
        match event {
            DeskEvent::RequestOpened(request) => {
                assert!(!before.desk.contains_key(&request.id) && !self.decided.contains(&request.id));
                if matches!(request.subject, Subject::Conflict { .. }) {
                    self.count("conflict");
                }
            }
            DeskEvent::RequestRevised(request) => {
                assert!(before.desk[&request.id].revision <= request.revision);
                let held = self.held.get(&request.id).map(|(hold, _)| hold.revision);
                assert!(
                    held.is_none_or(|seen| seen == request.revision),
                    "a held decision outlives what was seen"
                );
                if before.desk[&request.id].revision < request.revision {
                    self.windows.remove(&request.id);
                }
            }
            DeskEvent::VetoOpened(id, until) => {
                assert!(*until >= fact.at);
                assert!(!self.held.contains_key(id), "a window beside a person's answer");
                self.windows.insert(*id, self.ran);
            }
            DeskEvent::DecisionHeld(hold) => {
                self.count("held");
                assert!(matches!(fact.actor, Actor::Person(_)) && fact.actor == hold.by);
                assert_eq!(before.desk[&hold.request].revision, hold.revision);
                self.windows.remove(&hold.request);
                let twice = self.held.insert(hold.request, ((**hold).clone(), self.ran));
                assert!(twice.is_none(), "two answers are held for {}", hold.request);
            }
            DeskEvent::DecisionUndone(id) => {
                self.count("held, undone");
                assert!(matches!(fact.actor, Actor::Person(_)));
                assert!(self.held.remove(id).is_some(), "{id}: nothing is held that could be undone");
            }
            DeskEvent::DecisionDropped(id, _) => {
                self.count("held, dropped");
                assert!(self.held.remove(id).is_some(), "{id}: nothing is held that could be dropped");
            }
            DeskEvent::HoldEnded(id, _) => {
                let (hold, since) = self.held.remove(id).expect("ended, but never held");
                if matches!(fact.actor, Actor::Person(_)) {
                    self.count("held, given again");
                } else {
                    self.count("held, took effect");
                    assert!(!self.halted, "{id} takes effect while the clocks stand still");
                    let waited = self.ran - since;
                    assert!(waited >= 10_000, "{id} takes effect after {waited} ms");
                    self.due = Some(hold);
                }
            }
            DeskEvent::Granted(grant) => {
                self.count("grant");
                assert!(self.grants.insert(grant.id, (**grant).clone()).is_none());
                let line = grant.terms.pattern.elements();
                assert!(!line.iter().any(|word| word == ".env"), "what is protected is granted");
                assert!(grant.terms.uses > 0 && grant.terms.lasts > Millis(0));
            }
            DeskEvent::GrantUsed(id, request) => self.grant_used(before, fact, (*id, *request)),
            DeskEvent::GrantEnded(id, _) => {
                self.count("grant ended");
                assert!(self.grants.remove(id).is_some(), "{id} ends twice");
            }
            DeskEvent::RequestDecided(id, revision, decision) => {
                assert!(self.decided.insert(*id), "{id} was decided twice");
                let request = &before.desk[id];
                assert_eq!(request.revision, *revision, "{id} was decided on what nobody saw");
                assert!(!self.held.contains_key(id), "{id} is decided beside what is held for it");
                if let Some(hold) = self.due.take() {
                    assert_eq!(hold.request, *id, "something else than what was held takes effect");
                    assert_eq!(hold.by, fact.actor, "{id} counts as the word of another");
                    let chosen = matches!(hold.decision, Decision::Approve { .. })
                        && matches!(**decision, Decision::Approve { .. });
                    assert!(chosen || hold.decision == **decision, "{id}: not what was held");
                }
                self.decision(before, fact, (*id, decision));
            }
        }
    }

    fn grant_used(&mut self, before: &State, fact: &Fact, (id, request): (GrantId, RequestId)) {
        self.count("grant used");
        assert!(!self.halted, "{id} is used while the house is halted");
        let asked = &before.desk[&request];
        let Subject::Command { argv, .. } = &asked.subject else { panic!("{id} is used for {request}") };
        let grant = self.grants.get_mut(&id).expect("used, but not in force");
        let same = match &grant.terms.pattern {
            Pattern::Exact(line) => line == argv,
            Pattern::Prefix(first) => {
                argv.len() >= first.len() && first.iter().zip(argv).all(|(a, b)| a == b)
            }
        };
        assert!(same, "{id} is used for {argv:?}");
        assert!(
            grant.terms.reach == Reach::Project || grant.mission == asked.mission,
            "{id} reaches too far"
        );
        assert!(fact.at < grant.given + grant.terms.lasts, "{id} is used after its end");
        grant.used += 1;
        assert!(grant.used <= grant.terms.uses, "{id} is used {} times", grant.used);
        self.covered.insert(request);
    }

    fn decision(&mut self, before: &State, fact: &Fact, (id, decision): (RequestId, &Decision)) {
        let request = &before.desk[&id];
        match decision {
            Decision::Approve { .. } | Decision::Retry { .. } | Decision::Modify { .. }
                if matches!(request.subject, Subject::Conflict { .. }) =>
            {
                if let Subject::Conflict { team, .. } = &request.subject {
                    self.behind.insert((request.mission, *team));
                }
            }
            Decision::Approve { .. }
                if matches!(request.subject, Subject::Command { .. }) && fact.actor == Actor::Policy =>
            {
                assert!(self.covered.remove(&id), "{id} was approved by nobody's word");
            }
            Decision::Expired => {
                assert!(!self.halted, "{id} expired while the clocks stand still");
                self.count("expired");
            }
            Decision::Approve { .. } if matches!(request.subject, Subject::Choose { .. }) => {
                self.approved.insert(request.mission);
                assert!(!self.halted, "{id} lands while the house is halted");
                match (&fact.actor, self.windows.get(&id).copied()) {
                    (Actor::Person(_), _) => self.count("person approval"),
                    (Actor::Policy, Some(opened)) => {
                        self.count("veto approval");
                        let waited = self.ran - opened;
                        assert!(waited >= 300_000, "a veto window of {waited} ms");
                    }
                    (Actor::Policy, None) => {
                        self.count("standing approval");
                        use crate::domain::brief::Approval;
                        let word = &before.missions[&request.mission].brief.approve;
                        assert!(
                            matches!(word, Approval::Best | Approval::Team(_)),
                            "nobody gave a word for {id}"
                        );
                    }
                    (other, _) => panic!("{other:?} approved {id}"),
                }
            }
            _ => {}
        }
    }

    fn money(&mut self, after: &State, at: Timestamp, event: &MoneyEvent) {
        match event {
            MoneyEvent::Reserved { call, mission, worst, .. } => {
                assert!(!self.halted, "money is reserved while the house is halted");
                self.open.insert(*call, (*mission, worst.known()));
                let held = |of: Option<MissionId>| -> Money {
                    self.open.values().filter(|(m, _)| of.is_none_or(|of| of == *m)).map(|(_, w)| *w).sum()
                };
                let spent = self.spent.get(mission).copied().unwrap_or_default();
                let budget = after.missions[mission].brief.budget;
                assert!(spent + held(Some(*mission)) <= budget, "{mission} may spend more than {budget}");
                let today = if at.utc_day() > self.day { Money::ZERO } else { self.spent_today };
                assert!(today + held(None) <= after.policy.budget.per_day, "more than the day allows");
            }
            MoneyEvent::Settled { call, cost, .. } => self.pay(*call, *cost, at),
            MoneyEvent::Forfeited(call) => {
                self.count("forfeited");
                let worst = self.open[call].1;
                self.pay(*call, Cost::Known(worst), at);
            }
            MoneyEvent::CapRaised(..) => self.count("cap raised"),
        }
        assert_eq!(after.ledger.open.len(), self.open.len());
    }

    fn pay(&mut self, call: CallId, cost: Cost, at: Timestamp) {
        let (mission, _) = self.open.remove(&call).expect("paid, but never reserved");
        *self.spent.entry(mission).or_default() += cost.known();
        if at.utc_day() > self.day {
            self.day = at.utc_day();
            self.spent_today = Money::ZERO;
        }
        self.spent_today += cost.known();
    }

    fn control(&mut self, event: &ControlEvent) {
        match event {
            ControlEvent::Paused(_) => self.halted = true,
            ControlEvent::Stopped(_) => {
                self.count("stopped");
                self.halted = true;
            }
            ControlEvent::Resumed => {
                self.count("resumed");
                self.halted = false;
            }
            ControlEvent::Started { .. } => {
                self.count("restart");
                self.begun.clear();
            }
            ControlEvent::PolicyLoaded(_)
            | ControlEvent::SettingChanged { .. }
            | ControlEvent::Recovered { .. } => {}
        }
    }
}
