//! Opens and ends the network face.

use super::{
    answers::Answers,
    caller::People,
    connections,
    front::Front,
    ports::Ports,
    router::router,
    served::Served,
    socket::{BindError, Socket, own},
    tail::Tail,
};
use crate::{
    config::{environment::Environment, settings::Settings},
    runtime::{beside, clock::Clock, handle::Handle},
};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
};
use tokio::{sync::watch, task::JoinHandle};

/// What it is made of.
pub struct Setup {
    /// To the engine.
    pub handle: Handle,
    /// As they are now.
    pub settings: Settings,
    /// The environment.
    pub environment: Environment,
    /// The director's name, for systems that keep login names elsewhere.
    pub person: String,
    /// What it may not do itself.
    pub ports: Ports,
    /// Tells the time.
    pub clock: Clock,
}

/// A network face that is open.
pub struct Server {
    path: PathBuf,
    close: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Opens it on this socket.
///
/// # Errors
/// The socket cannot be opened; nothing was changed.
pub fn open(setup: Setup, socket: &Path) -> Result<Server, BindError> {
    let socket = Socket::bind(socket)?;
    let (close, closing) = watch::channel(false);
    let people = People::new(own(), &setup.person);
    let app = router(front(setup, closing.clone()));
    let path = socket.path().to_owned();
    let task = beside(async move {
        let (listener, place) = socket.apart();
        connections::serve(listener, people, app, closing).await;
        drop(place);
    });
    tracing::info!(socket = %path.display(), "the network face is open");
    Ok(Server { path, close, task })
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
        served: Served::default(),
        streams: AtomicUsize::new(0),
        closing,
    })
}

impl Server {
    /// Where it answers.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends it: streams end, whoever is being answered is answered, the socket goes.
    pub async fn end(self) {
        self.close.send_replace(true);
        // A panic in there was told when it happened.
        let _ = self.task.await;
    }
}
