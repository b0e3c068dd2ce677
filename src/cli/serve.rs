//! The network face of `chimera --monitor`: opened where the settings say, with what it may not do itself.

use super::{
    exit::Complaint,
    house::{House, Joined},
    scan,
    session::Session,
    settings::Source,
};
use crate::{
    runtime::clock::Clock,
    server::{self, OpenError, Ports, Server, Setup},
    workspace,
};
use futures::future::FutureExt as _;
use std::sync::Arc;

/// Opens it; none where the settings say so.
///
/// # Errors
/// An entrance cannot be opened.
pub(super) async fn open(session: &Session, house: &House) -> Result<Option<Server>, Complaint> {
    if !wanted(session) {
        return Ok(None);
    }
    let socket = session.settings().socket(&session.environment);
    let setup = Setup {
        handle: house.handle.clone(),
        settings: session.settings().clone(),
        environment: session.environment.clone(),
        ports: ports(session, house),
        clock: Clock::Wall,
    };
    server::open(setup, socket.as_deref()).await.map(Some).map_err(|error| {
        let hint = match &error {
            OpenError::Socket(_) => "`socket = \"off\"` in [server] does without the socket",
            _ => "docs/network.md shows how it is reached from elsewhere; without `listen` it is not",
        };
        Complaint::error(error.to_string()).hint(hint)
    })
}

/// Whether the settings want one.
pub(super) fn wanted(session: &Session) -> bool {
    let settings = session.settings();
    settings.socket(&session.environment).is_some() || settings.server.address().is_some()
}

fn ports(session: &Session, house: &House) -> Ports {
    let hooks = match house.joined() {
        Joined::Own(engine) => engine.hooks(),
        Joined::Other(_) | Joined::Far(_) => None,
    };
    let repo = session.settings().places.repo.clone();
    let (settings, environment) = (session.settings().clone(), session.environment.clone());
    let (source, shelf) = (session.source.clone(), session.source.clone());
    Ports {
        ready: Arc::new(move |branch| {
            let repo = repo.clone();
            async move {
                let repo = repo.ok_or("the daemon runs in no git repository")?;
                workspace::ready(&repo, branch.as_deref()).await.map_err(|error| error.to_string())
            }
            .boxed()
        }),
        scan: Arc::new(move |probe| {
            let (settings, environment) = (settings.clone(), environment.clone());
            async move {
                let seen = scan::look(probe.as_deref(), &settings, &environment).await;
                let seen = seen.map_err(|complaint| complaint.what)?;
                Ok(seen.into_iter().map(|(probe, read)| (probe.id, probe.service, read)).collect())
            }
            .boxed()
        }),
        book: Arc::new(move || shelf.aside(Source::book)),
        change: Arc::new(move |change| source.aside(move |source| source.change(&change))),
        hooks,
    }
}
