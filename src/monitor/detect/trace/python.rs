//! Tracebacks of Python: chained ones, syntax errors, exception groups, repeated lines.
//!
//! Owns nothing; reads lines without their prefixes. A block's steps stand failing last there and come out failing
//! first.

use super::{
    model::{Fault, Language, Link, Step, Trace},
    text::{indented, last_part, number, says_error, typed},
};

/// Blocks that are read of one trace.
const BLOCKS_MOST: usize = 4 * Trace::FAULTS_MOST;
/// What stands before a block that follows from the one above it.
const DIRECT: &str = "The above exception was the direct cause of the following exception:";
const DURING: &str = "During handling of the above exception, another exception occurred:";
const HEAD: &str = "Traceback (most recent call last):";

/// The line without the margin of an exception group.
fn inner(line: &str) -> &str {
    let mut rest = line.trim_start();
    if !rest.starts_with(['|', '+']) {
        return line;
    }
    while let Some(shorter) = rest.strip_prefix(['|', '+']) {
        rest = shorter.strip_prefix(' ').unwrap_or(shorter);
        if !rest.trim_start().starts_with(['|', '+']) {
            break;
        }
        rest = rest.trim_start();
    }
    rest
}

/// `File "a.py", line 12, in f` as file, line and function.
fn parts(line: &str) -> Option<(&str, Option<u32>, &str)> {
    let rest = inner(line).trim_start().strip_prefix("File \"")?;
    let (file, rest) = rest.split_once("\", line ")?;
    let function = rest.split_once(", in ").map_or("", |(_, function)| function.trim());
    Some((file, number(rest), function))
}

/// Whether a line is a step of such a trace.
#[must_use]
pub fn step_line(line: &str) -> bool {
    parts(line).is_some()
}

/// Whether a line stands between two blocks or begins one.
#[must_use]
pub fn joint(line: &str) -> bool {
    let text = inner(line).trim();
    text == DIRECT
        || text == DURING
        || text.ends_with(HEAD) && text.len() < HEAD.len() + 24
        || separator(line)
}

/// Whether a line ends as the head of a traceback does that is no member of a group.
#[must_use]
pub fn heads(line: &str) -> bool {
    let text = line.trim_end();
    text.ends_with(HEAD) && !text.trim_start().starts_with(['|', '+'])
}

/// Whether this is the head of a traceback while there is one already, and no sentence between them makes them one.
#[must_use]
pub fn begins_anew(before: &[String], line: &str) -> bool {
    if !heads(line) || indented(line) || !joint(line) {
        return false;
    }
    let last = before.iter().rev().map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or_default();
    last != DIRECT && last != DURING && before.iter().any(|line| heads(line))
}

/// `+---------------- 2 ----------------`: the next of a group.
fn separator(line: &str) -> bool {
    let text = line.trim().trim_start_matches(['|', ' ']).trim_start_matches('+');
    text.starts_with("-------") || text.starts_with("-+-------")
}

/// Whether a line may end a block: `ValueError: why`, `KeyboardInterrupt`.
#[must_use]
pub fn closing(line: &str) -> Option<(&str, &str)> {
    let text = inner(line);
    if indented(text) {
        return None;
    }
    let (kind, message) = typed(text)?;
    (!kind.contains("::") && !kind.starts_with(['$', '\\'])).then_some((kind, message))
}

fn step(line: &str) -> Option<Step> {
    let (file, at, function) = parts(line)?;
    let slashed = file.replace('\\', "/");
    let foreign =
        ["site-packages/", "dist-packages/", "/lib/python", "/Lib/", "lib64/python", "/.pyenv/versions/"]
            .iter()
            .any(|part| slashed.contains(part))
            || file.starts_with("<frozen ")
            || file.starts_with("<__array_function__");
    Some(Step::new(file, at, function, !foreign))
}

/// A block that is being read.
#[derive(Default)]
struct Block {
    steps: Vec<Step>,
    link: Option<Link>,
    open: bool,
}

impl Block {
    fn close(&mut self, faults: &mut Vec<(Link, Fault)>, kind: &str, message: &str) {
        let mut fault = Fault::new(Link::First, kind, message);
        self.steps.drain(..).rev().for_each(|step| fault.push(step));
        faults.push((self.link.take().unwrap_or(Link::First), fault));
        self.open = false;
    }
}

/// The trace in these lines, if there is one of this language.
#[must_use]
pub fn parse(lines: &[&str]) -> Option<Trace> {
    let mut faults: Vec<(Link, Fault)> = Vec::new();
    let mut block = Block::default();
    for line in lines {
        let text = inner(line).trim();
        if let Some(step) = step(line) {
            block.open = true;
            if block.steps.len() < Trace::STEPS_MOST {
                block.steps.push(step);
            }
        } else if separator(line) {
            block.open = true;
            block.link = Some(Link::Suppressed);
        } else if text == DIRECT || text == DURING {
            block.link = Some(if text == DIRECT { Link::Cause } else { Link::Context });
        } else if text.ends_with(HEAD) {
            block.open = true;
        } else if let Some((kind, message)) =
            closing(line).filter(|_| block.open && faults.len() < BLOCKS_MOST)
        {
            block.close(&mut faults, kind, message);
        }
    }
    if !block.steps.is_empty() {
        // Its end was cut off.
        block.close(&mut faults, "", "");
    }
    let told = faults.iter().any(|(_, fault)| !fault.steps.is_empty());
    let known = faults.iter().any(|(_, fault)| says_error(&fault.kind) || !fault.steps.is_empty());
    if !told || !known {
        return None;
    }
    Trace::of(Language::Python, ordered(faults), false)
}

/// Outermost first. A link says what the block above was to this one; members of a group follow it.
fn ordered(faults: Vec<(Link, Fault)>) -> Vec<Fault> {
    let mut chain: Vec<(Link, Vec<Fault>)> = Vec::new();
    for (link, mut fault) in faults {
        match chain.last_mut() {
            Some((_, group)) if link == Link::Suppressed => {
                fault.link = link;
                group.push(fault);
            }
            // Two tracebacks in one record that say nothing of each other: the first one counts.
            Some(_) if link == Link::First => break,
            _ => chain.push((link, vec![fault])),
        }
    }
    let mut out: Vec<Fault> = Vec::new();
    let mut link = Link::First;
    for (next, mut group) in chain.into_iter().rev() {
        if let Some(head) = group.first_mut() {
            head.link = link;
        }
        out.append(&mut group);
        link = next;
    }
    out
}

/// Whether a type is one that ends a program on purpose.
#[must_use]
pub fn on_purpose(kind: &str) -> bool {
    ["KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError"].contains(&last_part(kind))
}
