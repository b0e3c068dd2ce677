//! Patterns of incidents: what people put right again and again, and what comes back however often it is healed.

use super::{IdeaKind, found::Found};
use crate::{
    domain::{incident::AttemptOutcome, text::count},
    engine::healing::ward::Lesson,
};
use std::collections::BTreeMap;

/// Times that people put the same right, from which on a runbook is proposed.
const BY_HAND: usize = 2;
/// Times that something helped against the same cause, from which on it is no cure.
const HEALED: usize = 3;
/// Lines of evidence.
const LINES: usize = 6;

pub(super) fn patterns(lessons: &[Lesson]) -> Vec<Found> {
    let mut by_hand: BTreeMap<&str, Vec<&Lesson>> = BTreeMap::new();
    let mut healed: BTreeMap<(&str, &str), Vec<&Lesson>> = BTreeMap::new();
    for lesson in lessons.iter().filter(|lesson| lesson.outcome == AttemptOutcome::Helped) {
        let cause = lesson.fingerprint.0.as_str();
        match lesson.by_hand {
            true => by_hand.entry(cause).or_default().push(lesson),
            false => healed.entry((cause, &lesson.remedy)).or_default().push(lesson),
        }
    }
    let by_hand = by_hand.iter().filter(|(_, all)| all.len() >= BY_HAND);
    let healed = healed.iter().filter(|(_, all)| all.len() >= HEALED);
    let by_hand = by_hand.filter_map(|(cause, all)| runbook(cause, all));
    by_hand.chain(healed.filter_map(|((cause, _), all)| cure(cause, all))).collect()
}

fn runbook(cause: &str, all: &[&Lesson]) -> Option<Found> {
    let last = all.last()?;
    let (service, title) = (&last.service, &last.title);
    let times = count(all.len(), "time");
    let brief = format!(
        "People put `{title}` of {service} right {times}, and were called each time. What is known of how: {}. Write a \
         runbook for it, a TOML file of its own in a directory that `runbooks.dir` names: what must be so before anything \
         is done, the command as a list with its dry run and its undo, how it is proven, and its limits. `chimera \
         runbook lint` must find nothing.",
        last.remedy
    );
    let title = format!("{service}: people put it right {times}: {title}");
    found((IdeaKind::RunbookMissing, cause.to_owned()), all, (title, brief))
}

fn cure(cause: &str, all: &[&Lesson]) -> Option<Found> {
    let last = all.last()?;
    let (service, title, remedy) = (&last.service, &last.title, &last.remedy);
    let times = count(all.len(), "time");
    let brief = format!(
        "`{title}` of {service} comes back: {remedy} helped {times}, and never for good. Find out what brings it about, show \
         it by a test where it is in this repository, and mend that."
    );
    let title = format!("{service} comes back {times} after {remedy}: {title}");
    found((IdeaKind::ComesBack, format!("{cause} {remedy}")), all, (title, brief))
}

fn found(
    (kind, about): (IdeaKind, String),
    all: &[&Lesson],
    (title, brief): (String, String),
) -> Option<Found> {
    let line = |lesson: &&Lesson| format!("{} took {}: {}", lesson.incident, lesson.took, lesson.remedy);
    Some(Found {
        kind,
        about,
        title,
        weight: u64::try_from(all.len()).unwrap_or(u64::MAX),
        evidence: all.iter().rev().take(LINES).map(line).collect(),
        missions: Vec::new(),
        brief,
        seen: (all.first()?.at, all.last()?.at),
        own: Vec::new(),
    })
}
