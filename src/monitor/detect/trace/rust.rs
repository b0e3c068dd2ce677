//! Panics of Rust with both forms of backtrace, stack overflows, and the reports of `anyhow` and `eyre`.
//!
//! Owns nothing; reads lines without their prefixes.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{digits, indented, place},
};

/// What standard panics say, and what kind they are: two of them at one place are not the same error.
const CLASSES: &[(&str, &str)] = &[
    ("called `Option::unwrap()` on a `None`", "unwrap of None"),
    ("called `Result::unwrap()` on an `Err`", "unwrap of Err"),
    ("called `Result::unwrap_err()`", "unwrap of Ok"),
    ("index out of bounds", "index out of bounds"),
    ("range end index", "range out of bounds"),
    ("range start index", "range out of bounds"),
    ("slice index starts at", "range out of bounds"),
    ("byte index", "byte index"),
    ("attempt to divide by zero", "division by zero"),
    ("attempt to calculate the remainder", "division by zero"),
    ("attempt to", "arithmetic overflow"),
    ("assertion", "assertion failed"),
    ("already borrowed", "already borrowed"),
    ("already mutably borrowed", "already borrowed"),
    ("RefCell already", "already borrowed"),
    ("explicit panic", "explicit"),
    ("not yet implemented", "not yet implemented"),
    ("not implemented", "not implemented"),
    ("internal error: entered unreachable code", "unreachable"),
    ("capacity overflow", "capacity overflow"),
    ("there is no reactor running", "no reactor"),
    ("Cannot start a runtime from within a runtime", "runtime in a runtime"),
];

/// Crates that are not the program's own even where the trace does not say their place.
const FOREIGN: &[&str] = &[
    "std",
    "core",
    "alloc",
    "proc_macro",
    "test",
    "backtrace",
    "tokio",
    "futures",
    "futures_util",
    "futures_core",
    "futures_executor",
    "hyper",
    "hyper_util",
    "axum",
    "axum_core",
    "tower",
    "tower_http",
    "tower_service",
    "actix_web",
    "actix_http",
    "actix_rt",
    "actix_server",
    "warp",
    "rocket",
    "tonic",
    "h2",
    "rayon",
    "rayon_core",
    "crossbeam",
    "crossbeam_utils",
    "tracing",
    "tracing_core",
    "tracing_subscriber",
    "anyhow",
    "eyre",
    "color_eyre",
    "serde",
    "serde_json",
    "serde_core",
    "reqwest",
    "rustls",
    "sqlx",
    "sqlx_core",
    "diesel",
    "async_std",
    "mio",
    "parking_lot",
    "clap",
    "clap_builder",
    "once_cell",
    "hashbrown",
    "log",
    "env_logger",
];

/// Whether a line begins a panic.
#[must_use]
pub fn opens(line: &str) -> bool {
    (line.starts_with("thread '") || line.starts_with("thread <"))
        && (line.contains(" panicked at ") || line.contains("overflowed its stack"))
        || line.starts_with("fatal runtime error: ")
        || line.starts_with("memory allocation of ") && line.contains(" bytes failed")
}

/// Other lines that belong to such a trace.
#[must_use]
pub fn belongs(line: &str) -> bool {
    [
        "stack backtrace:",
        "Stack backtrace:",
        "note: ",
        "Caused by:",
        "Location:",
        "Backtrace omitted",
        "Run with ",
        "fatal runtime error: ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
        || function(line).is_some()
}

/// `  12: a::b::{{closure}}` or `  12:  0x55d5c7 - a::b::h0123` as the function.
fn function(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let (number, rest) = line.split_once(": ")?;
    let rest = rest.trim_start();
    if !digits(number) || rest.is_empty() {
        return None;
    }
    let rest = match rest.split_once(" - ") {
        Some((address, function)) if address.starts_with("0x") => function.trim(),
        _ => rest,
    };
    let plain = !rest.contains(": ") && (rest.contains("::") || !rest.contains(' '));
    plain.then_some(rest)
}

/// `at src/a.rs:12:7`, the second half of a step.
#[must_use]
pub fn step_line(line: &str) -> bool {
    at(line).is_some()
}

fn at(line: &str) -> Option<(&str, u32)> {
    let rest = line.trim_start().strip_prefix("at ")?;
    let (file, line) = place(rest.trim_end())?;
    let file = file.strip_prefix("./").unwrap_or(file);
    (file.ends_with(".rs") || file.contains("/sysdeps/")).then_some((file, line))
}

/// Whether a step is the program's own.
fn own(file: &str, function: &str) -> bool {
    let root = function.trim_start_matches(['<', '&', '*', '(', '[']).trim_start_matches("dyn ");
    let root = root.split("::").next().unwrap_or(root);
    let runtime = [
        "rust_",
        "__rust",
        "__libc",
        "_start",
        "start_thread",
        "clone",
        "main",
        "lang_start",
        "___rust",
        "thread_start",
    ];
    let foreign = file.contains("/rustc/")
        || file.contains("/.cargo/")
        || file.contains("/registry/src/")
        || file.contains("/git/checkouts/")
        || file.contains("library/std/")
        || file.contains("library/core/")
        || file.contains("library/alloc/")
        || file.contains("/rust/deps/")
        || file.contains("sysdeps/")
        || (file.is_empty() || !function.is_empty()) && FOREIGN.contains(&root)
        || (!function.contains("::") && runtime.iter().any(|start| function.starts_with(start)));
    !foreign && (!file.is_empty() || function != "<unknown>")
}

/// The steps that are listed in these lines.
fn steps(lines: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in lines {
        if let Some((file, line)) = at(line) {
            if let Some(last) = steps.last_mut().filter(|last| last.frame.line.is_none()) {
                *last = Step::new(file, Some(line), &last.frame.function, own(file, &last.frame.function));
            }
        } else if let Some(function) = function(line) {
            steps.push(Step::new("", None, function, own("", function)));
        }
        if steps.len() >= Trace::STEPS_MOST {
            break;
        }
    }
    steps
}

/// The fault that a panic's first lines tell.
fn panic(lines: &[&str], at: usize) -> Option<Fault> {
    let line = lines.get(at)?;
    if let Some((_, rest)) = line.split_once(" panicked at ") {
        let (message, spot) = match rest.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")) {
            Some((message, spot)) => (message, spot),
            None => (lines.get(at + 1).copied().unwrap_or_default(), rest),
        };
        let message = if indented(message) || belongs(message) { message.trim() } else { message };
        let class = CLASSES.iter().find(|(start, _)| message.starts_with(start)).map(|(_, class)| *class);
        let kind = class.map_or("panic".to_owned(), |class| format!("panic: {class}"));
        let mut fault =
            Fault::new(Link::First, &kind, if message.starts_with("note: ") { "" } else { message });
        if let Some((file, line)) = place(spot.trim_end_matches(':')) {
            fault.push(Step::new(file, Some(line), "", own(file, "")));
        }
        return Some(fault);
    }
    if line.contains("overflowed its stack") || line.contains("stack overflow") {
        return Some(Fault::new(Link::First, "panic: stack overflow", ""));
    }
    if line.starts_with("memory allocation of ") {
        return Some(Fault::new(Link::First, "panic: out of memory", line));
    }
    line.strip_prefix("fatal runtime error: ")
        .map(|rest| Fault::new(Link::First, "fatal runtime error", rest))
}

/// Reasons listed under `Caused by:`, nearest first.
fn causes(lines: &[&str]) -> Vec<Fault> {
    let Some(from) = lines.iter().position(|line| line.trim() == "Caused by:") else { return Vec::new() };
    let listed = lines[from + 1..].iter().take_while(|line| indented(line) && !line.trim().is_empty());
    let words = listed.filter_map(|line| {
        let text = line.trim();
        match text.split_once(": ") {
            Some((number, rest)) if digits(number) => Some(rest),
            // The second line of a reason.
            _ if line.starts_with("        ") => None,
            _ => Some(text),
        }
    });
    words.take(Trace::FAULTS_MOST).map(|words| Fault::new(Link::Cause, "Error", words)).collect()
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let panicked =
        lines.iter().enumerate().find_map(|(at, line)| if opens(line) { panic(lines, at) } else { None });
    let crash = panicked.is_some();
    let backtrace = lines.iter().position(|line| line.trim().eq_ignore_ascii_case("stack backtrace:"));
    let mut faults = Vec::new();
    if let Some(fault) = panicked {
        faults.push(fault);
    } else {
        let causes = causes(lines);
        let report = lines.iter().position(|line| line.starts_with("Error: "));
        let logged = backtrace.or_else(|| lines.iter().position(|line| line.trim() == "Caused by:"));
        let at = report.or(logged.filter(|at| *at > 0).map(|_| 0))?;
        if causes.is_empty() && backtrace.is_none() {
            return None;
        }
        let words = lines.get(at).copied().unwrap_or_default();
        faults.push(Fault::new(Link::First, "Error", words.strip_prefix("Error: ").unwrap_or(words)));
        faults.extend(causes);
    }
    if let (Some(at), Some(fault)) = (backtrace, faults.first_mut()) {
        let listed = steps(&lines[at + 1..]);
        if listed.iter().any(|step| step.own) || fault.steps.is_empty() {
            fault.steps.clear();
        }
        listed.into_iter().for_each(|step| fault.push(step));
    }
    Trace::of(Language::Rust, faults, crash)
}
