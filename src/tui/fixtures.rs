//! States for pictures and key tests, built by hand as the engine would leave them.

use super::{
    app::{Action, App, Moment},
    keymap::{Key, Keymap},
    looks::Chosen,
    options::{BriefDefaults, Manner, Ports, Prefill, TuiOptions},
    task::Task,
    theme::Theme,
};
use crate::{
    config::book::Book,
    domain::{
        brief::{AnswerForm, Approval, Brief, Question},
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence, Verdict,
        },
        digest::Digest,
        feed::{Channel, FeedItem, Shot},
        ids::{MissionId, RequestId, Revision, TeamId},
        mission::{Ending, MissionKind, Step},
        money::{Cost, Money, Usage},
        request::{Request, Subject},
        team::{ModelRef, TeamSpec, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        effect::{Failure, FailureKind},
        records::Entrant,
        state::{Judgement, Mission, State, Team, TeamAccount, TeamPhase},
    },
    runtime::feeds::Batch,
};
use std::sync::Arc;

pub(super) const START: Timestamp = Timestamp(1_790_000_000_000);

pub(super) fn usage(n: u64) -> Usage {
    Usage { input: n, ..Usage::default() }
}

pub(super) fn spec(name: &str, vendor: Vendor, model: &str) -> TeamSpec {
    TeamSpec { name: name.into(), model: ModelRef { vendor, model: model.into() }, fallback: vec![] }
}

fn teams() -> Vec<TeamSpec> {
    vec![
        spec("Anthropic", Vendor::Anthropic, "claude-sonnet-4-5"),
        spec("Google", Vendor::Google, "gemini-2.0-flash"),
    ]
}

pub(super) fn defaults() -> Arc<BriefDefaults> {
    Arc::new(BriefDefaults { teams: teams(), budget: Money::usd(5), repo: "/srv/shop".into() })
}

pub(super) fn ports() -> Ports {
    use futures::FutureExt;
    Ports {
        editor: Arc::new(|text| async move { Ok(format!("{text}+")) }.boxed()),
        files: Arc::new(|| async { vec!["src/cart.rs".to_owned(), "src/main.rs".to_owned()] }.boxed()),
        ready: Arc::new(|| async { Ok(()) }.boxed()),
        attach: Arc::new(|path| async move { Ok(("text/plain".to_owned(), path.into_bytes())) }.boxed()),
        picture: Arc::new(|_| async { Ok(None) }.boxed()),
        weigh: Arc::new(|models, _| {
            let cost = Cost::Known(Money(4_002));
            async move { models.iter().map(|_| (Some(1_334), cost)).collect() }.boxed()
        }),
        shell: None,
        voice: None,
        book: Arc::new(|| async { Ok(Book::default()) }.boxed()),
        change: Arc::new(|_| async { Err("nothing can be changed here".to_owned()) }.boxed()),
        vendor: Arc::new(|_| async { Err("no vendor here".to_owned()) }.boxed()),
        keep: Arc::new(|name, _| async move { Ok(format!("/data/copies/{name}")) }.boxed()),
        looks: None,
        clock: Arc::new(|| START),
    }
}

pub(super) fn options(prefill: Option<Prefill>) -> TuiOptions {
    TuiOptions {
        repo: "/srv/shop".into(),
        branch: "main".into(),
        at: String::new(),
        prefill,
        keymap: Chosen { name: "default".into(), ..Chosen::default() },
        theme: Chosen { name: "dark".into(), ..Chosen::default() },
        manner: Manner::default(),
        defaults: defaults(),
        notice: "REHEARSAL".into(),
        widths: vec![40, 80, 120],
        ports: ports(),
    }
}

fn brief() -> Brief {
    Brief {
        text: "Checkout returns 500 when the cart is empty.".into(),
        constraints: vec!["no new deps".into()],
        checks: vec!["cargo test".into()],
        budget: Money::cents(50),
        attachments: vec![],
        teams: teams(),
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

pub(super) fn team(id: u8, phase: TeamPhase) -> Team {
    Team {
        id: TeamId(id),
        spec: teams().swap_remove(usize::from(id - 1) % 2),
        phase,
        attempt: 1,
        turns: 3,
        base: None,
        place: None,
        checkpoint: None,
        candidates: vec![],
        feedback: vec![],
        account: TeamAccount {
            turned: Timestamp(0),
            usage: usage(12_400),
            spent: Money::cents(8),
            unknown: false,
            started: Some(START),
            worked: Millis(0),
        },
    }
}

fn run(passed: u32, failed: u32) -> CheckRun {
    CheckRun {
        outcome: if failed == 0 { CheckOutcome::Passed } else { CheckOutcome::Failed },
        passed: Some(passed),
        failed: Some(failed),
        elapsed: Millis(4_000),
        output: Digest::of(b"out"),
        tail: String::new(),
    }
}

pub(super) fn candidate(id: u8) -> (Arc<Candidate>, Option<Arc<Evidence>>) {
    let stat = DiffStat {
        files: vec!["src/cart.rs".into()],
        additions: 4 * u32::from(id),
        deletions: 1,
        manifests: vec![],
    };
    let candidate = Candidate {
        team: TeamId(id),
        attempt: 1,
        based_on: Revision(1),
        base: CommitId("base".into()),
        commit: CommitId("c0ffee".into()),
        patch: Digest::of(&[id]),
        stat: stat.clone(),
        summary: "Guards the division by the number of items.".into(),
        root_cause: "division by zero".into(),
        confidence: 90,
        author: String::new(),
        sealed: None,
    };
    let check = CheckResult {
        kind: CheckKind::Test,
        command: "cargo test".into(),
        before: Some(run(12, 1)),
        after: run(13, 0),
    };
    let evidence = Evidence {
        revision: Revision(1),
        checks: vec![check],
        new_passing: vec!["empty_cart".into()],
        reproduces: true,
        stat,
        cost: Cost::Known(Money::cents(8)),
        usage: usage(12_400),
        elapsed: Millis(72_000),
    };
    (Arc::new(candidate), Some(Arc::new(evidence)))
}

pub(super) fn mission(step: Option<Step>, phase: &TeamPhase) -> Mission {
    Mission {
        id: MissionId(12),
        kind: MissionKind::Brief,
        brief: Arc::new(brief()),
        opened: START,
        revision: Revision(1),
        step,
        preparation: Default::default(),
        teams: vec![team(1, phase.clone()), team(2, phase.clone())],
        judgement: None,
        rulings: Default::default(),
        result: Default::default(),
        course: Default::default(),
        effects: Default::default(),
        spent: Money::cents(16),
        usage: usage(24_800),
    }
}

pub(super) fn request(id: u64, subject: Subject) -> Request {
    Request {
        id: RequestId(id),
        mission: MissionId(12),
        subject,
        revision: Revision(3),
        opened: START,
        expires: START + Millis::hours(4),
        reasons: vec!["level 1 asks for every patch".into(), "a manifest is touched".into()],
        if_denied: "nothing lands; the worktrees stay until the mission ends".into(),
        approved: Vec::new(),
    }
}

pub(super) fn state_of(mission: Mission, requests: Vec<Request>) -> State {
    let mut state = State::default();
    state.missions.insert(mission.id, Arc::new(mission));
    for request in requests {
        state.desk.insert(request.id, Arc::new(request));
    }
    state
}

/// Missions of a kind that landed after a choice: who won how often of how many.
pub(super) fn raced(state: &mut State, kind: &str, record: &[(&str, u64, u64)]) {
    let races = record.iter().map(|(_, _, races)| *races).max().unwrap_or(0);
    for race in 0..races {
        let mut before = 0;
        let entrants: Vec<_> = record
            .iter()
            .map(|(team, won, _)| {
                let chosen = (before..before + won).contains(&race);
                before += won;
                Entrant {
                    team,
                    model: "m",
                    chosen,
                    passed: true,
                    money: Money::ZERO,
                    unknown: false,
                    worked: Millis(0),
                }
            })
            .collect();
        Arc::make_mut(&mut state.records).race(kind, &entrants);
    }
}

pub(super) fn clarifying() -> State {
    let mut mission = mission(Some(Step::Clarify), &TeamPhase::Waiting);
    let ask = |text: &str, form, default: &str| Question { text: text.into(), form, default: default.into() };
    mission.preparation.questions = Some(vec![
        ask("May the total of an empty cart be 0?", AnswerForm::YesNo, "yes"),
        ask("Which layers?", AnswerForm::Multi(vec!["api".into(), "web".into()]), "api"),
        ask("Anything else?", AnswerForm::Free, ""),
    ]);
    state_of(mission, vec![])
}

pub(super) fn waiting() -> State {
    let mut mission = mission(Some(Step::Decide), &TeamPhase::Ready);
    for team in &mut mission.teams {
        team.candidates.push(candidate(team.id.0));
    }
    let verdict = |team, judge, score| Verdict {
        team: TeamId(team),
        attempt: 1,
        judge,
        model: "m".into(),
        score,
        orders: [score, score - 2],
        confidence: 80,
        reasons: "clear and small".into(),
        note: None,
    };
    mission.judgement = Some(Judgement {
        verdicts: vec![verdict(1, Vendor::Google, 88), verdict(2, Vendor::Anthropic, 71)],
        missing: vec!["no verdict of a third vendor".into()],
    });
    state_of(mission, vec![request(3, Subject::Choose { teams: vec![TeamId(1), TeamId(2)] })])
}

pub(super) fn command_request() -> State {
    let argv = vec!["git".into(), "push".into(), "--force now".into()];
    let subject = Subject::Command { team: TeamId(1), argv, reason: "to publish".into() };
    state_of(mission(Some(Step::Draft), &TeamPhase::Drafting), vec![request(4, subject)])
}

pub(super) fn ended(ending: Ending) -> State {
    let mut state = waiting();
    state.desk.clear();
    let mission = Arc::make_mut(state.missions.get_mut(&MissionId(12)).unwrap());
    if ending == Ending::Landed {
        mission.result.landed = Some((CommitId("0123456789abcdef".into()), "main".into()));
        mission.result.chosen = Some((TeamId(1), 1));
        mission.step = Some(Step::Land);
    } else {
        mission.teams[1].phase =
            TeamPhase::Failed(Failure { kind: FailureKind::Permanent, reason: "the key was refused".into() });
    }
    mission.result.ending = Some((ending, START + Millis::mins(2)));
    state
}

const PATCH: &str = "diff --git a/src/cart.rs b/src/cart.rs\n--- a/src/cart.rs\n+++ b/src/cart.rs\n@@ -40,3 +40,4 @@ fn total\n     let n = items.len();\n-    sum / n\n+    if n == 0 { return Ok(0) }\n+    sum / n\n }\n";

/// An app with a clock the test moves.
pub(super) struct Bench {
    pub app: App,
    pub mono: u64,
    pub tasks: Vec<Task>,
}

impl Bench {
    pub fn new(size: (u16, u16)) -> Self {
        Self::with(size, options(None))
    }

    pub fn with(size: (u16, u16), options: TuiOptions) -> Self {
        let keymap = Keymap::load(&options.keymap.name, None).unwrap();
        let app = App::new(&options, keymap, Theme::named("dark").unwrap(), size);
        Self { app, mono: 0, tasks: vec![] }
    }

    pub fn act(&mut self, action: Action) -> &mut Self {
        let now = Moment { mono: Millis(self.mono), wall: START + Millis(72_000 + self.mono) };
        self.tasks.extend(self.app.on(action, now));
        super::view::fit(&mut self.app);
        self
    }

    pub fn state(&mut self, state: State) -> &mut Self {
        self.act(Action::State(Arc::new(state)))
    }

    pub fn wait(&mut self, ms: u64) -> &mut Self {
        self.mono += ms;
        self
    }

    /// Presses keys, written as in a keymap and separated by spaces.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in super::keymap::read_keys(keys).unwrap() {
            self.press_key(key);
        }
        self
    }

    pub fn press_key(&mut self, key: Key) -> &mut Self {
        self.act(Action::Key(key))
    }

    pub fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let code = crossterm::event::KeyCode::Char(c);
            self.press_key(Key { code, modifiers: crossterm::event::KeyModifiers::NONE });
        }
        self
    }

    pub fn stream(&mut self) -> &mut Self {
        for team in [1, 2] {
            let shot = Shot { digest: Digest::of(&[team]), patch: PATCH.into() };
            let items = vec![
                FeedItem::Said("Checkout returns 500 when the cart is empty.".into()),
                FeedItem::Thought("the sum of an empty cart divides by 0".into()),
                FeedItem::Tool { name: "read".into(), brief: "src/cart.rs".into() },
                FeedItem::ToolDone { name: "read".into(), brief: "120 lines".into(), ok: true },
                FeedItem::Text("A guard before the division is enough.".into()),
                FeedItem::Notice("429: trying again in 2 s".into()),
                FeedItem::Shot(Arc::new(shot)),
            ];
            let channel = Channel { mission: MissionId(12), team: Some(TeamId(team)) };
            self.act(Action::Feed(channel, Batch { items, next: 7, lost: 0 }));
        }
        self
    }

    pub fn last_words(&self) -> &str {
        self.app.voice.1.last.as_ref().map_or("", |(_, words)| words)
    }
}
