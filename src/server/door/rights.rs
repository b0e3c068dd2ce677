//! What a word of a person needs, by what it would bring about; and the one way by which a caller's word reaches the engine.

use crate::{
    domain::{access::Role, request::Decision},
    engine::command::{Command, ControlCommand, DeskCommand, MissionCommand},
    runtime::handle::{Handle, Receipt, SendError},
    server::{entrance::Caller, problem::Problem},
};

/// The least role that may give it.
pub(in crate::server) fn needed(command: &Command) -> Role {
    match command {
        // A grant is a rule for what comes after.
        Command::Desk(DeskCommand::Decide(_, _, decision) | DeskCommand::Hold(_, _, decision)) => {
            match **decision {
                Decision::Grant { .. } => Role::Director,
                _ => Role::Operator,
            }
        }
        Command::Mission(_) | Command::Idea(_) | Command::Heal(_) | Command::Desk(_) => Role::Operator,
        Command::Control(ControlCommand::Pause(_)) => Role::Operator,
        Command::Control(_) | Command::Money(_) | Command::Begin(_) | Command::Report(_) | Command::Tick => {
            Role::Director
        }
        Command::Under(_, command) => needed(command),
    }
}

/// Whether the journal itself keeps under which word it was given, so that a daemon that starts anew knows it. Of briefs the
/// mission does; what is answered with what happened cannot be answered so again.
fn keeps_word(command: &Command) -> bool {
    match command {
        Command::Heal(_) | Command::Control(ControlCommand::Pause(_) | ControlCommand::Stop(_)) => true,
        Command::Mission(command) => !matches!(command, MissionCommand::Open(_)),
        _ => false,
    }
}

/// Gives a command in the caller's name; what was done before under the same word is not done again.
///
/// # Errors
/// The caller may not, or as the engine says.
pub(in crate::server) async fn give(
    handle: &Handle,
    caller: &Caller,
    command: Command,
) -> Result<Receipt, Denied> {
    caller.must(needed(&command)).map_err(Denied::Role)?;
    let command = match caller.once.filter(|_| keeps_word(&command)) {
        Some(once) => {
            let state = handle.snapshot();
            if state.given(once.word).is_some() {
                return Ok(Receipt { seq: state.seq, events: Vec::new() });
            }
            Command::Under(once, Box::new(command))
        }
        None => command,
    };
    handle.in_name_of(caller.actor()).send(command).await.map_err(Denied::Engine)
}

/// Why a command was not given.
#[derive(Debug)]
pub(in crate::server) enum Denied {
    /// The caller may not.
    Role(Problem),
    /// The engine did not take it.
    Engine(SendError),
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Role(problem) => problem,
            Denied::Engine(error) => error.into(),
        }
    }
}
