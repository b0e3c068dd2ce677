//! `chimera health`: whether a daemon lives or is ready, as an exit code: for whoever starts it again when it is not. Looks
//! and changes nothing.

use super::{
    Everywhere,
    exit::{Complaint, Exit, Said},
    far,
    out::Out,
    session::Session,
};
use crate::{
    domain::time::Millis,
    server::client::{Address, Glass, Health, Way},
};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use tokio::time;

/// How long an answer may take where nothing is said.
const WITHIN: &str = "5s";
/// Data directories that are looked into, and how long each may take to answer.
const PLACES_MOST: usize = 256;
const LOOK_MOST: Millis = Millis::secs(1);
/// Between two questions to one that is not there yet.
const AGAIN: Millis = Millis(200);

/// Which daemon, and what is asked.
#[derive(Debug, Clone, Args)]
pub struct HealthArgs {
    /// Whether it takes orders, and not only whether it answers
    #[arg(long)]
    pub ready: bool,
    /// Where it serves: unix:PATH [default: the daemon of this place]
    #[arg(long, value_name = "ADDRESS")]
    pub at: Option<Address>,
    /// Where none serves in this place, the one of yours that does on this machine
    #[arg(long, conflicts_with = "at")]
    pub any: bool,
    /// How long an answer may take
    #[arg(long, value_name = "TIME", default_value = WITHIN)]
    pub within: Millis,
    /// Ask again until then, for one that is just being started
    #[arg(long)]
    pub wait: bool,
}

/// Asks it.
///
/// # Errors
/// It does not answer in time, or is not ready.
pub fn run(args: &HealthArgs, everywhere: &Everywhere, out: &mut Out) -> Said {
    let session = Session::load_anyway(everywhere)?;
    let address = far::daemon(args.at.as_ref(), &session)?;
    let Address::Unix(socket) = &address else {
        return Err(Complaint::usage(format!("{address}: only a daemon of this machine is asked"))
            .hint("ask it there: `ssh HOST chimera health`"));
    };
    super::runtime()?.block_on(async {
        let socket = &if args.any { any(socket, &session).await? } else { socket.clone() };
        let glass = Glass::by(&Way::Socket(socket.clone())).map_err(Complaint::error)?;
        let asked = async {
            loop {
                match ask(&glass, args.ready).await {
                    Err(_) if args.wait => time::sleep(AGAIN.to_std()).await,
                    found => return found,
                }
            }
        };
        let found = time::timeout(args.within.to_std(), asked).await;
        let found = found.unwrap_or_else(|_| Err(format!("there was no answer within {}", args.within)));
        match found {
            Ok(health) => {
                let (status, up) = (&health.status, Millis::secs(health.uptime));
                let words = format!(
                    "{status}  up {up}, {} queued, {} running",
                    health.tasks_queued, health.tasks_running
                );
                let mut told = json!(health);
                told["socket"] = json!(socket);
                out.both(&words, &told);
                Ok(Exit::Ok)
            }
            Err(why) => Err(Complaint::error(format!("{address}: {why}"))
                .hint("`chimera --monitor` serves there; `serving` in what it prints is the path")),
        }
    })
}

/// The socket of this place, if a daemon answers there; else that of the only data directory of this user's with one.
async fn any(own: &Path, session: &Session) -> Result<PathBuf, Complaint> {
    if lives(own).await {
        return Ok(own.to_owned());
    }
    let name = Path::new(&session.settings().server.socket);
    let places = session.environment.data_home().and_then(|home| std::fs::read_dir(home).ok());
    let mut found = Vec::new();
    for place in places.into_iter().flatten().flatten().take(PLACES_MOST) {
        let socket = place.path().join(name);
        if socket != own && lives(&socket).await {
            found.push(socket);
        }
    }
    found.sort();
    found.dedup();
    match found.as_slice() {
        [] => Err(Complaint::error("no daemon of yours serves on this machine")
            .hint("`chimera --monitor` does; one with another data directory is named by --data or --at")),
        [only] => Ok(only.clone()),
        [first, ..] => {
            let all: Vec<_> = found.iter().map(|socket| socket.display().to_string()).collect();
            let what = format!("{} daemons of yours serve on this machine: {}", all.len(), all.join(", "));
            Err(Complaint::error(what).hint(format!("name one of them, such as {}", first.display())))
        }
    }
}

/// Whether a daemon answers on a socket.
async fn lives(socket: &Path) -> bool {
    let Ok(glass) = Glass::by(&Way::Socket(socket.to_owned())) else { return false };
    socket.exists() && matches!(time::timeout(LOOK_MOST.to_std(), glass.lives()).await, Ok(Ok(())))
}

async fn ask(glass: &Glass, ready: bool) -> Result<Health, String> {
    if ready { glass.ready().await } else { glass.lives().await }?;
    glass.health().await
}
