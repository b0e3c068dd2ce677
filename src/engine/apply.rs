//! The fold: what an event changes. Total: never fails, never panics, whatever the event and the state; an
//! event about something that is not there changes nothing but `seq` and `at`. No I/O, no clock.

use super::{
    effect::{Failure, FailureKind},
    effect::{intent, mission_of},
    event::{ControlEvent, DeskEvent, EffectEvent, Event, Fact, MissionEvent, TeamEvent},
    ledger,
    playbook::feature::course::{Course, Standing},
    recording,
    state::{
        Control, EffectState, Judgement, Mission, MissionResult, Preparation, State, Team, TeamAccount,
        TeamPhase,
    },
    suggesting,
};
use crate::domain::{
    brief::Brief,
    candidate::CommitId,
    ids::{EffectId, MissionId, RequestId, Revision, Seq, TeamId},
    mission::{MissionKind, Step},
    money::{Money, Usage},
    request::{Actor, Decision, Subject},
    time::Timestamp,
};
use std::{collections::BTreeMap, sync::Arc};

impl State {
    /// Folds one journal entry in.
    pub fn apply(&mut self, seq: Seq, fact: &Fact) {
        recording::record(self, fact);
        suggesting::notice(self, fact);
        self.change(seq, fact);
    }

    /// The same without the numbers, for what nobody will look at: no decision rests on them.
    pub(super) fn change(&mut self, seq: Seq, fact: &Fact) {
        let before = std::mem::replace(&mut self.at, fact.at);
        self.seq = seq;
        match &fact.event {
            Event::Mission(id, event) => self.apply_mission(*id, event, fact.at),
            Event::Team(id, team, event) => {
                if let Some(team) =
                    self.mission_mut(*id).and_then(|m| m.teams.iter_mut().find(|t| t.id == *team))
                {
                    team.apply(event, fact.at);
                }
            }
            Event::Desk(event) => self.apply_desk(event, (&fact.actor, fact.at)),
            Event::Effect(event) => self.apply_effect(event, fact.at),
            Event::Money(event) => ledger::apply(self, event, fact.at),
            Event::Control(event) => self.apply_control(event, before, fact.at),
            Event::Idea(event) => suggesting::apply(self, event),
            Event::Incident(id, event) => self.ward.apply_incident(*id, event, fact.at),
            Event::Ward(event) => self.ward.apply(event, fact.at),
        }
    }

    pub(super) fn mission_mut(&mut self, id: MissionId) -> Option<&mut Mission> {
        self.missions.get_mut(&id).map(Arc::make_mut)
    }

    fn apply_mission(&mut self, id: MissionId, event: &MissionEvent, at: Timestamp) {
        match event {
            MissionEvent::Opened(brief) => {
                self.counters.mission = self.counters.mission.max(id.0);
                self.missions.insert(id, Arc::new(Mission::open(id, brief, at)));
                self.limit(id, at);
            }
            MissionEvent::Reopened(_) => self.limit(id, at),
            MissionEvent::StepEntered(Step::Decide | Step::Land, _) | MissionEvent::Ended(_) => {
                self.clockwork.deadlines.remove(&id);
            }
            _ => {}
        }
        if let Some(mission) = self.mission_mut(id) {
            mission.apply(event, at);
        }
        if matches!(event, MissionEvent::Ended(_)) {
            self.forget_oldest();
        }
    }

    /// From now on its time runs, if it has a limit.
    fn limit(&mut self, id: MissionId, at: Timestamp) {
        if let Some(limit) = self.missions.get(&id).and_then(|mission| mission.brief.timeout) {
            self.clockwork.deadlines.insert(id, at + limit);
        }
    }

    /// Drops ended missions beyond the bound: those without work left first, then the longest ended.
    fn forget_oldest(&mut self) {
        let mut ended: Vec<_> = self
            .missions
            .values()
            .filter_map(|m| m.result.ending.as_ref().map(|(_, at)| (!m.effects.is_empty(), *at, m.id)))
            .collect();
        if ended.len() <= Self::ENDED_MOST {
            return;
        }
        ended.sort_unstable();
        let surplus = ended.len() - Self::ENDED_MOST;
        for (_, _, id) in ended.into_iter().take(surplus) {
            if let Some(gone) = self.missions.remove(&id) {
                self.clockwork.unsure.retain(|effect| !gone.effects.contains_key(effect));
            }
            self.desk.retain(|_, request| request.mission != id);
            self.ledger.raised.remove(&id);
        }
        let open = &self.desk;
        self.clockwork.vetoes.retain(|request, _| open.contains_key(request));
        self.clockwork.held.retain(|request, _| open.contains_key(request));
    }

    fn apply_desk(&mut self, event: &DeskEvent, (actor, at): (&Actor, Timestamp)) {
        match event {
            DeskEvent::RequestOpened(request) | DeskEvent::RequestRevised(request) => {
                self.counters.request = self.counters.request.max(request.id.0);
                self.clockwork.vetoes.remove(&request.id);
                self.clockwork.held.retain(|id, hold| *id != request.id || hold.revision == request.revision);
                self.desk.insert(request.id, Arc::new((**request).clone()));
            }
            DeskEvent::RequestDecided(id, _, decision) => self.close_request(*id, decision, (actor, at)),
            DeskEvent::VetoOpened(id, until) => {
                if self.desk.contains_key(id) {
                    self.clockwork.vetoes.insert(*id, *until);
                }
            }
            DeskEvent::DecisionHeld(hold) => {
                if self.desk.contains_key(&hold.request) {
                    self.clockwork.vetoes.remove(&hold.request);
                    self.clockwork.held.insert(hold.request, (**hold).clone());
                }
            }
            DeskEvent::DecisionUndone(id)
            | DeskEvent::DecisionDropped(id, _)
            | DeskEvent::HoldEnded(id, _) => {
                self.clockwork.held.remove(id);
            }
            DeskEvent::Granted(grant) => {
                self.counters.grant = self.counters.grant.max(grant.id.0);
                self.grants.insert(grant.id, Arc::new((**grant).clone()));
                let surplus = self.grants.len().saturating_sub(Self::GRANTS_MOST);
                (0..surplus).for_each(|_| drop(self.grants.pop_first()));
            }
            DeskEvent::GrantUsed(id, _) => {
                if let Some(grant) = self.grants.get_mut(id) {
                    let grant = Arc::make_mut(grant);
                    grant.used = grant.used.saturating_add(1);
                }
            }
            DeskEvent::GrantEnded(id, _) => {
                self.grants.remove(id);
            }
        }
    }

    fn close_request(&mut self, id: RequestId, decision: &Decision, (actor, at): (&Actor, Timestamp)) {
        self.clockwork.vetoes.remove(&id);
        self.clockwork.held.remove(&id);
        if let Some(request) = self.desk.remove(&id) {
            let by_itself = matches!(decision, Decision::Expired | Decision::Withdrawn);
            if let Subject::Remedy { incident, .. } = request.subject
                && !by_itself
            {
                self.ward.decided(incident);
            }
            self.decided.push((request, decision.clone(), at));
            self.deciders.insert(id, actor.clone());
            let surplus = self.decided.len().saturating_sub(Self::DECIDED_MOST);
            for (gone, ..) in self.decided.drain(..surplus) {
                self.deciders.remove(&gone.id);
            }
        }
    }

    fn apply_effect(&mut self, event: &EffectEvent, at: Timestamp) {
        match event {
            EffectEvent::Wanted(id, mission, kind) => {
                if let Some(mission) = self.mission_mut(*mission) {
                    let tries = mission.take_failed(id);
                    if tries > 0 {
                        mission.course.tried_again();
                    }
                    let wanted = EffectState { kind: (**kind).clone(), started: None, tries };
                    mission.effects.insert(id.clone(), wanted);
                } else {
                    self.ward.want(id, kind, at);
                }
            }
            EffectEvent::Started(id) => {
                self.clockwork.unsure.remove(id);
                self.asking.begun |= suggesting::owns(id);
                match mission_of(id) {
                    Some(_) => {
                        if let Some(effect) = self.effect_mut(id) {
                            effect.started = Some(at);
                        }
                    }
                    None => self.ward.start(id, at),
                }
            }
            EffectEvent::Failed(id, failure) => {
                self.clockwork.unsure.remove(id);
                if let Some(effect) = self.effect_mut(id) {
                    effect.started = None;
                    let fault = u8::from(failure.kind != FailureKind::Cancelled);
                    effect.tries = effect.tries.saturating_add(fault);
                }
            }
            EffectEvent::Done(id) | EffectEvent::Dropped(id) => {
                self.clockwork.unsure.remove(id);
                if let Some(mission) = mission_of(id).and_then(|mission| self.mission_mut(mission)) {
                    mission.effects.remove(id);
                } else if let Some(incident) = self.ward.incident_mut(id) {
                    incident.effects.remove(id);
                }
            }
        }
    }

    fn effect_mut(&mut self, id: &EffectId) -> Option<&mut EffectState> {
        match mission_of(id) {
            Some(mission) => self.mission_mut(mission)?.effects.get_mut(id),
            None => self.ward.effect_mut(id),
        }
    }

    fn apply_control(&mut self, event: &ControlEvent, before: Timestamp, at: Timestamp) {
        match event {
            ControlEvent::Paused(why) => self.halt(Control::Paused(why.clone()), at),
            ControlEvent::Stopped(why) => self.halt(Control::Stopped(why.clone()), at),
            ControlEvent::Resumed => {
                self.control = Control::Running;
                if let Some(since) = self.clockwork.halted.take() {
                    self.shift_clocks(since, at);
                    for hold in self.clockwork.held.values_mut() {
                        hold.until = hold.until + at.since(since.max(hold.given));
                    }
                }
            }
            ControlEvent::PolicyLoaded(policy) => self.policy = Arc::new((**policy).clone()),
            ControlEvent::Started { .. } => {
                let running = self.missions.values().flat_map(|mission| {
                    mission.effects.iter().filter(|(_, e)| e.started.is_some()).map(|(id, _)| id.clone())
                });
                let healing = self.ward.incidents.values().flat_map(|incident| {
                    incident.effects.iter().filter(|(_, e)| e.started.is_some()).map(|(id, _)| id.clone())
                });
                self.clockwork.unsure = running.chain(healing).collect();
                // Nobody could say no while no process was there. What a person has decided needs no word any more.
                if self.clockwork.halted.is_none() {
                    self.shift_clocks(before, at);
                }
            }
            ControlEvent::Given(once) => {
                let given = Arc::make_mut(&mut self.given);
                given.push(*once);
                let surplus = given.len().saturating_sub(Self::GIVEN_MOST);
                given.drain(..surplus);
            }
            ControlEvent::SettingChanged { .. } | ControlEvent::Recovered { .. } => {}
        }
    }

    fn halt(&mut self, control: Control, at: Timestamp) {
        self.control = control;
        self.clockwork.halted.get_or_insert(at);
    }

    /// Moves every deadline of what nobody has decided by the time it stood still. A clock that went backwards moves none:
    /// they are then further away than before, never nearer.
    fn shift_clocks(&mut self, since: Timestamp, at: Timestamp) {
        let still = at.since(since);
        for until in self.clockwork.vetoes.values_mut().chain(self.clockwork.deadlines.values_mut()) {
            *until = *until + still;
        }
        for request in self.desk.values_mut() {
            let stood = at.since(since.max(request.opened));
            let request = Arc::make_mut(request);
            request.expires = request.expires + stood;
        }
    }
}

impl Mission {
    fn open(id: MissionId, brief: &Brief, at: Timestamp) -> Self {
        let teams = brief.teams.iter().zip(1..=TeamId::MOST).map(|(spec, number)| Team {
            id: TeamId(number),
            spec: spec.clone(),
            phase: TeamPhase::Waiting,
            attempt: 0,
            turns: 0,
            base: None,
            place: None,
            checkpoint: None,
            candidates: Vec::new(),
            feedback: Vec::new(),
            account: TeamAccount::default(),
        });
        Self {
            id,
            kind: match (brief.heals, &brief.feature) {
                (Some(_), _) => MissionKind::Heal,
                (None, Some(_)) => MissionKind::Feature,
                (None, None) => MissionKind::Brief,
            },
            teams: teams.collect(),
            brief: Arc::new(brief.clone()),
            opened: at,
            revision: Revision(0),
            step: None,
            preparation: Preparation::default(),
            judgement: None,
            rulings: BTreeMap::new(),
            result: MissionResult::default(),
            course: Course::default(),
            effects: BTreeMap::new(),
            spent: Money::ZERO,
            usage: Usage::default(),
        }
    }

    /// Removes the failed run that this one repeats and returns its tries.
    fn take_failed(&mut self, id: &EffectId) -> u8 {
        let earlier =
            self.effects.iter().find(|(old, state)| state.started.is_none() && intent(old) == intent(id));
        let earlier = earlier.map(|(old, state)| (old.clone(), state.tries));
        earlier.map_or(0, |(old, tries)| {
            self.effects.remove(&old);
            tries
        })
    }

    fn apply(&mut self, event: &MissionEvent, at: Timestamp) {
        match event {
            MissionEvent::Opened(_) | MissionEvent::Released(_) => {}
            MissionEvent::Admitted => self.step = Some(Step::Clarify),
            MissionEvent::Surveyed(survey) => self.preparation.survey = Some(Arc::new((**survey).clone())),
            MissionEvent::QuestionsAsked(questions) => self.preparation.questions = Some(questions.clone()),
            MissionEvent::Clarified(answers) => self.preparation.answers = answers.clone(),
            MissionEvent::Planned(plan) => self.preparation.plan = Some(Arc::new((**plan).clone())),
            MissionEvent::StepEntered(step, revision) => self.enter(*step, *revision),
            MissionEvent::Judged(verdicts, missing) => {
                self.judgement = Some(Judgement { verdicts: verdicts.clone(), missing: missing.clone() });
            }
            MissionEvent::Ruled(team, attempt, ruling) => {
                self.rulings.insert(*team, (*attempt, (**ruling).clone()));
            }
            MissionEvent::Chosen(team, attempt) => self.result.chosen = Some((*team, *attempt)),
            MissionEvent::Landed(commit, branch) => {
                self.result.landed = Some((commit.clone(), branch.clone()))
            }
            MissionEvent::Restored(commit, branch) => {
                keep(&mut self.result.restored, (commit.clone(), branch.clone()));
            }
            MissionEvent::Ended(ending) => self.result.ending = Some((ending.clone(), at)),
            MissionEvent::Reopened(_) => {
                self.step = None;
                self.result.ending = None;
                self.result.chosen = None;
                self.result.budget_note = None;
                self.result.rating = None;
                self.course.begin_again();
                if self.brief.feature.is_some() {
                    // Whoever was at work, or failed, may be asked for something else this time.
                    self.teams.iter_mut().for_each(Team::wait);
                }
            }
            MissionEvent::TestSeen(team, attempt) => self.stand(*team, *attempt),
            MissionEvent::Retried(team, _) => self.course.retried(*team),
            MissionEvent::Staged(commit) => self.course.staged = Some(commit.clone()),
            MissionEvent::Validated(run) => self.course.validation = Some((**run).clone()),
            MissionEvent::BudgetReached(note) => self.result.budget_note = Some(note.clone()),
            MissionEvent::Rated(rating) => self.result.rating = Some(rating.clone()),
        }
    }

    /// The test stands: whoever builds begins with it, in a conversation of its own.
    fn stand(&mut self, team: TeamId, attempt: u32) {
        let writer = self.teams.iter().find(|known| known.id == team);
        let Some((candidate, Some(evidence))) = writer.and_then(|team| team.entry(attempt)).cloned() else {
            return;
        };
        self.course.test = Some(Standing { candidate, evidence });
        self.course.retries.clear();
        for team in &mut self.teams {
            team.candidates.clear();
            team.checkpoint = None;
            team.turns = 0;
            team.phase = TeamPhase::Waiting;
        }
    }

    fn enter(&mut self, step: Step, revision: Revision) {
        self.step = Some(step);
        self.revision = self.revision.max(revision);
        if step == Step::Clarify {
            self.preparation.questions = None;
            self.preparation.answers.clear();
        }
        if step < Step::Land {
            self.result.chosen = None;
        }
        if step == Step::Judge {
            self.course.retries.clear();
        }
        if step <= Step::Judge {
            self.judgement = None;
            self.rulings.clear();
        }
    }
}

/// Adds to a bounded list; the oldest goes.
fn keep<T>(list: &mut Vec<T>, item: T) {
    list.push(item);
    let surplus = list.len().saturating_sub(State::KEPT_MOST);
    list.drain(..surplus);
}

impl Team {
    fn wait(&mut self) {
        self.phase = TeamPhase::Waiting;
        self.place = None;
    }

    fn apply(&mut self, event: &TeamEvent, at: Timestamp) {
        match event {
            TeamEvent::DraftStarted { attempt, .. } => {
                self.phase = TeamPhase::Drafting;
                self.attempt = *attempt;
                self.turns = 0;
                self.feedback.clear();
                self.account.started = Some(at);
                self.account.turned = at;
            }
            TeamEvent::TurnFinished { turn, transcript, commit } => {
                self.turns = *turn;
                self.account.turned = at;
                let before = self.checkpoint.take().and_then(|(_, commit)| commit);
                self.checkpoint = Some((*transcript, commit.clone().or(before)));
            }
            TeamEvent::CandidateProposed(candidate) => {
                self.stop_clock(at);
                self.phase = TeamPhase::Checking;
                keep(&mut self.candidates, (Arc::new((**candidate).clone()), None));
            }
            TeamEvent::EvidenceGathered(attempt, evidence) => {
                if let Some(entry) = self.candidates.iter_mut().rev().find(|(c, _)| c.attempt == *attempt) {
                    entry.1 = Some(Arc::new((**evidence).clone()));
                    if self.phase == TeamPhase::Checking && self.attempt == *attempt {
                        self.phase = TeamPhase::Ready;
                    }
                }
            }
            TeamEvent::ResultStale(_) => {}
            TeamEvent::Failed(failure) => self.fail(failure, at),
            TeamEvent::FeedbackGiven(text) => keep(&mut self.feedback, text.clone()),
            TeamEvent::Rebased(commit) => self.rebase(commit),
            TeamEvent::TakenOver => {
                self.stop_clock(at);
                self.phase = TeamPhase::TakenOver;
                self.place = None;
            }
            TeamEvent::Lent(place) => self.place = Some(place.clone()),
            TeamEvent::HandedBack => {
                self.phase = TeamPhase::Drafting;
                self.place = None;
            }
        }
    }

    /// On another base than before its conversation is about files that are not there any more.
    fn rebase(&mut self, commit: &CommitId) {
        if self.base.replace(commit.clone()).is_some_and(|before| before != *commit) {
            self.checkpoint = None;
            self.turns = 0;
        }
    }

    fn fail(&mut self, failure: &Failure, at: Timestamp) {
        self.stop_clock(at);
        self.phase = TeamPhase::Failed(failure.clone());
    }

    fn stop_clock(&mut self, at: Timestamp) {
        if let Some(since) = self.account.started.take() {
            let total = self.account.worked.0.saturating_add(at.since(since).0);
            self.account.worked.0 = total;
        }
    }
}
