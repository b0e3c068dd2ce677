//! Which commits took lines away from beside the line of a frame: a guard that is gone fails where it stood, and blame names
//! whoever wrote the line below it. Pure: follows each frame's line back through the hunks of the newest commits, up to
//! the one that brought the line or to the first whose hunks are not known.

use super::commits::{Blamed, Change, Hunk};
use crate::domain::signal::Frame;

/// So near to a frame's line.
const NEAR: u32 = 5;

/// Who did, for frames with their file as the repository names it and commits with the newest first.
#[must_use]
pub fn beside(commits: &[Change], frames: &[Frame]) -> Vec<Blamed> {
    let all = frames.iter().enumerate();
    all.filter_map(|(at, frame)| Some(follow(commits, frame, (at, frame.line?)))).flatten().collect()
}

fn follow(commits: &[Change], frame: &Frame, (at, mut line): (usize, u32)) -> Vec<Blamed> {
    let (mut path, mut found) = (frame.file.clone(), Vec::new());
    for change in commits {
        let Some(file) = change.files.iter().find(|file| file.path == path) else { continue };
        if file.hunks.is_empty() && file.before.is_none() {
            break;
        }
        let distances = file.hunks.iter().filter(|hunk| hunk.cut).map(|hunk| distance(hunk, line));
        if let Some(distance) = distances.min().filter(|distance| *distance <= NEAR) {
            found.push(Blamed { frame: at, distance, commit: change.commit.clone(), boundary: false });
        }
        match before(&file.hunks, line) {
            Some(earlier) => line = earlier,
            None => break,
        }
        if let Some(name) = &file.before {
            path.clone_from(name);
        }
    }
    found
}

fn distance(hunk: &Hunk, line: u32) -> u32 {
    let (first, lines) = hunk.new;
    let last = first.saturating_add(lines.saturating_sub(1));
    line.abs_diff(line.clamp(first, last))
}

/// Whether the lines of a hunk, each with its sign, only take code away from within something: what comes was there before
/// but for its margin, and of what goes nothing stands at the margin and not all is blank or words.
#[must_use]
pub fn takes_away(lines: &[&str]) -> bool {
    let mut gone: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix('-')).collect();
    for line in lines.iter().filter_map(|line| line.strip_prefix('+')) {
        let Some(at) = gone.iter().position(|gone| gone.trim() == line.trim()) else { return false };
        gone.remove(at);
    }
    let within = |line: &&str| line.starts_with([' ', '\t']) || line.trim().is_empty();
    let code = |line: &&str| {
        let text = line.trim();
        !text.is_empty() && !["#", "//", "/*", "*", "--"].iter().any(|start| text.starts_with(start))
    };
    gone.iter().all(within) && gone.iter().any(code)
}

/// Where a line was before these hunks; `None` if it came with them.
fn before(hunks: &[Hunk], line: u32) -> Option<u32> {
    let (mut gone, mut come) = (0, 0);
    for hunk in hunks {
        let (first, lines) = hunk.new;
        if lines > 0 && (first..first.saturating_add(lines)).contains(&line) {
            return None;
        }
        if first < line {
            gone += hunk.old.1;
            come += lines;
        }
    }
    Some(line.saturating_add(gone).saturating_sub(come))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{candidate::CommitId, time::Timestamp},
        monitor::investigate::commits::Touched,
    };

    fn change(id: &str, hunks: &[Hunk]) -> Change {
        let file = Touched { path: "a.py".into(), hunks: hunks.to_vec(), ..Touched::default() };
        let commit = CommitId(id.repeat(8));
        Change {
            commit,
            at: Timestamp(0),
            subject: String::new(),
            merge: false,
            reverts: None,
            files: vec![file],
        }
    }

    fn hunk(old: (u32, u32), new: (u32, u32)) -> Hunk {
        Hunk { old, new, cut: new.1 == 0 }
    }

    #[test]
    fn only_what_takes_code_away_from_within_something_is_a_cut() {
        for (lines, cut) in [
            (vec!["-  if (!x) {", "-    return 0;", "-  }"], true),
            (vec!["-    if x:", "-        return f(x)", "+    return f(x)"], true),
            (vec!["-    if x:", "+    if y:"], false),
            (vec!["-        return f(x)", "+    return f(x)"], false),
            (vec!["-  // Why.", "-"], false),
            (vec!["-def g():", "-    return 1"], false),
            (vec!["+    return 1"], false),
        ] {
            assert_eq!(takes_away(&lines), cut, "{lines:?}");
        }
    }

    #[test]
    fn a_line_is_followed_back_to_where_it_came_from() {
        let guard = change("aaaaa", &[hunk((18, 2), (17, 0))]);
        let moved = change("bbbbb", &[hunk((1, 0), (1, 40))]);
        let wrote = change("ccccc", &[hunk((20, 1), (20, 1))]);
        let older = change("ddddd", &[hunk((19, 1), (18, 0))]);
        let of = |line: u32, commits: &[&Change]| {
            let commits: Vec<Change> = commits.iter().map(|change| (*change).clone()).collect();
            let frame = Frame { file: "a.py".into(), line: Some(line), function: "f".into() };
            beside(&commits, &[frame]).iter().map(|cut| cut.commit.0[..1].to_owned()).collect::<String>()
        };
        assert_eq!(of(18, &[&guard]), "a");
        assert_eq!(of(58, &[&moved, &guard]), "a", "forty lines came above it later");
        assert_eq!(of(58, &[&guard]), "", "far away");
        assert_eq!(of(20, &[&wrote, &older]), "", "it was not there yet");
        assert_eq!(of(18, &[&change("eeeee", &[]), &guard]), "", "what a commit did is not known");
    }
}
