//! A brief is followed: what is said on the way, and how following ends.

use super::{
    M, Script, brief_of, decided_on, edit, house, kinds, landed, mission, next_command, no_interrupts,
    receipt, state_of,
};
use crate::{
    cli::{
        answers::Answers,
        brief,
        exit::{Complaint, Exit},
        finish, follow,
        out::{Form, tests::Kept},
        progress::Progress,
    },
    domain::{
        brief::{AnswerForm, Approval, Question},
        digest::Digest,
        feed::{Channel, FeedItem},
        ids::{EffectId, RequestId, Revision, TeamId},
        mission::{Ending, Step},
        money::Money,
        request::Subject,
        time::{Millis, Timestamp},
    },
    engine::{
        command::{Command as Order, ControlCommand, MissionCommand, Refusal, RefusalKind},
        effect::EffectKind,
        event::{Event, MissionEvent},
        state::{Control, EffectState, State},
    },
    runtime::handle::{Handle, SendError},
};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

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
async fn what_was_answered_is_not_denied_where_the_engine_ends_while_it_is_followed() {
    for state in [State::default(), state_of(mission(Approval::Ask))] {
        let (handle, mut end) = house();
        let mut interrupts = no_interrupts();
        let known = !state.missions.is_empty();
        end.state.send_replace(Arc::new(state));
        let opened = Event::Mission(M, MissionEvent::Opened(Box::new(brief_of(Approval::Ask))));
        let engine = async move {
            next_command(&mut end, receipt(vec![opened])).await;
            drop(end);
        };
        let ((said, kept), ()) = tokio::join!(follow_brief(&handle, Form::Json, &mut interrupts), engine);
        assert_eq!(said, Ok(Exit::Waiting));
        assert!(kept.text().contains("M-1 goes on at the next start"), "{}", kept.text());
        if known {
            let last = kept.lines().last().unwrap().clone();
            assert_eq!((&last["kind"], &last["status"]), (&"mission_finished".into(), &"waiting".into()));
        }
    }
}

#[tokio::test]
async fn where_no_answer_came_nobody_says_that_nothing_was_done() {
    let (handle, mut end) = house();
    let engine = async move {
        let _taken = end.asks.recv().await;
        drop(end);
    };
    let pause = Order::Control(ControlCommand::Pause("x".into()));
    let (sent, ()) = tokio::join!(handle.send(pause.clone()), engine);
    let complaint = Complaint::from(sent.unwrap_err());
    assert!(complaint.what.contains("look whether it was done"), "{}", complaint.what);
    // Whoever comes after that is not heard at all, which is certain.
    assert_eq!(handle.send(pause).await, Err(SendError::Closed));
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
    let waits = |state: &State| follow::only_a_person_can_move(state, &state.missions[&M]);
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
    let (mut out, kept) = Kept::out(Form::Json);
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
            let why = "the time limit of 1 min is over".into();
            mission.result.ending = Some((Ending::Cancelled(why), Timestamp(1)))
        });
        end.state.send_replace(Arc::new(state));
        end
    };
    let follow =
        brief::open_and_follow(&handle, limited.clone(), Answers::default(), (&mut out, &mut interrupts));
    let (said, _end) = tokio::join!(follow, engine);
    assert_eq!(said, Ok(Exit::Waiting));
    let lines = kept.lines();
    let [.., why, last] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((&why["kind"], &why["text"]), (&"notice".into(), &"the time limit of 1 min is over".into()));
    assert_eq!(last["kind"], "mission_finished");
}

#[tokio::test]
async fn refusals_and_the_engines_end_are_complaints() {
    let (handle, mut end) = house();
    let mut interrupts = no_interrupts();
    let refusal =
        Refusal { kind: RefusalKind::OverBudget, reason: "the day's cap is reached".into(), enough: None };
    let engine = next_command(&mut end, Err(SendError::Refused(refusal)));
    let ((said, kept), _) = tokio::join!(follow_brief(&handle, Form::Json, &mut interrupts), engine);
    assert_eq!(said.unwrap_err().exit, Exit::Budget);
    assert_eq!(kept.text(), "");
    drop(end);
    let (said, _) = follow_brief(&handle, Form::Json, &mut interrupts).await;
    assert_eq!(said.unwrap_err().exit, Exit::Error);
}

#[test]
fn nothing_is_said_twice() {
    let state = decided_on(Approval::Ask);
    let mut progress = Progress::new(M);
    assert!(progress.news(&state).len() > 8);
    assert_eq!(progress.news(&state), []);
    assert_eq!(Progress::from_here(M, &state).news(&state), []);
}
