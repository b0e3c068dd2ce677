//! Releases before the incident, and earlier incidents of the same cause. Pure.

use crate::{
    domain::{
        incident::{AttemptOutcome, ClueSort},
        text,
        time::{Millis, Timestamp},
    },
    monitor::investigate::{
        book::{Standing, Trust},
        findings::{Found, Piece},
        scene::{Earlier, Scene},
    },
};

/// A release so long before the first signal is near.
pub const NEAR: Millis = Millis::mins(15);

/// Reads them.
#[must_use]
pub fn read(scene: &Scene) -> Found {
    let mut found = Found::default();
    found.pieces.extend(release(scene));
    found.pieces.extend(history(scene));
    found
}

fn release(scene: &Scene) -> Option<Piece> {
    let before =
        scene.releases.iter().take(Scene::RELEASES_MOST).find(|release| release.at <= scene.first_seen);
    let Some(release) = before else {
        let quiet = !scene.releases.is_empty();
        let piece = Piece::now(ClueSort::Release, "no release before the incident is known");
        return quiet.then(|| piece.truth("release.near", false));
    };
    if release.at == Timestamp(0) {
        let name = text::clean_line(&release.said, 80);
        let piece = Piece::now(ClueSort::Release, format!("“{name}” is in place since before anybody asked"));
        return Some(piece.truth("release.near", false));
    }
    let age = scene.first_seen.since(release.at);
    #[expect(clippy::cast_precision_loss, reason = "minutes, far below 2^52")]
    let minutes = (age.0 / 60_000) as f64;
    let name = text::clean_line(&release.said, 80);
    if release.put_back {
        let words = format!("“{name}” was put back {minutes} min before the first signal");
        let piece = Piece::now(ClueSort::Release, words).standing(Standing::Event);
        // What stood there before brings nothing new.
        return Some(piece.truth("release.near", false));
    }
    #[expect(clippy::cast_precision_loss, reason = "minutes, far below 2^52")]
    let ago = (scene.now.since(release.at).0 / 60_000) as f64;
    let words = format!("release “{name}” took effect {minutes} min before the first signal");
    // A release is an event; that nothing went out is so as well.
    let piece = Piece::now(ClueSort::Release, words).standing(Standing::Event);
    let piece = piece.number("release.minutes_before", minutes).number("release.minutes_ago", ago);
    Some(piece.truth("release.near", age <= NEAR))
}

fn history(scene: &Scene) -> Option<Piece> {
    // What else is seen of the service is another cause, and so is its past.
    let cause = &scene.signals.first()?.fingerprint;
    let same = |earlier: &&Earlier| earlier.fingerprint == *cause;
    let earlier: Vec<&Earlier> = scene.earlier.iter().take(Scene::EARLIER_MOST).filter(same).collect();
    let newest = earlier.first()?;
    let ended = |wanted: fn(&AttemptOutcome) -> bool| {
        f64::from(
            u32::try_from(earlier.iter().filter(|one| one.outcome.as_ref().is_some_and(wanted)).count())
                .unwrap_or(0),
        )
    };
    let words = format!(
        "seen {} before, last put down to “{}”, remedy {}, {}",
        text::count(earlier.len(), "time"),
        text::clean_line(&newest.cause, 120),
        newest.remedy.word(),
        newest.outcome.as_ref().map_or("no outcome", AttemptOutcome::word)
    );
    let piece = Piece::now(ClueSort::History, words).standing(Standing::Past).trusted(Trust::Own);
    Some(
        piece
            .number("history.seen", f64::from(u32::try_from(earlier.len()).unwrap_or(0)))
            .number("history.helped", ended(|outcome| matches!(outcome, AttemptOutcome::Helped)))
            .number("history.ineffective", ended(|outcome| !matches!(outcome, AttemptOutcome::Helped))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        incident::Remedy,
        signal::{Fingerprint, Signal, SignalState},
    };

    #[test]
    fn c3_only_the_same_cause_counts_as_seen_before() {
        let signal = |cause: &str| Signal {
            fingerprint: Fingerprint::of(&[cause]),
            ..Signal::storm(SignalState::Firing)
        };
        let earlier = |cause: &str| Earlier {
            fingerprint: Fingerprint::of(&[cause]),
            cause: format!("the cause of {cause}"),
            remedy: Remedy::Nothing,
            outcome: Some(AttemptOutcome::Helped),
            at: Timestamp(0),
        };
        let mut scene = Scene {
            signals: vec![signal("own"), signal("beside")],
            earlier: vec![earlier("beside"), earlier("own"), earlier("beside")],
            ..Scene::default()
        };
        let words = history(&scene).unwrap().words;
        assert!(words.starts_with("seen 1 time before, last put down to “the cause of own”"), "{words}");
        scene.earlier.remove(1);
        assert!(history(&scene).is_none());
    }
}
