//! Streams of server-sent events: how an event is written, and how a stream stays alive while nothing happens. A stream
//! is asked for its next piece only when the last one went out, so a slow reader costs one piece and no more.

use crate::{
    domain::time::Millis,
    server::{
        front::Front,
        problem::{Problem, Sort},
    },
};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Response, header},
};
use futures::{future::BoxFuture, stream};
use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};
use tokio::time;

/// Between two signs of life.
pub(in crate::server) const PULSE: Millis = Millis::secs(15);
/// What a reader waits before it connects again, in milliseconds.
const RETRY: u32 = 1_000;
/// Streams at once.
const STREAMS_MOST: usize = 256;

/// What a stream tells.
pub(super) trait Source: Send + 'static {
    /// The next piece: whole events. Waits until there is one; `None`: it is over.
    fn next(&mut self) -> BoxFuture<'_, Option<String>>;
}

/// The answer that a source tells, until it or the face ends.
pub(super) fn of(front: &Arc<Front>, source: impl Source) -> Result<Response<Body>, Problem> {
    let open = Open::one(front)?;
    let closing = front.closing.clone();
    let begin = stream::iter([Ok::<_, Infallible>(Bytes::from(format!("retry: {RETRY}\n\n")))]);
    let pieces = stream::unfold((source, closing, open), |(mut source, mut closing, open)| async move {
        let piece = tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => None,
            piece = time::timeout(PULSE.to_std(), source.next()) => match piece {
                Ok(piece) => piece,
                Err(_) => Some(": alive\n\n".to_owned()),
            },
        }?;
        Some((Ok(Bytes::from(piece)), (source, closing, open)))
    });
    let mut response = Response::new(Body::from_stream(stream::StreamExt::chain(begin, pieces)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The place in the stream that a reader names: `Last-Event-ID`, which a reader that connects again sends by itself, or
/// else the query's.
pub(super) fn place(headers: &HeaderMap, query: Option<u64>) -> Result<Option<u64>, Problem> {
    let Some(last) = headers.get("last-event-id") else { return Ok(query) };
    let number = last.to_str().ok().and_then(|text| text.trim().parse().ok());
    let hint = "send the id of the last event that came, or none";
    number.map(Some).ok_or_else(|| Problem::new(Sort::Malformed, "Last-Event-ID is no number", hint))
}

/// Counts an open stream for as long as it lives.
pub(super) struct Open(Arc<Front>);

impl Open {
    pub(super) fn one(front: &Arc<Front>) -> Result<Self, Problem> {
        let open = Self(front.clone());
        if front.streams.fetch_add(1, Ordering::Relaxed) >= STREAMS_MOST {
            let detail = format!("{STREAMS_MOST} streams are open");
            return Err(Problem::new(Sort::Busy, detail, "close one, or wait until one ends"));
        }
        Ok(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}
