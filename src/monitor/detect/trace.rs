//! Stack traces of seven languages, read from the lines of one record: type, message, frames with the program's own
//! marked, and the chain of causes.
//!
//! Pure. Owns which language a trace is taken for: the one that explains most of it. Takes any lines and never fails;
//! what is no trace is `None`. Lines come cleaned and without the prefixes of their transport (`detect::join`).

pub mod go;
pub mod grammar;
pub mod identity;
pub mod java;
pub mod model;
pub mod node;
pub mod php;
pub mod python;
pub mod ruby;
pub mod rust;
pub mod shape;
pub mod text;
pub mod wording;

#[cfg(test)]
mod tests;

use model::Trace;

/// Lines that are looked at.
pub const LINES_MOST: usize = 512;

/// The trace in the lines of one record, if there is one.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let lines = lines.get(..LINES_MOST).unwrap_or(lines);
    let readers = [rust::parse, go::parse, python::parse, php::parse, ruby::parse, java::parse, node::parse];
    let mut best: Option<Trace> = None;
    for trace in readers.iter().filter_map(|parse| parse(lines)) {
        if best.as_ref().is_none_or(|best| trace.steps() > best.steps()) {
            best = Some(trace);
        }
    }
    best
}
