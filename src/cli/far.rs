//! `chimera attach ADDRESS`: the same screens on a daemon that is reached over its socket. What is done is done there; here
//! is a face, and nothing else is opened.

use super::{
    Everywhere,
    exit::{Complaint, Exit, Said},
    house::Joined,
    screen::{self, Away, Face, Opening},
    session::Session,
};
use crate::server::client::{Address, connect};
use clap::Args;

/// Which daemon.
#[derive(Debug, Clone, Args)]
pub struct AttachArgs {
    /// Where it serves, as unix:PATH
    #[arg(value_name = "ADDRESS")]
    pub address: Address,
}

/// Shows it until the person leaves.
///
/// # Errors
/// Nobody answers there, or the terminal cannot be used.
pub fn run(args: &AttachArgs, everywhere: &Everywhere) -> Said {
    let runtime = super::runtime()?;
    let session = Session::load(everywhere)?;
    session.say_notes();
    let shown: Result<Exit, Complaint> = runtime.block_on(async {
        // Before the terminal is taken: where nobody answers there is nothing to show.
        let far = connect(args.address.clone()).await.map_err(|error| Complaint::error(error.to_string()))?;
        let away = Away {
            repo: far.repo().cloned().unwrap_or_else(|| session.here.clone()),
            teams: far.teams().to_vec(),
            budget: far.state().policy.budget.per_mission,
        };
        let face = Face::of(everywhere, &session.environment)?;
        let opening = Opening { face, prefill: None, notice: String::new(), handle: None, away: Some(away) };
        screen::show(&session, opening, |end| async { Ok(Joined::Far(far.serve(end))) }).await
    });
    shown
}
