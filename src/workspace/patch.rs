//! Paths and patches from outside, judged before git or the disk sees them.
//!
//! A path is repository-relative, without `.` or `..`, and has no `.git` component in any case or disguise. A patch
//! is listed by its headers only (hunk bodies are counted, so that a removed line `-- a/../x` is no header), both
//! sides of every rename. [`real_path_inside`] follows symbolic links by hand, so that the answer is where a write
//! would really land.

use crate::domain::text::{clean_bytes, clean_line};
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Symbolic links followed on one path, as in the kernel.
const MOST_LINKS: usize = 40;
/// Largest patch, in bytes.
const MOST_BYTES: usize = 16 << 20;

/// Bytes above a patch that are read.
const LETTER_MOST: usize = 16 << 10;
/// Characters of an author's name.
const AUTHOR_MOST: usize = 200;

/// Why a path or patch is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// A path leads out of the tree or into git's own files.
    #[error("{path:?} is refused: {why}")]
    Path {
        /// As written.
        path: String,
        /// In words.
        why: &'static str,
    },
    /// The patch cannot be read.
    #[error("line {line} of the patch: {why}")]
    Malformed {
        /// From 1.
        line: usize,
        /// In words.
        why: &'static str,
    },
    /// git refuses it; nothing was changed.
    #[error("the patch does not apply, nothing was changed: {0}")]
    DoesNotApply(String),
}

/// Accepts a repository-relative path that stays in the tree and out of `.git`.
///
/// # Errors
/// When it does not; the error says why.
pub fn check_path(path: &str) -> Result<(), PatchError> {
    let refuse = |why| Err(PatchError::Path { path: path.to_owned(), why });
    if path.is_empty() || path.contains('\0') {
        return refuse("it is no path");
    }
    if path.starts_with('/') {
        return refuse("it is absolute; paths are relative to the repository");
    }
    for part in path.split('/') {
        match part {
            "" | "." => return refuse("it has an empty or `.` component"),
            ".." => return refuse("`..` could leave the tree"),
            part if is_git(part) => return refuse("`.git` belongs to git at any depth"),
            _ => {}
        }
    }
    Ok(())
}

/// `.git` as any file system might read it: any case, NTFS's short name, trailing dots and blanks, an NTFS stream,
/// characters that HFS+ ignores.
fn is_git(part: &str) -> bool {
    let ignored = |c: &char| matches!(*c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let plain: String = part.chars().filter(|c| !ignored(c)).flat_map(char::to_lowercase).collect();
    let plain = plain.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    plain == ".git" || plain == "git~1"
}

/// Where writing to `path` would really land: the repository-relative path after all symbolic links, which need not
/// exist yet.
///
/// # Errors
/// When that place is outside of `tree` or inside a `.git`.
pub fn real_path_inside(tree: &Path, path: &str) -> Result<PathBuf, PatchError> {
    check_path(path)?;
    let refuse = |why| PatchError::Path { path: path.to_owned(), why };
    let root = fs::canonicalize(tree).map_err(|_| refuse("the worktree is gone"))?;
    let mut pending: Vec<PathBuf> =
        Path::new(path).components().rev().map(|c| c.as_os_str().into()).collect();
    let mut real = root.clone();
    let mut links = 0;
    while let Some(part) = pending.pop() {
        if part.as_os_str() == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&part);
        let Ok(target) = fs::read_link(&next) else {
            real = next;
            continue;
        };
        links += 1;
        if links > MOST_LINKS {
            return Err(refuse("too many symbolic links"));
        }
        for component in target.components().rev() {
            match component {
                Component::RootDir | Component::Prefix(_) => real = PathBuf::from("/"),
                Component::CurDir => {}
                other => pending.push(other.as_os_str().into()),
            }
        }
    }
    let inside = real.strip_prefix(&root).map_err(|_| refuse("a symbolic link leads out of the worktree"))?;
    if inside.components().any(|part| is_git(&part.as_os_str().to_string_lossy())) {
        return Err(refuse("a symbolic link leads into git's own directory"));
    }
    Ok(inside.to_owned())
}

/// Every path a patch names, both sides of renames and copies, each once, in order.
///
/// # Errors
/// When the patch is too large or malformed, or a path is refused.
pub fn paths(patch: &[u8]) -> Result<Vec<String>, PatchError> {
    if patch.len() > MOST_BYTES {
        return Err(PatchError::Malformed { line: 1, why: "it is larger than 16 MiB" });
    }
    let mut found: Vec<String> = Vec::new();
    let (mut old_left, mut new_left) = (0u64, 0u64);
    for (n, line) in patch.split(|byte| *byte == b'\n').enumerate() {
        let bad = |why| PatchError::Malformed { line: n + 1, why };
        if old_left > 0 || new_left > 0 {
            match line.first() {
                Some(b' ' | b'\r') | None => {
                    (old_left, new_left) = (old_left.saturating_sub(1), new_left.saturating_sub(1))
                }
                Some(b'-') => old_left = old_left.saturating_sub(1),
                Some(b'+') => new_left = new_left.saturating_sub(1),
                Some(b'\\') => {}
                Some(_) => return Err(bad("a hunk is shorter than its header says")),
            }
            continue;
        }
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\r');
        if text.starts_with("@@") {
            (old_left, new_left) = hunk(text).ok_or_else(|| bad("a hunk header that cannot be read"))?;
            continue;
        }
        for path in header(text).ok_or_else(|| bad("a file name that cannot be read"))? {
            check_path(&path)?;
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    if found.is_empty() {
        return Err(PatchError::Malformed {
            line: 1,
            why: "no file header (`diff --git a/x b/x` or `--- a/x`, `+++ b/x`)",
        });
    }
    Ok(found)
}

/// What stands above a patch, as `git format-patch` writes it: who made it, and what it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letter {
    /// `From: `, clean; empty: not said.
    pub author: String,
    /// The subject without `[PATCH]` and the words below it, clean; empty: not said.
    pub words: String,
}

/// Reads what stands above the first file of a patch.
#[must_use]
pub fn letter(patch: &[u8]) -> Letter {
    let head = patch.get(..patch.len().min(LETTER_MOST)).unwrap_or_default();
    let text = clean_bytes(head);
    let mut letter = Letter::default();
    let mut words: Vec<&str> = Vec::new();
    let mut in_head = true;
    for line in text.lines() {
        if line.starts_with("diff --git ") || line.starts_with("--- ") || line == "---" {
            break;
        }
        match (line.strip_prefix("From: "), line.strip_prefix("Subject: ")) {
            (Some(author), _) if in_head => letter.author = clean_line(author.trim(), AUTHOR_MOST).into(),
            (_, Some(subject)) if in_head => {
                let bare = subject.strip_prefix("[PATCH").and_then(|rest| rest.split_once(']'));
                words.push(bare.map_or(subject, |(_, rest)| rest).trim());
            }
            _ if line.is_empty() => {
                in_head &= words.is_empty();
                words.push(line);
            }
            _ if !in_head => words.push(line),
            // A long subject goes on in the next line; other lines of the head are no words.
            _ if line.starts_with(' ') && !words.is_empty() => words.push(line.trim()),
            _ => {}
        }
    }
    letter.words = words.join("\n").trim().to_owned();
    letter
}

/// Lengths in `@@ -1,2 +3,4 @@`.
fn hunk(line: &str) -> Option<(u64, u64)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let new = rest.split_once(" @@")?.0;
    let length = |part: &str| {
        let (start, length) = part.split_once(',').unwrap_or((part, "1"));
        start.parse::<u64>().ok()?;
        length.parse().ok()
    };
    Some((length(old)?, length(new)?))
}

/// Paths of one header line; `None` if it should name one and does not.
fn header(line: &str) -> Option<Vec<String>> {
    for prefix in ["rename from ", "rename to ", "copy from ", "copy to "] {
        if let Some(rest) = line.strip_prefix(prefix) {
            return Some(vec![unquote(rest)?]);
        }
    }
    for prefix in ["--- ", "+++ "] {
        if let Some(rest) = line.strip_prefix(prefix) {
            let name = if rest.starts_with('"') { rest } else { rest.split('\t').next()? };
            let name = unquote(name)?;
            return if name == "/dev/null" { Some(Vec::new()) } else { Some(vec![without_side(&name)?]) };
        }
    }
    let Some(rest) = line.strip_prefix("diff --git ") else { return Some(Vec::new()) };
    sides(rest)
}

/// The two names of a `diff --git` line. Unquoted names may hold blanks: then both are the same (a rename says so in
/// its own lines), so the line is cut where both halves agree.
fn sides(rest: &str) -> Option<Vec<String>> {
    if rest.starts_with('"') {
        let end = closing_quote(rest)?;
        let (first, second) = rest.split_at(end + 1);
        return Some(vec![without_side(&unquote(first)?)?, without_side(&unquote(second.trim_start())?)?]);
    }
    if let Some((first, second)) = rest.split_once(" \"") {
        return Some(vec![without_side(first)?, without_side(&unquote(&format!("\"{second}"))?)?]);
    }
    let cuts: Vec<_> = rest.match_indices(' ').map(|(at, _)| (&rest[..at], &rest[at + 1..])).collect();
    let same = cuts
        .iter()
        .find_map(|(a, b)| (without_side(a)? == without_side(b)?).then_some(vec![without_side(a)?]));
    match (same, cuts.as_slice()) {
        (Some(path), _) => Some(path),
        (None, [(a, b)]) => Some(vec![without_side(a)?, without_side(b)?]),
        // Different names with blanks in them: the rename lines below name them.
        (None, [_, ..]) => Some(Vec::new()),
        (None, []) => None,
    }
}

/// Drops `a/` or `b/`, as `git apply -p1` does.
fn without_side(name: &str) -> Option<String> {
    if name.starts_with('/') {
        return Some(name.to_owned());
    }
    name.split_once('/').map(|(_, rest)| rest.to_owned())
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

/// Undoes git's C-style quoting.
fn unquote(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else { return Some(text.to_owned()) };
    let inner = inner.trim_end().strip_suffix('"')?;
    let mut out = Vec::new();
    let mut bytes = inner.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            first @ b'0'..=b'7' => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|b| (b'0'..=b'7').contains(b)) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests;
