//! What did not work, as RFC 9457 problem documents: what it is, where, and what to do.

use crate::{
    domain::{
        text::{clean, json_escaped},
        time::Millis,
    },
    engine::command::{Refusal, RefusalKind},
    runtime::{handle::SendError, without_secrets},
};
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use schemars::JsonSchema;
use serde::Serialize;

/// Its media type.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";
/// How a caller says who it is.
const CHALLENGE: &str = "Bearer realm=\"chimera\"";
/// Bytes of the words in one.
const WORDS_MOST: usize = 4 * 1024;

/// A problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Problem {
    /// What sort of problem, as `urn:chimera:problem:` and a word that stays.
    #[serde(rename = "type")]
    sort: String,
    /// The sort in words.
    title: String,
    /// HTTP status.
    status: u16,
    /// What is wrong with this very request.
    detail: String,
    /// What to do about it.
    hint: String,
    /// Seconds after which to come again, as the header says.
    #[serde(skip)]
    after: Option<u64>,
    /// Whether the very same request is refused for ever.
    #[serde(skip)]
    lasting: bool,
}

/// Marks the answer to a request that is refused for ever as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lasting;

/// Sorts of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// It cannot be read.
    Malformed,
    /// It can be read and means nothing that can be done.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// It is there, and cannot be done so.
    MethodNotAllowed,
    /// Its body is no JSON.
    MediaType,
    /// Its body is too long.
    TooLarge,
    /// It can be read, and not be done with the settings, the teams or the repository that are here.
    Unfit,
    /// It was made on what has changed since.
    Stale,
    /// It was done, decided or ended before.
    Already,
    /// The house is paused or stopped.
    Halted,
    /// A cap would be exceeded.
    OverBudget,
    /// It is not proven who sent it.
    Unproven,
    /// The policy or the caller's standing forbids it.
    Forbidden,
    /// It is not known who asks.
    Unauthorized,
    /// The caller's role is not enough.
    Role,
    /// It was asked under a name that is not ours.
    Misdirected,
    /// It came too often.
    TooMany,
    /// It came too slowly.
    Late,
    /// The same word with something else.
    OtherUnderSameKey,
    /// The same word is being answered.
    UnderWay,
    /// It took too long.
    TooSlow,
    /// There is no room.
    Busy,
    /// It ends, or the journal takes nothing.
    Unavailable,
    /// A mistake of the program.
    Internal,
}

impl Sort {
    fn words(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Malformed => ("malformed", "The request cannot be read", StatusCode::BAD_REQUEST),
            Self::Invalid => ("invalid", "The request means nothing", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Unfit => ("unfit", "It does not fit how this house is set up", StatusCode::CONFLICT),
            Self::NotFound => ("not_found", "There is no such thing", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => {
                ("method_not_allowed", "Not by this method", StatusCode::METHOD_NOT_ALLOWED)
            }
            Self::MediaType => ("media_type", "Only JSON is read", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::TooLarge => ("too_large", "The request is too long", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Stale => ("stale", "It has changed since", StatusCode::CONFLICT),
            Self::Already => ("already", "It is so already", StatusCode::CONFLICT),
            Self::Halted => ("halted", "The house is halted", StatusCode::CONFLICT),
            Self::OverBudget => ("over_budget", "A cap would be exceeded", StatusCode::CONFLICT),
            Self::Unproven => ("unproven", "It is not proven who sent it", StatusCode::UNAUTHORIZED),
            Self::Forbidden => ("forbidden", "It is not allowed", StatusCode::FORBIDDEN),
            Self::Unauthorized => ("unauthorized", "It is not known who asks", StatusCode::UNAUTHORIZED),
            Self::Role => ("role", "The caller may not", StatusCode::FORBIDDEN),
            Self::Misdirected => ("misdirected", "Another host was asked", StatusCode::MISDIRECTED_REQUEST),
            Self::TooMany => ("too_many", "It came too often", StatusCode::TOO_MANY_REQUESTS),
            Self::Late => ("late", "It came too slowly", StatusCode::REQUEST_TIMEOUT),
            Self::OtherUnderSameKey => {
                ("other_under_same_key", "The key stands for another request", StatusCode::CONFLICT)
            }
            Self::UnderWay => ("under_way", "The same request is being answered", StatusCode::CONFLICT),
            Self::TooSlow => ("too_slow", "It took too long", StatusCode::GATEWAY_TIMEOUT),
            Self::Busy => ("busy", "There is no room", StatusCode::SERVICE_UNAVAILABLE),
            Self::Unavailable => ("unavailable", "It cannot be done now", StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("internal", "The program made a mistake", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl Problem {
    /// Of a sort, in words, with what to do. Words may repeat what was sent: secrets are taken out, and they are cleaned and cut.
    pub fn new(sort: Sort, detail: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        let (word, title, status) = sort.words();
        let fit = |words: &str| {
            let mut words = clean(&without_secrets(words)).to_string();
            let end = (0..=words.len().min(WORDS_MOST)).rev().find(|at| words.is_char_boundary(*at));
            words.truncate(end.unwrap_or(0));
            words
        };
        Self {
            sort: format!("urn:chimera:problem:{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: fit(detail.as_ref()),
            hint: fit(hint.as_ref()),
            after: None,
            lasting: matches!(
                sort,
                Sort::Malformed | Sort::Invalid | Sort::MediaType | Sort::TooLarge | Sort::Already
            ),
        }
    }

    /// To be tried again after this long: told in `Retry-After`.
    pub fn after(mut self, wait: Millis) -> Self {
        self.after = Some(wait.0.div_ceil(1_000).max(1));
        self
    }

    /// There is none of that name; where they are listed.
    pub fn none(what: &str, name: impl std::fmt::Display, list: &str) -> Self {
        Self::new(Sort::NotFound, format!("there is no {what} {name}"), format!("GET {list} lists them"))
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let (sort, hint) = match refusal.kind {
            RefusalKind::Unknown => {
                (Sort::NotFound, "GET /api/missions, /api/desk and /api/incidents list what there is")
            }
            RefusalKind::Already => (Sort::Already, "look at how it stands; nothing was done now"),
            RefusalKind::Stale => (Sort::Stale, "GET it again and answer the revision that it shows"),
            RefusalKind::OverBudget => (Sort::OverBudget, "give it more, or raise [budget] in the settings"),
            RefusalKind::Halted => (Sort::Halted, "POST /api/control/resume lets it go on"),
            RefusalKind::Forbidden => (Sort::Forbidden, "GET /api/desk/{request} tells the rules that fired"),
            RefusalKind::Invalid => (Sort::Invalid, "correct it and send it again; nothing was done"),
        };
        Self::new(sort, refusal.reason, hint)
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Refused(refusal) => refusal.into(),
            SendError::Store(what) => {
                let detail = format!("the journal did not do it, nothing happened: {what}");
                Self::new(
                    Sort::Unavailable,
                    detail,
                    "`chimera doctor` shows the data directory and its free space",
                )
            }
            SendError::Closed => {
                Self::new(Sort::Unavailable, error.to_string(), "send it again when the daemon runs")
            }
            SendError::Unanswered(what) => {
                Self::new(Sort::TooSlow, what, "GET it to see whether it was done before sending it again")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let status = self.status();
        let text = json_escaped(serde_json::to_string(&self).unwrap_or_default());
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.lasting {
            response.extensions_mut().insert(Lasting);
        }
        if let Some(after) = self.after {
            response.headers_mut().insert(header::RETRY_AFTER, after.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        if status == StatusCode::REQUEST_TIMEOUT {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_were_sent_come_back_clean_and_bounded() {
        let problem = Problem::new(Sort::Invalid, format!("\u{1b}[2J{}", "é".repeat(5_000)), "x");
        assert!(problem.detail.len() <= WORDS_MOST && !problem.detail.contains('\u{1b}'));
        assert_eq!((problem.sort.as_str(), problem.status), ("urn:chimera:problem:invalid", 422));
    }
}
