//! All routes, and what stands before each of them: who asks, how long it may take, how much it may send.

use super::{
    api::{Api, Leaf, Needs},
    door::{Doorman, admit, guard},
    front::Front,
    input::BODY_MOST,
    pages,
    paging::ok,
    problem::{Problem, Sort},
};
use crate::domain::time::Millis;
use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    http::{Method, Response, Uri},
    middleware::{self, Next},
    response::IntoResponse,
};
use schemars::JsonSchema;
use serde_json::Value;
use std::sync::Arc;
use tokio::time;

/// How long an answer may take; a stream's answer is its beginning.
const ANSWER_MOST: Millis = Millis::secs(60);

/// Any JSON object.
#[derive(JsonSchema)]
#[schemars(rename = "Document")]
struct Document(#[schemars(with = "Value")] ());

/// With the route of the document, whose content is known only when all routes are.
fn whole(document: Arc<Value>) -> Api {
    let leaf = Leaf::new("get_document", "health", "This document: OpenAPI 3.1").answers::<Document>(200);
    pages::routes().get("/api/openapi.json", leaf, move || {
        let document = document.clone();
        async move { ok::<Arc<Value>>(document) }
    })
}

/// The OpenAPI document.
#[must_use]
pub fn document() -> Value {
    whole(Arc::default()).done().1
}

/// Method and path of every route, and who may ask there.
pub(super) fn routes() -> Vec<(&'static str, &'static str, Needs)> {
    whole(Arc::default()).routes()
}

/// Everything that is served.
pub(super) fn router(front: Arc<Front>, doorman: Arc<Doorman>) -> Router {
    let (routes, _) = whole(Arc::new(document())).done();
    routes
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(front.clone(), guard))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(doorman, admit))
        .layer(middleware::from_fn_with_state(front.clone(), counted))
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .with_state(front)
}

async fn nowhere(uri: Uri) -> Problem {
    let detail = format!("there is nothing at {}", uri.path());
    Problem::new(Sort::NotFound, detail, "GET /api/openapi.json lists every path")
}

async fn not_so(method: Method, uri: Uri) -> Problem {
    let detail = format!("{method} means nothing at {}", uri.path());
    Problem::new(Sort::MethodNotAllowed, detail, "GET /api/openapi.json lists every path with its methods")
}

/// An answer counts when it begins: a stream goes on.
async fn counted(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response<Body> {
    let response = next.run(request).await;
    front.served.count(response.status().as_u16());
    response
}

async fn in_time(request: Request, next: Next) -> Response<Body> {
    match time::timeout(ANSWER_MOST.to_std(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let hint = "GET to see what came of it before sending it again";
            Problem::new(Sort::TooSlow, format!("it took longer than {ANSWER_MOST}"), hint).into_response()
        }
    }
}
