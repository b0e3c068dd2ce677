//! Which line of a log goes on with the trace above it: the rules by which the joiner holds lines together.
//!
//! Owns no state: what was read so far is told by a [`Mood`] and the last line. Lines come without their prefixes.
//! A line that begins like a record of its own (a time, a level) is never asked about here unless it bears a step.

use super::{
    go, java, node, php, python, ruby, rust,
    text::{indented, last_part, says_error, typed},
};

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Mood {
    /// A line of no trace, so far.
    #[default]
    Plain,
    /// A line that names an error: steps may follow.
    Named,
    /// A trace of Python.
    Python,
    /// A trace of V8.
    Node,
    /// A trace of the Java machine.
    Java,
    /// A trace of Go.
    Go,
    /// A trace of Rust.
    Rust,
    /// A trace of Ruby.
    Ruby,
    /// A trace of PHP.
    Php,
}

/// The mood of a line that begins a trace or names an error.
#[must_use]
pub fn opens(line: &str) -> Option<Mood> {
    let text = line.trim_start();
    let first = *text.as_bytes().first()?;
    match first {
        b'T' | b'E' | b'+' if python::joint(line) => Some(Mood::Python),
        b't' | b'f' | b'm' if rust::opens(line) => Some(Mood::Rust),
        b'F' | b'P' | b'<' if php::opens(line) => Some(Mood::Php),
        _ if line.contains("[object] (") && php::opens(line) => Some(Mood::Php),
        b'p' | b'f' | b'g' | b'S' | b'0'..=b'9' if go::opens(line) => Some(Mood::Go),
        _ if ruby::opens(line) => Some(Mood::Ruby),
        _ if node::place_line(line) => Some(Mood::Node),
        _ if text.starts_with("Exception in thread \"") => Some(Mood::Java),
        _ => named(line).then_some(Mood::Named),
    }
}

/// Whether a line begins with the name of an error: `java.io.IOException: why`, `Error: why`, `TypeError [X]: why`.
fn named(line: &str) -> bool {
    if indented(line) {
        return false;
    }
    let line = line.strip_prefix("Uncaught ").unwrap_or(line);
    let kind = line.split([':', ' ']).next().unwrap_or_default();
    let dotted = kind.contains('.') && last_part(kind).starts_with(|c: char| c.is_uppercase());
    says_error(kind) && typed(kind).is_some() || dotted && typed(line).is_some() && line.contains(": ")
}

/// The mood of a line that is a step, a link or a reason of a trace by itself, whatever stands above it.
#[must_use]
pub fn strong(line: &str) -> Option<Mood> {
    let text = line.trim_start();
    match *text.as_bytes().first()? {
        b'a' if text.starts_with("at ") => {
            if java::step_line(line) {
                return Some(Mood::Java);
            }
            if rust::step_line(line) {
                return Some(Mood::Rust);
            }
            return node::step_line(line).then_some(Mood::Node);
        }
        b'.' if java::step_line(line) => return Some(Mood::Java),
        b'C' | b'S' | b'W'
            if ["Caused by: ", "Suppressed: ", "Wrapped by: "]
                .iter()
                .any(|start| text.starts_with(start)) =>
        {
            return Some(Mood::Java);
        }
        b'F' | b'|' | b'+' if python::step_line(line) => return Some(Mood::Python),
        b'#' if php::step_line(line) => return Some(Mood::Php),
        _ => {}
    }
    if go::step_line(line) || go::goroutine(line) {
        return Some(Mood::Go);
    }
    if ruby::step_line(line) {
        return Some(Mood::Ruby);
    }
    rust::belongs(text).then_some(Mood::Rust).filter(|_| !text.starts_with("note: ") || !indented(line))
}

/// The mood after a line, if it goes on with what stands above it; `None` if it begins something else.
#[must_use]
pub fn goes_on(mood: Mood, last: &str, line: &str) -> Option<Mood> {
    if line.trim().is_empty() {
        return (mood != Mood::Plain).then_some(mood);
    }
    if let Some(next) = strong(line) {
        // What a language's own grammar explains stays with it.
        return Some(if matches!(mood, Mood::Plain | Mood::Named) { next } else { mood });
    }
    let on = match mood {
        Mood::Python => {
            let text = last.trim();
            let within = indented(last) || text.ends_with(':') && python::joint(last);
            python::joint(line) && (!text.is_empty() || python::joint(line))
                || within && python::closing(line).is_some()
        }
        Mood::Node => {
            line.starts_with('}')
                || line.starts_with("Node.js v")
                || line.starts_with("Emitted '")
                || line.starts_with("Thrown at:")
                || (!node::step_line(last)
                    && node::header(line).is_some()
                    && (last.trim().is_empty() || indented(last)))
        }
        Mood::Go => {
            go::function_line(line)
                || go::belongs(line)
                || line.starts_with("fatal error: ") && last.starts_with("runtime: ")
        }
        Mood::Rust => last.ends_with(':') && rust::opens(last) || rust::belongs(line),
        Mood::Php => php::belongs(line),
        _ => false,
    };
    if on || indented(line) {
        return Some(mood);
    }
    None
}

/// Whether a line begins another trace than the one in these lines: the head of a traceback that nothing links to the one
/// before it.
#[must_use]
pub fn begins_anew(before: &[String], line: &str) -> bool {
    python::begins_anew(before, line) || ruby::begins_anew(before, line)
}

/// The mood of a trace whose head says nothing of the error itself, so that the line above it may: a traceback of Python.
#[must_use]
pub fn announced(line: &str) -> Option<Mood> {
    (!indented(line) && python::heads(line)).then_some(Mood::Python)
}

/// The mood of a trace that begins under a record which reported it; `None` if it is a record of its own, as the end of a
/// process always is.
#[must_use]
pub fn follows_report(line: &str) -> Option<Mood> {
    if rust::opens(line)
        || ["panic: ", "fatal error: ", "Exception in thread "].iter().any(|start| line.starts_with(start))
    {
        return None;
    }
    opens(line).or_else(|| (go::function_line(line) && !line.contains(' ')).then_some(Mood::Go))
}
