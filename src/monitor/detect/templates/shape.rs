//! One template's words and values at their places, how it is shown, and the values a line has in it.

use super::{
    hashing,
    kind::Kind,
    mask::{Masked, VALUE},
};
use crate::domain::text::{self, Clean};
use serde::{Deserialize, Serialize};

/// Characters of a shown template.
pub const TEXT_MOST: usize = 400;
/// Characters of a parameter.
pub const PARAMETER_MOST: usize = 64;
/// Parameters given out of one line.
pub const PARAMETERS_MOST: usize = 32;

/// A value of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it looks like.
    pub kind: Kind,
    /// It, cleaned, cut to [`PARAMETER_MOST`] characters: untrusted.
    pub text: Clean,
}

/// A word or value and the punctuation after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Hash of the word, or [`VALUE`].
    pub core: u64,
    /// Hash of the punctuation.
    pub tail: u64,
    /// What is shown for a value.
    pub kind: Kind,
    /// The word; nothing for a value.
    word: Box<str>,
    /// The punctuation, white space as one space.
    gap: Box<str>,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Punctuation before the first part.
    head: Box<str>,
    /// Hash of that.
    head_hash: u64,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Whether anything may follow the last part.
    open: bool,
}

impl Shape {
    /// Of the line that was cut.
    pub fn of(line: &str, masked: &Masked) -> Self {
        let first = masked.tokens.first().map_or(line.len(), |first| first.start as usize);
        let parts = masked.tokens.iter().enumerate().map(|(at, token)| {
            let core = slice(line, token.start as usize, token.end as usize);
            Part {
                core: token.core,
                tail: token.tail,
                kind: if token.is_value() { Kind::of(core) } else { Kind::Any },
                word: if token.is_value() { Box::default() } else { core.into() },
                gap: spaced(masked.after(line, at)),
            }
        });
        Self {
            head: spaced(slice(line, 0, first)),
            head_hash: masked.head,
            parts: parts.collect(),
            open: false,
        }
    }

    /// Its hash, as a line of it has.
    pub fn hash(&self) -> u64 {
        let each =
            (1_u64..).zip(&self.parts).map(|(place, part)| hashing::placed(part.core, part.tail, place));
        each.fold(hashing::placed(self.head_hash, 0, 0), u64::wrapping_add)
    }

    /// Its words, each with its place and the hash of the shape that has a value there.
    pub fn holes(&self) -> impl Iterator<Item = (usize, u64, u64)> {
        let whole = self.hash();
        (1_u64..).zip(&self.parts).filter(|(_, part)| part.core != VALUE).map(move |(place, part)| {
            let without = whole.wrapping_sub(hashing::placed(part.core, part.tail, place));
            let hole = without.wrapping_add(hashing::placed(VALUE, part.tail, place));
            (place as usize - 1, part.core, hole)
        })
    }

    /// Hash of its punctuation, which all lines of a template share.
    pub fn frame(&self) -> u64 {
        let each = (1_u64..).zip(&self.parts).map(|(place, part)| hashing::placed(0, part.tail, place));
        each.fold(hashing::placed(self.head_hash, 2, 0), u64::wrapping_add)
    }

    /// Whether the other has the same words where this has words, in the same frame.
    pub fn covers(&self, other: &Self) -> bool {
        let fits = |(mine, other): (&Part, &Part)| {
            (mine.core == VALUE || mine.core == other.core) && mine.tail == other.tail
        };
        !self.open
            && self.parts.len() == other.parts.len()
            && self.head_hash == other.head_hash
            && self.parts.iter().zip(&other.parts).all(fits)
    }

    /// How many words it has.
    pub fn words(&self) -> usize {
        self.parts.iter().filter(|part| part.core != VALUE).count()
    }

    /// Makes a place a value.
    pub fn generalize(&mut self, place: usize) {
        if let Some(part) = self.parts.get_mut(place) {
            (part.core, part.kind, part.word) = (VALUE, Kind::Any, Box::default());
        }
    }

    /// Keeps so many parts; anything may follow.
    pub fn cut(&mut self, parts: usize) {
        self.parts.truncate(parts);
        self.open = true;
    }

    /// Hash of its first parts, if it goes on after them and they hold words enough to mean something.
    pub fn opening(&self, parts: usize) -> Option<u64> {
        let first = self.parts.get(..parts).filter(|_| self.parts.len() > parts)?;
        let words = first.iter().filter(|part| part.core != VALUE).count();
        (words >= 2).then(|| {
            let each = (1_u64..).zip(first).map(|(place, part)| hashing::placed(part.core, part.tail, place));
            each.fold(hashing::placed(self.head_hash, 1, 0), u64::wrapping_add)
        })
    }

    /// What makes it different from every other shape: words and punctuation, values alike.
    pub fn canon(&self) -> String {
        self.shown(|_| "\u{0}")
    }

    /// One clean line.
    pub fn text(&self) -> String {
        text::clean_line(&self.shown(Kind::shown), TEXT_MOST).into()
    }

    fn shown(&self, value: impl Fn(Kind) -> &'static str) -> String {
        let mut out = String::from(&*self.head);
        for part in &self.parts {
            out.push_str(if part.core == VALUE { value(part.kind) } else { &part.word });
            out.push_str(&part.gap);
        }
        if self.open {
            out.push_str(value(Kind::Any));
        }
        out
    }
}

/// The values of a line that was cut, as its template sees them.
pub fn parameters(line: &str, masked: &Masked, template: Option<&Shape>) -> Vec<Parameter> {
    let parts = template.map_or(&[][..], |template| &template.parts);
    let open = template.is_some_and(|template| template.open);
    let mut found = Vec::new();
    for (at, token) in masked.tokens.iter().enumerate() {
        let rest = open && at >= parts.len();
        let is_value = token.is_value() || parts.get(at).is_some_and(|part| part.core == VALUE);
        if rest || is_value {
            let end = if rest { line.len() } else { token.end as usize };
            let raw = slice(line, token.start as usize, end);
            found.push(Parameter { kind: Kind::of(raw), text: text::clean_line(raw, PARAMETER_MOST) });
        }
        if rest || found.len() >= PARAMETERS_MOST {
            break;
        }
    }
    found
}

fn slice(line: &str, start: usize, end: usize) -> &str {
    line.get(start..end).unwrap_or_default()
}

/// With white space as one space.
fn spaced(gap: &str) -> Box<str> {
    if gap == " " {
        return gap.into();
    }
    let mut out = String::with_capacity(gap.len());
    for c in gap.chars() {
        if !(c.is_whitespace() && out.ends_with(' ')) {
            out.push(if c.is_whitespace() { ' ' } else { c });
        }
    }
    out.into()
}
