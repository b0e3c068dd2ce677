//! `read`: lines of a text file, numbered.

use super::{Output, PermissionClass, Tool, Workplace, blocking, input, place, schema};
use crate::{domain::text, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::fmt::Write as _;

/// Lines shown at once.
const LINES_MOST: usize = 2_000;
/// Bytes shown at once; below [`Output::MOST`], so that a page is never cut in its middle.
const PAGE_MOST: usize = 30 * 1024;
/// Bytes of a line that are shown.
const LINE_MOST: usize = 2_000;
/// Bytes of a file that are looked at.
const FILE_MOST: u64 = 16 * 1024 * 1024;
/// A NUL within this many first bytes makes a file binary.
const SNIFF: usize = 8 * 1024;

/// Reads files.
pub struct Read;

/// What to read.
#[derive(Debug, Deserialize, JsonSchema)]
struct ReadInput {
    /// File relative to the top of the repository.
    path: String,
    /// First line, from 1; left out: 1.
    from: Option<usize>,
    /// Last line; left out: as many as fit.
    to: Option<usize>,
}

impl Tool for Read {
    fn spec(&self) -> ToolSpec {
        schema::spec::<ReadInput>(
            "read",
            "Reads a text file with line numbers (number, tab, text). Long files come in pages: give from and to.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: ReadInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let place = match place::find(at.bench.root(), &wanted.path) {
                Ok(place) => place,
                Err(words) => return words.into(),
            };
            blocking(move || page(&place, wanted.from.unwrap_or(1).max(1), wanted.to.unwrap_or(usize::MAX)))
                .await
        }
        .boxed()
    }
}

fn page(place: &place::Place, from: usize, to: usize) -> Output {
    let (bytes, long) = match place::read(place, FILE_MOST) {
        Ok(read) => read,
        Err(words) => return words.into(),
    };
    if bytes.iter().take(SNIFF).any(|byte| *byte == 0) {
        return Output::failed(format!("{} is binary ({long} bytes)", place.shown));
    }
    let whole = String::from_utf8_lossy(&bytes);
    let total = whole.lines().count();
    if total == 0 {
        return Output::done(format!("{} is empty", place.shown));
    }
    if from > total || to < from {
        return Output::failed(format!(
            "{} has {}; {from} to {to} is outside",
            place.shown,
            text::count(total, "line")
        ));
    }
    let mut out = String::new();
    let mut last = from - 1;
    for (number, line) in whole.lines().enumerate().skip(from - 1).take(LINES_MOST) {
        if number >= to || out.len() + line.len().min(LINE_MOST) > PAGE_MOST {
            break;
        }
        last = number + 1;
        // Writing to a String cannot fail.
        let _ok = writeln!(out, "{last}\t{}", text::head_tail(line, LINE_MOST));
    }
    if last < total && last < to {
        let _ok = writeln!(out, "[{} in all; go on with from={}]", text::count(total, "line"), last + 1);
    }
    if long > FILE_MOST {
        let _ok = writeln!(out, "[only the first {FILE_MOST} of {long} bytes were looked at]");
    }
    Output::done(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn pages_through_files_and_refuses_binaries() {
        let long: String = (1..=5_000).map(|n| format!("line {n}\n")).collect();
        let bench =
            TestBench::repo(&[("long", &long), ("bin", "a\0b"), ("crlf", "a\r\nb\r\n"), ("empty", "")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let first = Read.call(&at, json!({"path": "long"})).await;
        assert!(first.text.starts_with("1\tline 1\n2\tline 2\n"));
        let next: usize = first.text.rsplit("from=").next().unwrap().trim_end_matches("]\n").parse().unwrap();
        assert!(first.text.len() <= Output::MOST && next > 1_000);
        let second = Read.call(&at, json!({"path": "long", "from": next, "to": next + 1})).await;
        assert_eq!(second.text, format!("{next}\tline {next}\n{}\tline {}\n", next + 1, next + 1));
        assert_eq!(Read.call(&at, json!({"path": "crlf"})).await.text, "1\ta\n2\tb\n");
        assert!(Read.call(&at, json!({"path": "empty"})).await.text.contains("is empty"));
        for (given, told) in [
            (json!({"path": "bin"}), "is binary"),
            (json!({"path": "none"}), "does not exist"),
            (json!({"path": "crlf", "from": 9}), "has 2 lines"),
            (json!({"path": 7}), "do not fit"),
            (json!({"__invalid": "{\"path\": \"lo"}), "not valid JSON"),
        ] {
            let output = Read.call(&at, given).await;
            assert!(!output.ok && output.text.contains(told), "{}", output.text);
        }
    }

    #[tokio::test]
    async fn one_endless_line_is_cut() {
        let bench = TestBench::repo(&[("min.js", &"x".repeat(100_000))]);
        let desk = Desk::default();
        let output = Read.call(&bench.workplace(&desk), json!({"path": "min.js"})).await;
        assert!(output.ok && output.text.contains("bytes left out") && output.text.len() < 3_000);
    }
}
