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
        request::{Actor, Decision, Subject},
        team::ModelRef,
    },
    engine::{
        command::{Command, DeskCommand, MoneyCommand, Outcome, Report},
        event::{DeskEvent, Event, MoneyEvent},
        state::State,
    },
    providers::wire::Purse,
    store::Store,
};
use futures::future::{BoxFuture, FutureExt};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
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
    /// Feedback items handed on so far.
    heard: AtomicUsize,
}

impl AgentOffice {
    pub fn new(lines: Lines, channel: Channel, effect: EffectId, stop: StopSign) -> Self {
        // What was said before this attempt is in its effect; what stands in the state was said since, and may
        // not have been heard before a crash: it is handed on from the first.
        Self { lines, channel, effect, stop, heard: AtomicUsize::new(0) }
    }

    fn actor(&self) -> Actor {
        Actor::Agent(self.channel.mission, self.channel.team)
    }

    fn feedback(&self) -> Vec<String> {
        let state = self.lines.state.borrow();
        let team = state
            .missions
            .get(&self.channel.mission)
            .and_then(|mission| mission.teams.iter().find(|team| Some(team.id) == self.channel.team));
        team.map(|team| team.feedback.clone()).unwrap_or_default()
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
            let ask = Command::Desk(DeskCommand::Ask(self.channel.mission, Box::new(subject)));
            let receipt = match self.lines.orders.give(self.actor(), ask).await {
                Ok(receipt) => receipt,
                Err(error) => return Decision::Reject { reason: error.to_string() },
            };
            let opened = receipt.events.iter().find_map(|event| match event {
                Event::Desk(DeskEvent::RequestOpened(request)) => Some(request.id),
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
        let all = self.feedback();
        let heard = self.heard.swap(all.len(), Ordering::Relaxed);
        all.into_iter().skip(heard).collect()
    }
}

impl Purse for AgentOffice {
    fn reserve<'a>(&'a self, model: &'a ModelRef, worst: Cost) -> BoxFuture<'a, Result<CallId, String>> {
        async move {
            let Channel { mission, team } = self.channel;
            let reserve = MoneyCommand::Reserve { mission, team, model: model.clone(), worst };
            let receipt = self
                .lines
                .orders
                .give(self.actor(), Command::Money(reserve))
                .await
                .map_err(|error: SendError| error.to_string())?;
            receipt
                .events
                .iter()
                .find_map(|event| match event {
                    Event::Money(MoneyEvent::Reserved { call, .. }) => Some(*call),
                    _ => None,
                })
                .ok_or_else(|| "the engine set nothing aside".to_owned())
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
