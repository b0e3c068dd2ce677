//! `write`: a whole file, new or replaced.

use super::{Output, PermissionClass, Tool, Workplace, blocking, input, place, schema};
use crate::{domain::text, providers::wire::ToolSpec};
use futures::future::{BoxFuture, FutureExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// Largest file, in bytes.
const FILE_MOST: usize = 2 * 1024 * 1024;

/// Writes files.
pub struct Write;

/// What to write.
#[derive(Debug, Deserialize, JsonSchema)]
struct WriteInput {
    /// File relative to the top of the repository; its folders are made.
    path: String,
    /// The whole content.
    content: String,
}

impl Tool for Write {
    fn spec(&self) -> ToolSpec {
        schema::spec::<WriteInput>(
            "write",
            "Writes a whole file: a new one, or in place of one. For changes to a file prefer `edit`.",
        )
    }
    fn class(&self) -> PermissionClass {
        PermissionClass::Write
    }
    fn call<'a>(&'a self, at: &'a Workplace<'a>, given: Value) -> BoxFuture<'a, Output> {
        async move {
            let wanted: WriteInput = match input(&self.spec(), given) {
                Ok(wanted) => wanted,
                Err(output) => return output,
            };
            if wanted.content.len() > FILE_MOST {
                return Output::failed(format!("{} bytes are more than {FILE_MOST}", wanted.content.len()));
            }
            let place = match place::find_to_write(at, &wanted.path) {
                Ok(place) => place,
                Err(words) => return words.into(),
            };
            let note = place::note(at, &place);
            blocking(move || {
                let was = if place.real.exists() { "replaced" } else { "created" };
                match place::put(&place, wanted.content.as_bytes()) {
                    Ok(()) => {
                        let lines = text::count(wanted.content.lines().count(), "line");
                        Output::done(format!("{was} {} ({lines}){note}", place.shown))
                    }
                    Err(words) => words.into(),
                }
            })
            .await
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::testing::{Desk, TestBench};
    use serde_json::json;

    #[tokio::test]
    async fn writes_new_and_old_files_but_nothing_protected_or_outside() {
        let bench = TestBench::repo(&[("a", "1")]);
        let desk = Desk::default();
        let at = bench.workplace(&desk);
        let write = |path: &str, content: &str| {
            let given = json!({"path": path, "content": content});
            let at = &at;
            async move { Write.call(at, given).await }
        };
        assert_eq!(write("new/dir/f.txt", "x\ny\n").await.text, "created new/dir/f.txt (2 lines)");
        assert_eq!(bench.content("new/dir/f.txt"), "x\ny\n");
        assert_eq!(write("a", "2").await.text, "replaced a (1 line)");
        for bad in [".env", ".git/hooks/pre-commit", "../out", "new/.git/config", "new", "sub/../.ENV"] {
            assert!(!write(bad, "x").await.ok, "{bad}");
        }
        assert!(!write("big", &"x".repeat(FILE_MOST + 1)).await.ok);
    }
}
