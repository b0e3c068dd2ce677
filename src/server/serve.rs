//! Opens and ends the network face.

use super::{
    door::{Doorman, answers::Answers},
    entrance::{BindError, Certificates, Near, Outside, People, Socket, TlsError, own, serve},
    front::Front,
    pages::{login::logins::Logins, previews::onlookers::Onlookers},
    ports::Ports,
    router::{router, routes},
    served::Served,
    tail::Tail,
};
use crate::{
    config::{environment::Environment, settings::Settings},
    runtime::{beside, clock::Clock, handle::Handle},
};
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// What it is made of.
pub struct Setup {
    /// To the engine.
    pub handle: Handle,
    /// As they are now.
    pub settings: Settings,
    /// The environment.
    pub environment: Environment,
    /// What it may not do itself.
    pub ports: Ports,
    /// Tells the time.
    pub clock: Clock,
}

/// It cannot be opened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its socket.
    #[error(transparent)]
    Socket(#[from] BindError),
    /// Its address.
    #[error(
        "{0} cannot be listened on: {1}; set `listen` in [server] to an address of this machine that is free"
    )]
    Listen(SocketAddr, io::Error),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Others could read what comes.
    #[error(
        "others can reach {0}, and without TLS they could read every token on its way; set certificate and key in [server]"
    )]
    Exposed(SocketAddr),
}

/// A network face that is open.
pub struct Server {
    socket: Option<PathBuf>,
    url: Option<String>,
    close: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Opens it on this socket, and where the settings say so over TCP.
///
/// # Errors
/// An entrance cannot be opened: then none is.
pub async fn open(setup: Setup, socket: Option<&Path>) -> Result<Server, OpenError> {
    let socket = socket.map(Socket::bind).transpose()?;
    let outside = outside(&setup).await?;
    let (close, closing) = watch::channel(false);
    let mut server = Server { socket: None, url: None, close, tasks: Vec::new() };
    let people = People::new(own());
    let most = usize::try_from(setup.settings.server.connections).unwrap_or(usize::MAX);
    let doorman = doorman(&setup);
    let app = router(front(setup, closing.clone()), Arc::new(doorman));
    if let Some(socket) = socket {
        let path = socket.path().to_owned();
        tracing::info!(socket = %path.display(), "the network face is open");
        let (app, closing) = (app.clone(), closing.clone());
        server.tasks.push(beside(async move {
            let (listener, place) = socket.apart();
            serve(Near { listener, people, app, closing: closing.clone() }, closing).await;
            drop(place);
        }));
        server.socket = Some(path);
    }
    if let Some((url, listener, certificates)) = outside {
        tracing::info!(%url, "the network face is open over TCP");
        let entrance = Outside::new((listener, certificates), most, app, closing.clone());
        server.tasks.push(beside(serve(entrance, closing)));
        server.url = Some(url);
    }
    Ok(server)
}

/// Listens over TCP where the settings say so: under which address, and with which certificate.
async fn outside(setup: &Setup) -> Result<Option<(String, TcpListener, Option<Certificates>)>, OpenError> {
    let server = &setup.settings.server;
    let Some(address) = server.address() else { return Ok(None) };
    let certificates = match server.pair(&setup.settings.places.data, &setup.environment) {
        Some((certificate, key)) => Some(Certificates::read(certificate, key)?),
        None if address.ip().is_loopback() => None,
        None => return Err(OpenError::Exposed(address)),
    };
    let failed = |error| OpenError::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    Ok(Some((format!("{scheme}://{address}"), listener, certificates)))
}

/// Who stands before its routes.
pub(super) fn doorman(setup: &Setup) -> Doorman {
    let Settings { server, places, .. } = &setup.settings;
    Doorman::new(server, &places.data, setup.clock.clone(), routes())
}

/// What its pages stand on.
pub(super) fn front(setup: Setup, closing: watch::Receiver<bool>) -> Arc<Front> {
    Arc::new(Front {
        since: setup.clock.now(),
        handle: setup.handle,
        settings: setup.settings,
        environment: setup.environment,
        ports: setup.ports,
        clock: setup.clock,
        tail: Tail::default(),
        answers: Answers::default(),
        logins: Logins::default(),
        onlookers: Onlookers::default(),
        proving: Arc::default(),
        changing: tokio::sync::Mutex::default(),
        served: Served::default(),
        streams: AtomicUsize::new(0),
        closing,
    })
}

impl Server {
    /// Its unix socket.
    #[must_use]
    pub fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    /// Where it answers over TCP, such as `https://127.0.0.1:7341`.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Ends it: streams end, whoever is being answered is answered, the socket goes.
    pub async fn end(self) {
        self.close.send_replace(true);
        for task in self.tasks {
            // A panic in there was told when it happened.
            let _ = task.await;
        }
    }
}
