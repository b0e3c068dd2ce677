//! `git`: history, read-only. The arguments are built here from typed ones; nothing the model writes becomes an
//! option of git.

use super::{Output, PermissionClass, Tool, Workplace, input, place, run, schema};
use crate::{providers::wire::ToolSpec, workspace::process::Exit};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Commits shown at once.
const COMMITS_MOST: usize = 200;

/// Looks at history.
pub struct Git;

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Look {
    /// Commits, newest first.
    Log,
    /// Who last changed each line of a file, and when.
    Blame,
    /// One commit with its patch, or a file as it was (rev and path).
    Show,
    /// Changes in the worktree against rev (left out: HEAD).
    Diff,
}

/// What to look at.
#[derive(Debug, Deserialize, JsonSchema)]
struct GitInput {
    /// What to do.
    look: Look,
    /// Commit, branch or tag, such as HEAD~2; left out: HEAD.
    rev: Option<String>,
    /// File or directory it is limited to.
    path: Option<String>,
    /// Commits of a log, at most 200; left out: 20.
    count: Option<usize>,
    /// First line of a blame.
    from: Option<usize>,
    /// Last line of a blame.
    to: Option<usize>,
}

impl Tool for Git {
    fn spec(&self) -> ToolSpec {
        schema::spec::<GitInput>(
            "git",
            "Looks at the repository's history, read-only: log, blame, show, diff.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Read
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: GitInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            let args = match args(at, &wanted) {
                Ok(args) => args,
                Err(words) => return words.into(),
            };
            match at.bench.git(&args).await {
                Ok(ran) if ran.exit == Exit::Code(0) => {
                    let told = run::told(&ran);
                    Output::done(
                        told.strip_prefix("exit status 0\n").map_or_else(|| told.clone(), str::to_owned),
                    )
                }
                Ok(ran) => Output::failed(run::told(&ran)),
                Err(error) => Output::failed(error.to_string()),
            }
        }
        .boxed()
    }
}

fn args(at: &Workplace<'_>, wanted: &GitInput) -> Result<Vec<String>, String> {
    let rev = wanted.rev.as_deref().unwrap_or("HEAD");
    let fits = |c: char| c.is_ascii_alphanumeric() || "._/~^@{}-".contains(c);
    if rev.is_empty() || rev.len() > 200 || rev.starts_with('-') || !rev.chars().all(fits) {
        return Err(format!("{rev:?} is no revision; give a commit, branch or tag such as HEAD~2"));
    }
    let path = wanted.path.as_deref().map(|path| place::find(at.bench.root(), path)).transpose()?;
    let path = path.map(|place| place.shown).filter(|path| !path.is_empty());
    let mut args: Vec<String> = match wanted.look {
        Look::Log => {
            let count = wanted.count.unwrap_or(20).clamp(1, COMMITS_MOST);
            vec![
                "log".to_owned(),
                format!("-{count}"),
                "--date=short".to_owned(),
                "--format=%h %ad %an: %s".to_owned(),
                rev.to_owned(),
            ]
        }
        Look::Blame => {
            let mut blame = vec!["blame".to_owned(), "--date=short".to_owned()];
            if wanted.from.is_some() || wanted.to.is_some() {
                let from = wanted.from.unwrap_or(1).max(1);
                blame.push(format!("-L{from},{}", wanted.to.unwrap_or(from + 200).max(from)));
            }
            blame.push(rev.to_owned());
            if path.is_none() {
                return Err("blame needs a path".to_owned());
            }
            blame
        }
        Look::Show => {
            if let Some(path) = path {
                return Ok(vec![
                    "show".to_owned(),
                    "--no-ext-diff".to_owned(),
                    "--no-textconv".to_owned(),
                    format!("{rev}:{path}"),
                ]);
            }
            ["show", "--no-ext-diff", "--no-textconv", "--stat", "--patch", rev].map(str::to_owned).to_vec()
        }
        Look::Diff => ["diff", "--no-ext-diff", "--no-textconv", rev].map(str::to_owned).to_vec(),
    };
    args.push("--".to_owned());
    args.extend(path);
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn looks_at_history_and_takes_no_options() {
        let bench = TestBench::repo(&[("a", "1\n2\n")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let log = Git.call(&at, json!({"look": "log"})).await;
        assert!(log.ok && log.text.contains("base"), "{}", log.text);
        let blame = Git.call(&at, json!({"look": "blame", "path": "a", "from": 2, "to": 2})).await;
        assert!(blame.ok && blame.text.lines().count() == 1 && blame.text.ends_with(") 2"), "{}", blame.text);
        assert_eq!(Git.call(&at, json!({"look": "show", "path": "a"})).await.text, "1\n2");
        std::fs::write(bench.root.path().join("a"), "1\n3\n").unwrap();
        assert!(Git.call(&at, json!({"look": "diff"})).await.text.contains("+3"));
        for bad in [
            json!({"look": "log", "rev": "--output=/tmp/x"}),
            json!({"look": "log", "rev": "nowhere"}),
            json!({"look": "show", "rev": "HEAD;id"}),
            json!({"look": "show", "path": "../../etc/passwd"}),
            json!({"look": "blame"}),
            json!({"look": "push"}),
        ] {
            assert!(!Git.call(&at, bad.clone()).await.ok, "{bad}");
        }
    }
}
