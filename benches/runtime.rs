//! Start of the engine on a long history made by the engine itself. `CHIMERA_BENCH_HISTORY` names a directory
//! that keeps that history for the next run. Floor: the same start on an empty one.

use crate::{
    engine::brief,
    harness::{Pair, RUNS, median, row, span, timed, times},
};
use chimera::domain::feed::{Channel, FeedItem};
use chimera::{
    cli::voices,
    domain::{ids::MissionId, request::Actor},
    engine::command::{Command, MissionCommand},
    operations::landing::Target,
    policy::settings::Policy,
    runtime::{
        Setup, WorkRules, Working,
        clock::Clock,
        feeds::Feeds,
        handle::{self, Handle},
    },
};
use futures::{StreamExt, stream};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Events of the history; `CHIMERA_BENCH_EVENTS` says otherwise, up to this.
const EVENTS: u64 = 100_000;
/// Missions opened and ended at the same time while it is made.
const AT_ONCE: usize = 100;
/// Pieces of one run through the feeds.
const PIECES: u32 = 4_000;

fn setup(data: &Path) -> Setup {
    Setup {
        data: data.to_owned(),
        purpose: "bench".into(),
        policy: Policy::default(),
        work: WorkRules {
            preview: None,
            orchestrator: vec![],
            investigator: vec![],
            judges: vec![],
            summarizer: vec![],
            reach: Default::default(),
            landing: Target::Own,
            staging: Default::default(),
            repository: chimera::workspace::Rules::default(),
            healing: None,
        },
        transcripts: chimera::config::settings::Transcripts::default(),
        switchboard: std::sync::Arc::new(voices::nobody().unwrap()),
        clock: Clock::Wall,
        working: Working::No,
    }
}

async fn open_and_cancel(handle: &Handle, n: usize) {
    let open = MissionCommand::Open(Box::new(brief(&format!("Checkout returns 500, case {n}."))));
    let receipt = handle.send(Command::Mission(open)).await.unwrap();
    let opened = receipt.events.iter().find_map(|event| match event {
        chimera::engine::event::Event::Mission(id, _) => Some(*id),
        _ => None,
    });
    let id = opened.unwrap_or(MissionId(0));
    handle.send(Command::Mission(MissionCommand::Cancel(id, "not any more".into()))).await.unwrap();
}

/// Opens and cancels missions until there are so many events; answers how many there are.
async fn fill(data: &Path, events: u64) -> u64 {
    let (handle, end) = handle::link(Actor::Person("ada".into()));
    let engine = chimera::runtime::start(setup(data), end).await.unwrap();
    let mut n = 0;
    while handle.snapshot().seq.0 < events {
        let at_once = AT_ONCE.min(1 + (events - handle.snapshot().seq.0) as usize / 8);
        stream::iter(n..n + at_once).for_each_concurrent(AT_ONCE, |n| open_and_cancel(&handle, n)).await;
        n += at_once;
    }
    let last = handle.snapshot().seq.0;
    engine.end().await;
    last
}

/// From the call to the first state that a screen could draw.
async fn start(data: &Path) -> Duration {
    let setup = setup(data);
    let (handle, end) = handle::link(Actor::Person("ada".into()));
    let mut states = handle.subscribe();
    let begun = Instant::now();
    let (engine, told) = futures::join!(chimera::runtime::start(setup, end), async {
        states.changed().await.unwrap();
        begun.elapsed()
    });
    engine.unwrap().end().await;
    told
}

fn feeds() {
    let channel = Channel { mission: MissionId(1), team: None };
    let value = || {
        let feeds = Feeds::default();
        timed(|| {
            for n in 0..PIECES {
                feeds.push(channel, FeedItem::Text("a few words, as they come ".into()));
                if n % 100 == 99 {
                    assert!(!feeds.read(channel, u64::from(n - 99)).items.is_empty());
                }
            }
        }) / PIECES
    };
    let floor = || {
        timed(|| (0..PIECES).map(|_| String::from("a few words, as they come ")).collect::<Vec<_>>()) / PIECES
    };
    times(
        "a piece of a stream through the feeds",
        &crate::harness::pair(value, floor),
        "(floor: the string made)",
    );
}

pub fn measure() {
    feeds();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let kept = std::env::var_os("CHIMERA_BENCH_HISTORY").map(PathBuf::from);
    let wanted = std::env::var("CHIMERA_BENCH_EVENTS").ok().and_then(|words| words.parse().ok());
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let data = kept.unwrap_or_else(|| scratch.path().join("long"));
    let empty = scratch.path().join("empty");
    let begun = Instant::now();
    let events = runtime.block_on(fill(&data, EVENTS.min(wanted.unwrap_or(EVENTS))));
    row(&format!("making a history of {events} events"), &span(begun.elapsed()), "", 0.0, "");
    let (mut value, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        value.push(runtime.block_on(start(&data)));
        floor.push(runtime.block_on(start(&empty)));
    }
    let pair = Pair { value: median(value), floor: median(floor) };
    times("start of the engine until its first state", &pair, "(floor: on an empty history)");
}
