//! What one record says is wrong: its cause, kind, title and place; or that nothing is.
//!
//! Pure. Owns which records count and how they are named. Everything textual that it gives out is cleaned, redacted and
//! bounded. Invariant: the text of a record decides about its own finding only.

use super::structured;
use crate::{
    domain::{
        signal::{Fingerprint, Frame, Signal, kind},
        text::{clean, clean_line, head_tail},
    },
    monitor::{
        detect::{
            join::{Record, prefix},
            scan::{Level, Scanner, Seen},
            templates::{Miner, Saved, TemplateId},
            trace::{self, grammar, identity, model::Trace, python, wording::wording},
        },
        redact::{labelled, redact},
    },
};
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

/// Characters of a label's value.
const LABEL_MOST: usize = 120;
/// Words of a message within which those of a crash are the program's own.
const SURE: usize = 2;
/// Bytes kept free in a sample for the line that says what was left out.
const CUT: usize = 64;

/// Something wrong that one record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Of what cause.
    pub fingerprint: Fingerprint,
    /// One of [`kind`].
    pub kind: &'static str,
    /// Whom it hit, as a number that tells people apart.
    pub person: Option<u64>,
    seen: Seen,
    how: How,
}

/// How it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum How {
    Trace(Box<Trace>),
    Template(TemplateId),
}

/// What a signal of a finding says besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// What it is, in one line.
    pub title: String,
    /// The program's own frames.
    pub frames: Vec<Frame>,
    /// Language, type, stream and the like.
    pub labels: BTreeMap<String, String>,
    /// The record as an example.
    pub sample: String,
}

/// Reads records of one service.
#[derive(Debug)]
pub struct Reader {
    service: String,
    env: String,
    scanner: Scanner,
    miner: Miner,
}

impl Reader {
    /// For a service in an environment.
    #[must_use]
    pub fn of(service: &str, env: &str) -> Self {
        Self { service: service.into(), env: env.into(), scanner: Scanner::new(), miner: Miner::of(service) }
    }

    /// Takes up the templates that were saved.
    pub fn restore(&mut self, saved: &Saved) {
        self.miner = Miner::restored(&self.service, saved);
    }

    /// The templates learned so far.
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.miner.saved()
    }

    /// What is wrong according to this record.
    pub fn read(&mut self, record: &Record) -> Option<Finding> {
        let head = record.lines.first()?;
        let hidden = || head.starts_with('{') && ["stack", "exc_info"].iter().any(|word| head.contains(word));
        if !record.traced && !self.scanner.may_matter(head) && !hidden() {
            return None;
        }
        let seen = self.scanner.look(head);
        match found(record, &seen) {
            Some(trace) if on_purpose(&trace) => None,
            Some(trace) => Some(self.traced(head, seen, trace)),
            None => self.told(record, seen),
        }
    }

    /// How bad a line is. Where a logger has written a level, words of a crash count at the start of the message only:
    /// further on they may be anybody's.
    fn believed(&self, line: &str, seen: &Seen) -> Level {
        let leveled =
            seen.message.is_some() || prefix::header(line).is_some_and(|header| header.level.is_some());
        if seen.level < Level::Crash || !leveled {
            return seen.level;
        }
        let text = said(line, seen.message.as_deref());
        let start: String = text.split_whitespace().take(SURE).flat_map(|word| [word, " "]).collect();
        self.scanner.look(&start).level.max(Level::Error)
    }

    /// What its signal says; worked out only where there is one.
    #[must_use]
    pub fn details(&self, record: &Record, finding: &Finding) -> Details {
        let mut labels = BTreeMap::new();
        put(&mut labels, "stream", &record.stream);
        put(&mut labels, "request", finding.seen.request.as_deref().unwrap_or_default());
        let sample = sample(record);
        match &finding.how {
            How::Trace(trace) => {
                put(&mut labels, "language", trace.language.word());
                put(&mut labels, "exception", trace.faults.first().map_or("", |fault| &fault.kind));
                let frames = trace.own_frames(Signal::FRAMES_MOST).into_iter().map(cleaned).collect();
                Details { title: title(trace), frames, labels, sample }
            }
            How::Template(id) => {
                put(&mut labels, "template", &id.to_string());
                let title = self.miner.text(*id).unwrap_or_default();
                let title = clean_line(&title, Signal::TITLE_MOST).to_string();
                Details { title, frames: vec![], labels, sample }
            }
        }
    }

    /// A finding of a trace.
    fn traced(&self, head: &str, seen: Seen, trace: Trace) -> Finding {
        let crash = trace.crash || self.believed(head, &seen) == Level::Crash;
        let kind = if crash { kind::LOG_CRASH } else { kind::LOG_EXCEPTION };
        let fingerprint = identity::fingerprint(&trace, &self.service);
        Finding { fingerprint, kind, person: person(&seen), seen, how: How::Trace(Box::new(trace)) }
    }

    /// A finding of a line without a trace.
    fn told(&mut self, record: &Record, seen: Seen) -> Option<Finding> {
        let head = record.lines.first()?;
        // A crash may be told in a later line: `Segmentation fault` under an assertion.
        let rest = record.lines.iter().skip(1).map(|line| (line, self.scanner.look(line).level));
        let crashed = rest.filter(|(_, level)| *level == Level::Crash).map(|(line, _)| line).next();
        let level = self.believed(head, &seen);
        let (line, level) = match crashed {
            Some(line) if seen.level == Level::Other => (line, Level::Crash),
            _ => (head, level),
        };
        if level < Level::Error {
            return None;
        }
        let text = said(line, seen.message.as_deref().filter(|_| line == head));
        let text = clean_line(text, Signal::SAMPLE_MOST);
        if text.trim().is_empty() {
            return None;
        }
        let text = redact(&text);
        let template = self.miner.learn(&text).id;
        let kind = match level {
            Level::Crash if out_of_memory(line) => kind::PROCESS_OOM,
            Level::Crash => kind::LOG_CRASH,
            _ => kind::LOG_ERROR,
        };
        let id = template.to_string();
        let fingerprint = Fingerprint::of(&["log", &self.service, &self.env, level.name(), &id]);
        Some(Finding { fingerprint, kind, person: person(&seen), seen, how: How::Template(template) })
    }
}

/// The message of a line, without the header of its logger.
fn said<'a>(line: &'a str, message: Option<&'a str>) -> &'a str {
    let message = message.filter(|message| !message.trim().is_empty());
    message.unwrap_or_else(|| prefix::header(line).map_or(line, |header| header.rest))
}

/// The trace of a record: in its lines, or in a field of its one line.
fn found(record: &Record, seen: &Seen) -> Option<Trace> {
    let head = record.lines.first()?;
    if head.starts_with('{') {
        let structured = structured::read(head)?;
        if structured.leveled && seen.level < Level::Error {
            return None;
        }
        let traces = structured.traces.iter().filter_map(|text| {
            let lines: Vec<String> =
                text.lines().take(trace::LINES_MOST).map(|line| clean(line).replace('\n', " ")).collect();
            parsed(&lines)
        });
        return traces.max_by_key(Trace::steps);
    }
    // What a logger calls a warning, and what it tells by the way, was dealt with.
    let dealt_with = prefix::header(head)
        .and_then(|header| header.level)
        .is_some_and(|level| level < prefix::Level::Error);
    if !record.traced || dealt_with {
        return None;
    }
    let mut trace = record.lines.clone();
    if let Some(header) = prefix::header(head) {
        trace[0] = header.rest.to_owned();
    }
    parsed(&trace).filter(|trace| trace.steps() > 0 || trace.crash || grammar::opens(head).is_some())
}

fn parsed(lines: &[String]) -> Option<Trace> {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    trace::parse(&lines)
}

/// Whether a program ended itself on purpose.
fn on_purpose(trace: &Trace) -> bool {
    trace.faults.first().is_some_and(|fault| python::on_purpose(&fault.kind))
}

/// Whether the kernel ended a process for want of memory.
fn out_of_memory(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    ["out of memory: kill", "oom-kill", "oomkill", "memory cgroup out of memory", "invoked oom"]
        .iter()
        .any(|sign| lower.contains(sign))
}

/// Type and wording, and the type of the reason where there is one.
fn title(trace: &Trace) -> String {
    let Some(fault) = trace.faults.first() else { return String::new() };
    let kind = if fault.kind.is_empty() { "error" } else { &fault.kind };
    let message = clean_line(&fault.message, Trace::MESSAGE_MOST);
    let words = wording(&redact(&message));
    let root = trace.faults.iter().rfind(|fault| fault.link == trace::model::Link::Cause);
    let root = root.filter(|root| root.kind != fault.kind && !root.kind.is_empty());
    let mut title = redact(kind).into_owned();
    // A type may be how the message begins: `panic: index out of bounds`.
    let last = title.rsplit(": ").next().unwrap_or_default();
    let more = words.strip_prefix(last).filter(|more| !more.starts_with(char::is_alphanumeric));
    if let Some(more) = more.filter(|_| !last.is_empty()) {
        title.push_str(more);
    } else if !words.is_empty() {
        title = format!("{title}: {words}");
    }
    if let Some(root) = root {
        title = format!("{title} (from {})", redact(&root.kind));
    }
    clean_line(&title, Signal::TITLE_MOST).to_string()
}

/// Adds a label, cleaned, redacted and cut; none that is empty.
fn put(labels: &mut BTreeMap<String, String>, name: &str, value: &str) {
    let value = clean_line(value, 4 * LABEL_MOST);
    let value = clean_line(&labelled(name, &value), LABEL_MOST).trim().to_owned();
    if !value.is_empty() && labels.len() < Signal::LABELS_MOST {
        labels.insert(name.to_owned(), value);
    }
}

/// A frame that is safe to show.
fn cleaned(frame: Frame) -> Frame {
    let safe = |text: &str| clean_line(&redact(text), Trace::NAME_MOST).to_string();
    Frame { file: safe(&frame.file), line: frame.line, function: safe(&frame.function) }
}

fn person(seen: &Seen) -> Option<u64> {
    seen.user.as_ref().map(|user| {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        hasher.finish()
    })
}

/// The record as an example: redacted, cleaned and cut in its middle.
fn sample(record: &Record) -> String {
    let text = clean(&record.lines.join("\n"));
    let text = redact(&text);
    head_tail(&text, Signal::SAMPLE_MOST - CUT)
}
