//! `chimera attach ADDRESS`: the same screens on a daemon that is reached over its socket, here or by ssh, or over the network with
//! a token. What is done is done there; here is a face, and nothing else is opened.

use super::{
    Everywhere, carried,
    exit::{Complaint, Said},
    screen::{self, Face},
    session::Session,
    there,
};
use crate::{
    domain::time::Millis,
    server::client::{Address, ConnectError, Far, Way, connect},
    workspace::tunnel::{self, Near, Route},
};
use clap::Args;
use std::path::{Path, PathBuf};
use tokio::{sync::watch, time};

/// How long ssh may take until the daemon answers behind it, and between two looks.
const REACH_MOST: Millis = Millis::secs(30);
const LOOK_EVERY: Millis = Millis(100);

/// Which daemon.
#[derive(Debug, Clone, Args)]
pub struct AttachArgs {
    /// Where it serves: unix:PATH, or ssh://user@host:port/PATH for one of another machine, where PATH is its repository or its
    /// socket (NAME.sock), and user, port and PATH may be left out: then it is the one that serves there; or https://host:port with a
    /// token, which is taken from CHIMERA_TOKEN or from what `chimera login` left
    #[arg(value_name = "ADDRESS")]
    pub address: Address,
    /// What is shown there.
    #[command(flatten)]
    pub papers: Papers,
}

/// What is shown to a daemon that serves over the network, and what it must show.
#[derive(Debug, Clone, Default, Args)]
pub struct Papers {
    /// File of mode 600 whose first line is the token for https
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// PEM file with the one authority that vouches for its certificate [default: those of the system]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Shows it until the person leaves.
///
/// # Errors
/// Nobody answers there, ssh does not get through, or the terminal cannot be used.
pub fn run(args: &AttachArgs, everywhere: &Everywhere) -> Said {
    let runtime = super::runtime()?;
    let session = Session::load_anyway(everywhere)?;
    session.say_notes();
    runtime.block_on(attach(args, &session, everywhere))
}

async fn attach(args: &AttachArgs, session: &Session, everywhere: &Everywhere) -> Said {
    at((&args.address, &args.papers), session, async |far, _| {
        let face = Face::of(everywhere, &session.environment)?;
        screen::show_far(far, session, (face, matches!(args.address, Address::Unix(_)))).await
    })
    .await
}

/// Connects to a daemon and does something with it, and with the way there: the socket of another machine is brought here
/// by ssh meanwhile.
///
/// # Errors
/// Nobody answers there, ssh does not get through, or the work's own.
pub(super) async fn at<T>(
    (address, papers): (&Address, &Papers),
    session: &Session,
    work: impl AsyncFnOnce(Far, &Way) -> Result<T, Complaint>,
) -> Result<T, Complaint> {
    let way = match address {
        Address::Unix(path) => Way::Socket(path.clone()),
        Address::Web(url) => {
            let token = carried::token(url, papers.token_file.as_deref(), &session.environment)?;
            Way::Web { url: url.clone(), token, ca: papers.ca.clone() }
        }
        Address::Ssh { host, port, path } => {
            return through(address, (host.clone(), *port, path.as_deref()), session, work).await;
        }
    };
    let far = connect(address.clone(), &way).await.map_err(unreached)?;
    work(far, &way).await
}

/// The same through ssh, which is asked first where the socket is, unless that is named.
async fn through<T>(
    address: &Address,
    (host, port, path): (String, Option<u16>, Option<&Path>),
    session: &Session,
    work: impl AsyncFnOnce(Far, &Way) -> Result<T, Complaint>,
) -> Result<T, Complaint> {
    let near = Near::make()
        .map_err(|error| Complaint::error(format!("no place for the near end of the line: {error}")))?;
    let env = ["HOME", "USER", "SSH_AUTH_SOCK"].into_iter();
    let env = env.filter_map(|name| Some((name.to_owned(), session.environment.get(name)?.to_owned())));
    let ssh = session.settings().server.ssh.clone();
    let route = Route { ssh, host, port, env: env.collect() };
    let there = there::socket(address, &route, path).await?;
    let (tell, ended) = watch::channel(String::new());
    let socket = near.socket();
    tokio::select! {
        said = async {
            let far = reach((address, &there), &socket, ended).await?;
            work(far, &Way::Socket(socket.to_owned())).await
        } => said,
        () = tunnel::keep(route, there.clone(), &socket, tell) => Err(Complaint::error("the line ended")),
    }
}

fn unreached(error: ConnectError) -> Complaint {
    let complaint = Complaint::error(error.to_string());
    match error {
        ConnectError::Refused(..) => complaint.hint(
            "bring a token that counts there: CHIMERA_TOKEN, --token-file, or `chimera login` at that address",
        ),
        ConnectError::Unreachable(..) | ConnectError::Other(..) => complaint,
    }
}

/// The daemon that is named, or else that of this place.
///
/// # Errors
/// None is named, and the settings say that none serves here.
pub(super) fn daemon(named: Option<&Address>, session: &Session) -> Result<Address, Complaint> {
    if let Some(address) = named {
        return Ok(address.clone());
    }
    let own = session.settings().socket(&session.environment).map(Address::Unix);
    own.ok_or_else(|| {
        Complaint::error("no daemon is named, and none serves here: `socket = \"off\"` in [server]")
            .hint("name one with --at unix:PATH, --at ssh://HOST or --at https://HOST:PORT")
    })
}

/// Waits until the daemon answers behind ssh, or ssh says why not.
async fn reach(
    (address, there): (&Address, &Path),
    socket: &Path,
    mut ended: watch::Receiver<String>,
) -> Result<Far, Complaint> {
    let (until, way) = (time::Instant::now() + REACH_MOST.to_std(), Way::Socket(socket.to_owned()));
    loop {
        let why = match connect(address.clone(), &way).await {
            Ok(far) => return Ok(far),
            Err(error @ (ConnectError::Other(..) | ConnectError::Refused(..))) => {
                return Err(unreached(error));
            }
            Err(ConnectError::Unreachable(_, why)) => why,
        };
        if ended.has_changed().unwrap_or(true) {
            let words = ended.borrow_and_update().clone();
            return Err(
                Complaint::error(format!("{address} cannot be reached: {words}")).hint(there::NO_QUESTION)
            );
        }
        if time::Instant::now() >= until {
            let hint = format!("does a daemon serve on {} there? {}", there.display(), there::SAYS_IT);
            return Err(Complaint::error(format!("{address} cannot be reached: {why}")).hint(hint));
        }
        time::sleep(LOOK_EVERY.to_std()).await;
    }
}
