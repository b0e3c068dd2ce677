//! One line to a daemon: questions, words and streams over HTTP, on its socket or over TCP with a token.

use super::way::Way;
use crate::{
    domain::text::clean_line,
    providers::{
        http::{HttpOptions, ProxyUse, begin},
        transport::{Broken, Limits, NoStream, Transport},
    },
    server::pages::stream::PULSE,
};
use eventsource_client::{Client as _, ClientBuilder, Error, ReconnectOptions, SSE};
use futures::stream::{BoxStream, StreamExt as _};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};

/// What a request is sent to: the socket is the place, so the name means nothing.
const HOST: &str = "http://localhost";
/// How long an answer may take to begin.
const ANSWER_MOST: Duration = Duration::from_secs(90);
/// Bytes of an answer.
const BYTES_MOST: usize = 512 * 1024 * 1024;
/// Bytes of a line of a stream.
const LINE_MOST: usize = 64 * 1024 * 1024;
/// Characters of what others say about a failure.
const WORDS_MOST: usize = 500;

/// Why something did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The line is down: in words why.
    Lost(String),
    /// The other side says no.
    Refused {
        /// The word of the problem.
        sort: String,
        /// What is wrong.
        detail: String,
    },
}

impl Trouble {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Lost(why) => why.clone(),
            Self::Refused { detail, .. } => detail.clone(),
        }
    }
}

/// What of a problem document is needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    sort: String,
    detail: String,
}

impl From<&[u8]> for Trouble {
    fn from(body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let sort = problem.sort.rsplit(':').next().unwrap_or_default().to_owned();
        let detail = match problem.detail.as_str() {
            "" => "it was refused without a word",
            detail => detail,
        };
        Self::Refused { sort, detail: clean_line(detail, WORDS_MOST).to_string() }
    }
}

/// An event of a stream.
#[derive(Debug)]
pub(super) struct Event {
    /// Its type; `message` where it has none.
    pub sort: String,
    /// Its own id or that of the last one before it.
    pub id: Option<u64>,
    /// What it holds.
    pub data: String,
}

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    base: Arc<str>,
    http: Client,
    events: Transport,
}

impl Wire {
    /// By this way; connects when it is used.
    pub fn by(way: &Way) -> Result<Self, String> {
        let begin = |options: HttpOptions| begin(&options).map_err(|error| error.to_string());
        // Neither proxies nor certificates have to do with this machine itself.
        let alone = || HttpOptions { proxy: ProxyUse::Never, ..HttpOptions::default() };
        let (base, builder) = match way {
            Way::Socket(socket) => (HOST, begin(alone())?.unix_socket(socket.as_path())),
            Way::Web { url, token, ca } => {
                let options = match ca {
                    Some(ca) => HttpOptions { ca_files: vec![ca.clone()], ..alone() },
                    None if url.starts_with("http://") => alone(),
                    None => HttpOptions::default(),
                };
                let mut headers = HeaderMap::new();
                if let Some(token) = token {
                    let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
                    let mut value =
                        value.map_err(|_| "the token is none: it has odd characters".to_owned())?;
                    value.set_sensitive(true);
                    headers.insert(AUTHORIZATION, value);
                }
                (url.as_str(), begin(options)?.default_headers(headers))
            }
        };
        let http = builder.build().map_err(|error| error.to_string())?;
        let limits = Limits {
            header: ANSWER_MOST,
            idle: 3 * PULSE.to_std(),
            line: LINE_MOST,
            total: usize::MAX,
            ..Limits::default()
        };
        Ok(Self { base: base.into(), events: Transport::new(http.clone(), limits), http })
    }

    /// Asks for a form.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let bytes = self.bytes(path).await?;
        read(&bytes)
    }

    /// Asks for bytes.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Trouble> {
        body(self.http.get(format!("{}{path}", self.base))).await
    }

    /// Gives a form or bytes; under a word, so that it can be given again.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        (media_type, given): (&str, Vec<u8>),
        word: Option<&str>,
    ) -> Result<T, Trouble> {
        let mut request =
            self.http.post(format!("{}{path}", self.base)).header("content-type", media_type).body(given);
        if let Some(word) = word {
            request = request.header("idempotency-key", word);
        }
        read(&body(request).await?)
    }

    /// Reads a stream, from after an event where one is named. Ends with its first trouble.
    pub fn stream(&self, path: &str, after: Option<u64>) -> BoxStream<'static, Result<Event, Trouble>> {
        let opened = ClientBuilder::for_url(&format!("{}{path}", self.base)).map(|mut builder| {
            if let Some(after) = after {
                builder = builder.last_event_id(after.to_string());
            }
            let never = ReconnectOptions::reconnect(false).retry_initial(false).build();
            builder.redirect_limit(0).reconnect(never).build_with_transport(self.events.clone())
        });
        match opened {
            Ok(client) => client.stream().filter_map(|next| std::future::ready(event(next))).boxed(),
            Err(error) => {
                let trouble = Trouble::Lost(error.to_string());
                futures::stream::iter([Err(trouble)]).boxed()
            }
        }
    }
}

fn event(next: Result<SSE, Error>) -> Option<Result<Event, Trouble>> {
    match next {
        Ok(SSE::Event(event)) => Some(Ok(Event {
            sort: event.event_type,
            id: event.id.and_then(|id| id.parse().ok()),
            data: event.data,
        })),
        Ok(SSE::Connected(_) | SSE::Comment(_)) => None,
        Err(Error::Transport(inner)) => Some(Err(match inner.inner().downcast_ref::<NoStream>() {
            Some(answer) => Trouble::from(answer.body.as_bytes()),
            None => broke(inner.inner().downcast_ref::<Broken>()),
        })),
        Err(Error::Eof | Error::UnexpectedEof) => {
            Some(Err(Trouble::Lost("the other side has closed".into())))
        }
        Err(error) => Some(Err(Trouble::Lost(clean_line(&error.to_string(), WORDS_MOST).to_string()))),
    }
}

/// Of a stream that broke. How exactly is nothing that a person can do anything about.
fn broke(how: Option<&Broken>) -> Trouble {
    tracing::debug!(?how, "a stream broke");
    Trouble::Lost(match how {
        Some(silent @ (Broken::IdleTimeout(_) | Broken::HeaderTimeout(_) | Broken::TooLarge(..))) => {
            silent.to_string()
        }
        Some(Broken::Wire(_)) | None => "the connection broke".into(),
    })
}

fn lost(error: reqwest::Error) -> Trouble {
    let mut words = String::new();
    let error = error.without_url();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(this) = cause {
        // The last one says what the system says.
        words = this.to_string();
        cause = this.source();
    }
    if let Some(why) = words.strip_prefix("invalid peer certificate: ") {
        words = disbelieved(why);
    }
    Trouble::Lost(clean_line(&words, WORDS_MOST).to_string())
}

/// Of a certificate that is not believed, with what can be done about it.
fn disbelieved(why: &str) -> String {
    if why.contains("CaUsedAsEndEntity") {
        return "its certificate is that of an authority, which signs others and does not speak for a server: make one there \
                with basicConstraints=CA:FALSE"
            .into();
    }
    let first = why.split([' ', '{', '(']).next().unwrap_or(why);
    format!(
        "its certificate is not believed ({first}): --ca names the authority that vouches for it, or the certificate itself \
         where it signed itself"
    )
}

async fn body(request: RequestBuilder) -> Result<Vec<u8>, Trouble> {
    let sent = tokio::time::timeout(ANSWER_MOST, request.send()).await;
    let mut response: Response = match sent {
        Ok(response) => response.map_err(lost)?,
        Err(_) => return Err(Trouble::Lost("there was no answer in time".into())),
    };
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(lost)? {
        if bytes.len() + piece.len() > BYTES_MOST {
            return Err(Trouble::Lost(format!("an answer has more than {BYTES_MOST} bytes")));
        }
        bytes.extend_from_slice(&piece);
    }
    if response.status().is_success() { Ok(bytes) } else { Err(Trouble::from(bytes.as_slice())) }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(bytes).map_err(|error| Trouble::Refused {
        sort: "other_version".into(),
        detail: format!("the answer is of another version of the program: {error}"),
    })
}
