//! How log lines become templates: the same message with other values is the same template. Online, deterministic, no
//! settings, bounded in memory; knows no service and no format. It reads no clock: age is counted in lines.
//!
//! A line is cut and its values are masked (`mask`). What is left, words and punctuation at their places, is its *shape*; lines
//! of one shape are one template, found by one look into a map. Shapes are joined in two cases, both on evidence only:
//!
//! - **A place that always varies.** Every word of a shape is also a hole in it. When [`HOLE_WORDS`] different words
//!   have been seen in the same hole, the place is a value: their templates become the oldest of them, and a new line
//!   that has the words of the template in its other places belongs to it at once.
//! - **A flood.** When [`FLOOD_SHAPES`] shapes open with the same words, all that opens so is one template.
//!
//! **Ids last.** An id is made of the service and of the shape by which its template came to be, and of nothing else: the
//! same first line gives the same id in every run, and a template that becomes more general keeps its id. Where templates are
//! joined, the ids that end are told once in [`Learned::ended`] and stay known as names of the one that goes on.
//!
//! **Templates are a wall, not a proof.** Values, what follows `key=`, and four or more words in quotes stand in parameters,
//! which are cleaned, of one line and at most [`PARAMETER_MOST`] characters. A stranger's words without quotes cannot be told
//! from the program's before their place has varied: a template is cleaned and bounded, and still tainted.

mod hashing;
mod kind;
mod lexicon;
mod mask;
mod memory;
mod shape;

pub use kind::Kind;
pub use memory::{FLOOD_SHAPES, HOLE_WORDS, Learned, Saved, TEMPLATES_MOST, TemplateId};
pub use shape::{PARAMETER_MOST, PARAMETERS_MOST, Parameter, TEXT_MOST};

use crate::domain::text;
use mask::Masked;
use memory::Memory;
use shape::Shape;
use std::borrow::Cow;

/// Bytes of a line that are looked at.
pub const LINE_MOST: usize = 2 * 1024;
/// Learns the templates of one service.
#[derive(Debug)]
pub struct Miner {
    masked: Masked,
    memory: Memory,
}

impl Miner {
    /// Knows nothing yet. The service goes into every id.
    #[must_use]
    pub fn of(service: &str) -> Self {
        Self { masked: Masked::default(), memory: Memory::of(service) }
    }

    /// Takes up what was [saved](Self::saved).
    #[must_use]
    pub fn restored(service: &str, saved: &Saved) -> Self {
        let mut memory = Memory::of(service);
        memory.restore(saved);
        Self { masked: Masked::default(), memory }
    }

    /// The template of this line, learned if it is new.
    pub fn learn(&mut self, line: &str) -> Learned {
        let line = seen(line);
        self.masked.read(line.as_bytes());
        let hash = self.masked.shape();
        match self.memory.known(hash) {
            Some(id) => Learned { id, fresh: false, ended: vec![] },
            None => self.memory.place(hash, Shape::of(&line, &self.masked)),
        }
    }

    /// The id by which a template goes now; the same one if nothing has joined it, or if it is not known.
    #[must_use]
    pub fn current(&self, id: TemplateId) -> TemplateId {
        self.memory.current(id)
    }

    /// Its text, with typed placeholders: one clean line of at most [`TEXT_MOST`] characters.
    #[must_use]
    pub fn text(&self, id: TemplateId) -> Option<String> {
        self.memory.shape(id).map(Shape::text)
    }

    /// Lines of it so far.
    #[must_use]
    pub fn count(&self, id: TemplateId) -> u64 {
        self.memory.count(id)
    }

    /// Templates known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.len()
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of this line, in their order; learns nothing.
    pub fn parameters(&mut self, line: &str) -> Vec<Parameter> {
        let line = seen(line);
        self.masked.read(line.as_bytes());
        let known = self.memory.peek(self.masked.shape());
        let template = known.and_then(|id| self.memory.shape(id));
        shape::parameters(&line, &self.masked, template)
    }

    /// What is known, to be [restored](Self::restored).
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.memory.saved()
    }
}

/// The part of a line that is looked at, without anything that a terminal acts on.
fn seen(line: &str) -> Cow<'_, str> {
    let mut whole = line.trim_start();
    if whole.len() > LINE_MOST {
        whole = &whole[..whole.floor_char_boundary(LINE_MOST)];
        // Half a word would be another word.
        whole = whole.rfind(' ').map_or(whole, |space| &whole[..space]);
    }
    let line = whole.trim_end();
    if line.bytes().all(|byte| (0x20..=0x7e).contains(&byte) || byte == b'\t') {
        return Cow::Borrowed(line);
    }
    let clean = text::clean_line(line, LINE_MOST);
    Cow::Owned(clean.trim().to_owned())
}

#[cfg(test)]
mod tests;
