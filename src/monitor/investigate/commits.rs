//! Which commit brought an error, or none. Pure and deterministic: what git knows arrives as [`History`], and "none of
//! them" always runs in the race, so that an innocent commit is not blamed for standing near.

use crate::domain::{
    candidate::CommitId,
    incident::Culprit,
    signal::Frame,
    text,
    time::{Millis, Timestamp},
};
use std::ops::Range;

/// What git knows that bears on an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Commits reachable from what runs, the newest first.
    pub commits: Vec<Change>,
    /// Who last touched the lines of the frames.
    pub blamed: Vec<Blamed>,
    /// Who took lines away from beside the lines of the frames, which blame cannot show.
    pub cut: Vec<Blamed>,
    /// Frames with their file as the repository names it.
    pub frames: Vec<Frame>,
    /// The history was cut off when the repository was cloned.
    pub shallow: bool,
}

impl History {
    /// Commits looked at.
    pub const COMMITS_MOST: usize = 60;
    /// Files of one commit that are kept.
    pub const FILES_MOST: usize = 200;
    /// Hunks of one file that are kept.
    pub const HUNKS_MOST: usize = 200;
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub commit: CommitId,
    /// When it was committed.
    pub at: Timestamp,
    /// Its first line, as written.
    pub subject: String,
    /// It brings branches together.
    pub merge: bool,
    /// The commit that it takes back.
    pub reverts: Option<CommitId>,
    /// What it touches.
    pub files: Vec<Touched>,
}

/// What a commit does to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Name after the commit.
    pub path: String,
    /// Name before it, where it was renamed.
    pub before: Option<String>,
    /// Functions that git names above its hunks.
    pub functions: Vec<String>,
    /// Lines added and removed, joined; at most [`Touched::LINES_MOST`] bytes.
    pub lines: String,
    /// Where it was changed, from top to bottom; at most [`History::HUNKS_MOST`].
    pub hunks: Vec<Hunk>,
}

/// One place of a file that a commit changed: first line and number of lines before it and after it, as git counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hunk {
    /// Before the commit.
    pub old: (u32, u32),
    /// After it; with no lines, the line above what is gone.
    pub new: (u32, u32),
    /// Code within something went away, and nothing new came in its place.
    pub cut: bool,
}

impl Touched {
    /// Bytes of changed lines that are kept.
    pub const LINES_MOST: usize = 16 * 1024;

    /// Whether it is the file of this name, before the commit or after it.
    #[must_use]
    pub fn is(&self, path: &str) -> bool {
        self.path == path || self.before.as_deref() == Some(path)
    }
}

/// The commit that last touched a line of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    /// Index of the frame.
    pub frame: usize,
    /// How far from the frame's own line.
    pub distance: u32,
    /// Which.
    pub commit: CommitId,
    /// The history ends at this commit because the clone was shallow: it may only seem to be the one.
    pub boundary: bool,
}

/// What else bears on it.
#[derive(Debug, Clone, Default)]
pub struct Times<'a> {
    /// When the first error was seen.
    pub first_seen: Timestamp,
    /// When releases took effect and the commits they were built from, the newest first.
    pub releases: &'a [(Timestamp, Option<CommitId>)],
    /// Something other than code is known to be broken.
    pub elsewhere: Elsewhere,
}

/// Whether something other than code is known to be broken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Elsewhere {
    /// Nothing is known.
    #[default]
    Unknown,
    /// A disk, a dependency, a certificate.
    Broken,
}

/// What "none of them" starts with: more than age, release and neighbourhood can bring together without a touched line
/// or function.
const NONE: i32 = 42;
/// Added to it where something else is known to be broken.
const NONE_ELSEWHERE: i32 = 25;
/// Added to it where no frame's line was touched within [`OLD`].
const NONE_OLD: i32 = 10;
/// A line that nobody touched for so long does not fail because of a commit.
const OLD: Millis = Millis::hours(24 * 30);
/// After so long a change counts as settled.
const SETTLED: Millis = Millis::hours(24 * 7);
/// Below this nothing is claimed: half of what can be reached.
const LEAST: i32 = 50;
/// A release so long before the first error is still near.
const RELEASE_NEAR: Millis = Millis::mins(60);

/// The commit that seems to have brought it, if one beats all others and "none of them".
#[must_use]
pub fn culprit(history: &History, times: &Times<'_>) -> Option<Culprit> {
    let mut scored: Vec<(i32, &Change)> = history
        .commits
        .iter()
        .take(History::COMMITS_MOST)
        .filter(|change| change.at <= times.first_seen && !taken_back(history, change))
        .map(|change| (points(history, change, times), change))
        .collect();
    // Equal points: the newer one first, then by id, so that the answer never depends on the order of reading.
    scored.sort_by(|(a, x), (b, y)| b.cmp(a).then(y.at.cmp(&x.at)).then(x.commit.0.cmp(&y.commit.0)));
    let none = none_of_them(history, times);
    let (best, change) = scored.first()?;
    let runner_up = scored.get(1).map_or(none, |(points, _)| (*points).max(none));
    (*best >= LEAST && *best > none && *best > runner_up).then(|| Culprit {
        commit: change.commit.clone(),
        subject: text::clean_line(&change.subject, 120).into(),
        score: percent(*best),
        runner_up: percent(runner_up),
    })
}

fn percent(points: i32) -> u8 {
    u8::try_from(points.clamp(0, 100)).unwrap_or(0)
}

/// A later commit undid it: it cannot be what fails now. What its message claims counts only where it touches every
/// file that this one touched: anybody can write a message.
fn taken_back(history: &History, change: &Change) -> bool {
    let touches = |later: &Change, file: &Touched| {
        later.files.iter().any(|other| other.path == file.path || other.before.as_ref() == Some(&file.path))
    };
    history.commits.iter().any(|later| {
        later.at >= change.at
            && later.reverts.as_ref().is_some_and(|reverted| same(reverted, &change.commit))
            && change.files.iter().all(|file| touches(later, file))
    })
}

/// Messages shorten ids.
fn same(short: &CommitId, whole: &CommitId) -> bool {
    short.0.len() >= 7 && whole.0.starts_with(&short.0)
}

fn none_of_them(history: &History, times: &Times<'_>) -> i32 {
    let elsewhere = if times.elsewhere == Elsewhere::Broken { NONE_ELSEWHERE } else { 0 };
    let recent = |blamed: &Blamed| {
        let found = history.commits.iter().find(|change| change.commit == blamed.commit);
        found.is_some_and(|change| times.first_seen.since(change.at) <= OLD)
    };
    let old = if history.blamed.iter().any(recent) { 0 } else { NONE_OLD };
    NONE + elsewhere + old
}

fn points(history: &History, change: &Change, times: &Times<'_>) -> i32 {
    let (line, place) = (by_line(history, change), by_place(history, change));
    let place = line.max(place) + line.min(place) / 4;
    // What stood there for weeks without failing did not begin to fail by itself, nor did what a later commit laid bare.
    let place = match times.first_seen.since(change.at) {
        age if age <= SETTLED && !laid_bare(history, change, times) => place,
        age if age <= OLD => place * 3 / 4,
        _ => place * 2 / 5,
    };
    // Time alone convicts nobody: without a place in common it counts half.
    let time = by_age(change, times) + by_release(history, change, times);
    let time = if place == 0 { time / 2 } else { time };
    let harmless = if change.files.is_empty() || change.files.iter().any(|file| !harmless(&file.path)) {
        0
    } else {
        -40
    };
    place + by_symbol(history, change) + time + harmless
}

/// A later commit took away what stood beside the failing line while this one's worked.
fn laid_bare(history: &History, change: &Change, times: &Times<'_>) -> bool {
    let own = place_of(history, &change.commit);
    let top = history.cut.iter().filter(|cut| cut.frame == 0);
    top.filter_map(|cut| place_of(history, &cut.commit)).any(|later| {
        let by = &history.commits[later];
        own.is_some_and(|own| later < own) && by.at <= times.first_seen && !taken_back(history, by)
    })
}

/// It last touched the failing line or one beside it, or took lines away from there.
fn by_line(history: &History, change: &Change) -> i32 {
    let blamed = history.blamed.iter().filter(|blamed| blamed.commit == change.commit && !blamed.boundary);
    let cut = history.cut.iter().filter(|cut| cut.commit == change.commit);
    let cut = cut.map(|cut| if cut.frame == 0 { 55 } else { 20 });
    let worth = |blamed: &Blamed| match (blamed.frame, blamed.distance) {
        (0, 0) => 55,
        (0, 1..=3) => 35,
        (_, 0) => 35,
        _ => 20,
    };
    blamed.map(worth).chain(cut).max().unwrap_or(0)
}

/// It changed the function, the file or the directory.
fn by_place(history: &History, change: &Change) -> i32 {
    let mut most = 0;
    for (at, frame) in history.frames.iter().enumerate() {
        let symbol = symbol(&frame.function);
        let top = at == 0;
        for file in &change.files {
            let worth = if file.is(&frame.file) {
                let within = !symbol.is_empty()
                    && (file.functions.iter().any(|function| mentions(function, symbol))
                        || mentions(&file.lines, symbol));
                match (within, top) {
                    (true, true) => 40,
                    (true, false) => 28,
                    (false, true) => 22,
                    (false, false) => 14,
                }
            } else if dir(&file.path) == dir(&frame.file) && !dir(&file.path).is_empty() {
                5
            } else {
                0
            };
            most = most.max(worth);
        }
    }
    most
}

/// Its changed lines name the failing function, in whatever file.
fn by_symbol(history: &History, change: &Change) -> i32 {
    let named = history
        .frames
        .iter()
        .take(2)
        .map(|frame| symbol(&frame.function))
        .any(|symbol| symbol.len() >= 3 && change.files.iter().any(|file| mentions(&file.lines, symbol)));
    if named { 10 } else { 0 }
}

fn by_age(change: &Change, times: &Times<'_>) -> i32 {
    match times.first_seen.since(change.at) {
        Millis(0..=3_600_000) => 20,
        age if age <= Millis::hours(24) => 14,
        age if age <= Millis::hours(24 * 7) => 7,
        age if age <= OLD => 2,
        _ => 0,
    }
}

/// What the newest release before the error brought, where that is known: a run of the history's commits. Where something older
/// was put back it brought nothing.
#[must_use]
pub fn brought(history: &History, times: &Times<'_>) -> Option<Range<usize>> {
    let mut before = times.releases.iter().filter(|(at, _)| *at <= times.first_seen);
    let newest = before.next()?.1.as_ref()?;
    let older: Vec<&CommitId> = before.filter_map(|(_, commit)| commit.as_ref()).collect();
    let from = place_of(history, newest)?;
    match older.first().and_then(|previous| place_of(history, previous)) {
        Some(to) => Some(from..to.max(from)),
        None => older.contains(&newest).then_some(from..from),
    }
}

/// Whether a commit is of what the newest release before the error brought, where that is known.
#[must_use]
pub fn released(history: &History, commit: &CommitId, times: &Times<'_>) -> Option<bool> {
    Some(brought(history, times)?.contains(&place_of(history, commit)?))
}

/// It went out with the release after which the errors began.
fn by_release(history: &History, change: &Change, times: &Times<'_>) -> i32 {
    let Some((at, commit)) = times.releases.iter().find(|(at, _)| *at <= times.first_seen) else { return 0 };
    let near = times.first_seen.since(*at) <= RELEASE_NEAR;
    let Some(newest) = commit.as_ref().and_then(|commit| place_of(history, commit)) else {
        return if near && change.at <= *at { 4 } else { 0 };
    };
    let Some(own) = place_of(history, &change.commit) else { return 0 };
    let within = released(history, &change.commit, times).unwrap_or(own >= newest);
    match (within, near) {
        (true, true) => 18,
        (true, false) => 8,
        // Not in it, or there before it: the release after which it began did not bring this commit.
        (false, true) => -15,
        (false, false) => 0,
    }
}

fn place_of(history: &History, commit: &CommitId) -> Option<usize> {
    history.commits.iter().position(|change| same(commit, &change.commit))
}

/// Words and tests do not fail in production.
fn harmless(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "md" | "rst" | "adoc" | "txt" | "svg" | "png")
        || matches!(name, "LICENSE" | "CODEOWNERS" | ".gitignore")
        || path.split('/').any(|part| matches!(part, "test" | "tests" | "__tests__" | "spec" | "docs"))
        || name.contains("_test.")
        || name.contains(".test.")
        || name.starts_with("test_")
}

/// The last word of a function's name: `shop.cart.Cart.total` -> `total`.
fn symbol(function: &str) -> &str {
    let bare = function.split(['(', '<', '{']).next().unwrap_or("").trim();
    bare.rsplit(['.', ':', '#', '/', ' ']).next().unwrap_or("")
}

fn dir(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Whether the word stands in the text as a whole word.
fn mentions(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(part)
                && !text[at + word.len()..].chars().next().is_some_and(part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Timestamp = Timestamp(1_790_000_000_000);

    fn change(id: &str, hours: u64, path: &str, lines: &str) -> Change {
        Change {
            commit: CommitId(id.repeat(8)),
            at: SEEN - Millis::hours(hours),
            subject: format!("change {id}"),
            merge: false,
            reverts: None,
            files: vec![Touched { path: path.into(), lines: lines.into(), ..Touched::default() }],
        }
    }

    fn history(commits: Vec<Change>) -> History {
        let frame = Frame { file: "src/cart.js".into(), line: Some(10), function: "shop.Cart.total".into() };
        History { commits, frames: vec![frame], ..History::default() }
    }

    fn named(history: &History, elsewhere: Elsewhere) -> Option<CommitId> {
        culprit(history, &Times { first_seen: SEEN, releases: &[], elsewhere }).map(|culprit| culprit.commit)
    }

    #[test]
    fn c3_what_a_release_brought_is_known_from_the_one_before_it() {
        let history = History {
            commits: vec![change("c", 1, "a", ""), change("b", 2, "a", ""), change("a", 3, "a", "")],
            ..History::default()
        };
        let brought = |releases: &[&str]| {
            let releases: Vec<_> =
                releases.iter().map(|id| (SEEN - Millis::mins(1), Some(CommitId(id.repeat(8))))).collect();
            let times = Times { first_seen: SEEN, releases: &releases, elsewhere: Elsewhere::Unknown };
            super::brought(&history, &times)
        };
        assert_eq!(brought(&["c", "a"]), Some(0..2));
        assert_eq!(
            brought(&["c", "d", "c"]),
            Some(0..0),
            "it was there before, and what it took out is not under it"
        );
        assert_eq!(brought(&["c", "a", "c"]), Some(0..2), "it was taken out and came again");
        assert_eq!(brought(&["c", "d"]), None);
        assert_eq!(brought(&["c"]), None);
    }

    #[test]
    fn a_broken_disk_or_dependency_acquits() {
        let history = history(vec![change("aaaaa", 2, "src/cart.js", "function total() {")]);
        assert_eq!(named(&history, Elsewhere::Unknown), Some(history.commits[0].commit.clone()));
        assert_eq!(named(&history, Elsewhere::Broken), None);
    }

    #[test]
    fn a_message_that_claims_to_take_a_commit_back_acquits_it_only_where_it_touches_its_files() {
        let guilty = change("aaaaa", 2, "src/cart.js", "function total() {");
        let claims = |path: &str| Change {
            reverts: Some(guilty.commit.clone()),
            ..change("bbbbb", 1, path, "nothing of it")
        };
        let told = |path: &str| named(&history(vec![claims(path), guilty.clone()]), Elsewhere::Unknown);
        assert_eq!(told("README.md"), Some(guilty.commit.clone()));
        assert_eq!(told("src/cart.js"), None);
    }

    #[test]
    fn nearness_in_time_or_place_alone_convicts_nobody() {
        let near = [
            change("aaaaa", 1, "src/page.js", "x"),
            change("bbbbb", 1, "src/cart.js", "unrelated words"),
            change("ccccc", 1, "README.md", "total"),
            change("ddddd", 1, "tests/cart.test.js", "total"),
        ];
        for change in near {
            let words = change.subject.clone();
            assert_eq!(named(&history(vec![change]), Elsewhere::Unknown), None, "{words}");
        }
    }

    #[test]
    fn equals_are_never_told_apart_by_the_order_of_reading() {
        let one = change("aaaaa", 2, "src/cart.js", "function total() {");
        let two = Change { commit: CommitId("bbbbb".repeat(8)), ..one.clone() };
        let forth = culprit(
            &history(vec![one.clone(), two.clone()]),
            &Times { first_seen: SEEN, ..Times::default() },
        );
        let back = culprit(&history(vec![two, one]), &Times { first_seen: SEEN, ..Times::default() });
        assert_eq!((&forth, &back), (&None, &None), "a tie is no verdict");
    }

    #[test]
    fn symbols_are_whole_words() {
        assert_eq!(
            (symbol("shop.cart.Cart.total"), symbol("app::cart::total<T>()"), symbol("")),
            ("total", "total", "")
        );
        assert!(mentions("let x = total(cart)", "total") && !mentions("subtotal totals", "total"));
    }

    proptest::proptest! {
        #[test]
        fn any_history_gets_an_answer_within_bounds(hours in proptest::collection::vec(0_u64..2_000, 0..20), line in ".{0,40}") {
            let commits = hours.iter().enumerate().map(|(n, hours)| {
                change(&format!("{n:05}"), *hours, if n % 2 == 0 { "src/cart.js" } else { "src/x.js" }, &line)
            });
            let history = history(commits.collect());
            let times = Times { first_seen: SEEN, ..Times::default() };
            let first = culprit(&history, &times);
            proptest::prop_assert_eq!(&first, &culprit(&history, &times));
            proptest::prop_assert!(first.is_none_or(|culprit| culprit.score > culprit.runner_up && culprit.score <= 100));
        }
    }
}
