//! `chimera login https://HOST`: a token for this daemon by a vendor's word. The person types a code on the vendor's page; what
//! comes of it is kept where `chimera attach` finds it, and ends by itself.

use super::{
    Everywhere, carried,
    exit::{Complaint, Exit, Said},
    out::Out,
    session::Session,
};
use crate::{
    domain::text::clean_line,
    server::client::{Address, LoggedIn, Way, login, vendors},
};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// At which daemon.
#[derive(Debug, Clone, Args)]
pub struct LoginArgs {
    /// Where it serves: https://host:port
    #[arg(value_name = "ADDRESS")]
    pub address: Address,
    /// Who says who you are: github or google [default: the one that is set up there]
    #[arg(long, value_name = "VENDOR")]
    pub via: Option<String>,
    /// PEM file with the one authority that vouches for its certificate [default: those of the system]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Logs in, and waits for the person meanwhile.
///
/// # Errors
/// The daemon or the vendor says no, or the token cannot be kept.
pub fn run(args: &LoginArgs, everywhere: &Everywhere, out: &mut Out) -> Said {
    let Address::Web(url) = &args.address else {
        return Err(Complaint::usage(format!(
            "{} needs no login: who connects there is known",
            args.address
        ))
        .hint("a login is for https://HOST:PORT"));
    };
    let session = Session::load_anyway(everywhere)?;
    session.say_notes();
    super::runtime()?.block_on(log_in(url, args, &session, out))
}

async fn log_in(url: &str, args: &LoginArgs, session: &Session, out: &mut Out) -> Said {
    let way = Way::Web { url: url.to_owned(), token: None, ca: args.ca.clone() };
    let failed = |why: String| Complaint::error(format!("no login at {url}: {}", clean_line(&why, 400)));
    let via = match &args.via {
        Some(via) => via.clone(),
        None => match vendors(&way).await.map_err(failed)?.as_slice() {
            [only] => only.clone(),
            [] => {
                return Err(failed("nobody is set up who could say who you are".to_owned())
                    .hint("`chimera token create` there makes a token; docs/network.md sets a vendor up"));
            }
            several => {
                let all: Vec<String> = several.iter().map(|via| clean_line(via, 40).to_string()).collect();
                return Err(Complaint::usage(format!("say which with --via: {}", all.join(" or "))));
            }
        },
    };
    let begun = login(&way, &via).await.map_err(failed)?;
    let (code, address) = (clean_line(&begun.code, 64), clean_line(&begun.address, 300));
    let value = json!({"kind": "login", "code": code.to_string(), "address": address.to_string()});
    out.both(&format!("login     open {address} and type {code}"), &value);
    let mut pause = begun.pause;
    loop {
        tokio::time::sleep(pause.to_std()).await;
        match begun.ask().await.map_err(failed)? {
            LoggedIn::Waits(again) => pause = again,
            LoggedIn::As { token, name, role, expires } => {
                let kept = carried::keep(url, token.expose(), &session.environment)?;
                let [name, role, expires] =
                    [name, role, expires].map(|word| clean_line(&word, 80).to_string());
                let words =
                    format!("logged in as {name}, {role}, until {expires}; kept in {}", kept.display());
                let file = kept.display().to_string();
                let value = json!({"kind": "logged_in", "name": name, "role": role, "expires": expires, "file": file});
                out.both(&words, &value);
                return Ok(Exit::Ok);
            }
        }
    }
}
