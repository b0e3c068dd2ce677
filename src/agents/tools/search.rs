//! `search`: a regular expression over the repository, by ripgrep's library.

use super::{Output, PermissionClass, Tool, Workplace, blocking, input, list, place, schema};
use crate::{domain::text, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use globset::{GlobBuilder, GlobMatcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkMatch};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::{io, path::Path};

/// Lines shown, context included.
const LINES_MOST: usize = 300;
/// Characters of a line that are shown.
const LINE_MOST: usize = 400;
/// Files looked at.
const FILES_MOST: usize = 50_000;
/// Memory a line may take while searching, in bytes.
const HEAP_MOST: usize = 8 * 1024 * 1024;

/// Searches text.
pub struct Search;

/// What to search.
#[derive(Debug, Deserialize, JsonSchema)]
struct SearchInput {
    /// Regular expression (Rust syntax), or plain words when `literal` is true.
    pattern: String,
    /// Take the pattern word for word.
    literal: Option<bool>,
    /// Ignore case.
    ignore_case: Option<bool>,
    /// File or directory to search in; left out: the whole repository.
    path: Option<String>,
    /// Only files whose path fits this glob, such as `**/*.rs`.
    glob: Option<String>,
    /// Lines around each hit, 0 to 5; left out: 0.
    context: Option<usize>,
}

impl Tool for Search {
    fn spec(&self) -> ToolSpec {
        schema::spec::<SearchInput>(
            "search",
            "Searches file contents with a regular expression. Gives path:line:text. Ignored files are left out.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: SearchInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let root = at.bench.root();
            let found = place::find(root, ".").and_then(|top| {
                place::find(root, wanted.path.as_deref().unwrap_or(".")).map(|place| (top, place))
            });
            match found {
                Ok((top, place)) => blocking(move || hits(&top.real, &place.real, &wanted)).await,
                Err(words) => words.into(),
            }
        }
        .boxed()
    }
}

fn hits(top: &Path, start: &Path, wanted: &SearchInput) -> Output {
    let (matcher, glob) = match (matcher(wanted), glob(wanted)) {
        (Ok(matcher), Ok(glob)) => (matcher, glob),
        (Err(words), _) | (_, Err(words)) => return words.into(),
    };
    let around = wanted.context.unwrap_or(0).min(5);
    let mut searcher = SearcherBuilder::new()
        .binary_detection(BinaryDetection::quit(0))
        .line_number(true)
        .heap_limit(Some(HEAP_MOST))
        .before_context(around)
        .after_context(around)
        .build();
    let mut lines = Vec::new();
    let walk = list::walk(start).sort_by_file_name(Ord::cmp).build();
    for entry in walk.flatten().filter(|e| e.file_type().is_some_and(|kind| kind.is_file())).take(FILES_MOST)
    {
        let shown = entry.path().strip_prefix(top).unwrap_or(entry.path());
        if glob.as_ref().is_some_and(|glob| !glob.is_match(shown)) {
            continue;
        }
        let sink = Lines { path: shown.to_string_lossy().into_owned(), lines: &mut lines };
        // A file that cannot be read is no hit; the others still are.
        let _skipped = searcher.search_path(&matcher, entry.path(), sink);
        if lines.len() >= LINES_MOST {
            lines.push(format!("[stopped at {LINES_MOST} lines; make the pattern, path or glob narrower]"));
            break;
        }
    }
    if lines.is_empty() { Output::done("no hits") } else { Output::done(lines.join("\n")) }
}

fn matcher(wanted: &SearchInput) -> Result<RegexMatcher, String> {
    RegexMatcherBuilder::new()
        .fixed_strings(wanted.literal.unwrap_or(false))
        .case_insensitive(wanted.ignore_case.unwrap_or(false))
        .build(&wanted.pattern)
        .map_err(|error| {
            format!("the pattern is no regular expression: {error}. Set literal=true for plain words.")
        })
}

fn glob(wanted: &SearchInput) -> Result<Option<GlobMatcher>, String> {
    let Some(glob) = wanted.glob.as_deref().filter(|glob| !glob.is_empty()) else { return Ok(None) };
    let anywhere = if glob.contains('/') { glob.to_owned() } else { format!("**/{glob}") };
    GlobBuilder::new(&anywhere)
        .build()
        .map(|glob| Some(glob.compile_matcher()))
        .map_err(|error| format!("the glob cannot be read: {error}"))
}

struct Lines<'a> {
    path: String,
    lines: &'a mut Vec<String>,
}

impl Lines<'_> {
    fn push(&mut self, number: Option<u64>, mark: char, bytes: &[u8]) -> bool {
        let line = String::from_utf8_lossy(bytes);
        let line = text::clean_line(line.trim_end_matches(['\n', '\r']), LINE_MOST);
        self.lines.push(format!(
            "{}{mark}{}{mark}{line}",
            text::clean_line(&self.path, 1_000),
            number.unwrap_or(0)
        ));
        self.lines.len() < LINES_MOST
    }
}

impl Sink for Lines<'_> {
    type Error = io::Error;
    fn matched(&mut self, _: &Searcher, hit: &SinkMatch<'_>) -> io::Result<bool> {
        Ok(self.push(hit.line_number(), ':', hit.bytes()))
    }
    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        Ok(self.push(line.line_number(), '-', line.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn finds_by_pattern_path_and_glob() {
        let many: String = (0..1_000).map(|n| format!("hit {n}\n")).collect();
        let bench = TestBench::repo(&[
            (".gitignore", "out\n"),
            ("src/a.rs", "fn main() {\n    sum(1)\n}\n"),
            ("src/b.py", "def sum(x):\r\n  pass\r\n"),
            ("out/c.rs", "sum"),
            ("bin", "sum\0sum"),
            ("many", &many),
        ]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let found = |given: Value| async { Search.call(&at, given).await };
        assert_eq!(
            found(json!({"pattern": r"sum\("})).await.text,
            "src/a.rs:2:    sum(1)\nsrc/b.py:1:def sum(x):"
        );
        assert_eq!(
            found(json!({"pattern": "SUM(", "literal": true, "ignore_case": true, "glob": "*.py"}))
                .await
                .text,
            "src/b.py:1:def sum(x):"
        );
        assert_eq!(
            found(json!({"pattern": "sum", "path": "src/a.rs", "context": 1})).await.text,
            "src/a.rs-1-fn main() {\nsrc/a.rs:2:    sum(1)\nsrc/a.rs-3-}"
        );
        assert_eq!(found(json!({"pattern": "absent"})).await.text, "no hits");
        let cut = found(json!({"pattern": "hit"})).await.text;
        assert!(cut.lines().count() == LINES_MOST + 1 && cut.contains("narrower"));
        for bad in [
            json!({"pattern": "("}),
            json!({"pattern": "a", "glob": "[z"}),
            json!({"pattern": "a", "path": "/etc"}),
        ] {
            assert!(!found(bad).await.ok);
        }
    }
}
