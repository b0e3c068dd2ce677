//! Start and end of an engine: opens the store, folds what the journal has beyond the last saved state, joins
//! inbox, driver and clock, and takes it all apart again in order.

use super::{
    clock::Clock,
    door::{self, Door, Signals},
    driver::{
        Driver,
        site::{Site, WorkRules},
    },
    handle::{EngineEnd, SendError},
    inbox::Inbox,
    office::Lines,
    orders::{self, Orders},
    post,
    records::{self, BadRecord},
    retention,
    supervisor::{StopSign, Supervisor, beside},
    viewing,
    watching::{Hooks, Watch},
};
use crate::{
    config::settings::Transcripts,
    domain::{
        feed::Channel,
        ids::{EffectId, MissionId, Seq},
        request::Actor,
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command, ControlCommand},
        event::{ControlEvent, Event, Fact},
        state::State,
    },
    policy::settings::Policy,
    providers::wire::Switchboard,
    store::{Opened, Options, Store, error::StoreError},
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        mpsc::{self, RecvTimeoutError, SyncSender},
    },
};
use tokio::{sync::watch, task::JoinHandle, time};

/// How long an engine runs before it tidies up.
const TIDY_AFTER: Millis = Millis::mins(1);
/// And how long until it does so again.
const TIDY_AGAIN: Millis = Millis::hours(24);
/// How long the inbox may take to write what it has when the engine ends.
const LAST_WORDS_MOST: Millis = Millis::secs(5);

/// What an engine is made of.
pub struct Setup {
    /// Data directory.
    pub data: PathBuf,
    /// What owns it, for whoever comes second: the command as typed.
    pub purpose: String,
    /// What rules.
    pub policy: Policy,
    /// How work is done.
    pub work: WorkRules,
    /// What is kept of old conversations.
    pub transcripts: Transcripts,
    /// Who answers.
    pub switchboard: Arc<dyn Switchboard>,
    /// Tells the time.
    pub clock: Clock,
    /// Whether missions go on while it runs.
    pub working: Working,
}

/// Whether missions go on while an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Working {
    /// Effects are carried out.
    Yes,
    /// Only commands are taken: somebody looks or decides and leaves. Effects wait for the next start.
    No,
}

/// An engine that did not start; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An entry cannot be understood.
    #[error(transparent)]
    Record(#[from] BadRecord),
    /// The first orders were not taken.
    #[error("the engine could not take its first orders: {0}")]
    First(#[from] SendError),
    /// The thread that opens the store died.
    #[error("the data directory {0} could not be opened: the program made a mistake; its log says more")]
    Died(PathBuf),
}

/// An engine that runs.
pub struct Engine {
    supervisor: Supervisor,
    site: Arc<Site>,
    store: Arc<Store>,
    close: watch::Sender<bool>,
    inbox: JoinHandle<()>,
    hooks: Option<Arc<Hooks>>,
    /// Dropping it ends the waiting keeper.
    _tidying: Option<SyncSender<()>>,
    /// What a person should know about the start: rebuilt, cut, recovered; one line each.
    pub notes: Vec<String>,
}

/// What was on disk.
struct Found {
    store: Store,
    state: State,
    saved: Seq,
    notes: Vec<String>,
    torn: Option<u64>,
}

/// Starts an engine behind this end.
///
/// # Errors
/// [`StartError`]; the data directory is as it was, but for a torn tail that was cut.
pub async fn start(setup: Setup, mut faces: EngineEnd) -> Result<Engine, StartError> {
    let data = setup.data.clone();
    let purpose = setup.purpose.clone();
    let now = setup.clock.now();
    let opening = tokio::task::spawn_blocking(move || open(&data, &purpose, now));
    let found = opening.await.map_err(|_| StartError::Died(setup.data.clone()))??;
    let store = Arc::new(found.store);
    let (give, world) = orders::lane();
    faces.state.send_replace(Arc::new(found.state.clone()));
    let lines = Lines {
        orders: give.clone(),
        state: faces.state.subscribe(),
        feeds: faces.feeds.clone(),
        store: store.clone(),
    };
    let watch = (setup.working == Working::Yes)
        .then_some(setup.work.healing.as_ref())
        .flatten()
        .map(|rules| (rules.probes.clone(), rules.eyes.clone()))
        .map(|looks| Arc::new(Watch::new(looks, faces.probes.clone(), &setup.data)));
    let place = (watch.clone(), setup.clock.clone(), setup.data.as_path());
    let site = Arc::new(Site::new(lines, setup.work, setup.switchboard, place));
    let supervisor = Supervisor::default();
    let faces_state = faces.state.subscribe();
    let (close, closed) = watch::channel(false);
    let (closed_for_watch, watched_state) = (closed.clone(), faces.state.subscribe());
    let previews = faces.previews.take().filter(|_| setup.working == Working::Yes);
    if let Some(end) = previews {
        let keeper = viewing::Keeper { site: site.clone(), supervisor: supervisor.clone() };
        beside(keeper.serve(end, closed.clone()));
    }
    post::open(&setup.data);
    let door = Door {
        data: setup.data.clone(),
        entrance: faces.entrance.clone(),
        state: faces.state.subscribe(),
        closed: closed.clone(),
        signals: Signals::hear(),
    };
    let halt = post::control_files(&setup.data).filter(|halt| door::adds(&found.state.control, halt));
    let same_policy = *found.state.policy == setup.policy;
    let inbox = Inbox {
        state: found.state,
        store: store.clone(),
        clock: setup.clock.clone(),
        faces,
        world,
        driver: (setup.working == Working::Yes).then(|| Driver::new(site.clone(), supervisor.clone())),
        close: closed,
        saved: found.saved,
        begun: false,
        unheard: Vec::new(),
    };
    let keeper = Keeper {
        store: Arc::downgrade(&store),
        state: faces_state,
        clock: setup.clock.clone(),
        keep: setup.transcripts,
    };
    let tidying = (setup.working == Working::Yes).then(|| keeper.start()).flatten();
    let engine = Engine {
        _tidying: tidying,
        supervisor,
        site,
        store: store.clone(),
        close,
        inbox: beside(inbox.serve()),
        hooks: watch.clone().map(|watch| Arc::new(Hooks::new(watch, give.clone(), &setup.data))),
        notes: found.notes,
    };
    if setup.working == Working::Yes {
        tidy_later(&engine);
    }
    if let Some(watch) = watch {
        beside(watch.clone().ask_releases(watched_state.clone(), closed_for_watch.clone()));
        beside(watch.keep(give.clone(), watched_state, closed_for_watch));
    }
    let load = (!same_policy).then(|| ControlCommand::Load(Box::new(setup.policy)));
    match first_orders(&give, load.into_iter().chain(halt)).await {
        Ok(()) => {
            beside(door.keep());
            Ok(engine)
        }
        Err(error) => {
            engine.end().await;
            Err(error.into())
        }
    }
    .inspect(|_| tracing::info!(torn = ?found.torn, "started"))
}

/// Trees that missions left behind go when the engine has run for a while; ends with the engine's other tasks.
fn tidy_later(engine: &Engine) {
    let site = engine.site.clone();
    let nobody = Channel { mission: MissionId(0), team: None };
    let task = |stop: StopSign| async move {
        tokio::select! {
            () = stop.raised() => {}
            () = async { time::sleep(TIDY_AFTER.to_std()).await; site.tidy_all().await } => {}
        }
    };
    engine.supervisor.start(EffectId("house/tidy".into()), nobody, task, async {});
}

/// Tidies up in a thread of its own when the engine has run for a while, then daily: short commands never pay for
/// it.
struct Keeper {
    store: Weak<Store>,
    state: watch::Receiver<Arc<State>>,
    clock: Clock,
    keep: Transcripts,
}

impl Keeper {
    fn start(self) -> Option<SyncSender<()>> {
        let (ends, ended) = mpsc::sync_channel(0);
        let wait = move || {
            let mut wait = TIDY_AFTER;
            while ended.recv_timeout(wait.to_std()) == Err(RecvTimeoutError::Timeout) {
                self.tidy();
                wait = TIDY_AGAIN;
            }
        };
        let thread = std::thread::Builder::new().name("tidying".into()).spawn(wait);
        // Without a thread nothing is tidied up this time.
        thread.inspect_err(|error| tracing::warn!(%error, "no thread to tidy up")).ok().map(|_| ends)
    }

    fn tidy(&self) {
        let Some(store) = self.store.upgrade() else { return };
        let state = self.state.borrow().clone();
        match retention::sweep(&store, &state, self.clock.now(), self.keep) {
            Ok(swept) if swept.removed > 0 => {
                tracing::info!(removed = swept.removed, bytes = swept.bytes, "old transcripts removed");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old transcripts could not be removed"),
        }
        store.take_notes().iter().for_each(|note| tracing::warn!(%note, "history"));
    }
}

/// Policy and kill switch hold before anything goes on.
async fn first_orders(
    give: &Orders,
    before: impl IntoIterator<Item = ControlCommand>,
) -> Result<(), SendError> {
    for control in before {
        give.give(Actor::Engine, Command::Control(control)).await?;
    }
    let version = env!("CARGO_PKG_VERSION").to_owned();
    give.give(Actor::Engine, Command::Control(ControlCommand::Start { version })).await.map(drop)
}

fn open(data: &Path, purpose: &str, now: Timestamp) -> Result<Found, StartError> {
    let Opened { store, mut notes, state, torn } = Store::open(data, Options::new(now, purpose))?;
    let (saved, mut folded) = saved(state, &mut notes);
    for entry in store.read_from(Seq(saved.0 + 1))? {
        let entry = entry?;
        let fact = records::fact_of(&entry)?;
        folded.apply(entry.seq, &fact);
    }
    if let Some(bytes) = torn {
        note_recovery(&store, &mut folded, (bytes, now))?;
    }
    Ok(Found { store, state: folded, saved, notes, torn })
}

/// A saved state, if this version understands it.
pub(super) fn saved(state: Option<(Seq, Vec<u8>)>, notes: &mut Vec<String>) -> (Seq, State) {
    match state.map(|(seq, bytes)| (seq, serde_json::from_slice::<State>(&bytes))) {
        Some((seq, Ok(state))) if state.records.current() => (seq, state),
        Some((_, Ok(_))) => {
            notes.push(
                "the saved state counts otherwise than this version; folded the journal instead".into(),
            );
            (Seq(0), State::default())
        }
        Some((_, Err(error))) => {
            notes
                .push(format!("the saved state is of another version ({error}); folded the journal instead"));
            (Seq(0), State::default())
        }
        None => (Seq(0), State::default()),
    }
}

/// The journal itself tells that its tail was cut.
fn note_recovery(store: &Store, state: &mut State, (bytes, now): (u64, Timestamp)) -> Result<(), StartError> {
    let fact = Fact {
        actor: Actor::Engine,
        at: state.at.max(now),
        event: Event::Control(ControlEvent::Recovered { bytes }),
    };
    let unwritable = |error: serde_json::Error| BadRecord {
        seq: state.seq.0 + 1,
        kind: "control.recovered".into(),
        why: error.to_string(),
    };
    let entry = records::entry_of(&fact).map_err(unwritable)?;
    let seq = futures::executor::block_on(store.append(vec![entry]))?;
    state.apply(seq, &fact);
    Ok(())
}

impl Engine {
    /// Where payloads of other systems come in; `None` where nothing is watched.
    #[must_use]
    pub fn hooks(&self) -> Option<Arc<Hooks>> {
        self.hooks.clone()
    }

    /// Ends it in order: work stops (and goes on at the next start), the inbox writes what it has, the store
    /// closes. Returns when the data directory is free, with what a person should know of the end, one line each.
    pub async fn end(self) -> Vec<String> {
        self.site.close();
        self.supervisor.halt(None, None, None).await;
        self.close.send_replace(true);
        let mut inbox = self.inbox;
        if time::timeout(LAST_WORDS_MOST.to_std(), &mut inbox).await.is_err() {
            inbox.abort();
        }
        drop(self.site);
        drop(self.supervisor);
        let Ok(store) = Arc::try_unwrap(self.store) else { return Vec::new() };
        // The last sync of the history can take a moment: not on a thread that others need.
        let notes = tokio::task::spawn_blocking(move || store.close()).await.unwrap_or_default();
        notes.iter().for_each(|note| tracing::warn!(%note, "end"));
        notes
    }
}
