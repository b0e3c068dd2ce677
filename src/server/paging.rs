//! Long lists in pages, newest first, and how answers are written.

use super::problem::{Problem, Sort};
use crate::domain::text::json_escaped;
use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{fmt::Display, str::FromStr};

/// Things of a page where nothing is said.
pub(super) const USUAL: usize = 50;
/// Things of the longest page.
pub(super) const MOST: usize = 500;

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub(super) struct Page<T> {
    /// Newest first.
    pub items: Vec<T>,
    /// What `before` is on the next page; null: this was the last one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The first `most` of these, each with its name.
    pub fn of<I>(
        items: impl Iterator<Item = I>,
        most: usize,
        name: impl Fn(&I) -> String,
        view: impl Fn(I) -> T,
    ) -> Self {
        let mut items = items.peekable();
        let mut page = Self { items: Vec::new(), next: None };
        while let Some(item) = items.next() {
            let last = page.items.len() + 1 == most;
            page.next = (last && items.peek().is_some()).then(|| name(&item));
            page.items.push(view(item));
            if last {
                break;
            }
        }
        page
    }
}

/// The length of a page that is asked for.
pub(super) fn length(most: Option<usize>) -> Result<usize, Problem> {
    match most.unwrap_or(USUAL) {
        most @ 1..=MOST => Ok(most),
        other => {
            let detail = format!("most is {other}, and not within 1 to {MOST}");
            Err(Problem::new(
                Sort::Malformed,
                detail,
                "ask for less at once, and for the next page by its name",
            ))
        }
    }
}

/// Makes sure that a word that is looked for is one that there can be: of another one there never is any.
pub(super) fn known(part: &str, word: Option<&str>, all: &[&str]) -> Result<(), Problem> {
    match word {
        Some(word) if !all.contains(&word) => {
            let detail = format!("{part} {word:?} is none; there are {}", all.join(", "));
            Err(Problem::new(Sort::Invalid, detail, "ask for one of them, or leave it out for all"))
        }
        _ => Ok(()),
    }
}

/// Where a page goes on: before the last one of the page before it.
pub(super) fn before<I: FromStr<Err: Display>>(last: Option<&str>) -> Result<Option<I>, Problem> {
    last.map(str::parse).transpose().map_err(|error: I::Err| {
        Problem::new(Sort::Malformed, error.to_string(), "before is `next` of the page before")
    })
}

/// An answer as JSON. Nothing in it can move a terminal, whoever wrote it first.
#[derive(Debug)]
pub(super) struct Told<T>(pub StatusCode, pub T);

/// An answer to a question.
pub(super) fn ok<T>(value: T) -> Told<T> {
    Told(StatusCode::OK, value)
}

/// An answer to what was made, and where it is now.
pub(super) fn created<T: Serialize>(place: &str, value: T) -> Response<Body> {
    let place = HeaderValue::from_str(place);
    let mut response = Told(StatusCode::CREATED, value).into_response();
    place.into_iter().for_each(|place| drop(response.headers_mut().insert(header::LOCATION, place)));
    response
}

impl<T: Serialize> IntoResponse for Told<T> {
    fn into_response(self) -> Response<Body> {
        let (status, text) = match serde_json::to_string(&self.1) {
            Ok(text) => (self.0, text),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written as JSON");
                (StatusCode::INTERNAL_SERVER_ERROR, String::new())
            }
        };
        let mut response = Response::new(Body::from(json_escaped(text)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_says_so_and_others_where_to_go_on() {
        let page = |from: u32, most| Page::of((0..from).rev(), most, ToString::to_string, |n| n);
        let first = page(3, 2);
        assert_eq!((first.items, first.next.as_deref()), (vec![2, 1], Some("1")));
        let last = page(1, 2);
        assert_eq!((last.items, last.next), (vec![0], None));
        assert_eq!(page(2, 2).next, None, "nothing is behind a full last page");
        assert_eq!(length(None).unwrap(), USUAL);
        assert_eq!(length(Some(MOST)).unwrap(), MOST);
        assert!(length(Some(0)).is_err() && length(Some(MOST + 1)).is_err());
    }
}
