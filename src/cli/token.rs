//! `chimera token`: for whom the network face over TCP answers. Made, listed and taken back in the data directory itself;
//! a daemon that runs takes it up at once.

use super::{
    exit::{Complaint, Exit, Said},
    out::Out,
    session::Session,
};
use crate::{
    domain::{
        access::{Role, check_name},
        text::clean_line,
        time::{Millis, Timestamp},
    },
    runtime::{
        access::{self, Wanted},
        clock::Clock,
    },
    store::tokens::{Origin, Token, Tokens, TokensError},
};
use clap::{Args, Subcommand};
use serde_json::json;

/// What to do with tokens.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Make one; it is shown once and kept by nobody else
    Create(CreateArgs),
    /// List them; never their secrets
    List,
    /// Take one back: it is worth nothing from then on
    Revoke(RevokeArgs),
}

/// Which one is made.
#[derive(Debug, Clone, Args)]
pub struct CreateArgs {
    /// Whose it is: what is done with it is recorded as token:NAME
    #[arg(long, value_name = "NAME", value_parser = named)]
    pub name: String,
    /// What it may do: a viewer reads, an operator also decides, briefs, pauses and silences, a director everything
    #[arg(long, value_name = "ROLE")]
    pub role: Role,
    /// How long it counts, such as 90d or 12h [default: for ever]
    #[arg(long, value_name = "SPAN")]
    pub expires: Option<Millis>,
}

/// Which one is taken back.
#[derive(Debug, Clone, Args)]
pub struct RevokeArgs {
    /// As it is listed
    #[arg(value_name = "NAME")]
    pub name: String,
}

fn named(text: &str) -> Result<String, String> {
    check_name(text).map(|()| text.to_owned())
}

/// Does it.
///
/// # Errors
/// A name is taken or unknown, or the file of tokens cannot be read or written.
pub fn run(command: &TokenCommand, session: &Session, out: &mut Out) -> Said {
    session.ground()?;
    let (data, now) = (&session.settings().places.data, Clock::Wall.now());
    match command {
        TokenCommand::Create(args) => {
            let CreateArgs { name, role, expires } = args.clone();
            let expires = expires.map(|span| now + span);
            let made = access::issue(data, Wanted { name, role, expires, origin: Origin::Made }, now);
            let made = made.map_err(complaint)?;
            let mut value = value(&made.token, now);
            value["token"] = made.expose().into();
            out.say(made.expose());
            out.tell(&value);
            super::out::note(&[format!(
                "{}, {}; it is shown this once: keep it where only its holder reads, such as CHIMERA_TOKEN or a file of \
                 mode 600",
                made.token.name,
                standing(&made.token, now)
            )]);
        }
        TokenCommand::List => list(&Tokens::of(data).read().map_err(complaint)?.0, now, out),
        TokenCommand::Revoke(args) => {
            let gone = access::revoke(data, &args.name, now).map_err(complaint)?;
            let value = json!({"kind": "revoked", "name": gone.name, "id": gone.id});
            let name = clean_line(&gone.name, 64);
            out.both(&format!("revoked   {name}: it is worth nothing from now on"), &value);
        }
    }
    Ok(Exit::Ok)
}

fn complaint(error: TokensError) -> Complaint {
    Complaint::error(error.to_string())
}

fn list(tokens: &[Token], now: Timestamp, out: &mut Out) {
    if tokens.is_empty() {
        out.say("No tokens: nobody is served over TCP. `chimera token create --name NAME --role viewer` makes one.");
    }
    for token in tokens {
        let words = format!("{} · {} · since {}", token.name, standing(token, now), token.created);
        out.both(&words, &value(token, now));
    }
}

fn standing(token: &Token, now: Timestamp) -> String {
    match token.expires {
        None => format!("{}, for ever", token.role),
        Some(until) if token.expired(now) => format!("{}, expired {until}", token.role),
        Some(until) => format!("{}, until {until}", token.role),
    }
}

fn value(token: &Token, now: Timestamp) -> serde_json::Value {
    json!({
        "kind": "token", "name": token.name, "id": token.id, "role": token.role,
        "created": token.created.to_string(), "expires": token.expires.map(|until| until.to_string()),
        "expired": token.expired(now), "origin": token.origin,
    })
}
