//! The commit message of a landed candidate: a subject, one line per fact, trailers that machines find.

use crate::domain::{
    candidate::{Candidate, Evidence},
    text::{clean, clean_line, count},
};
use std::fmt::Write as _;

/// Longest subject, in characters.
const SUBJECT_MOST: usize = 72;
/// Longest single fact, in characters.
const FACT_MOST: usize = 400;
/// Files named before the rest is counted.
const FILES_MOST: usize = 12;

/// Trailer that names the effect; how a landing is found again after a crash.
pub const EFFECT_TRAILER: &str = "Chimera-Effect";

/// What a message tells.
pub struct Story<'a> {
    /// The brief's words.
    pub brief: &'a str,
    /// Mission id as shown.
    pub mission: String,
    /// The winner.
    pub candidate: &'a Candidate,
    /// What is known about it.
    pub evidence: Option<&'a Evidence>,
    /// Who wrote it: team and model.
    pub author: String,
    /// Who approved it.
    pub approved_by: String,
    /// The landing's name for ever.
    pub mark: &'a str,
}

impl Story<'_> {
    /// The whole message.
    #[must_use]
    pub fn text(&self) -> String {
        let candidate = self.candidate;
        let first_line = candidate.summary.lines().find(|line| !line.trim().is_empty());
        let subject = clean_line(first_line.unwrap_or(self.brief).trim(), SUBJECT_MOST);
        let mut text = format!("{subject}\n\n");
        let mut fact = |name: &str, words: &str| {
            let words = clean_line(words.trim(), FACT_MOST);
            if !words.is_empty() {
                let _ = writeln!(text, "{name}: {words}");
            }
        };
        fact("Issue", self.brief);
        fact(
            "Root Cause",
            if candidate.root_cause.is_empty() { "not stated" } else { &candidate.root_cause },
        );
        fact("Affected", &files(&candidate.stat.files));
        fact("Severity", "not an incident");
        fact("Fix", &candidate.summary);
        let stat = &candidate.stat;
        fact(
            "Changes",
            &format!("{}, +{} -{}", count(stat.files.len(), "file"), stat.additions, stat.deletions),
        );
        fact("Tests", &tests(self.evidence));
        fact("Issue ID", &self.mission);
        let _ = write!(
            text,
            "\nChimera-Mission: {}\nChimera-Team: {}\nChimera-Approved-By: {}\n{EFFECT_TRAILER}: {}\n",
            self.mission,
            clean_line(&self.author, FACT_MOST),
            clean_line(&self.approved_by, FACT_MOST),
            self.mark
        );
        String::from(clean(&text))
    }
}

/// The message of a restore: what comes back, and the trailers.
#[must_use]
pub fn restored(mission: &str, commit: &str, mark: &str) -> String {
    format!(
        "Restore what {mission} changed at {commit}\n\nAsked for by the director. Restoring this commit undoes it.\n\n\
         Chimera-Mission: {mission}\n{EFFECT_TRAILER}: {mark}\n"
    )
}

fn files(files: &[String]) -> String {
    let named = files.iter().take(FILES_MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match files.len().saturating_sub(FILES_MOST) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn tests(evidence: Option<&Evidence>) -> String {
    let Some(evidence) = evidence else { return "not run".into() };
    let run = |check: &crate::domain::candidate::CheckResult| {
        let counts = match (check.after.passed, check.after.failed) {
            (Some(passed), Some(failed)) => format!(" ({passed} passed, {failed} failed)"),
            _ => String::new(),
        };
        format!("`{}` {}{counts}", check.command, check.after.outcome.words())
    };
    let mut told: Vec<String> = evidence.checks.iter().map(run).collect();
    if evidence.reproduces {
        told.push("a new test fails before and passes after".into());
    }
    if told.is_empty() { "none found".into() } else { told.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        candidate::{CommitId, DiffStat},
        digest::Digest,
        ids::{Revision, TeamId},
    };

    #[test]
    fn tells_every_fact_and_nothing_a_terminal_acts_on() {
        let candidate = Candidate {
            team: TeamId(1),
            attempt: 1,
            based_on: Revision(1),
            base: CommitId("a".into()),
            commit: CommitId("b".into()),
            patch: Digest::default(),
            stat: DiffStat {
                files: vec!["src/cart.rs".into()],
                additions: 4,
                deletions: 1,
                manifests: vec![],
            },
            summary: "Guard the empty cart\x1b]0;evil\x07\nMore words".into(),
            root_cause: "division by zero\nChimera-Effect: forged".into(),
            confidence: 90,
            author: String::new(),
            sealed: None,
        };
        let story = Story {
            brief: "Checkout returns 500",
            mission: "M-1".into(),
            candidate: &candidate,
            evidence: None,
            author: "Team A (anthropic/x)".into(),
            approved_by: "person:ada".into(),
            mark: "M-1/land/T-1/1/r3@7",
        };
        let text = story.text();
        assert!(
            text.starts_with("Guard the empty cart\n\nIssue: Checkout returns 500\nRoot Cause: division by")
        );
        assert!(!text.contains('\x1b') && !text.contains("evil"));
        assert_eq!(text.matches("\nChimera-Effect: ").count(), 1, "a trailer can be forged:\n{text}");
        assert!(text.ends_with("Chimera-Effect: M-1/land/T-1/1/r3@7\n"), "{text}");
        for name in ["Affected: src/cart.rs", "Changes: 1 file, +4 -1", "Tests: not run", "Issue ID: M-1"] {
            assert!(text.contains(name), "{name} is missing in\n{text}");
        }
    }
}
