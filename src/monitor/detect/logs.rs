//! The detector of log lines: lines in, signals out.
//!
//! Pure: time arrives as an argument. Owns how the parts go together: lines are joined to records (`join`), a record that
//! tells of an error becomes a finding (`finding`: trace or template), findings become signals (`window`). Invariants: how
//! the lines are cut into portions changes neither causes nor counts; memory is bounded whatever the lines say; text in a
//! line can be in no place but title, sample, frames and labels of its own record's signal.

pub mod finding;
pub mod structured;
pub mod window;

#[cfg(test)]
mod tests;

use super::{
    join::{Joiner, Record},
    templates::Saved,
};
use crate::domain::{probe::ProbeSpec, signal::Signal, time::Timestamp};
use finding::Reader;
use window::Window;

/// Watches the lines of one probe.
#[derive(Debug)]
pub struct LogDetector {
    joiner: Joiner,
    reader: Reader,
    window: Window,
    /// Records that are complete; kept for its memory.
    done: Vec<Record>,
}

impl LogDetector {
    /// For the lines of this probe.
    #[must_use]
    pub fn new(spec: &ProbeSpec) -> Self {
        Self {
            joiner: Joiner::default(),
            reader: Reader::of(&spec.service, &spec.env),
            window: Window::of(spec),
            done: Vec::new(),
        }
    }

    /// The same with templates that were [saved](Self::saved) earlier.
    #[must_use]
    pub fn restored(spec: &ProbeSpec, saved: &Saved) -> Self {
        let mut detector = Self::new(spec);
        detector.reader.restore(saved);
        detector
    }

    /// Takes lines, oldest first. The last record stays open until a line or the time ends it.
    pub fn feed(&mut self, lines: &[String], at: Timestamp) -> Vec<Signal> {
        self.joiner.tick(at, &mut self.done);
        for line in lines {
            self.joiner.push(line, at, &mut self.done);
            self.read(at);
        }
        self.read(at);
        self.due(at)
    }

    /// Tells that time has passed: closes what has waited long enough and gives out what is due. To be called at least
    /// once a second.
    pub fn tick(&mut self, at: Timestamp) -> Vec<Signal> {
        self.joiner.tick(at, &mut self.done);
        self.read(at);
        self.due(at)
    }

    /// Closes everything: the source has ended.
    pub fn finish(&mut self, at: Timestamp) -> Vec<Signal> {
        self.joiner.finish(&mut self.done);
        self.read(at);
        self.due(at)
    }

    /// The templates learned so far.
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.reader.saved()
    }

    /// Lines and bytes that are held, and causes that are remembered.
    #[must_use]
    pub fn held(&self) -> (usize, usize, usize) {
        let (lines, bytes) = self.joiner.held();
        (lines, bytes, self.window.known())
    }

    fn read(&mut self, at: Timestamp) {
        for record in self.done.drain(..) {
            if let Some(finding) = self.reader.read(&record) {
                self.window.add(&finding, at, || self.reader.details(&record, &finding));
            }
        }
    }

    fn due(&mut self, at: Timestamp) -> Vec<Signal> {
        let mut signals = Vec::new();
        self.window.due(at, &mut signals);
        signals
    }
}
