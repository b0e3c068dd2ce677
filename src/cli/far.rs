//! `chimera attach ADDRESS`: the same screens on a daemon that is reached over its socket, here or by ssh. What is done is done
//! there; here is a face, and nothing else is opened.

use super::{
    Everywhere,
    exit::{Complaint, Said},
    house::Joined,
    screen::{self, Away, Face, Opening},
    session::Session,
};
use crate::{
    domain::time::Millis,
    server::client::{Address, ConnectError, Far, connect},
    workspace::tunnel::{self, Near, Route},
};
use clap::Args;
use std::path::Path;
use tokio::{sync::watch, time};

/// How long ssh may take until the daemon answers behind it, and between two looks.
const REACH_MOST: Millis = Millis::secs(30);
const LOOK_EVERY: Millis = Millis(100);

/// Which daemon.
#[derive(Debug, Clone, Args)]
pub struct AttachArgs {
    /// Where it serves: unix:PATH, or ssh://user@host:port/PATH for one of another machine; user and port may be left out
    #[arg(value_name = "ADDRESS")]
    pub address: Address,
}

/// Shows it until the person leaves.
///
/// # Errors
/// Nobody answers there, ssh does not get through, or the terminal cannot be used.
pub fn run(args: &AttachArgs, everywhere: &Everywhere) -> Said {
    let runtime = super::runtime()?;
    let session = Session::load(everywhere)?;
    session.say_notes();
    runtime.block_on(attach(args.address.clone(), &session, everywhere))
}

async fn attach(address: Address, session: &Session, everywhere: &Everywhere) -> Said {
    let (host, port, path) = match &address {
        Address::Unix(path) => {
            let path = path.clone();
            let far = connect(address, &path).await.map_err(|error| Complaint::error(error.to_string()))?;
            return show(far, session, everywhere).await;
        }
        Address::Ssh { host, port, path } => (host.clone(), *port, path.clone()),
    };
    let near = Near::make()
        .map_err(|error| Complaint::error(format!("no place for the near end of the line: {error}")))?;
    let env = ["HOME", "USER", "SSH_AUTH_SOCK"].into_iter();
    let env = env.filter_map(|name| Some((name.to_owned(), session.environment.get(name)?.to_owned())));
    let ssh = session.settings().server.ssh.clone();
    let route = Route { ssh, host, port, there: path, env: env.collect() };
    let (tell, ended) = watch::channel(String::new());
    let socket = near.socket();
    tokio::select! {
        said = async {
            let far = reach(address, &socket, ended).await?;
            show(far, session, everywhere).await
        } => said,
        () = tunnel::keep(route, &socket, tell) => Err(Complaint::error("the line ended")),
    }
}

/// Waits until the daemon answers behind ssh, or ssh says why not.
async fn reach(
    address: Address,
    socket: &Path,
    mut ended: watch::Receiver<String>,
) -> Result<Far, Complaint> {
    let until = time::Instant::now() + REACH_MOST.to_std();
    loop {
        let why = match connect(address.clone(), socket).await {
            Ok(far) => return Ok(far),
            Err(error @ ConnectError::Other(..)) => return Err(Complaint::error(error.to_string())),
            Err(ConnectError::Unreachable(_, why)) => why,
        };
        if ended.has_changed().unwrap_or(true) {
            let words = ended.borrow_and_update().clone();
            return Err(Complaint::error(format!("{address} cannot be reached: {words}"))
                .hint("ssh must get there without a question: a key or an agent, and the host known"));
        }
        if time::Instant::now() >= until {
            return Err(Complaint::error(format!("{address} cannot be reached: {why}"))
                .hint("`chimera --monitor` serves there; `serving` in what it prints is the PATH"));
        }
        time::sleep(LOOK_EVERY.to_std()).await;
    }
}

async fn show(far: Far, session: &Session, everywhere: &Everywhere) -> Said {
    let away = Away {
        repo: far.repo().cloned().unwrap_or_else(|| session.here.clone()),
        teams: far.teams().to_vec(),
        budget: far.state().policy.budget.per_mission,
    };
    let face = Face::of(everywhere, &session.environment)?;
    let opening = Opening { face, prefill: None, notice: String::new(), handle: None, away: Some(away) };
    screen::show(session, opening, |end| async { Ok(Joined::Far(far.serve(end))) }).await
}
