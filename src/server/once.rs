//! `Idempotency-Key`: what is sent twice under one word is done once and answered the same. The last answers are kept in
//! memory; that a brief opens one mission is in the journal itself, so it outlives the daemon.

use super::{
    caller::Caller,
    front::Front,
    input::{BODY_MOST, too_large},
    problem::{Problem, Sort},
};
use crate::domain::{brief::Once, digest::Digest};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, Response, StatusCode, header, response::Parts},
    middleware::Next,
    response::IntoResponse,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The header.
pub(super) const HEADER: &str = "idempotency-key";
/// Says that an answer is an earlier one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Characters of a word.
const WORD_MOST: usize = 200;
/// Answers kept.
const ANSWERS_MOST: usize = 1_024;
/// Bytes of an answer that is kept.
const ANSWER_MOST: usize = 64 * 1024;

/// Answers under their words.
#[derive(Default)]
pub(super) struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    answers: BTreeMap<Digest, Kind>,
    order: VecDeque<Digest>,
}

enum Kind {
    UnderWay(Digest),
    Answered(Digest, Answer),
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    media_type: Option<HeaderValue>,
    location: Option<HeaderValue>,
    body: Bytes,
}

impl Answer {
    fn response(&self, replayed: bool) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in [(header::CONTENT_TYPE, &self.media_type), (header::LOCATION, &self.location)] {
            value.iter().for_each(|value| drop(headers.insert(name.clone(), (*value).clone())));
        }
        if replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// What stands under a word.
enum Found {
    Nothing,
    Answer(Box<Answer>),
    UnderWay,
    Other,
}

impl Answers {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks a word up; where nothing is, the caller is the one who does it.
    fn begin(&self, once: Once) -> Found {
        let mut kept = self.kept();
        match kept.answers.get(&once.word) {
            Some(Kind::UnderWay(given)) if *given == once.given => return Found::UnderWay,
            Some(Kind::Answered(given, answer)) if *given == once.given => {
                return Found::Answer(Box::new(answer.clone()));
            }
            Some(_) => return Found::Other,
            None => {}
        }
        while kept.order.len() >= ANSWERS_MOST {
            let oldest = kept.order.pop_front();
            oldest.map(|word| kept.answers.remove(&word));
        }
        kept.answers.insert(once.word, Kind::UnderWay(once.given));
        kept.order.push_back(once.word);
        Found::Nothing
    }

    fn end(&self, once: Once, answer: Option<Answer>) {
        let mut kept = self.kept();
        match answer {
            Some(answer) if kept.answers.contains_key(&once.word) => {
                kept.answers.insert(once.word, Kind::Answered(once.given, answer));
            }
            Some(_) => {}
            None => {
                kept.answers.remove(&once.word);
                kept.order.retain(|word| *word != once.word);
            }
        }
    }
}

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
pub(super) async fn guard(
    State(front): State<Arc<Front>>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Problem> {
    let Some(word) = request.headers().get(HEADER).filter(|_| request.method() == Method::POST).cloned()
    else {
        return Ok(next.run(request).await);
    };
    let word = word.to_str().ok().filter(|word| (1..=WORD_MOST).contains(&word.len()) && !word.contains(' '));
    let word = word.ok_or_else(|| {
        let detail = format!("Idempotency-Key is 1 to {WORD_MOST} visible characters");
        Problem::new(Sort::Malformed, detail, "send a fresh UUID for each thing that you want done")
    })?;
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_MOST).await.map_err(|_| too_large())?;
    let path = parts.uri.path().as_bytes();
    let once = Once {
        word: Digest::of_parts(&[caller.name.as_bytes(), path, word.as_bytes()]),
        given: Digest::of(&body),
    };
    match front.answers.begin(once) {
        Found::Answer(answer) => return Ok(answer.response(true)),
        Found::Other => {
            let detail = "this Idempotency-Key came before with another body";
            return Err(Problem::new(Sort::OtherUnderSameKey, detail, "send a fresh key with a new request"));
        }
        Found::UnderWay => {
            let detail = "the same request is being answered right now";
            return Err(Problem::new(Sort::UnderWay, detail, "send it again in a moment"));
        }
        Found::Nothing => {}
    }
    let mut under = Under(&front.answers, Some(once));
    parts.extensions.insert(once);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, BODY_MOST).await else {
        return Err(Problem::new(Sort::Internal, "the answer was lost", "GET to see what came of it"));
    };
    let answer = answer(&parts, body);
    let shown = answer.response(false);
    // What could not be done now may be done later under the same word.
    if !parts.status.is_server_error() && answer.body.len() <= ANSWER_MOST {
        under.1 = None;
        front.answers.end(once, Some(answer));
    }
    Ok(shown.into_response())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn once(word: u64, given: u8) -> Once {
        Once { word: Digest::of(&word.to_be_bytes()), given: Digest::of(&[given]) }
    }

    fn done() -> Answer {
        Answer {
            status: StatusCode::CREATED,
            media_type: None,
            location: None,
            body: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn d1_a_word_stands_for_one_request_and_its_answer() {
        let answers = Answers::default();
        assert!(matches!(answers.begin(once(1, 1)), Found::Nothing));
        assert!(matches!(answers.begin(once(1, 1)), Found::UnderWay));
        assert!(matches!(answers.begin(once(1, 2)), Found::Other));
        answers.end(once(1, 1), Some(done()));
        assert!(
            matches!(answers.begin(once(1, 1)), Found::Answer(answer) if answer.status == StatusCode::CREATED)
        );
        assert!(matches!(answers.begin(once(1, 2)), Found::Other));
        assert!(matches!(answers.begin(once(2, 1)), Found::Nothing));
        drop(Under(&answers, Some(once(2, 1))));
        assert!(matches!(answers.begin(once(2, 2)), Found::Nothing), "it can be sent anew");
    }

    #[test]
    fn d1_words_are_bounded_and_the_oldest_goes_first() {
        let answers = Answers::default();
        for word in 0..=ANSWERS_MOST as u64 {
            assert!(matches!(answers.begin(once(word, 1)), Found::Nothing));
            answers.end(once(word, 1), Some(done()));
        }
        assert_eq!(answers.kept().answers.len(), ANSWERS_MOST);
        assert!(matches!(answers.begin(once(1, 1)), Found::Answer(_)));
        assert!(matches!(answers.begin(once(0, 1)), Found::Nothing), "the first one is forgotten");
    }
}
