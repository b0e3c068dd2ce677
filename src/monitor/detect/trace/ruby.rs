//! Backtraces of Ruby: error first, error last, with causes, and as loggers and Rails write them.
//!
//! Owns nothing; reads lines without their prefixes.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{digits, name, number, says_error},
};

/// `a.rb:12:in 'A#b': the rest` as file, line, function and rest; with `from ` or `3: from ` before it or without.
fn parts(line: &str) -> Option<(&str, Option<u32>, &str, &str)> {
    if !line.contains(":in ") {
        return None;
    }
    let mut text = line.trim();
    if let Some((number, rest)) = text.split_once(": from ") {
        text = if digits(number) { rest } else { text };
    }
    text = text.strip_prefix("from ").unwrap_or(text);
    let (place, rest) = text.split_once(":in ")?;
    let (file, at) = place.rsplit_once(':')?;
    let rest = rest.strip_prefix(['`', '\''])?;
    let (function, rest) = rest.split_once('\'')?;
    let source = [".rb", ".erb", ".rake", ".ru", ".haml", ".slim", ".jbuilder", ".builder"]
        .iter()
        .any(|end| file.ends_with(end));
    let placed = source
        || file.starts_with('<')
        || file.starts_with('(')
        || file.contains('/')
        || ["-e", "Rakefile"].contains(&file);
    (digits(at) && placed && !file.contains(' ')).then_some((file, number(at), function, rest))
}

/// Whether a line is a step of such a trace.
#[must_use]
pub fn step_line(line: &str) -> bool {
    parts(line).is_some()
}

/// Whether this is an error with its first step at the same place as one that was told already. A reason stands elsewhere.
#[must_use]
pub fn begins_anew(before: &[String], line: &str) -> bool {
    let head = |line: &str| {
        let (file, at, function, rest) = parts(line)?;
        let (kind, _) = classed(rest).filter(|_| rest.starts_with(": "))?;
        Some((file.to_owned(), at, function.to_owned(), kind.to_owned()))
    };
    let backwards = before.iter().any(|line| line.contains("Traceback (most recent call last)"));
    !backwards && head(line).is_some_and(|new| before.iter().any(|line| head(line).as_ref() == Some(&new)))
}

fn step(file: &str, at: Option<u32>, function: &str) -> Step {
    let foreign =
        ["/gems/", "/lib/ruby/", "/rubygems/", "/vendor/bundle/", "/bundler/", "/.rbenv/", "/.rvm/"]
            .iter()
            .any(|part| file.contains(part))
            || file.starts_with("<internal:")
            || file.starts_with("bin/")
            || file.contains("/bin/");
    Step::new(file, at, function, !foreign)
}

/// `why it failed (NoMethodError)` as type and message.
fn classed(text: &str) -> Option<(&str, &str)> {
    let text = text.trim().trim_start_matches(": ");
    let (message, kind) = text.strip_suffix(')')?.rsplit_once('(')?;
    (name(kind) && kind.starts_with(char::is_uppercase)).then_some((kind, message.trim()))
}

/// `NoMethodError (why it failed):`, as Rails writes it, or `NoMethodError: why it failed`.
fn railed(line: &str) -> Option<(&str, &str)> {
    let text = line.trim();
    if let Some((kind, rest)) = text.split_once(" (") {
        let message = rest.strip_suffix("):")?;
        return (name(kind) && kind.starts_with(char::is_uppercase)).then_some((kind, message));
    }
    let (kind, message) = text.split_once(": ")?;
    (name(kind) && says_error(kind) && !kind.contains('.')).then_some((kind, message))
}

/// Whether a line names an error as Rails does; its steps follow after a blank line.
#[must_use]
pub fn opens(line: &str) -> bool {
    line.ends_with("):") && line.starts_with(|c: char| c.is_ascii_uppercase()) && railed(line).is_some()
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut before: Vec<Step> = Vec::new();
    let mut header: Option<(&str, &str)> = None;
    let backwards =
        lines.iter().any(|line| line.trim_start().starts_with("Traceback (most recent call last)"));
    for line in lines {
        let Some((file, at, function, rest)) = parts(line) else {
            if faults.is_empty() && before.is_empty() {
                header = classed(line).or_else(|| railed(line)).or(header);
            }
            continue;
        };
        let step = step(file, at, function);
        if let Some((kind, message)) = classed(rest).filter(|_| rest.starts_with(": ")) {
            if faults.len() < Trace::FAULTS_MOST {
                let mut fault =
                    Fault::new(if faults.is_empty() { Link::First } else { Link::Cause }, kind, message);
                fault.push(step);
                before.drain(..).rev().for_each(|step| fault.push(step));
                faults.push(fault);
            }
        } else if let Some(fault) = faults.last_mut().filter(|_| !backwards) {
            fault.push(step);
        } else if before.len() < Trace::STEPS_MOST {
            before.push(step);
        }
    }
    if faults.is_empty() && !before.is_empty() {
        let (kind, message) = header.unwrap_or_default();
        let mut fault = Fault::new(Link::First, kind, message);
        if backwards {
            before.reverse();
        }
        before.into_iter().for_each(|step| fault.push(step));
        faults.push(fault);
    }
    Trace::of(Language::Ruby, faults, false)
}
