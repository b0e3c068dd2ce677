//! The nerves under test: a real store in a temporary directory, a real repository, voices that hang or break.

use super::{
    attach::attach,
    clock::Clock,
    driver::site::WorkRules,
    handle::{self, Ask, Handle, HistoryQuery, SendError},
    inbox::Inbox,
    look::Look,
    office::{AgentOffice, Lines},
    orders, people,
    start::{Engine, Setup, Working, start},
    supervisor::{StopSign, Supervisor, beside},
};
use crate::{
    agents::office::Office,
    config::settings::Transcripts,
    domain::{
        brief::{Approval, Brief},
        candidate::CommitId,
        feed::Channel,
        ids::{EffectId, MissionId, RequestId, Revision, Seq, TeamId},
        mission::Step,
        money::{Cost, Money},
        plan::{Plan, Survey},
        request::{Actor, Decision, Modification, Subject},
        team::{ModelRef, TeamSpec, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{
            Command, ControlCommand, DeskCommand, MissionCommand, MoneyCommand, Outcome, RefusalKind, Report,
        },
        effect::EffectKind,
        state::{Control, State},
    },
    operations::landing::Target,
    policy::settings::Policy,
    providers::wire::{CallError, CallRequest, OnDelta, Purse, Reply, Switchboard, Withheld},
    store::{Options, Store},
    workspace::{self, fixture::Shop},
};
use futures::future::{BoxFuture, FutureExt};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot, watch};

mod secrets;

/// How long anything may take here before the test gives up.
const PATIENCE: Millis = Millis::mins(5);

/// Voices that tell of each call, then hang or break.
struct Voices {
    called: mpsc::Sender<()>,
    breaks: bool,
}

impl Switchboard for Voices {
    fn call<'a>(
        &'a self,
        _: &'a [ModelRef],
        _: &'a CallRequest,
        _: &'a dyn Purse,
        _: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        async move {
            let _ = self.called.try_send(());
            assert!(!self.breaks, "on purpose");
            futures::future::pending().await
        }
        .boxed()
    }
}

fn model() -> ModelRef {
    ModelRef { vendor: Vendor::Google, model: "m".into() }
}

fn brief(repo: &Path) -> Brief {
    Brief {
        text: "Make it right.".into(),
        constraints: Vec::new(),
        checks: vec!["true".into()],
        budget: Money::usd(1),
        attachments: Vec::new(),
        teams: vec![TeamSpec { name: "A".into(), model: model(), fallback: Vec::new() }],
        approve: Approval::Ask,
        repo: repo.display().to_string(),
        timeout: None,
        priority: 5,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}

fn open(repo: &Path) -> Command {
    Command::Mission(MissionCommand::Open(Box::new(brief(repo))))
}

fn control(command: ControlCommand) -> Command {
    Command::Control(command)
}

fn ada() -> Actor {
    Actor::Person("ada".into())
}

fn setup(data: &Path, working: Working, voices: Voices) -> Setup {
    Setup {
        data: data.to_owned(),
        purpose: "test".into(),
        policy: Policy::default(),
        work: WorkRules {
            preview: None,
            orchestrator: vec![model()],
            judges: vec![vec![model()]],
            summarizer: vec![model()],
            investigator: Vec::new(),
            reach: Default::default(),
            landing: Target::Current,
            staging: Default::default(),
            repository: workspace::Rules::default(),
            healing: None,
        },
        transcripts: Transcripts::default(),
        switchboard: Arc::new(voices),
        clock: Clock::Manual(Arc::new(AtomicI64::new(1_000_000))),
        working,
    }
}

/// Voices that hang, and where they tell of calls.
fn hanging() -> (Voices, mpsc::Receiver<()>) {
    let (called, calls) = mpsc::channel(64);
    (Voices { called, breaks: false }, calls)
}

async fn running(data: &Path, working: Working) -> (Engine, Handle, mpsc::Receiver<()>) {
    let (voices, calls) = hanging();
    let (handle, end) = handle::link(ada());
    (start(setup(data, working, voices), end).await.unwrap(), handle, calls)
}

async fn until(handle: &Handle, what: &str, is: impl Fn(&State) -> bool) -> Arc<State> {
    let mut states = handle.subscribe();
    let found = tokio::time::timeout(PATIENCE.to_std(), states.wait_for(|state| is(state))).await;
    found.unwrap_or_else(|_| panic!("never: {what}")).unwrap().clone()
}

async fn kinds(handle: &Handle, kind: &str) -> Vec<String> {
    let query = HistoryQuery { kind: kind.into(), most: 1_000, ..HistoryQuery::default() };
    handle.read(query).await.unwrap().into_iter().map(|entry| entry.kind).collect()
}

fn begun(state: &State) -> usize {
    state.missions.values().flat_map(|m| m.effects.values()).filter(|e| e.started.is_some()).count()
}

// -- start and end ------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_start_from_a_saved_state_equals_a_full_replay_and_loads_a_policy_only_when_it_changed() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (engine, handle, _) = running(dir.path(), Working::No).await;
    handle.send(open(&shop.repo())).await.unwrap();
    let before = handle.snapshot();
    engine.end().await;
    assert!(dir.path().join("state").read_dir().unwrap().next().is_some(), "a state was saved");
    assert_eq!(Look::open(dir.path()).unwrap().state, *before);
    let mut old = serde_json::to_value(&*before).unwrap();
    old.as_object_mut().unwrap().remove("records").unwrap();
    let store = Store::open(dir.path(), Options::new(before.at, "test")).unwrap().store;
    store.save_state(before.seq, old.to_string().as_bytes()).unwrap();
    store.close();
    assert_eq!(Look::open(dir.path()).unwrap().state, *before, "numbers of old come from the journal");
    std::fs::remove_dir_all(dir.path().join("state")).unwrap();
    assert_eq!(Look::open(dir.path()).unwrap().state, *before, "the journal alone says the same");
    let (engine, handle, _) = running(dir.path(), Working::No).await;
    let loaded = |kinds: Vec<String>| kinds.iter().filter(|kind| *kind == "control.policy_loaded").count();
    assert_eq!(loaded(kinds(&handle, "control.").await), 0, "the usual policy needs no telling");
    engine.end().await;
    let policy = Policy { level: 2, ..Policy::default() };
    for _ in 0..2 {
        let (handle, end) = handle::link(ada());
        let wanted = Setup { policy: policy.clone(), ..setup(dir.path(), Working::No, hanging().0) };
        let engine = start(wanted, end).await.unwrap();
        assert_eq!(handle.snapshot().policy.level, 2);
        assert_eq!(loaded(kinds(&handle, "control.").await), 1);
        engine.end().await;
    }
}

#[tokio::test]
async fn a_torn_tail_is_cut_told_and_journaled() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, ..) = running(dir.path(), Working::No).await;
    engine.end().await;
    let segment = dir.path().join("journal").join(format!("{:020}.log", 1));
    std::fs::OpenOptions::new().append(true).open(segment).unwrap().write_all(b"half an ent").unwrap();
    let (engine, handle, _) = running(dir.path(), Working::No).await;
    assert!(engine.notes.iter().any(|note| note.contains("11 bytes")), "{:?}", engine.notes);
    assert_eq!(kinds(&handle, "control.recovered").await.len(), 1);
    engine.end().await;
}

// -- taking over --------------------------------------------------------------------------------------------

/// Voices that break for the orchestrator's two effects, then hang for the team.
#[derive(Default)]
struct TeamsOnly(AtomicUsize);

impl Switchboard for TeamsOnly {
    fn call<'a>(
        &'a self,
        _: &'a [ModelRef],
        _: &'a CallRequest,
        _: &'a dyn Purse,
        _: OnDelta<'a>,
    ) -> BoxFuture<'a, Result<Reply, CallError>> {
        async move {
            assert!(self.0.fetch_add(1, Ordering::Relaxed) >= 2, "on purpose");
            futures::future::pending().await
        }
        .boxed()
    }
}

#[tokio::test]
async fn c10_whoever_takes_over_is_told_where_and_what_is_done_there_becomes_the_candidate() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (handle, end) = handle::link(ada());
    let wanted = setup(dir.path(), Working::Yes, hanging().0);
    let engine = start(Setup { switchboard: Arc::new(TeamsOnly::default()), ..wanted }, end).await.unwrap();
    handle.send(open(&shop.repo())).await.unwrap();
    let (mission, team) = (MissionId(1), TeamId(1));
    let drafts = |state: &State| state.missions[&mission].step == Some(Step::Draft) && begun(state) > 0;
    until(&handle, "a draft", drafts).await;
    handle.send(Command::Mission(MissionCommand::TakeOver(mission, team))).await.unwrap();
    let lent = |state: &State| state.missions[&mission].teams[0].place.clone();
    let state = until(&handle, "a place", |state| lent(state).is_some()).await;
    let place = PathBuf::from(lent(&state).unwrap());
    assert!(place.starts_with(dir.path().canonicalize().unwrap()), "{}", place.display());
    assert_eq!(std::fs::read_to_string(place.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    std::fs::write(place.join("a.txt"), "by hand\n").unwrap();
    handle.send(Command::Mission(MissionCommand::HandBack(mission, team))).await.unwrap();
    let made = |state: &State| !state.missions[&mission].teams[0].candidates.is_empty();
    let state = until(&handle, "a candidate", made).await;
    assert_eq!(state.missions[&mission].teams[0].candidates[0].0.stat.files, ["a.txt"]);
    assert_eq!(lent(&state), None);
    engine.end().await;
}

// -- the inbox ----------------------------------------------------------------------------------------------

/// An inbox that is not served yet: what waits in it is one batch.
fn unserved(dir: &Path) -> (Inbox, Handle, orders::Orders, watch::Sender<bool>) {
    inbox_at(dir, State::default())
}

/// The same over a journal that has a past.
fn inbox_at(dir: &Path, state: State) -> (Inbox, Handle, orders::Orders, watch::Sender<bool>) {
    let (handle, end) = handle::link(ada());
    let (give, world) = orders::lane();
    let (close, closed) = watch::channel(false);
    let store = Store::open(dir, Options::new(Timestamp(1), "test")).unwrap().store;
    let inbox = Inbox {
        state,
        store: Arc::new(store),
        clock: Clock::Manual(Arc::new(AtomicI64::new(1_000_000))),
        faces: end,
        world,
        driver: None,
        close: closed,
        saved: Seq(0),
        begun: true,
        unheard: Vec::new(),
    };
    (inbox, handle, give, close)
}

#[tokio::test]
async fn people_are_read_first_and_what_waits_together_is_told_together() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (inbox, handle, give, _close) = unserved(dir.path());
    let mut states = handle.subscribe();
    let from_world = give.give(Actor::Engine, control(ControlCommand::Start { version: "1".into() }));
    let from_person = handle.send(open(&shop.repo()));
    let (world, person, ()) = tokio::join!(from_world, from_person, async {
        beside(inbox.serve());
    });
    let (world, person) = (world.unwrap().seq, person.unwrap().seq);
    assert!(person < world, "{person} {world}");
    states.changed().await.unwrap();
    assert_eq!(states.borrow_and_update().seq, world, "one state for both");
    assert!(!states.has_changed().unwrap());
}

#[tokio::test]
async fn what_the_journal_does_not_take_has_not_happened_and_every_sender_is_told() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (inbox, handle, _give, _close) = unserved(dir.path());
    beside(inbox.serve());
    let mut monster = brief(&shop.repo());
    monster.constraints = vec!["x".repeat(300_000); 80];
    let (small, big) = tokio::join!(
        handle.send(open(&shop.repo())),
        handle.send(Command::Mission(MissionCommand::Open(Box::new(monster))))
    );
    assert!(matches!(big, Err(SendError::Store(_))), "{big:?}");
    let kept = handle.snapshot().missions.len();
    assert_eq!(kept, usize::from(small.is_ok()), "told and kept agree: {small:?}");
    let receipt = handle.send(open(&shop.repo())).await.unwrap();
    let state = until(&handle, "the next one", |state| state.seq == receipt.seq).await;
    assert_eq!(state.missions.len(), kept + 1, "it goes on from what is durable");
    assert_eq!(Look::open(dir.path()).unwrap().state, *state);
}

#[tokio::test]
async fn money_set_aside_for_a_caller_that_went_away_is_freed() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (inbox, handle, _give, _close) = unserved(dir.path());
    let entrance = inbox.faces.entrance.clone().upgrade().unwrap();
    beside(inbox.serve());
    handle.send(open(&shop.repo())).await.unwrap();
    let worst = Cost::Known(Money::cents(10));
    let reserve = MoneyCommand::Reserve { mission: MissionId(1), team: None, model: model(), worst };
    let (reply, gone) = oneshot::channel();
    drop(gone);
    entrance.send(Ask::Send(Actor::Engine, Box::new(Command::Money(reserve)), reply)).await.unwrap();
    let state =
        until(&handle, "a call", |state| state.counters.call == 1 && state.ledger.open.is_empty()).await;
    assert_eq!(state.missions[&MissionId(1)].spent, Money::ZERO);
}

// -- the driver ---------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_brief_that_is_given_before_the_start_is_worked_on_after_it() {
    let (shop, data) = (Shop::new().await, tempfile::tempdir().unwrap());
    let (handle, end) = handle::link(ada());
    // Another policy is loaded with the first orders: the longer the start, the more can come before it.
    let (voices, mut called) = hanging();
    let policy = Policy { level: 2, ..Policy::default() };
    let setup = Setup { policy, ..setup(data.path(), Working::Yes, voices) };
    let repo = shop.repo();
    let (given, engine) = tokio::join!(handle.send(open(&repo)), start(setup, end));
    let engine = engine.unwrap();
    given.unwrap();
    called.recv().await.unwrap();
    assert!(handle.snapshot().clockwork.unsure.is_empty(), "{:?}", handle.snapshot().clockwork.unsure);
    let kinds = kinds(&handle, "").await;
    let place = |kind: &str| kinds.iter().rev().position(|known| known == kind);
    assert!(place("control.started") < place("effect.started"), "{kinds:?}");
    engine.end().await;
}

#[tokio::test]
async fn while_paused_nothing_begins_and_resuming_begins_it() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (engine, handle, mut calls) = running(dir.path(), Working::Yes).await;
    handle.send(control(ControlCommand::Pause("lunch".into()))).await.unwrap();
    handle.send(open(&shop.repo())).await.unwrap();
    let again = handle.send(control(ControlCommand::Pause("again".into()))).await.unwrap_err();
    assert!(matches!(again, SendError::Refused(refusal) if refusal.kind == RefusalKind::Already));
    assert_eq!((begun(&handle.snapshot()), kinds(&handle, "effect.started").await.len()), (0, 0));
    handle.send(control(ControlCommand::Resume)).await.unwrap();
    until(&handle, "work", |state| begun(state) > 0).await;
    calls.recv().await.unwrap();
    engine.end().await;
}

#[tokio::test]
async fn c10_a_stop_ends_what_is_in_flight_and_a_close_leaves_it_to_the_next_start() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (engine, handle, mut calls) = running(dir.path(), Working::Yes).await;
    handle.send(open(&shop.repo())).await.unwrap();
    calls.recv().await.unwrap();
    let failed = kinds(&handle, "effect.failed").await.len();
    engine.end().await;
    let left = Look::open(dir.path()).unwrap().state;
    assert_eq!(begun(&left), 1, "a close says nothing of what it interrupts");
    let (engine, handle, mut calls) = running(dir.path(), Working::Yes).await;
    calls.recv().await.unwrap();
    assert_eq!(kinds(&handle, "effect.failed").await.len(), failed);
    handle.send(control(ControlCommand::Stop("enough".into()))).await.unwrap();
    until(&handle, "the end of everything", |state| begun(state) == 0).await;
    assert!(calls.try_recv().is_err(), "nothing starts again");
    engine.end().await;
}

#[tokio::test]
async fn an_effect_that_panics_is_reported_in_words() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (called, mut calls) = mpsc::channel(64);
    let (handle, end) = handle::link(ada());
    let engine = start(setup(dir.path(), Working::Yes, Voices { called, breaks: true }), end).await.unwrap();
    handle.send(open(&shop.repo())).await.unwrap();
    calls.recv().await.unwrap();
    until(&handle, "the end", |state| state.missions.values().any(|m| m.result.ending.is_some())).await;
    let query = HistoryQuery { kind: "effect.failed".into(), most: 100, ..HistoryQuery::default() };
    let told = handle.read(query).await.unwrap();
    assert!(told.iter().any(|entry| entry.payload.contains("the program made a mistake")), "{told:?}");
    engine.end().await;
}

// -- the office ---------------------------------------------------------------------------------------------

#[tokio::test]
async fn an_agent_asks_waits_and_is_heard_and_a_stop_ends_the_waiting() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (inbox, handle, give, _close) = unserved(dir.path());
    let (state, feeds, store) = (handle.subscribe(), handle.feeds().clone(), inbox.store.clone());
    beside(inbox.serve());
    handle.send(open(&shop.repo())).await.unwrap();
    let lines = Lines { orders: give, state, feeds, store };
    let channel = Channel { mission: MissionId(1), team: Some(TeamId(1)) };
    let supervisor = Supervisor::default();
    let (sign_here, sign) = oneshot::channel::<StopSign>();
    let effect = EffectId("M-1/x/1".into());
    let keep = |stop: StopSign| async move {
        let _ = sign_here.send(stop.clone());
        stop.raised().await;
    };
    supervisor.start(effect.clone(), channel, keep, async {});
    let office = AgentOffice::new(lines, channel, effect.clone(), sign.await.unwrap());
    let digest = office.keep(b"kept").unwrap();
    assert_eq!(office.fetch(digest).unwrap(), b"kept");
    // A team that does not draft may not ask: the agent is told, and does not hang.
    let subject = || Subject::Ask { team: TeamId(1), question: "which?".into() };
    assert!(matches!(office.ask(subject()).await, Decision::Reject { .. }));
    let refused = office.purse().reserve(&model(), Cost::Unknown).await.unwrap_err();
    assert!(matches!(&refused, Withheld::Capped { why, enough: None } if why.contains("price")), "{refused}");
    handle.send(control(ControlCommand::Stop("fire".into()))).await.unwrap();
    let refused = office.purse().reserve(&model(), Cost::Unknown).await.unwrap_err();
    assert!(matches!(&refused, Withheld::Stopped(why) if why.contains("fire")), "{refused}");
    assert!(office.said().is_empty());
    supervisor.stop(&effect);
    office.stopped().await;
    let decide = DeskCommand::Decide(RequestId(1), Revision(1), Box::new(Decision::Approve { team: None }));
    assert!(handle.send(Command::Desk(decide)).await.is_err(), "nothing was opened");
}

/// Walks a mission to its draft by hand, as the driver would.
async fn drafting(handle: &Handle, world: &orders::Orders) {
    loop {
        let mission = handle.snapshot().missions[&MissionId(1)].clone();
        let (id, effect) = mission.effects.iter().next().expect("something is to be done");
        let outcome = match &effect.kind {
            EffectKind::Survey => Outcome::Surveyed(Box::new(Survey {
                base: CommitId("base".into()),
                branch: Some("main".into()),
                language: "rust".into(),
                checks: Vec::new(),
                files: 1,
                instructions: Vec::new(),
                dirty: 0,
                similar: Vec::new(),
            })),
            EffectKind::Clarify => Outcome::Asked(Vec::new()),
            EffectKind::Plan => Outcome::Planned(Box::new(Plan {
                goal: "right".into(),
                steps: Vec::new(),
                files: Vec::new(),
                confidence: 90,
                by: "a test".into(),
            })),
            EffectKind::Draft { .. } => return,
            other => panic!("{other:?} before the draft"),
        };
        world.give(Actor::Engine, Command::Begin(id.clone())).await.unwrap();
        let report = Command::Report(Report { effect: id.clone(), outcome });
        let receipt = world.give(Actor::Engine, report).await.unwrap();
        until(handle, "the report", |state| state.seq >= receipt.seq).await;
    }
}

/// An office of the first team, and the sign that keeps it open as long as it is held.
async fn office_of(lines: Lines) -> (AgentOffice, Supervisor) {
    let channel = Channel { mission: MissionId(1), team: Some(TeamId(1)) };
    let (supervisor, (sign_here, sign)) = (Supervisor::default(), oneshot::channel::<StopSign>());
    let keep = |stop: StopSign| async move {
        let _ = sign_here.send(stop.clone());
        stop.raised().await;
    };
    let effect = EffectId("M-1/draft/1".into());
    supervisor.start(effect.clone(), channel, keep, async {});
    (AgentOffice::new(lines, channel, effect, sign.await.unwrap()), supervisor)
}

/// Answers the one request that is open, at the revision it has then.
async fn answers(handle: &Handle, decision: Decision) -> RequestId {
    let state = until(handle, "a question", |state| !state.desk.is_empty()).await;
    let (id, request) = state.desk.iter().next().unwrap();
    let decide = DeskCommand::Decide(*id, request.revision, Box::new(decision));
    handle.send(Command::Desk(decide)).await.unwrap();
    *id
}

fn in_words(words: &str) -> Decision {
    Decision::Modify { team: None, change: Modification::Prompt(words.into()) }
}

#[tokio::test]
async fn b14_a_question_and_a_word_outlive_a_crash_and_are_not_put_twice() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let question = |words: &str| Subject::Ask { team: TeamId(1), question: words.into() };
    let (inbox, handle, world, _close) = unserved(dir.path());
    let store = inbox.store.clone();
    let serving = beside(inbox.serve());
    handle.send(open(&shop.repo())).await.unwrap();
    drafting(&handle, &world).await;
    let lines = Lines { orders: world, state: handle.subscribe(), feeds: handle.feeds().clone(), store };
    let (office, supervisor) = office_of(lines.clone()).await;
    // The whole way: asked, decided by a person, and the very decision comes back.
    let (heard, first) = tokio::join!(office.ask(question("which?")), answers(&handle, in_words("the left")));
    assert_eq!(heard, in_words("the left"));
    assert!(office.said().is_empty());
    let refine = MissionCommand::Refine(MissionId(1), TeamId(1), "keep it small".into());
    let receipt = handle.send(Command::Mission(refine)).await.unwrap();
    until(&handle, "the word", |state| state.seq >= receipt.seq).await;
    assert_eq!(office.said(), ["keep it small"]);
    assert_eq!(
        office.said(),
        ["keep it small"],
        "what stands is told again: the conversation knows what it heard"
    );
    // A question is open when the process dies.
    tokio::select! {
        decision = office.ask(question("and when?")) => panic!("nobody answered: {decision:?}"),
        _ = until(&handle, "the second question", |state| !state.desk.is_empty()) => {}
    }
    let before = handle.snapshot();
    serving.abort();
    assert!(serving.await.is_err());
    drop((office, supervisor, lines, handle));

    let state = Look::open(dir.path()).unwrap().state;
    assert_eq!(state.desk, before.desk);
    let (inbox, handle, world, _close) = inbox_at(dir.path(), state);
    let store = inbox.store.clone();
    beside(inbox.serve());
    world.give(Actor::Engine, control(ControlCommand::Start { version: "1".into() })).await.unwrap();
    let orders = world.clone();
    let lines = Lines { orders, state: handle.subscribe(), feeds: handle.feeds().clone(), store };
    let (office, _supervisor) = office_of(lines).await;
    assert_eq!(office.said(), ["keep it small"], "said before the crash, and not lost by it");
    until(&handle, "the past", |state| !state.desk.is_empty()).await;
    // Asked again, it waits for the request that is open; it makes no new one.
    tokio::select! {
        biased;
        decision = office.ask(question("and when?")) => panic!("nobody answered: {decision:?}"),
        _ = world.give(Actor::Engine, Command::Tick) => {}
    }
    let (heard, second) = tokio::join!(office.ask(question("and when?")), async {
        world.give(Actor::Engine, Command::Tick).await.unwrap();
        answers(&handle, in_words("at once")).await
    });
    assert_eq!((heard, second.0), (in_words("at once"), first.0 + 1));
    // Answered before the agent asks again, as after a crash in the same turn: the answer is there already.
    assert_eq!(office.ask(question("and when?")).await, in_words("at once"));
    let counted = |kinds: Vec<String>| kinds.iter().filter(|kind| *kind == "desk.request_opened").count();
    assert_eq!(counted(kinds(&handle, "desk.").await), 2);
}

// -- two processes ------------------------------------------------------------------------------------------

#[tokio::test]
async fn d12_a_second_face_attaches_by_post_and_its_word_counts() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (engine, handle, _calls) = running(dir.path(), Working::No).await;
    let owner = Look::owner(dir.path()).unwrap();
    let (far, end) = handle::link(Actor::Person("grace".into()));
    let attached = attach(dir.path(), owner, end).await.unwrap();
    assert_eq!(far.snapshot().seq, handle.snapshot().seq);
    let receipt = far.send(open(&shop.repo())).await.unwrap();
    assert!(far.snapshot().seq >= receipt.seq && far.snapshot().missions.len() == 1);
    let refused = far.send(control(ControlCommand::Resume)).await.unwrap_err();
    assert!(matches!(refused, SendError::Refused(refusal) if refusal.kind == RefusalKind::Already));
    far.send(control(ControlCommand::Stop("from afar".into()))).await.unwrap();
    assert_eq!(handle.snapshot().control, Control::Stopped("from afar".into()));
    let last = far.read(HistoryQuery { most: 1, ..HistoryQuery::default() }).await.unwrap();
    // Whoever it says that it is: the word is of the user whose file it came in.
    let who = format!("person:{}", people::own());
    assert_eq!((last[0].actor.as_str(), last[0].kind.as_str()), (who.as_str(), "control.stopped"));
    let digest = far.keep(b"a patch".to_vec()).await.unwrap();
    assert_eq!(handle.blob(digest).await.unwrap(), b"a patch");
    engine.end().await;
    let mut states = far.subscribe();
    tokio::time::timeout(PATIENCE.to_std(), async { while states.changed().await.is_ok() {} })
        .await
        .expect("the end of the owner ends the line");
    attached.end().await;
}

#[tokio::test]
async fn c10_the_stop_file_is_heeded_at_once_and_before_anything_starts() {
    let (dir, shop) = (tempfile::tempdir().unwrap(), Shop::new().await);
    let (engine, handle, _calls) = running(dir.path(), Working::Yes).await;
    std::fs::write(dir.path().join("STOP"), "fire").unwrap();
    until(&handle, "a stop", |state| matches!(&state.control, Control::Stopped(why) if why.contains("fire")))
        .await;
    super::clear_control_files(dir.path()).unwrap();
    handle.send(control(ControlCommand::Resume)).await.unwrap();
    handle.send(control(ControlCommand::Pause("over night".into()))).await.unwrap();
    handle.send(open(&shop.repo())).await.unwrap();
    engine.end().await;
    std::fs::write(dir.path().join("STOP"), "").unwrap();
    let (engine, handle, mut calls) = running(dir.path(), Working::Yes).await;
    assert!(matches!(handle.snapshot().control, Control::Stopped(_)));
    assert!(kinds(&handle, "effect.started").await.is_empty() && calls.try_recv().is_err());
    engine.end().await;
}
