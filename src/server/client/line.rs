//! The line itself: connects, folds what comes, tells when it is lost and takes it up again. It goes on after the last
//! entry that came, if the journal at the other end is the same one; else everything is asked for anew.

use super::{
    address::Address,
    asks::{answer, refuse, word},
    previews::FarPreviews,
    settings::FarSettings,
    streams::{Dropped, Here, bring, goes_on},
    way::Way,
    wire::{Event, Trouble, Wire},
};
use crate::{
    domain::{
        digest::Digest,
        feed::Channel,
        ids::{MissionId, Seq},
        probe::ProbeHealth,
        team::TeamSpec,
        text::json_escaped,
        time::{Millis, Timestamp},
    },
    engine::{records::Records, state::State},
    runtime::{
        beside,
        clock::Clock,
        handle::{Ask, EngineEnd, HistoryEntry, Lost},
    },
    server::tail::VERSION,
};
use futures::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};
use tokio::{sync::watch, task::JoinHandle, time};

/// Before a line that was lost is tried again, longer each time up to the last.
const AGAIN_AFTER: [Millis; 5] = [Millis(100), Millis(250), Millis(500), Millis::secs(1), Millis::secs(3)];
/// What is said of a token that counted when the line began.
const TOKEN_GONE: &str = "your token does not count any more";
/// Entries that are folded before the state is shown.
const FOLDED_MOST: usize = 256;

/// There is no daemon to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers.
    #[error(
        "{0} cannot be reached: {1}; `chimera --monitor` serves there, `serving` in what it prints says where"
    )]
    Unreachable(Address, String),
    /// It speaks another version.
    #[error("{0} is of another version of the program: {1}; use that one here")]
    Other(Address, String),
    /// It does not serve whoever asks.
    #[error("{0} does not serve you: {1}")]
    Refused(Address, String),
}

/// What a daemon says first.
#[derive(Deserialize)]
struct Snapshot {
    version: u32,
    program: String,
    journal: Option<Digest>,
    repo: Option<PathBuf>,
    teams: Vec<TeamSpec>,
    probes: Vec<ProbeHealth>,
    state: State,
}

/// A daemon that answers.
pub struct Far {
    address: Address,
    wire: Wire,
    snapshot: Snapshot,
}

/// A line that is served.
pub struct Remote {
    /// Where to, and what is there.
    pub label: String,
    close: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Sorts of problems that are about whoever asks.
const ABOUT_US: [&str; 5] = ["unauthorized", "role", "misdirected", "too_many", "forbidden"];

/// Connects to a daemon.
///
/// # Errors
/// Nobody answers there, a version that is not understood, or it serves others only.
pub async fn connect(address: Address, way: &Way) -> Result<Far, ConnectError> {
    let wire = Wire::by(way).map_err(|why| ConnectError::Unreachable(address.clone(), why))?;
    match snapshot(&wire).await {
        Ok(snapshot) => Ok(Far { address, wire, snapshot }),
        Err(Trouble::Lost(why)) => Err(ConnectError::Unreachable(address, why)),
        Err(Trouble::Refused { sort, detail }) if ABOUT_US.contains(&sort.as_str()) => {
            Err(ConnectError::Refused(address, detail))
        }
        Err(Trouble::Refused { detail, .. }) => Err(ConnectError::Other(address, detail)),
    }
}

async fn snapshot(wire: &Wire) -> Result<Snapshot, Trouble> {
    let other = |detail: String| Trouble::Refused { sort: "other_version".into(), detail };
    let value: Value = wire.get("/api/snapshot").await?;
    let snapshot: Snapshot = serde_json::from_value(value).map_err(|error| other(error.to_string()))?;
    if snapshot.version != VERSION {
        return Err(other(format!("its form is {}, and {VERSION} is understood", snapshot.version)));
    }
    if !snapshot.state.records.current() {
        let detail =
            format!("{} counts in another way than version {} of it", snapshot.program, Records::VERSION);
        return Err(other(detail));
    }
    Ok(snapshot)
}

impl Far {
    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The repository that it works in, as a path at its end.
    #[must_use]
    pub fn repo(&self) -> Option<&PathBuf> {
        self.snapshot.repo.as_ref()
    }

    /// Teams that can race there.
    #[must_use]
    pub fn teams(&self) -> &[TeamSpec] {
        &self.snapshot.teams
    }

    /// Its settings, read and changed there.
    #[must_use]
    pub fn settings(&self) -> FarSettings {
        FarSettings::of(self.wire.clone())
    }

    /// What rules there.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.snapshot.state
    }

    /// Serves this end over the line.
    #[must_use]
    pub fn serve(self, mut end: EngineEnd) -> Remote {
        let Self { address, wire, snapshot } = self;
        let states = end.state.subscribe();
        let previews = end.take_previews();
        let previews = previews.map(|end| FarPreviews::of(end, wire.clone(), states, address.clone()));
        let (close, closed) = watch::channel(false);
        let label = format!("{address} ({})", snapshot.program);
        let (born, looked) = (Clock::Wall.now(), end.feeds.looked());
        let mut line = Line {
            wire,
            end,
            state: State::default(),
            journal: None,
            asks: FuturesUnordered::new(),
            looked,
            streams: FuturesUnordered::new(),
            brought: BTreeMap::new(),
            born,
            closed,
        };
        line.take_over(snapshot);
        let looks = async move {
            match previews {
                Some(previews) => match previews.serve().await {},
                None => std::future::pending().await,
            }
        };
        let task = async move {
            tokio::select! {
                () = line.serve() => {}
                () = looks => {}
            }
        };
        Remote { label, close, task: beside(task) }
    }
}

impl Remote {
    /// Lets go. The daemon goes on.
    pub async fn end(self) {
        self.close.send_replace(true);
        // A panic in there was told when it happened.
        let _ = self.task.await;
    }
}

/// Why a stretch of the line ended.
enum Ended {
    /// This side lets go.
    Closed,
    /// The line broke.
    Lost(String),
    /// What came does not go on from what is here.
    Other(String),
}

struct Line {
    wire: Wire,
    end: EngineEnd,
    state: State,
    journal: Option<Digest>,
    asks: FuturesUnordered<BoxFuture<'static, ()>>,
    looked: watch::Receiver<BTreeSet<Channel>>,
    streams: FuturesUnordered<BoxFuture<'static, Dropped>>,
    /// Channels that were ever brought, and the place they came to where they are not being brought now.
    brought: BTreeMap<Channel, Brought>,
    born: Timestamp,
    closed: watch::Receiver<bool>,
}

/// How it stands with a channel.
enum Brought {
    /// It is being brought.
    Now,
    /// It was, up to here.
    To(Option<u64>),
}

/// What woke the line.
enum Woken {
    Closed,
    Ask(Option<Ask>),
    Answered,
    Looked,
    Streamed(Dropped),
    Event(Option<Result<Event, Trouble>>),
    Time,
}

impl Line {
    fn take_over(&mut self, snapshot: Snapshot) {
        self.journal = snapshot.journal;
        self.state = snapshot.state;
        self.end.tell_probes(snapshot.probes);
        self.show();
    }

    fn show(&self) {
        self.end.state.send_replace(Arc::new(self.state.clone()));
    }

    async fn serve(mut self) {
        loop {
            let why = match self.follow().await {
                Ended::Closed => return,
                Ended::Lost(why) | Ended::Other(why) => why,
            };
            tracing::info!(%why, "the line is lost");
            self.end.tell_lost(Some(Lost { since: Clock::Wall.now(), why: why.clone() }));
            if !self.find_again(&why).await {
                return;
            }
            self.end.tell_lost(None);
        }
    }

    /// Folds what comes until it ends.
    async fn follow(&mut self) -> Ended {
        let mut events = self.wire.stream("/api/events", Some(self.state.seq.0));
        self.bring_looked();
        loop {
            match self.wake(Some(&mut events), Millis::hours(1)).await {
                Woken::Closed | Woken::Ask(None) => return Ended::Closed,
                Woken::Ask(Some(ask)) => {
                    let states = self.end.state.subscribe();
                    self.asks.push(answer(ask, self.wire.clone(), states, word(self.born)).boxed());
                }
                Woken::Event(next) => {
                    if let Err(ended) = self.fold(next, &mut events) {
                        return ended;
                    }
                }
                other => self.tend(other),
            }
        }
    }

    /// Tries until there is a line again; false: this side lets go.
    async fn find_again(&mut self, why: &str) -> bool {
        let mut why = why.to_owned();
        let since = Clock::Wall.now();
        let mut tries = AGAIN_AFTER.into_iter().chain(std::iter::repeat(AGAIN_AFTER[AGAIN_AFTER.len() - 1]));
        loop {
            let until = time::Instant::now() + tries.next().unwrap_or(AGAIN_AFTER[0]).to_std();
            while let Some(left) =
                until.checked_duration_since(time::Instant::now()).filter(|left| !left.is_zero())
            {
                let left = Millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1));
                match self.wake(None, left).await {
                    Woken::Closed | Woken::Ask(None) => return false,
                    Woken::Ask(Some(ask)) => refuse(ask, &why),
                    other => self.tend(other),
                }
            }
            match snapshot(&self.wire).await {
                // The same journal: what is missing is asked for, so that nothing is seen twice or not at all.
                Ok(snapshot) if snapshot.journal == self.journal && snapshot.state.seq >= self.state.seq => {
                    self.end.tell_probes(snapshot.probes);
                    return true;
                }
                Ok(snapshot) => {
                    self.take_over(snapshot);
                    return true;
                }
                Err(trouble) => {
                    tracing::debug!(?trouble, "the line is still lost");
                    // A token that was taken back will not come again by waiting: it is said.
                    if let Trouble::Refused { sort, detail } = trouble {
                        why = match sort.as_str() {
                            "unauthorized" => TOKEN_GONE.to_owned(),
                            // It is asked about too often by now, and that is not why.
                            "too_many" if why == TOKEN_GONE => why,
                            _ => detail,
                        };
                        self.end.tell_lost(Some(Lost { since, why: why.clone() }));
                    }
                }
            }
        }
    }

    async fn wake(
        &mut self,
        events: Option<&mut BoxStream<'static, Result<Event, Trouble>>>,
        most: Millis,
    ) -> Woken {
        let next = async {
            match events {
                Some(events) => events.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = closed(&mut self.closed) => Woken::Closed,
            ask = self.end.asks.recv() => Woken::Ask(ask),
            Some(()) = self.asks.next(), if !self.asks.is_empty() => Woken::Answered,
            next = next => Woken::Event(next),
            Some(dropped) = self.streams.next(), if !self.streams.is_empty() => Woken::Streamed(dropped),
            Ok(()) = self.looked.changed() => Woken::Looked,
            () = time::sleep(most.to_std()) => Woken::Time,
        }
    }

    fn tend(&mut self, woken: Woken) {
        match woken {
            Woken::Streamed(Dropped { channel, place, unseen }) => {
                self.brought.insert(channel, Brought::To(place));
                if unseen {
                    // Somebody may look at it again by now.
                    self.bring_looked();
                }
            }
            Woken::Looked => self.bring_looked(),
            Woken::Closed | Woken::Ask(_) | Woken::Answered | Woken::Event(_) | Woken::Time => {}
        }
    }

    /// Channels that somebody looks at are brought: what is kept of them, and what comes while their missions go on.
    fn bring_looked(&mut self) {
        let looked = self.looked.borrow_and_update().clone();
        for channel in looked {
            let known = self.state.missions.contains_key(&channel.mission);
            let from = match self.brought.get(&channel) {
                None if known => None,
                Some(Brought::To(place)) if goes_on(&self.state, channel) => *place,
                _ => continue,
            };
            self.brought.insert(channel, Brought::Now);
            let here = Here {
                feeds: self.end.feeds.clone(),
                states: self.end.state.subscribe(),
                looked: self.looked.clone(),
            };
            self.streams.push(bring(self.wire.clone(), here, (channel, from)).boxed());
        }
    }

    /// What came, and what has come behind it, before anything is shown.
    fn fold(
        &mut self,
        next: Option<Result<Event, Trouble>>,
        events: &mut BoxStream<'static, Result<Event, Trouble>>,
    ) -> Result<(), Ended> {
        let before = self.state.seq;
        let mut next = Some(next);
        let mut ended = Ok(());
        for _ in 0..FOLDED_MOST {
            let Some(this) = next.take() else { break };
            ended = match this {
                Some(Ok(event)) => self.take(&event),
                Some(Err(Trouble::Lost(why))) => Err(Ended::Lost(why)),
                Some(Err(Trouble::Refused { detail, .. })) => Err(Ended::Other(detail)),
                None => Err(Ended::Lost("the other side has closed".into())),
            };
            if ended.is_err() {
                break;
            }
            next = events.next().now_or_never();
        }
        // One that was taken and is not folded would be missing for ever.
        if let (Ok(()), Some(Some(Ok(event)))) = (&ended, &next) {
            ended = self.take(event);
        }
        if self.state.seq != before {
            self.show();
            self.bring_looked();
        }
        ended
    }

    fn take(&mut self, event: &Event) -> Result<(), Ended> {
        if event.sort == "probes" {
            // Of another version: then they are as they were.
            if let Ok(probes) = serde_json::from_str(&event.data) {
                self.end.tell_probes(probes);
            }
            return Ok(());
        }
        let entry = entry(&event.data).map_err(Ended::Other)?;
        match entry.seq {
            seq if seq <= self.state.seq => Ok(()),
            seq if seq.0 == self.state.seq.0 + 1 => {
                let fact = entry.fact().map_err(Ended::Other)?;
                self.state.apply(seq, &fact);
                Ok(())
            }
            seq => Err(Ended::Other(format!("after {} came {seq}", self.state.seq))),
        }
    }
}

async fn closed(closed: &mut watch::Receiver<bool>) {
    // An error means that whoever held the other end is gone.
    let _ = closed.wait_for(|closed| *closed).await;
}

/// An entry as it comes over the line; its hashes do not.
#[derive(Deserialize)]
struct Entry {
    version: u32,
    seq: Seq,
    at: Timestamp,
    actor: String,
    kind: String,
    mission: Option<MissionId>,
    event: Value,
}

fn entry(data: &str) -> Result<HistoryEntry, String> {
    let entry: Entry =
        serde_json::from_str(data).map_err(|error| format!("an entry cannot be read: {error}"))?;
    if entry.version != VERSION {
        return Err(format!("an entry is of form {}, and {VERSION} is understood", entry.version));
    }
    Ok(HistoryEntry {
        seq: entry.seq,
        at: entry.at,
        actor: entry.actor,
        kind: entry.kind,
        mission: entry.mission,
        payload: json_escaped(entry.event.to_string()),
        prev: Digest::default(),
        hash: Digest::default(),
    })
}
