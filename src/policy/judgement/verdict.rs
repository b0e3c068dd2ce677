//! What the rules add up to, and what follows from it. Any fail rolls back at once; only a pass of all promotes; anything
//! else is watched once more and then given to a person. Missing data alone never rolls anything back.

use super::{
    aim::{Aim, reached},
    detectable,
    rules::{self, Finding, Outcome},
    soaking::{BLIND_MOST, Soaking},
};
use crate::{domain::time::Millis, policy::healing::Soak};

/// Whether a release is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
    /// There is too little to say.
    Inconclusive,
    /// The watching was ended before it could tell: no verdict, and never a pass.
    Cancelled,
}

impl Verdict {
    /// The word in lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A verdict with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether the release is good.
    pub verdict: Verdict,
    /// Every rule that had something to say.
    pub findings: Vec<Finding>,
    /// The smallest harm that would have been found, in words.
    pub detectable: String,
}

impl Judgement {
    /// Words of the findings that made the verdict.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let wanted = match self.verdict {
            Verdict::Fail => Outcome::Fail,
            Verdict::Inconclusive | Verdict::Cancelled => Outcome::Unknown,
            Verdict::Pass => Outcome::Pass,
        };
        self.findings
            .iter()
            .filter(|found| found.outcome == wanted)
            .map(|found| found.words.clone())
            .collect()
    }

    /// Whether it failed for nothing but that it did not help.
    #[must_use]
    pub fn ineffective(&self) -> bool {
        let mut failed = self.findings.iter().filter(|found| found.outcome == Outcome::Fail).peekable();
        failed.peek().is_some() && failed.all(|found| found.rule == "aim")
    }
}

/// What follows from a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The release goes on.
    Promote,
    /// The release goes back, now.
    RollBack,
    /// It is watched for this much longer, once.
    Extend(Millis),
    /// A person looks.
    NeedsHuman,
}

/// A look before the end: whether the release must go back at once. Only rules that no number of looks makes fire by
/// chance are asked; the comparisons wait for the end.
#[must_use]
pub fn early(seen: &Soaking, soak: &Soak) -> Option<Judgement> {
    let mut findings = rules::fast(seen);
    findings.extend(rules::standing(seen, soak));
    let failed = findings.iter().any(|found| found.outcome == Outcome::Fail);
    failed.then(|| Judgement {
        verdict: Verdict::Fail,
        findings,
        detectable: detectable::words(seen.baseline.errors, seen.candidate.errors.all, soak),
    })
}

/// The one look at the end. `aim` is the incident's own signal where the release was to heal one.
#[must_use]
pub fn judge(seen: &Soaking, soak: &Soak, aim: Option<&Aim>) -> Judgement {
    let mut findings = rules::fast(seen);
    findings.extend(rules::standing(seen, soak));
    findings.push(rules::errors(seen, soak));
    findings.push(rules::health(seen, soak));
    findings.push(rules::latency(seen, soak));
    findings.extend(aim.map(|aim| reached(aim, soak)));
    findings.extend(missing(seen));
    let any = |outcome| findings.iter().any(|found| found.outcome == outcome);
    let verdict = if any(Outcome::Fail) {
        Verdict::Fail
    } else if any(Outcome::Unknown) {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    };
    Judgement {
        verdict,
        detectable: detectable::words(seen.baseline.errors, seen.candidate.errors.all, soak),
        findings,
    }
}

/// The watching was ended by something else: no pass, whatever was seen.
#[must_use]
pub fn cancelled(seen: &Soaking, soak: &Soak) -> Judgement {
    let words = format!("the watching ended after {}", seen.course.last);
    Judgement {
        verdict: Verdict::Cancelled,
        findings: vec![Finding::of("data", Outcome::Unknown, words)],
        detectable: detectable::words(seen.baseline.errors, seen.candidate.errors.all, soak),
    }
}

/// Data that is missing now, or was for most of the time.
fn missing(seen: &Soaking) -> Option<Finding> {
    let course = &seen.course;
    let words = if course.looks == 0 {
        "nobody looked".to_owned()
    } else if course.blind >= BLIND_MOST {
        format!("the source of numbers has not answered the last {} times", course.blind)
    } else if course.blind_ever.saturating_mul(2) > course.looks {
        format!("the source of numbers did not answer {} of {} times", course.blind_ever, course.looks)
    } else {
        return None;
    };
    Some(Finding::of("data", Outcome::Unknown, words))
}

/// What follows, when the watching has been extended so many times already.
#[must_use]
pub fn next(verdict: Verdict, soak: &Soak, planned: Millis, extended: u32) -> Next {
    match verdict {
        Verdict::Pass => Next::Promote,
        Verdict::Fail => Next::RollBack,
        Verdict::Inconclusive if extended < soak.extensions => Next::Extend(planned),
        Verdict::Inconclusive | Verdict::Cancelled => Next::NeedsHuman,
    }
}
