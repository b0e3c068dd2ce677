//! The desk handle: all that a face may use. Behind it stands the inbox of this process, or
//! [`attach`](super::attach) where another process owns the data directory.

use super::{
    discretion::discreet,
    feeds::Feeds,
    past::{
        dossier::Dossier,
        export::{Exported, Wanted},
        search::{Page, Search},
    },
    previews::{self, Previews, PreviewsEnd},
    records,
};
use crate::{
    domain::{
        digest::Digest,
        ids::{MissionId, Seq},
        probe::ProbeHealth,
        request::Actor,
        time::Timestamp,
    },
    engine::{
        command::{Command, Refusal},
        event::{Event, Fact},
        state::State,
    },
    store::{
        entry::{Entry, VERSION},
        history::{Order, Query},
    },
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// What a command brought about. Sent when it is durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Last journal entry of it.
    pub seq: Seq,
    /// What happened.
    pub events: Vec<Event>,
}

/// A command that did not go through.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The core said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The journal could not take it: nothing happened.
    #[error("{0}")]
    Store(String),
    /// The engine had ended before it was asked.
    #[error("the engine has ended; nothing was done")]
    Closed,
    /// The process that owns the data directory has not answered; the words say whether it took the command.
    #[error("{0}")]
    Unanswered(String),
}

impl SendError {
    /// The engine took it and ended without an answer: nobody knows here.
    #[must_use]
    pub fn lost() -> Self {
        Self::Unanswered("the engine ended before it answered: look whether it was done".into())
    }
}

/// What of the history is wanted. Newest first, unless it says from where on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryQuery {
    /// Of this mission only.
    pub mission: Option<MissionId>,
    /// Kinds that start so, such as `mission.` or `desk.request_decided`.
    pub kind: String,
    /// Older than this entry.
    pub before: Option<Seq>,
    /// This entry and later ones, oldest first; then `before` is not looked at.
    pub from: Option<Seq>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Up to this time, inclusive.
    pub until: Option<Timestamp>,
    /// At most so many.
    pub most: usize,
}

impl From<&HistoryQuery> for Query {
    fn from(query: &HistoryQuery) -> Self {
        let (from, order) = match query.from {
            Some(from) => (Some(from), Order::OldestFirst),
            None => (query.before.map(|seq| Seq(seq.0.saturating_sub(1))), Order::NewestFirst),
        };
        Self {
            mission: query.mission,
            kind: (!query.kind.is_empty()).then(|| query.kind.clone()),
            since: query.since,
            until: query.until,
            from,
            limit: query.most,
            order,
        }
    }
}

/// One entry of the history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// Where in the journal.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What kind, such as `mission.opened`.
    pub kind: String,
    /// Of which mission.
    pub mission: Option<MissionId>,
    /// What, as it stands in the journal (JSON).
    pub payload: String,
    /// SHA-256 of the record before it.
    pub prev: Digest,
    /// SHA-256 of its own record.
    pub hash: Digest,
}

impl From<Entry> for HistoryEntry {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor,
            kind: entry.kind,
            mission: entry.mission,
            payload: entry.payload,
            prev: entry.prev,
            hash: entry.hash,
        }
    }
}

impl From<HistoryEntry> for Entry {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: entry.actor,
            kind: entry.kind,
            mission: entry.mission,
            payload: entry.payload,
            prev: entry.prev,
            hash: entry.hash,
            version: VERSION,
        }
    }
}

impl HistoryEntry {
    /// What it tells, to be folded.
    ///
    /// # Errors
    /// In words: another version of the program wrote it.
    pub fn fact(&self) -> Result<Fact, String> {
        records::fact_of(&self.clone().into()).map_err(|error| error.to_string())
    }

    /// Its record as it stands in the journal, if that has the hash it should have.
    ///
    /// # Errors
    /// The hash that it has instead.
    pub fn record(&self) -> Result<String, Digest> {
        let entry = Entry::from(self.clone());
        let record = entry.record();
        let hash = Digest::of(record.as_bytes());
        if hash == self.hash { Ok(record) } else { Err(hash) }
    }
}

/// A thing asked of the engine's task.
pub enum Ask {
    /// A command and where its receipt goes.
    Send(Actor, Box<Command>, oneshot::Sender<Result<Receipt, SendError>>),
    /// A look into the history.
    Read(HistoryQuery, oneshot::Sender<Result<Vec<HistoryEntry>, SendError>>),
    /// Entries after this one, at most so many, oldest first.
    Follow(Seq, usize, oneshot::Sender<Result<Vec<HistoryEntry>, SendError>>),
    /// A search among everything that was done and said, a page of it.
    Search(Box<Search>, oneshot::Sender<Result<Page, SendError>>),
    /// Everything that concerns one mission.
    Gather(MissionId, oneshot::Sender<Result<Dossier, SendError>>),
    /// A mission written to a file.
    Export(Box<Wanted>, oneshot::Sender<Result<Exported, SendError>>),
    /// A blob by content.
    Fetch(Digest, oneshot::Sender<Result<Vec<u8>, SendError>>),
    /// Bytes to keep.
    Keep(Vec<u8>, oneshot::Sender<Result<Digest, SendError>>),
}

/// All a face may use. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    asks: mpsc::Sender<Ask>,
    state: watch::Receiver<Arc<State>>,
    feeds: Feeds,
    previews: Previews,
    probes: watch::Receiver<Arc<Vec<ProbeHealth>>>,
    lost: watch::Receiver<Option<Arc<Lost>>>,
    actor: Actor,
}

/// The other end of a [`Handle`]: what the engine's task serves.
pub struct EngineEnd {
    /// What faces ask, in order.
    pub asks: mpsc::Receiver<Ask>,
    /// The same lane's entrance, for people who come by post; weak, so that it ends with the last handle.
    pub(super) entrance: mpsc::WeakSender<Ask>,
    /// Where the state is published.
    pub state: watch::Sender<Arc<State>>,
    /// Where agents' streams go.
    pub feeds: Feeds,
    /// Where previews are asked for, until somebody serves them.
    pub(super) previews: Option<PreviewsEnd>,
    /// Where it is told how probes do.
    pub(super) probes: watch::Sender<Arc<Vec<ProbeHealth>>>,
    /// Where it is told that the line to the engine is lost.
    lost: watch::Sender<Option<Arc<Lost>>>,
}

impl Ask {
    /// The one way by which a person's command comes in, from whichever face: secrets stay outside.
    pub(super) fn send(
        actor: Actor,
        command: Command,
        reply: oneshot::Sender<Result<Receipt, SendError>>,
    ) -> Self {
        Self::Send(actor, Box::new(discreet(command)), reply)
    }
}

impl EngineEnd {
    /// Tells how probes do elsewhere.
    pub fn tell_probes(&self, probes: Vec<ProbeHealth>) {
        self.probes.send_replace(Arc::new(probes));
    }

    /// Tells that the line to the engine is lost, or that it is there again.
    pub fn tell_lost(&self, lost: Option<Lost>) {
        self.lost.send_replace(lost.map(Arc::new));
    }

    /// Where previews are asked for, for whoever has them run; where nobody does, who asks is told so.
    pub fn take_previews(&mut self) -> Option<PreviewsEnd> {
        self.previews.take()
    }
}

/// The engine is elsewhere and cannot be reached: what is shown is as of then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Since when.
    pub since: Timestamp,
    /// Why, in words.
    pub why: String,
}

/// Asks of people that may wait at once.
const ASKS_MOST: usize = 256;

/// A handle for this actor, and its other end. A face can draw and take keys before anybody serves that end;
/// what it asks meanwhile waits.
#[must_use]
pub fn link(actor: Actor) -> (Handle, EngineEnd) {
    let (asks, asked) = mpsc::channel(ASKS_MOST);
    let (publish, state) = watch::channel(Arc::new(State::default()));
    let feeds = Feeds::default();
    let entrance = asks.downgrade();
    let (previews, shown) = previews::link();
    let (tell, probes) = watch::channel(Arc::new(Vec::new()));
    let (lose, lost) = watch::channel(None);
    let end = EngineEnd {
        asks: asked,
        entrance,
        state: publish,
        feeds: feeds.clone(),
        previews: Some(shown),
        probes: tell,
        lost: lose,
    };
    (Handle { asks, state, feeds, previews, probes, lost, actor }, end)
}

impl Handle {
    /// The same for somebody else: what is commanded is commanded in that name.
    #[must_use]
    pub fn in_name_of(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// The state as of now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<State> {
        self.state.borrow().clone()
    }

    /// Tells of every newer state; closed when the engine ends.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Arc<State>> {
        self.state.clone()
    }

    /// The channels' streams.
    #[must_use]
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// How every probe does; empty where nothing is watched, or another process watches.
    #[must_use]
    pub fn probes(&self) -> Arc<Vec<ProbeHealth>> {
        self.probes.borrow().clone()
    }

    /// Tells of every change of it.
    #[must_use]
    pub fn watch_probes(&self) -> watch::Receiver<Arc<Vec<ProbeHealth>>> {
        self.probes.clone()
    }

    /// Tells whether the line to an engine elsewhere is lost; never where the engine is in this process.
    #[must_use]
    pub fn watch_line(&self) -> watch::Receiver<Option<Arc<Lost>>> {
        self.lost.clone()
    }

    /// Candidates that run to be looked at.
    #[must_use]
    pub fn previews(&self) -> &Previews {
        &self.previews
    }

    /// Gives a command in the name of whoever the handle is for; resolves when it is durable or refused. Secrets in its words
    /// are taken out before it goes anywhere.
    ///
    /// # Errors
    /// The core's refusal, the journal's failure, or the engine's end.
    pub async fn send(&self, command: Command) -> Result<Receipt, SendError> {
        let actor = self.actor.clone();
        self.ask(|reply| Ask::send(actor, command, reply)).await
    }

    /// Looks into the history.
    ///
    /// # Errors
    /// The store's failure, or the engine's end.
    pub async fn read(&self, query: HistoryQuery) -> Result<Vec<HistoryEntry>, SendError> {
        self.ask(|reply| Ask::Read(query, reply)).await
    }

    /// The entries after this one as they stand in the journal, oldest first, at most `most`; none: nothing came since.
    /// With the sequence number of what was read last it misses nothing and gives nothing twice.
    ///
    /// # Errors
    /// The store's failure, or the engine's end.
    pub async fn follow(&self, after: Seq, most: usize) -> Result<Vec<HistoryEntry>, SendError> {
        self.ask(|reply| Ask::Follow(after, most, reply)).await
    }

    /// Searches, a page at a time: whoever does not ask for the next one has ended the search.
    ///
    /// # Errors
    /// The store's failure, or the engine's end.
    pub async fn search(&self, search: Search) -> Result<Page, SendError> {
        self.ask(|reply| Ask::Search(Box::new(search), reply)).await
    }

    /// Gathers everything that concerns one mission.
    ///
    /// # Errors
    /// The store's failure, there is no such mission, or the engine's end.
    pub async fn gather(&self, mission: MissionId) -> Result<Dossier, SendError> {
        self.ask(|reply| Ask::Gather(mission, reply)).await
    }

    /// Writes everything about one mission to a file.
    ///
    /// # Errors
    /// There is such a file already, it cannot be written, there is no such mission, or the engine's end.
    pub async fn export(&self, wanted: Wanted) -> Result<Exported, SendError> {
        self.ask(|reply| Ask::Export(Box::new(wanted), reply)).await
    }

    /// Reads a blob (a patch, an output, a transcript).
    ///
    /// # Errors
    /// The store's failure, or the engine's end.
    pub async fn blob(&self, content: Digest) -> Result<Vec<u8>, SendError> {
        self.ask(|reply| Ask::Fetch(content, reply)).await
    }

    /// Keeps bytes by content; durable when it returns.
    ///
    /// # Errors
    /// The store's failure, or the engine's end.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<Digest, SendError> {
        self.ask(|reply| Ask::Keep(bytes, reply)).await
    }

    async fn ask<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, SendError>>) -> Ask,
    ) -> Result<T, SendError> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(make(reply)).await.map_err(|_| SendError::Closed)?;
        answer.await.map_err(|_| SendError::lost())?
    }
}
