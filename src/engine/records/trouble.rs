//! What went wrong more than once: checks that give different results on the same commit, and failures that come
//! again in the same words.

use super::{
    most::{Most, Row},
    sums::{longer, more},
};
use crate::domain::{
    candidate::{CheckOutcome, CheckResult, CheckRun, CommitId, Evidence},
    ids::MissionId,
    text::clean_line,
    time::{Millis, Timestamp},
};
use serde::{Deserialize, Serialize};

/// Checks and failures that keep a row of their own, each.
const ROWS: usize = 48;
/// The longest name of a row, in characters.
const NAME_MOST: usize = 120;

/// How one check command has behaved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Runs, on bases and candidates.
    pub runs: u64,
    /// Runs that did not pass.
    pub failed: u64,
    /// Runs that were killed at their time limit.
    pub timed_out: u64,
    /// Times that it passed and failed on one and the same commit: it is flaky.
    pub differed: u64,
    /// All runs together.
    pub elapsed: Millis,
    /// The longest one.
    pub slowest: Millis,
    /// The base that it last ran on, and whether it passed there.
    base: Option<(CommitId, bool)>,
    /// The last mission that ran it.
    pub mission: Option<MissionId>,
    /// When that was.
    pub at: Timestamp,
}

impl Check {
    /// Mean time of a run.
    #[must_use]
    pub fn time_each(&self) -> Option<Millis> {
        self.elapsed.0.checked_div(self.runs).map(Millis)
    }

    fn run(&mut self, run: &CheckRun) {
        more(&mut self.runs, 1);
        more(&mut self.failed, u64::from(run.outcome != CheckOutcome::Passed));
        more(&mut self.timed_out, u64::from(run.outcome == CheckOutcome::TimedOut));
        longer(&mut self.elapsed, run.elapsed);
        self.slowest = self.slowest.max(run.elapsed);
    }

    /// A check on a candidate and, where it was run there, on its base; `again`: the same on the same commits before.
    fn add(&mut self, base: &CommitId, check: &CheckResult, again: Option<&CheckResult>) {
        self.run(&check.after);
        if let (Some(old), Some(new)) = (again.and_then(|old| passed(&old.after)), passed(&check.after)) {
            more(&mut self.differed, u64::from(old != new));
        }
        let Some(before) = &check.before else { return };
        self.run(before);
        if let Some(new) = passed(before) {
            let known = self.base.replace((base.clone(), new));
            let other = known.is_some_and(|(commit, old)| commit == *base && old != new);
            more(&mut self.differed, u64::from(other));
        }
    }
}

/// Whether it passed; `None`: it could not be run, which says nothing about it.
fn passed(run: &CheckRun) -> Option<bool> {
    (run.outcome != CheckOutcome::Broken).then_some(run.outcome == CheckOutcome::Passed)
}

impl Row for Check {
    fn weight(&self) -> u64 {
        // What is known to be flaky stays.
        self.runs.saturating_add(self.differed.saturating_mul(100))
    }
    fn absorb(&mut self, other: &Self) {
        for (sum, by) in [
            (&mut self.runs, other.runs),
            (&mut self.failed, other.failed),
            (&mut self.timed_out, other.timed_out),
            (&mut self.differed, other.differed),
        ] {
            more(sum, by);
        }
        longer(&mut self.elapsed, other.elapsed);
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// One failure that came at least once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// How often.
    pub times: u64,
    /// What was being done: the word of the effect (`survey`, `draft`, `check`, `land`, …).
    pub doing: String,
    /// The last time in its own words, clean.
    pub words: String,
    /// The mission it last happened to.
    pub mission: Option<MissionId>,
    /// When that was.
    pub at: Timestamp,
}

impl Row for Fault {
    fn weight(&self) -> u64 {
        self.times
    }
    fn absorb(&mut self, other: &Self) {
        more(&mut self.times, other.times);
    }
}

/// Both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    checks: Most<Check, ROWS>,
    faults: Most<Fault, ROWS>,
}

impl Trouble {
    /// Checks by their command, the most used first.
    #[must_use]
    pub fn checks(&self) -> Vec<(&str, &Check)> {
        self.checks.ranked()
    }

    /// Failures by their fingerprint, the most frequent first.
    #[must_use]
    pub fn faults(&self) -> Vec<(&str, &Fault)> {
        self.faults.ranked()
    }

    /// Evidence came; `earlier` is what was known of the same candidate before, of the same commit.
    pub(super) fn evidence(
        &mut self,
        (mission, at): (MissionId, Timestamp),
        base: &CommitId,
        (evidence, earlier): (&Evidence, Option<&Evidence>),
    ) {
        for check in &evidence.checks {
            let again = earlier.and_then(|e| e.checks.iter().find(|old| old.command == check.command));
            self.checks.row(&clean_line(&check.command, NAME_MOST), |row| {
                row.add(base, check, again);
                (row.mission, row.at) = (Some(mission), at);
            });
        }
    }

    pub(super) fn fault(&mut self, (mission, at): (Option<MissionId>, Timestamp), doing: &str, reason: &str) {
        self.faults.row(&format!("{doing}: {}", fingerprint(reason)), |row| {
            more(&mut row.times, 1);
            row.doing = doing.to_owned();
            row.words = clean_line(reason, NAME_MOST).into();
            (row.mission, row.at) = (mission, at);
        });
    }
}

/// A failure's words without what differs from one time to the next: numbers, and names made of hexadecimal digits.
pub(in crate::engine) fn fingerprint(reason: &str) -> String {
    let line = clean_line(reason, NAME_MOST);
    let plain = |word: &str| {
        let hex = word.len() >= 7 && word.bytes().all(|b| b.is_ascii_hexdigit());
        if hex && word.bytes().any(|b| b.is_ascii_digit()) { "#".to_owned() } else { without_digits(word) }
    };
    let (mut found, mut word) = (String::new(), String::new());
    for c in line.chars() {
        if c.is_alphanumeric() {
            word.push(c);
        } else {
            found.push_str(&plain(&word));
            found.push(c);
            word.clear();
        }
    }
    found + &plain(&word)
}

fn without_digits(word: &str) -> String {
    let mut found = String::new();
    for c in word.chars() {
        match (c.is_ascii_digit(), found.ends_with('#')) {
            (true, true) => {}
            (true, false) => found.push('#'),
            (false, _) => found.push(c),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_failure_has_the_same_fingerprint() {
        let one = fingerprint("timed out after 30012 ms at 9f8e7d6c5b (try 2)");
        assert_eq!(one, fingerprint("timed out after 29 ms at 0a1b2c3d4e5f (try 1)"));
        assert_eq!(one, "timed out after # ms at # (try #)");
        assert_ne!(one, fingerprint("refused after 30012 ms at 9f8e7d6c5b (try 2)"));
    }
}
