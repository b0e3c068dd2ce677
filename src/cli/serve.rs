//! The network face of `chimera --monitor`: opened where the settings say, with what it may not do itself.

use super::{
    exit::Complaint,
    house::{House, Joined},
    scan,
    session::Session,
};
use crate::{
    runtime::clock::Clock,
    server::{self, Ports, Server, Setup},
    workspace,
};
use futures::future::FutureExt as _;
use std::sync::Arc;

/// Opens it; none where the settings say so.
///
/// # Errors
/// Its socket cannot be opened.
pub(super) fn open(session: &Session, house: &House) -> Result<Option<Server>, Complaint> {
    let Some(socket) = session.settings().socket(&session.environment) else { return Ok(None) };
    let setup = Setup {
        handle: house.handle.clone(),
        settings: session.settings().clone(),
        environment: session.environment.clone(),
        person: super::house::person(&session.environment),
        ports: ports(session, house),
        clock: Clock::Wall,
    };
    let hint = "`socket = \"off\"` in [server] does without the network face";
    server::open(setup, &socket).map(Some).map_err(|error| Complaint::error(error.to_string()).hint(hint))
}

fn ports(session: &Session, house: &House) -> Ports {
    let hooks = match house.joined() {
        Joined::Own(engine) => engine.hooks(),
        Joined::Other(_) | Joined::Far(_) => None,
    };
    let repo = session.settings().places.repo.clone();
    let (settings, environment) = (session.settings().clone(), session.environment.clone());
    let source = session.source.clone();
    Ports {
        ready: Arc::new(move || {
            let repo = repo.clone();
            async move {
                let repo = repo.ok_or("the daemon runs in no git repository")?;
                workspace::ready(&repo).await.map_err(|error| error.to_string())
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
        change: Arc::new(move |change| {
            let source = source.clone();
            let change = move || source.change(&change).map_err(|error| error.to_string());
            let change = tokio::task::spawn_blocking(change);
            async move { change.await.map_err(|error| error.to_string())? }.boxed()
        }),
        hooks,
    }
}
