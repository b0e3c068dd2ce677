//! The frames of an error in the service's repository: where they are, who last touched them, and which commit seems to
//! have brought the error. Text chose the frames, so all of it is led.

use crate::{
    domain::{
        candidate::CommitId,
        incident::{ClueSort, Culprit},
        signal::Frame,
        text,
        time::{Millis, Timestamp},
    },
    monitor::investigate::{
        book::{Book, Trust},
        commits::{self, Change, Elsewhere, History, Times},
        findings::{Found, Piece},
        history,
        scene::{Means, Scene},
    },
};
use std::path::Path;

/// What was seen, before it is judged: judging waits for what the other looks found.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What git knows.
    pub history: History,
    /// What could not be looked at.
    pub gaps: Vec<String>,
}

/// Looks.
pub async fn look(scene: &Scene, means: &Means, wall: Millis) -> Seen {
    let Some(repo) = scene.service.repo.as_deref() else { return Seen::default() };
    let frames = frames(scene);
    if frames.is_empty() && scene.releases.is_empty() {
        return Seen::default();
    }
    if !means.may("git") {
        return Seen { gaps: vec!["git may not be asked".into()], ..Seen::default() };
    }
    let running =
        releases(scene).into_iter().find(|(at, _)| *at <= scene.first_seen).and_then(|(_, commit)| commit);
    match history::read(Path::new(repo), &frames, running.as_ref(), wall).await {
        Ok((history, gaps)) => Seen { history, gaps },
        Err(why) => Seen { gaps: vec![why], ..Seen::default() },
    }
}

/// Judges it, given what else is known to be broken.
#[must_use]
pub fn read(scene: &Scene, seen: &Seen, book: &Book) -> (Found, Option<Culprit>) {
    let history = &seen.history;
    let mut found = Found { pieces: Vec::new(), gaps: seen.gaps.clone() };
    if let Some(frame) = history.frames.first() {
        let line = frame.line.map_or_else(String::new, |line| format!(":{line}"));
        let place: String = text::clean_line(&format!("{}{line}", frame.file), 120).into();
        let words = format!("it fails at {place} in {}", text::clean_line(&frame.function, 60));
        let piece = Piece::now(ClueSort::Code, words).trusted(Trust::Led).name("code.place", &place);
        found.pieces.push(piece);
    }
    let releases = releases(scene);
    let elsewhere = ["dependency.down", "dns.fails", "disk.read_only"].iter().any(|name| book.is(name))
        || book.number("disk.used_pct").is_some_and(|pct| pct >= 95.0);
    let elsewhere = if elsewhere { Elsewhere::Broken } else { Elsewhere::Unknown };
    let times = Times { first_seen: scene.first_seen, releases: &releases, elsewhere };
    found.pieces.extend(configured(history, &times));
    if history.frames.is_empty() {
        return (found, None);
    }
    let culprit = commits::culprit(history, &times);
    found.pieces.push(match &culprit {
        Some(culprit) => {
            let words =
                format!("commit {} “{}” seems to have brought it", culprit.commit.short(), culprit.subject);
            let piece = Piece::now(ClueSort::Code, words)
                .trusted(Trust::Led)
                .truth("culprit.found", true)
                .name("culprit.commit", culprit.commit.short())
                .number("culprit.score", f64::from(culprit.score))
                .number("culprit.margin", f64::from(culprit.score.saturating_sub(culprit.runner_up)));
            // Older: known to have been in place before the release.
            let released = commits::released(history, &culprit.commit, &times);
            let piece = piece.truth("culprit.older", released == Some(false));
            match released {
                Some(released) => piece.truth("culprit.released", released),
                None => piece,
            }
        }
        None => Piece::now(ClueSort::Code, "no commit stands out as the cause")
            .trusted(Trust::Led)
            .truth("culprit.found", false),
    });
    (found, culprit)
}

/// Whether the newest release before the incident touched configuration. The director named the repository, so this is
/// our own looking.
fn configured(history: &History, times: &Times<'_>) -> Option<Piece> {
    let released: &[Change] = history.commits.get(commits::brought(history, times)?)?;
    let file = released.iter().flat_map(|change| &change.files).find(|file| is_config(&file.path));
    let words = match file {
        Some(file) => format!("the release before it changed {}", text::clean_line(&file.path, 120)),
        None => "the release before it changed no configuration".into(),
    };
    Some(Piece::now(ClueSort::Code, words).truth("code.touches_config", file.is_some()))
}

fn is_config(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "toml" | "yaml" | "yml" | "ini" | "conf" | "cfg" | "env" | "properties")
        || path.split('/').any(|part| part == "config" || part == "conf")
        || name.starts_with(".env")
}

fn frames(scene: &Scene) -> Vec<Frame> {
    scene
        .telling()
        .find(|signal| !signal.frames.is_empty())
        .map_or_else(Vec::new, |signal| signal.frames.clone())
}

fn releases(scene: &Scene) -> Vec<(Timestamp, Option<CommitId>)> {
    scene
        .releases
        .iter()
        .take(Scene::RELEASES_MOST)
        .map(|release| (release.at, release.commit.clone()))
        .collect()
}
