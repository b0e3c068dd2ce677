//! Answers under the words that they were asked under, the last ones, in memory.

use crate::domain::{brief::Once, digest::Digest};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Says that an answer is an earlier one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Answers kept.
const ANSWERS_MOST: usize = 1_024;

/// Marks an answer to what was done before, by this process or by one before it.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Replayed;

/// Answers under their words.
#[derive(Default)]
pub(in crate::server) struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    answers: BTreeMap<Digest, Kind>,
    order: VecDeque<Digest>,
}

enum Kind {
    UnderWay(Digest),
    Answered(Digest, Answer),
}

/// One of them.
#[derive(Clone)]
pub(in crate::server) struct Answer {
    /// Status.
    pub status: StatusCode,
    /// What its body is.
    pub media_type: Option<HeaderValue>,
    /// Where what was made is.
    pub location: Option<HeaderValue>,
    /// All of it.
    pub body: Bytes,
}

impl Answer {
    /// As it is sent, first or again.
    pub fn response(&self, replayed: bool) -> Response<Body> {
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
pub(in crate::server) enum Found {
    /// Nothing: whoever asked does it now.
    Nothing,
    /// It was done.
    Answer(Box<Answer>),
    /// It is being done.
    UnderWay,
    /// Something else.
    Other,
}

impl Answers {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks a word up; where nothing is, the caller is the one who does it.
    pub fn begin(&self, once: Once) -> Found {
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

    /// With an answer, or without: then nothing stands under the word.
    pub fn end(&self, once: Once, answer: Option<Answer>) {
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
        answers.end(once(2, 1), None);
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
