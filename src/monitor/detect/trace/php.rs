//! Fatal errors and exceptions of PHP with their stack, `Next` chains, and the form that Monolog and Laravel write.
//!
//! Owns nothing; reads lines without their prefixes. PHP names beside each function the place it was called from; here
//! a function stands with the place within it, as in every other language.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{digits, name, number},
};

/// `#3 /app/a.php(12): A->b()` as number, file, line and function.
fn parts(line: &str) -> Option<(&str, Option<u32>, &str)> {
    let rest = line.trim_start().strip_prefix('#')?;
    let (number_text, rest) = rest.split_once(' ')?;
    if !digits(number_text) {
        return None;
    }
    let rest = rest.trim();
    if rest.starts_with("{main}") {
        return Some(("", None, "{main}"));
    }
    if let Some(call) = rest.strip_prefix("[internal function]: ") {
        return Some(("[internal function]", None, bare(call)));
    }
    let (place, call) =
        rest.split_once("): ").or_else(|| rest.strip_suffix("):").map(|place| (place, "")))?;
    let (file, at) = place.rsplit_once('(')?;
    digits(at).then(|| (file, number(at), bare(call)))
}

/// A call without its arguments.
fn bare(call: &str) -> &str {
    match call.find('(') {
        Some(at) if at > 0 => &call[..at],
        _ => call.trim(),
    }
}

/// Whether a line is a step of such a trace.
#[must_use]
pub fn step_line(line: &str) -> bool {
    parts(line).is_some()
}

/// Other lines that belong to such a trace.
#[must_use]
pub fn belongs(line: &str) -> bool {
    let text = line.trim_start();
    [
        "Stack trace:",
        "[stacktrace]",
        "[previous exception]",
        "Next ",
        "\"}",
        "thrown in ",
        "PHP Stack trace:",
        "PHP   ",
    ]
    .iter()
    .any(|start| text.starts_with(start))
}

/// Whether a line begins such a trace.
#[must_use]
pub fn opens(line: &str) -> bool {
    let text = line.strip_prefix("PHP ").unwrap_or(line);
    ["Fatal error: ", "Parse error: ", "<b>Fatal error</b>"].iter().any(|start| text.starts_with(start))
        || line.contains("[object] (") && line.contains("(code: ")
}

/// `why in /app/a.php:12` or `why in /app/a.php on line 12` as message, file and line.
fn placed(text: &str) -> (&str, Option<(&str, Option<u32>)>) {
    let text = text.trim().trim_end_matches(':');
    let Some((message, spot)) = text.rsplit_once(" in ") else { return (text, None) };
    let (file, at) = match spot.split_once(" on line ") {
        Some((file, at)) => (file, at),
        None => match spot.rsplit_once(':') {
            Some((file, at)) => (file, at),
            None => return (text, None),
        },
    };
    match number(at) {
        Some(at) if !file.contains(' ') => (message, Some((file, Some(at)))),
        _ => (text, None),
    }
}

fn own(file: &str) -> bool {
    !file.is_empty()
        && !["/vendor/", "\\vendor\\", "[internal function]", "phar://", "/usr/share/php/"]
            .iter()
            .any(|part| file.contains(part))
        && !file.starts_with("vendor/")
}

/// A fault that is being read: its functions wait for the place within them.
struct Open {
    fault: Fault,
    at: (String, Option<u32>),
}

impl Open {
    fn new(link: Link, kind: &str, message: &str, at: Option<(&str, Option<u32>)>) -> Self {
        let at = at.map_or((String::new(), None), |(file, line)| (file.to_owned(), line));
        Self { fault: Fault::new(link, kind, message), at }
    }
    fn step(&mut self, (file, line, function): (&str, Option<u32>, &str)) {
        if !self.at.0.is_empty() {
            self.fault.push(Step::new(&self.at.0, self.at.1, function, own(&self.at.0)));
        }
        self.at = (file.to_owned(), line);
    }
    fn done(mut self) -> Fault {
        if self.fault.steps.is_empty() && !self.at.0.is_empty() {
            self.fault.push(Step::new(&self.at.0, self.at.1, "", own(&self.at.0)));
        }
        self.fault
    }
}

/// A header as link, type, message and place.
fn header(line: &str) -> Option<Open> {
    let text = line.trim_start();
    if let Some((_, rest)) = text.split_once("[object] (") {
        // `App\E(code: 0): why at /app/a.php:12)`.
        let (kind, rest) = rest.split_once("(code: ")?;
        let (_, rest) = rest.split_once("): ").unwrap_or(("", rest));
        let rest = rest.trim_end().trim_end_matches(')');
        let (message, spot) = rest.rsplit_once(" at ").unwrap_or((rest, ""));
        let at = spot.rsplit_once(':').map(|(file, line)| (file, number(line)));
        return Some(Open::new(Link::First, kind, message, at));
    }
    if let Some(rest) = text.strip_prefix("Next ") {
        let (kind, rest) = rest.split_once(": ").unwrap_or((rest, ""));
        let (message, at) = placed(rest);
        return name(kind).then(|| Open::new(Link::Cause, kind, message, at));
    }
    if let Some((_, rest)) = text.split_once("Uncaught ") {
        let whole = rest.strip_prefix("exception '").and_then(|rest| rest.split_once("' with message '"));
        let (kind, rest) = whole.or_else(|| rest.split_once(": ")).or_else(|| rest.split_once(" in "))?;
        let (message, at) = placed(rest);
        return name(kind).then(|| Open::new(Link::First, kind, message.trim_end_matches('\''), at));
    }
    let text = text.strip_prefix("PHP ").unwrap_or(text);
    ["Fatal error:", "Parse error:"]
        .iter()
        .find_map(|kind| text.strip_prefix(kind).map(|rest| (kind, rest)))
        .map(|(kind, rest)| {
            let (message, at) = placed(rest);
            Open::new(Link::First, kind.trim_end_matches(':'), message, at)
        })
}

/// `a.b.E: why at /app/a.php:12` under `[previous exception]`.
fn previous(line: &str) -> Option<Open> {
    line.trim_start().strip_prefix("[previous exception] ").and_then(header).map(|mut open| {
        open.fault.link = Link::Cause;
        open
    })
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    if lines.iter().any(|line| line.contains("\\\\")) {
        // Monolog escapes the whole trace as JSON.
        let plain: Vec<String> = lines.iter().map(|line| line.replace("\\\\", "\\")).collect();
        return read(&plain.iter().map(String::as_str).collect::<Vec<_>>());
    }
    read(lines)
}

fn read(lines: &[&str]) -> Option<Trace> {
    let mut faults: Vec<Fault> = Vec::new();
    let mut open: Option<Open> = None;
    let (mut next, mut fatal) = (false, false);
    let mut above = "";
    for line in lines {
        fatal |=
            ["PHP Fatal error", "Fatal error", "PHP Parse error"].iter().any(|start| line.starts_with(start));
        if let Some(parts) = parts(line) {
            let unnamed = || Open::new(Link::First, "", above, None);
            open.get_or_insert_with(unnamed).step(parts);
        } else if let Some(found) = previous(line).or_else(|| header(line)) {
            next |= line.trim_start().starts_with("Next ");
            if let Some(done) = open.replace(found) {
                faults.push(done.done());
            }
        } else if open.is_none() {
            above = line;
        }
        if faults.len() >= Trace::FAULTS_MOST {
            break;
        }
    }
    faults.extend(open.map(Open::done));
    if next {
        // The reason stands first there.
        faults.reverse();
        faults.iter_mut().for_each(|fault| fault.link = Link::Cause);
    }
    let told = fatal || faults.iter().any(|fault| !fault.steps.is_empty());
    Trace::of(Language::Php, faults, fatal).filter(|_| told)
}
