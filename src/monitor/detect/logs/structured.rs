//! Traces inside of structured log lines: a JSON object that bears one in a field (`stack`, `exc_info`, `backtrace`, ...).
//!
//! Pure. Owns the names of such fields and how a trace without its first line gets one from the fields beside it. Looks
//! only at the object that a line is; text inside of a message is never taken for a field.

use crate::monitor::detect::trace::grammar::{self, Mood};
use serde_json::{Map, Value};

/// Fields that hold a trace.
const FIELDS: &[&str] = &[
    "stack",
    "stack_trace",
    "stacktrace",
    "stackTrace",
    "exc_info",
    "exc_text",
    "exception",
    "exception.stacktrace",
    "traceback",
    "backtrace",
    "trace",
    "error.stack",
    "error.stack_trace",
    "err.stack",
    "errorVerbose",
    "error",
    "err",
    "thrown",
    "throwable",
    "exception.stack_trace",
    "error_stack",
    "panic",
];
/// Fields that name a type, best first.
const KINDS: &[&str] =
    &["exception.type", "error.type", "exception_class", "error_class", "class", "type", "name", "errorType"];
/// Fields that hold a message, best first.
const WORDS: &[&str] =
    &["exception.message", "error.message", "error_message", "message", "msg", "error", "errorMessage"];
/// Fields that hold a level.
const LEVELS: &[&str] = &[
    "level",
    "severity",
    "levelname",
    "log.level",
    "lvl",
    "@level",
    "severity_text",
    "loglevel",
    "PRIORITY",
];
/// How deep is looked.
const DEPTH_MOST: usize = 4;
/// Traces of one line.
pub const TRACES_MOST: usize = 4;
/// Lines of one trace.
const LINES_MOST: usize = 512;

/// What a structured line holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Structured {
    /// Whether it names a level.
    pub leveled: bool,
    /// Texts that may be traces.
    pub traces: Vec<String>,
}

/// Reads a line that is a JSON object; `None` for every other.
#[must_use]
pub fn read(line: &str) -> Option<Structured> {
    let line = line.trim();
    if !(line.starts_with('{') && line.ends_with('}')) {
        return None;
    }
    let Value::Object(fields) = serde_json::from_str(line).ok()? else { return None };
    let mut found =
        Structured { leveled: LEVELS.iter().any(|name| fields.contains_key(*name)), traces: Vec::new() };
    walk(&fields, 0, &mut found.traces);
    Some(found)
}

/// Looks at the fields of an object and of those within it.
fn walk(fields: &Map<String, Value>, depth: usize, out: &mut Vec<String>) {
    for (name, value) in fields {
        if out.len() >= TRACES_MOST {
            return;
        }
        match value {
            Value::String(text) if FIELDS.contains(&name.as_str()) && text.contains('\n') => {
                out.push(headed(fields, text))
            }
            Value::Array(list) if FIELDS.contains(&name.as_str()) => out.extend(listed(fields, list)),
            Value::Object(inner) if depth < DEPTH_MOST => walk(inner, depth + 1, out),
            _ => {}
        }
    }
}

fn word<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> &'a str {
    names.iter().find_map(|name| fields.get(*name).and_then(Value::as_str)).unwrap_or_default()
}

/// A trace with a first line, taken from the fields beside it where it has none.
fn headed(fields: &Map<String, Value>, text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let (kind, words) = (word(fields, KINDS), word(fields, WORDS));
    let words = words.lines().next().unwrap_or_default();
    match grammar::strong(first) {
        Some(Mood::Ruby) => format!("{words} ({kind})\n{text}"),
        Some(Mood::Python | Mood::Rust | Mood::Php) => text.to_owned(),
        Some(_) if kind.is_empty() => format!("Error: {words}\n{text}"),
        Some(_) => format!("{kind}: {words}\n{text}"),
        // A logger's stack of Go begins with a function.
        None if grammar::follows_report(first) == Some(Mood::Go) && !first.starts_with("panic") => {
            format!("{words}\n{text}")
        }
        None => text.to_owned(),
    }
}

/// A trace that is written as a list of places.
fn listed(fields: &Map<String, Value>, list: &[Value]) -> Option<String> {
    let lines: Vec<&str> = list.iter().filter_map(Value::as_str).take(LINES_MOST).collect();
    let first = lines.first()?;
    if grammar::strong(first).is_some() {
        return Some(headed(fields, &lines.join("\n")));
    }
    // Monolog: places only.
    let (kind, words, file) = (word(fields, KINDS), word(fields, WORDS), word(fields, &["file"]));
    let places: Vec<String> = lines
        .iter()
        .filter_map(|line| line.rsplit_once(':'))
        .enumerate()
        .map(|(at, (file, line))| format!("#{at} {file}({line}): "))
        .collect();
    let php = lines.iter().any(|line| line.contains(".php:"));
    (php && !places.is_empty()).then(|| format!("Uncaught {kind}: {words} in {file}\n{}", places.join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_found_in_fields_and_get_their_first_line() {
        let found = |line: &str| read(line).unwrap().traces;
        assert_eq!(
            found(r#"{"level":50,"err":{"type":"TypeError","stack":"TypeError: x\n    at f (/a.js:1:2)"}}"#)
                .len(),
            1
        );
        let java = found(
            r#"{"exception.type":"a.B","exception.message":"m","exception.stacktrace":"\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)"}"#,
        );
        assert!(java[0].starts_with("a.B: m\n\tat"), "{java:?}");
        let ruby =
            found(r#"{"exception":{"class":"A::Gone","message":"m","backtrace":["/app/a.rb:1:in 'f'"]}}"#);
        assert_eq!(ruby, ["m (A::Gone)\n/app/a.rb:1:in 'f'"]);
        let php = found(
            r#"{"context":{"exception":{"class":"A\\E","message":"m","file":"/app/a.php:3","trace":["/app/b.php:9"]}}}"#,
        );
        assert_eq!(php, ["Uncaught A\\E: m in /app/a.php:3\n#0 /app/b.php(9): "]);
        assert!(
            found(r#"{"message":"{\"stack\":\"a\\nb\"}"}"#).is_empty(),
            "text within a message is no field"
        );
        assert_eq!(read("not json"), None);
        assert_eq!(read("[1]"), None);
    }
}
