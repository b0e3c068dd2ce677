//! Where two people must say yes, the second one sees what the first said yes to.

use super::*;
use crate::{engine::command::ControlCommand, policy::settings::Policy};

#[tokio::test]
async fn the_desk_tells_who_said_yes_and_to_what() {
    let house = house();
    let policy = Policy { two_persons: vec!["tier-3".into()], ..Policy::default() };
    house.handle.send(Command::Control(ControlCommand::Load(Box::new(policy)))).await.unwrap();
    house.asks().await;
    let subject = Subject::Command { team: TeamId(1), argv: vec!["curl".into()], reason: "look".into() };
    let agent = house.handle.in_name_of(Actor::Agent(MissionId(1), Some(TeamId(1))));
    agent.send(Command::Desk(DeskCommand::Ask(MissionId(1), Box::new(subject)))).await.unwrap();
    let yes = json!({"revision": 1, "answer": "modify", "argv": ["ls"]});
    let (status, receipt) = house.post("/api/desk/R-2/decision", None, yes).await;
    assert_eq!((status, &receipt["waits"]), (StatusCode::OK, &json!(true)), "{receipt}");
    let (_, one) = house.get("/api/desk/R-2").await;
    assert_eq!(one["approved"], json!(["ada"]));
    assert_eq!(one["consents"], json!([{"by": "ada", "to": "another command, [\"ls\"]"}]), "{one}");
}
