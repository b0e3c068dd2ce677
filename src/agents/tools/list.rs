//! `list`: files of a directory, as a sorted bounded tree; what `.gitignore` hides stays hidden.

use super::{Output, PermissionClass, Tool, Workplace, blocking, input, place, schema};
use crate::{domain::text, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use ignore::WalkBuilder;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// Entries shown.
const ENTRIES_MOST: usize = 500;
/// Levels shown when none are asked for.
const DEPTH: usize = 2;

/// Lists files.
pub struct List;

/// What to list.
#[derive(Debug, Deserialize, JsonSchema)]
struct ListInput {
    /// Directory relative to the top of the repository; left out: the top.
    path: Option<String>,
    /// Levels below it, 1 to 8; left out: 2.
    depth: Option<usize>,
}

impl Tool for List {
    fn spec(&self) -> ToolSpec {
        schema::spec::<ListInput>(
            "list",
            "Lists files and directories of the repository. Ignored files are left out.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: ListInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let place = match place::find(at.bench.root(), wanted.path.as_deref().unwrap_or(".")) {
                Ok(place) => place,
                Err(words) => return words.into(),
            };
            let depth = wanted.depth.unwrap_or(DEPTH).clamp(1, 8);
            blocking(move || show(&place, depth)).await
        }
        .boxed()
    }
}

fn show(place: &place::Place, depth: usize) -> Output {
    if !place.real.is_dir() {
        return Output::failed(format!("{} is no directory here; use `read` for a file", place.shown));
    }
    let mut lines = Vec::new();
    let mut more = 0_usize;
    for entry in walk(&place.real).max_depth(Some(depth)).sort_by_file_name(Ord::cmp).build().flatten() {
        if entry.depth() == 0 {
            continue;
        }
        if lines.len() == ENTRIES_MOST {
            more += 1;
            continue;
        }
        let name = entry.path().strip_prefix(&place.real).unwrap_or(entry.path()).to_string_lossy();
        let mark = match entry.file_type() {
            Some(kind) if kind.is_dir() => "/",
            Some(kind) if kind.is_symlink() => "@",
            _ => "",
        };
        lines.push(format!("{}{mark}", text::clean_line(&name, 1_000)));
    }
    if more > 0 {
        lines.push(format!("[{more} more; list a directory below, or search]"));
    }
    if lines.is_empty() {
        lines.push("(empty)".to_owned());
    }
    Output::done(lines.join("\n"))
}

/// A walk over what the project itself looks at: hidden files too, but neither `.git` nor ignored files, and
/// never through symbolic links.
#[must_use]
pub fn walk(root: &Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false)
        .follow_links(false)
        .git_global(false)
        .parents(false)
        .require_git(false)
        .filter_entry(|entry| !entry.file_name().eq_ignore_ascii_case(".git"));
    walk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn lists_without_ignored_files_and_bounds_itself() {
        let bench = TestBench::repo(&[
            (".gitignore", "target\n"),
            ("src/a.rs", ""),
            ("src/deep/er/b.rs", ""),
            ("target/x", ""),
            ("evil\u{1b}[2Jname", ""),
        ]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let shown = List.call(&at, json!({})).await;
        assert!(shown.ok);
        assert!(shown.text.contains("src/a.rs\nsrc/deep/"), "{}", shown.text);
        assert!(
            !shown.text.contains("target") && !shown.text.contains("b.rs") && !shown.text.contains('\u{1b}')
        );
        assert!(!List.call(&at, json!({"path": "src/a.rs"})).await.ok);
        assert!(!List.call(&at, json!({"path": "../"})).await.ok);
        for n in 0..ENTRIES_MOST + 5 {
            std::fs::write(bench.root.path().join(format!("src/f{n}")), "").unwrap();
        }
        let shown = List.call(&at, json!({"path": "src", "depth": 1})).await;
        assert!(shown.text.ends_with("more; list a directory below, or search]"), "{}", shown.text);
    }
}
