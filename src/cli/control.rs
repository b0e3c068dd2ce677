//! `chimera pause`, `resume`, `stop`: the whole house, whichever process runs it. Resuming also removes the control
//! files, which would halt it again.

use super::{
    exit::{Complaint, Exit, Said},
    house::Purpose,
    out::Out,
    session::Session,
};
use crate::{
    engine::command::{Command, ControlCommand},
    runtime,
};
use clap::Args;
use serde_json::json;

/// Why.
#[derive(Debug, Clone, Args)]
pub struct ReasonArgs {
    /// Why; shown to whoever looks
    #[arg(value_name = "REASON", default_value = "by the director")]
    pub reason: String,
}

/// Starts nothing new.
///
/// # Errors
/// The house cannot be opened, or the engine refuses.
pub async fn pause(args: &ReasonArgs, session: &Session, out: &mut Out) -> Said {
    give(ControlCommand::Pause(args.reason.clone()), "paused", session, out).await
}

/// Goes on.
///
/// # Errors
/// The house cannot be opened, or the engine refuses.
pub async fn resume(session: &Session, out: &mut Out) -> Said {
    let stays = |error: std::io::Error| {
        Complaint::error(format!("the control files STOP and PAUSE cannot be removed: {error}"))
            .hint("remove them from the data directory, then resume")
    };
    // What could not be resumed keeps its files.
    session.may_open()?;
    runtime::clear_control_files(&session.settings().places.data).map_err(stays)?;
    give(ControlCommand::Resume, "resumed", session, out).await
}

/// Ends everything in flight.
///
/// # Errors
/// The house cannot be opened, or the engine refuses.
pub async fn stop(args: &ReasonArgs, session: &Session, out: &mut Out) -> Said {
    give(ControlCommand::Stop(args.reason.clone()), "stopped", session, out).await
}

/// Files halt a house whose settings cannot be used.
fn unneeded(refused: Complaint, command: &ControlCommand, session: &Session) -> Complaint {
    let halts = matches!(command, ControlCommand::Pause(_) | ControlCommand::Stop(_));
    match refused.hint.clone().filter(|_| halts && session.fault.is_some()) {
        Some(hint) => {
            refused.hint(format!("{hint}; a file STOP or PAUSE in the data directory needs no settings"))
        }
        None => refused,
    }
}

/// In this process, or in the one that owns the data directory: then the receipt says that it has taken effect there.
async fn give(command: ControlCommand, word: &str, session: &Session, out: &mut Out) -> Said {
    let house =
        session.open(Purpose::Command).await.map_err(|refused| unneeded(refused, &command, session))?;
    let sent = house.handle.send(Command::Control(command)).await;
    house.close().await;
    let receipt = sent?;
    out.both(&format!("{word} at {}", receipt.seq), &json!({"kind": word, "seq": receipt.seq}));
    Ok(Exit::Ok)
}
