//! Panics and fatal errors of Go with their goroutines, and stacks that loggers write in the same form.
//!
//! Owns nothing; reads lines without their prefixes. Only the goroutine that failed is read, which is the first one.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{digits, indented, number},
};

/// First parts of the standard library's packages.
const STANDARD: &[&str] = &[
    "archive",
    "bufio",
    "builtin",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "unsafe",
];

/// `/app/a.go:12 +0x1d` as file and line.
fn place(line: &str) -> Option<(&str, u32)> {
    let text = line.trim();
    let text = text.split_once(" +0x").map_or(text, |(place, _)| place);
    let (file, at) = text.rsplit_once(':')?;
    let source =
        [".go", ".s", ".cgo1.go", ".y"].iter().any(|end| file.ends_with(end)) || file == "_cgo_gotypes.go";
    (source && digits(at) && !file.contains(": ")).then(|| number(at).map(|at| (file, at))).flatten()
}

/// Whether a line is the place of a step.
#[must_use]
pub fn step_line(line: &str) -> bool {
    indented(line) && place(line).is_some()
}

/// Whether a line is the function of a step: `main.(*T).f(0xc000, {0x1, 0x2})`, `main.f(...)`.
#[must_use]
pub fn function_line(line: &str) -> bool {
    if indented(line) {
        return false;
    }
    let head = line.split('(').next().unwrap_or_default();
    let named = !head.is_empty() && !head.contains([' ', ':', '"', '=']) && head.contains('.');
    named && (line.ends_with(')') || !line.contains([' ', '(']))
}

/// Whether a line begins such a trace.
#[must_use]
pub fn opens(line: &str) -> bool {
    ["panic: ", "fatal error: ", "SIGSEGV: ", "SIGQUIT: ", "SIGABRT: "]
        .iter()
        .any(|start| line.starts_with(start))
        || goroutine(line)
        || line.contains("http: panic serving ")
}

/// `goroutine 12 [running]:`.
#[must_use]
pub fn goroutine(line: &str) -> bool {
    line.strip_prefix("goroutine ")
        .and_then(|rest| rest.split_once(' '))
        .is_some_and(|(id, rest)| digits(id) && rest.starts_with(['[', 'g']) && rest.ends_with(':'))
}

/// Other lines that belong to such a trace.
#[must_use]
pub fn belongs(line: &str) -> bool {
    [
        "created by ",
        "exit status ",
        "[signal ",
        "runtime: ",
        "runtime stack:",
        "[recovered]",
        "stack: frame=",
        "...",
        "goroutine ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
        || line.split_whitespace().nth(1).is_some_and(|word| word.starts_with("0x") && line.len() < 40)
}

/// Whether the place is the program's own.
fn own(file: &str, function: &str) -> bool {
    if function.starts_with("main.") {
        return true;
    }
    let package = function.split('(').next().unwrap_or(function);
    let first = package.split(['/', '.']).next().unwrap_or_default();
    let standard = STANDARD.contains(&first);
    let foreign = file.contains("/pkg/mod/")
        || file.contains("/vendor/")
        || file.contains("@v")
        || file.contains("/go/src/")
        || (standard && (!file.starts_with('/') || file.contains(&format!("/src/{first}/"))));
    !foreign
}

/// A function without its arguments.
fn bare(line: &str) -> &str {
    let text = line.trim();
    let text = text.strip_prefix("created by ").unwrap_or(text);
    let text = text.split_once(" in goroutine ").map_or(text, |(function, _)| function);
    // The last bracket opens the arguments: receivers have theirs before the method's name.
    match text.strip_suffix(')') {
        Some(_) => arguments(text).map_or(text, |at| &text[..at]),
        None => text,
    }
}

/// Where the last bracket begins that ends at the end of the text.
fn arguments(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// What a panic said, as type and message.
fn said(text: &str) -> (String, &str) {
    let text = text.split_once(" [recovered").map_or(text, |(text, _)| text);
    if let Some(rest) = text.strip_prefix("runtime error: ") {
        let class = rest.split(['[', ':']).next().unwrap_or(rest).trim_end();
        return (format!("runtime error: {class}"), rest);
    }
    // `main.MyError{...}`, `(main.T) {...}`, `main.T("text")`, `&errors.errorString{...}`.
    let bare = text.trim_start_matches(['(', '*', '&']);
    let kind: &str = bare.split(['{', '(', ')', ' ', '"', '[']).next().unwrap_or_default();
    let typed =
        kind.contains('.') && !kind.contains([':', '/']) && bare[kind.len()..].starts_with(['{', '(', ')']);
    if typed { (format!("panic: {kind}"), text) } else { ("panic".to_owned(), text) }
}

/// The faults that the lines before the first goroutine tell, outermost first.
fn faults(lines: &[&str]) -> (Vec<Fault>, bool) {
    let (mut faults, mut crash) = (Vec::new(), false);
    for line in lines {
        let text = line.trim();
        if let Some(rest) = text.strip_prefix("panic: ") {
            let (kind, message) = said(rest);
            // Outermost last in the text; a panic that was caught and raised again says the same twice.
            faults.insert(0, Fault::new(Link::Cause, &kind, message));
            crash = true;
        } else if let Some(rest) = text.strip_prefix("fatal error: ") {
            faults.insert(0, Fault::new(Link::Cause, "fatal error", rest));
            crash = true;
        } else if let Some((_, rest)) = text.split_once("http: panic serving ") {
            let (kind, message) = said(rest.split_once(": ").map_or(rest, |(_, said)| said));
            faults.insert(0, Fault::new(Link::Cause, &kind, message));
        }
    }
    faults.dedup_by(|a, b| a.kind == b.kind && a.message == b.message);
    faults.truncate(Trace::FAULTS_MOST);
    (faults, crash)
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let first = lines.iter().position(|line| step_line(line)).unwrap_or(lines.len());
    let (mut faults, crash) = faults(&lines[..first]);
    let mut steps: Vec<Step> = Vec::new();
    let mut goroutines = 0;
    for (at, line) in lines.iter().enumerate() {
        goroutines += usize::from(goroutine(line));
        let over = goroutines > 1 && !steps.is_empty();
        if over || steps.len() >= Trace::STEPS_MOST {
            break;
        }
        let Some((file, number)) = place(line).filter(|_| indented(line)) else { continue };
        let function = lines.get(at.wrapping_sub(1)).map_or("", |line| bare(line));
        if function.contains(' ') || function.is_empty() {
            continue;
        }
        steps.push(Step::new(file, Some(number), function, own(file, function)));
    }
    if steps.is_empty() && !crash {
        return None;
    }
    // A logger's stack has no panic before it: what it says is the line above the first function.
    let above = || first.checked_sub(2).and_then(|at| lines.get(at)).copied().unwrap_or_default();
    if faults.is_empty() {
        faults.push(Fault::new(Link::First, "error", above()));
    }
    if let Some(fault) = faults.first_mut() {
        // The panic's own call is no place of the program: what stands above it ran afterwards.
        let panicked = steps.iter().rposition(|step| step.frame.function == "panic").map_or(0, |at| at + 1);
        steps.drain(..panicked);
        steps.into_iter().for_each(|step| fault.push(step));
    }
    Trace::of(Language::Go, faults, crash)
}
