//! The command line as a contract, by subject. Here is what the tests share: a mission to look at, and the
//! engine's end of the handle, which the test serves.

mod desk;
mod following;
mod looking;
mod numbers;
mod parsing;

use super::signals::Interrupts;
use crate::{
    domain::{
        brief::{Approval, Brief},
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence, Verdict,
        },
        digest::Digest,
        ids::{MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, MissionKind, Step},
        money::{Cost, Money, Usage},
        request::{Actor, Request, Subject},
        team::{TeamSpec, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        command::Command as Order,
        event::Event,
        state::{Judgement, Mission, MissionResult, Preparation, State, Team, TeamAccount, TeamPhase},
    },
    policy::ruling::{Reason, Ruling, RulingOutcome},
    runtime::handle::{Ask, EngineEnd, Handle, Receipt, SendError, link},
};
use futures::future::BoxFuture;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;

const M: MissionId = MissionId(1);

fn brief_of(approve: Approval) -> Brief {
    let team = |name: &str, model: &str| TeamSpec {
        name: name.into(),
        model: model.parse().unwrap(),
        fallback: vec![],
    };
    Brief {
        text: "Fix the cart".into(),
        constraints: vec!["no deps".into()],
        checks: vec![],
        budget: Money::usd(1),
        attachments: vec![],
        teams: vec![team("Team A", "anthropic/a"), team("Team G", "google/g")],
        approve,
        repo: "/repo".into(),
        timeout: None,
        priority: 5,
        heals: None,
        patch: None,
        once: None,
        feature: None,
        withheld: 0,
    }
}

fn candidate(team: u8) -> Candidate {
    Candidate {
        team: TeamId(team),
        attempt: 1,
        based_on: Revision(1),
        base: CommitId("b0".into()),
        commit: CommitId("c0".into()),
        patch: Digest::of(b"patch"),
        stat: DiffStat { files: vec!["src/cart.rs".into()], additions: 4, deletions: 1, manifests: vec![] },
        summary: "guards the sum".into(),
        root_cause: String::new(),
        confidence: 90,
        author: String::new(),
        sealed: None,
    }
}

fn evidence(outcome: CheckOutcome) -> Evidence {
    let after = CheckRun {
        outcome,
        passed: Some(3),
        failed: Some(0),
        elapsed: Millis(10),
        output: Digest::default(),
        tail: String::new(),
    };
    Evidence {
        revision: Revision(1),
        checks: vec![CheckResult {
            kind: CheckKind::Test,
            command: "cargo test".into(),
            before: None,
            after,
        }],
        new_passing: vec![],
        reproduces: true,
        stat: DiffStat::default(),
        cost: Cost::Known(Money::cents(8)),
        usage: Usage::default(),
        elapsed: Millis::secs(72),
    }
}

fn mission(approve: Approval) -> Mission {
    let brief = brief_of(approve);
    let teams = brief.teams.iter().enumerate().map(|(at, spec)| Team {
        id: TeamId(u8::try_from(at + 1).unwrap()),
        spec: spec.clone(),
        phase: TeamPhase::Waiting,
        attempt: 0,
        turns: 0,
        base: None,
        place: None,
        checkpoint: None,
        candidates: vec![],
        feedback: vec![],
        account: TeamAccount::default(),
    });
    Mission {
        id: M,
        kind: MissionKind::Brief,
        opened: Timestamp(0),
        revision: Revision(1),
        step: Some(Step::Draft),
        preparation: Preparation::default(),
        teams: teams.collect(),
        judgement: None,
        rulings: BTreeMap::new(),
        result: MissionResult::default(),
        course: Default::default(),
        effects: BTreeMap::new(),
        spent: Money::cents(9),
        usage: Usage::default(),
        brief: Arc::new(brief),
    }
}

/// Both teams are ready, one is green and judged; a person is asked.
fn decided_on(approve: Approval) -> State {
    let mut mission = mission(approve);
    mission.step = Some(Step::Decide);
    for (team, outcome) in mission.teams.iter_mut().zip([CheckOutcome::Passed, CheckOutcome::Failed]) {
        team.phase = TeamPhase::Ready;
        team.attempt = 1;
        team.candidates = vec![(Arc::new(candidate(team.id.0)), Some(Arc::new(evidence(outcome))))];
    }
    let verdict = Verdict {
        team: TeamId(1),
        attempt: 1,
        judge: Vendor::Google,
        model: "g".into(),
        score: 87,
        orders: [90, 84],
        confidence: 80,
        reasons: "small".into(),
        note: None,
    };
    mission.judgement =
        Some(Judgement { verdicts: vec![verdict], missing: vec!["no judge for Team G".into()] });
    let ruling = Ruling {
        outcome: RulingOutcome::Ask { approvals: 1 },
        tier: 1,
        reasons: vec![Reason { rule: "level".into(), text: "level 1 asks".into() }],
        plan: Digest::default(),
        policy: Digest::default(),
        at: Timestamp(5),
    };
    mission.rulings.insert(TeamId(1), (1, ruling));
    let request = Request {
        id: RequestId(3),
        mission: M,
        subject: Subject::Choose { teams: vec![TeamId(1), TeamId(2)] },
        revision: Revision(4),
        opened: Timestamp(0),
        expires: Timestamp(9_000),
        reasons: vec!["level 1 asks".into()],
        if_denied: "nothing lands".into(),
        approved: Vec::new(),
    };
    let mut state = state_of(mission);
    state.desk.insert(request.id, Arc::new(request));
    state
}

fn state_of(mission: Mission) -> State {
    State { missions: BTreeMap::from([(M, Arc::new(mission))]), ..State::default() }
}

fn landed(mut state: State) -> State {
    state.desk.clear();
    edit(&mut state, |mission| {
        mission.step = Some(Step::Land);
        mission.result.chosen = Some((TeamId(1), 1));
        mission.result.landed = Some((CommitId("abc1234".into()), "main".into()));
        mission.result.ending = Some((Ending::Landed, Timestamp(9)));
    });
    state
}

fn edit(state: &mut State, change: impl FnOnce(&mut Mission)) {
    change(Arc::make_mut(state.missions.get_mut(&M).unwrap()));
}

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["kind"].as_str().unwrap()).collect()
}

/// Interrupts that a test gives; none when its sender is gone.
struct Script(mpsc::Receiver<()>);
impl Interrupts for Script {
    fn next(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.0.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
        })
    }
}

fn no_interrupts() -> Script {
    Script(mpsc::channel(1).1)
}

fn receipt(events: Vec<Event>) -> Result<Receipt, SendError> {
    Ok(Receipt { seq: Seq(7), events })
}

/// Takes the next command and answers it.
async fn next_command(end: &mut EngineEnd, answer: Result<Receipt, SendError>) -> Order {
    match end.asks.recv().await.unwrap() {
        Ask::Send(_, command, reply) => {
            reply.send(answer).unwrap();
            *command
        }
        _ => unreachable!("only commands are expected"),
    }
}

fn house() -> (Handle, EngineEnd) {
    link(Actor::Person("tester".into()))
}
