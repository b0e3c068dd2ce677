//! `chimera rate`: what the director thinks of what a mission came to. It counts in the numbers of its team, its
//! model and its kind of task; the last word counts.

use super::{exit::Complaint, exit::Exit, exit::Said, house::Purpose, out::Out, session::Session};
use crate::{
    domain::{ids::MissionId, mission::Rating},
    engine::command::{Command, MissionCommand},
};
use clap::Args;
use serde_json::json;

/// What is rated, and how.
#[derive(Debug, Clone, Args)]
pub struct RateArgs {
    /// Mission that has ended, such as M-1
    #[arg(value_name = "ID")]
    pub mission: MissionId,
    /// From 1 (of no use) to 5 (as it should be)
    #[arg(value_name = "STARS", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub stars: u8,
    /// Why
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub why: String,
}

/// Records it.
///
/// # Errors
/// The house cannot be opened, or there is no such mission, or it has not ended.
pub async fn run(args: &RateArgs, session: &Session, out: &mut Out) -> Said {
    let house = session.open(Purpose::Command).await?;
    let rating = Rating { stars: args.stars, words: args.why.clone() };
    let words = format!("{}: {rating}", args.mission);
    let sent = house.handle.send(Command::Mission(MissionCommand::Rate(args.mission, rating))).await;
    house.close().await;
    let receipt = sent.map_err(Complaint::from)?;
    let json = json!({"kind": "rated", "mission": args.mission, "stars": args.stars, "seq": receipt.seq});
    out.both(&words, &json);
    Ok(Exit::Ok)
}
