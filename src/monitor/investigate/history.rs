//! Reads what git knows about the frames of an error: commits, their patches, blame. Only reads, in the repository the
//! director named; nothing that a repository configures (hooks, drivers, filters, signatures, monitors) is run, and no
//! object is fetched.
//!
//! Messages and contents are written by others. They cannot pass for structure: commits are listed between NUL bytes,
//! which no message holds, and the lines of a hunk are counted off by its header before anything else is read.

use super::{
    asking::ask_in,
    commits::{Blamed, Change, History, Hunk, Touched},
    cut,
};
use crate::domain::{
    candidate::CommitId,
    signal::Frame,
    time::{Millis, Timestamp},
};
use std::{collections::BTreeMap, path::Path};

/// Bytes of the list of files of one commit.
const TREE_MOST: usize = 8 << 20;
/// Bytes of patches.
const PATCH_MOST: usize = 4 << 20;
/// Bytes of any other answer.
const ANSWER_MOST: usize = 1 << 20;
/// Commits whose patches are read; older ones count by the names of their files.
const PATCHES_MOST: usize = 30;
/// Lines around a frame's own line that are blamed.
const AROUND: u32 = 3;
/// Frames looked at.
const FRAMES_MOST: usize = 5;

/// What beats whatever a repository configures.
const OVERRIDES: [&str; 9] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.quotePath=false",
    "diff.external=",
    "log.showSignature=false",
    "blame.ignoreRevsFile=",
    "gc.auto=0",
];

/// The environment of every call: no prompt, no lock, no network, no replaced object.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("LC_ALL", "C"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_ATTR_NOSYSTEM", "1"),
];

/// Reads it as of `release`, or of what is checked out where that is not known here.
///
/// # Errors
/// In words: git is missing, the repository cannot be read.
pub async fn read(
    repo: &Path,
    frames: &[Frame],
    release: Option<&CommitId>,
    wall: Millis,
) -> Result<(History, Vec<String>), String> {
    let git = Reader { repo, wall };
    let mut gaps = Vec::new();
    let (rev, shallow) = git.start(release, &mut gaps).await?;
    if shallow {
        gaps.push("the repository is a shallow clone: older commits cannot be seen".into());
    }
    let (commits, frames) = tokio::join!(git.commits(&rev, shallow), git.places(&rev, frames));
    let mut commits = commits?;
    let frames = frames.unwrap_or_else(|why| {
        gaps.push(why);
        Vec::new()
    });
    let (patches, blamed) = tokio::join!(git.patches(&commits), git.blame(&rev, &frames, shallow));
    match patches {
        Ok(patches) => enrich(&mut commits, patches),
        Err(why) => gaps.push(why),
    }
    let cut = cut::beside(&commits, &frames);
    Ok((History { commits, blamed, cut, frames, shallow }, gaps))
}

struct Reader<'a> {
    repo: &'a Path,
    wall: Millis,
}

impl Reader<'_> {
    async fn ask(&self, what: &str, args: &[&str], stdin: &[u8], most: usize) -> Result<Vec<u8>, String> {
        let mut argv = vec!["git".to_owned(), "--no-pager".into()];
        for over in OVERRIDES {
            argv.extend(["-c".to_owned(), over.to_owned()]);
        }
        argv.extend(args.iter().map(|arg| (*arg).to_owned()));
        let answer = ask_in(self.repo, argv, &ENVIRONMENT, stdin, (self.wall, most)).await?;
        match (answer.code, answer.whole) {
            (Some(0), true) => Ok(answer.out),
            (Some(0), false) => Err(format!("git's {what} is larger than {most} bytes")),
            _ => Err(format!("git could not tell the {what}: {}", answer.why())),
        }
    }

    /// The commit to look from, and whether the history is cut off.
    async fn start(
        &self,
        release: Option<&CommitId>,
        gaps: &mut Vec<String>,
    ) -> Result<(String, bool), String> {
        if let Some(commit) = release.filter(|commit| is_hex(&commit.0)) {
            match self.resolve(&commit.0).await {
                Ok(found) => return Ok(found),
                Err(_) => {
                    gaps.push(format!("commit {} that was released is not in the repository", commit.short()))
                }
            }
        }
        self.resolve("HEAD").await
    }

    async fn resolve(&self, name: &str) -> Result<(String, bool), String> {
        let name = format!("{name}^{{commit}}");
        let args = ["rev-parse", "--is-shallow-repository", &name];
        let out = self.ask("newest commit", &args, &[], ANSWER_MOST).await?;
        let text = String::from_utf8_lossy(&out);
        let mut lines = text.lines();
        let shallow = lines.next() == Some("true");
        match lines.next().filter(|id| is_hex(id)) {
            Some(id) => Ok((id.to_owned(), shallow)),
            None => Err("git named no commit".into()),
        }
    }

    /// The newest commits with the names of the files they touch.
    async fn commits(&self, rev: &str, shallow: bool) -> Result<Vec<Change>, String> {
        let most = History::COMMITS_MOST.to_string();
        let args =
            ["log", "-z", "-n", &most, "--no-mailmap", "--format=%H%x00%ct%x00%P%x00%s%x00%b", rev, "--"];
        let out = self.ask("list of commits", &args, &[], ANSWER_MOST).await?;
        let mut commits = list(&String::from_utf8_lossy(&out));
        let ids: String = commits.iter().map(|(change, _)| format!("{}\n", change.commit)).collect();
        let args = ["diff-tree", "--stdin", "-r", "-z", "-c", "-M", "--root", "--name-status"];
        let names = self.ask("names of changed files", &args, ids.as_bytes(), ANSWER_MOST).await?;
        let mut files = names_of(&String::from_utf8_lossy(&names));
        for (change, orphan) in &mut commits {
            // Where a clone is cut off, its last commit seems to have written everything.
            if !(shallow && *orphan) {
                change.files = files.remove(&change.commit.0).unwrap_or_default();
            }
        }
        Ok(commits.into_iter().map(|(change, _)| change).collect())
    }

    /// Frames with their file as the repository names it; what cannot be placed is left out.
    async fn places(&self, rev: &str, frames: &[Frame]) -> Result<Vec<Frame>, String> {
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        let args = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", rev];
        let out = self.ask("list of files", &args, &[], TREE_MOST).await?;
        let text = String::from_utf8_lossy(&out);
        let files: Vec<&str> = text.split('\0').filter(|path| !path.is_empty()).collect();
        let placed = |frame: &Frame| Some(Frame { file: place(&frame.file, &files)?, ..frame.clone() });
        Ok(frames.iter().take(FRAMES_MOST).filter_map(placed).collect())
    }

    /// Patches of the newest commits that are no imports.
    async fn patches(&self, commits: &[Change]) -> Result<BTreeMap<String, Vec<Touched>>, String> {
        let ordinary = |change: &&Change| !change.merge && change.files.len() < History::FILES_MOST;
        let ids: String = commits
            .iter()
            .filter(ordinary)
            .take(PATCHES_MOST)
            .filter(|change| !change.files.is_empty())
            .map(|change| format!("{}\n", change.commit))
            .collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let args = [
            "diff-tree",
            "--stdin",
            "-r",
            "-p",
            "-U0",
            "-M",
            "--root",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
        ];
        let out = self.ask("patches", &args, ids.as_bytes(), PATCH_MOST).await?;
        Ok(patches_of(&String::from_utf8_lossy(&out)))
    }

    /// Who last touched the lines at and around each frame.
    async fn blame(&self, rev: &str, frames: &[Frame], shallow: bool) -> Vec<Blamed> {
        let asked = frames.iter().enumerate().filter_map(|(at, frame)| {
            let line = frame.line.filter(|line| *line > 0)?;
            Some(async move {
                let span = format!("{},{}", line.saturating_sub(AROUND).max(1), line.saturating_add(AROUND));
                let args =
                    ["blame", "--porcelain", "-w", "--no-textconv", "-L", &span, rev, "--", &frame.file];
                let out = self.ask("blame", &args, &[], ANSWER_MOST).await.unwrap_or_default();
                blamed_of(&String::from_utf8_lossy(&out), (at, line), shallow)
            })
        });
        futures::future::join_all(asked).await.concat()
    }
}

fn is_hex(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Reads five fields a commit, and says which have no parent.
fn list(text: &str) -> Vec<(Change, bool)> {
    let mut fields = text.split('\0');
    let mut commits = Vec::new();
    while let (Some(id), Some(at), Some(parents), Some(subject), Some(body)) =
        (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
    {
        let seconds: i64 = at.parse().unwrap_or(0);
        let parents = parents.split_whitespace().count();
        let change = Change {
            commit: CommitId(id.trim().to_owned()),
            at: Timestamp(seconds.saturating_mul(1_000)),
            subject: subject.chars().take(300).collect(),
            merge: parents > 1,
            reverts: reverted(body),
            files: Vec::new(),
        };
        commits.push((change, parents == 0));
    }
    commits.truncate(History::COMMITS_MOST);
    commits
}

/// As `git revert` writes it.
fn reverted(body: &str) -> Option<CommitId> {
    let after = body.split_once("This reverts commit ")?.1;
    let id: String = after.chars().take_while(char::is_ascii_hexdigit).take(64).collect();
    is_hex(&id).then_some(CommitId(id))
}

/// Reads `id NUL (status NUL path NUL [path NUL])*`, again for each commit.
fn names_of(text: &str) -> BTreeMap<String, Vec<Touched>> {
    let mut all: BTreeMap<String, Vec<Touched>> = BTreeMap::new();
    let (mut fields, mut of) = (text.split('\0'), String::new());
    while let Some(field) = fields.next() {
        let field = field.trim_start_matches('\n');
        if field.len() >= 40 && is_hex(field) {
            field.clone_into(&mut of);
            all.entry(of.clone()).or_default();
            continue;
        }
        let renamed = field.starts_with(['R', 'C']);
        let before = renamed.then(|| fields.next().unwrap_or_default().to_owned());
        let Some(path) = fields.next().filter(|path| !path.is_empty()) else { continue };
        let files = all.entry(of.clone()).or_default();
        if files.len() < History::FILES_MOST {
            files.push(Touched { path: path.to_owned(), before, ..Touched::default() });
        }
    }
    all
}

/// Reads patches without context, each after a line with its commit.
fn patches_of(text: &str) -> BTreeMap<String, Vec<Touched>> {
    let mut all: BTreeMap<String, Vec<Touched>> = BTreeMap::new();
    let (mut of, mut left, mut hunks, mut lines) = (String::new(), 0_u64, 0_usize, Vec::new());
    for line in text.split('\n') {
        let files = all.entry(of.clone()).or_default();
        if left > 0 && line.starts_with(['+', '-']) {
            left -= 1;
            if let Some(file) = files.last_mut() {
                keep(&mut file.lines, &line[1..]);
                lines.push(line);
                let hunk = file.hunks.last_mut().filter(|_| left == 0 && hunks <= History::HUNKS_MOST);
                if let Some(hunk) = hunk {
                    hunk.cut = cut::takes_away(&lines);
                }
            }
        } else if line.len() >= 40 && is_hex(line) {
            line.clone_into(&mut of);
        } else if line.starts_with("diff --git ") {
            hunks = 0;
            files.push(Touched::default());
        } else if let Some(file) = files.last_mut() {
            if let Some(path) = line.strip_prefix("+++ b/").or_else(|| line.strip_prefix("rename to ")) {
                path.trim_end_matches('\t').clone_into(&mut file.path);
            } else if let Some(path) =
                line.strip_prefix("--- a/").or_else(|| line.strip_prefix("rename from "))
            {
                file.before = Some(path.trim_end_matches('\t').to_owned());
                if file.path.is_empty() {
                    path.trim_end_matches('\t').clone_into(&mut file.path);
                }
            } else if let Some((place, function)) = hunk(line) {
                left = u64::from(place.old.1) + u64::from(place.new.1);
                hunks += 1;
                lines.clear();
                if hunks <= History::HUNKS_MOST {
                    file.hunks.push(place);
                }
                if !function.is_empty() && hunks <= History::HUNKS_MOST {
                    file.functions.push(function.chars().take(200).collect());
                }
            }
        }
    }
    all
}

/// The place of a hunk, and the function that git names in its header.
fn hunk(line: &str) -> Option<(Hunk, &str)> {
    let (ranges, function) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let place = |range: &str| match range.split_once(',') {
        Some((first, lines)) => Some((first.parse().ok()?, lines.parse().ok()?)),
        None => Some((range.parse().ok()?, 1)),
    };
    let (old, new): ((u32, u32), (u32, u32)) = (place(old)?, place(new)?);
    Some((Hunk { old, new, cut: false }, function.trim()))
}

fn keep(kept: &mut String, line: &str) {
    let room = Touched::LINES_MOST.saturating_sub(kept.len() + 1);
    let end = (0..=line.len().min(room)).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
    if end > 0 {
        kept.push_str(&line[..end]);
        kept.push('\n');
    }
}

/// Puts functions and lines to the names of files that are known already.
fn enrich(commits: &mut [Change], mut patches: BTreeMap<String, Vec<Touched>>) {
    for change in commits {
        for patch in patches.remove(&change.commit.0).unwrap_or_default() {
            if let Some(file) = change.files.iter_mut().find(|file| file.path == patch.path) {
                file.functions = patch.functions;
                file.lines = patch.lines;
                file.hunks = patch.hunks;
            }
        }
    }
}

/// Reads porcelain blame around a frame's line.
fn blamed_of(text: &str, (frame, line): (usize, u32), shallow: bool) -> Vec<Blamed> {
    let mut blamed: Vec<Blamed> = Vec::new();
    let mut boundaries: Vec<String> = Vec::new();
    for row in text.split('\n').filter(|row| !row.starts_with('\t')) {
        let mut words = row.split(' ');
        let first = words.next().unwrap_or_default();
        if row == "boundary" {
            boundaries.extend(blamed.last().map(|last| last.commit.0.clone()));
        } else if first.len() >= 40 && is_hex(first) {
            let Some(at) = words.nth(1).and_then(|at| at.parse::<u32>().ok()) else { continue };
            let commit = CommitId(first.to_owned());
            blamed.push(Blamed { frame, distance: at.abs_diff(line), commit, boundary: false });
        }
    }
    for one in &mut blamed {
        // The first commit of a whole history is a boundary to git as well.
        one.boundary = shallow && boundaries.contains(&one.commit.0);
    }
    blamed
}

/// The file of the repository that a trace means: the one with the longest common end, if only one has it.
fn place(traced: &str, files: &[&str]) -> Option<String> {
    let wanted: Vec<&str> = parts(traced);
    let common = |path: &str| {
        let own = parts(path);
        own.iter().rev().zip(wanted.iter().rev()).take_while(|(a, b)| a == b).count()
    };
    let name = wanted.last()?;
    let mut best: (usize, Option<&str>, usize) = (0, None, 0);
    for path in files.iter().filter(|path| path.ends_with(name)) {
        let (shared, whole) = (common(path), parts(path).len());
        if shared > best.0 {
            best = (shared, Some(path), 1);
        } else if shared == best.0 && shared > 0 {
            // Equally long ends: a path that is wholly named by the trace beats one that is not.
            let was_whole = best.1.is_some_and(|path| parts(path).len() == shared);
            match (whole == shared, was_whole) {
                (true, false) => best = (shared, Some(path), 1),
                (false, true) => {}
                _ => best.2 += 1,
            }
        }
    }
    (best.2 == 1).then_some(best.1).flatten().map(str::to_owned)
}

fn parts(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect()
}

#[cfg(test)]
mod tests;
