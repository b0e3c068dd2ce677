//! Stack traces of V8, that is of Node, TypeScript and most browsers: async steps, eval, bundles, `[cause]`,
//! `AggregateError`.
//!
//! Owns nothing; reads lines without their prefixes. What is no step of that form is passed over.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{bare_file, indented, name, place, says_error, typed},
};

/// Whether the place of a step is one that V8 would write.
fn scripted(file: &str) -> bool {
    const ENDS: [&str; 9] = [".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".jsx", ".vue", ".svelte"];
    let bare = file.split_once('?').map_or(file, |(file, _)| file);
    ENDS.iter().any(|end| bare.ends_with(end))
        || [
            "node:",
            "webpack",
            "file://",
            "internal/",
            "http://",
            "https://",
            "evalmachine",
            "[eval",
            "native",
        ]
        .iter()
        .any(|start| file.starts_with(start))
}

/// A step as function and place: `at async f (a.js:1:2)`, `at a.js:1:2`, `at new A (<anonymous>)`.
fn parts(line: &str) -> Option<(&str, &str, Option<u32>)> {
    let rest = line.trim().strip_prefix("at ")?;
    let rest = rest.strip_suffix(" {").unwrap_or(rest);
    if let Some(inside) = rest.strip_suffix(')') {
        // `eval (eval at f (a.js:1:2), <anonymous>:1:1)`: the place is where eval was called.
        if let Some((function, evaluated)) = inside.split_once(" (eval at ") {
            let from = evaluated.split_once(" (").map_or(evaluated, |(_, from)| from);
            let (file, line) = place(from.split_once(')').map_or(from, |(from, _)| from))?;
            return scripted(file).then_some((function, file, Some(line)));
        }
        let (function, inside) = inside.rsplit_once(" (")?;
        if let Some((file, line)) = place(inside) {
            return (scripted(file) || file == "<anonymous>").then_some((function, file, Some(line)));
        }
        let known = ["<anonymous>", "native"].contains(&inside) || inside.starts_with("index ");
        return (known || scripted(inside)).then_some((function, inside, None));
    }
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    let (file, line) = place(rest)?;
    (scripted(file) || file == "<anonymous>").then_some(("", file, Some(line)))
}

/// Whether a line is a step of such a trace.
#[must_use]
pub fn step_line(line: &str) -> bool {
    parts(line).is_some()
}

/// Whether a line is the place that is printed before an uncaught error: `/app/a.js:12`.
#[must_use]
pub fn place_line(line: &str) -> bool {
    !indented(line)
        && !line.contains(' ')
        && place(line)
            .is_some_and(|(file, _)| scripted(file) && file.contains('/') | file.starts_with("node:"))
}

fn step(line: &str) -> Option<Step> {
    let (function, file, at) = parts(line)?;
    let function = function.strip_prefix("async ").unwrap_or(function);
    let foreign = file.starts_with("node:")
        || file.starts_with("internal/")
        || file.starts_with("evalmachine")
        || file == "<anonymous>"
        || file == "native"
        || file.starts_with("index ")
        || [
            "node_modules/",
            "node_modules\\",
            "/.yarn/",
            "webpack/bootstrap",
            "webpack/runtime",
            "(webpack)",
            "external ",
        ]
        .iter()
        .any(|part| file.contains(part));
    Some(Step::new(bare_file(file), at, function, !foreign))
}

/// `TypeError [ERR_X]: why` as type, code and what follows.
fn coded(text: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = text.split_once(" [")?;
    let (code, rest) = rest.split_once(']')?;
    let plain = name(kind) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (plain && (rest.is_empty() || rest.starts_with(": "))).then_some((kind, code, rest))
}

/// `TypeError [ERR_X]: why` as type and message.
#[must_use]
pub fn header(line: &str) -> Option<(&str, &str)> {
    let mut text = line.trim();
    for word in ["Uncaught ", "(in promise) ", "Unhandled Promise Rejection: ", "UnhandledPromiseRejection: "]
    {
        text = text.strip_prefix(word).unwrap_or(text);
    }
    let text = text.strip_suffix(" {").unwrap_or(text);
    if let Some((kind, code, rest)) = coded(text) {
        return Some((&text[..kind.len() + code.len() + 3], rest.strip_prefix(": ").unwrap_or("")));
    }
    let (kind, message) = typed(text)?;
    (kind.starts_with(char::is_uppercase) && (says_error(kind) || kind.len() < 64 && !kind.contains('.')))
        .then_some((kind, message))
}

/// An error named within a line of prose: `ERROR request failed TypeError: why`.
fn within(line: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    for word in line.split(' ') {
        let kind = word.strip_suffix(':').unwrap_or_default();
        if name(kind) && !kind.contains('.') && says_error(kind) {
            return Some((kind, line[from + word.len()..].trim()));
        }
        from += word.len() + 1;
    }
    None
}

/// A fault named under another: `[cause]: Error: why`, `[errors]: [`, or an element of such a list.
fn under(line: &str) -> Option<(Link, &str, &str)> {
    let text = line.trim();
    let text = text.strip_prefix("Caused by: ").map(|rest| (Link::Cause, rest)).or_else(|| {
        text.strip_prefix("[cause]: ")
            .or_else(|| text.strip_prefix("cause: "))
            .map(|rest| (Link::Cause, rest))
    });
    if let Some((link, rest)) = text {
        return header(rest).map(|(kind, message)| (link, kind, message));
    }
    let rest = line.trim().trim_start_matches("[errors]: [ ");
    (indented(line) && says_error(rest.split([':', ' ']).next().unwrap_or_default()))
        .then(|| header(rest).map(|(kind, message)| (Link::Suppressed, kind, message)))
        .flatten()
}

/// Which line says what went wrong, with type and message; those that stand at the line's start before others.
fn said<'a>(before: &[&'a str]) -> Option<(usize, &'a str, &'a str)> {
    let sure = |kind: &str| says_error(kind) || kind.contains(" [");
    let all = || before.iter().enumerate().rev();
    let found = |(at, line): (usize, &&'a str)| header(line).map(|(kind, message)| (at, kind, message));
    all()
        .filter(|(_, line)| !indented(line))
        .find_map(|it| found(it).filter(|(_, kind, _)| sure(kind)))
        .or_else(|| all().find_map(|it| found(it).filter(|(_, kind, _)| sure(kind))))
        .or_else(|| all().find_map(|(at, line)| within(line).map(|(kind, message)| (at, kind, message))))
        .or_else(|| all().find_map(found))
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let first = lines.iter().position(|line| step_line(line))?;
    let last = first.saturating_sub(1);
    let (at, kind, message) =
        said(&lines[..first]).unwrap_or((last, "Error", if first == 0 { "" } else { lines[last] }));
    let mut faults = vec![Fault::new(Link::First, kind, message)];
    for line in lines.iter().skip(if first == 0 { 0 } else { at + 1 }) {
        if let Some(step) = step(line) {
            if let Some(fault) = faults.last_mut() {
                fault.push(step);
            }
        } else if let Some((link, kind, message)) = under(line).filter(|_| faults.len() < Trace::FAULTS_MOST)
        {
            faults.push(Fault::new(link, kind, message));
        }
    }
    let crash = lines.iter().any(|line| line.starts_with("Node.js v"))
        && lines.first().is_some_and(|line| place_line(line) || line.starts_with("Uncaught "));
    Trace::of(Language::Node, faults, crash)
}
