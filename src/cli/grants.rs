//! `chimera grants`: commands that run on a person's word given beforehand, and taking that word back.

use super::{
    exit::{Exit, Said},
    house::Purpose,
    out::Out,
    session::Session,
};
use crate::{
    domain::{
        grant::{Grant, Pattern},
        ids::GrantId,
        text::clean_line,
        time::Timestamp,
    },
    engine::{
        command::{Command, DeskCommand},
        state::State,
    },
    policy::grants::moment,
    runtime::clock::Clock,
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// What to do with grants.
#[derive(Debug, Clone, Subcommand)]
pub enum GrantsCommand {
    /// List those in force
    List,
    /// End one: what it covered is asked again
    Revoke(RevokeArgs),
}

/// Which one.
#[derive(Debug, Clone, Args)]
pub struct RevokeArgs {
    /// Grant, such as G-1
    #[arg(value_name = "ID")]
    pub grant: GrantId,
}

/// Does it.
///
/// # Errors
/// There is no such grant, or the house cannot be opened.
pub async fn run(command: &GrantsCommand, session: &Session, out: &mut Out) -> Said {
    match command {
        GrantsCommand::List => list(&session.look()?, Clock::Wall.now(), out),
        GrantsCommand::Revoke(args) => {
            let house = session.open(Purpose::Command).await?;
            let sent = house.handle.send(Command::Desk(DeskCommand::Revoke(args.grant))).await;
            house.close().await;
            sent?;
            let value = json!({"kind": "revoked", "grant": args.grant.to_string()});
            out.both(&format!("revoked   {}: what it covered is asked again", args.grant), &value);
        }
    }
    Ok(Exit::Ok)
}

/// Prints those in force, oldest first.
pub fn list(state: &State, now: Timestamp, out: &mut Out) {
    if state.grants.is_empty() {
        out.say("No grants: every command is asked about.");
    }
    for grant in state.grants.values() {
        let words = format!(
            "{} · {} · {} · {} of {} left · until {} · by {}",
            grant.id,
            covers(grant),
            whom(grant),
            grant.left(),
            grant.terms.uses,
            moment(grant.until, now),
            clean_line(&grant.by, 64)
        );
        out.both(&words, &value(grant));
    }
}

fn covers(grant: &Grant) -> String {
    match &grant.terms.pattern {
        Pattern::Exact(line) => format!("{line:?}"),
        Pattern::Prefix(first) => format!("{first:?} and what follows"),
    }
}

fn whom(grant: &Grant) -> String {
    match grant.terms.reach {
        crate::domain::grant::Reach::Mission => grant.mission.to_string(),
        crate::domain::grant::Reach::Project => "project".to_owned(),
    }
}

fn value(grant: &Grant) -> Value {
    json!({
        "kind": "grant", "grant": grant.id.to_string(), "reach": grant.terms.reach, "pattern": grant.terms.pattern,
        "mission": grant.mission.to_string(), "repo": grant.repo, "uses": grant.terms.uses, "left": grant.left(),
        "by": grant.by, "given": grant.given.to_string(), "until": grant.until.to_string(),
    })
}
