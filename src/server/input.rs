//! What comes in: bodies, queries and path segments, each read strictly, or told as a problem with its place.

use super::{
    problem::{Problem, Sort},
    unique::Unique,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{fmt::Display, str::FromStr};

/// Bytes of a body.
pub(super) const BODY_MOST: usize = 2 * 1024 * 1024;

/// The forms of what is written as text, for the document. Each is what its reader takes, or the usual part of it.
pub(super) mod form {
    /// A mission's name, or its number.
    pub(in crate::server) const MISSION: &str = "^(M-|m-)?[0-9]{1,18}$";
    /// A request's.
    pub(in crate::server) const REQUEST: &str = "^(R-|r-)?[0-9]{1,18}$";
    /// An incident's.
    pub(in crate::server) const INCIDENT: &str = "^(I-|i-)?[0-9]{1,18}$";
    /// How long.
    pub(in crate::server) const SPAN: &str = "^[1-9][0-9]?(s|m|h)$";
    /// Words: not only blanks.
    pub(in crate::server) const WORDS: &str = r"\S";
}

/// Up to here each whole number is a float, too.
const WHOLE_MOST: f64 = 9_007_199_254_740_992.0;

/// A JSON body. Only with its media type: a page in a browser cannot send that across without being asked about first.
#[derive(Debug)]
pub(super) struct Given<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let hint = "send it with the header content-type: application/json";
            return Err(Problem::new(Sort::MediaType, "the body is not said to be JSON", hint));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| unread(&error))?;
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let read = serde_json::from_slice::<Unique>(bytes)
            .and_then(|_| serde_json::from_slice(bytes).or_else(|error| whole(bytes).ok_or(error)));
        read.map(Self).map_err(|error| {
            let sort = if error.is_data() { Sort::Invalid } else { Sort::Malformed };
            Problem::new(sort, format!("the body: {error}"), "GET /api/openapi.json describes every body")
        })
    }
}

/// The same where whole numbers are written as `3.0`, which in JSON they are.
fn whole<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let mut value = serde_json::from_slice(bytes).ok()?;
    make_whole(&mut value);
    serde_json::from_value(value).ok()
}

fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().unwrap_or(f64::NAN);
            if float.fract() == 0.0 && (0.0..=WHOLE_MOST).contains(&float) {
                *value = Value::from(float as u64);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_whole),
        Value::Object(object) => object.values_mut().for_each(make_whole),
        _ => {}
    }
}

fn unread(error: &BytesRejection) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(Sort::Malformed, "the body did not come whole", "send it again"),
    }
}

/// A body of more than [`BODY_MOST`].
pub(super) fn too_large() -> Problem {
    Problem::new(Sort::TooLarge, format!("a body has {BODY_MOST} bytes at most"), "send less at once")
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// A query string.
#[derive(Debug)]
pub(super) struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|error| {
            let hint = "GET /api/openapi.json describes every parameter";
            Problem::new(Sort::Malformed, format!("the query: {}", error.body_text()), hint)
        })
    }
}

/// An id in the path.
#[derive(Debug)]
pub(super) struct Named<T>(pub T);

impl<T, S> FromRequestParts<S> for Named<T>
where
    T: FromStr + Send,
    T::Err: Display,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let hint = "GET /api/openapi.json describes every path";
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|error| {
            Problem::new(Sort::Malformed, format!("the path: {}", error.body_text()), hint)
        })?;
        text.parse().map(Self).map_err(|error: T::Err| Problem::new(Sort::NotFound, error.to_string(), hint))
    }
}
