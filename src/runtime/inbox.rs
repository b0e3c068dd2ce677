//! The inbox: everything that wants something stands in one total order here.
//!
//! `decide` what may be done, append what has happened, wait until it is durable, and only then publish the new
//! state, answer the sender and let the driver act. Orders that wait together share one append. If the journal
//! cannot take them, the state goes back to what is durable and every sender is told: nothing happened.

use super::{
    clock::Clock,
    driver::Driver,
    handle::{Ask, EngineEnd, HistoryEntry, HistoryQuery, Receipt, SendError},
    orders::Posted,
    past::{dossier, export, search, shelf::Owned},
    records,
};
use crate::{
    domain::{
        ids::{CallId, Seq},
        money::{Cost, Money, Usage},
        request::Actor,
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, MoneyCommand, Order},
        decide,
        event::{ControlEvent, EffectEvent, Event, MoneyEvent},
        facts, next_deadline, react, resume,
        state::State,
    },
    store::{Store, entry::NewEntry},
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Orders that share one append.
const BATCH_MOST: usize = 64;
/// Entries between two saved states: bounds what a start has to replay.
const SAVE_EVERY: u64 = 2_000;
/// The longest wait for a timer; deadlines further away are looked at again then.
const NAP_MOST: Millis = Millis::hours(1);

type Reply = oneshot::Sender<Result<Receipt, SendError>>;

/// The engine's own loop.
pub(super) struct Inbox {
    /// With everything that was decided, durable or about to be.
    pub state: State,
    /// Where it is made durable.
    pub store: Arc<Store>,
    /// Tells the time of orders.
    pub clock: Clock,
    /// People.
    pub faces: EngineEnd,
    /// The world.
    pub world: mpsc::Receiver<Posted>,
    /// Who acts; `None`: nobody, effects wait for the next start.
    pub driver: Option<Driver>,
    /// Ends the loop.
    pub close: watch::Receiver<bool>,
    /// Last saved state.
    pub saved: Seq,
    /// Whether the journal knows that this process has started. What runs before that is an earlier process's and asked about:
    /// nothing of this one may begin by then.
    pub begun: bool,
    /// Calls whose reservation nobody heard of: the caller went away. They are freed in the next turn.
    pub unheard: Vec<CallId>,
}

fn reserved(event: Event) -> Option<CallId> {
    match event {
        Event::Money(MoneyEvent::Reserved { call, .. }) => Some(call),
        _ => None,
    }
}

/// What one turn of the loop works on.
#[derive(Default)]
struct Batch {
    entries: Vec<NewEntry>,
    events: Vec<Event>,
    replies: Vec<(Reply, Result<Receipt, SendError>)>,
}

impl Inbox {
    /// Serves until told to close or until nobody can reach it any more.
    pub async fn serve(mut self) {
        loop {
            let nap = self.nap();
            let (ask, posted) = tokio::select! {
                biased;
                _ = self.close.wait_for(|close| *close) => break,
                ask = self.faces.asks.recv() => match ask {
                    Some(ask) => (Some(ask), None),
                    None => break,
                },
                posted = self.world.recv() => (None, posted),
                () = tokio::time::sleep(nap) => (None, None),
            };
            self.take(ask, posted).await;
        }
        self.save();
    }

    fn nap(&self) -> std::time::Duration {
        if !self.unheard.is_empty() {
            return std::time::Duration::ZERO;
        }
        let wait = next_deadline(&self.state).map_or(NAP_MOST, |due| due.since(self.clock.now()));
        wait.min(NAP_MOST).to_std()
    }

    /// One turn: whatever waits, people first. With nothing at hand it is a timer's turn.
    async fn take(&mut self, ask: Option<Ask>, posted: Option<Posted>) {
        let before = self.state.clone();
        let mut batch = Batch::default();
        for call in std::mem::take(&mut self.unheard) {
            let free = MoneyCommand::Settle { call, usage: Usage::default(), cost: Cost::Known(Money::ZERO) };
            self.enter(&mut batch, Actor::Engine, Command::Money(free), None);
        }
        if ask.is_none() && posted.is_none() {
            self.enter(&mut batch, Actor::Engine, Command::Tick, None);
        }
        let mut ask = ask.or_else(|| self.faces.asks.try_recv().ok());
        while let Some(this) = ask {
            self.answer(&mut batch, this);
            ask = (batch.replies.len() < BATCH_MOST).then(|| self.faces.asks.try_recv().ok()).flatten();
        }
        let mut posted = posted;
        while let Some(this) = posted {
            self.enter(&mut batch, this.actor, this.command, Some(this.reply));
            posted = (batch.replies.len() < BATCH_MOST).then(|| self.world.try_recv().ok()).flatten();
        }
        self.settle(batch, before).await;
    }

    fn answer(&mut self, batch: &mut Batch, ask: Ask) {
        match ask {
            Ask::Send(actor, command, reply) => self.enter(batch, actor, *command, Some(reply)),
            Ask::Read(query, reply) => self.on_disk(reply, move |store| read(store, &query)),
            Ask::Follow(after, most, reply) => {
                self.on_disk(reply, move |store| follow(store, after, most));
            }
            Ask::Search(search, reply) => {
                self.on_disk(reply, move |store| search::run(&Owned(store), &search));
            }
            Ask::Gather(mission, reply) => {
                self.on_disk(reply, move |store| dossier::gather(&Owned(store), mission));
            }
            Ask::Export(wanted, reply) => {
                self.on_disk(reply, move |store| export::to_file(&Owned(store), &wanted));
            }
            Ask::Fetch(content, reply) => {
                self.on_disk(reply, move |store| store.blobs().get(content).map_err(|e| e.to_string()));
            }
            Ask::Keep(bytes, reply) => {
                self.on_disk(reply, move |store| store.blobs().put(&bytes).map_err(|e| e.to_string()));
            }
        }
    }

    fn on_disk<T: Send + 'static>(
        &self,
        reply: oneshot::Sender<Result<T, SendError>>,
        work: impl FnOnce(&Store) -> Result<T, String> + Send + 'static,
    ) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || {
            // The asker may have gone away; then nobody needs the answer.
            let _ = reply.send(work(&store).map_err(SendError::Store));
        });
    }

    fn enter(&mut self, batch: &mut Batch, actor: Actor, command: Command, reply: Option<Reply>) {
        let order = Order { actor, at: self.now(), command };
        let result = match decide(&self.state, &order) {
            Ok(events) => self.fold(batch, &order, events),
            Err(refusal) => Err(SendError::Refused(refusal)),
        };
        batch.replies.extend(reply.map(|reply| (reply, result)));
    }

    fn fold(&mut self, batch: &mut Batch, order: &Order, events: Vec<Event>) -> Result<Receipt, SendError> {
        let facts = facts(order, events);
        let written: Result<Vec<NewEntry>, _> = facts.iter().map(records::entry_of).collect();
        batch.entries.extend(written.map_err(|error| SendError::Store(error.to_string()))?);
        for fact in &facts {
            self.state.apply(Seq(self.state.seq.0 + 1), fact);
        }
        let events: Vec<Event> = facts.into_iter().map(|fact| fact.event).collect();
        batch.events.extend(events.iter().cloned());
        Ok(Receipt { seq: self.state.seq, events })
    }

    /// Never before the last entry: a wall clock that goes back must not make history run backwards.
    fn now(&self) -> Timestamp {
        self.clock.now().max(self.state.at)
    }

    async fn settle(&mut self, batch: Batch, before: State) {
        let failed = match batch.entries.is_empty() {
            true => None,
            false => self.store.append(batch.entries).await.err().map(|error| error.to_string()),
        };
        if let Some(why) = failed {
            tracing::error!(%why, "the journal did not take {} events; nothing happened", batch.events.len());
            self.state = before;
            for (reply, result) in batch.replies {
                let _ = reply.send(result.and_then(|_| Err(SendError::Store(why.clone()))));
            }
            return;
        }
        if !batch.events.is_empty() {
            self.faces.state.send_replace(Arc::new(self.state.clone()));
        }
        for (reply, result) in batch.replies {
            if let Err(Ok(unheard)) = reply.send(result) {
                self.unheard.extend(unheard.events.into_iter().filter_map(reserved));
            }
        }
        self.act(&batch.events);
        if self.state.seq.0 >= self.saved.0 + SAVE_EVERY {
            self.save();
        }
    }

    fn act(&mut self, events: &[Event]) {
        let started = |event: &Event| matches!(event, Event::Control(ControlEvent::Started { .. }));
        // What was wanted before is resumed with the start.
        let from = if self.begun { Some(0) } else { events.iter().position(started) };
        let Some(events) = from.and_then(|from| events.get(from..)) else { return };
        self.begun = true;
        let Some(driver) = &self.driver else { return };
        for event in events {
            if let Event::Effect(EffectEvent::Dropped(effect)) = event {
                driver.cancel(effect);
            }
            let effects = match event {
                Event::Control(ControlEvent::Resumed | ControlEvent::Started { .. }) => resume(&self.state),
                _ => react(&self.state, event),
            };
            effects.into_iter().for_each(|effect| driver.start(effect));
        }
    }

    fn save(&mut self) {
        if self.saved == self.state.seq {
            return;
        }
        match serde_json::to_vec(&self.state) {
            Ok(bytes) => match self.store.save_state(self.state.seq, &bytes) {
                Ok(()) => self.saved = self.state.seq,
                // Not fatal: the journal has everything, the next start replays more of it.
                Err(error) => tracing::warn!(%error, "the state could not be saved"),
            },
            Err(error) => tracing::warn!(%error, "the state could not be written as JSON"),
        }
    }
}

fn read(store: &Store, query: &HistoryQuery) -> Result<Vec<HistoryEntry>, String> {
    let entries = store.query(&query.into()).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(HistoryEntry::from).collect())
}

/// From the journal itself: no index is opened for whoever reads along.
fn follow(store: &Store, after: Seq, most: usize) -> Result<Vec<HistoryEntry>, String> {
    let entries =
        store.read_along(Seq(after.0.saturating_add(1)), most).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(HistoryEntry::from).collect())
}
