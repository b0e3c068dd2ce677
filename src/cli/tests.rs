//! The command line as a contract: what parses, what the lines look like, how following ends. The engine's end of
//! the handle is served by the test.

use super::{
    Cli, Command,
    answers::Answers,
    brief, description, desk,
    exit::{Complaint, Exit},
    finish, missions,
    out::{Form, tests::Kept},
    policy, reference, restore, show,
    signals::Interrupts,
};
use crate::{
    domain::{
        brief::{AnswerForm, Approval, Brief, Question},
        candidate::{
            Candidate, CheckKind, CheckOutcome, CheckResult, CheckRun, CommitId, DiffStat, Evidence, Verdict,
        },
        digest::Digest,
        feed::{Channel, FeedItem},
        ids::{EffectId, MissionId, RequestId, Revision, Seq, TeamId},
        mission::{Ending, MissionKind, Step},
        money::{Cost, Money, Usage},
        request::{Actor, Decision, Request, Subject},
        team::{TeamSpec, Vendor},
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command as Order, DeskCommand, MissionCommand, Refusal, RefusalKind},
        effect::EffectKind,
        event::{Event, MissionEvent},
        state::{
            Control, EffectState, Judgement, Mission, MissionResult, Preparation, State, Team, TeamAccount,
            TeamPhase,
        },
    },
    policy::ruling::{Reason, Ruling, RulingOutcome},
    runtime::handle::{Ask, EngineEnd, Handle, Receipt, SendError, link},
};
use clap::{CommandFactory, Parser};
use futures::future::BoxFuture;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;

const M: MissionId = MissionId(1);

// -- parsing ------------------------------------------------------------------------------------------------

#[test]
fn the_description_is_sound() {
    Cli::command().debug_assert();
    description().debug_assert();
}

#[test]
fn every_form_of_the_contract_parses() {
    for line in [
        "chimera",
        "chimera --data d --config c --repo r",
        "chimera brief fix --team A --team google/x --check c --constraint t --budget 0.50 --approve best \
         --timeout 20m --json --answers 1=yes --priority 7",
        "chimera brief -",
        "chimera missions --json",
        "chimera show M-1",
        "chimera desk list",
        "chimera desk show R-3",
        "chimera desk approve R-3 --team A --revision 2",
        "chimera desk reject R-3 --reason no",
        "chimera desk reject R-3 --reason no --retry",
        "chimera desk modify R-3 --patch p",
        "chimera desk modify R-3 --argv cargo test --all",
        "chimera desk modify R-3 --prompt words",
        "chimera desk modify R-3 --amount 2",
        "chimera pause",
        "chimera pause because",
        "chimera resume",
        "chimera stop",
        "chimera audit verify --data d",
        "chimera audit prove 3",
        "chimera audit export",
        "chimera restore abcdef0",
        "chimera policy explain R-1",
        "chimera models --vendor google",
        "chimera config init",
        "chimera config check",
        "chimera config show --json",
        "chimera doctor",
        "chimera demo --headless --live",
        "chimera completions zsh",
        "chimera man",
    ] {
        assert!(Cli::try_parse_from(line.split_whitespace()).is_ok(), "{line}");
    }
}

#[test]
fn nonsense_is_a_usage_error_and_help_is_none() {
    let run = |line: &str| super::run(line.split_whitespace().map(Into::into));
    for line in [
        "chimera nonsense",
        "chimera brief",
        "chimera brief x --budget lots",
        "chimera brief x --timeout 5",
        "chimera brief x --priority 11",
        "chimera show X-1",
        "chimera desk reject R-1",
        "chimera desk modify R-1",
        "chimera desk modify R-1 --prompt a --amount 1",
        "chimera models --vendor acme",
    ] {
        assert_eq!(run(line), Exit::Usage, "{line}");
    }
    for line in ["chimera --help", "chimera --version", "chimera desk --help"] {
        assert_eq!(run(line), Exit::Ok, "{line}");
    }
}

#[test]
fn the_reference_is_what_clap_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    if std::env::var_os("CHIMERA_BLESS").is_some() {
        std::fs::write(&path, reference::markdown()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, reference::markdown(), "docs/cli.md is old: run with CHIMERA_BLESS=1");
}

#[test]
fn completions_and_manual_name_every_subcommand() {
    let (mut out, kept) = Kept::out(Form::Human);
    super::man::run(&mut out).unwrap();
    let shell = clap_complete::Shell::Bash;
    super::completions::run(&super::completions::CompletionsArgs { shell }, &mut out).unwrap();
    for sub in description().get_subcommands() {
        assert!(kept.text().matches(sub.get_name()).count() > 1, "{}", sub.get_name());
    }
}

// -- a mission to look at -----------------------------------------------------------------------------------

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

// -- serving the other end ----------------------------------------------------------------------------------

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

async fn follow_brief(
    handle: &Handle,
    form: Form,
    interrupts: &mut Script,
) -> (Result<Exit, Complaint>, Kept) {
    let (mut out, kept) = Kept::out(form);
    let answers = Answers::read(&["1=no".to_owned()], std::path::Path::new("/nowhere")).unwrap();
    let said = brief::open_and_follow(handle, brief_of(Approval::Ask), answers, (&mut out, interrupts)).await;
    (said, kept)
}

#[tokio::test]
async fn a_brief_is_followed_from_opening_to_the_last_line() {
    let (handle, mut end) = house();
    let mut interrupts = no_interrupts();
    let engine = async {
        let opened = Event::Mission(M, MissionEvent::Opened(Box::new(brief_of(Approval::Ask))));
        let first = next_command(&mut end, receipt(vec![opened])).await;
        assert!(matches!(first, Order::Mission(MissionCommand::Open(brief)) if brief.text == "Fix the cart"));
        let mut asking = mission(Approval::Ask);
        asking.step = Some(Step::Clarify);
        let question =
            |text: &str| Question { text: text.into(), form: AnswerForm::YesNo, default: "yes".into() };
        asking.preparation.questions = Some(vec![question("Keep the API?"), question("Add a test?")]);
        end.state.send_replace(Arc::new(state_of(asking)));
        let Order::Mission(MissionCommand::Answer(M, answers)) =
            next_command(&mut end, receipt(vec![])).await
        else {
            unreachable!("the questions must be answered");
        };
        let said: Vec<(&str, bool)> = answers.iter().map(|a| (a.text.as_str(), a.assumed)).collect();
        assert_eq!(said, [("no", false), ("yes", true)]);
        let channel = Channel { mission: M, team: Some(TeamId(2)) };
        end.feeds.push(channel, FeedItem::Notice("retry in \x1b[1m2 s".into()));
        end.feeds.push(channel, FeedItem::Thought("not for this reader".into()));
        end.state.send_replace(Arc::new(landed(decided_on(Approval::Best))));
        end
    };
    let ((said, kept), _end) = tokio::join!(follow_brief(&handle, Form::Json, &mut interrupts), engine);
    assert_eq!(said, Ok(Exit::Ok));
    let lines = kept.lines();
    let told = kinds(&lines);
    assert_eq!(told.first(), Some(&"mission_opened"));
    assert_eq!(told.last(), Some(&"mission_finished"));
    for kind in ["step", "team", "candidate", "evidence", "verdict", "notice"] {
        assert!(told.contains(&kind), "{kind} is missing in {told:?}");
    }
    let notices: Vec<&str> = lines
        .iter()
        .filter(|line| line["kind"] == "notice")
        .filter_map(|line| line["text"].as_str())
        .collect();
    assert!(notices.contains(&"answered: Keep the API? no") && notices.contains(&"assumed: Add a test? yes"));
    assert!(notices.contains(&"retry in 2 s") && notices.contains(&"no judge for Team G"), "{notices:?}");
    assert!(!kept.text().contains("not for this reader"));
}

#[test]
fn the_last_line_is_the_contracts() {
    let state = landed(decided_on(Approval::Best));
    let line = finish::finished(&state, &state.missions[&M]).to_string();
    let digest = Digest::of(b"patch");
    let want = format!(
        "{{\"kind\":\"mission_finished\",\"mission\":\"M-1\",\"status\":\"landed\",\"commit\":\"abc1234\",\
         \"branch\":\"main\",\"winner\":\"Team A\",\"cost_usd\":0.09,\"candidates\":[\
         {{\"team\":\"Team A\",\"vendor\":\"anthropic\",\"tests\":\"passed\",\"score\":87,\"additions\":4,\
         \"deletions\":1,\"cost_usd\":0.0,\"diff_sha256\":\"{digest}\"}},\
         {{\"team\":\"Team G\",\"vendor\":\"google\",\"tests\":\"failed\",\"score\":null,\"additions\":4,\
         \"deletions\":1,\"cost_usd\":0.0,\"diff_sha256\":\"{digest}\"}}]}}"
    );
    assert_eq!(line, want);
}

/// Follows a mission whose state does not change any more.
async fn ends_with(state: State) -> (Exit, Vec<Value>) {
    let (handle, mut end) = house();
    let mut interrupts = no_interrupts();
    end.state.send_replace(Arc::new(state));
    let opened = Event::Mission(M, MissionEvent::Opened(Box::new(brief_of(Approval::Ask))));
    let engine = next_command(&mut end, receipt(vec![opened]));
    let ((said, kept), _) = tokio::join!(follow_brief(&handle, Form::Json, &mut interrupts), engine);
    (said.unwrap(), kept.lines())
}

#[tokio::test]
async fn each_end_has_its_exit_code() {
    let ended = |ending: Ending| {
        let mut state = state_of(mission(Approval::Ask));
        edit(&mut state, |mission| mission.result.ending = Some((ending, Timestamp(1))));
        state
    };
    let mut money = decided_on(Approval::Ask);
    let subject = Subject::Budget { team: None, cap: Money::usd(1), wanted: Money::usd(2) };
    Arc::make_mut(money.desk.get_mut(&RequestId(3)).unwrap()).subject = subject;
    for (state, status, exit) in [
        (landed(decided_on(Approval::Ask)), "landed", Exit::Ok),
        (ended(Ending::Failed("no".into())), "failed", Exit::Error),
        (ended(Ending::OverBudget("cap".into())), "over_budget", Exit::Budget),
        (money, "over_budget", Exit::Budget),
        (ended(Ending::Cancelled("me".into())), "cancelled", Exit::Waiting),
        (decided_on(Approval::Ask), "waiting", Exit::Waiting),
    ] {
        let (said, lines) = ends_with(state).await;
        let last = lines.last().unwrap();
        assert_eq!((last["status"].as_str(), said), (Some(status), exit));
    }
}

#[tokio::test]
async fn waiting_is_only_what_nothing_but_a_person_can_move() {
    let drafts = |state: &mut State, team: u8| {
        edit(state, |mission| {
            let kind =
                EffectKind::Draft { team: TeamId(team), attempt: 1, based_on: Revision(1), feedback: vec![] };
            let effect = EffectState { kind, started: Some(Timestamp(1)), tries: 0 };
            mission.effects.insert(EffectId(format!("M-1/draft/T-{team}/1")), effect);
        });
    };
    let waits = |state: &State| super::follow::only_a_person_can_move(state, &state.missions[&M]);
    let mut state = decided_on(Approval::Ask);
    assert!(waits(&state));
    drafts(&mut state, 2);
    assert!(!waits(&state), "a team still works");
    let subject = Subject::Command { team: TeamId(2), argv: vec!["make".into()], reason: String::new() };
    Arc::make_mut(state.desk.get_mut(&RequestId(3)).unwrap()).subject = subject;
    assert!(waits(&state), "the only team at work asks");
    drafts(&mut state, 1);
    assert!(!waits(&state), "the other team goes on meanwhile");
    let mut delayed = decided_on(Approval::Ask);
    delayed.clockwork.vetoes.insert(RequestId(3), Timestamp(300_000));
    assert!(!waits(&delayed), "the delay ends by itself");
    let mut paused = state_of(mission(Approval::Ask));
    assert!(!waits(&paused));
    paused.control = Control::Paused("x".into());
    assert!(waits(&paused), "nothing starts in a paused house");
}

#[tokio::test]
async fn an_interrupt_cancels_and_a_second_one_leaves_at_once() {
    for twice in [false, true] {
        let (handle, mut end) = house();
        let (press, pressed) = mpsc::channel(2);
        let mut interrupts = Script(pressed);
        let engine = async {
            let opened = Event::Mission(M, MissionEvent::Opened(Box::new(brief_of(Approval::Ask))));
            next_command(&mut end, receipt(vec![opened])).await;
            end.state.send_replace(Arc::new(state_of(mission(Approval::Ask))));
            press.send(()).await.unwrap();
            let cancel = next_command(&mut end, receipt(vec![])).await;
            assert!(matches!(cancel, Order::Mission(MissionCommand::Cancel(M, _))), "{cancel:?}");
            if twice {
                press.send(()).await.unwrap();
            } else {
                let mut state = state_of(mission(Approval::Ask));
                let ending = Ending::Cancelled("interrupted".into());
                edit(&mut state, |mission| mission.result.ending = Some((ending, Timestamp(1))));
                end.state.send_replace(Arc::new(state));
            }
            (end, press)
        };
        let ((said, kept), _kept_open) =
            tokio::join!(follow_brief(&handle, Form::Json, &mut interrupts), engine);
        assert_eq!(said, Ok(Exit::Interrupted));
        let finished = kinds(&kept.lines()).contains(&"mission_finished");
        assert_eq!(finished, !twice);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mission_that_outlives_its_limit_is_cancelled_from_here() {
    let (handle, mut end) = house();
    let mut interrupts = no_interrupts();
    let (mut out, _kept) = Kept::out(Form::Json);
    let mut limited = brief_of(Approval::Ask);
    limited.timeout = Some(Millis::secs(60));
    let engine = async {
        let opened = Event::Mission(M, MissionEvent::Opened(Box::new(limited.clone())));
        next_command(&mut end, receipt(vec![opened])).await;
        end.state.send_replace(Arc::new(state_of(mission(Approval::Ask))));
        let cancel = next_command(&mut end, receipt(vec![])).await;
        assert!(
            matches!(cancel, Order::Mission(MissionCommand::Cancel(M, why)) if why.contains("time limit"))
        );
        let mut state = state_of(mission(Approval::Ask));
        edit(&mut state, |mission| {
            mission.result.ending = Some((Ending::Cancelled("x".into()), Timestamp(1)))
        });
        end.state.send_replace(Arc::new(state));
        end
    };
    let follow =
        brief::open_and_follow(&handle, limited.clone(), Answers::default(), (&mut out, &mut interrupts));
    let (said, _end) = tokio::join!(follow, engine);
    assert_eq!(said, Ok(Exit::Waiting));
}

#[tokio::test]
async fn refusals_and_the_engines_end_are_complaints() {
    let (handle, mut end) = house();
    let mut interrupts = no_interrupts();
    let refusal = Refusal { kind: RefusalKind::OverBudget, reason: "the day's cap is reached".into() };
    let engine = next_command(&mut end, Err(SendError::Refused(refusal)));
    let ((said, kept), _) = tokio::join!(follow_brief(&handle, Form::Json, &mut interrupts), engine);
    assert_eq!(said.unwrap_err().exit, Exit::Budget);
    assert_eq!(kept.text(), "");
    drop(end);
    let (said, _) = follow_brief(&handle, Form::Json, &mut interrupts).await;
    assert_eq!(said.unwrap_err().exit, Exit::Error);
}

// -- the desk -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_decision_names_what_was_seen_and_follows_to_the_commit() {
    let (handle, mut end) = house();
    end.state.send_replace(Arc::new(decided_on(Approval::Ask)));
    let given = desk::Given {
        request: RequestId(3),
        revision: Revision(4),
        mission: M,
        decision: Decision::Approve { team: Some(TeamId(1)) },
    };
    let engine = async {
        let Order::Desk(DeskCommand::Decide(id, revision, decision)) =
            next_command(&mut end, receipt(vec![])).await
        else {
            unreachable!("a decision is expected");
        };
        assert_eq!((id, revision), (RequestId(3), Revision(4)));
        assert_eq!(*decision, Decision::Approve { team: Some(TeamId(1)) });
        end.state.send_replace(Arc::new(landed(decided_on(Approval::Ask))));
        end
    };
    let (mut out, kept) = Kept::out(Form::Json);
    let mut interrupts = no_interrupts();
    let (said, _end) = tokio::join!(desk::decide(&handle, given, (&mut out, &mut interrupts)), engine);
    assert_eq!(said, Ok(Exit::Ok));
    let lines = kept.lines();
    assert_eq!(kinds(&lines).first(), Some(&"decided"));
    assert_eq!(lines.last().unwrap()["status"], "landed");
    assert!(!kinds(&lines).contains(&"candidate"), "the past is not told again");
}

#[test]
fn teams_are_named_by_name_number_or_vendor() {
    let mission = mission(Approval::Ask);
    for (name, team) in [("team a", 1), ("2", 2), ("T-2", 2), ("google", 2)] {
        assert_eq!(desk::team_by_name(&mission, name), Ok(TeamId(team)), "{name}");
    }
    let refused = desk::team_by_name(&mission, "openai").unwrap_err();
    assert!(refused.hint.unwrap().contains("1 Team A, 2 Team G"));
}

#[test]
fn the_desk_lists_what_waits_and_knows_what_was_decided() {
    let mut state = decided_on(Approval::Ask);
    let (mut out, kept) = Kept::out(Form::Human);
    desk::list(&state, &mut out);
    assert!(kept.text().contains("R-3 r4 · choose a candidate of Team A, Team G"), "{}", kept.text());
    let (id, request) = state.desk.pop_first().unwrap();
    state.decided.push((request, Decision::Expired, Timestamp(3)));
    assert!(desk::find(id, &state).unwrap_err().what.contains("was decided before"));
    let (mut out, kept) = Kept::out(Form::Human);
    policy::explain(id, &state, &mut out).unwrap();
    assert!(kept.text().contains("level: level 1 asks") && kept.text().contains("needs 1 approval(s)"));
    assert!(policy::explain(RequestId(9), &state, &mut out).is_err());
}

// -- looking ------------------------------------------------------------------------------------------------

#[test]
fn missions_and_show_tell_the_same_in_both_forms() {
    let state = landed(decided_on(Approval::Best));
    let args = missions::MissionsArgs { open: false, most: 5 };
    let (mut out, kept) = Kept::out(Form::Human);
    missions::list(&args, &state, &mut out);
    show::print(M, &state, &mut out).unwrap();
    let text = kept.text();
    for words in
        ["M-1", "landed", "$0.09", "no deps", "guards the sum", "passed `cargo test`", "87 of 100", "abc1234"]
    {
        assert!(text.contains(words), "{words:?} is missing in\n{text}");
    }
    let (mut out, kept) = Kept::out(Form::Json);
    missions::list(&args, &state, &mut out);
    show::print(M, &state, &mut out).unwrap();
    let lines = kept.lines();
    assert_eq!(lines[0]["kind"], "mission");
    assert_eq!(lines[0]["status"], "landed");
    assert_eq!(kinds(&lines).last(), Some(&"mission_finished"));
    assert!(show::print(MissionId(9), &state, &mut out).unwrap_err().what.contains("M-9"));
    let open = missions::MissionsArgs { open: true, most: 5 };
    let (mut out, kept) = Kept::out(Form::Json);
    missions::list(&open, &state, &mut out);
    assert_eq!(kept.text(), "");
}

#[tokio::test]
async fn a12_restore_finds_the_revision_and_waits_for_the_commit() {
    let (handle, mut end) = house();
    end.state.send_replace(Arc::new(landed(decided_on(Approval::Best))));
    let engine = async {
        let command = next_command(&mut end, receipt(vec![])).await;
        assert_eq!(command, Order::Mission(MissionCommand::Restore(M, CommitId("abc1234".into()))));
        let mut state = landed(decided_on(Approval::Best));
        edit(&mut state, |mission| mission.result.restored.push((CommitId("def".into()), "main".into())));
        end.state.send_replace(Arc::new(state));
        end
    };
    let (mut out, kept) = Kept::out(Form::Json);
    let mut interrupts = no_interrupts();
    let wish = async {
        // The state with the effect must be there before the wait begins, as the receipt promises.
        restore::restore("ABC1", &handle, (&mut out, &mut interrupts)).await
    };
    let (said, _end) = tokio::join!(wish, engine);
    assert_eq!(said, Ok(Exit::Ok));
    assert_eq!(kept.lines()[0]["commit"], "def");
    let (mut out, _) = Kept::out(Form::Json);
    for (revision, exit) in [("0000", Exit::Error), ("x", Exit::Usage), ("M-7", Exit::Error)] {
        let refused = restore::restore(revision, &handle, (&mut out, &mut no_interrupts())).await;
        assert_eq!(refused.unwrap_err().exit, exit, "{revision}");
    }
}

#[test]
fn nothing_is_said_twice() {
    let state = decided_on(Approval::Ask);
    let mut progress = super::progress::Progress::new(M);
    assert!(progress.news(&state).len() > 8);
    assert_eq!(progress.news(&state), []);
    assert_eq!(super::progress::Progress::from_here(M, &state).news(&state), []);
}

#[test]
fn the_screen_is_what_no_subcommand_means() {
    assert!(Cli::try_parse_from(["chimera"]).unwrap().command.is_none());
    assert!(matches!(Cli::try_parse_from(["chimera", "man"]).unwrap().command, Some(Command::Man)));
}
