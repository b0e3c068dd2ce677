//! A million journal entries folded into the state and its numbers; then a frame of every screen with fifty missions
//! of eight teams over them, and a key while eight channels stream. Floors: the entries' JSON decoded, a blank frame.
//! `CHIMERA_BENCH_EVENTS` says how many entries where a million is too long.

use crate::{
    harness::{Pair, median, pair, row, timed, times},
    scene::{SIZE, WORDS, empty, now},
};
use chimera::{
    domain::{
        brief::{Approval, Brief},
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence,
        },
        digest::Digest,
        feed::{Channel, FeedItem},
        ids::{CallId, MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, Step},
        money::{Cost, Money, Usage},
        plan::{Plan, Survey},
        request::{Actor, Decision, Request, Subject},
        team::{ModelRef, TeamSpec, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        event::{DeskEvent, Event, Fact, MissionEvent, MoneyEvent, TeamEvent},
        state::State,
    },
    runtime::feeds::Batch,
    tui::{
        app::{Action, App},
        keymap::Key,
        screens::ScreenId,
        terminal::Screen,
        view,
    },
};
use crossterm::event::{KeyCode, KeyModifiers};
use std::{hint::black_box, sync::Arc, time::Duration};

/// Entries.
const ENTRIES: u64 = 1_000_000;
/// Missions that are folded while the numbers are held.
const SHARED: u64 = 200;
/// Entries that are timed together.
const PART: usize = 20_000;
/// Missions at work in the frames, and teams of each.
const MISSIONS: u64 = 50;
const TEAMS: u8 = 8;
/// Turns and calls of a team in a mission of the past.
const TURNS: u32 = 6;
/// Frames of each screen, and keys while channels stream.
const FRAMES: u32 = 1_000;
/// Tokens of all channels together in a second.
const TOKENS: u32 = 8_000;
/// A frame of a stream comes so often.
const STREAM_GAP_MS: u32 = 125;

/// Writes facts of missions that look like the real ones.
struct Author {
    at: i64,
    calls: u64,
    requests: u64,
    facts: Vec<Fact>,
}

impl Author {
    /// An entry every two seconds up to `now`: a million are three weeks.
    fn new(entries: u64) -> Self {
        let at = now(0).wall.0 - 2_000 * i64::try_from(entries).unwrap();
        Self { at, calls: 0, requests: 0, facts: Vec::new() }
    }

    fn add(&mut self, actor: Actor, event: Event) {
        self.at += 2_000;
        self.facts.push(Fact { actor, at: Timestamp(self.at), event });
    }

    fn mission(&mut self, id: u64, event: MissionEvent) {
        self.add(Actor::Engine, Event::Mission(MissionId(id), event));
    }

    fn team(&mut self, id: u64, team: u8, event: TeamEvent) {
        let (id, team) = (MissionId(id), TeamId(team));
        self.add(Actor::Agent(id, Some(team)), Event::Team(id, team, event));
    }

    fn opened(&mut self, id: u64, teams: u8) {
        let brief = brief(id, teams);
        let opened = Event::Mission(MissionId(id), MissionEvent::Opened(Box::new(brief)));
        self.add(Actor::Person("ada".into()), opened);
        self.mission(id, MissionEvent::Admitted);
        let survey = Survey {
            base: CommitId(format!("{id:040x}")),
            branch: Some("main".into()),
            language: ["rust", "typescript", "go", "python"][id as usize % 4].into(),
            checks: vec![],
            files: 120,
            instructions: vec![],
            dirty: 0,
            similar: vec![],
        };
        self.mission(id, MissionEvent::Surveyed(Box::new(survey)));
        self.mission(id, MissionEvent::StepEntered(Step::Plan, Revision(1)));
        let plan = Plan {
            goal: "a guard before the division".into(),
            steps: vec!["a test that shows it".into(), "the guard".into()],
            files: vec!["src/cart.rs".into()],
            confidence: 80,
            by: "anthropic/claude-sonnet-4-5".into(),
        };
        self.mission(id, MissionEvent::Planned(Box::new(plan)));
        self.mission(id, MissionEvent::StepEntered(Step::Draft, Revision(1)));
    }

    fn drafts(&mut self, id: u64, team: u8, turns: u32) {
        self.team(id, team, TeamEvent::DraftStarted { attempt: 1, based_on: Revision(1) });
        for turn in 1..=turns {
            self.calls += 1;
            let call = CallId(self.calls);
            let (mission, model) = (MissionId(id), spec(team).model);
            let (team_id, worst) = (Some(TeamId(team)), Cost::Known(Money::cents(9)));
            let reserved =
                MoneyEvent::Reserved { call, mission, incident: None, team: team_id, model, worst };
            self.add(Actor::Engine, Event::Money(reserved));
            let usage =
                Usage { input: 9_000, cache_read: 4_000, cache_write: 500, output: 700, reasoning: 100 };
            let cost = Cost::Known(Money(31_400));
            self.add(Actor::Engine, Event::Money(MoneyEvent::Settled { call, usage, cost }));
            let transcript = Digest::of(&self.calls.to_le_bytes());
            self.team(id, team, TeamEvent::TurnFinished { turn, transcript, commit: None });
        }
    }

    fn proposes(&mut self, id: u64, team: u8) {
        let stat =
            DiffStat { files: vec!["src/cart.rs".into()], additions: 9, deletions: 2, manifests: vec![] };
        let candidate = Candidate {
            team: TeamId(team),
            attempt: 1,
            based_on: Revision(1),
            base: CommitId(format!("{id:040x}")),
            commit: CommitId(format!("{team:040x}")),
            patch: Digest::of(&[team]),
            stat: stat.clone(),
            summary: "Guards the division by the number of items.".into(),
            root_cause: "division by zero".into(),
            confidence: 90,
            author: String::new(),
            sealed: None,
        };
        self.team(id, team, TeamEvent::CandidateProposed(Box::new(candidate)));
        let run = CheckRun {
            outcome: CheckOutcome::Passed,
            passed: Some(13),
            failed: Some(0),
            elapsed: Millis(4_000),
            output: Digest::of(b"out"),
            tail: "test result: ok. 13 passed; 0 failed".into(),
        };
        let check = |kind, command: &str| CheckResult {
            kind,
            command: command.into(),
            before: Some(run.clone()),
            after: run.clone(),
        };
        let evidence = Evidence {
            revision: Revision(1),
            checks: vec![check(CheckKind::Build, "cargo build"), check(CheckKind::Test, "cargo test")],
            new_passing: vec!["empty_cart".into()],
            reproduces: true,
            stat,
            cost: Cost::Known(Money::cents(8)),
            usage: Usage::default(),
            elapsed: Millis(72_000),
        };
        self.team(id, team, TeamEvent::EvidenceGathered(1, Box::new(evidence)));
    }

    fn asks(&mut self, id: u64, teams: u8) -> RequestId {
        self.requests += 1;
        let request = Request {
            id: RequestId(self.requests),
            mission: MissionId(id),
            subject: Subject::Choose { teams: (1..=teams).map(TeamId).collect() },
            revision: Revision(1),
            opened: Timestamp(self.at),
            expires: Timestamp(self.at + 14_400_000),
            reasons: vec!["level 1 asks for every patch".into()],
            if_denied: "nothing lands".into(),
            approved: Vec::new(),
        };
        let id = request.id;
        self.add(Actor::Engine, Event::Desk(DeskEvent::RequestOpened(Box::new(request))));
        id
    }

    /// A mission of two teams from its brief to its commit.
    fn past(&mut self, id: u64) {
        self.opened(id, 2);
        for team in [1, 2] {
            self.drafts(id, team, TURNS);
            self.proposes(id, team);
        }
        self.mission(id, MissionEvent::StepEntered(Step::Decide, Revision(1)));
        let request = self.asks(id, 2);
        let yes = Decision::Approve { team: Some(TeamId(1)) };
        let decided = DeskEvent::RequestDecided(request, Revision(1), Box::new(yes));
        self.add(Actor::Person("ada".into()), Event::Desk(decided));
        self.mission(id, MissionEvent::Chosen(TeamId(1), 1));
        self.mission(id, MissionEvent::StepEntered(Step::Land, Revision(2)));
        self.mission(id, MissionEvent::Landed(CommitId(format!("{id:040x}")), "main".into()));
        self.mission(id, MissionEvent::Ended(Ending::Landed));
    }

    /// A mission of eight teams that goes on: some draft, some are ready, every fifth waits for a person.
    fn at_work(&mut self, id: u64) {
        self.opened(id, TEAMS);
        for team in 1..=TEAMS {
            self.drafts(id, team, 2);
            if team % 2 == 0 || id.is_multiple_of(5) {
                self.proposes(id, team);
            }
        }
        if id.is_multiple_of(5) {
            self.mission(id, MissionEvent::StepEntered(Step::Decide, Revision(1)));
            self.asks(id, TEAMS);
        }
    }
}

fn spec(team: u8) -> TeamSpec {
    let (vendor, model) = [
        (Vendor::Anthropic, "claude-sonnet-4-5"),
        (Vendor::Google, "gemini-2.0-flash"),
        (Vendor::Openrouter, "meta-llama/llama-3.3-70b-instruct"),
        (Vendor::Openai, "qwen2.5-coder"),
    ][usize::from(team - 1) % 4];
    let model = ModelRef { vendor, model: model.into() };
    TeamSpec { name: format!("{vendor} {team}"), model, fallback: vec![] }
}

fn brief(id: u64, teams: u8) -> Brief {
    Brief {
        text: format!("Checkout returns 500 when the cart is empty, case {id}."),
        constraints: vec!["no new dependencies".into()],
        checks: vec!["cargo test".into()],
        budget: Money::usd(4),
        attachments: vec![],
        teams: (1..=teams).map(spec).collect(),
        approve: Approval::Ask,
        repo: "/srv/shop".into(),
        timeout: None,
        priority: 5,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}

fn apply(state: &mut State, fact: &Fact) {
    state.apply(Seq(state.seq.0 + 1), fact);
}

/// Folds so many entries, part by part, each part's JSON decoded beside it; then fifty missions begin.
fn history(entries: u64) -> State {
    let mut author = Author::new(entries);
    let mut state = State::default();
    let (mut id, mut folded) = (0, 0);
    let (mut values, mut floors, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    while folded < entries {
        while author.facts.len() < PART {
            id += 1;
            author.past(id);
        }
        let facts = std::mem::take(&mut author.facts);
        let each = |time: Duration| time / u32::try_from(facts.len()).unwrap();
        let json: Vec<String> =
            facts.iter().map(|fact| serde_json::to_string(&fact.event).unwrap()).collect();
        let decode = |text: &String| black_box(serde_json::from_str::<Event>(text).unwrap());
        floors.push(each(timed(|| json.iter().for_each(|text| drop(decode(text))))));
        values.push(each(timed(|| facts.iter().for_each(|fact| apply(&mut state, fact)))));
        sizes.push(serde_json::to_vec(&state.records).unwrap().len());
        folded += facts.len() as u64;
    }
    let both = Pair { value: median(values), floor: median(floors) };
    times(&format!("an entry of {folded} into state and numbers"), &both, "(floor: its JSON decoded)");
    shared(&mut state, &mut author, id + 1);
    id += SHARED;
    let (early, most) = (sizes[sizes.len() / 10], sizes.iter().copied().max().unwrap_or(0));
    let kib = |bytes: usize| format!("{} KiB", bytes >> 10);
    let ratio = most as f64 / early as f64;
    row("  the numbers as JSON: largest, after a tenth", &kib(most), &kib(early), ratio, "flat");
    for n in 1..=MISSIONS {
        author.at_work(id + n);
    }
    author.facts.iter().for_each(|fact| apply(&mut state, fact));
    state
}

/// The same entries while a screen holds the numbers before each: what changes is copied.
fn shared(state: &mut State, author: &mut Author, first: u64) {
    (first..first + SHARED).for_each(|id| author.past(id));
    let facts = std::mem::take(&mut author.facts);
    let each = |time: Duration| time / u32::try_from(facts.len()).unwrap();
    let run = |hold: bool| {
        let mut state = state.clone();
        each(timed(|| {
            for fact in &facts {
                let held = hold.then(|| state.records.clone());
                apply(&mut state, fact);
                drop(black_box(held));
            }
        }))
    };
    times("  while a screen holds the numbers", &pair(|| run(true), || run(false)), "(floor: nobody does)");
    facts.iter().for_each(|fact| apply(state, fact));
}

/// The middle one, and the one that all but a hundredth stay under.
fn spread(mut spans: Vec<Duration>) -> (Duration, Duration) {
    spans.sort_unstable();
    let p99 = spans[(spans.len() * 99 / 100).min(spans.len() - 1)];
    (median(spans), p99)
}

fn key(code: KeyCode) -> Action {
    Action::Key(Key { code, modifiers: KeyModifiers::NONE })
}

/// Frames of each screen while the clock and what is chosen move on.
fn screens(state: &Arc<State>) {
    let mut blank = Screen::new(SIZE.0, SIZE.1);
    for (nth, screen) in (1..).zip(ScreenId::ALL) {
        let mut app = empty();
        app.on(Action::State(state.clone()), now(0));
        let newest = *state.missions.keys().next_back().unwrap();
        app.on(key(KeyCode::Esc), now(1));
        app.on(key(KeyCode::F(nth)), now(2));
        assert!(app.screens.at == screen && app.shown == Some(newest), "{}", screen.word());
        let mut shown = Screen::new(SIZE.0, SIZE.1);
        let (mut values, mut floors) = (Vec::new(), Vec::new());
        for frame in 0..FRAMES {
            // A second passes, a key moves what is chosen, a team says a line more.
            let step = if frame / 20 % 2 == 0 { KeyCode::Down } else { KeyCode::Up };
            app.on(key(step), now(1_000 * frame));
            stream(&mut app, newest, frame, 1);
            values.push(timed(|| {
                view::fit(&mut app);
                shown.frame(|buffer| view::draw(&app, buffer)).unwrap().len()
            }));
            floors.push(timed(|| blank.frame(|_| None).unwrap().len()));
        }
        let ((middle, p99), floor) = (spread(values), median(floors));
        let name = format!("a frame of {}, {MISSIONS} missions of {TEAMS} teams", screen.word());
        times(&name, &Pair { value: middle, floor }, "(floor: a blank frame)");
        times("  p99", &Pair { value: p99, floor }, "<= 4 ms");
    }
}

/// So many tokens into each channel of a mission.
fn stream(app: &mut App, mission: MissionId, nth: u32, tokens: u32) {
    for team in 1..=TEAMS {
        let words: Vec<&str> = WORDS.split_inclusive(' ').collect();
        let token = |n: u32| FeedItem::Text(words[(nth + n) as usize % words.len()].into());
        let channel = Channel { mission, team: Some(TeamId(team)) };
        let items = (0..tokens).map(token).collect();
        app.on(Action::Feed(channel, Batch { items, next: u64::from(nth) + 1, lost: 0 }), now(nth));
    }
}

/// A key comes at the worst moment: behind what eight channels have brought since the last frame of theirs.
fn keys(state: &Arc<State>) {
    let mut app = empty();
    app.on(Action::State(state.clone()), now(0));
    let newest = *state.missions.keys().next_back().unwrap();
    app.on(key(KeyCode::Esc), now(1));
    let mut shown = Screen::new(SIZE.0, SIZE.1);
    let mut blank = Screen::new(SIZE.0, SIZE.1);
    let tokens = TOKENS * STREAM_GAP_MS / 1_000 / u32::from(TEAMS);
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for nth in 0..FRAMES {
        let step = if nth % 2 == 0 { KeyCode::Right } else { KeyCode::PageUp };
        values.push(timed(|| {
            stream(&mut app, newest, nth, tokens);
            app.on(key(step), now(STREAM_GAP_MS * nth));
            view::fit(&mut app);
            shown.frame(|buffer| view::draw(&app, buffer)).unwrap().len()
        }));
        floors.push(timed(|| blank.frame(|_| None).unwrap().len()));
    }
    let ((middle, p99), floor) = (spread(values), median(floors));
    let name = format!("a key's frame behind {TEAMS} channels of {TOKENS} tokens/s");
    times(&name, &Pair { value: middle, floor }, "(floor: a blank frame)");
    times("  p99", &Pair { value: p99, floor }, "<= 16 ms");
}

pub fn measure() {
    let wanted = std::env::var("CHIMERA_BENCH_EVENTS").ok().and_then(|words| words.parse().ok());
    let state = Arc::new(history(wanted.unwrap_or(ENTRIES)));
    screens(&state);
    keys(&state);
}
