//! Connections, however they come in: how many at once, how long a head, a body and a reader may take. Each is one task
//! that ends with the face. Who is let in by which entrance is in `near` and `far`.

use super::body;
use crate::{
    domain::time::Millis,
    runtime::beside,
    server::problem::{MEDIA_TYPE, Problem},
};
use axum::{
    Router,
    body::Body,
    http::{Extensions, HeaderName, HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse as _,
};
use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, pin::pin};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    time,
};
use tower::ServiceExt as _;

/// How long the head of a request may take.
pub(super) const HEAD_MOST: Millis = Millis::secs(10);
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

/// Where connections come in.
pub(in crate::server) trait Entrance: Send {
    /// What comes in.
    type Stream: Send;

    /// The next one. Nothing is lost where this is dropped before it is done.
    fn next(&mut self) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// What is done with it, beside so many that are open; `None`: it is dropped.
    fn enter(&mut self, stream: Self::Stream, open: usize) -> Option<BoxFuture<'static, ()>>;
}

/// Serves until it is told to close; then whoever is being answered is answered.
pub(in crate::server) async fn serve(mut entrance: impl Entrance, mut closing: watch::Receiver<bool>) {
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            () = closed(&mut closing) => break,
            Some(done) = open.next(), if !open.is_empty() => told(done),
            accepted = entrance.next() => match accepted {
                Ok(stream) => open.extend(entrance.enter(stream, open.len()).map(beside)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    time::sleep(BREATH.to_std()).await;
                }
            },
        }
    }
    drop(entrance);
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

/// Bytes of a request's head, as it came.
fn head_of<T>(request: &Request<T>) -> usize {
    // `GET / HTTP/1.1` and `name: value`, each with the end of its line.
    let line = request.method().as_str().len() + request.uri().to_string().len() + " HTTP/1.1\r\n".len() + 1;
    let field =
        |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + ": \r\n".len();
    line + request.headers().iter().map(field).sum::<usize>()
}

/// The answer to a head that is too long, as one is given that does not even fit the buffer.
fn too_long() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Says why and closes; does not wait for a request.
pub(super) async fn refuse(mut stream: impl AsyncWrite + Unpin, problem: Problem) {
    let (status, text) = (problem.status(), serde_json::to_string(&problem).unwrap_or_default());
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    // Whoever does not read it is not waited for.
    let _ = time::timeout(REFUSAL_MOST.to_std(), stream.write_all(answer.as_bytes())).await;
}

/// Answers what is asked on it; each request is marked with who is at the other end.
pub(super) async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    mark: impl Fn(&mut Extensions) + Send + Clone,
    app: Router,
    mut closing: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let announced = request.headers().contains_key(header::EXPECT);
        let (head, incoming) = request.into_parts();
        let (body, fate) = body::in_time(incoming, announced);
        let mut request = Request::from_parts(head, body);
        mark(request.extensions_mut());
        let long = head_of(&request) > HEAD_BYTES;
        let answer = app.clone().oneshot(request);
        async move {
            if long {
                return Ok(too_long());
            }
            let response: Response<Body> = answer.await?;
            Ok::<_, Infallible>(if fate.came_too_late().await {
                body::too_late().into_response()
            } else {
                response
            })
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MOST.to_std())
        .max_headers(HEADERS_MOST)
        .max_buf_size(HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing;
    use tokio::io::{AsyncReadExt as _, duplex};

    #[tokio::test(start_paused = true)]
    async fn d1_a_body_that_nobody_reads_costs_no_answer() {
        let app = Router::new().route("/", routing::post(async || "done"));
        for (expect, sent) in [("", "{}"), ("expect: 100-continue\r\n", "")] {
            let (_open, closing) = watch::channel(false);
            let (mut client, server) = duplex(1024);
            let served = beside(connection(server, |_| (), app.clone(), closing));
            let head = format!(
                "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{expect}content-length: 2\r\n\r\n"
            );
            client.write_all(head.as_bytes()).await.unwrap();
            // The answer is ready before the body comes.
            time::sleep(REFUSAL_MOST.to_std() / 2).await;
            client.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"), "{answer}");
            served.await.unwrap();
        }
    }

    #[test]
    fn e13_a_head_is_as_long_as_what_came() {
        let head = "GET /health?x=1 HTTP/1.1\r\nhost: localhost\r\nx-y: z\r\n";
        let request = Request::get("/health?x=1").header("host", "localhost").header("x-y", "z");
        assert_eq!(head_of(&request.body(()).unwrap()), head.len());
        assert_eq!(too_long().status(), 431);
    }
}
