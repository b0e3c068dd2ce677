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
use tokio::time;

/// How long an answer may take where nothing is said.
const WITHIN: &str = "5s";
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
    let session = Session::load_to_look(everywhere)?;
    let address = far::daemon(args.at.as_ref(), &session)?;
    let Address::Unix(socket) = &address else {
        return Err(Complaint::usage(format!("{address}: only a daemon of this machine is asked"))
            .hint("ask it there: `ssh HOST chimera health`"));
    };
    let glass = Glass::by(&Way::Socket(socket.clone())).map_err(Complaint::error)?;
    super::runtime()?.block_on(async {
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

async fn ask(glass: &Glass, ready: bool) -> Result<Health, String> {
    if ready { glass.ready().await } else { glass.lives().await }?;
    glass.health().await
}
