//! The invariants, checked after each event by bookkeeping of its own that shares nothing with the core.
//!
//! - here: the journal, effects, the house; `missions`, `desk`, `money`: what each is about;
//! - `healing`: incidents; `leave`: what lets a remedy begin; `releases`: what watching does not decide; `rest`: what must
//!   be so once the world is quiet.

mod desk;
mod healing;
mod leave;
mod missions;
mod money;
mod releases;
mod rest;
mod seen;
mod told;

use crate::{
    domain::{
        candidate::CommitId,
        digest::Digest,
        grant::Grant,
        ids::{CallId, EffectId, GrantId, IncidentId, MissionId, RequestId, TeamId},
        money::Money,
        request::{Actor, Hold, Request},
        time::Timestamp,
    },
    engine::{
        effect::EffectKind,
        event::{ControlEvent, EffectEvent, Event, Fact},
        state::{Control, Mission, State},
    },
};
use healing::Healing;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the laws look at of the state before an event. To copy all of it at every event is slow.
pub(super) struct Before {
    desk: BTreeMap<RequestId, Arc<Request>>,
    missions: BTreeMap<MissionId, Arc<Mission>>,
    unsure: BTreeSet<EffectId>,
    /// Where two people must say yes.
    two_persons: Vec<String>,
}

impl Before {
    pub(super) fn of(state: &State) -> Self {
        let (desk, missions) = (state.desk.clone(), state.missions.clone());
        let two_persons = state.policy.two_persons.clone();
        Self { desk, missions, unsure: state.clockwork.unsure.clone(), two_persons }
    }
}

/// A call in flight: who pays, and the most it can cost.
struct Call {
    mission: MissionId,
    incident: Option<IncidentId>,
    worst: Money,
}

/// A veto window as it was opened.
struct Window {
    /// What `ran` was.
    since: i64,
    /// Milliseconds that it must last.
    least: i64,
    /// The plan that happens by itself at its end, where one was named.
    plan: Option<Digest>,
}

#[derive(Default)]
pub(super) struct Laws {
    /// Entries of the journal that were acknowledged.
    seen: u64,
    halted: bool,
    now: Timestamp,
    /// Milliseconds in which the house ran, by forward moves of the clock.
    ran: i64,
    windows: BTreeMap<RequestId, Window>,
    kinds: BTreeMap<EffectId, EffectKind>,
    begun: BTreeSet<EffectId>,
    over: BTreeSet<EffectId>,
    auto: BTreeSet<Digest>,
    approved: BTreeSet<MissionId>,
    day: i64,
    spent_today: Money,
    spent: BTreeMap<MissionId, Money>,
    open: BTreeMap<CallId, Call>,
    /// What investigators spent, by incident.
    inquired: BTreeMap<IncidentId, Money>,
    decided: BTreeSet<RequestId>,
    /// Where the target was when it was last looked at for a mission.
    surveyed: BTreeMap<MissionId, CommitId>,
    /// Commit that each team starts from, as the journal says.
    bases: BTreeMap<(MissionId, TeamId), CommitId>,
    /// Teams that shall resolve a conflict, until the repository was looked at again.
    behind: BTreeSet<(MissionId, TeamId)>,
    landed: BTreeMap<MissionId, CommitId>,
    /// Features that run in the staging environment.
    staged: BTreeSet<MissionId>,
    /// Decisions that can be taken back, and what `ran` was when they were given.
    held: BTreeMap<RequestId, (Hold, i64)>,
    /// What takes effect by the next entry.
    due: Option<Hold>,
    grants: BTreeMap<GrantId, Grant>,
    /// Requests that a grant answers for.
    covered: BTreeSet<RequestId>,
    pub(super) healing: Healing,
    /// What happened, so that a simulation that tests nothing is noticed.
    counts: BTreeMap<&'static str, u64>,
}

impl Laws {
    pub(super) fn count(&mut self, what: &'static str) {
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
            "told together",
            "hushed",
            "rated",
            "taken over",
            "unsure begun",
            "fault",
            "held",
            "held, undone",
            "one yes of two",
            "held, dropped",
            "held, given again",
            "held, took effect",
            "test seen",
            "asked again",
            "staged",
            "valid",
            "not valid",
            "feature complete",
            "grant",
            "grant used",
            "grant ended",
        ]
        .into_iter()
        .chain(seen::OF_INCIDENTS)
        {
            assert!(self.counts.contains_key(what), "the simulation never saw: {what}");
        }
    }

    pub(super) fn clock(&mut self, now: Timestamp) {
        if !self.halted {
            self.ran += (now.0 - self.now.0).max(0);
        }
        self.now = now;
    }

    pub(super) fn check(&mut self, before: &Before, after: &State, fact: &Fact) {
        self.clock(fact.at);
        self.seen += 1;
        assert_eq!(after.seq.0, self.seen, "what was acknowledged is not in the journal any more");
        match &fact.event {
            Event::Effect(event) => self.effect(before, fact.at, event),
            Event::Mission(id, event) => self.mission(after, *id, event),
            Event::Team(id, team, event) => self.team(before, (*id, *team), event),
            Event::Desk(event) => self.desk((before, after), fact, event),
            Event::Money(event) => self.money(after, fact.at, event),
            Event::Control(event) => self.control(fact, event),
            Event::Incident(id, event) => self.incident(after, fact, (*id, event)),
            Event::Ward(event) => self.ward(after, fact, event),
            Event::Idea(_) => {}
        }
        assert_eq!(self.halted, after.control != Control::Running);
        self.held.retain(|id, _| after.desk.contains_key(id));
        assert!(self.held.keys().eq(after.clockwork.held.keys()), "what is held is not what was journaled");
        assert!(self.grants.keys().eq(after.grants.keys()), "grants are not what was journaled");
    }

    fn effect(&mut self, before: &Before, at: Timestamp, event: &EffectEvent) {
        self.effect_of_incident(at, event);
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
                if before.unsure.contains(id) {
                    self.count("unsure begun");
                }
                let told = matches!(kind, EffectKind::Halt { .. } | EffectKind::Announce { .. });
                assert!(told || !self.halted, "{id} begins while the house is halted");
                if let EffectKind::Stage { commit } = &kind {
                    let mission: MissionId = id.0.split('/').next().unwrap().parse().unwrap();
                    assert_eq!(self.landed.get(&mission), Some(commit), "{id} begins before landing");
                }
                if let EffectKind::Land { plan, .. } = kind {
                    let mission: MissionId = id.0.split('/').next().unwrap().parse().unwrap();
                    assert!(self.auto.contains(&plan), "{id} begins without a ruling of its plan");
                    assert!(self.approved.contains(&mission), "{id} begins without anybody's word");
                    assert!(!self.landed.contains_key(&mission), "{id} begins after landing");
                }
            }
            EffectEvent::Failed(id, _) => {
                self.count("fault");
                self.answered(id);
            }
            EffectEvent::Done(id) => self.answered(id),
            EffectEvent::Dropped(id) => {
                self.over.insert(id.clone());
            }
        }
    }

    /// The fence: an answer counts for what runs in this life of the process, once.
    fn answered(&mut self, id: &EffectId) {
        assert!(self.begun.contains(id), "{id} is answered, but does not run in this life of the process");
        assert!(self.over.insert(id.clone()), "{id} is answered after its end");
    }

    fn control(&mut self, fact: &Fact, event: &ControlEvent) {
        match event {
            ControlEvent::Paused(_) => self.halted = true,
            ControlEvent::Stopped(_) => {
                self.count("stopped");
                self.halted = true;
                self.stopped();
            }
            ControlEvent::Resumed => {
                self.count("resumed");
                assert!(matches!(fact.actor, Actor::Person(_)), "{} lets the house go on", fact.actor);
                self.halted = false;
            }
            ControlEvent::Started { .. } => {
                self.count("restart");
                self.begun.clear();
            }
            ControlEvent::PolicyLoaded(_)
            | ControlEvent::SettingChanged { .. }
            | ControlEvent::Given(_)
            | ControlEvent::Recovered { .. } => {}
        }
    }
}
