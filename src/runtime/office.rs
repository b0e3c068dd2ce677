//! The house as one agent sees it: its account, its channel, the one desk. Everything that must last goes
//! through the inbox; what streams goes to the feeds.

use super::{feeds::Feeds, handle::SendError, orders::Orders, supervisor::StopSign};
use crate::{
    agents::office::Office,
    domain::{
        candidate::CommitId,
        digest::Digest,
        feed::{Channel, FeedItem},
        ids::{CallId, EffectId, RequestId},
        money::{Cost, Usage},
        request::{Actor, Decision, Request, Subject},
        team::ModelRef,
    },
    engine::{
        command::{Command, DeskCommand, MoneyCommand, Outcome, RefusalKind, Report},
        event::{DeskEvent, Event, MoneyEvent},
        healing::ward::owner,
        state::State,
    },
    providers::wire::{Purse, Withheld},
    store::Store,
};
use futures::future::{BoxFuture, FutureExt};
use std::{io, sync::Arc};
use tokio::sync::watch;

/// What offices are made of.
#[derive(Clone)]
pub(super) struct Lines {
    /// Into the inbox.
    pub orders: Orders,
    /// Out of it.
    pub state: watch::Receiver<Arc<State>>,
    /// To the screens.
    pub feeds: Feeds,
    /// Blobs.
    pub store: Arc<Store>,
}

/// An agent's office: bound to the effect it carries out.
pub(super) struct AgentOffice {
    lines: Lines,
    channel: Channel,
    effect: EffectId,
    stop: StopSign,
}

impl AgentOffice {
    pub fn new(lines: Lines, channel: Channel, effect: EffectId, stop: StopSign) -> Self {
        Self { lines, channel, effect, stop }
    }

    fn actor(&self) -> Actor {
        match owner(&self.effect) {
            Some(incident) => Actor::Investigator(incident),
            None => Actor::Agent(self.channel.mission, self.channel.team),
        }
    }

    fn feedback(&self) -> Vec<String> {
        let state = self.lines.state.borrow();
        let team = state
            .missions
            .get(&self.channel.mission)
            .and_then(|mission| mission.teams.iter().find(|team| Some(team.id) == self.channel.team));
        team.map(|team| team.feedback.clone()).unwrap_or_default()
    }

    /// The answer that this question got without being heard: it came before the turn that asked was finished, and the
    /// process died in between. Only of questions: whether a command runs is asked each time.
    fn unheard(&self, subject: &Subject) -> Option<Decision> {
        let Subject::Ask { team, .. } = subject else { return None };
        let state = self.lines.state.borrow();
        let mission = state.missions.get(&self.channel.mission)?;
        let since = mission.teams.iter().find(|known| known.id == *team)?.account.turned;
        let same = |request: &Request| request.mission == mission.id && request.subject == *subject;
        let (_, decision, _) = state.decided.iter().rev().find(|(r, _, at)| same(r) && *at >= since)?;
        (*decision != Decision::Withdrawn).then(|| decision.clone())
    }

    async fn wait_for_decision(&self, request: RequestId) -> Decision {
        let mut state = self.lines.state.clone();
        let decided = state.wait_for(|state| !state.desk.contains_key(&request)).await;
        match decided {
            Ok(state) => {
                let found = state.decided.iter().rev().find(|(asked, ..)| asked.id == request);
                found.map_or(Decision::Withdrawn, |(_, decision, _)| decision.clone())
            }
            Err(_) => Decision::Withdrawn,
        }
    }
}

impl Office for AgentOffice {
    fn purse(&self) -> &dyn Purse {
        self
    }

    fn feed(&self, item: FeedItem) {
        self.lines.feeds.push(self.channel, item);
    }

    fn ask(&self, subject: Subject) -> BoxFuture<'_, Decision> {
        async move {
            if let Some(decision) = self.unheard(&subject) {
                return decision;
            }
            let ask = Command::Desk(DeskCommand::Ask(self.channel.mission, Box::new(subject)));
            let receipt = match self.lines.orders.give(self.actor(), ask).await {
                Ok(receipt) => receipt,
                Err(error) => return Decision::Reject { reason: error.to_string() },
            };
            let opened = receipt.events.iter().find_map(|event| match event {
                // Revised: it was asked before a crash, and stands open since.
                Event::Desk(DeskEvent::RequestOpened(request) | DeskEvent::RequestRevised(request)) => {
                    Some(request.id)
                }
                _ => None,
            });
            match opened {
                Some(request) => tokio::select! {
                    decision = self.wait_for_decision(request) => decision,
                    () = self.stop.raised() => Decision::Withdrawn,
                },
                None => Decision::Withdrawn,
            }
        }
        .boxed()
    }

    fn turn_finished(&self, turn: u32, transcript: Digest, commit: Option<CommitId>) -> BoxFuture<'_, ()> {
        async move {
            let outcome = Outcome::Turn { turn, transcript, commit };
            let report = Command::Report(Report { effect: self.effect.clone(), outcome });
            if let Err(error) = self.lines.orders.give(self.actor(), report).await {
                tracing::warn!(%error, effect = %self.effect, "a finished turn could not be journaled");
            }
        }
        .boxed()
    }

    fn keep(&self, bytes: &[u8]) -> io::Result<Digest> {
        self.lines.store.blobs().put(bytes)
    }

    fn fetch(&self, content: Digest) -> io::Result<Vec<u8>> {
        self.lines.store.blobs().get(content)
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        self.stop.raised().boxed()
    }

    fn said(&self) -> Vec<String> {
        // What was said before this attempt is in its effect; what stands in the state was said since.
        self.feedback()
    }
}

/// A halt that came between the beginning of an effect and its call is no cap: the effect is to be done later.
fn withheld(error: SendError) -> Withheld {
    let words = error.to_string();
    match error {
        SendError::Refused(refusal) => match refusal.kind {
            RefusalKind::OverBudget | RefusalKind::Forbidden | RefusalKind::Invalid => {
                Withheld::Capped { why: words, enough: refusal.enough }
            }
            RefusalKind::Halted | RefusalKind::Already | RefusalKind::Stale | RefusalKind::Unknown => {
                Withheld::Stopped(words)
            }
        },
        SendError::Store(_) | SendError::Closed | SendError::Unanswered(_) => Withheld::Stopped(words),
    }
}

impl Purse for AgentOffice {
    fn reserve<'a>(&'a self, model: &'a ModelRef, worst: Cost) -> BoxFuture<'a, Result<CallId, Withheld>> {
        async move {
            let Channel { mission, team } = self.channel;
            let reserve = MoneyCommand::Reserve { mission, team, model: model.clone(), worst };
            let receipt =
                self.lines.orders.give(self.actor(), Command::Money(reserve)).await.map_err(withheld)?;
            receipt
                .events
                .iter()
                .find_map(|event| match event {
                    Event::Money(MoneyEvent::Reserved { call, .. }) => Some(*call),
                    _ => None,
                })
                .ok_or_else(|| Withheld::Stopped("the engine set nothing aside".to_owned()))
        }
        .boxed()
    }

    fn settle(&self, call: CallId, usage: Usage, cost: Cost) -> BoxFuture<'_, ()> {
        async move {
            let settle = Command::Money(MoneyCommand::Settle { call, usage, cost });
            if let Err(error) = self.lines.orders.give(self.actor(), settle).await {
                tracing::warn!(%error, %call, "a call could not be settled; its reservation stays");
            }
        }
        .boxed()
    }
}
