//! What the looking came to: clues for people, facts for rules, and what could not be looked at. Numbers clues in the
//! order in which looks are listed, never in the order in which they ended, so that the same scene reads the same.

use super::book::{Book, Fact, Standing, Trust};
use crate::domain::{
    expr::Value,
    incident::{Clue, ClueSort, Culprit, Diagnosis},
    signal::Frame,
    text,
    time::Timestamp,
};

/// One thing that was found: a clue and the facts that it carries.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What sort.
    pub sort: ClueSort,
    /// Whose word it is.
    pub trust: Trust,
    /// Whether it is so now.
    pub standing: Standing,
    /// In one line.
    pub words: String,
    /// More; may be empty.
    pub detail: String,
    /// Facts by name.
    pub facts: Vec<(String, Value)>,
}

impl Piece {
    /// Found by our own looking, and so now.
    #[must_use]
    pub fn now(sort: ClueSort, words: impl Into<String>) -> Self {
        Self {
            sort,
            trust: Trust::Own,
            standing: Standing::Now,
            words: words.into(),
            detail: String::new(),
            facts: Vec::new(),
        }
    }

    /// Said by text.
    #[must_use]
    pub fn told(words: impl Into<String>) -> Self {
        Self { trust: Trust::Told, standing: Standing::Event, ..Self::now(ClueSort::Log, words) }
    }

    /// The same, of another trust.
    #[must_use]
    pub fn trusted(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// The same, of another standing.
    #[must_use]
    pub fn standing(self, standing: Standing) -> Self {
        Self { standing, ..self }
    }

    /// With more to read.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// With a number; what is no number is not known.
    #[must_use]
    pub fn number(mut self, name: &str, value: f64) -> Self {
        if value.is_finite() {
            self.facts.push((name.to_owned(), Value::Number(value)));
        }
        self
    }

    /// With a yes or no.
    #[must_use]
    pub fn truth(mut self, name: &str, value: bool) -> Self {
        self.facts.push((name.to_owned(), Value::Truth(value)));
        self
    }

    /// With a name.
    #[must_use]
    pub fn name(mut self, name: &str, value: &str) -> Self {
        self.facts.push((name.to_owned(), Value::Text(text::clean_line(value, Book::WORDS_MOST).into())));
        self
    }
}

/// What one look came to.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was found.
    pub pieces: Vec<Piece>,
    /// What could not be looked at, in words.
    pub gaps: Vec<String>,
}

impl Found {
    /// Found one thing.
    #[must_use]
    pub fn one(piece: Piece) -> Self {
        Self { pieces: vec![piece], gaps: Vec::new() }
    }

    /// Could not look.
    #[must_use]
    pub fn gap(why: impl Into<String>) -> Self {
        Self { pieces: Vec::new(), gaps: vec![why.into()] }
    }
}

/// All that an investigation found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Clues, numbered from 1.
    pub clues: Vec<Clue>,
    /// Facts.
    pub facts: Book,
    /// What could not be looked at, in words.
    pub gaps: Vec<String>,
    /// The commit that seems to have brought it.
    pub culprit: Option<Culprit>,
    /// Frames with their file as the repository names it, where that is known.
    pub frames: Vec<Frame>,
}

impl Findings {
    /// Adds what a look came to.
    pub fn add(&mut self, found: Found, at: Timestamp) {
        for piece in found.pieces {
            if self.clues.len() >= Clue::MOST {
                self.gap(&format!("more than {} clues: the rest was left out", Clue::MOST));
                break;
            }
            let id = u16::try_from(self.clues.len() + 1).unwrap_or(u16::MAX);
            self.clues.push(Clue {
                id,
                sort: piece.sort,
                words: text::clean_line(&piece.words, Clue::WORDS_MOST).into(),
                detail: bounded(&piece.detail),
                trusted: piece.trust == Trust::Own,
                still_true: piece.standing.still_true(),
                at,
            });
            for (name, value) in piece.facts {
                let fact =
                    Fact { value, sort: piece.sort, trust: piece.trust, standing: piece.standing, clue: id };
                self.facts.put(&name, fact);
            }
        }
        for gap in found.gaps {
            self.gap(&gap);
        }
    }

    /// Notes what could not be looked at.
    pub fn gap(&mut self, words: &str) {
        let words: String = text::clean_line(words, Clue::WORDS_MOST).into();
        if self.gaps.len() < Diagnosis::GAPS_MOST && !self.gaps.contains(&words) {
            self.gaps.push(words);
        }
    }
}

/// Clean, and within the bound with the line that says what is missing.
fn bounded(detail: &str) -> String {
    text::head_tail(&text::clean(detail), Clue::DETAIL_MOST - 64)
}
