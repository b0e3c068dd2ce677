//! What waits is listed, and a decision is given and followed.

use super::{M, decided_on, house, kinds, landed, mission, next_command, no_interrupts, receipt};
use crate::{
    cli::{
        desk,
        exit::Exit,
        finish, named,
        out::{Form, tests::Kept},
        policy,
    },
    domain::{
        brief::Approval,
        ids::{RequestId, Revision, TeamId},
        request::{Actor, Consent, Decision, Hold, Subject},
        time::{Millis, Timestamp},
    },
    engine::command::{Command as Order, DeskCommand},
};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_decision_names_what_was_seen_and_follows_to_the_commit() {
    let (handle, mut end) = house();
    end.state.send_replace(Arc::new(decided_on(Approval::Ask)));
    let given = desk::Given {
        request: RequestId(3),
        revision: Revision(4),
        mission: M,
        about: M.to_string(),
        decision: Decision::Approve { team: Some(TeamId(1)) },
        hold: false,
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
fn the_second_person_sees_what_the_first_one_said_yes_to() {
    let mut state = decided_on(Approval::Ask);
    let request = Arc::make_mut(state.desk.get_mut(&RequestId(3)).unwrap());
    let decision = Decision::Approve { team: Some(TeamId(2)) };
    request.approved = vec![Consent { by: Actor::Person("ada".into()), decision }];
    let (mut out, kept) = Kept::out(Form::Human);
    desk::detail(RequestId(3), &state, &mut out).unwrap();
    assert!(
        kept.text().contains("approved by ada, to Team G; it waits for another person"),
        "{}",
        kept.text()
    );
    let (mut out, kept) = Kept::out(Form::Json);
    desk::detail(RequestId(3), &state, &mut out).unwrap();
    let line = &kept.lines()[0];
    assert_eq!(
        (&line["approved"], &line["consents"]),
        (&json!(["ada"]), &json!([{"by": "ada", "to": "Team G"}]))
    );
}

#[test]
fn teams_are_named_by_name_number_or_vendor() {
    let mission = mission(Approval::Ask);
    for (name, team) in [("team a", 1), ("2", 2), ("T-2", 2), ("google", 2)] {
        assert_eq!(named::team(&mission, name), Ok(TeamId(team)), "{name}");
    }
    let refused = named::team(&mission, "openai").unwrap_err();
    assert!(refused.hint.unwrap().contains("1 Team A, 2 Team G"));
}

#[test]
fn the_last_words_name_an_answer_that_is_taken() {
    let asks = |subject| {
        let mut state = decided_on(Approval::Ask);
        Arc::make_mut(state.desk.get_mut(&RequestId(3)).unwrap()).subject = subject;
        finish::last_words(&state, &state.missions[&M])
    };
    let choose = |teams: &[u8]| Subject::Choose { teams: teams.iter().map(|team| TeamId(*team)).collect() };
    for (subject, answer) in [
        (choose(&[]), "reject R-3 --retry --reason …"),
        (choose(&[1]), "approve R-3"),
        (choose(&[1, 2]), "approve R-3 --team …"),
        (Subject::Ask { team: TeamId(1), question: "which?".into() }, "modify R-3 --prompt …"),
    ] {
        let said = asks(subject);
        assert!(said.ends_with(&format!("then `chimera desk {answer}`")), "{said}");
    }
}

#[test]
fn the_desk_lists_what_waits_and_knows_what_was_decided() {
    let mut state = decided_on(Approval::Ask);
    let (mut out, kept) = Kept::out(Form::Human);
    // It gets older while nothing is journaled.
    state.at = Timestamp(0);
    desk::list(&state, Timestamp(90_000), &mut out);
    let asked = format!("R-3 r4 · choose a candidate of Team A, Team G · {}\n", Millis(90_000));
    assert!(kept.text().contains(&asked), "{}", kept.text());
    let (given, revision) = (Timestamp(1_000), state.desk[&RequestId(3)].revision);
    let (decision, by) = (Decision::Approve { team: None }, Actor::Person("ada".into()));
    let until = given + Millis::secs(10);
    let hold = Hold { request: RequestId(3), revision, decision, by, given, until };
    state.clockwork.held.insert(hold.request, hold);
    state.clockwork.halted = Some(given + Millis::secs(2));
    let (mut out, kept) = Kept::out(Form::Human);
    desk::list(&state, given, &mut out);
    assert!(kept.text().contains("by ada, takes effect 8 s after resume"), "{}", kept.text());
    let (id, request) = state.desk.pop_first().unwrap();
    state.decided.push((request, Decision::Expired, Timestamp(3)));
    assert!(named::request(id, &state).unwrap_err().what.contains("was decided before"));
    let (mut out, kept) = Kept::out(Form::Human);
    policy::explain(id, &state, &mut out).unwrap();
    assert!(kept.text().contains("level: level 1 asks") && kept.text().contains("needs 1 approval(s)"));
    assert!(policy::explain(RequestId(9), &state, &mut out).is_err());
}
