//! How much an idea is worth, 0 to 100, and why: every point has a reason in words.

use super::{Dismissal, IdeaKind};
use crate::domain::{
    text::count,
    time::{Millis, Timestamp},
};

/// Dismissals of a kind from which on the next of that kind count less.
const LEARNED_FROM: usize = 3;

/// Points with their reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Added, or taken away.
    pub points: i16,
    /// Why.
    pub words: String,
}

impl Reason {
    pub(super) fn new(points: i16, words: impl Into<String>) -> Self {
        Self { points, words: words.into() }
    }
}

/// What a kind of idea is worth before anything is known of this one, and why.
fn base(kind: IdeaKind) -> Reason {
    let (points, words) = match kind {
        IdeaKind::FlakyCheck => (40, "a check that lies makes every ruling worth less"),
        IdeaKind::RepeatedFailure => (35, "every mission pays for the same failure again"),
        IdeaKind::OftenRejected => (30, "people send the same work back"),
        IdeaKind::RepeatedFault => (30, "work stops for the same reason"),
        IdeaKind::BudgetReached => (30, "missions end without a result"),
        IdeaKind::AskedCommand => (25, "agents wait for a person each time"),
        IdeaKind::Retried => (25, "the brief was not understood at once"),
        IdeaKind::RunbookMissing => (35, "people are called for the same thing again"),
        IdeaKind::ComesBack => (30, "it is healed, and never for good"),
        IdeaKind::UnknownPrice => (25, "what is not known escapes every cap"),
        IdeaKind::CostlyMission => (20, "there may be a cheaper way"),
        IdeaKind::SlowMission => (15, "there may be a shorter way"),
        IdeaKind::SlowCheck => (15, "every candidate waits for it"),
        IdeaKind::Suggested => (0, "an agent's suggestion, not told from history"),
    };
    Reason::new(points, words)
}

/// What is known of an idea.
pub(super) struct Known<'a> {
    pub kind: IdeaKind,
    /// How often it was seen.
    pub times: u64,
    /// In how many missions.
    pub missions: usize,
    /// When last.
    pub last: Timestamp,
    /// Points of its own.
    pub own: Vec<Reason>,
    /// That it was dismissed, with less evidence.
    pub dismissed: Option<&'a Dismissal>,
    /// Dismissals of its kind.
    pub of_kind: usize,
}

/// The score and its reasons.
pub(super) fn score(known: Known<'_>, now: Timestamp) -> (u8, Vec<Reason>) {
    let mut reasons = vec![base(known.kind)];
    if known.times > 1 {
        let points = known.times.saturating_sub(1).min(6) * 5;
        reasons.push(Reason::new(i16::try_from(points).unwrap_or(30), format!("seen {} times", known.times)));
    }
    if known.missions > 1 {
        let points = (known.missions - 1).min(4) * 5;
        let words = format!("in {}", count(known.missions, "mission"));
        reasons.push(Reason::new(i16::try_from(points).unwrap_or(20), words));
    }
    reasons.extend(known.own);
    let age = now.since(known.last);
    if age <= Millis::hours(24) {
        reasons.push(Reason::new(10, "seen within a day"));
    } else if age <= Millis::hours(24 * 7) {
        reasons.push(Reason::new(5, "seen within a week"));
    } else if age > Millis::hours(24 * 30) {
        reasons.push(Reason::new(-15, "not seen for a month"));
    }
    if let Some(dismissal) = known.dismissed {
        let words = format!(
            "dismissed before ({:?}), but there is twice as much of it now: {} then",
            dismissal.why, dismissal.weight
        );
        reasons.push(Reason::new(0, words));
    }
    if known.of_kind >= LEARNED_FROM {
        let words = format!("{} of this kind were dismissed", known.of_kind);
        reasons.push(Reason::new(-20, words));
    }
    let sum: i32 = reasons.iter().map(|reason| i32::from(reason.points)).sum();
    (u8::try_from(sum.clamp(0, 100)).unwrap_or(0), reasons)
}
