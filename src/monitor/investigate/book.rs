//! The facts of one investigation: what is known, how far it can be trusted, whether it is so now, and which clue says
//! so. A fact that is not here is not known; nothing is ever assumed.

use super::vocabulary;
use crate::domain::{
    expr::{Call, Facts, Value},
    incident::ClueSort,
};
use std::collections::BTreeMap;

/// Whose word a fact is. The worst one comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Found by our own looking at what the director named.
    Own,
    /// Found by our own looking, but where to look was named by text.
    Led,
    /// Text says so.
    Told,
}

/// Whether a fact is so now. The weakest comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It was looked at just now and is so.
    Now,
    /// It happened while the incident went on; an event cannot be asked again.
    Event,
    /// It was so once. Whether it still is, is not known.
    Past,
}

impl Standing {
    /// As a clue says it.
    #[must_use]
    pub fn still_true(self) -> Option<bool> {
        match self {
            Self::Now => Some(true),
            Self::Event => None,
            Self::Past => Some(false),
        }
    }
}

/// One fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is.
    pub value: Value,
    /// Sort of the evidence for it.
    pub sort: ClueSort,
    /// Whose word it is.
    pub trust: Trust,
    /// Whether it is so now.
    pub standing: Standing,
    /// Number of the clue that says so.
    pub clue: u16,
}

/// All facts by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book(BTreeMap<String, Fact>);

impl Book {
    /// Facts of one investigation.
    pub const MOST: usize = 512;
    /// Bytes of a text in a fact.
    pub const WORDS_MOST: usize = 200;

    /// Keeps a fact. One that is known already is replaced only by one that is trusted more, so text never takes the
    /// place of what was looked at. A name nobody may ask for is not kept.
    pub fn put(&mut self, name: &str, fact: Fact) {
        let known = vocabulary::entry(name).is_some();
        let stronger = self.0.get(name).is_none_or(|old| fact.trust < old.trust);
        if known && stronger && (self.0.len() < Self::MOST || self.0.contains_key(name)) {
            self.0.insert(name.to_owned(), fact);
        }
    }

    /// A fact by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        self.0.get(name)
    }

    /// Whether it is known to be true.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|fact| fact.value == Value::Truth(true))
    }

    /// A number, where it is known and one.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name)?.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.0.iter().map(|(name, fact)| (name.as_str(), fact))
    }
}

impl Facts for Book {
    fn fact(&self, call: &Call) -> Option<Value> {
        // Facts here are of now and take no arguments.
        (call.args.is_empty() && call.back == 0)
            .then(|| self.0.get(&call.name).map(|fact| fact.value.clone()))
            .flatten()
    }
}
