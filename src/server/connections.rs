//! Connections: who is let in, how many at once, how long a head may take. Each is one task that ends with the face; a
//! stranger, and one too many, get a problem and no more.

use super::{
    caller::{Caller, People, Stranger},
    problem::{MEDIA_TYPE, Problem, Sort},
};
use crate::{domain::time::Millis, runtime::beside};
use axum::{Router, body::Body, http::Request};
use futures::{StreamExt as _, stream::FuturesUnordered};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::pin;
use tokio::{
    io::AsyncWriteExt as _,
    net::{UnixListener, UnixStream},
    sync::watch,
    time,
};
use tower::ServiceExt as _;

/// Connections at once.
const CONNECTIONS_MOST: usize = 512;
/// How long the head of a request may take.
const HEAD_MOST: Millis = Millis::secs(10);
/// Headers of a request.
const HEADERS_MOST: usize = 64;
/// Bytes of a head.
const HEAD_BYTES: usize = 32 * 1024;
/// How long requests may take to end when the face does.
const GRACE: Millis = Millis::secs(5);
/// How long a refused connection may take to read why.
const REFUSAL_MOST: Millis = Millis::secs(1);
/// Pause after a connection could not be accepted: the process has too many files open.
const BREATH: Millis = Millis(100);

/// Serves until it is told to close; then whoever is being answered is answered.
pub(super) async fn serve(
    listener: UnixListener,
    people: People,
    app: Router,
    mut closing: watch::Receiver<bool>,
) {
    let mut open = FuturesUnordered::new();
    let ended = closing.clone();
    loop {
        tokio::select! {
            biased;
            () = closed(&mut closing) => break,
            Some(done) = open.next(), if !open.is_empty() => told(done),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if open.len() >= CONNECTIONS_MOST => {
                    let detail = format!("{CONNECTIONS_MOST} connections are open");
                    refuse(stream, Problem::new(Sort::Busy, detail, "close some, and come again")).await;
                }
                Ok((stream, _)) => match admit(&stream, &people) {
                    Ok(caller) => open.push(beside(connection(stream, caller, app.clone(), ended.clone()))),
                    Err(problem) => refuse(stream, problem).await,
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    time::sleep(BREATH.to_std()).await;
                }
            },
        }
    }
    drop(listener);
    let all = async {
        while let Some(done) = open.next().await {
            told(done);
        }
    };
    if time::timeout(GRACE.to_std(), all).await.is_err() {
        open.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the face is gone: it has closed.
    let _ = closing.wait_for(|closing| *closing).await;
}

fn told(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        tracing::error!(%error, "a connection died");
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

/// Says why and closes; does not wait for a request.
async fn refuse(mut stream: UnixStream, problem: Problem) {
    let (status, text) = (problem.status(), serde_json::to_string(&problem).unwrap_or_default());
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    // Whoever does not read it is not waited for.
    let _ = time::timeout(REFUSAL_MOST.to_std(), stream.write_all(answer.as_bytes())).await;
}

async fn connection(stream: UnixStream, caller: Caller, app: Router, mut closing: watch::Receiver<bool>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(caller.clone());
        app.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MOST.to_std())
        .max_headers(HEADERS_MOST)
        .max_buf_size(HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let done = tokio::select! {
        done = connection.as_mut() => done,
        () = closed(&mut closing) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%error, "a connection ended badly");
    }
}
