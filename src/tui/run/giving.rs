//! Commands that are given together.

use crate::{
    engine::command::{Command, Refusal},
    runtime::handle::{Handle, SendError},
    tui::task::Done,
};

/// Every command has its own answer; the first that was refused is told, and how many were not.
pub(super) async fn send_all(handle: &Handle, commands: Vec<Command>, what: String) -> Done {
    let all = commands.len();
    let (mut done, mut refused) = (None, None);
    let mut took = 0;
    for command in commands {
        match handle.send(command).await {
            Ok(receipt) => {
                took += 1;
                done = Some(receipt);
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match (done, refused) {
        (Some(receipt), None) => Done::Sent(what, Ok(receipt)),
        (_, Some(SendError::Refused(refusal))) => {
            let reason = format!("{}; {took} of {all} were taken", refusal.reason);
            Done::Sent(what, Err(SendError::Refused(Refusal { reason, ..refusal })))
        }
        (_, Some(error)) => Done::Sent(format!("{what}: {took} of {all} were taken"), Err(error)),
        (None, None) => Done::Told(Vec::new()),
    }
}
