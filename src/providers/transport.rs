//! Carries eventsource-client over reqwest. Owns what the parser crate does not: time limits for headers and for
//! silence, limits on sizes, the check that the answer is an event stream at all, and that the first error is
//! the last thing a stream says (a timed-out body would otherwise repeat its error for ever). It never retries
//! and never follows a redirect.

use super::{http::with_causes, sieve::Sieve};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream::BoxStream};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use std::{fmt, pin::pin, time::Duration};
use sync_wrapper::{SyncFuture, SyncStream};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// A stream that trickles rests so long between two looks: waking for each token costs more than reading it. Half the
/// time between two frames of the screen, so that each frame brings about as many words.
const GATHER: Duration = Duration::from_millis(60);
/// What waits by then is taken within this time ...
const TAKE: Duration = Duration::from_millis(2);
/// ... or up to this size, in bytes; a stream that fills it does not rest.
const FULL: usize = 64 * 1024;

/// Limits of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From sending to the response's headers. Reasoning models and local ones think before the first byte.
    pub header: Duration,
    /// Longest silence within a stream; pings and comments count as life.
    pub idle: Duration,
    /// Longest line, in bytes.
    pub line: usize,
    /// Longest stream, in bytes.
    pub total: usize,
    /// Kept of an error's body, in bytes.
    pub error_body: usize,
    /// Time to read an error's body.
    pub error_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(300),
            idle: Duration::from_secs(120),
            line: 4 * 1024 * 1024,
            total: 64 * 1024 * 1024,
            error_body: 16 * 1024,
            error_time: Duration::from_secs(10),
        }
    }
}

/// An answer that is no event stream: an error status, or success with something else in the body.
#[derive(Debug, Clone)]
pub struct NoStream {
    /// HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// Start of the body.
    pub body: String,
}

impl fmt::Display for NoStream {
    /// Without the body: this text reaches logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {} instead of an event stream", self.status.as_u16())
    }
}
impl std::error::Error for NoStream {}

/// The exchange broke: what happened, in words without address or key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// No headers in time.
    #[error("no answer within {0} s")]
    HeaderTimeout(u64),
    /// Silence within the stream.
    #[error("the stream was silent for {0} s")]
    IdleTimeout(u64),
    /// A line or the whole stream is over its limit.
    #[error("the stream sent more than {0} bytes in one {1}")]
    TooLarge(usize, &'static str),
    /// Not reached, or cut.
    #[error("{0}")]
    Wire(String),
}

impl Broken {
    /// From the HTTP client's error, without the address.
    pub(super) fn wire(error: reqwest::Error) -> Self {
        let what = if error.is_connect() { "cannot connect: " } else { "" };
        Self::Wire(format!("{what}{}", with_causes(&error.without_url())))
    }
}

/// The transport: cheap to clone.
#[derive(Debug, Clone)]
pub struct Transport {
    http: reqwest::Client,
    limits: Limits,
}

impl Transport {
    /// Over this client, within these limits.
    #[must_use]
    pub fn new(http: reqwest::Client, limits: Limits) -> Self {
        Self { http, limits }
    }
    /// Its client, for requests that do not stream.
    #[must_use]
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    async fn exchange(
        self,
        request: http::Request<Option<Bytes>>,
    ) -> Result<http::Response<ByteStream>, TransportError> {
        let (parts, body) = request.into_parts();
        let mut call = self.http.request(parts.method, parts.uri.to_string()).headers(parts.headers);
        if let Some(body) = body {
            call = call.body(body);
        }
        let response = match timeout(self.limits.header, call.send()).await {
            Err(_) => return Err(TransportError::new(Broken::HeaderTimeout(self.limits.header.as_secs()))),
            Ok(Err(error)) => return Err(TransportError::new(Broken::wire(error))),
            Ok(Ok(response)) => response,
        };
        let is_stream = response.status() == StatusCode::OK && is_event_stream(response.headers());
        if !is_stream {
            return Err(TransportError::new(self.no_stream(response).await));
        }
        let mut answer = http::Response::new(());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        let body: ByteStream =
            Box::pin(SyncStream::new(guarded(response.bytes_stream().boxed(), self.limits)));
        Ok(answer.map(|()| body))
    }

    async fn no_stream(&self, response: reqwest::Response) -> NoStream {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_some(response, self.limits.error_body, self.limits.error_time).await;
        NoStream { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}

impl HttpTransport for Transport {
    fn request(&self, request: http::Request<Option<Bytes>>) -> ResponseFuture {
        Box::pin(SyncFuture::new(self.clone().exchange(request)))
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}

/// Reads at most `most` bytes within `time`; what has come until then is returned, also after an error.
pub(super) async fn read_some(response: reqwest::Response, most: usize, time: Duration) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut body = response.bytes_stream();
    let reading = async {
        while let Some(Ok(piece)) = body.next().await {
            kept.extend_from_slice(&piece[..piece.len().min(most - kept.len())]);
            if kept.len() >= most {
                break;
            }
        }
    };
    let _ = timeout(time, reading).await;
    kept
}

/// A body that is being read.
struct Reading<'a> {
    body: BoxStream<'a, reqwest::Result<Bytes>>,
    sieve: Sieve,
    total: usize,
    /// Not read before then.
    rest: Option<Instant>,
    /// What ended it, after the bytes before are handed on.
    broken: Option<Broken>,
}

impl Reading<'_> {
    fn take(&mut self, piece: &[u8], limits: Limits, out: &mut Vec<u8>) -> Result<(), Broken> {
        self.total += piece.len();
        self.sieve.push(piece, out);
        if self.sieve.line_length() > limits.line {
            return Err(Broken::TooLarge(limits.line, "line"));
        }
        if self.total > limits.total {
            return Err(Broken::TooLarge(limits.total, "reply"));
        }
        Ok(())
    }
}

/// The body behind sieve, clock and limits; ends after its first error.
pub fn guarded(
    body: BoxStream<'static, reqwest::Result<Bytes>>,
    limits: Limits,
) -> impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static {
    let reading = Reading { body, sieve: Sieve::default(), total: 0, rest: None, broken: None };
    futures::stream::unfold(Some(reading), move |reading| async move {
        let mut reading = reading?;
        match next_piece(&mut reading, limits).await {
            Err(broken) => Some((Err(TransportError::new(broken)), None)),
            Ok((piece, true)) => Some((Ok(piece), Some(reading))),
            Ok((last, false)) => Some((Ok(last), None)),
        }
    })
}

/// The next piece for the parser, never empty but for the last, and whether more may follow. What trickles in is
/// gathered: the first piece comes at once, the next ones some fifteen times a second.
async fn next_piece(reading: &mut Reading<'_>, limits: Limits) -> Result<(Bytes, bool), Broken> {
    if let Some(broken) = reading.broken.take() {
        return Err(broken);
    }
    if let Some(until) = reading.rest.take() {
        sleep_until(until).await;
    }
    let mut out = Vec::new();
    // One timer for the whole piece: one for each token would cost more than the token.
    let mut limit = pin!(sleep(limits.idle));
    loop {
        let next = tokio::select! {
            biased;
            next = reading.body.next() => next,
            () = &mut limit => match out.is_empty() {
                true => return Err(Broken::IdleTimeout(limits.idle.as_secs())),
                false => break,
            },
        };
        let was_empty = out.is_empty();
        let taken = match next {
            None => {
                reading.sieve.finish(&mut out);
                return Ok((out.into(), false));
            }
            Some(Err(error)) => Err(Broken::wire(error)),
            Some(Ok(piece)) => reading.take(&piece, limits, &mut out),
        };
        match taken {
            Err(broken) if out.is_empty() => return Err(broken),
            Err(broken) => {
                reading.broken = Some(broken);
                return Ok((out.into(), true));
            }
            Ok(()) if out.len() >= FULL => return Ok((out.into(), true)),
            // Bytes came, though nothing for the parser.
            Ok(()) if out.is_empty() => limit.as_mut().reset(Instant::now() + limits.idle),
            Ok(()) if was_empty => limit.as_mut().reset(Instant::now() + TAKE),
            Ok(()) => {}
        }
    }
    reading.rest = Some(Instant::now() + GATHER);
    Ok((out.into(), true))
}
