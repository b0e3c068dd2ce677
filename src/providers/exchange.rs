//! One streaming exchange: posts a body, feeds every event to a vendor's [`Decoder`], passes deltas on, and
//! returns a reply only when the vendor said that it is complete. Knows no vendor's format. Dropping the future
//! closes the connection.

use super::{
    failure,
    http::Secret,
    transport::{Broken, NoStream, Transport, read_some},
    wire::{CallError, CallErrorKind, Delta, OnDelta, Reply},
};
use crate::domain::{money::Usage, team::Vendor};
use es::Client as _;
use eventsource_client as es;
use futures::StreamExt;
use http::HeaderMap;
use launchdarkly_sdk_transport::HttpTransport;
use std::time::Duration;
use tokio::time::timeout;

/// After the reply is complete its usage may still follow; so long it is waited for.
const AFTERWORD: Duration = Duration::from_secs(5);
/// A list of models is read within this time ...
const LIST_TIME: Duration = Duration::from_secs(30);
/// ... and up to this size, in bytes.
const LIST_MOST: usize = 8 * 1024 * 1024;

/// How far a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More must come.
    Open,
    /// Complete; something about it may follow.
    Enough,
    /// Nothing follows.
    Done,
}

/// A vendor's stream as a pure state machine.
pub trait Decoder: Send {
    /// Takes one event and appends what it means to `deltas`.
    ///
    /// # Errors
    /// An error the vendor sent, or an event that cannot be read.
    fn event(&mut self, name: &str, data: &str, deltas: &mut Vec<Delta>) -> Result<(), CallError>;
    /// How far the reply is.
    fn progress(&self) -> Progress;
    /// Tokens the stream has told of so far.
    fn usage(&self) -> Usage;
    /// The whole reply.
    ///
    /// # Errors
    /// The stream ended before the vendor said that the reply is complete.
    fn finish(self) -> Result<Reply, CallError>;
}

/// Where and how to send.
#[derive(Debug, Clone)]
pub struct Post {
    /// Whose API.
    pub vendor: Vendor,
    /// Address, without a key in it.
    pub url: String,
    /// Header name, text around the key, as `Bearer `; `None`: no key is sent.
    pub key: Option<(&'static str, &'static str, Secret)>,
    /// Further headers.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Post {
    fn secret(&self) -> Option<&Secret> {
        self.key.as_ref().map(|(_, _, secret)| secret)
    }
    fn every_header(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let key =
            self.key.iter().map(|(name, before, secret)| (*name, format!("{before}{}", secret.expose())));
        key.chain(self.headers.iter().map(|(name, value)| (*name, (*value).to_owned())))
    }
}

/// Sends `body` and streams the reply.
///
/// # Errors
/// Whatever kept the reply from being complete, with the tokens that were used all the same.
pub async fn stream<D: Decoder>(
    transport: &impl HttpTransport,
    post: &Post,
    body: String,
    mut decoder: D,
    on: OnDelta<'_>,
) -> Result<Reply, CallError> {
    let mut events = open(transport, post, body)?;
    let mut deltas = Vec::new();
    loop {
        let next = match decoder.progress() {
            Progress::Done => break,
            Progress::Enough => timeout(AFTERWORD, events.next()).await.unwrap_or(None),
            Progress::Open => events.next().await,
        };
        match next {
            // An event without data is a sign of life.
            Some(Ok(es::SSE::Event(event))) if event.data.trim().is_empty() => {}
            Some(Ok(es::SSE::Event(event))) => {
                let enough = decoder.progress() == Progress::Enough;
                let taken = decoder.event(&event.event_type, &event.data, &mut deltas);
                deltas.drain(..).for_each(&mut *on);
                match taken {
                    Ok(()) => {}
                    // The reply is complete; what follows it was cut or is garbage.
                    Err(error) if enough && is_noise(&error) => break,
                    Err(error) => return Err(hidden(post, with_usage(error, decoder.usage()))),
                }
            }
            Some(Ok(es::SSE::Connected(_) | es::SSE::Comment(_))) => {}
            None | Some(Err(es::Error::Eof | es::Error::UnexpectedEof)) => break,
            Some(Err(_)) if decoder.progress() == Progress::Enough => break,
            Some(Err(error)) => return Err(hidden(post, with_usage(explain(post, &error), decoder.usage()))),
        }
    }
    let usage = decoder.usage();
    decoder.finish().map_err(|error| hidden(post, with_usage(error, usage)))
}

fn is_noise(error: &CallError) -> bool {
    matches!(error.kind, CallErrorKind::Connection | CallErrorKind::Protocol)
}

/// The events of one answer. Made once, never resumed.
fn open(
    transport: &impl HttpTransport,
    post: &Post,
    body: String,
) -> Result<es::BoxStream<es::Result<es::SSE>>, CallError> {
    let bad = |error: es::Error| {
        let text = format!("the request cannot be sent: {error}; check the address and the key");
        hidden(post, failure::call_error(post.vendor, CallErrorKind::Rejected, &text))
    };
    let mut builder = es::ClientBuilder::for_url(&post.url)
        .map_err(bad)?
        .method("POST".into())
        .body(body)
        .redirect_limit(0)
        .reconnect(es::ReconnectOptions::reconnect(false).retry_initial(false).build())
        .header("content-type", "application/json")
        .map_err(bad)?;
    for (name, value) in post.every_header() {
        builder = builder.header(name, &value).map_err(bad)?;
    }
    Ok(builder.build_with_transport(transport.clone()).stream())
}

fn explain(post: &Post, error: &es::Error) -> CallError {
    if let es::Error::Transport(inner) = error {
        if let Some(answer) = inner.inner().downcast_ref::<NoStream>() {
            return failure::refused(post.vendor, answer, post.secret());
        }
        if let Some(broken) = inner.inner().downcast_ref::<Broken>() {
            return failure::broken(post.vendor, broken);
        }
    }
    failure::call_error(post.vendor, CallErrorKind::Connection, &error.to_string())
}

fn with_usage(mut error: CallError, usage: Usage) -> CallError {
    error.usage = usage;
    error
}

fn hidden(post: &Post, mut error: CallError) -> CallError {
    if let Some(secret) = post.secret() {
        error.message = secret.hide_in(&error.message);
    }
    error
}

/// Gets a JSON document that does not stream.
///
/// # Errors
/// As for [`stream`].
pub async fn get(transport: &Transport, post: &Post) -> Result<serde_json::Value, CallError> {
    let mut call = transport.http().get(&post.url);
    for (name, value) in post.every_header() {
        call = call.header(name, value);
    }
    let late = || Broken::HeaderTimeout(LIST_TIME.as_secs());
    let response = match timeout(LIST_TIME, call.send()).await {
        Err(_) => return Err(failure::broken(post.vendor, &late())),
        Ok(Err(error)) => return Err(hidden(post, failure::broken(post.vendor, &Broken::wire(error)))),
        Ok(Ok(response)) => response,
    };
    let (status, headers): (_, HeaderMap) = (response.status(), response.headers().clone());
    let body = read_some(response, LIST_MOST, LIST_TIME).await;
    let parsed = serde_json::from_slice(&body).ok().filter(|_| status.is_success());
    parsed.ok_or_else(|| {
        let body =
            String::from_utf8_lossy(&body[..body.len().min(transport.limits().error_body)]).into_owned();
        failure::refused(post.vendor, &NoStream { status, headers, body }, post.secret())
    })
}
