//! `patch`: a unified diff, applied whole or not at all. Every path it names, both sides of renames, is looked
//! up like any other before git sees it.

use super::{Output, PermissionClass, Tool, Workplace, input, place, schema};
use crate::providers::wire::ToolSpec;
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Largest patch, in bytes.
const PATCH_MOST: usize = 2 * 1024 * 1024;

/// Applies patches.
pub struct Patch;

/// What to apply.
#[derive(Debug, Deserialize, JsonSchema)]
struct PatchInput {
    /// A unified diff as git writes it, with `--- a/…` and `+++ b/…` lines and correct hunk headers.
    diff: String,
}

impl Tool for Patch {
    fn spec(&self) -> ToolSpec {
        schema::spec::<PatchInput>(
            "patch",
            "Applies a unified diff to several places or files at once: whole, or not at all.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Write
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: PatchInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            if wanted.diff.len() > PATCH_MOST {
                return Output::failed(format!("{} bytes are more than {PATCH_MOST}", wanted.diff.len()));
            }
            let paths = match paths(&wanted.diff) {
                Ok(paths) => paths,
                Err(words) => return words.into(),
            };
            let mut notes = String::new();
            for path in &paths {
                match place::find_to_write(at, path) {
                    Ok(place) if place.shown != place.resolved => {
                        return Output::failed(format!("{path} goes through a symbolic link; patch {} instead", place.resolved));
                    }
                    Ok(place) => notes.push_str(&place::note(at, &place)),
                    Err(words) => return Output::failed(format!("{words} Nothing was changed.")),
                }
            }
            let mut diff = wanted.diff;
            if !diff.ends_with('\n') {
                diff.push('\n');
            }
            match at.bench.apply(diff.as_bytes()).await {
                Ok(()) => Output::done(format!("applied to {}{notes}", paths.into_iter().collect::<Vec<_>>().join(", "))),
                Err(error) => Output::failed(format!("nothing was changed: {error}\nRead the file again and correct the context lines and hunk headers, or use `edit`.")),
            }
        }
        .boxed()
    }
}

/// Every path a diff names, on either side.
///
/// # Errors
/// When it names none, or one that is quoted in a way git does not write.
pub fn paths(diff: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut in_hunk = Remaining::default();
    for line in diff.lines() {
        if in_hunk.takes(line) {
            continue;
        }
        if line.starts_with("@@ ") {
            in_hunk = Remaining::of(line);
            continue;
        }
        let (name, strip) =
            if let Some(rest) = line.strip_prefix("--- ").or_else(|| line.strip_prefix("+++ ")) {
                (rest, true)
            } else {
                let marks = ["rename from ", "rename to ", "copy from ", "copy to "];
                match marks.iter().find_map(|mark| line.strip_prefix(mark)) {
                    Some(rest) => (rest, false),
                    None => {
                        if let Some(rest) = line.strip_prefix("diff --git ") {
                            found.extend(both_sides(rest)?);
                        }
                        continue;
                    }
                }
            };
        let name = unquote(name.split('\t').next().unwrap_or(name))?;
        if name == "/dev/null" {
            continue;
        }
        let name = if strip {
            name.split_once('/').map_or(name.as_str(), |(_, rest)| rest).to_owned()
        } else {
            name
        };
        found.insert(name);
    }
    if found.is_empty() {
        return Err("the diff names no file: it needs `--- a/path` and `+++ b/path` lines".to_owned());
    }
    Ok(found)
}

/// Lines that still belong to the hunk begun last, so that a removed line `-- x` is not taken for a header.
#[derive(Default)]
struct Remaining {
    old: u32,
    new: u32,
}

impl Remaining {
    fn of(header: &str) -> Self {
        let count = |mark: char| {
            let part = header.split(' ').find(|part| part.starts_with(mark))?;
            part.split_once(',').map_or(Some(1), |(_, n)| n.parse().ok())
        };
        Self { old: count('-').unwrap_or(0), new: count('+').unwrap_or(0) }
    }
    fn takes(&mut self, line: &str) -> bool {
        if self.old == 0 && self.new == 0 {
            return false;
        }
        match line.as_bytes().first() {
            Some(b'-') => self.old = self.old.saturating_sub(1),
            Some(b'+') => self.new = self.new.saturating_sub(1),
            Some(b'\\') => {}
            _ => {
                self.old = self.old.saturating_sub(1);
                self.new = self.new.saturating_sub(1);
            }
        }
        true
    }
}

/// The two names of a `diff --git` line: quoted, or `a/X b/X` split where both halves agree.
fn both_sides(rest: &str) -> Result<Vec<String>, String> {
    let side = |name: &str| name.split_once('/').map_or_else(|| name.to_owned(), |(_, rest)| rest.to_owned());
    if rest.starts_with('"') || rest.ends_with('"') {
        let (first, second) = if let Some(inner) = rest.strip_prefix('"') {
            let end = closing(inner).ok_or_else(|| format!("a quoted path is not closed: {rest}"))?;
            (&rest[..end + 2], rest[end + 2..].trim_start())
        } else {
            rest.split_once(' ').unwrap_or((rest, rest))
        };
        return Ok(vec![side(&unquote(first)?), side(&unquote(second)?)]);
    }
    let split = rest.match_indices(' ').find(|(at, _)| side(&rest[..*at]) == side(&rest[at + 1..]));
    // Where the halves differ it is a rename, whose names stand in lines of their own.
    Ok(split.map(|(at, _)| side(&rest[..at])).into_iter().collect())
}

fn closing(inner: &str) -> Option<usize> {
    let mut escaped = false;
    inner.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// Git's C-style quoting of a path.
fn unquote(name: &str) -> Result<String, String> {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(name.to_owned());
    };
    let bad = || format!("a path is quoted in a way git does not write: {name}");
    let mut bytes = Vec::new();
    let mut rest = inner.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let next = rest.next().ok_or_else(bad)?;
        bytes.push(match next {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            b'"' | b'\\' => next,
            b'0'..=b'3' => {
                let digits = [next, rest.next().ok_or_else(bad)?, rest.next().ok_or_else(bad)?];
                let text = std::str::from_utf8(&digits).map_err(|_| bad())?;
                u8::from_str_radix(text, 8).map_err(|_| bad())?
            }
            _ => return Err(bad()),
        });
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[test]
    fn every_path_of_a_diff_is_seen() {
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n--- a/in hunk\n keep\n\
                    diff --git a/old name b/new name\nsimilarity index 100%\nrename from old name\nrename to new name\n\
                    diff --git \"a/\\303\\244\" \"b/\\303\\244\"\nold mode 100644\nnew mode 100755\n\
                    diff --git a/with space b/with space\nnew file mode 100644\n";
        let found: Vec<_> = paths(diff).unwrap().into_iter().collect();
        assert_eq!(found, ["new name", "old name", "with space", "x", "ä"]);
        assert!(paths("just words").is_err());
        assert!(paths("--- \"a/\\q\"\n").is_err());
    }

    #[tokio::test]
    async fn applies_whole_or_not_at_all() {
        let bench = TestBench::repo(&[("a", "1\n2\n3\n"), ("b", "x\n"), (".env", "K\n")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let patch = |diff: &str| {
            let given = json!({ "diff": diff });
            let at = &at;
            async move { Patch.call(at, given).await }
        };
        let good = "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n";
        let half = format!("{good}--- a/b\n+++ b/b\n@@ -1 +1 @@\n-not there\n+y\n");
        assert!(!patch(&half).await.ok);
        assert_eq!(bench.content("a"), "1\n2\n3\n");
        let sly = format!("{good}--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-K\n+L\n");
        let told = patch(&sly).await;
        assert!(!told.ok && told.text.contains("protected"), "{}", told.text);
        assert!(!patch("diff --git a/b b/.env\nrename from b\nrename to .env\n").await.ok);
        assert!(!patch("--- a/../../etc/x\n+++ b/../../etc/x\n@@ -0,0 +1 @@\n+x\n").await.ok);
        let output = patch(good).await;
        assert_eq!((output.ok, output.text.as_str()), (true, "applied to a"));
        assert_eq!(bench.content("a"), "1\ntwo\n3\n");
    }
}
