//! `Idempotency-Key`: what is sent twice under one word is done once and answered the same. The last answers are kept in
//! memory; that a brief opens one mission, and that a word on an incident, a mission or the house was given, is in the journal
//! itself, so it outlives the daemon: the answer is how it stands now.

use super::answers::{Answer, Answers, Found, Replayed};
use crate::{
    domain::{brief::Once, digest::Digest},
    server::{
        entrance::Caller,
        front::Front,
        input::{BODY_MOST, too_large},
        problem::{Lasting, Problem, Sort},
    },
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderName, Method, Response, header, response::Parts},
    middleware::Next,
};
use std::sync::Arc;

/// The header.
const HEADER: &str = "idempotency-key";
/// Where bytes are kept by their content.
const BLOBS: &str = "/api/blobs";
/// Characters of a word.
const WORD_MOST: usize = 200;
/// Bytes of an answer that is kept.
const ANSWER_MOST: usize = 64 * 1024;

/// Forgets a word whose request ended without an answer: it can be sent again.
struct Under<'a>(&'a Answers, Option<Once>);

impl Drop for Under<'_> {
    fn drop(&mut self) {
        if let Some(once) = self.1.take() {
            self.0.end(once, None);
        }
    }
}

/// Stands before every route.
pub(in crate::server) async fn guard(
    State(front): State<Arc<Front>>,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    // What is named by its own content is the same however often it is sent, and longer than what is kept here.
    let counts = request.method() == Method::POST && request.uri().path() != BLOBS;
    let Some(word) = request.headers().get(HEADER).filter(|_| counts).cloned() else {
        return Ok(next.run(request).await);
    };
    let word = word.to_str().ok().filter(|word| {
        (1..=WORD_MOST).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
    });
    let word = word.ok_or_else(|| {
        let detail = format!("Idempotency-Key is 1 to {WORD_MOST} visible characters");
        Problem::new(Sort::Malformed, detail, "send a fresh UUID for each thing that you want done")
    })?;
    // Whoever asks without a name would get the answers of all others without one.
    let Some(caller) = request.extensions().get::<Caller>().map(|caller| caller.name.clone()) else {
        return Ok(next.run(request).await);
    };
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MOST).await.map_err(|_| too_large())?;
    let path = parts.uri.path().as_bytes();
    let once = Once {
        word: Digest::of_parts(&[caller.as_bytes(), path, word.as_bytes()]),
        given: Digest::of(&body),
    };
    match front.answers.begin(once) {
        Found::Answer(answer) => return Ok(answer.response(true)),
        Found::Other => return Err(other_body()),
        Found::UnderWay => {
            let detail = "the same request is being answered right now";
            return Err(Problem::new(Sort::UnderWay, detail, "send it again in a moment"));
        }
        Found::Nothing => {}
    }
    let mut under = Under(&front.answers, Some(once));
    // What a process before this one did.
    let before = front.state().given(once.word);
    if before.is_some_and(|given| given != once.given) {
        return Err(other_body());
    }
    parts.extensions.insert(once);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, BODY_MOST).await else {
        return Err(Problem::new(Sort::Internal, "the answer was lost", "GET to see what came of it"));
    };
    let answer = answer(&parts, body);
    let again = before.is_some() && parts.status.is_success();
    let shown = answer.response(again || parts.extensions.get::<Replayed>().is_some());
    // What could not be done now may be done later under the same word.
    let stays = parts.status.is_success() || parts.extensions.get::<Lasting>().is_some();
    if stays && answer.body.len() <= ANSWER_MOST {
        under.1 = None;
        front.answers.end(once, Some(answer));
    }
    Ok(shown)
}

fn other_body() -> Problem {
    let detail = "this Idempotency-Key came before with another body";
    Problem::new(Sort::OtherUnderSameKey, detail, "send a fresh key with a new request")
}

fn answer(parts: &Parts, body: Bytes) -> Answer {
    let of = |name: HeaderName| parts.headers.get(name).cloned();
    Answer {
        status: parts.status,
        media_type: of(header::CONTENT_TYPE),
        location: of(header::LOCATION),
        body,
    }
}
