//! The entrance by the unix socket: whoever connects is who the kernel says. A stranger, and one too many, get a problem
//! and no more.

use super::{
    caller::{Caller, People, Stranger},
    connections::{Entrance, connection, refuse},
};
use crate::server::problem::{Problem, Sort};
use axum::Router;
use futures::future::{BoxFuture, FutureExt as _};
use std::io;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
};

/// Connections at once.
const CONNECTIONS_MOST: usize = 512;
/// Connections at once that are only told why they are none.
const REFUSED_MOST: usize = 64;

/// See the module.
pub(in crate::server) struct Near {
    /// Where they come in.
    pub listener: UnixListener,
    /// Who may.
    pub people: People,
    /// What answers.
    pub app: Router,
    /// Turns true when it ends.
    pub closing: watch::Receiver<bool>,
}

impl Entrance for Near {
    type Stream = UnixStream;

    async fn next(&mut self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    fn enter(&mut self, stream: UnixStream, open: usize) -> Option<BoxFuture<'static, ()>> {
        if open >= CONNECTIONS_MOST + REFUSED_MOST {
            return None;
        }
        if open >= CONNECTIONS_MOST {
            let detail = format!("{CONNECTIONS_MOST} connections are open");
            return Some(
                refuse(stream, Problem::new(Sort::Busy, detail, "close some, and come again")).boxed(),
            );
        }
        let caller = match admit(&stream, &self.people) {
            Ok(caller) => caller,
            Err(problem) => return Some(refuse(stream, problem).boxed()),
        };
        let mark = move |marks: &mut axum::http::Extensions| drop(marks.insert(caller.clone()));
        Some(connection(stream, mark, self.app.clone(), self.closing.clone()).boxed())
    }
}

fn admit(stream: &UnixStream, people: &People) -> Result<Caller, Problem> {
    let peer = stream.peer_cred().map_err(|error| {
        Problem::new(Sort::Forbidden, format!("the system does not say who asks: {error}"), "connect anew")
    })?;
    people.admit(peer.uid(), peer.pid()).map_err(|stranger| {
        tracing::warn!(uid = peer.uid(), pid = ?peer.pid(), ?stranger, "a stranger was refused");
        let (detail, hint) = match stranger {
            Stranger::Other => ("this socket is for its owner alone", "run as the user who runs the daemon"),
            Stranger::Walled => (
                "nobody is served from inside a sandbox",
                "run it outside; what an agent may not do it asks at the desk",
            ),
        };
        Problem::new(Sort::Forbidden, detail, hint)
    })
}
