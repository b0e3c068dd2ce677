//! `edit`: replaces an exact piece of a file. The piece must occur once, or all of them are wanted; when it
//! does not fit, the answer says what is there instead. Line endings stay as the file has them.

use super::{Output, PermissionClass, Tool, Workplace, blocking, input, place, schema};
use crate::{domain::text, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Lines of help around the nearest place.
const NEAR_LINES: usize = 12;
/// Lines a file may have for a nearest place to be looked for.
const NEAR_FILE_MOST: usize = 20_000;

/// Edits files.
pub struct Edit;

/// What to replace.
#[derive(Debug, Deserialize, JsonSchema)]
struct EditInput {
    /// File relative to the top of the repository.
    path: String,
    /// The text to be replaced, exactly as in the file with all its spaces, without line numbers.
    old: String,
    /// What stands there instead.
    new: String,
    /// Replace every occurrence; otherwise `old` must occur exactly once.
    all: Option<bool>,
}

impl Tool for Edit {
    fn spec(&self) -> ToolSpec {
        schema::spec::<EditInput>(
            "edit",
            "Replaces an exact piece of text in a file. `old` must occur exactly once (add lines around it to make it unique) unless `all` is true.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Write
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: EditInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let place = match place::find_to_write(at, &wanted.path) {
                Ok(place) => place,
                Err(words) => return words.into(),
            };
            let note = place::note(at, &place);
            blocking(move || {
                let edited = place::read_text(&place).and_then(|before| {
                    let (after, count, line) = replace(&before, &wanted)?;
                    place::put(&place, after.as_bytes()).map(|()| (count, line))
                });
                match edited {
                    Ok((1, line)) => Output::done(format!("edited {} at line {line}{note}", place.shown)),
                    Ok((count, _)) => Output::done(format!("edited {} at {count} places{note}", place.shown)),
                    Err(words) => words.into(),
                }
            })
            .await
        }
        .boxed()
    }
}

/// The new content, how many pieces were replaced, and the line of the first; or why not.
fn replace(before: &str, wanted: &EditInput) -> Result<(String, usize, usize), String> {
    if wanted.old.is_empty() {
        return Err("`old` is empty; use `write` for a new file".to_owned());
    }
    if wanted.old == wanted.new {
        return Err("`old` and `new` are the same".to_owned());
    }
    let (old, new) = endings(before, &wanted.old, &wanted.new);
    let places: Vec<usize> = before.match_indices(&old).map(|(at, _)| at).collect();
    let line_of = |at: usize| before[..at].matches('\n').count() + 1;
    match places.as_slice() {
        [] => Err(nearest(before, &wanted.old, &wanted.path)),
        [one] => Ok((before.replacen(&old, &new, 1), 1, line_of(*one))),
        [first, ..] if wanted.all.unwrap_or(false) => {
            Ok((before.replace(&old, &new), places.len(), line_of(*first)))
        }
        many => {
            let lines: Vec<_> = many.iter().take(10).map(|at| line_of(*at).to_string()).collect();
            Err(format!(
                "`old` occurs {} times in {} (lines {}); add lines around it to make it unique, or set all=true. Nothing was changed.",
                many.len(),
                wanted.path,
                lines.join(", ")
            ))
        }
    }
}

/// Gives both pieces the file's own line endings when it uses CRLF and the pieces do not.
fn endings(before: &str, old: &str, new: &str) -> (String, String) {
    let bare = |piece: &str| piece.replace("\r\n", "\n");
    let crlf = before.contains("\r\n") && !bare(before).is_empty();
    let mixed = before.matches('\n').count() != before.matches("\r\n").count();
    if crlf && !mixed {
        (bare(old).replace('\n', "\r\n"), bare(new).replace('\n', "\r\n"))
    } else if crlf && !before.contains(old) {
        let windows = bare(old).replace('\n', "\r\n");
        if before.contains(&windows) {
            (windows, bare(new).replace('\n', "\r\n"))
        } else {
            (bare(old), bare(new))
        }
    } else {
        (old.to_owned(), new.to_owned())
    }
}

fn nearest(before: &str, old: &str, path: &str) -> String {
    let mut told = format!("`old` was not found in {path}; nothing was changed.");
    let squeeze = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let have: Vec<&str> = before.lines().collect();
    let want: Vec<&str> = old.lines().collect();
    let first = want.iter().find(|line| !line.trim().is_empty()).copied().unwrap_or_default();
    if looks_numbered(&want) {
        told.push_str(" It seems to hold the line numbers that `read` shows: leave them out.");
    }
    if have.len() > NEAR_FILE_MOST || first.is_empty() {
        return told;
    }
    let squeezed: Vec<String> = want.iter().map(|line| squeeze(line)).collect();
    let same = (0..have.len()).find(|at| {
        squeezed
            .iter()
            .enumerate()
            .all(|(n, line)| have.get(at + n).is_some_and(|there| squeeze(there) == *line))
    });
    let (at, why) = match same {
        Some(at) => (at, "Only white space differs (tabs, spaces or blank ends)"),
        None => (closest_line(&have, first), "The nearest place"),
    };
    let from = at.saturating_sub(2);
    let shown: Vec<_> = have
        .iter()
        .enumerate()
        .skip(from)
        .take(NEAR_LINES.max(want.len().min(40)))
        .map(|(n, line)| format!("{}\t{}", n + 1, text::head_tail(line, 300)))
        .collect();
    format!("{told} {why}, line {}; it reads exactly:\n{}", at + 1, shown.join("\n"))
}

fn looks_numbered(lines: &[&str]) -> bool {
    !lines.is_empty()
        && lines.iter().all(|line| {
            line.split_once('\t')
                .is_some_and(|(n, _)| !n.is_empty() && n.trim().bytes().all(|b| b.is_ascii_digit()))
        })
}

/// The line that shares most words with `wanted`.
fn closest_line(have: &[&str], wanted: &str) -> usize {
    let words = |line: &str| -> std::collections::BTreeSet<String> {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let want = words(wanted);
    let likeness = |line: &str| {
        let there = words(line);
        let both = there.intersection(&want).count();
        both * 200 / (there.len() + want.len()).max(1)
    };
    (0..have.len()).rev().max_by_key(|at| likeness(have[*at])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn replaces_once_and_says_why_not() {
        let code = "fn a() {\n    let n = items.len();\n    n\n}\nfn b() {\n\tlet n = 1;\n    n\n}\n";
        let bench = TestBench::repo(&[("a.rs", code), (".env", "K=1"), ("Cargo.toml", "[package]\n")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let edit = |path: &str, old: &str, new: &str| {
            let given = json!({"path": path, "old": old, "new": new});
            let at = &at;
            async move { Edit.call(at, given).await }
        };
        let once = edit("a.rs", "items.len()", "items.iter().count()").await;
        assert_eq!((once.ok, once.text.as_str()), (true, "edited a.rs at line 2"));
        let twice = edit("a.rs", "    n\n", "    m\n").await;
        assert!(
            !twice.ok && twice.text.contains("2 times") && twice.text.contains("lines 3, 7"),
            "{}",
            twice.text
        );
        let spaces = edit("a.rs", "    let n = 1;", "x").await;
        assert!(
            spaces.text.contains("Only white space differs") && spaces.text.contains("6\t\tlet n = 1;"),
            "{}",
            spaces.text
        );
        let near = edit("a.rs", "let n = items.size();", "x").await;
        assert!(near.text.contains("nearest place, line 2"), "{}", near.text);
        let numbered = edit("a.rs", "2\tlet n", "x").await;
        assert!(numbered.text.contains("line numbers"), "{}", numbered.text);
        let denied = edit(".env", "K=1", "K=2").await;
        assert!(!denied.ok && denied.text.contains("protected"), "{}", denied.text);
        assert_eq!(bench.content(".env"), "K=1");
        let noted = edit("Cargo.toml", "[package]", "[package] #").await;
        assert!(noted.ok && noted.text.contains("approval"), "{}", noted.text);
        assert!(
            bench
                .content("a.rs")
                .starts_with("fn a() {\n    let n = items.iter().count();\n    n\n}\nfn b()")
        );
        let all =
            Edit.call(&at, json!({"path": "a.rs", "old": "    n\n", "new": "    m\n", "all": true})).await;
        assert_eq!(all.text, "edited a.rs at 2 places");
    }

    #[tokio::test]
    async fn line_endings_and_a_missing_last_newline_are_kept() {
        let bench = TestBench::repo(&[("w.txt", "one\r\ntwo\r\nthree"), ("mixed.txt", "a\r\nb\nc\r\n")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let output = Edit.call(&at, json!({"path": "w.txt", "old": "two\nthree", "new": "2\n3\n4"})).await;
        assert!(output.ok, "{}", output.text);
        assert_eq!(bench.content("w.txt"), "one\r\n2\r\n3\r\n4");
        let output = Edit.call(&at, json!({"path": "mixed.txt", "old": "b\nc", "new": "B\nC"})).await;
        assert!(output.ok, "{}", output.text);
        assert_eq!(bench.content("mixed.txt"), "a\r\nB\nC\r\n");
    }

    #[tokio::test]
    async fn a_link_to_a_protected_file_is_the_protected_file() {
        let bench = TestBench::repo(&[(".env", "K=1")]);
        std::os::unix::fs::symlink(".env", bench.root.path().join("harmless")).unwrap();
        let desk = Desk::default();
        let output =
            Edit.call(&bench.workplace(&desk), json!({"path": "harmless", "old": "K", "new": "L"})).await;
        assert!(!output.ok && output.text.contains("protected"), "{}", output.text);
    }
}
